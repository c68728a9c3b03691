-- A worker that is awake need not be woken.
--
-- A transaction that notifies takes the one lock that all notifications of the database share, and keeps it through the
-- flush of its commit: such commits go one after another, and none shares its flush with others. So workers are notified
-- only while one of them sleeps. It says so by holding this lock exclusively, for as long as its session lasts.
--
-- Who adds something while all are awake holds the lock shared until its commit, and a worker that wants to sleep gets it
-- exclusively only when all of those have ended. It looks once more then, and sees what they left; who comes later
-- notifies. Nobody waits for this lock: it is tried.
CREATE OR REPLACE FUNCTION engine.wake() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(hashtextextended('engine.asleep', 0)) THEN
        PERFORM pg_notify('engine_jobs', '');
    END IF;
    RETURN NULL;
END
$$;

-- A worker wants to sleep: `asleep`, and it will be notified; `beside` another that sleeps, with which it will be notified
-- until that one wakes; or `awake`, because somebody is adding something right now.
CREATE FUNCTION engine.fall_asleep() RETURNS text
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN pg_try_advisory_lock(hashtextextended('engine.asleep', 0)) THEN 'asleep'
                WHEN pg_try_advisory_lock_shared(hashtextextended('engine.asleep', 0))
                     AND pg_advisory_unlock_shared(hashtextextended('engine.asleep', 0)) THEN 'awake'
                ELSE 'beside' END
$$;

CREATE FUNCTION engine.wake_up() RETURNS boolean
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_advisory_unlock(hashtextextended('engine.asleep', 0))
$$;

REVOKE ALL ON FUNCTION engine.fall_asleep(), engine.wake_up() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.fall_asleep(), engine.wake_up() TO worker;
