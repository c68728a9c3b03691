//! The store of appointments in memory.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built stops the test")]

use std::sync::Arc;

use appointment::calendar::ConnectionId;
pub(crate) use appointment::testing::InMemoryCatalogues;
use appointment::testing::{InMemoryAppointments, InMemorySoftOffers, salon_with_basins};
use chrono::{DateTime, Utc};
use kernel::testing::{FixedClock, scope};
use kernel::{BranchId, CallId, CustomerId, RandomIds};
use port_contracts::appointment::{AppointmentFixture, AppointmentTenant, SoftOffersFixture};
use port_contracts::waiting::WaitingFixture;

pub(crate) fn tenant(number: u128, catalogues: &InMemoryCatalogues) -> AppointmentTenant {
    let branch = BranchId::generate(&RandomIds);
    let scope = scope(number, Some(branch));
    let catalogue = salon_with_basins(branch).unwrap().version(4).snapshot();
    catalogues.put(&scope, catalogue.clone());
    AppointmentTenant {
        scope,
        catalogue,
        customers: [(); 2].map(|()| CustomerId::generate(&RandomIds)),
        calls: [(); 2].map(|()| CallId::generate(&RandomIds)),
    }
}

async fn fixture() -> AppointmentFixture {
    waiting().await.base
}

async fn waiting() -> WaitingFixture {
    let now: DateTime<Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
    let catalogues = Arc::new(InMemoryCatalogues::default());
    let clock = Arc::new(FixedClock::at(now));
    let appointments = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock));
    let base = AppointmentFixture {
        appointments: appointments.clone(),
        tenant: tenant(1, &catalogues),
        stranger: tenant(2, &catalogues),
        catalogues,
        now,
        guard: Box::new(()),
    };
    let connection = ConnectionId::generate(&RandomIds);
    WaitingFixture { base, wishes: appointments, connection }
}

port_contracts::appointment_contract!(fixture);
port_contracts::waiting_contract!(waiting);

fn offers() -> SoftOffersFixture {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    SoftOffersFixture { offers: Arc::new(InMemorySoftOffers::new(Arc::clone(&clock) as _)), clock }
}

port_contracts::soft_offers_contract!(offers);
