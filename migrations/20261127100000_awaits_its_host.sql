-- What a host elsewhere has still to confirm may be moved here and go back: then it is still to be confirmed.
ALTER TABLE public.calendar_copies ADD COLUMN awaits_host boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN public.calendar_copies.awaits_host IS 'Whether its host has still to confirm what stands there.';

-- The parameters are those of the function it replaces; programs that are older than the columns do not name them.
CREATE OR REPLACE FUNCTION app.insert_appointment(
    uuid, uuid[], uuid[], uuid, timestamptz, timestamptz, uuid[], uuid[], text[], text[], uuid[], jsonb[], jsonb[],
    timestamptz[], uuid, uuid, uuid, uuid, uuid, timestamptz, timestamptz, text, text, text, bigint, text, text,
    integer, text, timestamptz, text, bigint, timestamptz[], timestamptz[], timestamptz, smallint[], text[],
    timestamptz[], timestamptz[], uuid[], text[], text[], text[], boolean[], jsonb, uuid[], uuid, uuid)
    RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM app.make_way($1, $2, $3, $46, $5, $6);
    IF cardinality($40) > 0 THEN
        INSERT INTO public.customers (tenant_id, id, name, phone_e164, email, anonymous, status, source, created_at)
        SELECT $1, c.id, c.name, c.phone_e164, c.email, c.anonymous, 'active',
               CASE WHEN $24 = 'outside_calendar' THEN 'import' ELSE 'phone_call' END, $35
          FROM unnest($40, $41, $42, $43, $44) AS c (id, name, phone_e164, email, anonymous);
    END IF;
    INSERT INTO public.appointments
        (tenant_id, staff_id, id, branch_id, customer_id, service_id, call_id, starts_at, ends_at, timezone,
         status, source, price_minor, currency, notes, reschedule_count, sync_state, cancelled_at,
         cancel_reason, version, created_at, sequence_id, series_id)
    VALUES ($1, $4, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
            $35, $47, $48);
    INSERT INTO public.appointment_phases (tenant_id, appointment_id, position, kind, starts_at, ends_at)
    SELECT $1, $15, p.position, p.kind, p.starts_at, p.ends_at
      FROM unnest($36, $37, $38, $39) AS p (position, kind, starts_at, ends_at);
    INSERT INTO public.occupancy (tenant_id, resource_kind, resource_id, span, kind, appointment_id)
    SELECT $1, CASE WHEN s.resource = $4 THEN 'staff' ELSE 'facility' END, s.resource,
           tstzrange(s.starts_at, s.ends_at), 'appointment', $15
      FROM unnest($46, $33, $34) AS s (resource, starts_at, ends_at);
    IF cardinality($8) > 0 THEN
        INSERT INTO public.appointment_changes
            (tenant_id, id, appointment_id, kind, actor, call_id, before, after, at, fee_minor)
        SELECT $1, c.id, c.appointment_id, c.kind, c.actor, c.call_id, c.before, c.after, c.at, NULL
          FROM unnest($7, $8, $9, $10, $11, $12, $13, $14)
            AS c (id, appointment_id, kind, actor, call_id, before, after, at);
        INSERT INTO public.call_appointments (tenant_id, call_id, appointment_id, relation)
        SELECT $1, c.call_id, c.appointment_id, c.kind
          FROM unnest($8, $9, $11) AS c (appointment_id, kind, call_id)
         WHERE c.call_id IS NOT NULL
        ON CONFLICT DO NOTHING;
    END IF;
    IF jsonb_array_length($45) > 0 THEN
        INSERT INTO public.calendar_copies
            (tenant_id, appointment_id, connection_id, event_type_ref, host_ref, placed_connection_id,
             placed_event_type_ref, placed_host_ref, state, uid, remote_start, remote_end, awaits_host, attempts,
             sent_at, sent_start, changed_since, lease_until, error, version)
        SELECT $1, c.appointment_id, c.connection_id, c.event_type_ref, c.host_ref, c.placed_connection_id,
               c.placed_event_type_ref, c.placed_host_ref, c.state, c.uid, c.remote_start, c.remote_end,
               coalesce(c.awaits_host, false), c.attempts, c.sent_at, c.sent_start, coalesce(c.changed_since, false),
               c.lease_until, c.error, c.version
          FROM jsonb_to_recordset($45) AS c (appointment_id uuid, connection_id uuid, event_type_ref text, host_ref text,
            placed_connection_id uuid, placed_event_type_ref text, placed_host_ref text, state text, uid text,
            remote_start timestamptz, remote_end timestamptz, awaits_host boolean, attempts integer,
            sent_at timestamptz, sent_start timestamptz, changed_since boolean, lease_until timestamptz, error text,
            version bigint);
    END IF;
END $$;
