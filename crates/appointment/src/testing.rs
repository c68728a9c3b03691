mod build;
mod calendar;
mod memory;
mod offers;
mod outside;
mod rows;
mod waiting;

pub use build::{
    CatalogueBuilder, branch_id, facility_group_id, facility_id, salon, salon_with_basins, service_id,
    staff_id,
};
pub use memory::{InMemoryAppointments, InMemoryCatalogues};
pub use offers::InMemorySoftOffers;
pub use outside::{Mishap, Reserved, ScriptedCalendar, uid};
