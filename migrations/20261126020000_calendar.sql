-- The outside calendar of a tenant that has one: its accounts, what is linked to them, the copies of appointments there,
-- and what a person must look at.

CREATE TABLE public.calendar_connections (
    tenant_id             uuid        NOT NULL,
    id                    uuid        NOT NULL,
    provider              text        NOT NULL,
    base_url              text        NOT NULL,
    -- Sealed by the product under a key that the database does not have; `key_id` names it.
    api_key_sealed        bytea       NOT NULL,
    webhook_secret_sealed bytea       NOT NULL,
    key_id                text        NOT NULL,
    team_ref              text,
    active                boolean     NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL,
    CONSTRAINT calendar_connections_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT calendar_connections_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT calendar_connections_provider_valid CHECK (provider IN ('calcom')),
    CONSTRAINT calendar_connections_base_url_valid CHECK (base_url ~ '^https?://[^[:space:]]+$' AND char_length(base_url) <= 500),
    -- Nonce and tag alone have 28 bytes.
    CONSTRAINT calendar_connections_api_key_valid CHECK (octet_length(api_key_sealed) BETWEEN 29 AND 4096),
    CONSTRAINT calendar_connections_webhook_secret_valid CHECK (octet_length(webhook_secret_sealed) BETWEEN 29 AND 4096),
    CONSTRAINT calendar_connections_key_id_valid CHECK (key_id ~ '^[A-Za-z0-9._-]{1,32}$'),
    CONSTRAINT calendar_connections_team_valid CHECK (char_length(team_ref) BETWEEN 1 AND 200)
);
ALTER TABLE public.calendar_connections ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calendar_connections TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.calendar_connections TO tenant;

-- No leading tenant: the connection's id is all that the path of a webhook shows, and it is unique in the world.
CREATE TABLE public.calendar_routes (
    connection_id uuid    NOT NULL,
    tenant_id     uuid    NOT NULL,
    active        boolean NOT NULL,
    CONSTRAINT calendar_routes_pk PRIMARY KEY (connection_id),
    CONSTRAINT calendar_routes_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id)
);
CREATE INDEX calendar_routes_by_tenant ON public.calendar_routes (tenant_id);
ALTER TABLE public.calendar_routes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calendar_routes TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY routing ON public.calendar_routes FOR SELECT TO gateway, worker, askpro_owner USING (true);
GRANT SELECT, INSERT, UPDATE ON public.calendar_routes TO tenant;
GRANT SELECT ON public.calendar_routes TO gateway, worker;

-- Whoever writes a connection, its route says the same; nothing else writes routes.
CREATE FUNCTION app.route_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO public.calendar_routes (connection_id, tenant_id, active) VALUES (NEW.id, NEW.tenant_id, NEW.active);
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM public.calendar_routes AS r WHERE r.connection_id = OLD.id AND r.tenant_id = OLD.tenant_id;
    ELSE
        UPDATE public.calendar_routes AS r SET active = NEW.active
         WHERE r.connection_id = NEW.id AND r.tenant_id = NEW.tenant_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER calendar_connections_route_new AFTER INSERT OR DELETE ON public.calendar_connections
    FOR EACH ROW EXECUTE FUNCTION app.route_connection();
CREATE TRIGGER calendar_connections_route_state AFTER UPDATE OF active ON public.calendar_connections
    FOR EACH ROW WHEN (OLD.active IS DISTINCT FROM NEW.active) EXECUTE FUNCTION app.route_connection();
REVOKE ALL ON FUNCTION app.route_connection() FROM PUBLIC;

-- What somebody performs and is mirrored. A person who performs the service no longer has no link for it either.
CREATE TABLE public.calendar_links (
    tenant_id      uuid NOT NULL,
    service_id     uuid NOT NULL,
    staff_id       uuid NOT NULL,
    connection_id  uuid NOT NULL,
    event_type_ref text NOT NULL,
    host_ref       text,
    CONSTRAINT calendar_links_pk PRIMARY KEY (tenant_id, service_id, staff_id),
    CONSTRAINT calendar_links_performs_fk FOREIGN KEY (tenant_id, service_id, staff_id)
        REFERENCES public.service_staff (tenant_id, service_id, staff_id) ON DELETE CASCADE,
    CONSTRAINT calendar_links_connection_fk FOREIGN KEY (tenant_id, connection_id)
        REFERENCES public.calendar_connections (tenant_id, id),
    CONSTRAINT calendar_links_event_type_valid CHECK (char_length(event_type_ref) BETWEEN 1 AND 200),
    CONSTRAINT calendar_links_host_valid CHECK (char_length(host_ref) BETWEEN 1 AND 200)
);
CREATE INDEX calendar_links_by_staff ON public.calendar_links (tenant_id, staff_id);
CREATE INDEX calendar_links_by_connection ON public.calendar_links (tenant_id, connection_id);
ALTER TABLE public.calendar_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calendar_links TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.calendar_links TO tenant;

-- The catalogue shows links of connections that are switched on, so both tables are part of it.
DO $$
DECLARE
    part text;
BEGIN
    FOREACH part IN ARRAY ARRAY['calendar_connections', 'calendar_links']
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON public.%I REFERENCING NEW TABLE AS changed '
            'FOR EACH STATEMENT EXECUTE FUNCTION app.raise_catalogue_version()', part || '_version_on_insert', part);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON public.%I REFERENCING NEW TABLE AS changed '
            'FOR EACH STATEMENT EXECUTE FUNCTION app.raise_catalogue_version()', part || '_version_on_update', part);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON public.%I REFERENCING OLD TABLE AS changed '
            'FOR EACH STATEMENT EXECUTE FUNCTION app.raise_catalogue_version()', part || '_version_on_delete', part);
    END LOOP;
END
$$;

-- The copy of an appointment: where it shall be, where it is, and where the work on it stands. Times are real time,
-- except for `remote_start`, which is a time in the calendar.
CREATE TABLE public.calendar_copies (
    tenant_id             uuid        NOT NULL,
    appointment_id        uuid        NOT NULL,
    connection_id         uuid        NOT NULL,
    event_type_ref        text        NOT NULL,
    host_ref              text,
    placed_connection_id  uuid,
    placed_event_type_ref text,
    placed_host_ref       text,
    state                 text        NOT NULL,
    uid                   text,
    remote_start          timestamptz,
    attempts              integer     NOT NULL,
    sent_at               timestamptz,
    lease_until           timestamptz,
    error                 text,
    version               bigint      NOT NULL,
    touched_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The account whose booking `uid` names.
    holder_id             uuid        NOT NULL GENERATED ALWAYS AS (coalesce(placed_connection_id, connection_id)) STORED,
    CONSTRAINT calendar_copies_pk PRIMARY KEY (tenant_id, appointment_id),
    CONSTRAINT calendar_copies_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT calendar_copies_connection_fk FOREIGN KEY (tenant_id, connection_id)
        REFERENCES public.calendar_connections (tenant_id, id),
    CONSTRAINT calendar_copies_placed_fk FOREIGN KEY (tenant_id, placed_connection_id)
        REFERENCES public.calendar_connections (tenant_id, id),
    CONSTRAINT calendar_copies_event_type_valid CHECK (char_length(event_type_ref) BETWEEN 1 AND 200),
    CONSTRAINT calendar_copies_host_valid CHECK (char_length(host_ref) BETWEEN 1 AND 200),
    CONSTRAINT calendar_copies_placed_valid CHECK ((placed_connection_id IS NULL) = (placed_event_type_ref IS NULL)
        AND (placed_host_ref IS NULL OR placed_connection_id IS NOT NULL)),
    CONSTRAINT calendar_copies_state_valid CHECK (state IN ('due', 'sending', 'unknown', 'settled', 'refused')),
    CONSTRAINT calendar_copies_uid_valid CHECK (char_length(uid) BETWEEN 1 AND 200),
    CONSTRAINT calendar_copies_attempts_valid CHECK (attempts >= 0),
    CONSTRAINT calendar_copies_error_valid CHECK (char_length(error) <= 500),
    CONSTRAINT calendar_copies_version_valid CHECK (version >= 1)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX calendar_copies_uid_taken ON public.calendar_copies (tenant_id, holder_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX calendar_copies_unsettled ON public.calendar_copies (tenant_id, touched_at, appointment_id)
    WHERE state IN ('due', 'sending', 'unknown');
ALTER TABLE public.calendar_copies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calendar_copies TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.calendar_copies TO tenant;

-- What a person must look at. A row is added once and answered once.
CREATE TABLE public.calendar_reviews (
    tenant_id      uuid        NOT NULL,
    id             uuid        NOT NULL,
    connection_id  uuid        NOT NULL,
    reason         text        NOT NULL,
    appointment_id uuid,
    uid            text,
    detail         text        NOT NULL,
    opened_at      timestamptz NOT NULL,
    resolved_at    timestamptz,
    CONSTRAINT calendar_reviews_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT calendar_reviews_connection_fk FOREIGN KEY (tenant_id, connection_id)
        REFERENCES public.calendar_connections (tenant_id, id),
    CONSTRAINT calendar_reviews_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id),
    CONSTRAINT calendar_reviews_reason_valid CHECK (reason IN ('copy_refused', 'double_booked', 'moved_onto_taken',
        'not_assignable', 'copy_missing', 'account_refused')),
    CONSTRAINT calendar_reviews_uid_valid CHECK (char_length(uid) BETWEEN 1 AND 200),
    CONSTRAINT calendar_reviews_detail_valid CHECK (char_length(detail) <= 1000)
);
CREATE UNIQUE INDEX calendar_reviews_asked_once ON public.calendar_reviews
    (tenant_id, connection_id, reason, appointment_id, uid) NULLS NOT DISTINCT WHERE resolved_at IS NULL;
ALTER TABLE public.calendar_reviews ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calendar_reviews TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.calendar_reviews TO tenant;

-- Row level security binds the owner as well, so it goes from tenant to tenant, and leaves the setting as it was; a
-- tenant without a connection has no copies.
CREATE FUNCTION app.tenants_with_unsettled_copies() RETURNS SETOF uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    owner  uuid;
    before text := current_setting('app.tenant_id', true);
BEGIN
    FOR owner IN SELECT DISTINCT r.tenant_id FROM public.calendar_routes AS r ORDER BY 1 LOOP
        PERFORM set_config('app.tenant_id', owner::text, true);
        IF EXISTS (SELECT FROM public.calendar_copies AS c
                    WHERE c.tenant_id = owner AND c.state IN ('due', 'sending', 'unknown')
                      AND (c.state <> 'sending' OR c.lease_until IS NULL OR c.lease_until <= clock_timestamp())) THEN
            RETURN NEXT owner;
        END IF;
    END LOOP;
    PERFORM set_config('app.tenant_id', coalesce(before, ''), true);
END
$$;
COMMENT ON FUNCTION app.tenants_with_unsettled_copies() IS
    'Tenants for which a copy in an outside calendar is due, lost or of unknown outcome; for schedules.';
REVOKE ALL ON FUNCTION app.tenants_with_unsettled_copies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.tenants_with_unsettled_copies() TO worker;
