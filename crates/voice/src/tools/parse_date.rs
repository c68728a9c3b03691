//! "Nächste Woche Dienstag" - "Das ist am Dienstag, dem ersten Dezember, um wie viel Uhr soll es sein?"
//!
//! Says what the words mean, or asks back with both readings. Beside the spelled-out fields stand the compact ones that
//! agents of the older `datetime` route read.

use appointment::model::OpeningDay;
use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;
use german_datetime::speak;
use serde_json::Value;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult};
use crate::names;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::when::{Stretch, When};

/// Proposals beside an answer that asks back.
const SUGGESTED: usize = 3;

pub(crate) fn parse_date(args: Args<'_>, talk: &Conversation) -> ToolResult {
    let date = match args.text(names::DATETIME)? {
        Some(words) => Some(words),
        None => args.text(names::DATE)?,
    };
    let time = args.text(names::TIME)?;
    let when = match talk.listener().hear(date.as_deref(), time.as_deref()) {
        Ok(when) => when,
        Err(reply) => return Err(not_understood(talk, *reply)),
    };
    let which_day =
        || ToolReply::new(Status::DateRequired, "Welchen Tag meinen Sie?").next(NextAction::AskCaller);
    match when {
        When::Unsaid => Err(not_understood(talk, which_day())),
        When::Moment(moment) => Ok(moment_reply(talk, moment.at, moment.inferred).into()),
        When::Stretch(stretch) => match (stretch.days.first(), stretch.days.last()) {
            (Some(first), Some(last)) => Ok(stretch_reply(talk, *first, *last, &stretch).into()),
            _ => Err(not_understood(talk, which_day())),
        },
    }
}

fn moment_reply(talk: &Conversation, at: DateTime<Tz>, inferred: Vec<&'static str>) -> ToolReply {
    let spoken = speech::named_moment(at, talk.now);
    let message = format!("Das ist {spoken}, soll ich nachsehen, ob da etwas frei ist?");
    let reply = ToolReply::new(Status::Ok, message)
        .with("time", at.format("%H:%M").to_string())
        .with("start", at.to_rfc3339())
        .with("inferred", inferred);
    single(named_day(reply, at.date_naive()), talk, at.date_naive()).with("int", spoken)
}

fn stretch_reply(talk: &Conversation, first: NaiveDate, last: NaiveDate, stretch: &Stretch) -> ToolReply {
    let today = talk.today();
    let spoken = if first == last {
        speech::day(first, today)
    } else {
        format!("von {}, bis {}", speech::day_as_origin(first, today), speech::day_as_aim(last, today))
    };
    let message = if first == last {
        format!("Das ist {spoken}, um wie viel Uhr soll es sein?")
    } else {
        format!("Das geht {spoken}, welcher Tag und welche Uhrzeit passen Ihnen?")
    };
    let reply = ToolReply::new(Status::Ok, message)
        .with("until", last.to_string())
        .with("inferred", stretch.inferred.clone());
    let reply = named_day(reply, first);
    let reply = if first == last { single(reply, talk, first) } else { several(reply, first, last) };
    reply.with("int", spoken)
}

fn named_day(reply: ToolReply, day: NaiveDate) -> ToolReply {
    reply
        .with("date", day.to_string())
        .with("display_date", day.format("%d.%m.%Y").to_string())
        .with("day_name", speak::weekday(day.weekday()))
        .next(NextAction::CheckAvailability)
}

/// One day, compact: the day, its weekday by name and number (Monday is 1), its week, whether it is today or tomorrow,
/// and the days until then.
fn single(reply: ToolReply, talk: &Conversation, day: NaiveDate) -> ToolReply {
    let ahead = (day - talk.today()).num_days();
    reply
        .with("t", "single")
        .with("d", day.to_string())
        .with("wd", speak::weekday(day.weekday()))
        .with("wdn", day.weekday().number_from_monday())
        .with("wk", day.iso_week().week())
        .with("td", ahead == 0)
        .with("tm", ahead == 1)
        .with("df", ahead)
}

/// Several days, compact: first and last day; within one week also its number and its year.
fn several(reply: ToolReply, first: NaiveDate, last: NaiveDate) -> ToolReply {
    let reply = reply.with("rs", first.to_string()).with("re", last.to_string());
    if first.iso_week() == last.iso_week() {
        reply.with("t", "week").with("wk", first.iso_week().week()).with("yr", first.iso_week().year())
    } else {
        reply.with("t", "range")
    }
}

/// What is said stays; the compact fields say that it is no date, and what could be said instead: the readings, else the
/// next days that are open.
fn not_understood(talk: &Conversation, reply: ToolReply) -> Stop {
    let readings = reply.data.get("readings").and_then(Value::as_array);
    let suggested: Vec<String> = match readings {
        Some(readings) => {
            let spoken = readings.iter().filter_map(|reading| reading.get("spoken")?.as_str());
            spoken.take(SUGGESTED).map(str::to_owned).collect()
        }
        None => {
            let today = talk.today();
            let ahead = today.iter_days().skip(1).take(DAYS_LOOKED_AT);
            let open = ahead.filter(|day| matches!(talk.catalogue.opening_on(*day), OpeningDay::Open(_)));
            open.take(SUGGESTED).map(|day| speech::day(day, today)).collect()
        }
    };
    reply.with("s", false).with("err", "PARSE_ERROR").with("sug", suggested).into()
}

/// A branch that is closed for longer has nothing to propose.
const DAYS_LOOKED_AT: usize = 31;
