//! Said and done: at the end of a call, what the assistant said it had done is compared with what was committed.
//!
//! Both ways: a booking, move or cancellation that was claimed and has no effect, and an effect of which the caller was
//! told nothing. Each finding names the sentence, is counted, raises a review, and is promised to be cleared up by a call
//! to the caller. The rules are in [`claims`]; no finding is acted upon without a person.

pub mod claims;
mod compare;
mod done;
mod known;
mod note;
mod persons;
mod talk;
mod turns;
mod untold;

use std::sync::Arc;

use appointment::BookingService;
use appointment::error::BookingError;
use appointment::model::Staff;
use async_trait::async_trait;
use call::{CallError, CallService, CallSnapshot};
use chrono::{DateTime, Utc};
use claims::Claim;
pub use compare::compare;
use customer::CustomerService;
pub use done::{Entry, Touched, Whence};
use kernel::{
    AppointmentId, BranchId, CallId, Classify, Clock, CommitError, ErrorClass, IdempotencyKey, RequestHash,
    StoreError, TenantScope,
};
pub use known::Used;
use serde_json::json;
use servicedesk::{CallbackReason, CallbackService, Priority, RequestCallback, RequestError};

use crate::ports::body_digest;
use crate::staffed;

/// Longest sentence that a review keeps, in characters; recognised speech without a full stop can be long.
pub const MAX_SENTENCE_CHARS: usize = 500;

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mismatch {
    /// It was said to be booked, and nothing was booked, or less than was said.
    BookingClaimed,
    /// It was said to be booked for certain, and the outside calendar has yet to agree, or does not.
    FirmClaimed,
    /// It was said to be with somebody, and is with somebody else.
    PersonClaimed,
    /// It was said to be moved, and nothing was moved.
    MoveClaimed,
    /// It was said to be called off, and nothing was.
    CancellationClaimed,
    /// Something was booked, and nothing of it was said.
    BookingUntold,
    /// Something was moved, and nothing of it was said.
    MoveUntold,
    /// Something was called off, and nothing of it was said.
    CancellationUntold,
}

impl Mismatch {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::BookingClaimed,
        Self::FirmClaimed,
        Self::PersonClaimed,
        Self::MoveClaimed,
        Self::CancellationClaimed,
        Self::BookingUntold,
        Self::MoveUntold,
        Self::CancellationUntold,
    ];

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookingClaimed => "booking_claimed",
            Self::FirmClaimed => "firm_claimed",
            Self::PersonClaimed => "person_claimed",
            Self::MoveClaimed => "move_claimed",
            Self::CancellationClaimed => "cancellation_claimed",
            Self::BookingUntold => "booking_untold",
            Self::MoveUntold => "move_untold",
            Self::CancellationUntold => "cancellation_untold",
        }
    }

    /// Of what is said or done to an appointment.
    const fn claim(self) -> Claim {
        match self {
            Self::BookingClaimed | Self::FirmClaimed | Self::PersonClaimed | Self::BookingUntold => {
                Claim::Booked
            }
            Self::MoveClaimed | Self::MoveUntold => Claim::Moved,
            Self::CancellationClaimed | Self::CancellationUntold => Claim::Cancelled,
        }
    }
}

/// One thing that does not fit, explained.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub mismatch: Mismatch,
    /// The sentence that shows it; `None` where nothing was said.
    pub sentence: Option<String>,
    /// Of which appointments nothing was said.
    pub untold: Vec<AppointmentId>,
}

impl std::fmt::Debug for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What was said names people.
        f.debug_struct("Finding").field("mismatch", &self.mismatch).finish_non_exhaustive()
    }
}

/// A finding as it is stored for a person.
#[derive(Clone, PartialEq, Eq)]
pub struct CallReview {
    /// The call.
    pub call: CallId,
    /// What does not fit, and the sentence.
    pub finding: Finding,
    /// Product time.
    pub opened_at: DateTime<Utc>,
}

impl std::fmt::Debug for CallReview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallReview")
            .field("call", &self.call)
            .field("finding", &self.finding)
            .finish_non_exhaustive()
    }
}

/// Port: what calls have done, and what a person must look at about them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallReviews: Send + Sync {
    /// The appointments that a call has done something to, each with its whole history, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn done_in(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Touched>, StoreError>;

    /// The tools that were used in a call, in the order of their use, as far as the trace has them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn used_in(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Used>, StoreError>;

    /// What was found about a call before.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn found(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Mismatch>, StoreError>;

    /// Adds a review. `false`: the same was found about this call before, and nothing was added.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open(&self, scope: &TenantScope, review: &CallReview) -> Result<bool, StoreError>;
}

/// Why a call could not be looked through.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The call could not be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What was done or told could not be read, or the review not stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The callback could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Classify for LookError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Call(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Commit(error) => error.class(),
        }
    }
}

/// Use case: look through a call that is over.
#[derive(Clone)]
pub struct SaidAndDone {
    calls: CallService,
    reviews: Arc<dyn CallReviews>,
    customers: CustomerService,
    callbacks: CallbackService,
    /// When somebody is there to call.
    bookings: Arc<BookingService>,
    clock: Arc<dyn Clock>,
}

impl SaidAndDone {
    /// Over these parts.
    #[must_use]
    pub const fn new(
        calls: CallService,
        reviews: Arc<dyn CallReviews>,
        customers: CustomerService,
        callbacks: CallbackService,
        bookings: Arc<BookingService>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { calls, reviews, customers, callbacks, bookings, clock }
    }

    /// Compares, and sees to what was found: a review, a warning, a promise that somebody calls. Repeatable: a finding is
    /// seen to once. Returns what was not found before.
    ///
    /// # Errors
    /// [`LookError`]; a later run is worth while.
    pub async fn look(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Finding>, LookError> {
        let call = self.calls.find(scope, call).await?;
        let call = call.snapshot();
        if !call.status.has_ended() {
            return Ok(Vec::new());
        }
        let done = self.reviews.done_in(scope, call.id).await?;
        let staff = self.staff(scope, call.branch).await;
        let mut findings = compare(call, &done, &[], &staff);
        if !findings.is_empty() {
            // Where nothing was found, nothing can have been read out instead.
            findings = compare(call, &done, &self.reviews.used_in(scope, call.id).await?, &staff);
        }
        // The promise is named by all that is found, whatever of it was seen to before a run ended too early.
        let words: Vec<&str> = findings.iter().map(|finding| finding.mismatch.as_str()).collect();
        let key = format!("said_and_done:{}:{}", call.id, words.join("+"));
        if !findings.is_empty() {
            let before = self.reviews.found(scope, call.id).await?;
            findings.retain(|finding| !before.contains(&finding.mismatch));
        }
        if findings.is_empty() {
            return Ok(Vec::new());
        }
        // The promise first: a review without it would not be promised again.
        self.promise(scope, call, &key, (&findings, &done)).await?;
        let mut new = Vec::new();
        for finding in findings {
            let review = CallReview { call: call.id, finding: finding.clone(), opened_at: self.clock.now() };
            if self.reviews.open(scope, &review).await? {
                tracing::error!(call.id = %call.id, mismatch = finding.mismatch.as_str(),
                    "what was said in a call is not what was done");
                new.push(finding);
            }
        }
        Ok(new)
    }

    /// Who works at a branch. Where that cannot be read, or there is no such branch any more, persons are not compared; all
    /// else is.
    async fn staff(&self, scope: &TenantScope, branch: BranchId) -> Vec<Staff> {
        match self.bookings.catalogue(scope, branch).await {
            Ok(catalogue) => catalogue.staff().to_vec(),
            Err(BookingError::UnknownBranch(_)) => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, branch.id = %branch, "persons are not compared: the branch cannot be read");
                Vec::new()
            }
        }
    }

    /// Somebody calls the caller, once about all that was found: at the number of the call, or else at the one that is known of
    /// whom the call is linked to. Without either nobody can be called, and the review is all there is.
    async fn promise(
        &self,
        scope: &TenantScope,
        call: &CallSnapshot,
        key: &str,
        (findings, done): (&[Finding], &[Touched]),
    ) -> Result<(), LookError> {
        let claim = kernel::Claim {
            request: RequestHash(body_digest(key.as_bytes())),
            key: IdempotencyKey::new(key),
            outcome: json!({"effect": "said_and_done"}),
        };
        let note = note::of(&self.bookings, scope, (call, findings, done)).await;
        let customer = match call.customer {
            Some(customer) => self.customers.find(scope, customer).await?,
            None => None,
        };
        let on_file = || customer.as_ref().and_then(|customer| customer.phone().cloned());
        let times = (self.clock.now(), None);
        let due_at = staffed::due_at(&self.bookings, scope, call.branch, Priority::High, times).await;
        let request = RequestCallback {
            branch: Some(call.branch),
            due_at,
            customer: call.customer,
            call: Some(call.id),
            phone: call.caller.number().cloned().or_else(on_file),
            name: customer.as_ref().and_then(|customer| customer.name().cloned()),
            note: Some(note),
            priority: Some(Priority::High),
            ..RequestCallback::because(CallbackReason::MessageUndeliverable, call.caller.clone())
        };
        match self.callbacks.request(scope, request, Some(claim)).await {
            Ok(_) | Err(RequestError::NumberRequired | RequestError::Commit(CommitError::AlreadyClaimed)) => {
                Ok(())
            }
            Err(RequestError::Commit(error)) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
