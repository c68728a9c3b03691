-- People who call and book.

CREATE TABLE public.customers (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text,
    phone_e164 text,
    email      text,
    anonymous  boolean     NOT NULL DEFAULT false,
    status     text        NOT NULL DEFAULT 'active',
    source     text        NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    version    bigint      NOT NULL DEFAULT 1,
    CONSTRAINT customers_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT customers_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT customers_name_valid CHECK (char_length(name) BETWEEN 1 AND 150),
    CONSTRAINT customers_phone_valid CHECK (phone_e164 ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT customers_email_valid CHECK (octet_length(email) BETWEEN 3 AND 254),
    CONSTRAINT customers_anonymous_valid CHECK (NOT anonymous OR phone_e164 IS NULL),
    CONSTRAINT customers_status_valid CHECK (status IN ('active', 'blocked')),
    CONSTRAINT customers_source_valid CHECK (char_length(source) BETWEEN 1 AND 50),
    CONSTRAINT customers_version_valid CHECK (version >= 1)
);
-- Not unique: several people share a number.
CREATE INDEX customers_by_phone ON public.customers (tenant_id, phone_e164) WHERE phone_e164 IS NOT NULL;
CREATE INDEX customers_by_age ON public.customers (tenant_id, created_at DESC, id DESC);
ALTER TABLE public.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.customers TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.customers TO tenant;
