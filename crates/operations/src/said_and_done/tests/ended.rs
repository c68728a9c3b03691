//! What was called off: told by its time, by a number, as part of a move, or not at all.

use super::*;

const OFF: &str = "Ihr Termin ist abgesagt.";
const CANCELLATION_UNTOLD: (Mismatch, Option<String>) = (Mismatch::CancellationUntold, None);

fn gone(at: &str, minutes: i64) -> Touched {
    Touched::known(at).gone(Whence::ThisCall, minutes)
}

fn made(at: &str, minutes: i64) -> Touched {
    let mut made = Touched::made(at, AppointmentStatus::Confirmed);
    made.history[0].at = super::at(minutes);
    made
}

/// Calling one off and booking another is a move in everybody's words.
#[tokio::test]
async fn a_cancellation_with_a_booking_is_told_as_a_move() {
    let done = || {
        [
            Touched::known(MONDAY).gone(Whence::ThisCall, 2),
            Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed),
        ]
    };
    let said = "Ihr Termin ist jetzt auf Dienstag, den ersten Dezember, um zehn Uhr verlegt.";
    assert_eq!(found(&[said], &done()).await, []);
    // What was booked and called off again stands nowhere, and of two that are gone one was told.
    let again = Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed).gone(Whence::ThisCall, 3);
    let nothing_moved = (Mismatch::MoveClaimed, Some(said.to_owned()));
    assert_eq!(found(&[said], &[again]).await, [nothing_moved, (Mismatch::CancellationUntold, None)]);
    let [monday, booked] = done();
    let both = [monday, Touched::known(WEDNESDAY_ELEVEN).gone(Whence::ThisCall, 3), booked];
    assert_eq!(found(&[said], &both).await, [(Mismatch::CancellationUntold, None)]);
    let wednesday = "Den Termin am Mittwoch um elf Uhr habe ich abgesagt.";
    assert_eq!(found(&[said, wednesday], &both).await, []);
    // What was booked in the same call may be what is moved.
    let ten = Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed).gone(Whence::ThisCall, 3);
    let eleven = Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed);
    let told = [
        "Ihr Termin am Dienstag um zehn Uhr ist eingetragen.",
        "Ich habe Sie auf Mittwoch um elf Uhr umgebucht.",
    ];
    assert_eq!(found(&told, &[ten, eleven]).await, []);
    let wrong = "Ihr Termin ist jetzt auf Freitag um zehn Uhr verlegt.";
    assert_eq!(found(&[wrong], &done()).await, [(Mismatch::BookingUntold, Some(wrong.to_owned()))]);
}

/// Of several that were called off, each is told, by its time or all at once.
#[tokio::test]
async fn a_cancellation_beside_another_is_told_too() {
    let gone = |at: &str, minutes| Touched::known(at).gone(Whence::ThisCall, minutes);
    let both = || [gone(MONDAY, 2), gone(WEDNESDAY_ELEVEN, 3)];
    let monday = "Ihr Termin am Montag um zehn Uhr ist abgesagt.";
    let untold = [(Mismatch::CancellationUntold, None)];
    assert_eq!(found(&[monday], &both()).await, untold);
    assert_eq!(found(&[monday, "Ihr anderer Termin am Mittwoch bleibt bestehen."], &both()).await, untold);
    let two_days = "Ihre Termine am Montag um zehn Uhr und am Mittwoch sind abgesagt.";
    for said in [
        two_days,
        "Der am Mittwoch ebenfalls.",
        "Ihr Termin am Mittwoch ist auch abgesagt.",
        "Beide Termine sind abgesagt.",
        "Damit ist alles storniert.",
    ] {
        assert_eq!(found(&[monday, said], &both()).await, [], "{said}");
    }
    // Of a visit, called off in one step, one time is enough.
    let visit = [gone(MONDAY, 2), gone("2026-11-30T09:30:00Z", 2)];
    assert_eq!(found(&[monday], &visit).await, []);
}

/// What stood when it was said was no false word, whoever called it off before the call was over.
#[tokio::test]
async fn what_the_owner_calls_off_during_the_call_was_booked() {
    let said = "Ihr Termin am Dienstag um zehn Uhr ist fest eingetragen.";
    let made = |status| Touched::made(TUESDAY_TEN, status).gone(Whence::NoCall, 3);
    assert_eq!(found(&[said], &[made(AppointmentStatus::Confirmed)]).await, []);
    let gone = "Der Termin am Dienstag um zehn Uhr wurde gerade abgesagt.";
    assert_eq!(found(&[gone], &[made(AppointmentStatus::Confirmed)]).await, []);
    let refused = found(&[said], &[made(AppointmentStatus::Pending)]).await;
    assert_eq!(refused, [(Mismatch::BookingClaimed, Some(said.to_owned()))]);
}

/// Of two that were booked, the one that was called off again needs no telling, unless it was told as booked.
#[tokio::test]
async fn what_was_booked_and_called_off_again_need_not_be_told_as_booked() {
    let done = [
        Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed).gone(Whence::ThisCall, 3),
        Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed),
    ];
    let said = "Ihr Termin am Dienstag um zehn Uhr ist eingetragen.";
    assert_eq!(found(&[said], &done).await, []);
    let other = "Ihr Termin am Mittwoch um elf Uhr ist eingetragen.";
    let untold = [(Mismatch::CancellationUntold, None)];
    assert_eq!(found(&[other, said], &done).await, untold);
    assert_eq!(found(&["Gut, dann lassen wir es."], &done[..1]).await, []);
}

/// Whatever else is said of a day, or with the same words, tells of no cancellation.
#[tokio::test]
async fn only_what_was_called_off_is_told_by_a_sentence() {
    let both = || [gone(MONDAY, 2), gone(WEDNESDAY_ELEVEN, 3)];
    let monday = "Ihr Termin am Montag um zehn Uhr ist abgesagt.";
    for said in [
        "Danke, Ihnen auch einen schönen Mittwoch!",
        "Ihr anderer Termin am Mittwoch bleibt auch bestehen.",
        "Das ist noch nicht erledigt.",
        "Soll der am Mittwoch auch weg?",
        "Der am Freitag ebenfalls.",
        "Nein, Sie haben keine weiteren Termine mehr bei uns.",
    ] {
        assert_eq!(found(&[monday, said], &both()).await, [CANCELLATION_UNTOLD], "{said}");
    }
    for said in
        ["Der andere auch.", "Und der um elf Uhr auch.", "Ist erledigt.", "Das habe ich auch storniert."]
    {
        assert_eq!(found(&[monday, said], &both()).await, [], "{said}");
    }
    // Where nobody knows of how many it is said, it may be of all.
    for said in [
        "Ihren Termin am Montag habe ich abgesagt, den am Mittwoch ebenfalls.",
        "Ich habe sowohl den Termin am Montag als auch den am Mittwoch abgesagt.",
        "Ich habe den Haarschnitt und die Massage abgesagt.",
        "Ich habe Ihre Buchungen bei der Anna storniert.",
        "Sie haben jetzt keine Termine mehr bei uns.",
    ] {
        assert_eq!(found(&[said], &both()).await, [], "{said}");
    }
    // Of a single one, there may have been more.
    let none = "Sie haben jetzt keine Termine mehr bei uns.";
    assert_eq!(found(&[none], &both()[..1]).await, [CANCELLATION_UNTOLD]);
    // One sentence about one, without its time, tells of one.
    for said in [OFF, "Ihr Termin ist storniert und Sie bekommen gleich eine Bestätigung."] {
        assert_eq!(found(&[said], &both()).await, [CANCELLATION_UNTOLD], "{said}");
    }
    assert_eq!(found(&[OFF, "Der Termin wurde ebenfalls storniert."], &both()).await, []);
    assert_eq!(found(&["Ihre Termine sind abgesagt."], &both()).await, []);
}

/// Of several days in one sentence each is one.
#[tokio::test]
async fn days_in_one_sentence_are_told_each() {
    let both = [gone(MONDAY, 2), gone(WEDNESDAY_ELEVEN, 3)];
    let all = [gone(MONDAY, 2), gone(WEDNESDAY_ELEVEN, 3), gone(THURSDAY_ELEVEN, 4)];
    for said in [
        "Ihre Termine am Montag und am Mittwoch sind abgesagt.",
        "Ihre Termine am 30. November um zehn Uhr und am 2. Dezember sind abgesagt.",
        "Den Termin am Montag habe ich abgesagt und den am Mittwoch auch.",
    ] {
        assert_eq!(found(&[said], &both).await, [], "{said}");
        assert_eq!(found(&[said], &all).await, [CANCELLATION_UNTOLD], "{said}");
    }
}

/// As many cancellations are part of moves as moves were told of what was booked anew.
#[tokio::test]
async fn a_move_that_was_told_is_the_end_of_one_only() {
    let tuesday = "Ihr Termin ist jetzt auf Dienstag, den ersten Dezember, um zehn Uhr verlegt.";
    let off = || [gone(MONDAY, 2), gone(WEDNESDAY_ELEVEN, 3)];
    let two = [off().to_vec(), vec![made(TUESDAY_TEN, 4), made(THURSDAY_ELEVEN, 5)]].concat();
    let one = [off().to_vec(), vec![made(TUESDAY_TEN, 4)]].concat();
    let again = "Zusammengefasst: Ihr Termin ist auf Dienstag um zehn Uhr verlegt.";
    for (said, done, expected) in [
        (&["Beide Termine sind verlegt."][..], &two, &[][..]),
        (&[tuesday, "Den anderen habe ich auf Donnerstag um elf Uhr verlegt."], &two, &[]),
        (&[tuesday, again], &one, &[CANCELLATION_UNTOLD]),
        // The old one is the one that was moved.
        (&[tuesday, "Den alten Termin am Montag habe ich abgesagt."], &one, &[CANCELLATION_UNTOLD]),
        (&[tuesday, "Den alten Termin habe ich abgesagt."], &one, &[CANCELLATION_UNTOLD]),
        (&[tuesday, "Den Termin am Montag habe ich abgesagt."], &one, &[]),
    ] {
        assert_eq!(found(said, done).await, expected, "{said:?}");
    }
    // Where the call's own booking was moved, that was the move.
    let own = [made(TUESDAY_TEN, 1).moved(2, WEDNESDAY_ELEVEN), gone(MONDAY, 3)];
    let told = [
        "Ihr Termin am Dienstag um zehn Uhr ist eingetragen.",
        "Ich habe Sie auf Mittwoch um elf Uhr umgebucht.",
    ];
    assert_eq!(found(&told, &own).await, [CANCELLATION_UNTOLD]);
    // Two were to be moved, one was.
    let half = [Touched::known(MONDAY).moved(2, TUESDAY_TEN), gone(WEDNESDAY_ELEVEN, 3)];
    let both = "Beide Termine sind verlegt.";
    let expected = [(Mismatch::MoveClaimed, Some(both.to_owned())), CANCELLATION_UNTOLD];
    assert_eq!(found(&[both], &half).await, expected);
}

/// A booking that was taken back acquits nothing but words about its own time.
#[tokio::test]
async fn what_was_booked_and_called_off_again_is_none_of_another_time() {
    let again = || [made(TUESDAY_TEN, 1).gone(Whence::ThisCall, 3)];
    for (said, mismatch) in [
        ("Ihr Termin am Freitag um zehn Uhr ist eingetragen.", Mismatch::BookingClaimed),
        ("Ihr Termin ist jetzt auf Freitag um zehn Uhr verlegt.", Mismatch::MoveClaimed),
    ] {
        assert_eq!(found(&[said], &again()).await, [(mismatch, Some(said.to_owned()))], "{said}");
    }
    for said in ["Sehr gern. Bis Dienstag um zehn Uhr!", "Ihr Termin ist eingetragen."] {
        assert_eq!(found(&[said], &again()).await, [CANCELLATION_UNTOLD], "{said}");
        assert_eq!(found(&[said, OFF], &again()).await, [], "{said}");
    }
    assert_eq!(found(&["Ich habe Ihre Nummer notiert."], &again()).await, []);
    // What may be said of another that stands tells of that.
    let later = [again(), [made("2026-12-01T10:00:00Z", 4)]].concat();
    let said = "Ich habe Sie am Dienstag um elf Uhr eingetragen. Bis Dienstag!";
    assert_eq!(found(&[said], &later).await, []);
    // What the calendar refused never stood, and is none that was called off.
    let refused = [Touched::made(TUESDAY_TEN, AppointmentStatus::Pending).gone(Whence::NoCall, 3)];
    assert_eq!(found(&[OFF], &refused).await, [(Mismatch::CancellationClaimed, Some(OFF.to_owned()))]);
}

/// Of several days that one sentence names, each was called off.
#[tokio::test]
async fn each_day_in_one_sentence_was_called_off() {
    let one = [gone(MONDAY, 2)];
    let both = [gone(MONDAY, 2), gone(WEDNESDAY_ELEVEN, 3)];
    for said in [
        "Ich habe Ihre Termine am Montag und am Mittwoch abgesagt.",
        "Ihr Termin am Montag und Ihr Termin am Mittwoch sind abgesagt.",
        "Ihr Termin am Montag sowie Ihr Termin am Mittwoch sind abgesagt.",
        "Ich habe Ihren Termin am Montag und Ihren Termin am Mittwoch abgesagt.",
        "Ihr Termin am Montag und der am Mittwoch sind abgesagt.",
        "Ihre Termine am 30. November um zehn Uhr und am 2. Dezember um elf Uhr sind abgesagt.",
    ] {
        let claimed = [(Mismatch::CancellationClaimed, Some(said.to_owned()))];
        assert_eq!(found(&[said], &one).await, claimed, "{said}");
        assert_eq!(found(&[said], &both).await, [], "{said}");
    }
    for said in [
        "Ich habe Ihren Termin am Montag abgesagt und am Mittwoch sind wir wieder da.",
        "Ihr Termin am Montag ist abgesagt und am Mittwoch ruft Anna Sie an.",
        "Ich habe den Termin am Mittwoch behalten und den am Montag abgesagt.",
        "Ich habe am Mittwoch mit Anna gesprochen und den Termin am Montag abgesagt.",
        "Ich habe einen Ihrer Termine am Montag und am Mittwoch abgesagt.",
        "Ich habe mir Ihre Termine am Montag und am Mittwoch angesehen und den am Montag abgesagt.",
    ] {
        assert_eq!(found(&[said], &one).await, [], "{said}");
    }
    let moved = [Touched::known(MONDAY).moved(2, TUESDAY_TEN), Touched::known(WEDNESDAY_ELEVEN)];
    let said = "Ich habe Ihre Termine am Montag und am Mittwoch auf die Woche darauf verlegt.";
    let claimed = [(Mismatch::MoveClaimed, Some(said.to_owned()))];
    assert_eq!(found(&[said], &moved[..1]).await, claimed);
    let [monday, wednesday] = moved;
    assert_eq!(found(&[said], &[monday, wednesday.moved(3, THURSDAY_ELEVEN)]).await, []);
}
