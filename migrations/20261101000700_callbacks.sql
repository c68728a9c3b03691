-- Callbacks that were promised.

CREATE TABLE public.callbacks (
    tenant_id        uuid        NOT NULL,
    id               uuid        NOT NULL,
    branch_id        uuid,
    customer_id      uuid,
    call_id          uuid,
    phone_e164       text,
    name             text,
    reason           text        NOT NULL,
    note             text,
    priority         text        NOT NULL,
    preferred_window text,
    status           text        NOT NULL,
    due_at           timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT app.now(),
    version          bigint      NOT NULL DEFAULT 1,
    CONSTRAINT callbacks_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT callbacks_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT callbacks_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT callbacks_customer_fk FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customers (tenant_id, id),
    CONSTRAINT callbacks_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT callbacks_phone_valid CHECK (phone_e164 ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT callbacks_name_valid CHECK (char_length(name) BETWEEN 1 AND 150),
    CONSTRAINT callbacks_reason_valid CHECK (char_length(reason) BETWEEN 1 AND 50),
    CONSTRAINT callbacks_note_valid CHECK (char_length(note) <= 2000),
    CONSTRAINT callbacks_preferred_window_valid CHECK (char_length(preferred_window) <= 500),
    CONSTRAINT callbacks_priority_valid CHECK (priority IN ('normal', 'high', 'urgent')),
    CONSTRAINT callbacks_status_valid CHECK (status IN ('pending', 'assigned', 'contacted', 'completed', 'expired', 'cancelled')),
    CONSTRAINT callbacks_version_valid CHECK (version >= 1)
);
CREATE INDEX callbacks_by_age ON public.callbacks (tenant_id, created_at DESC, id DESC);
CREATE INDEX callbacks_open ON public.callbacks (tenant_id, due_at) WHERE status IN ('pending', 'assigned', 'contacted');
ALTER TABLE public.callbacks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.callbacks TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.callbacks TO tenant;
