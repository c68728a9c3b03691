//! Rows for the suite.

use appointment::model::{
    AppointmentChange, AppointmentSnapshot, AppointmentSource, AppointmentStatus, ChangeKind, DayLoad,
    DayQuery, HoldId, HoldSnapshot, NewCustomerRow, Note, PhaseKind, PhaseSpan, Span, SyncState,
};
use appointment::ports::AppointmentWrite;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use kernel::{
    AppointmentId, CallId, ChangeSet, Claim, CommitError, Currency, CustomerId, EmailAddress, IdempotencyKey,
    Money, PersonName, PhoneNumber, RandomIds, RequestHash,
};
use serde_json::json;

use super::{AppointmentFixture, AppointmentTenant};

impl AppointmentFixture {
    /// A whole hour about a week ahead, plus minutes.
    pub(crate) fn at(&self, minutes: i64) -> DateTime<Utc> {
        let hour = self.now.duration_trunc(TimeDelta::hours(1)).unwrap();
        hour + TimeDelta::days(7) + TimeDelta::minutes(minutes)
    }

    pub(crate) fn span(&self, from: i64, until: i64) -> Span {
        Span::new(self.at(from), self.at(until))
    }

    /// A live hold of the first call with the first person.
    pub(super) fn hold(&self, tenant: &AppointmentTenant, from: i64, until: i64) -> HoldSnapshot {
        HoldSnapshot {
            id: HoldId::generate(&RandomIds),
            branch: tenant.branch(),
            call: tenant.calls[0],
            caller_number: Some(PhoneNumber::from_e164("+491701112233").unwrap()),
            service: tenant.service(),
            staff: tenant.staff(0),
            starts_at: self.at(from),
            ends_at: self.at(until),
            spans: vec![self.span(from, until)],
            uses: Vec::new(),
            moves: None,
            expires_at: self.now + TimeDelta::minutes(10),
            created_at: self.now,
        }
    }

    /// A confirmed appointment of the first customer with the first person, made in the first call.
    #[must_use]
    pub fn appointment(&self, tenant: &AppointmentTenant, from: i64, until: i64) -> AppointmentSnapshot {
        AppointmentSnapshot {
            id: AppointmentId::generate(&RandomIds),
            branch: tenant.branch(),
            customer: tenant.customers[0],
            service: tenant.service(),
            staff: tenant.staff(0),
            call: Some(tenant.calls[0]),
            starts_at: self.at(from),
            ends_at: self.at(until),
            timezone: tenant.catalogue.timezone,
            status: AppointmentStatus::Confirmed,
            source: AppointmentSource::VoiceAgent,
            price: Money::new(3200, Currency::Eur),
            phases: vec![PhaseSpan {
                position: 0,
                kind: PhaseKind::Staffed,
                starts_at: self.at(from),
                ends_at: self.at(until),
            }],
            spans: vec![self.span(from, until)],
            uses: Vec::new(),
            tie: None,
            notes: Note::clean("bitte „kurz“; danke"),
            reschedule_count: 0,
            fee: None,
            sync_state: SyncState::NotNeeded,
            cancelled_at: None,
            cancel_reason: None,
            created_at: self.now,
            version: 1,
        }
    }

    pub(crate) fn history(
        &self,
        kind: ChangeKind,
        before: Option<&AppointmentSnapshot>,
        after: &AppointmentSnapshot,
        tenant: &AppointmentTenant,
    ) -> AppointmentWrite {
        AppointmentWrite::RecordChange(AppointmentChange::new(
            &RandomIds,
            kind,
            before,
            after,
            (tenant.scope.actor().clone(), after.call),
            self.now,
        ))
    }

    /// Everything about the hours around [`AppointmentFixture::at`].
    pub(super) fn query(&self, tenant: &AppointmentTenant) -> DayQuery {
        DayQuery {
            branch: tenant.branch(),
            staff: vec![tenant.staff(0), tenant.staff(1)],
            facilities: tenant.catalogue.facilities.iter().map(|facility| facility.id).collect(),
            from: self.at(-600),
            until: self.at(600),
            exclude: None,
            for_call: None,
            for_number: None,
            customers: Vec::new(),
            further: None,
        }
    }

    pub(super) async fn load(&self, tenant: &AppointmentTenant, query: &DayQuery) -> DayLoad {
        self.appointments.day_load(&tenant.scope, query).await.unwrap()
    }

    /// The occupied spans of both people, sorted.
    pub(super) async fn occupied(&self, tenant: &AppointmentTenant) -> Vec<Span> {
        let load = self.load(tenant, &self.query(tenant)).await;
        let mut spans: Vec<_> = load.busy.iter().map(appointment::model::BusySpan::span).collect();
        spans.sort_unstable();
        spans
    }

    pub(crate) async fn commit(
        &self,
        tenant: &AppointmentTenant,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), CommitError> {
        self.appointments.commit(&tenant.scope, change).await
    }

    pub(crate) async fn write(
        &self,
        tenant: &AppointmentTenant,
        write: AppointmentWrite,
    ) -> Result<(), CommitError> {
        self.commit(tenant, ChangeSet::one(write)).await
    }

    pub(super) async fn claim_hold(
        &self,
        tenant: &AppointmentTenant,
        hold: &HoldSnapshot,
    ) -> Result<(), CommitError> {
        let claim = AppointmentWrite::ClaimHold(hold.clone());
        self.commit(tenant, ChangeSet::one(claim).relaxed()).await
    }

    pub(crate) async fn insert(
        &self,
        tenant: &AppointmentTenant,
        appointment: &AppointmentSnapshot,
    ) -> Result<(), CommitError> {
        self.write(tenant, insert(appointment)).await
    }

    pub(crate) async fn find(
        &self,
        tenant: &AppointmentTenant,
        id: AppointmentId,
    ) -> Option<AppointmentSnapshot> {
        self.appointments.find(&tenant.scope, id).await.unwrap()
    }

    pub(super) async fn double_of(
        &self,
        tenant: &AppointmentTenant,
        new: &NewCustomerRow,
    ) -> Option<CustomerId> {
        self.appointments.double_of(&tenant.scope, new).await.unwrap()
    }

    pub(super) async fn live_holds(&self, tenant: &AppointmentTenant, call: CallId) -> Vec<HoldSnapshot> {
        self.appointments.live_holds_of_call(&tenant.scope, call).await.unwrap()
    }
}

pub(super) fn insert(appointment: &AppointmentSnapshot) -> AppointmentWrite {
    AppointmentWrite::Insert { appointment: appointment.clone(), new_customer: None, from_hold: None }
}

pub(super) fn new_customer() -> NewCustomerRow {
    NewCustomerRow {
        id: CustomerId::generate(&RandomIds),
        name: Some(PersonName::clean("Erika Müller-Lüdenscheidt").unwrap()),
        phone: Some(PhoneNumber::from_e164("+491709998877").unwrap()),
        email: Some(EmailAddress::parse("erika@example.org").unwrap()),
        anonymous: false,
    }
}

pub(super) fn claim(key: &str) -> Claim {
    Claim {
        key: IdempotencyKey::new(key),
        request: RequestHash([7; 32]),
        outcome: json!({"status": "booked"}),
    }
}

pub(super) fn is_occupied(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Occupied))
}
