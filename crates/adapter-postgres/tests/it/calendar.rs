//! The outside calendar.

use std::sync::Arc;

use adapter_postgres::{
    PgAppointmentRepository, PgCalendarAdministration, PgCalendarBook, PgCalendarSurvey,
    PgCatalogueRepository, PgDirectory, Sealer,
};
use appointment::calendar::{
    CalendarBook as _, Connection, ConnectionId, CopyRecord, CopyState, KeptDifference, Review, ReviewId,
    Secret,
};
use appointment::model::{CatalogueSnapshot, ServiceLink};
use appointment::ports::AppointmentWrite;
use async_trait::async_trait;
use kernel::{ChangeSet, CommitError, RandomIds, ServiceId, StoreError, TenantScope};
use operations::ports::{CalendarAdminError, CalendarAdministration, CalendarSurvey as _};
use port_contracts::appointment::AppointmentFixture;
use port_contracts::calendar::{Backstage, CalendarFixture, connections, tenant_links};
use testkit::{LogCapture, TestDatabase};

use crate::appointments;
use crate::support::{now, platform};

/// 32 bytes in base64, made of one letter.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

pub(crate) fn sealer() -> Sealer {
    ring(&[&format!("one:{KEY}")])
}

fn ring(entries: &[&str]) -> Sealer {
    Sealer::from_entries(entries.iter().copied()).unwrap()
}

struct Administration {
    port: PgCalendarAdministration,
    database: TestDatabase,
}

#[async_trait]
impl Backstage for Administration {
    async fn switch(&self, scope: &TenantScope, connection: ConnectionId, active: bool) {
        self.port.set_connection_active(scope, connection, active).await.unwrap();
    }

    async fn open_reviews(&self, scope: &TenantScope) -> Vec<Review> {
        self.port.open_reviews(scope).await.unwrap()
    }

    async fn differences(&self, scope: &TenantScope) -> Vec<KeptDifference> {
        self.port.differences(scope, chrono::DateTime::UNIX_EPOCH, 100).await.unwrap()
    }

    async fn resolve(&self, scope: &TenantScope, review: ReviewId) {
        let at = now(&self.database).await;
        assert!(self.port.resolve_review(scope, review, at).await.unwrap());
        assert!(!self.port.resolve_review(scope, review, at).await.unwrap(), "once");
    }
}

/// The fixture, and the database beside it.
struct World {
    fixture: CalendarFixture,
    administration: PgCalendarAdministration,
    admin: sqlx::PgPool,
    gateway: adapter_postgres::Database,
    worker: adapter_postgres::Database,
}

impl World {
    fn scope(&self) -> &TenantScope {
        &self.fixture.appointments.tenant.scope
    }

    fn book(&self, sealer: Sealer) -> PgCalendarBook {
        PgCalendarBook::new(self.gateway.clone(), sealer)
    }

    async fn catalogue(&self) -> CatalogueSnapshot {
        let tenant = &self.fixture.appointments.tenant;
        let catalogues = &self.fixture.appointments.catalogues;
        catalogues.load(&tenant.scope, tenant.catalogue.branch).await.unwrap().unwrap()
    }
}

async fn world(database: TestDatabase) -> World {
    let admin = database.admin_pool();
    let mut own = appointments::tenant(admin, 1).await;
    let stranger = appointments::tenant(admin, 2).await;
    let administration = PgCalendarAdministration::new(database.admin().clone(), sealer());
    let made_at = now(&database).await;
    let connections = connections();
    for (owner, connection) in [&own, &own, &stranger].into_iter().zip(&connections) {
        administration.create_connection(&owner.scope, connection, made_at).await.unwrap();
    }
    own.catalogue.links = tenant_links(&own, &connections);
    for link in &own.catalogue.links {
        administration.put_link(&own.scope, link).await.unwrap();
    }
    World {
        administration: administration.clone(),
        admin: admin.clone(),
        gateway: database.gateway().clone(),
        worker: database.worker().clone(),
        fixture: CalendarFixture {
            book: Arc::new(PgCalendarBook::new(database.gateway().clone(), sealer())),
            routes: Arc::new(PgDirectory::new(database.gateway().clone())),
            appointments: AppointmentFixture {
                appointments: Arc::new(PgAppointmentRepository::new(database.gateway().clone())),
                catalogues: Arc::new(PgCatalogueRepository::new(database.gateway().clone())),
                tenant: own,
                stranger,
                now: made_at,
                guard: Box::new(()),
            },
            backstage: Box::new(Administration { port: administration, database }),
            connections,
        },
    }
}

async fn fixture() -> CalendarFixture {
    world(TestDatabase::fresh().await).await.fixture
}

port_contracts::calendar_contract!(fixture);

fn cause<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Corrupt(cause)) => cause.to_string(),
        other => panic!("expected a secret that does not open, got {other:?}"),
    }
}

#[tokio::test]
async fn a_secret_that_does_not_open_is_an_error_and_never_an_empty_secret() {
    let world = world(TestDatabase::fresh().await).await;
    let (scope, [first, second, _]) = (world.scope(), &world.fixture.connections);
    let read = async |sealer| world.book(sealer).connection(scope, first.id).await;
    let log = LogCapture::start();
    assert!(cause(read(Sealer::none()).await).starts_with("secrets.keys is not set"));
    assert!(log.text().contains("cannot be opened error=secrets.keys is not set"), "{}", log.text());
    drop(log);
    assert!(cause(read(ring(&[&format!("two:{KEY}")])).await).contains("no key `one`"));
    assert!(cause(read(ring(&[&format!("one:{OTHER_KEY}")])).await).contains("does not open"));

    // A ciphertext that somebody moves to another row does not open there.
    sqlx::query(
        "UPDATE calendar_connections SET api_key_sealed =
            (SELECT api_key_sealed FROM calendar_connections WHERE id = $1) WHERE id = $2",
    )
    .bind(second.id.as_uuid())
    .bind(first.id.as_uuid())
    .execute(&world.admin)
    .await
    .unwrap();
    assert!(cause(read(sealer()).await).contains("does not open"));
    let stored: String = sqlx::query_scalar("SELECT string_agg(c::text, ' ') FROM calendar_connections c")
        .fetch_one(&world.admin)
        .await
        .unwrap();
    let readable = hex_of("cal_live");
    assert!(!stored.contains("cal_live") && !stored.contains(&readable), "{stored}");
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn keys_are_rotated_row_by_row() {
    let database = TestDatabase::fresh().await;
    let second_admin = PgCalendarAdministration::new(
        database.admin().clone(),
        ring(&[&format!("two:{OTHER_KEY}"), &format!("one:{KEY}")]),
    );
    let world = world(database).await;
    let (scope, first) = (world.scope(), &world.fixture.connections[0]);
    let both = world.book(ring(&[&format!("two:{OTHER_KEY}"), &format!("one:{KEY}")]));
    let known = both.connection(scope, first.id).await.unwrap().unwrap();
    second_admin.update_connection(scope, &known).await.unwrap();
    assert_eq!(both.connection(scope, first.id).await.unwrap().as_ref(), Some(first));
    let keys: Vec<_> = second_admin
        .summaries(scope)
        .await
        .unwrap()
        .into_iter()
        .map(|summary| (summary.key_id, summary.links.len()))
        .collect();
    assert_eq!(keys, [("two".to_owned(), 2), ("one".to_owned(), 1)]);

    let unknown = Connection { id: ConnectionId::generate(&RandomIds), ..known };
    let refused = second_admin.update_connection(scope, &unknown).await;
    assert!(matches!(refused, Err(CalendarAdminError::UnknownConnection)), "{refused:?}");
}

#[tokio::test]
async fn administrators_are_refused_in_words_of_their_own() {
    let database = TestDatabase::fresh().await;
    let keyless = PgCalendarAdministration::new(database.admin().clone(), Sealer::none());
    let world = world(database).await;
    let scope = world.scope();
    let new = Connection { id: ConnectionId::generate(&RandomIds), ..connections()[0].clone() };
    let refused = keyless.create_connection(scope, &new, world.fixture.appointments.now).await.unwrap_err();
    assert!(refused.to_string().starts_with("secrets.keys is not set"), "{refused}");
    assert_eq!(keyless.summaries(scope).await.unwrap().len(), 2, "looking needs no key");

    let good = world.fixture.appointments.tenant.catalogue.links[0].clone();
    let nobody = ServiceLink { service: ServiceId::generate(&RandomIds), ..good.clone() };
    let refused = world.administration.put_link(scope, &nobody).await;
    assert!(matches!(refused, Err(CalendarAdminError::NotPerformed)), "{refused:?}");
    let mut foreign = good.clone();
    foreign.link.connection = world.fixture.connections[2].id;
    let refused = world.administration.put_link(scope, &foreign).await;
    assert!(matches!(refused, Err(CalendarAdminError::UnknownConnection)), "{refused:?}");
    let refused = world.administration.set_connection_active(scope, new.id, false).await;
    assert!(matches!(refused, Err(CalendarAdminError::UnknownConnection)), "{refused:?}");

    assert!(world.administration.remove_link(scope, good.service, good.staff).await.unwrap());
    assert!(!world.administration.remove_link(scope, good.service, good.staff).await.unwrap());
    let secrets: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_log WHERE detail::text LIKE '%cal_live%' OR object LIKE '%cal_live%'",
    )
    .fetch_one(&world.admin)
    .await
    .unwrap();
    assert_eq!(secrets, 0);
}

/// The catalogue names links of connections that are on, and its version rises with every change of theirs.
#[tokio::test]
async fn a_connection_that_is_switched_off_is_gone_from_the_catalogue() {
    let world = world(TestDatabase::fresh().await).await;
    let (scope, first) = (world.scope(), world.fixture.connections[0].id);
    let before = world.catalogue().await;
    assert_eq!(before.links.len(), 3);
    world.administration.set_connection_active(scope, first, false).await.unwrap();
    let off = world.catalogue().await;
    assert!(off.version > before.version);
    assert_eq!(off.links.len(), 1);
    let left = off.links[0].clone();
    world.administration.remove_link(scope, left.service, left.staff).await.unwrap();
    let none = world.catalogue().await;
    assert!(none.version > off.version && none.links.is_empty());
    world.administration.put_link(scope, &left).await.unwrap();
    assert!(world.catalogue().await.version > none.version);

    // Who does not perform the service any more has no link for it.
    sqlx::query("DELETE FROM service_staff").execute(&world.admin).await.unwrap();
    assert_eq!(world.catalogue().await.links, []);
}

/// What a schedule of the worker asks first.
#[tokio::test]
async fn the_survey_names_connections_and_tenants_with_work() {
    let world = world(TestDatabase::fresh().await).await;
    let survey = PgCalendarSurvey::new(world.worker.clone());
    let appointments = &world.fixture.appointments;
    let (own, other) = (appointments.tenant.scope.tenant(), appointments.stranger.scope.tenant());
    let [first, second, foreign] = world.fixture.connections.clone().map(|connection| connection.id);
    let everything = [(own, first), (own, second), (other, foreign)];
    assert_eq!(survey.active_connections(&platform()).await.unwrap(), everything);
    assert_eq!(survey.tenants_with_unsettled_copies(&platform()).await.unwrap(), []);

    let made = appointments.appointment(&appointments.stranger, 0, 30);
    let mut record = CopyRecord::due(made.id, appointments.tenant.catalogue.links[0].link.clone());
    record.link.connection = foreign;
    let change =
        ChangeSet::one(AppointmentWrite::Insert { appointment: made, new_customer: None, from_hold: None })
            .write(AppointmentWrite::AddCopy(record.clone()));
    appointments.appointments.commit(&appointments.stranger.scope, change).await.unwrap();
    assert_eq!(survey.tenants_with_unsettled_copies(&platform()).await.unwrap(), [other]);

    sqlx::query("UPDATE tenants SET state = 'inactive' WHERE id = $1")
        .bind(other.as_uuid())
        .execute(&world.admin)
        .await
        .unwrap();
    assert_eq!(survey.active_connections(&platform()).await.unwrap(), everything[..2]);
    assert_eq!(survey.tenants_with_unsettled_copies(&platform()).await.unwrap(), [other]);
    let settled = AppointmentWrite::UpdateCopy(record.next(CopyState::Settled));
    let scope = &appointments.stranger.scope;
    appointments.appointments.commit(scope, ChangeSet::one(settled)).await.unwrap();
    assert_eq!(survey.tenants_with_unsettled_copies(&platform()).await.unwrap(), []);

    let denied = PgCalendarSurvey::new(world.gateway.clone());
    assert!(denied.tenants_with_unsettled_copies(&platform()).await.is_err(), "the worker's alone");
}

/// A copy of another tenant's connection is refused by the store itself.
#[tokio::test]
async fn a_copy_stays_within_its_tenant() {
    let world = world(TestDatabase::fresh().await).await;
    let appointments = &world.fixture.appointments;
    let made = appointments.appointment(&appointments.tenant, 0, 30);
    let mut record = CopyRecord::due(made.id, appointments.tenant.catalogue.links[0].link.clone());
    record.link.connection = world.fixture.connections[2].id;
    let change =
        ChangeSet::one(AppointmentWrite::Insert { appointment: made, new_customer: None, from_hold: None })
            .write(AppointmentWrite::AddCopy(record));
    let refused = appointments.appointments.commit(world.scope(), change).await;
    let rule = "calendar_copies_connection_fk";
    assert!(matches!(&refused, Err(CommitError::Refused { rule: found }) if found == rule), "{refused:?}");
    let shown = format!("{:?}", Secret::new("cal_live".to_owned()));
    assert!(!shown.contains("cal"));
}
