//! A whole product for a test: its own database, gateway and worker in this process, on ports of their own.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use askpro::admin::Target;
use askpro::machine::Machine;
use askpro::private::PRIVATE_CLOCK;
use askpro::prove::ground::Ground;
use askpro::rows;
use askpro::stage::{self, Connections, PRIVATE_SECRETS_KEY, Residents, Setting, Stage};
use askpro::venue::Venue;
use askpro::world::DEFAULT_SEED;
use bootstrap::Shutdown;
use chrono::DateTime;
use serde_json::Value;
use simulators::calcom::Simulator;
use simulators::script::RowExpectation;
use testkit::TestDatabase;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// How long the background work may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running product with the demo world, at the time at which the scripts are meant to be played.
pub(crate) struct House {
    pub(crate) venue: Venue,
    stage: Stage,
    setting: Setting,
    // Dropped last: everything else is connected to it.
    database: TestDatabase,
}

/// Settings under which nobody is in a hurry; see [`House::unhurried`].
pub(crate) const UNHURRIED: [(&str, &str); 4] = [
    ("HTTP__REQUEST_TIMEOUT_MS", "30000"),
    ("VOICE__TOOL_DEADLINE_MS", "10000"),
    ("CALENDAR__PATIENCE_MS", "5000"),
    ("DATABASE__ACQUIRE_TIMEOUT_MS", "9000"),
];

impl House {
    /// For stories about what is true in the end, and not about how many milliseconds a test build on a busy machine takes.
    pub(crate) async fn unhurried() -> Self {
        Self::open_set(&UNHURRIED).await
    }

    /// Nothing is asked of the outside calendar but what callers and the worker ask, so that it can be counted.
    pub(crate) async fn open() -> Self {
        Self::open_with(Vec::new()).await
    }

    /// With settings that differ from the defaults, as names and values below `ASKPRO__`.
    pub(crate) async fn open_set(more: &[(&str, &str)]) -> Self {
        let more = more.iter().map(|(name, value)| (format!("ASKPRO__{name}"), (*value).to_owned()));
        Self::open_with(more.collect()).await
    }

    /// With settings that differ from the defaults, as variables of the environment.
    pub(crate) async fn open_with(more: Vec<(String, String)>) -> Self {
        Self::open_at(PRIVATE_CLOCK, Residents::Everybody, more).await
    }

    /// At another time than the scripts', or with other people.
    pub(crate) async fn open_at(clock: &str, residents: Residents, more: Vec<(String, String)>) -> Self {
        let calm = ("ASKPRO__CALENDAR__REFRESH_MS".to_owned(), "0".to_owned());
        let more = std::iter::once(calm).chain(more).collect();
        let database = TestDatabase::fresh().await;
        let setting = Setting {
            connections: Connections {
                administrator: database.administrator_url(),
                gateway: database.gateway_url(),
                worker: database.worker_url(),
            },
            // The roles are the cluster's; other tests work with their passwords at this moment.
            passwords: None,
            http: ([127, 0, 0, 1], 0).into(),
            seed: DEFAULT_SEED,
            residents,
            clock: Some(DateTime::parse_from_rfc3339(clock).unwrap().to_utc()),
            // Whoever wants to see the log captures it; see `privacy`.
            log: None,
            secrets_key: PRIVATE_SECRETS_KEY.to_owned(),
            more,
        };
        Self::raise(setting, database).await
    }

    async fn raise(setting: Setting, database: TestDatabase) -> Self {
        let stage = Stage::raise(&setting).await.expect("a stage");
        let venue = Venue::open_by(stage.ready.clone(), stage.machine().clone()).await.expect("a venue");
        Self { venue, stage, setting, database }
    }

    /// Ends it and starts it again with the same data.
    pub(crate) async fn reopen(self) -> Self {
        let Self { venue, stage, setting, database } = self;
        venue.administrator.close().await;
        stage.strike().await.expect("an orderly end");
        Self::raise(setting, database).await
    }

    /// One more gateway of the same product, on a port of its own: same database, same settings.
    pub(crate) async fn second_gateway(&self) -> SecondGateway {
        let config = stage::config(&self.setting, &self.setting.connections.gateway).expect("its settings");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut ready = self.venue.ready.clone();
        ready.gateway = format!("http://{}", listener.local_addr().unwrap());
        let (shutdown, machine) = (Shutdown::new(), self.machine().clone());
        let serving = gateway::run_by(config, listener, shutdown.clone(), machine.clone());
        let gateway = shutdown.tasks().spawn(serving);
        let venue = Venue::open_by(ready, machine).await.expect("a venue");
        let http = askpro::http::client().unwrap();
        let url = format!("{}/api/health/ready", venue.ready.gateway);
        let begun = Instant::now();
        while !askpro::http::send(http.get(&url)).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(begun.elapsed() < PATIENCE && !gateway.is_finished(), "the second gateway is not ready");
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        SecondGateway { venue, shutdown, gateway }
    }

    /// The outside calendar.
    pub(crate) const fn calcom(&self) -> &Simulator {
        self.stage.calcom()
    }

    /// Where a proof can be played.
    pub(crate) fn ground(&self) -> Ground<'_> {
        Ground::new(&self.venue, self.stage.machine(), self.stage.calcom())
    }

    /// Its clock.
    pub(crate) const fn machine(&self) -> &Arc<Machine> {
        self.stage.machine()
    }

    /// Its database, through the product's own roles.
    pub(crate) const fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Ends it; everything that was begun is finished.
    pub(crate) async fn close(self) {
        self.venue.administrator.close().await;
        self.stage.strike().await.expect("an orderly end");
    }

    /// Waits for rows, given as the `rows` of a script.
    pub(crate) async fn expect_rows(&self, expected: Value) {
        expect_rows(&self.venue, expected).await;
    }
}

/// A gateway beside the house's own.
pub(crate) struct SecondGateway {
    /// The product as seen through it.
    pub(crate) venue: Venue,
    shutdown: Shutdown,
    gateway: JoinHandle<anyhow::Result<()>>,
}

impl SecondGateway {
    /// Ends it; the house goes on.
    pub(crate) async fn close(self) {
        self.venue.administrator.close().await;
        self.shutdown.begin();
        self.gateway.await.unwrap().expect("an orderly end");
    }
}

pub(crate) async fn expect_rows(venue: &Venue, expected: Value) {
    let expected: Vec<RowExpectation> = serde_json::from_value(expected).expect("expectations about rows");
    let missing = rows::wait_for(&venue.administrator, &expected, PATIENCE).await.expect("a database");
    assert_eq!(missing, Vec::<String>::new());
}

/// One product that many tests share, on a runtime that outlives each of them. Whoever uses it leaves free what others
/// need: scripts look for free days of their own.
pub(crate) fn with_shared<T>(test: impl AsyncFnOnce(&Venue) -> T) -> T {
    static SHARED: OnceLock<(Runtime, House)> = OnceLock::new();
    let (runtime, house) = SHARED.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let house = runtime.block_on(House::open());
        (runtime, house)
    });
    runtime.block_on(test(&house.venue))
}

/// How an operator of this house's database would name it and himself.
pub(crate) fn target(venue: &Venue) -> Target {
    Target {
        database: Some(venue.ready.database_url.clone()),
        ready: "unused".into(),
        person: "operator".to_owned(),
    }
}
