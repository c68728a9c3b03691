//! "Setzen Sie mich auf die Warteliste": noted once, said truthfully, and bounded.

use appointment::waiting::WishStatus;
use serde_json::json;
use voice::{NextAction, Status};

use crate::world::{STRANGER, World};

/// A stretch in which nobody works: everything is taken by long absences.
async fn full() -> World {
    World::with(|salon| {
        for person in &mut salon.staff {
            person.active = person.name.contains("Boris") && person.performs.len() > 9;
        }
    })
    .await
}

#[tokio::test]
async fn who_finds_nothing_is_asked_and_a_yes_is_noted_once() {
    let world = full().await;
    let line = world.call("call_full", STRANGER);
    let asked = line
        .ask(
            "check_availability",
            json!({"datum": "Dienstag", "uhrzeit": "nachmittags", "dienstleistung": "Haarschnitt"}),
        )
        .await;
    assert_eq!(asked.status, Status::NoAvailability, "{asked:?}");
    assert_eq!(asked.next_action, Some(NextAction::OfferWaitingList));
    assert!(asked.message.contains("Warteliste"), "{}", asked.message);

    let wish = json!({"datum": "Dienstag", "zeitraum": "nachmittags", "name": "Erika Muster", "dienstleistung": "Haarschnitt"});
    let noted = line.ask("join_waiting_list", wish.clone()).await;
    assert_eq!(noted.status, Status::WaitingListed, "{noted:?}");
    assert!(
        noted.message.contains("Dienstag, dem vierundzwanzigsten November, auf der Warteliste"),
        "{}",
        noted.message
    );
    let stored = world.appointments.wishes(&world.scope);
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].phone.as_e164(), STRANGER);
    assert_eq!(stored[0].name.as_ref().unwrap().as_str(), "Erika Muster");
    assert_eq!(
        (stored[0].days.first(), stored[0].days.last()),
        (stored[0].days.last(), stored[0].days.first())
    );
    assert_eq!(stored[0].days.first().to_string(), noted.data["first_day"].as_str().unwrap());
    assert!(stored[0].window.from() >= 720 && stored[0].window.until() < 1439, "{stored:?}");
    assert_eq!(stored[0].status, WishStatus::Waiting);

    // Said again in this call, and in another one.
    assert_eq!(line.ask("join_waiting_list", wish.clone()).await.data, noted.data);
    world.wait(3_600);
    let later = world.call("call_again", STRANGER).ask("store_wish", wish).await;
    assert_eq!((later.status, &later.data), (Status::WaitingListed, &noted.data));
    assert_eq!(world.appointments.wishes(&world.scope).len(), 1);
}

#[tokio::test]
async fn a_wish_needs_a_day_and_a_number() {
    let world = World::new().await;
    let line = world.call("call_vague", STRANGER);
    let vague = line.ask("join_waiting_list", json!({"dienstleistung": "Haarschnitt"})).await;
    assert_eq!(vague.status, Status::DateRequired, "{vague:?}");
    let anonymous = world.call("call_hidden", "anonymous");
    let wish = json!({"datum": "Dienstag", "dienstleistung": "Haarschnitt"});
    let asked = anonymous.ask("join_waiting_list", wish).await;
    assert_eq!(asked.status, Status::PhoneNumberRequired, "{asked:?}");
    let wish = json!({"datum": "Dienstag", "dienstleistung": "Haarschnitt", "phone_number": "0170 1112244"});
    let noted = anonymous.ask("join_waiting_list", wish).await;
    assert_eq!(noted.status, Status::WaitingListed, "{noted:?}");
    assert_eq!(world.appointments.wishes(&world.scope)[0].phone.as_e164(), "+491701112244");
}

/// Somebody who waits for one thing more than a number may.
pub(crate) async fn greedy(world: &World) {
    let line = world.call("call_greedy", STRANGER);
    for (day, status) in [
        ("24.11.2026", Status::WaitingListed),
        ("25.11.2026", Status::WaitingListed),
        ("26.11.2026", Status::WaitingListed),
        ("27.11.2026", Status::WaitingListFull),
    ] {
        let noted =
            line.ask("join_waiting_list", json!({"datum": day, "dienstleistung": "Haarschnitt"})).await;
        assert_eq!(noted.status, status, "{day}: {noted:?}");
    }
}

#[tokio::test]
async fn one_number_waits_for_few_things() {
    let world = World::new().await;
    greedy(&world).await;
    assert_eq!(world.appointments.wishes(&world.scope).len(), 3);
}
