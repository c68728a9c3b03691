-- What can be booked, by whom, where and when. All wall-clock values are in the branch's time zone.

CREATE TABLE public.opening_hours (
    tenant_id     uuid     NOT NULL,
    branch_id     uuid     NOT NULL,
    weekday       smallint NOT NULL,
    opens_minute  smallint NOT NULL,
    closes_minute smallint NOT NULL,
    CONSTRAINT opening_hours_pk PRIMARY KEY (tenant_id, branch_id, weekday, opens_minute),
    CONSTRAINT opening_hours_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT opening_hours_weekday_valid CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT opening_hours_minutes_valid CHECK (0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440)
);
COMMENT ON COLUMN public.opening_hours.weekday IS 'ISO: 1 is Monday, 7 is Sunday.';
ALTER TABLE public.opening_hours ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.opening_hours TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.opening_hours TO tenant;

CREATE TABLE public.closed_days (
    tenant_id uuid NOT NULL,
    branch_id uuid NOT NULL,
    day       date NOT NULL,
    reason    text NOT NULL,
    origin    text NOT NULL,
    CONSTRAINT closed_days_pk PRIMARY KEY (tenant_id, branch_id, day),
    CONSTRAINT closed_days_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT closed_days_reason_valid CHECK (char_length(reason) BETWEEN 1 AND 200),
    CONSTRAINT closed_days_origin_valid CHECK (origin IN ('holiday', 'manual'))
);
ALTER TABLE public.closed_days ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.closed_days TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.closed_days TO tenant;

-- Hours of one day that stand in the place of its weekday's hours.
CREATE TABLE public.opening_exceptions (
    tenant_id     uuid     NOT NULL,
    branch_id     uuid     NOT NULL,
    day           date     NOT NULL,
    opens_minute  smallint NOT NULL,
    closes_minute smallint NOT NULL,
    CONSTRAINT opening_exceptions_pk PRIMARY KEY (tenant_id, branch_id, day, opens_minute),
    CONSTRAINT opening_exceptions_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT opening_exceptions_minutes_valid CHECK (0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440)
);
ALTER TABLE public.opening_exceptions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.opening_exceptions TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.opening_exceptions TO tenant;

CREATE TABLE public.staff (
    tenant_id uuid    NOT NULL,
    id        uuid    NOT NULL,
    branch_id uuid    NOT NULL,
    name      text    NOT NULL,
    active    boolean NOT NULL DEFAULT true,
    position  integer NOT NULL DEFAULT 0,
    CONSTRAINT staff_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT staff_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT staff_name_valid CHECK (char_length(name) BETWEEN 1 AND 150)
);
CREATE INDEX staff_by_branch ON public.staff (tenant_id, branch_id);
ALTER TABLE public.staff ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.staff TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.staff TO tenant;

-- Several rows a day; the gap between two rows is a break.
CREATE TABLE public.working_hours (
    tenant_id     uuid     NOT NULL,
    staff_id      uuid     NOT NULL,
    weekday       smallint NOT NULL,
    starts_minute smallint NOT NULL,
    ends_minute   smallint NOT NULL,
    CONSTRAINT working_hours_pk PRIMARY KEY (tenant_id, staff_id, weekday, starts_minute),
    CONSTRAINT working_hours_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT working_hours_weekday_valid CHECK (weekday BETWEEN 1 AND 7),
    CONSTRAINT working_hours_minutes_valid CHECK (0 <= starts_minute AND starts_minute < ends_minute AND ends_minute <= 1440)
);
COMMENT ON COLUMN public.working_hours.weekday IS 'ISO: 1 is Monday, 7 is Sunday.';
ALTER TABLE public.working_hours ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.working_hours TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.working_hours TO tenant;

CREATE TABLE public.absences (
    tenant_id uuid        NOT NULL,
    id        uuid        NOT NULL,
    staff_id  uuid        NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    reason    text,
    CONSTRAINT absences_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT absences_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT absences_span_valid CHECK (starts_at < ends_at),
    CONSTRAINT absences_reason_valid CHECK (char_length(reason) <= 200)
);
CREATE INDEX absences_by_staff ON public.absences (tenant_id, staff_id, ends_at);
ALTER TABLE public.absences ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.absences TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.absences TO tenant;

CREATE TABLE public.services (
    tenant_id             uuid    NOT NULL,
    id                    uuid    NOT NULL,
    name                  text    NOT NULL,
    description           text,
    category              text,
    price_minor           bigint  NOT NULL,
    currency              text    NOT NULL,
    buffer_before_minutes integer NOT NULL DEFAULT 0,
    buffer_after_minutes  integer NOT NULL DEFAULT 0,
    min_notice_minutes    integer,
    active                boolean NOT NULL DEFAULT true,
    position              integer NOT NULL DEFAULT 0,
    CONSTRAINT services_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT services_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT services_name_valid CHECK (char_length(name) BETWEEN 1 AND 150),
    CONSTRAINT services_description_valid CHECK (char_length(description) <= 2000),
    CONSTRAINT services_price_valid CHECK (price_minor >= 0),
    CONSTRAINT services_currency_valid CHECK (currency IN ('EUR', 'CHF', 'USD')),
    CONSTRAINT services_buffers_valid CHECK (buffer_before_minutes BETWEEN 0 AND 1440 AND buffer_after_minutes BETWEEN 0 AND 1440),
    CONSTRAINT services_min_notice_valid CHECK (min_notice_minutes >= 0)
);
ALTER TABLE public.services ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.services TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.services TO tenant;

CREATE TABLE public.service_phases (
    tenant_id  uuid     NOT NULL,
    service_id uuid     NOT NULL,
    position   smallint NOT NULL,
    kind       text     NOT NULL,
    minutes    integer  NOT NULL,
    CONSTRAINT service_phases_pk PRIMARY KEY (tenant_id, service_id, position),
    CONSTRAINT service_phases_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT service_phases_kind_valid CHECK (kind IN ('staffed', 'processing')),
    CONSTRAINT service_phases_minutes_valid CHECK (minutes BETWEEN 1 AND 1440)
);
ALTER TABLE public.service_phases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.service_phases TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.service_phases TO tenant;

CREATE TABLE public.service_synonyms (
    tenant_id  uuid NOT NULL,
    service_id uuid NOT NULL,
    synonym    text NOT NULL,
    CONSTRAINT service_synonyms_pk PRIMARY KEY (tenant_id, service_id, synonym),
    CONSTRAINT service_synonyms_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT service_synonyms_synonym_valid CHECK (char_length(synonym) BETWEEN 1 AND 150)
);
ALTER TABLE public.service_synonyms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.service_synonyms TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.service_synonyms TO tenant;

-- Who performs what, in the order in which the person would name it.
CREATE TABLE public.service_staff (
    tenant_id  uuid    NOT NULL,
    service_id uuid    NOT NULL,
    staff_id   uuid    NOT NULL,
    position   integer NOT NULL DEFAULT 0,
    CONSTRAINT service_staff_pk PRIMARY KEY (tenant_id, service_id, staff_id),
    CONSTRAINT service_staff_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT service_staff_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id)
);
CREATE INDEX service_staff_by_staff ON public.service_staff (tenant_id, staff_id);
ALTER TABLE public.service_staff ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.service_staff TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.service_staff TO tenant;

CREATE TABLE public.branch_services (
    tenant_id  uuid NOT NULL,
    branch_id  uuid NOT NULL,
    service_id uuid NOT NULL,
    CONSTRAINT branch_services_pk PRIMARY KEY (tenant_id, branch_id, service_id),
    CONSTRAINT branch_services_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT branch_services_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id)
);
CREATE INDEX branch_services_by_service ON public.branch_services (tenant_id, service_id);
ALTER TABLE public.branch_services ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.branch_services TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.branch_services TO tenant;

-- Defaults are the product's; a branch without a row has them all.
CREATE TABLE public.booking_policies (
    tenant_id                uuid    NOT NULL,
    branch_id                uuid    NOT NULL,
    grid_minutes             integer NOT NULL DEFAULT 15,
    min_notice_minutes       integer NOT NULL DEFAULT 15,
    horizon_days             integer NOT NULL DEFAULT 90,
    cancel_until_minutes     integer NOT NULL DEFAULT 1440,
    reschedule_until_minutes integer NOT NULL DEFAULT 1440,
    hold_seconds             integer NOT NULL DEFAULT 120,
    max_holds_per_call       integer NOT NULL DEFAULT 3,
    max_holds_per_number     integer NOT NULL DEFAULT 3,
    max_alternatives         integer NOT NULL DEFAULT 3,
    max_reschedules          integer,
    CONSTRAINT booking_policies_pk PRIMARY KEY (tenant_id, branch_id),
    CONSTRAINT booking_policies_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT booking_policies_grid_valid CHECK (grid_minutes BETWEEN 1 AND 240),
    CONSTRAINT booking_policies_notice_valid CHECK (min_notice_minutes >= 0 AND cancel_until_minutes >= 0 AND reschedule_until_minutes >= 0),
    CONSTRAINT booking_policies_horizon_valid CHECK (horizon_days BETWEEN 1 AND 730),
    CONSTRAINT booking_policies_holds_valid CHECK (hold_seconds BETWEEN 1 AND 3600 AND max_holds_per_call BETWEEN 0 AND 20 AND max_holds_per_number BETWEEN 0 AND 20),
    CONSTRAINT booking_policies_alternatives_valid CHECK (max_alternatives BETWEEN 0 AND 10),
    CONSTRAINT booking_policies_reschedules_valid CHECK (max_reschedules >= 0)
);
ALTER TABLE public.booking_policies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.booking_policies TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.booking_policies TO tenant;

-- Whatever changes in a tenant's catalogue raises the version of all of its branches: services and people are shared
-- between branches, and a version that rises once too often costs one reload, one that does not rise costs a wrong
-- answer. Once per statement, so that loading a thousand rows stays cheap.
CREATE FUNCTION app.raise_catalogue_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE public.branches AS b
       SET catalogue_version = b.catalogue_version + 1
     WHERE b.tenant_id IN (SELECT c.tenant_id FROM changed AS c);
    RETURN NULL;
END
$$;

CREATE FUNCTION app.raise_own_catalogue_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (NEW.name, NEW.timezone, NEW.federal_state, NEW.active)
       IS DISTINCT FROM (OLD.name, OLD.timezone, OLD.federal_state, OLD.active) THEN
        NEW.catalogue_version := OLD.catalogue_version + 1;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER branches_catalogue_version BEFORE UPDATE ON public.branches
    FOR EACH ROW EXECUTE FUNCTION app.raise_own_catalogue_version();

DO $$
DECLARE
    part text;
BEGIN
    FOREACH part IN ARRAY ARRAY['opening_hours', 'closed_days', 'opening_exceptions', 'staff', 'working_hours',
        'absences', 'services', 'service_phases', 'service_synonyms', 'service_staff', 'branch_services',
        'booking_policies']
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

REVOKE ALL ON FUNCTION app.raise_catalogue_version(), app.raise_own_catalogue_version() FROM PUBLIC;
