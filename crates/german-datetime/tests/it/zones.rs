//! Wall clock and time line: clock changes, the turn of the year, leap years.

use chrono::{TimeDelta, TimeZone};
use chrono_tz::Europe::Berlin;
use german_datetime::{Context, Inference, Reason, UnderstandError, Value, ZonedTime, in_zone, understand};
use proptest::prelude::*;

use crate::support::{at, day, first, on, short, understood};

#[test]
fn the_missing_hour_is_refused_with_the_next_valid_time() {
    let context = at("2026-03-28T20:00");
    for phrase in ["morgen um 2:30", "am 29. März um halb drei nachts", "29.3.2026 02:00"] {
        let Err(UnderstandError::NonexistentTime { next_valid, .. }) = understand(phrase, &context) else {
            panic!("{phrase:?} is understood");
        };
        assert_eq!(next_valid, day("2026-03-29").and_hms_opt(3, 0, 0).unwrap(), "{phrase:?}");
    }
    assert_eq!(first("heute Nacht um halb drei", &context), "nonexistent_time");
    assert_eq!(first("morgen um 3 Uhr früh", &context), "2026-03-29T03:00");
}

#[test]
fn the_doubled_hour_is_the_earlier_one_with_the_later_beside_it() {
    let context = at("2026-10-24T20:00");
    let found = understood("morgen um 2:30", &context);
    let earlier = Berlin.with_ymd_and_hms(2026, 10, 25, 2, 30, 0).earliest().unwrap();
    assert_eq!(found.value, Value::Moment(earlier));
    assert!(found.inferred.contains(&Inference::EarlierOffset));
    let later = found.others.iter().find(|other| other.reason == Reason::LaterOffset).unwrap();
    let Value::Moment(later) = later.value else { panic!("{later:?}") };
    assert_eq!(later - earlier, TimeDelta::hours(1));
}

#[test]
fn lengths_are_elapsed_time() {
    let spring = at("2026-03-29T01:30");
    assert_eq!(first("in einer Stunde", &spring), "2026-03-29T03:30");
    assert_eq!(first("in 24 Stunden", &spring), "2026-03-30T02:30");
    let autumn = at("2026-10-25T01:30");
    let found = understood("in zwei Stunden", &autumn);
    assert_eq!(short(&found.value), "2026-10-25T02:30");
    let Value::Moment(moment) = found.value else { panic!("{found:?}") };
    assert_eq!(moment - autumn.now(), TimeDelta::hours(2));
    assert_eq!(first("die nächsten drei Stunden", &spring), "2026-03-29T01:30..2026-03-29T05:30");
}

#[test]
fn other_zones_have_their_own_clock_changes() {
    let zone = chrono_tz::America::New_York;
    let context = Context::new(zone.with_ymd_and_hms(2026, 3, 7, 20, 0, 0).unwrap());
    assert_eq!(first("morgen um 2:30", &context), "nonexistent_time");
    // Samoa had no 30 December 2011 at all.
    let apia = chrono_tz::Pacific::Apia;
    let skipped = day("2011-12-30").and_hms_opt(12, 0, 0).unwrap();
    let ZonedTime::Missing { next_valid } = in_zone(skipped, apia) else { panic!("the day exists") };
    assert_eq!(next_valid.naive_local(), day("2011-12-31").and_hms_opt(0, 0, 0).unwrap());
}

#[test]
fn leap_years_and_turns_of_the_year() {
    assert_eq!(first("am 29. Februar", &at("2027-03-01T09:00")), "2028-02-29");
    assert_eq!(first("am 29.2.2027", &at("2026-12-01T09:00")), "nonexistent_date");
    assert_eq!(first("in einem Jahr", &at("2028-02-29T09:00")), "2029-02-28");
    assert_eq!(first("in einem Monat", &at("2026-01-31T09:00")), "2026-02-28");
    assert_eq!(first("übermorgen", &at("2027-12-30T09:00")), "2028-01-01");
    assert_eq!(first("KW 53", &at("2026-06-01T09:00")), "2026-12-28..2027-01-04");
    assert_eq!(first("diese Woche", &at("2026-01-01T09:00")), "2025-12-29..2026-01-05");
}

proptest! {
    /// A gap's next valid moment exists, lies after the gap, and nothing valid lies between.
    #[test]
    fn every_wall_clock_time_has_a_first_moment(minutes in 0_i64..30 * 365 * 24 * 60) {
        let wall = day("2010-01-01").and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(minutes);
        match in_zone(wall, Berlin) {
            ZonedTime::Single(at) => prop_assert_eq!(at.naive_local(), wall),
            ZonedTime::Doubled { earlier, later } => {
                prop_assert_eq!(earlier.naive_local(), wall);
                prop_assert_eq!(later.naive_local(), wall);
                prop_assert_eq!(later - earlier, TimeDelta::hours(1));
            }
            ZonedTime::Missing { next_valid } => {
                prop_assert!(next_valid.naive_local() > wall);
                prop_assert!((next_valid.naive_local() - wall) <= TimeDelta::hours(1));
                let before = next_valid - TimeDelta::seconds(1);
                prop_assert!(before.naive_local() < wall);
            }
        }
    }

    /// Hours ahead are elapsed hours, whatever the clocks do.
    #[test]
    fn hours_ahead_are_elapsed(minutes in 0_i64..3 * 365 * 24 * 60, hours in 1_i64..72) {
        let wall = day("2025-01-01").and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(minutes);
        prop_assume!(matches!(in_zone(wall, Berlin), ZonedTime::Single(_)));
        let context = on(wall);
        let found = understand(&format!("in {hours} Stunden"), &context).unwrap();
        prop_assert_eq!(found.value, Value::Moment(context.now() + TimeDelta::hours(hours)));
    }
}
