//! What is said of somebody else's appointment.

use super::*;

async fn mismatches_of(said: &str, done: &[Touched]) -> Vec<Mismatch> {
    found(&[said], done).await.into_iter().map(|(mismatch, _)| mismatch).collect()
}

fn numbered(number: u128, mut touched: Touched) -> Touched {
    touched.appointment = AppointmentId::from_uuid(Uuid::from_u128(number));
    touched
}

#[tokio::test]
async fn a_time_beside_a_name_is_compared() {
    // One after the other.
    let gone =
        |number: u8, at| numbered(number.into(), Touched::known(at).gone(Whence::ThisCall, number.into()));
    let (lena, jonas) = (|| gone(1, WEDNESDAY_ELEVEN), || gone(2, THURSDAY_ELEVEN));
    let booked = || Touched::made(MONDAY, AppointmentStatus::Confirmed);
    let moved = || Touched::known(MONDAY).moved(1, TUESDAY_TEN);
    for (said, done, expected) in [
        ("Der Termin von Jonas am Donnerstag um elf ist abgesagt.", vec![jonas()], &[][..]),
        (
            "Der Termin von Jonas am Donnerstag um elf ist abgesagt.",
            vec![lena()],
            &[Mismatch::CancellationClaimed],
        ),
        (
            "Den Termin von Jonas am Donnerstag um elf habe ich gestrichen.",
            vec![lena()],
            &[Mismatch::CancellationClaimed],
        ),
        (
            "Der Termin von Jonas am Donnerstag um elf ist abgesagt.",
            vec![lena(), jonas()],
            &[Mismatch::CancellationUntold],
        ),
        ("Der Termin von Ihrem Sohn am Donnerstag um elf ist abgesagt.", vec![jonas()], &[]),
        (
            "Der Termin von Ihrem Sohn am Donnerstag um elf ist abgesagt.",
            vec![lena()],
            &[Mismatch::CancellationClaimed],
        ),
        ("Der Termin von Mia am Montag um zehn ist eingetragen.", vec![booked()], &[]),
        (
            "Der Termin von Mia am Dienstag um elf ist eingetragen.",
            vec![booked()],
            &[Mismatch::BookingUntold],
        ),
        ("Den Termin von Montag habe ich auf Dienstag um zehn verlegt.", vec![moved()], &[]),
        ("Ich habe Sie von Ihrem Termin am Montag auf Dienstag um zehn verlegt.", vec![moved()], &[]),
    ] {
        assert_eq!(mismatches_of(said, &done).await, expected, "{said}");
    }
}

#[tokio::test]
async fn a_move_may_be_told_of_whoever_comes() {
    let moved = || Touched::known(MONDAY).moved(1, TUESDAY_TEN);
    for (said, is_claim) in [
        ("Mias Termin ist jetzt am Dienstag um zehn.", true),
        ("Thomas' Termin ist jetzt am Dienstag um zehn.", true),
        ("Der Termin von Mia liegt jetzt am Dienstag um zehn.", true),
        ("Ihre beiden Termine sind jetzt am Dienstag um zehn, zuerst die Farbe.", true),
        ("Ihr Mann kommt jetzt am Dienstag um zehn.", false),
        ("Mia kommt jetzt am Dienstag um zehn statt am Montag.", false),
        ("Ihre Tochter hat ihren Termin jetzt am Dienstag um zehn.", false),
    ] {
        assert_eq!(mismatches_of(said, &[moved()]).await, [], "{said}");
        let claimed = if is_claim { &[Mismatch::MoveClaimed][..] } else { &[] };
        assert_eq!(mismatches_of(said, &[]).await, claimed, "{said}");
    }
    let untold = mismatches_of("Mia kommt jetzt am Mittwoch um elf.", &[moved()]).await;
    assert_eq!(untold, [Mismatch::MoveUntold], "another time");
    assert_eq!(mismatches_of("Mia kommt am Dienstag um zehn.", &[moved()]).await, [Mismatch::MoveUntold]);
}
