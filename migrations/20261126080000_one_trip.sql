-- What a caller waits for most often, as functions: role, tenant and work in one statement, hence in one message to the
-- server and one transaction of its own. As separate messages they were three, and each of them costs two processes their
-- turn on a processor.
--
-- The rules stay where they were. A function works in the role `tenant`, whoever calls it, and row level security sees
-- the tenant that it sets and nothing else; none of them is a security definer. Each sets the tenant anew, so that what
-- an earlier one left behind cannot matter, and the setting ends with the transaction. Those that read are STABLE, which
-- gives everything in them one snapshot, that of the statement that calls them.

CREATE FUNCTION app.customer_by_id(tenant uuid, customer uuid)
    RETURNS TABLE (id uuid, name text, phone_e164 text, email text, anonymous boolean, status text, source text,
                   created_at timestamptz, version bigint)
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
DECLARE
    -- Assigned and not performed: an expression costs less than a query.
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT c.id, c.name, c.phone_e164, c.email, c.anonymous, c.status, c.source, c.created_at, c.version
          FROM public.customers c WHERE c.tenant_id = $1 AND c.id = $2;
END $$;

CREATE FUNCTION app.customers_by_phone(tenant uuid, phone text, most bigint)
    RETURNS TABLE (id uuid, name text, phone_e164 text, email text, anonymous boolean, status text, source text,
                   created_at timestamptz, version bigint)
    LANGUAGE plpgsql STABLE ROWS 2 SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT c.id, c.name, c.phone_e164, c.email, c.anonymous, c.status, c.source, c.created_at, c.version
          FROM public.customers c
         WHERE c.tenant_id = $1 AND c.phone_e164 = $2 ORDER BY c.created_at, c.id LIMIT $3;
END $$;

CREATE FUNCTION app.outcome(tenant uuid, wanted text)
    RETURNS TABLE (request_hash bytea, outcome jsonb)
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY SELECT o.request_hash, o.outcome FROM public.idempotent_outcomes o WHERE o.tenant_id = $1 AND o.key = $2;
END $$;

-- One row for the branch, one per busy span of a person or a facility (its id that of
-- the offer, if it is one's), one per own appointment, one per
-- hold; `part` tells them apart.
CREATE FUNCTION app.day_load(tenant uuid, wanted_branch uuid, people uuid[], since timestamptz, until timestamptz,
                             excluded uuid, asking_call uuid, asking_number text, customers uuid[])
    RETURNS TABLE (part smallint, id uuid, staff uuid, starts_at timestamptz, ends_at timestamptz,
                   expires_at timestamptz, created_at timestamptz, call uuid, appointment uuid, service uuid, branch uuid,
                   number text, customer uuid, version bigint, resources uuid[], span_starts timestamptz[],
                   span_ends timestamptz[])
    LANGUAGE plpgsql STABLE ROWS 50 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    present timestamptz := app.now();
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT 0::smallint, NULL::uuid, NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz,
               NULL::timestamptz, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid,
               b.catalogue_version, NULL::uuid[], NULL::timestamptz[], NULL::timestamptz[]
          FROM public.branches b WHERE b.tenant_id = $1 AND b.id = $2
        UNION ALL
        SELECT 1::smallint, o.offer_id, o.resource_id, o.starts_at, o.ends_at, o.expires_at, NULL::timestamptz, h.call_id,
               o.appointment_id, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid, 0::bigint, NULL::uuid[],
               NULL::timestamptz[], NULL::timestamptz[]
          FROM public.occupancy o
          LEFT JOIN public.holds h ON h.tenant_id = o.tenant_id AND h.id = o.hold_id
         WHERE o.tenant_id = $1 AND o.resource_id = ANY($3)
           AND o.starts_at >= $4 - interval '7 days' AND o.starts_at < $5 AND o.ends_at > $4
           AND (o.expires_at IS NULL OR o.expires_at > present)
           AND (o.appointment_id IS NULL OR o.appointment_id IS DISTINCT FROM $6);
    IF cardinality($9) > 0 OR $7 IS NOT NULL THEN
        RETURN QUERY
            SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
                   NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
                   NULL::timestamptz[], NULL::timestamptz[]
              FROM public.appointments a
             WHERE a.tenant_id = $1 AND (a.customer_id = ANY($9) OR a.call_id = $7)
               AND a.starts_at < $5 AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
               AND a.status IN ('pending', 'confirmed', 'needs_attention');
    END IF;
    IF $7 IS NOT NULL OR $8 IS NOT NULL THEN
        RETURN QUERY
            SELECT 3::smallint, h.id, h.staff_id, h.starts_at, h.ends_at, h.expires_at, h.created_at, h.call_id,
                   h.moves_appointment_id, h.service_id, h.branch_id, h.caller_e164, NULL::uuid, 0::bigint,
                   k.resources, k.span_starts, k.span_ends
              FROM public.holds h
             CROSS JOIN LATERAL (
                   SELECT coalesce(array_agg(s.resource_id ORDER BY s.resource_id, s.starts_at), '{}') AS resources,
                          coalesce(array_agg(s.starts_at ORDER BY s.resource_id, s.starts_at), '{}') AS span_starts,
                          coalesce(array_agg(s.ends_at ORDER BY s.resource_id, s.starts_at), '{}') AS span_ends
                     FROM public.occupancy s
                    WHERE s.tenant_id = h.tenant_id AND s.hold_id = h.id) k
             WHERE h.tenant_id = $1 AND (h.call_id = $7 OR h.caller_e164 = $8) AND h.expires_at > present
             ORDER BY h.created_at, h.id;
    END IF;
END $$;

-- Keeps a time for a call: stands in line, frees what the call lets go of and what has expired in the way, and occupies
-- the time. Whatever else is in the way ends it with the violation of `occupancy_no_overlap`. A hold that is there
-- already was claimed by this very request, whose answer was lost: nothing is done twice. `relaxed`: the commit does not
-- wait for the disk.
CREATE FUNCTION app.claim_hold(tenant uuid, queues bigint[], released_holds uuid[], released_calls uuid[], person uuid,
                               stretch_start timestamptz, stretch_end timestamptz, hold uuid, holding_call uuid,
                               number text, at_branch uuid, wanted_service uuid, stay_start timestamptz,
                               stay_end timestamptz, moves uuid, until timestamptz, since timestamptz,
                               span_resources uuid[], span_starts timestamptz[], span_ends timestamptz[],
                               relaxed boolean)
    RETURNS void
    LANGUAGE plpgsql VOLATILE SET role = tenant AS $$
DECLARE
    setting text;
    present timestamptz;
    freed   uuid[];
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $21 THEN
        setting := set_config('synchronous_commit', 'off', true);
    END IF;
    -- What follows sees what whoever stood in front has committed.
    PERFORM pg_advisory_xact_lock(q.key) FROM unnest($2) AS q (key);
    present := app.now();
    WITH gone AS (
        DELETE FROM public.occupancy o
         WHERE o.tenant_id = $1 AND o.resource_id = ANY($18) AND o.starts_at >= $6 - interval '7 days'
           AND o.starts_at < $7 AND o.ends_at > $6 AND o.expires_at <= present
        RETURNING o.hold_id
    )
    SELECT array_agg(g.hold_id) INTO freed FROM gone g WHERE g.hold_id IS NOT NULL;
    -- The time that these kept goes with them.
    IF freed IS NOT NULL OR cardinality($3) > 0 OR cardinality($4) > 0 THEN
        DELETE FROM public.holds h
         WHERE h.tenant_id = $1 AND (h.id = ANY($3) OR h.call_id = ANY($4) OR h.id = ANY(freed));
    END IF;
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

REVOKE ALL ON FUNCTION app.customer_by_id(uuid, uuid), app.customers_by_phone(uuid, text, bigint),
    app.outcome(uuid, text),
    app.day_load(uuid, uuid, uuid[], timestamptz, timestamptz, uuid, uuid, text, uuid[]),
    app.claim_hold(uuid, bigint[], uuid[], uuid[], uuid, timestamptz, timestamptz, uuid, uuid, text, uuid, uuid,
                   timestamptz, timestamptz, uuid, timestamptz, timestamptz, uuid[], timestamptz[], timestamptz[],
                   boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.customer_by_id(uuid, uuid), app.customers_by_phone(uuid, text, bigint),
    app.outcome(uuid, text),
    app.day_load(uuid, uuid, uuid[], timestamptz, timestamptz, uuid, uuid, text, uuid[]),
    app.claim_hold(uuid, bigint[], uuid[], uuid[], uuid, timestamptz, timestamptz, uuid, uuid, text, uuid, uuid,
                   timestamptz, timestamptz, uuid, timestamptz, timestamptz, uuid[], timestamptz[], timestamptz[],
                   boolean)
    TO gateway, worker, tenant, askpro_owner;
