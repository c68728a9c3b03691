//! Paths into a reply.

use serde_json::Value;

/// The value at a dotted path (`alternatives[0].slot_id`) or a JSON pointer (`/alternatives/0/slot_id`). An empty path
/// is the whole value.
#[must_use]
pub fn at_path<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.starts_with('/') {
        return value.pointer(path);
    }
    let steps = path.split(['.', '[']).filter(|step| !step.is_empty());
    steps.map(|step| step.strip_suffix(']').unwrap_or(step)).try_fold(value, |inner, step| match inner {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Object(fields) => fields.get(step),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_lead_there() {
        let value = json!({"alternatives": [{"slot_id": "a"}, {"slot_id": "b"}], "x": {"0": 1}});
        for path in ["alternatives[1].slot_id", "alternatives.1.slot_id", "/alternatives/1/slot_id"] {
            assert_eq!(at_path(&value, path), Some(&json!("b")), "{path}");
        }
        assert_eq!(at_path(&value, "x.0"), Some(&json!(1)));
        assert_eq!(at_path(&value, ""), Some(&value));
        for path in ["alternatives[2]", "alternatives[x]", "x.y", "x.0.z", "/x/y"] {
            assert_eq!(at_path(&value, path), None, "{path}");
        }
    }
}
