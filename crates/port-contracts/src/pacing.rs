//! What every pacing of accounts does: [`appointment::calendar::AccountPacing`].
//!
//! The fixture has two handles on one memory, as two gateways have; a memory of one process gives the same twice.

use std::sync::Arc;

use appointment::calendar::{AccountPacing, ConnectionId, Errand, Heard, Lane, Leave, PacingPolicy, Reserve};
use chrono::TimeDelta;
use kernel::testing::{FixedClock, scope};
use uuid::Uuid;

/// A memory that knows nothing yet, by the rules of [`policy`].
pub struct PacingFixture {
    /// As one gateway sees it.
    pub here: Arc<dyn AccountPacing>,
    /// As another one does.
    pub there: Arc<dyn AccountPacing>,
    /// Their clock.
    pub clock: Arc<FixedClock>,
}

/// The rules of the suite: three failures within five minutes, a minute's pause, two probes; ten requests a minute, two
/// of them for callers, and one of these for what they want changed.
#[must_use]
pub const fn policy() -> PacingPolicy {
    PacingPolicy {
        failures: 3,
        within: TimeDelta::seconds(300),
        open_for: TimeDelta::seconds(60),
        successes: 2,
        requests: 10,
        reserve: Reserve { callers: 2, changes: 1, news: 3 },
        window: TimeDelta::seconds(60),
        block: TimeDelta::seconds(60),
    }
}

/// Runs every rule as a test of its own; the fixture is a plain `fn() -> PacingFixture`.
#[macro_export]
macro_rules! pacing_contract {
    ($fixture:path) => {
        $crate::pacing_contract!(@each $fixture;
            failures_in_a_row_open_a_breaker_whoever_has_them,
            one_probe_at_a_time_closes_it_or_opens_it_again,
            what_began_earlier_changes_nothing,
            old_failures_and_answers_are_no_row,
            a_budget_is_shared_and_comes_back,
            enough_is_enough_for_everybody,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::pacing::$rule(&$fixture()).await;
            }
        )+
    };
}

const READ: Errand = Errand::Read;

fn account(number: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(number))
}

async fn admit(pacing: &Arc<dyn AccountPacing>) -> Leave {
    pacing.admit(&scope(1, None), account(1), READ, Lane::Question).await
}

/// Asks and has its answer at once.
async fn go(pacing: &Arc<dyn AccountPacing>, heard: Heard) {
    let Leave::Granted(leave) = admit(pacing).await else { panic!("not let through") };
    pacing.settle(&scope(1, None), account(1), READ, leave, heard).await;
}

async fn open(fixture: &PacingFixture) {
    for pacing in [&fixture.here, &fixture.there, &fixture.here] {
        go(pacing, Heard::Failed).await;
    }
}

/// They count together, for one account, one tenant and one kind of requests.
pub async fn failures_in_a_row_open_a_breaker_whoever_has_them(fixture: &PacingFixture) {
    open(fixture).await;
    for pacing in [&fixture.here, &fixture.there] {
        assert_eq!(admit(pacing).await, Leave::Open);
        let ours = scope(1, None);
        assert!(matches!(
            pacing.admit(&ours, account(1), Errand::Write, Lane::Change).await,
            Leave::Granted(_)
        ));
        assert!(matches!(pacing.admit(&ours, account(2), READ, Lane::Question).await, Leave::Granted(_)));
    }
    fixture.clock.advance(TimeDelta::seconds(59));
    assert_eq!(admit(&fixture.there).await, Leave::Open);
}

/// After a pause one gateway asks and the others wait for what it hears.
pub async fn one_probe_at_a_time_closes_it_or_opens_it_again(fixture: &PacingFixture) {
    open(fixture).await;
    fixture.clock.advance(TimeDelta::seconds(60));
    let Leave::Granted(probe) = admit(&fixture.here).await else { panic!("no probe") };
    assert_eq!(admit(&fixture.there).await, Leave::Open);
    fixture.here.settle(&scope(1, None), account(1), READ, probe, Heard::Failed).await;
    assert_eq!(admit(&fixture.there).await, Leave::Open, "open again");
    fixture.clock.advance(TimeDelta::seconds(60));
    go(&fixture.there, Heard::Nothing).await;
    go(&fixture.there, Heard::Answered).await;
    go(&fixture.here, Heard::Answered).await;
    let (one, other) = (admit(&fixture.here).await, admit(&fixture.there).await);
    assert!(matches!((one, other), (Leave::Granted(_), Leave::Granted(_))), "closed: {one:?} {other:?}");
}

/// An outcome of an earlier state says nothing about this one.
pub async fn what_began_earlier_changes_nothing(fixture: &PacingFixture) {
    let Leave::Granted(early) = admit(&fixture.there).await else { panic!("not let through") };
    open(fixture).await;
    fixture.there.settle(&scope(1, None), account(1), READ, early, Heard::Answered).await;
    assert_eq!(admit(&fixture.here).await, Leave::Open);
    fixture.clock.advance(TimeDelta::seconds(60));
    let Leave::Granted(probe) = admit(&fixture.here).await else { panic!("no probe") };
    fixture.there.settle(&scope(1, None), account(1), READ, early, Heard::Failed).await;
    fixture.here.settle(&scope(1, None), account(1), READ, probe, Heard::Answered).await;
    assert!(matches!(admit(&fixture.there).await, Leave::Granted(_)));
}

/// An answer ends a row, and so does time.
pub async fn old_failures_and_answers_are_no_row(fixture: &PacingFixture) {
    go(&fixture.here, Heard::Failed).await;
    go(&fixture.here, Heard::Failed).await;
    go(&fixture.there, Heard::Answered).await;
    go(&fixture.here, Heard::Failed).await;
    go(&fixture.there, Heard::Failed).await;
    fixture.clock.advance(TimeDelta::seconds(301));
    go(&fixture.here, Heard::Failed).await;
    assert!(matches!(admit(&fixture.there).await, Leave::Granted(_)));
}

/// Ten a minute for all together; the last five are not for upkeep, the last two for callers, the very last for what they
/// want changed; another tenant has its own.
pub async fn a_budget_is_shared_and_comes_back(fixture: &PacingFixture) {
    let ours = scope(1, None);
    for number in 0..8 {
        let pacing = if number % 2 == 0 { &fixture.here } else { &fixture.there };
        let upkeep = pacing.admit(&ours, account(1), READ, Lane::Upkeep).await;
        let leave = match upkeep {
            Leave::Granted(_) if number < 5 => upkeep,
            Leave::Limited if number >= 5 => pacing.admit(&ours, account(1), READ, Lane::Background).await,
            other => panic!("{number}: {other:?}"),
        };
        assert!(matches!(leave, Leave::Granted(_)), "{number}: {leave:?}");
    }
    assert_eq!(fixture.here.admit(&ours, account(1), READ, Lane::Background).await, Leave::Limited);
    assert_eq!(fixture.there.admit(&ours, account(1), Errand::Write, Lane::Background).await, Leave::Limited);
    fixture.clock.advance(TimeDelta::seconds(30));
    assert!(matches!(admit(&fixture.here).await, Leave::Granted(_)));
    assert_eq!(admit(&fixture.there).await, Leave::Limited);
    let change = fixture.there.admit(&ours, account(1), Errand::Write, Lane::Change).await;
    assert!(matches!(change, Leave::Granted(_)), "{change:?}");
    assert_eq!(fixture.here.admit(&ours, account(1), Errand::Write, Lane::Change).await, Leave::Limited);
    fixture.clock.advance(TimeDelta::seconds(30));
    assert!(matches!(admit(&fixture.there).await, Leave::Granted(_)), "the first eight are back");
}

/// Who was told to stay away tells the others.
pub async fn enough_is_enough_for_everybody(fixture: &PacingFixture) {
    go(&fixture.here, Heard::Enough).await;
    for pacing in [&fixture.here, &fixture.there] {
        assert_eq!(admit(pacing).await, Leave::Limited);
    }
    fixture.clock.advance(TimeDelta::seconds(60));
    assert!(matches!(admit(&fixture.there).await, Leave::Granted(_)));
}
