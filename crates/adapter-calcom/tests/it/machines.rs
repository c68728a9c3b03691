//! The state machines of the guards, over any history.

use std::time::Duration;

use adapter_calcom::guard::{Breaker, BreakerPolicy, BreakerState, Bucket, BudgetPolicy, Outcome};
use adapter_calcom::report::{LimitSeen, Resets};
use appointment::calendar::Lane;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

fn second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000 + second, 0).unwrap()
}

fn fail(breaker: &mut Breaker, at: i64) {
    let (ticket, _) = breaker.admit(second(at));
    breaker.settle(ticket.unwrap(), Outcome::Failed, second(at));
}

fn passes(breaker: &mut Breaker, outcome: Outcome, at: i64) -> bool {
    let (ticket, _) = breaker.admit(second(at));
    let passed = ticket.is_some();
    if let Some(ticket) = ticket {
        breaker.settle(ticket, outcome, second(at));
    }
    passed
}

#[test]
fn five_in_a_row_open_it_and_two_close_it() {
    let mut breaker = Breaker::new(BreakerPolicy::default(), second(0));
    for at in 0..4 {
        fail(&mut breaker, at);
    }
    assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 4));
    fail(&mut breaker, 4);
    assert_eq!((breaker.state(), breaker.since()), (BreakerState::Open, second(4)));
    assert!(!passes(&mut breaker, Outcome::Answered, 63));
    assert!(passes(&mut breaker, Outcome::Answered, 64));
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(passes(&mut breaker, Outcome::Answered, 65));
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn a_success_between_or_too_much_time_keeps_it_closed() {
    let mut breaker = Breaker::new(BreakerPolicy::default(), second(0));
    for at in 0..20 {
        fail(&mut breaker, at);
        if at % 4 == 3 {
            passes(&mut breaker, Outcome::Answered, at);
        }
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    for step in 0..20 {
        fail(&mut breaker, 100 + step * 76);
    }
    assert_eq!(breaker.state(), BreakerState::Closed, "four of them lie within 300 seconds");
    for step in 0..5 {
        fail(&mut breaker, 10_000 + step * 75);
    }
    assert_eq!(breaker.state(), BreakerState::Open, "exactly 300 seconds count");
}

#[test]
fn one_probe_at_a_time() {
    let mut breaker = Breaker::new(BreakerPolicy::default(), second(0));
    for _ in 0..5 {
        fail(&mut breaker, 0);
    }
    let (probe, transition) = breaker.admit(second(60));
    let transition = transition.unwrap();
    assert_eq!((transition.from, transition.to), (BreakerState::Open, BreakerState::HalfOpen));
    assert_eq!(breaker.admit(second(60)), (None, None));
    breaker.settle(probe.unwrap(), Outcome::Nothing, second(61));
    assert_eq!(
        breaker.state(),
        BreakerState::HalfOpen,
        "a probe that learned nothing makes room for another"
    );
    assert!(passes(&mut breaker, Outcome::Failed, 61));
    assert_eq!((breaker.state(), breaker.since()), (BreakerState::Open, second(61)));
}

#[test]
fn what_began_before_changes_nothing() {
    let mut breaker = Breaker::new(BreakerPolicy::default(), second(0));
    let mut early: Vec<_> = (0..3).map(|_| breaker.admit(second(0)).0.unwrap()).collect();
    for _ in 0..5 {
        fail(&mut breaker, 1);
    }
    assert_eq!(breaker.settle(early.pop().unwrap(), Outcome::Answered, second(2)), None);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(passes(&mut breaker, Outcome::Answered, 61));
    for late in early {
        breaker.settle(late, Outcome::Failed, second(62));
    }
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[test]
fn a_clock_set_back_keeps_it_open_no_longer() {
    let mut breaker = Breaker::new(BreakerPolicy::default(), second(10_000));
    for _ in 0..5 {
        fail(&mut breaker, 10_000);
    }
    assert!(!passes(&mut breaker, Outcome::Answered, 0));
    assert!(passes(&mut breaker, Outcome::Answered, 60));
}

#[derive(Debug, Clone)]
enum Step {
    Admit,
    Settle(usize, Outcome),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Failed),
        1 => Just(Outcome::Answered),
        1 => Just(Outcome::Nothing),
    ];
    prop_oneof![
        3 => Just(Step::Admit),
        3 => (0_usize..8, outcome).prop_map(|(which, outcome)| Step::Settle(which, outcome)),
        1 => (0_i64..90).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn a_breaker_keeps_its_promises(steps in proptest::collection::vec(step(), 0..200)) {
        let mut breaker = Breaker::new(BreakerPolicy::default(), second(0));
        let mut now = 0;
        let mut out = Vec::new();
        let mut in_a_row = 0;
        let mut changes = 0;
        let mut opened_at = None;
        for step in steps {
            let before = breaker.state();
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Admit => {
                    let (ticket, transition) = breaker.admit(second(now));
                    if before == BreakerState::Open {
                        let over = opened_at.is_some_and(|opened| now - opened >= 60);
                        prop_assert_eq!(ticket.is_some(), over);
                        prop_assert_eq!(transition.is_some(), over);
                    }
                    if before == BreakerState::Closed {
                        prop_assert!(ticket.is_some() && transition.is_none());
                    }
                    changes += u32::from(transition.is_some());
                    out.extend(ticket.map(|ticket| (ticket, changes)));
                }
                Step::Settle(which, outcome) if !out.is_empty() => {
                    let (ticket, began) = out.swap_remove(which % out.len());
                    let transition = breaker.settle(ticket, outcome, second(now));
                    match outcome {
                        _ if began != changes => prop_assert_eq!(transition, None),
                        Outcome::Failed => in_a_row += 1,
                        Outcome::Answered => in_a_row = 0,
                        Outcome::Nothing => {}
                    }
                    let failed_in_a_row = in_a_row;
                    if transition.is_some() {
                        changes += 1;
                        in_a_row = 0;
                    }
                    let opens = transition.is_some_and(|transition| transition.to == BreakerState::Open);
                    if opens {
                        prop_assert_eq!(outcome, Outcome::Failed);
                        prop_assert!(before == BreakerState::HalfOpen || failed_in_a_row >= 5);
                        opened_at = Some(now);
                    }
                    if transition.is_some_and(|transition| transition.to == BreakerState::Closed) {
                        prop_assert_eq!((before, outcome), (BreakerState::HalfOpen, Outcome::Answered));
                    }
                    prop_assert_eq!(transition.is_some(), before != breaker.state());
                }
                Step::Settle(..) => {}
            }
        }
        // Whatever happened: once everything has come back and time has passed, two good probes close it.
        for (ticket, _) in out {
            breaker.settle(ticket, Outcome::Nothing, second(now));
        }
        for _ in 0..2 {
            passes(&mut breaker, Outcome::Answered, now + 60);
        }
        prop_assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn no_window_sees_more_than_the_budget(
        waits in proptest::collection::vec((0_i64..4, 0_usize..4), 0..600),
    ) {
        let policy = BudgetPolicy { requests: 20, ..BudgetPolicy::default() };
        let mut bucket = Bucket::new(policy);
        let mut now = 0;
        let mut taken: Vec<i64> = Vec::new();
        for (wait, who) in waits {
            now += wait;
            let (lane, most) =
                [(Lane::Change, 20), (Lane::Question, 18), (Lane::Background, 14), (Lane::Upkeep, 10)][who];
            let in_window = taken.iter().filter(|at| now - **at < 60).count();
            let expected = in_window < most;
            prop_assert_eq!(bucket.take(lane, second(now)), expected);
            if expected {
                taken.push(now);
            }
        }
    }

    #[test]
    fn what_the_provider_says_only_ever_makes_it_less(
        steps in proptest::collection::vec((0_i64..20, 0_u32..130, 0_u64..100, any::<bool>()), 0..60),
    ) {
        let mut told = Bucket::new(BudgetPolicy::default());
        let mut plain = Bucket::new(BudgetPolicy::default());
        let mut now = 0;
        for (wait, remaining, reset, refused) in steps {
            now += wait;
            if told.take(Lane::Change, second(now)) {
                prop_assert!(plain.take(Lane::Change, second(now)));
            }
            let resets = Some(Resets::After(Duration::from_secs(reset)));
            let seen = LimitSeen { limit: Some(120), remaining: Some(remaining), resets, refused, retry_after: None };
            told.learn(&seen, second(now));
            prop_assert!(told.left(second(now)) <= plain.left(second(now)));
        }
        prop_assert_eq!(told.left(second(now + 601)), 100, "and is forgotten in the end");
    }
}

#[test]
fn callers_have_a_reserve_and_so_has_what_just_happened() {
    let mut bucket = Bucket::new(BudgetPolicy::default());
    assert_eq!((0..200).filter(|_| bucket.take(Lane::Upkeep, second(0))).count(), 50);
    assert_eq!((0..200).filter(|_| bucket.take(Lane::Background, second(0))).count(), 20);
    assert_eq!((0..200).filter(|_| bucket.take(Lane::Question, second(1))).count(), 20);
    assert_eq!((0..200).filter(|_| bucket.take(Lane::Change, second(1))).count(), 10);
    assert_eq!(bucket.left(second(59)), 0);
    assert_eq!(bucket.left(second(60)), 70);
    assert_eq!(bucket.left(second(61)), 100);
}

#[test]
fn a_refusal_blocks_for_a_minute_or_as_long_as_it_says() {
    let refused = |retry_after: Option<u64>| LimitSeen {
        refused: true,
        retry_after: retry_after.map(Duration::from_secs),
        ..LimitSeen::default()
    };
    for (retry_after, blocked) in [(None, 60), (Some(5), 60), (Some(90), 90), (Some(u64::MAX), 600)] {
        let mut bucket = Bucket::new(BudgetPolicy::default());
        bucket.learn(&refused(retry_after), second(0));
        assert_eq!(bucket.blocked_until(), Some(second(blocked)));
        assert!(!bucket.take(Lane::Change, second(blocked - 1)));
        assert!(bucket.take(Lane::Change, second(blocked)));
    }
}

#[test]
fn others_may_use_the_same_key() {
    let seen = |remaining, reset| LimitSeen {
        remaining: Some(remaining),
        resets: Some(Resets::After(Duration::from_secs(reset))),
        ..LimitSeen::default()
    };
    let mut bucket = Bucket::new(BudgetPolicy::default());
    bucket.learn(&seen(30, 40), second(0));
    assert_eq!(bucket.left(second(0)), 30);
    assert!(bucket.take(Lane::Change, second(1)));
    bucket.learn(&seen(35, 39), second(1));
    assert_eq!(bucket.left(second(1)), 29, "an answer that was overtaken");
    bucket.learn(&seen(20, 30), second(10));
    assert_eq!(bucket.left(second(10)), 20);
    assert!(!bucket.take(Lane::Background, second(10)));
    assert_eq!(bucket.left(second(40)), 99, "until the window ends");
    let at = LimitSeen { resets: Some(Resets::At(second(70))), ..seen(3, 0) };
    bucket.learn(&at, second(50));
    assert_eq!((bucket.left(second(69)), bucket.left(second(70))), (3, 100));
}

#[test]
fn a_smaller_limit_is_kept_to() {
    let mut bucket = Bucket::new(BudgetPolicy::default());
    bucket.learn(&LimitSeen { limit: Some(10), ..LimitSeen::default() }, second(0));
    assert_eq!((0..50).filter(|_| bucket.take(Lane::Background, second(0))).count(), 7);
    assert_eq!((0..50).filter(|_| bucket.take(Lane::Question, second(0))).count(), 2);
    assert_eq!((0..50).filter(|_| bucket.take(Lane::Change, second(0))).count(), 1);
    let mut bucket = Bucket::new(BudgetPolicy::default());
    bucket.learn(&LimitSeen { limit: Some(0), ..LimitSeen::default() }, second(0));
    assert_eq!(bucket.left(second(0)), 1, "or nothing would ever be heard again");
}

#[test]
fn a_clock_set_back_keeps_no_token_for_longer() {
    let mut bucket = Bucket::new(BudgetPolicy::default());
    assert!(bucket.take(Lane::Change, second(100_000)));
    bucket.learn(&LimitSeen { refused: true, ..LimitSeen::default() }, second(100_000));
    assert_eq!(bucket.left(second(0)), 0);
    let later = second(0) + TimeDelta::seconds(600);
    assert_eq!(bucket.left(later), 100);
}
