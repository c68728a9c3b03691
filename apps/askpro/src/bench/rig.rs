//! What is measured: a durable private cluster, the demo's world and one large company on it, the product's gateway as a
//! process of its own, and the bare route.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::floor::Bare;
use super::load::{Fault, Manner, Target, drive, judge};
use super::processes::{Process, free_port};
use super::wire::{Answer, Wire, signed};
use crate::blueprint::{BranchFile, HoursFile, PolicyFile, ServiceFile, StaffFile, TenantFile};
use crate::cluster::{Cluster, tell_on_stderr};
use crate::private::PRIVATE_CLOCK;
use crate::ready::TenantReady;
use crate::stage::{self, PRIVATE_SECRETS_KEY, RETELL_KEY, Setting};
use crate::venue::FUNCTION_PATH;
use crate::world::DEFAULT_SEED;

/// Branches of the large company; each has a number of its own.
pub(super) const BRANCHES: u64 = 24;
/// Starts of half an hour from eight to eight.
const TIMES: u64 = 24;
/// Days on which the large company is open and nobody has anything yet.
const DAYS: u64 = 70;
/// Those of them on which nothing is ever booked.
const QUIET_DAYS: u64 = 20;
/// Calls that are opened at once before a measurement.
const OPENED_AT_ONCE: usize = 8;
/// Different times of a branch on the quiet days.
pub(super) const QUIET_TIMES: u64 = TIMES * QUIET_DAYS;
/// How often a caller asks again: each time the product has its deadline to answer.
const INSIST: usize = 20;
/// Where the floors keep their tables.
const FLOORS: &str = "CREATE SCHEMA floor";

/// A time that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// The number that is called.
    pub(super) number: String,
    pub(super) date: String,
    pub(super) time: String,
}

/// Everything that is measured.
pub(super) struct Rig {
    /// Sees everything.
    pub(super) administrator: PgPool,
    pub(super) setting: Setting,
    /// Where the gateway answers.
    pub(super) gateway: SocketAddr,
    pub(super) bare: Bare,
    /// The companies of the demo, and the large one at the end.
    pub(super) tenants: Vec<TenantReady>,
    /// The outside calendar's stand-in.
    pub(super) calcom: simulators::calcom::Simulator,
    days: Vec<NaiveDate>,
    wishes: AtomicU64,
    callers: AtomicU64,
    process: Process,
    tasks: TaskTracker,
    cluster: Cluster,
}

/// A directory on a disk: what lies in memory does not wait for `fsync`.
fn place() -> PathBuf {
    let kept = Path::new("/var/tmp");
    if kept.is_dir() { kept.to_owned() } else { std::env::temp_dir() }
}

impl Rig {
    /// Raises everything.
    pub(super) async fn raise() -> anyhow::Result<Self> {
        let cluster = Cluster::durable_for_now(&place(), tell_on_stderr()).await?;
        match Self::on(&cluster).await {
            Ok(parts) => Ok(parts.with(cluster)),
            Err(error) => {
                cluster.stop().await?;
                Err(error)
            }
        }
    }

    async fn on(cluster: &Cluster) -> anyhow::Result<Parts> {
        let clock: DateTime<Utc> =
            DateTime::parse_from_rfc3339(PRIVATE_CLOCK).context("the private clock")?.to_utc();
        let setting = Setting {
            connections: cluster.connections.clone(),
            passwords: Some(cluster.passwords.clone()),
            http: ([127, 0, 0, 1], 0).into(),
            seed: DEFAULT_SEED,
            clock: Some(clock),
            log: None,
            secrets_key: PRIVATE_SECRETS_KEY.to_owned(),
            more: Vec::new(),
        };
        let remote = TcpListener::bind("127.0.0.1:0").await.context("a port for Cal.com's stand-in")?;
        let mut tenants = stage::prepare(&setting, &format!("http://{}", remote.local_addr()?)).await?;
        tenants.extend(stage::add(&setting, &[large_company()]).await?);
        let administrator = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .connect(&setting.connections.administrator)
            .await
            .context("the private Postgres does not answer")?;
        ensure_durable(&administrator).await?;
        sqlx::raw_sql(FLOORS).execute(&administrator).await?;
        let gateway = free_port()?;
        let (calcom, _) = stage::outside_calendar(&setting, remote, &format!("http://{gateway}")).await?;
        let mut process = Process::gateway(&setting, gateway)?;
        process.answers(gateway, "/api/health/ready").await?;
        let tasks = TaskTracker::new();
        let bare = Bare::serve(RETELL_KEY, &tasks).await?;
        Ok(Parts { administrator, setting, gateway, bare, tenants, calcom, process, tasks, clock })
    }

    /// So many connections to the gateway.
    pub(super) const fn target(&self, connections: usize) -> Target {
        Target { address: self.gateway, connections }
    }

    /// So many connections to the bare route.
    pub(super) const fn bare_target(&self, connections: usize) -> Target {
        Target { address: self.bare.address, connections }
    }

    /// The worker, from now on.
    pub(super) async fn worker(&self) -> anyhow::Result<Process> {
        let listen = free_port()?;
        let mut worker = Process::worker(&self.setting, listen)?;
        worker.answers(listen, "/api/health/live").await?;
        Ok(worker)
    }

    /// The company with that slug.
    pub(super) fn tenant(&self, slug: &str) -> anyhow::Result<&TenantReady> {
        self.tenants.iter().find(|tenant| tenant.slug == slug).with_context(|| format!("no company {slug}"))
    }

    /// The large company.
    pub(super) fn large(&self) -> anyhow::Result<&TenantReady> {
        self.tenant(LARGE)
    }

    /// A time that nobody has wanted before. There are about thirty thousand; then it begins again.
    pub(super) fn wish(&self) -> Wish {
        let busy = self.days.len() - usize::try_from(QUIET_DAYS).unwrap_or_default();
        wish(self.wishes.fetch_add(1, Ordering::Relaxed), &self.days[..busy])
    }

    /// A time at a branch that nobody ever books: of [`QUIET_TIMES`] different ones.
    pub(super) fn quiet(&self, branch: u64, n: u64) -> Wish {
        let busy = self.days.len() - usize::try_from(QUIET_DAYS).unwrap_or_default();
        wish(n * BRANCHES + branch % BRANCHES, &self.days[busy..])
    }

    /// So many callers whose calls are open, as after a greeting, each with a wish of its own.
    pub(super) fn visits(&self, many: u64) -> anyhow::Result<Vec<(Caller, Wish)>> {
        let visits: Vec<(Caller, Wish)> = (0..many).map(|_| (self.caller(), self.wish())).collect();
        let opening = |_, turn: u64| {
            let (caller, wish) = &visits[usize::try_from(turn).unwrap_or_default()];
            caller.tool(&wish.number, "get_current_context", &json!({}))
        };
        let opened =
            drive(self.target(OPENED_AT_ONCE), Manner::Count(many), &opening, &|answer| judge(answer, "ok"))?;
        ensure!(opened.good > 0 && opened.odd_count == 0, "calls could not be opened: {:?}", opened.odd);
        Ok(visits)
    }

    /// A caller and a call that have not been there before.
    pub(super) fn caller(&self) -> Caller {
        let n = self.callers.fetch_add(1, Ordering::Relaxed);
        Caller { call: format!("call_bench_{n:09}"), from: format!("+49152{n:08}") }
    }

    /// A statement that counts something, by the administrator.
    pub(super) async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        sqlx::query_scalar(sql).fetch_one(&self.administrator).await.context("a count")
    }

    /// Pairs of overlapping occupied times: independent of the constraint, a self-join.
    pub(super) async fn overlaps(&self) -> anyhow::Result<i64> {
        self.count(
            "SELECT count(*) FROM public.occupancy a
               JOIN public.occupancy b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id > a.id
                AND lower(a.span) < upper(b.span) AND lower(b.span) < upper(a.span)",
        )
        .await
    }

    /// Forgets stored webhooks and the work that waits, so that every round begins with the same tables.
    pub(super) async fn forget_intake(&self) -> anyhow::Result<()> {
        sqlx::raw_sql("TRUNCATE intake.webhook_inbox, engine.jobs, engine.outbox_events")
            .execute(&self.administrator)
            .await?;
        Ok(())
    }

    /// Ends everything.
    pub(super) async fn strike(self) -> anyhow::Result<()> {
        let stopped = self.process.stop().await;
        self.calcom.stop().await;
        let bare = self.bare.stop().await;
        self.tasks.close();
        self.administrator.close().await;
        self.cluster.stop().await?;
        stopped.and(bare)
    }
}

impl Wish {
    /// The arguments that ask for it.
    pub(super) fn args(&self) -> Value {
        json!({"datum": self.date, "uhrzeit": self.time, "dienstleistung": SERVICE})
    }

    /// The arguments that book it.
    pub(super) fn booking(&self) -> Value {
        json!({
            "datum": self.date, "uhrzeit": self.time, "dienstleistung": SERVICE, "customer_name": "Kim Messung",
        })
    }
}

/// A rig whose cluster is still in other hands.
struct Parts {
    administrator: PgPool,
    setting: Setting,
    gateway: SocketAddr,
    bare: Bare,
    tenants: Vec<TenantReady>,
    calcom: simulators::calcom::Simulator,
    process: Process,
    tasks: TaskTracker,
    clock: DateTime<Utc>,
}

impl Parts {
    fn with(self, cluster: Cluster) -> Rig {
        Rig {
            administrator: self.administrator,
            setting: self.setting,
            gateway: self.gateway,
            bare: self.bare,
            tenants: self.tenants,
            calcom: self.calcom,
            days: days(self.clock.date_naive()),
            wishes: AtomicU64::new(0),
            callers: AtomicU64::new(0),
            process: self.process,
            tasks: self.tasks,
            cluster,
        }
    }
}

/// Somebody who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The provider's id of the call.
    pub(super) call: String,
    /// The number.
    pub(super) from: String,
}

impl Caller {
    /// The call as the provider shows it.
    pub(super) fn envelope(&self, to: &str) -> Value {
        json!({
            "call_id": self.call, "call_type": "phone_call", "agent_id": "agent_simulated", "agent_version": 1,
            "call_status": "ongoing", "direction": "inbound", "from_number": self.from, "to_number": to,
        })
    }

    /// A signed use of a tool.
    pub(super) fn tool(&self, to: &str, name: &str, args: &Value) -> Vec<u8> {
        let body = json!({"name": name, "args": args, "call": self.envelope(to)}).to_string();
        signed(FUNCTION_PATH, RETELL_KEY, &body)
    }

    /// Uses a tool, and asks again while the answer is that there is none yet, as an agent does.
    pub(super) fn insist(
        &self,
        wire: &mut Wire,
        to: &str,
        name: &str,
        args: &Value,
    ) -> std::io::Result<Answer> {
        let mut answer = wire.exchange(&self.tool(to, name, args))?;
        for _ in 0..INSIST {
            if judge(&answer, "") != Err(Fault::Late) {
                break;
            }
            answer = wire.exchange(&self.tool(to, name, args))?;
        }
        Ok(answer)
    }
}

/// The same request to the bare route: body, signature and all.
pub(super) fn as_bare(request: Vec<u8>) -> Vec<u8> {
    let path = format!("POST {FUNCTION_PATH} ");
    match request.strip_prefix(path.as_bytes()) {
        Some(rest) => [b"POST /bare ", rest].concat(),
        None => request,
    }
}

/// The figures would be worth nothing if a commit did not wait for the disk.
async fn ensure_durable(administrator: &PgPool) -> anyhow::Result<()> {
    let settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')",
    )
    .fetch_all(administrator)
    .await?;
    for (name, setting) in &settings {
        ensure!(setting == "on", "the cluster is not durable: {name} is {setting}");
    }
    ensure!(settings.len() == 3, "the cluster does not tell whether it is durable");
    Ok(())
}

/// Slug of the large company.
const LARGE: &str = "grosse-kette";
/// What it offers.
pub(super) const SERVICE: &str = "Herrenhaarschnitt";

fn number(branch: u64) -> String {
    format!("+49305557{branch:02}")
}

fn large_company() -> TenantFile {
    let branches = (0..BRANCHES).map(|n| BranchFile {
        slug: format!("filiale-{n:02}"),
        name: format!("Filiale {n:02}"),
        timezone: None,
        // No federal state: no holidays, so that every weekday is one.
        federal_state: None,
        numbers: vec![number(n)],
        hours: vec![HoursFile {
            days: "mon-sat".to_owned(),
            from: "08:00".to_owned(),
            until: "20:00".to_owned(),
        }],
        closed: Vec::new(),
        services: Vec::new(),
        policy: PolicyFile::default(),
        staff: ["Anna Petersen", "Boris Kühn"]
            .map(|name| StaffFile { name: name.to_owned(), ..StaffFile::default() })
            .to_vec(),
    });
    TenantFile {
        slug: LARGE.to_owned(),
        name: "Große Kette".to_owned(),
        active: true,
        timezone: "Europe/Berlin".to_owned(),
        locale: "de-DE".to_owned(),
        currency: "EUR".to_owned(),
        default_country: "DE".to_owned(),
        call_rate_minor_per_minute: 15,
        services: vec![ServiceFile {
            name: SERVICE.to_owned(),
            minutes: Some(30),
            price_minor: 3200,
            ..ServiceFile::default()
        }],
        branches: branches.collect(),
    }
}

/// Working days from the day after tomorrow on.
fn days(today: NaiveDate) -> Vec<NaiveDate> {
    (2..200)
        .filter_map(|ahead| today.checked_add_days(Days::new(ahead)))
        .filter(|day| day.weekday() != Weekday::Sun)
        .take(usize::try_from(DAYS).unwrap_or_default())
        .collect()
}

/// Neighbours of the order lie at different branches, so that callers meet as they do in a chain: on the same tables,
/// seldom at the same desk.
fn wish(n: u64, days: &[NaiveDate]) -> Wish {
    let (branch, rest) = (n % BRANCHES, n / BRANCHES);
    let (time, rest) = (rest % TIMES, rest / TIMES);
    let day = usize::try_from(rest).unwrap_or_default() % days.len().max(1);
    Wish {
        number: number(branch),
        date: days.get(day).map(ToString::to_string).unwrap_or_default(),
        time: format!("{:02}:{:02}", 8 + time / 2, time % 2 * 30),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_wish_comes_twice_and_all_lie_within_the_horizon() {
        let today = NaiveDate::from_ymd_opt(2027, 9, 1).unwrap();
        let days = days(today);
        assert_eq!(days.len(), 70);
        assert!(days.iter().all(|day| (*day - today).num_days() <= 85));
        let all = BRANCHES * TIMES * DAYS;
        let wishes: BTreeSet<String> = (0..all).map(|n| format!("{:?}", wish(n, &days))).collect();
        assert_eq!(u64::try_from(wishes.len()).unwrap(), all);
        assert_eq!(wish(BRANCHES, &days).time, "08:30");
    }

    #[test]
    fn the_large_company_is_a_blueprint() {
        let blueprint = crate::onboard::blueprint(&large_company(), Vec::new()).unwrap();
        assert_eq!(blueprint.branches.len(), 24);
        assert!(blueprint.branches.iter().all(|branch| branch.staff.len() == 2 && branch.numbers.len() == 1));
    }
}
