//! Lenient reading of JSON objects: a value of an unexpected kind is an absent value.
//!
//! Values are kept as their text until somebody asks for them. What nobody asks for (most of a call object) is skipped
//! without being built, and numbers can be read from their text.

use std::collections::HashMap;

use call::clean_text;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::number::scaled;
use super::{DecodeError, Identity};

/// Longest id, name or word that is read, in characters.
pub(crate) const MAX_WORD: usize = 200;

/// One JSON object. Of repeated names the last one counts, as in most readers.
#[derive(Default)]
pub(crate) struct Object<'a>(HashMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// The object that a body is.
    pub(crate) fn of_body(body: &'a [u8]) -> Result<Self, DecodeError> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|_| DecodeError::NotJson)?;
        Self::of(raw).ok_or_else(|| DecodeError::undecodable("not an object", Identity::default()))
    }

    /// The object that a value is.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().map(Self)
    }

    /// The first of these names that has a value.
    pub(crate) fn raw(&self, names: &[&str]) -> Option<&'a RawValue> {
        let mut values = names.iter().filter_map(|name| self.0.get(*name).copied());
        values.find(|raw| raw.get() != "null")
    }

    /// A text, cleaned and not empty.
    pub(crate) fn text(&self, names: &[&str], max_chars: usize) -> Option<String> {
        let text: String = serde_json::from_str(self.raw(names)?.get()).ok()?;
        clean_text(&text, max_chars)
    }

    /// A whole number that is not negative; also one that is written as `4.0` or `"4"`.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.decimal(name, 0)
    }

    /// A number that is not negative, as a count of `10^-places`; also one that is written as a text.
    pub(crate) fn decimal(&self, name: &str, places: i64) -> Option<i64> {
        let raw = self.raw(&[name])?.get();
        if raw.starts_with('"') {
            let text: String = serde_json::from_str(raw).ok()?;
            return scaled(text.trim(), places);
        }
        scaled(raw, places)
    }

    /// A truth value.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        serde_json::from_str(self.raw(&[name])?.get()).ok()
    }

    /// An instant in milliseconds since 1970.
    pub(crate) fn instant(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.integer(name)?)
    }

    /// An object.
    pub(crate) fn object(&self, names: &[&str]) -> Option<Object<'a>> {
        Object::of(self.raw(names)?)
    }

    /// The elements of a list.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.raw(&[name])?.get()).ok()
    }
}
