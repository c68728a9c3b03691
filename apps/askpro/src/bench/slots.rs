//! `slots`: free starts of a whole branch for a month. The floor is the loop that one would write first.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context;
use appointment::model::{
    Availability, BookingPolicy, BusyKind, BusySpan, Catalogue, CatalogueSnapshot, DateRange, DayLoad,
    Minute, Phase, PhaseKind, Service, Sought, Staff, View, WeekHours,
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use kernel::{AppointmentId, BranchId, Currency, Money, ServiceId, StaffId};
use uuid::Uuid;

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::sample::{Round, Side, nanoseconds};
use crate::world::{DEFAULT_SEED, Dice};

const PEOPLE: u128 = 20;
const DAYS: u64 = 30;
const GRID: i64 = 5;
const STAY: i64 = 30;
const BUSY_EACH: usize = 200;
const OPENS: u16 = 8 * 60;
const CLOSES: u16 = 20 * 60;
const ZONE: chrono_tz::Tz = chrono_tz::Europe::Berlin;

struct Fixture {
    catalogue: Catalogue,
    people: Vec<StaffId>,
    days: DateRange,
    load: DayLoad,
    view: View,
    service: ServiceId,
}

/// A month in autumn, with the change to winter time in it.
fn fixture() -> anyhow::Result<Fixture> {
    let first = NaiveDate::from_ymd_opt(2027, 10, 4).context("a date")?;
    let last = first.checked_add_days(Days::new(DAYS - 1)).context("a date")?;
    let service = ServiceId::from_uuid(Uuid::from_u128(1));
    let hours = || WeekHours::from_rows((1..=7).map(|weekday| (weekday, OPENS, CLOSES)));
    let people: Vec<StaffId> = (0..PEOPLE).map(|n| StaffId::from_uuid(Uuid::from_u128(100 + n))).collect();
    let staff = people
        .iter()
        .map(|id| {
            Ok(Staff {
                id: *id,
                name: "Kim".to_owned(),
                hours: hours()?,
                absences: Vec::new(),
                performs: vec![service],
                active: true,
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let catalogue = Catalogue::restore(CatalogueSnapshot {
        version: 1,
        branch: BranchId::from_uuid(Uuid::from_u128(2)),
        timezone: ZONE,
        services: vec![Service {
            id: service,
            name: "Schnitt".to_owned(),
            synonyms: Vec::new(),
            description: None,
            category: None,
            phases: vec![Phase { kind: PhaseKind::Staffed, minutes: u32::try_from(STAY)? }],
            buffer_before_min: 0,
            buffer_after_min: 0,
            price: Money::new(3200, Currency::Eur),
            min_notice_min: None,
            requires: Vec::new(),
            active: true,
        }],
        staff,
        facility_groups: Vec::new(),
        facilities: Vec::new(),
        opening: hours()?,
        closed_days: Vec::new(),
        exceptions: Vec::new(),
        policy: BookingPolicy { grid_minutes: u32::try_from(GRID)?, ..BookingPolicy::default() },
        changes: Vec::new(),
        links: Vec::new(),
    })?;
    let mut dice = Dice::new(DEFAULT_SEED, &["bench", "slots"]);
    let mut busy = Vec::new();
    for (person, staff) in people.iter().enumerate() {
        for n in 0..BUSY_EACH {
            let day = first
                .checked_add_days(Days::new(dice.below(usize::try_from(DAYS)?) as u64))
                .context("a date")?;
            let begins = i64::from(OPENS) + 5 * i64::try_from(dice.below(usize::from((CLOSES - OPENS) / 5)))?;
            let long = 15 + 5 * i64::try_from(dice.below(10))?;
            let start = at(day, begins)?;
            let id = Uuid::from_u128(10_000 + (person * BUSY_EACH + n) as u128);
            busy.push(BusySpan {
                staff: *staff,
                start,
                end: start + TimeDelta::minutes(long),
                kind: BusyKind::Appointment(AppointmentId::from_uuid(id)),
                expires_at: None,
            });
        }
    }
    let load = DayLoad { catalogue_version: 1, busy, ..DayLoad::default() };
    let view = View { now: at(first, 0)? - TimeDelta::days(1), call: None, exclude: None };
    Ok(Fixture { catalogue, people, days: DateRange::new(first, last), load, view, service })
}

/// A minute of a day on the branch's wall clock, none of which is ambiguous within opening hours.
fn at(day: NaiveDate, minute: i64) -> anyhow::Result<DateTime<Utc>> {
    let midnight = day.and_hms_opt(0, 0, 0).context("midnight")?;
    let wall = midnight + TimeDelta::minutes(minute);
    Ok(ZONE.from_local_datetime(&wall).earliest().context("a time of day")?.to_utc())
}

/// The product's way: from what the store gives to the list of starts.
fn ours(fixture: &Fixture, sought: &Sought, out: &mut Vec<Minute>) {
    let Fixture { catalogue, people, days, load, view, .. } = fixture;
    let availability = Availability::new(catalogue, *days, people, load, *view);
    for person in people {
        availability.free_starts(sought, *person, out);
    }
}

/// The straightforward way from the same to the same: sorted busy spans, and for each start a look at them from the
/// first to where they begin too late.
fn plain(fixture: &Fixture, openings: &[(i64, i64)], out: &mut Vec<Minute>) -> u64 {
    let mut looked = 0;
    for person in &fixture.people {
        let of_person = fixture.load.busy.iter().filter(|span| span.staff == *person);
        let mut busy: Vec<(i64, i64)> =
            of_person.map(|span| (span.start.timestamp() / 60, span.end.timestamp() / 60)).collect();
        busy.sort_unstable();
        for &(opens, closes) in openings {
            let mut start = opens;
            while start + STAY <= closes {
                looked += 1;
                let mut free = true;
                for &(from, until) in &busy {
                    if from >= start + STAY {
                        break;
                    }
                    if start < until {
                        free = false;
                        break;
                    }
                }
                if free {
                    out.push(Minute(start));
                }
                start += GRID;
            }
        }
    }
    looked
}

/// Runs it again and again, and says how long one run took.
fn repeat(long: Duration, out: &mut Vec<Minute>, mut run: impl FnMut(&mut Vec<Minute>)) -> (f64, Vec<u64>) {
    let begun = Instant::now();
    let mut waits = Vec::new();
    while begun.elapsed() < long {
        out.clear();
        let each = Instant::now();
        run(black_box(out));
        waits.push(nanoseconds(each.elapsed()));
    }
    let mut sorted = waits.clone();
    (super::sample::milliseconds(super::sample::percentile(&mut sorted, 50)) / 1000.0, waits)
}

/// Order and values of a list of starts.
fn checksum(starts: &[Minute]) -> u64 {
    // FNV-1a over whole words: it need not resist anybody.
    starts.iter().fold(0xcbf2_9ce4_8422_2325, |sum, start| {
        (sum ^ start.0.cast_unsigned()).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Measures.
#[expect(clippy::cast_precision_loss, reason = "some tens of thousands of slots")]
pub(super) fn run(plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("slots");
    let fixture = fixture()?;
    let sought = Sought::service(&fixture.catalogue, fixture.service).context("the service")?;
    let openings = (0..DAYS)
        .map(|ahead| {
            let day = fixture.days.first().checked_add_days(Days::new(ahead)).context("a date")?;
            let minute = |wall: u16| Ok::<_, anyhow::Error>(at(day, i64::from(wall))?.timestamp() / 60);
            Ok((minute(OPENS)?, minute(CLOSES)?))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    let (mut rounds, mut fixtures) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (own, waits) = repeat(plan.round, &mut mine, |out| ours(&fixture, &sought, out));
        let mut slots = 0;
        let (floor, _) = repeat(plan.round, &mut theirs, |out| slots = plain(&fixture, &openings, out));
        let sums = (checksum(&mine), checksum(&theirs));
        report.check(sums.0 == sums.1 && !mine.is_empty(), || {
            format!(
                "{} starts with checksum {:x}, the plain loop {} with {:x}",
                mine.len(),
                sums.0,
                theirs.len(),
                sums.1
            )
        });
        let slots = slots as f64;
        rounds.push(Round { ours: Side { value: slots / own, waits }, floor: Some(Side::of(slots / floor)) });
        fixtures.push(Round { ours: Side::of(own * 1e6), floor: Some(Side::of(floor * 1e6)) });
    }
    report.tell(Figure::new(
        "slots",
        "slots a second",
        &rounds,
        Goal::RatioFrom(20.0),
        Goal::RatioFrom(200.0),
    ));
    report.tell(Figure::new("slots.fixture", "µs, the whole fixture", &fixtures, Goal::Told, Goal::To(60.0)));
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same_starts() {
        let plan = Plan { rounds: 1, round: Duration::from_millis(1), quick: true };
        let report = run(plan).unwrap();
        assert!(report.holds(), "{}", report.table());
    }

    #[test]
    fn a_checksum_sees_order_and_values() {
        let sums = [vec![1, 2], vec![2, 1], vec![1], vec![1, 3], vec![]]
            .map(|minutes| checksum(&minutes.into_iter().map(Minute).collect::<Vec<_>>()));
        let different: std::collections::BTreeSet<u64> = sums.into_iter().collect();
        assert_eq!(different.len(), 5);
    }
}
