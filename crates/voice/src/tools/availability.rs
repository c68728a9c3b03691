//! "Ist am Dienstag um halb drei etwas frei?" - "Dienstag, … ist bei Anna Petersen frei, soll ich das eintragen?"
//!
//! Free means free at that minute; the time is then held for this call. Another time is always an alternative, with
//! its date, and nothing is booked here.

use appointment::calendar::Certainty;
use appointment::commands::{CheckOutcome, CheckRequest, NextRequest, PartWish, SearchRequest};
use appointment::model::{Hold, OwnAppointment, Slot, SlotId, Unavailable};
use appointment::policy::alternatives::{RankedSlot, TimeWish, Wish};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::names;
use crate::ports::{CallNotes, Question};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::anybody;
use crate::tools::offers::{
    Asked, Promise, because, beside_own, not_free, offer, reason_code, spoken_offers, spoken_times,
};
use crate::tools::preference;
use crate::tools::sequence::{self, AskedAll};
use crate::tools::wish::{self, Asker, Wanted};
use crate::when::{Moment, Stretch, When};

/// Days that "the next free time" looks ahead unless told otherwise.
const SEARCH_DAYS: u32 = 14;
/// Alternatives in one answer at most, as the envelope promises.
const MOST_ALTERNATIVES: u32 = 3;

pub(crate) async fn check(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let (wanted, notes) = wish::wanted(desk, args, talk).await?;
    // Whatever comes of it, this is another question than any before.
    let notes = notes.closed();
    let asker = wish::asker(desk, args, talk).await?;
    if asker.is_blocked() {
        return Err(blocked(talk).into());
    }
    let (service, staff, is_kept, when) = match wanted {
        Wanted::Offered(slot) => {
            let asked = Asked::new(slot.service, Some(slot.staff), slot.start);
            return check_moment(desk, talk, &asker, asked, notes).await;
        }
        Wanted::Described { service, staff, is_kept, when } => (service, staff, is_kept, when),
        Wanted::OfferedAll(slots) => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            return Box::pin(sequence::check_moment(desk, talk, &asker, asked, notes)).await;
        }
        Wanted::Together { parts, is_kept, when } => {
            return Box::pin(check_together(desk, talk, &asker, (parts, is_kept, when), notes)).await;
        }
    };
    match when {
        When::Moment(moment) => {
            let asked =
                Asked { service, staff, start: moment.at.to_utc(), inferred: moment.inferred, is_kept };
            check_moment(desk, talk, &asker, asked, notes).await
        }
        When::Stretch(stretch) => {
            check_stretch(desk, talk, &asker, (service, staff, is_kept), stretch, notes).await
        }
        When::Unsaid => {
            desk.note(talk, notes).await;
            Err(when_then().into())
        }
    }
}

async fn check_together(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (parts, is_kept, when): (Vec<PartWish>, bool, When),
    notes: CallNotes,
) -> ToolResult {
    match when {
        When::Moment(moment) => {
            let asked = AskedAll::at(parts, moment.at.to_utc(), moment.inferred, is_kept);
            sequence::check_moment(desk, talk, asker, asked, notes).await
        }
        When::Stretch(stretch) => {
            sequence::search::check_stretch(desk, talk, asker, (parts, is_kept, stretch), notes).await
        }
        When::Unsaid => {
            desk.note(talk, notes).await;
            Err(when_then().into())
        }
    }
}

fn when_then() -> ToolReply {
    ToolReply::new(Status::DateRequired, "An welchem Tag und um wie viel Uhr soll es sein?")
        .next(NextAction::AskCaller)
}

/// Looks at one minute, and holds it if it is free.
pub(crate) async fn check_moment(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    asked: Asked,
    notes: CallNotes,
) -> ToolResult {
    let request = CheckRequest {
        branch: talk.branch,
        service: asked.service,
        staff: asked.staff,
        start: asked.start,
        requester: asker.requester.clone(),
        hold: true,
    };
    let (reason, alternatives, existing) = match desk.parts.bookings.check(&talk.scope, request).await? {
        CheckOutcome::Free { slot, hold, existing, certainty } => {
            let reply = free(talk, slot, hold.as_ref(), &asked, certainty);
            return Ok(told_free(desk, talk, (slot, existing), reply, notes).await?.into());
        }
        CheckOutcome::Taken { reason, alternatives, existing } => (reason, alternatives, existing),
    };
    if existing.is_none()
        && let Some(reply) = anybody::at_that_time(desk, talk, asker, &asked, &reason, &notes).await?
    {
        return Ok(reply.into());
    }
    let own = existing.filter(|_| matches!(reason, Unavailable::Busy(_)));
    let reply = not_free(talk, &reason, &asked, &alternatives);
    let reply = beside_own(desk, talk, (own, false), reply).await?;
    let notes = CallNotes { refused: Some(asked.start), ..notes };
    Ok(offer(desk, talk, reply, &alternatives, notes).await.into())
}

/// Asks whether to book what is free: whatever is held for the call is heard of.
pub(crate) async fn told_free(
    desk: &VoiceDesk,
    talk: &Conversation,
    (slot, existing): (Slot, Option<OwnAppointment>),
    reply: ToolReply,
    notes: CallNotes,
) -> Result<ToolReply, Stop> {
    let question = if existing.is_some() { Question::BookBeside(slot) } else { Question::Book(slot) };
    desk.note(talk, notes.asking(question)).await;
    beside_own(desk, talk, (existing, true), reply).await
}

/// The answer for a free minute; the same fields for looking and for holding.
pub(crate) fn free(
    talk: &Conversation,
    slot: Slot,
    hold: Option<&Hold>,
    asked: &Asked,
    certainty: Certainty,
) -> ToolReply {
    let at = slot.start.with_timezone(&talk.zone());
    let (service, person) = (talk.service_name(slot.service), talk.staff_name(slot.staff));
    let spoken = format!(
        "{} ist bei {} für {}",
        speech::capital(&speech::moment(at, talk.now)),
        speech::plain(&person),
        speech::plain(&service),
    );
    let promise = Promise::of(certainty, hold.is_some());
    let how = match promise {
        Promise::Held => "frei, soll ich den Termin so eintragen",
        Promise::NotHeld => {
            "gerade frei, festhalten kann ich die Zeit aber nicht, soll ich sie gleich eintragen"
        }
        Promise::ByOurPlan => {
            "nach unserem Plan frei, der Kalender antwortet aber gerade nicht, soll ich den Termin schon einmal vormerken"
        }
    };
    promise
        .reply(talk, certainty, format!("{spoken} {how}?"))
        .with_some("slot_id", SlotId::encode(&slot).map(|name| name.as_str().to_owned()))
        .with("start", at.to_rfc3339())
        .with("date", at.format("%Y-%m-%d").to_string())
        .with("time", at.format("%H:%M").to_string())
        .with("requested_time", at.format("%Y-%m-%d %H:%M").to_string())
        .with("service", service)
        .with("service_id", slot.service.to_string())
        .with("staff", person)
        .with("staff_id", slot.staff.to_string())
        .with("duration_minutes", (slot.end - slot.start).num_minutes())
        .with_some("held_until", hold.map(|hold| hold.expires_at().with_timezone(&talk.zone()).to_rfc3339()))
        .with("inferred", asked.inferred.clone())
}

async fn check_stretch(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (service, staff, is_kept): (ServiceId, Option<StaffId>, bool),
    stretch: Stretch,
    notes: CallNotes,
) -> ToolResult {
    let (Some(first), true) = (stretch.days.first().copied(), stretch.has_hours || stretch.days.len() == 1)
    else {
        desk.note(talk, notes).await;
        return Err(which_minute(stretch).into());
    };
    let request = SearchRequest {
        branch: talk.branch,
        service,
        staff,
        wish: Wish { day: first, time: stretch.time() },
        moving: None,
        requester: asker.requester.clone(),
        limit: None,
    };
    let found = desk.parts.bookings.search(&talk.scope, request.clone()).await?;
    let in_stretch = |slot: &RankedSlot| stretch.holds(talk.zone(), slot.slot.start);
    let inside: Vec<_> = found.slots.iter().filter(|slot| in_stretch(slot)).copied().collect();
    if let Some(wished) = staff
        && inside.iter().all(|slot| slot.slot.staff != wished)
    {
        let others = if inside.is_empty() && is_kept {
            anybody::in_that_time(desk, talk, request.clone(), in_stretch).await?
        } else {
            inside.clone()
        };
        if let Some(offered) = spoken_offers(talk, &others) {
            let wished = talk.staff_name(wished);
            let message = format!(
                "Bei {} ist da leider nichts frei, bei {} hätte ich {offered} frei, was passt Ihnen?",
                speech::plain(&wished),
                anybody::said(talk, &others),
            );
            let reply = ToolReply::new(Status::Options, message)
                .with("available", true)
                .with("requested_staff", wished)
                .with("inferred", stretch.inferred)
                .next(NextAction::OfferAlternatives);
            return Ok(offer(desk, talk, reply, &others, notes).await.into());
        }
    }
    // Another time on one of the asked days is nearer to the wish than the same time on another day.
    let is_minute = stretch.has_hours && stretch.until.minutes() - stretch.from.minutes() <= 1;
    let mut near = if inside.is_empty() && is_minute {
        let time = TimeWish::At(stretch.from.minutes());
        let around = SearchRequest { wish: Wish { day: first, time }, ..request };
        desk.parts.bookings.search(&talk.scope, around).await?.slots
    } else {
        found.slots.clone()
    };
    near.sort_by_key(|slot| {
        !stretch.days.contains(&slot.slot.start.with_timezone(&talk.zone()).date_naive())
    });
    let slots = if inside.is_empty() { &near } else { &inside };
    let on_day = speech::on_day(first, talk.today());
    let why_not = why_not_that_day(talk, found.day.as_ref(), &stretch, (service, staff));
    let reply = match (spoken_offers(talk, slots), inside.is_empty()) {
        (Some(offered), true) if let Some(why_not) = &why_not => ToolReply::new(
            Status::Unavailable,
            format!("{why_not}, ich hätte aber {offered}, was passt Ihnen?"),
        ),
        (Some(offered), false) if stretch.has_hours => {
            ToolReply::new(Status::Options, format!("Da hätte ich {offered} frei, was passt Ihnen?"))
        }
        (Some(_), false) => ToolReply::new(
            Status::TimeRequired,
            format!(
                "Um wie viel Uhr soll es {on_day}, sein, frei wäre zum Beispiel {}?",
                spoken_times(talk, slots)
            ),
        ),
        (Some(offered), true) => ToolReply::new(
            Status::Unavailable,
            format!(
                "In diesem Zeitraum kann ich Ihnen gerade nichts anbieten, ich hätte aber {offered}, was passt Ihnen?"
            ),
        ),
        (None, _) => ToolReply::new(
            Status::NoAvailability,
            "In diesem Zeitraum und in der Nähe kann ich Ihnen gerade nichts anbieten, passt eine ganz andere Zeit oder soll ich Sie auf die Warteliste setzen?",
        ),
    };
    let next = if slots.is_empty() { NextAction::OfferWaitingList } else { NextAction::OfferAlternatives };
    let reply = reply
        .with("available", !inside.is_empty())
        .with_some("reason", found.day.as_ref().filter(|_| inside.is_empty()).map(reason_code))
        .with("inferred", stretch.inferred)
        .next(next);
    Ok(offer(desk, talk, reply, slots, notes).await.into())
}

/// The question for a minute, where neither one day nor hours were said.
pub(crate) fn which_minute(stretch: Stretch) -> ToolReply {
    ToolReply::new(Status::TimeRequired, "An welchem Tag genau und um wie viel Uhr soll es sein?")
        .with("inferred", stretch.inferred)
        .next(NextAction::AskCaller)
}

/// Why nothing of a service can begin on the one day that was said, in a main clause.
pub(crate) fn why_not_that_day(
    talk: &Conversation,
    reason: Option<&Unavailable>,
    stretch: &Stretch,
    (service, staff): (ServiceId, Option<StaffId>),
) -> Option<String> {
    let (Some(reason), [day]) = (reason, stretch.days.as_slice()) else { return None };
    let start = german_datetime::in_zone(stretch.from.on(*day), talk.zone()).first().to_utc();
    Some(because(talk, reason, &Asked::new(service, staff, start)))
}

/// What was said as a wish to search around, and the minute if it was one.
pub(crate) fn wish_of(talk: &Conversation, when: &When) -> (Wish, Option<DateTime<Tz>>) {
    match when {
        When::Moment(moment) => {
            let minute = german_datetime::MinuteOfDay::from(moment.at.time()).minutes();
            (Wish { day: moment.at.date_naive(), time: TimeWish::At(minute) }, Some(moment.at))
        }
        When::Stretch(stretch) => {
            let day = stretch.days.first().copied().unwrap_or_else(|| talk.today());
            (Wish { day, time: stretch.time() }, None)
        }
        When::Unsaid => (Wish { day: talk.today(), time: TimeWish::Any }, None),
    }
}

/// The minute of what was offered, as if it had been said.
fn as_said(talk: &Conversation, start: DateTime<Utc>) -> When {
    When::Moment(Moment { at: start.with_timezone(&talk.zone()), inferred: Vec::new() })
}

pub(crate) async fn get_alternatives(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let (wanted, notes) = wish::wanted(desk, args, talk).await?;
    let asker = wish::asker(desk, args, talk).await?;
    let limit = args.count(names::MAX, MOST_ALTERNATIVES)?;
    let (service, staff, when) = match wanted {
        Wanted::Offered(slot) => (slot.service, Some(slot.staff), as_said(talk, slot.start)),
        Wanted::Described { service, staff, when, .. } => (service, staff, when),
        Wanted::OfferedAll(slots) => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            let when = as_said(talk, asked.start());
            let wanted = (asked.parts, false, when, limit);
            return Box::pin(sequence::search::alternatives(desk, talk, &asker, wanted, notes)).await;
        }
        Wanted::Together { parts, is_kept, when } => {
            let wanted = (parts, is_kept, when, limit);
            return Box::pin(sequence::search::alternatives(desk, talk, &asker, wanted, notes)).await;
        }
    };
    let (wish, asked) = wish_of(talk, &when);
    let requester = asker.requester.clone();
    let request = SearchRequest { branch: talk.branch, service, staff, wish, moving: None, requester, limit };
    let booked = preference::booked_in_call(desk, talk, service).await?;
    let found = desk.parts.bookings.search(&talk.scope, request).await?;
    let reply = match spoken_offers(talk, &found.slots) {
        offered if let Some(booked) = &booked => preference::beside(talk, booked, offered),
        Some(offered) => ToolReply::new(Status::Options, format!("Frei wäre {offered}, was passt Ihnen?"))
            .with("found", true)
            .next(NextAction::OfferAlternatives),
        None => nothing_found().with("found", false),
    };
    let reply = reply
        .with_some("original_request", asked.map(|at| at.format("%Y-%m-%d %H:%M").to_string()))
        .with("preference", serde_json::json!({"all_match_preference": found.all_match()}))
        .with("preference_context", preference::context(wish.time, &found))
        .with_some("reason", found.day.as_ref().map(reason_code));
    Ok(offer(desk, talk, reply, &found.slots, notes).await.into())
}

pub(crate) async fn find_next(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let (wanted, notes) = wish::wanted(desk, args, talk).await?;
    let asker = wish::asker(desk, args, talk).await?;
    let mut said = None;
    let (mut parts, mut is_kept) = (Vec::new(), false);
    let (service, staff) = match wanted {
        Wanted::Offered(slot) => (Some(slot.service), Some(slot.staff)),
        Wanted::Described { service, staff, when, .. } => {
            said = Some(when);
            (Some(service), staff)
        }
        Wanted::OfferedAll(slots) => {
            parts = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?.parts;
            (None, None)
        }
        Wanted::Together { parts: wanted, is_kept: kept, when } => {
            (said, parts, is_kept) = (Some(when), wanted, kept);
            (None, None)
        }
    };
    let after = match args.text(names::AFTER)? {
        None => said.and_then(|when| beginning(talk, &when)),
        Some(words) => beginning(talk, &talk.listener().hear(Some(&words), None)?),
    };
    let search_days = args.count(names::SEARCH_DAYS, NextRequest::MAX_SEARCH_DAYS)?.unwrap_or(SEARCH_DAYS);
    let Some(service) = service else {
        let wanted = (parts, is_kept, after, search_days);
        return Box::pin(sequence::search::next(desk, talk, &asker, wanted, notes)).await;
    };
    let requester = asker.requester.clone();
    let request =
        NextRequest { branch: talk.branch, service, staff, after, search_days, requester, limit: None };
    let found = desk.parts.bookings.next_available(&talk.scope, request).await?;
    let Some(first) = found.first() else {
        let reply = nothing_found().with("searched_days", search_days);
        return Ok(offer(desk, talk, reply, &[], notes).await.into());
    };
    let at = first.slot.start.with_timezone(&talk.zone());
    let message = format!(
        "Der nächste freie Termin wäre {} bei {}, passt Ihnen das?",
        speech::moment(at, talk.now),
        speech::plain(&talk.staff_name(first.slot.staff)),
    );
    let id = SlotId::encode(&first.slot).map(|name| name.as_str().to_owned());
    let reply = next_time(message, (at, id, search_days), talk.staff_name(first.slot.staff));
    Ok(offer(desk, talk, reply, &found, notes).await.into())
}

/// The answer for the next time; the same fields for one service and for several.
pub(crate) fn next_time(
    message: String,
    (at, slot_id, searched_days): (DateTime<Tz>, Option<String>, u32),
    staff: String,
) -> ToolReply {
    ToolReply::new(Status::Options, message)
        .with("next_available", at.to_rfc3339())
        .with("formatted_date", at.format("%d.%m.%Y").to_string())
        .with("formatted_time", at.format("%H:%M").to_string())
        .with_some("slot_id", slot_id)
        .with("staff", staff)
        .with("searched_days", searched_days)
        .next(NextAction::OfferAlternatives)
}

/// The first instant of what was said.
fn beginning(talk: &Conversation, when: &When) -> Option<DateTime<Utc>> {
    match when {
        When::Moment(moment) => Some(moment.at.to_utc()),
        When::Stretch(stretch) => {
            let first = stretch.days.first()?;
            Some(german_datetime::in_zone(stretch.from.on(*first), talk.zone()).first().to_utc())
        }
        When::Unsaid => None,
    }
}

/// Nothing is held or booked for somebody who may not book by telephone.
pub(crate) fn blocked(talk: &Conversation) -> ToolReply {
    let message = format!(
        "Das kann ich am Telefon leider nicht für Sie eintragen, soll sich jemand von {} bei Ihnen melden?",
        speech::plain(&talk.tenant.name)
    );
    ToolReply::new(Status::CustomerBlocked, message).next(NextAction::OfferCallback)
}

fn nothing_found() -> ToolReply {
    ToolReply::new(
        Status::NoAvailability,
        "In diesem Zeitraum finde ich leider nichts Freies, soll ich Sie auf die Warteliste setzen?",
    )
    .next(NextAction::OfferWaitingList)
}
