//! No more stays at a moment than there are rooms, or devices, for them: counted from what services need, not from what
//! the table of occupied time says.

use std::collections::BTreeMap;

use super::{AppointmentRow, FacilityKind, Findings, Rows, Span};

pub(super) fn check(rows: &Rows, findings: &mut Findings) {
    let mut stays: BTreeMap<FacilityKind, Vec<(Span, &AppointmentRow)>> = BTreeMap::new();
    for row in rows.appointments.iter().filter(|row| row.is_open()) {
        for kind in &row.needs {
            stays.entry(*kind).or_default().push((row.with_buffers(), row));
        }
    }
    for (kind, stays) in stays {
        let there = rows.facilities.get(&kind).copied().unwrap_or(0);
        // The most at a moment are there at some beginning.
        for ((begin, _), row) in &stays {
            let at_once = stays.iter().filter(|((from, until), _)| from <= begin && begin < until).count();
            findings.hold("double_booking", at_once <= there, || {
                format!("{at_once} stays, {} among them, at {begin} have {there} rooms", row.id)
            });
        }
    }
}
