-- Plans are made once for a connection, often when its tables are nearly empty and have no statistics. To such a plan
-- every way through a small table looks alike, and the one it takes stays when the table has grown: a list of ids
-- compared with `= ANY` became a walk through everything that the company holds. Here, what is found by its key is found
-- with `=`, one key after the other, for which there is one index; what lies in a stretch of time is read in the order of
-- time, which only the index by time has; and what need not run does not.

-- Was an SQL function with settings of its own, which the server parses and plans anew at each use: a quarter of a
-- millisecond, several times a booking. The offset is no secret; app.clock_offset_micros() tells it to the same roles.
CREATE OR REPLACE FUNCTION app.now() RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY INVOKER AS $$
BEGIN
    RETURN clock_timestamp() + (SELECT c.offset_micros FROM app.product_clock c) * interval '1 microsecond';
END $$;
ALTER FUNCTION app.now() RESET ALL;
GRANT SELECT ON app.product_clock TO tenant, ledger, gateway, worker, support;

-- Lets go of these holds and of all holds of these calls; the time they kept goes with them. Works in the role and for
-- the tenant of the transaction.
CREATE FUNCTION app.release_holds(tenant uuid, released_holds uuid[], released_calls uuid[]) RETURNS void
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    key uuid;
BEGIN
    FOREACH key IN ARRAY $2 LOOP
        DELETE FROM public.holds h WHERE h.tenant_id = $1 AND h.id = key;
    END LOOP;
    FOREACH key IN ARRAY $3 LOOP
        DELETE FROM public.holds h WHERE h.tenant_id = $1 AND h.call_id = key;
    END LOOP;
END $$;

-- The same, and whatever is in the way of a stretch of time but has expired: for what occupies that time next.
CREATE FUNCTION app.make_way(tenant uuid, released_holds uuid[], released_calls uuid[], resources uuid[],
                             stretch_start timestamptz, stretch_end timestamptz) RETURNS void
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    present timestamptz := app.now();
    freed   uuid[] := $2;
    taken   uuid;
    expired record;
BEGIN
    FOREACH taken IN ARRAY $4 LOOP
        FOR expired IN
            SELECT o.id, o.hold_id FROM public.occupancy o
             WHERE o.tenant_id = $1 AND o.resource_id = taken AND o.starts_at >= $5 - interval '7 days'
               AND o.starts_at < $6 AND o.ends_at > $5 AND o.expires_at <= present
             ORDER BY o.starts_at
        LOOP
            DELETE FROM public.occupancy o WHERE o.tenant_id = $1 AND o.id = expired.id;
            freed := freed || expired.hold_id;
        END LOOP;
    END LOOP;
    PERFORM app.release_holds($1, freed, $3);
END $$;

CREATE OR REPLACE FUNCTION app.day_load(tenant uuid, wanted_branch uuid, people uuid[], since timestamptz,
                                        until timestamptz, excluded uuid, asking_call uuid, asking_number text,
                                        customers uuid[])
    RETURNS TABLE (part smallint, id uuid, staff uuid, starts_at timestamptz, ends_at timestamptz,
                   expires_at timestamptz, created_at timestamptz, call uuid, appointment uuid, service uuid, branch uuid,
                   number text, customer uuid, version bigint, resources uuid[], span_starts timestamptz[],
                   span_ends timestamptz[])
    LANGUAGE plpgsql STABLE ROWS 50 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    present timestamptz := app.now();
    setting text;
    theirs  uuid;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT 0::smallint, NULL::uuid, NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz,
               NULL::timestamptz, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid,
               b.catalogue_version, NULL::uuid[], NULL::timestamptz[], NULL::timestamptz[]
          FROM public.branches b WHERE b.tenant_id = $1 AND b.id = $2
        UNION ALL
        SELECT 1::smallint, o.offer_id, o.resource_id, o.starts_at, o.ends_at, o.expires_at, NULL::timestamptz,
               CASE WHEN o.hold_id IS NOT NULL THEN (
                   SELECT h.call_id FROM public.holds h WHERE h.tenant_id = o.tenant_id AND h.id = o.hold_id) END,
               o.appointment_id, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid, 0::bigint, NULL::uuid[],
               NULL::timestamptz[], NULL::timestamptz[]
          FROM unnest($3) AS r (resource)
         CROSS JOIN LATERAL (
               SELECT t.* FROM public.occupancy t
                WHERE t.tenant_id = $1 AND t.resource_id = r.resource
                  AND t.starts_at >= $4 - interval '7 days' AND t.starts_at < $5
                ORDER BY t.starts_at) o
         WHERE o.ends_at > $4
           AND (o.expires_at IS NULL OR o.expires_at > present)
           AND (o.appointment_id IS NULL OR o.appointment_id IS DISTINCT FROM $6);
    IF $7 IS NOT NULL THEN
        RETURN QUERY
            SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
                   NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
                   NULL::timestamptz[], NULL::timestamptz[]
              FROM public.appointments a
             WHERE a.tenant_id = $1 AND a.call_id = $7
               AND a.starts_at < $5 AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END IF;
    FOREACH theirs IN ARRAY $9 LOOP
        RETURN QUERY
            SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
                   NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
                   NULL::timestamptz[], NULL::timestamptz[]
              FROM public.appointments a
             WHERE a.tenant_id = $1 AND a.customer_id = theirs AND ($7 IS NULL OR a.call_id IS DISTINCT FROM $7)
               AND a.starts_at < $5 AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END LOOP;
    IF $7 IS NOT NULL OR $8 IS NOT NULL THEN
        RETURN QUERY
            SELECT 3::smallint, h.id, h.staff_id, h.starts_at, h.ends_at, h.expires_at, h.created_at, h.call_id,
                   h.moves_appointment_id, h.service_id, h.branch_id, h.caller_e164, NULL::uuid, 0::bigint,
                   k.resources, k.span_starts, k.span_ends
              -- Whether they are alive is asked of what was found: it is no way of finding them.
              FROM ((SELECT c.* FROM public.holds c WHERE c.tenant_id = $1 AND c.call_id = $7 OFFSET 0)
                    UNION ALL
                    (SELECT n.* FROM public.holds n
                      WHERE n.tenant_id = $1 AND n.caller_e164 = $8 AND ($7 IS NULL OR n.call_id <> $7) OFFSET 0)) h
             CROSS JOIN LATERAL (
                   SELECT coalesce(array_agg(s.resource_id ORDER BY s.resource_id, s.starts_at), '{}') AS resources,
                          coalesce(array_agg(s.starts_at ORDER BY s.resource_id, s.starts_at), '{}') AS span_starts,
                          coalesce(array_agg(s.ends_at ORDER BY s.resource_id, s.starts_at), '{}') AS span_ends
                     FROM public.occupancy s
                    WHERE s.tenant_id = h.tenant_id AND s.hold_id = h.id) k
             WHERE h.expires_at > present
             ORDER BY h.created_at, h.id;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION app.claim_hold(
    tenant uuid, queues bigint[], released_holds uuid[], released_calls uuid[], person uuid,
    stretch_start timestamptz, stretch_end timestamptz, hold uuid, holding_call uuid, number text, at_branch uuid,
    wanted_service uuid, stay_start timestamptz, stay_end timestamptz, moves uuid, until timestamptz,
    since timestamptz, span_resources uuid[], span_starts timestamptz[], span_ends timestamptz[], relaxed boolean)
    RETURNS void
    LANGUAGE plpgsql VOLATILE SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $21 THEN
        setting := set_config('synchronous_commit', 'off', true);
    END IF;
    -- What follows sees what whoever stood in front has committed.
    PERFORM pg_advisory_xact_lock(q.key) FROM unnest($2) AS q (key);
    PERFORM app.make_way($1, $3, $4, $18, $6, $7);
    INSERT INTO public.holds
        (tenant_id, staff_id, id, call_id, caller_e164, branch_id, service_id, starts_at, ends_at,
         moves_appointment_id, expires_at, created_at)
    VALUES ($1, $5, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    ON CONFLICT (tenant_id, id) DO NOTHING;
    IF FOUND THEN
        INSERT INTO public.occupancy (tenant_id, resource_kind, resource_id, span, kind, hold_id, expires_at)
        SELECT $1, CASE WHEN s.resource = $5 THEN 'staff' ELSE 'facility' END, s.resource,
               tstzrange(s.starts_at, s.ends_at), 'hold', $8, $16
          FROM unnest($18, $19, $20) AS s (resource, starts_at, ends_at);
    END IF;
END $$;

-- The parameters are those of the function it replaces.
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
             placed_event_type_ref, placed_host_ref, state, uid, remote_start, attempts, sent_at, lease_until,
             error, version)
        SELECT $1, c.appointment_id, c.connection_id, c.event_type_ref, c.host_ref, c.placed_connection_id,
               c.placed_event_type_ref, c.placed_host_ref, c.state, c.uid, c.remote_start, c.attempts, c.sent_at,
               c.lease_until, c.error, c.version
          FROM jsonb_to_recordset($45) AS c (appointment_id uuid, connection_id uuid, event_type_ref text, host_ref text,
            placed_connection_id uuid, placed_event_type_ref text, placed_host_ref text, state text, uid text,
            remote_start timestamptz, attempts integer, sent_at timestamptz, lease_until timestamptz, error text,
            version bigint);
    END IF;
END $$;

REVOKE ALL ON FUNCTION app.release_holds(uuid, uuid[], uuid[]),
    app.make_way(uuid, uuid[], uuid[], uuid[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.release_holds(uuid, uuid[], uuid[]),
    app.make_way(uuid, uuid[], uuid[], uuid[], timestamptz, timestamptz)
    TO gateway, worker, tenant, ledger, askpro_owner;
