-- What comparisons of both calendars found to differ, and what became of it: each difference once for each end it came to.
-- A comparison forgets what was not found for a month.
CREATE TABLE public.calendar_differences (
    tenant_id      uuid        NOT NULL,
    connection_id  uuid        NOT NULL,
    became         text        NOT NULL,
    appointment_id uuid,
    uid            text,
    about          text        NOT NULL
        GENERATED ALWAYS AS (coalesce(appointment_id::text, '') || ' ' || coalesce(uid, '')) STORED,
    detail         text        NOT NULL,
    first_found_at timestamptz NOT NULL,
    last_found_at  timestamptz NOT NULL,
    CONSTRAINT calendar_differences_pk PRIMARY KEY (tenant_id, connection_id, became, about),
    CONSTRAINT calendar_differences_connection_fk FOREIGN KEY (tenant_id, connection_id)
        REFERENCES public.calendar_connections (tenant_id, id),
    CONSTRAINT calendar_differences_appointment_fk FOREIGN KEY (tenant_id, appointment_id)
        REFERENCES public.appointments (tenant_id, id),
    CONSTRAINT calendar_differences_became_valid CHECK (became IN ('followed', 'imported', 'pushed', 'tidied', 'disputed',
        'left', 'open')),
    CONSTRAINT calendar_differences_uid_valid CHECK (char_length(uid) BETWEEN 1 AND 200),
    CONSTRAINT calendar_differences_detail_valid CHECK (char_length(detail) <= 1000),
    CONSTRAINT calendar_differences_found_valid CHECK (first_found_at <= last_found_at)
);
CREATE INDEX calendar_differences_newest ON public.calendar_differences (tenant_id, last_found_at);
ALTER TABLE public.calendar_differences ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.calendar_differences TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.calendar_differences TO tenant;
