//! Where settings come from, and how they are merged into one tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

/// The defaults; this file also decides which keys exist and of what type they are.
const DEFAULTS: &str = include_str!("../../default.toml");

/// Read if it exists and no other file is named.
const USUAL_FILE: &str = "askpro.toml";

/// Environment variables with this prefix set a key: `ASKPRO__HTTP__LISTEN`.
const PREFIX: &str = "ASKPRO__";

/// Largest configuration or secret file; a larger one is some other file.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Keys whose values are secrets, and that may come from a file named by `<key>_file`.
const SECRETS: [(&str, &str); 4] =
    [("database", "url"), ("redis", "url"), ("retell", "api_keys"), ("secrets", "keys")];

/// Variables that everybody knows, and the keys they stand for. They win over the file, `ASKPRO__` wins over them.
const WELL_KNOWN: [(&str, &str, &str); 5] = [
    ("DATABASE_URL", "database", "url"),
    ("DATABASE_URL_FILE", "database", "url_file"),
    ("REDIS_URL", "redis", "url"),
    ("REDIS_URL_FILE", "redis", "url_file"),
    ("RUST_LOG", "telemetry", "log"),
];

/// A setting that cannot be used. `Display` is one line that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }

    /// The key, variable or file.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.problem.replace('\n', " "))
    }
}

impl std::error::Error for ConfigError {}

/// Where settings come from, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    file: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl Sources {
    /// The named file (or `askpro.toml` in the working directory, if there is one) and the process's environment.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let file = file.or_else(|| {
            let usual = PathBuf::from(USUAL_FILE);
            usual.is_file().then_some(usual)
        });
        // A variable that is not Unicode cannot be one of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, environment }
    }

    /// Only what is given: for tests and for programs that assemble a configuration themselves.
    #[must_use]
    pub fn explicit<K: Into<String>, V: Into<String>>(
        file: Option<PathBuf>,
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self {
            file,
            environment: environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }
}

/// What one layer sets to something. A secret and the file that holds it are two names for one setting, so which of them
/// counts is decided within each layer: a later layer wins whichever of the two it uses.
#[derive(Debug, Default)]
struct Named(BTreeSet<(String, String)>);

impl Named {
    fn note(&mut self, section: &str, key: &str, is_something: bool) {
        if is_something {
            self.0.insert((section.to_owned(), key.to_owned()));
        }
    }

    fn has(&self, section: &str, key: &str) -> bool {
        self.0.contains(&(section.to_owned(), key.to_owned()))
    }
}

/// The merged settings.
#[derive(Debug)]
pub(super) struct Tree(Table);

impl Tree {
    pub(super) fn merge(sources: &Sources) -> Result<Self, ConfigError> {
        let mut tree: Table = DEFAULTS
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::new("default.toml", error.message()))?;
        if let Some(path) = &sources.file {
            let mut named = Named::default();
            overlay_file(&mut tree, path, &mut named)?;
            read_secret_files(&mut tree, &named, &path.display().to_string())?;
        }
        let mut named = Named::default();
        for (variable, section, key) in WELL_KNOWN {
            if let Some(value) = sources.environment.get(variable).filter(|value| !value.is_empty()) {
                set_from_text(&mut tree, variable, section, key, value)?;
                named.note(section, key, true);
            }
        }
        read_secret_files(&mut tree, &named, "the environment")?;
        let mut named = Named::default();
        for (variable, value) in &sources.environment {
            let Some(path) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            let lower = path.to_ascii_lowercase();
            let Some((section, key)) = lower.split_once("__") else {
                return Err(ConfigError::new(variable, "is not of the form ASKPRO__SECTION__KEY"));
            };
            set_from_text(&mut tree, variable, section, key, value)?;
            named.note(section, key, !value.is_empty());
        }
        read_secret_files(&mut tree, &named, "the environment")?;
        Ok(Self(tree))
    }

    pub(super) fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, ConfigError> {
        // Section by section, so that an error names the key and not only what was expected.
        for (section, value) in &self.0 {
            let Some(table) = value.as_table() else { continue };
            for (key, value) in table {
                probe(section, key, value)?;
            }
        }
        Value::Table(self.0.clone())
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::new("configuration", error.message()))
    }

    pub(super) fn printable(&self) -> String {
        let mut shown = self.0.clone();
        for (section, key) in SECRETS {
            let Some(value) =
                shown.get_mut(section).and_then(Value::as_table_mut).and_then(|table| table.get_mut(key))
            else {
                continue;
            };
            let text = match value {
                Value::Array(keys) if !keys.is_empty() => format!("({} set)", keys.len()),
                Value::String(text) if !text.is_empty() => "(set)".to_owned(),
                _ => "(not set)".to_owned(),
            };
            *value = Value::String(text);
        }
        toml::to_string(&shown).unwrap_or_default()
    }
}

/// An address, or nothing for an empty text.
pub(super) fn address_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}

/// Types that TOML does not know.
fn probe(section: &str, key: &str, value: &Value) -> Result<(), ConfigError> {
    let name = || format!("{section}.{key}");
    match (section, key, value) {
        ("worker", "metrics_listen", Value::String(text)) if text.is_empty() => Ok(()),
        ("http", "listen", Value::String(text)) | ("worker", "metrics_listen", Value::String(text)) => text
            .parse::<SocketAddr>()
            .map(drop)
            .map_err(|_| ConfigError::new(name(), format!("is `{text}`, not an address with a port"))),
        ("telemetry", "format", Value::String(text)) if text != "json" && text != "text" => {
            Err(ConfigError::new(name(), format!("is `{text}`, but must be `json` or `text`")))
        }
        ("telemetry", "log", Value::String(text)) => text
            .parse::<tracing_subscriber::EnvFilter>()
            .map(drop)
            .map_err(|error| ConfigError::new(name(), format!("cannot be read: {error}"))),
        (_, _, Value::Integer(number)) if *number < 0 => {
            Err(ConfigError::new(name(), format!("is {number}, below zero")))
        }
        (_, _, Value::Integer(number)) if *number > i64::from(u32::MAX) => {
            Err(ConfigError::new(name(), format!("is {number}, too large")))
        }
        (_, _, Value::Array(items)) if items.iter().any(|item| !item.is_str()) => {
            Err(ConfigError::new(name(), "has an item that is not text".to_owned()))
        }
        _ => Ok(()),
    }
}

fn overlay_file(tree: &mut Table, path: &Path, named: &mut Named) -> Result<(), ConfigError> {
    let shown = path.display().to_string();
    let text = read_bounded(path).map_err(|problem| ConfigError::new(&shown, problem))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let place = line.map(|line| format!(" at line {line}")).unwrap_or_default();
        // The message of the parser may quote the line, and the line may hold a secret.
        ConfigError::new(&shown, format!("is not TOML{place}"))
    })?;
    for (section, value) in table {
        let Value::Table(entries) = value else {
            return Err(ConfigError::new(section, "is not a section; settings belong into one"));
        };
        let Some(known) = tree.get_mut(&section).and_then(Value::as_table_mut) else {
            return Err(ConfigError::new(section, "is not a section of the configuration"));
        };
        for (key, value) in entries {
            let name = format!("{section}.{key}");
            let Some(default) = known.get_mut(&key) else {
                return Err(ConfigError::new(name, "is not a setting"));
            };
            if !default.same_type(&value) {
                return Err(ConfigError::new(
                    name,
                    format!("is {}, but must be {}", article(&value), article(default)),
                ));
            }
            let is_nothing =
                value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty);
            named.note(&section, &key, !is_nothing);
            *default = value;
        }
    }
    Ok(())
}

fn set_from_text(
    tree: &mut Table,
    variable: &str,
    section: &str,
    key: &str,
    text: &str,
) -> Result<(), ConfigError> {
    let Some(default) =
        tree.get_mut(section).and_then(Value::as_table_mut).and_then(|table| table.get_mut(key))
    else {
        return Err(ConfigError::new(variable, format!("names `{section}.{key}`, which is not a setting")));
    };
    let value = match default {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        // Written as a list of a file it would be one value, brackets and all.
        Value::Array(_) if text.trim_start().starts_with('[') => None,
        Value::Array(_) => Some(Value::Array(split_list(text, ','))),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    };
    // The text itself is not shown: it may be a secret under the wrong name.
    *default = value.ok_or_else(|| ConfigError::new(variable, format!("is not {}", article(default))))?;
    Ok(())
}

/// Reads the files that a layer names, and forgets those of the layers before where it gives the secret itself.
fn read_secret_files(tree: &mut Table, named: &Named, layer: &str) -> Result<(), ConfigError> {
    for (section, key) in SECRETS {
        let Some(table) = tree.get_mut(section).and_then(Value::as_table_mut) else {
            continue;
        };
        let file_key = format!("{key}_file");
        let name = format!("{section}.{file_key}");
        let path = match (named.has(section, key), named.has(section, &file_key)) {
            (false, false) => continue,
            (true, true) => {
                let problem = format!("and {name} are both set in {layer}; one of them is enough");
                return Err(ConfigError::new(format!("{section}.{key}"), problem));
            }
            (true, false) => {
                table.insert(file_key, Value::String(String::new()));
                continue;
            }
            (false, true) => PathBuf::from(table.get(&file_key).and_then(Value::as_str).unwrap_or_default()),
        };
        let text = read_bounded(&path).map_err(|problem| {
            ConfigError::new(name, format!("names {}, which {problem}", path.display()))
        })?;
        let Some(slot) = table.get_mut(key) else { continue };
        *slot = match slot {
            Value::Array(_) => Value::Array(split_list(&text, '\n')),
            _ => Value::String(text.trim().to_owned()),
        };
    }
    Ok(())
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if metadata.len() > MAX_FILE_BYTES {
        return Err(format!("is larger than {MAX_FILE_BYTES} bytes"));
    }
    std::fs::read_to_string(path).map_err(cannot)
}

fn split_list(text: &str, separator: char) -> Vec<Value> {
    text.split(separator)
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| Value::String(item.to_owned()))
        .collect()
}

const fn article(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list separated by commas",
        Value::Table(_) => "a section",
    }
}
