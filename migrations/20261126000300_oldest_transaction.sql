-- How long the oldest open transaction of this database has lasted, and how many are open: whoever's they are. Sessions
-- of others hide their times from the worker; the owner may read them (it is a member of pg_read_all_stats), and this
-- function tells two numbers of them and nothing else.
CREATE FUNCTION engine.oldest_transaction(OUT age_ms bigint, OUT open_count bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT (extract(epoch FROM clock_timestamp() - min(a.xact_start)) * 1000)::bigint, count(a.xact_start)
          FROM pg_stat_activity a
         WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
    $$;
REVOKE ALL ON FUNCTION engine.oldest_transaction() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.oldest_transaction() TO worker;
