//! Reading arguments that a language model wrote: any name, any type, any length, any nonsense.

use serde_json::{Map, Value};

/// Longest text argument in characters. Notes are the longest honest ones; a model that loops writes megabytes.
pub(crate) const MAX_TEXT_CHARS: usize = 500;

/// Most texts of one list. More services than anybody has in one visit, so that too many can be said to be too many.
const MAX_LIST: usize = 20;

/// Words that a model writes where it has nothing to say.
const EMPTY_WORDS: &[&str] =
    &["", "null", "none", "undefined", "n/a", "unknown", "unbekannt", "leer", "-", "nicht angegeben"];

/// What a yes is, in lower case.
const YES: &[&str] = &[
    "bestaetigt",
    "bestätigt",
    "confirm",
    "confirmed",
    "correct",
    "einverstanden",
    "genau",
    "gern",
    "gerne",
    "ja",
    "jawohl",
    "jo",
    "korrekt",
    "ok",
    "okay",
    "passt",
    "richtig",
    "stimmt",
    "true",
    "y",
    "yes",
];
/// What may stand beside it.
const BESIDE_YES: &[&str] =
    &["bitte", "danke", "das", "es", "ich", "ist", "klar", "mach", "machen", "natürlich", "sie", "so", "wir"];
/// What makes a no of whatever stands beside it.
const NO: &[&str] = &["false", "kein", "keine", "nee", "nein", "nicht", "no", "nö", "stop", "stopp"];

/// The variable for today's date, unfilled.
const TODAY_WORDS: &[&str] = &["{{current_date}}", "current_date", "{{heute_datum}}"];

/// The arguments of one tool call.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a>(&'a Map<String, Value>);

/// An argument that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// First name of the argument.
    pub(crate) name: &'static str,
    pub(crate) why: Why,
}

/// Why an argument cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// More text than anybody says.
    TooLong,
    /// A list or an object where a word belongs, a word where a number belongs.
    WrongType,
    /// A number below what can be meant.
    TooSmall,
}

impl Why {
    /// The word that interfaces use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::WrongType => "wrong_type",
            Self::TooSmall => "too_small",
        }
    }
}

impl<'a> Args<'a> {
    pub(crate) const fn new(map: &'a Map<String, Value>) -> Self {
        Self(map)
    }

    /// The first of the names that carries something, as text. Numbers are read as they are written;
    /// booleans and placeholders (`{{…}}`, `null`, empty) count as absent.
    ///
    /// # Errors
    /// [`Unusable`] for text beyond [`MAX_TEXT_CHARS`], and for a list or an object under one of the names if no other
    /// carries anything.
    pub(crate) fn text(&self, names: &'static [&'static str]) -> Result<Option<String>, Unusable> {
        let unusable = |why| Unusable { name: names[0], why };
        let mut is_wrong = false;
        for name in names {
            match self.0.get(*name).map_or(Ok(None), read) {
                Ok(Some(text)) => return Ok(Some(text)),
                Ok(None) => {}
                Err(Why::WrongType) => is_wrong = true,
                Err(why) => return Err(unusable(why)),
            }
        }
        if is_wrong { Err(unusable(Why::WrongType)) } else { Ok(None) }
    }

    /// Whether any of these arguments carries text.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(crate) fn says_any(&self, arguments: &[&'static [&'static str]]) -> Result<bool, Unusable> {
        let mut anything = false;
        for argument in arguments {
            anything |= self.text(argument)?.is_some();
        }
        Ok(anything)
    }

    /// All of them.
    pub(crate) const fn all(&self) -> &'a Map<String, Value> {
        self.0
    }

    /// What this very name carries, if it carries anything.
    pub(crate) fn carried(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| match value {
            Value::Null => false,
            Value::String(_) => matches!(read(value), Ok(Some(_)) | Err(_)),
            Value::Array(list) => !list.is_empty(),
            _ => true,
        })
    }

    /// The same for an id: a yes or no in its place means something, but not which one.
    ///
    /// # Errors
    /// As [`Self::text`]; [`Why::WrongType`] for a boolean if no name carries an id.
    pub(crate) fn id(&self, names: &'static [&'static str]) -> Result<Option<String>, Unusable> {
        let text = self.text(names)?;
        let is_boolean = names.iter().any(|name| self.0.get(*name).is_some_and(Value::is_boolean));
        if text.is_none() && is_boolean {
            return Err(Unusable { name: names[0], why: Why::WrongType });
        }
        Ok(text)
    }

    /// The same where several can be said: the texts of a list in their order, one text alone, or none. What carries
    /// nothing in a list is left out.
    ///
    /// # Errors
    /// As [`Self::text`]; [`Why::TooLong`] for a list of more than [`MAX_LIST`].
    pub(crate) fn texts(&self, names: &'static [&'static str]) -> Result<Vec<String>, Unusable> {
        Ok(self.places(names)?.into_iter().flatten().collect())
    }

    /// The same where the place in the list means something: `None` is a place that carries nothing.
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub(crate) fn places(&self, names: &'static [&'static str]) -> Result<Vec<Option<String>>, Unusable> {
        let unusable = |why| Unusable { name: names[0], why };
        let mut is_wrong = false;
        for name in names {
            let said: Result<Vec<_>, Why> = match self.0.get(*name) {
                Some(Value::Array(list)) if list.len() > MAX_LIST => return Err(unusable(Why::TooLong)),
                Some(Value::Array(list)) => list.iter().map(read).collect(),
                Some(value) => read(value).map(|text| vec![text]),
                None => continue,
            };
            match said {
                Ok(places) if places.iter().any(Option::is_some) => return Ok(places),
                Ok(_) => {}
                Err(Why::WrongType) => is_wrong = true,
                Err(why) => return Err(unusable(why)),
            }
        }
        if is_wrong { Err(unusable(Why::WrongType)) } else { Ok(Vec::new()) }
    }

    /// A yes that is unmistakably one: `true`, `"Ja, bitte"`, `1`, and no no beside it. Everything else, also absence, is
    /// no.
    pub(crate) fn is_confirmed(&self, names: &[&str]) -> bool {
        self.choice(names) == Some(true)
    }

    /// Whether something else than a yes is said.
    pub(crate) fn is_refused(&self, names: &[&str]) -> bool {
        let said = names.iter().filter_map(|name| self.0.get(*name)).any(|said| match said {
            Value::String(text) => !EMPTY_WORDS.contains(&text.trim().to_lowercase().as_str()),
            other => !other.is_null(),
        });
        said && !self.is_confirmed(names)
    }

    /// A clear yes or a clear no, also in several words; a no under any of the names outweighs a yes. `None` if neither was said.
    pub(crate) fn choice(&self, names: &[&str]) -> Option<bool> {
        let said = names.iter().filter_map(|name| match self.0.get(*name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => {
                let text = text.to_lowercase();
                let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
                if words().any(|word| NO.contains(&word)) {
                    return Some(false);
                }
                let is_yes = words().any(|word| YES.contains(&word))
                    && words().all(|word| YES.contains(&word) || BESIDE_YES.contains(&word));
                is_yes.then_some(true)
            }
            Value::Number(number) => match number.as_i64() {
                Some(1) => Some(true),
                Some(0) => Some(false),
                _ => None,
            },
            _ => None,
        });
        said.reduce(|all, one| all && one)
    }

    /// A whole number from 1, also from text; more than `most` is `most`. `None` if there is none.
    ///
    /// # Errors
    /// [`Unusable`] for what is no whole number, and for numbers below 1.
    pub(crate) fn count(&self, names: &'static [&'static str], most: u32) -> Result<Option<u32>, Unusable> {
        let unusable = |why| Unusable { name: names[0], why };
        if names.iter().any(|name| self.0.get(*name).is_some_and(Value::is_boolean)) {
            return Err(unusable(Why::WrongType));
        }
        let Some(text) = self.text(names)? else { return Ok(None) };
        // A model may write a number with a point, and numbers beyond every integer.
        let number: f64 = text.parse().map_err(|_| unusable(Why::WrongType))?;
        if !number.is_finite() || number.fract() != 0.0 {
            return Err(unusable(Why::WrongType));
        }
        if number < 1.0 {
            return Err(unusable(Why::TooSmall));
        }
        Ok(Some((1..=most).rev().find(|count| f64::from(*count) <= number).unwrap_or(1)))
    }
}

/// One value as text; `None` if it carries nothing.
fn read(value: &Value) -> Result<Option<String>, Why> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return Ok(Some(number.to_string())),
        Value::Array(list) if !list.is_empty() => return Err(Why::WrongType),
        Value::Object(object) if !object.is_empty() => return Err(Why::WrongType),
        Value::Array(_) | Value::Object(_) | Value::Null | Value::Bool(_) => return Ok(None),
    };
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        return Err(Why::TooLong);
    }
    // Control characters end words, so that "Erika\0Muster" does not become one.
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    // Flows hand over the name of today's variable where it was not filled in.
    if TODAY_WORDS.contains(&clean) {
        return Ok(Some("heute".to_owned()));
    }
    let is_template = clean.contains("{{") || clean.contains("}}");
    if is_template || EMPTY_WORDS.iter().any(|word| clean.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    Ok(Some(clean.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_yes_is_no_id() {
        for (value, read) in [
            (json!("apt_1"), Ok(Some("apt_1".to_owned()))),
            (json!(true), Err(Why::WrongType)),
            (json!(false), Err(Why::WrongType)),
            (json!(null), Ok(None)),
        ] {
            let map = json!({"appointment_id": value}).as_object().cloned().unwrap();
            let found = Args::new(&map).id(&["appointment_id", "termin_id"]);
            assert_eq!(found.map_err(|unusable| unusable.why), read, "{value}");
        }
    }

    const NAMES: &[&str] = &["datum", "date"];

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn placeholders_count_as_absent() {
        for nothing in
            [json!(null), json!(""), json!("  "), json!("None"), json!("{{kunde}}"), json!([1]), json!({})]
        {
            let args = map(json!({"datum": nothing, "date": "morgen"}));
            assert_eq!(Args::new(&args).text(NAMES), Ok(Some("morgen".to_owned())));
        }
    }

    #[test]
    fn an_unfilled_variable_of_today_is_today() {
        let args = map(json!({"datum": "{{current_date}}"}));
        assert_eq!(Args::new(&args).text(NAMES), Ok(Some("heute".to_owned())));
    }

    #[test]
    fn long_text_is_refused_by_name() {
        let args = map(json!({"date": "x".repeat(1_000_000)}));
        assert_eq!(Args::new(&args).text(NAMES), Err(Unusable { name: "datum", why: Why::TooLong }));
    }

    #[test]
    fn a_list_is_no_word_unless_another_name_carries_one() {
        let wrong = Err(Unusable { name: "datum", why: Why::WrongType });
        for (value, read) in [
            (json!({"datum": ["10"]}), wrong.clone()),
            (json!({"date": {"tag": 1}}), wrong),
            (json!({"datum": ["10"], "date": "morgen"}), Ok(Some("morgen".to_owned()))),
            (json!({"datum": [], "date": {}}), Ok(None)),
            (json!({"datum": true}), Ok(None)),
        ] {
            assert_eq!(Args::new(&map(value.clone())).text(NAMES), read, "{value}");
        }
    }

    #[test]
    fn a_list_carries_what_its_texts_carry() {
        let wrong = |why| Err(Unusable { name: "datum", why });
        for (value, read) in [
            (json!({"datum": ["a", " ", null, "{{b}}", 3, "c"]}), Ok(vec!["a", "3", "c"])),
            (json!({"datum": "a"}), Ok(vec!["a"])),
            (json!({"datum": [], "date": ["b"]}), Ok(vec!["b"])),
            (json!({"datum": [["a"]], "date": "b"}), Ok(vec!["b"])),
            (json!({"datum": ["a", {"b": 1}]}), wrong(Why::WrongType)),
            (json!({"datum": vec!["a"; 21]}), wrong(Why::TooLong)),
            (json!({"datum": ["x".repeat(501)]}), wrong(Why::TooLong)),
            (json!({}), Ok(vec![])),
        ] {
            let read = read.map(|texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect());
            assert_eq!(Args::new(&map(value.clone())).texts(NAMES), read, "{value}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_from_one_up_to_the_most_there_is() {
        let wrong = |why| Err(Unusable { name: "datum", why });
        for (value, read) in [
            (json!(null), Ok(None)),
            (json!(""), Ok(None)),
            (json!(7), Ok(Some(7))),
            (json!("7"), Ok(Some(7))),
            (json!(7.0), Ok(Some(7))),
            (json!(91), Ok(Some(90))),
            (json!(1e300), Ok(Some(90))),
            (json!(0), wrong(Why::TooSmall)),
            (json!(-3), wrong(Why::TooSmall)),
            (json!(1.5), wrong(Why::WrongType)),
            (json!("bald"), wrong(Why::WrongType)),
            (json!("NaN"), wrong(Why::WrongType)),
            (json!(true), wrong(Why::WrongType)),
            (json!([7]), wrong(Why::WrongType)),
        ] {
            assert_eq!(Args::new(&map(json!({"datum": value}))).count(NAMES, 90), read, "{value}");
        }
    }

    #[test]
    fn only_a_clear_yes_confirms() {
        let confirmed = |value: Value| {
            let args = map(json!({"bestaetigung": value}));
            Args::new(&args).is_confirmed(&["bestaetigung"])
        };
        for yes in
            [json!(true), json!("true"), json!(" Ja "), json!("Ja, bitte!"), json!("ja gerne"), json!(1)]
        {
            assert!(confirmed(yes));
        }
        for (said, is_refused) in [
            (json!("nein danke"), true),
            (json!("lieber nicht"), true),
            (json!("ja, aber später"), true),
            (json!(false), true),
            (json!("ja"), false),
            (json!(""), false),
            (json!(null), false),
        ] {
            let args = map(json!({"bestaetigung": said}));
            assert_eq!(Args::new(&args).is_refused(&["bestaetigung"]), is_refused, "{said}");
        }
        for no in [
            json!(false),
            json!(null),
            json!("vielleicht"),
            json!("nein"),
            json!(0),
            json!(2),
            json!([true]),
            json!(""),
        ] {
            assert!(!confirmed(no));
        }
        assert!(!Args::new(&Map::new()).is_confirmed(&["bestaetigung"]));
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text: String) {
            let args = map(json!({"datum": text}));
            let _ = Args::new(&args).text(NAMES);
        }
    }
}
