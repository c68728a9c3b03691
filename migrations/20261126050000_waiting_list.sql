-- The waiting list: what callers asked for in vain, and the offers of freed time that are made to them.

-- Personal data: the number and the name of whoever waits.
CREATE TABLE public.wishes (
    tenant_id    uuid        NOT NULL,
    id           uuid        NOT NULL,
    branch_id    uuid        NOT NULL,
    service_id   uuid        NOT NULL,
    staff_id     uuid,
    customer_id  uuid,
    call_id      uuid,
    phone_e164   text        NOT NULL,
    name         text,
    first_day    date        NOT NULL,
    last_day     date        NOT NULL,
    from_minute  smallint    NOT NULL,
    until_minute smallint    NOT NULL,
    status       text        NOT NULL,
    asked        integer     NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT app.now(),
    version      bigint      NOT NULL DEFAULT 1,
    CONSTRAINT wishes_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT wishes_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT wishes_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT wishes_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT wishes_customer_fk FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customers (tenant_id, id),
    CONSTRAINT wishes_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT wishes_phone_valid CHECK (phone_e164 ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT wishes_name_valid CHECK (char_length(name) BETWEEN 1 AND 150),
    CONSTRAINT wishes_days_valid CHECK (first_day <= last_day AND last_day - first_day < 100),
    CONSTRAINT wishes_window_valid CHECK (0 <= from_minute AND from_minute <= until_minute AND until_minute < 1440),
    CONSTRAINT wishes_status_valid CHECK (status IN ('waiting', 'offered', 'fulfilled', 'withdrawn', 'expired')),
    CONSTRAINT wishes_asked_valid CHECK (asked >= 0),
    CONSTRAINT wishes_version_valid CHECK (version >= 1)
);
COMMENT ON COLUMN public.wishes.until_minute IS 'The last minute of the day at which the stay may begin.';
CREATE INDEX wishes_by_age ON public.wishes (tenant_id, created_at DESC, id DESC);
CREATE INDEX wishes_waiting ON public.wishes (tenant_id, branch_id, created_at, id) WHERE status = 'waiting';
CREATE INDEX wishes_open_by_phone ON public.wishes (tenant_id, phone_e164) WHERE status IN ('waiting', 'offered');
ALTER TABLE public.wishes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.wishes TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.wishes TO tenant;

CREATE TABLE public.wish_offers (
    tenant_id            uuid        NOT NULL,
    id                   uuid        NOT NULL,
    wish_id              uuid        NOT NULL,
    branch_id            uuid        NOT NULL,
    -- The time that was freed; the appointment that had it and its beginning name it.
    freed_appointment_id uuid        NOT NULL,
    freed_staff_id       uuid        NOT NULL,
    freed_starts_at      timestamptz NOT NULL,
    freed_ends_at        timestamptz NOT NULL,
    service_id           uuid        NOT NULL,
    staff_id             uuid        NOT NULL,
    starts_at            timestamptz NOT NULL,
    ends_at              timestamptz NOT NULL,
    state                text        NOT NULL,
    appointment_id       uuid,
    made_at              timestamptz NOT NULL,
    expires_at           timestamptz NOT NULL,
    settled_at           timestamptz,
    CONSTRAINT wish_offers_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT wish_offers_wish_fk FOREIGN KEY (tenant_id, wish_id) REFERENCES public.wishes (tenant_id, id),
    CONSTRAINT wish_offers_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT wish_offers_freed_appointment_fk FOREIGN KEY (tenant_id, freed_appointment_id)
        REFERENCES public.appointments (tenant_id, id),
    CONSTRAINT wish_offers_freed_staff_fk FOREIGN KEY (tenant_id, freed_staff_id) REFERENCES public.staff (tenant_id, id),
    CONSTRAINT wish_offers_service_fk FOREIGN KEY (tenant_id, service_id) REFERENCES public.services (tenant_id, id),
    CONSTRAINT wish_offers_staff_fk FOREIGN KEY (tenant_id, staff_id) REFERENCES public.staff (tenant_id, id),
    -- Checked at the end: the offer is settled before the appointment that it becomes is written.
    CONSTRAINT wish_offers_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT wish_offers_asked_once UNIQUE (tenant_id, freed_appointment_id, freed_starts_at, wish_id),
    CONSTRAINT wish_offers_state_valid CHECK (state IN ('open', 'accepted', 'declined', 'lapsed')),
    CONSTRAINT wish_offers_settled_valid CHECK ((state = 'open') = (settled_at IS NULL)
        AND (state = 'accepted') = (appointment_id IS NOT NULL)),
    CONSTRAINT wish_offers_spans_valid CHECK (starts_at < ends_at AND freed_starts_at < freed_ends_at)
);
-- One wish is asked at a time for one freed time, and one offer is open at a time for one wish.
CREATE UNIQUE INDEX wish_offers_one_at_a_time ON public.wish_offers (tenant_id, freed_appointment_id, freed_starts_at)
    WHERE state = 'open';
CREATE UNIQUE INDEX wish_offers_one_of_a_wish ON public.wish_offers (tenant_id, wish_id) WHERE state = 'open';
ALTER TABLE public.wish_offers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.wish_offers TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.wish_offers TO tenant;

-- An offer keeps its time as a hold does, under the same exclusion.
ALTER TABLE public.occupancy ADD COLUMN offer_id uuid;
ALTER TABLE public.occupancy ADD CONSTRAINT occupancy_offer_fk FOREIGN KEY (tenant_id, offer_id)
    REFERENCES public.wish_offers (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE public.occupancy DROP CONSTRAINT occupancy_owner_valid;
ALTER TABLE public.occupancy ADD CONSTRAINT occupancy_owner_valid CHECK (
    (kind = 'hold' AND hold_id IS NOT NULL AND appointment_id IS NULL AND offer_id IS NULL AND expires_at IS NOT NULL)
    OR (kind = 'appointment' AND appointment_id IS NOT NULL AND hold_id IS NULL AND offer_id IS NULL AND expires_at IS NULL)
    OR (kind = 'offer' AND offer_id IS NOT NULL AND hold_id IS NULL AND appointment_id IS NULL AND expires_at IS NOT NULL));
CREATE INDEX occupancy_by_offer ON public.occupancy (tenant_id, offer_id) WHERE offer_id IS NOT NULL;
