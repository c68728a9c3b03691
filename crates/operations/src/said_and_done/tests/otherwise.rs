//! Another time was told than that of what was done.

use super::wrong_one::found;
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
