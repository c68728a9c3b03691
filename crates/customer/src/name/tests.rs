use super::*;
use proptest::prelude::*;

const STAFF: &[&str] = &["Anna Petersen", "Boris Kühn"];

fn problem(text: &str) -> Option<NameProblem> {
    judge_name(text, STAFF).err()
}

fn name(text: &str) -> PersonName {
    PersonName::clean(text).unwrap()
}

#[test]
fn names_of_people_pass() {
    for text in [
        "Erika Muster",
        "Jo",
        "Li",
        "Frau Dr. Öztürk",
        "Peter Acht",
        "Frau Montag",
        "Sonntag",
        "Morgen",
        "Martin Gast",
        "Zumbrink",
        "Beier",
        "Mitterer",
        "Halbmeier",
        "Uhrmacher",
        "Anna",
        "Anna-Lena O'Neill",
        "Jan van der Berg",
        "Achim Uhr",
        "李小龍",
        "Kim Nguyễn",
        "Maria da Conceição",
        "Ivo Marković",
    ] {
        assert_eq!(judge_name(text, STAFF).as_ref().map(PersonName::as_str), Ok(text));
    }
}

#[test]
fn whoever_is_meant_without_a_name_has_none() {
    for (text, is_other) in
        [("ich", false), ("mich selbst", false), ("für meine Tochter", true), ("Mein Mann", true)]
    {
        assert_eq!(problem(text), Some(NameProblem::Unnamed), "{text}");
        assert_eq!(is_another_person(text), Some(is_other), "{text}");
    }
    assert_eq!(is_another_person("Meine Tochter Mia"), Some(true));
    assert_eq!(is_another_person("Mia Berger"), None);
    assert_eq!(is_another_person("Mia Berger selbst"), None);
}

#[test]
fn what_is_said_around_a_name_is_left_out() {
    for (text, expected) in [
        ("mein Name ist Erika Muster.", "Erika Muster"),
        ("Ich heiße Jörg Groß", "Jörg Groß"),
        ("ich bin Frau Muster!", "Frau Muster"),
        ("Hier spricht Erika Muster am Apparat", "Erika Muster"),
        ("Erika Muster ist mein Name.", "Erika Muster"),
        ("Hier ist, ich bin Max Muster", "Max Muster"),
        ("Name: Erika Muster", "Erika Muster"),
        ("Erika Muster,", "Erika Muster"),
        ("Hans Muster jun.", "Hans Muster jun."),
        ("Ichiro Binder", "Ichiro Binder"),
        ("hier ist meine Tochter Mia Berger.", "Mia Berger"),
        ("Max Berger selbst", "Max Berger"),
    ] {
        assert_eq!(judge_name(text, STAFF).as_ref().map(PersonName::as_str), Ok(expected), "{text:?}");
    }
    assert_eq!(problem("ich bin bei Anna"), Some(NameProblem::StaffReference { staff: name("Anna") }));
    for text in ["mein Name ist", "ich bin", "Hier spricht."] {
        assert_eq!(problem(text), Some(NameProblem::NotAName), "{text:?}");
    }
    assert_eq!(problem("mein Name ist ja"), Some(NameProblem::YesNo));
}

#[test]
fn what_stands_for_a_name_is_none() {
    for text in [
        "unbekannt",
        "Anonym",
        "ANONYMOUS",
        "Gast",
        "guest",
        "Kunde",
        "Kundin",
        "customer",
        "n/a",
        "N.A.",
        "na",
        "-",
        "--",
        "?",
        "null",
        "Unbekannt #1234",
        "Herr Unbekannt",
        "kein Name",
        "keine Angabe",
        "{{customer_name}}",
        "customer_name",
        "Unbekannter Anrufer",
    ] {
        assert_eq!(problem(text), Some(NameProblem::Placeholder), "{text:?}");
    }
}

#[test]
fn too_little_is_no_name() {
    for text in ["", "  ", "\u{7}", "a", "7", "Ä."] {
        assert_eq!(problem(text), Some(NameProblem::TooShort), "{text:?}");
    }
}

#[test]
fn an_answer_is_no_name() {
    for text in
        ["ja", "Nein", "ja genau", "Ja, bitte.", "nein danke", "okay", "das ist richtig", "Nö", "ja ja"]
    {
        assert_eq!(problem(text), Some(NameProblem::YesNo), "{text:?}");
    }
}

#[test]
fn a_time_is_no_name() {
    for text in [
        "halb drei",
        "viertel vor vier",
        "Dreiviertel acht",
        "14:30",
        "um 9",
        "vierzehn Uhr dreißig",
        "zwölf",
        "fuenf",
        "vierundzwanzig",
        "9 Uhr",
        "um neun",
        "am Montag",
        "morgen um neun",
        "Freitag Nachmittag",
        "heute",
        "12",
        "übermorgen",
        "acht Uhr fünfundvierzig",
        "null Uhr",
        "nächste Woche Dienstag",
    ] {
        assert_eq!(problem(text), Some(NameProblem::TimeExpression), "{text:?}");
    }
}

#[test]
fn whom_the_caller_wants_to_see_is_not_who_calls() {
    for (text, staff) in [
        ("bei Anna", "Anna"),
        ("mit Herrn Kühn", "Herrn Kühn"),
        ("zu der Anna", "Anna"),
        ("zu Anna", "Anna"),
        ("zu Frau Meier", "Frau Meier"),
        ("zu meiner Friseurin", "meiner Friseurin"),
        ("zur Frau Petersen", "Frau Petersen"),
        ("Beim Boris", "Boris"),
    ] {
        let expected = NameProblem::StaffReference { staff: name(staff) };
        assert_eq!(problem(text), Some(expected), "{text:?}");
    }
    for text in ["zu Guttenberg", "Karl zu Guttenberg", "Zu Löwenstein"] {
        assert_eq!(problem(text), None, "{text:?}");
    }
    for text in ["Anna Petersen", "anna  petersen", "Frau Anna Petersen"] {
        let expected = NameProblem::StaffName { staff: name("Anna Petersen") };
        assert_eq!(problem(text), Some(expected), "{text:?}");
    }
    assert_eq!(problem("Boris Kuehn"), Some(NameProblem::StaffName { staff: name("Boris Kühn") }));
}

#[test]
fn other_things_are_no_names() {
    let long = "lang ".repeat(9);
    for text in [
        "0170 1112233",
        "+49 170 1112233",
        "max@example.de",
        "Herr",
        "Frau Dr.",
        "😀",
        "2026-03-02",
        "name=Erika",
        "😀😀😀",
        long.as_str(),
    ] {
        assert_eq!(problem(text), Some(NameProblem::NotAName), "{text:?}");
    }
    assert_eq!(problem(&"x".repeat(10_000)), Some(NameProblem::NotAName));
}

#[test]
fn problems_name_nobody_in_logs() {
    let shown = format!("{:?} {:?}", problem("bei Anna"), problem("Anna Petersen"));
    assert!(!shown.contains("Anna"), "{shown}");
}

proptest! {
    #[test]
    fn judging_never_panics_and_cleans_once(text in any::<String>(), staff in "\\PC{0,12}") {
        if let Ok(name) = judge_name(&text, &[&staff]) {
            prop_assert_eq!(judge_name(name.as_str(), &[&staff]), Ok(name));
        }
    }

    #[test]
    fn words_of_a_name_are_judged_alike(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "Erika", "ich", "bin", "Name:", "Muster.", "am", "Apparat", "halb", "um", "ja", "bei", "der",
                "Gast", "9", "Frau", "-", "meine", "Tochter", "selbst", "nein,", "für", "Uhr", "Anna", "n/a", "{{", "Ö",
            ]),
            0..6,
        ),
        gap in prop::sample::select(vec![" ", "  ", "\t", "\n"]),
    ) {
        let spaced = judge_name(&words.join(gap), STAFF);
        prop_assert_eq!(&spaced, &judge_name(&words.join(" "), STAFF));
        if let Ok(name) = spaced {
            prop_assert_eq!(judge_name(name.as_str(), STAFF), Ok(name));
        }
    }
}
