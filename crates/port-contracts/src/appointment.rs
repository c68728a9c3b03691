//! What every store of appointments does: [`appointment::ports::AppointmentRepository`] and
//! [`appointment::ports::CatalogueRepository`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::appointment_contract!(fixture);` where
//! `fixture` is an `async fn() -> AppointmentFixture` that starts from an empty store each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

mod build;
mod furnished;
mod holds;
mod offers;
mod reading;
mod tied;
mod writing;

use std::any::Any;
use std::sync::Arc;

use appointment::model::{CatalogueSnapshot, FacilityId};
use appointment::ports::{AppointmentRepository, CatalogueRepository};
use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, CustomerId, ServiceId, StaffId, TenantScope};

pub use furnished::*;
pub use holds::*;
pub use offers::*;
pub use reading::*;
pub use tied::*;
pub use writing::*;

/// A store without appointments, and what its rows may refer to.
pub struct AppointmentFixture {
    /// The store of appointments.
    pub appointments: Arc<dyn AppointmentRepository>,
    /// The store of catalogues.
    pub catalogues: Arc<dyn CatalogueRepository>,
    /// A tenant.
    pub tenant: AppointmentTenant,
    /// Another tenant, with ids of its own.
    pub stranger: AppointmentTenant,
    /// The store's product time, about now and to the microsecond.
    pub now: DateTime<Utc>,
    /// Whatever must live as long as the fixture (a database).
    pub guard: Box<dyn Any + Send>,
}

/// Rows of one tenant that appointments and holds may refer to.
pub struct AppointmentTenant {
    /// The tenant.
    pub scope: TenantScope,
    /// What the store holds of its branch, with at least one service, two people and two facilities; the
    /// version is what the store
    /// made of it.
    pub catalogue: CatalogueSnapshot,
    /// Customers that exist.
    pub customers: [CustomerId; 2],
    /// Calls that exist.
    pub calls: [CallId; 2],
}

impl AppointmentTenant {
    fn branch(&self) -> BranchId {
        self.catalogue.branch
    }

    fn service(&self) -> ServiceId {
        self.catalogue.services[0].id
    }

    pub(crate) fn staff(&self, index: usize) -> StaffId {
        self.catalogue.staff[index].id
    }

    pub(crate) fn facility(&self, index: usize) -> FacilityId {
        self.catalogue.facilities[index].id
    }
}

/// Runs every rule of the store of appointments as a test of its own.
#[macro_export]
macro_rules! appointment_contract {
    ($fixture:path) => {
        $crate::appointment_contract!(@each $fixture;
            the_catalogue_comes_back,
            an_appointment_comes_back_whole,
            lists_hold_what_they_promise,
            a_history_is_what_is_over,
            a_day_load_tells_everything,
            two_overlapping_claims_leave_one,
            claims_at_the_same_moment_leave_one,
            touching_and_other_people_do_not_collide,
            processing_time_is_free_for_others,
            an_expired_hold_blocks_nobody,
            facilities_come_back_with_what_uses_them,
            a_facility_is_taken_once,
            an_expired_hold_keeps_no_facility,
            the_last_facility_goes_to_one,
            a_move_changes_and_a_cancellation_frees_facilities,
            a_hold_becomes_an_appointment,
            holds_are_renewed_and_released,
            a_relaxed_hold_is_visible_at_once,
            a_move_replaces_the_occupied_time,
            what_belongs_together_comes_back_together,
            what_was_moved_together_is_known_to_have_been_elsewhere,
            a_taken_part_undoes_all,
            vacated_time_can_be_exchanged,
            a_stale_version_writes_nothing,
            a_repeated_claim_writes_nothing,
            a_cancelled_appointment_frees_its_time,
            a_change_set_is_all_or_nothing,
            a_new_customer_is_stored_once,
            a_customers_changes_are_counted,
            a_quota_holds_at_the_commit,
            a_customer_is_in_one_place_at_a_time,
            a_stranger_neither_sees_nor_changes,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::appointment::$rule(&$fixture().await).await;
            }
        )+
    };
}
