//! Gateway, worker and Postgres are killed without warning, at the size of a test.

use askpro::prove::crash::{Plan, run};
use askpro::prove::worlds::Seeds;

/// Twenty rounds take about half a minute without optimisation; thousands are `askpro prove crash --seeds`.
const ROUNDS: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_death_of_every_process() {
    let plan = Plan::new(env!("CARGO_BIN_EXE_askpro").into(), Seeds { seed: 1, seeds: ROUNDS });
    let verdict = run(&plan).await.expect("a proof");
    assert!(verdict.holds() && verdict.checked > 5_000, "{:#?}\n{:#?}", verdict.violations, verdict.story);
    let figure = |name| verdict.figures.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    assert!(figure("acknowledged") > Some(0), "{:?}", verdict.story);
    assert!(figure("unanswered") > Some(0), "everything was acknowledged: nobody died in time");
}
