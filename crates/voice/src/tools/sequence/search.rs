//! "Am Dienstagvormittag", "wann geht denn beides zusammen?" - sequences for a time that is no minute.

use appointment::commands::{
    NextRequest, NextSequencesRequest, OfferedSequence, PartWish, SearchSequencesRequest, SequencesFound,
};
use appointment::policy::alternatives::{TimeWish, Wish};
use chrono::{DateTime, Days, NaiveDate, Utc};
use kernel::StaffId;
use serde_json::json;

use super::{offer, offer_first, words};
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::ports::CallNotes;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::alternatives::{next_time, wish_of};
use crate::tools::asker::Asker;
use crate::tools::availability::{which_minute, why_not_that_day};
use crate::tools::offers::by_plan;
use crate::tools::refusals::reason_code;

use crate::when::{Stretch, When};

/// Sequences in a stretch of time, or near it.
pub(crate) async fn check_stretch(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (parts, is_kept, stretch): (Vec<PartWish>, bool, Stretch),
    notes: CallNotes,
) -> ToolResult {
    let (Some(first), true) = (stretch.days.first().copied(), stretch.has_hours || stretch.days.len() == 1)
    else {
        desk.note(talk, notes).await;
        return Err(which_minute(stretch).into());
    };
    let whole = words::all(parts.len());
    let first_part = parts.first().copied();
    let wish = Wish { day: first, time: stretch.time() };
    let fits = |offered: &OfferedSequence| is_inside(talk, &stretch, offered);
    let wish = (wish, stretch.days.last().copied(), None);
    let (found, without) = search(desk, talk, asker, (parts, is_kept), wish, &fits).await?;
    let SequencesFound { sequences, day, .. } = found;
    let inside: Vec<_> = sequences.iter().filter(|offered| fits(offered)).cloned().collect();
    let why_not = first_part
        .and_then(|part| why_not_that_day(talk, day.as_ref(), &stretch, (part.service, part.staff)));
    let slots = if inside.is_empty() { &sequences } else { &inside };
    let reply = match (words::spoken_offers(talk, slots), inside.is_empty()) {
        (Some(offered), false) => {
            let message =
                format!("{} nacheinander ginge {offered}, was passt Ihnen?", speech::capital(whole));
            ToolReply::new(Status::Options, message)
        }
        (Some(offered), true) => {
            // Some beginnings were tried, not all there are.
            let why = why_not.unwrap_or_else(|| {
                format!("In diesem Zeitraum kann ich Ihnen {whole} nacheinander gerade nicht anbieten")
            });
            let message = format!("{why}, ich hätte aber {offered}, was passt Ihnen?");
            ToolReply::new(Status::Unavailable, message)
        }
        (None, _) => nothing_found(whole),
    };
    let next = if slots.is_empty() { NextAction::OfferCallback } else { NextAction::OfferAlternatives };
    let reply = not_alone(talk, reply, without)
        .with("available", !inside.is_empty())
        .with_some("reason", day.as_ref().filter(|_| inside.is_empty()).map(reason_code))
        .with("inferred", stretch.inferred)
        .next(next);
    Ok(offer(desk, talk, reply, slots, notes).await.into())
}

fn is_inside(talk: &Conversation, stretch: &Stretch, offered: &OfferedSequence) -> bool {
    let Some(first) = offered.slots.first() else { return false };
    stretch.holds(talk.zone(), first.start)
}

/// What is free around a wish. A person who was wished for earlier is looked for first; where nothing fits, what others
/// can do is not kept from the caller, and the person comes along.
async fn search(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (parts, is_kept): (Vec<PartWish>, bool),
    (wish, last_day, limit): (Wish, Option<NaiveDate>, Option<u32>),
    fits: &(dyn Fn(&OfferedSequence) -> bool + Sync),
) -> Result<(SequencesFound, Option<Without>), Stop> {
    let requester = asker.requester.clone();
    let request = SearchSequencesRequest { branch: talk.branch, parts, wish, last_day, requester, limit };
    let found = desk.parts.bookings.search_sequences(&talk.scope, &request).await?;
    let Some((anybody, wished)) = with_anybody(&request.parts, is_kept) else { return Ok((found, None)) };
    if found.sequences.iter().any(fits) {
        return Ok((found, None));
    }
    let request = SearchSequencesRequest { parts: anybody, ..request };
    let others = desk.parts.bookings.search_sequences(&talk.scope, &request).await?;
    let known = match wish.time {
        _ if found.tried_all => Known::Impossible,
        TimeWish::At(_) => Known::NoOtherFound,
        _ => Known::NothingFound,
    };
    let without = Without { staff: wished, known };
    Ok(if others.sequences.iter().any(fits) { (others, Some(without)) } else { (found, None) })
}

/// The same parts with anybody, and who was wished for earlier.
pub(super) fn with_anybody(parts: &[PartWish], is_kept: bool) -> Option<(Vec<PartWish>, StaffId)> {
    let wished = parts.iter().find_map(|part| part.staff).filter(|_| is_kept)?;
    Some((parts.iter().map(|part| PartWish { staff: None, ..*part }).collect(), wished))
}

/// A person who was wished for, where what is offered is what others can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Without {
    pub(super) staff: StaffId,
    pub(super) known: Known,
}

/// What is known of a wish with a person alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known {
    /// Every beginning that the wish allows was tried in every way.
    Impossible,
    /// Nothing was found; not all that the wish allows was tried.
    NothingFound,
    /// The same, of a wish for another time than a minute, which itself was not tried.
    NoOtherFound,
}

impl Known {
    pub(super) const fn of(tried_all: bool) -> Self {
        if tried_all { Self::Impossible } else { Self::NothingFound }
    }
}

/// Says beforehand what a person alone cannot have, as far as it is known.
pub(super) fn not_alone(talk: &Conversation, mut reply: ToolReply, without: Option<Without>) -> ToolReply {
    let Some(Without { staff, known }) = without else { return reply };
    let name = talk.staff_name(staff);
    let how = match known {
        Known::Impossible => "geht das leider nicht",
        Known::NothingFound => "finde ich dafür gerade nichts Freies",
        Known::NoOtherFound => "finde ich gerade keine andere Zeit",
    };
    reply.message = format!("Allein bei {} {how}, {}", speech::plain(&name), speech::small(&reply.message));
    reply.with("requested_staff", name)
}

/// Whole sequences around what was said.
pub(crate) async fn alternatives(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (parts, is_kept, when, limit): (Vec<PartWish>, bool, When, Option<u32>),
    notes: CallNotes,
) -> ToolResult {
    let (wish, asked) = wish_of(talk, &when);
    let whole = words::all(parts.len());
    let wish = (wish, when.last_day(), limit);
    let (found, without) = search(desk, talk, asker, (parts, is_kept), wish, &|_| true).await?;
    let SequencesFound { sequences, day, .. } = found;
    let reply = match words::spoken_offers(talk, &sequences) {
        Some(offered) => {
            let message =
                format!("{} nacheinander ginge {offered}, was passt Ihnen?", speech::capital(whole));
            ToolReply::new(Status::Options, message).with("found", true).next(NextAction::OfferAlternatives)
        }
        None => nothing_found(whole).with("found", false),
    };
    let all_match = sequences.iter().all(|offered| offered.matches_preference);
    let reply = not_alone(talk, reply, without)
        .with_some("original_request", asked.map(|at| at.format("%Y-%m-%d %H:%M").to_string()))
        .with("preference", json!({"all_match_preference": all_match}))
        .with_some("reason", day.as_ref().map(reason_code));
    Ok(offer(desk, talk, reply, &sequences, notes).await.into())
}

/// The next whole sequences from an instant on.
pub(crate) async fn next(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (parts, is_kept, after, search_days): (Vec<PartWish>, bool, Option<DateTime<Utc>>, u32),
    notes: CallNotes,
) -> ToolResult {
    let whole = words::all(parts.len());
    let requester = asker.requester.clone();
    let request =
        NextSequencesRequest { branch: talk.branch, parts, after, search_days, requester, limit: None };
    let mut next = desk.parts.bookings.next_sequences(&talk.scope, &request).await?;
    let mut without = None;
    let (tried_until, tried_all) = (next.tried_until, next.tried_all);
    if let (true, Some((parts, wished))) = (next.sequences.is_empty(), with_anybody(&request.parts, is_kept))
    {
        let request = NextSequencesRequest { parts, ..request };
        next = desk.parts.bookings.next_sequences(&talk.scope, &request).await?;
        without = Some(wished);
    }
    let found = next.sequences;
    let Some((first, slot)) = found.first().and_then(|first| Some((first, first.slots.first()?))) else {
        let reply = match next.tried_until {
            Some(until) => not_further(talk, whole, until),
            None => nothing_found(whole).with("searched_days", search_days),
        };
        return Ok(offer(desk, talk, reply, &[], notes).await.into());
    };
    let at = slot.start.with_timezone(&talk.zone());
    let message = format!(
        "Das nächste Mal geht {whole} nacheinander {}{}, {}, passt Ihnen das?",
        by_plan(first.certainty),
        speech::moment(at, talk.now),
        words::course(talk, &first.slots),
    );
    let (id, staff) = (words::slot_id(&first.slots), words::people(talk, &first.slots));
    let reply = next_time(message, (at, id, search_days), staff)
        .with("parts", words::parts(talk, &first.slots, |_| None));
    let looked = Looked { after, search_days, tried_until };
    let reply = match without {
        Some(staff) if tried_all => not_alone_until(talk, reply, staff, looked),
        Some(staff) => not_alone(talk, reply, Some(Without { staff, known: Known::NothingFound })),
        None => reply,
    };
    Ok(offer_first(desk, talk, reply, (first, &found), notes).await.into())
}

/// How far it was looked.
#[derive(Clone, Copy)]
struct Looked {
    after: Option<DateTime<Utc>>,
    search_days: u32,
    /// Where the search stopped before the last of the days.
    tried_until: Option<DateTime<Utc>>,
}

/// Says beforehand until when a person alone cannot have it; nobody has looked any further.
fn not_alone_until(talk: &Conversation, mut reply: ToolReply, staff: StaffId, looked: Looked) -> ToolReply {
    let zone = talk.zone();
    let stopped = looked.tried_until.map(|until| until.with_timezone(&zone));
    let until = match stopped {
        Some(until) => speech::moment_as_aim(until, talk.now),
        None => {
            let from = looked.after.unwrap_or(talk.now).max(talk.now).with_timezone(&zone).date_naive();
            let days = looked.search_days.clamp(1, NextRequest::MAX_SEARCH_DAYS) - 1;
            let last = from.checked_add_days(Days::new(days.into())).unwrap_or(from);
            let today = talk.now.with_timezone(&zone).date_naive();
            format!("{},", speech::day_as_aim(last, today))
        }
    };
    let name = talk.staff_name(staff);
    reply.message = format!(
        "Bis {until} geht das allein bei {} leider nicht, {}",
        speech::plain(&name),
        speech::small(&reply.message)
    );
    reply.with("requested_staff", name).with_some("searched_until", stopped.map(|until| until.to_rfc3339()))
}

/// So much leads nowhere that it was not looked any further.
fn not_further(talk: &Conversation, whole: &str, until: DateTime<Utc>) -> ToolReply {
    let until = until.with_timezone(&talk.zone());
    let message = format!(
        "Bis {} finde ich für {whole} nacheinander leider nichts Freies, weiter habe ich noch nicht nachgesehen, ab welchem Tag soll ich weitersuchen?",
        speech::moment_as_aim(until, talk.now),
    );
    ToolReply::new(Status::NoAvailability, message)
        .with("searched_until", until.to_rfc3339())
        .next(NextAction::AskCaller)
}

/// The waiting list is for one service, so a person has to look.
fn nothing_found(whole: &str) -> ToolReply {
    let message = format!(
        "In diesem Zeitraum finde ich für {whole} nacheinander leider nichts Freies, soll sich jemand dazu bei Ihnen melden?"
    );
    ToolReply::new(Status::NoAvailability, message).next(NextAction::OfferCallback)
}
