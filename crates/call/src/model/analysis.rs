//! What the provider's analysis and meters say about a call beyond our own fields.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// Most bytes of an analysis that are kept: a form of some dozens of short answers. What is longer is not cut, since half
/// a document is none, but left out.
pub const MAX_ANALYSIS_BYTES: usize = 16_384;
/// Most parts whose latency is kept; the provider has seven.
pub const MAX_LATENCY_PARTS: usize = 20;

/// A JSON object out of a conversation, in one form: names in order, numbers written in one way, nothing that a store
/// would change. `Debug` shows its size alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivateJson(String);

impl PrivateJson {
    /// Reads an object and brings it into its one form. `None` if it is no object, empty, or larger than
    /// [`MAX_ANALYSIS_BYTES`].
    ///
    /// The form depends on the value alone, and reading it again changes nothing: the merge compares these texts.
    #[must_use]
    pub fn clean(text: &str) -> Option<Self> {
        let Value::Object(entries) = serde_json::from_str(text).ok()? else { return None };
        if entries.is_empty() {
            return None;
        }
        let canonical = canonical(Value::Object(entries)).to_string();
        (canonical.len() <= MAX_ANALYSIS_BYTES).then_some(Self(canonical))
    }

    /// The document, for storing and for those who may see it; not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "private({} bytes of JSON)", self.0.len())
    }
}

fn canonical(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut sorted: Vec<(String, Value)> =
                entries.into_iter().map(|(name, value)| (storable(&name), canonical(value))).collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(canonical).collect()),
        Value::String(text) => Value::String(storable(&text)),
        Value::Number(number) => Value::Number(plain(&number).unwrap_or(number)),
        other => other,
    }
}

/// NUL is the one character that no Postgres text can hold.
fn storable(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').collect()
}

/// A number with a fraction, to fourteen digits: readers differ in the last ones of what they take for the nearest float.
/// One that turns out whole becomes the integer that it is, since a store writes 1e16 with its digits.
fn plain(number: &Number) -> Option<Number> {
    if number.is_u64() || number.is_i64() {
        return None;
    }
    let rounded: f64 = format!("{:.13e}", number.as_f64()?).parse().ok()?;
    if rounded.fract() != 0.0 {
        return Number::from_f64(rounded);
    }
    let written = format!("{rounded:.0}");
    let integer = written.parse::<i64>().map(Number::from);
    integer.or_else(|_| written.parse::<u64>().map(Number::from)).ok().or_else(|| Number::from_f64(rounded))
}

/// How long one part of the assistant took, in whole milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct PartLatency {
    /// The provider's name of the part: `e2e`, `llm`, `tts`, …
    pub part: String,
    /// Half of the turns were faster.
    pub p50: Option<i64>,
    /// Nine of ten were.
    pub p90: Option<i64>,
    /// Nineteen of twenty were.
    pub p95: Option<i64>,
    /// Ninety-nine of a hundred were.
    pub p99: Option<i64>,
    /// The slowest.
    pub max: Option<i64>,
    /// Turns measured.
    pub turns: Option<i64>,
}

impl PartLatency {
    /// Without what cannot be true; `None` if nothing is left.
    pub(super) fn cleaned(self, part: Option<String>, longest: i64) -> Option<Self> {
        let time = |ms: Option<i64>| ms.filter(|ms| (0..=longest).contains(ms));
        let kept = Self {
            part: part?,
            p50: time(self.p50),
            p90: time(self.p90),
            p95: time(self.p95),
            p99: time(self.p99),
            max: time(self.max),
            turns: self.turns.filter(|turns| (0..=1_000_000).contains(turns)),
        };
        let figures = [kept.p50, kept.p90, kept.p95, kept.p99, kept.max];
        figures.iter().any(Option::is_some).then_some(kept)
    }
}

/// How many tokens the language model used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Requests to the model.
    pub requests: i64,
    /// Tokens of all requests, if each was told.
    pub total: Option<i64>,
    /// Tokens of an average request.
    pub average: Option<i64>,
}

impl TokenUsage {
    /// Without what cannot be true; `None` if nothing is left.
    pub(super) fn cleaned(self) -> Option<Self> {
        let believable = |count: i64| (0..=1_000_000_000_000).contains(&count);
        believable(self.requests).then(|| Self {
            requests: self.requests,
            total: self.total.filter(|count| believable(*count)),
            average: self.average.filter(|count| believable(*count)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_value_has_one_form_and_is_not_shown() {
        let forms = [
            r#"{"b": [1.0, null], "a": {"z": "x", "y": 1e16}}"#,
            r#"{"a":{"y":10000000000000000,"z":"x\u0000"},"b":[1,null]}"#,
        ];
        let [first, second] = forms.map(|form| PrivateJson::clean(form).unwrap());
        assert_eq!(first, second);
        assert_eq!(first.as_str(), r#"{"a":{"y":10000000000000000,"z":"x"},"b":[1,null]}"#);
        assert!(!format!("{first:?}").contains('z'));
        for nothing in ["[]", "{}", "3", "{", r#""text""#, ""] {
            assert_eq!(PrivateJson::clean(nothing), None, "{nothing}");
        }
        assert_eq!(PrivateJson::clean(&format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_ANALYSIS_BYTES))), None);
    }

    proptest! {
        #[test]
        fn cleaning_is_idempotent(
            text in "[a\u{0}ü\"]{0,4}", float in any::<f64>().prop_filter("JSON has none", |f| f.is_finite()),
            integer in any::<i64>(),
        ) {
            let value = serde_json::json!({ text.clone(): [text, float, integer], "n": -0.0 });
            if let Some(once) = PrivateJson::clean(&value.to_string()) {
                prop_assert_eq!(PrivateJson::clean(once.as_str()), Some(once.clone()));
            }
        }
    }
}
