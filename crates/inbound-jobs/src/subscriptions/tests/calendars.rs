//! The use cases of outside calendars.

use std::sync::Arc;
use std::time::Duration;

use appointment::calendar::{CopyRetries, Effort, Lane, MockOutsideTimes};
use appointment::service::BookingService;
use appointment::testing::{InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, ScriptedCalendar};
use appointment::waiting::{WaitingList, WishDesk, WishLimits};
use chrono::TimeDelta;
use customer::CustomerService;
use kernel::testing::{FixedClock, SequentialIds};
use operations::calendar::{
    CalendarDoor, CalendarNews, CalendarProcessing, CalendarRounds, CopyDesk, CopyParts, Reconciliation,
    RoundParts,
};
use operations::ports::{MockCalendarSurvey, MockWarmBell};
use servicedesk::CallbackService;
use servicedesk::testing::InMemoryCallbacks;
use tenancy::TenantResolver;

/// Outside calendars over the same fakes; nobody has one.
pub(super) fn over_fakes(
    appointments: &Arc<InMemoryAppointments>,
    catalogues: Arc<InMemoryCatalogues>,
    customers: &CustomerService,
    resolver: TenantResolver,
    clock: &Arc<FixedClock>,
    promised: &Arc<InMemoryCallbacks>,
) -> (CalendarProcessing, Arc<CalendarRounds>) {
    let ids = Arc::new(SequentialIds::default());
    let mut outside = MockOutsideTimes::new();
    outside.expect_changed().returning(|_, _, _| ());
    let outside = Arc::new(outside);
    let mut survey = MockCalendarSurvey::new();
    survey.expect_active_connections().returning(|_| Ok(Vec::new()));
    survey.expect_tenants_with_unsettled_copies().returning(|_| Ok(Vec::new()));
    let desk = CopyDesk::new(CopyParts {
        book: appointments.clone(),
        appointments: appointments.clone(),
        wishes: appointments.clone(),
        customers: customers.clone(),
        gateway: Arc::new(ScriptedCalendar::new(clock.clone())),
        outside: outside.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        retries: CopyRetries { first: TimeDelta::seconds(60), most: TimeDelta::seconds(900) },
        placeholder_domain: "termine.example".to_owned(),
    });
    let offers = Arc::new(InMemorySoftOffers::new(clock.clone()));
    let bookings = BookingService::new(catalogues, appointments.clone(), offers, clock.clone(), ids.clone());
    let bookings = Arc::new(bookings);
    let limits = WishLimits::default();
    let wishes =
        WishDesk::new(appointments.clone(), appointments.clone(), clock.clone(), ids.clone(), limits);
    let list = WaitingList::new(wishes, Arc::clone(&bookings));
    let news = CalendarNews::new(desk.clone(), Arc::clone(&bookings), list);
    let effort = Effort { lane: Lane::Background, within: Duration::from_secs(5) };
    let door = CalendarDoor::new(resolver, appointments.clone(), outside);
    let rounds = CalendarRounds::new(RoundParts {
        survey: Arc::new(survey),
        book: appointments.clone(),
        desk,
        reconciliation: Reconciliation::new(news.clone()),
        appointments: appointments.clone(),
        bookings,
        customers: customers.clone(),
        callbacks: CallbackService::new(promised.clone(), clock.clone(), ids),
        bell: Arc::new(MockWarmBell::new()),
        clock: clock.clone(),
        effort,
    });
    (CalendarProcessing::new(door, news, effort), Arc::new(rounds))
}
