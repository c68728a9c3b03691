-- What belongs to a caller is asked with almost every tool: one message each, like what else a caller waits for.

-- Made anew: to a plan made while the table is empty all indexes that begin with the company look alike, and it takes the
-- one that was made last.
DROP INDEX public.appointments_by_customer;
CREATE INDEX appointments_by_customer ON public.appointments (tenant_id, customer_id, starts_at);

-- What a hold occupies, by resource and start. A function of its own, since a plan that joins this to its hold while
-- tables are empty may look for it by the company alone.
CREATE FUNCTION app.time_of_hold(tenant uuid, occupying_hold uuid)
    RETURNS TABLE (resources uuid[], span_starts timestamptz[], span_ends timestamptz[])
    LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(array_agg(s.resource_id), '{}'), coalesce(array_agg(s.starts_at), '{}'),
               coalesce(array_agg(s.ends_at), '{}')
          FROM (SELECT o.resource_id, o.starts_at, o.ends_at FROM public.occupancy o
                 WHERE o.tenant_id = $1 AND o.hold_id = $2 ORDER BY o.resource_id, o.starts_at) s;
END $$;

-- The same of an appointment.
CREATE FUNCTION app.time_of_appointment(tenant uuid, occupying_appointment uuid)
    RETURNS TABLE (resources uuid[], span_starts timestamptz[], span_ends timestamptz[])
    LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(array_agg(s.resource_id), '{}'), coalesce(array_agg(s.starts_at), '{}'),
               coalesce(array_agg(s.ends_at), '{}')
          FROM (SELECT o.resource_id, o.starts_at, o.ends_at FROM public.occupancy o
                 WHERE o.tenant_id = $1 AND o.appointment_id = $2 ORDER BY o.resource_id, o.starts_at) s;
END $$;

-- An appointment with its phases and the time it occupies. Who may see it is decided by the policies of whoever looks.
CREATE VIEW app.whole_appointments WITH (security_invoker = true) AS
SELECT a.tenant_id, a.id, a.branch_id, a.customer_id, a.service_id, a.staff_id, a.call_id, a.starts_at, a.ends_at,
       a.timezone, a.status, a.source, a.price_minor, a.currency, a.notes, a.reschedule_count, a.sync_state,
       a.cancelled_at, a.cancel_reason, a.created_at, a.version, a.fee_minor, a.sequence_id, a.series_id,
       p.positions, p.kinds, p.phase_starts, p.phase_ends, o.resources, o.span_starts, o.span_ends
  FROM public.appointments a
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(h.position ORDER BY h.position), '{}') AS positions,
              coalesce(array_agg(h.kind ORDER BY h.position), '{}') AS kinds,
              coalesce(array_agg(h.starts_at ORDER BY h.position), '{}') AS phase_starts,
              coalesce(array_agg(h.ends_at ORDER BY h.position), '{}') AS phase_ends
         FROM public.appointment_phases h
        WHERE h.tenant_id = a.tenant_id AND h.appointment_id = a.id) p
 CROSS JOIN LATERAL app.time_of_appointment(a.tenant_id, a.id) o;
GRANT SELECT ON app.whole_appointments TO tenant;

-- Open appointments of these customers that end after an instant, at most so many of each. Here and below: found by
-- their key and put in order then, since an index in the order of time is no way of finding them.
CREATE FUNCTION app.upcoming_of_customers(tenant uuid, customers uuid[], since timestamptz, most bigint)
    RETURNS SETOF app.whole_appointments
    LANGUAGE plpgsql STABLE ROWS 2 SET role = tenant AS $$
DECLARE
    setting text;
    theirs  uuid;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    FOREACH theirs IN ARRAY $2 LOOP
        RETURN QUERY
            SELECT a.*
              FROM (SELECT w.* FROM app.whole_appointments w
                     WHERE w.tenant_id = $1 AND w.customer_id = theirs AND w.ends_at > $3
                       AND w.status IN ('pending', 'confirmed', 'needs_attention') OFFSET 0) a
             ORDER BY a.starts_at, a.id LIMIT $4;
    END LOOP;
END $$;

-- Appointments made in this call, whatever their status.
CREATE FUNCTION app.appointments_of_call(tenant uuid, making_call uuid, most bigint)
    RETURNS SETOF app.whole_appointments
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT a.*
          FROM (SELECT w.* FROM app.whole_appointments w WHERE w.tenant_id = $1 AND w.call_id = $2 OFFSET 0) a
         ORDER BY a.starts_at, a.id LIMIT $3;
END $$;

-- Holds with the time they occupy, alive or not.
CREATE VIEW app.whole_holds WITH (security_invoker = true) AS
SELECT h.tenant_id, h.id, h.staff_id, h.starts_at, h.ends_at, h.expires_at, h.created_at, h.call_id,
       h.moves_appointment_id, h.service_id, h.branch_id, h.caller_e164, k.resources, k.span_starts, k.span_ends
  FROM public.holds h
 CROSS JOIN LATERAL app.time_of_hold(h.tenant_id, h.id) k;
GRANT SELECT ON app.whole_holds TO tenant;

-- Holds of this call that are alive.
CREATE FUNCTION app.holds_of_call(tenant uuid, holding_call uuid) RETURNS SETOF app.whole_holds
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
DECLARE
    present timestamptz := app.now();
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT h.* FROM (SELECT w.* FROM app.whole_holds w WHERE w.tenant_id = $1 AND w.call_id = $2 OFFSET 0) h
         WHERE h.expires_at > present ORDER BY h.created_at, h.id;
END $$;

-- As it was, but for the keys by which the caller's own appointments and holds are found.
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
              FROM (SELECT m.* FROM public.appointments m WHERE m.tenant_id = $1 AND m.call_id = $7 OFFSET 0) a
             WHERE a.starts_at < $5 AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END IF;
    FOREACH theirs IN ARRAY $9 LOOP
        RETURN QUERY
            SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
                   NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
                   NULL::timestamptz[], NULL::timestamptz[]
              FROM (SELECT m.* FROM public.appointments m
                     WHERE m.tenant_id = $1 AND m.customer_id = theirs OFFSET 0) a
             WHERE ($7 IS NULL OR a.call_id IS DISTINCT FROM $7)
               AND a.starts_at < $5 AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END LOOP;
    IF $7 IS NOT NULL OR $8 IS NOT NULL THEN
        RETURN QUERY
            SELECT 3::smallint, h.id, h.staff_id, h.starts_at, h.ends_at, h.expires_at, h.created_at, h.call_id,
                   h.moves_appointment_id, h.service_id, h.branch_id, h.caller_e164, NULL::uuid, 0::bigint,
                   h.resources, h.span_starts, h.span_ends
              FROM ((SELECT c.* FROM app.whole_holds c WHERE c.tenant_id = $1 AND c.call_id = $7 OFFSET 0)
                    UNION ALL
                    (SELECT n.* FROM app.whole_holds n
                      WHERE n.tenant_id = $1 AND n.caller_e164 = $8 AND ($7 IS NULL OR n.call_id <> $7) OFFSET 0)) h
             WHERE h.expires_at > present
             ORDER BY h.created_at, h.id;
    END IF;
END $$;

REVOKE ALL ON FUNCTION app.time_of_hold(uuid, uuid), app.time_of_appointment(uuid, uuid),
    app.upcoming_of_customers(uuid, uuid[], timestamptz, bigint),
    app.appointments_of_call(uuid, uuid, bigint), app.holds_of_call(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.time_of_hold(uuid, uuid), app.time_of_appointment(uuid, uuid),
    app.upcoming_of_customers(uuid, uuid[], timestamptz, bigint),
    app.appointments_of_call(uuid, uuid, bigint), app.holds_of_call(uuid, uuid)
    TO gateway, worker, tenant, askpro_owner;
