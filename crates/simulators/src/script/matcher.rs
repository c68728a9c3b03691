//! What a value is expected to be.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Names, ScriptError, fill};

/// An expectation about one value. Written as the value itself, or as one or more operators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Matcher {
    /// `{is: value}` or the value itself: equal; numbers by value.
    Is(Value),
    /// `{not: value}`: present and not equal.
    Not(Value),
    /// `{one_of: [values]}`: equal to one of them.
    OneOf(Vec<Value>),
    /// `{contains: value}`: a text with that part, or a list with that element.
    Contains(Value),
    /// `{starts_with: text}`: a text that begins so.
    StartsWith(String),
    /// `{at_least: number}`.
    AtLeast(f64),
    /// `{at_most: number}`.
    AtMost(f64),
    /// `{count: expectation}`: the number of elements of a list, fields of an object or characters of a text.
    Count(Box<Matcher>),
    /// `{present: true}` or `{present: false}`; `null` is not present.
    Present(bool),
    /// Several operators in one object: all of them.
    All(Vec<Matcher>),
}

impl Matcher {
    /// Checks a value, `None` if there is none.
    ///
    /// # Errors
    /// What was expected and what is there.
    pub fn check(&self, actual: Option<&Value>) -> Result<(), String> {
        let shown = || actual.map_or_else(|| "nothing".to_owned(), abbreviated);
        let holds = match self {
            Self::Is(expected) => actual.is_some_and(|actual| equal(actual, expected)),
            Self::Not(unwanted) => actual.is_some_and(|actual| !equal(actual, unwanted)),
            Self::OneOf(options) => {
                actual.is_some_and(|actual| options.iter().any(|option| equal(actual, option)))
            }
            Self::Contains(part) => match (actual, part) {
                (Some(Value::String(text)), Value::String(part)) => text.contains(part),
                (Some(Value::Array(items)), part) => items.iter().any(|item| equal(item, part)),
                _ => false,
            },
            Self::StartsWith(start) => {
                actual.and_then(Value::as_str).is_some_and(|text| text.starts_with(start))
            }
            Self::AtLeast(least) => number(actual).is_some_and(|number| number >= *least),
            Self::AtMost(most) => number(actual).is_some_and(|number| number <= *most),
            Self::Count(expected) => {
                return match count(actual) {
                    Some(count) => expected.check(Some(&Value::from(count))),
                    None => Err(format!("expected something to count, found {}", shown())),
                };
            }
            Self::Present(wanted) => actual.is_some_and(|actual| !actual.is_null()) == *wanted,
            Self::All(all) => return all.iter().try_for_each(|one| one.check(actual)),
        };
        if holds {
            Ok(())
        } else {
            let expected = abbreviated(&self.clone().into());
            Err(format!("expected {expected}, found {}", shown()))
        }
    }

    /// The same expectation with names filled in.
    ///
    /// # Errors
    /// [`ScriptError`] if a name or a path leads nowhere.
    pub fn filled(&self, names: &Names) -> Result<Self, ScriptError> {
        Self::try_from(fill(&self.clone().into(), names)?)
    }
}

impl TryFrom<Value> for Matcher {
    type Error = ScriptError;

    fn try_from(written: Value) -> Result<Self, ScriptError> {
        let Value::Object(operators) = written else {
            return Ok(Self::Is(written));
        };
        let mut all = operators
            .into_iter()
            .map(|(operator, operand)| Self::operator(&operator, operand))
            .collect::<Result<Vec<_>, _>>()?;
        match all.len() {
            0 => Err(ScriptError(
                "an expectation without an operator; `{is: {}}` is an empty object".to_owned(),
            )),
            1 => Ok(all.remove(0)),
            _ => Ok(Self::All(all)),
        }
    }
}

impl Matcher {
    fn operator(operator: &str, operand: Value) -> Result<Self, ScriptError> {
        let wrong = |needs: &str| ScriptError(format!("`{operator}` needs {needs}"));
        Ok(match operator {
            "is" => Self::Is(operand),
            "not" => Self::Not(operand),
            "one_of" => match operand {
                Value::Array(options) => Self::OneOf(options),
                _ => return Err(wrong("a list")),
            },
            "contains" => Self::Contains(operand),
            "starts_with" => match operand {
                Value::String(start) => Self::StartsWith(start),
                _ => return Err(wrong("a text")),
            },
            "at_least" => Self::AtLeast(operand.as_f64().ok_or_else(|| wrong("a number"))?),
            "at_most" => Self::AtMost(operand.as_f64().ok_or_else(|| wrong("a number"))?),
            "count" => Self::Count(Box::new(Self::try_from(operand)?)),
            "present" => Self::Present(operand.as_bool().ok_or_else(|| wrong("true or false"))?),
            other => {
                return Err(ScriptError(format!("no operator `{other}`; for an object write `{{is: …}}`")));
            }
        })
    }

    fn written(self) -> (&'static str, Value) {
        match self {
            Self::Is(value) => ("is", value),
            Self::Not(value) => ("not", value),
            Self::OneOf(options) => ("one_of", Value::Array(options)),
            Self::Contains(part) => ("contains", part),
            Self::StartsWith(start) => ("starts_with", Value::String(start)),
            Self::AtLeast(least) => ("at_least", Value::from(least)),
            Self::AtMost(most) => ("at_most", Value::from(most)),
            Self::Count(expected) => ("count", Value::from(*expected)),
            Self::Present(wanted) => ("present", Value::Bool(wanted)),
            // Several at once are written side by side.
            Self::All(all) => (
                "all",
                Value::Object(
                    all.into_iter()
                        .map(Self::written)
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                ),
            ),
        }
    }
}

impl From<Matcher> for Value {
    fn from(matcher: Matcher) -> Self {
        match matcher.written() {
            ("all", all) => all,
            (operator, operand) => Self::Object(Map::from_iter([(operator.to_owned(), operand)])),
        }
    }
}

/// Equality that does not tell `1` from `1.0`.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|found| equal(value, found)))
        }
        _ => one == other,
    }
}

fn number(actual: Option<&Value>) -> Option<f64> {
    actual.and_then(Value::as_f64)
}

fn count(actual: Option<&Value>) -> Option<usize> {
    match actual? {
        Value::Array(items) => Some(items.len()),
        Value::Object(fields) => Some(fields.len()),
        Value::String(text) => Some(text.chars().count()),
        _ => None,
    }
}

fn abbreviated(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 200 {
        return text;
    }
    text.chars().take(200).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(written: Value, actual: &Value) -> bool {
        Matcher::try_from(written).unwrap().check(Some(actual)).is_ok()
    }

    #[test]
    fn operators() {
        assert!(holds(json!(1), &json!(1.0)) && !holds(json!(1), &json!("1")));
        assert!(
            holds(json!({"is": {"a": [1]}}), &json!({"a": [1.0]}))
                && !holds(json!({"is": {}}), &json!({"a": 1}))
        );
        assert!(holds(json!({"not": "a"}), &json!("b")) && !holds(json!({"not": "a"}), &json!("a")));
        assert!(
            holds(json!({"one_of": ["a", "b"]}), &json!("b")) && !holds(json!({"one_of": []}), &json!("b"))
        );
        assert!(
            holds(json!({"contains": "Don"}), &json!("am Donnerstag"))
                && !holds(json!({"contains": "x"}), &json!("a"))
        );
        assert!(
            holds(json!({"contains": 2}), &json!([1, 2])) && !holds(json!({"contains": 3}), &json!([1, 2]))
        );
        assert!(
            holds(json!({"starts_with": "apt_"}), &json!("apt_1"))
                && !holds(json!({"starts_with": "x"}), &json!(1))
        );
        assert!(
            holds(json!({"at_least": 1, "at_most": 3}), &json!(3))
                && !holds(json!({"at_least": 1, "at_most": 3}), &json!(4))
        );
        assert!(
            holds(json!({"count": 2}), &json!([1, 2]))
                && holds(json!({"count": {"at_least": 1}}), &json!([1, 2]))
        );
        assert!(!holds(json!({"count": 2}), &json!([])) && !holds(json!({"count": 2}), &json!(2)));
        assert!(holds(json!({"present": false}), &json!(null)) && holds(json!({"present": true}), &json!(0)));
    }

    #[test]
    fn absence_meets_only_absence() {
        let check = |written: Value| Matcher::try_from(written).unwrap().check(None);
        assert!(check(json!({"present": false})).is_ok());
        for written in [json!(1), json!({"not": 1}), json!({"count": 0}), json!({"at_most": 9}), json!(null)]
        {
            let problem = check(written.clone()).unwrap_err();
            assert!(problem.contains("nothing"), "{written}: {problem}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for written in [
            json!({}),
            json!({"equals": 1}),
            json!({"one_of": 1}),
            json!({"at_least": "1"}),
            json!({"present": 1}),
        ] {
            assert!(Matcher::try_from(written).is_err());
        }
    }

    #[test]
    fn writing_and_reading_are_inverse() {
        for written in [
            json!({"is": 1}),
            json!({"at_least": 1.0, "count": {"one_of": [1]}}),
            json!({"contains": "a", "not": "b", "present": true, "starts_with": "c", "at_most": 2.0}),
        ] {
            let matcher = Matcher::try_from(written.clone()).unwrap();
            assert_eq!(Value::from(matcher), written);
        }
    }
}
