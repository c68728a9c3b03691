//! The second line of defence: whatever looks like a telephone number, an e-mail address or a key is masked in a log
//! line, whichever field it stands in.
//!
//! The first line is that personal data is not logged at all. This one is for the message of a foreign library, a
//! field that somebody added in a hurry, a panic's text. It works on the finished line, so nothing gets around it, and
//! it keeps JSON valid: it only ever replaces letters, digits and blanks inside a string by other harmless text.
//!
//! Masked: `+` and seven or more digits; eight or more digits that begin with `0`, and eleven or more that begin with a
//! German, Austrian or Swiss country code (blanks, dashes, slashes and brackets between digits do not help); e-mail
//! addresses; user and password in a URL; `ask_…`, `key_…`, `sk_…`, `whsec_…` and bearer tokens; whatever stands in a
//! field with one of the names in [`NAMES`].

use std::borrow::Cow;

/// Fields whose value is replaced whatever it is.
pub const NAMES: [&str; 20] = [
    "address",
    "api_key",
    "authorization",
    "body",
    "caller_number",
    "customer_name",
    "email",
    "first_name",
    "from_number",
    "last_name",
    "password",
    "person",
    "phone",
    "phone_number",
    "recording_url",
    "secret",
    "to_number",
    "token",
    "transcript",
    "user_name",
];

const SHOWN: &str = "[masked]";

/// Beginnings of keys and tokens; at least [`TOKEN_MIN`] characters must follow.
const TOKENS: [&str; 5] = ["ask_", "key_", "sk_", "whsec_", "Bearer "];
const TOKEN_MIN: usize = 8;

/// Country codes whose numbers are recognised without `+`.
const COUNTRIES: [&str; 3] = ["49", "43", "41"];

/// The line with everything masked that should not be in it.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let named = mask_named(text);
    match mask_patterns(&named) {
        Some(masked) => Cow::Owned(masked),
        None => named,
    }
}

/// Replaces the string values of the fields in [`NAMES`], in JSON (`"phone":"…"`).
fn mask_named(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = field_end(&text.as_bytes()[from..]) {
        let key_end = from + found;
        let value_start = key_end + 3;
        let value_end = value_start + string_length(&text[value_start..]);
        let key_start = text[..key_end].rfind('"').map_or(key_end, |quote| quote + 1);
        if NAMES.contains(&&text[key_start..key_end]) && value_end > value_start {
            out.push_str(&text[copied..value_start]);
            out.push_str(SHOWN);
            copied = value_end;
        }
        from = value_end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Where the first name of a field with a string value ends: at the quote of `":"`.
fn field_end(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let colon = from + bytes.get(from..)?.iter().position(|byte| *byte == b':')?;
        if colon > 0 && bytes[colon - 1] == b'"' && bytes.get(colon + 1) == Some(&b'"') {
            return Some(colon - 1);
        }
        from = colon + 1;
    }
}

/// Bytes up to the quote that ends a JSON string.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index,
            _ => {}
        }
    }
    text.len()
}

/// Whether a byte may begin what has to be masked, or be the middle of it.
const BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    let first = b"+0123456789@:akswB";
    let mut at = 0;
    while at < first.len() {
        begins[first[at] as usize] = true;
        at += 1;
    }
    begins
};

/// One pass over the text; `None` if nothing had to be masked.
fn mask_patterns(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    // Most letters begin nothing.
    while let Some(ahead) = bytes[at..].iter().position(|byte| BEGINS[usize::from(*byte)]) {
        at += ahead;
        let found = match bytes[at] {
            b'+' | b'0'..=b'9' => telephone(bytes, at),
            b'@' => email(text, copied, at),
            b':' if bytes[at..].starts_with(b"://") => userinfo(bytes, at),
            b'a' | b'k' | b's' | b'w' | b'B' => token(text, at),
            _ => None,
        };
        match found {
            Some((start, end)) => {
                out.push_str(&text[copied..start]);
                out.push_str(SHOWN);
                copied = end;
                at = end;
            }
            // A run of digits is judged as a whole: its tail is not another number.
            None if bytes[at].is_ascii_digit() => {
                while at < bytes.len() && bytes[at].is_ascii_digit() {
                    at += 1;
                }
            }
            None => at += 1,
        }
    }
    (copied > 0).then(|| {
        out.push_str(&text[copied..]);
        out
    })
}

fn telephone(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let before = at.checked_sub(1).map(|index| bytes[index]);
    let inside_word =
        before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-') || b >= 0x80);
    let international = bytes[at] == b'+';
    if inside_word && !international {
        return None;
    }
    let first = if international { at + 1 } else { at };
    let (count, end) = digit_run(bytes, first);
    if international {
        return (count >= 7).then_some((at, end));
    }
    // A word or a decimal fraction that begins with digits is no telephone number.
    if bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')) {
        return None;
    }
    let national = bytes[first] == b'0' && (8..=17).contains(&count);
    let with_country = end - first == count
        && (11..=14).contains(&count)
        && COUNTRIES.iter().any(|code| bytes[first..].starts_with(code.as_bytes()));
    (national || with_country).then_some((at, end))
}

/// How many digits there are from `at` on, over a few separators between them, and where they end.
fn digit_run(bytes: &[u8], at: usize) -> (usize, usize) {
    let mut count = 0;
    let mut end = at;
    let mut index = at;
    while let Some(&byte) = bytes.get(index) {
        if byte.is_ascii_digit() {
            count += 1;
            index += 1;
            end = index;
        } else if matches!(byte, b' ' | b'-' | b'/' | b'(' | b')') && index - end < 3 {
            index += 1;
        } else {
            break;
        }
    }
    (count, end)
}

fn email(text: &str, copied: usize, at: usize) -> Option<(usize, usize)> {
    let local_len: usize = text[copied..at]
        .chars()
        .rev()
        .take_while(|c| c.is_alphanumeric() || ".!#$%&'*+-=?^_`{|}~".contains(*c))
        .map(char::len_utf8)
        .sum();
    let domain_len: usize = text[at + 1..]
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        .map(char::len_utf8)
        .sum();
    let domain = text[at + 1..at + 1 + domain_len].trim_end_matches('.');
    (local_len > 0 && domain.contains('.')).then_some((at - local_len, at + 1 + domain.len()))
}

/// `user:password` between `://` and `@`.
fn userinfo(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at + 3;
    let mut index = start;
    while let Some(&byte) = bytes.get(index) {
        match byte {
            b'@' if index > start => return Some((start, index)),
            b'/' | b'?' | b'#' | b'"' | b'\\' | b' ' | b'@' => return None,
            _ => index += 1,
        }
    }
    None
}

fn token(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &text.as_bytes()[at..];
    let beginning = TOKENS.iter().find(|beginning| rest.starts_with(beginning.as_bytes()))?;
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let start = at + beginning.len();
    let length = text[start..]
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'='))
        .count();
    (length >= TOKEN_MIN).then_some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_a_person_is_masked() {
        for text in [
            "+491701112233",
            "+49 170 1112233",
            "+49 (0)40 / 555-100",
            "0170 1112233",
            "0170-1112233",
            "040/5551009",
            "00491701112233",
            "491701112233",
            "tel:01701112233",
            "erika@example.org",
            "Erika.Muster+termin@mail.example.org",
            "müller@example.de",
            "ask_abcdefgh12345678",
            "key_0123456789abcdef",
            "Bearer eyJhbGciOi.xyz",
            "postgres://gateway:hunter2@localhost/askpro",
        ] {
            let masked = line(text).into_owned();
            for secret in ["1112233", "555", "xample", "rika", "abcdefgh", "0123456", "eyJ", "hunter2"] {
                assert!(!masked.contains(secret), "{text} -> {masked}");
            }
            assert!(masked.contains(SHOWN), "{text} -> {masked}");
        }
    }

    #[test]
    fn what_helps_an_operator_stays() {
        for text in [
            "2026-11-21T08:01:27.012345678Z",
            "2026-11-21T08:01:27+01:00",
            "cal_0199f3a2b4c5d6e7f8091a2b3c4d5e6f",
            "00000000-0000-0000-0000-000000000001",
            "start_timestamp=1763918400123",
            "duration_us=12345678 rate=0.012345678",
            "askpro_key_total key_id",
            "127.0.0.1:8080 -> 10.0.0.1:54321",
            "http://127.0.0.1:8080/api/health?a=b@c",
            "v0.1.0 @ start",
            "version 20261121075600_engine",
            "+1 +12 +123456",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn fields_with_telling_names_are_masked_whatever_they_hold() {
        assert_eq!(
            line(r#"{"phone":"none of \"your\" business","service":"Bartpflege","transcript":""}"#),
            r#"{"phone":"[masked]","service":"Bartpflege","transcript":""}"#
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_twice_is_once(text in "\\PC{0,80}") {
            let once = line(&text).into_owned();
            prop_assert_eq!(line(&once).into_owned(), once.clone());
        }

        #[test]
        fn json_stays_json(values in proptest::collection::vec("[-+0-9a-z@.:/_\"\\\\ ()öä]{0,30}", 1..6)) {
            let json: serde_json::Map<String, serde_json::Value> = values
                .iter()
                .enumerate()
                .map(|(index, value)| (format!("field{index}"), serde_json::Value::from(value.as_str())))
                .collect();
            let text = serde_json::to_string(&json).unwrap();
            let masked = line(&text).into_owned();
            prop_assert!(serde_json::from_str::<serde_json::Value>(&masked).is_ok(), "{} -> {}", text, masked);
        }

        #[test]
        fn every_international_number_disappears(country in 1_u32..999, rest in 1_000_000_u64..999_999_999) {
            let text = format!("x=\"+{country}{rest}\"");
            prop_assert!(!line(&text).contains(&rest.to_string()), "{}", text);
        }
    }
}
