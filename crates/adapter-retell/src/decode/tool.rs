//! The use of a tool during a call.

use std::fmt;

use call::{Direction, clean_text};
use chrono::{DateTime, Utc};
use kernel::ProviderCallId;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::call_object::{agent_id, agent_version, call_id, direction, from_number, to_number};
use super::json::{MAX_WORD, Object};
use super::{DecodeError, Identity, Masked};

/// Longest name of a tool: Retell's own limit.
const MAX_TOOL_CHARS: usize = 64;

/// A use of a tool, whatever shape it came in.
#[derive(Clone, PartialEq)]
pub struct ToolEnvelope {
    /// The tool's name, in snake case and without a version suffix. Nobody has checked that it exists.
    pub tool: String,
    /// What the model filled in. Not to be trusted, least of all about who is calling.
    pub args: Map<String, Value>,
    /// The call that the tool is used in; absent if the agent sends arguments alone.
    pub call: Option<EnvelopeCall>,
    /// The provider's id of this invocation, the same in every repetition.
    pub tool_call_id: Option<String>,
}

/// What an envelope says about its call. This, not the arguments, tells who is calling.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvelopeCall {
    /// The call's id; absent if it is missing or a placeholder.
    pub call_id: Option<ProviderCallId>,
    /// The number of who calls, as it came.
    pub from_number: Option<String>,
    /// The number that was called, as it came.
    pub to_number: Option<String>,
    /// Who rang whom.
    pub direction: Option<Direction>,
    /// The assistant's id.
    pub agent_id: Option<String>,
    /// The assistant's version.
    pub agent_version: Option<i32>,
    /// Beginning of the call.
    pub start_timestamp: Option<DateTime<Utc>>,
}

impl fmt::Debug for ToolEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolEnvelope")
            .field("tool", &self.tool)
            .field("args", &format_args!("masked({} arguments)", self.args.len()))
            .field("call", &self.call)
            .field("tool_call_id", &self.tool_call_id)
            .finish()
    }
}

impl fmt::Debug for EnvelopeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeCall")
            .field("call_id", &self.call_id)
            .field("from_number", &Masked(&self.from_number))
            .field("to_number", &Masked(&self.to_number))
            .field("direction", &self.direction)
            .field("agent_id", &self.agent_id)
            .field("agent_version", &self.agent_version)
            .field("start_timestamp", &self.start_timestamp)
            .finish()
    }
}

/// Reads the use of a tool.
///
/// `path_tool` is the tool that the URL names, for example `check-availability`; it wins over a name in the body, since
/// in a body of arguments alone `name` is the caller's name. An empty body is one without arguments.
///
/// # Errors
/// [`DecodeError::NotJson`], or [`DecodeError::Undecodable`] if no tool is named or the arguments are no object.
pub fn tool_request(body: &[u8], path_tool: Option<&str>) -> Result<ToolEnvelope, DecodeError> {
    let refuse = |reason| DecodeError::undecodable(reason, Identity::default());
    if let Some(tool) = path_tool
        && body.trim_ascii().is_empty()
    {
        return Ok(ToolEnvelope {
            tool: canonical(tool).ok_or_else(|| refuse("no tool name"))?,
            args: Map::new(),
            call: None,
            tool_call_id: None,
        });
    }
    let root = Object::of_body(body)?;
    let named = root.text(&["name", "function_name"], MAX_WORD);
    let args = root.raw(&["args", "arguments", "parameters"]);
    let call = root.object(&["call"]);
    let is_envelope = path_tool.is_none()
        || call.is_some()
        || (named.is_some() && args.is_some_and(|args| Object::of(args).is_some()));
    if !is_envelope {
        let tool = path_tool.and_then(canonical);
        return Ok(ToolEnvelope {
            tool: tool.ok_or_else(|| refuse("no tool name"))?,
            args: arguments(std::str::from_utf8(body).unwrap_or_default())
                .ok_or_else(|| refuse("the arguments cannot be read"))?,
            call: None,
            tool_call_id: None,
        });
    }
    let own_names: Vec<String> =
        [path_tool, named.as_deref()].into_iter().flatten().filter_map(canonical).collect();
    let tool = own_names.first().cloned().ok_or_else(|| refuse("no tool name"))?;
    let args = match args {
        None => Map::new(),
        Some(args) => arguments(args.get()).ok_or_else(|| refuse("the arguments are no object"))?,
    };
    Ok(ToolEnvelope {
        tool,
        args,
        tool_call_id: call.as_ref().and_then(|call| invocation(call, &own_names)),
        call: call.map(|call| EnvelopeCall {
            call_id: call_id(&call),
            from_number: from_number(&call),
            to_number: to_number(&call),
            direction: direction(&call),
            agent_id: agent_id(&call),
            agent_version: agent_version(&call),
            start_timestamp: call.instant("start_timestamp"),
        }),
    })
}

/// Reads the use of a tool by GET, for which Retell writes the arguments into the query and signs an empty body.
///
/// # Errors
/// [`DecodeError::Undecodable`] if the name is none, or an argument stands twice: nobody could say which of them counts.
pub fn tool_query(
    tool: &str,
    query: impl IntoIterator<Item = (String, String)>,
) -> Result<ToolEnvelope, DecodeError> {
    let refuse = |reason| DecodeError::undecodable(reason, Identity::default());
    let mut args = Map::new();
    for (name, value) in query {
        if args.insert(name, Value::String(value)).is_some() {
            return Err(refuse("an argument stands twice"));
        }
    }
    Ok(ToolEnvelope {
        tool: canonical(tool).ok_or_else(|| refuse("no tool name"))?,
        args: without_nul(args),
        call: None,
        tool_call_id: None,
    })
}

/// One spelling for every tool: `check-availability_v17` and `check_availability` are the same.
fn canonical(name: &str) -> Option<String> {
    let name = clean_text(name, MAX_WORD)?.replace('-', "_").to_ascii_lowercase();
    let bare = match name.rsplit_once("_v") {
        Some((bare, version)) if !bare.is_empty() && is_number(version) => bare,
        _ => &name,
    };
    (bare.chars().count() <= MAX_TOOL_CHARS).then(|| bare.to_owned())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Arguments are an object, an object in a text, or (after a detour through PHP) an empty list.
fn arguments(raw: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(raw).ok()? {
        Value::Object(args) => Some(without_nul(args)),
        Value::Array(items) if items.is_empty() => Some(Map::new()),
        Value::String(text) if text.trim().is_empty() => Some(Map::new()),
        Value::String(text) => serde_json::from_str(&text).ok().map(without_nul),
        _ => None,
    }
}

/// No store can hold NUL in a text, and no caller can say it.
fn without_nul(args: Map<String, Value>) -> Map<String, Value> {
    args.into_iter().map(|(name, value)| (name.replace('\0', ""), value_without_nul(value))).collect()
}

fn value_without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        Value::Array(items) => Value::Array(items.into_iter().map(value_without_nul).collect()),
        Value::Object(fields) => Value::Object(without_nul(fields)),
        plain => plain,
    }
}

/// The running transcript ends with the invocation that led to this request.
fn invocation(call: &Object<'_>, own_names: &[String]) -> Option<String> {
    let is_own = |entry: &Object<'_>| {
        let name = entry.text(&["name"], MAX_WORD).as_deref().and_then(canonical);
        entry.text(&["role"], MAX_WORD).as_deref() == Some("tool_call_invocation")
            && name.is_some_and(|name| own_names.contains(&name))
    };
    let entries: Vec<&RawValue> = call.list("transcript_with_tool_calls")?;
    let latest = entries.into_iter().rev().filter_map(Object::of).find(is_own)?;
    latest.text(&["tool_call_id"], MAX_WORD)
}
