-- A time that nobody has is answered with others, so that the same question was asked twice: about the day, and about the
-- week after it. Whoever says which time is wished, and by whom it could be met, gets the week at once if all of them are
-- occupied then. What this sees as occupied is only a reason to read more; the program decides.
--
-- The function with fewer values stays for gateways that are still running.
CREATE FUNCTION app.day_load(tenant uuid, wanted_branch uuid, people uuid[], since timestamptz,
                             until timestamptz, excluded uuid, asking_call uuid, asking_number text,
                             customers uuid[], wished_people uuid[], wish_begins timestamptz,
                             wish_ends timestamptz, otherwise_until timestamptz)
    RETURNS TABLE (part smallint, id uuid, staff uuid, starts_at timestamptz, ends_at timestamptz,
                   expires_at timestamptz, created_at timestamptz, call uuid, appointment uuid, service uuid, branch uuid,
                   number text, customer uuid, version bigint, resources uuid[], span_starts timestamptz[],
                   span_ends timestamptz[], loaded_until timestamptz)
    LANGUAGE plpgsql STABLE ROWS 50 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    present  timestamptz := app.now();
    setting  text;
    theirs   uuid;
    somebody uuid;
    reach    timestamptz := $5;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $13 IS NOT NULL THEN
        reach := $13;
        FOREACH somebody IN ARRAY $10 LOOP
            -- What began more than a day before a wish and still goes on is rare.
            PERFORM FROM (SELECT t.* FROM public.occupancy t
                           WHERE t.tenant_id = $1 AND t.resource_id = somebody
                             AND t.starts_at >= $11 - interval '1 day' AND t.starts_at < $12
                           ORDER BY t.starts_at) o
              WHERE o.ends_at > $11
                AND (o.expires_at IS NULL OR o.expires_at > present)
                AND (o.appointment_id IS NULL OR o.appointment_id IS DISTINCT FROM $6)
              LIMIT 1;
            IF NOT FOUND THEN
                reach := $5;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    RETURN QUERY
        SELECT 0::smallint, NULL::uuid, NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz,
               NULL::timestamptz, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid,
               b.catalogue_version, NULL::uuid[], NULL::timestamptz[], NULL::timestamptz[], reach
          FROM public.branches b WHERE b.tenant_id = $1 AND b.id = $2
        UNION ALL
        SELECT 1::smallint, o.offer_id, o.resource_id, o.starts_at, o.ends_at, o.expires_at, NULL::timestamptz,
               CASE WHEN o.hold_id IS NOT NULL THEN (
                   SELECT h.call_id FROM public.holds h WHERE h.tenant_id = o.tenant_id AND h.id = o.hold_id) END,
               o.appointment_id, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid, 0::bigint, NULL::uuid[],
               NULL::timestamptz[], NULL::timestamptz[], NULL::timestamptz
          FROM unnest($3) AS r (resource)
         CROSS JOIN LATERAL (
               SELECT t.* FROM public.occupancy t
                WHERE t.tenant_id = $1 AND t.resource_id = r.resource
                  AND t.starts_at >= $4 - interval '7 days' AND t.starts_at < reach
                ORDER BY t.starts_at) o
         WHERE o.ends_at > $4
           AND (o.expires_at IS NULL OR o.expires_at > present)
           AND (o.appointment_id IS NULL OR o.appointment_id IS DISTINCT FROM $6);
    IF $7 IS NOT NULL THEN
        RETURN QUERY
            SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
                   NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
                   NULL::timestamptz[], NULL::timestamptz[], NULL::timestamptz
              FROM (SELECT m.* FROM public.appointments m WHERE m.tenant_id = $1 AND m.call_id = $7 OFFSET 0) a
             WHERE a.starts_at < reach AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END IF;
    FOREACH theirs IN ARRAY $9 LOOP
        RETURN QUERY
            SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
                   NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
                   NULL::timestamptz[], NULL::timestamptz[], NULL::timestamptz
              FROM (SELECT m.* FROM public.appointments m
                     WHERE m.tenant_id = $1 AND m.customer_id = theirs OFFSET 0) a
             WHERE ($7 IS NULL OR a.call_id IS DISTINCT FROM $7)
               AND a.starts_at < reach AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END LOOP;
    IF $7 IS NOT NULL OR $8 IS NOT NULL THEN
        RETURN QUERY
            SELECT 3::smallint, h.id, h.staff_id, h.starts_at, h.ends_at, h.expires_at, h.created_at, h.call_id,
                   h.moves_appointment_id, h.service_id, h.branch_id, h.caller_e164, NULL::uuid, 0::bigint,
                   h.resources, h.span_starts, h.span_ends, NULL::timestamptz
              FROM ((SELECT c.* FROM app.whole_holds c WHERE c.tenant_id = $1 AND c.call_id = $7 OFFSET 0)
                    UNION ALL
                    (SELECT n.* FROM app.whole_holds n
                      WHERE n.tenant_id = $1 AND n.caller_e164 = $8 AND ($7 IS NULL OR n.call_id <> $7) OFFSET 0)) h
             WHERE h.expires_at > present
             ORDER BY h.created_at, h.id;
    END IF;
END $$;

REVOKE ALL ON FUNCTION app.day_load(uuid, uuid, uuid[], timestamptz, timestamptz, uuid, uuid, text, uuid[], uuid[],
    timestamptz, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.day_load(uuid, uuid, uuid[], timestamptz, timestamptz, uuid, uuid, text, uuid[], uuid[],
    timestamptz, timestamptz, timestamptz) TO gateway, worker, tenant, askpro_owner;
