//! `${name.path}` in arguments and expectations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ScriptError, at_path};

/// What names stand for.
pub type Names = BTreeMap<String, Value>;

/// Fills names in, wherever a text has them. A text that is one name alone becomes the value itself; `$${` stays `${`.
///
/// # Errors
/// [`ScriptError`] if a name or a path leads nowhere, or a name is not closed.
pub fn fill(value: &Value, names: &Names) -> Result<Value, ScriptError> {
    Ok(match value {
        Value::String(text) => fill_text(text, names)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| Ok((name.clone(), fill(field, names)?)))
                .collect::<Result<Map<_, _>, ScriptError>>()?,
        ),
        plain => plain.clone(),
    })
}

fn fill_text(text: &str, names: &Names) -> Result<Value, ScriptError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from_mark) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = &from_mark[2..];
            continue;
        }
        let Some(end) = from_mark.find('}') else {
            return Err(ScriptError(format!("`{text}` has an open `${{`")));
        };
        let found = look_up(from_mark[2..end].trim(), names)?;
        filled.push_str(before);
        rest = &from_mark[end + 1..];
        if filled.is_empty() && rest.is_empty() {
            return Ok(found.clone());
        }
        match found {
            Value::String(inner) => filled.push_str(inner),
            other => filled.push_str(&other.to_string()),
        }
    }
    filled.push_str(rest);
    Ok(Value::String(filled))
}

fn look_up<'a>(expression: &str, names: &'a Names) -> Result<&'a Value, ScriptError> {
    let (name, path) = match expression.find(['.', '[', '/']) {
        Some(end) => expression.split_at(end),
        None => (expression, ""),
    };
    let known = names.get(name).ok_or_else(|| {
        let all: Vec<&str> = names.keys().map(String::as_str).collect();
        ScriptError(format!("`${{{expression}}}`: no `{name}`; there are {}", all.join(", ")))
    })?;
    at_path(known, path).ok_or_else(|| ScriptError(format!("`${{{expression}}}` leads nowhere")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn names() -> Names {
        Names::from([
            ("last".to_owned(), json!({"alternatives": [{"slot_id": "slot_a", "n": 3}]})),
            ("morgen".to_owned(), json!("2026-11-24")),
        ])
    }

    #[test]
    fn names_are_filled_in() {
        let filled = fill(
            &json!({"slot": "${last.alternatives[0].slot_id}", "n": "${last.alternatives[0].n}",
                "text": ["am ${morgen} um ${last.alternatives[0].n}", "$${morgen}", 7]}),
            &names(),
        );
        assert_eq!(
            filled.unwrap(),
            json!({"slot": "slot_a", "n": 3, "text": ["am 2026-11-24 um 3", "${morgen}", 7]})
        );
    }

    #[test]
    fn what_leads_nowhere_is_said() {
        for (text, expected) in [
            ("${last.alternatives[9].slot_id}", "nowhere"),
            ("${gestern}", "no `gestern`; there are last, morgen"),
            ("${morgen", "open"),
        ] {
            let error = fill(&json!(text), &names()).unwrap_err();
            assert!(error.0.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[${}.a\\[\\]]{0,20}") {
            let _ = fill(&json!(text), &names());
        }
    }
}
