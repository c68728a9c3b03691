-- Months are dropped while nobody makes any: each took and gave catalogue rows that the other was looking at, and the
-- server answered with a failure of its own ("cache lookup failed for constraint"). Nothing else changes.
CREATE OR REPLACE FUNCTION app.drop_forgotten_months(before timestamptz) RETURNS TABLE (dropped text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
    AS $$
DECLARE
    part       record;
    keep_from  timestamptz := least(before,
                                    (date_trunc('month', app.now() AT TIME ZONE 'UTC') - interval '1 month')
                                        AT TIME ZONE 'UTC');
    month_end  timestamptz;
    is_in_use  boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('app.ensure_partitions'));
    FOR part IN
        SELECT c.relname, parent.relname AS parent
          FROM pg_inherits i
          JOIN pg_class c ON c.oid = i.inhrelid
          JOIN pg_class parent ON parent.oid = i.inhparent
          JOIN pg_namespace n ON n.oid = parent.relnamespace
         WHERE n.nspname = 'public' AND parent.relname IN ('call_transcripts', 'call_contents', 'call_tool_uses')
           AND c.relname ~ '_y\d{4}m\d{2}$'
         ORDER BY c.relname
    LOOP
        month_end := (to_timestamp(right(part.relname, 8), '"y"YYYY"m"MM')::date::timestamp + interval '1 month')
                     AT TIME ZONE 'UTC';
        CONTINUE WHEN month_end > keep_from;
        is_in_use := false;
        IF part.parent <> 'call_tool_uses' THEN
            EXECUTE format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY', part.relname);
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', part.relname) INTO is_in_use;
        END IF;
        IF is_in_use THEN
            EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part.relname);
        ELSE
            EXECUTE format('DROP TABLE public.%I', part.relname);
            dropped := part.relname;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
