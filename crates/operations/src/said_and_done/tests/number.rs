//! More was said to be booked than was.

use super::*;

#[tokio::test]
async fn more_appointments_are_counted_than_were_made() {
    let one = || vec![Touched::made(WEDNESDAY_ELEVEN, AppointmentStatus::Confirmed)];
    let both = || [one(), vec![Touched::made(THURSDAY_ELEVEN, AppointmentStatus::Confirmed)]].concat();
    for (said, done, is_found) in [
        ("Ich habe beide Termine gebucht, Mittwoch um elf und Donnerstag um elf.", one(), true),
        ("Ich habe beide Termine gebucht, Mittwoch um elf und Donnerstag um elf.", both(), false),
        ("Ich habe zwei Termine für Sie eingetragen.", one(), true),
        ("Ich habe zwei Termine für Sie eingetragen.", both(), false),
        ("Ich habe Ihnen Mittwoch um elf und Freitag um zwölf gebucht.", one(), true),
        ("Ich habe Ihnen Mittwoch um elf und Donnerstag um elf gebucht.", both(), false),
        ("Ich habe Sie am Mittwoch um elf eingetragen und Ihren Mann um zwölf.", one(), true),
        // It may have been so before.
        ("Sie sind am Mittwoch um elf eingetragen und Ihr Mann um zwölf.", one(), false),
        ("Ich habe Ihre Termine am Mittwoch und am Donnerstag eingetragen.", one(), true),
        ("Ich habe Ihre Termine am Mittwoch und am Donnerstag eingetragen.", both(), false),
        ("Wir haben Ihre Termine am Mittwoch und am Donnerstag eingetragen.", one(), true),
        ("Damit sind Ihre Termine am Mittwoch und am Donnerstag eingetragen.", one(), false),
        // Without a look at what there was before, nobody can say it of that.
        ("Ihre beiden Termine sind eingetragen.", one(), true),
        ("Ihre beiden Termine sind eingetragen.", both(), false),
        ("Ihre drei Termine sind gebucht.", both(), true),
        ("Ihre beiden Termine stehen.", both(), false),
        ("Beide Termine stehen fest.", both(), false),
        ("So, beide sind gebucht.", one(), true),
        ("So, beide sind gebucht.", both(), false),
        // Two who are named have one each.
        ("Ich habe Lea am Mittwoch um elf und Max am Donnerstag um elf eingetragen.", one(), true),
        ("Ich habe Lea am Mittwoch um elf und Max am Donnerstag um elf eingetragen.", both(), false),
        ("Lea ist am Mittwoch um elf eingetragen und Max am Donnerstag um elf.", one(), true),
        ("Lea ist am Mittwoch um elf eingetragen und Max am Donnerstag um elf.", both(), false),
        (
            "Ich habe für Lea am Mittwoch um elf und für Max am Donnerstag um elf einen Termin gebucht.",
            one(),
            true,
        ),
        (
            "Ich habe für Lea am Mittwoch um elf und für Max am Donnerstag um elf einen Termin gebucht.",
            both(),
            false,
        ),
        (
            "Ich habe die Termine für Lea am Mittwoch um elf und für Max am Donnerstag um elf gebucht.",
            one(),
            true,
        ),
        (
            "Ich habe die Termine für Lea am Mittwoch um elf und für Max am Donnerstag um elf gebucht.",
            both(),
            false,
        ),
        ("Beide Kinder sind eingetragen, Lea am Mittwoch um elf und Max am Donnerstag um elf.", one(), true),
        (
            "Beide Kinder sind eingetragen, Lea am Mittwoch um elf und Max am Donnerstag um elf.",
            both(),
            false,
        ),
        ("Ich habe beide Kinder eingetragen.", one(), true),
        ("Ich habe beide Kinder eingetragen.", both(), false),
        ("Lea und Max sind beide eingetragen.", one(), true),
        ("Lea und Max sind beide eingetragen.", both(), false),
        ("Ich habe Lea am Mittwoch um elf eingetragen und Max um zwölf.", one(), true),
        ("Ich habe Lea am Mittwoch um elf eingetragen und das Team um zwölf informiert.", one(), false),
        ("Sie sind beide eingetragen.", one(), false),
        ("Ich habe für Ihre beiden Kinder einen Termin eingetragen.", one(), false),
        ("Ich habe Sie am Mittwoch um elf eingetragen und die Erinnerung um zehn.", one(), false),
        // Those that there are, or one of them, or the hour.
        ("Ich habe einen der beiden Termine gebucht.", one(), false),
        ("Ich habe einen der zwei Termine gebucht.", one(), false),
        ("Ich habe einen von Ihren zwei Terminen gebucht.", one(), false),
        ("Ich habe Sie am Mittwoch um elf eingetragen und um zwölf sind Sie fertig.", one(), false),
        (
            "Ich habe Sie am Mittwoch um elf eingetragen und am Freitag um zehn ruft Anna Sie an.",
            one(),
            false,
        ),
    ] {
        let mismatches: Vec<_> =
            found(&[said], &done).await.into_iter().map(|(mismatch, _)| mismatch).collect();
        let expected = if is_found { &[Mismatch::BookingClaimed][..] } else { &[] };
        assert_eq!(mismatches, expected, "{said}");
    }
}
