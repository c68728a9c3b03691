//! A gateway on a free port: it answers, and it stops when it is told to.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use bootstrap::Shutdown;
use bootstrap::config::{Config, Sources};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Clock as _, SystemClock};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::TestDatabase;
use testkit::scenario::Salon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const KEY: &str = "key_test_gateway_serving";

fn config(database_url: &str) -> Config {
    let sources = Sources::explicit(
        None,
        [
            ("DATABASE_URL", database_url),
            ("ASKPRO__RETELL__API_KEYS", KEY),
            // The machine of a test is busy with compiling; the deadline is not what is tested here.
            ("ASKPRO__VOICE__TOOL_DEADLINE_MS", "7000"),
            ("ASKPRO__DATABASE__ACQUIRE_TIMEOUT_MS", "5000"),
            ("ASKPRO__SHUTDOWN__GRACE_MS", "5000"),
        ],
    );
    Config::load(&sources).unwrap().config
}

/// One request over a connection of its own; the status and the body.
async fn request(address: SocketAddr, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    (status, body)
}

async fn post(address: SocketAddr, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let at = SystemClock::default().real_now().timestamp_millis();
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.update(at.to_string().as_bytes());
    let digest = hex::encode(mac.finalize().into_bytes());
    let head = format!("POST {path} HTTP/1.1\r\nx-retell-signature: v={at},d={digest}");
    let (status, answer) = request(address, &head, body.as_bytes()).await;
    (status, serde_json::from_str(&answer).unwrap())
}

/// Waits until the gateway says that it is ready.
async fn ready(address: SocketAddr) {
    let asking = async {
        while request(address, "GET /api/health/ready HTTP/1.1", b"").await.0 != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let gateway = gateway::run(config(&database.gateway_url()), listener, shutdown.clone());
    let talking = async {
        ready(address).await;
        let ringing = json!({"event": "call_inbound", "call_inbound": {
            "call_id": "call_test_1", "from_number": "anonymous", "to_number": salon.number()}});
        let (status, reply) = post(address, "/api/webhooks/retell", &ringing).await;
        assert_eq!(status, 200, "{reply}");
        assert!(reply["call_inbound"]["dynamic_variables"].is_object(), "{reply}");

        let nobody = json!({"event": "call_inbound", "call_inbound": {"to_number": "+4940999999"}});
        let (status, reply) = post(address, "/api/webhooks/retell", &nobody).await;
        assert_eq!((status, reply), (200, json!({"call_inbound": {"reject": true}})));

        let tool = json!({"name": "list_services", "args": {}, "call": {
            "call_id": "call_test_1", "from_number": "anonymous", "to_number": salon.number()}});
        let (status, reply) = post(address, "/api/webhooks/retell/function", &tool).await;
        assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");

        let ended =
            json!({"event": "call_ended", "call": {"call_id": "call_test_1", "to_number": salon.number()}});
        let (status, reply) = post(address, "/api/webhooks/retell", &ended).await;
        assert_eq!((status, reply), (200, json!({"status": "stored"})));

        let (status, metrics) = request(address, "GET /api/metrics HTTP/1.1", b"").await;
        assert_eq!(status, 200);
        assert!(metrics.contains("voice_tool_calls_total"), "{metrics}");
        shutdown.begin();
    };
    let (served, ()) = tokio::join!(gateway, talking);
    served.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn while_migrations_are_missing_it_lives_and_serves_nobody() {
    let database = TestDatabase::empty().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let gateway = gateway::run(config(&database.gateway_url()), listener, shutdown.clone());
    let talking = async {
        let (status, body) = request(address, "GET /api/health/live HTTP/1.1", b"").await;
        assert_eq!(status, 200, "{body}");
        let (status, body) = request(address, "GET /api/health/ready HTTP/1.1", b"").await;
        assert_eq!(status, 503, "{body}");
        assert!(body.contains("not migrated"), "{body}");
        let event = json!({"event": "call_ended", "call": {"call_id": "call_test_1"}});
        let (status, body) = post(address, "/api/webhooks/retell", &event).await;
        assert_eq!((status, &body["code"]), (503, &json!("starting")));
        shutdown.begin();
    };
    let (served, ()) = tokio::join!(gateway, talking);
    served.unwrap();
}

/// A gateway as a process of its own, whose log is read line by line.
struct Process {
    child: Child,
    lines: Receiver<String>,
    address: SocketAddr,
}

impl Process {
    /// Starts it and waits until it says where it listens.
    fn start(database_url: String) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gateway"))
            .env_clear()
            .env("DATABASE_URL", database_url)
            .env("ASKPRO__RETELL__API_KEYS", KEY)
            .env("ASKPRO__HTTP__LISTEN", "127.0.0.1:0")
            .env("ASKPRO__VOICE__TOOL_DEADLINE_MS", "7000")
            .env("ASKPRO__DATABASE__ACQUIRE_TIMEOUT_MS", "5000")
            .env("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
            .current_dir(std::env::temp_dir())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = child.stderr.take().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            use std::io::BufRead as _;
            for line in std::io::BufReader::new(errors).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut process = Self { child, lines, address: "127.0.0.1:0".parse().unwrap() };
        let serves = process.line("the gateway serves");
        process.address = serves["listen"].as_str().unwrap().parse().unwrap();
        process
    }

    /// The next line with these words. Every line until then is JSON, and none shows a secret.
    fn line(&self, words: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
            assert!(!line.contains("hunter2"), "{line}");
            let parsed: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            if line.contains(words) {
                return parsed;
            }
        }
    }

    /// Tells it to stop; it ends with success.
    fn stop(mut self) {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.line("the gateway has stopped");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn sigterm_ends_the_process_with_success() {
    let database = TestDatabase::fresh().await;
    Process::start(database.gateway_url()).stop();
}

/// The names of these fields are promises: see `docs/LOGGING.md`.
#[tokio::test]
async fn a_tool_call_leaves_one_line_that_names_tenant_call_request_and_hops() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let process = Process::start(database.gateway_url());
    ready(process.address).await;
    let tool = json!({"name": "list_services", "args": {}, "call": {
        "call_id": "call_for_the_log", "from_number": "+491701112233", "to_number": salon.number()}});
    let (status, reply) = post(process.address, "/api/webhooks/retell/function", &tool).await;
    assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");

    let line = process.line("voice.tool");
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("voice.tool")));
    assert_eq!((&line["tool"], &line["status"]), (&json!("list_services"), &reply["status"]));
    assert!(line["duration_us"].as_u64().is_some_and(|us| us > 0), "{line}");
    let hops = line["hops"].as_str().unwrap();
    for hop in ["read=", "resolve=", "tool="] {
        assert!(hops.split(' ').any(|part| part.starts_with(hop)), "{hops}");
    }
    let span = &line["span"];
    assert_eq!(span["name"], "http.request");
    assert_eq!(span["tenant.id"], json!(salon.tenant.to_string()), "{line}");
    assert!(span["call.id"].as_str().unwrap().parse::<kernel::CallId>().is_ok(), "{line}");
    let request = span["request_id"].as_str().unwrap();
    assert_eq!(request.len(), 32, "{line}");

    let served = process.line("\"served\"");
    assert_eq!((&served["http.status"], &served["span"]["request_id"]), (&json!(200), &json!(request)));
    process.stop();
}
