//! `POST /v2/bookings`.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::booking::{Attendee, Booking, BookingStatus};
use super::event_type::{EventType, Scheduling};
use super::free::{Diary, Seen, Span, choose, minutes, suffices};
use super::slots::{by_slugs, within_rules};
use super::state::{Desk, Tenant};
use super::validate;
use super::version::{Shape, shape_of};
use super::wire::{Ask, Refusal, Reply, positive, required_instant, text};
use super::{change, payload};

/// The versions of everything about one booking.
pub(crate) const VERSIONS: &[&str] = &["2026-02-25", "2024-08-13"];

/// How a refusal ends where nobody is free.
const TAKEN: &str = "already has booking at this time or is not available";

/// What a booking is made from.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) event: EventType,
    pub(crate) start: DateTime<Utc>,
    pub(crate) length: u32,
    pub(crate) attendee: Attendee,
    pub(crate) guests: Vec<String>,
    pub(crate) responses: Map<String, Value>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) location: Option<String>,
    pub(crate) overrides: Overrides,
}

/// What hosts may ask for, and whoever has the key is one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Overrides {
    /// Nobody looks whether a host is free.
    conflicts: bool,
    /// Notice and window do not count.
    out_of_bounds: bool,
    /// Nobody counts bookings.
    limits: bool,
}

impl Overrides {
    fn read(body: &Map<String, Value>) -> Self {
        let is_on = |field: &str| body.get(field) == Some(&Value::Bool(true));
        Self {
            conflicts: is_on("allowConflicts"),
            out_of_bounds: is_on("allowBookingOutOfBounds"),
            limits: is_on("skipBookingLimits"),
        }
    }
}

/// A new booking.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Reply, Refusal> {
    let body = ask.object()?;
    if shape_of(ask, VERSIONS, desk.config)? == Shape::Older {
        // The older endpoint wants other fields, which is how the missing header usually shows.
        return Err(Refusal::bad(
            "end should not be empty, responses must be an object, timeZone must be a string, language must be a string",
        ));
    }
    let draft = read(desk, &body)?;
    if let Some(uid) = &desk.twist.old_booking {
        let bookings = &desk.tenant().bookings;
        let old = match uid {
            Some(uid) => bookings.iter().find(|booking| booking.uid == *uid),
            None => bookings.last(),
        };
        if let Some(old) = old {
            return Ok(Reply::created(old.to_json(&desk.tenant().account)));
        }
    }
    if let Some(reason) = &desk.twist.refusal {
        return Err(Refusal::bad(reason));
    }
    let (event_type, start) = (draft.event.id, draft.start);
    let booking = book(desk, draft).map_err(|refusal| raced(desk, (event_type, start), refusal))?;
    Ok(Reply::created(booking.to_json(&desk.tenant().account)))
}

/// Who finds a slot booked that was free when the request came is refused in other words: only when it was written down
/// Cal.com saw that somebody else had been quicker.
fn raced(desk: &Desk<'_>, (event_type, start): (u64, DateTime<Utc>), refusal: Refusal) -> Refusal {
    let Some(next) = desk.twist.next_id else { return refusal };
    let was_quicker = |booking: &Booking| {
        let is_same = booking.event_type_id == event_type && booking.start == start;
        is_same && booking.status.occupies() && booking.id >= next
    };
    if refusal.message.ends_with(TAKEN) && desk.tenant().bookings.iter().any(was_quicker) {
        return Refusal::bare(409, "booking_conflict_error");
    }
    refusal
}

fn read(desk: &Desk<'_>, body: &Map<String, Value>) -> Result<Draft, Refusal> {
    let start = required_instant(body, "start")?;
    let attendee = validate::attendee(body)?;
    let event = match positive(body, "eventTypeId")? {
        Some(id) => desk.tenant().event_type(id)?,
        None => by_slugs(
            desk.tenant(),
            text(body, "eventTypeSlug")?.as_deref(),
            text(body, "username")?.as_deref(),
            text(body, "teamSlug")?.as_deref(),
        )?,
    };
    let event = routed(event, body)?;
    let asked = positive(body, "lengthInMinutes")?;
    let length = event.length_for(asked, "lengthInMinutes").map_err(|why| Refusal::bad(&why))?;
    if body.contains_key("recurrenceCount") {
        return Err(Refusal::bad("recurrenceCount is only possible for recurring event types"));
    }
    if body.get("instant") == Some(&Value::Bool(true)) {
        return Err(Refusal::bad("Instant bookings are only possible for team event types that allow them"));
    }
    Ok(Draft {
        start,
        length,
        guests: validate::guests(body)?,
        responses: validate::responses(body, &event)?,
        metadata: validate::metadata(body, desk.config.strict_metadata)?,
        location: validate::location(body, &event, &attendee)?,
        overrides: Overrides::read(body),
        attendee,
        event,
    })
}

/// Of several hosts only those that the routing names; who is none of them is left out.
fn routed(mut event: EventType, body: &Map<String, Value>) -> Result<EventType, Refusal> {
    let Some(routing) = body.get("routing").filter(|routing| !routing.is_null()) else { return Ok(event) };
    let members = routing.get("teamMemberIds").and_then(Value::as_array);
    let wrong = || Refusal::bad("routing.teamMemberIds must be an array of numbers");
    let members: Option<Vec<u64>> = members.ok_or_else(wrong)?.iter().map(Value::as_u64).collect();
    let members = members.ok_or_else(wrong)?;
    if event.team_id.is_some() && !members.is_empty() {
        event.hosts.retain(|host| members.contains(host));
    }
    Ok(event)
}

/// Books, if the rules allow it and a host is free.
pub(crate) fn book(desk: &mut Desk<'_>, draft: Draft) -> Result<Booking, Refusal> {
    check_rules(desk, &draft)?;
    let span = (draft.start, draft.start + minutes(draft.length));
    let hosts = if draft.overrides.conflicts && draft.event.scheduling != Some(Scheduling::Managed) {
        choose(desk.tenant(), &draft.event, &draft.event.hosts, None)
    } else {
        find_hosts(desk, &draft.event, span, None, None)?
    };
    let status =
        if draft.event.requires_confirmation { BookingStatus::Pending } else { BookingStatus::Accepted };
    let booking = compose(desk, draft, hosts, status);
    desk.tenant_mut().bookings.push(booking.clone());
    let trigger = if status == BookingStatus::Pending { "BOOKING_REQUESTED" } else { "BOOKING_CREATED" };
    let body = payload::booking(&desk.tenant().account, &booking, trigger, desk.now);
    desk.tell(trigger, Some(booking.event_type_id), body);
    Ok(booking)
}

fn check_rules(desk: &Desk<'_>, draft: &Draft) -> Result<(), Refusal> {
    if !draft.overrides.out_of_bounds || draft.start < desk.now {
        check_start(&draft.event, draft.start, desk.now)?;
    }
    if let Some(most) = draft.event.max_active_per_booker.filter(|_| !draft.overrides.limits) {
        let coming = |booking: &&Booking| {
            booking.event_type_id == draft.event.id
                && booking.status.occupies()
                && booking.end > desk.now
                && booking.attendee.email.eq_ignore_ascii_case(&draft.attendee.email)
        };
        if desk.tenant().bookings.iter().filter(coming).count() >= most {
            return Err(Refusal::bad(
                "Attendee with this email can't book because the maximum number of active bookings has been reached.",
            ));
        }
    }
    Ok(())
}

/// Whether an event type may begin then at all.
pub(crate) fn check_start(
    event: &EventType,
    start: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if start < now {
        return Err(Refusal::bad("Attempting to book a meeting in the past."));
    }
    if !within_rules(event, start, now) {
        return Err(Refusal::bad(
            "The event type can't be booked at the \"start\" time provided: it is too soon or too far in the future.",
        ));
    }
    Ok(())
}

/// Who does it, if somebody is free.
pub(crate) fn find_hosts(
    desk: &Desk<'_>,
    event: &EventType,
    span: Span,
    without: Option<&str>,
    preferred: Option<u64>,
) -> Result<Vec<u64>, Refusal> {
    let seen = Seen { without, reserved_at: None };
    let tenant: &Tenant = desk.tenant();
    let free: Vec<u64> = if desk.twist.double_book && event.scheduling != Some(Scheduling::Managed) {
        event.hosts.clone()
    } else {
        let diaries = Diary::all(tenant, event, span, seen);
        diaries.iter().filter(|diary| diary.is_free(span)).map(|diary| diary.host.id).collect()
    };
    if !desk.state.lies.contains(&(desk.at, span.0)) && suffices(event, free.len()) {
        return Ok(choose(tenant, event, &free, preferred));
    }
    Err(Refusal::bad(if event.team_id.is_some() {
        "One of the hosts either already has booking at this time or is not available"
    } else {
        "User either already has booking at this time or is not available"
    }))
}

fn compose(desk: &mut Desk<'_>, draft: Draft, hosts: Vec<u64>, status: BookingStatus) -> Booking {
    let (id, uid) = (desk.state.ids.number(), desk.state.ids.uid());
    let account = &desk.tenant().account;
    let title = change::title(account, &draft.event.title, hosts.first().copied(), &draft.attendee.name);
    Booking {
        id,
        uid,
        account: account.name.clone(),
        event_type_id: draft.event.id,
        event_type_slug: draft.event.slug,
        title,
        hosts,
        status,
        start: draft.start,
        end: draft.start + minutes(draft.length),
        created_at: desk.now,
        updated_at: desk.now,
        attendee: draft.attendee,
        guests: draft.guests,
        responses: draft.responses,
        metadata: draft.metadata,
        location: draft.location,
        cancellation_reason: None,
        cancelled_by: None,
        rejection_reason: None,
        rescheduling_reason: None,
        rescheduled_by: None,
        rescheduled_from: None,
        rescheduled_to: None,
        absent_host: false,
        ended: false,
    }
}
