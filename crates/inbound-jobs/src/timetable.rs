use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// Why a pattern and a zone are no timetable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// The pattern cannot be read.
    #[error("`{pattern}` is not a cron pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The zone is not in the time zone database.
    #[error("`{0}` is not a time zone")]
    Zone(String),
    /// The pattern names no instant that will come.
    #[error("`{0}` never comes")]
    Never(String),
}

/// A cron pattern on the wall clock of a zone.
///
/// Five fields, or six with seconds first. When the clock goes forward, a fixed time that is skipped comes at the first
/// instant after the gap; when it goes back, a fixed time that occurs twice comes once. Patterns with a wildcard for the
/// hour or the minute follow real time through both.
#[derive(Debug, Clone)]
pub struct Timetable {
    pattern: String,
    cron: Cron,
    zone: Tz,
}

impl Timetable {
    /// Reads pattern and zone.
    ///
    /// # Errors
    /// [`TimetableError::Pattern`] or [`TimetableError::Zone`].
    pub fn parse(pattern: &str, zone: &str) -> Result<Self, TimetableError> {
        let cron =
            CronParser::builder().seconds(Seconds::Optional).build().parse(pattern).map_err(|error| {
                TimetableError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() }
            })?;
        let zone = Tz::from_str(zone).map_err(|_| TimetableError::Zone(zone.to_owned()))?;
        Ok(Self { pattern: pattern.to_owned(), cron, zone })
    }

    /// The first occurrence after `instant`.
    ///
    /// # Errors
    /// [`TimetableError::Never`] if there is none.
    pub fn next_after(&self, instant: DateTime<Utc>) -> Result<DateTime<Utc>, TimetableError> {
        self.cron
            .find_next_occurrence(&instant.with_timezone(&self.zone), false)
            .map(|next| next.with_timezone(&Utc))
            .map_err(|_| TimetableError::Never(self.pattern.clone()))
    }

    /// The pattern as written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// IANA name of the zone.
    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn occurrences(pattern: &str, from: &str, until: &str) -> Vec<String> {
        let timetable = Timetable::parse(pattern, "Europe/Berlin").unwrap();
        let mut now = at(from);
        let mut all = Vec::new();
        loop {
            now = timetable.next_after(now).unwrap();
            if now >= at(until) {
                return all;
            }
            all.push(now.format("%dT%H:%MZ").to_string());
        }
    }

    #[test]
    fn a_nightly_time_comes_once_when_the_clock_goes_forward() {
        // 29 March 2026: 02:00 CET becomes 03:00 CEST, which is 01:00 UTC.
        assert_eq!(
            occurrences("30 2 * * *", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
            ["28T01:30Z", "29T01:00Z", "30T00:30Z"]
        );
    }

    #[test]
    fn a_nightly_time_comes_once_when_the_clock_goes_back() {
        // 25 October 2026: 03:00 CEST becomes 02:00 CET, which is 01:00 UTC; 02:30 happens at 00:30 and at 01:30 UTC.
        assert_eq!(
            occurrences("30 2 * * *", "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z"),
            ["24T00:30Z", "25T00:30Z", "26T01:30Z"]
        );
    }

    #[test]
    fn what_comes_every_so_often_follows_real_time() {
        assert_eq!(occurrences("*/30 * * * *", "2026-10-24T23:45:00Z", "2026-10-25T02:15:00Z").len(), 5);
        assert_eq!(occurrences("*/30 * * * *", "2026-03-28T23:45:00Z", "2026-03-29T02:15:00Z").len(), 5);
    }

    #[test]
    fn the_wall_clock_keeps_its_hour_over_the_year() {
        let timetable = Timetable::parse("0 9 1 * *", "Europe/Berlin").unwrap();
        assert_eq!(timetable.next_after(at("2026-01-15T00:00:00Z")).unwrap(), at("2026-02-01T08:00:00Z"));
        assert_eq!(timetable.next_after(at("2026-06-15T00:00:00Z")).unwrap(), at("2026-07-01T07:00:00Z"));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(
            Timetable::parse("61 * * * *", "Europe/Berlin"),
            Err(TimetableError::Pattern { .. })
        ));
        assert!(matches!(Timetable::parse("* * * * *", "Europe/Bonn"), Err(TimetableError::Zone(_))));
        let never = Timetable::parse("0 0 30 2 *", "Europe/Berlin").unwrap();
        assert!(matches!(never.next_after(at("2026-01-01T00:00:00Z")), Err(TimetableError::Never(_))));
    }
}
