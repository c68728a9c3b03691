//! "Ist am Dienstag um halb drei etwas frei?" - "Dienstag, … ist bei Anna Petersen frei, soll ich das eintragen?"
//!
//! Free means free at that minute; the time is then held for this call. Another time is always an alternative, with
//! its date, and nothing is booked here.

use appointment::calendar::Certainty;
use appointment::commands::{CheckOutcome, CheckRequest, PartWish, SearchRequest};
use appointment::model::{Hold, OwnAppointment, Slot, SlotId, Unavailable};
use appointment::policy::alternatives::{RankedSlot, TimeWish, Wish};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::ports::{CallNotes, LastQuestion, Question};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::anybody;
use crate::tools::asker::{self, Asker};
use crate::tools::offers::{Asked, Promise, beside_own, offer, spoken_offers, spoken_times};
use crate::tools::person::own_of_named;
use crate::tools::refusals::{because, not_free, reason_code};
use crate::tools::sequence::{self, AskedAll};
use crate::tools::waiting_list::nothing_free;
use crate::tools::wish::{self, Wanted};
use crate::when::{Stretch, When};

pub(crate) async fn check(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = asker::asker(desk, args, talk).await?;
    let (wanted, notes) = wish::wanted(desk, args, talk, &asker).await?;
    // What says no time is about the one that was asked about.
    let asked_about = match &notes.asked {
        LastQuestion::Open(question) if question.is_of_booking() => question.start(),
        _ => None,
    };
    let says_when = !matches!(
        &wanted,
        Wanted::Described { when: When::Unsaid, .. } | Wanted::Together { when: When::Unsaid, .. }
    );
    // Whatever comes of it, this is another question than any before.
    let notes = match asked_about {
        Some(_) if !says_when => asker.noting_same(notes.closed()),
        _ => asker.noting(notes.closed()),
    };
    if asker.is_blocked() {
        return Err(blocked(talk).into());
    }
    // What says no time is else about the one that was wished for.
    let wished = notes.wished.filter(|_| asked_about.is_none());
    let (service, staff, is_kept, when) = match wanted {
        Wanted::Offered(slot) => {
            let asked = Asked::new(slot.service, Some(slot.staff), slot.start);
            return check_moment(desk, talk, &asker, asked, notes).await;
        }
        Wanted::Described { service, staff, is_kept, when } => {
            (service, staff, is_kept, when.or_wished(wished, talk.zone()))
        }
        Wanted::OfferedAll(slots) => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            return Box::pin(sequence::check_moment(desk, talk, &asker, asked, notes)).await;
        }
        Wanted::Together { parts, is_kept, when } => {
            let wish = (parts, is_kept, when.or_wished(wished, talk.zone()), asked_about);
            return Box::pin(check_together(desk, talk, &asker, wish, notes)).await;
        }
    };
    match when {
        When::Unsaid if let Some(start) = asked_about => {
            let asked = Asked { service, staff, start, inferred: Vec::new(), is_kept };
            check_moment(desk, talk, &asker, asked, notes).await
        }
        When::Moment(moment) => {
            let asked =
                Asked { service, staff, start: moment.at.to_utc(), inferred: moment.inferred, is_kept };
            check_moment(desk, talk, &asker, asked, notes).await
        }
        When::Stretch(stretch) => {
            let sought = Sought { service, staff, is_kept, moving: None };
            check_stretch(desk, talk, &asker, sought, stretch, notes).await
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
    (parts, is_kept, when, asked_about): (Vec<PartWish>, bool, When, Option<DateTime<Utc>>),
    notes: CallNotes,
) -> ToolResult {
    match when {
        When::Unsaid if let Some(start) = asked_about => {
            let asked = AskedAll::at(parts, start, Vec::new(), is_kept);
            sequence::check_moment(desk, talk, asker, asked, notes).await
        }
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
            let existing = own_of_named(desk, talk, asker, existing).await?;
            let reply = free(talk, slot, hold.as_ref(), &asked, certainty);
            return Ok(told_free(desk, talk, (slot, existing), reply, notes).await?.into());
        }
        CheckOutcome::Taken { reason, alternatives, existing } => (reason, alternatives, existing),
    };
    let existing = own_of_named(desk, talk, asker, existing).await?;
    if existing.is_none()
        && let Some(reply) = anybody::at_that_time(desk, talk, asker, &asked, &reason, &notes).await?
    {
        return Ok(reply.into());
    }
    let own = existing.filter(|_| reason.is_taken());
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
            "nach unserem Plan frei, im Kalender nachsehen kann ich aber gerade nicht, soll ich den Termin schon einmal vormerken"
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

/// What is looked for in a stretch of time.
pub(crate) struct Sought {
    pub(crate) service: ServiceId,
    pub(crate) staff: Option<StaffId>,
    /// The person was wished for earlier, and not with this time.
    pub(crate) is_kept: bool,
    /// The appointment that shall be moved there, if one shall.
    pub(crate) moving: Option<AppointmentId>,
}

/// Looks at a stretch of time: what is free in it, or near it, is offered.
pub(crate) async fn check_stretch(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    Sought { service, staff, is_kept, moving }: Sought,
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
        last_day: stretch.days.last().copied(),
        moving,
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
        (None, _) => nothing_free(
            talk,
            notes.wished,
            "In diesem Zeitraum und in der Nähe kann ich Ihnen gerade nichts anbieten, passt eine ganz andere Zeit oder",
        ),
    };
    let reply = match slots.is_empty() {
        true => reply,
        false => reply.next(NextAction::OfferAlternatives),
    };
    let reply = reply
        .with("available", !inside.is_empty())
        .with_some("reason", found.day.as_ref().filter(|_| inside.is_empty()).map(reason_code))
        .with("inferred", stretch.inferred);
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

/// Nothing is held or booked for somebody who may not book by telephone.
pub(crate) fn blocked(talk: &Conversation) -> ToolReply {
    let message = format!(
        "Das kann ich am Telefon leider nicht für Sie eintragen, soll sich jemand von {} bei Ihnen melden?",
        speech::plain(&talk.tenant.name)
    );
    ToolReply::new(Status::CustomerBlocked, message).next(NextAction::OfferCallback)
}
