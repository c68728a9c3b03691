//! Gateway and worker as processes of their own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use simulators::retell::Client;
use tokio::process::Child;

use crate::stage::{RETELL_KEY, Setting};
use crate::tether::tied;

/// Longest wait until a gateway answers: far more than a start on a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether it does.
const PAUSE: Duration = Duration::from_millis(20);

/// Which process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Gateway,
    Worker,
}

/// Both, as far as they live.
pub(super) struct Processes {
    program: PathBuf,
    setting: Setting,
    gateway: Option<Child>,
    worker: Option<Child>,
}

impl Processes {
    /// Of this program; none is started yet.
    pub(super) fn new(program: PathBuf, setting: &Setting) -> Self {
        Self { program, setting: setting.clone(), gateway: None, worker: None }
    }

    /// Starts whatever was killed. Whatever ended by itself should not have.
    pub(super) fn start_missing(&mut self) -> anyhow::Result<()> {
        for (name, child) in [("gateway", &mut self.gateway), ("worker", &mut self.worker)] {
            if let Some(status) = child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                anyhow::bail!("the {name} ended by itself: {status}");
            }
        }
        if self.gateway.is_none() {
            self.gateway = Some(self.start("gateway", &self.setting.connections.gateway)?);
        }
        if self.worker.is_none() {
            self.worker = Some(self.start("worker", &self.setting.connections.worker)?);
        }
        Ok(())
    }

    fn start(&self, name: &str, database_url: &str) -> anyhow::Result<Child> {
        tied(&self.program)
            .arg(name)
            .current_dir(std::env::temp_dir())
            .env("DATABASE_URL", database_url)
            .env("ASKPRO__RETELL__API_KEYS", RETELL_KEY)
            .env("ASKPRO__SECRETS__KEYS", &self.setting.secrets_key)
            .env("ASKPRO__HTTP__LISTEN", self.setting.http.to_string())
            // A killed worker's jobs are free again after its lease.
            .env("ASKPRO__WORKER__LEASE_SECONDS", "3")
            .env("RUST_LOG", "off")
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("the {name} cannot be started"))
    }

    /// Waits until the gateway takes requests.
    pub(super) async fn answers(&mut self, client: &Client) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            // Nothing is there: 404 is an answer, 503 says that the database has not told the time yet.
            let answer = client.post("/api/health/nothing", b"{}", Duration::from_secs(1)).await;
            if answer.status.is_some_and(|status| status != 503) {
                return Ok(());
            }
            let gateway = self.gateway.as_mut().context("a gateway")?;
            if let Some(status) = gateway.try_wait()? {
                anyhow::bail!("the gateway ended by itself: {status}");
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the gateway does not come up");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// SIGKILL, if it lives.
    pub(super) async fn kill(&mut self, program: Program) -> anyhow::Result<()> {
        let child = match program {
            Program::Gateway => &mut self.gateway,
            Program::Worker => &mut self.worker,
        };
        if let Some(mut child) = child.take() {
            child.kill().await.with_context(|| format!("{program:?} cannot be killed"))?;
        }
        Ok(())
    }
}
