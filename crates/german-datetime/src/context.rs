//! What has to be known besides the words: the moment of the call, the zone, and optionally what is bookable.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Weekday};
use chrono_tz::Tz;

use crate::holidays::FederalState;
use crate::value::MinuteOfDay;

/// The hours at which something can be booked, by weekday. They settle the half of the day: with hours from
/// 9 to 18, "um drei" can only be in the afternoon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookableHours {
    windows: [Vec<(MinuteOfDay, MinuteOfDay)>; 7],
}

impl BookableHours {
    /// The largest number of windows kept per weekday; further ones are ignored.
    pub const MAX_WINDOWS: usize = 16;

    /// No hours at all; add windows with [`BookableHours::with`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same window on each of `days`.
    #[must_use]
    pub fn daily(days: &[Weekday], from: MinuteOfDay, to: MinuteOfDay) -> Self {
        days.iter().fold(Self::new(), |hours, &day| hours.with(day, from, to))
    }

    /// Adds a window, half-open; one that ends before it starts is left out.
    #[must_use]
    pub fn with(mut self, day: Weekday, from: MinuteOfDay, to: MinuteOfDay) -> Self {
        if let Some(windows) = self.windows.get_mut(day.num_days_from_monday() as usize)
            && from < to
            && windows.len() < Self::MAX_WINDOWS
        {
            windows.push((from, to));
        }
        self
    }

    /// Whether `minute` is within a window of `day`; without a day, of any day.
    #[must_use]
    pub fn covers(&self, day: Option<Weekday>, minute: MinuteOfDay) -> bool {
        let within = |windows: &Vec<(MinuteOfDay, MinuteOfDay)>| {
            windows.iter().any(|&(from, to)| from <= minute && minute < to)
        };
        match day {
            Some(day) => self.windows.get(day.num_days_from_monday() as usize).is_some_and(within),
            None => self.windows.iter().any(within),
        }
    }
}

/// Everything the meaning of a phrase depends on besides its words.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    now: DateTime<Tz>,
    bookable: Option<&'a BookableHours>,
    region: Option<FederalState>,
}

impl<'a> Context<'a> {
    /// The moment of the call, in the zone whose wall clock the speaker means.
    #[must_use]
    pub fn new(now: DateTime<Tz>) -> Self {
        Self { now, bookable: None, region: None }
    }

    /// Adds what is bookable, to settle which half of the day is meant.
    #[must_use]
    pub fn with_bookable(mut self, hours: &'a BookableHours) -> Self {
        self.bookable = Some(hours);
        self
    }

    /// Adds the federal state, for [`Context::is_public_holiday`].
    #[must_use]
    pub fn with_region(mut self, region: FederalState) -> Self {
        self.region = Some(region);
        self
    }

    /// The moment of the call.
    #[must_use]
    pub fn now(&self) -> DateTime<Tz> {
        self.now
    }

    /// The wall clock at the moment of the call.
    #[must_use]
    pub fn wall_clock(&self) -> NaiveDateTime {
        self.now.naive_local()
    }

    /// The day of the call.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// The zone of the wall clock.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.now.timezone()
    }

    /// What is bookable, if known.
    #[must_use]
    pub fn bookable(&self) -> Option<&'a BookableHours> {
        self.bookable
    }

    /// The federal state, if known.
    #[must_use]
    pub fn region(&self) -> Option<FederalState> {
        self.region
    }

    /// Whether `day` is a public holiday where the speaker is; without a region, in the whole of Germany.
    #[must_use]
    pub fn is_public_holiday(&self, day: NaiveDate) -> bool {
        let region = self.region.unwrap_or(FederalState::None);
        crate::holidays::public_holidays(region, day.year()).iter().any(|holiday| holiday.date == day)
    }
}
