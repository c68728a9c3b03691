//! Which time of what was done was told.

use super::*;

/// Told is what names no other time than it has; whoever hears a wrong one comes at a wrong one.
#[tokio::test]
async fn a_time_that_was_never_told_is_found() {
    use Mismatch::{BookingUntold, MoveUntold};
    let confirmed = AppointmentStatus::Confirmed;
    let (tuesday, thursday) =
        (Touched::made(TUESDAY_TEN, confirmed), Touched::made(THURSDAY_ELEVEN, confirmed));
    let moved = Touched::known(MONDAY).moved(2, WEDNESDAY_ELEVEN);
    let mut later = thursday.clone();
    later.history[0].at = at(2);
    for (said, done, found) in [
        ("Ich habe den Termin am Dienstag um zehn Uhr eingetragen.", vec![tuesday.clone()], None),
        (
            "Ich habe den Termin am Mittwoch um zehn Uhr eingetragen.",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        ("Ich habe den Termin eingetragen. Wir sehen uns am Mittwoch.", vec![tuesday.clone()], None),
        (
            "Ich habe den Termin am Dienstag um 11:00 Uhr eingetragen.",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        (
            "Sehr gern. Dann sehen wir uns am Dienstag um Viertel nach zehn!",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        ("Sehr gern. Ihr Termin ist am Dienstag um 10 Uhr 30.", vec![tuesday.clone()], Some(BookingUntold)),
        ("Sehr gern. Ihr Termin ist am Dienstag um 10 Uhr.", vec![tuesday.clone()], None),
        ("Sehr gern. Bis Mittwoch um zehn!", vec![tuesday.clone()], Some(BookingUntold)),
        ("Sehr gern. Auf Wiederhören!", vec![tuesday.clone()], Some(BookingUntold)),
        // What somebody has done, or has yet to, tells of none.
        ("Sie haben den Termin am Dienstag abgesagt.", vec![tuesday.clone()], Some(BookingUntold)),
        (
            "Sobald der Salon zusagt, erhalten Sie eine Bestätigung für Ihren Termin am Dienstag.",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        (
            "Sie erhalten eine Bestätigung für Ihren Termin am Dienstag, sobald der Salon zusagt.",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        ("Dann bis Dienstag um zehn, falls nicht noch etwas ist.", vec![tuesday.clone()], None),
        // What is free, or somebody else's, tells of none.
        (
            "Der früheste Termin ist am Dienstag um zehn. Auf Wiederhören!",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        (
            "Am Dienstag um zehn erwarten wir noch jemanden. Auf Wiederhören!",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        (
            "Ich habe Sie für Dienstag eingetragen, die Behandlung dauert 1:30 Stunden.",
            vec![tuesday.clone()],
            None,
        ),
        // The second of two, unless both were one step.
        (
            "Ich habe den Termin am Dienstag eingetragen.",
            vec![tuesday.clone(), later.clone()],
            Some(BookingUntold),
        ),
        (
            "Ich habe den Termin am Dienstag eingetragen. Bis Donnerstag um elf Uhr.",
            vec![tuesday.clone(), later.clone()],
            None,
        ),
        // To the minute, however it is said.
        (
            "Ich habe den Termin um halb zwei eingetragen.",
            vec![Touched::made("2026-12-01T12:30:00Z", confirmed), later.clone()],
            Some(BookingUntold),
        ),
        ("Ich habe den Termin um halb elf eingetragen.", vec![tuesday.clone()], Some(BookingUntold)),
        (
            "Ich habe den Termin am Dienstag, den achten Dezember, eingetragen.",
            vec![tuesday.clone()],
            Some(BookingUntold),
        ),
        ("Ich habe den Termin am Dienstag, den ersten Dezember, eingetragen.", vec![tuesday.clone()], None),
        ("Ich habe die Termine ab Dienstag eingetragen.", vec![tuesday.clone(), thursday], None),
        (
            "Der Termin ist am Dienstag um zehn Uhr eingetragen.",
            vec![tuesday.clone().moved(2, WEDNESDAY_ELEVEN)],
            Some(MoveUntold),
        ),
        ("Ihr Termin am Montag ist verlegt.", vec![moved.clone()], Some(MoveUntold)),
        (
            "Ihr Termin am Montag ist verlegt. Sie kommen jetzt am Mittwoch um elf Uhr.",
            vec![moved.clone()],
            None,
        ),
        ("Ich habe den Termin von Montag auf Mittwoch verlegt.", vec![moved.clone()], None),
        ("Ihr Termin am Montag ist auf morgen um elf Uhr verlegt.", vec![moved.clone()], None),
        ("Ihr Termin am Montag ist auf den zweiten Dezember verlegt.", vec![moved], None),
        ("Ihr Termin am Dienstag von zehn bis elf Uhr ist eingetragen.", vec![tuesday.clone()], None),
        (
            "Den ersten habe ich am Dienstag um zehn Uhr vorgemerkt, den zweiten am Donnerstag um elf Uhr.",
            vec![tuesday.clone(), later.clone()],
            None,
        ),
    ] {
        let world = World::new();
        let call = world.call(Some(&[said]), &done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let mismatch: Vec<_> = findings.iter().map(|finding| finding.mismatch).collect();
        assert_eq!(mismatch, found.into_iter().collect::<Vec<_>>(), "{said}");
    }
}

/// As the product itself says it, with the day of the month: the first time after a second move, and both where they were.
#[tokio::test]
async fn a_move_told_by_its_date_is_compared_with_it() {
    let tuesday = "Ihr Termin für Haarschnitt ist jetzt auf Dienstag, den ersten Dezember, um zehn Uhr bei Pia Sommer verlegt.";
    let once = || Touched::known(MONDAY).moved(2, TUESDAY_TEN);
    let twice = || once().moved(3, WEDNESDAY_ELEVEN);
    assert_eq!(found(&[tuesday], &[once()]).await, []);
    let otherwise = [(Mismatch::MoveUntold, Some(tuesday.to_owned()))];
    assert_eq!(found(&[tuesday], &[twice()]).await, otherwise);
    for said in [
        "Ihr Termin ist auf Freitag, den vierten Dezember, um zehn Uhr verlegt.",
        "Ich habe Ihren Termin auf den 4. Dezember um 10 Uhr verlegt.",
        "Ihr Termin ist jetzt auf Dienstag, den ersten Dezember, um siebzehn Uhr verlegt.",
    ] {
        let told = found(&[said], &[once()]).await;
        assert_eq!(told, [(Mismatch::MoveUntold, Some(said.to_owned()))], "{said}");
    }
    // Of two days nobody knows which is which.
    for both in [
        "Ihr Termin am Montag ist auf den ersten Dezember um zehn Uhr verlegt.",
        "Ihr Termin am dreißigsten November ist auf kommenden Dienstag verlegt.",
        "Ich habe Sie auf den ersten Dezember umgebucht, den Termin am Montag habe ich gelöscht.",
        "Ich habe Sie auf Dienstag umgebucht, den Termin am dreißigsten November habe ich gelöscht.",
        "Ich habe Ihren Termin auf Dienstag verlegt statt am dreißigsten November.",
        "Ich habe Ihren Termin auf Dienstag statt am dreißigsten November verlegt.",
    ] {
        assert_eq!(found(&[both], &[once()]).await, [], "{both}");
    }
}

/// Of a move that nobody told of, a true sentence about another appointment says nothing.
#[tokio::test]
async fn what_is_true_of_another_appointment_is_not_blamed() {
    let done = [
        Touched::known(MONDAY).moved(2, TUESDAY_TEN),
        Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed),
    ];
    let said = "Ihr Termin ist für Mittwoch, den zweiten Dezember, um elf Uhr fest eingetragen.";
    assert_eq!(found(&[said], &done).await, [(Mismatch::MoveUntold, None)]);
}

/// Beside a move that was told, another one was not made.
#[tokio::test]
async fn a_second_move_that_was_not_made_is_found() {
    let done = || [Touched::known(MONDAY).moved(2, TUESDAY_TEN)];
    let true_one = "Ihr Termin am Montag ist auf Dienstag um zehn Uhr verlegt.";
    for said in ["Ihr Termin ist jetzt am Dienstag.", "Ihr anderer Termin ist jetzt am Freitag um elf Uhr."] {
        assert_eq!(found(&[true_one, said], &done()).await, [], "{said}");
    }
    for said in [
        "Beide Termine sind verlegt.",
        "Den habe ich auf Freitag um vierzehn Uhr verlegt.",
        "Und Ihren Termin am Mittwoch habe ich auf Freitag um vierzehn Uhr verlegt.",
    ] {
        let found = found(&[true_one, said], &done()).await;
        assert_eq!(found, [(Mismatch::MoveClaimed, Some(said.to_owned()))], "{said}");
    }
}

/// Beside a move that was told, nothing was booked.
#[tokio::test]
async fn a_booking_beside_a_move_that_was_not_made_is_found() {
    let moved = vec![Touched::known(MONDAY).moved(2, TUESDAY_TEN)];
    let rebooked = vec![
        Touched::known(MONDAY).gone(Whence::ThisCall, 2),
        Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed),
    ];
    let tuesday = "Ihr Termin ist jetzt auf Dienstag, den ersten Dezember, um zehn Uhr verlegt.";
    for done in [moved, rebooked] {
        for said in [
            "Gut, ich habe einen zweiten Termin am Freitag, dem vierten Dezember, um neunzehn Uhr für Sie gebucht.",
            "Außerdem habe ich Ihnen einen weiteren Termin am Freitag um neun eingetragen.",
            "Ich habe Sie am Freitag um zehn Uhr eingetragen.",
        ] {
            let claimed = [(Mismatch::BookingClaimed, Some(said.to_owned()))];
            assert_eq!(found(&[tuesday, said], &done).await, claimed, "{said}");
        }
        for said in [
            "Ich habe Sie am Dienstag um zehn Uhr eingetragen.",
            "Ihr anderer Termin am Freitag ist weiterhin eingetragen.",
            "Ihr Termin am Freitag ist eingetragen.",
        ] {
            assert_eq!(found(&[tuesday, said], &done).await, [], "{said}");
        }
    }
}

/// Where it is again, nobody needs to be told, unless they heard of where it was in between.
#[tokio::test]
async fn there_and_back_is_no_move() {
    let back = || [Touched::known(MONDAY).moved(2, TUESDAY_TEN).moved(3, MONDAY)];
    let tuesday = "Ihr Termin ist auf Dienstag um zehn Uhr verlegt.";
    for said in [
        &["Gut, dann bleibt Ihr Termin wie er war, am Montag um zehn Uhr."][..],
        &["Gut, dann lassen wir alles beim Alten."],
        &[tuesday, "Ihr Termin ist wieder auf Montag um zehn Uhr verlegt."],
        &[tuesday, "Gut, dann bleibt Ihr Termin doch am Montag um zehn Uhr."],
        &[tuesday, "Gut, dann bleibt es beim Alten."],
        &[tuesday, "Ich habe den Termin zurückverlegt auf Montag um zehn Uhr."],
        &[tuesday, "Die Verschiebung habe ich rückgängig gemacht."],
    ] {
        assert_eq!(found(said, &back()).await, [], "{said:?}");
    }
    // Nothing was moved, or not there.
    let wrong = "Ich habe den Termin auf Donnerstag zurückverlegt.";
    let claimed = [(Mismatch::MoveClaimed, Some(wrong.to_owned()))];
    assert_eq!(found(&[wrong], &[]).await, claimed);
    assert_eq!(found(&[tuesday, wrong], &[Touched::known(MONDAY).moved(2, TUESDAY_TEN)]).await, claimed);
    for said in [tuesday, "Der neue ist am Dienstag um zehn.", "Stattdessen kommen Sie am Dienstag um zehn."]
    {
        assert_eq!(found(&[said], &back()).await, [(Mismatch::MoveUntold, Some(said.to_owned()))], "{said}");
    }
}

/// One more is told with the verb of the one before, and for whom it is by their name.
#[tokio::test]
async fn bookings_are_told_in_few_words() {
    let mut later = Touched::made(THURSDAY_ELEVEN, AppointmentStatus::Confirmed);
    later.history[0].at = at(2);
    let both = [Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed), later];
    let first = "Ihr Termin am Dienstag um zehn Uhr ist eingetragen.";
    assert_eq!(found(&[first, "Der am Donnerstag um elf Uhr ebenfalls."], &both).await, []);
    assert_eq!(
        found(&[first, "Der am Freitag um elf Uhr ebenfalls."], &both).await,
        [(Mismatch::BookingUntold, None)]
    );
    for said in [
        "Mia hat jetzt am Dienstag um zehn Uhr einen Termin.",
        "Mia hat jetzt am Dienstag, dem ersten Dezember, um zehn Uhr einen Termin.",
    ] {
        assert_eq!(found(&[said], &both[..1]).await, [], "{said}");
    }
    let other = "Der am Donnerstag um elf Uhr ebenfalls.";
    let claimed = [(Mismatch::BookingClaimed, Some(other.to_owned()))];
    assert_eq!(found(&[first, other], &both[..1]).await, claimed);
    let claimed = [(Mismatch::BookingClaimed, Some(first.to_owned()))];
    assert_eq!(found(&[first, other], &both[1..]).await, claimed);
    // What is free, or stays on the line, tells of none.
    let free = "Anna hat jetzt am Dienstag um zehn Uhr einen Termin frei.";
    assert_eq!(found(&[free], &both[..1]).await, [(Mismatch::BookingUntold, None)]);
    let back = Touched::known(MONDAY).moved(2, TUESDAY_TEN).moved(3, MONDAY);
    let moved = "Ihr Termin ist auf Dienstag um zehn Uhr verlegt.";
    let untold = [(Mismatch::MoveUntold, Some(moved.to_owned()))];
    for said in ["Bleiben Sie bitte kurz dran.", "Bleiben Sie gesund!"] {
        assert_eq!(found(&[moved, said], std::slice::from_ref(&back)).await, untold, "{said}");
    }
    // "Ebenfalls" is said of what was told before it.
    let off = Touched::known(MONDAY).gone(Whence::ThisCall, 1);
    let [tuesday, thursday] = both;
    let said =
        [first, "Ihr Termin am Montag um zehn Uhr ist abgesagt.", "Der am Donnerstag um elf Uhr ebenfalls."];
    assert_eq!(found(&said, &[tuesday, thursday, off]).await, [(Mismatch::BookingUntold, None)]);
}
