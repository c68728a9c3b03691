//! What follows from the end of a call: it is charged, its holds are given back, its cost is recorded, and it belongs to
//! the customer whose number called.
//!
//! The call is read as it is *now*, instead of believing the event that set this off; so events may come late, twice and in
//! any order, and the last run settles what is true. A step that fails keeps none of the others from being done; charge and cost
//! are one step, in which an implausible amount keeps back only itself.

use std::sync::Arc;

use appointment::ports::{AppointmentRepository, AppointmentWrite};
use billing::{BillingError, BillingService, CostMethod, KnownOfCall, ProviderCostFacts, Settled};
use call::{Call, CallEffect, CallError, CallService, CallSnapshot, LinkMethod};
use customer::{CustomerService, Identification, one_person};
use kernel::{
    CallId, ChangeSet, Classify, CommitError, CustomerId, ErrorClass, StoreError, TenantScope, UsdMicrocents,
};

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AftermathError {
    /// The call could not be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The money could not be settled.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// The holds could not be released.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The customers of the number could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for AftermathError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Call(error) => error.class(),
            Self::Billing(error) => error.class(),
            Self::Commit(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// What was done, for logs and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Something was written.
    Changed,
    /// It was done before, or there was nothing to do.
    Nothing,
}

/// What came of following up a call, step by step.
#[derive(Debug)]
pub struct FollowUp {
    /// The times held for it were given back.
    pub holds: Result<Done, AftermathError>,
    /// The company was charged, and what it cost at the provider was recorded.
    pub account: Result<Settled, AftermathError>,
    /// It belongs to a customer.
    pub caller: Result<Done, AftermathError>,
}

impl FollowUp {
    /// The failure by which to decide what shall happen next: one that may pass, if there is one.
    #[must_use]
    pub fn failure(self) -> Option<AftermathError> {
        let Self { holds, account, caller } = self;
        let (charge, cost) = match account {
            Ok(Settled { charge, cost }) => (charge.err().map(Into::into), cost.err().map(Into::into)),
            Err(error) => (Some(error), None),
        };
        let failures = [holds.err(), charge, cost, caller.err()].into_iter().flatten();
        failures.reduce(
            |kept, next| if kept.class().may_pass() || !next.class().may_pass() { kept } else { next },
        )
    }
}

/// Use cases after a call.
#[derive(Clone)]
pub struct CallAftermath {
    calls: CallService,
    billing: BillingService,
    appointments: Arc<dyn AppointmentRepository>,
    customers: CustomerService,
}

impl CallAftermath {
    /// Over these services.
    #[must_use]
    pub fn new(
        calls: CallService,
        billing: BillingService,
        appointments: Arc<dyn AppointmentRepository>,
        customers: CustomerService,
    ) -> Self {
        Self { calls, billing, appointments, customers }
    }

    /// Does what follows from a call, as far as it is known by now: gives back its holds, charges the company, records the
    /// provider's cost, and links it to the customer who called.
    ///
    /// # Errors
    /// [`AftermathError`] if the call cannot be read; what else fails is in the [`FollowUp`].
    pub async fn follow_up(&self, scope: &TenantScope, call: CallId) -> Result<FollowUp, AftermathError> {
        let call = self.calls.find(scope, call).await?;
        let snapshot = call.snapshot();
        Ok(FollowUp {
            holds: self.release_holds(scope, snapshot).await,
            account: self.settle(scope, snapshot).await,
            caller: self.link_caller(scope, call).await,
        })
    }

    /// Charges the company by the duration the call has now, if it has ended (a later, other duration becomes a correction),
    /// and records what the provider charges: as reported, or estimated from the duration while nothing is reported. A
    /// report later replaces an estimate, never the other way round.
    async fn settle(&self, scope: &TenantScope, call: &CallSnapshot) -> Result<Settled, AftermathError> {
        // The analysis may come before the end; the end's own event comes with the duration.
        let duration_ms = call.duration_ms.filter(|_| call.status.has_ended());
        let cost = match &call.cost {
            Some(cost) => {
                // The carrier's part is part of the provider's sum: the two are told apart here, and add up to it.
                let carrier = cost.telephony_usd_microcents.map_or(0, |amount| amount.0);
                Some(ProviderCostFacts {
                    voice: UsdMicrocents(cost.provider_usd_microcents.0.saturating_sub(carrier)),
                    telephony: cost.telephony_usd_microcents,
                    method: CostMethod::Actual,
                })
            }
            // A duration that cannot be has no estimate, and fails as a charge.
            None => duration_ms.and_then(|long| ProviderCostFacts::estimated(long).ok()),
        };
        Ok(self.billing.settle(scope, call.id, &KnownOfCall { duration_ms, cost }).await?)
    }

    /// Notes on the call what was done in it, and whose matter it was. Noting it twice changes nothing.
    ///
    /// # Errors
    /// [`AftermathError`].
    pub async fn note_effect(
        &self,
        scope: &TenantScope,
        call: CallId,
        effect: CallEffect,
        customer: Option<CustomerId>,
    ) -> Result<Done, AftermathError> {
        let noted = self.calls.note_effect(scope, call, effect, customer).await?;
        Ok(if noted.changed { Done::Changed } else { Done::Nothing })
    }

    /// Links a call that is over to the customer who has exactly the caller's number. Who hides the number is nobody's
    /// customer, and a number that several people share says nothing; entries of one person are one.
    async fn link_caller(&self, scope: &TenantScope, call: Call) -> Result<Done, AftermathError> {
        let is_known_better = call.snapshot().link_method > Some(LinkMethod::PhoneMatch);
        if !call.status().has_ended() || is_known_better {
            return Ok(Done::Nothing);
        }
        let customer = match self.customers.identify(scope, call.caller()).await? {
            Identification::Known(customer) => customer.id(),
            Identification::SharedNumber(customers) if one_person(&customers) => match customers.first() {
                Some(oldest) => oldest.id(),
                None => return Ok(Done::Nothing),
            },
            Identification::SharedNumber(_) | Identification::Unknown(_) | Identification::Anonymous => {
                return Ok(Done::Nothing);
            }
        };
        let linked = self.calls.link_customer(scope, call, customer, LinkMethod::PhoneMatch).await?;
        Ok(if linked.changed { Done::Changed } else { Done::Nothing })
    }

    /// Gives back the times that were held for a call that is over: nobody is left to take them.
    async fn release_holds(&self, scope: &TenantScope, call: &CallSnapshot) -> Result<Done, AftermathError> {
        if call.status == call::CallStatus::Ongoing {
            return Ok(Done::Nothing);
        }
        let change = ChangeSet::one(AppointmentWrite::ReleaseHoldsOfCall(call.id));
        self.appointments.commit(scope, change).await?;
        Ok(Done::Changed)
    }
}

#[cfg(test)]
mod tests;
