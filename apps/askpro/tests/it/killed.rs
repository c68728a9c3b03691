//! Gateway and worker are killed without warning while webhooks come in. What was answered 2xx is there, and is processed
//! once.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use askpro::stage::{Connections, PRIVATE_SECRETS_KEY, RETELL_KEY, Setting, prepare};
use askpro::world::DEFAULT_SEED;
use futures_util::future::join_all;
use serde_json::json;
use simulators::retell::{Client, MachineClock};
use testkit::TestDatabase;
use tokio::process::{Child, Command};

const ROUNDS: usize = 3;
/// Webhooks that are on their way when the processes are killed.
const IN_FLIGHT: usize = 40;
const PATIENCE: Duration = Duration::from_secs(60);

struct Processes {
    gateway: Child,
    worker: Child,
}

impl Processes {
    fn start(database: &TestDatabase, port: u16) -> Self {
        let program = |name: &str, url: String| {
            Command::new(env!("CARGO_BIN_EXE_askpro"))
                .arg(name)
                .current_dir(std::env::temp_dir())
                .env("DATABASE_URL", url)
                .env("ASKPRO__RETELL__API_KEYS", RETELL_KEY)
                .env("ASKPRO__HTTP__LISTEN", format!("127.0.0.1:{port}"))
                // A killed worker's jobs are free again after its lease.
                .env("ASKPRO__WORKER__LEASE_SECONDS", "3")
                .env("RUST_LOG", "off")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("a process")
        };
        Self {
            gateway: program("gateway", database.gateway_url()),
            worker: program("worker", database.worker_url()),
        }
    }

    async fn answers(&self, client: &Client) {
        let begun = Instant::now();
        // Nothing signs this one: 401 is an answer.
        while client.post("/api/health/nothing", b"{}", Duration::from_secs(1)).await.status.is_none() {
            assert!(begun.elapsed() < PATIENCE, "the gateway does not come up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL: nothing is written, answered or handed back any more.
    async fn kill(mut self) {
        self.gateway.kill().await.unwrap();
        self.worker.kill().await.unwrap();
    }
}

fn body(call: &str) -> Vec<u8> {
    json!({"event": "call_ended", "call": {
        "call_id": call, "call_type": "phone_call", "agent_id": "agent_simulated", "agent_version": 1,
        "call_status": "ended", "direction": "inbound", "from_number": "+4915201239400", "to_number": "+4940555100",
        "start_timestamp": 1_790_000_000_000_i64, "end_timestamp": 1_790_000_060_000_i64, "duration_ms": 60_000,
        "disconnection_reason": "user_hangup", "call_cost": {"combined_cost": 12.5},
    }})
    .to_string()
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_death_of_every_process() {
    let database = TestDatabase::fresh().await;
    let setting = Setting {
        connections: Connections {
            administrator: database.administrator_url(),
            gateway: database.gateway_url(),
            worker: database.worker_url(),
        },
        passwords: None,
        http: ([127, 0, 0, 1], 0).into(),
        seed: DEFAULT_SEED,
        clock: None,
        log: None,
        secrets_key: PRIVATE_SECRETS_KEY.to_owned(),
        more: Vec::new(),
    };
    prepare(&setting, "http://127.0.0.1:9").await.expect("a prepared database");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client =
        Client::new(&format!("http://127.0.0.1:{port}"), RETELL_KEY, Arc::new(MachineClock)).unwrap();

    let mut sent = Vec::new();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let processes = Processes::start(&database, port);
        processes.answers(&client).await;
        let calls: Vec<String> = (0..IN_FLIGHT).map(|n| format!("call_killed_{round}_{n}")).collect();
        let client = &client;
        let sending = join_all(calls.iter().enumerate().map(|(place, call)| async move {
            // Spread over the time in which the processes die.
            tokio::time::sleep(Duration::from_millis(u64::try_from(place).unwrap() * 4)).await;
            let answer = client.post("/api/webhooks/retell", &body(call), Duration::from_secs(5)).await;
            answer.succeeded().then(|| call.clone())
        }));
        let dying = async {
            tokio::time::sleep(Duration::from_millis(60 + u64::try_from(round).unwrap() * 25)).await;
            processes.kill().await;
        };
        let (answers, ()) = tokio::join!(sending, dying);
        acknowledged.extend(answers.into_iter().flatten());
        sent.extend(calls);
    }
    assert!(!acknowledged.is_empty(), "nothing was acknowledged before the processes died");
    assert!(acknowledged.len() < sent.len(), "everything was acknowledged: nobody died in time");

    let processes = Processes::start(&database, port);
    processes.answers(&client).await;
    let begun = Instant::now();
    loop {
        let open: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM intake.webhook_inbox WHERE state = 'received')
                  + (SELECT count(*) FROM engine.outbox_events WHERE dispatched_at IS NULL)
                  + (SELECT count(*) FROM engine.jobs WHERE state <> 'dead')",
        )
        .fetch_one(database.admin_pool())
        .await
        .unwrap();
        if open == 0 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{open} pieces of work are left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let count = async |sql: &'static str, calls: &[String]| -> i64 {
        sqlx::query_scalar(sql).bind(calls).fetch_one(database.admin_pool()).await.unwrap()
    };
    let expected = i64::try_from(acknowledged.len()).unwrap();
    let stored = "SELECT count(*) FROM intake.webhook_inbox WHERE subject = ANY($1) AND state = 'processed'";
    assert_eq!(
        count(stored, &acknowledged).await,
        expected,
        "acknowledged webhooks are stored and processed"
    );
    let charged =
        "SELECT count(DISTINCT k.call_id) FROM call_charges c JOIN call_keys k USING (tenant_id, call_id)
                    WHERE k.provider_call_id = ANY($1) AND c.kind = 'charge' AND c.amount_minor = 15";
    assert_eq!(count(charged, &acknowledged).await, expected, "each is charged");
    // One that was stored but not acknowledged counts as well: once, like every other.
    let entries = "SELECT count(*) - count(DISTINCT c.call_id) FROM call_charges c
                     JOIN call_keys k USING (tenant_id, call_id) WHERE k.provider_call_id = ANY($1)";
    assert_eq!(count(entries, &sent).await, 0, "and only once");
    let dead = "SELECT count(*) FROM engine.jobs WHERE state = 'dead' AND $1::text[] IS NOT NULL";
    assert_eq!(count(dead, &sent).await, 0, "no job died of it");
    processes.kill().await;
}
