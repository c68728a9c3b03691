//! What the provider's own documents and libraries show, decoded. Sources: the README beside the fixtures.

use adapter_retell::decode::{inbound, tool_request, webhook};
use adapter_retell::signature::{Secret, SignatureError, TOLERANCE_MS, verify};
use call::{CallSignal, Direction, Sentiment, Speaker};
use kernel::UsdMicrocents;
use serde_json::json;

macro_rules! documented {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/retell/documented/", $name))
    };
}

const CALL: &str = "Jabr9TXYYJHfvl6Syypi88rdAHYHmcq6";
const AGENT: &str = "oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD";

#[test]
fn the_example_of_an_ended_call() {
    let decoded = webhook(documented!("call_ended.json").as_bytes()).unwrap();
    assert_eq!(decoded.call.unwrap().as_str(), CALL);
    assert_eq!(decoded.from_number.as_deref(), Some("+12137771234"));
    assert_eq!(decoded.to_number.as_deref(), Some("+12137771235"));
    let Some(CallSignal::Ended(report)) = decoded.signal else { panic!("its event says that it is over") };
    assert_eq!((report.direction, report.agent_ref.as_deref()), (Some(Direction::Inbound), Some(AGENT)));
    assert_eq!(report.started_at.unwrap().timestamp_millis(), 1_714_608_475_945);
    assert_eq!(report.ended_at.unwrap().timestamp_millis(), 1_714_608_491_736);
    assert_eq!(report.disconnection_reason.as_deref(), Some("user_hangup"));
    assert_eq!((report.cost, report.summary), (None, None));
}

#[test]
fn the_example_of_a_whole_call_as_an_event() {
    let whole = documented!("answer.call.json");
    let event = format!("{{\"event\":\"call_analyzed\",\"call\":{whole}}}");
    let decoded = webhook(event.as_bytes()).unwrap();
    assert_eq!(decoded.call.unwrap().as_str(), CALL);
    assert_eq!((decoded.from_number, decoded.to_number), (None, None), "it came by the web");
    let Some(CallSignal::Analyzed(report)) = decoded.signal else { panic!("it has an analysis") };
    assert_eq!((report.agent_version, report.duration_ms), (Some(1), Some(10_000)));
    assert_eq!(report.disconnection_reason.as_deref(), Some("agent_hangup"));
    assert_eq!((report.sentiment, report.successful), (Some(Sentiment::Positive), Some(true)));
    assert_eq!((report.in_voicemail, report.summary.unwrap().as_str()), (Some(false), "Summary"));
    let transcript = report.transcript.unwrap();
    assert_eq!((transcript[0].speaker, transcript[0].offset_ms), (Speaker::Agent, Some(700)));
    assert!(report.recording_url.unwrap().as_str().ends_with("/recording.wav"));
    // Cents, all of them.
    let cost = report.cost.unwrap();
    assert_eq!(cost.provider_usd_microcents, UsdMicrocents(70_000_000));
    assert_eq!(cost.products[0].usd_microcents, UsdMicrocents(60_000_000));
    assert_eq!((cost.products[0].product.as_str(), cost.billed_seconds), ("elevenlabs_tts", Some(60)));
    assert_eq!(cost.telephony_usd_microcents, None);
    let latency = report.latency.unwrap();
    assert_eq!(latency.len(), 6);
    assert_eq!((latency[0].part.as_str(), latency[0].p50, latency[0].turns), ("e2e", Some(800), Some(10)));
    let tokens = report.tokens.unwrap();
    assert_eq!((tokens.requests, tokens.total, tokens.average), (123, Some(123), Some(123)));
}

#[test]
fn the_other_name_of_the_event_is_the_event() {
    let decoded = webhook(documented!("call_analyzed.older_name.json").as_bytes()).unwrap();
    assert_eq!(decoded.identity.event, "call_analyzed");
    assert_eq!(decoded.call.unwrap().as_str(), CALL);
    assert!(matches!(decoded.signal, Some(CallSignal::Analyzed(report)) if report.successful == Some(true)));
}

#[test]
fn the_example_of_the_question_before_a_call() {
    let asked = inbound(documented!("call_inbound.json").as_bytes()).unwrap();
    assert_eq!((asked.call_id, asked.event_at), (None, None));
    assert_eq!(asked.agent_id.as_deref(), Some("agent_12345"));
    assert_eq!(asked.from_number.as_deref(), Some("+12137771234"));
    assert_eq!(asked.to_number.as_deref(), Some("+12137771235"));
}

#[test]
fn the_example_of_a_function() {
    let body = documented!("tool.analyze_transcript.json");
    for path in [None, Some("analyze-transcript")] {
        let envelope = tool_request(body.as_bytes(), path).unwrap();
        assert_eq!(envelope.tool, "analyze_transcript");
        assert_eq!(envelope.args["analysis_type"], json!("sentiment"));
        assert_eq!(envelope.tool_call_id.as_deref(), Some("tool_call_abc123"));
        let call = envelope.call.unwrap();
        assert_eq!(call.call_id.unwrap().as_str(), CALL);
        assert_eq!((call.agent_id.as_deref(), call.agent_version), (Some(AGENT), Some(1)));
        assert_eq!((call.from_number, call.direction), (None, None));
    }
    // With "args only" the body is what stands under `args`.
    let envelope = tool_request(br#"{"analysis_type":"sentiment"}"#, Some("analyze_transcript")).unwrap();
    assert_eq!((envelope.args["analysis_type"].as_str(), envelope.call), (Some("sentiment"), None));
}

/// What the vendor's TypeScript library checks itself with.
#[test]
fn the_vendors_own_signature_holds_and_its_malformed_ones_do_not() {
    let (body, at) = (br#"{"event":"call_ended"}"#, 1_700_000_000_000_i64);
    let digest = "07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e";
    let check = |header: &str, body: &[u8], key: &str, now| {
        verify(Some(header.as_bytes()), body, &[Secret::new(key).unwrap()], now)
    };
    let header = format!("v={at},d={digest}");
    for now in [at, at + TOLERANCE_MS, at - TOLERANCE_MS] {
        assert_eq!(check(&header, body, "test-api-key", now), Ok(()));
    }
    for now in [at + TOLERANCE_MS + 1, at - TOLERANCE_MS - 1] {
        assert!(matches!(check(&header, body, "test-api-key", now), Err(SignatureError::Stale { .. })));
    }
    let tampered = br#"{"event":"call_ended"} "#;
    assert_eq!(check(&header, tampered, "test-api-key", at), Err(SignatureError::Mismatch));
    assert_eq!(check(&header, body, "wrong-api-key", at), Err(SignatureError::Mismatch));
    for malformed in [
        String::new(),
        format!("v={at}"),
        format!("d={digest},v={at}"),
        format!("prefix-v={at},d={digest}"),
        format!("v={at},d={digest}-suffix"),
        format!("v={at},d=not-hex"),
        format!("v={at},d={}", &digest[2..]),
        format!("v=999999999999999999999999,d={digest}"),
    ] {
        assert_eq!(
            check(&malformed, body, "test-api-key", at),
            Err(SignatureError::Malformed),
            "{malformed}"
        );
    }
}
