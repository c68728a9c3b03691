-- A booking as one message, too. Its two halves are functions of their own, since other changes need them apart.
-- Parameters are numbered, not named: a name would stand between the columns it is written to.

-- What every change set carries besides its writes. An insert into the outbox or the jobs wakes the workers, even one
-- without rows, hence the conditions. Works in the role and for the tenant of the transaction.
--   $1 tenant   $2 to $4 claims   $5 actor   $6 correlation   $7 to $10 lines of the audit log
--   $11 to $15 events   $16 to $23 jobs
CREATE FUNCTION app.settle(
    uuid, text[], bytea[], jsonb[], text, uuid, text[], text[], jsonb[], timestamptz[], uuid[], text[], smallint[],
    jsonb[], timestamptz[], text[], text[], jsonb[], smallint[], timestamptz[], text[], text[], smallint[])
    RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF cardinality($2) > 0 THEN
        INSERT INTO public.idempotent_outcomes (tenant_id, key, request_hash, outcome)
        SELECT $1, c.key, c.request_hash, c.outcome FROM unnest($2, $3, $4) AS c (key, request_hash, outcome);
    END IF;
    IF cardinality($7) > 0 THEN
        INSERT INTO public.audit_log (tenant_id, at, id, actor, action, object, detail, correlation)
        SELECT $1, coalesce(a.at, app.now()), gen_random_uuid(), $5, a.action, a.object, a.detail, $6
          FROM unnest($7, $8, $9, $10) AS a (action, object, detail, at);
    END IF;
    IF cardinality($11) > 0 THEN
        INSERT INTO engine.outbox_events (id, tenant_id, name, version, payload, correlation, occurred_at)
        SELECT e.id, $1, e.name, e.version, e.payload, $6, e.occurred_at
          FROM unnest($11, $12, $13, $14, $15) AS e (id, name, version, payload, occurred_at);
    END IF;
    IF cardinality($16) > 0 THEN
        INSERT INTO engine.jobs
            (tenant_id, kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts, correlation)
        SELECT $1, j.kind, j.queue, j.payload, j.priority, coalesce(j.run_at, app.now()), j.unique_key, j.serial_key,
               j.max_attempts, $6
          FROM unnest($16, $17, $18, $19, $20, $21, $22, $23)
            AS j (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts)
        ON CONFLICT DO NOTHING;
    END IF;
END $$;

-- A new appointment with everything that is written along with it: what is in its way and may go is freed first. A new
-- appointment has cost no fee yet.
--   $1 tenant   $2, $3 holds and calls whose holds to release   $4 person   $5, $6 stretch   $7 to $14 history
--   $15 to $32 the appointment   $33, $34 and $46 occupied time   $35 instant   $36 to $39 phases   $40 to $44 a new
--   customer   $45 copies in outside calendars   $47, $48 what it is tied to
CREATE FUNCTION app.insert_appointment(
    uuid, uuid[], uuid[], uuid, timestamptz, timestamptz, uuid[], uuid[], text[], text[], uuid[], jsonb[], jsonb[],
    timestamptz[], uuid, uuid, uuid, uuid, uuid, timestamptz, timestamptz, text, text, text, bigint, text, text,
    integer, text, timestamptz, text, bigint, timestamptz[], timestamptz[], timestamptz, smallint[], text[],
    timestamptz[], timestamptz[], uuid[], text[], text[], text[], boolean[], jsonb, uuid[], uuid, uuid)
    RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WITH released AS (
        SELECT h.id FROM public.holds h WHERE h.tenant_id = $1 AND (h.id = ANY($2) OR h.call_id = ANY($3))
    ), freed AS (
        DELETE FROM public.occupancy o
         WHERE o.tenant_id = $1 AND o.hold_id = ANY(ARRAY(SELECT r.id FROM released r))
        RETURNING o.hold_id
    ), expired AS (
        DELETE FROM public.occupancy o
         WHERE o.tenant_id = $1 AND o.resource_id = ANY($46::uuid[]) AND o.starts_at >= $5::timestamptz - interval '7 days'
           AND o.starts_at < $6 AND o.ends_at > $5 AND o.expires_at <= app.now()
        RETURNING o.hold_id
    ), gone AS (
        DELETE FROM public.holds h
         WHERE h.tenant_id = $1
           AND h.id = ANY(ARRAY(SELECT r.id FROM released r UNION ALL SELECT e.hold_id FROM expired e))
    ), history AS (
        INSERT INTO public.appointment_changes
            (tenant_id, id, appointment_id, kind, actor, call_id, before, after, at, fee_minor)
        SELECT $1, c.id, c.appointment_id, c.kind, c.actor, c.call_id, c.before, c.after, c.at, NULL
          FROM unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::uuid[], $12::jsonb[], $13::jsonb[],
                      $14::timestamptz[])
            AS c (id, appointment_id, kind, actor, call_id, before, after, at)
    ), relation AS (
        INSERT INTO public.call_appointments (tenant_id, call_id, appointment_id, relation)
        SELECT $1, c.call_id, c.appointment_id, c.kind
          FROM unnest($8::uuid[], $9::text[], $11::uuid[]) AS c (appointment_id, kind, call_id)
         WHERE c.call_id IS NOT NULL
        ON CONFLICT DO NOTHING
    ), customer AS (
        INSERT INTO public.customers
            (tenant_id, id, name, phone_e164, email, anonymous, status, source, created_at)
        SELECT $1, c.id, c.name, c.phone_e164, c.email, c.anonymous, 'active',
               CASE WHEN $24 = 'outside_calendar' THEN 'import' ELSE 'phone_call' END, $35
          FROM unnest($40::uuid[], $41::text[], $42::text[], $43::text[], $44::boolean[])
            AS c (id, name, phone_e164, email, anonymous)
    ), appointment AS (
        INSERT INTO public.appointments
            (tenant_id, staff_id, id, branch_id, customer_id, service_id, call_id, starts_at, ends_at, timezone,
             status, source, price_minor, currency, notes, reschedule_count, sync_state, cancelled_at,
             cancel_reason, version, created_at, sequence_id, series_id)
        VALUES ($1, $4, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
                $35, $47, $48)
    ), phases AS (
        INSERT INTO public.appointment_phases (tenant_id, appointment_id, position, kind, starts_at, ends_at)
        SELECT $1, $15, p.position, p.kind, p.starts_at, p.ends_at
          FROM unnest($36::smallint[], $37::text[], $38::timestamptz[], $39::timestamptz[])
            AS p (position, kind, starts_at, ends_at)
    ), copies AS (INSERT INTO public.calendar_copies
            (tenant_id, appointment_id, connection_id, event_type_ref, host_ref, placed_connection_id,
             placed_event_type_ref, placed_host_ref, state, uid, remote_start, attempts, sent_at, lease_until,
             error, version)
        SELECT $1, c.appointment_id, c.connection_id, c.event_type_ref, c.host_ref, c.placed_connection_id,
               c.placed_event_type_ref, c.placed_host_ref, c.state, c.uid, c.remote_start, c.attempts, c.sent_at,
               c.lease_until, c.error, c.version
          FROM jsonb_to_recordset($45::jsonb) AS c (appointment_id uuid, connection_id uuid, event_type_ref text, host_ref text,
            placed_connection_id uuid, placed_event_type_ref text, placed_host_ref text, state text, uid text,
            remote_start timestamptz, attempts integer, sent_at timestamptz, lease_until timestamptz, error text,
            version bigint)
    )
    INSERT INTO public.occupancy (tenant_id, resource_kind, resource_id, span, kind, appointment_id)
    SELECT $1, CASE WHEN s.resource = $4 THEN 'staff' ELSE 'facility' END, s.resource,
           tstzrange(s.starts_at, s.ends_at), 'appointment', $15
      FROM unnest($46::uuid[], $33::timestamptz[], $34::timestamptz[])
        AS s (resource, starts_at, ends_at)
     WHERE (SELECT count(*) FROM freed) + (SELECT count(*) FROM expired) >= 0;
END $$;

-- Both, as a transaction of its own: stands in line ($71), claims, and books. If somebody has the number of the new
-- customer ($72) by now, it does nothing and says so with AP001: whether that is the same person is not decided here.
CREATE FUNCTION app.book(
    uuid, uuid[], uuid[], uuid, timestamptz, timestamptz, uuid[], uuid[], text[], text[], uuid[], jsonb[], jsonb[],
    timestamptz[], uuid, uuid, uuid, uuid, uuid, timestamptz, timestamptz, text, text, text, bigint, text, text,
    integer, text, timestamptz, text, bigint, timestamptz[], timestamptz[], timestamptz, smallint[], text[],
    timestamptz[], timestamptz[], uuid[], text[], text[], text[], boolean[], jsonb, uuid[], uuid, uuid, text[],
    bytea[], jsonb[], text, uuid, text[], text[], jsonb[], timestamptz[], uuid[], text[], smallint[], jsonb[],
    timestamptz[], text[], text[], jsonb[], smallint[], timestamptz[], text[], text[], smallint[], bigint[], text)
    RETURNS void LANGUAGE plpgsql VOLATILE SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    PERFORM pg_advisory_xact_lock(q.key) FROM unnest($71) AS q (key);
    -- A claim that is taken wins over everything else that could fail.
    PERFORM app.settle(
        $1, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69,
        $70);
    IF $72 IS NOT NULL
       AND EXISTS (SELECT FROM public.customers c WHERE c.tenant_id = $1 AND c.phone_e164 = $72) THEN
        RAISE EXCEPTION 'the number has a customer by now' USING ERRCODE = 'AP001';
    END IF;
    PERFORM app.insert_appointment(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
        $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45,
        $46, $47, $48);
END $$;

DO $$
DECLARE
    ours regprocedure;
BEGIN
    -- Their signatures are longer than their names are unlike.
    FOR ours IN SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                 WHERE n.nspname = 'app' AND p.proname IN ('settle', 'insert_appointment', 'book')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', ours);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO gateway, worker, tenant, ledger, askpro_owner', ours);
    END LOOP;
END $$;
