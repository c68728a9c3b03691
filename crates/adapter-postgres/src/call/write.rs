//! Writing calls: the slim row always, a heavier part only when it changed.

use call::{CallSnapshot, CallStatus, CallWrite, PrivateJson, PrivateText, Touched};
use kernel::{ChangeSet, CommitError, PhoneNumber, TenantScope};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;

use crate::change::settle;
use crate::error::commit_error;
use crate::session::Session;
use crate::statements::statements;

statements! {
    /// Routing entry and slim row in one statement. A routing entry that exists fails it, and the caller reads again.
    INSERT = "
        WITH routing AS (
            INSERT INTO public.call_keys
                (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
            VALUES ('retell', $4, $1, $3, $5, $2, CASE WHEN $24 THEN NULL ELSE coalesce($14, app.now()) END)
        )
        INSERT INTO public.calls
            (tenant_id, created_at, id, provider, provider_call_id, branch_id, direction, caller_e164, called_e164,
             agent_ref, agent_version, status, disconnection_reason, started_at, ended_at, duration_ms, customer_id,
             link_method, outcome, sentiment, successful, in_voicemail, provenance, version)
        VALUES ($1, $2, $3, 'retell', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                $21, $22, $23)";

    /// Neither `created_at` nor the provider's id nor the branch ever change.
    UPDATE = "
        WITH routing AS (
            UPDATE public.call_keys
               SET ended_at = CASE WHEN $24 THEN NULL ELSE coalesce($14, ended_at, app.now()) END
             WHERE tenant_id = $1 AND call_id = $3 AND provider_call_id = $4 AND branch_id = $5
        )
        UPDATE public.calls
           SET direction = $6, caller_e164 = $7, called_e164 = $8, agent_ref = $9, agent_version = $10, status = $11,
               disconnection_reason = $12, started_at = $13, ended_at = $14, duration_ms = $15, customer_id = $16,
               link_method = $17, outcome = $18, sentiment = $19, successful = $20, in_voicemail = $21,
               provenance = $22, version = $23, erased_at = NULL, updated_at = app.now()
         WHERE tenant_id = $1 AND created_at = $2 AND id = $3 AND version = $25";

    CONTENTS = "
        INSERT INTO public.call_contents
            (tenant_id, call_created_at, call_id, summary, recording_url, has_transcript, analysis, latency, tokens)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9)
        ON CONFLICT (tenant_id, call_created_at, call_id) DO UPDATE
           SET summary = excluded.summary, recording_url = excluded.recording_url,
               has_transcript = excluded.has_transcript, analysis = excluded.analysis, latency = excluded.latency,
               tokens = excluded.tokens";

    DROP_TRANSCRIPT = "
        DELETE FROM public.call_transcripts WHERE tenant_id = $1 AND call_created_at = $2 AND call_id = $3";

    TRANSCRIPT = "
        INSERT INTO public.call_transcripts (tenant_id, call_created_at, call_id, seq, role, offset_ms, text)
        SELECT $1, $2, $3, (s.seq - 1)::integer, s.role, s.offset_ms, s.text
          FROM unnest($4::text[], $5::bigint[], $6::text[]) WITH ORDINALITY AS s (role, offset_ms, text, seq)";

    COST = "
        INSERT INTO public.call_costs
            (tenant_id, call_created_at, call_id, provider_usd_microcents, telephony_usd_microcents, billed_seconds,
             products)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, call_created_at, call_id) DO UPDATE
           SET provider_usd_microcents = excluded.provider_usd_microcents,
               telephony_usd_microcents = excluded.telephony_usd_microcents,
               billed_seconds = excluded.billed_seconds, products = excluded.products";

    DROP_COST = "DELETE FROM public.call_costs WHERE tenant_id = $1 AND call_created_at = $2 AND call_id = $3";
}

pub(super) async fn apply(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<CallWrite>,
) -> Result<(), CommitError> {
    // A call is a record of what happened, not an act of somebody's: the audit log does not repeat it.
    settle(session, scope, change, &[]).await?;
    for write in change.writes() {
        match write {
            CallWrite::Insert(call) => {
                row(INSERT, scope, call).execute(&mut **session).await.map_err(commit_error)?;
                let told = Touched {
                    contents: call.summary.is_some()
                        || call.recording_url.is_some()
                        || call.analysis.is_some()
                        || call.latency.is_some()
                        || call.tokens.is_some(),
                    transcript: call.transcript.is_some(),
                    cost: call.cost.is_some(),
                };
                parts(session, scope, call, told).await?;
            }
            CallWrite::Update { next, expected, touched } => {
                let done = row(UPDATE, scope, next)
                    .bind(*expected)
                    .execute(&mut **session)
                    .await
                    .map_err(commit_error)?;
                if done.rows_affected() == 0 {
                    return Err(CommitError::Stale);
                }
                parts(session, scope, next, *touched).await?;
            }
        }
    }
    Ok(())
}

/// Parameters 1 to 24, which both statements have in common.
fn row<'q>(
    sql: &'static str,
    scope: &TenantScope,
    call: &'q CallSnapshot,
) -> Query<'q, sqlx::Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(scope.tenant().as_uuid())
        .bind(call.created_at)
        .bind(call.id.as_uuid())
        .bind(call.provider_call_id.as_str())
        .bind(call.branch.as_uuid())
        .bind(call.direction.map(call::Direction::as_str))
        .bind(call.caller.number().map(PhoneNumber::as_e164))
        .bind(call.called.as_ref().map(PhoneNumber::as_e164))
        .bind(call.agent_ref.as_deref())
        .bind(call.agent_version)
        .bind(call.status.as_str())
        .bind(call.disconnection_reason.as_deref())
        .bind(call.started_at)
        .bind(call.ended_at)
        .bind(call.duration_ms)
        .bind(call.customer.map(|id| id.as_uuid()))
        .bind(call.link_method.map(call::LinkMethod::as_str))
        .bind(call.outcome.map(call::SessionOutcome::as_str))
        .bind(call.sentiment.map(call::Sentiment::as_str))
        .bind(call.successful)
        .bind(call.in_voicemail)
        .bind(Json(&call.provenance))
        .bind(call.version)
        // A call that was given up is not ongoing either: tools of it are refused, and nobody looks for its end again.
        .bind(call.status == CallStatus::Ongoing)
}

async fn parts(
    connection: &mut PgConnection,
    scope: &TenantScope,
    call: &CallSnapshot,
    touched: Touched,
) -> Result<(), CommitError> {
    let key = |sql: &'static str| {
        sqlx::query(sql).bind(scope.tenant().as_uuid()).bind(call.created_at).bind(call.id.as_uuid())
    };
    if touched.contents || touched.transcript {
        key(CONTENTS)
            .bind(call.summary.as_ref().map(PrivateText::as_str))
            .bind(call.recording_url.as_ref().map(PrivateText::as_str))
            .bind(call.transcript.is_some())
            .bind(call.analysis.as_ref().map(PrivateJson::as_str))
            .bind(call.latency.as_ref().map(Json))
            .bind(call.tokens.map(Json))
            .execute(&mut *connection)
            .await
            .map_err(commit_error)?;
    }
    if touched.transcript {
        key(DROP_TRANSCRIPT).execute(&mut *connection).await.map_err(commit_error)?;
        let segments = call.transcript.as_deref().unwrap_or_default();
        key(TRANSCRIPT)
            .bind(segments.iter().map(|s| s.speaker.as_str()).collect::<Vec<_>>())
            .bind(segments.iter().map(|s| s.offset_ms).collect::<Vec<_>>())
            .bind(segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await
            .map_err(commit_error)?;
    }
    if touched.cost {
        let statement = match &call.cost {
            Some(cost) => key(COST)
                .bind(cost.provider_usd_microcents.0)
                .bind(cost.telephony_usd_microcents.map(|amount| amount.0))
                .bind(cost.billed_seconds)
                .bind(Json(&cost.products)),
            None => key(DROP_COST),
        };
        statement.execute(&mut *connection).await.map_err(commit_error)?;
    }
    Ok(())
}
