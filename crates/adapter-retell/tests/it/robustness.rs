//! Whatever the bytes are, decoding ends with an answer.

use adapter_retell::decode::{DecodeError, identify, inbound, tool_request, webhook};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::ALL;

/// Decodes in every way, and checks what holds for all bytes.
fn decode_all(body: &[u8]) {
    let is_json =
        serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() && std::str::from_utf8(body).is_ok();
    assert_eq!(identify(body).is_ok(), is_json);
    let event = webhook(body);
    assert_eq!(event == Err(DecodeError::NotJson), !is_json);
    if let Ok(decoded) = event {
        assert_eq!(identify(body).as_ref(), Ok(&decoded.identity));
        assert!(decoded.signal.is_none() || decoded.call.is_some());
        if let Some(signal) = decoded.signal {
            let cleaned = signal.report().clone().cleaned();
            assert_eq!(cleaned.clone().cleaned(), cleaned);
        }
    }
    assert_eq!(inbound(body) == Err(DecodeError::NotJson), !is_json);
    for path in [None, Some("book-appointment"), Some("\u{0}"), Some("")] {
        if let Ok(envelope) = tool_request(body, path) {
            assert!(!envelope.tool.is_empty() && envelope.tool.chars().count() <= 64);
        }
    }
}

#[derive(Debug, Clone)]
enum Mutation {
    Overwrite(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Splice(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = 0_usize..20_000;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Overwrite(at, byte)),
        at.clone().prop_map(Mutation::Cut),
        (at.clone(), 0_usize..40).prop_map(|(at, len)| Mutation::Remove(at, len)),
        (at.clone(), 0_usize..200).prop_map(|(at, len)| Mutation::Repeat(at, len)),
        (at, 0_usize..ALL.len()).prop_map(|(at, other)| Mutation::Splice(at, other)),
    ]
}

fn mutate(body: &mut Vec<u8>, mutation: &Mutation) {
    let place = |at: &usize, body: &[u8]| at % (body.len() + 1);
    match mutation {
        Mutation::Overwrite(at, byte) => {
            let at = place(at, body);
            if let Some(held) = body.get_mut(at) {
                *held = *byte;
            }
        }
        Mutation::Cut(at) => body.truncate(place(at, body)),
        Mutation::Remove(at, len) => {
            let at = place(at, body);
            let end = (at + len).min(body.len());
            body.drain(at..end);
        }
        Mutation::Repeat(at, len) => {
            let at = place(at, body);
            let piece = body[at..(at + len).min(body.len())].to_vec();
            body.splice(at..at, piece);
        }
        Mutation::Splice(at, other) => {
            let at = place(at, body);
            body.splice(at..at, ALL[*other].bytes().take(300));
        }
    }
}

/// Puts `odd` where the `nth` value of the document is.
fn replace_nth(value: &mut Value, nth: &mut usize, odd: &Value) {
    if *nth == 0 {
        *value = odd.clone();
    }
    *nth = nth.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace_nth(item, nth, odd)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace_nth(field, nth, odd)),
        _ => {}
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!(u64::MAX)),
        Just(json!("")),
        Just(json!("\u{0}")),
        Just(json!("9".repeat(400))),
        Just(json!([[[{"a": [{}]}]]])),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,20}".prop_map(|text| json!(text)),
    ]
}

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_all(&body);
    }

    #[test]
    fn mutated_payloads(which in 0_usize..ALL.len(), mutations in proptest::collection::vec(mutation(), 1..5)) {
        let mut body = ALL[which].as_bytes().to_vec();
        for mutation in &mutations {
            mutate(&mut body, mutation);
        }
        decode_all(&body);
    }

    #[test]
    fn a_value_of_another_kind_is_never_not_json(which in 0_usize..ALL.len(), nth in 0_usize..150, odd in odd_value()) {
        let mut document: Value = serde_json::from_str(ALL[which]).unwrap();
        replace_nth(&mut document, &mut nth.clone(), &odd);
        let body = document.to_string();
        decode_all(body.as_bytes());
        prop_assert_ne!(webhook(body.as_bytes()), Err(DecodeError::NotJson));
    }
}

#[test]
fn payloads_as_they_are() {
    for body in ALL {
        decode_all(body.as_bytes());
    }
}
