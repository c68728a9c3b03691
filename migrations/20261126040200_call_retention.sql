-- Calls are forgotten after their time: what was said, and who it was. That there was a call, how long it took and what it
-- cost stays, as long as bills have to be explained.

ALTER TABLE public.calls ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN public.calls.erased_at IS
    'When everything personal was erased; null again when something is written to the call afterwards.';
CREATE INDEX calls_to_erase ON public.calls (tenant_id, created_at) WHERE erased_at IS NULL;

-- Drops months of what belongs to calls and may be forgotten by the month: the trace of tools with its rows, and
-- transcripts and contents when nothing is left in them, since their rows are erased one company after another. Nothing
-- else: calls, costs and the audit log are not in the list. A month is dropped only if it ended before the given instant
-- and before last month began, so that no month is dropped that is made again at once.
--
-- The owner is bound by row level security and would see an empty table in any case; without FORCE it sees the rows, and
-- nobody else gets at the table in between, since the lock of the first statement lasts until the end.
CREATE FUNCTION app.drop_forgotten_months(before timestamptz) RETURNS TABLE (dropped text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
    AS $$
DECLARE
    part       record;
    keep_from  timestamptz := least(before,
                                    (date_trunc('month', app.now() AT TIME ZONE 'UTC') - interval '1 month')
                                        AT TIME ZONE 'UTC');
    month_end  timestamptz;
    is_in_use  boolean;
BEGIN
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
COMMENT ON FUNCTION app.drop_forgotten_months(timestamptz) IS
    'Drops months of transcripts and contents that are empty, and of the trace of tools, that ended before the instant.';
REVOKE ALL ON FUNCTION app.drop_forgotten_months(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.drop_forgotten_months(timestamptz) TO worker;
