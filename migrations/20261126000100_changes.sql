-- What a change of an appointment may cost, how often a customer may ask for one, and for whom other rules hold.

-- The first that is there counts, whole: person, service, branch, company; without any, the branch's booking policy.
CREATE TABLE public.change_policies (
    tenant_id           uuid     NOT NULL,
    id                  uuid     NOT NULL DEFAULT gen_random_uuid(),
    act                 text     NOT NULL,
    level               text     NOT NULL,
    branch_id           uuid,
    service_id          uuid,
    staff_id            uuid,
    until_minutes       integer  NOT NULL DEFAULT 0,
    max_per_month       integer,
    max_per_appointment integer,
    fee_minor           bigint,
    fee_tiers           jsonb    NOT NULL DEFAULT '[]',
    fee_percent         smallint,
    CONSTRAINT change_policies_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT change_policies_one_each UNIQUE NULLS NOT DISTINCT (tenant_id, act, branch_id, service_id, staff_id),
    CONSTRAINT change_policies_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.tenants (id),
    CONSTRAINT change_policies_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT change_policies_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT change_policies_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT change_policies_act_valid CHECK (act IN ('cancel', 'move')),
    CONSTRAINT change_policies_level_valid CHECK (
        (level = 'staff' AND staff_id IS NOT NULL AND num_nonnulls(branch_id, service_id, staff_id) = 1)
        OR (level = 'service' AND service_id IS NOT NULL AND num_nonnulls(branch_id, service_id, staff_id) = 1)
        OR (level = 'branch' AND branch_id IS NOT NULL AND num_nonnulls(branch_id, service_id, staff_id) = 1)
        OR (level = 'company' AND num_nonnulls(branch_id, service_id, staff_id) = 0)),
    CONSTRAINT change_policies_counts_valid CHECK (until_minutes BETWEEN 0 AND 527040 AND max_per_month >= 0
        AND max_per_appointment >= 0),
    CONSTRAINT change_policies_fee_valid CHECK (fee_minor >= 0 AND fee_percent BETWEEN 0 AND 100
        AND jsonb_typeof(fee_tiers) = 'array' AND jsonb_array_length(fee_tiers) <= 20)
);
COMMENT ON COLUMN public.change_policies.fee_tiers IS
    'Objects of min_minutes and fee_minor: the fee with at least this notice, boundary included.';
ALTER TABLE public.change_policies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.change_policies TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.change_policies TO tenant;

CREATE TRIGGER change_policies_version_on_insert AFTER INSERT ON public.change_policies
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.raise_catalogue_version();
CREATE TRIGGER change_policies_version_on_update AFTER UPDATE ON public.change_policies
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.raise_catalogue_version();
CREATE TRIGGER change_policies_version_on_delete AFTER DELETE ON public.change_policies
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.raise_catalogue_version();

-- In the appointment's currency; null where a change cost nothing.
ALTER TABLE public.appointments ADD COLUMN fee_minor bigint,
    ADD CONSTRAINT appointments_fee_valid CHECK (fee_minor > 0);
COMMENT ON COLUMN public.appointments.fee_minor IS 'What the last change cost; the history has them all.';
ALTER TABLE public.appointment_changes ADD COLUMN fee_minor bigint,
    ADD CONSTRAINT appointment_changes_fee_valid CHECK (fee_minor > 0);
