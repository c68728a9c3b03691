//! Why a time cannot be had, and what can be had instead: the words that several tools share.

use appointment::calendar::Certainty;
use appointment::model::{
    Appointment, AppointmentSnapshot, DayHours, FacilityKind, OpeningDay, OwnAppointment, Service, SlotId,
    Unavailable,
};
use appointment::policy::alternatives::{OfferKind, RankedSlot};
use chrono::{DateTime, Utc};
use kernel::{ServiceId, StaffId};
use serde_json::json;

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::effect::Standing;
use crate::names;
use crate::ports::CallNotes;
use crate::reply::{Alternative, NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::standing::spoken_in_the_way;

/// Alternatives said in one breath; the third one is in the data.
pub(crate) const SPOKEN: usize = 2;
/// A minute somebody asked for.
pub(crate) struct Asked {
    pub(crate) service: ServiceId,
    pub(crate) staff: Option<StaffId>,
    pub(crate) start: DateTime<Utc>,
    pub(crate) inferred: Vec<&'static str>,
    /// The person comes from an earlier question of the call and was not named for this time.
    pub(crate) is_kept: bool,
}

impl Asked {
    /// A minute that was asked for as it is.
    pub(crate) const fn new(service: ServiceId, staff: Option<StaffId>, start: DateTime<Utc>) -> Self {
        Self { service, staff, start, inferred: Vec::new(), is_kept: false }
    }
}

/// The caller's own appointment is in the way; another one beside it can only be had if somebody is free.
pub(crate) async fn own_overlaps(
    desk: &VoiceDesk,
    talk: &Conversation,
    own: &OwnAppointment,
    is_free: bool,
) -> Result<ToolReply, Stop> {
    let found = desk.parts.bookings.find(&talk.scope, own.id).await?;
    let found = found.as_ref().map(Appointment::snapshot);
    Ok(talk.about(own.branch, |there| overlaps(there, own, found, is_free)))
}

/// An answer about a time at which the caller may have something already: that is told first, and the answer's data come
/// along.
pub(crate) async fn beside_own(
    desk: &VoiceDesk,
    talk: &Conversation,
    (own, is_free): (Option<OwnAppointment>, bool),
    reply: ToolReply,
) -> Result<ToolReply, Stop> {
    let Some(own) = own else { return Ok(reply) };
    desk.visit(talk, vec![own.branch]).await?;
    let mut overlaps = own_overlaps(desk, talk, &own, is_free).await?;
    overlaps.data.extend(reply.data);
    Ok(overlaps)
}

fn overlaps(
    talk: &Conversation,
    own: &OwnAppointment,
    found: Option<&AppointmentSnapshot>,
    is_free: bool,
) -> ToolReply {
    let standing = found.map_or(Standing::Superseded, Standing::of);
    let at = own.starts_at.with_timezone(&talk.zone());
    let service = speech::plain(&talk.service_name(own.service));
    let message = format!(
        "{}, {}?",
        spoken_in_the_way(talk, &speech::moment(at, talk.now), &service, standing),
        // Whatever a plain yes would do, is all that is asked.
        if is_free {
            "soll ich trotzdem einen weiteren dazu eintragen"
        } else {
            "möchten Sie ihn verschieben"
        },
    );
    let options: &[&str] = if is_free {
        &["keep_existing", "reschedule", "book_additional"]
    } else {
        &["keep_existing", "reschedule"]
    };
    ToolReply::new(Status::OwnAppointmentOverlaps, message)
        .with("has_existing_appointment", true)
        .with("existing_appointment_id", own.id.to_string())
        .with("existing_appointment_time", at.to_rfc3339())
        .with_some("decides", is_free.then_some(names::ADDITIONAL[0]))
        .with(
            "existing_appointment",
            json!({
                "id": own.id.to_string(),
                "start": at.to_rfc3339(),
                "date": at.format("%Y-%m-%d").to_string(),
                "time": at.format("%H:%M").to_string(),
                "service": talk.service_name(own.service),
                "staff": talk.staff_name(own.staff),
                "status": found.map(|found| found.status.as_str()),
            }),
        )
        .with("options", options)
        .next(NextAction::AskCaller)
}

/// The answer for a minute that cannot be had.
pub(crate) fn not_free(
    talk: &Conversation,
    reason: &Unavailable,
    asked: &Asked,
    alternatives: &[RankedSlot],
) -> ToolReply {
    let words = Refusal {
        why: because(talk, reason, asked),
        offered: spoken_free(talk, asked.staff, alternatives),
        nothing: "ist leider auch nichts frei".to_owned(),
    };
    refused(talk, reason, asked, words)
}

/// The words of a refusal, as main clauses.
pub(crate) struct Refusal {
    pub(crate) why: String,
    /// What can be had instead, if anything.
    pub(crate) offered: Option<String>,
    /// That there is nothing else near, without saying where.
    pub(crate) nothing: String,
}

/// The answer for what cannot be had at a time: the same fields for one service and for several, about the first of them.
pub(crate) fn refused(
    talk: &Conversation,
    reason: &Unavailable,
    asked: &Asked,
    Refusal { why, offered, nothing }: Refusal,
) -> ToolReply {
    let at = asked.start.with_timezone(&talk.zone());
    if asked.start < talk.now {
        let over = german_datetime::UnderstandError::PastTime { at: at.naive_local() };
        return talk.listener().refuse(&over);
    }
    let message = match (&offered, reason) {
        (_, Unavailable::StaffCannot | Unavailable::NotOffered) => {
            format!("{why}, darf es etwas anderes sein?")
        }
        (Some(offered), _) => format!("{why}, {offered}, was passt Ihnen?"),
        (None, _) => format!("{why} und in der Nähe {nothing}, passt Ihnen eine ganz andere Zeit?"),
    };
    let (earliest, notice) = match reason {
        Unavailable::TooSoon { earliest } => (
            Some(earliest.with_timezone(&talk.zone()).to_rfc3339()),
            Some(talk.catalogue.notice_minutes(asked.service)),
        ),
        _ => (None, None),
    };
    ToolReply::new(refusal_status(reason, offered.is_none()), message)
        .with("available", false)
        .with("requested_time", at.format("%Y-%m-%d %H:%M").to_string())
        .with("reason", reason_code(reason))
        .with_some("earliest_bookable", earliest)
        .with_some("minimum_notice_minutes", notice)
        .with("inferred", asked.inferred.clone())
        .next(NextAction::OfferAlternatives)
}

/// The status of the answer for a time that cannot be had.
const fn refusal_status(reason: &Unavailable, nothing_else: bool) -> Status {
    match reason {
        Unavailable::TooSoon { .. } => Status::TooSoon,
        Unavailable::TooFar { .. } => Status::TooFar,
        Unavailable::StaffCannot => Status::StaffCannot,
        Unavailable::NotOffered => Status::ServiceUnknown,
        Unavailable::JustTaken => Status::SlotTaken,
        _ if nothing_else => Status::NoAvailability,
        _ => Status::Unavailable,
    }
}

/// The rule that removed a slot, as a stable word.
pub(crate) const fn reason_code(reason: &Unavailable) -> &'static str {
    match reason {
        Unavailable::NotOffered => "not_offered",
        Unavailable::StaffCannot => "staff_cannot_provide_service",
        Unavailable::TooSoon { .. } => "booking_notice_violation",
        Unavailable::TooFar { .. } => "beyond_horizon",
        Unavailable::Closed { .. } => "closed",
        Unavailable::OutsideHours => "outside_hours",
        Unavailable::Break => "break",
        Unavailable::OffGrid => "off_grid",
        Unavailable::StaffAbsent => "staff_absent",
        Unavailable::StaffOff => "staff_off",
        Unavailable::Busy(_) => "occupied",
        Unavailable::FacilityTaken { .. } => "facility_occupied",
        Unavailable::NoFacility => "no_facility",
        Unavailable::BusyElsewhere => "occupied_in_outside_calendar",
        Unavailable::NotAllowedElsewhere => "outside_calendar_rules",
        Unavailable::NotVerified => "outside_calendar_silent",
        Unavailable::PartBefore => "part_before",
        Unavailable::JustTaken => "just_taken",
        Unavailable::NotLoaded => "not_known",
    }
}

/// The rule that removed a slot, in a main clause.
pub(crate) fn because(talk: &Conversation, reason: &Unavailable, asked: &Asked) -> String {
    let at = asked.start.with_timezone(&talk.zone());
    let today = talk.today();
    let moment = speech::capital(&speech::moment(at, talk.now));
    let day = speech::capital(&speech::on_day(at.date_naive(), today));
    match reason {
        Unavailable::Closed { reason: Some(reason) } => {
            format!("{day}, haben wir geschlossen, {}", speech::closed_because(reason))
        }
        Unavailable::Closed { reason: None } => format!("{day}, haben wir geschlossen"),
        Unavailable::OutsideHours => format!("{moment} passt der Termin nicht in unsere Öffnungszeiten"),
        Unavailable::Break => because_of_break(talk, asked, &moment),
        Unavailable::OffGrid => format!("Genau {} vergeben wir keine Termine", speech::moment(at, talk.now)),
        Unavailable::TooSoon { .. } => format!("{moment} ist zu kurzfristig"),
        Unavailable::TooFar { latest } => {
            format!(
                "So weit im Voraus kann ich nicht buchen, möglich ist es bis {}",
                speech::day_as_aim(*latest, today)
            )
        }
        Unavailable::JustTaken => format!("{moment} wurde gerade eben vergeben"),
        Unavailable::NotOffered => "Diese Leistung bieten wir hier nicht an".to_owned(),
        Unavailable::StaffCannot => {
            "Diese Leistung wird von der gewünschten Person nicht angeboten".to_owned()
        }
        Unavailable::NotVerified => {
            format!("{moment} kann ich gerade nicht sicher prüfen, da der Kalender nicht antwortet")
        }
        Unavailable::NotAllowedElsewhere => format!("{moment} lässt der Kalender keine Buchung zu"),
        Unavailable::FacilityTaken { group, .. } => match talk.catalogue.facility_group(*group) {
            Some(group) if group.kind == FacilityKind::Room => format!("{moment} ist leider kein Platz frei"),
            Some(_) | None => format!("{moment} ist das nötige Gerät leider nicht frei"),
        },
        Unavailable::StaffAbsent
        | Unavailable::NoFacility
        | Unavailable::PartBefore
        | Unavailable::StaffOff
        | Unavailable::Busy(_)
        | Unavailable::BusyElsewhere
        | Unavailable::NotLoaded => match asked.staff {
            Some(staff) => {
                format!("{moment} ist bei {} leider nicht frei", speech::plain(&talk.staff_name(staff)))
            }
            None => format!("{moment} ist leider nicht frei"),
        },
    }
}

/// How the break is in the way: it is on, the appointment would reach into it, or it is only what the person does before or
/// after the appointment that would.
fn because_of_break(talk: &Conversation, asked: &Asked, moment: &str) -> String {
    let at = asked.start.with_timezone(&talk.zone());
    let date = at.date_naive();
    let begins = u32::from(german_datetime::MinuteOfDay::from(at.time()).minutes());
    let service = talk.catalogue.service(asked.service);
    let ends = begins + service.map_or(1, Service::duration_minutes);
    let work = |hours: &[DayHours], until: u32| {
        let mut hours = hours.iter().map(|hours| (u32::from(hours.from), u32::from(hours.until)));
        hours.find(|(opens, closes)| *opens <= begins && until <= *closes)
    };
    let is_open = |until| match talk.catalogue.opening_on(date) {
        OpeningDay::Open(hours) => work(hours, until).is_some(),
        OpeningDay::Closed(_) | OpeningDay::Rest => false,
    };
    let people = || {
        let performers = talk.catalogue.performers(asked.service);
        performers.filter(|person| asked.staff.is_none_or(|staff| staff == person.id))
    };
    let around = service.filter(|_| is_open(ends)).and_then(|service| {
        let (before, after) = (service.buffer_before_min, service.buffer_after_min);
        people().map(|person| person.hours.on_date(date)).find_map(|hours| {
            let (opens, closes) = work(hours, ends)?;
            let goes_on = hours.iter().any(|later| u32::from(later.from) > closes);
            let began = hours.iter().any(|earlier| u32::from(earlier.until) < opens);
            if goes_on && closes < ends + after {
                let after = speech::minutes(after);
                Some(format!("nach dem Termin braucht es noch {after}, da beginnt aber die Pause"))
            } else if began && begins < opens + before {
                let before = speech::minutes(before);
                Some(format!("vor dem Termin braucht es noch {before}, da ist aber noch Pause"))
            } else {
                None
            }
        })
    });
    let next = begins + 1;
    match around {
        Some(around) => format!("{moment} ist leider nicht frei, {around}"),
        None if is_open(next) && people().any(|person| work(person.hours.on_date(date), next).is_some()) => {
            format!("{moment} würde der Termin in die Pause hineinreichen")
        }
        None => format!("{moment} ist Pause"),
    }
}

/// Attaches the alternatives and remembers them, so that "den zweiten" has a meaning.
pub(crate) async fn offer(
    desk: &VoiceDesk,
    talk: &Conversation,
    reply: ToolReply,
    slots: &[RankedSlot],
    notes: CallNotes,
) -> ToolReply {
    desk.note(talk, notes.offering(slots.iter().map(|ranked| ranked.slot).collect())).await;
    with_offers(talk, reply, slots)
}

/// The same where the first alone was said aloud: that is what a yes is about, and the others have their ids.
pub(crate) async fn offer_first(
    desk: &VoiceDesk,
    talk: &Conversation,
    reply: ToolReply,
    (first, slots): (&RankedSlot, &[RankedSlot]),
    notes: CallNotes,
) -> ToolReply {
    desk.note(talk, notes.offering(vec![first.slot])).await;
    with_offers(talk, reply, slots)
}

fn with_offers(talk: &Conversation, reply: ToolReply, slots: &[RankedSlot]) -> ToolReply {
    let certainty = certainty(slots);
    let alternative = |ranked: &RankedSlot| {
        let (slot, id) = (&ranked.slot, SlotId::encode(&ranked.slot)?);
        Some(alternative(talk, (id, slot.start, ranked.kind), talk.staff_name(slot.staff)))
    };
    attach(talk, reply, slots.iter().filter_map(alternative).collect(), certainty)
}

/// Attaches what can be chosen instead, as of when an outside calendar has offered it, and notes if that is not verified.
pub(crate) fn attach(
    talk: &Conversation,
    mut reply: ToolReply,
    alternatives: Vec<Alternative>,
    certainty: Certainty,
) -> ToolReply {
    if !certainty.is_verified() {
        reply = reply.with("certainty", "unverified");
    }
    let as_of = certainty.as_of().map(|at| at.with_timezone(&talk.zone()).to_rfc3339());
    reply = reply.with_some("as_of", as_of);
    if alternatives.is_empty() && reply.next_action == Some(NextAction::OfferAlternatives) {
        reply = reply.next(NextAction::AskCaller);
    }
    reply.offering(alternatives)
}

/// What can be chosen, by its id and its beginning.
pub(crate) fn alternative(
    talk: &Conversation,
    (id, start, kind): (SlotId, DateTime<Utc>, OfferKind),
    staff: String,
) -> Alternative {
    let at = start.with_timezone(&talk.zone());
    Alternative {
        slot_id: id.to_string(),
        start: at.to_rfc3339(),
        date: at.format("%Y-%m-%d").to_string(),
        time: at.format("%H:%M").to_string(),
        staff,
        spoken: speech::moment(at, talk.now),
        kind: kind.as_str().to_owned(),
    }
}

/// How far a time that is free is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It is free and held.
    Held,
    /// It is free, but it could not be held.
    NotHeld,
    /// By the company's own plan; the calendar does not answer.
    ByOurPlan,
}

impl Promise {
    pub(crate) const fn of(certainty: Certainty, is_held: bool) -> Self {
        match (certainty.is_verified(), is_held) {
            (false, _) => Self::ByOurPlan,
            (true, true) => Self::Held,
            (true, false) => Self::NotHeld,
        }
    }

    /// The answer with these words, and how far they can be relied on.
    pub(crate) fn reply(self, talk: &Conversation, certainty: Certainty, message: String) -> ToolReply {
        let status = match self {
            Self::Held => Status::Available,
            Self::NotHeld => Status::NotHeld,
            Self::ByOurPlan => Status::Unverified,
        };
        ToolReply::new(status, message)
            .with("available", certainty.is_verified())
            .with_some("certainty", (self == Self::ByOurPlan).then_some("unverified"))
            .with_some("as_of", certainty.as_of().map(|at| at.with_timezone(&talk.zone()).to_rfc3339()))
            .with("awaiting_confirmation", true)
            .next(NextAction::AskForConfirmation)
    }
}

/// The first alternatives as clock times, for a day that was just said: "um neun Uhr oder um halb zehn".
pub(crate) fn spoken_times(talk: &Conversation, slots: &[RankedSlot]) -> String {
    let zone = talk.zone();
    let times: Vec<_> = slots
        .iter()
        .take(SPOKEN)
        .map(|ranked| format!("um {}", speech::clock(ranked.slot.start.with_timezone(&zone).time())))
        .collect();
    format!("{}{}", by_plan(certainty(slots)), speech::or_list(&times))
}

/// The first alternatives as words; `None` if there are none.
pub(crate) fn spoken_offers(talk: &Conversation, slots: &[RankedSlot]) -> Option<String> {
    spoken_starts(talk, slots.iter().map(|ranked| ranked.slot.start), certainty(slots))
}

/// That these are free, and whose they are if somebody else was wished for; `None` if there are none.
pub(crate) fn spoken_free(
    talk: &Conversation,
    wished: Option<StaffId>,
    slots: &[RankedSlot],
) -> Option<String> {
    let offered = spoken_offers(talk, slots)?;
    let spoken = || slots.iter().take(SPOKEN).map(|ranked| ranked.slot.staff);
    let others: Vec<StaffId> =
        spoken().filter(|staff| wished.is_some_and(|wished| wished != *staff)).collect();
    let Some(other) = others.first() else { return Some(format!("frei wäre {offered}")) };
    let whose = if others.len() < spoken().count() {
        "auch bei anderen".to_owned()
    } else if others.iter().all(|staff| staff == other) {
        format!("bei {}", speech::plain(&talk.staff_name(*other)))
    } else {
        "bei anderen".to_owned()
    };
    Some(format!("{whose} wäre {offered} frei"))
}

fn certainty(slots: &[RankedSlot]) -> Certainty {
    Certainty::least(slots.iter().map(|ranked| ranked.certainty))
}

/// Said just before free times, and of nothing else in the sentence, where they are free by the company's own plan alone.
pub(crate) const fn by_plan(certainty: Certainty) -> &'static str {
    if certainty.is_verified() {
        ""
    } else {
        "nach unserem Plan, im Kalender nachsehen kann ich gerade nicht, "
    }
}

/// The first of these instants as words, the day said only where it changes; `None` if there are none.
pub(crate) fn spoken_starts(
    talk: &Conversation,
    starts: impl Iterator<Item = DateTime<Utc>>,
    certainty: Certainty,
) -> Option<String> {
    let moments: Vec<_> = starts.take(SPOKEN).map(|start| start.with_timezone(&talk.zone())).collect();
    (!moments.is_empty()).then(|| {
        let said = german_datetime::speak::moments(&moments, talk.local_now());
        format!("{}{said}", by_plan(certainty))
    })
}
