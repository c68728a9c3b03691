//! Several services in one visit are all there, one after the other, or none of them is.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::spoken::{is_asked, is_open};
use super::{AppointmentRow, Findings, History, Rows};

pub(super) fn check(history: &History, rows: &Rows, findings: &mut Findings) {
    let mut visits: BTreeMap<(&str, Uuid), Vec<&AppointmentRow>> = BTreeMap::new();
    for row in &rows.appointments {
        if let Some(visit) = row.visit {
            visits.entry((row.tenant.as_str(), visit)).or_default().push(row);
        }
    }
    // A move of which one part was refused is told as what it is; a request without an answer claimed nothing.
    let told_apart = |status: &str| status == "superseded";
    let excused: BTreeSet<&str> = history
        .told
        .iter()
        .filter(|told| is_open(told) || told.status.as_deref().is_some_and(told_apart))
        .map(|told| told.call.as_str())
        .collect();
    for ((_, visit), mut parts) in visits {
        let is_excepted = |row: &&AppointmentRow| {
            history.changed_outside.contains(&row.id)
                || is_asked(row.id, rows)
                || row.status == "needs_attention"
        };
        if parts.iter().any(is_excepted) {
            continue;
        }
        parts.sort_by_key(|row| (row.start, row.id));
        let open = parts.iter().filter(|row| row.is_open()).count();
        let stands: Vec<_> =
            parts.iter().map(|row| format!("{} is {} at {}", row.id, row.status, row.start)).collect();
        findings.hold("torn_visit", open == 0 || open == parts.len(), || {
            format!("of the visit {visit} only some parts stand: {}", stands.join(", "))
        });
        let is_excused =
            parts.iter().any(|row| row.call.as_deref().is_some_and(|call| excused.contains(call)));
        let follow = parts.windows(2).all(|pair| pair[0].end == pair[1].start);
        findings.hold("torn_visit", open == 0 || is_excused || follow, || {
            format!("the parts of the visit {visit} do not follow each other: {}", stands.join(", "))
        });
    }
}
