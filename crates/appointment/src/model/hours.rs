//! Hours of a week on a wall clock: rows of weekday and minutes, sorted and merged once.

use chrono::{Datelike, NaiveDate, Weekday};

/// Minutes of a wall-clock day. The end of a day is this number, not zero.
pub const MINUTES_PER_DAY: u16 = 1440;

/// A stretch of one wall-clock day: `from` inclusive, `until` exclusive, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayHours {
    /// First minute, 0 to 1439.
    pub from: u16,
    /// Minute after the last, 1 to 1440, later than `from`.
    pub until: u16,
}

impl DayHours {
    /// A stretch of a day.
    ///
    /// # Errors
    /// [`HoursError::Minutes`] unless `from < until <= 1440`.
    pub const fn new(from: u16, until: u16) -> Result<Self, HoursError> {
        if from < until && until <= MINUTES_PER_DAY {
            Ok(Self { from, until })
        } else {
            Err(HoursError::Minutes { from, until })
        }
    }
}

/// Why rows are not hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// The weekday is not 1 (Monday) to 7 (Sunday).
    #[error("{0} is not an ISO weekday")]
    Weekday(u8),
    /// Not a stretch of a day.
    #[error("minutes {from} to {until} are not a stretch of a day")]
    Minutes {
        /// Given start.
        from: u16,
        /// Given end.
        until: u16,
    },
}

/// Opening or working hours: any number of stretches per weekday; a gap between two of them is a break.
///
/// A day with a stretch that would cross midnight is written as two rows, one on each day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeekHours {
    days: [Vec<DayHours>; 7],
}

impl WeekHours {
    /// Hours from rows of ISO weekday (1 Monday to 7 Sunday), first minute and minute after the last.
    ///
    /// The order of the rows does not matter; overlapping and touching stretches of a day become one.
    ///
    /// # Errors
    /// [`HoursError`] for a row that is no stretch of a weekday.
    pub fn from_rows(rows: impl IntoIterator<Item = (u8, u16, u16)>) -> Result<Self, HoursError> {
        let mut days: [Vec<DayHours>; 7] = Default::default();
        for (weekday, from, until) in rows {
            let index = usize::from(weekday).checked_sub(1);
            let day = index.and_then(|index| days.get_mut(index)).ok_or(HoursError::Weekday(weekday))?;
            day.push(DayHours::new(from, until)?);
        }
        for day in &mut days {
            merge(day);
        }
        Ok(Self { days })
    }

    /// The stretches of a weekday in order, neither overlapping nor touching.
    #[must_use]
    pub fn on(&self, weekday: Weekday) -> &[DayHours] {
        &self.days[weekday.num_days_from_monday() as usize]
    }

    /// The stretches of the weekday of a date.
    #[must_use]
    pub fn on_date(&self, date: NaiveDate) -> &[DayHours] {
        self.on(date.weekday())
    }

    /// All rows: ISO weekday, first minute, minute after the last.
    pub fn rows(&self) -> impl Iterator<Item = (u8, u16, u16)> + '_ {
        (1_u8..)
            .zip(&self.days)
            .flat_map(|(weekday, day)| day.iter().map(move |hours| (weekday, hours.from, hours.until)))
    }
}

/// Sorts and joins what overlaps or touches.
pub(crate) fn merge(day: &mut Vec<DayHours>) {
    day.sort_unstable();
    let mut kept = 0;
    for index in 0..day.len() {
        if kept > 0 && day[index].from <= day[kept - 1].until {
            day[kept - 1].until = day[kept - 1].until.max(day[index].until);
        } else {
            day[kept] = day[index];
            kept += 1;
        }
    }
    day.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_any_order_become_sorted_stretches() {
        let hours =
            WeekHours::from_rows([(2, 780, 1080), (2, 540, 750), (2, 600, 760), (7, 0, 1440)]).unwrap();
        assert_eq!(
            hours.on(Weekday::Tue),
            &[DayHours { from: 540, until: 760 }, DayHours { from: 780, until: 1080 }]
        );
        assert!(hours.on(Weekday::Mon).is_empty());
        assert_eq!(hours.rows().collect::<Vec<_>>(), [(2, 540, 760), (2, 780, 1080), (7, 0, 1440)]);
    }

    #[test]
    fn touching_stretches_leave_no_break() {
        let hours = WeekHours::from_rows([(1, 540, 720), (1, 720, 900)]).unwrap();
        assert_eq!(hours.on(Weekday::Mon).len(), 1);
    }

    #[test]
    fn rows_that_are_no_hours_are_refused() {
        assert_eq!(WeekHours::from_rows([(0, 1, 2)]), Err(HoursError::Weekday(0)));
        assert_eq!(WeekHours::from_rows([(8, 1, 2)]), Err(HoursError::Weekday(8)));
        for (from, until) in [(5, 5), (6, 5), (0, 1441)] {
            assert_eq!(WeekHours::from_rows([(1, from, until)]), Err(HoursError::Minutes { from, until }));
        }
    }
}
