//! `availability`: a question about a time that is taken, answered with alternatives and without a hold. The floor is a
//! bare signed route that returns the same bytes.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::Plan;
use super::company::{Caller, Wish, as_bare};
use super::figure::{Figure, Goal, Report};
use super::load::{Fault, Manner, drive, judge};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::{Answer, Wire};

/// Callers at once; the tools of one call come one after another.
const CONNECTIONS: usize = 8;
/// Questions a second where waits are measured.
const RATE: u32 = 50;

fn taken(answer: &Answer) -> Result<(), Fault> {
    judge(answer, "unavailable")
}

/// A caller for each connection, with an open call, at a branch of its own, and a time there that both people have given
/// away.
fn callers(rig: &Rig) -> anyhow::Result<Vec<(Caller, Wish)>> {
    let mut wire = Wire::connect(rig.gateway)?;
    let mut callers = Vec::new();
    for (mut caller, wish) in rig.visits(u64::try_from(CONNECTIONS)?)? {
        for _ in 0..2 {
            let other = rig.caller();
            let booked = other.insist(&mut wire, &wish.number, "book_appointment", &wish.booking())?;
            let status = booked.field("status");
            ensure!(status == "booked", "a time could not be filled: {} `{status}`", booked.status);
            // Whoever asks is somebody else again.
            caller = rig.caller();
        }
        callers.push((caller, wish));
    }
    Ok(callers)
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("availability");
    let callers = callers(rig)?;
    let request = |place: usize, _| {
        let (caller, wish) = &callers[place % CONNECTIONS];
        caller.tool(&wish.number, "check_availability", &wish.args())
    };
    let mut wire = Wire::connect(rig.gateway)?;
    for (caller, wish) in &callers {
        let answer = caller.insist(&mut wire, &wish.number, "check_availability", &wish.args())?;
        report.check(taken(&answer).is_ok(), || format!("a taken time is `{}`", answer.field("status")));
        let read: serde_json::Value = serde_json::from_slice(&answer.body).context("an answer is JSON")?;
        let offered = read.get("alternatives").and_then(|list| list.as_array()).map_or(0, Vec::len);
        report.check(offered > 0, || "a taken time was answered without alternatives".to_owned());
        rig.bare.answers(answer.body);
    }
    let before = rig.count("SELECT count(*) FROM public.holds").await?;
    let bare = |place: usize, turn| as_bare(request(place, turn));
    let (mut rounds, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let saturate = Manner::Saturate(plan.round);
        let ours = drive(rig.target(CONNECTIONS), saturate, &request, &taken)?;
        let floor = drive(rig.bare_target(CONNECTIONS), saturate, &bare, &taken)?;
        let pace = Manner::Pace(RATE, plan.round.max(Duration::from_millis(400)));
        let paced = drive(rig.target(CONNECTIONS), pace, &request, &taken)?;
        let paced_floor = drive(rig.bare_target(CONNECTIONS), pace, &bare, &taken)?;
        for load in [&ours, &floor, &paced, &paced_floor] {
            load.check(&mut report);
        }
        rounds.push(Round { ours: ours.rate(), floor: Some(floor.rate()) });
        waits.push(Round {
            ours: Side::wait(paced.waits, 99),
            floor: Some(Side::wait(paced_floor.waits, 99)),
        });
    }
    let after = rig.count("SELECT count(*) FROM public.holds").await?;
    report.check(before == after, || format!("{} holds came of questions about taken times", after - before));
    report.tell(Figure::new(
        "availability",
        "answers a second",
        &rounds,
        Goal::RatioFrom(0.5),
        Goal::RatioFrom(0.8),
    ));
    report.tell(Figure::new("availability.p99", "ms at 50 a second", &waits, Goal::To(5.0), Goal::To(1.0)));
    Ok(report)
}
