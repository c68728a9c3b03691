//! Other processes that use a server, and looks at a server from outside.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use provision::{Durability, Postgres, Redis};

/// A directory that goes with the test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let nonce = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
        let dir = PathBuf::from(format!("/tmp/provision-{name}-{}", nonce.trim()));
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits for something that other processes do. They cannot be asked to tell, so this looks again and again.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < until, "never happened: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

/// The letter by which the system describes what a process is doing.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

pub(crate) fn parent(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(crate) fn kill(pid: u32) {
    let killed = Command::new("sh").args(["-c", "kill -9 \"$0\"", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Begins a connection as the protocol wants it and returns what the server asks for: 10 is a SASL exchange, the
/// way in which a password is checked without being sent.
pub(crate) fn asked_for(port: u16) -> std::io::Result<u32> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).unwrap();
    stream.write_all(&[&length.to_be_bytes()[..], &196_608_u32.to_be_bytes(), parameters].concat())?;
    let mut head = [0_u8; 9];
    stream.read_exact(&mut head)?;
    assert_eq!(head[0], b'R', "an authentication request");
    Ok(u32::from_be_bytes(head[5..9].try_into().unwrap()))
}

/// Runs SQL on a stopped cluster, without a client, and returns what the server printed.
pub(crate) fn single_user(postgres: &mut Command, data: &Path, sql: &str) -> String {
    let owner = fs::metadata(data).unwrap();
    if is_root() {
        postgres.uid(owner.uid()).gid(owner.gid());
    }
    let mut child = postgres
        .args(["--single", "-D"])
        .arg(data)
        .arg("postgres")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

/// Another process that uses a server until its input ends or it is killed.
pub(crate) struct User {
    process: Child,
    // Kept open: a test program that cannot report its result fails.
    output: BufReader<ChildStdout>,
    pub(crate) port: u16,
    pub(crate) pid: u32,
    pub(crate) data: PathBuf,
}

impl User {
    /// Starts a process and waits until it has its server.
    pub(crate) fn start(mode: &str, dir: &Path) -> Self {
        Self::begin(mode, dir, &mut Command::new(std::env::current_exe().unwrap())).ready()
    }

    /// Starts a process that runs under another account, on a copy of this program it can reach.
    pub(crate) fn start_as(uid: u32, mode: &str, dir: &Path) -> Self {
        let program = dir.join("program");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        chown(dir, Some(uid), Some(uid)).unwrap();
        Self::begin(mode, &dir.join("cluster"), Command::new(program).uid(uid).gid(uid)).ready()
    }

    pub(crate) fn begin(mode: &str, dir: &Path, command: &mut Command) -> Starting {
        let mut process = command
            .args(["--exact", "helper::another_process", "--ignored", "--nocapture"])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.as_mut().unwrap();
        writeln!(input, "{mode} {}", dir.display()).unwrap();
        Starting(process)
    }

    /// Ends the process as it would end by itself.
    pub(crate) fn leave(mut self) {
        drop(self.process.stdin.take());
        self.output.read_to_end(&mut Vec::new()).unwrap();
        assert!(self.process.wait().unwrap().success());
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A process that may not have its server yet.
pub(crate) struct Starting(Child);

impl Starting {
    pub(crate) fn ready(self) -> User {
        let mut process = self.0;
        let mut output = BufReader::new(process.stdout.take().unwrap());
        // An end without the line means that the process has said on its standard error why it got no server.
        let line = output.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, line) = line.split_once("READY ")?;
            Some(line.to_owned())
        });
        let line = line.unwrap();
        let mut words = line.splitn(3, ' ');
        User {
            port: words.next().unwrap().parse().unwrap(),
            pid: words.next().unwrap().parse().unwrap(),
            data: PathBuf::from(words.next().unwrap()),
            process,
            output,
        }
    }
}

/// What [`User`] runs. The first line of input says what to do; the end of the input ends it.
#[test]
#[ignore = "the other tests start it in a process of its own"]
fn another_process() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let (mode, dir) = line.trim().split_once(' ').unwrap();
    let builder = Postgres::builder().dir(dir);
    let wait = || std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let ready = |port: u16, pid: Option<u32>, data: &Path| {
        println!("READY {port} {} {}", pid.unwrap(), data.display());
    };
    match mode {
        "shared" => {
            let server = builder.grace(Duration::from_secs(1)).attach().unwrap();
            ready(server.port(), server.pid(), server.data_dir());
            wait();
        }
        "volatile" | "durable" | "passing" => {
            let volatile = mode == "volatile";
            let durability = if volatile { Durability::Volatile } else { Durability::Durable };
            let server = builder.durability(durability).passing(mode == "passing").start().unwrap();
            ready(server.port(), server.pid(), &server.data_dir());
            wait();
        }
        "redis" => {
            let server = Redis::builder().dir(dir).start().unwrap();
            ready(server.port(), server.pid(), Path::new(dir));
            wait();
        }
        other => panic!("no such mode: {other}"),
    }
}
