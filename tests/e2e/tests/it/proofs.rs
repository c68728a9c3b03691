//! The demonstrations that check themselves, at the size of a test.

use askpro::prove::{isolation, race};

use crate::house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_want_one_slot_and_one_gets_it() {
    let house = House::open().await;
    let plan = race::Plan { callers: 50, rounds: 2, seed: 3 };
    let verdict = race::run(&house.venue, plan).await.expect("a race");
    assert!(verdict.holds() && verdict.checked > 400, "{:#?}\n{:#?}", verdict.violations, verdict.story);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_another_company() {
    let house = House::open().await;
    let verdict = isolation::run(&house.venue, 3).await.expect("a proof");
    assert!(verdict.holds() && verdict.checked > 1_000, "{:#?}\n{:#?}", verdict.violations, verdict.story);
    house.close().await;
}
