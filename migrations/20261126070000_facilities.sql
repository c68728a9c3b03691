-- Rooms, places and devices: a second constraint on when a stay can take place, on the one table of occupied time.

-- Facilities of one group can stand in for each other.
CREATE TABLE public.facility_groups (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    kind      text NOT NULL,
    name      text NOT NULL,
    CONSTRAINT facility_groups_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT facility_groups_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT facility_groups_named_once UNIQUE (tenant_id, name),
    CONSTRAINT facility_groups_kind_valid CHECK (kind IN ('room', 'device')),
    CONSTRAINT facility_groups_name_valid CHECK (char_length(name) BETWEEN 1 AND 150)
);
ALTER TABLE public.facility_groups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.facility_groups TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.facility_groups TO tenant;

CREATE TABLE public.facilities (
    tenant_id uuid    NOT NULL,
    id        uuid    NOT NULL,
    branch_id uuid    NOT NULL,
    group_id  uuid    NOT NULL,
    name      text    NOT NULL,
    active    boolean NOT NULL DEFAULT true,
    position  integer NOT NULL DEFAULT 0,
    CONSTRAINT facilities_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT facilities_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT facilities_group_fk FOREIGN KEY (tenant_id, group_id) REFERENCES public.facility_groups (tenant_id, id),
    CONSTRAINT facilities_name_valid CHECK (char_length(name) BETWEEN 1 AND 150)
);
CREATE INDEX facilities_by_branch ON public.facilities (tenant_id, branch_id);
CREATE INDEX facilities_by_group ON public.facilities (tenant_id, group_id);
ALTER TABLE public.facilities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.facilities TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.facilities TO tenant;

-- A service needs one of a group: for all of the stay with its buffers, while the person is busy, or in some phases.
CREATE TABLE public.service_facilities (
    tenant_id  uuid       NOT NULL,
    service_id uuid       NOT NULL,
    group_id   uuid       NOT NULL,
    need       text       NOT NULL,
    phases     smallint[] NOT NULL DEFAULT '{}',
    CONSTRAINT service_facilities_pk PRIMARY KEY (tenant_id, service_id, group_id),
    CONSTRAINT service_facilities_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT service_facilities_group_fk FOREIGN KEY (tenant_id, group_id)
        REFERENCES public.facility_groups (tenant_id, id),
    CONSTRAINT service_facilities_need_valid CHECK (need IN ('stay', 'staffed', 'phases')),
    CONSTRAINT service_facilities_phases_valid CHECK ((need = 'phases') = (cardinality(phases) > 0)
        AND cardinality(phases) <= 20 AND 0 <= ALL (phases))
);
COMMENT ON COLUMN public.service_facilities.phases IS 'Places of phases of the service, from 0.';
CREATE INDEX service_facilities_by_group ON public.service_facilities (tenant_id, group_id);
ALTER TABLE public.service_facilities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.service_facilities TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.service_facilities TO tenant;

DO $$
DECLARE
    part text;
BEGIN
    FOREACH part IN ARRAY ARRAY['facility_groups', 'facilities', 'service_facilities']
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

-- Occupied time is a person's or a facility's, under the one exclusion constraint. What a row is about is still one
-- column; who that is stays checked, each kind against its own table. An older gateway writes persons' rows alone, which
-- is what the default says.
ALTER TABLE public.occupancy
    DROP CONSTRAINT occupancy_resource_fk,
    DROP CONSTRAINT occupancy_resource_kind_valid,
    ADD COLUMN staff_id uuid GENERATED ALWAYS AS (CASE WHEN resource_kind = 'staff' THEN resource_id END) STORED,
    ADD COLUMN facility_id uuid GENERATED ALWAYS AS (CASE WHEN resource_kind = 'facility' THEN resource_id END) STORED,
    ADD CONSTRAINT occupancy_resource_kind_valid CHECK (resource_kind IN ('staff', 'facility')),
    ADD CONSTRAINT occupancy_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    ADD CONSTRAINT occupancy_facility_fk FOREIGN KEY (tenant_id, facility_id)
        REFERENCES public.facilities (tenant_id, id);
