//! Values that the vendor's own code produced, and everything near them that must not pass.

use adapter_calcom::signature::{SignatureError, verify};
use appointment::calendar::Secret;
use proptest::prelude::*;
use serde_json::Value;

use crate::fixtures::SIGNATURES;

struct Signed {
    secret: Secret,
    body: String,
    signature: String,
}

fn signed() -> Vec<Signed> {
    let file: Value = serde_json::from_str(SIGNATURES).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors
        .map(|vector| Signed {
            secret: Secret::new(text(&file["secret"])),
            body: text(&vector["body"]),
            signature: text(&vector["signature"]),
        })
        .collect()
}

#[test]
fn what_the_vendor_signed_passes() {
    let signed = signed();
    assert_eq!(signed.iter().map(|signed| signed.body.len()).collect::<Vec<_>>(), [170, 206, 114]);
    for Signed { secret, body, signature } in &signed {
        assert_eq!(verify(secret, body.as_bytes(), Some(signature.as_bytes())), Ok(()));
    }
}

#[test]
fn other_forms_are_refused() {
    for Signed { secret, body, signature } in &signed() {
        for header in [
            String::new(),
            "no-secret-provided".to_owned(),
            format!("sha256={signature}"),
            signature.to_uppercase(),
            format!(" {signature}"),
            format!("{signature}\n"),
            signature[1..].to_owned(),
            format!("{signature}0"),
            format!("{}g", &signature[1..]),
        ] {
            let found = verify(secret, body.as_bytes(), Some(header.as_bytes()));
            assert_eq!(found, Err(SignatureError::Malformed), "{header:?}");
        }
        assert_eq!(verify(secret, body.as_bytes(), None), Err(SignatureError::Missing));
    }
}

#[test]
fn another_body_or_secret_is_refused() {
    for Signed { secret, body, signature } in &signed() {
        let check = |secret: &Secret, body: &str| verify(secret, body.as_bytes(), Some(signature.as_bytes()));
        assert_eq!(check(secret, &format!("{body}\n")), Err(SignatureError::Mismatch));
        assert_eq!(check(&Secret::new("whsec_other".to_owned()), body), Err(SignatureError::Mismatch));
        for empty in ["", "  "] {
            assert_eq!(check(&Secret::new(empty.to_owned()), body), Err(SignatureError::NoSecret));
        }
    }
}

#[test]
fn a_body_that_was_written_anew_is_refused() {
    let Signed { secret, body, signature } = &signed()[1];
    let escaped = body.replace('–', "\\u2013").replace('ö', "\\u00f6").replace('ä', "\\u00e4");
    let values: [Value; 2] = [body, &escaped].map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(values[0], values[1]);
    assert_eq!(verify(secret, escaped.as_bytes(), Some(signature.as_bytes())), Err(SignatureError::Mismatch));
}

proptest! {
    #[test]
    fn one_wrong_digit_is_one_too_many(position in 0_usize..64, digit in 0_usize..16) {
        let Signed { secret, body, signature } = &signed()[0];
        let wrong = "0123456789abcdef".as_bytes()[digit];
        prop_assume!(signature.as_bytes()[position] != wrong);
        let mut header = signature.clone().into_bytes();
        header[position] = wrong;
        prop_assert_eq!(verify(secret, body.as_bytes(), Some(&header)), Err(SignatureError::Mismatch));
    }

    #[test]
    fn no_header_panics(header in proptest::collection::vec(any::<u8>(), 0..80)) {
        let Signed { secret, body, .. } = &signed()[0];
        prop_assert!(verify(secret, body.as_bytes(), Some(&header)).is_err());
    }
}
