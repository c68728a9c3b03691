//! Call events: what is read of them, and what is left aside.

use adapter_retell::decode::{DecodeError, Identity, body_sha256, identify, inbound, webhook};
use call::{CallSignal, Direction, Sentiment, Speaker};
use kernel::UsdMicrocents;

use crate::fixtures::{
    ALERT, ANALYZED, ANALYZED_BRIEF, CALL_ID, CHAT_STARTED, ENDED, ENDED_NOT_CONNECTED, ENDED_WITHOUT_COST,
    INBOUND, INBOUND_BARE, STARTED, TRANSCRIPT_UPDATED, TRANSFER_STARTED,
};

fn identity(event: &str, subject: &str) -> Identity {
    Identity { event: event.to_owned(), subject: subject.to_owned() }
}

fn report(body: &str) -> call::Report {
    let decoded = webhook(body.as_bytes()).unwrap();
    decoded.signal.unwrap().report().clone().cleaned()
}

#[test]
fn events_become_signals() {
    for (body, event, kind) in [
        (INBOUND, "call_inbound", "Inbound"),
        (STARTED, "call_started", "Started"),
        (ENDED, "call_ended", "Ended"),
        (ANALYZED, "call_analyzed", "Analyzed"),
        (TRANSCRIPT_UPDATED, "transcript_updated", "Updated"),
        (TRANSFER_STARTED, "transfer_started", "Updated"),
    ] {
        let decoded = webhook(body.as_bytes()).unwrap();
        assert_eq!(decoded.identity, identity(event, CALL_ID));
        assert_eq!(identify(body.as_bytes()).unwrap(), decoded.identity);
        assert_eq!(decoded.call.unwrap().as_str(), CALL_ID);
        assert_eq!(decoded.from_number.as_deref(), Some("+491712223344"));
        assert_eq!(decoded.to_number.as_deref(), Some("+4940555100"));
        let signal = decoded.signal.unwrap();
        assert_eq!(format!("{:?}", signal.kind()), kind);
        assert_eq!((&signal.report().caller, &signal.report().called), (&None, &None));
    }
}

#[test]
fn the_whole_call_is_read() {
    let report = report(ENDED);
    assert_eq!(report.direction, Some(Direction::Inbound));
    assert_eq!(report.agent_ref.as_deref(), Some("agent_41c0ffee9b7a55d2e8f0a1b2c3"));
    assert_eq!(report.agent_version, Some(17));
    let milliseconds = |at: chrono::DateTime<chrono::Utc>| at.timestamp_millis();
    assert_eq!(report.started_at.map(milliseconds), Some(1_795_426_212_417));
    assert_eq!(report.ended_at.map(milliseconds), Some(1_795_426_247_720));
    assert_eq!(report.duration_ms, Some(35_303));
    assert_eq!(report.disconnection_reason.as_deref(), Some("user_hangup"));
    assert_eq!(report.event_at, None);
    assert_eq!(report.summary, None);
    let recording = report.recording_url.unwrap();
    assert_eq!(recording.as_str(), "https://recordings.example/5d2c/recording.wav");

    let transcript = report.transcript.unwrap();
    assert_eq!(transcript.len(), 5);
    let spoken: Vec<_> = transcript.iter().map(|turn| (turn.speaker, turn.offset_ms)).collect();
    assert_eq!(spoken[0], (Speaker::Agent, Some(812)));
    assert_eq!(spoken[1], (Speaker::Caller, Some(5_201)));
    assert_eq!(transcript[3].text.as_str(), "Öztürk.");

    let cost = report.cost.unwrap();
    assert_eq!(cost.provider_usd_microcents, UsdMicrocents(4_560_000));
    assert_eq!(cost.billed_seconds, Some(36));
    let products: Vec<_> =
        cost.products.iter().map(|position| (position.product.as_str(), position.usd_microcents.0)).collect();
    assert_eq!(products, [("elevenlabs_tts", 4_200_000), ("gpt_4o_mini", 360_000)]);
}

#[test]
fn the_analysis_is_read_and_its_cost_is_rounded_once() {
    let report = report(ANALYZED);
    assert_eq!(report.event_at.unwrap().timestamp_millis(), 1_795_426_253_417);
    assert!(report.summary.unwrap().as_str().starts_with("Frau Öztürk"));
    assert_eq!(report.sentiment, Some(Sentiment::Positive));
    assert_eq!(report.successful, Some(true));
    assert_eq!(report.in_voicemail, Some(false));
    let cost = report.cost.unwrap();
    // 4.9200005 cents are half a micro-cent above 4.920000.
    assert_eq!(cost.provider_usd_microcents, UsdMicrocents(4_920_001));
    assert_eq!((cost.products.len(), cost.telephony_usd_microcents), (3, None), "no carrier on the bill");
    assert_eq!(report.analysis, None, "an empty list is what an empty object becomes elsewhere");
    let latency = report.latency.unwrap();
    let figures: Vec<_> = latency.iter().map(|part| (part.part.as_str(), part.p50, part.turns)).collect();
    assert_eq!(figures, [("e2e", Some(836), Some(1))]);
    assert_eq!(report.tokens.unwrap().total, Some(7169));
}

#[test]
fn what_the_analysis_was_asked_for_and_the_carriers_part_are_read() {
    let body = r#"{"event":"call_analyzed","call":{"call_id":"call_carriers_part",
        "call_analysis":{"custom_analysis_data":{"b":1.0,"a":"Frau Öztürk"}},
        "latency":{"e2e":{"p50":836.5,"p90":900,"max":-1,"num":3},"odd":{"p50":1},"tts":"x"},
        "llm_token_usage":{"values":[2351,2383,2435],"average":2389.6666666666665,"num_requests":3},
        "call_cost":{"combined_cost":4.56,"product_costs":[{"product":"elevenlabs_tts","cost":3.36},
            {"product":"us_telephony","cost":1.0},{"product":"Twilio_SIP","cost":0.2}]}}}"#;
    let report = report(body);
    assert_eq!(report.analysis.as_ref().unwrap().as_str(), r#"{"a":"Frau Öztürk","b":1}"#);
    assert!(!format!("{report:?}").contains("Öztürk"));
    let latency = report.latency.unwrap();
    let figures: Vec<_> = latency.iter().map(|part| (part.part.as_str(), part.p50, part.max)).collect();
    assert_eq!(figures, [("e2e", Some(837), None)]);
    let tokens = report.tokens.unwrap();
    assert_eq!((tokens.requests, tokens.total, tokens.average), (3, Some(7169), Some(2390)));
    let cost = report.cost.unwrap();
    assert_eq!(cost.telephony_usd_microcents, Some(UsdMicrocents(1_200_000)));
    assert_eq!(cost.provider_usd_microcents, UsdMicrocents(4_560_000), "the carrier's part is in the sum");
}

#[test]
fn absence_stays_absence() {
    let brief = report(ANALYZED_BRIEF);
    let answers = call::PrivateJson::clean(r#"{"reason_for_visit":"Beratung"}"#);
    assert_eq!(brief, call::Report { analysis: answers, ..call::Report::default() });
    // Zeros before the cost is known are no cost, at the start and for a call that never came about.
    assert_eq!(report(STARTED).cost, None);
    assert_eq!(report(ENDED_NOT_CONNECTED).cost, None);
    assert_eq!(report(ENDED_WITHOUT_COST).cost, None);
}

#[test]
fn plain_lines_are_a_transcript_too() {
    let transcript = report(ENDED_WITHOUT_COST).transcript.unwrap();
    let speakers: Vec<_> = transcript.iter().map(|turn| turn.speaker).collect();
    let (agent, caller) = (Speaker::Agent, Speaker::Caller);
    assert_eq!(speakers, [agent, caller, agent, caller, agent]);
    assert_eq!(transcript[3].text.as_str(), "Öztürk.");
}

#[test]
fn a_running_transcript_is_what_was_said_without_tools() {
    assert_eq!(report(TRANSCRIPT_UPDATED).transcript.unwrap().len(), 2);
}

#[test]
fn events_about_other_things_say_nothing() {
    for (body, expected) in [
        (CHAT_STARTED, identity("chat_started", "chat_77aa01")),
        (ALERT, identity("alert_triggered", "alert_incident_31")),
        (
            r#"{"event":"call_teleported","call":{"call_id":"call_a1"}}"#,
            identity("call_teleported", "call_a1"),
        ),
        (
            r#"{"event":"transcript_updated","chat":{"chat_id":"chat_1"}}"#,
            identity("transcript_updated", "chat_1"),
        ),
    ] {
        let decoded = webhook(body.as_bytes()).unwrap();
        assert_eq!(decoded.identity, expected);
        assert_eq!(decoded.signal, None);
    }
}

#[test]
fn the_question_before_the_call() {
    let asked = inbound(INBOUND.as_bytes()).unwrap();
    assert_eq!(asked.call_id.unwrap().as_str(), CALL_ID);
    assert_eq!(asked.agent_version, Some(17));
    assert_eq!(asked.event_at.unwrap().timestamp_millis(), 1_795_426_211_517);
    let bare = inbound(INBOUND_BARE.as_bytes()).unwrap();
    assert_eq!(bare.call_id, None);
    assert_eq!(bare.from_number.as_deref(), Some("anonymous"));
    assert_eq!(bare.to_number.as_deref(), Some("+4940555100"));
    let old = inbound(br#"{"from":"+491701112233","callee":"+4940555100"}"#).unwrap();
    assert_eq!(old.from_number.as_deref(), Some("+491701112233"));
    assert_eq!(old.to_number.as_deref(), Some("+4940555100"));
    // Without a call id there is no call to tell anything about.
    assert_eq!(webhook(INBOUND_BARE.as_bytes()).unwrap().signal, None);
}

#[test]
fn not_json_is_told_from_json_that_says_nothing() {
    for body in ["", "{", "event=call_ended", "{\"event\":\"call_ended\"} x", "{'event':1}"] {
        assert_eq!(webhook(body.as_bytes()), Err(DecodeError::NotJson), "{body}");
        assert_eq!(identify(body.as_bytes()), Err(DecodeError::NotJson), "{body}");
    }
    assert_eq!(webhook(b"{\"event\":\"\xff\"}"), Err(DecodeError::NotJson));
    for (body, event, subject) in [
        ("[]", "", ""),
        ("17", "", ""),
        ("{}", "", ""),
        (r#"{"call":{"call_id":"call_a1"}}"#, "", "call_a1"),
        (r#"{"event":"call_ended"}"#, "call_ended", ""),
        (r#"{"event":"call_ended","call":[]}"#, "call_ended", ""),
        (r#"{"event":"call_ended","call":{"call_id":7}}"#, "call_ended", ""),
        (r#"{"event":"call_ended","call":{"call_id":"{{call_id}}"}}"#, "call_ended", "{{call_id}}"),
    ] {
        let Err(DecodeError::Undecodable { identity: told, .. }) = webhook(body.as_bytes()) else {
            unreachable!("{body} was decoded")
        };
        assert_eq!(told, identity(event, subject), "{body}");
        assert_eq!(identify(body.as_bytes()).unwrap(), told);
    }
}

#[test]
fn odd_kinds_are_absent_and_repeated_names_count_once() {
    let decoded = webhook(
        br#"{"event":"call_started","event":"call_ended","call":{"call_id":"call_a1","agent_version":"prod",
            "start_timestamp":"1795426212417","end_timestamp":{},"duration_ms":12.0,"direction":"sideways",
            "disconnection_reason":["user_hangup"],"call_cost":{"combined_cost":"1.5","product_costs":{}},
            "transcript_object":[7,{"role":"agent","content":9},{"role":"dtmf","content":"1"}],
            "call_analysis":[]}}"#,
    )
    .unwrap();
    let Some(CallSignal::Ended(report)) = decoded.signal else { unreachable!("the last name counts") };
    assert_eq!(report.agent_version, None);
    assert_eq!(report.started_at.unwrap().timestamp_millis(), 1_795_426_212_417);
    assert_eq!((report.ended_at, report.duration_ms), (None, Some(12)));
    assert_eq!((report.direction, report.disconnection_reason), (None, None));
    assert_eq!(report.transcript, None);
    assert_eq!(report.cost.unwrap().provider_usd_microcents, UsdMicrocents(1_500_000));
}

#[test]
fn clocks_before_1970_and_past_all_time_are_absent_and_the_event_is_not_lost() {
    for clock in
        ["-1", "-1795426212417", "-9223372036854775808", "9223372036854775807", "1e300", "\"-5\"", "-0.5"]
    {
        let body = format!(
            r#"{{"event":"call_ended","event_timestamp":{clock},"call":{{"call_id":"call_a1",
                "start_timestamp":{clock},"end_timestamp":{clock},"duration_ms":61000,
                "disconnection_reason":"user_hangup"}}}}"#
        );
        let decoded = webhook(body.as_bytes()).unwrap();
        assert_eq!(decoded.identity, identity("call_ended", "call_a1"), "{clock}");
        let Some(CallSignal::Ended(report)) = decoded.signal else { unreachable!("{clock}") };
        assert_eq!((report.started_at, report.ended_at), (None, None), "{clock}");
        assert_eq!(report.duration_ms, Some(61_000), "what else it says counts: {clock}");
        assert_eq!(report.disconnection_reason.as_deref(), Some("user_hangup"));
    }
}

#[test]
fn nothing_personal_is_shown() {
    let shown =
        format!("{:?} {:?}", webhook(ANALYZED.as_bytes()).unwrap(), inbound(INBOUND.as_bytes()).unwrap());
    for secret in ["1712223344", "Öztürk", "Herrenhaarschnitt", "recording.wav"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn the_hash_is_of_the_bytes() {
    // SHA-256 of nothing, FIPS 180-4.
    assert_eq!(body_sha256(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    assert_ne!(body_sha256(ENDED.as_bytes()), body_sha256(ENDED.trim_end().as_bytes()));
}
