//! Guards around the ports: they answer at once instead of letting a caller wait for a provider that is down, slow, or
//! has had enough of us. None of them ever waits.
//!
//! In this order: the **breaker** of the connection's questions or changes (`open`), the **places** of the lane
//! (`busy`), the **budget** of the connection (`limited`). Nothing is sent without leave of all three, so that a change
//! that they refuse is [`WriteFailure::NotSent`].
//!
//! The state belongs to one process. Several processes that use one key each keep a budget of their own and learn about
//! each other from what the provider says is left; where they share a memory, they ask that first
//! ([`AccountPacing`](appointment::calendar::AccountPacing)), and these guards stand behind it.

mod breaker;
mod bucket;
mod decorators;
mod pacing;
mod state;

use std::sync::Arc;

use appointment::calendar::{Connection, Effort, Errand, ReadFailure, WriteFailure};

pub use breaker::{Breaker, BreakerPolicy, BreakerState, Outcome, Ticket, Transition};
pub use bucket::{Bucket, BudgetPolicy};
pub use state::{BreakerView, BudgetView, GuardPolicy, GuardState, RefusalView};

/// Guards in front of `inner`, for whichever of the two ports it implements.
#[derive(Clone)]
pub struct Guard<I> {
    inner: I,
    state: Arc<GuardState>,
}

impl<I> Guard<I> {
    /// Guards `inner` with `state`, which `inner` should report to as well
    /// ([`Client::reporting`](crate::client::Client::reporting)).
    pub const fn new(inner: I, state: Arc<GuardState>) -> Self {
        Self { inner, state }
    }

    /// The breakers of every connection that was used, for health and metrics.
    #[must_use]
    pub fn states(&self) -> Vec<BreakerView> {
        self.state.breakers()
    }

    /// The budgets of every connection that was used, for health and metrics.
    #[must_use]
    pub fn budgets(&self) -> Vec<BudgetView> {
        self.state.budgets()
    }

    async fn read<T>(
        &self,
        connection: &Connection,
        effort: Effort,
        question: impl Future<Output = Result<T, ReadFailure>> + Send,
    ) -> Result<T, ReadFailure> {
        let permit = self
            .state
            .enter(connection.id, Errand::Read, effort.lane)
            .map_err(|why| ReadFailure::Unavailable { why: why.to_owned() })?;
        let answer = question.await;
        permit.settle(self.state.policy().heard_of_question(&answer, effort).into());
        answer
    }

    async fn write<T>(
        &self,
        connection: &Connection,
        effort: Effort,
        change: impl Future<Output = Result<T, WriteFailure>> + Send,
    ) -> Result<T, WriteFailure> {
        let permit = self
            .state
            .enter(connection.id, Errand::Write, effort.lane)
            .map_err(|why| WriteFailure::NotSent { why: why.to_owned() })?;
        let answer = change.await;
        permit.settle(self.state.policy().heard_of_change(&answer, effort).into());
        answer
    }
}
