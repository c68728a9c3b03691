-- Calls, by month of the arrival of their first event. That instant never changes, so a row never moves to another month.
-- What is partitioned the same way refers to calls; everything else refers to call_keys, so that a month can be detached.

CREATE TABLE public.calls (
    tenant_id            uuid        NOT NULL,
    created_at           timestamptz NOT NULL,
    id                   uuid        NOT NULL,
    branch_id            uuid        NOT NULL,
    provider             text        NOT NULL DEFAULT 'retell',
    provider_call_id     text        NOT NULL,
    direction            text,
    caller_e164          text,
    called_e164          text,
    agent_ref            text,
    agent_version        integer,
    status               text        NOT NULL,
    disconnection_reason text,
    started_at           timestamptz,
    ended_at             timestamptz,
    duration_ms          bigint,
    customer_id          uuid,
    link_method          text,
    outcome              text,
    sentiment            text,
    successful           boolean,
    in_voicemail         boolean,
    -- The memory of the merge: which event each field came from, and what decides between equals.
    provenance           jsonb       NOT NULL DEFAULT '{}',
    updated_at           timestamptz NOT NULL DEFAULT app.now(),
    version              bigint      NOT NULL DEFAULT 1,
    CONSTRAINT calls_pk PRIMARY KEY (tenant_id, created_at, id),
    CONSTRAINT calls_key_fk FOREIGN KEY (tenant_id, id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT calls_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT calls_customer_fk FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customers (tenant_id, id),
    CONSTRAINT calls_direction_valid CHECK (direction IN ('inbound', 'outbound')),
    CONSTRAINT calls_status_valid CHECK (status IN ('ongoing', 'ended', 'analyzed', 'failed')),
    CONSTRAINT calls_link_valid CHECK ((customer_id IS NULL) = (link_method IS NULL)),
    CONSTRAINT calls_duration_valid CHECK (duration_ms >= 0),
    CONSTRAINT calls_version_valid CHECK (version >= 1)
) PARTITION BY RANGE (created_at);
CREATE TABLE public.calls_default PARTITION OF public.calls DEFAULT;
ALTER TABLE public.calls_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON public.calls_default FOR SELECT TO askpro_owner USING (true);
CREATE INDEX calls_by_age ON public.calls (tenant_id, created_at DESC, id DESC);
CREATE INDEX calls_by_customer ON public.calls (tenant_id, customer_id, created_at DESC) WHERE customer_id IS NOT NULL;
ALTER TABLE public.calls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calls TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.calls TO tenant;

-- What was said and what a machine concluded from it: stricter to guard and sooner to forget than the call itself.
CREATE TABLE public.call_contents (
    tenant_id       uuid        NOT NULL,
    call_created_at timestamptz NOT NULL,
    call_id         uuid        NOT NULL,
    summary         text,
    recording_url   text,
    -- A transcript without a word is one, too; none has been told, or it was erased, if this is false.
    has_transcript  boolean     NOT NULL DEFAULT false,
    CONSTRAINT call_contents_pk PRIMARY KEY (tenant_id, call_created_at, call_id),
    CONSTRAINT call_contents_call_fk FOREIGN KEY (tenant_id, call_created_at, call_id)
        REFERENCES public.calls (tenant_id, created_at, id)
) PARTITION BY RANGE (call_created_at);
CREATE TABLE public.call_contents_default PARTITION OF public.call_contents DEFAULT;
ALTER TABLE public.call_contents_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON public.call_contents_default FOR SELECT TO askpro_owner USING (true);
ALTER TABLE public.call_contents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_contents TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.call_contents TO tenant;

CREATE TABLE public.call_transcripts (
    tenant_id       uuid        NOT NULL,
    call_created_at timestamptz NOT NULL,
    call_id         uuid        NOT NULL,
    seq             integer     NOT NULL,
    role            text        NOT NULL,
    offset_ms       bigint,
    text            text        NOT NULL,
    CONSTRAINT call_transcripts_pk PRIMARY KEY (tenant_id, call_created_at, call_id, seq),
    CONSTRAINT call_transcripts_call_fk FOREIGN KEY (tenant_id, call_created_at, call_id)
        REFERENCES public.calls (tenant_id, created_at, id),
    CONSTRAINT call_transcripts_seq_valid CHECK (seq >= 0)
) PARTITION BY RANGE (call_created_at);
CREATE TABLE public.call_transcripts_default PARTITION OF public.call_transcripts DEFAULT;
ALTER TABLE public.call_transcripts_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON public.call_transcripts_default FOR SELECT TO askpro_owner USING (true);
ALTER TABLE public.call_transcripts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_transcripts TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.call_transcripts TO tenant;

-- What the provider says that the call cost; millionths of a US cent, so that nothing it reports is lost.
CREATE TABLE public.call_costs (
    tenant_id                uuid        NOT NULL,
    call_created_at          timestamptz NOT NULL,
    call_id                  uuid        NOT NULL,
    provider_usd_microcents  bigint      NOT NULL,
    telephony_usd_microcents bigint,
    billed_seconds           bigint,
    products                 jsonb       NOT NULL DEFAULT '[]',
    CONSTRAINT call_costs_pk PRIMARY KEY (tenant_id, call_created_at, call_id),
    CONSTRAINT call_costs_call_fk FOREIGN KEY (tenant_id, call_created_at, call_id)
        REFERENCES public.calls (tenant_id, created_at, id)
) PARTITION BY RANGE (call_created_at);
CREATE TABLE public.call_costs_default PARTITION OF public.call_costs DEFAULT;
ALTER TABLE public.call_costs_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON public.call_costs_default FOR SELECT TO askpro_owner USING (true);
ALTER TABLE public.call_costs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_costs TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.call_costs TO tenant;

-- Trace of the tools that the agent used. By month of the use; refers to call_keys, since a trace is kept for a shorter
-- time than the call.
CREATE TABLE public.call_tool_uses (
    tenant_id     uuid        NOT NULL,
    started_at    timestamptz NOT NULL,
    id            uuid        NOT NULL,
    call_id       uuid        NOT NULL,
    tool          text        NOT NULL,
    tool_call_id  text,
    args_redacted jsonb       NOT NULL DEFAULT '{}',
    status        text        NOT NULL,
    success       boolean     NOT NULL,
    effect_kind   text,
    effect_id     uuid,
    duration_us   bigint      NOT NULL,
    hops          jsonb       NOT NULL DEFAULT '[]',
    CONSTRAINT call_tool_uses_pk PRIMARY KEY (tenant_id, started_at, id),
    CONSTRAINT call_tool_uses_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT call_tool_uses_effect_valid CHECK ((effect_kind IS NULL) = (effect_id IS NULL)),
    CONSTRAINT call_tool_uses_duration_valid CHECK (duration_us >= 0)
) PARTITION BY RANGE (started_at);
CREATE TABLE public.call_tool_uses_default PARTITION OF public.call_tool_uses DEFAULT;
ALTER TABLE public.call_tool_uses_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON public.call_tool_uses_default FOR SELECT TO askpro_owner USING (true);
CREATE INDEX call_tool_uses_by_call ON public.call_tool_uses (tenant_id, call_id, started_at);
ALTER TABLE public.call_tool_uses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_tool_uses TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON public.call_tool_uses TO tenant;
