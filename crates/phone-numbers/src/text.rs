//! From a text to the digits that were dialled.

use std::borrow::Cow;

use crate::Reason;

/// The most characters a number is looked for in.
const LONGEST: usize = 64;

/// The most characters an address with display name, host and parameters is looked at, for the part that matters.
const LONGEST_ADDRESS: usize = 256;

/// The most digits that can still become a number: two for `00`, fifteen, and a trunk zero.
const MOST_DIGITS: usize = 18;

/// The part of a text that holds a number: the user of a `sip:` address, the number of a `tel:` address, or else all of
/// it, without the blanks around it.
pub(crate) fn address(raw: &str) -> Result<Cow<'_, str>, Reason> {
    let text = raw.trim();
    let window = first_chars(text, LONGEST_ADDRESS);
    // `"Display name" <sip:...>`
    let inner = window.split_once('<').map(|(_, rest)| rest.split_once('>').map_or(rest, |(inner, _)| inner));
    let candidate = inner.unwrap_or(window);
    let Some((scheme, rest)) = candidate.split_once(':') else {
        return bounded(text).map(Cow::Borrowed);
    };
    let part = match scheme.trim().to_ascii_lowercase().as_str() {
        "sip" | "sips" => sip_user(rest)?,
        "tel" => {
            let (number, parameters) = rest.split_once(';').unwrap_or((rest, ""));
            // A local number in a context that would have to be interpreted is not guessed at.
            if !number.trim_start().starts_with('+')
                && parameters.to_ascii_lowercase().contains("phone-context=")
            {
                return Err(Reason::NotANumber);
            }
            number
        }
        _ => return bounded(text).map(Cow::Borrowed),
    };
    let part = bounded(part.trim())?;
    // A plus sign may come percent-encoded.
    match part.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("%2b") => Ok(Cow::Owned(format!("+{}", &part[3..]))),
        _ => Ok(Cow::Borrowed(part)),
    }
}

/// The user part of what follows `sip:`. Without a user there is a host alone, whose digits are no number's; a number
/// that stands there all the same shows itself by its plus sign.
fn sip_user(rest: &str) -> Result<&str, Reason> {
    let user = match rest.split_once('@') {
        Some((user, _)) => user,
        None if rest.starts_with('+') => rest,
        None => return Err(Reason::NotANumber),
    };
    // Parameters of the user, and the password that the grammar still allows.
    Ok(user.split([';', ':']).next().unwrap_or(user))
}

fn bounded(text: &str) -> Result<&str, Reason> {
    if first_chars(text, LONGEST).len() < text.len() { Err(Reason::TooLong) } else { Ok(text) }
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

/// Digits, and whether a plus sign stood before them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dialled {
    pub(crate) plus: bool,
    pub(crate) digits: String,
}

impl Dialled {
    /// Reads digits and drops what people put between them.
    pub(crate) fn read(address: &str) -> Result<Self, Reason> {
        let mut dialled = Self { plus: false, digits: String::new() };
        for letter in address.chars() {
            match letter {
                '0'..='9' => dialled.digits.push(letter),
                // Full-width forms, as Asian keyboards write them.
                '０'..='９' => dialled.digits.extend(
                    u32::from(letter)
                        .checked_sub(u32::from('０'))
                        .and_then(|digit| char::from_digit(digit, 10)),
                ),
                '+' | '＋' if !dialled.plus && dialled.digits.is_empty() => dialled.plus = true,
                _ if is_separator(letter) => {}
                _ => return Err(Reason::NotANumber),
            }
        }
        match dialled.digits.len() {
            0 => Err(Reason::NotANumber),
            count if count > MOST_DIGITS => Err(Reason::TooManyDigits),
            _ => Ok(dialled),
        }
    }
}

/// What people, and the programs they copy from, put between digits: blanks, hyphens, slashes, brackets, and marks
/// that cannot be seen.
fn is_separator(letter: char) -> bool {
    matches!(
        letter,
        '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{ff08}'
            | '\u{ff09}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    ) || letter.is_whitespace()
}
