//! "Setzen Sie mich bitte auf die Warteliste." - "Sie stehen für … auf der Warteliste, wird etwas frei, ruft … Sie an."
//!
//! For a caller who found nothing that fits: what is free is offered first. Said only after the wish is committed, and
//! only with a number that can be dialled; nothing is promised but that somebody calls when a time becomes free. Person
//! and hours that are waited for are said, wherever in the call they were named.

use appointment::commands::{CheckOutcome, CheckRequest, SearchRequest};
use appointment::model::{DateRange, OpeningDay};
use appointment::policy::alternatives::{RankedSlot, TimeWish, Wish};
use appointment::waiting::{DayWindow, NewWish, NoteOutcome, UnmetWish};
use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use kernel::{PersonName, PhoneNumber, ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::{Effect, Standing};
use crate::names;
use crate::numbers;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, WishedTime};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;
use crate::tools::anybody;
use crate::tools::asker::{self, Asker};
use crate::tools::availability::{blocked, check_moment};
use crate::tools::booking::repeated;
use crate::tools::callback::ask_for_number;
use crate::tools::offers::{Asked, SPOKEN, offer, spoken_offers};
use crate::tools::wish::{self, Wanted};
use crate::tools::yes;
use crate::when;

/// Minutes before and after a wished minute that are as good.
const AROUND: u16 = 30;

/// The last minute of a day.
pub(crate) const LAST: u16 = 1439;

/// What is waited for.
#[derive(Clone, Copy)]
struct Awaited {
    service: ServiceId,
    staff: Option<StaffId>,
    days: DateRange,
    window: DayWindow,
    /// The minute that was asked for, if it was one.
    start: Option<DateTime<Utc>>,
    /// The person comes from an earlier question of the call.
    is_kept: bool,
}

pub(crate) async fn join(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    if args.is_refused(names::CONFIRM) {
        let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
        return Ok(yes::said_no(desk, talk, notes).await.into());
    }
    let asker = asker::asker(desk, args, talk).await?;
    let (awaited, notes) = awaited(desk, args, talk, &asker).await?;
    // Whoever was named with the time that could not be had waits for another.
    let (asker, notes) = asker.after(talk, notes);
    // What is asked back about it, a number, is not asked about another time than this.
    desk.note(talk, notes.clone().closed()).await;
    if asker.is_blocked() {
        return Err(blocked(talk).into());
    }
    if let Some(closed) = closed(talk, &awaited) {
        return Err(closed.into());
    }
    if let Some(free) = Box::pin(already_free(desk, talk, &asker, awaited, notes)).await? {
        return Ok(free);
    }
    let new = new_wish(args, talk, &asker, awaited)?;
    // One wish of one number, however often it is said in the call.
    let (from, until) = (new.window.from(), new.window.until());
    let (phone, staff) = (new.phone.as_e164(), new.staff);
    // With another name it is said anew: one that comes later is noted, and another of the family waits too.
    let name = new.name.as_ref().map(|name| name.as_str().to_lowercase());
    let referent = format!("{phone}:{}:{staff:?}:{:?}:{from}:{until}:{name:?}", new.service, new.days);
    let once = Once::once_in_call(talk, Tool::JoinWaitingList, &referent);
    if let Earlier::Stands(done) = desk.earlier(talk, &once).await? {
        return Ok(done);
    }
    let Some(wish) = desk.parts.wishes.prepare(&talk.catalogue, new) else {
        return Err(
            ask_for_day("An diesem Tag kann ich nichts vormerken, an welchem Tag darf es sein?").into()
        );
    };
    let effect = effect(&wish);
    let claim = once.claim(&effect);
    let recorded = desk.parts.wishes.record(&talk.scope, &talk.catalogue, &wish, Some(claim)).await?;
    match recorded {
        NoteOutcome::Noted(_) => Ok(effect.render(talk, Standing::Firm)),
        // In the list since an earlier call: the sentence is as true as then.
        NoteOutcome::Already(known) => Ok(self::effect(&known).render(talk, Standing::Firm)),
        NoteOutcome::TooMany => Err(full(talk).into()),
        NoteOutcome::Repeated => repeated(desk, talk, &once).await,
    }
}

/// Nobody waits for what can be had now: a free minute is asked about, free times are offered. Times that this call has
/// offered already did not fit, so a wish for them is noted.
async fn already_free(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    awaited: Awaited,
    notes: CallNotes,
) -> Result<Option<Done>, Stop> {
    let Awaited { service, staff, days, window, start, is_kept } = awaited;
    if let Some(start) = start {
        let request = CheckRequest {
            branch: talk.branch,
            service,
            staff,
            start,
            requester: asker.requester.clone(),
            hold: false,
        };
        let asked = Asked { is_kept, ..Asked::new(service, staff, start) };
        match desk.parts.bookings.check(&talk.scope, request).await? {
            CheckOutcome::Free { .. } => {
                return check_moment(desk, talk, asker, asked, notes).await.map(Some);
            }
            // Whoever has just been asked about somebody else and wants to wait all the same, waits.
            CheckOutcome::Taken { .. } if was_asked_about(&notes, start) => {}
            CheckOutcome::Taken { reason, .. } => {
                let other = anybody::at_that_time(desk, talk, asker, &asked, &reason, &notes).await?;
                if let Some(reply) = other {
                    return Ok(Some(reply.into()));
                }
            }
        }
    }
    let (from, until) = (window.from(), window.until());
    let is_any = window == DayWindow::ANY;
    let time = if is_any { TimeWish::Any } else { TimeWish::Window { from, until, anchor: from } };
    let request = SearchRequest {
        branch: talk.branch,
        service,
        staff,
        wish: Wish { day: days.first().max(talk.today()), time },
        last_day: Some(days.last()),
        moving: None,
        requester: asker.requester.clone(),
        limit: None,
    };
    let found = desk.parts.bookings.search(&talk.scope, request).await?.slots;
    let fits = |ranked: &RankedSlot| {
        let local = ranked.slot.start.with_timezone(&talk.zone());
        let day = local.date_naive();
        let is_wished = staff.is_none_or(|staff| staff == ranked.slot.staff);
        is_wished && (days.first()..=days.last()).contains(&day) && window.contains(minute(local.time()))
    };
    let is_new = |ranked: &RankedSlot| !notes.offered.iter().any(|slot| slot.start == ranked.slot.start);
    let free: Vec<_> = found.into_iter().filter(fits).collect();
    let Some(offered) = spoken_offers(talk, &free).filter(|_| free.iter().take(SPOKEN).all(is_new)) else {
        return Ok(None);
    };
    let message = format!("Da ist noch etwas frei, ich hätte {offered}, was passt Ihnen?");
    let reply =
        ToolReply::new(Status::Options, message).with("available", true).next(NextAction::OfferAlternatives);
    Ok(Some(offer(desk, talk, reply, &free, notes).await.into()))
}

fn was_asked_about(notes: &CallNotes, start: DateTime<Utc>) -> bool {
    matches!(&notes.asked, LastQuestion::Open(question) if question.start() == Some(start))
}

async fn awaited(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<(Awaited, CallNotes), Stop> {
    let (wanted, notes) = wish::wanted(desk, args, talk, asker).await?;
    let around = |at: u16| window(at.saturating_sub(AROUND), at.saturating_add(AROUND));
    let (service, staff, is_kept) = match wanted {
        Wanted::Offered(slot) => {
            let local = slot.start.with_timezone(&talk.zone());
            let awaited = Awaited {
                service: slot.service,
                staff: Some(slot.staff),
                days: DateRange::day(local.date_naive()),
                window: around(minute(local.time())),
                start: Some(slot.start),
                is_kept: false,
            };
            return Ok((awaited, notes));
        }
        Wanted::Described { service, staff, is_kept, .. } => (service, staff, is_kept),
        Wanted::OfferedAll(slots) => {
            return Err(one_only(talk, slots.iter().map(|slot| slot.service)).into());
        }
        Wanted::Together { parts, .. } => {
            return Err(one_only(talk, parts.iter().map(|part| part.service)).into());
        }
    };
    // What was said now is in the notes already.
    let WishedTime { days, hours } = match (notes.wished, notes.day) {
        (Some(wished), _) => wished,
        (None, Some(day)) => WishedTime { days: DateRange::day(day), hours: None },
        (None, None) => return Err(which_day().into()),
    };
    let (window, start) = match hours {
        None => (DayWindow::ANY, None),
        Some((from, until)) if from == until => {
            let at = german_datetime::in_zone(when::minute(from).on(days.first()), talk.zone()).first();
            (around(from), (days.first() == days.last()).then(|| at.to_utc()))
        }
        Some((from, until)) => (window(from, until), None),
    };
    Ok((Awaited { service, staff, days, window, start, is_kept }, notes))
}

/// A wish is for one service; a person can look for several in a row.
fn one_only(talk: &Conversation, services: impl Iterator<Item = ServiceId>) -> ToolReply {
    let mut names: Vec<String> = Vec::new();
    for name in services.map(|service| speech::plain(&talk.service_name(service))) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let message = format!(
        "Auf die Warteliste kann ich nur eine einzelne Leistung setzen, für welche davon soll es sein, {}?",
        speech::or_list(&names)
    );
    ToolReply::new(Status::ServiceRequired, message).with("services", names).next(NextAction::AskCaller)
}

/// The minute of its day.
fn minute(time: NaiveTime) -> u16 {
    u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(LAST)
}

fn window(from: u16, until: u16) -> DayWindow {
    DayWindow::new(from, until.min(LAST)).unwrap_or(DayWindow::ANY)
}

fn new_wish(args: Args<'_>, talk: &Conversation, asker: &Asker, awaited: Awaited) -> Result<NewWish, Stop> {
    let read = |text: &String| numbers::said_number(text, talk.country());
    let phone: PhoneNumber = match args.text(names::PHONE)? {
        Some(text) => read(&text).ok_or_else(ask_for_number)?,
        None => {
            let told = asker.for_whom.told.phone.as_ref().and_then(read);
            told.or_else(|| talk.caller.number().cloned()).ok_or_else(ask_for_number)?
        }
    };
    let said = asker.for_whom.name.clone();
    // Whoever calls may do so for another of the family, who is called by the name that is said: where only "Muster" is known,
    // "Emil Muster" may be anybody of that name.
    let is_own = |own: &PersonName, said: &PersonName| {
        said.is_short_for(own) || own.is_full() && own.is_short_for(said)
    };
    let is_meant = |own: &PersonName| said.as_ref().is_none_or(|said| is_own(own, said));
    let speaking = asker.customers.iter().find(|one| asker.speaking == [one.id()]);
    // Another person without a name is not who speaks.
    let is_another = said.is_none() && asker.for_whom.other_person == Some(true);
    let speaking = speaking.filter(|one| !is_another && one.name().is_none_or(is_meant));
    Ok(NewWish {
        branch: talk.branch,
        service: awaited.service,
        staff: awaited.staff,
        customer: speaking.map(customer::Customer::id),
        call: Some(talk.call),
        phone,
        name: speaking.and_then(|one| one.name().cloned()).or(said),
        days: awaited.days,
        window: awaited.window,
    })
}

fn effect(wish: &UnmetWish) -> Effect {
    let state = wish.snapshot();
    Effect::WishNoted {
        wish: state.id,
        service: state.service,
        branch: Some(state.branch),
        first_day: state.days.first(),
        last_day: state.days.last(),
        staff: state.staff,
        hours: (state.window != DayWindow::ANY).then(|| (state.window.from(), state.window.until())),
    }
}

/// What a wish that is in the list is for.
pub(crate) struct Noted {
    pub(crate) wish: String,
    pub(crate) service: ServiceId,
    pub(crate) staff: Option<StaffId>,
    pub(crate) days: (NaiveDate, NaiveDate),
    /// First and last minute of each day in which the stay may begin.
    pub(crate) hours: Option<(u16, u16)>,
}

/// The sentence and the fields of a wish that is in the list.
pub(crate) fn noted(talk: &Conversation, noted: Noted) -> ToolReply {
    let Noted { wish, service, staff, days: (first, last), hours } = noted;
    let service = talk.service_name(service);
    let mut days = speech::on_day(first, talk.today());
    if last > first {
        days = format!("{days}, bis {}", speech::day_as_aim(last, talk.today()));
    }
    let person = staff.map(|staff| talk.staff_name(staff));
    let by = person.as_deref().map(|name| format!(" bei {}", speech::plain(name))).unwrap_or_default();
    let hours = hours.map(|(from, until)| {
        let clock = |minute| speech::clock(when::minute(minute).time());
        // The last minute that counts is spoken as the end of it: "bis achtzehn Uhr" for 17:59.
        let until = if until % 5 == 4 { until + 1 } else { until };
        match (from, until) {
            (0, until) => format!(", bis {}", clock(until)),
            (from, until) if until >= LAST => format!(", ab {}", clock(from)),
            (from, until) => format!(", zwischen {} und {}", clock(from), clock(until)),
        }
    });
    let hours = hours.unwrap_or_default();
    let message = format!(
        "Sie stehen für {}{by} {days}{hours}, auf der Warteliste, wird etwas frei, ruft {} Sie an, kann ich sonst noch etwas für Sie tun?",
        speech::plain(&service),
        speech::plain(&talk.tenant.name),
    );
    ToolReply::new(Status::WaitingListed, message)
        .with("wish_id", wish)
        .with("service", service)
        .with_some("staff", person)
        .with("first_day", first.to_string())
        .with("last_day", last.to_string())
        .next(NextAction::AskCaller)
}

/// That nothing is free, and what can be done about it: whoever wished for hours in which nobody is there does not wait for them.
pub(crate) fn nothing_free(talk: &Conversation, wished: Option<WishedTime>, what: &str) -> ToolReply {
    let closed = wished.and_then(|WishedTime { days, hours }| {
        let (from, until) = hours?;
        closed_when(talk, days, window(from, until))
    });
    let (message, reason, next) = match closed {
        Some(Closed { when, reason, .. }) => {
            let message = format!("{when} wir geschlossen, welche andere Zeit passt Ihnen?");
            (message, Some(reason), NextAction::AskCaller)
        }
        None => {
            let message = format!("{what} soll ich Sie auf die Warteliste setzen?");
            (message, None, NextAction::OfferWaitingList)
        }
    };
    ToolReply::new(Status::NoAvailability, message).with_some("reason", reason).next(next)
}

/// What is told, and asked, of a time at which nobody is there.
struct Closed {
    /// As the beginning of a sentence, up to the verb.
    when: String,
    status: Status,
    other: &'static str,
    reason: &'static str,
}

/// Nothing becomes free when nobody is there.
fn closed(talk: &Conversation, awaited: &Awaited) -> Option<ToolReply> {
    let Closed { when, status, other, reason } = closed_when(talk, awaited.days, awaited.window)?;
    let message = format!("{when} wir geschlossen, für {other} soll ich Sie auf die Warteliste setzen?");
    Some(ToolReply::new(status, message).with("reason", reason).next(NextAction::AskCaller))
}

/// `None`: on one of the days somebody is there.
fn closed_when(talk: &Conversation, days: DateRange, window: DayWindow) -> Option<Closed> {
    let mut is_open = false;
    for day in days.first().iter_days().take_while(|day| *day <= days.last()) {
        let OpeningDay::Open(hours) = talk.catalogue.opening_on(day) else { continue };
        if hours.iter().any(|hours| hours.from <= window.until() && window.from() < hours.until) {
            return None;
        }
        is_open = true;
    }
    let on_day = || speech::capital(&speech::on_day(days.first(), talk.today()));
    let when = match (is_open, days.first() == days.last()) {
        (true, _) => "Zu dieser Zeit haben".to_owned(),
        (false, true) => format!("{}, haben", on_day()),
        (false, false) => "An diesen Tagen haben".to_owned(),
    };
    Some(if is_open {
        Closed { when, status: Status::TimeRequired, other: "welche andere Zeit", reason: "outside_hours" }
    } else {
        Closed { when, status: Status::DateRequired, other: "welchen anderen Tag", reason: "closed" }
    })
}

fn which_day() -> ToolReply {
    ask_for_day("Für welchen Tag soll ich Sie auf die Warteliste setzen?")
}

fn ask_for_day(message: &str) -> ToolReply {
    ToolReply::new(Status::DateRequired, message).next(NextAction::AskCaller)
}

fn full(talk: &Conversation) -> ToolReply {
    let message = format!(
        "Auf die Warteliste kann ich gerade nichts mehr setzen, soll sich stattdessen jemand von {} bei Ihnen melden?",
        speech::plain(&talk.tenant.name)
    );
    ToolReply::new(Status::WaitingListFull, message).next(NextAction::OfferCallback)
}
