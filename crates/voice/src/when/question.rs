//! Asking back: the readings in full, with weekday, day and month, so that a yes to one of them is a yes to a date.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike};
use chrono_tz::Tz;
use german_datetime::{
    Context, Direction, Edge, Inference, Interval, Reason, Understanding, Vague, Value, ZonedTime, understand,
};
use serde_json::{Value as Json, json};

use super::Listener;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;

/// Readings that are said aloud; nobody keeps more of them in mind.
const SPOKEN: usize = 3;

impl Listener<'_> {
    /// The question, if a careful person would ask before acting: the first reading and those others that matter.
    pub(super) fn doubt(&self, understood: &Understanding, context: &Context<'_>) -> Option<ToolReply> {
        let weighty: Vec<_> = if understood.needs_question() {
            let half_of_day = understood.inferred.contains(&Inference::Afternoon);
            understood
                .others
                .iter()
                .filter(|other| {
                    other.reason.weighty() || (half_of_day && other.reason == Reason::TwelveHours)
                })
                .map(|other| other.value)
                .collect()
        } else {
            evening_only_by_hours(understood).into_iter().collect()
        };
        if weighty.is_empty() {
            return None;
        }
        let first = Some(understood.value).filter(|_| !is_all_of_the_named(understood));
        let readings: Vec<_> = first.into_iter().chain(weighty).collect();
        Some(self.which(&readings, context))
    }

    /// Two texts that name different moments: which of them was meant.
    pub(super) fn contradiction(&self, date: &str, time: &str, context: &Context<'_>) -> Option<ToolReply> {
        let (one, other) = (understand(date, context).ok()?, understand(time, context).ok()?);
        Some(self.which(&[one.value, other.value], context))
    }

    /// Two moments in full, and the question which one was meant.
    pub(crate) fn which_of(&self, moments: &[DateTime<Tz>]) -> ToolReply {
        let context = Context::new(self.now.with_timezone(&self.zone));
        let values: Vec<_> = moments.iter().map(|at| Value::Moment(*at)).collect();
        self.which(&values, &context)
    }

    fn which(&self, values: &[Value], context: &Context<'_>) -> ToolReply {
        let values: Vec<_> = values.iter().take(SPOKEN).map(|value| dated(*value, context)).collect();
        let spoken: Vec<_> = values.iter().map(|value| self.speak_value(value)).collect();
        let readings: Vec<_> = values
            .iter()
            .zip(&spoken)
            .map(|(value, spoken)| json!({"value": written(value), "spoken": spoken}))
            .collect();
        ToolReply::new(
            Status::AmbiguousTime,
            format!("Meinen Sie {}?", german_datetime::speak::list(&spoken)),
        )
        .with("readings", readings)
        .next(NextAction::AskCaller)
    }

    fn speak_value(&self, value: &Value) -> String {
        let today = self.now.with_timezone(&self.zone).date_naive();
        match value {
            Value::Moment(at) => format!("{}{}", speech::moment(*at, self.now), which_hour(*at)),
            Value::Day(day) => speech::on_day(*day, today),
            Value::Time(time) => speech::clock(*time),
            Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. }) => {
                speak_between(*start, *end, today)
            }
            Value::Open(bound) => match bound.direction {
                Direction::After => format!("ab {}", speak_edge(bound.at, today, false)),
                Direction::Before => format!("bis {}", speak_edge(bound.at, today, true)),
            },
        }
    }
}

/// Whether the first reading is nothing but all the named ones in a row: "Mittwoch oder Donnerstag" is one of the two, and
/// nobody said a stretch of days.
fn is_all_of_the_named(understood: &Understanding) -> bool {
    let Value::Interval(_) = understood.value else { return false };
    let named = understood.others.iter().filter(|other| other.reason == Reason::Alternative);
    let named: Option<Vec<_>> = named.map(|other| first_and_last_day(&other.value)).collect();
    match (first_and_last_day(&understood.value), named.as_deref()) {
        (Some((first, last)), Some([(from, _), .., (_, until)])) => (first, last) == (*from, *until),
        _ => false,
    }
}

fn first_and_last_day(value: &Value) -> Option<(NaiveDate, NaiveDate)> {
    let one = |day| (day, day);
    match value {
        Value::Moment(at) => Some(one(at.date_naive())),
        Value::Day(day) => Some(one(*day)),
        Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. }) => {
            let last = end.dated()? - TimeDelta::minutes(1);
            Some((start.dated()?.date(), last.date()))
        }
        Value::Open(bound) => Some(one(bound.at.dated()?.date())),
        Value::Time(_) => None,
    }
}

/// "Um acht" where only the evening is open: nobody said evening, so the morning is the other reading.
fn evening_only_by_hours(understood: &Understanding) -> Option<Value> {
    let Value::Moment(at) = understood.value else { return None };
    let assumed = understood.inferred.contains(&Inference::HalfOfDayFromBookable) && at.hour() >= 19;
    let morning = at.naive_local() - TimeDelta::hours(12);
    assumed.then(|| Value::Moment(german_datetime::in_zone(morning, at.timezone()).first()))
}

/// A clock time on the day on which it next comes round.
fn dated(value: Value, context: &Context<'_>) -> Value {
    let Value::Time(time) = value else { return value };
    let today = context.today();
    let is_over = today.and_time(time) < context.now().naive_local();
    let day = if is_over { today + TimeDelta::days(1) } else { today };
    Value::Moment(german_datetime::in_zone(day.and_time(time), context.zone()).first())
}

fn speak_between(start: Edge, end: Edge, today: NaiveDate) -> String {
    match (start, end) {
        (Edge::Day(first), Edge::Day(after)) if after - first == TimeDelta::days(1) => {
            speech::on_day(first, today)
        }
        (Edge::At(from), Edge::At(until)) if from.date() == until.date() => format!(
            "{} zwischen {} und {}",
            speech::on_day(from.date(), today),
            speech::clock(from.time()),
            speech::clock(until.time())
        ),
        _ => format!("von {} bis {}", speak_edge(start, today, false), speak_edge(end, today, true)),
    }
}

fn speak_edge(edge: Edge, today: NaiveDate, is_end: bool) -> String {
    match edge {
        // The end is the first day outside; people name the last one inside.
        Edge::Day(day) if is_end => speech::day_as_aim(day - TimeDelta::days(1), today),
        Edge::Day(day) => speech::day_as_origin(day, today),
        Edge::At(at) if is_end => {
            format!("{}, um {}", speech::day_as_aim(at.date(), today), speech::clock(at.time()))
        }
        Edge::At(at) => {
            format!("{}, um {}", speech::day_as_origin(at.date(), today), speech::clock(at.time()))
        }
        Edge::Clock(minute) => speech::clock(minute.time()),
    }
}

/// Which of two hours with the same name, where clocks are set back over it.
fn which_hour(at: DateTime<Tz>) -> &'static str {
    match german_datetime::in_zone(at.naive_local(), at.timezone()) {
        ZonedTime::Doubled { later, .. } if later == at => ", nach der Zeitumstellung",
        ZonedTime::Doubled { .. } => ", vor der Zeitumstellung",
        ZonedTime::Single(_) | ZonedTime::Missing { .. } => "",
    }
}

fn written(value: &Value) -> Json {
    match value {
        Value::Moment(at) => {
            json!({"date": at.format("%Y-%m-%d").to_string(), "time": at.format("%H:%M").to_string()})
        }
        Value::Day(day) => json!({"date": day.to_string()}),
        Value::Time(time) => json!({"time": time.format("%H:%M").to_string()}),
        Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. }) => {
            json!({"from": start.to_string(), "until": end.to_string()})
        }
        Value::Open(bound) => match bound.direction {
            Direction::After => json!({"from": bound.at.to_string()}),
            Direction::Before => json!({"until": bound.at.to_string()}),
        },
    }
}
