//! What is said of a person alone, where others have time: no more than what was tried.

use appointment::model::{CatalogueSnapshot, Span};
use appointment::policy::sequence::SequenceLimits;
use appointment::testing::service_id;
use serde_json::json;
use voice::{Status, ToolReply};

use crate::sequences::{both, with};
use crate::world::{STRANGER, World, wish};

fn away(salon: &mut CatalogueSnapshot, person: usize, times: &[(&str, &str)]) {
    let span = |(from, until): &(&str, &str)| Span::new(from.parse().unwrap(), until.parse().unwrap());
    salon.staff[person].absences.extend(times.iter().map(span));
}

/// Asks with a person for one service first, then for what is asked without naming anybody.
async fn after_asking_for(world: &World, person: &str, args: serde_json::Value) -> ToolReply {
    let line = world.call("call_a", STRANGER);
    let mut first = wish("2026-12-11", "17:00");
    first["mitarbeiter"] = json!(person);
    line.ask("check_availability", first).await;
    line.ask("release_slot_reservation", json!({})).await;
    line.ask("check_availability", args).await
}

/// Boris is there for an hour of Friday, when Anna is away, and follows her nowhere.
fn apart(salon: &mut CatalogueSnapshot) {
    away(salon, 0, &[("2026-12-04T00:00:00Z", "2026-12-05T00:00:00Z")]);
    away(
        salon,
        1,
        &[("2026-11-23T00:00:00Z", "2026-12-04T09:00:00Z"), ("2026-12-04T10:00:00Z", "2026-12-11T15:00:00Z")],
    );
}

/// A week has more of Anna's beginnings than are tried in one answer where times are given every five minutes.
#[tokio::test]
async fn a_person_is_said_to_be_impossible_only_where_all_of_the_stretch_was_tried() {
    for (grid, said) in [
        (15, "Allein bei Anna Petersen geht das leider nicht, beides nacheinander ginge"),
        (5, "Allein bei Anna Petersen finde ich dafür gerade nichts Freies, beides nacheinander ginge"),
    ] {
        let world = World::with(|salon| {
            salon.policy.grid_minutes = grid;
            apart(salon);
        })
        .await;
        let args = both("nächste Woche", "zwischen 9 und 18 Uhr");
        let looked = after_asking_for(&world, "Anna", args).await;
        assert_eq!(looked.status, Status::Options, "{grid} {}", looked.message);
        assert!(looked.message.starts_with(said), "{grid} {}", looked.message);
        assert_eq!(looked.data["requested_staff"], "Anna Petersen");
        assert!(looked.alternatives.iter().all(|offer| offer.staff == "Boris Kühn"));
    }
}

/// On Friday afternoon Boris has time from two to three alone, and Anna can do everything.
fn boris_has_an_hour(salon: &mut CatalogueSnapshot) {
    let gone =
        [("2026-11-27T11:00:00Z", "2026-11-27T13:00:00Z"), ("2026-11-27T14:00:00Z", "2026-11-27T18:00:00Z")];
    away(salon, 1, &gone);
    salon.staff[0].performs.push(service_id(3));
}

/// What was just offered to somebody else is not impossible: it is offered, since there is nothing else in the stretch.
#[tokio::test]
async fn what_a_person_can_have_in_the_stretch_is_offered_whatever_there_is_elsewhere() {
    let world = World::with(boris_has_an_hour).await;
    let mut of_another = both("2026-11-27", "nachmittags");
    of_another["mitarbeiter"] = json!("Boris");
    let other = world.call("call_b", "+491701110002").ask("check_availability", of_another).await;
    assert_eq!((other.status, other.alternatives.len()), (Status::Options, 1), "{}", other.message);
    let looked = after_asking_for(&world, "Boris", both("2026-11-27", "nachmittags")).await;
    assert_eq!(looked.status, Status::Options, "{}", looked.message);
    assert!(looked.message.starts_with("Beides nacheinander ginge"), "{}", looked.message);
    let offered: Vec<_> =
        looked.alternatives.iter().map(|offer| (offer.time.as_str(), offer.staff.as_str())).collect();
    assert_eq!(offered, [("14:00", "Boris Kühn")]);
}

/// The caller is here already at the only time that Boris has: that is no word about Boris.
#[tokio::test]
async fn a_time_at_which_the_caller_has_an_appointment_was_not_tried() {
    let world = World::with(boris_has_an_hour).await;
    let mut own = wish("2026-11-27", "14:00");
    own["mitarbeiter"] = json!("Anna");
    let booked = world.call("call_own", STRANGER).ask("book_appointment", own).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let looked = after_asking_for(&world, "Boris", both("2026-11-27", "nachmittags")).await;
    assert!(
        looked.message.starts_with("Allein bei Boris Kühn finde ich dafür gerade nichts Freies, beides"),
        "{}",
        looked.message
    );
}

/// Boris could do all of it alone, if the second part began late; there are more ways than are tried.
#[tokio::test]
async fn a_minute_at_which_not_every_way_was_tried_is_not_said_to_be_impossible() {
    let boris_away =
        [("2026-11-27T09:30:00Z", "2026-11-27T10:20:00Z"), ("2026-11-27T10:45:00Z", "2026-11-27T12:00:00Z")];
    let limits = SequenceLimits { max_gap_minutes: 120, ..SequenceLimits::default() };
    let change = |salon: &mut CatalogueSnapshot| {
        away(salon, 1, &boris_away);
        salon.staff[0].performs.push(service_id(3));
    };
    let world = World::limited(change, limits).await;
    let three = json!(["Haarschnitt", "Bartpflege", "Ansatzfarbe"]);
    let looked = after_asking_for(&world, "Boris", with(&three, "2026-11-27", "09:00")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert!(
        looked.message.starts_with("Allein bei Boris Kühn finde ich dafür gerade nichts Freies, am Freitag"),
        "{}",
        looked.message
    );
}

/// Other times than a minute that is not looked at say nothing of that minute; without any wish nothing is said for all
/// time.
#[tokio::test]
async fn alternatives_say_of_a_person_what_was_found() {
    let world = World::with(|salon| {
        away(salon, 1, &[("2026-11-23T00:00:00Z", "2026-12-11T15:00:00Z")]);
        salon.staff[0].performs.push(service_id(3));
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let mut first = wish("2026-12-11", "17:00");
    first["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", first).await;
    line.ask("release_slot_reservation", json!({})).await;
    let services = json!(["Haarschnitt", "Bartpflege"]);
    for (args, said) in [
        (both("2026-11-24", "10:00"), "Allein bei Boris Kühn finde ich gerade keine andere Zeit, beides"),
        (both("2026-11-24", "vormittags"), "Allein bei Boris Kühn geht das leider nicht, beides"),
        (
            json!({"dienstleistung": services}),
            "Allein bei Boris Kühn finde ich dafür gerade nichts Freies, beides",
        ),
    ] {
        let found = line.ask("get_alternatives", args.clone()).await;
        assert_eq!(found.status, Status::Options, "{}", found.message);
        assert!(found.message.starts_with(said), "{args} {}", found.message);
    }
}
