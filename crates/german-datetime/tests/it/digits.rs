//! Numbers said digit by digit.

use german_datetime::digits::{
    DigitsError, MAX_DIGITS, read_back, read_house_number, understand_digits, understand_house_number,
};

fn heard(text: &str) -> Option<String> {
    understand_digits(text).ok().map(|found| found.digits)
}

#[test]
fn digits_pairs_and_doubles() {
    for (text, digits) in [
        ("null eins sieben eins zwo drei vier", "0171234"),
        ("achtundzwanzig zweiundachtzig", "2882"),
        ("null dreißig, doppel drei, neunzehn", "0303319"),
        ("dreimal die sieben", "777"),
        ("zwei mal die null", "00"),
        ("doppelnull sieben", "007"),
        ("plus vier neun eins sieben", "+4917"),
        ("+49 171 / 23 45-6", "+4917123456"),
        ("meine Nummer ist 0171 2345678, danke", "01712345678"),
        ("null eins ein fünf", "0115"),
        ("hundertzwölf", "112"),
        ("Vorwahl null drei null, dann vier vier", "03044"),
        ("1234567890123", "1234567890123"),
    ] {
        assert_eq!(heard(text).as_deref(), Some(digits), "{text}");
    }
}

#[test]
fn words_cut_apart_have_two_readings() {
    let found = understand_digits("null vier und zwanzig eins").unwrap();
    assert_eq!(found.digits, "0241");
    assert_eq!(found.others, ["04201"]);
}

#[test]
fn doubt_is_refused() {
    assert_eq!(understand_digits("ja bitte"), Err(DigitsError::Missing));
    assert_eq!(understand_digits("null eins, nein, null zwei"), Err(DigitsError::Unclear));
    assert_eq!(understand_digits("drei Katzen und vier Hunde"), Err(DigitsError::Unclear));
    assert_eq!(understand_digits(&"neun ".repeat(MAX_DIGITS + 1)), Err(DigitsError::TooLong));
    assert_eq!(understand_digits(&"9".repeat(5000)), Err(DigitsError::TooLong));
}

#[test]
fn what_is_read_back_is_heard_again() {
    for digits in ["0", "12", "0301234567", "+491711234567", "00", "99999"] {
        assert_eq!(heard(&read_back(digits)).as_deref(), Some(digits));
    }
    assert_eq!(read_back("0301234"), "null drei null, eins zwo drei vier");
}

#[test]
fn house_numbers_both_ways() {
    for (text, number) in [
        ("achtundzwanzig", "28"),
        ("zwölf a", "12a"),
        ("12 b", "12b"),
        ("12a", "12a"),
        ("drei bis fünf", "3-5"),
    ] {
        assert_eq!(understand_house_number(text).as_deref(), Some(number), "{text}");
        assert_eq!(understand_house_number(&read_house_number(number)).as_deref(), Some(number));
    }
    for text in ["", "Hauptstraße", "zwölf Uhr", "0", "fünf bis drei"] {
        assert_eq!(understand_house_number(text), None, "{text}");
    }
}

#[test]
fn digits_do_not_show_in_logs() {
    let found = understand_digits("null eins sieben").unwrap();
    assert!(!format!("{found:?}").contains("017"));
}
