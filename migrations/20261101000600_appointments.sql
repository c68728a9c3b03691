-- Appointments, holds, and the one table that decides whether a time is free.

CREATE TABLE public.appointments (
    tenant_id        uuid        NOT NULL,
    id               uuid        NOT NULL,
    branch_id        uuid        NOT NULL,
    customer_id      uuid        NOT NULL,
    service_id       uuid        NOT NULL,
    staff_id         uuid        NOT NULL,
    call_id          uuid,
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    timezone         text        NOT NULL,
    status           text        NOT NULL,
    source           text        NOT NULL,
    price_minor      bigint      NOT NULL,
    currency         text        NOT NULL,
    notes            text,
    reschedule_count integer     NOT NULL DEFAULT 0,
    sync_state       text        NOT NULL,
    cancelled_at     timestamptz,
    cancel_reason    text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT app.now(),
    version          bigint      NOT NULL DEFAULT 1,
    CONSTRAINT appointments_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT appointments_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT appointments_customer_fk FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customers (tenant_id, id),
    CONSTRAINT appointments_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT appointments_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT appointments_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT appointments_span_valid CHECK (starts_at < ends_at),
    CONSTRAINT appointments_status_valid CHECK (status IN ('pending', 'confirmed', 'needs_attention', 'completed', 'cancelled', 'no_show')),
    CONSTRAINT appointments_currency_valid CHECK (currency IN ('EUR', 'CHF', 'USD')),
    CONSTRAINT appointments_price_valid CHECK (price_minor >= 0),
    CONSTRAINT appointments_notes_valid CHECK (char_length(notes) <= 2000),
    CONSTRAINT appointments_reschedule_count_valid CHECK (reschedule_count >= 0),
    CONSTRAINT appointments_cancelled_valid CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CONSTRAINT appointments_version_valid CHECK (version >= 1)
);
CREATE INDEX appointments_by_customer ON public.appointments (tenant_id, customer_id, starts_at);
CREATE INDEX appointments_by_call ON public.appointments (tenant_id, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX appointments_by_time ON public.appointments (tenant_id, starts_at DESC, id DESC);
CREATE INDEX appointments_by_staff ON public.appointments (tenant_id, staff_id, starts_at);
ALTER TABLE public.appointments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.appointments TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.appointments TO tenant;

CREATE TABLE public.appointment_phases (
    tenant_id      uuid        NOT NULL,
    appointment_id uuid        NOT NULL,
    position       smallint    NOT NULL,
    kind           text        NOT NULL,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    CONSTRAINT appointment_phases_pk PRIMARY KEY (tenant_id, appointment_id, position),
    CONSTRAINT appointment_phases_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT appointment_phases_kind_valid CHECK (kind IN ('staffed', 'processing')),
    CONSTRAINT appointment_phases_span_valid CHECK (starts_at < ends_at)
);
ALTER TABLE public.appointment_phases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.appointment_phases TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.appointment_phases TO tenant;

CREATE TABLE public.appointment_changes (
    tenant_id      uuid        NOT NULL,
    id             uuid        NOT NULL,
    appointment_id uuid        NOT NULL,
    kind           text        NOT NULL,
    actor          text        NOT NULL,
    call_id        uuid,
    before         jsonb,
    after          jsonb       NOT NULL,
    at             timestamptz NOT NULL,
    CONSTRAINT appointment_changes_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT appointment_changes_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id),
    CONSTRAINT appointment_changes_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT appointment_changes_kind_valid CHECK (kind IN ('booked', 'moved', 'cancelled'))
);
CREATE INDEX appointment_changes_by_appointment ON public.appointment_changes (tenant_id, appointment_id, at);
ALTER TABLE public.appointment_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.appointment_changes TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON public.appointment_changes TO tenant;
CREATE TRIGGER appointment_changes_append_only BEFORE UPDATE OR DELETE ON public.appointment_changes
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER appointment_changes_no_truncate BEFORE TRUNCATE ON public.appointment_changes
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- A slot that is kept for a caller while the conversation goes on.
CREATE TABLE public.holds (
    tenant_id            uuid        NOT NULL,
    id                   uuid        NOT NULL,
    call_id              uuid        NOT NULL,
    caller_e164          text,
    branch_id            uuid        NOT NULL,
    service_id           uuid        NOT NULL,
    staff_id             uuid        NOT NULL,
    starts_at            timestamptz NOT NULL,
    ends_at              timestamptz NOT NULL,
    moves_appointment_id uuid,
    expires_at           timestamptz NOT NULL,
    created_at           timestamptz NOT NULL,
    CONSTRAINT holds_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT holds_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT holds_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT holds_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT holds_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT holds_moves_fk FOREIGN KEY (tenant_id, moves_appointment_id) REFERENCES public.appointments (tenant_id, id),
    CONSTRAINT holds_span_valid CHECK (starts_at < ends_at)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE INDEX holds_by_call ON public.holds (tenant_id, call_id);
CREATE INDEX holds_by_caller ON public.holds (tenant_id, caller_e164) WHERE caller_e164 IS NOT NULL;
CREATE INDEX holds_by_expiry ON public.holds (tenant_id, expires_at);
ALTER TABLE public.holds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.holds TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.holds TO tenant;

-- Who is busy when: each staffed phase of an appointment with its buffers, and each hold. Not partitioned, since the
-- exclusion constraint is the one rule that makes a double booking impossible, and it reaches as far as its table.
CREATE TABLE public.occupancy (
    tenant_id      uuid        NOT NULL,
    id             uuid        NOT NULL DEFAULT gen_random_uuid(),
    resource_kind  text        NOT NULL DEFAULT 'staff',
    resource_id    uuid        NOT NULL,
    span           tstzrange   NOT NULL,
    kind           text        NOT NULL,
    hold_id        uuid,
    appointment_id uuid,
    expires_at     timestamptz,
    -- The ends of the span once more, for reading: under row level security only comparisons that the server knows to
    -- be leakproof may use an index, and those of time are, those of ranges are not.
    starts_at      timestamptz NOT NULL GENERATED ALWAYS AS (lower(span)) STORED,
    ends_at        timestamptz NOT NULL GENERATED ALWAYS AS (upper(span)) STORED,
    CONSTRAINT occupancy_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT occupancy_resource_fk FOREIGN KEY (tenant_id, resource_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT occupancy_hold_fk FOREIGN KEY (tenant_id, hold_id) REFERENCES public.holds (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT occupancy_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT occupancy_no_overlap EXCLUDE USING gist (tenant_id WITH =, resource_id WITH =, span WITH &&),
    CONSTRAINT occupancy_resource_kind_valid CHECK (resource_kind = 'staff'),
    CONSTRAINT occupancy_span_valid CHECK (NOT isempty(span) AND lower_inc(span) AND NOT upper_inc(span)
        AND NOT lower_inf(span) AND NOT upper_inf(span)),
    -- Readers look this far back from the beginning of a day for what still reaches into it.
    CONSTRAINT occupancy_length_valid CHECK (upper(span) - lower(span) <= interval '7 days'),
    CONSTRAINT occupancy_owner_valid CHECK (
        (kind = 'hold' AND hold_id IS NOT NULL AND appointment_id IS NULL AND expires_at IS NOT NULL)
        OR (kind = 'appointment' AND appointment_id IS NOT NULL AND hold_id IS NULL AND expires_at IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE INDEX occupancy_by_time ON public.occupancy (tenant_id, resource_id, starts_at);
CREATE INDEX occupancy_by_hold ON public.occupancy (tenant_id, hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX occupancy_by_appointment ON public.occupancy (tenant_id, appointment_id) WHERE appointment_id IS NOT NULL;
ALTER TABLE public.occupancy ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.occupancy TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.occupancy TO tenant;

-- Which call did what to which appointment.
CREATE TABLE public.call_appointments (
    tenant_id      uuid NOT NULL,
    call_id        uuid NOT NULL,
    appointment_id uuid NOT NULL,
    relation       text NOT NULL,
    CONSTRAINT call_appointments_pk PRIMARY KEY (tenant_id, call_id, appointment_id, relation),
    CONSTRAINT call_appointments_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT call_appointments_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id),
    CONSTRAINT call_appointments_relation_valid CHECK (relation IN ('booked', 'moved', 'cancelled'))
);
CREATE INDEX call_appointments_by_appointment ON public.call_appointments (tenant_id, appointment_id);
ALTER TABLE public.call_appointments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_appointments TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON public.call_appointments TO tenant;
