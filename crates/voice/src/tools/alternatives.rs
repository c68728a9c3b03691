//! "Was hätten Sie denn sonst?", "Wann ist der nächste freie Termin?"

use appointment::BookingError;
use appointment::commands::{NextRequest, SearchRequest};
use appointment::model::{DateRange, SlotId};
use appointment::policy::alternatives::{RankedSlot, TimeWish, Wish};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use kernel::{ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{ToolResult, VoiceDesk};
use crate::names;
use crate::ports::{CallNotes, WishedTime};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::asker::{self, Asker};
use crate::tools::offers::{by_plan, offer, offer_first, spoken_free, spoken_offers};
use crate::tools::preference;
use crate::tools::refusals::reason_code;
use crate::tools::sequence::{self, AskedAll};
use crate::tools::waiting_list::nothing_free;
use crate::tools::wish::{self, Wanted};
use crate::when::When;

/// Days that "the next free time" looks ahead unless told otherwise.
const SEARCH_DAYS: u32 = 14;
/// What is said before the question what to do about it.
const NOTHING: &str = "In diesem Zeitraum finde ich leider nichts Freies,";
/// Alternatives in one answer at most, as the envelope promises.
const MOST_ALTERNATIVES: u32 = 3;

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

pub(crate) async fn get_alternatives(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = asker::asker(desk, args, talk).await?;
    let (wanted, notes) = wish::wanted(desk, args, talk, &asker).await?;
    let notes = asker.noting(notes);
    let limit = args.count(names::MAX, MOST_ALTERNATIVES)?;
    let (service, staff, when) = match wanted {
        Wanted::Offered(slot) => (slot.service, Some(slot.staff), When::at(slot.start, talk.zone())),
        Wanted::Described { service, staff, when, .. } => (service, staff, when),
        Wanted::OfferedAll(slots) => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            let when = When::at(asked.start(), talk.zone());
            let wanted = (asked.parts, false, when, limit);
            return Box::pin(sequence::search::alternatives(desk, talk, &asker, wanted, notes)).await;
        }
        Wanted::Together { parts, is_kept, when } => {
            let wanted = (parts, is_kept, when, limit);
            return Box::pin(sequence::search::alternatives(desk, talk, &asker, wanted, notes)).await;
        }
    };
    let when = when.or_wished(notes.wished, talk.zone());
    let (wish, asked) = wish_of(talk, &when);
    let requester = asker.requester.clone();
    let request = SearchRequest {
        branch: talk.branch,
        service,
        staff,
        wish,
        last_day: when.last_day(),
        moving: None,
        requester,
        limit,
    };
    let booked = preference::booked_in_call(desk, talk, (&asker, service)).await?;
    let found = desk.parts.bookings.search(&talk.scope, request).await?;
    let reply = match spoken_free(talk, staff, &found.slots) {
        _ if let Some(booked) = &booked => {
            preference::beside(talk, booked, spoken_offers(talk, &found.slots))
        }
        Some(free) => {
            ToolReply::new(Status::Options, format!("{}, was passt Ihnen?", speech::capital(&free)))
                .with("found", true)
                .next(NextAction::OfferAlternatives)
        }
        None => nothing_free(talk, notes.wished, NOTHING).with("found", false),
    };
    let reply = reply
        .with_some("original_request", asked.map(|at| at.format("%Y-%m-%d %H:%M").to_string()))
        .with("preference", serde_json::json!({"all_match_preference": found.all_match()}))
        .with("preference_context", preference::context(wish.time, &found))
        .with_some("reason", found.day.as_ref().map(reason_code));
    Ok(offer(desk, talk, reply, &found.slots, notes).await.into())
}

pub(crate) async fn find_next(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = asker::asker(desk, args, talk).await?;
    let (wanted, notes) = wish::wanted(desk, args, talk, &asker).await?;
    let notes = asker.noting(notes);
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
    let (after, within) = match args.text(names::AFTER)? {
        // "Wann ist nachmittags das nächste Mal frei?"
        None => (said.as_ref().and_then(|when| beginning(talk, when)), said.filter(When::has_hours)),
        Some(words) => {
            let says_time = |when: &When| matches!(when, When::Moment(_)) || when.has_hours();
            (beginning(talk, &talk.listener().hear(Some(&words), None)?), said.filter(says_time))
        }
    };
    let says_day = args.says_any(&[names::DATE, names::DATETIME])?;
    let hours = within.as_ref().and_then(When::wished).and_then(|wished| wished.hours);
    let within = within.map(|when| {
        let (wish, _) = wish_of(talk, &when);
        let after = after.map(|after| after.with_timezone(&talk.zone()).date_naive());
        // A day that was only spoken of before is none that was asked for now.
        let day = after.map_or(wish.day, |after| if says_day { after.max(wish.day) } else { after });
        Wish { day, ..wish }
    });
    let search_days = args.count(names::SEARCH_DAYS, NextRequest::MAX_SEARCH_DAYS)?.unwrap_or(SEARCH_DAYS);
    let Some(service) = service else {
        let wanted = (parts, is_kept, after, search_days);
        return Box::pin(sequence::search::next(desk, talk, &asker, wanted, notes)).await;
    };
    let when = (after, within, search_days);
    let mut found = next_times(desk, talk, &asker, (service, staff), when).await?;
    if found.is_empty() && staff.is_some() {
        // Whoever is wished for has nothing; that nobody has would be another answer.
        found = next_times(desk, talk, &asker, (service, None), when).await?;
    }
    // The next of whoever is wished for, if there is one, is what was asked for, and not an earlier one of others.
    if found.iter().any(|ranked| Some(ranked.slot.staff) == staff) {
        found.retain(|ranked| Some(ranked.slot.staff) == staff);
    }
    let Some(first) = found.first() else {
        // Who waits, waits for what was looked for.
        let notes = CallNotes { wished: Some(WishedTime { days: searched(talk, when), hours }), ..notes };
        let reply = nothing_free(talk, notes.wished, NOTHING).with("searched_days", search_days);
        return Ok(offer(desk, talk, reply, &[], notes).await.into());
    };
    let at = first.slot.start.with_timezone(&talk.zone());
    let requested = staff.filter(|wished| *wished != first.slot.staff).map(|wished| talk.staff_name(wished));
    // Of a part of the day only the best times are known, not that there are no others.
    let nothing = if within.is_some() {
        "habe ich dafür gerade nichts gefunden"
    } else {
        "finde ich in diesem Zeitraum leider nichts Freies"
    };
    // Not the next that is free: what others were offered just now is left to them.
    let message = format!(
        "{} kann ich Ihnen {}{} bei {} einen Termin anbieten, passt Ihnen das?",
        requested.as_deref().map_or_else(
            || "Als Nächstes".to_owned(),
            |wished| format!("Bei {} {nothing}, sonst", speech::plain(wished))
        ),
        by_plan(first.certainty),
        speech::moment(at, talk.now),
        speech::plain(&talk.staff_name(first.slot.staff)),
    );
    let id = SlotId::encode(&first.slot).map(|name| name.as_str().to_owned());
    let reply = next_time(message, (at, id, search_days), talk.staff_name(first.slot.staff))
        .with_some("requested_staff", requested);
    Ok(offer_first(desk, talk, reply, (first, &found), notes).await.into())
}

/// From when on, in which part of the day, and how many days ahead.
type Search = (Option<DateTime<Utc>>, Option<Wish>, u32);

/// The days that were searched.
fn searched(talk: &Conversation, (after, within, search_days): Search) -> DateRange {
    let from = after.unwrap_or(talk.now).with_timezone(&talk.zone()).date_naive();
    let first = within.map_or(from, |wish| wish.day);
    DateRange::new(first, first + TimeDelta::days(i64::from(search_days)))
}

/// The next times of a service, with whom it is wished for; of a part of the day where one was said.
async fn next_times(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (service, staff): (ServiceId, Option<StaffId>),
    search: Search,
) -> Result<Vec<RankedSlot>, BookingError> {
    let (branch, requester) = (talk.branch, asker.requester.clone());
    let (after, within, search_days) = search;
    let Some(wish) = within else {
        let request = NextRequest { branch, service, staff, after, search_days, requester, limit: None };
        return desk.parts.bookings.next_available(&talk.scope, request).await;
    };
    let last_day = Some(searched(talk, search).last());
    let request =
        SearchRequest { branch, service, staff, wish, last_day, moving: None, requester, limit: None };
    let mut found = desk.parts.bookings.search(&talk.scope, request).await?.slots;
    let is_after = |start: DateTime<Utc>| after.is_none_or(|after| start >= after);
    found.retain(|ranked| ranked.matches_preference && is_after(ranked.slot.start));
    found.sort_by_key(|ranked| ranked.slot.start);
    Ok(found)
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
