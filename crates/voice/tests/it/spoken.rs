//! Sentences that are true and that somebody would say.

use appointment::model::{ClosedDay, ClosedOrigin};
use serde_json::json;
use voice::Status;

use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_day_is_told_in_the_case_that_its_sentence_asks_for() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let said = [
        (
            "check_availability",
            wish("2026-11-24", "10:00"),
            "Morgen, Dienstag, den vierundzwanzigsten November, um",
        ),
        (
            "check_availability",
            wish("2026-11-27", "10:00"),
            "Am Freitag, dem siebenundzwanzigsten November, um",
        ),
        ("parse_date", json!({"datum": "übermorgen"}), "Das ist übermorgen, Mittwoch, der fünfundzwanzigste"),
        (
            "parse_date",
            json!({"datum": "morgen um 10 Uhr"}),
            "Das ist morgen, Dienstag, der vierundzwanzigste",
        ),
        (
            "get_opening_hours",
            json!({"datum": "morgen"}),
            "Morgen, Dienstag, den vierundzwanzigsten November,",
        ),
        (
            "check_availability",
            wish("2026-11-29", "10:00"),
            "Am Sonntag, dem neunundzwanzigsten November, haben",
        ),
    ];
    for (tool, args, words) in said {
        let reply = line.ask(tool, args).await;
        assert!(reply.message.starts_with(words), "{words}: {}", reply.message);
    }
}

/// The break begins at half past twelve.
#[tokio::test]
async fn what_would_run_into_the_break_does_not_lie_in_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for (time, words) in [
        ("12:15", "um zwölf Uhr fünfzehn würde der Termin in die Pause hineinreichen"),
        ("12:30", "um zwölf Uhr dreißig ist Pause"),
        ("12:45", "um zwölf Uhr fünfundvierzig ist Pause"),
    ] {
        let reply = line.ask("check_availability", wish("2026-11-24", time)).await;
        assert_eq!((reply.status, &reply.data["reason"]), (Status::Unavailable, &json!("break")));
        assert!(reply.message.contains(words), "{time}: {}", reply.message);
    }
}

/// Where only the preparation or the work after the appointment is in the break, the appointment is not said to be.
#[tokio::test]
async fn what_is_needed_around_an_appointment_is_told_apart_from_it() {
    let world = World::with(|salon| {
        let cut = &mut salon.services[0];
        (cut.buffer_before_min, cut.buffer_after_min) = (10, 15);
    })
    .await;
    let line = world.call("call_a", STRANGER);
    for (time, words) in [
        (
            "12:00",
            "um zwölf Uhr ist leider nicht frei, nach dem Termin braucht es noch fünfzehn Minuten, da beginnt aber die \
             Pause, frei wäre",
        ),
        (
            "13:00",
            "um dreizehn Uhr ist leider nicht frei, vor dem Termin braucht es noch zehn Minuten, da ist aber noch Pause, \
             frei wäre",
        ),
        ("12:15", "um zwölf Uhr fünfzehn würde der Termin in die Pause hineinreichen, frei wäre"),
        ("12:45", "um zwölf Uhr fünfundvierzig ist Pause, frei wäre"),
    ] {
        let reply = line.ask("check_availability", wish("2026-11-24", time)).await;
        assert_eq!((reply.status, &reply.data["reason"]), (Status::Unavailable, &json!("break")));
        assert!(reply.message.contains(words), "{time}: {}", reply.message);
    }
}

#[tokio::test]
async fn why_a_day_is_closed_is_said_as_people_say_it() {
    let world = World::with(|salon| {
        salon.closed_days = [("2026-12-25", "Erster Weihnachtsfeiertag"), ("2026-11-27", "Betriebsferien")]
            .map(|(day, reason)| ClosedDay {
                day: day.parse().unwrap(),
                reason: reason.to_owned(),
                origin: ClosedOrigin::Manual,
            })
            .to_vec();
    })
    .await;
    let line = world.call("call_a", STRANGER);
    for (day, words) in [
        ("2026-12-25", "haben wir geschlossen, denn da ist Erster Weihnachtsfeiertag,"),
        ("2026-11-27", "haben wir geschlossen, denn da sind Betriebsferien,"),
    ] {
        for (tool, args) in
            [("get_opening_hours", json!({"datum": day})), ("check_availability", wish(day, "10:00"))]
        {
            let reply = line.ask(tool, args).await;
            assert!(reply.message.contains(words), "{tool}: {}", reply.message);
        }
    }
}

#[tokio::test]
async fn a_day_that_is_none_is_asked_back() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("get_opening_hours", json!({"day_of_week": "quatschtag"})).await;
    assert_eq!((reply.status, reply.success), (Status::TimeNotUnderstood, false), "{}", reply.message);
    assert!(!reply.data.contains_key("asked_day"));
    for (args, day) in [
        (json!({"day_of_week": "morgen"}), "2026-11-24"),
        (json!({"day_of_week": "sonnabend"}), "2026-11-28"),
        (json!({"day_of_week": "quatschtag", "datum": "2026-11-25"}), "2026-11-25"),
        (json!({}), "2026-11-23"),
    ] {
        let reply = line.ask("get_opening_hours", args).await;
        assert_eq!(
            (reply.status, &reply.data["asked_day"]["date"]),
            (Status::Ok, &json!(day)),
            "{}",
            reply.message
        );
    }
}

#[tokio::test]
async fn a_list_that_leaves_something_out_says_so() {
    let world = World::with(|salon| {
        let like = salon.services[0].clone();
        for (number, name) in (11..).zip(["Maniküre", "Pediküre", "Massage", "Wimpernlifting"]) {
            let id = appointment::testing::service_id(number);
            salon.services.push(appointment::model::Service { id, name: name.to_owned(), ..like.clone() });
        }
        for service in &mut salon.services {
            service.category = Some("Alles".to_owned());
        }
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let some = line.ask("list_services", json!({})).await;
    assert!(some.message.starts_with("Wir bieten unter anderem Haarschnitt,"), "{}", some.message);
    let unknown = line.ask("list_services", json!({"category": "Nix"})).await;
    assert!(
        unknown.message.starts_with("Diese Kategorie haben wir nicht, wir bieten"),
        "{}",
        unknown.message
    );
    let known = line.ask("list_services", json!({"category": "alles"})).await;
    assert_eq!(known.message, some.message);
    let nothing = line.ask("get_service_info", json!({"service_name": "Reifenwechsel"})).await;
    assert_eq!(nothing.status, Status::ServiceUnknown);
    assert!(nothing.message.contains("ich kann Ihnen zum Beispiel Haarschnitt,"), "{}", nothing.message);

    // Where everything is said, nothing is left out.
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let all = line.ask("list_services", json!({})).await;
    assert_eq!(all.message, "Wir bieten Haarschnitt, Ansatzfarbe und Bartpflege an, was darf es sein?");
    let nothing = line.ask("get_service_info", json!({"service_name": "Reifenwechsel"})).await;
    assert!(nothing.message.contains("ich kann Ihnen Haarschnitt,"), "{}", nothing.message);
}

#[tokio::test]
async fn a_number_that_cannot_be_used_is_not_called_withheld() {
    let world = World::new().await;
    for (call, from, words) in [
        ("call_a", "anonymous", "Ihre Nummer wird nicht übertragen"),
        ("call_b", "", "Ihre Nummer wird nicht übertragen"),
        ("call_c", "12", "Ihre Nummer kann ich leider nicht verwenden"),
        ("call_d", "call me", "Ihre Nummer kann ich leider nicht verwenden"),
    ] {
        let line = world.call(call, from);
        for tool in ["check_customer", "query_appointment", "cancel_appointment"] {
            let reply = line.ask(tool, json!({})).await;
            assert!(reply.message.starts_with(words), "{from}, {tool}: {}", reply.message);
        }
        let context = line.ask("initialize_call", json!({})).await;
        assert_eq!(context.data["customer"]["message"], format!("{words}."));
    }
}

#[tokio::test]
async fn who_works_in_another_branch_is_known_and_whoever_is_free_is_anybody() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let with = |staff: &str| {
        let mut args = wish("2026-11-24", "10:00");
        args["mitarbeiter"] = json!(staff);
        args
    };
    let other = line.ask("check_availability", with("Clara")).await;
    assert_eq!(other.status, Status::StaffUnknown);
    assert!(
        other.message.starts_with("Clara Jansen arbeitet in der Filiale Eppendorf,"),
        "{}",
        other.message
    );
    let nobody = line.ask("check_availability", with("Xaver")).await;
    assert_eq!(nobody.status, Status::StaffUnknown);
    assert!(nobody.message.starts_with("Diesen Namen finde ich hier nicht,"), "{}", nobody.message);
    for anybody in
        ["wer frei ist", "wer gerade frei ist", "Wer Zeit hat", "ist mir egal", "irgendjemand", "any"]
    {
        let reply = line.ask("check_availability", with(anybody)).await;
        assert_eq!(reply.status, Status::Available, "{anybody}: {}", reply.message);
    }
    // A name that only sounds like it is a name.
    assert_eq!(line.ask("check_availability", with("Anyanka Xylo")).await.status, Status::StaffUnknown);
}

#[tokio::test]
async fn an_unknown_id_says_nothing_of_a_time() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let unknown = json!({"appointment_id": "apt_00000000000000000000000000000999"});
    for tool in ["cancel_appointment", "reschedule_appointment"] {
        let reply = line.ask(tool, unknown.clone()).await;
        assert_eq!(reply.status, Status::NotFound);
        assert_eq!(reply.message, "Diesen Termin finde ich bei Ihnen nicht, welchen Termin meinen Sie?");
    }
    let asked = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    assert_eq!(line.ask("cancel_appointment", json!({})).await.status, Status::Cancelled);
    let garbled = line.ask("cancel_appointment", json!({"appointment_id": "12"})).await;
    assert_ne!(garbled.status, Status::AlreadyCancelled, "{}", garbled.message);
    let timed = world.call("call_b", STRANGER);
    timed.ask("book_appointment", wish("2026-11-26", "11:00")).await;
    let reply = timed.ask("cancel_appointment", json!({"old_time": "15:00"})).await;
    assert!(reply.message.starts_with("Zu dieser Zeit finde ich keinen Termin"), "{}", reply.message);
}
