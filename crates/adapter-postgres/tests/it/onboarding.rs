//! Whole tenants.

use adapter_postgres::{PgCatalogueRepository, PgDirectory, PgTenantProvisioner};
use appointment::model::{
    Catalogue, Facility, FacilityGroup, FacilityGroupId, FacilityId, FacilityKind, Need, Requirement,
};
use appointment::policy::change::{ChangeAct, ChangeRules, FeeRules, FeeTier};
use appointment::ports::CatalogueRepository as _;
use kernel::{ActReason, BranchId, Currency, Money, PhoneNumber, RandomIds, ServiceId, StaffId, TenantId};
use operations::ports::{
    ChangeTarget, ClosedDay, NewBranch, NewChangePolicy, NewFacilities, NewNumber, NewPhase, NewPolicy,
    NewService, NewStaff, NewTenant, PhaseKind, ProvisionError, Provisioned, TenantProvisioner as _,
    WeeklySpan,
};
use tenancy::{ApiKeyDirectory as _, CallDirectory as _, KeyPrefix, NewApiKey, SecretHash};
use testkit::TestDatabase;

use crate::support::{count, now, platform};

pub(crate) async fn new_tenant(database: &TestDatabase, slug: &str, number: &str, prefix: &str) -> NewTenant {
    let service = ServiceId::generate(&RandomIds);
    let span = |weekday, from_minute, until_minute| WeeklySpan { weekday, from_minute, until_minute };
    let created_at = now(database).await;
    NewTenant {
        id: TenantId::generate(&RandomIds),
        slug: slug.to_owned(),
        name: "Salon Nord".to_owned(),
        active: true,
        locale: "de-DE".to_owned(),
        timezone: chrono_tz::Europe::Berlin,
        currency: Currency::Eur,
        default_country: "DE".to_owned(),
        call_rate_minor_per_minute: 15,
        services: vec![NewService {
            id: service,
            name: "Ansatzfarbe".to_owned(),
            synonyms: vec!["Farbe".to_owned(), "Farbe".to_owned()],
            description: None,
            category: None,
            phases: vec![
                NewPhase { kind: PhaseKind::Staffed, minutes: 30 },
                NewPhase { kind: PhaseKind::Processing, minutes: 45 },
                NewPhase { kind: PhaseKind::Staffed, minutes: 30 },
            ],
            buffer_before_minutes: 0,
            buffer_after_minutes: 5,
            price: Money::new(8900, Currency::Eur),
            min_notice_minutes: None,
            position: 0,
        }],
        branches: vec![NewBranch {
            id: BranchId::generate(&RandomIds),
            slug: "altona".to_owned(),
            name: "Altona".to_owned(),
            timezone: chrono_tz::Europe::Berlin,
            federal_state: Some("HH".to_owned()),
            numbers: vec![NewNumber {
                number: PhoneNumber::from_e164(number).unwrap(),
                label: "Zentrale".to_owned(),
            }],
            opening: vec![span(2, 540, 1080), span(6, 540, 840)],
            holidays: vec![ClosedDay {
                day: "2026-12-25".parse().unwrap(),
                reason: "Erster Weihnachtstag".to_owned(),
            }],
            closed: vec![ClosedDay {
                day: "2026-12-25".parse().unwrap(),
                reason: "Betriebsferien".to_owned(),
            }],
            exceptions: vec![("2026-12-24".parse().unwrap(), 540, 720)],
            policy: NewPolicy::default(),
            staff: vec![NewStaff {
                id: StaffId::generate(&RandomIds),
                name: "Anna Petersen".to_owned(),
                hours: vec![span(2, 540, 750), span(2, 780, 1080)],
                performs: vec![service],
                position: 0,
            }],
            services: vec![service],
        }],
        facilities: NewFacilities::default(),
        changes: vec![NewChangePolicy {
            act: ChangeAct::Move,
            target: ChangeTarget::Service(service),
            rules: ChangeRules {
                until_minutes: 2880,
                max_per_month: Some(3),
                max_per_appointment: Some(2),
                fee: FeeRules {
                    tiers: vec![FeeTier { min_minutes: 1440, fee_minor: 500 }],
                    ..FeeRules::default()
                },
            },
        }],
        api_keys: vec![NewApiKey {
            prefix: KeyPrefix::parse(prefix).unwrap(),
            secret_hash: SecretHash([9; 32]),
            name: "Website".to_owned(),
            created_at,
            expires_at: None,
            allowed_networks: Vec::new(),
        }],
        calendar: None,
        created_at,
    }
}

#[tokio::test]
async fn a_new_tenant_can_take_calls_at_once() {
    let database = TestDatabase::fresh().await;
    let mut tenant = new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    let group = FacilityGroup {
        id: FacilityGroupId::generate(&RandomIds),
        kind: FacilityKind::Room,
        name: "Waschplatz".to_owned(),
    };
    let basin = Facility {
        id: FacilityId::generate(&RandomIds),
        group: group.id,
        name: "Waschplatz 1".to_owned(),
        active: true,
    };
    let need = Requirement { group: group.id, need: Need::Phases(vec![0, 2]) };
    tenant.facilities = NewFacilities {
        groups: vec![group.clone()],
        facilities: vec![(tenant.branches[0].id, basin.clone())],
        needs: vec![(tenant.services[0].id, need.clone())],
    };
    let provisioner = PgTenantProvisioner::new(database.admin().clone());
    let created = provisioner.create(&platform(), &tenant).await.unwrap();
    assert!(matches!(created, Provisioned::Created(_)));
    let record = created.record();
    assert_eq!((record.id, record.services[0].minutes), (tenant.id, 105));
    assert_eq!(record.branches[0].numbers[0].as_e164(), "+4940555100");
    assert_eq!(record.staff[0].branch, tenant.branches[0].id);

    let directory = PgDirectory::new(database.gateway().clone());
    let number = &tenant.branches[0].numbers[0].number;
    let route = directory.route_number(number).await.unwrap().unwrap();
    assert_eq!((route.tenant, route.branch), (tenant.id, tenant.branches[0].id));
    let key = directory.find_key(&tenant.api_keys[0].prefix).await.unwrap().unwrap();
    assert_eq!(key.tenant, tenant.id);

    let scope = platform().act_for(tenant.id, ActReason::Onboarding);
    let catalogues = PgCatalogueRepository::new(database.gateway().clone());
    let snapshot = catalogues.load(&scope, route.branch).await.unwrap().unwrap();
    assert_eq!(snapshot.services[0].duration_minutes(), 105);
    assert_eq!(snapshot.services[0].synonyms, ["Farbe"]);
    assert_eq!(snapshot.services[0].requires, [need]);
    assert_eq!((&snapshot.facility_groups, &snapshot.facilities), (&vec![group], &vec![basin]));
    assert_eq!(
        snapshot.closed_days[0].reason, "Betriebsferien",
        "what somebody closed wins over the holiday"
    );
    let planned = &tenant.changes[0];
    let [stored] = &snapshot.changes[..] else { unreachable!("one rule") };
    assert_eq!((stored.act, &stored.rules), (planned.act, &planned.rules));
    Catalogue::restore(snapshot).unwrap();
    let audit = "SELECT count(*) FROM audit_log WHERE action = 'tenant.created'";
    assert_eq!(count(database.admin_pool(), audit).await, 1);
}

#[tokio::test]
async fn creating_again_finds_what_is_there() {
    let database = TestDatabase::fresh().await;
    let provisioner = PgTenantProvisioner::new(database.admin().clone());
    let first = new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    let second = new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    provisioner.create(&platform(), &first).await.unwrap();
    let again = provisioner.create(&platform(), &second).await.unwrap();
    assert!(matches!(&again, Provisioned::Existing(record) if record.id == first.id), "{again:?}");
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM tenants").await, 1);
    assert!(provisioner.find(&platform(), "nobody").await.unwrap().is_none());
}

#[tokio::test]
async fn creating_at_once_creates_once() {
    let database = TestDatabase::fresh().await;
    let provisioner = PgTenantProvisioner::new(database.admin().clone());
    let first = new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    let second = new_tenant(&database, "salon-nord", "+4940555101", "abcdefgi").await;
    let scope = platform();
    let (first, second) =
        tokio::join!(provisioner.create(&scope, &first), provisioner.create(&scope, &second));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.record(), second.record());
    let created = [&first, &second].iter().filter(|done| matches!(done, Provisioned::Created(_))).count();
    assert_eq!(created, 1);
}

#[tokio::test]
async fn what_belongs_to_another_tenant_is_refused_and_nothing_is_written() {
    let database = TestDatabase::fresh().await;
    let provisioner = PgTenantProvisioner::new(database.admin().clone());
    let first = new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    provisioner.create(&platform(), &first).await.unwrap();
    for (number, prefix, what) in
        [("+4940555100", "ijklmnop", "…5100"), ("+4940555199", "abcdefgh", "abcdefgh")]
    {
        let other = new_tenant(&database, "salon-sued", number, prefix).await;
        let refused = provisioner.create(&platform(), &other).await.unwrap_err();
        assert!(matches!(&refused, ProvisionError::Taken { what: told } if told == what), "{refused}");
    }
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM tenants").await, 1);
}

/// Neither the gateway nor the worker can make tenants, whatever code runs in them.
#[tokio::test]
async fn only_an_administrator_makes_tenants() {
    let database = TestDatabase::fresh().await;
    let tenant = new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    for pool in [database.gateway(), database.worker()] {
        let provisioner = PgTenantProvisioner::new(pool.clone());
        assert!(provisioner.create(&platform(), &tenant).await.is_err());
    }
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM tenants").await, 0);
}

#[tokio::test]
async fn a_new_tenant_may_have_an_outside_calendar() {
    use adapter_postgres::{PgCalendarBook, Sealer};
    use appointment::calendar::{CalendarBook as _, CalendarLink, RemoteEventType};
    use operations::ports::NewCalendar;

    let database = TestDatabase::fresh().await;
    let mut tenant = new_tenant(&database, "physio", "+4940555101", "abcdefgi").await;
    let connection = port_contracts::calendar::connections()[0].clone();
    let link = appointment::model::ServiceLink {
        service: tenant.services[0].id,
        staff: tenant.branches[0].staff[0].id,
        link: CalendarLink {
            connection: connection.id,
            event_type: RemoteEventType::parse("4711").unwrap(),
            host: None,
        },
    };
    tenant.calendar = Some(NewCalendar { connection: connection.clone(), links: vec![link.clone()] });
    let provisioner = PgTenantProvisioner::new(database.admin().clone());
    let refused = provisioner.create(&platform(), &tenant).await.unwrap_err();
    assert!(matches!(refused, ProvisionError::Secrets(_)), "{refused}");
    assert!(refused.to_string().starts_with("secrets.keys is not set"), "{refused}");
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM tenants").await, 0);

    let sealer = crate::calendar::sealer();
    let provisioner = provisioner.with_sealer(sealer.clone());
    let created = provisioner.create(&platform(), &tenant).await.unwrap();
    assert_eq!(created.record().connections, [connection.id]);
    let scope = platform().act_for(tenant.id, ActReason::Onboarding);
    let book = PgCalendarBook::new(database.gateway().clone(), sealer);
    assert_eq!(book.connections(&scope).await.unwrap(), std::slice::from_ref(&connection));
    let links = book.links(&scope, connection.id).await.unwrap();
    assert_eq!(links, [(tenant.branches[0].id, link)]);
    assert!(
        PgCalendarBook::new(database.gateway().clone(), Sealer::none()).connections(&scope).await.is_err()
    );
}
