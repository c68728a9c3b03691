//! From a wall clock to instants and back, through both changes of the clock.
//!
//! One rule, and it keeps order: an hour that occurs twice means its first occurrence, a time that is skipped means the
//! instant of the change. So stretches of a day never swap or overlap, they only get longer, shorter or empty.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::catalogue::Catalogue;
use super::dates::DateRange;
use super::hours::MINUTES_PER_DAY;
use super::span::Minute;

/// The minute at which a wall clock shows `wall` minutes after midnight of a date; 1440 is the next midnight.
pub(crate) fn wall_minute(tz: Tz, date: NaiveDate, wall: u16) -> i64 {
    // A skipped stretch is an hour, once it was a whole day (Samoa, 2011); the bound covers that.
    const LONGEST_SKIP: i64 = 24 * 60;
    let midnight = date.and_time(NaiveTime::MIN);
    for skipped in 0..=LONGEST_SKIP {
        let Some(local) = midnight.checked_add_signed(TimeDelta::minutes(i64::from(wall) + skipped)) else {
            break;
        };
        match tz.from_local_datetime(&local) {
            MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) => {
                return Minute::floor(instant.with_timezone(&Utc)).0;
            }
            MappedLocalTime::None => {}
        }
    }
    // The end of the calendar: no zone's rules reach it, the date itself is the best answer.
    Minute::floor(midnight.and_utc()).0 + i64::from(wall)
}

/// The date that a wall clock shows.
pub(crate) fn local_date(tz: Tz, instant: DateTime<Utc>) -> NaiveDate {
    // Instants within a day of the calendar's ends have no local time in every zone; there the UTC date stands in.
    let margin = TimeDelta::days(2);
    let inner = DateTime::<Utc>::MIN_UTC + margin..DateTime::<Utc>::MAX_UTC - margin;
    if inner.contains(&instant) { instant.with_timezone(&tz).date_naive() } else { instant.date_naive() }
}

/// One date of a zone as minutes. Nearly every day is 1440 minutes long, and then no zone is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayFrame {
    pub(crate) date: NaiveDate,
    /// First minute of the date.
    pub(crate) start: i64,
    /// First minute of the next date.
    pub(crate) end: i64,
}

impl DayFrame {
    pub(crate) fn of(tz: Tz, date: NaiveDate) -> Self {
        Self { date, start: wall_minute(tz, date, 0), end: wall_minute(tz, date, MINUTES_PER_DAY) }
    }

    /// All dates of a range. Where one ends the next begins, so the zone is asked once a date.
    pub(crate) fn of_dates(tz: Tz, days: DateRange) -> Vec<Self> {
        let mut frames: Vec<Self> = Vec::new();
        let mut next = Some(days.first());
        while let Some(date) = next.filter(|date| *date <= days.last()) {
            let start = frames.last().map_or_else(|| wall_minute(tz, date, 0), |before| before.end);
            frames.push(Self { date, start, end: wall_minute(tz, date, MINUTES_PER_DAY) });
            next = date.succ_opt();
        }
        frames
    }

    fn is_plain(&self) -> bool {
        self.end - self.start == i64::from(MINUTES_PER_DAY)
    }

    /// The minute at which the clock shows `wall` on this date.
    pub(crate) fn minute(&self, tz: Tz, wall: u16) -> i64 {
        if self.is_plain() { self.start + i64::from(wall) } else { wall_minute(tz, self.date, wall) }
    }

    /// What the clock shows at a minute of this date, in minutes after midnight.
    pub(crate) fn wall(&self, tz: Tz, minute: i64) -> u16 {
        let shown = if self.is_plain() {
            minute - self.start
        } else {
            let local = Minute(minute).instant().with_timezone(&tz);
            i64::from(local.hour() * 60 + local.minute())
        };
        u16::try_from(shown.clamp(0, i64::from(MINUTES_PER_DAY))).unwrap_or(MINUTES_PER_DAY)
    }
}

impl Catalogue {
    /// The minute at which the branch's clock shows `wall` minutes after midnight of a date. An hour that occurs twice
    /// means its first occurrence, a skipped time the instant of the change.
    #[must_use]
    pub fn minute_at(&self, date: NaiveDate, wall: u16) -> Minute {
        Minute(wall_minute(self.timezone(), date, wall))
    }

    /// The date that the branch's calendar shows at an instant.
    #[must_use]
    pub fn date_at(&self, instant: DateTime<Utc>) -> NaiveDate {
        local_date(self.timezone(), instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> i64 {
        Minute::exact(text.parse::<DateTime<Utc>>().unwrap()).unwrap().0
    }

    #[test]
    fn spring_skips_an_hour() {
        let (tz, date) = (Tz::Europe__Berlin, day("2026-03-29"));
        assert_eq!(wall_minute(tz, date, 119), at("2026-03-29T00:59:00Z"));
        for skipped in [120, 150, 179, 180] {
            assert_eq!(wall_minute(tz, date, skipped), at("2026-03-29T01:00:00Z"));
        }
        let frame = DayFrame::of(tz, date);
        assert_eq!(frame.end - frame.start, 23 * 60);
        assert_eq!(frame.minute(tz, 540), at("2026-03-29T07:00:00Z"));
        assert_eq!(frame.wall(tz, at("2026-03-29T07:00:00Z")), 540);
    }

    #[test]
    fn autumn_means_the_first_of_two_hours() {
        let (tz, date) = (Tz::Europe__Berlin, day("2026-10-25"));
        assert_eq!(wall_minute(tz, date, 150), at("2026-10-25T00:30:00Z"));
        assert_eq!(wall_minute(tz, date, 180), at("2026-10-25T02:00:00Z"));
        let frame = DayFrame::of(tz, date);
        assert_eq!(frame.end - frame.start, 25 * 60);
        assert_eq!(frame.minute(tz, 540), at("2026-10-25T08:00:00Z"));
        assert_eq!(frame.wall(tz, at("2026-10-25T01:30:00Z")), 150);
    }

    #[test]
    fn a_date_that_a_zone_never_had_is_empty() {
        let frame = DayFrame::of(Tz::Pacific__Apia, day("2011-12-30"));
        assert_eq!(frame.start, frame.end);
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            let _ = DayFrame::of(Tz::Europe__Berlin, date);
        }
        for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let _ = local_date(Tz::Pacific__Apia, instant);
        }
    }

    proptest! {
        #[test]
        fn the_order_of_a_day_survives_every_zone(
            zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
            offset in 0_i64..12_000,
            wall in 0_u16..1440,
        ) {
            let date = day("2000-01-01") + TimeDelta::days(offset);
            let frame = DayFrame::of(zone, date);
            let next = DayFrame::of(zone, date.succ_opt().unwrap());
            prop_assert_eq!(frame.end, next.start);
            let both = DayFrame::of_dates(zone, DateRange::new(date, next.date));
            prop_assert_eq!(both, [frame, next]);
            prop_assert_eq!(frame.minute(zone, wall), wall_minute(zone, date, wall));
            prop_assert!(wall_minute(zone, date, wall) <= wall_minute(zone, date, wall + 1));
        }
    }
}
