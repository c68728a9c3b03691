//! Another time was told than that of what was done.

use super::*;

#[tokio::test]
async fn a_wrong_time_is_found_with_its_sentence_and_a_true_note() {
    use Mismatch::{BookingUntold, MoveUntold};
    const WRONG: &str = "Ich habe Sie am Mittwoch um zehn Uhr eingetragen.";
    const MOVED: &str = "Ihr Termin ist auf Donnerstag verlegt.";
    let booked = || Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed);
    let moved = || Touched::known(MONDAY).moved(1, WEDNESDAY_ELEVEN);
    for (said, done, mismatch, sentence, note) in [
        (
            WRONG,
            booked(),
            BookingUntold,
            Some(WRONG),
            "Im Gespräch wurde eine andere Zeit genannt als die eingetragene: „",
        ),
        (
            MOVED,
            moved(),
            MoveUntold,
            Some(MOVED),
            "andere Zeit genannt als die, auf die der Termin verlegt wurde: „",
        ),
        (
            "Sehr gern. Bis Mittwoch um zehn!",
            booked(),
            BookingUntold,
            Some("Bis Mittwoch um zehn!"),
            "Im Gespräch wurde eine andere Zeit genannt",
        ),
        (
            "Ihr anderer Termin am Freitag ist weiterhin eingetragen.",
            booked(),
            BookingUntold,
            None,
            "Ein Termin wurde eingetragen, ohne dass es im Gespräch gesagt wurde",
        ),
        (
            "Sehr gern. Auf Wiederhören!",
            booked(),
            BookingUntold,
            None,
            "Ein Termin wurde eingetragen, ohne dass es im Gespräch gesagt wurde",
        ),
    ] {
        let world = World::new();
        let call = world.call(Some(&[said]), std::slice::from_ref(&done), known()).await;
        world.desk.look(&world.scope, call).await.unwrap();
        let notes: Vec<_> = world.callbacks.all().into_iter().filter_map(|callback| callback.note).collect();
        assert!(notes.iter().any(|told| told.as_str().contains(note)), "{said} {notes:?}");
        let found = found(&[said], &[done]).await;
        assert_eq!(found, [(mismatch, sentence.map(str::to_owned))], "{said}");
    }
}

/// Of two, the first was told rightly, and the second never.
#[tokio::test]
async fn what_was_told_rightly_is_no_other_time() {
    let mut later = Touched::made(THURSDAY_ELEVEN, AppointmentStatus::Confirmed);
    later.history[0].at = at(2);
    let done = [Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed), later];
    let said = "Ich habe den Termin am Dienstag um zehn eingetragen.";
    assert_eq!(found(&[said], &done).await, [(Mismatch::BookingUntold, None)]);
}

/// A booking lies where it was booked for: that is no move, and tells of it.
#[tokio::test]
async fn a_booking_is_said_to_lie_where_it_is() {
    use Mismatch::{BookingUntold, MoveClaimed};
    let booked = [Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed)];
    for (said, is_found) in [
        ("Ihr Termin ist jetzt am Mittwoch um elf.", false),
        ("Ihr Termin am Mittwoch um elf Uhr ist nun im Kalender hinterlegt.", false),
        ("Ihr Termin liegt jetzt am Mittwoch um elf.", false),
        ("Ihr Termin findet nun am Mittwoch statt.", false),
        ("Ihr Termin wurde auf Mittwoch elf Uhr gelegt.", false),
        ("Ich habe Ihren Termin auf Mittwoch elf Uhr gelegt.", false),
        ("Ihr Termin liegt jetzt am Mittwoch um zwölf.", true),
        ("Ihr Termin ist jetzt am Mittwoch statt am Montag.", true),
        ("Ihr Termin ist auf Mittwoch elf Uhr verlegt.", true),
        ("Ihr Termin ist nicht mehr am Montag, sondern am Mittwoch.", true),
    ] {
        let mismatches: Vec<_> =
            found(&[said], &booked).await.into_iter().map(|(mismatch, _)| mismatch).collect();
        assert_eq!(mismatches.contains(&MoveClaimed), is_found, "{said}");
        assert_eq!(mismatches.contains(&BookingUntold), is_found, "{said}");
    }
}

#[tokio::test]
async fn the_time_of_another_clause_is_not_that_of_the_appointment() {
    let booked = [Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed)];
    for (said, is_found) in [
        ("Ihr Termin ist gebucht, am Montag sind wir übrigens geschlossen.", false),
        ("Ich habe Sie eingetragen, Dienstag war ja leider voll.", false),
        ("Ich habe Sie eingetragen, um zwölf wäre ja schon belegt gewesen.", false),
        ("Ihr Termin ist gebucht, rufen Sie am Freitag gern noch einmal an.", false),
        ("Ihr Termin am Mittwoch ist gebucht, um zwölf wäre ja schon belegt gewesen.", false),
        ("Ihr Termin findet am Mittwoch um elf Uhr statt.", false),
        ("So, Sie haben den Termin am Mittwoch um elf Uhr vormittags.", false),
        ("Sie erhalten in Kürze eine Bestätigung für Ihren Termin am Mittwoch um elf.", false),
        ("Ich habe Sie eingetragen und erinnere Sie morgen per SMS.", false),
        ("Ich habe Sie eingetragen und sortiere das am Freitag um zehn ein.", false),
        ("Ich habe Sie eingetragen, am Freitag um zehn sortiere ich das ein.", false),
        ("Ich habe Sie eingetragen für Mittwoch um elf Uhr bei Anna.", false),
        ("Ich habe Sie eingetragen für Donnerstag um elf Uhr bei Anna.", true),
        ("Ich habe Sie eingetragen, und zwar am Donnerstag um elf.", true),
        ("Eingetragen ist jetzt der Termin für Haarschnitt am Donnerstag um elf.", true),
        ("Ihr Termin ist gebucht, Sie sind am Donnerstag um elf dran.", true),
        ("Ihr Termin am Donnerstag ist gebucht, am Montag sind wir übrigens geschlossen.", false),
        ("Ihr Termin findet am Donnerstag um elf Uhr statt.", true),
        ("So, Sie haben den Termin am Donnerstag um elf.", true),
        ("Sie erhalten in Kürze eine Bestätigung für Ihren Termin am Donnerstag um elf.", true),
        ("Sie erhalten keine Bestätigung für Ihren Termin am Mittwoch um elf.", true),
    ] {
        let mismatches: Vec<_> =
            found(&[said], &booked).await.into_iter().map(|(mismatch, _)| mismatch).collect();
        let expected = if is_found { &[Mismatch::BookingUntold][..] } else { &[] };
        assert_eq!(mismatches, expected, "{said}");
    }
}

/// The call is on Tuesday, the twenty-fourth.
#[tokio::test]
async fn tomorrow_is_the_day_after_the_call() {
    let at = |starts_at: &str| Touched::made(starts_at, AppointmentStatus::Confirmed);
    let (tomorrow, later) = (at("2026-11-25T10:00:00Z"), at(WEDNESDAY_ELEVEN));
    for (said, done, is_found) in [
        ("Sie sind morgen um elf Uhr eingetragen.", &tomorrow, false),
        ("Sie sind morgen um elf Uhr eingetragen.", &later, true),
        ("Sie sind morgen früh um elf Uhr eingetragen.", &later, true),
        ("Ihr Termin ist übermorgen um elf eingetragen.", &tomorrow, true),
        ("Ihr Termin ist übermorgen um elf eingetragen.", &at("2026-11-26T10:00:00Z"), false),
        ("Sehr gern, bis morgen!", &tomorrow, false),
        ("Sehr gern, bis morgen!", &later, true),
        // The morning, or something else until tomorrow.
        ("Guten Morgen, ich habe Sie um elf Uhr eingetragen.", &later, false),
        ("Sie sind am frühen Morgen um elf Uhr eingetragen.", &later, false),
        ("Sie sind morgen in einer Woche um elf Uhr eingetragen.", &later, false),
        ("Sie sind am Mittwoch Morgen um elf Uhr eingetragen.", &later, false),
        ("Ihren Anruf von heute Morgen habe ich gesehen, Sie sind um elf Uhr eingetragen.", &later, false),
        ("Sie sind um elf Uhr eingetragen, Sie bekommen bis morgen eine Bestätigung.", &later, false),
        ("Ihr Termin ist eingetragen, morgen sind wir übrigens geschlossen.", &later, false),
        ("Sie sind am Mittwoch um elf eingetragen, ich wünsche Ihnen einen schönen Morgen.", &later, false),
    ] {
        let mismatches: Vec<_> = found(&[said], std::slice::from_ref(done))
            .await
            .into_iter()
            .map(|(mismatch, _)| mismatch)
            .collect();
        let expected = if is_found { &[Mismatch::BookingUntold][..] } else { &[] };
        assert_eq!(mismatches, expected, "{said}");
    }
}
