//! "Haben Sie samstags auf?" - "Am Samstag haben wir von neun Uhr bis vierzehn Uhr geöffnet, möchten Sie einen Termin?"

use appointment::model::{DayHours, OpeningDay};
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, Weekday};
use german_datetime::speak;
use serde_json::{Map, Value, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::ToolResult;
use crate::names;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::when::When;

/// Weekdays as agents write them.
const WEEK: [(&str, &str, Weekday); 7] = [
    ("monday", "montag", Weekday::Mon),
    ("tuesday", "dienstag", Weekday::Tue),
    ("wednesday", "mittwoch", Weekday::Wed),
    ("thursday", "donnerstag", Weekday::Thu),
    ("friday", "freitag", Weekday::Fri),
    ("saturday", "samstag", Weekday::Sat),
    ("sunday", "sonntag", Weekday::Sun),
];

pub(crate) fn get_opening_hours(args: Args<'_>, talk: &Conversation) -> ToolResult {
    let today = talk.today();
    let day = asked_day(args, talk)?.unwrap_or(today);
    let now = talk.local_now().time();
    let minute_now = u16::try_from(now.hour() * 60 + now.minute()).unwrap_or(0);
    let open_now = hours_on(talk, today).iter().any(|hours| (hours.from..hours.until).contains(&minute_now));
    let when = if day == today {
        "Heute".to_owned()
    } else {
        format!("{},", speech::capital(&speech::on_day(day, today)))
    };
    let message = match talk.catalogue.opening_on(day) {
        OpeningDay::Open(hours) => {
            let spans: Vec<_> = hours.iter().map(spoken_span).collect();
            format!(
                "{when} haben wir {} geöffnet, kann ich Ihnen einen Termin anbieten?",
                speech::and_list(&spans)
            )
        }
        OpeningDay::Closed(closed) => {
            format!(
                "{when} haben wir geschlossen, {}, passt Ihnen ein anderer Tag?",
                speech::closed_because(&closed.reason)
            )
        }
        OpeningDay::Rest => format!("{when} haben wir geschlossen, passt Ihnen ein anderer Tag?"),
    };
    let mut today_row = day_row(talk, today);
    today_row["is_currently_open"] = json!(open_now);
    Ok(ToolReply::new(Status::Ok, message)
        .with("branch_name", talk.premises.name.clone())
        .with("is_currently_open", open_now)
        .with("today", today_row)
        .with("asked_day", day_row(talk, day))
        .with("weekly_schedule", week(talk))
        .next(NextAction::AskCaller)
        .into())
}

/// A weekday means the next such day, today included; anything else is understood as a date.
fn asked_day(args: Args<'_>, talk: &Conversation) -> Result<Option<NaiveDate>, crate::desk::Stop> {
    if let Some(word) = args.text(names::DAY_OF_WEEK)? {
        let word = word.to_lowercase();
        let known = WEEK.iter().find(|(english, german, _)| word.starts_with(german) || word == *english);
        if let Some((_, _, weekday)) = known {
            return Ok(talk.today().iter_days().take(7).find(|day| day.weekday() == *weekday));
        }
        // "Heute" and "Sonnabend" name a day too. What names none is asked back, unless a date says it.
        match talk.listener().hear(Some(&word), None) {
            Ok(when) => return Ok(first_day(&when)),
            Err(_) if args.text(names::DATE)?.is_some() => {}
            Err(_) => return Err(which_day().into()),
        }
    }
    let Some(words) = args.text(names::DATE)? else {
        return Ok(None);
    };
    Ok(first_day(&talk.listener().hear(Some(&words), None)?))
}

fn first_day(when: &When) -> Option<NaiveDate> {
    match when {
        When::Moment(moment) => Some(moment.at.date_naive()),
        When::Stretch(stretch) => stretch.days.first().copied(),
        When::Unsaid => None,
    }
}

fn which_day() -> ToolReply {
    ToolReply::new(
        Status::TimeNotUnderstood,
        "Diesen Tag habe ich leider nicht verstanden, für welchen Wochentag möchten Sie die Öffnungszeiten wissen?",
    )
    .next(NextAction::AskCaller)
}

fn hours_on(talk: &Conversation, day: NaiveDate) -> &[DayHours] {
    match talk.catalogue.opening_on(day) {
        OpeningDay::Open(hours) => hours,
        OpeningDay::Closed(_) | OpeningDay::Rest => &[],
    }
}

fn day_row(talk: &Conversation, day: NaiveDate) -> Value {
    let hours = hours_on(talk, day);
    let written: Vec<_> = hours.iter().map(written_span).collect();
    json!({
        "date": day.to_string(),
        "day_name": speak::weekday(day.weekday()),
        "is_open": !hours.is_empty(),
        "hours": written,
        "formatted": if hours.is_empty() { "geschlossen".to_owned() } else { written.join(", ") },
    })
}

/// The regular hours by english weekday: `{"monday": [], "tuesday": ["09:00-18:00"], …}`.
pub(crate) fn week(talk: &Conversation) -> Value {
    let rows = WEEK.iter().map(|(english, _, weekday)| {
        let hours: Vec<_> = talk.catalogue.snapshot().opening.on(*weekday).iter().map(written_span).collect();
        ((*english).to_owned(), json!(hours))
    });
    Value::Object(rows.collect::<Map<_, _>>())
}

fn written_span(hours: &DayHours) -> String {
    format!("{}-{}", clock(hours.from).format("%H:%M"), clock(hours.until).format("%H:%M"))
}

fn spoken_span(hours: &DayHours) -> String {
    format!("von {} bis {}", speech::clock(clock(hours.from)), speech::clock(clock(hours.until)))
}

fn clock(minute: u16) -> NaiveTime {
    crate::when::minute(minute).time()
}
