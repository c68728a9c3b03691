//! Writing appointments and holds, in the order of the change set.
//!
//! What can travel together does: holds that are released go with the next write that occupies time, an entry of the
//! history and the record of the copy go with the appointment they are about.

use std::iter::Peekable;
use std::slice;

use appointment::calendar::{CalendarLink, CopyRecord};
use appointment::model::{AppointmentChange, AppointmentSnapshot, ChangeKind, HoldSnapshot, NewCustomerRow};
use appointment::ports::AppointmentWrite;
use kernel::{ChangeSet, CommitError, Durability, TenantScope};
use serde_json::json;

use super::double::double_of;
use super::read::{is_elsewhere, recent_changes};
use super::rows::{Booked, Releases, claim_hold, insert, record_change, release, renew_hold, update, vacate};
use super::waiting;
use crate::calendar::{copies, differences};
use crate::change::{AuditEntry, settle};
use crate::error::occupancy_error;
use crate::session::Session;

/// The hold that this change claims if it does nothing else, with what it releases for that.
pub(super) fn hold_alone(change: &ChangeSet<AppointmentWrite>) -> Option<(Releases, &HoldSnapshot)> {
    if change.claimed().is_some() || !change.events().is_empty() || !change.jobs().is_empty() {
        return None;
    }
    let (AppointmentWrite::ClaimHold(hold), before) = change.writes().split_last()? else { return None };
    let mut releases = Releases::default();
    for write in before {
        match write {
            AppointmentWrite::ReleaseHold(id) => releases.holds.push(id.as_uuid()),
            AppointmentWrite::ReleaseHoldsOfCall(call) => releases.calls.push(call.as_uuid()),
            _ => return None,
        }
    }
    Some((releases, hold))
}

/// The booking that this change is if it claims its effect and does nothing else, with what it releases for that.
pub(super) fn booking_alone(change: &ChangeSet<AppointmentWrite>) -> Option<(Releases, Booked<'_>)> {
    if change.claimed().is_none() || change.durability() != Durability::Durable {
        return None;
    }
    let mut releases = Releases::default();
    let mut writes = change.writes().iter().peekable();
    loop {
        match writes.next()? {
            AppointmentWrite::ReleaseHold(id) => releases.holds.push(id.as_uuid()),
            AppointmentWrite::ReleaseHoldsOfCall(call) => releases.calls.push(call.as_uuid()),
            AppointmentWrite::Insert { appointment, new_customer, from_hold } => {
                releases.holds.extend(from_hold.map(|id| id.as_uuid()));
                let booked = along(appointment, new_customer.as_ref(), &mut writes);
                return writes.next().is_none().then_some((releases, booked));
            }
            _ => return None,
        }
    }
}

/// A new appointment with those of the writes behind it that travel along.
fn along<'w>(
    appointment: &'w AppointmentSnapshot,
    new_customer: Option<&'w NewCustomerRow>,
    writes: &mut Peekable<slice::Iter<'w, AppointmentWrite>>,
) -> Booked<'w> {
    let (mut entry, mut copy) = (None, None);
    while let Some(next) = writes.next_if(|next| {
        entry.is_none() && records(next, appointment) || copy.is_none() && concerns_copy(next, appointment)
    }) {
        entry = entry.or(entry_of(next));
        copy = copy.or(copy_of(next));
    }
    Booked { appointment, new_customer, entry, copy }
}

pub(super) async fn apply(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<AppointmentWrite>,
) -> Result<(), CommitError> {
    settle(session, scope, change, &audit(change.writes())).await?;
    let mut releases = Releases::default();
    let mut writes = change.writes().iter().peekable();
    while let Some(write) = writes.next() {
        match write {
            AppointmentWrite::ReleaseHold(id) => releases.holds.push(id.as_uuid()),
            AppointmentWrite::ReleaseHoldsOfCall(call) => releases.calls.push(call.as_uuid()),
            AppointmentWrite::ClaimHold(hold) => {
                // The transaction stands in line already.
                claim_hold(scope, &[], &std::mem::take(&mut releases), hold, change.durability())
                    .execute(&mut **session)
                    .await
                    .map_err(occupancy_error)?;
            }
            AppointmentWrite::Insert { appointment, new_customer, from_hold } => {
                releases.holds.extend(from_hold.map(|id| id.as_uuid()));
                let booked = along(appointment, new_customer.as_ref(), &mut writes);
                if let Some(new) = booked.new_customer
                    && double_of(session, scope, new).await.map_err(occupancy_error)?.is_some()
                {
                    return Err(CommitError::Stale);
                }
                insert(session, scope, std::mem::take(&mut releases), booked).await?;
            }
            AppointmentWrite::Update { next, expected } => {
                let (mut entry, mut due) = (None, None);
                while let Some(after) = writes.next_if(|after| {
                    entry.is_none() && records(after, next) || due.is_none() && concerns_copy(after, next)
                }) {
                    entry = entry.or(entry_of(after));
                    due = due.or(place_of(after));
                }
                let along = (entry, due);
                update(session, scope, std::mem::take(&mut releases), next, *expected, along).await?;
            }
            AppointmentWrite::AddCopy(copy) => copies::add(session, scope, copy).await?,
            AppointmentWrite::UpdateCopy(next) => copies::update(session, scope, next).await?,
            AppointmentWrite::TryCopiesNow(account) => copies::try_now(session, scope, *account).await?,
            AppointmentWrite::CopyDue { appointment, link } => {
                copies::due(session, scope, *appointment, link.as_ref()).await?;
            }
            AppointmentWrite::OpenReview(review) => copies::open_review(session, scope, review).await?,
            AppointmentWrite::CloseReviews { connection, bookings, at } => {
                copies::close_reviews(session, scope, (*connection, bookings, *at)).await?;
            }
            AppointmentWrite::CloseRefusals { appointment, at } => {
                copies::close_refusals(session, scope, *appointment, *at).await?;
            }
            AppointmentWrite::NoteDifferences { connection, found, is_complete, at, forget_before } => {
                let times = (*at, *forget_before);
                differences::note(session, scope, (*connection, found, *is_complete), times).await?;
            }
            AppointmentWrite::Vacate(id) => vacate(session, scope, *id).await?,
            AppointmentWrite::WithinQuota { customer, act, since, max } => {
                if recent_changes(session, scope, *customer, *since).await?.of(*act) >= *max {
                    return Err(CommitError::Stale);
                }
            }
            AppointmentWrite::CustomerFree { customer, stays } => {
                if is_elsewhere(session, scope, *customer, stays).await? {
                    return Err(CommitError::Stale);
                }
            }
            AppointmentWrite::RenewHold { id, expires_at } => {
                release(session, scope, std::mem::take(&mut releases)).await?;
                renew_hold(session, scope, *id, *expires_at).await?;
            }
            AppointmentWrite::RecordChange(entry) => {
                release(session, scope, std::mem::take(&mut releases)).await?;
                record_change(session, scope, entry).await?;
            }
            AppointmentWrite::Waiting(write) => {
                release(session, scope, std::mem::take(&mut releases)).await?;
                waiting::write::apply(session, scope, write).await?;
            }
        }
    }
    release(session, scope, releases).await
}

pub(super) fn audit(writes: &[AppointmentWrite]) -> Vec<AuditEntry> {
    // Holds come and go with every sentence of a caller; what counts is in the history of appointments.
    writes
        .iter()
        .flat_map(|write| match write {
            AppointmentWrite::RecordChange(entry) => vec![
                AuditEntry::new(action(entry), &entry.appointment, Some(entry.at))
                    .with(json!({ "change": entry.id.to_string() })),
            ],
            AppointmentWrite::Insert { appointment, new_customer: Some(customer), .. } => {
                vec![AuditEntry::new("customer.created", &customer.id, Some(appointment.created_at))]
            }
            AppointmentWrite::Waiting(write) => waiting::write::audit(write).into_iter().collect(),
            _ => Vec::new(),
        })
        .collect()
}

const fn action(entry: &AppointmentChange) -> &'static str {
    match entry.kind {
        ChangeKind::Booked => "appointment.booked",
        ChangeKind::Moved => "appointment.moved",
        ChangeKind::Cancelled => "appointment.cancelled",
    }
}

/// True if the write is an entry of this appointment's history, which can be written along with the appointment.
fn records(write: &AppointmentWrite, appointment: &AppointmentSnapshot) -> bool {
    matches!(write, AppointmentWrite::RecordChange(entry) if entry.appointment == appointment.id)
}

/// True if the write is about this appointment's copy and can be written along with the appointment.
fn concerns_copy(write: &AppointmentWrite, appointment: &AppointmentSnapshot) -> bool {
    match write {
        AppointmentWrite::AddCopy(copy) => appointment.version == 1 && copy.appointment == appointment.id,
        AppointmentWrite::CopyDue { appointment: id, .. } => appointment.version > 1 && *id == appointment.id,
        _ => false,
    }
}

const fn copy_of(write: &AppointmentWrite) -> Option<&CopyRecord> {
    match write {
        AppointmentWrite::AddCopy(copy) => Some(copy),
        _ => None,
    }
}

const fn place_of(write: &AppointmentWrite) -> Option<Option<&CalendarLink>> {
    match write {
        AppointmentWrite::CopyDue { link, .. } => Some(link.as_ref()),
        _ => None,
    }
}

const fn entry_of(write: &AppointmentWrite) -> Option<&AppointmentChange> {
    match write {
        AppointmentWrite::RecordChange(entry) => Some(entry),
        _ => None,
    }
}
