//! Gateway, worker and Postgres are killed without warning in the middle of their work, again and again.
//!
//! They are real processes of this program. In each round people call, webhooks come in, and something is killed: it
//! writes nothing, answers nothing and hands nothing back any more. Then it is started again, and the next round begins.
//! At last nothing is killed, the worker does what is left (its clock is put forward, so that nobody waits for writes of
//! unknown outcome to settle), and the judge compares what the client's side wrote down with both calendars.

mod processes;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bootstrap::Shutdown;
use futures_util::future::join_all;
use provision::Durability;
use serde_json::{Map, Value, json};
use simulators::calcom::{self, Effect, Fault, Operation};
use tokio::net::TcpListener;

use self::processes::{Processes, Program};
use super::Verdict;
use super::callers::{Caller, free_days};
use super::ground::Ground;
use super::worlds::Seeds;
use crate::admin::task_is_known;
use crate::cluster::{Cluster, tell_on_stderr};
use crate::machine::Machine;
use crate::ready::{Ready, RetellReady};
use crate::stage::{self, PRIVATE_SECRETS_KEY, RETELL_KEY, Residents, Setting};
use crate::venue::Venue;
use crate::world::{DEFAULT_SEED, Dice};

/// Webhooks that are on their way in a round.
const WEBHOOKS: usize = 16;
/// People who call in a round.
const CALLERS: usize = 3;
/// Between two webhooks.
const PACE: Duration = Duration::from_millis(15);
/// The latest moment at which something is killed, counted from the first webhook.
const LATEST_MS: usize = 400;
/// In half of the rounds the outside calendar takes so long for each change: whoever sends one dies in the middle of it.
const SLOW_MS: usize = 300;
/// Out of a hundred rounds, those in which Postgres is killed as well.
const POSTGRES_TOO: usize = 30;

/// How it is run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// This program: its hidden commands are gateway and worker.
    pub program: PathBuf,
    /// Rounds.
    pub seeds: Seeds,
}

impl Plan {
    /// So many rounds of this program.
    #[must_use]
    pub const fn new(program: PathBuf, seeds: Seeds) -> Self {
        Self { program, seeds }
    }
}

/// Runs the proof.
///
/// # Errors
/// If a process does not come up; what the product does wrong is in the verdict.
pub async fn run(plan: &Plan) -> anyhow::Result<Verdict> {
    // What is committed must survive: a volatile server gives that up, and would lose what no product could keep.
    let cluster = Cluster::temporary(Durability::Durable, tell_on_stderr()).await?;
    let mut verdict = Verdict::new("crash", plan.seeds.seed, plan.seeds.seeds);
    // It is taken and put back where it is killed; without one, it did not come back.
    let mut cluster = Some(cluster);
    let played = play(&mut cluster, plan, &mut verdict).await;
    if let Some(cluster) = cluster {
        cluster.stop().await?;
    }
    played?;
    Ok(verdict)
}

async fn play(cluster: &mut Option<Cluster>, plan: &Plan, verdict: &mut Verdict) -> anyhow::Result<()> {
    let running = cluster.as_ref().context("a database")?;
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let setting = Setting {
        connections: running.connections.clone(),
        passwords: Some(running.passwords.clone()),
        http: ([127, 0, 0, 1], port).into(),
        seed: DEFAULT_SEED,
        residents: Residents::Everybody,
        clock: None,
        log: None,
        secrets_key: PRIVATE_SECRETS_KEY.to_owned(),
        more: Vec::new(),
    };
    let machine = Arc::new(Machine::default());
    let remote = TcpListener::bind("127.0.0.1:0").await.context("a port for Cal.com's stand-in")?;
    let tenants = stage::prepare(&setting, &format!("http://{}", remote.local_addr()?)).await?;
    let url = format!("http://127.0.0.1:{port}");
    let (calcom, _) = stage::outside_calendar(&setting, remote, &url, &machine).await?;
    let ready = Ready::new(
        url,
        setting.connections.administrator.clone(),
        setting.connections.gateway.clone(),
        RetellReady { api_key: RETELL_KEY.to_owned(), simulator: String::new() },
        None,
        tenants,
        std::process::id(),
    );
    let venue = Venue::open_by(ready, machine.clone()).await?;
    let ground = Ground::new(&venue, &machine, &calcom);
    let mut processes = Processes::new(plan.program.clone(), &setting);
    let played = rounds(cluster, &ground, &mut processes, plan.seeds, verdict).await;
    let ended = match played {
        Ok(()) => last_round(&ground, &setting, &mut processes, &machine, plan.seeds, verdict).await,
        failed => failed,
    };
    verdict.leave_history(plan.seeds.seed, &ground.ledger().read());
    processes.kill(Program::Gateway).await?;
    processes.kill(Program::Worker).await?;
    ground.leave().await;
    venue.administrator.close().await;
    calcom::Simulator::stop(calcom).await;
    ended
}

async fn rounds(
    cluster: &mut Option<Cluster>,
    ground: &Ground<'_>,
    processes: &mut Processes,
    seeds: Seeds,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let days = free_days(ground).await?;
    let (mut killed, mut cut_off) = ([0_u64; 3], 0);
    for round in 0..u64::from(seeds.seeds) {
        let seed = seeds.seed + round;
        let mut dice = Dice::new(seed, &["crash"]);
        processes.start_missing()?;
        processes.answers(ground.venue.client()).await?;
        let (gateway, worker) = match dice.below(3) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        let postgres = dice.chance(POSTGRES_TOO);
        ground.calcom().clear_faults();
        if dice.chance(50) {
            let ms = u64::try_from(1 + dice.below(SLOW_MS))?;
            let effect = if dice.chance(50) { Effect::Delay { ms } } else { Effect::SlowAnswer { ms } };
            for change in [Operation::Create, Operation::Reschedule, Operation::Cancel] {
                ground.calcom().order(Fault::always(change, effect.clone()));
            }
        }
        let moment = Duration::from_millis(u64::try_from(20 + dice.below(LATEST_MS - 20))?);
        let dying = async {
            tokio::time::sleep(moment).await;
            if gateway {
                processes.kill(Program::Gateway).await?;
            }
            if worker {
                processes.kill(Program::Worker).await?;
            }
            if postgres {
                let running = cluster.take().context("a database")?;
                *cluster = Some(running.crash().await?);
            }
            anyhow::Ok(())
        };
        let callers = (0..CALLERS).map(|n| Caller::draw(ground, &days, seed, &n.to_string()));
        let calling = join_all(callers.map(|caller| caller.talk(ground, |_, _| {})));
        let ((), died, _) = tokio::join!(webhooks(ground, seed), dying, calling);
        died?;
        if !postgres {
            cut_off += copies_cut_off(ground).await?;
        }
        for (count, is_killed) in killed.iter_mut().zip([gateway, worker, postgres]) {
            *count += u64::from(is_killed);
        }
    }
    let history = ground.ledger().read();
    let acknowledged = history.posted.iter().filter(|posted| posted.acknowledged).count();
    verdict.tell(format!(
        "{} webhooks sent, {acknowledged} acknowledged; {} answers of tools, {} of them never came; killed: gateway {}, \
         worker {}, Postgres {}",
        history.posted.len(),
        history.told.len(),
        history.told.iter().filter(|told| told.status.is_none()).count(),
        killed[0],
        killed[1],
        killed[2],
    ));
    verdict.tell(format!("{cut_off} copies were left in the middle of a change over there"));
    verdict.measure("copies_cut_off", cut_off);
    verdict.measure("acknowledged", u64::try_from(acknowledged)?);
    verdict.measure("unanswered", u64::try_from(history.posted.len() - acknowledged)?);
    // A proof in which nothing got through proves nothing.
    verdict.check(acknowledged > 0, || "nothing was acknowledged before something died".to_owned());
    Ok(())
}

/// Copies whose change was announced and not reported on, when whoever sent it was just killed. One of a program that lives
/// on may be among them.
async fn copies_cut_off(ground: &Ground<'_>) -> anyhow::Result<u64> {
    let left = "SELECT count(*) FROM public.calendar_copies WHERE state = 'sending'";
    let left: i64 =
        sqlx::query_scalar(left).fetch_one(&ground.venue.administrator).await.context("copies")?;
    Ok(u64::try_from(left)?)
}

/// Calls that have ended, one after the other, each with a price.
async fn webhooks(ground: &Ground<'_>, seed: u64) {
    let sending = (0..WEBHOOKS).map(|place| async move {
        tokio::time::sleep(PACE * u32::try_from(place).unwrap_or_default()).await;
        let line = ground.venue.line(format!("call_{seed:x}_ended_{place}"), "+4915201239400", "+4940555100");
        ground.news(&line, "call_ended", ended()).await;
    });
    join_all(sending).await;
}

fn ended() -> Map<String, Value> {
    let call = json!({
        "call_status": "ended", "start_timestamp": 1_790_000_000_000_i64, "end_timestamp": 1_790_000_060_000_i64,
        "duration_ms": 60_000, "disconnection_reason": "user_hangup", "call_cost": {"combined_cost": 12.5},
    });
    call.as_object().cloned().unwrap_or_default()
}

/// Nothing is killed any more. The worker of this round lives in this process, by a clock that is put forward.
async fn last_round(
    ground: &Ground<'_>,
    setting: &Setting,
    processes: &mut Processes,
    machine: &Arc<Machine>,
    seeds: Seeds,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    processes.start_missing()?;
    processes.answers(ground.venue.client()).await?;
    processes.kill(Program::Worker).await?;
    let shutdown = Shutdown::new();
    let config = stage::config(setting, &setting.connections.worker)?;
    let grace = config.shutdown.grace();
    let working = shutdown.tasks().spawn(worker::run_by(config, shutdown.clone(), machine.clone()));
    let judged = async {
        // Each worker before this one may have been killed before it had entered its tasks.
        task_is_known(&ground.venue.administrator, "push_open_copies").await?;
        ground.settle().await?;
        verdict.judged(seeds.seed, &ground.judge().await?);
        anyhow::Ok(())
    };
    let judged = judged.await;
    shutdown.begin();
    working.await.context("the worker panicked")??;
    shutdown.drain(grace).await;
    judged
}
