//! Bringing a copy up to date while a caller waits.

use std::sync::Arc;
use std::time::Duration;

use super::mirror::MirroredTimes;
use appointment::calendar::{Effort, Lane};
use async_trait::async_trait;
use kernel::{AppointmentId, TenantScope};
use operations::calendar::{Attention, CopyDesk, Pushed};
use tokio_util::task::TaskTracker;
use voice::{CopySettler, Settlement};

/// How long a caller waits for the copy if the account was silent the last time.
const LITTLE_PATIENCE: Duration = Duration::from_millis(150);

/// The attempt goes on when the caller's patience is at its end; whatever comes of it later is not undone silently.
#[derive(Clone)]
pub struct LiveCopies {
    desk: CopyDesk,
    mirror: MirroredTimes,
    tasks: TaskTracker,
    patience: Duration,
    request: Duration,
}

impl LiveCopies {
    /// A caller waits `patience`, less if `mirror` was not answered in time just now; a request may take `request`.
    /// Attempts are spawned on `tasks`.
    #[must_use]
    pub const fn new(
        desk: CopyDesk,
        mirror: MirroredTimes,
        tasks: TaskTracker,
        patience: Duration,
        request: Duration,
    ) -> Self {
        Self { desk, mirror, tasks, patience, request }
    }
}

#[async_trait]
impl CopySettler for LiveCopies {
    async fn settle(&self, scope: &TenantScope, appointment: AppointmentId) -> Settlement {
        let was_silent = self.mirror.is_silent(scope.tenant());
        let attention = Arc::new(Attention::waiting());
        let (desk, heard, scope) = (self.desk.clone(), Arc::clone(&attention), scope.clone());
        let effort = Effort { lane: Lane::Live, within: self.request };
        let mut attempt =
            self.tasks.spawn(async move { desk.push(&scope, appointment, effort, &heard).await });
        // The caller has waited for the same account already in this use of the tool.
        let patience = if was_silent { self.patience.min(LITTLE_PATIENCE) } else { self.patience };
        let pushed = match tokio::time::timeout(patience, &mut attempt).await {
            Ok(done) => done,
            Err(_) if attention.leave() => return Settlement::Open,
            // The outcome is being committed for this caller.
            Err(_) => attempt.await,
        };
        match pushed {
            Ok(Ok(Pushed::NotNeeded | Pushed::Settled(_))) => Settlement::Agreed,
            Ok(Ok(Pushed::Refused(..))) => Settlement::Refused,
            Ok(Ok(Pushed::Open { why })) => {
                tracing::info!(%why, appointment.id = %appointment, "a copy is still open");
                Settlement::Open
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, appointment.id = %appointment, "a copy could not be brought up to date");
                Settlement::Open
            }
            Err(error) => {
                tracing::error!(%error, appointment.id = %appointment, "an attempt on a copy ended early");
                Settlement::Open
            }
        }
    }
}
