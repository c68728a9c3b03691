//! Several deeds in one sentence.

use super::*;
use Claim::{Booked, Cancelled, Moved};

#[test]
fn a_second_deed_takes_over_the_verb_of_the_first() {
    for (said, claimed) in [
        (
            "Ich habe Sie am Donnerstag um zehn eingetragen und den alten Termin abgesagt.",
            &[Booked, Cancelled][..],
        ),
        (
            "Ich habe Sie am Freitag um elf eingetragen und den Termin am Freitag abgesagt.",
            &[Booked, Cancelled],
        ),
        ("Ich habe Sie am Freitag eingetragen und Ihren anderen am Freitag abgesagt.", &[Booked, Cancelled]),
        ("Ich habe Sie eingetragen, den alten Termin gelöscht.", &[Booked, Cancelled]),
        (
            "Der neue Termin am Freitag um zehn ist gebucht und der alte am Freitag darauf ist gelöscht.",
            &[Booked, Cancelled],
        ),
        ("Der neue Termin am Freitag um zehn ist gebucht und der alte gelöscht.", &[Booked, Cancelled]),
        (
            "Ich habe den Dienstag abgesagt und Sie dafür am Donnerstag um zehn eingetragen.",
            &[Cancelled, Booked],
        ),
        ("Ihr Termin am Dienstag ist abgesagt und auf Freitag verlegt.", &[Cancelled, Moved]),
        ("Ihr Termin ist gebucht und bestätigt.", &[Booked]),
        // Something else was done to something else, or nothing.
        ("Ich habe Sie eingetragen und Ihre Nummer gelöscht.", &[Booked]),
        ("Ich habe Sie eingetragen und die Notiz gelöscht.", &[Booked]),
        ("Ich habe Sie eingetragen und das Formular gelöscht.", &[Booked]),
        ("Ich habe Sie eingetragen und den alten Termin nicht abgesagt.", &[Booked]),
        ("Ich habe Sie von der Warteliste genommen und für Freitag gebucht.", &[Booked]),
        ("Ich habe Sie eingetragen und Sie von der Warteliste gestrichen.", &[Booked]),
        ("Ich habe Ihren Termin abgesagt und Sie von der Warteliste gestrichen.", &[Cancelled]),
        ("Ich konnte Sie leider nicht eintragen und den alten Termin nicht absagen.", &[]),
        ("Ihr Termin wird eingetragen und der alte abgesagt.", &[]),
        ("Wenn ich Sie eingetragen und den alten Termin abgesagt habe, melde ich mich.", &[]),
        ("Der alte Stuhl ist gelöscht.", &[]),
    ] {
        let found: Vec<_> = claims(said).into_iter().map(|claimed| claimed.claim).collect();
        assert_eq!(found, claimed, "{said}");
    }
}

#[test]
fn deeds_and_what_only_sounds_like_them() {
    for (said, claimed) in [
        ("Ich habe soeben die Reservierung für Dienstag, zehn Uhr, vorgenommen.", Some(Booked)),
        ("Ich habe Ihre Buchung aufgenommen, Dienstag um zehn Uhr.", Some(Booked)),
        ("Ihr Termin existiert nicht mehr.", Some(Cancelled)),
        ("Der Termin ist damit weg.", Some(Cancelled)),
        ("Jawohl, Termin ist gemacht.", Some(Booked)),
        ("Ihr Damenhaarschnitt am Dienstag um zehn ist eingebucht.", Some(Booked)),
        ("Der Termin wurde zurückgezogen.", Some(Cancelled)),
        ("Das Angebot wurde zurückgezogen.", None),
        ("Soll der Termin zurückgezogen werden?", None),
        ("Ich habe Ihren Termin gelo\u{308}scht.", Some(Cancelled)),
        ("Ich habe die Reservierung noch nicht vorgenommen.", None),
        ("Ich habe Ihre Absage der Buchung aufgenommen.", None),
        ("Unser Salon ist umgezogen, die Filiale wurde nach Eppendorf verlegt.", None),
        ("Anna ist am Dienstag verhindert, ihre Termine wurden alle abgesagt.", None),
        ("Anna ist krank, sie ist im Urlaub, ihre Termine wurden abgesagt.", None),
        ("Da Sie krank sind, wurde Ihr Termin am Dienstag abgesagt.", Some(Cancelled)),
        ("Anna ist am Dienstag krank, Ihr Termin wurde deshalb abgesagt.", Some(Cancelled)),
        ("Anna ist am Dienstag krank, ich habe Ihren Termin abgesagt.", Some(Cancelled)),
    ] {
        let found: Vec<_> = claims(said).into_iter().map(|claimed| claimed.claim).collect();
        assert_eq!(found, claimed.into_iter().collect::<Vec<_>>(), "{said}");
    }
}
