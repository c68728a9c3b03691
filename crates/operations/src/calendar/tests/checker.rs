//! What must be true at the end, whatever has happened. Pure, and ignorant of how the engine works.

use std::collections::BTreeMap;

use appointment::calendar::{CopyRecord, RemoteBooking, RemoteEventType, RemoteStatus, Review};
use appointment::model::{AppointmentSnapshot, AppointmentStatus, Span};
use chrono::{DateTime, Utc};
use kernel::AppointmentId;

/// What happened to an appointment, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    /// A caller was told that it stands at this time.
    At(DateTime<Utc>),
    /// A caller was told that it is called off.
    Off,
    /// Somebody changed its booking in the outside calendar.
    Outside,
}

/// Both sides at the end, and what happened on the way.
pub(super) struct Evidence {
    pub(super) rows: Vec<AppointmentSnapshot>,
    pub(super) copies: Vec<CopyRecord>,
    pub(super) reviews: Vec<Review>,
    pub(super) bookings: Vec<RemoteBooking>,
    /// By appointment, oldest first.
    pub(super) facts: BTreeMap<AppointmentId, Vec<Fact>>,
    /// Appointments that had two open bookings at some moment.
    pub(super) doubled: Vec<AppointmentId>,
    /// Where the bookings of an appointment belong.
    pub(super) event_type: fn(&AppointmentSnapshot) -> RemoteEventType,
}

/// Everything that is wrong.
pub(super) fn faults(evidence: &Evidence) -> Vec<String> {
    let mut faults = overlaps(evidence);
    faults.extend(evidence.doubled.iter().map(|id| format!("{id} had two open bookings")));
    faults.extend(evidence.rows.iter().filter_map(|row| appointment(evidence, row)));
    faults.extend(evidence.rows.iter().filter_map(|row| promise(evidence, row)));
    faults.extend(open(evidence).filter_map(|booking| ownership(evidence, booking)));
    faults
}

fn open(evidence: &Evidence) -> impl Iterator<Item = &RemoteBooking> {
    evidence.bookings.iter().filter(|booking| booking.status.is_open())
}

fn is_disputed(evidence: &Evidence, id: AppointmentId) -> bool {
    evidence.reviews.iter().any(|review| review.appointment == Some(id))
}

fn overlaps(evidence: &Evidence) -> Vec<String> {
    let rows = evidence.rows.iter().filter(|row| row.status.is_open());
    let here = rows.map(|row| (format!("{}", row.staff), Span::new(row.starts_at, row.ends_at)));
    let there = open(evidence)
        .map(|booking| (format!("{:?}", booking.event_type), Span::new(booking.start, booking.end)));
    let all: Vec<_> = here.chain(there).collect();
    let mut faults = Vec::new();
    for (at, (person, span)) in all.iter().enumerate() {
        for (other, second) in &all[at + 1..] {
            if person == other && span.overlaps(second) {
                faults.push(format!("{person} is twice busy at {}", span.start));
            }
        }
    }
    faults
}

/// An open appointment stands there, once and at its time, or a person was asked.
fn appointment(evidence: &Evidence, row: &AppointmentSnapshot) -> Option<String> {
    let id = row.id;
    let copy = evidence.copies.iter().find(|copy| copy.appointment == id);
    match row.status {
        AppointmentStatus::NeedsAttention if is_disputed(evidence, id) => None,
        // What its host has still to agree to there is pending here, and nothing else is.
        AppointmentStatus::Confirmed | AppointmentStatus::Pending => {
            let agreed = match row.status {
                AppointmentStatus::Confirmed => RemoteStatus::Accepted,
                _ => RemoteStatus::Pending,
            };
            let wanted = (evidence.event_type)(row);
            let standing = open(evidence).filter(|booking| {
                booking.start == row.starts_at
                    && booking.status == agreed
                    && booking.event_type.as_ref() == Some(&wanted)
                    && copy.is_some_and(|copy| copy.uid.as_ref() == Some(&booking.uid))
            });
            let marked = open(evidence).filter(|booking| booking.marker == Some(id));
            (standing.count() != 1 || marked.count() > 1)
                .then(|| format!("{id} at {} does not stand there once, {agreed:?}", row.starts_at))
        }
        AppointmentStatus::NeedsAttention => Some(format!("{id} is {:?}, and nobody was asked", row.status)),
        _ => None,
    }
}

/// An open booking belongs to one open appointment, or a person was asked.
fn ownership(evidence: &Evidence, booking: &RemoteBooking) -> Option<String> {
    let asked = evidence.reviews.iter().any(|review| {
        review.uid.as_ref() == Some(&booking.uid)
            || (review.appointment.is_some() && review.appointment == booking.marker)
    });
    let owners = evidence.copies.iter().filter(|copy| copy.uid.as_ref() == Some(&booking.uid));
    let is_open = |id| evidence.rows.iter().any(|row| row.id == id && row.status.is_open());
    let owners = owners.filter(|copy| is_open(copy.appointment)).count();
    (owners > 1 || (owners == 0 && !asked)).then(|| format!("{} belongs to {owners}", booking.uid))
}

/// What the last caller was told is true, unless somebody changed it later or a person was asked.
fn promise(evidence: &Evidence, row: &AppointmentSnapshot) -> Option<String> {
    let last = evidence.facts.get(&row.id)?.last()?;
    let is_kept = match last {
        Fact::Outside => true,
        Fact::At(start) => row.status.is_open() && row.starts_at == *start,
        Fact::Off => row.status == AppointmentStatus::Cancelled,
    };
    // Whoever is asked about a part is to clear up the whole visit.
    let of_visit = |other: &AppointmentSnapshot| row.tie.is_some() && other.tie == row.tie;
    let is_asked = is_disputed(evidence, row.id)
        || evidence.rows.iter().any(|other| of_visit(other) && is_disputed(evidence, other.id));
    (!is_kept && !is_asked)
        .then(|| format!("{} is {:?} at {}, told was {last:?}", row.id, row.status, row.starts_at))
}
