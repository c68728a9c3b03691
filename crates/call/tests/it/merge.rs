//! The merge: any order, any repetition, differing contents, one row.

use call::{Call, CallEffect, CallEvent, CallSignal, CallStatus, LinkMethod, Report, SessionOutcome};
use kernel::CustomerId;
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{at, deliveries, new_call, report, row};

/// Something that happens to a call, told from outside or done by us.
#[derive(Debug, Clone)]
enum Happening {
    Told(Box<CallSignal>),
    Effect(CallEffect, Option<CustomerId>),
    Linked(CustomerId, LinkMethod),
    GivenUp,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let effect = prop_oneof![
        Just(CallEffect::AppointmentBooked),
        Just(CallEffect::AppointmentCancelled),
        Just(CallEffect::CallbackRequested)
    ];
    let customer = (1_u128..4).prop_map(|n| CustomerId::from_uuid(Uuid::from_u128(n)));
    let link =
        (customer.clone(), prop_oneof![Just(LinkMethod::PhoneMatch), Just(LinkMethod::AppointmentLink)]);
    let ours = prop_oneof![
        (effect, proptest::option::of(customer))
            .prop_map(|(effect, customer)| Happening::Effect(effect, customer)),
        link.prop_map(|(customer, method)| Happening::Linked(customer, method)),
        Just(Happening::GivenUp),
    ];
    (deliveries(), proptest::collection::vec(ours, 0..4)).prop_map(|(told, ours)| {
        let told = told.into_iter().map(|signal| Happening::Told(Box::new(signal)));
        told.chain(ours).collect()
    })
}

/// The happenings twice, in two orders.
fn two_orders() -> impl Strategy<Value = (Vec<Happening>, Vec<Happening>)> {
    happenings().prop_flat_map(|all| (Just(all.clone()).prop_shuffle(), Just(all).prop_shuffle()))
}

fn happen(all: &[Happening]) -> (Call, Vec<CallEvent>) {
    // A call comes into being by being told of; what we do needs a call.
    let first = all.iter().position(|one| matches!(one, Happening::Told(_))).unwrap();
    let Happening::Told(opening) = &all[first] else { unreachable!("the position was searched for") };
    let (mut call, decision) = Call::open(new_call(at(100)), (**opening).clone());
    let mut events = decision.events;
    for (index, one) in all.iter().enumerate().filter(|(index, _)| *index != first) {
        let version = call.snapshot().version;
        let decision = match one {
            Happening::Told(signal) => call.apply((**signal).clone()),
            Happening::Effect(effect, customer) => call.note_effect(*effect, *customer),
            Happening::Linked(customer, method) => call.link_customer(*customer, *method),
            Happening::GivenUp => call.give_up(),
        };
        assert_eq!(call.snapshot().version, version + i64::from(decision.changed), "step {index}");
        assert!(decision.changed || decision.events.is_empty(), "step {index}");
        events.extend(decision.events);
    }
    (call, events)
}

fn count(events: &[CallEvent], name: &str) -> usize {
    events.iter().filter(|event| event.name() == name).count()
}

/// The duration that a subscriber believes in after all events.
fn announced_duration(events: &[CallEvent]) -> Option<i64> {
    events
        .iter()
        .rev()
        .find_map(|event| match event {
            CallEvent::Ended(fact) | CallEvent::DurationChanged(fact) => Some(fact.duration_ms),
            _ => None,
        })
        .flatten()
}

fn assert_events_tell_the_row(call: &Call, events: &[CallEvent]) {
    let row = call.snapshot();
    assert_eq!(count(events, "call.started"), 1);
    assert_eq!(count(events, "call.ended"), 1);
    assert_eq!(count(events, "call.analyzed"), 1);
    assert_eq!(count(events, "call.cost_known") > 0, row.cost.is_some());
    assert_eq!(announced_duration(events), row.duration_ms);
}

proptest! {
    #[test]
    fn any_order_ends_in_the_same_row((one, other) in two_orders()) {
        let (first, first_events) = happen(&one);
        let (second, second_events) = happen(&other);
        prop_assert_eq!(row(&first), row(&second));
        assert_events_tell_the_row(&first, &first_events);
        assert_events_tell_the_row(&second, &second_events);
    }

    #[test]
    fn repeating_everything_changes_nothing(all in deliveries().prop_shuffle()) {
        let told: Vec<Happening> = all.iter().cloned().map(|signal| Happening::Told(Box::new(signal))).collect();
        let (mut call, _) = happen(&told);
        let before = call.clone();
        for signal in all {
            let decision = call.apply(signal);
            prop_assert!(!decision.changed && decision.events.is_empty());
        }
        prop_assert_eq!(call, before);
    }

    #[test]
    fn no_event_blanks_a_fact(first in report(), second in report()) {
        let (mut call, _) = Call::open(new_call(at(0)), CallSignal::Ended(first));
        let before = call.snapshot().clone();
        call.apply(CallSignal::Analyzed(second));
        let after = call.snapshot();
        prop_assert!(before.called.is_none() || after.called.is_some());
        prop_assert!(before.summary.is_none() || after.summary.is_some());
        prop_assert!(before.transcript.is_none() || after.transcript.is_some());
        prop_assert!(before.cost.is_none() || after.cost.is_some());
        prop_assert!(before.duration_ms.is_none() || after.duration_ms.is_some());
        prop_assert!(before.caller.number().is_none() || after.caller.number().is_some());
    }

    #[test]
    fn cleaning_a_report_twice_changes_nothing(report in report()) {
        let once = report.cleaned();
        prop_assert_eq!(once.clone().cleaned(), once);
    }
}

/// All 1680 orders of three deliveries each of started, ended and analysed, with contents chosen to disagree.
#[test]
fn every_order_of_nine_deliveries() {
    let told = |n: i64| Report {
        agent_version: (n != 2).then(|| i32::try_from(n).unwrap()),
        started_at: Some(at(n)),
        ended_at: (n != 1).then(|| at(60 + 7 * n)),
        duration_ms: (n == 2).then_some(44_000),
        disconnection_reason: Some(
            ["user_hangup", "agent_hangup", "call_transfer"][usize::try_from(n % 3).unwrap()].into(),
        ),
        event_at: (n % 2 == 0).then(|| at(50 + n)),
        ..Report::default()
    };
    let kinds: [fn(Report) -> CallSignal; 3] = [CallSignal::Started, CallSignal::Ended, CallSignal::Analyzed];
    let mut expected = None;
    let mut orders = 0;
    let mut pending = vec![([0_usize; 3], Vec::<usize>::new())];
    while let Some((used, order)) = pending.pop() {
        if order.len() == 9 {
            orders += 1;
            // Within a kind the deliveries take turns in being first, so that contents are permuted, too.
            let turn = orders % 3;
            let mut next = [0_usize; 3];
            let all: Vec<Happening> = order
                .iter()
                .map(|kind| {
                    let content = i64::try_from(3 * kind + (next[*kind] + turn) % 3).unwrap();
                    next[*kind] += 1;
                    Happening::Told(Box::new(kinds[*kind](told(content))))
                })
                .collect();
            let (call, events) = happen(&all);
            assert_events_tell_the_row(&call, &events);
            let row = row(&call);
            assert_eq!(expected.get_or_insert_with(|| row.clone()), &row, "{order:?}");
            continue;
        }
        for kind in 0..3 {
            if used[kind] < 3 {
                let mut used = used;
                used[kind] += 1;
                let mut order = order.clone();
                order.push(kind);
                pending.push((used, order));
            }
        }
    }
    assert_eq!(orders, 1680);
    let row = expected.unwrap();
    assert_eq!(row.status, CallStatus::Analyzed);
    // Of the three analyses (contents 6, 7, 8), 8 has the latest time of its own.
    assert_eq!((row.agent_version, row.started_at), (Some(8), Some(at(8))));
    // Only one delivery reported a duration, a started one; it still beats computing.
    assert_eq!(row.duration_ms, Some(44_000));
}

#[test]
fn a_late_start_does_not_reopen() {
    let (mut call, _) = Call::open(new_call(at(0)), CallSignal::Ended(Report::default()));
    call.apply(CallSignal::Started(Report::default()));
    assert_eq!(call.status(), CallStatus::Ended);
}

#[test]
fn an_analysis_alone_ends_a_call() {
    let (_, decision) = Call::open(new_call(at(0)), CallSignal::Analyzed(Report::default()));
    let names: Vec<_> = decision.events.iter().map(CallEvent::name).collect();
    assert_eq!(names, ["call.ended", "call.analyzed"]);
}

#[test]
fn a_call_given_up_still_hears_of_its_end() {
    let (mut call, _) = Call::open(new_call(at(0)), CallSignal::Started(Report::default()));
    let failed = call.give_up();
    assert_eq!((call.status(), failed.events[0].name()), (CallStatus::Failed, "call.failed"));
    assert!(!call.give_up().changed);
    let ended = call.apply(CallSignal::Ended(Report::default()));
    assert_eq!((call.status(), ended.events[0].name()), (CallStatus::Ended, "call.ended"));
    assert!(!call.give_up().changed, "what ended is not given up");
}

#[test]
fn an_effect_is_not_downgraded_by_the_analysis() {
    let (mut call, _) = Call::open(new_call(at(0)), CallSignal::Started(Report::default()));
    call.note_effect(CallEffect::AppointmentBooked, None);
    call.apply(CallSignal::Analyzed(Report {
        successful: Some(false),
        duration_ms: Some(3_000),
        ..Report::default()
    }));
    let row = call.snapshot();
    assert_eq!(row.outcome.map(SessionOutcome::as_str), Some("appointment_booked"));
    assert_eq!(row.successful, Some(true));
}

#[test]
fn outcomes_follow_from_the_facts() {
    let outcome = |reason: &str, duration_ms, successful| {
        let (call, _) = Call::open(
            new_call(at(0)),
            CallSignal::Analyzed(Report {
                disconnection_reason: Some(reason.into()),
                duration_ms: Some(duration_ms),
                successful,
                ..Report::default()
            }),
        );
        call.snapshot().outcome.map(SessionOutcome::as_str).unwrap()
    };
    assert_eq!(outcome("user_hangup", 61_000, Some(true)), "information_only");
    assert_eq!(outcome("user_hangup", 9_999, Some(true)), "abandoned");
    assert_eq!(outcome("user_hangup", 61_000, Some(false)), "abandoned");
    assert_eq!(outcome("call_transfer", 5_000, None), "transferred");
    assert_eq!(outcome("voicemail_reached", 5_000, None), "voicemail");
    assert_eq!(outcome("dial_failed", 0, None), "technical_issue");
    assert_eq!(outcome("something_new", 61_000, None), "other");
}
