//! Who does which part of a sequence.

use appointment::testing::service_id;
use serde_json::json;
use voice::Status;

use crate::sequences::{both, with};
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

/// Who does the parts of what is asked for with these people.
async fn with_people(services: serde_json::Value, people: serde_json::Value) -> (Status, Vec<String>) {
    let world = World::with(|salon| salon.staff[0].performs.push(service_id(3))).await;
    let mut args = with(&services, "2026-11-27", "10:00");
    args["mitarbeiter"] = people;
    let looked = world.call("call_a", STRANGER).ask("check_availability", args).await;
    let staff = |part: &serde_json::Value| part["staff"].as_str().unwrap().to_owned();
    let parts = looked.data.get("parts").and_then(|parts| parts.as_array()).cloned();
    let alone =
        || looked.data.get("staff").into_iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    (looked.status, parts.map_or_else(alone, |parts| parts.iter().map(staff).collect()))
}

#[tokio::test]
async fn a_list_of_people_is_one_for_each_part_in_its_place() {
    let (anna, boris) = ("Anna Petersen", "Boris Kühn");
    let both = json!(["Haarschnitt", "Bartpflege"]);
    for (people, who) in [
        // Nobody is named for the first part: whoever is named for the second does not do it for that.
        (json!(["", "Anna"]), [anna, anna]),
        (json!([null, "Boris"]), [boris, boris]),
        (json!(["Anna", ""]), [anna, anna]),
        (json!(["Boris", null]), [boris, boris]),
        (json!(["Anna", "Boris"]), [anna, boris]),
        (json!(["Boris", "Anna"]), [boris, anna]),
        // One for all of it.
        (json!(["Anna"]), [anna, anna]),
        (json!(["Boris"]), [boris, boris]),
        (json!("Anna"), [anna, anna]),
        // What carries nothing beyond the parts is nobody.
        (json!(["Anna", "Boris", ""]), [anna, boris]),
    ] {
        let (status, staff) = with_people(both.clone(), people.clone()).await;
        assert_eq!((status, staff), (Status::Available, who.map(str::to_owned).to_vec()), "{people}");
    }
    let (status, _) = with_people(both, json!(["Anna", "Boris", "Anna"])).await;
    assert_eq!(status, Status::InvalidArguments);
    // A list for one service is one name, wherever it stands.
    for people in [json!(["Boris"]), json!(["Boris", ""]), json!(["", "Boris"]), json!([null, "Boris"])] {
        let one = with_people(json!("Haarschnitt"), people.clone()).await;
        assert_eq!(one, (Status::Available, vec![boris.to_owned()]), "{people}");
    }
}

/// The place in the list matters: Boris is away for the first part, which nobody was named for.
#[tokio::test]
async fn a_person_named_for_the_second_part_is_not_wanted_for_the_first() {
    let world = World::with(|salon| {
        let (from, until) =
            ("2026-11-27T09:00:00Z".parse().unwrap(), "2026-11-27T09:30:00Z".parse().unwrap());
        salon.staff[1].absences.push(appointment::model::Span::new(from, until));
    })
    .await;
    let mut args = both("2026-11-27", "10:00");
    args["mitarbeiter"] = json!(["", "Boris"]);
    let looked = world.call("call_a", STRANGER).ask("check_availability", args).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert_eq!(looked.data["staff"], "Anna Petersen und Boris Kühn");
}

#[tokio::test]
async fn whoever_of_a_list_works_elsewhere_is_said_to() {
    let world = World::new().await;
    let mut args = both("2026-11-27", "10:00");
    args["mitarbeiter"] = json!(["Anna", "Clara"]);
    let looked = world.call("call_a", STRANGER).ask("check_availability", args).await;
    assert_eq!(looked.status, Status::StaffUnknown, "{}", looked.message);
    assert!(looked.message.contains("Clara Jansen arbeitet in der Filiale Eppendorf"), "{}", looked.message);
}
