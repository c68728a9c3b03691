use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use operations::engine::Ticket;
use tokio::sync::oneshot;

use crate::settle::Stop;

/// The runs that this worker answers for, from the claim until their outcome is stored.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashMap<Ticket, Option<oneshot::Sender<Stop>>>>);

impl Running {
    /// Takes a run in; the receiver tells it to stop.
    pub(crate) fn enter(&self, ticket: Ticket) -> oneshot::Receiver<Stop> {
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(ticket, Some(sender));
        receiver
    }

    /// Whether the run is here, and not settled.
    pub(crate) fn is_on(&self, ticket: Ticket) -> bool {
        self.lock().contains_key(&ticket)
    }

    /// The run is settled.
    pub(crate) fn leave(&self, ticket: Ticket) {
        self.lock().remove(&ticket);
    }

    /// Tells a run to stop. Nothing happens if it has ended or was told before.
    pub(crate) fn stop(&self, ticket: Ticket, reason: Stop) {
        if let Some(sender) = self.lock().get_mut(&ticket).and_then(Option::take) {
            // A run that has ended by itself no longer listens.
            let _ = sender.send(reason);
        }
    }

    /// Tells all runs to stop.
    pub(crate) fn stop_all(&self, reason: Stop) {
        for ticket in self.tickets() {
            self.stop(ticket, reason);
        }
    }

    /// Answers for nothing any more.
    pub(crate) fn forget_all(&self) {
        self.lock().clear();
    }

    /// All of them.
    pub(crate) fn tickets(&self) -> HashSet<Ticket> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Ticket, Option<oneshot::Sender<Stop>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use operations::engine::JobId;

    #[test]
    fn a_run_is_stopped_once_and_for_one_reason() {
        let running = Running::default();
        let ticket = Ticket { job: JobId::from_raw(1), run: 1 };
        let mut stop = running.enter(ticket);
        running.stop(Ticket { run: 2, ..ticket }, Stop::Lost);
        assert!(stop.try_recv().is_err(), "another run of the job is not this one");
        running.stop(ticket, Stop::Cancelled);
        running.stop_all(Stop::HandBack);
        assert_eq!(stop.try_recv(), Ok(Stop::Cancelled));
        assert!(running.is_on(ticket), "until it is settled");
        running.leave(ticket);
        assert!(!running.is_on(ticket));
        assert!(running.tickets().is_empty());
    }
}
