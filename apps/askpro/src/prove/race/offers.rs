//! What losers were offered: whether it is true, and what comes of it when many take it at once.

use std::collections::BTreeMap;

use anyhow::Context;
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulators::retell::Exchange;

use super::{hear, late};
use crate::prove::Verdict;
use crate::prove::history::Ledger;
use crate::venue::{Line, Venue, status};
use crate::world::Dice;

/// Somebody took an alternative.
pub(super) struct Attempt {
    /// Who performs.
    staff: String,
    /// When, RFC 3339.
    start: String,
    /// What came of it.
    pub(super) answer: Exchange,
}

fn offered(reply: &Value) -> &[Value] {
    reply.get("alternatives").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(offer: &Value, name: &str) -> String {
    offer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Everything that occupies this person in half an hour from then on, whether appointment or live hold.
const OCCUPIED: &str = "
    SELECT count(*)
      FROM public.occupancy o
      JOIN public.staff s ON s.tenant_id = o.tenant_id AND s.id = o.resource_id AND s.name = $1
     WHERE (o.expires_at IS NULL OR o.expires_at > app.now())
       AND o.span && tstzrange($2::timestamptz, $2::timestamptz + interval '30 minutes')";

/// Tries every alternative that any loser was offered, each from a call of its own, one after another, so that only what
/// the race left behind can be in the way. Gives how many different ones there were.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn try_all(
    (venue, heard): (&Venue, &Ledger),
    losers: &[(&Line, &Value)],
    stranger: impl Fn(usize) -> Line,
    verdict: &mut Verdict,
) -> anyhow::Result<usize> {
    let mut different: BTreeMap<String, (String, String, usize)> = BTreeMap::new();
    for (line, reply) in losers {
        let offers = offered(reply);
        verdict.check(!offers.is_empty(), || format!("{} was offered nothing", line.call_id));
        for offer in offers {
            let (staff, start) = (text(offer, "staff"), text(offer, "start"));
            let known = different.entry(text(offer, "slot_id")).or_insert((staff.clone(), start.clone(), 0));
            known.2 += 1;
            let agrees = (known.0.as_str(), known.1.as_str()) == (staff.as_str(), start.as_str());
            verdict.check(agrees, || format!("one slot id was offered as {start} and as {}", known.1));
        }
    }
    for (n, (slot_id, (staff, start, count))) in different.iter().enumerate() {
        let instant = chrono::DateTime::parse_from_rfc3339(start).context("the start of an alternative")?;
        let occupied: i64 =
            sqlx::query_scalar(OCCUPIED).bind(staff).bind(instant).fetch_one(&venue.administrator).await?;
        verdict.check(occupied == 0, || {
            format!("{count} callers were offered {start} with {staff}, which is occupied")
        });
        let line = stranger(n);
        let wish = json!({"slot_id": slot_id});
        let look = async || hear(heard, &line, "check_availability", wish.clone(), None).await;
        let taken = late::settled(look().await, &look).await;
        verdict.check(status(&taken) == "available", || {
            format!("{count} callers were offered {start} with {staff}: `{}` to a stranger", status(&taken))
        });
        let release = async || hear(heard, &line, "release_slot_reservation", json!({}), None).await;
        let first = release().await;
        // Released late, there is nothing left to release for whoever asks again.
        let was_late = late::is_open(&first);
        let released = late::settled(first, &release).await;
        verdict.check(was_late || status(&released) == "released", || {
            format!("{start} with {staff} was not held for a stranger: `{}`", status(&released))
        });
    }
    Ok(different.len())
}

/// Some losers take one of their alternatives, all at the same time.
pub(super) async fn take_some(
    losers: &[(&Line, &Value)],
    heard: &Ledger,
    (how_many, dice): (usize, &mut Dice),
    verdict: &mut Verdict,
) -> Vec<Attempt> {
    // Each takes one of the up to three that were offered; several want the same one.
    let mut candidates: Vec<(&Line, &Value)> =
        losers.iter().filter_map(|(line, reply)| Some((*line, dice.pick(offered(reply))?))).collect();
    let mut chosen = Vec::new();
    while chosen.len() < how_many && !candidates.is_empty() {
        chosen.push(candidates.swap_remove(dice.below(candidates.len())));
    }
    let attempts = join_all(chosen.into_iter().map(|(line, offer)| async move {
        let args = json!({"slot_id": offer["slot_id"], "customer_name": "Kim Wettlauf"});
        let take =
            async || hear(heard, line, "book_appointment", args.clone(), Some("tool_call_second")).await;
        let answer = late::settled(take().await, &take).await;
        Attempt { staff: text(offer, "staff"), start: text(offer, "start"), answer }
    }))
    .await;
    verdict.check(
        attempts.is_empty() || attempts.iter().any(|attempt| status(&attempt.answer) == "booked"),
        || "nobody got an alternative that was offered".to_owned(),
    );
    for attempt in attempts.iter().filter(|attempt| status(&attempt.answer) != "booked") {
        let answer = &attempt.answer;
        let fresh =
            matches!(status(answer), "slot_taken" | "unavailable") && !offered(&answer.reply).is_empty();
        verdict.check(fresh, || {
            format!("an alternative that a sibling took was answered `{}` without new ones", status(answer))
        });
    }
    attempts
}

/// Whoever did not get an alternative was really overtaken: somebody else has an appointment there now.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn judge_attempts(
    venue: &Venue,
    attempts: &[Attempt],
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    for attempt in attempts.iter().filter(|attempt| status(&attempt.answer) != "booked") {
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (
                SELECT FROM public.occupancy o
                  JOIN public.staff s ON s.tenant_id = o.tenant_id AND s.id = o.resource_id AND s.name = $1
                 WHERE o.kind = 'appointment'
                   AND o.span && tstzrange($2::timestamptz, $2::timestamptz + interval '30 minutes'))",
        )
        .bind(&attempt.staff)
        .bind(chrono::DateTime::parse_from_rfc3339(&attempt.start).context("the start of an alternative")?)
        .fetch_one(&venue.administrator)
        .await?;
        verdict.check(taken, || {
            format!("{} at {} was refused although it is free", attempt.start, attempt.staff)
        });
    }
    Ok(())
}
