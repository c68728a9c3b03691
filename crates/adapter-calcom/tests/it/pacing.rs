//! The guards of one process keep the rules of a memory that several share.

use std::sync::Arc;

use adapter_calcom::guard::{BreakerPolicy, BudgetPolicy, GuardPolicy, GuardState};
use appointment::calendar::{Heard, ReadFailure, WriteFailure};
use chrono::DateTime;
use kernel::testing::FixedClock;
use port_contracts::pacing::{PacingFixture, policy};

use crate::fixtures::effort;

fn guards() -> GuardPolicy {
    let rules = policy();
    GuardPolicy {
        breaker: BreakerPolicy {
            failures: rules.failures,
            within: rules.within,
            open_for: rules.open_for,
            successes: rules.successes,
        },
        budget: BudgetPolicy {
            requests: rules.requests,
            window: rules.window,
            callers_percent: 20,
            changes_percent: 10,
            news_percent: 30,
            block: rules.block,
            ..BudgetPolicy::default()
        },
        ..GuardPolicy::default()
    }
}

fn fixture() -> PacingFixture {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let state = Arc::new(GuardState::new(guards(), clock.clone()));
    PacingFixture { here: state.clone(), there: state, clock }
}

port_contracts::pacing_contract!(fixture);

#[test]
fn the_shared_rules_are_the_same() {
    assert_eq!(guards().pacing(), policy());
}

#[test]
fn what_an_answer_says_about_the_provider() {
    let rules = GuardPolicy::default();
    let read = |why: &str| {
        rules.heard_of_question::<()>(&Err(ReadFailure::Unavailable { why: why.to_owned() }), effort())
    };
    assert_eq!(rules.heard_of_question(&Ok(()), effort()), Heard::Answered);
    for (why, heard) in [
        ("timeout", Heard::Failed),
        ("status 500", Heard::Failed),
        ("status 429", Heard::Enough),
        ("limited", Heard::Nothing),
        ("open", Heard::Nothing),
    ] {
        assert_eq!(read(why), heard, "{why}");
    }
    let refused = WriteFailure::NotSent { why: "status 429".to_owned() };
    assert_eq!(rules.heard_of_change::<()>(&Err(refused), effort()), Heard::Enough);
}
