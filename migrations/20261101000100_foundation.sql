-- Schemas, product time, and the upkeep of monthly partitions.
--
-- `public`  what belongs to a tenant, and the tables that route a number, a call or a key to its tenant
-- `app`     functions of ours; exists already, since the list of applied migrations lives there
-- `intake`  what providers sent, before it is known whose it is
-- `engine`  outbox, jobs and schedules of the platform

CREATE SCHEMA intake;
CREATE SCHEMA engine;

GRANT USAGE ON SCHEMA public, app, engine TO tenant, gateway, worker;
GRANT USAGE ON SCHEMA intake TO gateway, worker;
GRANT USAGE ON SCHEMA public, app TO support;

-- Product time is real time plus this offset: zero in production, set for demonstrations.
CREATE TABLE app.product_clock (
    only_row      boolean NOT NULL DEFAULT true,
    offset_micros bigint  NOT NULL DEFAULT 0,
    CONSTRAINT product_clock_pk PRIMARY KEY (only_row),
    CONSTRAINT product_clock_one_row CHECK (only_row)
);
INSERT INTO app.product_clock DEFAULT VALUES;

CREATE FUNCTION app.clock_offset_micros() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT offset_micros FROM app.product_clock $$;
COMMENT ON FUNCTION app.clock_offset_micros() IS
    'Product time minus real time in microseconds. SECURITY DEFINER, so that nobody needs a right on the table.';

-- STABLE although clock_timestamp() moves within a statement: "now" is one instant for a statement, and only a stable
-- function may be the bound of an index scan (jobs that are due, holds that have expired).
CREATE FUNCTION app.now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT clock_timestamp() + (SELECT offset_micros FROM app.product_clock) * interval '1 microsecond' $$;
COMMENT ON FUNCTION app.now() IS 'Product time.';

CREATE FUNCTION app.tenant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
COMMENT ON FUNCTION app.tenant_id() IS
    'The tenant of this transaction, or NULL. A setting that a connection once carried reads as the empty string later, hence the nullif.';

CREATE FUNCTION app.set_product_time(instant timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        UPDATE app.product_clock
           SET offset_micros = CASE WHEN instant IS NULL THEN 0
                                    ELSE (extract(epoch FROM instant - clock_timestamp()) * 1000000)::bigint END
    $$;
COMMENT ON FUNCTION app.set_product_time(timestamptz) IS
    'Lets product time run on from that instant; NULL returns to real time. For administrators: no role of ours may call it.';

-- Every partitioned table gets a partition for each month of the asked range. The tables are found in the catalogue, so
-- that none can be forgotten. Bounds are months of UTC. Row level security is inherited through the parent only; a
-- partition addressed by its own name is closed to everybody, since nobody is granted anything on it and no policy
-- opens it. The engine keeps its own months, since they are months of real time.
CREATE FUNCTION app.ensure_partitions(months_ahead integer, months_back integer DEFAULT 1)
    RETURNS TABLE (created text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    parent      record;
    month_start timestamptz;
    month_end   timestamptz;
    partition   text;
    offset_now  integer;
BEGIN
    IF months_ahead NOT BETWEEN 0 AND 24 OR months_back NOT BETWEEN 0 AND 60 THEN
        RAISE EXCEPTION 'partitions are made for at most 24 months ahead and 60 back'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two machines that do this at once would collide on the name.
    PERFORM pg_advisory_xact_lock(hashtext('app.ensure_partitions'));
    FOR parent IN
        SELECT c.oid, n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity
          FROM pg_partitioned_table p
          JOIN pg_class c ON c.oid = p.partrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'intake') AND p.partstrat = 'r'
         ORDER BY c.oid
    LOOP
        FOR offset_now IN -months_back .. months_ahead LOOP
            month_start := date_trunc('month', app.now() AT TIME ZONE 'UTC')
                           + make_interval(months => offset_now);
            month_start := (month_start::timestamp) AT TIME ZONE 'UTC';
            month_end := ((date_trunc('month', app.now() AT TIME ZONE 'UTC')
                           + make_interval(months => offset_now + 1))::timestamp) AT TIME ZONE 'UTC';
            partition := parent.relname || to_char(month_start AT TIME ZONE 'UTC', '"_y"YYYY"m"MM');
            CONTINUE WHEN to_regclass(format('%I.%I', parent.nspname, partition)) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)',
                               parent.nspname, partition, parent.nspname, parent.relname, month_start, month_end);
            EXCEPTION WHEN check_violation THEN
                -- Rows of that month already lie in the default partition: an operator has to move them first, and
                -- app.default_partition_rows() says so.
                CONTINUE;
            END;
            IF parent.relrowsecurity THEN
                EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                               parent.nspname, partition);
            END IF;
            created := format('%I.%I', parent.nspname, partition);
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION app.ensure_partitions(integer, integer) IS
    'Makes the missing monthly partitions around the current month of product time; returns the new ones.';

CREATE FUNCTION app.default_partition_rows() RETURNS TABLE (table_name text, row_count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT n.nspname, c.relname
          FROM pg_partitioned_table p
          JOIN pg_class c ON c.oid = p.partdefid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'intake', 'engine')
         ORDER BY 1, 2
    LOOP
        table_name := part.nspname || '.' || part.relname;
        EXECUTE format('SELECT count(*) FROM %I.%I', part.nspname, part.relname) INTO row_count;
        IF row_count > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION app.default_partition_rows() IS
    'Rows that found no month of their own, by table; anything at all is worth an alert. The owner is bound by row level security too: the policy `upkeep` of each default partition lets it count.';

CREATE FUNCTION app.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END
$$;
COMMENT ON FUNCTION app.refuse_change() IS
    'Trigger of append-only tables: a missing grant stops the roles of the product, this also stops the owner.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.now(), app.clock_offset_micros(), app.tenant_id() TO tenant, gateway, worker, support;
GRANT EXECUTE ON FUNCTION app.ensure_partitions(integer, integer), app.default_partition_rows() TO worker;
