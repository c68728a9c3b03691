//! Phrases bent out of shape: nothing panics, and no answer is malformed.
//! The example `fuzz` does the same for as long as one likes.

use german_datetime::digits::understand_digits;
use german_datetime::{Interval, MAX_TEXT_BYTES, Value, understand};

use crate::bend::{Random, bend, phrases};
use crate::support::wednesday;

#[test]
fn bent_phrases_do_no_harm() {
    let context = wednesday();
    let seeds = phrases();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let text = bend(seeds[random.below(seeds.len())], &mut random);
        if let Ok(found) = understand(&text, &context) {
            assert!(text.get(found.span.clone()).is_some(), "{text:?}: {:?}", found.span);
            if let Value::Interval(Interval { start, end, .. }) = found.value {
                assert_eq!(std::mem::discriminant(&start), std::mem::discriminant(&end), "{text:?}");
            }
        }
        let _ = understand_digits(&text);
    }
}

#[test]
fn odd_texts_are_no_trouble() {
    let context = wednesday();
    for text in [
        "\u{0}",
        "\u{feff}",
        "🙂",
        "٣",
        "½ acht",
        "99999999999999999999",
        "24:30",
        "0.0.",
        "-",
        "--",
        "2025-",
        "KW 99",
        "am 99.",
        "in 99999999 Tagen",
        "nullter nullter",
        "um 99",
    ] {
        assert!(understand(text, &context).is_err(), "{text:?}: {:?}", understand(text, &context));
    }
    for text in [
        "2199-12-31T23:59:59+99:99",
        "1.1.1.1.1",
        "in 1000 Jahren",
        "vor 1000 Jahren",
        "vor 1000 Wochen",
        "Ostern 9999",
        "31.12.2199",
    ] {
        let _ = understand(text, &context);
    }
    assert!(understand(&"ß".repeat(MAX_TEXT_BYTES / 2), &context).is_err());
}
