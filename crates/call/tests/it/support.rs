use call::{
    Call, CallSignal, CallSnapshot, CostFacts, Direction, NewCall, PartLatency, PrivateJson, PrivateText,
    ProductCost, Report, Segment, Sentiment, Speaker, TokenUsage,
};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{BranchId, CallId, Caller, PhoneNumber, ProviderCallId, UsdMicrocents};
use proptest::prelude::*;
use uuid::Uuid;

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

pub(crate) fn branch() -> BranchId {
    BranchId::from_uuid(Uuid::from_u128(77))
}

pub(crate) fn provider_id() -> ProviderCallId {
    ProviderCallId::parse("call_merge").unwrap()
}

pub(crate) fn new_call(received_at: DateTime<Utc>) -> NewCall {
    NewCall {
        id: CallId::from_uuid(Uuid::from_u128(5)),
        provider_call_id: provider_id(),
        branch: branch(),
        received_at,
    }
}

/// The row without what arrival itself decides.
pub(crate) fn row(call: &Call) -> CallSnapshot {
    CallSnapshot {
        id: CallId::from_uuid(Uuid::nil()),
        created_at: DateTime::UNIX_EPOCH,
        version: 0,
        ..call.snapshot().clone()
    }
}

fn caller() -> impl Strategy<Value = Caller> {
    prop_oneof![
        Just(Caller::Anonymous),
        Just(Caller::Known(number("+491701112233"))),
        Just(Caller::Known(number("+491701112299"))),
    ]
}

fn cost() -> impl Strategy<Value = CostFacts> {
    let product = ("[ab]", -1_i64..3)
        .prop_map(|(product, amount)| ProductCost { product, usd_microcents: UsdMicrocents(amount) });
    (
        -1_i64..4,
        proptest::option::of(0_i64..2),
        proptest::option::of(-1_i64..3),
        proptest::collection::vec(product, 0..3),
    )
        .prop_map(|(sum, telephony, billed_seconds, products)| CostFacts {
            provider_usd_microcents: UsdMicrocents(sum * 1_000_000),
            telephony_usd_microcents: telephony.map(UsdMicrocents),
            billed_seconds,
            products,
        })
}

fn transcript() -> impl Strategy<Value = Vec<Segment>> {
    let segment = (
        prop_oneof![Just(Speaker::Agent), Just(Speaker::Caller)],
        proptest::option::of(0_i64..3),
        "[ab \0]{0,3}",
    );
    proptest::collection::vec(
        segment.prop_map(|(speaker, offset_ms, text)| Segment {
            speaker,
            offset_ms,
            text: PrivateText::from_stored(text),
        }),
        0..3,
    )
}

/// Few different contents per field and frequent absence, so that collisions and ties happen all the time.
pub(crate) fn report() -> impl Strategy<Value = Report> {
    use proptest::option::of;
    let word = "[ab \0]{0,2}";
    let parties = (
        of(caller()),
        of(prop_oneof![Just(number("+4940555100")), Just(number("+4940555101"))]),
        of(prop_oneof![Just(Direction::Inbound), Just(Direction::Outbound)]),
        of(word),
        of(0_i32..3),
    );
    let times = (
        of((0_i64..3).prop_map(at)),
        of((0_i64..3).prop_map(at)),
        of((2_i64..30).prop_map(at)),
        of(-1_i64..20_000),
        of(prop_oneof![
            Just("user_hangup".to_owned()),
            Just("voicemail_reached".to_owned()),
            Just("error_asr".to_owned()),
            Just(" ".to_owned())
        ]),
    );
    let contents = (
        of(word),
        of(prop_oneof![Just(Sentiment::Positive), Just(Sentiment::Negative)]),
        of(any::<bool>()),
        of(any::<bool>()),
        of(word),
        of(transcript()),
        of(cost()),
    );
    let latency = ("[ab]", of(-1_i64..3), of(0_i64..2)).prop_map(|(part, p50, turns)| PartLatency {
        part,
        p50,
        turns,
        ..PartLatency::default()
    });
    let tokens =
        (-1_i64..3, of(0_i64..2)).prop_map(|(requests, total)| TokenUsage { requests, total, average: None });
    let meters = (
        of("[ab]{0,1}".prop_map(|word| PrivateJson::clean(&format!(r#"{{"a":"{word}"}}"#)).unwrap())),
        of(proptest::collection::vec(latency, 0..3)),
        of(tokens),
    );
    (parties, times, contents, meters).prop_map(|(parties, times, contents, meters)| Report {
        analysis: meters.0,
        latency: meters.1,
        tokens: meters.2,
        caller: parties.0,
        called: parties.1,
        direction: parties.2,
        agent_ref: parties.3,
        agent_version: parties.4,
        event_at: times.0,
        started_at: times.1,
        ended_at: times.2,
        duration_ms: times.3,
        disconnection_reason: times.4,
        summary: contents.0.map(PrivateText::from_stored),
        sentiment: contents.1,
        successful: contents.2,
        in_voicemail: contents.3,
        recording_url: contents.4.map(PrivateText::from_stored),
        transcript: contents.5,
        cost: contents.6,
    })
}

/// Started, ended and analysed, each one to three times with contents of its own, among tool calls and updates.
pub(crate) fn deliveries() -> impl Strategy<Value = Vec<CallSignal>> {
    let times =
        |wrap: fn(Report) -> CallSignal, range| proptest::collection::vec(report().prop_map(wrap), range);
    (
        times(CallSignal::Inbound, 0..2),
        times(CallSignal::ToolCall, 0..3),
        times(CallSignal::Started, 1..4),
        times(CallSignal::Updated, 0..2),
        times(CallSignal::Ended, 1..4),
        times(CallSignal::Analyzed, 1..4),
    )
        .prop_map(|(inbound, tools, started, updated, ended, analyzed)| {
            [inbound, tools, started, updated, ended, analyzed].concat()
        })
}
