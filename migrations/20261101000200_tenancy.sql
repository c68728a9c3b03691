-- Tenants, their branches, and what routes a call or a request to one of them.
--
-- Row level security binds the role `tenant`, in which the product works, and the owner, in which administrators write
-- master data: both see and write the rows of the tenant that the transaction names, and nothing without one. `gateway`
-- and `worker` themselves can look up where a number, a call or a key leads, and nothing else.

-- No leading tenant: it is the list of tenants.
CREATE TABLE public.tenants (
    id                         uuid        NOT NULL,
    slug                       text        NOT NULL,
    name                       text        NOT NULL,
    state                      text        NOT NULL,
    locale                     text        NOT NULL,
    timezone                   text        NOT NULL,
    currency                   text        NOT NULL,
    default_country            text        NOT NULL DEFAULT 'DE',
    call_rate_minor_per_minute bigint      NOT NULL,
    created_at                 timestamptz NOT NULL,
    version                    bigint      NOT NULL DEFAULT 1,
    CONSTRAINT tenants_pk PRIMARY KEY (id),
    CONSTRAINT tenants_slug_taken UNIQUE (slug),
    CONSTRAINT tenants_slug_valid CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT tenants_name_valid CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT tenants_state_valid CHECK (state IN ('active', 'inactive')),
    CONSTRAINT tenants_currency_valid CHECK (currency IN ('EUR', 'CHF', 'USD')),
    CONSTRAINT tenants_default_country_valid CHECK (default_country ~ '^[A-Z]{2}$'),
    CONSTRAINT tenants_call_rate_valid CHECK (call_rate_minor_per_minute >= 0),
    CONSTRAINT tenants_version_valid CHECK (version >= 1)
);
ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.tenants TO tenant, askpro_owner
    USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY routing ON public.tenants FOR SELECT TO gateway, worker, support, askpro_owner USING (true);
GRANT SELECT ON public.tenants TO tenant;
GRANT SELECT ON public.tenants TO gateway, worker, support;

CREATE TABLE public.branches (
    tenant_id         uuid    NOT NULL,
    id                uuid    NOT NULL,
    slug              text    NOT NULL,
    name              text    NOT NULL,
    timezone          text    NOT NULL,
    federal_state     text,
    active            boolean NOT NULL DEFAULT true,
    -- Rises with every change of anything that decides what can be booked here; readers cache by it.
    catalogue_version bigint  NOT NULL DEFAULT 1,
    CONSTRAINT branches_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT branches_slug_taken UNIQUE (tenant_id, slug),
    CONSTRAINT branches_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT branches_slug_valid CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT branches_name_valid CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT branches_catalogue_version_valid CHECK (catalogue_version >= 1)
);
ALTER TABLE public.branches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.branches TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.branches TO tenant;

-- No leading tenant: the number is what is known when a call comes in, and a number is one tenant's in all the world.
CREATE TABLE public.phone_numbers (
    e164        text    NOT NULL,
    tenant_id   uuid    NOT NULL,
    branch_id   uuid    NOT NULL,
    label       text    NOT NULL DEFAULT '',
    active      boolean NOT NULL DEFAULT true,
    -- Whether the branch is open, kept by triggers: who routes a call may not look into the table of branches.
    branch_open boolean NOT NULL DEFAULT true,
    CONSTRAINT phone_numbers_pk PRIMARY KEY (e164),
    CONSTRAINT phone_numbers_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT phone_numbers_e164_valid CHECK (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT phone_numbers_label_valid CHECK (char_length(label) <= 200)
);
CREATE INDEX phone_numbers_by_tenant ON public.phone_numbers (tenant_id, branch_id);
ALTER TABLE public.phone_numbers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.phone_numbers TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY routing ON public.phone_numbers FOR SELECT TO gateway, worker USING (true);
GRANT SELECT ON public.phone_numbers TO tenant;
GRANT SELECT ON public.phone_numbers TO gateway, worker;
GRANT UPDATE (branch_open) ON public.phone_numbers TO tenant;

CREATE FUNCTION app.learn_branch_open() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    SELECT b.active INTO NEW.branch_open FROM public.branches AS b
     WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.branch_id;
    -- A branch that is not there is the foreign key's business.
    NEW.branch_open := coalesce(NEW.branch_open, false);
    RETURN NEW;
END
$$;
CREATE TRIGGER phone_numbers_branch_open BEFORE INSERT OR UPDATE OF tenant_id, branch_id ON public.phone_numbers
    FOR EACH ROW EXECUTE FUNCTION app.learn_branch_open();

CREATE FUNCTION app.tell_branch_open() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE public.phone_numbers AS n SET branch_open = NEW.active
     WHERE n.tenant_id = NEW.tenant_id AND n.branch_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER branches_tell_numbers AFTER UPDATE OF active ON public.branches
    FOR EACH ROW WHEN (OLD.active IS DISTINCT FROM NEW.active) EXECUTE FUNCTION app.tell_branch_open();
REVOKE ALL ON FUNCTION app.learn_branch_open(), app.tell_branch_open() FROM PUBLIC;

-- No leading tenant: the provider's id of the call is all that a webhook shows, and it is unique at the provider.
-- It is not partitioned, so that other tables can refer to a call without knowing its month.
CREATE TABLE public.call_keys (
    provider         text        NOT NULL,
    provider_call_id text        NOT NULL,
    tenant_id        uuid        NOT NULL,
    call_id          uuid        NOT NULL,
    branch_id        uuid        NOT NULL,
    call_created_at  timestamptz NOT NULL,
    ended_at         timestamptz,
    CONSTRAINT call_keys_pk PRIMARY KEY (provider, provider_call_id),
    CONSTRAINT call_keys_call_taken UNIQUE (tenant_id, call_id),
    CONSTRAINT call_keys_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT call_keys_provider_call_id_valid CHECK (char_length(provider_call_id) BETWEEN 1 AND 100)
);
CREATE INDEX call_keys_ongoing ON public.call_keys (call_created_at) WHERE ended_at IS NULL;
ALTER TABLE public.call_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_keys TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY routing ON public.call_keys FOR SELECT TO gateway, worker USING (true);
GRANT SELECT, INSERT, UPDATE ON public.call_keys TO tenant;
GRANT SELECT ON public.call_keys TO gateway, worker;

-- No leading tenant: the key's public beginning is all that a request shows.
CREATE TABLE public.api_keys (
    prefix      text        NOT NULL,
    tenant_id   uuid        NOT NULL,
    secret_hash bytea       NOT NULL,
    name        text        NOT NULL,
    scopes      text[]      NOT NULL DEFAULT '{read}',
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    CONSTRAINT api_keys_pk PRIMARY KEY (prefix),
    CONSTRAINT api_keys_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT api_keys_prefix_valid CHECK (prefix ~ '^[A-Za-z0-9]{8}$'),
    CONSTRAINT api_keys_secret_hash_valid CHECK (octet_length(secret_hash) = 32),
    CONSTRAINT api_keys_name_valid CHECK (char_length(name) BETWEEN 1 AND 200)
);
CREATE INDEX api_keys_by_tenant ON public.api_keys (tenant_id);
ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.api_keys TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY routing ON public.api_keys FOR SELECT TO gateway, worker USING (true);
GRANT SELECT ON public.api_keys TO tenant;
GRANT SELECT ON public.api_keys TO gateway, worker;

-- What a repetition of a request finds: claim, hash of what was asked, and the structured outcome, in one row.
CREATE TABLE public.idempotent_outcomes (
    tenant_id    uuid        NOT NULL,
    key          text        NOT NULL,
    request_hash bytea       NOT NULL,
    outcome      jsonb       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT idempotent_outcomes_pk PRIMARY KEY (tenant_id, key),
    CONSTRAINT idempotent_outcomes_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT idempotent_outcomes_key_valid CHECK (octet_length(key) BETWEEN 1 AND 200),
    CONSTRAINT idempotent_outcomes_request_hash_valid CHECK (octet_length(request_hash) = 32)
);
CREATE INDEX idempotent_outcomes_by_age ON public.idempotent_outcomes (tenant_id, created_at);
ALTER TABLE public.idempotent_outcomes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.idempotent_outcomes TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON public.idempotent_outcomes TO tenant;

-- Who did what. By month of the act, so that old months can be put away as they are.
CREATE TABLE public.audit_log (
    tenant_id   uuid        NOT NULL,
    at          timestamptz NOT NULL,
    id          uuid        NOT NULL,
    actor       text        NOT NULL,
    action      text        NOT NULL,
    object      text        NOT NULL,
    detail      jsonb       NOT NULL DEFAULT '{}',
    correlation uuid        NOT NULL,
    CONSTRAINT audit_log_pk PRIMARY KEY (tenant_id, at, id),
    CONSTRAINT audit_log_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id)
) PARTITION BY RANGE (at);
CREATE TABLE public.audit_log_default PARTITION OF public.audit_log DEFAULT;
CREATE INDEX audit_log_by_object ON public.audit_log (tenant_id, object);
ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audit_log_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON public.audit_log_default FOR SELECT TO askpro_owner USING (true);
CREATE POLICY own_tenant ON public.audit_log TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON public.audit_log TO tenant;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON public.audit_log
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON public.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
