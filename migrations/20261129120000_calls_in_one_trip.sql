-- What is written when a call becomes known, and after it by the background, as one message each instead of up to eight. As
-- with a booking, parameters are numbered, not named: a name would stand between the columns it is written to. $1 to $23 are
-- those of app.settle. Where $24 is set, they work in the role that sees what calls cost at the provider; a login role that
-- may not take that role is refused. Either may run twice: what the first run wrote makes the second one fail by a key or
-- by the version, and whoever called it reads again.

-- A call: its routing entry and its slim row, and of its heavier parts those that changed.
--   $25 the version that is stored, none for a new call   $26 to $48 the call; $48 whether it is on
--   $49 whether contents changed, $50 to $55 the contents, of which $52 says whether there is a transcript
--   $56 whether the transcript changed, $57 to $59 the transcript
--   $60 whether its cost changed, $61 to $64 the cost, of which $61 is missing if there is none any more
-- A new call whose routing entry exists violates its key. A change of a call that is not there, or not in that version,
-- fails with AP002.
CREATE FUNCTION app.save_call(
    uuid, text[], bytea[], jsonb[], text, uuid, text[], text[], jsonb[], timestamptz[], uuid[], text[], smallint[],
    jsonb[], timestamptz[], text[], text[], jsonb[], smallint[], timestamptz[], text[], text[], smallint[], boolean,
    bigint, timestamptz, uuid, text, uuid, text, text, text, text, integer, text, text, timestamptz, timestamptz, bigint,
    uuid, text, text, text, boolean, boolean, jsonb, bigint, boolean, boolean, text, text, boolean, text, jsonb, jsonb,
    boolean, text[], bigint[], text[], boolean, bigint, bigint, bigint, jsonb)
    RETURNS void LANGUAGE plpgsql VOLATILE SET role = tenant AS $$
DECLARE
    setting text;
    changed bigint;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $24 THEN
        setting := set_config('role', 'ledger', true);
    END IF;
    PERFORM app.settle(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23);
    IF $25 IS NULL THEN
        WITH routing AS (
            INSERT INTO public.call_keys
                (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
            VALUES ('retell', $28, $1, $27, $29, $26, CASE WHEN $48 THEN NULL ELSE coalesce($38, app.now()) END)
        )
        INSERT INTO public.calls
            (tenant_id, created_at, id, provider, provider_call_id, branch_id, direction, caller_e164, called_e164,
             agent_ref, agent_version, status, disconnection_reason, started_at, ended_at, duration_ms, customer_id,
             link_method, outcome, sentiment, successful, in_voicemail, provenance, version)
        VALUES ($1, $26, $27, 'retell', $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43,
                $44, $45, $46, $47);
    ELSE
        -- Neither created_at nor the provider's id nor the branch ever change.
        WITH routing AS (
            UPDATE public.call_keys
               SET ended_at = CASE WHEN $48 THEN NULL ELSE coalesce($38, ended_at, app.now()) END
             WHERE tenant_id = $1 AND call_id = $27 AND provider_call_id = $28 AND branch_id = $29
        )
        UPDATE public.calls
           SET direction = $30, caller_e164 = $31, called_e164 = $32, agent_ref = $33, agent_version = $34, status = $35,
               disconnection_reason = $36, started_at = $37, ended_at = $38, duration_ms = $39, customer_id = $40,
               link_method = $41, outcome = $42, sentiment = $43, successful = $44, in_voicemail = $45,
               provenance = $46, version = $47, erased_at = NULL, updated_at = app.now()
         WHERE tenant_id = $1 AND created_at = $26 AND id = $27 AND version = $25;
        GET DIAGNOSTICS changed = ROW_COUNT;
        IF changed = 0 THEN
            RAISE EXCEPTION 'the call has another version by now' USING ERRCODE = 'AP002';
        END IF;
    END IF;
    IF $49 OR $56 THEN
        INSERT INTO public.call_contents
            (tenant_id, call_created_at, call_id, summary, recording_url, has_transcript, analysis, latency, tokens)
        VALUES ($1, $26, $27, $50, $51, $52, $53::jsonb, $54, $55)
        ON CONFLICT (tenant_id, call_created_at, call_id) DO UPDATE
           SET summary = excluded.summary, recording_url = excluded.recording_url,
               has_transcript = excluded.has_transcript, analysis = excluded.analysis, latency = excluded.latency,
               tokens = excluded.tokens;
    END IF;
    IF $56 THEN
        DELETE FROM public.call_transcripts WHERE tenant_id = $1 AND call_created_at = $26 AND call_id = $27;
        INSERT INTO public.call_transcripts (tenant_id, call_created_at, call_id, seq, role, offset_ms, text)
        SELECT $1, $26, $27, (s.seq - 1)::integer, s.role, s.offset_ms, s.text
          FROM unnest($57, $58, $59) WITH ORDINALITY AS s (role, offset_ms, text, seq);
    END IF;
    IF $60 AND $61 IS NOT NULL THEN
        INSERT INTO public.call_costs
            (tenant_id, call_created_at, call_id, provider_usd_microcents, telephony_usd_microcents, billed_seconds,
             products)
        VALUES ($1, $26, $27, $61, $62, $63, $64)
        ON CONFLICT (tenant_id, call_created_at, call_id) DO UPDATE
           SET provider_usd_microcents = excluded.provider_usd_microcents,
               telephony_usd_microcents = excluded.telephony_usd_microcents,
               billed_seconds = excluded.billed_seconds, products = excluded.products;
    ELSIF $60 THEN
        DELETE FROM public.call_costs WHERE tenant_id = $1 AND call_created_at = $26 AND call_id = $27;
    END IF;
END $$;

-- Lines of the accounts of calls. Lines are only ever added; one that exists already violates its key.
--   $25 to $32 what calls cost   $33 to $40 what they are charged
CREATE FUNCTION app.append_to_accounts(
    uuid, text[], bytea[], jsonb[], text, uuid, text[], text[], jsonb[], timestamptz[], uuid[], text[], smallint[],
    jsonb[], timestamptz[], text[], text[], jsonb[], smallint[], timestamptz[], text[], text[], smallint[], boolean,
    uuid[], integer[], bigint[], bigint[], text[], bigint[], text[], timestamptz[],
    uuid[], integer[], text[], bigint[], text[], bigint[], bigint[], timestamptz[])
    RETURNS void LANGUAGE plpgsql VOLATILE SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $24 THEN
        setting := set_config('role', 'ledger', true);
    END IF;
    PERFORM app.settle(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23);
    IF cardinality($25) > 0 THEN
        INSERT INTO public.call_provider_costs
            (tenant_id, call_id, version, usd_microcents, fx_rate_ppm, fx_source, external_minor, method, recorded_at)
        SELECT $1, c.*
          FROM unnest($25, $26, $27, $28, $29, $30, $31, $32)
            AS c (call_id, version, usd_microcents, fx_rate_ppm, fx_source, external_minor, method, recorded_at);
    END IF;
    IF cardinality($33) > 0 THEN
        INSERT INTO public.call_charges
            (tenant_id, call_id, entry_no, kind, amount_minor, currency, duration_ms, rate_minor_per_minute, created_at)
        SELECT $1, c.*
          FROM unnest($33, $34, $35, $36, $37, $38, $39, $40)
            AS c (call_id, entry_no, kind, amount_minor, currency, duration_ms, rate_minor_per_minute, created_at);
    END IF;
END $$;

DO $$
DECLARE
    ours regprocedure;
BEGIN
    -- Found by name, since their signatures are long.
    FOR ours IN SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                 WHERE n.nspname = 'app' AND p.proname IN ('save_call', 'append_to_accounts')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', ours);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO gateway, worker, tenant, ledger, askpro_owner', ours);
    END LOOP;
END $$;
