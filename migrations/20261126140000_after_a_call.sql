-- What the background does after each call: claiming work, and reading calls and their accounts.

-- As it was, but that the cost of a claim no longer grows with what is due.
CREATE OR REPLACE FUNCTION engine.claim(
    p_worker uuid, p_lease interval, p_queues text[], p_free integer[], p_caps integer[], p_after uuid[]
) RETURNS SETOF engine.jobs
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    c_platform constant uuid := '00000000-0000-0000-0000-000000000000';
    -- How far a claim looks past jobs of a lane that wait for their serial key.
    c_depth constant integer := 500;
    v_now   timestamptz := app.now();
    v_queue text;
    v_free  integer;
    v_cap   integer;
    v_after uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM engine.jobs WHERE state = 'ready' AND run_at <= v_now) THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('engine.claim', 0));
    FOR i IN 1 .. cardinality(p_queues) LOOP
        v_queue := p_queues[i];
        v_free := p_free[i];
        v_cap := p_caps[i];
        v_after := p_after[i];
        CONTINUE WHEN v_free < 1;
        RETURN QUERY
        WITH RECURSIVE lane (bucket, priority) AS (
            (SELECT j.bucket, j.priority FROM engine.jobs j
              WHERE j.state = 'ready' AND j.queue = v_queue
              ORDER BY j.bucket, j.priority LIMIT 1)
            UNION ALL
            SELECT n.bucket, n.priority FROM lane l CROSS JOIN LATERAL (
                SELECT j.bucket, j.priority FROM engine.jobs j
                 WHERE j.state = 'ready' AND j.queue = v_queue AND (j.bucket, j.priority) > (l.bucket, l.priority)
                 ORDER BY j.bucket, j.priority LIMIT 1) n
        ), due_lane AS MATERIALIZED (
            SELECT l.bucket, l.priority FROM lane l CROSS JOIN LATERAL (
                -- One look a lane. As EXISTS it becomes a join that reads everything due.
                SELECT FROM engine.jobs j
                 WHERE j.state = 'ready' AND j.queue = v_queue AND j.bucket = l.bucket AND j.priority = l.priority
                   AND j.run_at <= v_now
                 LIMIT 1) d
        ), turn AS MATERIALIZED (
            SELECT b.bucket, b.running, CASE WHEN b.bucket = c_platform THEN v_free ELSE v_cap - b.running END AS room,
                   row_number() OVER (ORDER BY b.bucket > v_after DESC, b.bucket) AS place
              FROM (SELECT d.bucket,
                           (SELECT count(*)::integer FROM engine.jobs j
                             WHERE j.state = 'leased' AND j.queue = v_queue AND j.bucket = d.bucket) AS running
                      FROM (SELECT DISTINCT bucket FROM due_lane) d) b
             WHERE b.bucket = c_platform OR b.running < v_cap
             ORDER BY b.running, place
             LIMIT v_free
        ), candidate AS (
            SELECT t.bucket, t.running, t.place, c.id, c.priority, c.run_at,
                   CASE WHEN c.serial_key IS NULL THEN 1
                        ELSE row_number() OVER (PARTITION BY t.bucket, c.serial_key
                                                ORDER BY c.priority, c.run_at, c.id) END AS in_series
              FROM turn t CROSS JOIN LATERAL (
                SELECT f.id, f.priority, f.run_at, f.serial_key
                  FROM due_lane l CROSS JOIN LATERAL (
                    SELECT k.id, l.priority, k.run_at, k.serial_key FROM (
                        SELECT j.id, j.run_at, j.serial_key FROM engine.jobs j
                         WHERE j.state = 'ready' AND j.queue = v_queue AND j.bucket = l.bucket
                           AND j.priority = l.priority AND j.run_at <= v_now
                         ORDER BY j.run_at, j.id LIMIT c_depth) k
                     WHERE k.serial_key IS NULL OR NOT EXISTS (
                        SELECT FROM engine.jobs r
                         WHERE r.state = 'leased' AND r.bucket = l.bucket AND r.serial_key = k.serial_key)
                     ORDER BY k.run_at, k.id LIMIT least(v_free, t.room)) f
                 WHERE l.bucket = t.bucket
                 ORDER BY f.priority, f.run_at, f.id LIMIT least(v_free, t.room)) c
        ), ranked AS (
            SELECT c.id, c.place,
                   c.running + row_number() OVER (PARTITION BY c.bucket ORDER BY c.priority, c.run_at, c.id) AS level
              FROM candidate c WHERE c.in_series = 1
        ), picked AS MATERIALIZED (
            SELECT j.id FROM (SELECT r.id FROM ranked r ORDER BY r.level, r.place LIMIT v_free) p
              JOIN engine.jobs j ON j.id = p.id
             WHERE j.state = 'ready'
               FOR UPDATE OF j SKIP LOCKED
        )
        UPDATE engine.jobs j
           SET state = 'leased', attempt = j.attempt + 1, run = j.run + 1, leased_by = p_worker,
               leased_at = clock_timestamp(), lease_until = clock_timestamp() + p_lease
          FROM picked
         WHERE j.id = picked.id
        RETURNING j.*;
    END LOOP;
END
$$;

-- A call whole, by its id or by the provider's, one of which is null. Its month is found first and given to each table as
-- a value, so that of all months only that one is opened. What the provider charges is read in the role that may see it,
-- if it is asked for; a login role that may not take that role is refused.
CREATE FUNCTION app.whole_call(tenant uuid, wanted uuid, wanted_provider_call_id text, with_cost boolean)
    RETURNS TABLE (id uuid, provider_call_id text, branch_id uuid, direction text, caller_e164 text, called_e164 text,
                   agent_ref text, agent_version integer, status text, disconnection_reason text, started_at timestamptz,
                   ended_at timestamptz, duration_ms bigint, customer_id uuid, link_method text, outcome text,
                   successful boolean, in_voicemail boolean, sentiment text, provenance jsonb, created_at timestamptz,
                   version bigint, summary text, recording_url text, analysis text, latency jsonb, tokens jsonb,
                   has_transcript boolean, transcript jsonb, provider_usd_microcents bigint,
                   telephony_usd_microcents bigint, billed_seconds bigint, products jsonb)
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    setting text;
    call    uuid;
    month   timestamptz;
    cost    public.call_costs;
    spoken  jsonb;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $4 THEN
        setting := set_config('role', 'ledger', true);
    END IF;
    IF $2 IS NOT NULL THEN
        SELECT k.call_id, k.call_created_at INTO call, month
          FROM public.call_keys k WHERE k.tenant_id = $1 AND k.call_id = $2;
    ELSE
        SELECT k.call_id, k.call_created_at INTO call, month
          FROM public.call_keys k WHERE k.provider = 'retell' AND k.provider_call_id = $3 AND k.tenant_id = $1;
    END IF;
    IF call IS NULL THEN
        RETURN;
    END IF;
    IF $4 THEN
        SELECT o.* INTO cost
          FROM public.call_costs o WHERE o.tenant_id = $1 AND o.call_created_at = month AND o.call_id = call;
    END IF;
    SELECT jsonb_agg(jsonb_build_object('role', t.role, 'offset_ms', t.offset_ms, 'text', t.text) ORDER BY t.seq)
      INTO spoken
      FROM public.call_transcripts t WHERE t.tenant_id = $1 AND t.call_created_at = month AND t.call_id = call;
    RETURN QUERY
        SELECT c.id, c.provider_call_id, c.branch_id, c.direction, c.caller_e164, c.called_e164, c.agent_ref,
               c.agent_version, c.status, c.disconnection_reason, c.started_at, c.ended_at, c.duration_ms, c.customer_id,
               c.link_method, c.outcome, c.successful, c.in_voicemail, c.sentiment, c.provenance, c.created_at, c.version,
               n.summary, n.recording_url, n.analysis::text, n.latency, n.tokens, coalesce(n.has_transcript, false), spoken,
               cost.provider_usd_microcents, cost.telephony_usd_microcents, cost.billed_seconds, cost.products
          FROM (SELECT a.* FROM public.calls a WHERE a.tenant_id = $1 AND a.created_at = month AND a.id = call OFFSET 0) c
          LEFT JOIN (SELECT b.* FROM public.call_contents b
                      WHERE b.tenant_id = $1 AND b.call_created_at = month AND b.call_id = call OFFSET 0) n ON true;
END $$;

-- The account of a call: its tariff, its charges, and what it cost at the provider, if that is asked for. No row if the
-- company has no such call.
CREATE FUNCTION app.account_of_call(tenant uuid, wanted uuid, with_cost boolean)
    RETURNS TABLE (call_rate_minor_per_minute bigint, currency text, charges jsonb, costs jsonb)
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    setting text;
    spent   jsonb;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $3 THEN
        setting := set_config('role', 'ledger', true);
        SELECT jsonb_agg(to_jsonb(p) ORDER BY p.version) INTO spent
          FROM public.call_provider_costs p WHERE p.tenant_id = $1 AND p.call_id = $2;
    END IF;
    RETURN QUERY
        SELECT t.call_rate_minor_per_minute, t.currency,
               (SELECT jsonb_agg(to_jsonb(g) ORDER BY g.entry_no)
                  FROM public.call_charges g WHERE g.tenant_id = $1 AND g.call_id = $2),
               spent
          FROM public.call_keys k JOIN public.tenants t ON t.id = k.tenant_id
         WHERE k.tenant_id = $1 AND k.call_id = $2;
END $$;

REVOKE ALL ON FUNCTION app.whole_call(uuid, uuid, text, boolean), app.account_of_call(uuid, uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.whole_call(uuid, uuid, text, boolean), app.account_of_call(uuid, uuid, boolean)
    TO gateway, worker, tenant, ledger, askpro_owner;
