//! With whom it is.

use super::*;

fn booked() -> Touched {
    Touched::made(MONDAY, AppointmentStatus::Confirmed)
}

/// Another appointment of somebody else.
fn with_ben(mut touched: Touched) -> Touched {
    touched.appointment = AppointmentId::from_uuid(Uuid::from_u128(8));
    touched.history.iter_mut().for_each(|entry| entry.after.staff = staff_id(78));
    touched
}

#[tokio::test]
async fn who_is_named_and_performs_it_not_is_found() {
    for said in [
        "Ihr Termin bei Ben ist am Montag um zehn Uhr eingetragen.",
        "Ich habe Sie am Montag um zehn Uhr bei Herrn Dr. Koch eingetragen.",
        "Ihr Termin am Montag um zehn bei Clara Weber ist gebucht.",
        "Der Termin mit Frau Öz ist gebucht.",
        "Ihr Termin beim Ben ist am Montag um zehn Uhr eingetragen.",
        "Ihr Termin am Montag, dem dreißigsten November, um zehn Uhr bei Ben ist fest eingetragen.",
        "Ich habe Sie bei Ihrem Therapeuten Ben für Montag um zehn Uhr gebucht.",
        "Ich habe den Termin bei unserem Kollegen Ben für Sie gebucht.",
    ] {
        let found = found(&[said], &[booked()]).await;
        assert_eq!(found, [(Mismatch::PersonClaimed, Some(said.to_owned()))], "{said}");
    }
    let moved = [Touched::known(MONDAY).moved(2, TUESDAY_TEN)];
    let said = "Ich habe Ihren Termin auf Dienstag um zehn Uhr bei Clara gelegt.";
    assert_eq!(found(&[said], &moved).await, [(Mismatch::PersonClaimed, Some(said.to_owned()))]);
    for said in [
        "Ihr Termin bei Clara ist jetzt am Dienstag um zehn.",
        "Ihr Termin ist jetzt am Dienstag um zehn bei Clara.",
    ] {
        assert_eq!(
            found(&[said], &moved).await,
            [(Mismatch::PersonClaimed, Some(said.to_owned()))],
            "{said}"
        );
    }
    let gone = [Touched::known(MONDAY).gone(Whence::ThisCall, 2)];
    let said = "Ihr Termin am Montag bei Ben ist abgesagt.";
    assert_eq!(found(&[said], &gone).await, [(Mismatch::PersonClaimed, Some(said.to_owned()))]);
    // Of several, those that can be meant.
    let several = [booked(), with_ben(Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed))];
    let said =
        "Ihr Termin am Montag um zehn bei Ben ist gebucht. Der am Mittwoch um elf ist auch eingetragen.";
    let found = found(&[said], &several).await;
    assert_eq!(found.first().map(|(mismatch, _)| *mismatch), Some(Mismatch::PersonClaimed), "{found:?}");
}

#[tokio::test]
async fn who_performs_it_may_be_named_in_any_way_and_others_beside_what_is_claimed() {
    for said in [
        "Ihr Termin bei Anna ist am Montag um zehn Uhr eingetragen.",
        "Ihr Termin bei Frau Weber ist am Montag um zehn Uhr eingetragen.",
        "Ihr Termin bei Anna Weber ist am Montag um zehn Uhr eingetragen.",
        "Ihr Termin bei uns ist am Montag um zehn Uhr eingetragen, und mit Farbe dauert es zwei Stunden.",
        "Ihr Termin ist mit Bestätigung eingetragen.",
        "Bei Ben war leider nichts frei, ich habe Sie am Montag um zehn bei Anna eingetragen.",
        "Ich habe das mit Ben abgesprochen und Sie am Montag um zehn eingetragen.",
        "Ich habe Sie am Montag um zehn eingetragen, bei Fragen melden Sie sich bei Ben.",
        "Ich habe Sie am Montag um zehn zusammen mit Ben eingetragen.",
        "Weil bei Ben nichts frei war, habe ich Sie am Montag um zehn eingetragen.",
        "Ich habe Sie am Montag um zehn eingetragen, nächstes Mal dann wieder bei Ben.",
        "Ihr Termin ist am Montag um zehn eingetragen, Ihr Rezept können Sie mit Ben besprechen.",
        "Ich habe nach Rücksprache mit Ben Ihren Termin am Montag um zehn eingetragen.",
        "Ihr Termin ist am Montag um zehn bei Ben eingetragen. Entschuldigung, Ihr Termin ist bei Anna eingetragen.",
        "Ihr Termin ist am Montag um zehn bei Ben eingetragen. Oh, Entschuldigung, natürlich bei Anna.",
        "Ihr Termin ist am Montag um zehn bei Ben eingetragen. Nein, Verzeihung, bei Anna Weber ist der Termin.",
        "Wie mit Ben vereinbart, habe ich Sie am Montag um zehn eingetragen.",
        "Zusätzlich zu Ihrem Termin bei Ben habe ich Sie am Montag um zehn eingetragen.",
        "Ben ist krank. Ich habe Sie am Montag um zehn bei Anna eingetragen.",
        "Soll ich Sie bei Ben eintragen? Nein? Gut. Ihr Termin ist am Montag um zehn eingetragen.",
    ] {
        assert_eq!(found(&[said], &[booked()]).await, [], "{said}");
    }
    // From whom it went.
    let mut moved = Touched::known(MONDAY).moved(2, TUESDAY_TEN);
    moved.history.last_mut().unwrap().after.staff = staff_id(78);
    let said = "Ich habe Ihren Termin bei Anna auf Dienstag um zehn Uhr gelegt.";
    assert_eq!(found(&[said], &[moved]).await, []);
    let several = [booked(), with_ben(Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed))];
    let said = "Ihre Termine bei Anna am Montag um zehn und bei Ben am Mittwoch um elf sind gebucht.";
    assert_eq!(found(&[said], &several).await, []);
}

#[tokio::test]
async fn what_the_caller_had_before_may_be_with_anybody() {
    let world = World::new();
    let said = ["Ihr Termin bei Ben ist eingetragen. Ich habe den neuen am Montag um zehn gebucht."];
    let call = world.call(Some(&said), &[booked()], known()).await;
    let looked_up = Used { tool: "query_appointment".to_owned(), status: "ok".to_owned(), is_success: true };
    world.reviews.2.lock().unwrap().push(looked_up);
    assert_eq!(mismatches(&world.desk.look(&world.scope, call).await.unwrap()), []);
}
