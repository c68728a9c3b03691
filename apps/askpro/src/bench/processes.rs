//! The product's own processes, with the product's defaults, started by the command, and ended by it or with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

use super::wire::Wire;
use crate::stage::{RETELL_KEY, Setting};
use crate::tether::tied;

/// Longest wait for a process to be ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether it is.
const PAUSE: Duration = Duration::from_millis(1);
/// Longest wait for one that was told to stop.
const FAREWELL: Duration = Duration::from_secs(15);

/// A process of the product. Dropped, it is killed.
pub(super) struct Process {
    child: Child,
    /// The one that it was started as.
    pub(super) begun: Instant,
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?)
}

/// The program that holds the product's processes as hidden commands: this one.
pub(super) fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("the path of this program")
}

impl Process {
    /// The gateway.
    pub(super) fn gateway(setting: &Setting, listen: SocketAddr) -> anyhow::Result<Self> {
        let mut command = command(&program()?, "gateway", setting, &setting.connections.gateway);
        command.env("ASKPRO__HTTP__LISTEN", listen.to_string());
        Self::start(command)
    }

    /// The worker; it says at `listen` that it lives.
    pub(super) fn worker(setting: &Setting, listen: SocketAddr) -> anyhow::Result<Self> {
        let mut command = command(&program()?, "worker", setting, &setting.connections.worker);
        command.env("ASKPRO__WORKER__METRICS_LISTEN", listen.to_string());
        Self::start(command)
    }

    fn start(mut command: Command) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let child = command.spawn().context("a process of the product cannot be started")?;
        Ok(Self { child, begun })
    }

    /// Waits until a path is answered with 200.
    pub(super) async fn answers(&mut self, address: SocketAddr, path: &str) -> anyhow::Result<()> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
        loop {
            let answered = Wire::connect(address).and_then(|mut wire| wire.exchange(request.as_bytes()));
            match answered {
                Ok(answer) if answer.status == 200 => return Ok(()),
                _ => tokio::time::sleep(PAUSE).await,
            }
            ensure!(self.child.try_wait()?.is_none(), "a process of the product ended while it started");
            ensure!(self.begun.elapsed() < PATIENCE, "{path} is not answered");
        }
    }

    /// Kilobytes of it that lie in memory.
    pub(super) fn resident_kb(&self) -> anyhow::Result<u64> {
        let id = self.child.id().context("the process has ended")?;
        let text = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        line.trim().trim_end_matches("kB").trim().parse().context("VmRSS is no number")
    }

    /// SIGKILL: nothing is written, answered or handed back any more.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("a process cannot be killed")
    }

    /// Tells it to stop and waits.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        // Waiting would close it, and the process would end with it instead of in order.
        let _kept = self.child.stdin.take();
        let told = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await;
        if told.is_ok_and(|status| status.success())
            && tokio::time::timeout(FAREWELL, self.child.wait()).await.is_ok()
        {
            return Ok(());
        }
        self.kill().await
    }
}

/// What a process sees of its environment is what is said here: the settings of whoever typed the command are not those
/// of the measurement.
fn command(program: &Path, name: &str, setting: &Setting, database: &str) -> Command {
    let mut command = tied(program);
    command
        .arg(name)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("DATABASE_URL", database)
        .env("ASKPRO__RETELL__API_KEYS", RETELL_KEY)
        .env("ASKPRO__SECRETS__KEYS", &setting.secrets_key)
        .stdout(Stdio::null())
        // The log is written as in production, and read by nobody.
        .stderr(Stdio::null());
    for (name, value) in &setting.more {
        command.env(name, value);
    }
    command
}
