//! Uses of tools in every shape.

use adapter_retell::decode::{DecodeError, ToolEnvelope, tool_request};
use serde_json::json;

use crate::fixtures::{CALL_ID, TOOL, TOOL_FLAT, TOOL_OLDER, TOOL_PHP};

fn read(body: &str, path_tool: Option<&str>) -> ToolEnvelope {
    tool_request(body.as_bytes(), path_tool).unwrap()
}

fn refused(body: &str, path_tool: Option<&str>) -> DecodeError {
    tool_request(body.as_bytes(), path_tool).unwrap_err()
}

#[test]
fn the_envelope() {
    let envelope = read(TOOL, None);
    assert_eq!(envelope.tool, "check_availability");
    assert_eq!(envelope.args["datum"], json!("Donnerstag"));
    // The last invocation of this tool, not the first and not the one of another tool.
    assert_eq!(envelope.tool_call_id.as_deref(), Some("tool_call_a1b2c3"));
    let call = envelope.call.unwrap();
    assert_eq!(call.call_id.unwrap().as_str(), CALL_ID);
    assert_eq!(call.from_number.as_deref(), Some("+491712223344"));
    assert_eq!(call.to_number.as_deref(), Some("+4940555100"));
    assert_eq!(call.agent_version, Some(17));
    assert_eq!(call.start_timestamp.unwrap().timestamp_millis(), 1_795_426_212_417);
}

#[test]
fn older_names_and_placeholders() {
    let envelope = read(TOOL_OLDER, None);
    assert_eq!(envelope.tool, "book_appointment");
    assert_eq!(envelope.args["customer_name"], json!("Erika Öztürk"));
    let call = envelope.call.unwrap();
    assert_eq!((call.call_id, call.agent_version), (None, None));
    assert_eq!(call.from_number.as_deref(), Some("anonymous"));
    let parameters = read(r#"{"name":"list_services","parameters":{"category":"Herren"}}"#, None);
    assert_eq!(parameters.args["category"], json!("Herren"));
    assert_eq!(parameters.call, None);
}

#[test]
fn arguments_alone() {
    let envelope = read(TOOL_FLAT, Some("book-appointment"));
    assert_eq!(envelope.tool, "book_appointment");
    assert_eq!(envelope.args["name"], json!("Erika Öztürk"));
    assert_eq!(envelope.args["call_id"], json!(CALL_ID));
    assert_eq!((envelope.call, envelope.tool_call_id), (None, None));
    // Without a path the caller's name would be the tool.
    assert_eq!(read(r#"{"name":"Erika"}"#, None).tool, "erika");
    assert_eq!(read("", Some("list-services")).args.len(), 0);
    assert_eq!(read(" \n", Some("list-services")).tool, "list_services");
}

#[test]
fn the_path_names_the_tool_of_an_envelope() {
    let envelope = read(TOOL, Some("check-availability"));
    assert_eq!(envelope.tool, "check_availability");
    assert_eq!(envelope.tool_call_id.as_deref(), Some("tool_call_a1b2c3"));
    let wrapped = read(r#"{"name":"check_availability_v17","args":{"datum":"morgen"}}"#, Some("v17-check"));
    assert_eq!((wrapped.tool.as_str(), wrapped.args.len()), ("v17_check", 1));
    let only_call = read(r#"{"call":{"call_id":"call_a1"}}"#, Some("initialize-call"));
    assert_eq!(only_call.call.unwrap().call_id.unwrap().as_str(), "call_a1");
    assert!(only_call.args.is_empty());
}

#[test]
fn no_arguments_in_any_spelling() {
    assert!(read(TOOL_PHP, None).args.is_empty());
    for args in ["null", "{}", "[]", "\"\"", "\"{}\""] {
        let body = format!(r#"{{"name":"list_services","args":{args},"call":{{}}}}"#);
        assert!(read(&body, None).args.is_empty(), "{args}");
    }
    assert!(read(r#"{"name":"list_services"}"#, None).args.is_empty());
}

#[test]
fn versions_and_dashes_are_one_tool() {
    for name in [
        "book_appointment",
        "book_appointment_v17",
        "book-appointment",
        "book-appointment-v4",
        "Book_Appointment",
    ] {
        assert_eq!(read(&format!(r#"{{"name":"{name}"}}"#), None).tool, "book_appointment", "{name}");
    }
    for (name, tool) in
        [("_v17", "_v17"), ("check_v", "check_v"), ("check_vip", "check_vip"), ("a_v1_v2", "a_v1")]
    {
        assert_eq!(read(&format!(r#"{{"name":"{name}"}}"#), None).tool, tool);
    }
}

#[test]
fn what_cannot_be_used_is_refused() {
    assert_eq!(refused("no json", None), DecodeError::NotJson);
    assert_eq!(refused("", None), DecodeError::NotJson);
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(65));
    for body in [
        "[]",
        "{}",
        r#"{"args":{}}"#,
        r#"{"name":7}"#,
        r#"{"name":"x","args":7}"#,
        r#"{"name":"x","args":[1]}"#,
        r#"{"name":"x","args":"morgen"}"#,
        r#"{"name":"x","args":{"n":1e999}}"#,
        &long,
    ] {
        assert!(matches!(refused(body, None), DecodeError::Undecodable { .. }), "{body}");
    }
    let deep = format!(r#"{{"name":"x","args":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
    assert!(matches!(refused(&deep, None), DecodeError::Undecodable { .. }));
    let deep = format!(r#"{{"x":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(refused(&deep, Some("x")), DecodeError::Undecodable { .. }));
}

#[test]
fn nul_does_not_get_in() {
    let envelope = read(r#"{"name":"x","args":{"a\u0000b":["c\u0000",{"d":"\u0000"}]}}"#, None);
    assert_eq!(json!(envelope.args), json!({"ab": ["c", {"d": ""}]}));
}

#[test]
fn nothing_personal_is_shown() {
    let shown = format!("{:?} {:?}", read(TOOL, None), read(TOOL_FLAT, Some("book-appointment")));
    for secret in ["1712223344", "Öztürk", "Donnerstag"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
