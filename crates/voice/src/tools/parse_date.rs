//! "Nächste Woche Dienstag" - "Das ist der erste Dezember."
//!
//! Says what the words mean, or asks back with both readings.

use chrono::Datelike;
use german_datetime::speak;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::ToolResult;
use crate::names;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::when::{Stretch, When};

pub(crate) fn parse_date(args: Args<'_>, talk: &Conversation) -> ToolResult {
    let date = match args.text(names::DATETIME)? {
        Some(words) => Some(words),
        None => args.text(names::DATE)?,
    };
    let time = args.text(names::TIME)?;
    let when = talk.listener().hear(date.as_deref(), time.as_deref())?;
    let today = talk.today();
    let reply = match when {
        When::Unsaid => {
            ToolReply::new(Status::DateRequired, "Welchen Tag meinen Sie?").next(NextAction::AskCaller)
        }
        When::Moment(moment) => {
            let message = format!("Das ist {}.", speech::moment(moment.at, talk.now));
            ToolReply::new(Status::Ok, message)
                .with("date", moment.at.format("%Y-%m-%d").to_string())
                .with("time", moment.at.format("%H:%M").to_string())
                .with("display_date", moment.at.format("%d.%m.%Y").to_string())
                .with("day_name", speak::weekday(moment.at.weekday()))
                .with("start", moment.at.to_rfc3339())
                .with("inferred", moment.inferred)
                .next(NextAction::CheckAvailability)
        }
        When::Stretch(stretch) => stretch_reply(&stretch, today),
    };
    Ok(reply.into())
}

fn stretch_reply(stretch: &Stretch, today: chrono::NaiveDate) -> ToolReply {
    let (Some(first), Some(last)) = (stretch.days.first(), stretch.days.last()) else {
        return ToolReply::new(Status::DateRequired, "Welchen Tag meinen Sie?").next(NextAction::AskCaller);
    };
    let message = if first == last {
        format!("Das ist {}, um wie viel Uhr soll es sein?", speech::day(*first, today))
    } else {
        format!(
            "Das geht von {} bis {}, welcher Tag und welche Uhrzeit passen Ihnen?",
            speech::day_as_origin(*first, today),
            speech::day_as_aim(*last, today)
        )
    };
    ToolReply::new(Status::Ok, message)
        .with("date", first.to_string())
        .with("until", last.to_string())
        .with("display_date", first.format("%d.%m.%Y").to_string())
        .with("day_name", speak::weekday(first.weekday()))
        .with("inferred", stretch.inferred.clone())
        .next(NextAction::CheckAvailability)
}
