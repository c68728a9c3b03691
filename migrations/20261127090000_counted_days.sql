-- Counters of calls. Counting two years of calls at each question takes too long, so days that are over are counted once
-- and kept; what is not counted (today, the edges of a range, days that changed) is counted when it is asked for. What is
-- kept is always what a count would find: whoever changes a call of a counted day takes the day away in the same
-- transaction, and the next round counts it again.

CREATE TABLE public.call_days (
    tenant_id   uuid   NOT NULL,
    -- Of UTC, as the months of calls are, by calls.created_at. A day is counted if it has a row; one without calls has none.
    day         date   NOT NULL,
    branch_id   uuid   NOT NULL,
    status      text   NOT NULL,
    calls       bigint NOT NULL,
    duration_ms bigint NOT NULL,
    CONSTRAINT call_days_pk PRIMARY KEY (tenant_id, day, branch_id, status),
    CONSTRAINT call_days_branch_fk FOREIGN KEY (tenant_id, branch_id) REFERENCES public.branches (tenant_id, id),
    CONSTRAINT call_days_calls_valid CHECK (calls >= 1),
    CONSTRAINT call_days_duration_valid CHECK (duration_ms >= 0)
);
ALTER TABLE public.call_days ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_days TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON public.call_days TO tenant;

-- The lock of a day: shared by whoever changes its calls, exclusive to whoever counts it, until the end of the
-- transaction. Who counts sees what was changed before, or is seen by who changes: never neither.
CREATE FUNCTION app.call_day_lock(tenant uuid, day date) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT hashtextextended('app.call_days ' || $1::text, ($2 - DATE '2000-01-01')::bigint) $$;

CREATE FUNCTION app.uncount_call_day(tenant uuid, at timestamptz) RETURNS void
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    changed date := (at AT TIME ZONE 'UTC')::date;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(app.call_day_lock($1, changed));
    DELETE FROM public.call_days d WHERE d.tenant_id = $1 AND d.day = changed;
END $$;

CREATE FUNCTION app.uncount_changed_call() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    -- With one snapshot for all its statements, a transaction would not see, and so not take away, what was counted since.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'calls of days that may be counted are changed under READ COMMITTED only'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM app.uncount_call_day(OLD.tenant_id, OLD.created_at);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM app.uncount_call_day(NEW.tenant_id, NEW.created_at);
    END IF;
    RETURN NULL;
END $$;

-- A call that is going on, or has just ended, pays for the look at the clock and no more: a day is counted when it has
-- been over for six hours (app.count_call_days), and only calls older than two are looked after. What lies in between is
-- how long a transaction that changed a younger call may stay open.
CREATE TRIGGER calls_uncount_inserted AFTER INSERT ON public.calls FOR EACH ROW
    WHEN (NEW.created_at < app.now() - interval '2 hours')
    EXECUTE FUNCTION app.uncount_changed_call();
CREATE TRIGGER calls_uncount_deleted AFTER DELETE ON public.calls FOR EACH ROW
    WHEN (OLD.created_at < app.now() - interval '2 hours')
    EXECUTE FUNCTION app.uncount_changed_call();
CREATE TRIGGER calls_uncount_updated AFTER UPDATE ON public.calls FOR EACH ROW
    WHEN ((OLD.status, OLD.duration_ms, OLD.branch_id, OLD.created_at, OLD.tenant_id)
              IS DISTINCT FROM (NEW.status, NEW.duration_ms, NEW.branch_id, NEW.created_at, NEW.tenant_id)
          AND least(OLD.created_at, NEW.created_at) < app.now() - interval '2 hours')
    EXECUTE FUNCTION app.uncount_changed_call();

-- Days that were over are not, once product time is set back: calls of them would be young again. TRUNCATE, since the
-- owner is bound by row level security.
CREATE FUNCTION app.uncount_all_days() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    TRUNCATE public.call_days;
    RETURN NULL;
END $$;
CREATE TRIGGER product_clock_set_back AFTER UPDATE ON app.product_clock FOR EACH ROW
    WHEN (NEW.offset_micros < OLD.offset_micros)
    EXECUTE FUNCTION app.uncount_all_days();

-- The first and the day after the last of the days that lie wholly within a stretch of time.
CREATE FUNCTION app.whole_days(since timestamptz, until timestamptz, OUT first date, OUT beyond date)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT (($1 - interval '1 microsecond') AT TIME ZONE 'UTC')::date + 1, ($2 AT TIME ZONE 'UTC')::date
    $$;

-- What is left of a stretch of time without its counted days. Works in the role and for the tenant of the transaction.
CREATE FUNCTION app.uncounted_times(tenant uuid, since timestamptz, until timestamptz)
    RETURNS TABLE (gap_start timestamptz, gap_end timestamptz)
    LANGUAGE plpgsql STABLE ROWS 10 AS $$
DECLARE
    whole record := app.whole_days($2, $3);
    place timestamptz := $2;
    counted date;
BEGIN
    FOR counted IN
        SELECT DISTINCT d.day FROM public.call_days d
         WHERE d.tenant_id = $1 AND d.day >= whole.first AND d.day < whole.beyond
         ORDER BY d.day
    LOOP
        gap_start := place;
        gap_end := counted::timestamp AT TIME ZONE 'UTC';
        place := (counted + 1)::timestamp AT TIME ZONE 'UTC';
        IF gap_start < gap_end THEN
            RETURN NEXT;
        END IF;
    END LOOP;
    gap_start := place;
    gap_end := $3;
    IF gap_start < gap_end THEN
        RETURN NEXT;
    END IF;
END $$;

-- How many calls, and how long they were together, by status; of a status and of a branch, if one is given. STABLE: what
-- was counted and what is counted now are seen at one instant.
CREATE FUNCTION app.call_counters(tenant uuid, since timestamptz, until timestamptz, wanted_status text,
                                  wanted_branch uuid)
    RETURNS TABLE (status text, calls bigint, duration_ms bigint)
    LANGUAGE plpgsql STABLE ROWS 4 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    setting text;
    whole   record := app.whole_days($2, $3);
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT s.status, sum(s.calls)::bigint, sum(s.duration_ms)::bigint FROM (
            SELECT d.status, d.calls, d.duration_ms
              FROM public.call_days d
             WHERE d.tenant_id = $1 AND d.day >= whole.first AND d.day < whole.beyond
               AND ($4 IS NULL OR d.status = $4) AND ($5 IS NULL OR d.branch_id = $5)
            UNION ALL
            SELECT n.status, n.calls, n.duration_ms
              FROM app.uncounted_times($1, $2, $3) g
             CROSS JOIN LATERAL (
                   SELECT c.status, count(*) AS calls, coalesce(sum(c.duration_ms), 0) AS duration_ms
                     FROM public.calls c
                    WHERE c.tenant_id = $1 AND c.created_at >= g.gap_start AND c.created_at < g.gap_end
                      AND ($4 IS NULL OR c.status = $4) AND ($5 IS NULL OR c.branch_id = $5)
                    GROUP BY c.status) n) s
         GROUP BY s.status;
END $$;

-- Counts at most so many of the tenant's days that were over six hours before the given instant, the oldest first; how many
-- it counted. Days that are not over by product time are never counted, whatever instant is given.
-- A day whose calls are being changed at this moment is left to the next round.
CREATE FUNCTION app.count_call_days(tenant uuid, before timestamptz, most integer) RETURNS integer
    LANGUAGE plpgsql VOLATILE SET role = tenant AS $$
DECLARE
    setting    text;
    over_until timestamptz;
    gap        record;
    place      timestamptz;
    earliest   timestamptz;
    wanted     date;
    done       integer := 0;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    -- Before the look at the clock: who sets it back waits for this transaction, or is over.
    LOCK TABLE public.call_days IN ROW EXCLUSIVE MODE;
    over_until := date_trunc('day', (least($2, app.now()) - interval '6 hours') AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    FOR gap IN
        SELECT u.gap_start, u.gap_end
          FROM app.uncounted_times($1, timestamptz '1970-01-01 00:00:00+00', over_until) u
    LOOP
        place := gap.gap_start;
        LOOP
            IF done >= $3 THEN
                RETURN done;
            END IF;
            SELECT c.created_at INTO earliest FROM public.calls c
             WHERE c.tenant_id = $1 AND c.created_at >= place AND c.created_at < gap.gap_end
             ORDER BY c.created_at LIMIT 1;
            EXIT WHEN NOT FOUND;
            wanted := (earliest AT TIME ZONE 'UTC')::date;
            place := (wanted + 1)::timestamp AT TIME ZONE 'UTC';
            CONTINUE WHEN NOT pg_try_advisory_xact_lock(app.call_day_lock($1, wanted));
            -- A statement of its own: it sees what was committed before the lock was had.
            INSERT INTO public.call_days (tenant_id, day, branch_id, status, calls, duration_ms)
            SELECT $1, wanted, c.branch_id, c.status, count(*), coalesce(sum(c.duration_ms), 0)
              FROM public.calls c
             WHERE c.tenant_id = $1 AND c.created_at >= wanted::timestamp AT TIME ZONE 'UTC' AND c.created_at < place
             GROUP BY c.branch_id, c.status
            -- Another round was here between the look for gaps and the lock; what it found stands.
            ON CONFLICT DO NOTHING;
            done := done + 1;
        END LOOP;
    END LOOP;
    RETURN done;
END $$;

REVOKE ALL ON FUNCTION app.call_day_lock(uuid, date), app.uncount_call_day(uuid, timestamptz),
    app.uncount_changed_call(), app.uncount_all_days(), app.whole_days(timestamptz, timestamptz),
    app.uncounted_times(uuid, timestamptz, timestamptz),
    app.call_counters(uuid, timestamptz, timestamptz, text, uuid),
    app.count_call_days(uuid, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.call_day_lock(uuid, date), app.uncount_call_day(uuid, timestamptz),
    app.whole_days(timestamptz, timestamptz), app.uncounted_times(uuid, timestamptz, timestamptz)
    TO tenant, ledger, askpro_owner;
GRANT EXECUTE ON FUNCTION app.call_counters(uuid, timestamptz, timestamptz, text, uuid)
    TO gateway, worker, tenant, ledger, askpro_owner;
GRANT EXECUTE ON FUNCTION app.count_call_days(uuid, timestamptz, integer) TO worker, tenant, askpro_owner;
