//! The state of breakers as gauges, and what they refuse as counters.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use adapter_calcom::guard::{Guard, GuardPolicy, GuardState};
use appointment::calendar::{
    AccountPacing, CalendarGateway as _, ConnectionId, Errand, Heard, Lane, Leave, MockCalendarGateway,
};
use chrono::TimeDelta;
use kernel::testing::FixedClock;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use uuid::Uuid;

use crate::fixtures::{connection, effort, scope, uid};

/// The gauges and counters that were set, by name and labels.
#[derive(Default)]
struct Gauges(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Gauges {
    fn named(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> = key.labels().map(metrics::Label::value).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    fn counted(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).map_or(0, |value| value.load(Ordering::Relaxed))
    }

    fn of(&self, operations: &str) -> f64 {
        let all = self.0.lock().unwrap();
        let mut fitting = all.iter().filter(|(name, _)| name.ends_with(operations));
        let (name, value) = fitting.next().unwrap();
        assert!(name.starts_with("calendar_breaker_state cnx_") && fitting.next().is_none(), "{all:?}");
        f64::from_bits(value.load(Ordering::Relaxed))
    }
}

impl Recorder for Gauges {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.named(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.named(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn the_state_of_a_breaker_is_a_gauge() {
    let gauges = Gauges::default();
    let clock = Arc::new(FixedClock::at("2026-11-30T08:00:00Z".parse().unwrap()));
    let policy = GuardPolicy::default();
    let state = GuardState::new(policy, clock.clone());
    let account = ConnectionId::from_uuid(Uuid::from_u128(5));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ask = |heard: Heard| {
        runtime.block_on(async {
            let Leave::Granted(leave) = state.admit(&scope(), account, Errand::Read, Lane::Question).await
            else {
                panic!("not let through")
            };
            let during = gauges.of("read");
            state.settle(&scope(), account, Errand::Read, leave, heard).await;
            during
        })
    };
    metrics::with_local_recorder(&gauges, || {
        assert!((0..policy.breaker.failures).all(|_| ask(Heard::Failed) == 0.0));
        assert_eq!((gauges.of("read"), gauges.of("write")), (2.0, 0.0));
        clock.advance(policy.breaker.open_for + TimeDelta::seconds(1));
        assert!((0..policy.breaker.successes).all(|_| ask(Heard::Answered) == 1.0));
        assert_eq!(gauges.of("read"), 0.0);
    });
}

#[test]
fn what_is_not_asked_is_counted_by_reason_and_for_whom() {
    let gauges = Gauges::default();
    let clock = Arc::new(FixedClock::at("2026-11-30T08:00:00Z".parse().unwrap()));
    let mut inner = MockCalendarGateway::new();
    inner.expect_get().returning(|_, _, _, _| Ok(None));
    let guard = Guard::new(inner, Arc::new(GuardState::new(GuardPolicy::default(), clock)));
    let calendar = connection("https://calendar.example");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ask = |times: u32| {
        for _ in 0..times {
            let _ = runtime.block_on(guard.get(&scope(), &calendar, &uid("b"), effort()));
        }
    };
    metrics::with_local_recorder(&gauges, || {
        ask(90);
        assert_eq!(gauges.counted("calendar_refusals_total limited question"), 0);
        ask(3);
        assert_eq!(gauges.counted("calendar_refusals_total limited question"), 3);
    });
}
