//! A time that the outside calendar has not agreed to is nowhere said to stand, whatever is asked.

use appointment::calendar::Offered;
use appointment::model::CatalogueSnapshot;
use serde_json::{Value, json};
use voice::{Settlement, Status, ToolReply};

use crate::outside::{LIMIT, mirrored};
use crate::sequence_outside::with_mirrored_beards;
use crate::sequences::both;
use crate::world::{Line, STRANGER, World, wish};

/// What would say of an appointment that it stands.
const FIRM: &[&str] = &[
    "steht,",
    "steht schon so",
    "stehen,",
    "stehen schon so",
    "eingetragen",
    "Sie haben",
    "nächster Termin ist der",
];

fn haircuts_and_beards(catalogue: &mut CatalogueSnapshot) {
    mirrored(catalogue);
    with_mirrored_beards(catalogue);
}

/// The answers that tell of the one appointment that a caller has.
async fn told(line: &Line<'_>) -> Vec<ToolReply> {
    let mut told = Vec::new();
    let same = json!({"new_date": "2026-11-24", "new_time": "10:00", "bestaetigung": true});
    let asked: [(&str, Value, Status); 5] = [
        ("reschedule_appointment", same, Status::Unchanged),
        ("get_alternatives", wish("2026-11-24", "15:00"), Status::Options),
        ("query_appointment", json!({}), Status::Ok),
        ("check_availability", wish("2026-11-24", "10:00"), Status::OwnAppointmentOverlaps),
        ("check_customer", json!({}), Status::Ok),
    ];
    for (tool, args, status) in asked {
        let reply = line.ask(tool, args).await;
        assert_eq!(reply.status, status, "{tool}: {}", reply.message);
        told.push(reply);
        // "Möchten Sie eine andere Zeit?"
        if status == Status::Unchanged {
            line.ask("confirm_booking", json!({"bestaetigung": false})).await;
        }
    }
    told
}

fn says(replies: &[ToolReply], words: &str) {
    for ToolReply { message, .. } in replies {
        assert!(message.contains(words), "{message}");
        for firm in FIRM {
            assert!(!message.contains(firm), "{firm}: {message}");
        }
    }
}

#[tokio::test]
async fn what_is_pending_is_noted_in_every_answer_about_it() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let noted = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    let replies = told(&line).await;
    says(&replies, "vorgemerkt, die Bestätigung steht noch aus");
    assert!(replies[0].message.contains("ist schon so vorgemerkt"), "{}", replies[0].message);
    // Each of them shows what it tells of.
    assert_eq!(replies[0].data["appointments"][0]["status"], "pending");
    assert_eq!(replies[1].data["existing_appointment"]["status"], "pending");
    assert_eq!(replies[2].data["appointment"]["status"], "pending");
    assert_eq!(replies[3].data["existing_appointment"]["status"], "pending");
    assert_eq!(replies[4].data["next_appointment"]["status"], "pending");
    assert!(
        replies[1].message.contains("ist schon vorgemerkt, die Bestätigung steht noch aus, frei wäre auch"),
        "{}",
        replies[1].message
    );
}

#[tokio::test]
async fn what_was_refused_afterwards_is_looked_at_and_no_more() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, LIMIT);
    let noted = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    let replies = told(&line).await;
    says(&replies, "ist noch nicht sicher, Salon Nord prüft das und ruft Sie an");
    assert!(replies.iter().all(|reply| !reply.message.contains("Bestätigung steht")), "{replies:?}");
    let anonymous = world.call("call_b", "anonymous");
    let mut args = wish("2026-11-24", "15:00");
    args["name"] = json!("Max Sommer");
    anonymous.ask("book_appointment", args).await;
    let asked = anonymous.ask("query_appointment", json!({})).await;
    says(&[asked], "prüft das, für einen Rückruf dazu kann ich gern Ihre Nummer aufnehmen");
}

#[tokio::test]
async fn what_stands_is_said_to_stand() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Agreed);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let replies = told(&line).await;
    for (reply, words) in replies.iter().zip([
        "steht schon so",
        "ist schon eingetragen",
        "steht,",
        "Sie haben",
        "nächster Termin ist der",
    ]) {
        assert!(reply.message.contains(words), "{}", reply.message);
    }
    // Of two of which one is not certain, each is said to be what it is.
    world.outside.says(Offered::Unknown, Settlement::Open);
    let noted = line.ask("book_appointment", wish("2026-11-25", "10:00")).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    let all = line.ask("get_customer_appointments", json!({})).await;
    let said: Vec<_> = all.message.split("vorgemerkt ist der Termin").collect();
    assert!(said[0].starts_with("Eingetragen ist der Termin für Haarschnitt morgen"), "{}", all.message);
    assert!(
        said[1].contains("fünfundzwanzigsten") && said[1].contains("Bestätigung steht noch aus"),
        "{}",
        all.message
    );
}

#[tokio::test]
async fn a_visit_stands_no_better_than_its_parts() {
    let world = World::with(haircuts_and_beards).await;
    world.outside.says(Offered::Unknown, Settlement::Open);
    let line = world.call("call_a", STRANGER);
    let noted = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    let same = json!({"new_date": "2026-11-27", "new_time": "10:00", "bestaetigung": true});
    let moved = line.ask("reschedule_appointment", same).await;
    assert_eq!(moved.status, Status::Unchanged, "{}", moved.message);
    assert!(
        moved.message.starts_with("Ihre Termine sind schon so vorgemerkt, am Freitag"),
        "{}",
        moved.message
    );
    let asked = line.ask("query_appointment", json!({})).await;
    assert!(asked.message.starts_with("Ihre Termine sind vorgemerkt, am Freitag"), "{}", asked.message);
    says(&[moved, asked], "die Bestätigung steht noch aus, möchten Sie");
}
