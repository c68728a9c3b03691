//! A salon with two people, a clock that stands on a Monday, and a caller on the line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use appointment::model::CatalogueSnapshot;
use appointment::service::BookingService;
use appointment::testing::{InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, salon, staff_id};
use async_trait::async_trait;
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallService, ToolUse};
use chrono::{DateTime, TimeDelta, Utc};
use customer::CustomerService;
use customer::testing::InMemoryCustomers;
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    BranchId, CallId, ChangeSet, CorrelationId, IdempotencyKey, PhoneNumber, StoreError, TenantScope,
};
use serde_json::{Map, Value, json};
use servicedesk::CallbackService;
use servicedesk::testing::InMemoryCallbacks;
use tenancy::testing::{InMemoryTenancy, branch_profile, tenant_profile};
use tenancy::{NumberAssignment, TenancyWrite, TenantRepository, TenantResolver};
use uuid::Uuid;
use voice::{
    CallMemory, CallNotes, EnvelopeCall, Mode, OutcomeStore, Parts, StoredOutcome, ToolReply, ToolRequest,
    TraceSink, VoiceDesk,
};

/// The salon's number.
pub(crate) const SALON: &str = "+4940555100";
/// The number of the salon's other branch, where other people work.
pub(crate) const OTHER_BRANCH: &str = "+4940555101";
/// A customer whom nobody knows yet.
pub(crate) const STRANGER: &str = "+491701112233";

/// Everything a test can look at.
pub(crate) struct World {
    pub(crate) desk: VoiceDesk,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) scope: TenantScope,
    pub(crate) appointments: Arc<InMemoryAppointments>,
    pub(crate) customers: Arc<InMemoryCustomers>,
    pub(crate) callbacks: Arc<InMemoryCallbacks>,
    pub(crate) calls: Arc<InMemoryCalls>,
    pub(crate) uses: Arc<Uses>,
}

/// Uses of tools, as handed over.
#[derive(Default)]
pub(crate) struct Uses(pub(crate) Mutex<Vec<ToolUse>>);

impl TraceSink for Uses {
    fn submit(&self, _: &TenantScope, tool_use: ToolUse) {
        self.0.lock().unwrap().push(tool_use);
    }
}

#[derive(Default)]
struct Notes(Mutex<HashMap<CallId, CallNotes>>);

#[async_trait]
impl CallMemory for Notes {
    async fn recall(&self, _: &TenantScope, call: CallId) -> CallNotes {
        self.0.lock().unwrap().get(&call).cloned().unwrap_or_default()
    }

    async fn remember(&self, _: &TenantScope, call: CallId, notes: CallNotes) {
        self.0.lock().unwrap().insert(call, notes);
    }
}

/// Outcomes are found where the change sets left them.
struct Outcomes {
    appointments: Arc<InMemoryAppointments>,
    callbacks: Arc<InMemoryCallbacks>,
}

#[async_trait]
impl OutcomeStore for Outcomes {
    async fn find(
        &self,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Option<StoredOutcome>, StoreError> {
        let booked = self.appointments.claim(scope, key);
        let claim = booked.or_else(|| self.callbacks.claim(scope.tenant(), key));
        Ok(claim.map(|claim| StoredOutcome { request: claim.request, outcome: claim.outcome }))
    }
}

/// Monday, 23 November 2026, 10:00 in Berlin. The salon is closed on Mondays.
pub(crate) fn monday() -> DateTime<Utc> {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With another catalogue in the first branch.
    pub(crate) async fn with(change: impl FnOnce(&mut CatalogueSnapshot)) -> Self {
        let clock = Arc::new(FixedClock::at(monday()));
        let ids = Arc::new(SequentialIds::default());
        let branch = BranchId::from_uuid(Uuid::from_u128(10));
        let scope = scope(1, Some(branch));
        let tenancy = Arc::new(InMemoryTenancy::default());
        let mut profile = tenant_profile(1, "salon-nord");
        profile.name = "Salon Nord".to_owned();
        let number = NumberAssignment {
            number: PhoneNumber::from_e164(SALON).unwrap(),
            branch,
            label: "Altona".to_owned(),
            active: true,
        };
        let rows = ChangeSet::one(TenancyWrite::CreateTenant { profile, created_at: monday() })
            .write(TenancyWrite::CreateBranch(branch_profile(10, "altona")))
            .write(TenancyWrite::AssignNumber(number));
        let other = BranchId::from_uuid(Uuid::from_u128(11));
        let number = NumberAssignment {
            number: PhoneNumber::from_e164(OTHER_BRANCH).unwrap(),
            branch: other,
            label: "Eppendorf".to_owned(),
            active: true,
        };
        let mut eppendorf = branch_profile(11, "eppendorf");
        eppendorf.name = "Eppendorf".to_owned();
        let rows =
            rows.write(TenancyWrite::CreateBranch(eppendorf)).write(TenancyWrite::AssignNumber(number));
        tenancy.commit(&scope, rows).await.unwrap();

        let catalogues = Arc::new(InMemoryCatalogues::default());
        let mut here = salon(branch).unwrap().snapshot();
        change(&mut here);
        catalogues.put(&scope, here);
        let mut elsewhere = salon(other).unwrap().snapshot();
        elsewhere.services[0].name = "Dauerwelle".to_owned();
        for (person, (number, name)) in
            elsewhere.staff.iter_mut().zip([(31, "Clara Jansen"), (32, "Deniz Kaya")])
        {
            person.id = staff_id(number);
            person.name = name.to_owned();
        }
        catalogues.put(&scope, elsewhere);
        let appointments = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock.clone()));
        let offers = Arc::new(InMemorySoftOffers::new(clock.clone()));
        let customers = Arc::new(InMemoryCustomers::default());
        let callbacks = Arc::new(InMemoryCallbacks::default());
        let calls = Arc::new(InMemoryCalls::default());
        let uses = Arc::new(Uses::default());
        let trace = Arc::new(InMemoryTrace::default());
        let desk = VoiceDesk::new(Parts {
            resolver: TenantResolver::new(tenancy.clone(), tenancy.clone(), clock.clone()),
            tenants: tenancy,
            calls: CallService::new(calls.clone(), trace, clock.clone(), ids.clone()),
            bookings: BookingService::new(
                catalogues,
                appointments.clone(),
                offers,
                clock.clone(),
                ids.clone(),
            ),
            customers: CustomerService::new(customers.clone(), clock.clone(), ids.clone()),
            callbacks: CallbackService::new(callbacks.clone(), clock.clone(), ids.clone()),
            outcomes: Arc::new(Outcomes { appointments: appointments.clone(), callbacks: callbacks.clone() }),
            memory: Arc::new(Notes::default()),
            trace: uses.clone(),
            clock: clock.clone(),
            ids,
        });
        Self { desk, clock, scope, appointments, customers, callbacks, calls, uses }
    }

    /// Somebody calls the salon.
    pub(crate) fn call(&self, name: &str, from: &str) -> Line<'_> {
        Line { world: self, name: name.to_owned(), from: from.to_owned(), to: SALON.to_owned() }
    }

    /// New customers of bookings become findable, as they are in one database.
    pub(crate) fn settle(&self) {
        for row in self.appointments.new_customers(&self.scope) {
            self.customers.add(
                self.scope.tenant(),
                customer::CustomerSnapshot {
                    id: row.id,
                    name: row.name,
                    phone: row.phone,
                    email: row.email,
                    anonymous: row.anonymous,
                    status: customer::CustomerStatus::Active,
                    source: customer::CustomerSource::PhoneCall,
                    created_at: self.clock_now(),
                    version: 1,
                },
            );
        }
    }

    fn clock_now(&self) -> DateTime<Utc> {
        kernel::Clock::now(&*self.clock)
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

/// One call.
pub(crate) struct Line<'w> {
    world: &'w World,
    name: String,
    from: String,
    pub(crate) to: String,
}

impl Line<'_> {
    /// The agent uses a tool; the provider does not name the invocation.
    pub(crate) async fn ask(&self, tool: &str, args: Value) -> ToolReply {
        self.ask_as(tool, args, None, Mode::Free).await
    }

    pub(crate) async fn ask_as(
        &self,
        tool: &str,
        args: Value,
        invocation: Option<&str>,
        mode: Mode,
    ) -> ToolReply {
        let args = match args {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let request = ToolRequest {
            tool: tool.to_owned(),
            args,
            call: Some(EnvelopeCall {
                call_id: Some(self.name.clone()),
                from_number: Some(self.from.clone()),
                to_number: Some(self.to.clone()),
                direction: Some("inbound".to_owned()),
                ..EnvelopeCall::default()
            }),
            tool_call_id: invocation.map(str::to_owned),
            mode,
            correlation: CorrelationId::from_uuid(Uuid::from_u128(9)),
        };
        let answered = self.world.desk.answer(request).await;
        self.world.settle();
        can_be_spoken(&answered.reply);
        is_documented(answered.trace.tool, &answered.reply);
        answered.reply
    }
}

/// What holds for every sentence: one breath, nothing that a voice would spell, no ids, no ISO dates.
fn can_be_spoken(reply: &ToolReply) {
    let text = &reply.message;
    assert!(!text.is_empty() && text.len() < 400, "{text}");
    assert!(!text.contains(['\n', '{', '}', '<', '>', '€', '_', '*', '"']), "{text}");
    assert!(!text.chars().any(|c| c.is_ascii_digit()), "{text}");
    assert!(text.ends_with(['?', '.']), "{text}");
}

/// Every field of an answer stands in the reference.
fn is_documented(tool: &str, reply: &ToolReply) {
    let Some(tool) = voice::Tool::from_name(tool) else { return };
    for field in reply.data.keys() {
        let known = tool.entry().fields.contains(&field.as_str())
            || voice::tool::SHARED_FIELDS.contains(&field.as_str());
        assert!(known, "{} answers with `{field}`, which the reference does not know", tool.name());
    }
}

/// Shorthand for a booking wish.
pub(crate) fn wish(day: &str, time: &str) -> Value {
    json!({"datum": day, "uhrzeit": time, "dienstleistung": "Haarschnitt", "name": "Erika Muster"})
}
