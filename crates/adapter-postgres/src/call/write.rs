//! Writing calls: the slim row always, a heavier part only when it changed.

use call::{CallSnapshot, CallStatus, CallWrite, PrivateJson, PrivateText, Touched};
use kernel::{ChangeSet, CommitError, PhoneNumber, TenantScope};
use sqlx::types::Json;

use crate::change::{carried, settle};
use crate::database::Database;
use crate::error::commit_error;
use crate::session::Session;
use crate::statements::statements;
use crate::trip::{Trip, trip};

statements! {
    SAVE = "SELECT app.save_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                                 $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38,
                                 $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56,
                                 $57, $58, $59, $60, $61, $62, $63, $64)";
}

/// Writes everything or nothing: a change of one call, as the product makes them, in one message; of several, or of none, in
/// a session. A call is a record of what happened, not an act of somebody's: the audit log does not repeat it.
pub(super) async fn commit(
    database: &Database,
    scope: &TenantScope,
    change: &ChangeSet<CallWrite>,
) -> Result<(), CommitError> {
    let sees_costs = database.sees_costs();
    if let [write] = change.writes() {
        let save = || saved(carried(trip(SAVE, scope), scope, change, &[]), write, sees_costs);
        let done: Result<Vec<()>, _> = database.travel(scope, save).await;
        return done.map(drop).map_err(commit_error);
    }
    let mut session = database.write(scope).await?;
    let done = each(&mut session, scope, change, sees_costs).await;
    session.finish_write(done).await
}

async fn each(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<CallWrite>,
    sees_costs: bool,
) -> Result<(), CommitError> {
    settle(session, scope, change, &[]).await?;
    let nothing = ChangeSet::<CallWrite>::default();
    for write in change.writes() {
        saved(carried(trip(SAVE, scope), scope, &nothing, &[]), write, sees_costs)
            .execute(&mut **session)
            .await
            .map_err(commit_error)?;
    }
    Ok(())
}

/// The values of a write: parameters 24 to 64 of `app.save_call`.
fn saved<'q>(statement: Trip<'q>, write: &'q CallWrite, sees_costs: bool) -> Trip<'q> {
    let (call, expected, touched) = match write {
        CallWrite::Insert(call) => (call, None, told(call)),
        CallWrite::Update { next, expected, touched } => (next, Some(*expected), *touched),
    };
    let contents = Some(&**call).filter(|_| touched.contents || touched.transcript);
    let segments = call.transcript.as_deref().filter(|_| touched.transcript).unwrap_or_default();
    let cost = call.cost.as_ref().filter(|_| touched.cost);
    statement
        .bind(sees_costs)
        .bind(expected)
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
        .bind(touched.contents)
        .bind(contents.and_then(|call| call.summary.as_ref()).map(PrivateText::as_str))
        .bind(contents.and_then(|call| call.recording_url.as_ref()).map(PrivateText::as_str))
        .bind(contents.is_some_and(|call| call.transcript.is_some()))
        .bind(contents.and_then(|call| call.analysis.as_ref()).map(PrivateJson::as_str))
        .bind(contents.and_then(|call| call.latency.as_ref()).map(Json))
        .bind(contents.and_then(|call| call.tokens).map(Json))
        .bind(touched.transcript)
        .bind(segments.iter().map(|s| s.speaker.as_str()).collect::<Vec<_>>())
        .bind(segments.iter().map(|s| s.offset_ms).collect::<Vec<_>>())
        .bind(segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>())
        .bind(touched.cost)
        .bind(cost.map(|cost| cost.provider_usd_microcents.0))
        .bind(cost.and_then(|cost| cost.telephony_usd_microcents).map(|amount| amount.0))
        .bind(cost.and_then(|cost| cost.billed_seconds))
        .bind(cost.map(|cost| Json(&cost.products)))
}

/// The parts that a new call has.
fn told(call: &CallSnapshot) -> Touched {
    Touched {
        contents: call.summary.is_some()
            || call.recording_url.is_some()
            || call.analysis.is_some()
            || call.latency.is_some()
            || call.tokens.is_some(),
        transcript: call.transcript.is_some(),
        cost: call.cost.is_some(),
    }
}
