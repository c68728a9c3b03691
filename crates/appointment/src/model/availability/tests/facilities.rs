//! Rooms, places and devices against a naive reading of their rules, and by example.

use super::*;
use crate::model::{FacilityBusy, FacilityKind, Need};
use crate::testing::{facility_group_id, facility_id, salon_with_basins};

fn occupied(facility: u128, span: Span, kind: BusyKind) -> FacilityBusy {
    let Span { start, end } = span;
    FacilityBusy { facility: facility_id(facility), start, end, kind, expires_at: None }
}

fn taken(facility: u128, from: &str, until: &str) -> FacilityBusy {
    occupied(facility, Span::new(at(from), at(until)), BusyKind::Appointment(appointment_id(1)))
}

fn salon_on_tuesday(facilities: Vec<FacilityBusy>) -> (Catalogue, DayLoad, DateRange) {
    let catalogue = salon_with_basins(branch_id(1)).unwrap().build().unwrap();
    let days = DateRange::day(day("2026-11-24"));
    (catalogue, DayLoad { facilities, ..DayLoad::default() }, days)
}

const NOW: &str = "2026-11-20T08:00:00Z";

#[test]
fn a_room_is_not_free_while_the_colour_works() {
    // Both basins are taken while the colour of ten o'clock would work; the people are free all day.
    let busy = |basin| taken(basin, "2026-11-24T09:45:00Z", "2026-11-24T10:00:00Z");
    let (catalogue, load, days) = salon_on_tuesday(vec![busy(1), busy(2)]);
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load, view(NOW));
    let reason = why(&availability, 2, 1, "2026-11-24T09:00:00Z");
    let wanted = Unavailable::FacilityTaken { group: facility_group_id(1), taken: busy(1) };
    assert_eq!(reason, Some(wanted));
    assert_eq!(why(&availability, 1, 1, "2026-11-24T09:00:00Z"), None, "the haircut is over by then");
    let (catalogue, load, days) = salon_on_tuesday(vec![busy(1)]);
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load, view(NOW));
    assert_eq!(why(&availability, 2, 1, "2026-11-24T09:00:00Z"), None, "one basin is enough");
}

#[test]
fn a_device_is_needed_in_its_phase_alone() {
    // The colour of ten o'clock works from half past ten to a quarter past eleven.
    for (from, until, free) in [
        ("2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z", true),
        ("2026-11-24T10:15:00Z", "2026-11-24T10:45:00Z", true),
        ("2026-11-24T10:14:00Z", "2026-11-24T10:45:00Z", false),
    ] {
        let (catalogue, load, days) = salon_on_tuesday(vec![taken(3, from, until)]);
        let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load, view(NOW));
        assert_eq!(why(&availability, 2, 1, "2026-11-24T09:00:00Z").is_none(), free, "{from}");
    }
}

#[test]
fn people_who_begin_at_once_reach_for_different_rooms() {
    let (catalogue, load, days) = salon_on_tuesday(Vec::new());
    let both = [staff_id(1), staff_id(2)];
    let availability = Availability::new(&catalogue, days, &both, &load, view(NOW));
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    let start = at("2026-11-24T09:00:00Z");
    let of = |staff, kept: &[u128]| {
        let kept: Vec<_> = kept.iter().map(|number| facility_id(*number)).collect();
        let uses = availability.facilities_for(&sought, staff_id(staff), start, &kept).unwrap();
        uses.into_iter().map(|used| used.facility).collect::<Vec<_>>()
    };
    assert_eq!((of(1, &[]), of(2, &[])), (vec![facility_id(1)], vec![facility_id(2)]));
    assert_eq!(of(1, &[2]), [facility_id(2)], "what is kept for the caller already comes first");
}

#[test]
fn a_group_without_anything_in_use_is_said_to_be_so() {
    let mut snapshot = salon_with_basins(branch_id(1)).unwrap().snapshot();
    snapshot.facilities[2].active = false;
    let catalogue = Catalogue::restore(snapshot).unwrap();
    let days = DateRange::day(day("2026-11-24"));
    let load = DayLoad::default();
    let availability = Availability::new(&catalogue, days, &[staff_id(1)], &load, view(NOW));
    assert_eq!(why(&availability, 2, 1, "2026-11-24T09:00:00Z"), Some(Unavailable::NoFacility));
    assert_eq!(starts(&availability, 2), Vec::<String>::new());
    assert_eq!(why(&availability, 1, 1, "2026-11-24T09:00:00Z"), None);
}

#[test]
fn what_is_not_there_cannot_be_needed() {
    let broken = |change: fn(CatalogueBuilder) -> CatalogueBuilder| {
        let salon = salon_with_basins(branch_id(1)).unwrap();
        change(salon).build().is_err()
    };
    assert!(broken(|salon| salon.requires(3, 9, &Need::Stay)), "an unknown group");
    assert!(broken(|salon| salon.requires(1, 1, &Need::Stay)), "one group twice");
    assert!(broken(|salon| salon.requires(3, 1, &Need::Phases(vec![1]))), "an unknown phase");
    assert!(broken(|salon| salon.requires(3, 1, &Need::Phases(Vec::new()))), "no phase at all");
    assert!(broken(|salon| salon.facility(4, 9, "x")), "a facility of no group");
    assert!(broken(|salon| salon.facility(3, 1, "x")), "one facility twice");
    assert!(!broken(|salon| salon.requires(3, 1, &Need::Phases(vec![0]))));
}

fn need() -> impl Strategy<Value = Need> {
    prop_oneof![Just(Need::Stay), Just(Need::Staffed), Just(Need::Phases(vec![0]))]
}

/// A world whose service needs one of three rooms and perhaps the one device.
fn furnished() -> impl Strategy<Value = World> {
    let busy = prop::collection::vec((1_u128..5, -600_i64..3600, 1_i64..900, 0_u8..4), 0..24);
    (world(), need(), prop::option::of(need()), busy).prop_map(|(world, room, device, busy)| {
        let mut builder = CatalogueBuilder::new(branch_id(1), world.catalogue.timezone())
            .facility_group(1, FacilityKind::Room, "Raum")
            .facility_group(2, FacilityKind::Device, "Laser");
        for number in 1..4 {
            builder = builder.facility(number, 1, "Raum");
        }
        let furniture = builder.facility(4, 2, "Laser").service(1, "x", &[(PhaseKind::Staffed, 1)]);
        let furniture = furniture.requires(1, 1, &room);
        let furniture = match device {
            Some(need) => furniture.requires(1, 2, &need),
            None => furniture,
        };
        let furniture = furniture.snapshot();
        let mut snapshot = world.catalogue.snapshot().clone();
        snapshot.services[0].requires = furniture.services[0].requires.clone();
        snapshot.facilities = furniture.facilities;
        snapshot.facility_groups = furniture.facility_groups;
        let zero = Minute(DayFrame::of(snapshot.timezone, world.days.first()).start).instant();
        let facilities = busy.into_iter().map(|(facility, from, length, kind)| {
            let start = zero + TimeDelta::minutes(from);
            let span = Span::new(start, start + TimeDelta::minutes(length));
            let kind = match kind {
                0 | 1 => BusyKind::Appointment(appointment_id(u128::from(kind))),
                _ => BusyKind::Hold(call(u128::from(kind))),
            };
            occupied(facility, span, kind)
        });
        let load = DayLoad { facilities: facilities.collect(), ..world.load };
        World { catalogue: Catalogue::restore(snapshot).unwrap(), load, ..world }
    })
}

/// One facility of every needed group is free for all the minutes it is needed, minute by minute.
fn naively_furnished(world: &World, sought: &Sought, start: Minute) -> bool {
    let World { catalogue, load, view, .. } = world;
    sought.footprint().needs().iter().all(|need| {
        catalogue.that_will_do(need.wanted).any(|facility| {
            need.blocks().iter().all(|(from, until)| {
                (start.0 + from..start.0 + until).map(Minute).all(|minute| {
                    let this = Span::new(minute.instant(), Minute(minute.0 + 1).instant());
                    !load.facilities.iter().any(|busy| {
                        busy.facility == facility.id
                            && blocks(busy.kind, busy.expires_at, *view)
                            && busy.span().overlaps(&this)
                    })
                })
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn offering_refusing_and_furnishing_agree(world in furnished()) {
        let World { catalogue, load, view, days } = &world;
        let person = staff_id(1);
        let availability = Availability::new(catalogue, *days, &[person], load, *view);
        let sought = Sought::service(catalogue, service_id(1)).unwrap();
        let mut bare = catalogue.snapshot().clone();
        bare.services[0].requires.clear();
        let bare = Catalogue::restore(bare).unwrap();
        let unfurnished = Availability::new(&bare, *days, &[person], load, *view);
        let plain = Sought::service(&bare, service_id(1)).unwrap();
        let mut found = Vec::new();
        availability.free_starts(&sought, person, &mut found);
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        let first = DayFrame::of(catalogue.timezone(), days.first()).start;
        let last = DayFrame::of(catalogue.timezone(), days.last()).end;
        for minute in (first..last).map(Minute) {
            let start = minute.instant();
            let offered = found.binary_search(&minute).is_ok();
            let reason = availability.why_not(&sought, person, start);
            prop_assert_eq!(offered, reason.is_none(), "{:?} {:?}", start, reason);
            let person_free = unfurnished.why_not(&plain, person, start).is_none();
            if person_free {
                prop_assert_eq!(offered, naively_furnished(&world, &sought, minute), "{:?}", start);
            }
            prop_assert!(person_free || !offered);
            if !offered {
                continue;
            }
            // What a stay gets is one of each group, and free.
            let uses = availability.facilities_for(&sought, person, start, &[]).unwrap();
            prop_assert_eq!(uses.len(), sought.footprint().needs().len());
            for used in &uses {
                let busy = load.facilities.iter().filter(|busy| {
                    busy.facility == used.facility && blocks(busy.kind, busy.expires_at, *view)
                });
                for busy in busy {
                    prop_assert!(used.spans.iter().all(|span| !span.overlaps(&busy.span())));
                }
            }
        }
    }
}
