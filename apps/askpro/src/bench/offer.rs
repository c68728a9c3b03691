//! `offer`: a question about a free time, answered "frei" with its hold. The floor is a row under the same exclusion rule
//! whose commit does not wait for the disk, as that of a hold does not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Plan;
use super::company::{BRANCHES, Caller, QUIET_TIMES};
use super::figure::{Figure, Goal, Report};
use super::floor::statements;
use super::load::{Fault, Manner, drive, judge};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::Answer;

const CONNECTIONS: usize = 8;
/// Questions a second where waits are measured.
const RATE: u32 = 50;
/// The rule that decides whether a time is free, on a table with nothing else.
pub(super) const FLOOR_TABLE: &str = "
    DROP TABLE IF EXISTS floor.occupancy;
    CREATE TABLE floor.occupancy (
        tenant_id uuid NOT NULL, resource_id uuid NOT NULL, span tstzrange NOT NULL,
        EXCLUDE USING gist (tenant_id WITH =, resource_id WITH =, span WITH &&))";
/// A half hour for each turn, at 48 resources in rotation.
pub(super) const FLOOR_INSERT: &str = "
    INSERT INTO floor.occupancy
    SELECT '00000000-0000-0000-0000-000000000001', lpad(to_hex($1::bigint % 48), 32, '0')::uuid,
           tstzrange(t, t + interval '30 minutes')
      FROM (SELECT timestamptz '2027-01-01' + ($1::bigint / 48) * interval '30 minutes') AS s (t)";

fn free(answer: &Answer) -> Result<(), Fault> {
    judge(answer, "available")
}

/// Each connection is a caller at a branch of its own and asks for one time after another there, over and over; every
/// answer makes a new hold and releases the last one.
struct Asking<'r> {
    rig: &'r Rig,
    callers: Vec<(AtomicU64, Caller)>,
}

impl<'r> Asking<'r> {
    fn begin(rig: &'r Rig) -> Self {
        Self { rig, callers: (0..CONNECTIONS).map(|_| (AtomicU64::new(0), rig.caller())).collect() }
    }

    fn request(&self, place: usize) -> Vec<u8> {
        let branch = place as u64 % BRANCHES;
        let (asked, caller) = &self.callers[place];
        let wish = self.rig.quiet(branch, asked.fetch_add(1, Ordering::Relaxed) % QUIET_TIMES);
        caller.tool(&wish.number, "check_availability", &wish.args())
    }
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("offer");
    let asking = Asking::begin(rig);
    let request = |place: usize, _| asking.request(place);
    // The first answers open the calls; what is measured is warm.
    let opened = drive(rig.target(CONNECTIONS), Manner::Count(4 * CONNECTIONS as u64), &request, &free)?;
    opened.check(&mut report);
    let url = &rig.setting.connections.administrator;
    let (mut rounds, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let ours = drive(rig.target(CONNECTIONS), Manner::Saturate(plan.round), &request, &free)?;
        let pace = Manner::Pace(RATE, plan.round.max(Duration::from_millis(400)));
        let paced = drive(rig.target(CONNECTIONS), pace, &request, &free)?;
        for load in [&ours, &paced] {
            load.check(&mut report);
        }
        let insert = async |connection: &mut sqlx::PgConnection, turn: u64| {
            let turn = i64::try_from(turn).unwrap_or_default();
            sqlx::query(FLOOR_INSERT).bind(turn).execute(connection).await.map(|_| ())
        };
        let relaxed = "SET synchronous_commit = off";
        sqlx::raw_sql(FLOOR_TABLE).execute(&rig.administrator).await?;
        let floor = statements(url, CONNECTIONS, Manner::Saturate(plan.round), relaxed, insert)?;
        let rows = rig.count("SELECT count(*) FROM floor.occupancy").await?;
        report.check(rows == i64::try_from(floor.good)?, || format!("{rows} rows of {}", floor.good));
        sqlx::raw_sql(FLOOR_TABLE).execute(&rig.administrator).await?;
        let paced_floor = statements(url, 1, pace, relaxed, insert)?;
        rounds.push(Round { ours: ours.rate(), floor: Some(floor.rate()) });
        waits.push(Round {
            ours: Side::wait(paced.waits, 99),
            floor: Some(Side::wait(paced_floor.waits, 99)),
        });
    }
    let held = rig
        .count("SELECT count(*) FROM public.holds h JOIN public.occupancy o ON o.tenant_id = h.tenant_id AND o.hold_id = h.id")
        .await?;
    report.check(held >= i64::try_from(CONNECTIONS)?, || {
        format!("{held} holds are there after the last answers")
    });
    let overlaps = rig.overlaps().await?;
    report.check(overlaps == 0, || format!("{overlaps} pairs of overlapping occupied times"));
    report.tell(Figure::new("offer", "offers a second", &rounds, Goal::RatioFrom(0.5), Goal::RatioFrom(0.8)));
    report.tell(Figure::new("offer.p99", "ms at 50 a second", &waits, Goal::To(8.0), Goal::To(3.0)));
    Ok(report)
}
