//! The end of a process: one token that says "no more", one tracker that knows what is still at work.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::telemetry::mask;

/// Stops a process in order: whoever accepts work watches [`token`](Self::token), whoever does work in the background
/// is spawned on [`tasks`](Self::tasks), and [`drain`](Self::drain) waits for the latter.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Nothing has been said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process shall accept no more work.
    #[must_use]
    pub const fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Where work is spawned that outlives its request.
    #[must_use]
    pub const fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Says that no more work is accepted.
    pub fn begin(&self) {
        self.token.cancel();
    }

    /// Begins the shutdown when the process is told to stop (SIGTERM or Ctrl-C).
    ///
    /// # Errors
    /// If the operating system refuses to deliver signals.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let token = self.token.clone();
        self.tasks.spawn(async move {
            let told = tokio::select! {
                () = token.cancelled() => return,
                _ = terminate.recv() => "SIGTERM",
                interrupted = tokio::signal::ctrl_c() => match interrupted {
                    Ok(()) => "Ctrl-C",
                    // Without the signal there is no Ctrl-C to wait for; SIGTERM and the token remain.
                    Err(_) => std::future::pending().await,
                },
            };
            tracing::info!(signal = told, "stopping");
            token.cancel();
        });
        Ok(())
    }

    /// Waits until nothing is at work any more, at most `grace`. `false` if something still was.
    pub async fn drain(&self, grace: Duration) -> bool {
        self.begin();
        self.tasks.close();
        let done = tokio::time::timeout(grace, self.tasks.wait()).await.is_ok();
        if !done {
            tracing::warn!(left = self.tasks.len(), "work in flight was left at the end");
        }
        done
    }
}

/// Ends a program: success, or one line on standard error and exit code 1.
#[must_use]
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log may not have begun, and whoever typed the command reads this.
            let line = format!("{error:#}").replace('\n', " ");
            let _ = writeln!(std::io::stderr(), "error: {}", mask::line(&line));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn draining_waits_for_work_but_not_for_ever() {
        let shutdown = Shutdown::new();
        let (done, finished) = tokio::sync::oneshot::channel::<()>();
        shutdown.tasks().spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let _ = done.send(());
        });
        assert!(shutdown.drain(Duration::from_secs(5)).await);
        assert!(shutdown.token().is_cancelled());
        assert_eq!(finished.await, Ok(()));

        let stubborn = Shutdown::new();
        stubborn.tasks().spawn(std::future::pending::<()>());
        assert!(!stubborn.drain(Duration::from_secs(5)).await);
    }
}
