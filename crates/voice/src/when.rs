//! From the words for a day and a time to a moment, a stretch to search, or the question to ask back.
//!
//! Everything about language is `german-datetime`'s; here is only what a booking makes of it: what is past or too far,
//! when to ask back, and how to say so.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use german_datetime::{
    BookableHours, Context, Daily, Direction, Edge, Inference, MinuteOfDay, UnderstandError, Understanding,
    Value, understand, understand_date_and_time,
};
use serde_json::{Value as Json, json};

use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;

/// Days of a stretch that are searched at most: a month, since nobody answers a longer list on the telephone.
const MAX_STRETCH_DAYS: i64 = 31;

/// The first minute of a day.
const START: MinuteOfDay = match MinuteOfDay::new(0) {
    Some(minute) => minute,
    None => MinuteOfDay::END,
};

/// A minute of the day; numbers beyond it are its end.
pub(crate) fn minute(minutes: u16) -> MinuteOfDay {
    MinuteOfDay::new(minutes).unwrap_or(MinuteOfDay::END)
}

/// What the caller asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum When {
    /// One moment.
    Moment(Moment),
    /// Days, perhaps with hours, out of which a moment has yet to be chosen.
    Stretch(Stretch),
    /// No words at all.
    Unsaid,
}

/// A moment, with what was added to the caller's words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    pub(crate) at: DateTime<Tz>,
    pub(crate) inferred: Vec<&'static str>,
}

/// Days to search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stretch {
    /// The days, ascending, at most [`MAX_STRETCH_DAYS`].
    pub(crate) days: Vec<NaiveDate>,
    /// First minute of each day that counts.
    pub(crate) from: MinuteOfDay,
    /// First minute of each day that counts no more.
    pub(crate) until: MinuteOfDay,
    /// Whether the caller named hours.
    pub(crate) has_hours: bool,
    pub(crate) inferred: Vec<&'static str>,
}

/// What is needed besides the words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listener<'a> {
    /// Product time.
    pub(crate) now: DateTime<Utc>,
    /// The branch's zone.
    pub(crate) zone: Tz,
    /// The branch's opening hours, to settle halves of the day.
    pub(crate) hours: &'a BookableHours,
    /// Days ahead that can be booked.
    pub(crate) horizon_days: u32,
}

impl Listener<'_> {
    /// Understands a day and a time said together or apart.
    ///
    /// # Errors
    /// The reply that asks back or refuses; boxed, since the good case is the common one.
    pub(crate) fn hear(&self, date: Option<&str>, time: Option<&str>) -> Result<When, Box<ToolReply>> {
        let now = self.now.with_timezone(&self.zone);
        let context = Context::new(now).with_bookable(self.hours);
        let understood = match (date, time) {
            (None, None) => return Ok(When::Unsaid),
            (Some(words), None) | (None, Some(words)) => understand(words, &context),
            (Some(date), Some(time)) => understand_date_and_time(date, time, &context),
        };
        let understood = understood.map_err(|error| Box::new(self.refuse(&error)))?;
        if understood.needs_question() {
            return Err(Box::new(self.ask_which(&understood)));
        }
        understood.check_ahead(&context, self.horizon_days).map_err(|error| Box::new(self.refuse(&error)))?;
        let inferred = inferences(&understood);
        match understood.value {
            Value::Moment(at) => Ok(When::Moment(Moment { at, inferred })),
            Value::Time(_) => self.undated(&understood, &context, inferred),
            _ => self.stretch(&understood, inferred).map(When::Stretch),
        }
    }

    /// A clock time without a day: tomorrow if it has passed today; a question if both days are open then.
    fn undated(
        &self,
        understood: &Understanding,
        context: &Context<'_>,
        mut inferred: Vec<&'static str>,
    ) -> Result<When, Box<ToolReply>> {
        let at = understood.moment(context).map_err(|error| Box::new(self.refuse(&error)))?;
        let clock = MinuteOfDay::from(at.time());
        let (today, tomorrow) = (context.today(), context.today() + TimeDelta::days(1));
        let is_open = |day: NaiveDate| self.hours.covers(Some(day.weekday()), clock);
        if at.date_naive() == today && is_open(today) && is_open(tomorrow) {
            let next = german_datetime::in_zone(tomorrow.and_time(at.time()), self.zone).first();
            return Err(Box::new(self.which_of(&[at, next])));
        }
        inferred.push("day");
        Ok(When::Moment(Moment { at, inferred }))
    }

    fn stretch(
        &self,
        understood: &Understanding,
        inferred: Vec<&'static str>,
    ) -> Result<Stretch, Box<ToolReply>> {
        let now = self.now.with_timezone(&self.zone).naive_local();
        let (first, last, hours) = match understood.value {
            Value::Day(day) => (day, day, None),
            Value::Interval(german_datetime::Interval { start, end, .. })
            | Value::Vague(german_datetime::Vague { start, end, .. }) => between(start, end, now),
            Value::Open(bound) => open(bound.direction, bound.at, now, self.horizon_days),
            Value::Moment(_) | Value::Time(_) => {
                return Err(Box::new(self.refuse(&UnderstandError::Unparsable)));
            }
        };
        let hours = understood.daily.map(daily_hours).or(hours);
        let first = first.max(now.date());
        let days: Vec<_> = first.iter_days().take_while(|day| *day <= last).take(31).collect();
        debug_assert!(i64::try_from(days.len()).is_ok_and(|len| len <= MAX_STRETCH_DAYS));
        let (from, until) = hours.unwrap_or((START, MinuteOfDay::END));
        if days.is_empty() || from >= until {
            return Err(Box::new(self.refuse(&UnderstandError::Unparsable)));
        }
        Ok(Stretch { days, from, until, has_hours: hours.is_some(), inferred })
    }

    /// Both readings in full, and the question which one was meant.
    fn ask_which(&self, understood: &Understanding) -> ToolReply {
        let values = std::iter::once(&understood.value)
            .chain(understood.others.iter().map(|other| &other.value))
            .take(2);
        let spoken: Vec<_> = values.clone().map(|value| self.speak_value(value)).collect();
        let readings: Vec<_> = values
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

    /// Two moments in full, and the question which one was meant.
    pub(crate) fn which_of(&self, moments: &[DateTime<Tz>]) -> ToolReply {
        let spoken: Vec<_> = moments.iter().map(|at| speech::moment(*at, self.now)).collect();
        let readings: Vec<_> = moments
            .iter()
            .zip(&spoken)
            .map(|(at, spoken)| json!({"value": written(&Value::Moment(*at)), "spoken": spoken}))
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
            Value::Moment(at) => speech::moment(*at, self.now),
            Value::Day(day) => speech::on_day(*day, today),
            Value::Time(time) => speech::clock(*time),
            Value::Interval(german_datetime::Interval { start, end, .. })
            | Value::Vague(german_datetime::Vague { start, end, .. }) => {
                format!("von {} bis {}", speak_edge(*start, today, false), speak_edge(*end, today, true))
            }
            Value::Open(bound) => match bound.direction {
                Direction::After => format!("ab {}", speak_edge(bound.at, today, false)),
                Direction::Before => format!("bis {}", speak_edge(bound.at, today, true)),
            },
        }
    }

    /// The reply for words that give no usable time.
    pub(crate) fn refuse(&self, error: &UnderstandError) -> ToolReply {
        let today = self.now.with_timezone(&self.zone).date_naive();
        let reply = match error {
            UnderstandError::PastTime { at } => ToolReply::new(
                Status::PastTime,
                format!(
                    "{}, um {} ist schon vorbei, welche Zeit passt Ihnen stattdessen?",
                    speech::capital(&speech::day(at.date(), today)),
                    speech::clock(at.time())
                ),
            )
            .with("current_time", self.now.with_timezone(&self.zone).format("%H:%M").to_string()),
            UnderstandError::PastDate { day } => ToolReply::new(
                Status::PastTime,
                format!(
                    "{}, liegt schon in der Vergangenheit, welchen Tag meinen Sie?",
                    speech::capital(&speech::day(*day, today))
                ),
            ),
            UnderstandError::TooFar { day, last } => ToolReply::new(
                Status::TooFar,
                format!(
                    "{}, ist noch zu weit weg, buchen kann ich bis {}, welcher Tag davor passt Ihnen?",
                    speech::capital(&speech::day(*day, today)),
                    speech::day_as_aim(*last, today)
                ),
            ),
            UnderstandError::NonexistentDate { .. } => ToolReply::new(
                Status::NonexistentDate,
                "Diesen Tag gibt es im Kalender nicht, welchen Tag meinen Sie?",
            ),
            UnderstandError::NonexistentTime { next_valid, .. } => ToolReply::new(
                Status::NonexistentDate,
                format!(
                    "Diese Uhrzeit gibt es an dem Tag wegen der Zeitumstellung nicht, wäre {} auch recht?",
                    speech::clock(next_valid.time())
                ),
            ),
            UnderstandError::TimeRequired => {
                ToolReply::new(Status::TimeRequired, "Um wie viel Uhr soll es sein?")
            }
            UnderstandError::DateRequired => {
                ToolReply::new(Status::DateRequired, "An welchem Tag soll es sein?")
            }
            UnderstandError::Missing => ToolReply::new(
                Status::DateRequired,
                "Wann soll es denn sein, an welchem Tag und um wie viel Uhr?",
            ),
            _ => ToolReply::new(
                Status::TimeNotUnderstood,
                "Das habe ich leider nicht als Tag oder Uhrzeit verstanden, an welchem Tag und um wie viel Uhr soll es sein?",
            ),
        };
        reply.with("reason", error.code()).next(NextAction::AskCaller)
    }
}

fn between(
    start: Edge,
    end: Edge,
    now: NaiveDateTime,
) -> (NaiveDate, NaiveDate, Option<(MinuteOfDay, MinuteOfDay)>) {
    match (start, end) {
        (Edge::Day(start), Edge::Day(end)) => (start, end - TimeDelta::days(1), None),
        (Edge::At(start), Edge::At(end)) => {
            let until =
                if end.date() == start.date() { MinuteOfDay::from(end.time()) } else { MinuteOfDay::END };
            if end - start <= TimeDelta::days(1) {
                (start.date(), start.date(), Some((MinuteOfDay::from(start.time()), until)))
            } else {
                (start.date(), end.date(), None)
            }
        }
        (Edge::Clock(from), Edge::Clock(until)) => {
            let until = if until <= from { MinuteOfDay::END } else { until };
            let is_over = until.on(now.date()) <= now;
            let day = if is_over { now.date() + TimeDelta::days(1) } else { now.date() };
            (day, day, Some((from, until)))
        }
        (start, end) => {
            let first = start.dated().map_or(now.date(), |at| at.date());
            (first, end.dated().map_or(first, |at| at.date()), None)
        }
    }
}

fn open(
    direction: Direction,
    at: Edge,
    now: NaiveDateTime,
    horizon_days: u32,
) -> (NaiveDate, NaiveDate, Option<(MinuteOfDay, MinuteOfDay)>) {
    match (direction, at) {
        (Direction::After, Edge::Day(day)) => {
            (day, now.date() + TimeDelta::days(i64::from(horizon_days)), None)
        }
        (Direction::Before, Edge::Day(day)) => (now.date(), day - TimeDelta::days(1), None),
        (Direction::After, Edge::At(at)) => {
            (at.date(), at.date(), Some((MinuteOfDay::from(at.time()), MinuteOfDay::END)))
        }
        (Direction::Before, Edge::At(at)) => {
            (at.date(), at.date(), Some((START, MinuteOfDay::from(at.time()))))
        }
        (Direction::After, Edge::Clock(from)) => (now.date(), now.date(), Some((from, MinuteOfDay::END))),
        (Direction::Before, Edge::Clock(until)) => {
            let is_over = until.on(now.date()) <= now;
            let day = if is_over { now.date() + TimeDelta::days(1) } else { now.date() };
            (day, day, Some((START, until)))
        }
    }
}

fn daily_hours(daily: Daily) -> (MinuteOfDay, MinuteOfDay) {
    match daily {
        // A single minute: the search looks for starts in a half-open stretch.
        Daily::At(at) => (at, minute(at.minutes() + 1)),
        Daily::Between(from, until) if from < until => (from, until),
        Daily::Between(from, _) | Daily::From(from) => (from, MinuteOfDay::END),
        Daily::Until(until) => (START, until),
    }
}

/// Stable words for what was added to the caller's words; an answer reads the date back in full in any case.
fn inferences(understood: &Understanding) -> Vec<&'static str> {
    let mut words: Vec<_> = understood
        .inferred
        .iter()
        .filter_map(|inference| match inference {
            Inference::Year | Inference::YearRepaired => Some("year"),
            Inference::Month => Some("month"),
            Inference::NextWeekday => Some("weekday"),
            Inference::Afternoon | Inference::HalfOfDayFromPart | Inference::HalfOfDayFromBookable => {
                Some("half_of_day")
            }
            Inference::UsualBounds => Some("usual_hours"),
            Inference::Corrected => Some("correction"),
            _ => None,
        })
        .collect();
    words.dedup();
    words
}

fn written(value: &Value) -> Json {
    match value {
        Value::Moment(at) => {
            json!({"date": at.format("%Y-%m-%d").to_string(), "time": at.format("%H:%M").to_string()})
        }
        Value::Day(day) => json!({"date": day.to_string()}),
        Value::Time(time) => json!({"time": time.format("%H:%M").to_string()}),
        Value::Interval(german_datetime::Interval { start, end, .. })
        | Value::Vague(german_datetime::Vague { start, end, .. }) => {
            json!({"from": start.to_string(), "until": end.to_string()})
        }
        Value::Open(bound) => match bound.direction {
            Direction::After => json!({"from": bound.at.to_string()}),
            Direction::Before => json!({"until": bound.at.to_string()}),
        },
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

/// The hours of a branch as the date library wants them.
pub(crate) fn bookable_hours(windows: impl Iterator<Item = (Weekday, u16, u16)>) -> BookableHours {
    windows
        .fold(BookableHours::new(), |hours, (day, from, until)| hours.with(day, minute(from), minute(until)))
}
