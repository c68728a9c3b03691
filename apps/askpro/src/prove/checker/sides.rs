//! Both calendars say the same, or a person was asked.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::spoken::is_asked;
use super::{AppointmentRow, CopyRow, Findings, OutsideRow, Rows, overlap};

pub(super) fn check(rows: &Rows, outside: &[OutsideRow], findings: &mut Findings) {
    let copies: BTreeMap<Uuid, &CopyRow> = rows.copies.iter().map(|copy| (copy.appointment, copy)).collect();
    for copy in &rows.copies {
        let is_open = matches!(copy.state.as_str(), "due" | "sending" | "unknown");
        findings
            .hold("unresolved", !is_open, || format!("the copy of {} is {}", copy.appointment, copy.state));
    }
    for row in rows.appointments.iter().filter(|row| row.start > rows.now) {
        here(row, copies.get(&row.id).copied(), rows, outside, findings);
    }
    let by_id: BTreeMap<Uuid, &AppointmentRow> = rows.appointments.iter().map(|row| (row.id, row)).collect();
    let owners: BTreeMap<&str, Uuid> =
        rows.copies.iter().filter_map(|copy| Some((copy.uid.as_deref()?, copy.appointment))).collect();
    for booking in outside.iter().filter(|booking| booking.stands && booking.span.0 > rows.now) {
        let owner = owners.get(booking.uid.as_str()).copied().and_then(|id| by_id.get(&id));
        let asked = rows.reviews.iter().any(|(appointment, uid)| {
            uid.as_deref() == Some(booking.uid.as_str())
                || (appointment.is_some() && *appointment == booking.marker)
        });
        findings.hold("orphan", asked || owner.is_some_and(|row| row.is_open()), || {
            let (uid, marker) = (&booking.uid, booking.marker);
            format!("{uid} (marked {marker:?}) stands outside at {}, for nothing here", booking.span.0)
        });
    }
    twice(outside, findings);
}

/// An open appointment of ours stands there, once and at its time.
fn here(
    row: &AppointmentRow,
    copy: Option<&CopyRow>,
    rows: &Rows,
    outside: &[OutsideRow],
    findings: &mut Findings,
) {
    if !row.is_open() {
        return;
    }
    findings.hold("unresolved", row.status != "pending", || format!("{} is still pending", row.id));
    let Some(event_type) = &row.event_type else { return };
    if row.status == "needs_attention" {
        findings.hold("unresolved", is_asked(row.id, rows), || format!("nobody was asked about {}", row.id));
        return;
    }
    let uid = copy.and_then(|copy| copy.uid.as_deref());
    let standing = outside.iter().filter(|booking| {
        booking.stands
            && Some(booking.uid.as_str()) == uid
            && booking.span.0 == row.start
            && booking.event_type == *event_type
    });
    let marked = outside.iter().filter(|booking| booking.stands && booking.marker == Some(row.id)).count();
    let count = standing.count();
    findings.hold("orphan", count == 1 && marked <= 1, || {
        format!("{} at {} stands {count} times outside, with {marked} bookings marked", row.id, row.start)
    });
}

/// No appointment had two bookings at once. A booking lives from when it was made until it was called off; a move hands
/// its life over.
fn twice(outside: &[OutsideRow], findings: &mut Findings) {
    let mut marked: BTreeMap<Uuid, Vec<&OutsideRow>> = BTreeMap::new();
    for booking in outside.iter().filter(|booking| !booking.is_move) {
        if let Some(id) = booking.marker {
            marked.entry(id).or_default().push(booking);
        }
    }
    let end = |booking: &OutsideRow| {
        if booking.stands { chrono::DateTime::<chrono::Utc>::MAX_UTC } else { booking.lived.1 }
    };
    for (id, mut bookings) in marked {
        bookings.sort_by_key(|booking| booking.lived);
        let holds = bookings
            .windows(2)
            .all(|pair| !overlap(&(pair[0].lived.0, end(pair[0])), &(pair[1].lived.0, end(pair[1]))));
        findings.hold("booked_twice", holds, || {
            let uids: Vec<&str> = bookings.iter().map(|booking| booking.uid.as_str()).collect();
            format!("{id} had several bookings outside at the same moment: {}", uids.join(", "))
        });
    }
}
