mod build;
mod calendar;
mod memory;
mod offers;
mod outside;
mod rows;
mod waiting;

pub use build::{CatalogueBuilder, branch_id, salon, service_id, staff_id};
pub use memory::{InMemoryAppointments, InMemoryCatalogues};
pub use offers::InMemorySoftOffers;
pub use outside::{Mishap, ScriptedCalendar, uid};
