//! What every store of outside calendars does: [`CalendarBook`], the writes about copies, and
//! [`tenancy::ConnectionDirectory`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::calendar_contract!(fixture);` where `fixture`
//! is an `async fn() -> CalendarFixture` that starts from a store without appointments each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

mod accounts;
mod copies;
mod reading;

use std::sync::Arc;

use appointment::calendar::{
    CalendarBook, CalendarLink, Connection, ConnectionId, CopyRecord, KeptDifference, RemoteEventType,
    RemoteHostRef, RemoteUid, Review, ReviewId, Secret,
};
use appointment::model::{AppointmentSnapshot, ChangeKind, ServiceLink};
use appointment::ports::AppointmentWrite;
use async_trait::async_trait;
use kernel::{AppointmentId, ChangeSet, CommitError, RandomIds, TenantScope};
use tenancy::ConnectionDirectory;

pub use accounts::*;
pub use copies::*;
pub use reading::*;

use crate::appointment::{AppointmentFixture, AppointmentTenant};

/// What administrators do to the store, beside the ports of the suite.
#[async_trait]
pub trait Backstage: Send + Sync {
    /// Switches a connection off, or on again.
    async fn switch(&self, scope: &TenantScope, connection: ConnectionId, active: bool);

    /// The questions that are open, oldest first.
    async fn open_reviews(&self, scope: &TenantScope) -> Vec<Review>;

    /// What comparisons found, newest first.
    async fn differences(&self, scope: &TenantScope) -> Vec<KeptDifference>;

    /// Answers a question.
    async fn resolve(&self, scope: &TenantScope, review: ReviewId);
}

/// A store with connections and links, without appointments.
pub struct CalendarFixture {
    /// Appointments, the tenants and their catalogues.
    pub appointments: AppointmentFixture,
    /// What is tested.
    pub book: Arc<dyn CalendarBook>,
    /// Where connections lead.
    pub routes: Arc<dyn ConnectionDirectory>,
    /// What administrators do.
    pub backstage: Box<dyn Backstage>,
    /// [`connections`] of the tenant and of the stranger, all of them in the store and switched on.
    pub connections: [Connection; 3],
}

/// Two connections of the tenant, by id, and one of the stranger.
#[must_use]
pub fn connections() -> [Connection; 3] {
    let mut made = ["cal_live_grüße", "cal_live_2", "cal_live_3"].map(|api_key| Connection {
        id: ConnectionId::generate(&RandomIds),
        base_url: "https://api.cal.com".to_owned(),
        api_key: Secret::new(api_key.to_owned()),
        webhook_secret: Secret::new(format!("whsec {api_key}")),
        team: None,
    });
    made[1].team = RemoteHostRef::parse("team-7").ok();
    made.sort_by_key(|connection| connection.id);
    made
}

/// What is linked: both people for the first service to the first connection, one of them with a host there, the first
/// person for the second service to the second connection. By service, then person.
#[must_use]
pub fn tenant_links(tenant: &AppointmentTenant, connections: &[Connection; 3]) -> Vec<ServiceLink> {
    let service = |index: usize| tenant.catalogue.services[index].id;
    let linked =
        |index, person, link| ServiceLink { service: service(index), staff: tenant.staff(person), link };
    let mut links = vec![
        linked(0, 0, link(&connections[0], "11", Some("anna"))),
        linked(0, 1, link(&connections[0], "12", None)),
        linked(1, 0, link(&connections[1], "21", None)),
    ];
    links.sort_by_key(|link| (link.service, link.staff));
    links
}

fn link(connection: &Connection, event_type: &str, host: Option<&str>) -> CalendarLink {
    CalendarLink {
        connection: connection.id,
        event_type: RemoteEventType::parse(event_type).unwrap(),
        host: host.map(|host| RemoteHostRef::parse(host).unwrap()),
    }
}

fn uid(text: &str) -> RemoteUid {
    RemoteUid::parse(text).unwrap()
}

/// Runs every rule of the store of outside calendars as a test of its own.
#[macro_export]
macro_rules! calendar_contract {
    ($fixture:path) => {
        $crate::calendar_contract!(@each $fixture;
            connections_come_back_with_their_secrets,
            links_come_back_with_their_branch,
            a_connection_leads_to_its_tenant,
            a_question_is_asked_once_while_it_is_open,
            a_question_that_has_ended_by_itself_is_closed,
            a_difference_is_kept_once_with_when_it_was_found,
            a_booking_and_its_copy_are_one,
            a_record_keeps_every_field,
            a_record_that_has_moved_on_is_stale,
            a_changed_appointment_makes_its_copy_due,
            a_copy_that_is_due_elsewhere_gets_the_new_place,
            a_uid_names_one_copy_of_an_account,
            copies_of_a_window_come_in_order,
            what_is_linked_and_has_no_copy_is_found,
            the_longest_untouched_is_looked_at_first,
            a_copy_waits_for_its_next_try,
            a_stranger_has_no_part_in_copies,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::calendar::$rule(&$fixture().await).await;
            }
        )+
    };
}

impl CalendarFixture {
    fn tenant(&self) -> &AppointmentTenant {
        &self.appointments.tenant
    }

    fn scope(&self) -> &TenantScope {
        &self.tenant().scope
    }

    /// A booking with its copy, committed as the product does.
    async fn booked(
        &self,
        from: i64,
        until: i64,
        record: impl FnOnce(AppointmentId) -> CopyRecord,
    ) -> Booked {
        let appointment = self.appointments.appointment(self.tenant(), from, until);
        let record = record(appointment.id);
        self.commit(self.booking(&appointment, &record)).await.unwrap();
        Booked { appointment, record }
    }

    fn booking(&self, made: &AppointmentSnapshot, copy: &CopyRecord) -> ChangeSet<AppointmentWrite> {
        ChangeSet::one(AppointmentWrite::Insert {
            appointment: made.clone(),
            new_customer: None,
            from_hold: None,
        })
        .write(AppointmentWrite::AddCopy(copy.clone()))
        .write(self.appointments.history(ChangeKind::Booked, None, made, self.tenant()))
    }

    async fn commit(&self, change: ChangeSet<AppointmentWrite>) -> Result<(), CommitError> {
        self.appointments.commit(self.tenant(), change).await
    }

    async fn write(&self, write: AppointmentWrite) -> Result<(), CommitError> {
        self.commit(ChangeSet::one(write)).await
    }

    async fn copy(&self, id: AppointmentId) -> Option<CopyRecord> {
        self.book.copy(self.scope(), id).await.unwrap()
    }

    /// The first link of the tenant.
    fn first_link(&self) -> CalendarLink {
        link(&self.connections[0], "11", Some("anna"))
    }
}

/// What was committed.
struct Booked {
    appointment: AppointmentSnapshot,
    record: CopyRecord,
}

impl Booked {
    fn id(&self) -> AppointmentId {
        self.appointment.id
    }

    /// The appointment a version later, at another time.
    fn moved(&self, fixture: &CalendarFixture, from: i64, until: i64) -> AppointmentSnapshot {
        let mut next = self.appointment.clone();
        next.starts_at = fixture.appointments.at(from);
        next.ends_at = fixture.appointments.at(until);
        next.phases[0].starts_at = next.starts_at;
        next.phases[0].ends_at = next.ends_at;
        next.spans = vec![fixture.appointments.span(from, until)];
        next.version += 1;
        next
    }
}
