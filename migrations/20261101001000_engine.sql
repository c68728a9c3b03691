-- The job engine: facts waiting to be dispatched, jobs, what became of them, schedules, and who leads the schedules.
--
-- Two clocks meet here. `run_at`, `next_at`, `occurred_at` are product time and are compared with app.now().
-- Leases, `leased_at`, `created_at` and `finished_at` are between machines: they are real time (clock_timestamp()).
--
-- No table here references public.tenants: jobs and events come and go by the thousand, and a foreign key would lock
-- the tenant's row for each of them. The policies below bind a tenant's rows to the tenant that writes them.

-- Facts -------------------------------------------------------------------------------------------------------------

CREATE TABLE engine.outbox_events (
    id            uuid        NOT NULL,
    -- Order of dispatch among those that are visible; never a cursor, since transactions end out of order.
    position      bigint      GENERATED ALWAYS AS IDENTITY,
    tenant_id     uuid,
    name          text        NOT NULL,
    version       smallint    NOT NULL,
    payload       jsonb       NOT NULL,
    correlation   uuid,
    occurred_at   timestamptz NOT NULL,
    dispatched_at timestamptz,
    CONSTRAINT outbox_events_pk PRIMARY KEY (id),
    CONSTRAINT outbox_events_name_shape CHECK (name ~ '^[a-z_]+(\.[a-z_]+)+$' AND length(name) <= 100),
    CONSTRAINT outbox_events_version_positive CHECK (version >= 1)
) WITH (fillfactor = 80);

CREATE INDEX outbox_events_waiting ON engine.outbox_events (position) WHERE dispatched_at IS NULL;
CREATE INDEX outbox_events_dispatched ON engine.outbox_events (dispatched_at) WHERE dispatched_at IS NOT NULL;

-- Jobs --------------------------------------------------------------------------------------------------------------

CREATE TABLE engine.jobs (
    id               bigint      GENERATED ALWAYS AS IDENTITY,
    tenant_id        uuid,
    -- The tenant, or the nil UUID for the platform's own work: indexes and the rotation need a value that compares.
    bucket           uuid        NOT NULL GENERATED ALWAYS AS
                                 (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)) STORED,
    kind             text        NOT NULL,
    queue            text        NOT NULL DEFAULT 'default',
    payload          jsonb       NOT NULL,
    priority         smallint    NOT NULL DEFAULT 100,
    run_at           timestamptz NOT NULL DEFAULT app.now(),
    state            text        NOT NULL DEFAULT 'ready',
    -- Attempts that count towards max_attempts. Snoozing and handing back undo the counting of their claim.
    attempt          smallint    NOT NULL DEFAULT 0,
    max_attempts     smallint    NOT NULL DEFAULT 10,
    -- Counts every claim and never goes back: with leased_by it is the fencing token.
    run              integer     NOT NULL DEFAULT 0,
    leased_by        uuid,
    leased_at        timestamptz,
    lease_until      timestamptz,
    unique_key       text,
    serial_key       text,
    progress         jsonb,
    -- Who wants it stopped; null while nobody does.
    cancelled_by     text,
    last_error       text,
    correlation      uuid,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT jobs_pk PRIMARY KEY (id),
    CONSTRAINT jobs_state_known CHECK (state IN ('ready', 'leased', 'dead')),
    CONSTRAINT jobs_lease_whole CHECK (
        (state = 'leased') = (leased_by IS NOT NULL)
        AND (leased_by IS NULL) = (lease_until IS NULL)
        AND (leased_by IS NULL) = (leased_at IS NULL)
    ),
    CONSTRAINT jobs_attempts_sane CHECK (max_attempts BETWEEN 1 AND 100 AND attempt BETWEEN 0 AND max_attempts),
    CONSTRAINT jobs_kind_shape CHECK (kind ~ '^[a-z][a-z0-9_.-]*$' AND length(kind) <= 100),
    CONSTRAINT jobs_queue_shape CHECK (queue ~ '^[a-z][a-z0-9_-]*$' AND length(queue) <= 50),
    CONSTRAINT jobs_texts_bounded CHECK (length(unique_key) <= 300 AND length(serial_key) <= 300
                                              AND length(cancelled_by) <= 200),
    CONSTRAINT jobs_error_bounded CHECK (length(last_error) <= 2000)
) WITH (
    -- A heartbeat changes no indexed column, so with room on the page it is a HOT update.
    fillfactor = 70,
    -- The table is small and churns: vacuum by count of dead rows, not by share of the table, and without pauses.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
);

-- What is due, found lane by lane: a lane is a tenant's jobs of one priority in one queue.
CREATE INDEX jobs_due ON engine.jobs (queue, bucket, priority, run_at, id) WHERE state = 'ready';
-- Whether anything is due at all, and when the next job will be.
CREATE INDEX jobs_next ON engine.jobs (run_at) WHERE state = 'ready';
-- Running jobs per tenant; heartbeats and the reaper scan it whole, it is as short as the workers' slots.
CREATE INDEX jobs_leased ON engine.jobs (queue, bucket) WHERE state = 'leased';
CREATE INDEX jobs_dead ON engine.jobs (id) WHERE state = 'dead';
-- Named like the rule it enforces: at most one live job with this key in a tenant.
CREATE UNIQUE INDEX jobs_unique_while_live ON engine.jobs (bucket, unique_key)
    WHERE unique_key IS NOT NULL AND state <> 'dead';
-- Of the jobs with one serial key at most one is running. The claim sees to it; this index proves it.
CREATE UNIQUE INDEX jobs_serial_one_running ON engine.jobs (bucket, serial_key)
    WHERE serial_key IS NOT NULL AND state = 'leased';

-- What became of jobs: one narrow line each ---------------------------------------------------------------------------

CREATE TABLE engine.job_history (
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    job_id      bigint      NOT NULL,
    tenant_id   uuid,
    kind        text        NOT NULL,
    queue       text        NOT NULL,
    outcome     text        NOT NULL,
    attempt     smallint    NOT NULL,
    took_ms     integer,
    correlation uuid,
    -- Who decided, where a person did; null where the engine did.
    actor       text,
    CONSTRAINT job_history_pk PRIMARY KEY (job_id, finished_at),
    CONSTRAINT job_history_outcome_known CHECK (outcome IN ('done', 'cancelled', 'discarded', 'rerun')),
    CONSTRAINT job_history_actor_bounded CHECK (length(actor) <= 200)
) PARTITION BY RANGE (finished_at);

CREATE TABLE engine.job_history_default PARTITION OF engine.job_history DEFAULT;

-- Makes the partitions of this month and of the months ahead (UTC months of real time); says how many it made. Months
-- whose rows already lie in the default partition are left out: app.default_partition_rows() reports them.
CREATE FUNCTION engine.ensure_history(p_months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_first timestamp := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
    v_from  timestamp;
    v_name  text;
    v_made  integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('engine.history', 0));
    FOR i IN 0 .. least(greatest(p_months_ahead, 0), 24) LOOP
        v_from := v_first + make_interval(months => i);
        v_name := 'job_history_' || to_char(v_from, '"y"YYYY"m"MM');
        CONTINUE WHEN to_regclass('engine.' || v_name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE engine.%I PARTITION OF engine.job_history FOR VALUES FROM (%L) TO (%L)',
                v_name, v_from AT TIME ZONE 'UTC', (v_from + interval '1 month') AT TIME ZONE 'UTC');
            v_made := v_made + 1;
        EXCEPTION WHEN check_violation THEN
            CONTINUE;
        END;
    END LOOP;
    RETURN v_made;
END
$$;

-- Drops the months that ended before the given instant; says how many it dropped.
CREATE FUNCTION engine.drop_history(p_before timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_name  text;
    v_limit text := 'job_history_' || to_char(p_before AT TIME ZONE 'UTC', '"y"YYYY"m"MM');
    v_count integer := 0;
BEGIN
    FOR v_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'engine.job_history'::regclass
          AND c.relname ~ '^job_history_y\d{4}m\d{2}$' AND c.relname < v_limit
    LOOP
        EXECUTE format('DROP TABLE engine.%I', v_name);
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END
$$;

SELECT engine.ensure_history(3);

-- Schedules and their leader --------------------------------------------------------------------------------------------

CREATE TABLE engine.schedules (
    name       text        NOT NULL,
    cron       text        NOT NULL,
    -- IANA name; the wall clock of this zone is what the pattern means, summer and winter.
    zone       text        NOT NULL,
    next_at    timestamptz NOT NULL,
    fired_for  timestamptz,
    fired_at   timestamptz,
    CONSTRAINT schedules_pk PRIMARY KEY (name),
    CONSTRAINT schedules_name_shape CHECK (name ~ '^[a-z][a-z0-9_.-]*$' AND length(name) <= 100)
);

CREATE TABLE engine.leader (
    duty        text        NOT NULL,
    holder      uuid        NOT NULL,
    since       timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz NOT NULL,
    CONSTRAINT leader_pk PRIMARY KEY (duty)
) WITH (fillfactor = 50);

-- Wake-up ---------------------------------------------------------------------------------------------------------------

-- Postgres folds equal notifications of one transaction, so a change set wakes the workers once.
CREATE FUNCTION engine.wake() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('engine_jobs', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER jobs_wake AFTER INSERT ON engine.jobs FOR EACH STATEMENT EXECUTE FUNCTION engine.wake();
CREATE TRIGGER outbox_events_wake AFTER INSERT ON engine.outbox_events
    FOR EACH STATEMENT EXECUTE FUNCTION engine.wake();

-- Claim -----------------------------------------------------------------------------------------------------------------

-- Leases due jobs to a worker. The arrays run in parallel: queue, free slots, most jobs that one tenant may have
-- running in that queue (over all workers), and the bucket this worker served last there.
--
-- Fairness: tenants with fewer running jobs come first; among equals the rotation goes on behind the bucket served
-- last. Only as many tenants as there are free slots are looked at, each with its first due jobs, so the cost depends
-- on the slots, not on the backlog. Priority orders the jobs of one tenant, never one tenant before another.
-- The platform's own jobs take part in the rotation as one bucket, without the tenants' cap.
--
-- Claims follow one another under an advisory lock, taken by a statement of its own: the claiming statement's snapshot
-- is then younger than every earlier claim, so caps and serial keys hold exactly across workers. The lock lives
-- only as long as this function, on the server; a worker that freezes cannot hold it.
--
-- The plan is pinned: statistics of a table that is empty now and has fifty thousand rows in a minute mislead.
CREATE FUNCTION engine.claim(
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
            SELECT l.bucket, l.priority FROM lane l
             WHERE EXISTS (SELECT FROM engine.jobs j
                            WHERE j.state = 'ready' AND j.queue = v_queue AND j.bucket = l.bucket
                              AND j.priority = l.priority AND j.run_at <= v_now)
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

-- Rights ----------------------------------------------------------------------------------------------------------------

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA engine FROM PUBLIC;

GRANT INSERT ON engine.jobs, engine.outbox_events TO gateway, tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.jobs, engine.outbox_events, engine.schedules, engine.leader TO worker;
GRANT SELECT, INSERT ON engine.job_history TO worker;
GRANT EXECUTE ON FUNCTION engine.claim(uuid, interval, text[], integer[], integer[], uuid[]) TO worker;
GRANT EXECUTE ON FUNCTION engine.ensure_history(integer), engine.drop_history(timestamptz) TO worker;

ALTER TABLE engine.outbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE engine.outbox_events FORCE ROW LEVEL SECURITY;
ALTER TABLE engine.jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE engine.jobs FORCE ROW LEVEL SECURITY;

-- A tenant adds to its own work and sees none of it; the gateway adds only work that is nobody's yet.
CREATE POLICY outbox_events_tenant ON engine.outbox_events FOR INSERT TO tenant
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY outbox_events_gateway ON engine.outbox_events FOR INSERT TO gateway WITH CHECK (tenant_id IS NULL);
CREATE POLICY outbox_events_worker ON engine.outbox_events FOR ALL TO worker USING (true) WITH CHECK (true);
CREATE POLICY jobs_tenant ON engine.jobs FOR INSERT TO tenant
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY jobs_gateway ON engine.jobs FOR INSERT TO gateway WITH CHECK (tenant_id IS NULL);
CREATE POLICY jobs_worker ON engine.jobs FOR ALL TO worker USING (true) WITH CHECK (true);
