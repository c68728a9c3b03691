//! The version of a catalogue rises with whatever is changed in it.

use adapter_postgres::PgCatalogueRepository;
use appointment::policy::change::{ChangeAct, ChangePolicy, ChangeRules, FeeRules, FeeTier, Level};
use appointment::ports::CatalogueRepository as _;
use testkit::TestDatabase;
use testkit::scenario::Salon;

/// One change of each kind to each table; `$1` is the tenant.
const CHANGES: &[&str] = &[
    "INSERT INTO change_policies (tenant_id, act, level) VALUES ($1, 'cancel', 'company')",
    "UPDATE change_policies SET until_minutes = 60 WHERE tenant_id = $1",
    "DELETE FROM change_policies WHERE tenant_id = $1",
    "UPDATE branches SET timezone = 'Europe/Vienna' WHERE tenant_id = $1",
    "UPDATE opening_hours SET closes_minute = 1190 WHERE tenant_id = $1",
    "DELETE FROM opening_hours WHERE tenant_id = $1 AND weekday = 7",
    "INSERT INTO closed_days SELECT $1, id, '2026-12-25', 'Weihnachten', 'holiday' FROM branches WHERE tenant_id = $1",
    "INSERT INTO opening_exceptions SELECT $1, id, '2026-12-24', 540, 720 FROM branches WHERE tenant_id = $1",
    "UPDATE staff SET name = 'Clara Jansen' WHERE tenant_id = $1 AND position = 0",
    "DELETE FROM working_hours WHERE tenant_id = $1 AND weekday = 7",
    "INSERT INTO absences SELECT $1, gen_random_uuid(), id, app.now(), app.now() + interval '1 day' FROM staff
      WHERE tenant_id = $1",
    "UPDATE services SET price_minor = 3300 WHERE tenant_id = $1",
    "UPDATE service_phases SET minutes = 45 WHERE tenant_id = $1",
    "INSERT INTO service_synonyms SELECT $1, id, 'Schnitt' FROM services WHERE tenant_id = $1",
    "UPDATE service_staff SET position = 3 WHERE tenant_id = $1",
    "UPDATE booking_policies SET grid_minutes = 30 WHERE tenant_id = $1",
    "INSERT INTO calendar_connections
        (tenant_id, id, provider, base_url, api_key_sealed, webhook_secret_sealed, key_id, created_at)
     VALUES ($1, gen_random_uuid(), 'calcom', 'https://api.cal.com', sha256('key'), sha256('secret'), 'one', app.now())",
    "INSERT INTO calendar_links SELECT p.tenant_id, p.service_id, p.staff_id, k.id, '4711' FROM service_staff p
       JOIN calendar_connections k ON k.tenant_id = p.tenant_id WHERE p.tenant_id = $1",
    "UPDATE calendar_links SET event_type_ref = '4712' WHERE tenant_id = $1",
    "UPDATE calendar_connections SET active = false WHERE tenant_id = $1",
    "DELETE FROM calendar_links WHERE tenant_id = $1",
    "DELETE FROM branch_services WHERE tenant_id = $1",
];

#[tokio::test]
async fn every_change_raises_the_version_of_this_tenant_alone() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    let other = Salon::company(admin, 2).await;
    let catalogues = PgCatalogueRepository::new(database.gateway().clone());
    let mut version = catalogues.version(&salon.scope, salon.branch).await.unwrap().unwrap();
    let others = catalogues.version(&other.scope, other.branch).await.unwrap();
    for change in CHANGES {
        sqlx::query(*change)
            .bind(salon.tenant.as_uuid())
            .execute(admin)
            .await
            .unwrap_or_else(|error| panic!("{change}: {error}"));
        let next = catalogues.version(&salon.scope, salon.branch).await.unwrap().unwrap();
        assert!(next > version, "{change}");
        version = next;
    }
    assert_eq!(catalogues.version(&other.scope, other.branch).await.unwrap(), others);
    let loaded = catalogues.load(&salon.scope, salon.branch).await.unwrap().unwrap();
    assert_eq!(loaded.version, version);
    assert_eq!(loaded.policy.grid_minutes, 30);
    assert_eq!(loaded.staff[0].name, "Clara Jansen");
}

#[tokio::test]
async fn a_branch_without_rules_of_its_own_has_the_products() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    sqlx::query("DELETE FROM booking_policies").execute(admin).await.unwrap();
    let catalogues = PgCatalogueRepository::new(database.gateway().clone());
    let loaded = catalogues.load(&salon.scope, salon.branch).await.unwrap().unwrap();
    assert_eq!(loaded.policy, appointment::model::BookingPolicy::default());
}

/// The defaults stand in two places, the model's and the table's: here they meet.
#[tokio::test]
async fn the_tables_defaults_are_the_products() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await;
    let catalogues = PgCatalogueRepository::new(database.gateway().clone());
    let loaded = catalogues.load(&salon.scope, salon.branch).await.unwrap().unwrap();
    assert_eq!(loaded.policy, appointment::model::BookingPolicy::default());
}

#[tokio::test]
async fn rules_of_changes_are_read_and_raise_the_version() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let catalogues = PgCatalogueRepository::new(database.gateway().clone());
    let before = catalogues.load(&salon.scope, salon.branch).await.unwrap().unwrap();
    assert_eq!(before.changes, []);
    sqlx::query(
        "INSERT INTO change_policies (tenant_id, act, level, staff_id, until_minutes, max_per_month,
                                      max_per_appointment, fee_minor, fee_tiers, fee_percent)
         VALUES ($1, 'move', 'staff', $2, 60, 2, 3, 500, '[{\"min_minutes\": 2880, \"fee_minor\": 0}]', 50),
                ($1, 'cancel', 'company', NULL, 0, NULL, NULL, NULL, '[]', NULL)",
    )
    .bind(salon.tenant.as_uuid())
    .bind(salon.staff.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    let loaded = catalogues.load(&salon.scope, salon.branch).await.unwrap().unwrap();
    assert!(loaded.version > before.version);
    let plain = ChangePolicy { level: Level::Company, act: ChangeAct::Cancel, rules: ChangeRules::default() };
    let dear = ChangePolicy {
        level: Level::Staff(salon.staff),
        act: ChangeAct::Move,
        rules: ChangeRules {
            until_minutes: 60,
            max_per_month: Some(2),
            max_per_appointment: Some(3),
            fee: FeeRules {
                flat_minor: Some(500),
                tiers: vec![FeeTier { min_minutes: 2880, fee_minor: 0 }],
                percent: Some(50),
            },
        },
    };
    assert_eq!(loaded.changes, [plain, dear]);
    let twice = sqlx::query(
        "INSERT INTO change_policies (tenant_id, act, level) SELECT tenant_id, act, level FROM change_policies
          WHERE level = 'company'",
    );
    let twice = twice.execute(admin).await.unwrap_err();
    assert!(twice.to_string().contains("change_policies_one_each"), "{twice}");
}
