//! The demonstrations that check themselves, at the size of a test.

use std::time::Duration;

use askpro::prove::worlds::Play;
use askpro::prove::{Verdict, isolation, race};

use crate::house::House;

/// Without optimisation, on processors that run other tests as well, a crowd is not answered in 800 ms, and the product
/// would rightly say that it does not know yet. What is proven here is that every first answer is true; that it comes in
/// time is proven by `askpro prove race` in release. So the product gets more time, and is held to that.
pub(crate) fn patient() -> Vec<(String, String)> {
    let more = [
        ("ASKPRO__VOICE__TOOL_DEADLINE_MS", "7000"),
        ("ASKPRO__DATABASE__ACQUIRE_TIMEOUT_MS", "5000"),
        ("ASKPRO__DATABASE__LOCK_TIMEOUT_MS", "1900"),
    ];
    more.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_want_one_slot_and_one_gets_it() {
    let house = House::open_with(patient()).await;
    let plan = race::Plan { callers: 50, rounds: 2, seed: 3, deadline: Duration::from_secs(7) };
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

/// Plays some rounds in a house of its own. Thousands are `askpro prove NAME --seeds N`; how many run here is chosen so
/// that all of them together stay below a minute and a half without optimisation.
async fn holds(play: Play, seeds: std::ops::Range<u64>, least: u64) {
    let mut more = patient();
    more.extend(Play::settings());
    let house = House::open_at(play.begins(), more).await;
    let ground = house.ground();
    let mut verdict = Verdict::new("a proof", seeds.start, 1);
    play.rounds(&ground, seeds, &mut verdict).await.expect("a proof");
    ground.leave().await;
    assert!(verdict.holds() && verdict.checked > least, "{} {:#?}", verdict.checked, verdict.violations);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_neither_double_nor_lose_a_booking() {
    holds(Play::LostResponse, 0..4, 10_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_minutes_without_the_calendar_end_in_agreement() {
    holds(Play::Outage, 0..2, 5_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_the_clocks_is_kept_to_the_minute() {
    holds(Play::Dst, 0..1, 1_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_in_any_order_have_one_end() {
    holds(Play::Reorder, 0..6, 10_000).await;
}
