//! What the waiting list needs of booking: one person's days, and a booking with something else in its transaction.

use std::sync::Arc;

use kernel::{BranchId, ChangeSet, StaffId, TenantScope};

use super::{ATTEMPTS, BookingService};
use crate::error::BookingError;
use crate::model::{Appointment, Availability, Catalogue, DateRange, DayLoad, View, facilities_of_person};
use crate::ports::AppointmentWrite;

/// Makes what is written along with an appointment, before it.
pub(crate) type Along<'a> =
    dyn Fn(&Appointment) -> Result<ChangeSet<AppointmentWrite>, BookingError> + Sync + 'a;

/// One load of one person's days.
pub(crate) struct PersonDays {
    pub(crate) catalogue: Arc<Catalogue>,
    staff: StaffId,
    days: DateRange,
    load: DayLoad,
    view: View,
}

impl PersonDays {
    /// Free time, as far as is known here: what an outside calendar says is asked when something is booked.
    pub(crate) fn availability(&self) -> Availability<'_> {
        Availability::new(&self.catalogue, self.days, &[self.staff], &self.load, self.view)
    }
}

impl BookingService {
    /// What one person has on some days, from nobody's point of view: every hold and every offer counts.
    pub(crate) async fn person_days(
        &self,
        scope: &TenantScope,
        (branch, staff): (BranchId, StaffId),
        days: &(dyn Fn(&Catalogue) -> DateRange + Sync),
    ) -> Result<PersonDays, BookingError> {
        let mut catalogue = self.catalogues.known(scope, branch).await?;
        for _ in 0..ATTEMPTS {
            let view = View { now: self.clock.now(), call: None, exclude: None };
            let days = days(&catalogue);
            let resources = (vec![staff], facilities_of_person(&catalogue, staff));
            let query = Availability::query(&catalogue, days, resources, view, (None, Vec::new()));
            let load = self.appointments.day_load(scope, &query).await?;
            if load.catalogue_version == catalogue.version() {
                self.catalogues.confirm(scope, &catalogue, self.clock.real_now());
                return Ok(PersonDays { catalogue, staff, days, load, view });
            }
            catalogue = self.catalogues.reload(scope, branch, self.clock.real_now()).await?;
        }
        Err(BookingError::Unsettled)
    }
}
