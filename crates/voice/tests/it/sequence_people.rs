//! Who does which part of a sequence.

use appointment::testing::service_id;
use serde_json::json;
use voice::Status;

use crate::sequences::both;
use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn who_does_what_is_said_and_one_who_cannot_is_said_not_to() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut args = both("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("bei Anna");
    let cannot = line.ask("check_availability", args.clone()).await;
    assert_eq!(cannot.status, Status::StaffCannot, "{}", cannot.message);
    args["mitarbeiter"] = json!(["Anna", "egal"]);
    let looked = line.ask("check_availability", args).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert!(
        looked.message.contains(
            "zuerst Haarschnitt bei Anna Petersen, danach um zehn Uhr dreißig Bartpflege bei Boris Kühn"
        ),
        "{}",
        looked.message
    );
    assert_eq!(looked.data["staff"], "Anna Petersen und Boris Kühn");
}

#[tokio::test]
async fn a_person_wished_for_earlier_is_no_reason_to_refuse() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut args = wish("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", args).await;
    let other = world.call("call_b", "+491701110002");
    let mut args = wish("2026-11-27", "14:00");
    args["mitarbeiter"] = json!("Boris");
    assert_eq!(other.ask("book_appointment", args).await.status, Status::Booked);
    let looked = line.ask("check_availability", both("2026-11-27", "14:00")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert!(
        looked.message.starts_with("Allein bei Boris Kühn geht das leider nicht, am Freitag"),
        "{}",
        looked.message
    );
    assert_eq!(looked.data["parts"][0]["staff"], "Anna Petersen");
}

/// Boris is away all Friday afternoon; who asked for him earlier still hears of what there is.
#[tokio::test]
async fn a_stretch_without_the_person_of_an_earlier_question_is_not_empty() {
    let world = World::with(|salon| {
        let (from, until) =
            ("2026-11-27T12:00:00Z".parse().unwrap(), "2026-11-27T17:00:00Z".parse().unwrap());
        salon.staff[1].absences.push(appointment::model::Span::new(from, until));
        salon.staff[0].performs.push(service_id(3));
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let mut args = wish("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", args).await;
    let looked = line.ask("check_availability", both("2026-11-27", "nachmittags")).await;
    assert_eq!(looked.status, Status::Options, "{}", looked.message);
    assert!(
        looked.message.starts_with("Allein bei Boris Kühn geht das leider nicht, beides"),
        "{}",
        looked.message
    );
    assert!(looked.alternatives.iter().all(|slot| slot.staff == "Anna Petersen"));
}
