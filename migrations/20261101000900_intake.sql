-- What providers sent, as they sent it, stored before it is answered. The tenant is unknown until it is worked off.

CREATE TABLE intake.webhook_inbox (
    id           uuid        NOT NULL,
    provider     text        NOT NULL,
    event        text        NOT NULL,
    subject      text        NOT NULL,
    body_sha256  bytea       NOT NULL,
    body         bytea       NOT NULL,
    received_at  timestamptz NOT NULL,
    tenant_id    uuid,
    state        text        NOT NULL DEFAULT 'received',
    reason       text,
    attempts     integer     NOT NULL DEFAULT 0,
    processed_at timestamptz,
    CONSTRAINT webhook_inbox_pk PRIMARY KEY (id),
    CONSTRAINT webhook_inbox_delivery_taken UNIQUE (provider, event, subject, body_sha256),
    CONSTRAINT webhook_inbox_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT webhook_inbox_provider_valid CHECK (char_length(provider) BETWEEN 1 AND 50),
    CONSTRAINT webhook_inbox_event_valid CHECK (char_length(event) <= 100),
    CONSTRAINT webhook_inbox_subject_valid CHECK (char_length(subject) <= 200),
    CONSTRAINT webhook_inbox_body_sha256_valid CHECK (octet_length(body_sha256) = 32),
    CONSTRAINT webhook_inbox_body_valid CHECK (octet_length(body) <= 8388608),
    CONSTRAINT webhook_inbox_state_valid CHECK (state IN ('received', 'processed', 'ignored', 'unrouted', 'quarantined')),
    CONSTRAINT webhook_inbox_reason_valid CHECK (char_length(reason) <= 500),
    CONSTRAINT webhook_inbox_attempts_valid CHECK (attempts >= 0)
);
COMMENT ON COLUMN intake.webhook_inbox.subject IS 'What the event is about at the provider (the call id); empty if the body shows none, as is the event of a body that could not be read.';
CREATE INDEX webhook_inbox_for_review ON intake.webhook_inbox (received_at) WHERE state IN ('unrouted', 'quarantined');
CREATE INDEX webhook_inbox_by_age ON intake.webhook_inbox (received_at);
-- The gateway can put something in; it cannot look.
GRANT INSERT ON intake.webhook_inbox TO gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON intake.webhook_inbox TO worker;
