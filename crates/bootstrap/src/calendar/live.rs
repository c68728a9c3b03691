//! Bringing a copy up to date while a caller waits.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::mirror::MirroredTimes;
use appointment::calendar::{Effort, Lane, RefusalReason};
use async_trait::async_trait;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use kernel::{AppointmentId, TenantScope};
use operations::calendar::{Attention, CalendarError, CopyDesk, Pushed};
use tokio::task::JoinError;
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

/// How one attempt ended.
type Ended = Result<Result<Pushed, CalendarError>, JoinError>;

/// What follows from how an attempt on a part ended.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Nothing.
    Wait,
    /// These parts are tried again.
    Try(Vec<AppointmentId>),
    /// The whole visit is withdrawn: there is nothing more to hear.
    Leave,
}

/// What is known of the parts of a visit.
#[derive(Default)]
struct Known {
    /// Some are still open.
    is_open: bool,
    /// Parts that wait until another one has left.
    behind: Vec<AppointmentId>,
    /// Parts that are agreed to.
    settled: Vec<AppointmentId>,
    /// Parts that waited and were tried again since.
    again: Vec<AppointmentId>,
    /// Why one of them is refused: the first that was, unless another one took the visit with it.
    refused: Option<RefusalReason>,
}

impl Known {
    /// Takes in how the attempt on a part ended.
    fn hears(&mut self, part: AppointmentId, ended: Ended) -> Next {
        match ended {
            Ok(Ok(Pushed::NotNeeded | Pushed::Settled(_))) => {
                self.settled.push(part);
                return Next::Try(std::mem::take(&mut self.behind));
            }
            Ok(Ok(Pushed::Refused(after, reason))) => {
                let is_withdrawn = !after.status().is_open();
                let is_first = self.refused.is_none();
                if is_withdrawn || is_first {
                    self.refused = Some(reason);
                }
                if is_withdrawn {
                    return Next::Leave;
                }
                if is_first && reason.is_about_time() {
                    // What was agreed to at the new time is to go back now, too.
                    return Next::Try(std::mem::take(&mut self.settled));
                }
                return Next::Wait;
            }
            Ok(Ok(Pushed::Behind)) if !self.settled.is_empty() && !self.again.contains(&part) => {
                // That other one may have left since.
                self.again.push(part);
                return Next::Try(vec![part]);
            }
            Ok(Ok(Pushed::Behind)) => {
                self.behind.push(part);
                return Next::Wait;
            }
            Ok(Ok(Pushed::Unconfirmed)) => {}
            Ok(Ok(Pushed::Open { why })) => {
                tracing::info!(%why, appointment.id = %part, "a copy is still open");
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, appointment.id = %part, "a copy could not be brought up to date");
            }
            Err(error) => {
                tracing::error!(%error, appointment.id = %part, "an attempt on a copy ended early");
            }
        }
        self.is_open = true;
        Next::Wait
    }

    fn settlement(&self) -> Settlement {
        match (self.refused, self.is_open || !self.behind.is_empty()) {
            (Some(reason), _) => Settlement::Refused(reason),
            (None, true) => Settlement::Open,
            (None, false) => Settlement::Agreed,
        }
    }
}

#[async_trait]
impl CopySettler for LiveCopies {
    async fn settle(&self, scope: &TenantScope, visit: &[AppointmentId]) -> Settlement {
        let was_silent = self.mirror.is_silent(scope.tenant());
        // One caller waits for all of them, and hears of all or of none.
        let (attention, unheard) = (Arc::new(Attention::waiting()), Arc::new(Attention::nobody()));
        let effort = Effort { lane: Lane::Change, within: self.request };
        let attempt = |part: AppointmentId, heard: &Arc<Attention>| {
            let (desk, heard, scope) = (self.desk.clone(), Arc::clone(heard), scope.clone());
            let attempt =
                self.tasks.spawn(async move { desk.push_alone(&scope, part, effort, &heard).await });
            async move { (part, attempt.await) }
        };
        let mut attempts: FuturesUnordered<_> = visit.iter().map(|part| attempt(*part, &attention)).collect();
        // The caller has waited for the same account already in this use of the tool.
        let patience = if was_silent { self.patience.min(LITTLE_PATIENCE) } else { self.patience };
        let mut out_of_patience = pin!(tokio::time::sleep(voice::patience::at_most(patience)));
        let (mut known, mut is_over) = (Known::default(), false);
        loop {
            let ended = tokio::select! {
                biased;
                ended = attempts.next() => ended,
                () = &mut out_of_patience, if !is_over => {
                    if attention.leave() {
                        known.is_open = true;
                        return known.settlement();
                    }
                    if known.refused.is_some() {
                        return known.settlement();
                    }
                    // The outcome is being committed for this caller.
                    is_over = true;
                    continue;
                }
            };
            let Some((part, ended)) = ended else { return known.settlement() };
            match known.hears(part, ended) {
                Next::Leave => return known.settlement(),
                Next::Wait | Next::Try(_) if is_over && known.refused.is_some() => return known.settlement(),
                Next::Wait => {}
                Next::Try(parts) => {
                    // What becomes of going back is not what the caller waits for.
                    let heard = if known.refused.is_some() { &unheard } else { &attention };
                    attempts.extend(parts.into_iter().map(|part| attempt(part, heard)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{IdGenerator as _, RandomIds};

    fn parts() -> [AppointmentId; 2] {
        [RandomIds.next_uuid(), RandomIds.next_uuid()].map(AppointmentId::from_uuid)
    }

    fn open() -> Ended {
        Ok(Ok(Pushed::Open { why: "no answer".to_owned() }))
    }

    #[test]
    fn a_part_that_waits_for_another_is_tried_again_once_that_has_left() {
        let [first, second] = parts();
        let mut known = Known::default();
        assert_eq!(known.hears(first, Ok(Ok(Pushed::Behind))), Next::Wait);
        assert_eq!(known.settlement(), Settlement::Open);
        assert_eq!(known.hears(second, Ok(Ok(Pushed::NotNeeded))), Next::Try(vec![first]));
        assert_eq!(known.hears(first, Ok(Ok(Pushed::NotNeeded))), Next::Try(Vec::new()));
        assert_eq!(known.settlement(), Settlement::Agreed);
    }

    #[test]
    fn a_part_that_hears_too_late_that_the_way_is_free_is_tried_again_once() {
        let [first, second] = parts();
        let mut known = Known::default();
        assert_eq!(known.hears(second, Ok(Ok(Pushed::NotNeeded))), Next::Try(Vec::new()));
        assert_eq!(known.hears(first, Ok(Ok(Pushed::Behind))), Next::Try(vec![first]));
        assert_eq!(known.hears(first, Ok(Ok(Pushed::Behind))), Next::Wait);
        assert_eq!(known.settlement(), Settlement::Open);
    }

    #[test]
    fn a_part_without_an_answer_is_not_tried_again() {
        let [first, second] = parts();
        let mut known = Known::default();
        assert_eq!(known.hears(first, open()), Next::Wait);
        assert_eq!(known.hears(second, Ok(Ok(Pushed::NotNeeded))), Next::Try(Vec::new()));
        assert_eq!(known.settlement(), Settlement::Open);
    }
}
