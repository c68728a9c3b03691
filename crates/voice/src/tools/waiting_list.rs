//! "Setzen Sie mich bitte auf die Warteliste." - "Sie stehen für … auf der Warteliste, wird etwas frei, ruft … Sie an."
//!
//! For a caller who found nothing that fits. Said only after the wish is committed, and only with a number that can be
//! dialled; nothing is promised but that somebody calls when a time becomes free.

use appointment::model::DateRange;
use appointment::waiting::{DayWindow, NewWish, NoteOutcome, UnmetWish};
use chrono::{NaiveDate, Timelike};
use kernel::{PersonName, PhoneNumber, ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Earlier, Stop, ToolResult, VoiceDesk};
use crate::effect::{Effect, Standing};
use crate::names;
use crate::numbers;
use crate::once::Once;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;
use crate::tools::availability::blocked;
use crate::tools::booking::repeated;
use crate::tools::callback::ask_for_number;
use crate::tools::wish::{self, Asker, Wanted};
use crate::when::When;

/// Minutes before and after a wished minute that are as good.
const AROUND: u16 = 30;

/// The last minute of a day.
const LAST: u16 = 1439;

/// What is waited for.
#[derive(Clone, Copy)]
struct Awaited {
    service: ServiceId,
    staff: Option<StaffId>,
    days: DateRange,
    window: DayWindow,
}

pub(crate) async fn join(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    let awaited = awaited(desk, args, talk).await?;
    let asker = wish::asker(desk, args, talk).await?;
    if asker.is_blocked() {
        return Err(blocked(talk).into());
    }
    let new = new_wish(args, talk, &asker, awaited)?;
    // One wish of one number, however often it is said in the call.
    let (from, until) = (new.window.from(), new.window.until());
    let referent = format!("{}:{}:{:?}:{from}:{until}", new.phone.as_e164(), new.service, new.days);
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

async fn awaited(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> Result<Awaited, Stop> {
    let (wanted, notes) = wish::wanted(desk, args, talk).await?;
    let minute = |time: chrono::NaiveTime| u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(LAST);
    let around = |at: u16| window(at.saturating_sub(AROUND), at.saturating_add(AROUND));
    let (service, staff, when) = match wanted {
        Wanted::Offered(slot) => {
            let local = slot.start.with_timezone(&talk.zone());
            return Ok(Awaited {
                service: slot.service,
                staff: Some(slot.staff),
                days: DateRange::day(local.date_naive()),
                window: around(minute(local.time())),
            });
        }
        Wanted::Described { service, staff, when } => (service, staff, when),
    };
    let (days, window) = match when {
        When::Moment(moment) => (DateRange::day(moment.at.date_naive()), around(minute(moment.at.time()))),
        When::Stretch(stretch) => {
            let days = first_run(&stretch.days).ok_or_else(which_day)?;
            let hours = (minutes(stretch.from), minutes(stretch.until).saturating_sub(1));
            (days, if stretch.has_hours { window(hours.0, hours.1) } else { DayWindow::ANY })
        }
        When::Unsaid => (DateRange::day(notes.day.ok_or_else(which_day)?), DayWindow::ANY),
    };
    Ok(Awaited { service, staff, days, window })
}

/// Days that follow one another, from the first: what is said back is what is waited for.
fn first_run(days: &[NaiveDate]) -> Option<DateRange> {
    let first = *days.first()?;
    let follow = days.windows(2).take_while(|pair| pair[0].succ_opt() == Some(pair[1])).count();
    Some(DateRange::new(first, *days.get(follow)?))
}

fn minutes(minute: german_datetime::MinuteOfDay) -> u16 {
    if minute == german_datetime::MinuteOfDay::END {
        return LAST + 1;
    }
    let time = minute.time();
    u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(LAST)
}

fn window(from: u16, until: u16) -> DayWindow {
    DayWindow::new(from, until.min(LAST)).unwrap_or(DayWindow::ANY)
}

fn new_wish(args: Args<'_>, talk: &Conversation, asker: &Asker, awaited: Awaited) -> Result<NewWish, Stop> {
    let given = args.text(names::PHONE)?;
    let phone: PhoneNumber = match &given {
        Some(text) => numbers::said_number(text, talk.country()).ok_or_else(ask_for_number)?,
        None => talk.caller.number().cloned().ok_or_else(ask_for_number)?,
    };
    let speaking = asker.customers.iter().find(|one| asker.speaking == [one.id()]);
    let said = args.text(names::NAME)?.and_then(|text| PersonName::clean(&text).ok());
    Ok(NewWish {
        branch: talk.branch,
        service: awaited.service,
        staff: awaited.staff,
        customer: speaking.map(customer::Customer::id),
        call: Some(talk.call),
        phone,
        name: said.or_else(|| speaking.and_then(|one| one.name().cloned())),
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
    }
}

/// The sentence and the fields of a wish that is in the list.
pub(crate) fn noted(
    talk: &Conversation,
    wish: String,
    service: ServiceId,
    (first, last): (NaiveDate, NaiveDate),
) -> ToolReply {
    let service = talk.service_name(service);
    let mut days = speech::on_day(first, talk.today());
    if last > first {
        let until = speech::on_day(last, talk.today());
        days = format!("{days}, bis {}", until.strip_prefix("am ").unwrap_or(&until));
    }
    let message = format!(
        "Sie stehen für {} {days}, auf der Warteliste, wird etwas frei, ruft {} Sie an, kann ich sonst noch etwas für Sie tun?",
        speech::plain(&service),
        speech::plain(&talk.tenant.name),
    );
    ToolReply::new(Status::WaitingListed, message)
        .with("wish_id", wish)
        .with("service", service)
        .with("first_day", first.to_string())
        .with("last_day", last.to_string())
        .next(NextAction::AskCaller)
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
