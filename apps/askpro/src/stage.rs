//! A whole product in this process: a prepared database, the gateway, the worker and the providers' stand-ins.
//!
//! The demo, private worlds of `simulate` and `prove`, and the stories in `tests/e2e` all raise the same stage; they
//! differ in where their database comes from.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapter_postgres::{
    Database, DatabaseConfig, PgTenantProvisioner, RolePasswords, Sealer, migrate, set_product_time,
};
use anyhow::Context;
use bootstrap::config::{Config, Sources};
use bootstrap::{Shutdown, telemetry};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Actor, Clock, CorrelationId, IdGenerator, PlatformScope, RandomIds, SystemClock};
use operations::Onboarding;
use operations::ports::TenantRecord;
use simulators::calcom;
use simulators::retell::{CallPlayer, Client, Clock as _, MachineClock, PlayerConfig, serve};
use sqlx::{Connection as _, PgConnection};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::blueprint::TenantFile;
use crate::machine::Machine;
use crate::onboard;
use crate::ready::{BranchReady, CalcomReady, Ready, RetellReady, ServiceReady, StaffReady, TenantReady};
use crate::world::ids::SeededIds;
use crate::world::{self, load, secrets, tenants};

/// Seals secrets of companies in worlds that are gone afterwards: there is nothing in them to protect.
pub const PRIVATE_SECRETS_KEY: &str = "private:dGhlLWRlbW8taXMtb24tbG9vcGJhY2stb25seS0zMmI=";
/// Signs in the demo. It is no secret: the demo listens on the loopback interface.
pub const RETELL_KEY: &str = "key_demo_retell";
/// Longest wait until everything answers: far more than a healthy start needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether it does.
const PAUSE: Duration = Duration::from_millis(15);
/// Between two looks whether everything is still at work.
const WATCH: Duration = Duration::from_millis(250);
/// The demo's exchange rate: 92 cents for a dollar, in millionths.
const EUR_PER_USD_PPM: i64 = 920_000;
/// Months of partitions around product time.
const MONTHS_AHEAD: i32 = 3;

/// Where a product finds its database.
#[derive(Clone)]
pub struct Connections {
    /// The administrator's.
    pub administrator: String,
    /// The gateway's own role.
    pub gateway: String,
    /// The worker's own role.
    pub worker: String,
}

/// Who lives in a world when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residents {
    /// The people of the demo, with their appointments of eight weeks.
    Everybody,
    /// The companies alone. Whoever plays rounds there brings callers along, and does not pay at the end of each round for
    /// comparing hundreds of appointments that no round touches.
    Nobody,
}

/// How a stage is set.
#[derive(Clone)]
pub struct Setting {
    /// Where the database is.
    pub connections: Connections,
    /// Passwords to be given to the roles; `None` leaves them.
    pub passwords: Option<RolePasswords>,
    /// Where the gateway listens.
    pub http: SocketAddr,
    /// What the world is drawn from.
    pub seed: u64,
    /// Who lives there.
    pub residents: Residents,
    /// When product time begins; `None` is real time.
    pub clock: Option<DateTime<Utc>>,
    /// Directives of the log on standard error; `None` leaves logging to whoever raised the stage.
    pub log: Option<String>,
    /// The key that secrets of companies are sealed under, as `secrets.keys` has it.
    pub secrets_key: String,
    /// Settings that differ from the product's defaults, as variables of the environment.
    pub more: Vec<(String, String)>,
}

/// A running product.
pub struct Stage {
    /// Where everything is.
    pub ready: Ready,
    shutdown: Shutdown,
    gateway: JoinHandle<anyhow::Result<()>>,
    worker: JoinHandle<anyhow::Result<()>>,
    simulator: JoinHandle<std::io::Result<()>>,
    calcom: calcom::Simulator,
    machine: Arc<Machine>,
    grace: Duration,
}

/// Migrates, sets the clock, creates the companies and their people. Repeatable. `calcom` is where the outside
/// calendar answers.
///
/// # Errors
/// If the database refuses.
pub async fn prepare(setting: &Setting, calcom: &str) -> anyhow::Result<Vec<TenantReady>> {
    let database =
        Database::connect_lazily(&DatabaseConfig::administrator(&setting.connections.administrator))
            .context("the administrator's address")?;
    let prepared = prepare_in(&database, setting, calcom).await;
    database.close().await;
    prepared
}

async fn prepare_in(
    database: &Database,
    setting: &Setting,
    calcom: &str,
) -> anyhow::Result<Vec<TenantReady>> {
    migrate(database, setting.passwords.as_ref()).await.context("migrations")?;
    set_product_time(database, setting.clock).await.context("product time")?;
    // Product time may lie in other months than those that the migration made partitions for.
    sqlx::query("SELECT count(*) FROM app.ensure_partitions($1)")
        .bind(MONTHS_AHEAD)
        .execute(database.pool())
        .await
        .context("partitions")?;
    let files = tenants::all();
    let ready = create(database, setting, &files, calcom).await?;
    if setting.residents == Residents::Everybody {
        load::load(database.pool(), setting.seed, &files).await?;
    }
    // What calls cost is told in US dollars; without any rate every settlement would warn.
    sqlx::query(
        "INSERT INTO public.fx_rates (base, quote, valid_on, rate_ppm, source)
         VALUES ('USD', 'EUR', (app.now() AT TIME ZONE 'UTC')::date, $1, 'manual') ON CONFLICT DO NOTHING",
    )
    .bind(EUR_PER_USD_PPM)
    .execute(database.pool())
    .await
    .context("the exchange rate")?;
    load::tidy(database.pool()).await?;
    Ok(ready)
}

/// Creates more companies in a prepared database.
///
/// # Errors
/// If the database refuses.
pub async fn add(setting: &Setting, files: &[TenantFile]) -> anyhow::Result<Vec<TenantReady>> {
    let database =
        Database::connect_lazily(&DatabaseConfig::administrator(&setting.connections.administrator))
            .context("the administrator's address")?;
    let created = match create(&database, setting, files, "").await {
        Ok(created) => load::tidy(database.pool()).await.map(|()| created),
        Err(error) => Err(error),
    };
    database.close().await;
    created
}

async fn create(
    database: &Database,
    setting: &Setting,
    files: &[TenantFile],
    calcom: &str,
) -> anyhow::Result<Vec<TenantReady>> {
    let offset = adapter_postgres::product_time_offset(database).await.context("product time")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::with_offset(offset));
    let scope =
        PlatformScope::new(Actor::Operator("askpro demo".to_owned()), CorrelationId::generate(&RandomIds));
    let sealer = Sealer::from_entries([setting.secrets_key.as_str()]).context("the key of secrets")?;
    let mut ready = Vec::with_capacity(files.len());
    for file in files {
        let ids: Arc<dyn IdGenerator> = Arc::new(SeededIds::new(setting.seed, &file.slug));
        let store = Arc::new(PgTenantProvisioner::new(database.clone()).with_sealer(sealer.clone()));
        let onboarding = Onboarding::new(store, Arc::clone(&clock), ids);
        let token = secrets::api_key(setting.seed, &file.slug);
        let key = onboard::key(&token, "Demo", clock.real_now())?;
        let mut blueprint = onboard::blueprint(file, vec![key])?;
        blueprint.calendar = world::calcom::blueprint(file, calcom)?;
        let provisioned = onboarding
            .create(&scope, &blueprint)
            .await
            .with_context(|| format!("the company {} cannot be created", file.slug))?;
        ready.push(tenant_ready(provisioned.record(), token));
    }
    Ok(ready)
}

fn tenant_ready(record: &TenantRecord, api_key: String) -> TenantReady {
    let branch_name =
        |id| record.branches.iter().find(|branch| branch.id == id).map(|branch| branch.name.clone());
    TenantReady {
        id: record.id.to_string(),
        slug: record.slug.clone(),
        calendar: if record.connections.is_empty() { "builtin" } else { "calcom" }.to_owned(),
        timezone: record.timezone.clone(),
        api_key,
        branches: record
            .branches
            .iter()
            .map(|branch| BranchReady {
                id: branch.id.to_string(),
                name: branch.name.clone(),
                phone: branch.numbers.first().map(|number| number.as_e164().to_owned()).unwrap_or_default(),
            })
            .collect(),
        services: record
            .services
            .iter()
            .map(|service| ServiceReady {
                id: service.id.to_string(),
                name: service.name.clone(),
                minutes: service.minutes,
            })
            .collect(),
        staff: record
            .staff
            .iter()
            .map(|person| StaffReady {
                id: person.id.to_string(),
                name: person.name.clone(),
                branch: branch_name(person.branch).unwrap_or_default(),
            })
            .collect(),
    }
}

impl Stage {
    /// Prepares the database and starts everything; returns once everything answers.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub async fn raise(setting: &Setting) -> anyhow::Result<Self> {
        let machine = Arc::new(Machine::default());
        let remote = TcpListener::bind("127.0.0.1:0").await.context("a port for Cal.com's stand-in")?;
        let tenants = prepare(setting, &format!("http://{}", remote.local_addr()?)).await?;
        let loopback = TcpListener::bind("127.0.0.1:0").await.context("a port for the simulator")?;
        let simulator_url = format!("http://{}", loopback.local_addr()?);
        let gateway_config = config(setting, &setting.connections.gateway)?;
        let mut worker_config = config(setting, &setting.connections.worker)?;
        worker_config.retell.api_url.clone_from(&simulator_url);
        if setting.log.is_some() {
            telemetry::begin_logging(&gateway_config.telemetry)?;
        }
        let grace = gateway_config.shutdown.grace();

        let shutdown = Shutdown::new();
        let listener = TcpListener::bind(setting.http).await.with_context(|| {
            format!("cannot listen on {}: choose another address with --http", setting.http)
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let (calcom, connected) = outside_calendar(setting, remote, &url, &machine).await?;
        let serving = gateway::run_by(gateway_config, listener, shutdown.clone(), machine.clone());
        let gateway = shutdown.tasks().spawn(serving);
        let worker = shutdown.tasks().spawn(worker::run_by(worker_config, shutdown.clone(), machine.clone()));

        let client = Client::new(&url, RETELL_KEY, machine.clone())?;
        let offset = setting.clock.map_or(0, |clock| clock.timestamp_millis() - MachineClock.now_ms());
        let player =
            CallPlayer::new(client, PlayerConfig { product_offset_ms: offset, ..PlayerConfig::default() });
        let stop = shutdown.token().clone().cancelled_owned();
        let simulator = shutdown.tasks().spawn(serve(loopback, player, stop));

        let ready = Ready::new(
            url,
            setting.connections.administrator.clone(),
            setting.connections.gateway.clone(),
            RetellReady { api_key: RETELL_KEY.to_owned(), simulator: simulator_url },
            connected.then(|| CalcomReady {
                webhook_secret: world::calcom::WEBHOOK_SECRET.to_owned(),
                simulator: calcom.url().to_owned(),
            }),
            tenants,
            std::process::id(),
        );
        let mut stage = Self { ready, shutdown, gateway, worker, simulator, calcom, machine, grace };
        match stage.answers().await {
            Ok(()) => Ok(stage),
            Err(error) => {
                stage.shutdown.begin();
                Err(error)
            }
        }
    }

    async fn answers(&mut self) -> anyhow::Result<()> {
        let http = crate::http::client()?;
        let begun = Instant::now();
        let urls = [
            format!("{}/api/health/ready", self.ready.gateway),
            format!("{}/sim/health", self.ready.retell.simulator),
        ];
        for url in urls {
            loop {
                if self.gateway.is_finished() || self.worker.is_finished() {
                    return self.first_failure().await;
                }
                let answer = crate::http::send(http.get(&url).timeout(Duration::from_secs(2))).await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                anyhow::ensure!(
                    begun.elapsed() < PATIENCE,
                    "{url} does not answer within {} s",
                    PATIENCE.as_secs()
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
        self.has_schedules(begun).await
    }

    /// The worker has begun when its schedules are declared: before that `askpro task` knows no task.
    async fn has_schedules(&mut self, begun: Instant) -> anyhow::Result<()> {
        let mut database = PgConnection::connect(&self.ready.database_url).await.context("the database")?;
        loop {
            if self.gateway.is_finished() || self.worker.is_finished() {
                return self.first_failure().await;
            }
            let declared: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM engine.schedules)")
                .fetch_one(&mut database)
                .await
                .context("the schedules")?;
            if declared {
                return database.close().await.context("the database");
            }
            anyhow::ensure!(
                begun.elapsed() < PATIENCE,
                "the worker has not begun within {} s",
                PATIENCE.as_secs()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn first_failure(&mut self) -> anyhow::Result<()> {
        if self.gateway.is_finished() {
            (&mut self.gateway)
                .await
                .context("the gateway panicked")?
                .context("the gateway did not start")?;
        }
        if self.worker.is_finished() {
            (&mut self.worker).await.context("the worker panicked")?.context("the worker did not start")?;
        }
        anyhow::bail!("the product stopped while it started")
    }

    /// The outside calendar's stand-in.
    #[must_use]
    pub const fn calcom(&self) -> &calcom::Simulator {
        &self.calcom
    }

    /// The clock of everything in it.
    #[must_use]
    pub const fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    /// Says when the product is told to stop.
    #[must_use]
    pub const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Waits until a part of the product stops by itself, which it should not; [`Self::strike`] then tells why.
    pub async fn ended(&self) {
        while !self.gateway.is_finished() && !self.worker.is_finished() {
            tokio::time::sleep(WATCH).await;
        }
    }

    /// Stops everything in order: no new work, what is in work is done, then the connections end.
    ///
    /// # Errors
    /// What failed while it stopped.
    pub async fn strike(self) -> anyhow::Result<()> {
        self.shutdown.begin();
        let all = async {
            let (gateway, worker, simulator) = tokio::join!(self.gateway, self.worker, self.simulator);
            gateway.context("the gateway panicked")??;
            worker.context("the worker panicked")??;
            simulator.context("the simulator panicked")?.context("the simulator")
        };
        // Each part keeps its own grace; twice that and a little is a defect.
        tokio::time::timeout(self.grace * 3, all).await.context("the product did not stop in time")??;
        self.shutdown.drain(self.grace).await;
        // Whoever still had something to write there has written it.
        self.calcom.stop().await;
        Ok(())
    }
}

/// Starts the outside calendar with the bookings that the product knows of. Whether a company is connected with it.
///
/// # Errors
/// If the database does not answer or the stand-in cannot start.
pub async fn outside_calendar(
    setting: &Setting,
    listener: TcpListener,
    gateway: &str,
    machine: &Arc<Machine>,
) -> anyhow::Result<(calcom::Simulator, bool)> {
    let base_url = format!("http://{}", listener.local_addr()?);
    let database =
        Database::connect_lazily(&DatabaseConfig::administrator(&setting.connections.administrator))
            .context("the administrator's address")?;
    let started = outside_calendar_in(&database, listener, &base_url, gateway, machine).await;
    database.close().await;
    started
}

async fn outside_calendar_in(
    database: &Database,
    listener: TcpListener,
    base_url: &str,
    gateway: &str,
    machine: &Arc<Machine>,
) -> anyhow::Result<(calcom::Simulator, bool)> {
    let offset_us: i64 = sqlx::query_scalar("SELECT app.clock_offset_micros()")
        .fetch_one(database.pool())
        .await
        .context("product time")?;
    let (machine, offset) = (Arc::clone(machine), TimeDelta::microseconds(offset_us));
    let clock = move || machine.real_now() + offset;
    let connection = world::calcom::connect(database.pool(), base_url).await?;
    let files = tenants::all();
    let file = files.iter().find(|file| file.slug == world::calcom::TENANT);
    let (Some(connection), Some(file)) = (connection, file) else {
        return Ok((calcom::serve(listener, calcom::World::new(), clock)?, false));
    };
    let account = world::calcom::account(file, &format!("{gateway}/api/calcom/webhook/{connection}"))?;
    let now = clock();
    let bookings = world::calcom::bookings(database.pool(), connection, &account, now).await?;
    let simulator = calcom::serve(listener, calcom::World::new().with(account), clock)?;
    simulator.restore(bookings);
    Ok((simulator, true))
}

/// The configuration of a process of the stage: the product's defaults, and what the stage decides.
///
/// # Errors
/// If a setting is not one.
pub fn config(setting: &Setting, database_url: &str) -> anyhow::Result<Config> {
    let mut variables = vec![
        ("DATABASE_URL".to_owned(), database_url.to_owned()),
        ("ASKPRO__RETELL__API_KEYS".to_owned(), RETELL_KEY.to_owned()),
        ("ASKPRO__SECRETS__KEYS".to_owned(), setting.secrets_key.clone()),
        ("ASKPRO__TELEMETRY__FORMAT".to_owned(), "text".to_owned()),
        ("ASKPRO__TELEMETRY__LOG".to_owned(), setting.log.clone().unwrap_or_else(|| "off".to_owned())),
    ];
    variables.extend(setting.more.iter().cloned());
    Ok(Config::load(&Sources::explicit(None, variables))?.config)
}
