//! What follows from the end of a call: it is charged, its holds are given back, its cost is recorded, and it belongs to
//! the customer whose number called.
//!
//! Each method is one subscriber's work, with its own retries. All of them read the call as it is *now* instead of
//! believing the event that set them off; so events may come late, twice and in any order, and the last run settles
//! what is true.

use std::sync::Arc;

use appointment::ports::{AppointmentRepository, AppointmentWrite};
use billing::{BillingError, BillingService, CostMethod, ProviderCostFacts};
use call::{CallEffect, CallError, CallService, CallSnapshot, LinkMethod};
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

    /// Charges the customer for a call that has ended, by the duration it has now. A later, other duration becomes a
    /// correction.
    ///
    /// # Errors
    /// [`AftermathError`].
    pub async fn settle(&self, scope: &TenantScope, call: CallId) -> Result<Done, AftermathError> {
        let call = self.calls.find(scope, call).await?;
        let call = call.snapshot();
        let Some(duration_ms) = final_duration(call) else {
            // The analysis may come before the end; the end's own event comes with the duration.
            return Ok(Done::Nothing);
        };
        let settlement = self.billing.settle_call(scope, call.id, duration_ms).await?;
        Ok(match settlement {
            billing::Settlement::Charged(_) | billing::Settlement::Corrected(_) => Done::Changed,
            _ => Done::Nothing,
        })
    }

    /// Records what the provider charges for a call: as reported, or estimated from the duration while nothing is
    /// reported. A report later replaces an estimate, never the other way round.
    ///
    /// # Errors
    /// [`AftermathError`].
    pub async fn record_cost(&self, scope: &TenantScope, call: CallId) -> Result<Done, AftermathError> {
        let call = self.calls.find(scope, call).await?;
        let call = call.snapshot();
        let facts = match (&call.cost, final_duration(call)) {
            (Some(cost), _) => {
                // The carrier's part is part of the provider's sum: the two are told apart here, and add up to it.
                let carrier = cost.telephony_usd_microcents.map_or(0, |amount| amount.0);
                ProviderCostFacts {
                    voice: UsdMicrocents(cost.provider_usd_microcents.0.saturating_sub(carrier)),
                    telephony: cost.telephony_usd_microcents,
                    method: CostMethod::Actual,
                }
            }
            (None, Some(duration_ms)) => {
                ProviderCostFacts::estimated(duration_ms).map_err(BillingError::from)?
            }
            (None, None) => return Ok(Done::Nothing),
        };
        let decision = self.billing.record_provider_cost(scope, call.id, &facts).await?;
        Ok(match decision {
            billing::CostDecision::Append(_) => Done::Changed,
            billing::CostDecision::Unchanged => Done::Nothing,
        })
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
    ///
    /// # Errors
    /// [`AftermathError`].
    pub async fn link_caller(&self, scope: &TenantScope, call: CallId) -> Result<Done, AftermathError> {
        let found = self.calls.find(scope, call).await?;
        let customer = match self.customers.identify(scope, &found.snapshot().caller).await? {
            Identification::Known(customer) => customer.id(),
            Identification::SharedNumber(customers) if one_person(&customers) => match customers.first() {
                Some(oldest) => oldest.id(),
                None => return Ok(Done::Nothing),
            },
            Identification::SharedNumber(_) | Identification::Unknown(_) | Identification::Anonymous => {
                return Ok(Done::Nothing);
            }
        };
        let linked = self.calls.link_customer(scope, found, customer, LinkMethod::PhoneMatch).await?;
        Ok(if linked.changed { Done::Changed } else { Done::Nothing })
    }

    /// Gives back the times that were held for a call that is over: nobody is left to take them.
    ///
    /// # Errors
    /// [`AftermathError`].
    pub async fn release_holds(&self, scope: &TenantScope, call: CallId) -> Result<Done, AftermathError> {
        let found = self.calls.find(scope, call).await?;
        if found.snapshot().status == call::CallStatus::Ongoing {
            return Ok(Done::Nothing);
        }
        let change = ChangeSet::one(AppointmentWrite::ReleaseHoldsOfCall(call));
        self.appointments.commit(scope, change).await?;
        Ok(Done::Changed)
    }
}

fn final_duration(call: &CallSnapshot) -> Option<i64> {
    call.duration_ms.filter(|_| call.status.has_ended())
}

#[cfg(test)]
mod tests;
