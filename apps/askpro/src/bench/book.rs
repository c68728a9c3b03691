//! `book`: a hold and its booking, eight callers at once. The floor is a durable row under the same exclusion constraint.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::json;

use super::Plan;
use super::company::{Caller, Wish};
use super::figure::{Figure, Goal, Report};
use super::floor::statements;
use super::load::{Fault, Load, Manner, judge, run as run_threads};
use super::offer::{FLOOR_INSERT, FLOOR_TABLE};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::Wire;

const CALLERS: usize = 8;

/// One caller: is it free, then book it.
fn book(wire: &mut Wire, caller: &Caller, wish: &Wish) -> anyhow::Result<Result<(), Fault>> {
    let held = caller.insist(wire, &wish.number, "check_availability", &wish.args())?;
    let read: serde_json::Value = serde_json::from_slice(&held.body).unwrap_or_default();
    let slot = read.pointer("/data/slot_id").cloned().unwrap_or_default();
    let args = json!({"slot_id": slot, "customer_name": "Kim Messung"});
    let booked = caller.insist(wire, &wish.number, "book_appointment", &args)?;
    Ok(judge(&booked, "booked"))
}

/// Eight callers who want the same minute of the same person, at the same moment. Returns how many got it.
fn race(rig: &Rig) -> anyhow::Result<usize> {
    let (wish, won) = (rig.wish(), AtomicUsize::new(0));
    let callers: Vec<Caller> = (0..CALLERS).map(|_| rig.caller()).collect();
    run_threads(CALLERS, Manner::Count(CALLERS as u64), |place, start, _| {
        let wire = Wire::connect(rig.gateway);
        start.wait();
        let mut args = wish.booking();
        args["mitarbeiter"] = json!("Anna Petersen");
        let answer = callers[place].insist(&mut wire?, &wish.number, "book_appointment", &args)?;
        won.fetch_add(usize::from(answer.field("status") == "booked"), Ordering::Relaxed);
        Ok(())
    })?;
    Ok(won.into_inner())
}

/// So many bookings by eight callers at once.
pub(super) fn bookings(rig: &Rig, many: u64) -> anyhow::Result<Load> {
    let visits = Mutex::new(rig.visits(many)?);
    run_threads(CALLERS, Manner::Count(many), |_, start, load| {
        let wire = Wire::connect(rig.gateway);
        start.wait();
        let mut wire = wire?;
        while start.turns().take().is_some() {
            let next = visits.lock().map(|mut visits| visits.pop()).unwrap_or_default();
            let Some((caller, wish)) = next else { break };
            let begun = Instant::now();
            let booked = book(&mut wire, &caller, &wish)?;
            load.count(booked, begun.elapsed());
        }
        Ok(())
    })
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("book");
    for _ in 0..plan.pick(5, 2) {
        let won = race(rig)?;
        report
            .check(won == 1, || format!("{won} of {CALLERS} callers got the same minute of the same person"));
    }
    let (mut rounds, mut waits, mut booked) = (Vec::new(), Vec::new(), 0);
    let made = "SELECT count(*) FROM public.appointments a JOIN public.customers c
                    ON c.tenant_id = a.tenant_id AND c.id = a.customer_id AND c.name = 'Kim Messung'";
    let before = rig.count(made).await?;
    for _ in 0..plan.rounds {
        let ours = bookings(rig, plan.pick(400, 24))?;
        ours.check(&mut report);
        booked += i64::try_from(ours.good)?;
        sqlx::raw_sql(FLOOR_TABLE).execute(&rig.administrator).await?;
        let url = &rig.setting.connections.administrator;
        let floor = statements(url, CALLERS, Manner::Saturate(plan.round), "", async |connection, turn| {
            let turn = i64::try_from(turn).unwrap_or_default();
            sqlx::query(FLOOR_INSERT).bind(turn).execute(connection).await.map(|_| ())
        })?;
        let rows = rig.count("SELECT count(*) FROM floor.occupancy").await?;
        report.check(rows == i64::try_from(floor.good)?, || format!("{rows} rows of {}", floor.good));
        waits.push(Round {
            ours: Side::wait(ours.waits.clone(), 99),
            floor: Some(Side::wait(floor.waits.clone(), 99)),
        });
        rounds.push(Round { ours: ours.rate(), floor: Some(floor.rate()) });
    }
    let rows = rig.count(made).await? - before;
    report.check(rows == booked, || format!("{booked} bookings were told, {rows} appointments are there"));
    let overlaps = rig.overlaps().await?;
    report.check(overlaps == 0, || format!("{overlaps} pairs of overlapping occupied times"));
    report.tell(Figure::new(
        "book",
        "bookings a second",
        &rounds,
        Goal::RatioFrom(0.5),
        Goal::RatioFrom(0.8),
    ));
    report.tell(Figure::new("book.p99", "ms, hold and booking", &waits, Goal::To(20.0), Goal::To(8.0)));
    Ok(report)
}
