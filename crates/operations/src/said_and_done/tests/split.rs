//! Sentences that recognition has cut, or has not.

use super::*;
use Speaker::{Agent, Caller};

#[tokio::test]
async fn a_sentence_goes_on_after_a_short_word_of_the_caller() {
    const FIRST: (Speaker, &str) = (Agent, "Ich habe Sie für Dienstag");
    const REST: (Speaker, &str) = (Agent, "um zehn Uhr bei Anna eingetragen.");
    const WHOLE: &str = "Ich habe Sie für Dienstag um zehn Uhr bei Anna eingetragen.";
    for (said, sentence) in [
        (&[FIRST, (Caller, "Mhm."), REST][..], Some(WHOLE)),
        (&[FIRST, REST], Some(WHOLE)),
        (&[(Agent, "Ich habe Sie für"), (Agent, "Dienstag um zehn Uhr bei Anna eingetragen.")], Some(WHOLE)),
        (&[FIRST, (Caller, "Ach nein, warten Sie bitte."), REST], None),
        // Each is said by itself.
        (
            &[
                (Agent, "Ihr Termin ist gebucht"),
                (Caller, "Ja."),
                (Agent, "soll ich noch etwas für Sie tun?"),
            ],
            Some("Ihr Termin ist gebucht"),
        ),
        (
            &[
                (Agent, "Guten Tag, was kann ich für Sie tun"),
                (Caller, "Absagen."),
                (Agent, "Ihr Termin ist gebucht."),
            ],
            Some("Ihr Termin ist gebucht."),
        ),
        (
            &[(Agent, "Soll ich ihn eintragen"), (Caller, "Ja bitte."), (Agent, "ist gebucht.")],
            Some("ist gebucht."),
        ),
        (
            &[
                (Agent, "Alles klar. Soll ich Sie für Dienstag um zehn eintragen"),
                (Caller, "Ja, bitte."),
                (Agent, "ich habe Sie eingetragen."),
            ],
            Some("ich habe Sie eingetragen."),
        ),
        (
            &[
                (Agent, "ich kann Ihnen Dienstag anbieten"),
                (Caller, "Ja."),
                (Agent, "dann habe ich Sie eingetragen"),
            ],
            Some("dann habe ich Sie eingetragen"),
        ),
        // It was a condition, or not so.
        (&[(Agent, "Wenn Sie ja sagen"), (Caller, "Mhm."), (Agent, "habe ich Sie eingetragen.")], None),
        (&[(Agent, "Ich kann Ihnen nicht sagen, dass"), (Agent, "der Termin eingetragen ist.")], None),
        (&[(Agent, "Leider ist Ihr Termin noch nicht"), (Caller, "Mhm."), (Agent, "gebucht.")], None),
        (&[(Agent, "Ihr Termin ist gebucht"), (Caller, "Mhm."), (Agent, "wenn Sie ja sagen.")], None),
        (&[(Agent, "Ihr Termin ist"), (Agent, "nicht gebucht.")], None),
    ] {
        let expected = sentence.map(|sentence| (Mismatch::BookingClaimed, Some(sentence.to_owned())));
        assert_eq!(heard(said, &[]).await, expected.into_iter().collect::<Vec<_>>(), "{said:?}");
    }
}

/// A long sentence about a move that waits is kept by the part that tells of the move.
#[tokio::test]
async fn what_is_kept_of_a_firm_move_is_what_tells_of_it() {
    const CLAIM: &str = "Ihr Termin ist fest auf Donnerstag um elf verlegt";
    let talk = "ach ja und das Wetter ist heute wirklich schön und die Sonne scheint ";
    let done = [Touched::known(MONDAY).moved(2, THURSDAY_ELEVEN).waiting()];
    for before in [4, 9, 30] {
        let said = format!("{}{CLAIM} {}", talk.repeat(before), talk.repeat(12));
        let findings = heard(&[(Agent, &said)], &done).await;
        let firm = findings.iter().find(|(mismatch, _)| *mismatch == Mismatch::FirmClaimed);
        let Some((_, Some(sentence))) = firm else { panic!("{findings:?}") };
        assert!(sentence.contains(CLAIM), "{before}: {sentence}");
    }
}

#[tokio::test]
async fn what_is_kept_of_a_long_sentence_is_what_claims() {
    const CLAIM: &str = "ich habe Sie am Dienstag um zehn Uhr eingetragen";
    let talk = "ach ja und das Wetter ist heute wirklich schön und die Sonne scheint ";
    for before in [0, 4, 9, 30] {
        let said = format!("{}{CLAIM} {}", talk.repeat(before), talk.repeat(12));
        let findings = heard(&[(Agent, &said)], &[]).await;
        let [(Mismatch::BookingClaimed, Some(sentence))] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        assert!(sentence.contains(CLAIM), "{before}: {sentence}");
        assert!(sentence.chars().count() <= MAX_SENTENCE_CHARS);
    }
}
