//! The algebra against a naive reading of its rules, and by example.

mod facilities;

use chrono::{DateTime, Days, NaiveDate, Timelike};
use chrono_tz::Tz;
use kernel::CallId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::calendar::Offered;
use crate::model::BusySpan;
use crate::model::{ClosedOrigin, DayHours, PhaseKind};
use crate::testing::{CatalogueBuilder, branch_id, salon, service_id, staff_id};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn call(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

fn appointment_id(number: u128) -> AppointmentId {
    AppointmentId::from_uuid(Uuid::from_u128(number))
}

fn view(now: &str) -> View {
    View { now: at(now), call: None, exclude: None }
}

fn busy(staff: u128, from: &str, until: &str) -> BusySpan {
    BusySpan {
        staff: staff_id(staff),
        start: at(from),
        end: at(until),
        kind: BusyKind::Appointment(appointment_id(1)),
        expires_at: None,
    }
}

fn load(busy: Vec<BusySpan>) -> DayLoad {
    DayLoad { busy, ..DayLoad::default() }
}

/// Starts with person 1 as wall-clock times.
fn starts(availability: &Availability<'_>, service: u128) -> Vec<String> {
    let sought = Sought::service(availability.catalogue(), service_id(service)).unwrap();
    let mut found = Vec::new();
    availability.free_starts(&sought, staff_id(1), &mut found);
    let tz = availability.catalogue().timezone();
    found.iter().map(|start| start.instant().with_timezone(&tz).format("%H:%M").to_string()).collect()
}

fn why(availability: &Availability<'_>, service: u128, staff: u128, start: &str) -> Option<Unavailable> {
    let sought = Sought::service(availability.catalogue(), service_id(service)).unwrap();
    availability.why_not(&sought, staff_id(staff), at(start))
}

// A Tuesday in winter time; the salon opens at 09:00, which is 08:00Z.
const TUESDAY: &str = "2026-11-24";
const EARLIER: &str = "2026-11-20T08:00:00Z";

#[test]
fn a_free_day_has_every_quarter_hour_but_the_break() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view(EARLIER));
    let found = starts(&availability, 1);
    assert_eq!(found.first().map(String::as_str), Some("09:00"));
    assert_eq!(found.last().map(String::as_str), Some("17:30"));
    assert!(found.contains(&"12:00".to_owned()) && found.contains(&"13:00".to_owned()));
    for gone in ["12:15", "12:30", "12:45", "17:45"] {
        assert!(!found.contains(&gone.to_owned()), "{gone}");
    }
    assert_eq!(found.len(), 13 + 19);
}

#[test]
fn the_break_is_free_while_the_colour_works() {
    // Colouring at 12:00: hands until 12:30, the colour works until 13:15, hands again until 13:45.
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    let taken = load(vec![
        busy(1, "2026-11-24T08:30:00Z", "2026-11-24T09:15:00Z"),
        busy(1, "2026-11-24T16:00:00Z", "2026-11-24T17:00:00Z"),
    ]);
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &taken, view(EARLIER));
    let found = starts(&availability, 2);
    for (start, free) in [("11:30", false), ("11:45", true), ("12:00", true), ("12:15", false)] {
        assert_eq!(found.contains(&start.to_owned()), free, "{start}");
    }
    // 09:30 to 10:15 is taken, and from 09:00 nobody needs the person just then.
    assert!(found.contains(&"09:00".to_owned()));
    assert!(!found.contains(&"09:15".to_owned()));
    // And a haircut fits into the working colour of an appointment.
    let long = load(vec![
        busy(1, "2026-11-24T08:00:00Z", "2026-11-24T08:30:00Z"),
        busy(1, "2026-11-24T09:15:00Z", "2026-11-24T09:45:00Z"),
    ]);
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &long, view(EARLIER));
    assert_eq!(starts(&availability, 1)[..3], ["09:30", "09:45", "10:45"]);
}

#[test]
fn buffers_are_work_of_the_person() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    let taken = load(vec![busy(2, "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z")]);
    let availability = Availability::new(&catalogue, days, &[staff_id(2)], &taken, view(EARLIER));
    // Beard: 15 minutes and 5 of tidying up.
    assert!(matches!(why(&availability, 3, 2, "2026-11-24T08:45:00Z"), Some(Unavailable::Busy(_))));
    assert_eq!(why(&availability, 3, 2, "2026-11-24T08:30:00Z"), None);
    assert_eq!(why(&availability, 3, 2, "2026-11-24T11:15:00Z"), Some(Unavailable::Break));
    assert_eq!(why(&availability, 3, 2, "2026-11-24T16:45:00Z"), Some(Unavailable::StaffOff));
    assert_eq!(why(&availability, 3, 2, "2026-11-24T16:30:00Z"), None);
}

#[test]
fn every_reason_has_its_case() {
    let catalogue = salon(branch_id(1))
        .unwrap()
        .absent(Span::new(at("2026-11-26T08:00:00Z"), at("2026-11-26T12:00:00Z")))
        .closed(day("2026-11-27"), "Betriebsausflug", ClosedOrigin::Manual)
        .build()
        .unwrap();
    let days = DateRange::new(day("2026-11-20"), day("2026-11-29"));
    let taken = load(vec![busy(1, "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z")]);
    let people = [staff_id(1), staff_id(2)];
    let availability = Availability::new(&catalogue, days, &people, &taken, view("2026-11-20T08:00:30Z"));
    let no = |service, staff, start| why(&availability, service, staff, start);
    assert_eq!(no(3, 1, "2026-11-24T09:00:00Z"), Some(Unavailable::StaffCannot));
    assert_eq!(no(1, 9, "2026-11-24T09:00:00Z"), Some(Unavailable::StaffCannot));
    assert_eq!(
        no(1, 1, "2026-11-20T08:15:00Z"),
        Some(Unavailable::TooSoon { earliest: at("2026-11-20T08:16:00Z") })
    );
    assert_eq!(no(1, 1, "2026-11-20T08:30:00Z"), None);
    // What is past is past, whether the branch is open or not.
    let on_closed = Availability::new(&catalogue, days, &people, &taken, view("2026-11-27T08:00:30Z"));
    let trip = || Some("Betriebsausflug".to_owned());
    for (start, reason) in [
        ("2026-11-27T08:10:00Z", Unavailable::Closed { reason: trip() }),
        ("2026-11-27T08:30:00Z", Unavailable::Closed { reason: trip() }),
        ("2026-11-27T08:00:00Z", Unavailable::TooSoon { earliest: at("2026-11-27T08:16:00Z") }),
    ] {
        assert_eq!(why(&on_closed, 1, 1, start), Some(reason), "{start}");
    }
    let latest = day("2027-02-18");
    assert_eq!(no(1, 1, "2027-02-19T09:00:00Z"), Some(Unavailable::TooFar { latest }));
    assert_eq!(no(1, 1, "2027-02-18T09:00:00Z"), Some(Unavailable::NotLoaded));
    assert_eq!(no(1, 1, "2026-11-23T09:00:00Z"), Some(Unavailable::Closed { reason: None }));
    assert_eq!(no(1, 1, "2026-11-27T09:00:00Z"), Some(Unavailable::Closed { reason: trip() }));
    assert_eq!(no(1, 1, "2026-11-24T07:45:00Z"), Some(Unavailable::OutsideHours));
    assert_eq!(no(1, 1, "2026-11-24T16:45:00Z"), Some(Unavailable::OutsideHours));
    assert_eq!(no(1, 1, "2026-11-24T10:10:00Z"), Some(Unavailable::OffGrid));
    assert_eq!(no(1, 1, "2026-11-24T10:00:01Z"), Some(Unavailable::OffGrid));
    assert_eq!(no(1, 1, "2026-11-24T11:15:00Z"), Some(Unavailable::Break));
    assert_eq!(no(1, 2, "2026-11-26T09:00:00Z"), Some(Unavailable::StaffAbsent));
    assert_eq!(no(1, 1, "2026-11-26T09:00:00Z"), None);
    assert_eq!(no(1, 1, "2026-11-24T09:15:00Z"), Some(Unavailable::Busy(taken.busy[0])));
    assert_eq!(Sought::service(&catalogue, service_id(9)), None);
}

#[test]
fn a_branch_with_a_lunch_break_says_break() {
    let catalogue = CatalogueBuilder::new(branch_id(1), Tz::Europe__Berlin)
        .opening(&[(2, 480, 720), (2, 780, 1140)])
        .unwrap()
        .service(1, "Massage", &[(PhaseKind::Staffed, 45)])
        .person(1, "Eva", &[(2, 420, 1200)], &[1])
        .unwrap()
        .policy(|policy| policy.grid_minutes = 50)
        .build()
        .unwrap();
    let days = DateRange::day(day(TUESDAY));
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view(EARLIER));
    assert_eq!(why(&availability, 1, 1, "2026-11-24T10:30:00Z"), Some(Unavailable::Break));
    // The grid begins anew after the break.
    assert_eq!(
        starts(&availability, 1),
        ["08:00", "08:50", "09:40", "10:30", "13:00", "13:50", "14:40", "15:30", "16:20", "17:10", "18:00"]
    );
}

#[test]
fn notice_includes_its_boundary() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    for (now, free) in [
        ("2026-11-24T09:45:00Z", true),
        ("2026-11-24T09:44:59Z", true),
        ("2026-11-24T09:45:00.001Z", false),
        ("2026-11-24T09:46:00Z", false),
        ("2026-11-24T12:00:00Z", false),
    ] {
        let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view(now));
        assert_eq!(why(&availability, 1, 1, "2026-11-24T10:00:00Z").is_none(), free, "{now}");
        assert_eq!(starts(&availability, 1).contains(&"11:00".to_owned()), free, "{now}");
    }
    let patient =
        salon(branch_id(1)).unwrap().with_service(|beard| beard.min_notice_min = Some(0)).build().unwrap();
    let now = view("2026-11-24T10:00:00Z");
    let availability = Availability::new(&patient, days, &[staff_id(2)], &load(vec![]), now);
    assert_eq!(why(&availability, 3, 2, "2026-11-24T10:00:00Z"), None, "a service's own notice counts");
}

#[test]
fn the_horizon_is_a_date_of_the_branch() {
    let catalogue = salon(branch_id(1)).unwrap().policy(|policy| policy.horizon_days = 4).build().unwrap();
    let days = DateRange::new(day(TUESDAY), day("2026-11-26"));
    // 23:30 in Berlin on Friday the 20th: Tuesday is the fourth day.
    let availability =
        Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view("2026-11-20T22:30:00Z"));
    assert_eq!(why(&availability, 1, 1, "2026-11-24T16:30:00Z"), None);
    let latest = day(TUESDAY);
    assert_eq!(why(&availability, 1, 1, "2026-11-25T09:00:00Z"), Some(Unavailable::TooFar { latest }));
    assert_eq!(starts(&availability, 1).len(), 32);
    // Half an hour later it is Saturday there, and Wednesday comes into reach.
    let availability =
        Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view("2026-11-20T23:00:00Z"));
    assert_eq!(why(&availability, 1, 1, "2026-11-25T09:00:00Z"), None);
}

#[test]
fn special_hours_beat_holidays_and_nothing_beats_a_closed_door() {
    let eve = day("2026-12-24");
    let short = DayHours::new(540, 720).unwrap();
    let open_on = |builder: CatalogueBuilder| {
        let catalogue = builder.build().unwrap();
        let days = DateRange::day(eve);
        let now = view("2026-12-01T08:00:00Z");
        let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), now);
        starts(&availability, 1).len()
    };
    let salon = || salon(branch_id(1)).unwrap();
    assert_eq!(open_on(salon()), 32);
    assert_eq!(open_on(salon().exception(eve, short)), 11);
    assert_eq!(open_on(salon().closed(eve, "Heiligabend", ClosedOrigin::Holiday)), 0);
    let both = salon().closed(eve, "Heiligabend", ClosedOrigin::Holiday).exception(eve, short);
    assert_eq!(open_on(both.clone()), 11);
    assert_eq!(open_on(both.closed(eve, "krank", ClosedOrigin::Manual)), 0);
}

#[test]
fn own_holds_expired_holds_and_the_moved_appointment_do_not_block() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    let hold = |call, expires: &str| BusySpan {
        kind: BusyKind::Hold(call),
        expires_at: Some(at(expires)),
        ..busy(1, "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z")
    };
    let free = |span: BusySpan, call, exclude| {
        let view = View { now: at(EARLIER), call, exclude };
        let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![span]), view);
        why(&availability, 1, 1, "2026-11-24T09:00:00Z").is_none()
    };
    let (live, over) = ("2026-11-20T08:02:00Z", EARLIER);
    assert!(!free(hold(call(1), live), None, None));
    assert!(!free(hold(call(1), live), Some(call(2)), None));
    assert!(free(hold(call(1), live), Some(call(1)), None));
    assert!(free(hold(call(1), over), Some(call(2)), None));
    let made = busy(1, "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z");
    assert!(!free(made, None, None));
    assert!(!free(made, None, Some(appointment_id(2))));
    assert!(free(made, None, Some(appointment_id(1))));
}

#[test]
fn both_changes_of_the_clock_keep_the_wall_clock() {
    let catalogue = CatalogueBuilder::new(branch_id(1), Tz::Europe__Berlin)
        .opening(&[(7, 60, 300), (1, 540, 600)])
        .unwrap()
        .service(1, "Nachtdienst", &[(PhaseKind::Staffed, 30)])
        .person(1, "Nora", &[(7, 0, 1440), (1, 0, 1440)], &[1])
        .unwrap()
        .policy(|policy| policy.grid_minutes = 30)
        .build()
        .unwrap();
    let on = |date: &str, now: &str| {
        let days = DateRange::new(day(date), day(date).succ_opt().unwrap());
        let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view(now));
        starts(&availability, 1)
    };
    // 02:00 to 03:00 does not exist: four hours of opening are three.
    assert_eq!(
        on("2026-03-29", "2026-03-20T00:00:00Z"),
        ["01:00", "01:30", "03:00", "03:30", "04:00", "04:30", "09:00", "09:30"]
    );
    // 02:00 to 03:00 comes twice: they are five.
    assert_eq!(
        on("2026-10-25", "2026-10-20T00:00:00Z"),
        [
            "01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30", "04:00", "04:30",
            "09:00", "09:30"
        ]
    );
}

#[test]
fn the_load_of_a_day_counts_appointments() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    let mut held = busy(1, "2026-11-24T11:00:00Z", "2026-11-24T11:30:00Z");
    held.kind = BusyKind::Hold(call(1));
    held.expires_at = Some(at("2026-11-24T11:00:00Z"));
    let taken = load(vec![
        busy(1, "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z"),
        busy(1, "2026-11-23T22:30:00Z", "2026-11-23T23:20:00Z"),
        held,
    ]);
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &taken, view(EARLIER));
    assert_eq!(availability.load_of(staff_id(1), day(TUESDAY)), 30 + 20);
    assert_eq!(availability.load_of(staff_id(2), day(TUESDAY)), 0);
}

/// The rules read minute by minute, without any of the algebra.
fn naive(
    catalogue: &Catalogue,
    load: &DayLoad,
    view: View,
    sought: &Sought,
    staff: StaffId,
    start: DateTime<Utc>,
) -> bool {
    let tz = catalogue.timezone();
    let policy = catalogue.policy();
    let local = start.with_timezone(&tz);
    let date = local.date_naive();
    let today = view.now.with_timezone(&tz).date_naive();
    if start < view.now + TimeDelta::minutes(i64::from(catalogue.notice_minutes(sought.service_id())))
        || date > today + Days::new(u64::from(policy.horizon_days))
        || start.second() != 0
    {
        return false;
    }
    let person = catalogue.person(staff).unwrap();
    if !sought.suits(person) {
        return false;
    }
    let instant = |date: NaiveDate, wall: u16| {
        let midnight = DayFrame::of(tz, date);
        Minute(midnight.minute(tz, wall)).instant()
    };
    let end = start + TimeDelta::minutes(sought.footprint().duration_minutes());
    let OpeningDay::Open(hours) = catalogue.opening_on(date) else {
        return false;
    };
    let Some(opens) = hours
        .iter()
        .map(|stretch| (instant(date, stretch.from), instant(date, stretch.until)))
        .find(|(opens, closes)| *opens <= start && end <= *closes)
        .map(|(opens, _)| opens)
    else {
        return false;
    };
    if (start - opens).num_minutes() % i64::from(policy.grid_minutes) != 0 {
        return false;
    }
    sought.footprint().spans_at(Minute::floor(start)).iter().all(|span| {
        let mut minute = span.start;
        while minute < span.end {
            let next = minute + TimeDelta::minutes(1);
            let this = Span::new(minute, next);
            let works =
                [-1_i64, 0, 1].iter().any(|shift| {
                    let date = minute.with_timezone(&tz).date_naive() + TimeDelta::days(*shift);
                    person.hours.on_date(date).iter().any(|hours| {
                        instant(date, hours.from) <= minute && next <= instant(date, hours.until)
                    })
                });
            let away = person.absences.iter().any(|absence| absence.overlaps(&this));
            let taken = load.busy.iter().any(|busy| {
                busy.staff == staff && blocks(busy.kind, busy.expires_at, view) && busy.span().overlaps(&this)
            });
            if !works || away || taken {
                return false;
            }
            minute = next;
        }
        true
    })
}

#[derive(Debug, Clone)]
struct World {
    catalogue: Catalogue,
    load: DayLoad,
    view: View,
    days: DateRange,
}

fn minutes_of_day() -> impl Strategy<Value = (u16, u16)> {
    (0_u16..1440, 1_u16..1440).prop_map(|(from, length)| (from, (from + length).min(1440)))
}

fn rows(count: usize) -> impl Strategy<Value = Vec<(u8, u16, u16)>> {
    prop::collection::vec((1_u8..=7, minutes_of_day()), 4..count)
        .prop_map(|rows| rows.into_iter().map(|(weekday, (from, until))| (weekday, from, until)).collect())
}

fn service() -> impl Strategy<Value = (Vec<(bool, u32)>, u32, u32)> {
    let phases = prop::collection::vec((any::<bool>(), 1_u32..60), 1..4);
    (phases, 0_u32..30, 0_u32..30).prop_map(|(mut phases, before, after)| {
        phases[0].0 = true;
        (phases, before, after)
    })
}

fn world() -> impl Strategy<Value = World> {
    let zone = prop::sample::select(vec![
        Tz::Europe__Berlin,
        Tz::America__St_Johns,
        Tz::Australia__Lord_Howe,
        Tz::Asia__Kathmandu,
    ]);
    // Around both changes of the clock of 2026, and an ordinary week.
    let first =
        prop::sample::select(vec!["2026-03-28", "2026-10-24", "2026-11-24", "2026-04-04", "2026-03-07"]);
    let stretch = (-600_i64..3600, 1_i64..300);
    let policy = (prop::sample::select(vec![5_u32, 15, 20, 45]), 0_u32..600, 0_u32..4);
    (
        (zone, first, rows(16), rows(16), service(), policy),
        prop::collection::vec((stretch.clone(), 0_u8..4), 0..12),
        prop::collection::vec(stretch, 0..2),
        (-1000_i64..2000, 0_i64..60),
    )
        .prop_map(|((zone, first, opening, shifts, service, policy), taken, absences, now)| {
            let first = day(first);
            let zero = Minute(DayFrame::of(zone, first).start).instant();
            let span = |(from, length): (i64, i64)| {
                Span::new(zero + TimeDelta::minutes(from), zero + TimeDelta::minutes(from + length))
            };
            let (phases, before, after) = service;
            let kinds: Vec<_> = phases
                .iter()
                .map(|(staffed, minutes)| {
                    let kind = if *staffed { PhaseKind::Staffed } else { PhaseKind::Processing };
                    (kind, *minutes)
                })
                .collect();
            let mut builder = CatalogueBuilder::new(branch_id(1), zone)
                .opening(&opening)
                .unwrap()
                .service(1, "x", &kinds)
                .with_service(|service| {
                    service.buffer_before_min = before;
                    service.buffer_after_min = after;
                })
                .person(1, "x", &shifts, &[1])
                .unwrap()
                .policy(|p| (p.grid_minutes, p.min_notice_minutes, p.horizon_days) = policy);
            for absence in absences {
                builder = builder.absent(span(absence));
            }
            let now = zero + TimeDelta::minutes(now.0) + TimeDelta::seconds(now.1);
            let busy = taken
                .into_iter()
                .map(|(stretch, kind)| {
                    let span = span(stretch);
                    BusySpan {
                        staff: staff_id(1),
                        start: span.start,
                        end: span.end,
                        kind: match kind {
                            0 | 1 => BusyKind::Appointment(appointment_id(u128::from(kind))),
                            _ => BusyKind::Hold(call(u128::from(kind))),
                        },
                        expires_at: (kind == 3).then_some(span.start),
                    }
                })
                .collect();
            World {
                catalogue: builder.build().unwrap(),
                load: load(busy),
                view: View { now, call: Some(call(2)), exclude: Some(appointment_id(1)) },
                days: DateRange::new(first, first + Days::new(2)),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn offering_and_refusing_are_two_sides_of_the_rules(world in world()) {
        let World { catalogue, load, view, days } = &world;
        let availability = Availability::new(catalogue, *days, &[staff_id(1)], load, *view);
        let sought = Sought::service(catalogue, service_id(1)).unwrap();
        let mut found = Vec::new();
        availability.free_starts(&sought, staff_id(1), &mut found);
        prop_assert!(found.is_sorted() && found.windows(2).all(|pair| pair[0] < pair[1]));
        for start in &found {
            for span in sought.footprint().spans_at(*start) {
                for taken in load.busy.iter().filter(|taken| blocks(taken.kind, taken.expires_at, *view)) {
                    prop_assert!(!span.overlaps(&taken.span()));
                }
            }
        }
        // Every minute of the three dates, by all three readings.
        let tz = catalogue.timezone();
        let first = DayFrame::of(tz, days.first()).start;
        let last = DayFrame::of(tz, days.last()).end;
        for minute in (first..last).map(Minute) {
            let offered = found.binary_search(&minute).is_ok();
            let reason = availability.why_not(&sought, staff_id(1), minute.instant());
            prop_assert_eq!(offered, reason.is_none(), "{:?} {:?}", minute.instant(), reason);
            if minute.0 % 5 == 0 || offered {
                let free = naive(catalogue, load, *view, &sought, staff_id(1), minute.instant());
                prop_assert_eq!(offered, free, "{:?} {:?}", minute.instant(), reason);
            }
            let (date, wall) = availability.wall(minute).unwrap();
            let local = minute.instant().with_timezone(&tz);
            prop_assert_eq!(date, local.date_naive());
            prop_assert_eq!(u32::from(wall), local.hour() * 60 + local.minute());
        }
    }

    #[test]
    fn an_outside_calendar_takes_away_and_never_adds(world in world(), keep in 1_usize..5, silent: bool) {
        let World { catalogue, load, view, days } = &world;
        let sought = Sought::service(catalogue, service_id(1)).unwrap();
        let plain = Availability::new(catalogue, *days, &[staff_id(1)], load, *view);
        let mut all = Vec::new();
        plain.free_starts(&sought, staff_id(1), &mut all);
        let offered: Vec<Minute> = all.iter().copied().step_by(keep).collect();
        let said = if silent { Offered::Unknown } else { Offered::Fresh { starts: offered.clone(), as_of: DateTime::UNIX_EPOCH } };
        let outside = Outside::new(vec![(staff_id(1), said)]);
        let availability =
            Availability::new(catalogue, *days, &[staff_id(1)], load, *view).with_outside(outside.clone());
        let mut found = Vec::new();
        availability.free_starts(&sought, staff_id(1), &mut found);
        prop_assert_eq!(&found, &if silent { Vec::new() } else { offered });
        for start in &all {
            let reason = availability.why_not(&sought, staff_id(1), start.instant());
            let expected = match (found.binary_search(start), silent) {
                (Ok(_), _) => None,
                (Err(_), true) => Some(Unavailable::NotVerified),
                (Err(_), false) => Some(Unavailable::BusyElsewhere),
            };
            prop_assert_eq!(reason, expected);
        }
        // Where the calendar is silent, a wish may be for whatever the own plan leaves open.
        let hoped = Availability::new(catalogue, *days, &[staff_id(1)], load, *view)
            .with_outside(outside.trusting());
        let mut hopeful = Vec::new();
        hoped.free_starts(&sought, staff_id(1), &mut hopeful);
        prop_assert_eq!(hopeful, if silent { all } else { found });
    }

    #[test]
    fn a_part_of_the_range_has_that_part_of_the_starts(world in world()) {
        let World { catalogue, load, view, days } = &world;
        let availability = Availability::new(catalogue, *days, &[staff_id(1)], load, *view);
        let sought = Sought::service(catalogue, service_id(1)).unwrap();
        let (mut all, mut parts) = (Vec::new(), Vec::new());
        availability.free_starts(&sought, staff_id(1), &mut all);
        let mut date = days.first();
        while date <= days.last() {
            availability.free_starts_on(&sought, staff_id(1), DateRange::day(date), &mut parts);
            // A day loaded alone has the same starts: what is free does not depend on what was asked along.
            let alone = Availability::new(catalogue, DateRange::day(date), &[staff_id(1)], load, *view);
            let mut lonely = Vec::new();
            alone.free_starts(&sought, staff_id(1), &mut lonely);
            prop_assert!(lonely.iter().all(|start| all.contains(start)));
            date = date.succ_opt().unwrap();
        }
        prop_assert_eq!(all, parts);
    }
}

#[test]
fn a_query_reaches_as_far_as_the_longest_buffer() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day(TUESDAY));
    let query =
        Availability::query(&catalogue, days, (vec![staff_id(1)], Vec::new()), view(EARLIER), (None, vec![]));
    assert_eq!(query.from, at("2026-11-23T19:00:00Z"));
    assert_eq!(query.until, at("2026-11-25T03:00:00Z"));
}

#[test]
fn ranges_are_cut_and_never_backwards() {
    let first = day(TUESDAY);
    let range = DateRange::new(first, first - Days::new(3));
    assert_eq!((range.first(), range.last()), (first, first));
    let range = DateRange::new(first, NaiveDate::MAX);
    assert_eq!((range.last() - first).num_days(), 99);
    assert_eq!(DateRange::new(NaiveDate::MAX, NaiveDate::MAX).last(), NaiveDate::MAX);
}

#[test]
fn hours_beyond_the_ends_of_the_calendar_do_not_panic() {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    for edge in [NaiveDate::MIN, NaiveDate::MAX] {
        let availability =
            Availability::new(&catalogue, DateRange::day(edge), &[staff_id(1)], &load(vec![]), view(EARLIER));
        let mut found = Vec::new();
        availability.free_starts(&sought, staff_id(1), &mut found);
        assert_eq!(found, []);
    }
    let days = DateRange::day(day(TUESDAY));
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load(vec![]), view(EARLIER));
    for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(availability.why_not(&sought, staff_id(1), instant).is_some());
    }
}

#[test]
fn a_service_of_processing_alone_is_refused_by_the_catalogue() {
    let builder = |phases: &[(PhaseKind, u32)]| {
        CatalogueBuilder::new(branch_id(1), Tz::UTC).service(1, "x", phases).build()
    };
    assert!(builder(&[(PhaseKind::Processing, 30)]).is_err());
    assert!(builder(&[]).is_err());
    assert!(builder(&[(PhaseKind::Staffed, 0)]).is_err());
    assert!(builder(&[(PhaseKind::Staffed, 1000), (PhaseKind::Staffed, 1000)]).is_err());
    assert!(builder(&[(PhaseKind::Staffed, 1440)]).is_ok());
}
