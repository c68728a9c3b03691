//! What an outside calendar has yet to agree to is not said to stand.

use super::*;

/// What is firm is judged as it was when the caller hung up.
#[tokio::test]
async fn a_firm_word_is_not_false_because_of_what_came_later() {
    use AppointmentStatus::Confirmed;
    const FIRM: &str = "Ihr Termin ist fest gebucht.";
    const FIRM_MOVE: &str = "Ihr Termin ist fest auf Donnerstag verlegt.";
    const MOVED: &str = "Ihr Termin ist auf Donnerstag verlegt.";
    let made = || Touched::made(MONDAY, Confirmed);
    let moved = || Touched::known(MONDAY).moved(1, THURSDAY_ELEVEN);
    for (said, done, is_found) in [
        (FIRM, made().waiting(), true),
        // Disputed later, of what the calendar had agreed to; or refused there.
        (FIRM, made().disputed(false), false),
        (FIRM, made().disputed(true), true),
        // Another call has moved it, which waits.
        (FIRM, made().moved_by_others(6, TUESDAY_TEN).waiting(), false),
        (FIRM, made().waiting().moved_by_others(6, TUESDAY_TEN), true),
        (FIRM_MOVE, moved(), false),
        (FIRM_MOVE, moved().waiting(), true),
        (FIRM_MOVE, moved().disputed(true), true),
        (FIRM_MOVE, moved().moved_by_others(6, TUESDAY_TEN).waiting(), false),
        (MOVED, moved().waiting(), false),
    ] {
        let world = World::new();
        let call = world.call(Some(&[said]), std::slice::from_ref(&done), known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let found = if is_found { &[Mismatch::FirmClaimed][..] } else { &[] };
        assert_eq!(mismatches(&findings), found, "{said} {done:?}");
    }
}

/// A booking made in the call stands beside a move that waits: "fest verlegt" is not said of it.
#[tokio::test]
async fn a_firm_move_is_judged_by_what_was_moved() {
    let done = [
        Touched::made(MONDAY, AppointmentStatus::Confirmed),
        Touched::known(TUESDAY_TEN).moved(2, THURSDAY_ELEVEN).waiting(),
    ];
    let world = World::new();
    let said = ["Der erste Termin ist gebucht.", "Der andere Termin ist fest verlegt."];
    let call = world.call(Some(&said), &done, known()).await;
    let findings = world.desk.look(&world.scope, call).await.unwrap();
    assert_eq!(mismatches(&findings), [Mismatch::FirmClaimed]);
}

#[tokio::test]
async fn what_waits_for_the_calendar_was_promised_too_firmly() {
    use AppointmentStatus::{Confirmed, NeedsAttention, Pending};
    const FIRM: &str = "Ihr Termin ist fest gebucht.";
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist fest eingetragen.";
    const WEDNESDAY: &str = "Ihr Termin am Mittwoch um elf Uhr ist bestätigt.";
    const NOTED: &str = "Ich habe den Termin vorgemerkt, die Bestätigung steht noch aus.";
    for (said, tuesday, wednesday, found) in [
        (&[FIRM][..], Pending, None, Some(FIRM)),
        (&[NOTED, FIRM], Pending, None, Some(FIRM)),
        (&[TUESDAY], NeedsAttention, None, Some(TUESDAY)),
        (&[FIRM], Confirmed, None, None),
        (&[NOTED], Pending, None, None),
        (&["Ihr Termin ist gebucht."], Pending, None, None),
        (&["Ihr Termin ist noch nicht bestätigt."], Pending, Some(Confirmed), None),
        // Of two, it may be the one that stands, unless the other is named.
        (&[FIRM], Pending, Some(Confirmed), None),
        (&[WEDNESDAY], Pending, Some(Confirmed), None),
        (&[WEDNESDAY, TUESDAY], Pending, Some(Confirmed), Some(TUESDAY)),
    ] {
        let world = World::new();
        // What a person was asked about was refused.
        let row = |starts_at, status| Touched { is_refused: true, ..Touched::made(starts_at, status) };
        let done: Vec<_> =
            [Some(row(TUESDAY_TEN, tuesday)), wednesday.map(|status| row(WEDNESDAY_ELEVEN, status))]
                .into_iter()
                .flatten()
                .collect();
        let call = world.call(Some(said), &done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let firm: Vec<_> = findings
            .iter()
            .filter(|finding| finding.mismatch == Mismatch::FirmClaimed)
            .map(|finding| finding.sentence.as_deref())
            .collect();
        assert_eq!(
            firm,
            found.map(Some).into_iter().collect::<Vec<_>>(),
            "{said:?} {tuesday:?} {wednesday:?}"
        );
        let notes: Vec<_> = world.callbacks.all().into_iter().filter_map(|callback| callback.note).collect();
        let is_told = notes.iter().any(|note| note.as_str().contains("fest zugesagt"));
        assert_eq!(is_told, found.is_some(), "{notes:?}");
    }
}
