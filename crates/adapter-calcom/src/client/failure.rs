//! What a failure means. The three ways in which a write does not succeed are told apart here and nowhere else.

use appointment::calendar::{ReadFailure, RefusalReason, WriteFailure};

use super::exchange::{Answer, Cut, Trouble};
use crate::config::Stem;
use crate::json::Object;

/// Names of things that we send. Others' words may contain names of people and are not repeated.
const OUR_FIELDS: [&str; 16] = [
    "eventTypeId",
    "start",
    "attendee",
    "attendee.name",
    "attendee.email",
    "attendee.phoneNumber",
    "attendee.timeZone",
    "attendee.language",
    "bookingFieldsResponses",
    "metadata",
    "cancellationReason",
    "reschedulingReason",
    "subscriberUrl",
    "triggers",
    "slotStart",
    "reservationDuration",
];

/// Longest code of a provider that is repeated, in bytes.
const MAX_CODE: usize = 60;

/// Status of what the key may not see or do. About one booking it says nothing about the key: it may be another's.
pub(super) const FORBIDDEN: u16 = 403;

/// The body of a good answer to a question, which may be about the account or about one thing in it.
pub(super) fn read(outcome: Result<Answer, Trouble>, of_account: bool) -> Result<Vec<u8>, ReadFailure> {
    let answer = outcome.map_err(|trouble| ReadFailure::Unavailable { why: trouble.word().to_owned() })?;
    match answer.status {
        200..=299 => answer.body.map_err(|cut| match cut {
            Cut::TooLong => malformed(cut.word()),
            Cut::Broken(why) => ReadFailure::Unavailable { why: why.to_owned() },
        }),
        408 | 429 | 500.. => Err(ReadFailure::Unavailable { why: status_word(answer.status) }),
        FORBIDDEN if !of_account => Err(ReadFailure::Withheld { code: code(answer.status, &words(&answer)) }),
        400..=499 => Err(ReadFailure::Refused { code: code(answer.status, &words(&answer)) }),
        _ => Err(malformed(&status_word(answer.status))),
    }
}

/// The body of a good answer to a change, of the account or of one thing in it.
pub(super) fn write(
    outcome: Result<Answer, Trouble>,
    of_account: bool,
    stems: &[Stem],
) -> Result<Vec<u8>, WriteFailure> {
    let answer = outcome.map_err(|trouble| match trouble {
        Trouble::NotSent(why) => WriteFailure::NotSent { why: why.to_owned() },
        Trouble::Lost(why) => unknown(why),
    })?;
    match answer.status {
        200..=299 => answer.body.map_err(|cut| unknown(cut.word())),
        429 => Err(WriteFailure::NotSent { why: status_word(answer.status) }),
        // The provider itself did nothing; whoever stands before it may say the same after the provider has done it.
        503 if is_of_the_provider(&answer) => Err(WriteFailure::NotSent { why: status_word(answer.status) }),
        // The limits of an event type are refused like this, too; everything else that is forbidden with one booking is not
        // about its time.
        FORBIDDEN if !of_account => {
            Err(by_words(&answer, stems.iter().filter(|stem| stem.reason.is_about_time())))
        }
        401 | FORBIDDEN | 498 => Err(refused(RefusalReason::Unauthorized, &answer, None)),
        404 => Err(refused(RefusalReason::NotFound, &answer, None)),
        // The reason is in the words: without them it is better looked up than guessed.
        400 | 409 | 422 if answer.body.is_err() => Err(unknown(&status_word(answer.status))),
        400 | 409 | 422 => Err(by_words(&answer, stems.iter())),
        400..=499 if answer.status != 408 => Err(refused(RefusalReason::Invalid, &answer, None)),
        // A redirection (it is not followed), a request that timed out there, and every error of a server.
        _ => Err(unknown(&status_word(answer.status))),
    }
}

/// The reason as the sentence says it, else as the code does: newer servers put a word there that older ones said.
fn by_words<'a>(answer: &Answer, mut stems: impl Iterator<Item = &'a Stem> + Clone) -> WriteFailure {
    let words = words(answer);
    let said = words.message.to_lowercase().replace('\u{2019}', "'");
    let code = words.code.unwrap_or_default().to_lowercase();
    let in_code = stems.clone().find(|stem| code.contains(&stem.text.to_lowercase()));
    let stem = stems.find(|stem| said.contains(&stem.text.to_lowercase())).or(in_code);
    refused(stem.map_or(RefusalReason::Invalid, |stem| stem.reason), answer, stem)
}

fn refused(reason: RefusalReason, answer: &Answer, stem: Option<&Stem>) -> WriteFailure {
    let words = words(answer);
    let mut detail = code(answer.status, &words);
    if let Some(stem) = stem {
        detail = format!("{detail}: {}", stem.text);
    } else {
        let named = |field: &&str| {
            words.message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).any(|word| word == *field)
        };
        let fields: Vec<_> = OUR_FIELDS.iter().copied().filter(named).collect();
        if !fields.is_empty() {
            detail = format!("{detail}: {}", fields.join(", "));
        }
    }
    WriteFailure::Refused { reason, detail }
}

#[derive(Default)]
struct Words {
    code: Option<String>,
    message: String,
}

/// What an error's body says; nothing if it is no error in the provider's form.
fn words(answer: &Answer) -> Words {
    let Ok(bytes) = &answer.body else { return Words::default() };
    let Ok(root) = Object::of_bytes(bytes) else { return Words::default() };
    let error = root.object(&["error"]).unwrap_or_default();
    let message =
        error.text(&["message", "details"]).or_else(|| error.object(&["details"])?.text(&["message"]));
    let message = message.or_else(|| root.text(&["message"]));
    Words { code: error.text(&["code"]), message: message.unwrap_or_default() }
}

/// Whether an error is written as the provider writes them: a status that says so, and a code with words.
fn is_of_the_provider(answer: &Answer) -> bool {
    let Ok(bytes) = &answer.body else { return false };
    let Ok(root) = Object::of_bytes(bytes) else { return false };
    root.text(&["status"]).as_deref() == Some("error")
        && root.object(&["error"]).is_some_and(|error| error.text(&["code"]).is_some())
}

fn code(status: u16, words: &Words) -> String {
    let is_code = |text: &&String| {
        text.len() <= MAX_CODE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match words.code.as_ref().filter(is_code) {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    }
}

fn status_word(status: u16) -> String {
    format!("status {status}")
}

pub(super) fn malformed(what: &str) -> ReadFailure {
    ReadFailure::Malformed { what: what.to_owned() }
}

pub(super) fn unknown(why: &str) -> WriteFailure {
    WriteFailure::Unknown { why: why.to_owned() }
}

/// The outermost object of free times. The provider documents a status here as everywhere, but its hosted service has been
/// seen to answer with the data alone; one that says something else than success is no answer.
pub(super) fn root_of_times(bytes: &[u8]) -> Result<Object<'_>, &'static str> {
    let root = Object::of_bytes(bytes).map_err(|_| "not an object")?;
    match root.raw(&["status"]) {
        Some(_) => self::root(bytes),
        None => Ok(root),
    }
}

/// A good answer's outermost object. Success is said, not assumed.
pub(super) fn root(bytes: &[u8]) -> Result<Object<'_>, &'static str> {
    let root = Object::of_bytes(bytes).map_err(|_| "not an object")?;
    match root.text(&["status"]).as_deref() {
        Some("success") => Ok(root),
        _ => Err("no success"),
    }
}
