//! What was said is so, and what was done was said.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{AppointmentRow, Claim, Findings, History, OutsideRow, Rows, Told, claim};

/// Words by which a caller would believe that something was done.
const WORDS_OF_EFFECT: [&str; 8] = [
    "fest eingetragen",
    "ist jetzt auf",
    "sind jetzt auf",
    "ist abgesagt",
    "sind abgesagt",
    "Ich habe den Termin",
    "Ich habe Ihren Termin",
    "Ich habe Ihre Termine",
];
/// Words by which a caller would believe that all appointments that are spoken of stand, while nothing was done.
const WORDS_OF_STANDING: [&str; 9] = [
    "steht schon so",
    "stehen schon so",
    " steht, möchten",
    "Ihre Termine stehen",
    "schon eingetragen",
    "schon für Sie eingetragen",
    "bleibt bestehen",
    "Sie haben Termine",
    "schon einen Termin für",
];
/// Words by which a caller would believe that the first appointment of several stands.
const WORDS_ABOUT_NEXT: &str = "Ihr nächster Termin ist der";
/// The answer that shows each part of what an outside calendar took in part: the last word about them.
const FELL_APART: &str = "superseded";
/// Answers after which something may have been done all the same: the caller knows that nothing was claimed.
const OPEN_ANSWERS: [&str; 2] = ["pending", "degraded"];

pub(super) fn check(history: &History, rows: &Rows, outside: &[OutsideRow], findings: &mut Findings) {
    let mut last: BTreeMap<Uuid, (usize, &Told, Option<DateTime<Utc>>)> = BTreeMap::new();
    for (place, told) in history.told.iter().enumerate() {
        words(told, findings);
        if told.status.as_deref() == Some(FELL_APART) {
            last.extend(told.shown.iter().map(|shown| (shown.id, (place, told, shown.start))));
        }
        let Some(claimed) = claim(told) else { continue };
        findings.hold("false_word", told.appointment.is_some(), || {
            format!("{} was told {claimed:?} about nothing: {}", told.call, told.message)
        });
        for (id, start) in told.about() {
            last.insert(id, (place, told, start));
        }
    }
    let by_id: BTreeMap<Uuid, &AppointmentRow> = rows.appointments.iter().map(|row| (row.id, row)).collect();
    for (id, (place, told, start)) in &last {
        let row = by_id.get(id).copied();
        findings.hold("false_word", row.is_some(), || {
            format!("{} was told of {id}, which is not there", told.call)
        });
        let Some(row) = row else { continue };
        // Nobody could tell the caller of a change outside; and a later request that was not answered claimed nothing.
        let is_open = |later: &Told| later.call == told.call && is_open(later);
        if !history.changed_outside.contains(id) && !history.told[place + 1..].iter().any(is_open) {
            findings.hold("false_word", is_kept((told, *start), row, rows, outside), || {
                format!(
                    "{} was told {} for {:?} by {}; {id} is {} at {}",
                    told.call,
                    told.status.as_deref().unwrap_or_default(),
                    start,
                    told.tool,
                    row.status,
                    row.start
                )
            });
        }
    }
    standing(history, &by_id, findings);
    unsaid(history, rows, &last.keys().copied().collect(), findings);
}

/// Whether something may have been done that was not claimed.
pub(super) fn is_open(told: &Told) -> bool {
    told.status.as_deref().is_none_or(|status| OPEN_ANSWERS.contains(&status))
}

/// A sentence says no more than its status.
fn words(told: &Told, findings: &mut Findings) {
    if claim(told).is_some() {
        return;
    }
    let word = WORDS_OF_EFFECT.iter().find(|words| told.message.contains(**words));
    let holds = !told.booked && (word.is_none() || told.status.as_deref() == Some(FELL_APART));
    findings.hold("false_word", holds, || {
        format!("{} heard \"{}\" with the status {:?}", told.call, told.message, told.status)
    });
}

/// The appointments that an answer says to stand although it claims to have done nothing, each with when it begins.
fn said_to_stand(told: &Told) -> Vec<(Uuid, Option<DateTime<Utc>>)> {
    if claim(told).is_some() {
        return Vec::new();
    }
    let all = told.shown.iter().map(|shown| (shown.id, shown.start));
    if WORDS_OF_STANDING.iter().any(|words| told.message.contains(words)) {
        return if told.shown.is_empty() { told.about().collect() } else { all.collect() };
    }
    if told.message.contains(WORDS_ABOUT_NEXT) { all.take(1).collect() } else { Vec::new() }
}

/// Whoever only asks hears no more than whoever books: what is said to stand is confirmed by the answer's own fields, and
/// is not found waiting or disputed at that time in the end, unless somebody was told otherwise since.
fn standing(history: &History, by_id: &BTreeMap<Uuid, &AppointmentRow>, findings: &mut Findings) {
    for (place, told) in history.told.iter().enumerate() {
        for (id, start) in said_to_stand(told) {
            let shown = told.shown.iter().find(|shown| shown.id == id);
            let status = shown.map_or("confirmed", |shown| shown.status.as_str());
            findings.hold("false_word", matches!(status, "confirmed" | "completed"), || {
                format!("{} heard \"{}\" while {id} was {status}", told.call, told.message)
            });
            let is_later = |later: &Told| later.about().any(|(other, _)| other == id);
            let is_changed = history.changed_outside.contains(&id)
                || history.told[place + 1..].iter().any(|later| is_later(later) || is_open(later));
            let row = by_id.get(&id).filter(|row| start.is_none_or(|start| start == row.start));
            if let (false, Some(row)) = (is_changed, row) {
                let holds = !matches!(row.status.as_str(), "pending" | "needs_attention");
                findings.hold("false_word", holds, || {
                    format!("{} heard \"{}\"; {id} is {}", told.call, told.message, row.status)
                });
            }
        }
    }
}

fn is_kept(
    (told, start): (&Told, Option<DateTime<Utc>>),
    row: &AppointmentRow,
    rows: &Rows,
    outside: &[OutsideRow],
) -> bool {
    let stands = row.status == "confirmed" && start == Some(row.start);
    match claim(told) {
        Some(Claim::Stands) => stands,
        // Refused later: then a person was asked about it and calls the customer.
        Some(Claim::Noted) => {
            stands || (is_visit_asked_about(row, rows) && rows.called_back.contains(&row.customer))
        }
        // Of what fell apart: it is certain, and so it is; or a person looks at it and calls.
        None => {
            let is_firm = told.shown.iter().any(|shown| shown.id == row.id && shown.status == "confirmed");
            is_firm && stands || is_visit_asked_about(row, rows) && rows.called_back.contains(&row.customer)
        }
        Some(Claim::Off) => {
            let left = outside.iter().any(|copy| copy.stands && copy.marker == Some(row.id));
            row.status == "cancelled" && (!left || is_asked(row.id, rows))
        }
    }
}

pub(super) fn is_asked(id: Uuid, rows: &Rows) -> bool {
    rows.reviews.iter().any(|(appointment, _)| *appointment == Some(id))
}

/// Whether a person was asked about an appointment, or about another part of its visit: a visit is cleared up as one.
fn is_visit_asked_about(row: &AppointmentRow, rows: &Rows) -> bool {
    let parts = rows.appointments.iter().filter(|part| row.visit.is_some() && part.visit == row.visit);
    std::iter::once(row).chain(parts).any(|part| is_asked(part.id, rows))
}

/// An appointment that was made in a call was told in that call, unless an answer did not come or claimed nothing.
fn unsaid(history: &History, rows: &Rows, told_of: &BTreeSet<Uuid>, findings: &mut Findings) {
    let calls: BTreeSet<&str> = history.told.iter().map(|told| told.call.as_str()).collect();
    let excused: BTreeSet<&str> =
        history.told.iter().filter(|told| is_open(told)).map(|told| told.call.as_str()).collect();
    for row in rows.appointments.iter().filter(|row| row.is_open()) {
        let Some(call) = row.call.as_deref().filter(|call| calls.contains(call)) else { continue };
        findings.hold("unsaid", told_of.contains(&row.id) || excused.contains(call), || {
            format!("{} ({}) was made in {call}, and nobody was told", row.id, row.status)
        });
    }
}
