//! A salon with two people, a clock that stands on a Monday, and a caller on the line.

mod fakes;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use appointment::model::{
    AppointmentSnapshot, AppointmentSource, AppointmentStatus, CatalogueSnapshot, SyncState,
};
use appointment::policy::sequence::SequenceLimits;
use appointment::ports::AppointmentWrite;
use appointment::service::BookingService;
use appointment::testing::{
    InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, salon, service_id, staff_id,
};
use appointment::waiting::{WishDesk, WishLimits};
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallService, CallSignal, Report};
use chrono::{DateTime, TimeDelta, Utc};
use customer::CustomerService;
use customer::testing::{InMemoryCustomers, customer};
pub(crate) use fakes::{Allowance, Notes, OutsideCalendar, Uses};
use fakes::{Attempts, Outcomes};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    AppointmentId, BranchId, ChangeSet, CorrelationId, Currency, Money, PhoneNumber, ProviderCallId,
    RandomIds, TenantScope,
};
use serde_json::{Map, Value, json};
use servicedesk::CallbackService;
use servicedesk::testing::InMemoryCallbacks;
use tenancy::testing::{InMemoryTenancy, branch_profile, tenant_profile};
use tenancy::{NumberAssignment, TenancyWrite, TenantRepository, TenantResolver};
use uuid::Uuid;
use voice::{EnvelopeCall, Mode, NextAction, Parts, ToolReply, ToolRequest, VoiceDesk};

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
    pub(crate) tenancy: Arc<InMemoryTenancy>,
    pub(crate) outside: Arc<OutsideCalendar>,
    /// Outcomes of appointments cannot be read while this is true.
    pub(crate) broken: Arc<AtomicBool>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) allowance: Arc<Allowance>,
    /// Every answer, with the tool that gave it.
    pub(crate) said: Mutex<Vec<(&'static str, ToolReply)>>,
}

/// Monday, 23 November 2026, 10:00 in Berlin. The salon is closed on Mondays.
pub(crate) fn monday() -> DateTime<Utc> {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same salon, except for what is changed about the called branch.
    pub(crate) async fn with(change: impl FnOnce(&mut CatalogueSnapshot)) -> Self {
        Self::limited(change, SequenceLimits::default()).await
    }

    /// The same with other bounds of sequences.
    pub(crate) async fn limited(change: impl FnOnce(&mut CatalogueSnapshot), limits: SequenceLimits) -> Self {
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
        let founded = ChangeSet::one(TenancyWrite::CreateTenant { profile, created_at: monday() })
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
        let founded =
            founded.write(TenancyWrite::CreateBranch(eppendorf)).write(TenancyWrite::AssignNumber(number));
        tenancy.commit(&scope, founded).await.unwrap();

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
        let outside = Arc::new(OutsideCalendar::new(appointments.clone()));
        let broken = Arc::new(AtomicBool::default());
        let notes = Arc::new(Notes::default());
        let allowance = Arc::new(Allowance::default());
        let desk = VoiceDesk::new(Parts {
            resolver: TenantResolver::new(tenancy.clone(), tenancy.clone(), clock.clone()),
            tenants: tenancy.clone(),
            calls: CallService::new(calls.clone(), trace, clock.clone(), ids.clone()),
            bookings: BookingService::new(
                catalogues,
                appointments.clone(),
                offers,
                clock.clone(),
                ids.clone(),
            )
            .with_outside(outside.clone())
            .with_sequences(limits),
            customers: CustomerService::new(customers.clone(), clock.clone(), ids.clone()),
            callbacks: CallbackService::new(callbacks.clone(), clock.clone(), ids.clone()),
            wishes: WishDesk::new(
                appointments.clone(),
                appointments.clone(),
                clock.clone(),
                ids.clone(),
                WishLimits::default(),
            ),
            outcomes: Arc::new(Outcomes {
                appointments: appointments.clone(),
                callbacks: callbacks.clone(),
                broken: broken.clone(),
            }),
            memory: notes.clone(),
            copies: outside.clone(),
            allowance: allowance.clone(),
            attempts: Arc::new(Attempts::default()),
            trace: uses.clone(),
            grace_after_end: TimeDelta::seconds(60),
            clock: clock.clone(),
            ids,
        });
        Self {
            desk,
            clock,
            scope,
            appointments,
            customers,
            callbacks,
            calls,
            uses,
            tenancy,
            outside,
            broken,
            allowance,
            notes,
            said: Mutex::default(),
        }
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

    /// The provider says that a call has ended.
    pub(crate) async fn hang_up(&self, call: &str, ended_at: Option<DateTime<Utc>>) {
        let trace = Arc::new(InMemoryTrace::default());
        let ids = Arc::new(SequentialIds::default());
        let service = CallService::new(self.calls.clone(), trace, self.clock.clone(), ids);
        let ended = CallSignal::Ended(Report { ended_at, ..Report::default() });
        service.apply(&self.scope, &ProviderCallId::parse(call).unwrap(), ended).await.unwrap();
    }

    pub(crate) fn clock_now(&self) -> DateTime<Utc> {
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

    /// The same with an envelope that leaves the caller's number out.
    pub(crate) async fn without_number(&self, tool: &str, args: Value) -> ToolReply {
        self.send(tool, args, None, Mode::Free, None).await
    }

    pub(crate) async fn ask_as(
        &self,
        tool: &str,
        args: Value,
        invocation: Option<&str>,
        mode: Mode,
    ) -> ToolReply {
        self.send(tool, args, invocation, mode, Some(self.from.clone())).await
    }

    async fn send(
        &self,
        tool: &str,
        args: Value,
        invocation: Option<&str>,
        mode: Mode,
        from_number: Option<String>,
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
                from_number,
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
        can_be_spoken(answered.trace.tool, &answered.reply);
        has_all_keys(&answered.reply);
        is_documented(answered.trace.tool, &answered.reply);
        self.world.said.lock().unwrap().push((answered.trace.tool, answered.reply.clone()));
        answered.reply
    }
}

/// Tools after which nobody waits for the caller: the sentence is a goodbye, or the last one before somebody else speaks.
const LAST_WORDS: &[&str] = &["end_call", "transfer_call"];

/// What holds for every sentence: one breath, nothing that a voice would spell, no ids, no ISO dates, and a question at
/// its end wherever the conversation goes on.
fn can_be_spoken(tool: &str, reply: &ToolReply) {
    let text = &reply.message;
    assert!(!text.is_empty() && text.len() < 400, "{text}");
    assert!(!text.contains(['\n', '{', '}', '<', '>', '€', '_', '*', '"']), "{text}");
    assert!(!text.chars().any(|c| c.is_ascii_digit()), "{text}");
    // A number that belongs to nobody and a company that is not served end the call.
    let is_over = LAST_WORDS.contains(&tool) || reply.next_action == Some(NextAction::EndCall);
    assert!(text.ends_with(if is_over { '.' } else { '?' }), "{tool}: {text}");
}

/// The envelope has seven keys, whatever came of the question.
pub(crate) fn has_all_keys(reply: &ToolReply) {
    let Value::Object(written) = serde_json::to_value(reply).unwrap() else { panic!("a reply is an object") };
    let keys: Vec<_> = written.keys().map(String::as_str).collect();
    let all = ["alternatives", "call_id", "data", "message", "next_action", "status", "success"];
    assert_eq!(keys.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from(all));
}

/// Every field of an answer stands in the reference.
fn is_documented(tool: &str, reply: &ToolReply) {
    let Some(tool) = voice::Tool::from_name(tool) else { return };
    for field in reply.data.keys() {
        let known = tool.entry().fields().any(|known| known == field)
            || voice::tool::SHARED_FIELDS.contains(&field.as_str());
        assert!(known, "{} answers with `{field}`, which the reference does not know", tool.name());
    }
}

/// Shorthand for a booking wish.
pub(crate) fn wish(day: &str, time: &str) -> Value {
    json!({"datum": day, "uhrzeit": time, "dienstleistung": "Haarschnitt", "name": "Erika Muster"})
}

/// A customer was here some days ago for a service of the salon, with Boris; the past is imported, nobody booked it here.
pub(crate) fn visited(world: &World, who: u32, service: u128, days_ago: i64) {
    let starts_at = monday() - TimeDelta::days(days_ago);
    let visit = AppointmentSnapshot {
        id: AppointmentId::generate(&RandomIds),
        branch: world.scope.branch().unwrap(),
        customer: customer(who, "Gast Frau", None).id,
        service: service_id(service),
        staff: staff_id(2),
        call: None,
        starts_at,
        ends_at: starts_at + TimeDelta::minutes(30),
        timezone: chrono_tz::Europe::Berlin,
        status: AppointmentStatus::Completed,
        source: AppointmentSource::Import,
        price: Money::new(3200, Currency::Eur),
        phases: Vec::new(),
        spans: Vec::new(),
        uses: Vec::new(),
        tie: None,
        fee: None,
        notes: None,
        reschedule_count: 0,
        sync_state: SyncState::NotNeeded,
        cancelled_at: None,
        cancel_reason: None,
        created_at: starts_at,
        version: 1,
    };
    let insert = AppointmentWrite::Insert { appointment: visit, new_customer: None, from_hold: None };
    world.appointments.apply(&world.scope, &ChangeSet::one(insert)).unwrap();
}
