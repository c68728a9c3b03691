//! What is said to be called off is what was.

use super::*;

/// A bare end of what was before tells nobody where to come.
#[tokio::test]
async fn a_move_is_no_cancellation() {
    use Mismatch::{CancellationClaimed, MoveUntold};
    const OFF: &str = "Ihr Termin ist abgesagt.";
    const OFF_AND_FREE: &str = "Ihr Termin ist storniert, Sie müssen nicht mehr kommen.";
    let moved = [Touched::known(MONDAY).moved(1, WEDNESDAY_ELEVEN)];
    for (said, is_found) in [
        (&[OFF][..], true),
        (&[OFF_AND_FREE], true),
        (&[OFF, "Auf Wiederhören!"], true),
        (&["Ihr alter Termin ist abgesagt. Sie sind jetzt am Mittwoch um elf eingetragen."], false),
        (&["Ihr alter Termin ist abgesagt.", "Den neuen habe ich vorgemerkt."], false),
        (&[OFF, "Bis Mittwoch um elf!"], false),
        (&[OFF, "Bis Donnerstag um elf!"], true),
        (&["Ihr alter Termin ist storniert, der neue ist am Mittwoch um elf."], false),
        (&["Ihr alter Termin ist storniert, Ihr neuer ist am Mittwoch um elf."], false),
        (&["Ihr alter Termin ist abgesagt, stattdessen kommen Sie am Mittwoch um elf."], false),
        (&["Ihr alter Termin ist abgesagt, der neue ist am Donnerstag um elf."], true),
        (&["Ihr alter Termin ist abgesagt. Kommen Sie am Mittwoch um elf?"], true),
        (&["Ihr alter Termin ist abgesagt, wenn Sie möchten, kommen Sie am Mittwoch um elf."], true),
        (&["Ihr Termin am Montag ist abgesagt, er ist auf Mittwoch verlegt."], false),
    ] {
        let mismatches: Vec<_> =
            found(said, &moved).await.into_iter().map(|(mismatch, _)| mismatch).collect();
        let expected = if is_found { &[CancellationClaimed, MoveUntold][..] } else { &[] };
        assert_eq!(mismatches, expected, "{said:?}");
    }
}

#[tokio::test]
async fn another_appointment_was_called_off_than_is_said() {
    const OFF: &str = "Ihr Termin ist abgesagt.";
    let off = |starts_at: &str| {
        Touched::known(starts_at).then(ChangeKind::Cancelled, Whence::ThisCall, 1, starts_at)
    };
    let ten = || vec![off(TUESDAY_TEN)];
    for (said, done, is_found) in [
        (OFF, ten(), false),
        ("Ich habe Ihren Termin am Dienstag, dem achten Dezember, um fünfzehn Uhr abgesagt.", ten(), true),
        ("Ich habe Ihren Termin am Dienstag, dem ersten Dezember, um zehn Uhr abgesagt.", ten(), false),
        ("Der Termin um fünfzehn Uhr ist storniert.", ten(), true),
        ("Der Termin um zehn Uhr ist storniert.", ten(), false),
        ("Ihr Termin am Donnerstag ist raus aus dem Kalender.", ten(), true),
        // It is said what else is, or how long.
        ("Ihr Termin am Dienstag von zehn bis elf Uhr ist abgesagt.", ten(), false),
        ("Ihr Termin ist abgesagt, am Freitag sind wir wieder für Sie da.", ten(), false),
        ("Ich habe Ihre Absage am Freitag eingetragen.", ten(), false),
        ("Ich habe Ihren Termin storniert und gebe das morgen ans Team weiter.", ten(), false),
        ("Ihr Termin ist storniert, ab Montag geht es wieder.", ten(), false),
        ("Ihr Termin ist storniert, am Montag sortieren wir das ein.", ten(), false),
        ("Ihr Termin ist storniert, Frau Kern erreichen Sie am Montag wieder.", ten(), false),
        ("Ihr Termin ist abgesagt, weil Sie am Montag verreist sind.", ten(), false),
        ("Ich habe Ihren Termin storniert, also am Montag um zehn.", ten(), true),
        // How many.
        ("Ihre Termine sind beide abgesagt.", ten(), true),
        ("Ich habe beide Termine abgesagt.", ten(), true),
        ("Ich habe Ihre zwei Termine abgesagt.", ten(), true),
        ("Ich habe einen der beiden Termine abgesagt.", ten(), false),
        ("Ich habe einen Ihrer beiden Termine abgesagt.", ten(), false),
        ("Ich habe einen von den beiden Terminen abgesagt.", ten(), false),
        ("Die Absage der beiden Termine ist eingetragen.", ten(), true),
        ("Ihre Termine sind beide abgesagt.", vec![off(TUESDAY_TEN), off(WEDNESDAY_ELEVEN)], false),
        ("Ich habe Ihre Termine abgesagt.", ten(), false),
        // It was moved before, or lies elsewhere by now.
        (
            "Ihr Termin am Montag ist abgesagt.",
            vec![Touched::known(MONDAY).moved(1, WEDNESDAY_ELEVEN).gone(Whence::ThisCall, 2)],
            false,
        ),
        (
            "Ihr Termin am Montag ist abgesagt, und Sie sind am Mittwoch um elf eingetragen.",
            vec![Touched::known(MONDAY).moved(1, WEDNESDAY_ELEVEN)],
            false,
        ),
    ] {
        let expected = is_found.then(|| (Mismatch::CancellationClaimed, Some(said.to_owned())));
        assert_eq!(found(&[said], &done).await, expected.into_iter().collect::<Vec<_>>(), "{said}");
    }
}

#[tokio::test]
async fn another_appointment_was_moved_than_is_said() {
    let moved = || Touched::known(MONDAY).moved(1, WEDNESDAY_ELEVEN);
    for said in [
        "Ihren Termin am {} habe ich auf Mittwoch um elf verschoben.",
        "Ihr Termin am {} wurde auf Mittwoch um elf verlegt.",
        "Der Termin am {} ist jetzt am Mittwoch um elf.",
        "Ich habe den Termin vom {} auf Mittwoch um elf gelegt.",
        "Leas Termin am {} habe ich auf Mittwoch um elf verschoben.",
        "Der Termin von Lea am {} ist auf Mittwoch um elf verschoben.",
        "Den {} habe ich auf Mittwoch um elf umgebucht.",
        "Ihr Termin am {} bei Anna ist jetzt am Mittwoch um elf.",
        "Ihr Termin ist jetzt am Mittwoch um elf statt am {}.",
    ] {
        for (day, expected) in [("Montag", &[][..]), ("Freitag", &[Mismatch::MoveClaimed])] {
            let said = said.replace("{}", day);
            let mismatches: Vec<_> =
                found(&[&said], &[moved()]).await.into_iter().map(|(mismatch, _)| mismatch).collect();
            assert_eq!(mismatches, expected, "{said}");
        }
    }
    // The one that is spoken of is another than the one that was moved, and nothing is said of that one but where it went.
    for said in [
        "Ihr Termin am Freitag bleibt bestehen, den am Montag habe ich auf Mittwoch um elf verlegt.",
        "Ich habe den Termin am Freitag behalten und den am Montag auf Mittwoch um elf verlegt.",
        "Ihren neuen Termin am Mittwoch um elf habe ich eingetragen.",
        "Ihr Termin am Montag von zehn bis elf Uhr ist auf Mittwoch um elf verschoben.",
    ] {
        assert_eq!(found(&[said], &[moved()]).await, [], "{said}");
    }
}
