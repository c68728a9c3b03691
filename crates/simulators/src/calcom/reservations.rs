//! `/v2/slots/reservations`: slots that are hidden for a while, which keeps nobody from booking them.

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::booking::Reservation;
use super::event_type::EventType;
use super::free::{Diary, Seen, minutes, suffices};
use super::state::Desk;
use super::wire::{Ask, Refusal, Reply, positive, required_instant};

const USUAL_MINUTES: u64 = 5;
/// Longest reservation that is understood; a week is more than anybody asks for.
const MAX_MINUTES: u64 = 7 * 24 * 60;

/// `POST /v2/slots/reservations`.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Reply, Refusal> {
    let uid = desk.state.ids.uid();
    let reservation = read(desk, &ask.object()?, uid)?;
    let shown = reservation.to_json();
    desk.tenant_mut().reservations.push(reservation);
    Ok(Reply::created(shown))
}

/// `GET /v2/slots/reservations/{uid}`; nothing for an unknown one.
pub(crate) fn get(desk: &Desk<'_>, uid: &str) -> Reply {
    let found = desk.tenant().reservations.iter().find(|one| one.uid == uid && one.until > desk.now);
    Reply::ok(found.map_or(Value::Null, Reservation::to_json))
}

/// `PATCH /v2/slots/reservations/{uid}`.
pub(crate) fn update(desk: &mut Desk<'_>, ask: &Ask, uid: &str) -> Result<Reply, Refusal> {
    if !desk.tenant().reservations.iter().any(|one| one.uid == uid) {
        return Err(Refusal::missing(&format!("Reservation with uid={uid} was not found")));
    }
    let reservation = read(desk, &ask.object()?, uid.to_owned())?;
    let shown = reservation.to_json();
    let reservations = &mut desk.tenant_mut().reservations;
    reservations.retain(|one| one.uid != uid);
    reservations.push(reservation);
    Ok(Reply::ok(shown))
}

/// `DELETE /v2/slots/reservations/{uid}`.
pub(crate) fn delete(desk: &mut Desk<'_>, uid: &str) -> Reply {
    desk.tenant_mut().reservations.retain(|one| one.uid != uid);
    Reply::done()
}

fn read(desk: &Desk<'_>, body: &Map<String, Value>, uid: String) -> Result<Reservation, Refusal> {
    let id = positive(body, "eventTypeId")?.ok_or_else(|| Refusal::bad("eventTypeId must be a number"))?;
    let event = desk.tenant().event_type(id)?;
    let start = required_instant(body, "slotStart")?;
    let asked = positive(body, "slotDuration")?;
    let length = event.length_for(asked, "slotDuration").map_err(|why| Refusal::bad(&why))?;
    let lasting = positive(body, "reservationDuration")?.unwrap_or(USUAL_MINUTES).min(MAX_MINUTES);
    let lasting = u32::try_from(lasting).unwrap_or(u32::MAX);
    // Of a team, only the first host's calendar is marked.
    let host = *event.hosts.first().ok_or_else(|| Refusal::bad("This team event type has no hosts"))?;
    let reservation = Reservation {
        account: desk.tenant().account.name.clone(),
        event_type_id: id,
        host,
        start,
        end: start + minutes(length),
        minutes: lasting,
        until: desk.now + TimeDelta::minutes(i64::from(lasting)),
        uid,
    };
    check(desk, &event, &reservation)?;
    Ok(reservation)
}

fn check(desk: &Desk<'_>, event: &EventType, wanted: &Reservation) -> Result<(), Refusal> {
    let span = (wanted.start, wanted.end);
    let diaries = Diary::all(desk.tenant(), event, span, Seen::default());
    let free = diaries.iter().filter(|diary| diary.is_free(span)).count();
    let works = diaries.iter().any(|diary| diary.works(span));
    if works && !suffices(event, free) {
        return Err(Refusal::new(422, "Can't reserve a slot if the event is already booked."));
    }
    let taken = desk.tenant().reservations.iter().any(|other| {
        other.uid != wanted.uid
            && other.event_type_id == wanted.event_type_id
            && other.until > desk.now
            && other.start < wanted.end
            && wanted.start < other.end
    });
    if taken {
        return Err(Refusal::new(
            422,
            "This time slot is already reserved by another user. Take another one.",
        ));
    }
    Ok(())
}
