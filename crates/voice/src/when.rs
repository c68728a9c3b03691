//! From the words for a day and a time to a moment, a stretch to search, or the question to ask back.
//!
//! Everything about language is `german-datetime`'s; here is only what a booking makes of it: what is past or too far,
//! when to ask back, and how to say so.

mod any;
mod question;
mod refusal;

use any::means_any_time;
use appointment::model::DateRange;
use appointment::policy::alternatives::TimeWish;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use german_datetime::{
    BookableHours, Context, Daily, Direction, Edge, Inference, MinuteOfDay, UnderstandError, Understanding,
    Value, understand, understand_date_and_time,
};

use crate::ports::WishedTime;
use crate::reply::ToolReply;

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

impl When {
    /// The one day it lies on, if it does.
    pub(crate) fn single_day(&self) -> Option<NaiveDate> {
        match self {
            Self::Moment(moment) => Some(moment.at.date_naive()),
            Self::Stretch(stretch) => match stretch.days.as_slice() {
                [day] => Some(*day),
                _ => None,
            },
            Self::Unsaid => None,
        }
    }

    /// Whether a part of each day is meant.
    pub(crate) const fn has_hours(&self) -> bool {
        matches!(self, Self::Stretch(stretch) if stretch.has_hours)
    }

    /// The last day, where days as a whole are asked for, or a part of each.
    pub(crate) fn last_day(&self) -> Option<NaiveDate> {
        match self {
            Self::Stretch(stretch) => stretch.days.last().copied(),
            Self::Moment(_) | Self::Unsaid => None,
        }
    }

    /// What somebody who finds nothing then would wait for: of several days those that follow one another, since that is
    /// what can be said back.
    pub(crate) fn wished(&self) -> Option<WishedTime> {
        match self {
            Self::Moment(moment) => {
                let minute = MinuteOfDay::from(moment.at.time()).minutes();
                Some(WishedTime {
                    days: DateRange::day(moment.at.date_naive()),
                    hours: Some((minute, minute)),
                })
            }
            Self::Stretch(stretch) => {
                let hours = (stretch.from.minutes(), stretch.last_minute());
                Some(WishedTime { days: stretch.first_run()?, hours: stretch.has_hours.then_some(hours) })
            }
            Self::Unsaid => None,
        }
    }

    /// This instant, as if it had been said.
    pub(crate) fn at(start: DateTime<Utc>, zone: Tz) -> Self {
        Self::Moment(Moment { at: start.with_timezone(&zone), inferred: Vec::new() })
    }

    /// What is said, or what was wished for before.
    pub(crate) fn or_wished(self, wished: Option<WishedTime>, zone: Tz) -> Self {
        let (Self::Unsaid, Some(WishedTime { days, hours })) = (&self, wished) else { return self };
        let (from, until) = hours.unwrap_or((0, MinuteOfDay::END.minutes()));
        if hours.is_some() && from == until && days.first() == days.last() {
            let at = german_datetime::in_zone(minute(from).on(days.first()), zone).first();
            return Self::Moment(Moment { at, inferred: Vec::new() });
        }
        // The last minute that counts, and the first that does not.
        let until = if hours.is_some() { until.saturating_add(1) } else { until };
        Self::Stretch(Stretch {
            days: days.first().iter_days().take_while(|day| *day <= days.last()).collect(),
            from: minute(from),
            until: minute(until),
            has_hours: hours.is_some(),
            inferred: Vec::new(),
        })
    }
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

impl Stretch {
    /// The last minute of each day that counts: ten is neither "vor zehn" nor "zwischen neun und zehn".
    const fn last_minute(&self) -> u16 {
        self.until.minutes().saturating_sub(1)
    }

    /// The hours of each day, as a wish.
    pub(crate) fn time(&self) -> TimeWish {
        if self.has_hours {
            let from = self.from.minutes();
            TimeWish::Window { from, until: self.last_minute(), anchor: from }
        } else {
            TimeWish::Any
        }
    }

    /// Days that follow one another, from the first.
    fn first_run(&self) -> Option<DateRange> {
        let first = *self.days.first()?;
        let follow = self.days.windows(2).take_while(|pair| pair[0].succ_opt() == Some(pair[1])).count();
        Some(DateRange::new(first, *self.days.get(follow)?))
    }

    /// Whether this begins in it, on a clock of the zone.
    pub(crate) fn holds(&self, zone: Tz, start: DateTime<Utc>) -> bool {
        let local = start.with_timezone(&zone);
        let minute = MinuteOfDay::from(local.time());
        self.days.contains(&local.date_naive()) && (self.from..self.until).contains(&minute)
    }
}

/// Any day, in words that are understood.
const FROM_NOW_ON: &str = "ab heute";

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
    /// The day the call has spoken of last; it stands for the day of a time that is said alone.
    pub(crate) topic: Option<NaiveDate>,
}

impl Listener<'_> {
    /// Understands a day and a time said together or apart.
    ///
    /// # Errors
    /// The reply that asks back or refuses; boxed, since the good case is the common one.
    pub(crate) fn hear(&self, date: Option<&str>, time: Option<&str>) -> Result<When, Box<ToolReply>> {
        let now = self.now.with_timezone(&self.zone);
        let context = Context::new(now).with_bookable(self.hours);
        let is_any = time.is_some_and(means_any_time);
        // Whoever takes any day does not mean the one that was spoken of.
        let date = date.map(|words| if means_any_time(words) { FROM_NOW_ON } else { words });
        let topic = self.topic.filter(|day| *day >= context.today());
        let spoken_of = topic.filter(|_| is_any).map(|day| day.to_string());
        let date = date.or(spoken_of.as_deref());
        let time = time.filter(|_| !is_any);
        let understood = match (date, time) {
            (None, None) => return Ok(When::Unsaid),
            (Some(words), None) | (None, Some(words)) => understand(words, &context),
            (Some(date), Some(time)) => understand_date_and_time(date, time, &context),
        };
        let (understood, by_topic) = match (understood, topic, date.or(time)) {
            (Ok(alone), Some(day), Some(words)) if is_undated(&alone.value) => {
                (understand_date_and_time(&day.to_string(), words, &context), true)
            }
            (other, ..) => (other, false),
        };
        let understood = understood.map_err(|error| {
            let both = match (&error, date, time) {
                (UnderstandError::Contradiction, Some(date), Some(time)) => {
                    self.contradiction(date, time, &context)
                }
                _ => None,
            };
            Box::new(both.unwrap_or_else(|| self.refuse(&error)))
        })?;
        if let Some(question) = self.doubt(&understood, &context) {
            return Err(Box::new(question));
        }
        understood.check_ahead(&context, self.horizon_days).map_err(|error| Box::new(self.refuse(&error)))?;
        let inferred = inferences(&understood);
        let inferred = if by_topic { with_day(inferred) } else { inferred };
        match understood.value {
            Value::Moment(at) => Ok(When::Moment(Moment { at, inferred })),
            Value::Time(_) => self.undated(&understood, &context, inferred),
            _ => {
                let words = [date, time].into_iter().flatten();
                self.stretch(&understood, inferred, ends_before(words)).map(When::Stretch)
            }
        }
    }

    /// Whether these words name a day; `None` if that is not known.
    pub(crate) fn says_day(&self, words: &str) -> Option<bool> {
        let inferred = match (Listener { topic: None, ..*self }).hear(Some(words), None).ok()? {
            When::Moment(moment) => moment.inferred,
            When::Stretch(stretch) => stretch.inferred,
            When::Unsaid => return None,
        };
        Some(!inferred.contains(&"day"))
    }

    /// Two words for one time, one of which says the day and the other the time of day; `None` if they do not complete each
    /// other.
    pub(crate) fn together(&self, before: &str, now: &str) -> Option<String> {
        let (day, time) = match (self.says_day(before)?, self.says_day(now)?) {
            (true, false) => (before, now),
            (false, true) => (now, before),
            _ => return None,
        };
        let is_day_alone = match self.hear(Some(day), None).ok()? {
            When::Stretch(stretch) => stretch.days.len() == 1 && !stretch.has_hours,
            When::Moment(_) | When::Unsaid => false,
        };
        is_day_alone.then(|| format!("{day} {time}"))
    }

    /// A clock time without a day: tomorrow if it has passed today; a question if both days are open then.
    fn undated(
        &self,
        understood: &Understanding,
        context: &Context<'_>,
        inferred: Vec<&'static str>,
    ) -> Result<When, Box<ToolReply>> {
        let at = understood.moment(context).map_err(|error| Box::new(self.refuse(&error)))?;
        let clock = MinuteOfDay::from(at.time());
        let (today, tomorrow) = (context.today(), context.today() + TimeDelta::days(1));
        let is_open = |day: NaiveDate| self.hours.covers(Some(day.weekday()), clock);
        if at.date_naive() == today && is_open(today) && is_open(tomorrow) {
            let next = german_datetime::in_zone(tomorrow.and_time(at.time()), self.zone).first();
            return Err(Box::new(self.which_of(&[at, next])));
        }
        Ok(When::Moment(Moment { at, inferred: with_day(inferred) }))
    }

    fn stretch(
        &self,
        understood: &Understanding,
        inferred: Vec<&'static str>,
        ends_before: bool,
    ) -> Result<Stretch, Box<ToolReply>> {
        let now = self.now.with_timezone(&self.zone).naive_local();
        let inferred = if is_undated(&understood.value) { with_day(inferred) } else { inferred };
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
        let is_until = matches!(understood.value, Value::Open(bound) if bound.direction == Direction::Before)
            || matches!(understood.daily, Some(Daily::Until(_)));
        let hours = hours.map(|(from, until)| match is_until && !ends_before && until < MinuteOfDay::END {
            true => (from, minute(until.minutes() + 1)),
            false => (from, until),
        });
        let first = first.max(now.date());
        let days: Vec<_> = first.iter_days().take_while(|day| *day <= last).take(31).collect();
        debug_assert!(i64::try_from(days.len()).is_ok_and(|len| len <= MAX_STRETCH_DAYS));
        let (from, until) = hours.unwrap_or((START, MinuteOfDay::END));
        if days.is_empty() || from >= until {
            return Err(Box::new(self.refuse(&UnderstandError::Unparsable)));
        }
        Ok(Stretch { days, from, until, has_hours: hours.is_some(), inferred })
    }
}

/// Whether what ends at an hour ends before it: "vor zehn". Whoever comes "bis zehn" or "spätestens um zehn" may come at ten.
fn ends_before<'a>(mut words: impl Iterator<Item = &'a str>) -> bool {
    words.any(|text| text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("vor")))
}

/// A part of the day or a bound without a day.
const fn is_undated(value: &Value) -> bool {
    match value {
        Value::Interval(german_datetime::Interval { start, .. })
        | Value::Vague(german_datetime::Vague { start, .. }) => matches!(start, Edge::Clock(_)),
        Value::Open(bound) => matches!(bound.at, Edge::Clock(_)),
        Value::Time(_) => true,
        Value::Moment(_) | Value::Day(_) => false,
    }
}

/// The same with the day among what was added.
fn with_day(mut inferred: Vec<&'static str>) -> Vec<&'static str> {
    if !inferred.contains(&"day") {
        inferred.push("day");
    }
    inferred
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
            Inference::Afternoon
            | Inference::HalfOfDayFromPart
            | Inference::HalfOfDayFromBookable
            | Inference::HalfOfDayFromRange => Some("half_of_day"),
            Inference::UsualBounds => Some("usual_hours"),
            Inference::Corrected => Some("correction"),
            Inference::Today | Inference::Day | Inference::AfterMidnight => Some("day"),
            Inference::EightDaysAreAWeek | Inference::AFewAreTwo => Some("count"),
            Inference::EarlierOffset => Some("offset"),
            // The library may learn more; until it is named here, the date is still read back in full.
            _ => None,
        })
        .collect();
    words.dedup();
    words
}

/// The hours of a branch as the date library wants them.
pub(crate) fn bookable_hours(windows: impl Iterator<Item = (Weekday, u16, u16)>) -> BookableHours {
    windows
        .fold(BookableHours::new(), |hours, (day, from, until)| hours.with(day, minute(from), minute(until)))
}
