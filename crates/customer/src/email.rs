//! E-mail addresses as people say them on the telephone.

use kernel::EmailAddress;

/// Longest spoken text that is read, in bytes: an address spelled letter by letter, with room.
const MAX_SPOKEN: usize = 1_000;

/// Ends of domains that are said without "Punkt" often enough to be repaired, longer ones first.
const ENDINGS: &[&str] = &["info", "com", "net", "org", "de", "at", "ch", "eu"];

/// Marks that are written out so that no machine reads them.
const WRITTEN_OUT: &[(&str, &str)] =
    &[("(at)", "@"), ("[at]", "@"), ("(punkt)", "."), ("[punkt]", "."), ("(dot)", "."), ("[dot]", ".")];

/// Words before an address that are not part of it.
const INTRODUCTIONS: &[&str] = &[
    "adresse",
    "also",
    "die",
    "e-mail",
    "e-mail-adresse",
    "email",
    "emailadresse",
    "ist",
    "ja",
    "lautet",
    "mail",
    "mailadresse",
    "meine",
    "und",
    "zwar",
];

/// Reads an address from spoken text: "max punkt muster ät web de" is `max.muster@web.de`.
///
/// What cannot be read for certain is `None`, for an address is never worth a failed booking, and a wrong one would
/// send somebody's appointment to a stranger.
#[must_use]
pub fn read_spoken_email(text: &str) -> Option<EmailAddress> {
    if text.len() > MAX_SPOKEN {
        return None;
    }
    let mut lower = text.to_lowercase();
    for (written, mark) in WRITTEN_OUT {
        lower = lower.replace(written, mark);
    }
    let words: Vec<&str> = lower.split_whitespace().collect();
    let words = without_spelling_words(after_name(&words));
    let spoken = &words[introduction_len(&words)..];
    // "Jan Pohl jan@pohl.de": where the address begins is not certain.
    let is_glued = spoken.iter().skip(1).zip(spoken).any(|(word, before)| {
        word.find('@').is_some_and(|at| at > 0) && before.len() > 1 && mark_of(before).is_none()
    });
    if is_glued {
        return None;
    }
    let mut address = String::with_capacity(lower.len());
    let mut has_at = spoken.iter().any(|word| word.contains('@'));
    for word in spoken {
        let word = word.trim_end_matches([',', ';', '!', '?']);
        if !has_at && !address.is_empty() && is_at(word) {
            has_at = true;
            address.push('@');
        } else if let Some(mark) = mark_of(word) {
            address.push(mark);
        } else {
            let in_domain = address.contains('@');
            if in_domain && ENDINGS.contains(&word) && address.ends_with(|c: char| c.is_ascii_alphanumeric())
            {
                address.push('.');
            }
            address.push_str(word);
        }
    }
    let address = address.trim_end_matches('.');
    // An address with letters beyond ASCII was almost certainly misheard.
    if !address.is_ascii() {
        return None;
    }
    EmailAddress::parse(&with_ending(address)?).ok()
}

fn is_at(word: &str) -> bool {
    matches!(word, "at" | "ät" | "aet" | "klammeraffe")
}

/// What follows a name or a remark that ends with a comma, a semicolon or a colon, if an address stands behind it.
fn after_name<'w, 'a>(words: &'w [&'a str]) -> &'w [&'a str] {
    let Some(at) = words.iter().position(|word| word.contains('@')) else { return words };
    let before = words[..at].iter().rposition(|word| word.ends_with([',', ';', ':']));
    before.map_or(words, |last| &words[last + 1..])
}

/// "U wie Ulrich" is a letter.
fn without_spelling_words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let is_letter = kept.last().is_some_and(|letter: &&str| letter.chars().count() == 1);
        if *word == "wie" && is_letter {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept
}

fn mark_of(word: &str) -> Option<char> {
    match word {
        "punkt" | "dot" => Some('.'),
        "minus" | "bindestrich" | "strich" => Some('-'),
        "unterstrich" | "underscore" => Some('_'),
        "plus" => Some('+'),
        _ => None,
    }
}

/// How many words introduce the address. A word that an address goes on from ("mail at …") belongs to it.
fn introduction_len(words: &[&str]) -> usize {
    words
        .iter()
        .zip(words.iter().skip(1))
        .take_while(|(word, next)| {
            INTRODUCTIONS.contains(&word.trim_end_matches([':', ',']))
                && !is_at(next)
                && mark_of(next).is_none()
                && !next.starts_with(['@', '.', '-', '_'])
        })
        .count()
}

/// Gives a domain without any dot its own back: `gmailcom` is `gmail.com`.
fn with_ending(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    if domain.contains('.') {
        return Some(address.to_owned());
    }
    let (name, ending) = ENDINGS.iter().find_map(|ending| Some((domain.strip_suffix(ending)?, ending)))?;
    (!name.is_empty()).then(|| format!("{local}@{name}.{ending}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_before_the_address_is_no_part_of_it() {
        for (said, read) in [
            ("Jan Pohl, jan@pohl.de", Some("jan@pohl.de")),
            ("Firma Dorn: ulf@dorn.de", Some("ulf@dorn.de")),
            ("Jan Pohl jan@pohl.de", None),
            ("jan punkt pohl@web.de", Some("jan.pohl@web.de")),
            ("u wie Ulrich l f at dorn punkt de", Some("ulf@dorn.de")),
            ("jan.pohl(at)web.de", Some("jan.pohl@web.de")),
            ("ulf[at]dorn[punkt]de", Some("ulf@dorn.de")),
            ("jan@pohl.de oder jan@web.de", None),
        ] {
            let found = read_spoken_email(said);
            assert_eq!(found.as_ref().map(EmailAddress::as_str), read, "{said}");
        }
    }

    fn read(text: &str) -> Option<String> {
        read_spoken_email(text).map(|address| address.as_str().to_owned())
    }

    #[test]
    fn spoken_addresses_are_read() {
        for (text, address) in [
            ("max.muster@example.de", "max.muster@example.de"),
            ("Max Punkt Muster at Example Punkt DE", "max.muster@example.de"),
            ("max ät web de", "max@web.de"),
            ("max at gmx punkt at", "max@gmx.at"),
            ("max at gmx at", "max@gmx.at"),
            ("max at gmailcom", "max@gmail.com"),
            ("max at t minus online de", "max@t-online.de"),
            ("m a x unterstrich 7 klammeraffe web punkt de.", "max_7@web.de"),
            ("meine E-Mail ist erika dot muster at example dot com", "erika.muster@example.com"),
            ("mail at muster punkt info", "mail@muster.info"),
            (" erika @ example . org ", "erika@example.org"),
        ] {
            assert_eq!(read(text).as_deref(), Some(address), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_dropped() {
        for text in [
            "",
            "keine",
            "at",
            "at web de",
            "max",
            "max at",
            "max at de",
            "max at web",
            "müller@web.de",
            "a@b@c.de",
            "max@@web.de",
            "habe ich nicht",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&"a ".repeat(2_000)), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_reads_itself_again(text in any::<String>()) {
            if let Some(address) = read_spoken_email(&text) {
                prop_assert_eq!(read_spoken_email(address.as_str()), Some(address));
            }
        }

        #[test]
        fn spoken_words_in_any_order_never_panic(
            words in prop::collection::vec(
                prop::sample::select(vec!["at", "@", "punkt", ".", "de", "max", "web", "com", "ist", "minus", "ät"]),
                0..9,
            ),
        ) {
            if let Some(address) = read_spoken_email(&words.join(" ")) {
                prop_assert_eq!(read_spoken_email(address.as_str()), Some(address));
            }
        }

        #[test]
        fn a_written_address_is_kept(local in "[a-z][a-z0-9]{0,9}", domain in "[a-z]{3,9}", ending in "[a-z]{2,6}") {
            let address = format!("{local}@{domain}.{ending}");
            prop_assert_eq!(read(&address), Some(address));
        }
    }
}
