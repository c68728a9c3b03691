//! What comes of a finding: a review, and a call whose note tells of it.

use super::*;

#[tokio::test]
async fn a_finding_names_its_sentence_and_is_seen_to_once() {
    let world = World::new();
    let said = ["Guten Tag! Ich habe den Termin am 24.11. um 10 Uhr gebucht. Bis dann!"];
    let call = world.call(Some(&said), &[], known()).await;
    let mut counted = Vec::new();
    for _ in 0..3 {
        counted.push(world.desk.look(&world.scope, call).await.unwrap().len());
    }
    assert_eq!(counted, [1, 0, 0]);
    let reviews = world.reviews.0.lock().unwrap().clone();
    assert_eq!(reviews.len(), 1);
    assert_eq!(
        reviews[0].finding.sentence.as_deref(),
        Some("Ich habe den Termin am 24.11. um 10 Uhr gebucht.")
    );
    let promised = world.callbacks.all();
    assert_eq!((promised.len(), promised[0].priority), (1, Priority::High));
    assert_eq!(promised[0].call, Some(call));
    let note = promised[0].note.as_deref().unwrap();
    assert!(note.starts_with("Im Gespräch wurde ein Termin zugesagt") && note.contains("24.11."), "{note}");
    assert!(note.ends_with("Das Gespräch hat nichts eingetragen, verlegt oder abgesagt."), "{note}");
    assert!(!format!("{reviews:?}").contains("24.11."), "logs do not quote");
}

#[tokio::test]
async fn who_hides_the_number_is_called_at_the_one_on_file_and_a_person_looks_in_any_case() {
    for (linked, called) in [(None, None), (Some(1), Some(ON_FILE)), (Some(2), None)] {
        let world = World::new();
        let call = world.call(Some(&["Ihr Termin ist gebucht."]), &[], Caller::Anonymous).await;
        if let Some(number) = linked {
            let found = world.calls.find(&world.scope, call).await.unwrap();
            let customer = CustomerId::from_uuid(Uuid::from_u128(number));
            world
                .calls
                .link_customer(&world.scope, found, customer, LinkMethod::AppointmentLink)
                .await
                .unwrap();
        }
        world.desk.look(&world.scope, call).await.unwrap();
        assert_eq!(world.reviews.0.lock().unwrap().len(), 1);
        let promised = world.callbacks.all();
        let phones: Vec<_> =
            promised.iter().map(|callback| callback.phone.as_ref().unwrap().as_e164()).collect();
        assert_eq!(phones, called.into_iter().collect::<Vec<_>>(), "{linked:?}");
    }
}

#[tokio::test]
async fn one_call_tells_all_that_was_found_and_what_was_done() {
    let world = World::new();
    let done = [Touched::known(MONDAY).moved(2, TUESDAY_TEN)];
    let known = Caller::Known(PhoneNumber::from_e164("+491701112233").unwrap());
    let call = world.call(Some(&["Ihr Termin ist abgesagt."]), &done, known).await;
    let found = mismatches(&world.desk.look(&world.scope, call).await.unwrap());
    assert_eq!(found, [Mismatch::CancellationClaimed, Mismatch::MoveUntold]);
    let promised = world.callbacks.all();
    assert_eq!(promised.len(), 1);
    let note = promised[0].note.as_deref().unwrap();
    assert!(note.contains("„Ihr Termin ist abgesagt.“ Ein Termin wurde verlegt, ohne dass"), "{note}");
    let deed = "Stand nach dem Gespräch: Termin am 01.12.2026 um 10:00 Uhr verlegt auf diese Zeit (apt_";
    assert!(note.contains(deed), "{note}");
    // It is looked at again once the analysis is there.
    assert!(world.desk.look(&world.scope, call).await.unwrap().is_empty());
    assert_eq!(world.callbacks.all().len(), 1);
}

/// What the call did and was not taken is no deed, whatever the call's own entry says.
#[tokio::test]
async fn the_note_tells_how_the_call_left_it() {
    let refused = Touched::made(TUESDAY_TEN, AppointmentStatus::Pending).gone(Whence::NoCall, 3);
    let called_off = Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed).gone(Whence::NoCall, 3);
    let put_back = Touched::known(MONDAY).moved(2, TUESDAY_TEN).moved_by_others(3, MONDAY);
    let waiting = Touched::made(TUESDAY_TEN, AppointmentStatus::Pending);
    let moved_and_waiting = Touched::known(MONDAY).moved(2, TUESDAY_TEN).waiting();
    for (said, done, told) in [
        ("Ihr Termin ist eingetragen.", refused, "nicht zustande gekommen (apt_"),
        (
            "Ihr Termin am Mittwoch um elf Uhr ist abgesagt.",
            called_off,
            "danach außerhalb des Gesprächs abgesagt (apt_",
        ),
        (
            "Ich habe Ihren Termin verschoben.",
            put_back,
            "nicht zustande gekommen, der Termin steht am 30.11.2026 um 10:00 Uhr (apt_",
        ),
        (
            "Der Termin am Dienstag um zehn Uhr ist fest für Sie gebucht.",
            waiting,
            "vorgemerkt, vom Kalender des Betriebs nicht bestätigt (apt_",
        ),
        (
            "Ihr Termin ist jetzt fest am Dienstag um zehn Uhr.",
            moved_and_waiting,
            "Verlegung auf diese Zeit vorgemerkt, vom Kalender des Betriebs nicht bestätigt (apt_",
        ),
    ] {
        let note = note_of(said, &[done], 1).await;
        assert!(note.contains(&format!(": Termin am 01.12.2026 um 10:00 Uhr {told}")), "{note:?}");
    }
}

/// What the staff are told of a call in which this was said and done, and so much found.
async fn note_of(said: &str, done: &[Touched], found: usize) -> String {
    let world = World::new();
    let known = Caller::Known(PhoneNumber::from_e164("+491701112233").unwrap());
    let call = world.call(Some(&[said]), done, known).await;
    assert_eq!(world.desk.look(&world.scope, call).await.unwrap().len(), found, "{said}");
    let promised = world.callbacks.all();
    promised[0].note.as_ref().unwrap().as_str().to_owned()
}

/// Where one was called off and another said to be, nobody reads that none was.
#[tokio::test]
async fn the_note_of_a_wrong_cancellation_does_not_contradict_itself() {
    let done = [Touched::known(TUESDAY_TEN).gone(Whence::ThisCall, 2)];
    let note = note_of("Ihr Termin am Mittwoch um elf Uhr ist abgesagt.", &done, 1).await;
    assert!(
        note.starts_with("Im Gespräch wurde eine Absage bestätigt, die so nicht eingetragen ist: „"),
        "{note:?}"
    );
    assert!(note.contains("10:00 Uhr abgesagt (apt_"), "{note:?}");
}

/// However long a sentence is, what it claims is quoted, and what the call did is told.
#[tokio::test]
async fn a_long_sentence_is_quoted_where_it_claims() {
    let long = "und das ist wirklich ganz und gar sicher ".repeat(20);
    for said in [
        format!("Ihr Termin ist abgesagt {long}."),
        format!("Alles ist gut {long} und Ihr Termin ist abgesagt."),
    ] {
        let note = note_of(&said, &[Touched::known(MONDAY).moved(2, TUESDAY_TEN)], 2).await;
        assert!(note.contains("Termin ist abgesagt") && note.contains('…'), "{note:?}");
        assert!(note.contains("ohne dass es im Gespräch gesagt wurde. Stand nach"), "{note:?}");
        assert!(note.ends_with(")."), "{note:?}");
    }
}

/// However much a call did, what was found is told, and what has no room is counted.
#[tokio::test]
async fn a_call_that_did_a_lot_leaves_room_for_what_was_found() {
    let long = "und das ist wirklich ganz und gar sicher ".repeat(20);
    let done: Vec<Touched> = (0..12).map(|_| Touched::known(MONDAY).moved(2, TUESDAY_TEN)).collect();
    let note = note_of(&format!("Ihr Termin ist abgesagt {long}."), &done, 2).await;
    assert!(note.starts_with("Im Gespräch wurde eine Absage bestätigt"), "{note:?}");
    assert!(note.contains("; und ") && note.ends_with(" weitere."), "{note:?}");
}

/// Of several, those of which nothing was said are named.
#[tokio::test]
async fn the_note_names_what_was_not_told() {
    let numbered = |number: u128, mut touched: Touched| {
        touched.appointment = AppointmentId::from_uuid(Uuid::from_u128(number));
        touched
    };
    let gone = |at: &str, minutes| Touched::known(at).gone(Whence::ThisCall, minutes);
    let made = |at: &str, minutes| {
        let mut made = Touched::made(at, AppointmentStatus::Confirmed);
        made.history[0].at = super::at(minutes);
        made
    };
    let off = || vec![numbered(7, gone(MONDAY, 2)), numbered(8, gone(WEDNESDAY_ELEVEN, 3))];
    let booked = vec![numbered(7, made(TUESDAY_TEN, 2)), numbered(8, made(WEDNESDAY_ELEVEN, 3))];
    for (said, done, is_known) in [
        ("Ihr Termin am Montag um zehn Uhr ist abgesagt.", off(), true),
        ("Ihr Termin am Dienstag um zehn Uhr ist eingetragen.", booked, true),
        // Of which it was said, nobody knows.
        ("Ihr Termin ist abgesagt.", off(), false),
    ] {
        let world = World::new();
        let call = world.call(Some(&[said]), &done, known()).await;
        assert_eq!(world.desk.look(&world.scope, call).await.unwrap().len(), 1, "{said}");
        let note = world.callbacks.all()[0].note.clone().unwrap();
        let (told, untold) = note.as_str().split_once("; ").unwrap();
        assert!(!told.contains("nicht erwähnt"), "{note:?}");
        assert!(untold.contains("02.12.2026 um 11:00 Uhr "), "{note:?}");
        assert_eq!(untold.ends_with("), im Gespräch nicht erwähnt."), is_known, "{note:?}");
    }
}
