-- Claims and settlements that read each row as seldom as they can, with a hundred of them at a time.
--
-- A claim that does not look at everything walked over what was done since its beginning three times: to find the oldest job,
-- and again before the oldest and behind the newest of those that it looks at; and over the whole backlog of a queue without
-- room, to find a job of another. It goes queue by queue now, and begins at the oldest of each. A settlement looked for each of
-- its jobs once for each of them, a hundred times a hundred for a hundred, to remove them, and compared as many pairs to see
-- which were reported.

DROP INDEX engine.jobs_next;
-- Whether anything of a queue is due, its oldest and newest jobs, and when the next one will be.
CREATE INDEX jobs_next ON engine.jobs (queue, run_at) WHERE state = 'ready';

-- Leases due jobs to a worker. The arrays run in parallel: queue, free slots, most jobs that one tenant may have
-- running in that queue (over all workers), and the bucket this worker served last there.
--
-- Fairness: tenants with fewer running jobs come first; among equals the rotation goes on behind the bucket served
-- last. Priority orders the jobs of one tenant, never one tenant before another. The platform's own jobs take part in the
-- rotation as one bucket, without the tenants' cap.
--
-- A whole claim (p_due_from is -infinity) looks at the first due jobs of as many tenants as there are free slots, lane by
-- lane, so the cost depends on the slots, not on the backlog. A claim that begins later looks at the oldest and at the newest
-- jobs of each queue that has room, from its beginning on; among those it is as fair, and it counts the running ones as
-- exactly, as long as the server's clock is not put back. What was committed long after it was written, or freed, may lie
-- before its beginning, and what is neither oldest nor newest may be hidden by what may not run now: such jobs are for the
-- whole claims in between. What is committed while it waits for its turn is for the next one.
--
-- Claims follow one another under an advisory lock, taken by a statement of its own: the claiming statement's snapshot
-- is then younger than every earlier claim, so caps and serial keys hold exactly across workers. The lock lives
-- only as long as this function, on the server; a worker that freezes cannot hold it.
--
-- The plan is pinned: statistics of a table that is empty now and has fifty thousand rows in a minute mislead.
CREATE OR REPLACE FUNCTION engine.claim(
    p_worker uuid, p_lease interval, p_queues text[], p_free integer[], p_caps integer[], p_after uuid[],
    p_due_from timestamptz, p_leased_from timestamptz
) RETURNS SETOF engine.claimed
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
    -- How many of the oldest and of the newest jobs a claim looks at that does not look at everything.
    c_sample constant integer := 64;
    -- A job is committed at most so long after its run_at was read from the clock, as a rule.
    c_slack constant interval := interval '100 milliseconds';
    v_now    timestamptz := app.now();
    v_begins timestamptz[];
    v_due    boolean;
    v_begun  timestamptz := clock_timestamp();
    v_locks  timestamptz;
    v_ids    bigint[] := '{}';
    v_first  engine.claimed;
BEGIN
    -- The oldest job of each queue; in order of time, so that it is the index by time that is walked, up to the first.
    v_begins := ARRAY(
        SELECT (SELECT j.run_at FROM engine.jobs j
                 WHERE j.state = 'ready' AND j.queue = a.queue AND j.run_at >= p_due_from
                 ORDER BY j.run_at LIMIT 1)
          FROM unnest(p_queues) WITH ORDINALITY AS a (queue, nth) ORDER BY a.nth);
    v_due := EXISTS (SELECT FROM unnest(p_free, v_begins) AS a (free, begins) WHERE a.free > 0 AND a.begins <= v_now);
    IF v_due THEN
        v_locks := clock_timestamp();
        PERFORM pg_advisory_xact_lock(hashtextextended('engine.claim', 0));
        v_begun := v_begun + (clock_timestamp() - v_locks);
    END IF;
    IF v_due AND p_due_from > '-infinity' THEN
        v_ids := ARRAY(
            SELECT w.id FROM unnest(p_queues, p_free, v_begins) AS a (queue, free, begins)
             CROSS JOIN LATERAL (
                (SELECT j.id FROM engine.jobs j
                  WHERE j.state = 'ready' AND j.queue = a.queue AND j.run_at >= a.begins AND j.run_at <= v_now
                  ORDER BY j.run_at LIMIT c_sample)
                UNION
                (SELECT j.id FROM engine.jobs j
                  WHERE j.state = 'ready' AND j.queue = a.queue AND j.run_at >= a.begins AND j.run_at <= v_now
                  ORDER BY j.run_at DESC LIMIT c_sample)) w
             WHERE a.free > 0 AND a.begins <= v_now);
    ELSIF v_due THEN
        v_ids := ARRAY(
            SELECT w.id
              FROM unnest(p_queues, p_free, p_caps, p_after) AS a (queue, free, cap, after)
             CROSS JOIN LATERAL (
                -- A lane with its oldest job. Dead rows lie before that one, so this walks over them, and only this.
                WITH RECURSIVE lane (bucket, priority, run_at) AS (
                    (SELECT j.bucket, j.priority, j.run_at FROM engine.jobs j
                      WHERE j.state = 'ready' AND j.queue = a.queue
                      ORDER BY j.bucket, j.priority, j.run_at LIMIT 1)
                    UNION ALL
                    SELECT n.bucket, n.priority, n.run_at FROM lane l CROSS JOIN LATERAL (
                        SELECT j.bucket, j.priority, j.run_at FROM engine.jobs j
                         WHERE j.state = 'ready' AND j.queue = a.queue
                           AND (j.bucket, j.priority) > (l.bucket, l.priority)
                         ORDER BY j.bucket, j.priority, j.run_at LIMIT 1) n
                ), due_lane AS MATERIALIZED (
                    SELECT l.bucket, l.priority, l.run_at FROM lane l WHERE l.run_at <= v_now
                ), running AS MATERIALIZED (
                    SELECT j.bucket, count(*)::integer AS jobs FROM engine.jobs j
                     WHERE j.state = 'leased' AND j.leased_at >= p_leased_from AND j.queue = a.queue
                     GROUP BY j.bucket
                ), turn AS MATERIALIZED (
                    SELECT d.bucket, CASE WHEN d.bucket = c_platform THEN a.free
                                          ELSE a.cap - coalesce(r.jobs, 0) END AS room
                      FROM (SELECT DISTINCT bucket FROM due_lane) d LEFT JOIN running r ON r.bucket = d.bucket
                     WHERE d.bucket = c_platform OR coalesce(r.jobs, 0) < a.cap
                     ORDER BY coalesce(r.jobs, 0), d.bucket > a.after DESC, d.bucket
                     LIMIT a.free
                )
                SELECT c.id FROM turn t CROSS JOIN LATERAL (
                    SELECT f.id, f.priority, f.run_at FROM due_lane l CROSS JOIN LATERAL (
                        SELECT k.id, l.priority, k.run_at FROM (
                            -- Bounds of whole rows, in the order of the lanes: no other index has it.
                            SELECT j.queue, j.bucket, j.priority, j.run_at, j.id, j.serial_key FROM engine.jobs j
                             WHERE j.state = 'ready'
                               AND (j.queue, j.bucket, j.priority, j.run_at)
                                   >= (a.queue, l.bucket, l.priority, l.run_at)
                               AND (j.queue, j.bucket, j.priority, j.run_at) <= (a.queue, l.bucket, l.priority, v_now)
                             ORDER BY j.queue, j.bucket, j.priority, j.run_at, j.id LIMIT c_depth) k
                         WHERE k.serial_key IS NULL OR NOT EXISTS (
                            SELECT FROM engine.jobs r
                             WHERE r.state = 'leased' AND r.bucket = l.bucket AND r.serial_key = k.serial_key)
                         ORDER BY k.queue, k.bucket, k.priority, k.run_at, k.id LIMIT least(a.free, t.room)) f
                     WHERE l.bucket = t.bucket
                     ORDER BY f.priority, f.run_at, f.id LIMIT least(a.free, t.room)) c) w
             WHERE a.free > 0);
    END IF;

    -- What this claim takes is counted as waiting still, so the next one begins there at the latest.
    v_first.next_at := (
        SELECT min(n.run_at) FROM unnest(p_queues) AS a (queue) CROSS JOIN LATERAL (
            SELECT j.run_at FROM engine.jobs j
             WHERE j.state = 'ready' AND j.queue = a.queue AND j.run_at > v_now
             ORDER BY j.run_at LIMIT 1) n);
    v_first.due_from := least((SELECT min(begins) FROM unnest(v_begins) AS a (begins)), v_now - c_slack);
    -- Only under the lock is every earlier claim visible.
    IF v_due THEN
        v_first.leased_from := least((SELECT min(leased_at) FROM engine.jobs
                                       WHERE state = 'leased' AND leased_at >= p_leased_from), clock_timestamp());
    END IF;
    v_ids := ARRAY(
        WITH asked AS MATERIALIZED (
            SELECT a.queue, a.free, a.cap, a.after
              FROM unnest(p_queues, p_free, p_caps, p_after) AS a (queue, free, cap, after) WHERE a.free > 0
        ), running AS MATERIALIZED (
            SELECT j.queue, j.bucket, count(*)::integer AS jobs FROM engine.jobs j
             WHERE j.state = 'leased' AND j.leased_at >= p_leased_from
             GROUP BY j.queue, j.bucket
        ), candidate AS (
            SELECT j.id, j.queue, j.bucket, j.priority, j.run_at, a.free, a.after, coalesce(r.jobs, 0) AS running,
                   CASE WHEN j.bucket = c_platform THEN a.free ELSE a.cap - coalesce(r.jobs, 0) END AS room,
                   CASE WHEN j.serial_key IS NULL THEN 1
                        ELSE row_number() OVER (PARTITION BY j.bucket, j.serial_key
                                                ORDER BY j.priority, j.run_at, j.id) END AS in_series
              FROM unnest(v_ids) AS look (id)
             -- One look an id, by the key. As a plain join, or with the state in it, everything waiting may be read.
             CROSS JOIN LATERAL (SELECT * FROM engine.jobs w WHERE w.id = look.id LIMIT 1) j
              JOIN asked a ON a.queue = j.queue
              LEFT JOIN running r ON r.queue = j.queue AND r.bucket = j.bucket
             WHERE j.state = 'ready' AND (j.serial_key IS NULL OR (
                   -- As NOT EXISTS it may become a list of everything that runs or ran.
                   SELECT s.id FROM engine.jobs s
                    WHERE s.state = 'leased' AND s.bucket = j.bucket AND s.serial_key = j.serial_key
                    LIMIT 1) IS NULL)
        ), ranked AS (
            SELECT c.id, c.queue, c.bucket, c.free, c.after, c.running, c.room,
                   row_number() OVER (PARTITION BY c.queue, c.bucket ORDER BY c.priority, c.run_at, c.id) AS nth
              FROM candidate c WHERE c.in_series = 1
        ), placed AS (
            SELECT r.id, r.free,
                   row_number() OVER (PARTITION BY r.queue
                                      ORDER BY r.running + r.nth, r.bucket > r.after DESC, r.bucket) AS place
              FROM ranked r WHERE r.nth <= r.room
        )
        SELECT p.id FROM placed p WHERE p.place <= p.free);
    v_first.looked := clock_timestamp() - v_begun;
    RETURN NEXT v_first;
    IF cardinality(v_ids) = 0 THEN
        RETURN;
    END IF;

    RETURN QUERY
    WITH locked AS MATERIALIZED (
        SELECT id, state FROM engine.jobs WHERE id = ANY (v_ids) FOR UPDATE SKIP LOCKED
    )
    UPDATE engine.jobs j
       SET state = 'leased', attempt = j.attempt + 1, run = j.run + 1, leased_by = p_worker,
           leased_at = clock_timestamp(), lease_until = clock_timestamp() + p_lease
     WHERE j.id = ANY (ARRAY(SELECT l.id FROM locked l WHERE l.state = 'ready'))
    RETURNING NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::interval, NULL::bigint[], NULL::integer[], j.id, j.run, j.kind, j.queue, j.tenant_id,
              j.correlation, j.payload, j.attempt, j.max_attempts, j.progress;
END
$$;

-- Settles runs; returns those that were the worker's. Rows are locked in the order of their ids, so that two batches never
-- wait for each other crosswise, and found by the list of them alone. A retry of a job that somebody wants stopped is a
-- cancellation.
CREATE OR REPLACE FUNCTION engine.finish(
    p_worker uuid, p_ids bigint[], p_runs integer[], p_verdicts text[], p_ats timestamptz[], p_errors text[]
) RETURNS TABLE (id bigint, run integer)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_nestloop = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
    SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH reported AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_runs, p_verdicts, p_ats, p_errors) AS r (id, run, verdict, at, error)
    ), locked AS MATERIALIZED (
        SELECT j.id, j.run, j.state, j.leased_by, j.cancelled_by FROM engine.jobs j
         WHERE j.id = ANY (p_ids)
         ORDER BY j.id
           FOR UPDATE OF j
    ), settled AS MATERIALIZED (
        SELECT j.id, j.run, r.at, r.error, j.cancelled_by,
               CASE WHEN j.cancelled_by IS NOT NULL AND r.verdict IN ('retry', 'snooze') THEN 'cancelled'
                    ELSE r.verdict END AS verdict
          FROM locked j JOIN reported r ON r.id = j.id AND r.run = j.run
         WHERE j.state = 'leased' AND j.leased_by = p_worker
    ), gone AS (
        DELETE FROM engine.jobs j
         WHERE j.id = ANY (ARRAY(SELECT s.id FROM settled s WHERE s.verdict IN ('done', 'cancelled')))
        RETURNING j.id, j.tenant_id, j.kind, j.queue, j.attempt, j.leased_at, j.correlation
    ), line AS (
        INSERT INTO engine.job_history
            (job_id, tenant_id, kind, queue, outcome, attempt, took_ms, correlation, actor)
        SELECT g.id, g.tenant_id, g.kind, g.queue, s.verdict, g.attempt,
               least(extract(epoch FROM clock_timestamp() - g.leased_at) * 1000, 2147483647)::integer,
               g.correlation, CASE WHEN s.verdict = 'cancelled' THEN s.cancelled_by END
          FROM gone g JOIN settled s ON s.id = g.id
    ), kept AS (
        UPDATE engine.jobs j
           SET state = CASE s.verdict WHEN 'dead' THEN 'dead' ELSE 'ready' END,
               attempt = CASE s.verdict WHEN 'snooze' THEN j.attempt - 1 ELSE j.attempt END,
               run_at = coalesce(s.at, j.run_at),
               last_error = coalesce(s.error, j.last_error),
               leased_by = NULL, leased_at = NULL, lease_until = NULL
          FROM settled s
         WHERE j.id = ANY (ARRAY(SELECT k.id FROM settled k WHERE k.verdict IN ('retry', 'snooze', 'dead')))
           AND j.id = s.id
    )
    SELECT s.id, s.run FROM settled s;
END
$$;
