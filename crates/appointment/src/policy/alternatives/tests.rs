//! Ranking by example, and what holds for every ranking.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{BusyKind, BusySpan, Catalogue, DayLoad, OwnAppointment, View};
use crate::testing::{branch_id, salon, service_id, staff_id};
use kernel::{AppointmentId, CustomerId};

const NOW: &str = "2026-11-20T08:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn catalogue() -> Catalogue {
    salon(branch_id(1)).unwrap().build().unwrap()
}

fn busy(staff: u128, from: DateTime<Utc>, until: DateTime<Utc>) -> BusySpan {
    BusySpan {
        staff: staff_id(staff),
        start: from,
        end: until,
        kind: BusyKind::Appointment(AppointmentId::from_uuid(Uuid::from_u128(9))),
        expires_at: None,
    }
}

fn wish(date: &str, time: TimeWish) -> Wish {
    Wish { day: day(date), time }
}

/// Ranks haircuts and gives "date time kind" for the best ones.
fn best(load: &DayLoad, staff: &[u128], wish: Wish, asked: Option<&str>) -> Vec<String> {
    let catalogue = catalogue();
    let today = day("2026-11-20");
    let days = wish.near_days(today, add_days(today, 90));
    let view = View { now: at(NOW), call: None, exclude: None };
    let people: Vec<_> = staff.iter().map(|number| staff_id(*number)).collect();
    let availability = Availability::new(&catalogue, days, &people, load, view);
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    let never = Never { minute: asked.map(|asked| Minute::floor(at(asked))) };
    let ranked = rank(&availability, &sought, &people, (wish, never), RANKED);
    select(&ranked, (&[], &[]), 3)
        .iter()
        .map(|entry| {
            let local = entry.slot.start.with_timezone(&catalogue.timezone());
            format!("{} {}", local.format("%a %d %H:%M"), entry.kind.as_str())
        })
        .collect()
}

fn taken(staff: u128, spans: &[(&str, &str)]) -> DayLoad {
    DayLoad {
        busy: spans.iter().map(|(from, until)| busy(staff, at(from), at(until))).collect(),
        ..DayLoad::default()
    }
}

// Tuesday the 24th; 09:00 Berlin is 08:00Z.
#[test]
fn in_the_morning_earlier_is_liked_better() {
    let load = taken(1, &[("2026-11-24T10:00:00Z", "2026-11-24T10:30:00Z")]);
    let asked = wish("2026-11-24", TimeWish::At(660));
    assert_eq!(
        best(&load, &[1], asked, Some("2026-11-24T10:00:00Z")),
        ["Tue 24 10:30 same_day_earlier", "Tue 24 10:15 same_day_earlier", "Tue 24 10:00 same_day_earlier"]
    );
}

#[test]
fn in_the_afternoon_later_is_liked_better() {
    let load = taken(1, &[("2026-11-24T13:00:00Z", "2026-11-24T13:30:00Z")]);
    let asked = wish("2026-11-24", TimeWish::At(840));
    assert_eq!(
        best(&load, &[1], asked, Some("2026-11-24T13:00:00Z")),
        ["Tue 24 14:30 same_day_later", "Tue 24 14:45 same_day_later", "Tue 24 15:00 same_day_later"]
    );
}

#[test]
fn a_full_day_leads_to_the_same_time_on_other_days() {
    let load = taken(1, &[("2026-11-24T08:00:00Z", "2026-11-24T17:00:00Z")]);
    let asked = wish("2026-11-24", TimeWish::At(840));
    assert_eq!(
        best(&load, &[1], asked, Some("2026-11-24T13:00:00Z")),
        ["Wed 25 14:00 next_workday", "Tue 01 14:00 next_week", "Wed 25 14:15 next_available"]
    );
}

#[test]
fn a_closed_day_never_drifts_to_a_next_workday() {
    // Sunday at 15:00, and the Monday after it is closed as well.
    let asked = wish("2026-11-22", TimeWish::At(900));
    let found = best(&DayLoad::default(), &[1], asked, Some("2026-11-22T14:00:00Z"));
    assert_eq!(found[0], "Tue 24 15:00 next_available");
    assert!(found.iter().all(|line| line.ends_with("next_available")), "{found:?}");
}

#[test]
fn before_opening_means_from_opening_on() {
    let asked = wish("2026-11-24", TimeWish::At(360));
    assert_eq!(
        best(&DayLoad::default(), &[1], asked, Some("2026-11-24T05:00:00Z")),
        ["Tue 24 09:00 same_day_later", "Tue 24 09:15 same_day_later", "Tue 24 09:30 same_day_later"]
    );
}

#[test]
fn after_closing_offers_the_last_of_the_day() {
    let asked = wish("2026-11-24", TimeWish::At(1110));
    assert_eq!(
        best(&DayLoad::default(), &[1], asked, Some("2026-11-24T17:30:00Z"))[0],
        "Tue 24 17:30 same_day_earlier"
    );
}

#[test]
fn a_window_stays_a_window_on_other_days() {
    let load = taken(1, &[("2026-11-24T11:00:00Z", "2026-11-24T17:00:00Z")]);
    let window = TimeWish::Window { from: 720, until: 1080, anchor: 840 };
    assert_eq!(
        best(&load, &[1], wish("2026-11-24", window), None),
        [
            "Wed 25 14:00 same_window_other_day",
            "Thu 26 14:00 same_window_other_day",
            "Fri 27 14:00 same_window_other_day"
        ]
    );
    assert_eq!(
        best(&DayLoad::default(), &[1], wish("2026-11-24", window), None),
        [
            "Tue 24 14:00 same_day_in_window",
            "Tue 24 14:15 same_day_in_window",
            "Tue 24 13:45 same_day_in_window"
        ]
    );
    let from = wish("2026-11-24", TimeWish::From(960));
    assert_eq!(best(&DayLoad::default(), &[1], from, None)[0], "Tue 24 16:00 same_day_in_window");
    let until = wish("2026-11-24", TimeWish::Until(660));
    assert_eq!(best(&DayLoad::default(), &[1], until, None)[0], "Tue 24 11:00 same_day_in_window");
    let any = wish("2026-11-24", TimeWish::Any);
    assert_eq!(best(&DayLoad::default(), &[1], any, None)[0], "Tue 24 09:00 same_day_in_window");
}

#[test]
fn what_others_were_offered_comes_last() {
    let catalogue = catalogue();
    let wish = wish("2026-11-24", TimeWish::At(660));
    let days = wish.near_days(day("2026-11-20"), day("2027-01-20"));
    let view = View { now: at(NOW), call: None, exclude: None };
    let people = [staff_id(1), staff_id(2)];
    let load = taken(2, &[("2026-11-24T08:00:00Z", "2026-11-24T08:30:00Z")]);
    let availability = Availability::new(&catalogue, days, &people, &load, view);
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    let ranked = rank(&availability, &sought, &people, (wish, Never::default()), RANKED);
    assert_eq!(ranked[0].slot.start, ranked[1].slot.start);
    assert_eq!(ranked[0].slot.staff, staff_id(1), "the less busy one first");
    let plain = select(&ranked, (&[], &[]), 3);
    assert!(plain.iter().all(|entry| entry.slot.staff == staff_id(1)));

    // Anna was just offered at the best minute: Boris is offered at the same minute.
    let mut offered = vec![false; ranked.len()];
    offered[0] = true;
    let other = select(&ranked, (&[], &offered), 3);
    assert_eq!((other[0].slot.start, other[0].slot.staff), (ranked[0].slot.start, staff_id(2)));
    // All of it was offered: it is offered nevertheless.
    offered.fill(true);
    assert_eq!(select(&ranked, (&[], &offered), 3), plain);
    assert_eq!(select(&ranked, (&[], &offered), 0), []);
}

/// Nothing is blocked by an offer: a wish is not missed while there is something free within it.
#[test]
fn what_others_were_offered_within_the_wish_comes_before_what_lies_outside() {
    let catalogue = catalogue();
    let wish = wish("2026-11-24", TimeWish::Window { from: 600, until: 630, anchor: 600 });
    let days = wish.near_days(day("2026-11-20"), day("2027-01-20"));
    let view = View { now: at(NOW), call: None, exclude: None };
    let people = [staff_id(1)];
    let load = DayLoad::default();
    let availability = Availability::new(&catalogue, days, &people, &load, view);
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    let ranked = rank(&availability, &sought, &people, (wish, Never::default()), RANKED);
    let inside = |entry: &RankedSlot| entry.kind == OfferKind::SameDayInWindow;
    let wished: Vec<_> = ranked.iter().map(inside).collect();
    let walls = |offered: &[bool]| {
        let chosen = select(&ranked, (&wished, offered), 4);
        let local = |entry: &RankedSlot| entry.slot.start.with_timezone(&catalogue.timezone());
        chosen.iter().map(|entry| local(entry).format("%a %H:%M").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(walls(&[]), ["Tue 10:00", "Tue 10:15", "Tue 10:30", "Wed 10:00"]);
    // All of the wished time was offered to others: it is offered again.
    assert_eq!(walls(&wished), walls(&[]));
    // Some of it: the rest of it first.
    let mut some = wished.clone();
    some[2] = false;
    assert_eq!(walls(&some), ["Tue 10:30", "Tue 10:00", "Tue 10:15", "Wed 10:00"]);
    // Outside, what others were offered comes last as ever.
    let next = ranked.iter().position(|entry| !inside(entry)).unwrap();
    let mut outside = vec![false; ranked.len()];
    outside[next] = true;
    assert_eq!(walls(&outside)[3], "Thu 10:00");
}

#[test]
fn the_callers_own_appointments_are_not_offered_over() {
    let mut load = taken(1, &[("2026-11-24T10:00:00Z", "2026-11-24T10:30:00Z")]);
    load.own.push(OwnAppointment {
        id: AppointmentId::from_uuid(Uuid::from_u128(3)),
        customer: CustomerId::from_uuid(Uuid::from_u128(3)),
        call: None,
        branch: crate::testing::branch_id(10),
        service: service_id(2),
        staff: staff_id(2),
        starts_at: at("2026-11-24T09:00:00Z"),
        ends_at: at("2026-11-24T09:45:00Z"),
    });
    let asked = wish("2026-11-24", TimeWish::At(660));
    assert_eq!(
        best(&load, &[1], asked, Some("2026-11-24T10:00:00Z")),
        ["Tue 24 09:30 same_day_earlier", "Tue 24 09:15 same_day_earlier", "Tue 24 09:00 same_day_earlier"]
    );
}

#[test]
fn ranges_stay_within_what_can_be_booked() {
    let (today, latest) = (day("2026-11-20"), day("2026-12-20"));
    let near = |date: &str| {
        let range = wish(date, TimeWish::Any).near_days(today, latest);
        (range.first().to_string(), range.last().to_string())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(near("2026-11-24"), pair("2026-11-24", "2026-12-01"));
    assert_eq!(near("2026-11-01"), pair("2026-11-20", "2026-11-27"));
    assert_eq!(near("2026-12-18"), pair("2026-12-18", "2026-12-20"));
    assert_eq!(near("2027-12-18"), pair("2026-12-13", "2026-12-20"));
    let far = |date: &str| wish(date, TimeWish::Any).far_days(today, latest);
    let range = far("2026-11-24").unwrap();
    assert_eq!((range.first(), range.last()), (day("2026-12-02"), day("2026-12-08")));
    assert_eq!(far("2026-12-13"), None);
}

fn time_wish() -> impl Strategy<Value = TimeWish> {
    (0_u8..6, 0_u16..1440, 0_u16..1440).prop_map(|(kind, a, b)| match kind {
        0 => TimeWish::Any,
        1 => TimeWish::At(a),
        2 => TimeWish::Around(a),
        3 => TimeWish::From(a),
        4 => TimeWish::Until(a),
        _ => TimeWish::Window { from: a.min(b), until: a.max(b), anchor: a.midpoint(b) },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn alternatives_are_free_distinct_and_never_what_was_refused(
        time in time_wish(),
        offset in 0_u64..20,
        quarter in 0_i64..40,
        spans in prop::collection::vec((0_i64..20_000, 1_i64..400, 1_u128..3), 0..60),
        wished in prop::collection::vec(any::<bool>(), 48),
        offered in prop::collection::vec(any::<bool>(), 48),
        max in 0_usize..5,
        service in 1_u128..3,
    ) {
        let catalogue = catalogue();
        let today = day("2026-11-20");
        let wish = Wish { day: add_days(today, offset), time };
        let days = wish.near_days(today, add_days(today, 90));
        let zero = catalogue.minute_at(wish.day, 540).instant();
        let load = DayLoad {
            busy: spans
                .iter()
                .map(|(from, length, staff)| {
                    let from = zero + TimeDelta::minutes(*from);
                    busy(*staff, from, from + TimeDelta::minutes(*length))
                })
                .collect(),
            ..DayLoad::default()
        };
        let view = View { now: at(NOW), call: None, exclude: None };
        let people = [staff_id(1), staff_id(2)];
        let availability = Availability::new(&catalogue, days, &people, &load, view);
        let sought = Sought::service(&catalogue, service_id(service)).unwrap();
        let asked = Minute::floor(zero + TimeDelta::minutes(quarter * 15));
        let never = Never { minute: Some(asked) };
        let ranked = rank(&availability, &sought, &people, (wish, never), RANKED);
        prop_assert_eq!(&ranked, &rank(&availability, &sought, &people, (wish, never), RANKED));
        let chosen = select(&ranked, (&wished, &offered), max);
        prop_assert!(chosen.len() <= max);
        if chosen.len() < max {
            let minutes: std::collections::HashSet<_> = ranked.iter().map(|entry| entry.slot.start).collect();
            prop_assert_eq!(minutes.len(), chosen.len(), "nothing is kept back");
        }
        let mut minutes: Vec<_> = chosen.iter().map(|entry| entry.slot.start).collect();
        minutes.sort_unstable();
        minutes.dedup();
        prop_assert_eq!(minutes.len(), chosen.len());
        for entry in &chosen {
            let slot = entry.slot;
            prop_assert_eq!(availability.why_not(&sought, slot.staff, slot.start), None);
            prop_assert!(slot.start != asked.instant());
            prop_assert_eq!((slot.end - slot.start).num_minutes(), sought.footprint().duration_minutes());
            let (date, wall) = availability.wall(Minute::floor(slot.start)).unwrap();
            let fits = time.window().is_none_or(|(from, until)| (from..=until).contains(&wall));
            prop_assert_eq!(entry.matches_preference, fits);
            let same_day = matches!(
                entry.kind,
                OfferKind::SameDayEarlier | OfferKind::SameDayLater | OfferKind::SameDayInWindow
            );
            prop_assert_eq!(same_day, date == wish.day);
        }
        // With nothing offered to others the order is: preference first, then what was looked for, then the score.
        let plain = select(&ranked, (&[], &[]), max);
        prop_assert!(plain.is_sorted_by_key(|entry| !entry.matches_preference));
    }
}
