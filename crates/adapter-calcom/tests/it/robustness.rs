//! Whatever the bytes are, decoding ends with an answer.

use adapter_calcom::decode::{DecodeError, Delivery, identify, webhook};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::ALL;

fn decode_all(body: &[u8]) {
    let identity = identify(body);
    let decoded = webhook(body);
    assert_eq!(identity.is_err(), decoded == Err(DecodeError::NotJson));
    if let (Ok(identity), Ok(Delivery::News(news))) = (identity, decoded) {
        assert_eq!(identity.created_at, news.created_at);
        assert!(identity.subject == news.uid.as_str() || news.uid.as_str().contains('@'));
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
        Just(json!([null, [], {}, 1])),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!("\u{0}")),
        Just(json!("9".repeat(400))),
        "\\PC{0,20}".prop_map(|text| json!(text)),
    ]
}

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_all(&body);
    }

    #[test]
    fn cut_and_spoiled_payloads(which in 0_usize..ALL.len(), cut in 0_usize..4000, at in 0_usize..4000, byte: u8) {
        let mut body = ALL[which].as_bytes().to_vec();
        let place = at % body.len();
        body[place] = byte;
        decode_all(&body);
        body.truncate(cut);
        decode_all(&body);
    }

    #[test]
    fn values_of_another_kind(which in 0_usize..ALL.len(), nth in 0_usize..120, odd in odd_value()) {
        let text = ALL[which].replace("\\ud83d", "");
        let mut document: Value = serde_json::from_str(&text).unwrap();
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
        assert!(webhook(body.as_bytes()).is_ok());
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = format!(r#"{{"triggerEvent":"PING","payload":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    decode_all(deep.as_bytes());
}
