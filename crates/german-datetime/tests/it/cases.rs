//! The table of phrases in `cases.txt`.

use german_datetime::understand;

use crate::support::{at, short};

#[test]
fn every_phrase_means_what_the_table_says() {
    let mut context = None;
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("cases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(now) = line.strip_prefix("@ ") {
            context = Some(at(now));
            continue;
        }
        let (phrase, expected) = line.split_once(" => ").expect("a phrase and its value");
        let context = context.as_ref().expect("a moment of the call before the first phrase");
        let found =
            understand(phrase, context).map_or_else(|_| "null".to_owned(), |found| short(&found.value));
        count += 1;
        if found != expected {
            wrong.push(format!("{phrase:?}: {found} instead of {expected}"));
        }
    }
    assert!(count > 400, "only {count} phrases");
    assert!(wrong.is_empty(), "{} of {count} phrases:\n{}", wrong.len(), wrong.join("\n"));
}

/// The meaning does not hang on spelling: case, umlauts, punctuation and white space at the ends.
#[test]
fn spelling_does_not_matter() {
    let mut context = None;
    for line in include_str!("cases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(now) = line.strip_prefix("@ ") {
            context = Some(at(now));
            continue;
        }
        let (phrase, _) = line.split_once(" => ").expect("a phrase and its value");
        let context = context.as_ref().expect("a moment of the call before the first phrase");
        let value = |text: &str| understand(text, context).map(|found| found.value).ok();
        let plain = value(phrase);
        let written_out = phrase.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
        assert_eq!(value(&written_out), plain, "{written_out:?}");
        let decomposed = phrase.replace('ä', "a\u{308}").replace('ö', "o\u{308}").replace('ü', "u\u{308}");
        assert_eq!(value(&decomposed), plain, "{decomposed:?}");
        assert_eq!(value(&format!("  {phrase} \n")), plain, "{phrase:?} with white space");
        if !phrase.ends_with(['.', '?']) && !phrase.ends_with(|last: char| last.is_ascii_digit()) {
            assert_eq!(value(&format!("{phrase}.")), plain, "{phrase:?} with a full stop");
            assert_eq!(value(&format!("Ja, {phrase}?")), plain, "{phrase:?} as a question");
        }
    }
}
