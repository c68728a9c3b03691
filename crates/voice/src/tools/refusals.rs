//! Why a time cannot be had: the words that several tools share.

use appointment::model::{DayHours, FacilityKind, OpeningDay, Service, Unavailable};
use appointment::policy::alternatives::RankedSlot;

use crate::conversation::Conversation;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::offers::{Asked, spoken_free};

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
