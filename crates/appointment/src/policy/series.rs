//! Recurring wishes: on which dates, and what stands in the way of each.
//!
//! A series is said in the wall-clock time of its branch: ten o'clock stays ten o'clock through both changes of the
//! clock. Nothing is moved silently: a date that cannot be had is named with its reason and the nearest time that can.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use kernel::StaffId;

use crate::calendar::Certainty;
use crate::model::{Availability, Catalogue, Minute, OwnAppointment, Slot, Sought, Unavailable};

/// How far apart the dates of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Every so many days.
    Days(u32),
    /// Every so many weeks, on the weekday of the first date.
    Weeks(u32),
    /// Every so many months, on the day of the month of the first date; on the last day of a month that has no such
    /// day, and on the asked day again after it.
    Months(u32),
    /// Every so many months, on the weekday of the first date and as the same one of its month ("jeden zweiten
    /// Dienstag im Monat"); as the last one of the month, if the first date is a fifth one and a month has four.
    MonthsByWeekday(u32),
}

/// Days of the shortest month.
const SHORTEST_MONTH: u32 = 28;

impl Interval {
    /// Days between two dates, at least.
    #[must_use]
    pub const fn least_days(self) -> u32 {
        match self {
            Self::Days(days) => days,
            Self::Weeks(weeks) => weeks.saturating_mul(7),
            Self::Months(months) | Self::MonthsByWeekday(months) => months.saturating_mul(SHORTEST_MONTH),
        }
    }

    /// The date that is so many intervals after the first one. `None`: no calendar has it.
    fn after(self, first: NaiveDate, n: u32) -> Option<NaiveDate> {
        match self {
            Self::Days(_) | Self::Weeks(_) => {
                let days = u64::from(self.least_days()).saturating_mul(u64::from(n));
                first.checked_add_days(Days::new(days))
            }
            // Counted from the first date, so that a short month shortens none after it.
            Self::Months(months) => first.checked_add_months(Months::new(months.saturating_mul(n))),
            Self::MonthsByWeekday(months) => {
                let month = first.with_day(1)?.checked_add_months(Months::new(months.saturating_mul(n)))?;
                let place = u8::try_from(first.day0() / 7 + 1).ok()?;
                let (year, month, weekday) = (month.year(), month.month(), first.weekday());
                NaiveDate::from_weekday_of_month_opt(year, month, weekday, place)
                    .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, place - 1))
            }
        }
    }
}

/// "Alle vier Wochen dienstags um zehn, sechsmal."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesRule {
    /// The first date; its weekday is that of a series by weeks, its place in the month that of one by months.
    pub first: NaiveDate,
    /// Minutes after midnight on the branch's wall clock at which each stay begins.
    pub wall: u16,
    /// How far apart.
    pub every: Interval,
    /// How many dates.
    pub count: u32,
}

/// Bounds of series; whoever asks for one can make both grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesLimits {
    /// Dates of one series; at most [`Self::MOST_OCCURRENCES`].
    pub max_occurrences: u32,
    /// Days ahead of the last date. It stands in the place of the branch's horizon, which is about single appointments
    /// and shorter than most series; at most [`Self::MOST_DAYS`].
    pub horizon_days: u32,
}

impl SeriesLimits {
    /// Bound of [`Self::max_occurrences`]: each date is a look at its days, and all of them are one transaction.
    pub const MOST_OCCURRENCES: u32 = 52;
    /// Bound of [`Self::horizon_days`]: holidays and absences are known no farther ahead.
    pub const MOST_DAYS: u32 = 730;
}

impl Default for SeriesLimits {
    fn default() -> Self {
        Self { max_occurrences: 12, horizon_days: 365 }
    }
}

/// Why a rule is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASeries {
    /// One date or none, or more than the bound.
    #[error("a series has two to {0} dates")]
    Count(u32),
    /// The dates are not apart.
    #[error("the dates of a series are a day apart or more")]
    Interval,
    /// No minute of a day.
    #[error("there is no such minute of a day")]
    Minute,
}

impl SeriesRule {
    /// The dates, in order.
    ///
    /// # Errors
    /// [`NotASeries`] if the rule is none.
    pub fn dates(&self, limits: SeriesLimits) -> Result<Vec<NaiveDate>, NotASeries> {
        let max = limits.max_occurrences.min(SeriesLimits::MOST_OCCURRENCES);
        if !(2..=max).contains(&self.count) {
            return Err(NotASeries::Count(max));
        }
        if self.every.least_days() == 0 {
            return Err(NotASeries::Interval);
        }
        if self.wall >= 1440 {
            return Err(NotASeries::Minute);
        }
        // Dates that no calendar has are beyond every horizon.
        Ok((0..self.count).map_while(|n| self.every.after(self.first, n)).collect())
    }

    /// Days before and after a date in which its nearest alternative may lie: near, and never nearer to another date.
    #[must_use]
    pub fn around(&self) -> u32 {
        const NEAR: u32 = 3;
        NEAR.min(self.every.least_days().saturating_sub(1) / 2)
    }
}

/// What a date of a series is.
#[derive(Debug, Clone, PartialEq)]
pub enum OccurrenceState {
    /// It can be had, as far as the answer can be relied on.
    Free(Slot, Certainty),
    /// The customer has this appointment at that time.
    Own(OwnAppointment),
    /// It cannot.
    Taken {
        /// Why.
        reason: Unavailable,
        /// The free slot nearest to it, within a few days.
        nearest: Option<Slot>,
    },
}

/// One date of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The date on the branch's calendar.
    pub date: NaiveDate,
    /// Minutes after midnight on the branch's wall clock.
    pub wall: u16,
    /// Free, or why not.
    pub state: OccurrenceState,
}

/// Why a date does not have a time of the wall clock once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// The clock is put forward over it: it does not exist on that date.
    PutForward,
    /// The clock is put back over it: it comes twice, and nobody has said which one is meant.
    PutBack,
}

/// The minute at which a date's stay begins.
///
/// # Errors
/// [`ClockChange`] if that time does not come exactly once on that date.
pub fn minute_of(catalogue: &Catalogue, date: NaiveDate, wall: u16) -> Result<Minute, ClockChange> {
    use chrono::Timelike as _;
    let shows = |minute: Minute| {
        let local = minute.instant().with_timezone(&catalogue.timezone());
        local.date_naive() == date && local.hour() * 60 + local.minute() == u32::from(wall)
    };
    let first = catalogue.minute_at(date, wall);
    if !shows(first) {
        return Err(ClockChange::PutForward);
    }
    // Every zone that we serve puts its clock back by an hour.
    if shows(Minute(first.0 + 60)) { Err(ClockChange::PutBack) } else { Ok(first) }
}

/// The free slot that begins nearest to a minute on the known dates, the earlier of two, with the first of the people.
#[must_use]
pub fn nearest(
    availability: &Availability<'_>,
    sought: &Sought,
    staff: &[StaffId],
    minute: Minute,
) -> Option<Slot> {
    let mut best: Option<(i64, Minute, StaffId)> = None;
    let mut starts = Vec::new();
    for person in staff {
        starts.clear();
        availability.free_starts(sought, *person, &mut starts);
        for start in &starts {
            let key = ((start.0 - minute.0).abs(), *start);
            if best.is_none_or(|(distance, known, _)| key < (distance, known)) {
                best = Some((key.0, *start, *person));
            }
        }
    }
    best.map(|(_, start, person)| sought.slot(person, start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{branch_id, salon};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(first: &str, every: Interval, count: u32) -> SeriesRule {
        SeriesRule { first: day(first), wall: 600, every, count }
    }

    #[test]
    fn every_four_weeks_on_tuesdays_six_times() {
        let dates = rule("2026-12-01", Interval::Weeks(4), 6).dates(SeriesLimits::default()).unwrap();
        let told: Vec<String> = dates.iter().map(ToString::to_string).collect();
        let wanted = ["2026-12-01", "2026-12-29", "2027-01-26", "2027-02-23", "2027-03-23", "2027-04-20"];
        assert_eq!(told, wanted);
    }

    #[test]
    fn what_is_no_series_is_refused() {
        let limits = SeriesLimits::default();
        let dates = |rule: SeriesRule| rule.dates(limits);
        assert_eq!(dates(rule("2026-12-01", Interval::Weeks(1), 1)), Err(NotASeries::Count(12)));
        assert_eq!(dates(rule("2026-12-01", Interval::Weeks(1), 13)), Err(NotASeries::Count(12)));
        assert_eq!(dates(rule("2026-12-01", Interval::Days(0), 3)), Err(NotASeries::Interval));
        let late = SeriesRule { wall: 1440, ..rule("2026-12-01", Interval::Weeks(1), 3) };
        assert_eq!(dates(late), Err(NotASeries::Minute));
    }

    #[test]
    fn ten_oclock_stays_ten_oclock() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let at = |date: &str, wall| {
            minute_of(&catalogue, day(date), wall).map(|minute| minute.instant().to_rfc3339())
        };
        assert_eq!(at("2027-03-23", 600).as_deref(), Ok("2027-03-23T09:00:00+00:00"));
        assert_eq!(at("2027-04-20", 600).as_deref(), Ok("2027-04-20T08:00:00+00:00"));
        assert_eq!(at("2027-03-28", 150), Err(ClockChange::PutForward), "half past two does not come");
        for (wall, twice) in [(119, false), (120, true), (150, true), (179, true), (180, false)] {
            assert_eq!(at("2027-10-31", wall) == Err(ClockChange::PutBack), twice, "{wall}");
        }
    }

    #[test]
    fn months_keep_their_day_or_their_weekday() {
        let told = |first: &str, every| {
            let dates = rule(first, every, 5).dates(SeriesLimits::default()).unwrap();
            dates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            told("2027-01-31", Interval::Months(1)),
            "2027-01-31 2027-02-28 2027-03-31 2027-04-30 2027-05-31"
        );
        assert_eq!(
            told("2026-12-08", Interval::MonthsByWeekday(2)),
            "2026-12-08 2027-02-09 2027-04-13 2027-06-08 2027-08-10"
        );
        // A fifth Tuesday: the last one where there are four.
        assert_eq!(
            told("2026-12-29", Interval::MonthsByWeekday(1)),
            "2026-12-29 2027-01-26 2027-02-23 2027-03-30 2027-04-27"
        );
        let none = rule("2026-12-01", Interval::Months(0), 3).dates(SeriesLimits::default());
        assert_eq!(none, Err(NotASeries::Interval));
        let never = SeriesRule { first: NaiveDate::MAX, ..rule("2026-12-01", Interval::Months(u32::MAX), 3) };
        assert_eq!(never.dates(SeriesLimits::default()).unwrap().len(), 1, "no calendar has the others");
    }

    proptest! {
        #[test]
        fn dates_are_as_far_apart_as_was_said(offset in 0_u64..4000, step in 1_u32..60, weeks: bool, count in 2_u32..13) {
            let first = day("2020-01-01") + Days::new(offset);
            let every = if weeks { Interval::Weeks(step) } else { Interval::Days(step) };
            let rule = SeriesRule { first, wall: 600, every, count };
            let dates = rule.dates(SeriesLimits::default()).unwrap();
            prop_assert_eq!(dates.len(), count as usize);
            prop_assert_eq!(dates[0], first);
            for pair in dates.windows(2) {
                prop_assert_eq!((pair[1] - pair[0]).num_days(), i64::from(every.least_days()));
                prop_assert!(!weeks || pair[0].weekday() == pair[1].weekday());
                // Alternatives of two dates never meet.
                prop_assert!(2 * i64::from(rule.around()) < (pair[1] - pair[0]).num_days());
            }
        }

        #[test]
        fn months_are_counted_from_the_first_date(
            offset in 0_u64..40_000,
            step in 1_u32..25,
            by_weekday: bool,
            count in 2_u32..13,
            wall in 0_u16..1440,
        ) {
            let first = day("2000-01-01") + Days::new(offset);
            let every = if by_weekday { Interval::MonthsByWeekday(step) } else { Interval::Months(step) };
            let rule = SeriesRule { first, wall, every, count };
            let dates = rule.dates(SeriesLimits::default()).unwrap();
            prop_assert_eq!(dates.len(), count as usize);
            prop_assert_eq!(dates[0], first);
            let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
            let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
            for (n, date) in (0_i64..).zip(&dates) {
                prop_assert_eq!(months(*date), months(first) + n * i64::from(step));
                let is_last_week = date.day() + 7 > u32::from(date.num_days_in_month());
                if by_weekday {
                    prop_assert_eq!(date.weekday(), first.weekday());
                    prop_assert!(date.day0() / 7 == first.day0() / 7 || (first.day0() / 7 == 4 && is_last_week));
                } else {
                    prop_assert_eq!(date.day(), first.day().min(u32::from(date.num_days_in_month())));
                }
                // The wall clock shows what was said, or the time does not come once on that date.
                if let Ok(minute) = minute_of(&catalogue, *date, wall) {
                    let local = minute.instant().with_timezone(&catalogue.timezone());
                    prop_assert_eq!(local.date_naive(), *date);
                    prop_assert_eq!(local.format("%H:%M").to_string(), format!("{:02}:{:02}", wall / 60, wall % 60));
                }
            }
            for pair in dates.windows(2) {
                prop_assert!((pair[1] - pair[0]).num_days() >= i64::from(every.least_days()));
                prop_assert!(2 * i64::from(rule.around()) < (pair[1] - pair[0]).num_days());
            }
        }
    }
}
