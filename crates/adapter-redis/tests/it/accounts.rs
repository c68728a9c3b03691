//! What is known together about accounts at outside calendars keeps the rules of its ports.

use std::sync::Arc;

use adapter_redis::RedisPacing;
use appointment::calendar::AccountPacing;
use chrono::DateTime;
use kernel::testing::FixedClock;
use port_contracts::pacing::{PacingFixture, policy};

use crate::support::two;

fn pacing() -> PacingFixture {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let [here, there] = two().map(|redis| -> Arc<dyn AccountPacing> {
        Arc::new(RedisPacing::new(redis, clock.clone(), policy()))
    });
    PacingFixture { here, there, clock }
}

port_contracts::pacing_contract!(pacing);
