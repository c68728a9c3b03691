//! Callbacks: promised for hours in which somebody is there, and with the time that the caller wished for.

use serde_json::{Value, json};
use servicedesk::Priority;
use voice::Status;

use crate::world::{STRANGER, World};

/// It is Monday, ten o'clock, and the salon is closed; it opens on Tuesday at nine.
#[tokio::test]
async fn nobody_is_promised_to_call_from_a_closed_shop() {
    for (priority, due) in [
        (json!("urgent"), "2026-11-24T11:00:00+01:00"),
        (json!("high"), "2026-11-24T13:00:00+01:00"),
        (json!("normal"), "2026-11-24T10:00:00+01:00"),
        (Value::Null, "2026-11-24T10:00:00+01:00"),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let reply = line.ask("request_callback", json!({"priority": priority, "grund": "Frage"})).await;
        assert_eq!(
            (reply.status, &reply.data["due_at"]),
            (Status::CallbackRequested, &json!(due)),
            "{priority}"
        );
        assert!(reply.message.contains("bis spätestens morgen, Dienstag,"), "{}", reply.message);
        let [promised] = &world.callbacks.all()[..] else { panic!("one promise") };
        assert_eq!(promised.due_at, due.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    }
}

/// Saturday, one o'clock: the salon closes at two and opens on Tuesday again.
#[tokio::test]
async fn opening_time_is_counted_over_the_days_on_which_nobody_is_there() {
    let world = World::new().await;
    world.clock.set("2026-11-28T12:00:00Z".parse().unwrap());
    let line = world.call("call_a", STRANGER);
    let urgent = line.ask("request_callback", json!({"priority": "dringend", "grund": "Frage"})).await;
    assert_eq!(urgent.data["due_at"], "2026-12-01T10:00:00+01:00", "{}", urgent.message);
    let normal = line.ask("request_callback", json!({"grund": "Preisliste"})).await;
    assert_eq!(normal.data["due_at"], "2026-12-01T11:00:00+01:00", "{}", normal.message);
}

#[tokio::test]
async fn the_wished_time_is_said_back_and_counts() {
    for (window, said, due) in [
        (
            "morgen zwischen 14 und 16 Uhr",
            "morgen, Dienstag, den vierundzwanzigsten November, zwischen vierzehn Uhr und sechzehn Uhr,",
            "2026-11-24T16:00:00+01:00",
        ),
        ("Donnerstag", "am Donnerstag, dem sechsundzwanzigsten November,", "2026-11-26T18:00:00+01:00"),
        ("Mittwoch um 10 Uhr", "fünfundzwanzigsten November, um zehn Uhr,", "2026-11-25T10:30:00+01:00"),
        (
            "heute um 15 Uhr",
            "um fünfzehn Uhr, aufgenommen, da haben wir geschlossen,",
            "2026-11-24T10:00:00+01:00",
        ),
        (
            "Mittwoch nach 20 Uhr",
            "ab zwanzig Uhr, aufgenommen, da haben wir geschlossen,",
            "2026-11-25T18:00:00+01:00",
        ),
        (
            "vormittags",
            "morgen, Dienstag, den vierundzwanzigsten November, zwischen neun Uhr und zwölf Uhr, aufgenommen,",
            "2026-11-24T12:00:00+01:00",
        ),
        ("nächste Woche", "mit dem Wunsch nächste Woche aufgenommen,", "2026-12-05T14:00:00+01:00"),
        ("ab Mittwoch", "mit dem Wunsch ab Mittwoch aufgenommen,", "2026-11-25T18:00:00+01:00"),
        (
            "ab dem 3. Dezember",
            "mit dem Wunsch ab dem dritten Dezember aufgenommen,",
            "2026-12-03T18:00:00+01:00",
        ),
        ("egal", "Ich habe Ihre Rückrufbitte aufgenommen,", "2026-11-24T10:00:00+01:00"),
        ("nach der Arbeit", "nach der Arbeit aufgenommen,", "2026-11-24T10:00:00+01:00"),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let args = json!({"preferred_time_window": window, "grund": "Frage"});
        let reply = line.ask("request_callback", args.clone()).await;
        assert_eq!(
            (reply.status, &reply.data["due_at"]),
            (Status::CallbackRequested, &json!(due)),
            "{window}: {}",
            reply.message
        );
        assert!(reply.message.contains(said), "{window}: {}", reply.message);
        assert_eq!(
            line.ask("request_callback", args).await.message,
            reply.message,
            "said again, it is the same"
        );
        let [promised] = &world.callbacks.all()[..] else { panic!("one promise") };
        assert_eq!(promised.preferred_window.as_deref(), Some(window));
    }
}

#[tokio::test]
async fn a_word_for_no_urgency_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let asked = line.ask("request_callback", json!({"priority": "lila", "grund": "Frage"})).await;
    assert_eq!((asked.status, &asked.data["argument"]), (Status::InvalidArguments, &json!("priority")));
    assert!(world.callbacks.all().is_empty());
    line.ask("request_callback", json!({"priority": "wichtig", "grund": "Frage"})).await;
    assert_eq!(world.callbacks.all()[0].priority, Priority::High);
}
