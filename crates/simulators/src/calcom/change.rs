//! What happens to a booking later: cancel, reschedule, confirm, decline, mark absent.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::booking::{Booking, BookingStatus};
use super::create::{VERSIONS, check_start, find_hosts};
use super::payload;
use super::state::Desk;
use super::version::{Shape, shape_of};
use super::wire::{Ask, Refusal, Reply, required_instant, text};
use super::world::Account;

/// What a booking is called.
pub(crate) fn title(account: &Account, event: &str, host: Option<u64>, attendee: &str) -> String {
    let host = host.and_then(|id| account.find_host(id)).map_or("", |host| host.name.as_str());
    format!("{event} zwischen {host} und {attendee}")
}

fn show(desk: &Desk<'_>, booking: &Booking, shape: Shape) -> Value {
    match shape {
        Shape::Present => booking.to_json(&desk.tenant().account),
        Shape::Older => booking.to_older_json(&desk.tenant().account),
    }
}

/// `GET /v2/bookings/{uid}`.
pub(crate) fn get(desk: &Desk<'_>, ask: &Ask, uid: &str) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    Ok(Reply::ok(show(desk, desk.tenant().booking(uid)?, shape)))
}

/// `POST /v2/bookings/{uid}/cancel`. Whoever has the key is the host, so there must be a reason.
pub(crate) fn cancel(desk: &mut Desk<'_>, ask: &Ask, uid: &str) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let body = ask.object()?;
    desk.tenant().booking(uid)?;
    if body.contains_key("seatUid") {
        return Err(Refusal::bad("seatUid is only possible for bookings of seated event types"));
    }
    let reason = text(&body, "cancellationReason")?.filter(|reason| !reason.trim().is_empty());
    let reason =
        reason.ok_or_else(|| Refusal::bare(400, "Cancellation reason is required when you are the host"))?;
    let by = desk.tenant().account.owner_host().map(|owner| owner.email.clone());
    let booking = call_off(desk, uid, Some(reason), by, false)?;
    Ok(Reply::ok(show(desk, &booking, shape)))
}

/// Cancels and tells.
pub(crate) fn call_off(
    desk: &mut Desk<'_>,
    uid: &str,
    reason: Option<String>,
    by: Option<String>,
    request_reschedule: bool,
) -> Result<Booking, Refusal> {
    let now = desk.now;
    let booking = desk.tenant_mut().booking_mut(uid)?;
    if !booking.status.occupies() {
        return Err(Refusal::bare(400, "This booking has already been cancelled."));
    }
    booking.status = BookingStatus::Cancelled;
    booking.cancellation_reason = reason;
    booking.cancelled_by = by;
    booking.updated_at = now;
    let booking = booking.clone();
    let mut body = payload::booking(&desk.tenant().account, &booking, "BOOKING_CANCELLED", now);
    body["payload"]["requestReschedule"] = json!(request_reschedule);
    desk.tell("BOOKING_CANCELLED", Some(booking.event_type_id), body);
    Ok(booking)
}

/// `POST /v2/bookings/{uid}/reschedule`: a new booking, which the old one names.
pub(crate) fn reschedule(desk: &mut Desk<'_>, ask: &Ask, uid: &str) -> Result<Reply, Refusal> {
    if shape_of(ask, VERSIONS, desk.config)? == Shape::Older {
        return Err(Refusal::no_route(ask));
    }
    let body = ask.object()?;
    let start = required_instant(&body, "start")?;
    let moved = Move {
        start,
        by: text(&body, "rescheduledBy")?,
        reason: text(&body, "reschedulingReason")?,
        same_host: body.get("rescheduleWithSameHost") == Some(&Value::Bool(true)),
    };
    if let Some(reason) = &desk.twist.refusal {
        return Err(Refusal::bad(reason));
    }
    let booking = shift(desk, uid, moved)?;
    Ok(Reply::created(booking.to_json(&desk.tenant().account)))
}

/// How a booking moves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Move {
    pub(crate) start: DateTime<Utc>,
    pub(crate) by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) same_host: bool,
}

/// Moves and tells.
pub(crate) fn shift(desk: &mut Desk<'_>, uid: &str, moved: Move) -> Result<Booking, Refusal> {
    let old = desk.tenant().booking(uid)?.clone();
    if let Some(newer) = &old.rescheduled_to {
        return Err(Refusal::bad(&format!(
            "Can't reschedule booking with uid={uid} because it has been cancelled and rescheduled already to booking with uid={newer}. You probably want to reschedule {newer} instead."
        )));
    }
    if !old.status.occupies() {
        return Err(Refusal::bad(&format!(
            "Can't reschedule booking with uid={uid} because it has been {}",
            old.status.lower()
        )));
    }
    let event = desk.tenant().event_type(old.event_type_id)?;
    check_start(&event, moved.start, desk.now)?;
    let span = (moved.start, moved.start + (old.end - old.start));
    let organizer = old.hosts.first().copied();
    let hosts = find_hosts(desk, &event, span, Some(uid), organizer)?;
    if moved.same_host && hosts.first().copied() != organizer {
        return Err(Refusal::bad("User either already has booking at this time or is not available"));
    }
    let account = &desk.tenant().account;
    let is_host = moved.by.as_deref().is_some_and(|by| {
        let owner = account.owner_host().into_iter();
        let hosts = old.hosts.iter().filter_map(|&id| account.find_host(id));
        owner.chain(hosts).any(|host| host.email.eq_ignore_ascii_case(by))
    });
    let status = if event.requires_confirmation && !is_host {
        BookingStatus::Pending
    } else {
        BookingStatus::Accepted
    };
    let title = title(account, &event.title, hosts.first().copied(), &old.attendee.name);
    let new = Booking {
        id: desk.state.ids.number(),
        uid: desk.state.ids.uid(),
        title,
        hosts,
        status,
        start: span.0,
        end: span.1,
        created_at: desk.now,
        updated_at: desk.now,
        rescheduled_from: Some(uid.to_owned()),
        rescheduling_reason: moved.reason.clone(),
        ended: false,
        ..old.clone()
    };
    let now = desk.now;
    let gone = desk.tenant_mut().booking_mut(uid)?;
    gone.status = BookingStatus::Cancelled;
    gone.rescheduled_to = Some(new.uid.clone());
    gone.rescheduled_by = moved.by.clone();
    gone.rescheduling_reason = moved.reason;
    gone.updated_at = now;
    desk.tenant_mut().bookings.push(new.clone());
    let trigger = if status == BookingStatus::Pending { "BOOKING_REQUESTED" } else { "BOOKING_RESCHEDULED" };
    let mut body = payload::booking(&desk.tenant().account, &new, trigger, now);
    payload::add_move(&mut body, &old, moved.by.as_deref());
    desk.tell(trigger, Some(new.event_type_id), body);
    Ok(new)
}

/// `POST /v2/bookings/{uid}/confirm` and `/decline`.
pub(crate) fn decide(desk: &mut Desk<'_>, ask: &Ask, uid: &str, yes: bool) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let reason = text(&ask.object()?, "reason")?;
    let booking = settle(desk, uid, yes, reason)?;
    Ok(Reply::ok(show(desk, &booking, shape)))
}

/// Says yes or no to a booking that waits, and tells.
pub(crate) fn settle(
    desk: &mut Desk<'_>,
    uid: &str,
    yes: bool,
    reason: Option<String>,
) -> Result<Booking, Refusal> {
    let now = desk.now;
    let booking = desk.tenant_mut().booking_mut(uid)?;
    if booking.status != BookingStatus::Pending {
        return Err(Refusal::bad(&format!(
            "Booking with uid={uid} is not pending, it is {}",
            booking.status.lower()
        )));
    }
    booking.updated_at = now;
    let trigger = if yes {
        booking.status = BookingStatus::Accepted;
        "BOOKING_CREATED"
    } else {
        booking.status = BookingStatus::Rejected;
        booking.rejection_reason = reason;
        "BOOKING_REJECTED"
    };
    let booking = booking.clone();
    let body = payload::booking(&desk.tenant().account, &booking, trigger, now);
    desk.tell(trigger, Some(booking.event_type_id), body);
    Ok(booking)
}

/// `POST /v2/bookings/{uid}/mark-absent`.
pub(crate) fn mark_absent(desk: &mut Desk<'_>, ask: &Ask, uid: &str) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let body = ask.object()?;
    let absentees = read_absentees(&body)?;
    let now = desk.now;
    let booking = desk.tenant_mut().booking_mut(uid)?;
    if booking.status != BookingStatus::Accepted {
        return Err(Refusal::bad(&format!(
            "Booking with uid={uid} is not accepted, it is {}",
            booking.status.lower()
        )));
    }
    for (email, absent) in &absentees {
        if !booking.attendee.email.eq_ignore_ascii_case(email) {
            return Err(Refusal::missing(&format!("Attendee with email {email} not found")));
        }
        booking.attendee.absent = *absent;
    }
    if let Some(Value::Bool(host)) = body.get("host") {
        booking.absent_host = *host;
    }
    booking.updated_at = now;
    let booking = booking.clone();
    let event_type = Some(booking.event_type_id);
    desk.tell("BOOKING_NO_SHOW_UPDATED", event_type, payload::no_show(&booking, &absentees, now));
    Ok(Reply::ok(show(desk, &booking, shape)))
}

fn read_absentees(body: &Map<String, Value>) -> Result<Vec<(String, bool)>, Refusal> {
    let wrong = || Refusal::bad("each value in attendees must have an email and absent");
    match body.get("attendees") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(attendees)) => attendees
            .iter()
            .map(|one| {
                let email = one.get("email").and_then(Value::as_str);
                let absent = one.get("absent").and_then(Value::as_bool);
                Ok((email.ok_or_else(wrong)?.to_owned(), absent.ok_or_else(wrong)?))
            })
            .collect(),
        Some(_) => Err(Refusal::bad("attendees must be an array")),
    }
}
