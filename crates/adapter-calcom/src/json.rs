//! Lenient reading of JSON: a value of an unexpected kind is an absent value, and what nobody asks for is not read.
//!
//! Values stay text until somebody asks. So one broken word in a title (half a surrogate pair, say, which JavaScript
//! writes without hesitation) costs that title and not the whole listing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

/// Longest text that is read, in characters; the provider does not say how long its texts may be.
const MAX_TEXT: usize = 500;

/// Why bytes are not an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAnObject {
    /// They are no JSON.
    NotJson,
    /// They are some other JSON.
    OtherJson,
}

/// One JSON object. Of repeated names the last one counts.
#[derive(Clone, Default)]
pub(crate) struct Object<'a>(HashMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// The object that these bytes are.
    pub(crate) fn of_bytes(bytes: &'a [u8]) -> Result<Self, NotAnObject> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|_| NotAnObject::NotJson)?;
        Self::of(raw).ok_or(NotAnObject::OtherJson)
    }

    /// The object that a value is.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().map(Self)
    }

    /// The first of these names that has a value; `null` is none.
    pub(crate) fn raw(&self, names: &[&str]) -> Option<&'a RawValue> {
        let mut values = names.iter().filter_map(|name| self.0.get(*name).copied());
        values.find(|raw| raw.get() != "null")
    }

    /// All values with their names, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), *raw))
    }

    /// The first of these that is a text with something in it.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| text_of(self.raw(&[name])?))
    }

    /// The first of these that is a text or a whole number, as text: ids are sometimes one, sometimes the other.
    pub(crate) fn id(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            let raw = self.raw(&[name])?;
            text_of(raw).or_else(|| serde_json::from_str::<i64>(raw.get()).ok().map(|id| id.to_string()))
        })
    }

    /// A text as it came, of any length, or a whole number: for what goes back to where it came from.
    pub(crate) fn exact(&self, names: &[&str]) -> Option<String> {
        let raw = self.raw(names)?.get();
        let text = serde_json::from_str(raw).ok();
        text.or_else(|| serde_json::from_str::<i64>(raw).ok().map(|number| number.to_string()))
    }

    /// A count; also one that is written as a text.
    pub(crate) fn count(&self, names: &[&str]) -> Option<u32> {
        let raw = self.raw(names)?;
        serde_json::from_str(raw.get()).ok().or_else(|| text_of(raw)?.parse().ok())
    }

    /// A truth value.
    pub(crate) fn boolean(&self, names: &[&str]) -> Option<bool> {
        serde_json::from_str(self.raw(names)?.get()).ok()
    }

    /// An instant in ISO form, with whatever offset.
    pub(crate) fn instant(&self, names: &[&str]) -> Option<DateTime<Utc>> {
        let text = self.text(names)?;
        DateTime::parse_from_rfc3339(&text).ok().map(|instant| instant.to_utc())
    }

    /// An object.
    pub(crate) fn object(&self, names: &[&str]) -> Option<Object<'a>> {
        Object::of(self.raw(names)?)
    }

    /// The elements of a list.
    pub(crate) fn list(&self, names: &[&str]) -> Option<Vec<&'a RawValue>> {
        list_of(self.raw(names)?)
    }

    /// The elements of a list that are objects.
    pub(crate) fn objects(&self, names: &[&str]) -> Vec<Object<'a>> {
        self.list(names).unwrap_or_default().into_iter().filter_map(Object::of).collect()
    }
}

/// The elements of the list that a value is.
pub(crate) fn list_of(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A text without control characters, cut to what we keep; `None` if nothing is left.
fn text_of(raw: &RawValue) -> Option<String> {
    let text: String = serde_json::from_str(raw.get()).ok()?;
    let kept: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    (!kept.is_empty()).then_some(kept)
}
