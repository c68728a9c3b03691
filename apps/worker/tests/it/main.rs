//! The worker as a process and as a library, with a real database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail where it stands")]

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use bootstrap::Shutdown;
use bootstrap::config::{Config, Sources};
use testkit::TestDatabase;

fn worker(arguments: &[&str], database_url: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.args(arguments).env_clear().current_dir(std::env::temp_dir()).stderr(Stdio::piped());
    if let Some(url) = database_url {
        command.env("DATABASE_URL", url);
    }
    command
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_a_database_there_is_one_line_that_says_so() {
    let output = worker(&["--once"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = errors(&output);
    assert!(text.contains("database.url is not set"), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
}

#[tokio::test]
async fn a_database_that_can_never_be_used_stops_the_start_with_the_name_of_the_key() {
    let database = TestDatabase::fresh().await;
    let right = database.worker_url();
    let (user, tail) =
        right.rsplit_once('@').map(|(head, tail)| (head.rsplit_once(':').unwrap().0, tail)).unwrap();
    for (url, cause) in [
        (format!("{user}:hunter2@{tail}"), "worker"),
        (database.gateway_url(), "the role `gateway` has not the rights of `worker`"),
        (database.administrator_url(), "row level security, which keeps companies apart, would not bind it"),
    ] {
        let output = worker(&[], Some(&url)).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = errors(&output);
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
        assert!(text.starts_with("error: database.url cannot be used: ") && text.contains(cause), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn once_does_what_is_due_and_ends() {
    let database = TestDatabase::fresh().await;
    let url = database.worker_url();
    let output =
        tokio::task::spawn_blocking(move || worker(&["--once"], Some(&url)).output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("dispatched: 0") && said.contains("dead: 0"), "{said}");
}

#[tokio::test]
async fn it_stops_when_it_is_told_to() {
    let database = TestDatabase::fresh().await;
    let sources = Sources::explicit(None, [("DATABASE_URL", database.worker_url())]);
    let config = Config::load(&sources).unwrap().config;
    let shutdown = Shutdown::new();
    let told = shutdown.clone();
    let working = worker::run(config, shutdown);
    let telling = async {
        tokio::task::yield_now().await;
        told.begin();
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(working, telling) }).await;
    // Told before the database had answered, it says so; told later, it ends in peace. Either way it ends.
    let (worked, ()) = ended.unwrap();
    if let Err(error) = worked {
        assert!(error.to_string().contains("told to stop"), "{error:#}");
    }
}

#[tokio::test]
async fn sigterm_ends_the_process_with_success() {
    let database = TestDatabase::fresh().await;
    let mut child = worker(&[], Some(&database.worker_url())).spawn().unwrap();
    let log = child.stderr.take().unwrap();
    let (seen, works) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        use std::io::BufRead as _;
        let mut all = String::new();
        for line in std::io::BufReader::new(log).lines().map_while(Result::ok) {
            if line.contains("the worker works") {
                let _ = seen.send(());
            }
            all.push_str(&line);
            all.push('\n');
        }
        all
    });
    works.recv_timeout(Duration::from_secs(60)).unwrap();
    let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    let status = child.wait().unwrap();
    let log = reading.join().unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test]
async fn its_metrics_are_shown_where_it_is_told_to() {
    let database = TestDatabase::fresh().await;
    let mut child = worker(&[], Some(&database.worker_url()))
        .env("ASKPRO__WORKER__METRICS_LISTEN", "127.0.0.1:0")
        .spawn()
        .unwrap();
    let log = child.stderr.take().unwrap();
    let (seen, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        use std::io::BufRead as _;
        for line in std::io::BufReader::new(log).lines().map_while(Result::ok) {
            let _ = seen.send(line);
        }
    });
    let line = |words: &str| loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        if line.contains(words) {
            return serde_json::from_str::<serde_json::Value>(&line).unwrap();
        }
    };
    let address = line("the worker shows its metrics")["listen"].as_str().unwrap().to_owned();
    line("the worker works");
    let get = |path: &str| {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let live = get("/api/health/live");
    assert!(live.starts_with("HTTP/1.1 200") && live.contains("\"live\""), "{live}");
    let metrics = get("/api/metrics");
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("text/plain"), "{metrics}");
    assert!(get("/api/v1/calls").starts_with("HTTP/1.1 404"));
    let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
