//! What there was before the call may be read out; a deed is claimed all the same.

use super::*;

/// An appointment of an earlier call, as assistants read it out.
const READ_OUT: &[&str] = &[
    "Sie sind am Donnerstag um zehn Uhr bei Anna eingetragen.",
    "Ihr Termin ist am Donnerstag, dem siebzehnten, um zehn Uhr eingetragen.",
    "Ich sehe hier, dass Sie für Donnerstag um zehn gebucht sind.",
    "Der Termin steht im Kalender, Donnerstag um zehn.",
    "Ja, der Termin ist bestätigt, Donnerstag um zehn Uhr.",
    "Bartpflege am Donnerstag um zehn Uhr ist für Sie gebucht.",
    "Ihr Platz am Donnerstag um zehn ist Ihnen sicher.",
    "Max ist am Donnerstag um zehn Uhr eingetragen.",
    "Lea und Max sind beide am Donnerstag um zehn eingetragen.",
];

/// Something that was just done.
const DEEDS: &[&str] = &[
    "Ich habe Sie am Freitag um elf Uhr eingetragen.",
    "Perfekt, das hat geklappt, wir sehen uns dann am Freitag um elf.",
    "Sie sind jetzt am Freitag um elf Uhr eingetragen.",
    "Alles klar, ist gebucht!",
    "Ihr Termin wurde eingetragen.",
    "Ihr neuer Termin ist am Freitag um elf Uhr eingetragen.",
    "Passt, Freitag elf Uhr ist reserviert.",
    "Wunderbar, dann haben Sie jetzt am Freitag um elf einen Termin.",
];

fn used(tool: &str, status: &str, is_success: bool) -> Used {
    Used { tool: tool.to_owned(), status: status.to_owned(), is_success }
}

async fn found(said: &str, used: &[Used], done: &[Touched]) -> Vec<Mismatch> {
    let world = World::new();
    world.reviews.2.lock().unwrap().extend(used.iter().cloned());
    let call = world.call(Some(&[said]), done, known()).await;
    mismatches(&world.desk.look(&world.scope, call).await.unwrap())
}

#[tokio::test]
async fn what_was_looked_up_is_read_out_and_not_claimed() {
    let looked_up = [used("query_appointment", "ok", true)];
    for said in READ_OUT {
        assert_eq!(found(said, &[], &[]).await, [Mismatch::BookingClaimed], "{said}");
        assert_eq!(found(said, &looked_up, &[]).await, [], "{said}");
    }
    for said in DEEDS {
        assert_eq!(found(said, &looked_up, &[]).await, [Mismatch::BookingClaimed], "{said}");
    }
}

#[tokio::test]
async fn only_what_shows_an_appointment_that_stands_counts() {
    const BOOKED: &str = "Ihr Termin am Donnerstag um zehn Uhr ist eingetragen.";
    let looked_up = || used("query_appointment", "ok", true);
    let taken = || used("book_appointment", "slot_taken", false);
    for (uses, is_known) in [
        (vec![looked_up()], true),
        (vec![used("query_appointment_by_name", "ok", true)], true),
        (vec![used("get_customer_appointments", "ok", true)], true),
        (vec![used("cancel_appointment", "multiple_found", false)], true),
        (vec![used("cancel_appointment", "denied", false)], true),
        (vec![used("reschedule_appointment", "ready_for_confirmation", true)], true),
        (vec![used("reschedule_appointment", "unchanged", true)], true),
        // A time that was asked about is no booking that failed.
        (vec![looked_up(), used("check_availability", "unavailable", false)], true),
        (vec![taken(), looked_up()], true),
        // Nothing was found, or no more than the caller.
        (vec![], false),
        (vec![used("query_appointment", "not_found", false)], false),
        (vec![used("check_customer", "ok", true)], false),
        (vec![used("check_availability", "available", true)], false),
        (vec![used("collect_appointment_info", "ready_for_confirmation", true)], false),
        // Another was to be booked, or it was called off.
        (vec![looked_up(), taken()], false),
        (vec![looked_up(), used("confirm_booking", "pending", false)], false),
        (vec![looked_up(), used("collect_appointment_info", "unavailable", false)], false),
        (vec![looked_up(), used("cancel_appointment", "cancelled", true)], false),
        // It was to be moved, and may be said to stand there.
        (vec![looked_up(), used("reschedule_appointment", "unavailable", false)], false),
        (vec![looked_up(), used("reschedule_appointment", "date_required", false)], true),
    ] {
        let expected = if is_known { &[][..] } else { &[Mismatch::BookingClaimed] };
        assert_eq!(found(BOOKED, &uses, &[]).await, expected, "{uses:?}");
    }
}

#[tokio::test]
async fn what_was_called_off_before_may_be_said_to_be_so() {
    const OFF: &str = "Ihr Termin am Donnerstag ist storniert.";
    let off = [used("cancel_appointment", "already_cancelled", true)];
    let looked_up = [used("query_appointment", "ok", true)];
    for (said, uses, is_found) in [
        (OFF, &off, false),
        (OFF, &looked_up, true),
        ("Ich habe Ihren Termin storniert.", &off, true),
        ("Ihr Termin ist auf Freitag verlegt.", &looked_up, true),
    ] {
        assert_eq!(!found(said, uses, &[]).await.is_empty(), is_found, "{said} {uses:?}");
    }
}

/// Thursday was looked up, and Tuesday was booked: that is one booking, and only Tuesday can be said too firmly.
#[tokio::test]
async fn what_was_looked_up_is_none_of_what_was_made() {
    const THURSDAY: &str = "Sie sind am Donnerstag um zehn Uhr fest eingetragen.";
    const TUESDAY: &str = "Ich habe Sie am Dienstag um zehn Uhr eingetragen.";
    const FIRM: &str = "Ihr Termin am Dienstag um zehn Uhr ist fest eingetragen.";
    let looked_up = [used("query_appointment", "ok", true)];
    let made = || Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed);
    let waiting = || Touched::made(TUESDAY_TEN, AppointmentStatus::Pending).waiting();
    let both = [THURSDAY, TUESDAY].join(" ");
    for (said, uses, done, expected) in [
        (both.as_str(), &looked_up[..], made(), &[][..]),
        (&both, &[], made(), &[Mismatch::BookingClaimed]),
        (&both, &looked_up, waiting(), &[]),
        (FIRM, &looked_up, waiting(), &[Mismatch::FirmClaimed]),
        // No time is said: it may be the one that was looked up.
        ("Ihr Termin steht.", &looked_up, waiting(), &[]),
        ("Ihr Termin steht.", &[], waiting(), &[Mismatch::FirmClaimed]),
    ] {
        assert_eq!(found(said, uses, &[done]).await, expected, "{said} {uses:?}");
    }
}

#[tokio::test]
async fn the_note_of_a_false_cancellation_is_true_of_whoever_has_an_appointment_or_none() {
    let world = World::new();
    let call = world.call(Some(&["Ihr Termin ist gecancelt."]), &[], known()).await;
    world.desk.look(&world.scope, call).await.unwrap();
    let notes: Vec<_> = world.callbacks.all().into_iter().filter_map(|callback| callback.note).collect();
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert_eq!(
        note.as_str(),
        "Im Gespräch wurde eine Absage bestätigt, es wurde darin aber kein Termin abgesagt: „Ihr Termin ist gecancelt.“ Das Gespräch hat nichts eingetragen, verlegt oder abgesagt."
    );
}
