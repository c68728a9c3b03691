//! Whoever has got an appointment by another way is not called any more about what they waited for.

use appointment::model::{AppointmentSnapshot, AppointmentStatus};
use appointment::waiting::{EndWish, UnmetWish, WishEnd};
use chrono::NaiveDate;
use customer::Customer;
use kernel::{AppointmentId, Claim, IdempotencyKey, PersonName, RequestHash, TenantScope};
use serde_json::json;

use super::{FreedTimes, WaitingError};
use crate::ports::body_digest;

impl FreedTimes {
    /// Lets the wish wait again that this appointment came of, if the outside calendar has not taken it, and unless whoever
    /// waits has got another one meanwhile. It may be called as often as one likes.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn unmet_by(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<(), WaitingError> {
        let key = format!("wait_again:{appointment}");
        let claim = Claim {
            request: RequestHash(body_digest(key.as_bytes())),
            key: IdempotencyKey::new(&key),
            outcome: json!({"effect": "wait_again"}),
        };
        self.list.wait_again(scope, appointment, claim).await?;
        // While it was met, no other appointment ended it; looked at in any case, since an earlier run may have ended here.
        let made = self.bookings.find(scope, appointment).await?;
        let customers: Vec<_> = made.iter().map(|made| made.snapshot().customer).collect();
        for other in self.bookings.upcoming(scope, &customers).await? {
            self.met_by(scope, other.id()).await?;
        }
        Ok(())
    }

    /// Ends what the customer of this appointment has waited for: wishes for its service that include its day and are older
    /// than it. How many have ended. It may be called as often as one likes.
    ///
    /// An appointment that does not stand yet, or any more, ends nothing: whoever waits might be left with neither.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn met_by(&self, scope: &TenantScope, appointment: AppointmentId) -> Result<u64, WaitingError> {
        let Some(made) = self.bookings.find(scope, appointment).await? else { return Ok(0) };
        let made = made.snapshot();
        if made.status != AppointmentStatus::Confirmed {
            return Ok(0);
        }
        let known = self.customers.find(scope, made.customer).await?;
        let phone = known.as_ref().and_then(Customer::phone);
        let mut open = self.desk.open_of(scope, made.customer, phone).await?;
        open.retain(|wish| {
            wish.snapshot().customer == Some(made.customer)
                || known.as_ref().is_some_and(|customer| may_be_of(wish, customer))
        });
        if open.is_empty() {
            return Ok(0);
        }
        let catalogue = self.bookings.catalogue(scope, made.branch).await?;
        let day = catalogue.date_at(made.starts_at);
        let mut ended = 0;
        for wish in open.iter().filter(|wish| is_met(wish, made, day)) {
            if self.list.end(scope, wish.snapshot().id, WishEnd::Met).await? == EndWish::Ended {
                ended += 1;
            }
        }
        Ok(ended)
    }
}

/// What was wished after it was booked is wished beside it.
fn is_met(wish: &UnmetWish, made: &AppointmentSnapshot, day: NaiveDate) -> bool {
    let wished = wish.snapshot();
    wished.service == made.service && wished.days.contains(day) && wished.created_at <= made.created_at
}

/// A wish to call this customer's number that names nobody whom the company knows. Several people may share a number: what has
/// a name is theirs only if it is the same.
fn may_be_of(wish: &UnmetWish, customer: &Customer) -> bool {
    let wished = wish.snapshot();
    let is_theirs = |name: &PersonName| customer.name().is_some_and(|known| name.is_same(known));
    wished.customer.is_none() && wished.name.as_ref().is_none_or(is_theirs)
}
