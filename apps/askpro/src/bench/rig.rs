//! What is measured: a durable private cluster, the demo's world and one large company on it, the product's gateway as a
//! process of its own, and the bare route.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::company::{BRANCHES, Caller, LARGE, QUIET_DAYS, Wish, days, large_company, wish};
use super::floor::Bare;
use super::load::{Manner, Target, drive, judge};
use super::processes::{Process, free_port};
use crate::cluster::{Cluster, tell_on_stderr};
use crate::machine::Machine;
use crate::private::PRIVATE_CLOCK;
use crate::ready::TenantReady;
use crate::stage::{self, PRIVATE_SECRETS_KEY, RETELL_KEY, Residents, Setting};
use crate::world::{DEFAULT_SEED, load};

/// Calls that are opened at once before a measurement.
const OPENED_AT_ONCE: usize = 8;
/// Where the floors keep their tables.
const FLOORS: &str = "CREATE SCHEMA floor";

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
            residents: Residents::Everybody,
            clock: Some(clock),
            log: None,
            secrets_key: PRIVATE_SECRETS_KEY.to_owned(),
            // One company stands for all of them where it is measured how much there is.
            more: allowance(1_000_000, 1_000_000),
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
        let machine = Arc::new(Machine::default());
        let (calcom, _) =
            stage::outside_calendar(&setting, remote, &format!("http://{gateway}"), &machine).await?;
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

    /// Writes rows with these numbers for a company, the last of them included: a past that nobody wrote one by one.
    /// Foreign keys and triggers are not asked; what is written must fit by itself.
    pub(super) async fn fill(
        &self,
        sql: &'static str,
        (first, last): (u64, u64),
        company: &str,
    ) -> anyhow::Result<()> {
        let mut connection = self.administrator.acquire().await?;
        // For this session alone.
        sqlx::raw_sql("SET session_replication_role = replica; SET statement_timeout = 0")
            .execute(&mut *connection)
            .await?;
        let filled = sqlx::query(sql)
            .bind(i64::try_from(first)?)
            .bind(i64::try_from(last)?)
            .bind(company)
            .execute(&mut *connection)
            .await;
        sqlx::raw_sql("RESET session_replication_role").execute(&mut *connection).await?;
        filled.context("the past cannot be written")?;
        drop(connection);
        load::tidy(&self.administrator).await
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

/// The settings that let a company use so many tools a second, and so many at once, and make as many requests.
pub(super) fn allowance(each_second: u32, at_once: u32) -> Vec<(String, String)> {
    vec![
        ("ASKPRO__VOICE__COMPANY_TOOLS_PER_SECOND".to_owned(), each_second.to_string()),
        ("ASKPRO__VOICE__COMPANY_TOOLS_BURST".to_owned(), at_once.to_string()),
        ("ASKPRO__HTTP__COMPANY_REQUESTS_PER_SECOND".to_owned(), each_second.to_string()),
        ("ASKPRO__HTTP__COMPANY_REQUESTS_BURST".to_owned(), at_once.to_string()),
    ]
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
