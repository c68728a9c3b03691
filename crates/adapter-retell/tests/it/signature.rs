//! Values that the vendor's own libraries produced, and everything near them that must not pass.

use adapter_retell::signature::{Secret, SignatureError, TOLERANCE_MS, verify};
use proptest::prelude::*;

const KEY: &str = "key_test_0f3a9c5b7d1e42";

struct Signed {
    body: &'static str,
    at: i64,
    digest: &'static str,
}

/// Signed by the Python SDK, checked by the TypeScript SDK. The second has umlauts and an escaped line end, the third
/// is the empty body of a GET.
const SIGNED: [Signed; 3] = [
    Signed {
        body: r#"{"event":"call_started","call":{"call_id":"call_9f2c71d0aa","agent_id":"agent_5b1","call_status":"ongoing"}}"#,
        at: 1_790_000_000_000,
        digest: "8187ced47ba4291159f7a63d41f63276053cbac43ff424e1f6a138a5d0c8f5c0",
    },
    Signed {
        body: r#"{"event":"call_ended","call":{"call_id":"call_9f2c71d0aa","agent_name":"Praxis Müller – Empfang","disconnection_reason":"user_hangup","transcript":"Agent: Grüß Gott!\nUser: Ich hätte gern einen Termin für Donnerstag."}}"#,
        at: 1_790_000_123_456,
        digest: "5641c6ba02b477cf0cea1a4cb4c1b28b3901b28f653859c5e51918d4d047e8bd",
    },
    Signed {
        body: "",
        at: 1_790_000_200_001,
        digest: "245587aba386bcffd725a528b60c526d19251bf1f37812328baef2a7286aac84",
    },
];

fn keys(keys: &[&str]) -> Vec<Secret> {
    keys.iter().map(|key| Secret::new(key).unwrap()).collect()
}

fn check(header: &str, body: &str, now_ms: i64) -> Result<(), SignatureError> {
    verify(Some(header.as_bytes()), body.as_bytes(), &keys(&[KEY]), now_ms)
}

fn header(signed: &Signed) -> String {
    format!("v={},d={}", signed.at, signed.digest)
}

#[test]
fn what_the_vendor_signed_passes() {
    for signed in &SIGNED {
        assert_eq!(check(&header(signed), signed.body, signed.at), Ok(()));
        let upper = format!("v={},d={}", signed.at, signed.digest.to_uppercase());
        assert_eq!(check(&upper, signed.body, signed.at), Ok(()));
    }
}

#[test]
fn time_is_limited_in_both_directions() {
    let signed = &SIGNED[0];
    for (skew_ms, passes) in
        [(TOLERANCE_MS, true), (-TOLERANCE_MS, true), (TOLERANCE_MS + 1, false), (-TOLERANCE_MS - 1, false)]
    {
        let expected = if passes { Ok(()) } else { Err(SignatureError::Stale { skew_ms }) };
        assert_eq!(check(&header(signed), signed.body, signed.at + skew_ms), expected);
    }
    assert!(matches!(check(&header(signed), signed.body, i64::MIN), Err(SignatureError::Stale { .. })));
}

#[test]
fn one_right_key_among_several_is_enough() {
    let signed = &SIGNED[1];
    let check = |list: &[&str]| {
        verify(Some(header(signed).as_bytes()), signed.body.as_bytes(), &keys(list), signed.at)
    };
    assert_eq!(check(&["key_old", KEY]), Ok(()));
    assert_eq!(check(&[KEY, "key_next"]), Ok(()));
    assert_eq!(check(&["key_old", "key_next"]), Err(SignatureError::Mismatch));
    assert_eq!(check(&[]), Err(SignatureError::Mismatch));
}

#[test]
fn anything_altered_is_refused() {
    let signed = &SIGNED[0];
    let spaced = format!("{} ", signed.body);
    assert_eq!(check(&header(signed), &spaced, signed.at), Err(SignatureError::Mismatch));
    let later = format!("v={},d={}", signed.at + 1, signed.digest);
    assert_eq!(check(&later, signed.body, signed.at), Err(SignatureError::Mismatch));
    // Serialised again with other spacing, as a proxy might.
    let value: serde_json::Value = serde_json::from_str(SIGNED[1].body).unwrap();
    let again = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(check(&header(&SIGNED[1]), &again, SIGNED[1].at), Err(SignatureError::Mismatch));
}

#[test]
fn other_forms_are_refused() {
    let Signed { body, at, digest } = &SIGNED[0];
    for header in [
        String::new(),
        format!("v={at}"),
        format!("d={digest}"),
        format!("d={digest},v={at}"),
        format!("v={at},d="),
        format!("v={at},d={}", &digest[1..]),
        format!("v={at},d={digest}0"),
        format!("v={at},d={}g", &digest[1..]),
        format!("v={at},d={digest},x=1"),
        format!(" v={at},d={digest}"),
        format!("v={at},d={digest}\n"),
        format!("v=+{at},d={digest}"),
        format!("v=-{at},d={digest}"),
        format!("v=,d={digest}"),
        format!("v=0000{at},d={digest}"),
        format!("t={},v1={digest}", at / 1000),
        format!("v={at}, d={digest}"),
        format!("V={at},D={digest}"),
        format!("v=١٧٩,d={digest}"),
        (*digest).to_owned(),
    ] {
        assert_eq!(check(&header, body, *at), Err(SignatureError::Malformed), "{header:?}");
    }
    assert_eq!(verify(None, body.as_bytes(), &keys(&[KEY]), *at), Err(SignatureError::Missing));
    assert_eq!(
        verify(Some(b"v=1,d=\xff\xfe"), body.as_bytes(), &keys(&[KEY]), *at),
        Err(SignatureError::Malformed)
    );
}

#[test]
fn a_key_is_never_empty_and_never_shown() {
    assert!(Secret::new("").is_err());
    assert!(Secret::new(" \n").is_err());
    assert!(!format!("{:?}", Secret::new(KEY).unwrap()).contains("0f3a"));
}

proptest! {
    #[test]
    fn no_header_and_no_body_panics(
        header in proptest::collection::vec(any::<u8>(), 0..120),
        body in proptest::collection::vec(any::<u8>(), 0..50),
        now in any::<i64>(),
    ) {
        prop_assert!(verify(Some(&header), &body, &keys(&[KEY]), now).is_err());
    }

    #[test]
    fn one_wrong_digit_is_one_too_many(position in 0_usize..64, digit in 0_usize..16) {
        let signed = &SIGNED[0];
        let wrong = "0123456789abcdef".as_bytes()[digit] as char;
        prop_assume!(signed.digest.as_bytes()[position] as char != wrong);
        let mut digest = signed.digest.to_owned();
        digest.replace_range(position..=position, &wrong.to_string());
        let header = format!("v={},d={digest}", signed.at);
        prop_assert_eq!(check(&header, signed.body, signed.at), Err(SignatureError::Mismatch));
    }
}
