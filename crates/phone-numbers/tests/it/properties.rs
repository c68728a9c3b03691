//! What holds for any text.

use phone_numbers::{Country, Normalised, is_withheld, normalise};
use proptest::prelude::*;

fn any_country() -> impl Strategy<Value = Country> {
    proptest::sample::select(Country::ALL.to_vec())
}

/// Texts that come near a number.
fn number_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "[+]?[0-9]{0,20}",
        "(\\+|00|0|049|49|\\+490|\\+49 \\(0\\)|43|41|)[0-9 /.()-]{0,18}",
        "(sip:|tel:|<sip:|)(%2B|\\+|)[0-9;@:=a-z.-]{0,30}>?",
        "[+＋0-9０-９ \u{200e}\u{ad}anonymous_-]{0,70}",
        "\\+(266696687|7378742833|0+|4[0-9]{6,16})",
    ]
}

/// Whether a text has the shape of E.164.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
            && !digits.starts_with("490")
    })
}

fn assert_stable(raw: &str, home: Country, later_home: Country) -> Result<(), TestCaseError> {
    if let Normalised::E164(number) = normalise(raw, home) {
        prop_assert!(is_e164(&number), "{raw:?} gave {number}");
        let again = normalise(&number, later_home);
        prop_assert_eq!(again.e164(), Some(number.as_str()), "from {:?}", raw);
        prop_assert!(!is_withheld(&number));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_answered_and_the_answer_is_stable(raw in any::<String>(), home in any_country(), later in any_country()) {
        assert_stable(&raw, home, later)?;
    }

    #[test]
    fn what_comes_near_a_number_is_stable(raw in number_like(), home in any_country(), later in any_country()) {
        assert_stable(&raw, home, later)?;
    }

    #[test]
    fn spelling_does_not_matter(digits in "[1-9][0-9]{7,14}", gap in 1_usize..7, home in any_country()) {
        let plain = normalise(&format!("+{digits}"), home);
        let (front, back) = digits.split_at(gap);
        for raw in [format!("00{digits}"), format!(" +{front} {back}"), format!("sip:+{digits}@host"), format!("tel:+{front}-{back}")] {
            prop_assert_eq!(&normalise(&raw, home), &plain, "{}", raw);
        }
    }

    #[test]
    fn withheld_is_answered_alike_everywhere(raw in number_like(), home in any_country()) {
        if is_withheld(&raw) {
            prop_assert_eq!(normalise(&raw, home), Normalised::Withheld);
            prop_assert_eq!(normalise(&raw.to_uppercase(), home), Normalised::Withheld);
            prop_assert_eq!(normalise(&format!(" {raw}\t"), home), Normalised::Withheld);
        }
    }
}
