use std::collections::BTreeMap;
use std::sync::Mutex;

use appointment::calendar::{RemoteEventType, Secret};
use appointment::model::{FacilityKind, Need, Requirement};
use async_trait::async_trait;
use chrono::DateTime;
use chrono::NaiveDate;
use chrono_tz::Europe::Berlin;
use kernel::testing::{FixedClock, SequentialIds};
use kernel::{Actor, CorrelationId, Currency, PhoneNumber};
use uuid::Uuid;

use super::*;
use crate::ports::ChangeTarget;
use crate::ports::{
    BranchRecord, ClosedDay, NewPhase, NewPolicy, PhaseKind, ServiceRecord, StaffRecord, WeeklySpan,
};
use appointment::policy::change::{ChangeAct, ChangeRules, FeeRules, FeeTier};

/// Tenants by slug.
#[derive(Default)]
struct Provisioner(Mutex<BTreeMap<String, NewTenant>>);

fn record(tenant: &NewTenant) -> TenantRecord {
    TenantRecord {
        id: tenant.id,
        slug: tenant.slug.clone(),
        name: tenant.name.clone(),
        active: tenant.active,
        timezone: tenant.timezone.name().to_owned(),
        branches: tenant
            .branches
            .iter()
            .map(|branch| BranchRecord {
                id: branch.id,
                slug: branch.slug.clone(),
                name: branch.name.clone(),
                numbers: branch.numbers.iter().map(|number| number.number.clone()).collect(),
            })
            .collect(),
        services: tenant
            .services
            .iter()
            .map(|service| ServiceRecord {
                id: service.id,
                name: service.name.clone(),
                minutes: service.phases.iter().map(|phase| phase.minutes).sum(),
            })
            .collect(),
        staff: tenant
            .branches
            .iter()
            .flat_map(|branch| {
                branch.staff.iter().map(|person| StaffRecord {
                    id: person.id,
                    name: person.name.clone(),
                    branch: branch.id,
                })
            })
            .collect(),
        connections: tenant.calendar.iter().map(|calendar| calendar.connection.id).collect(),
    }
}

#[async_trait]
impl TenantProvisioner for Provisioner {
    async fn create(&self, _: &PlatformScope, tenant: &NewTenant) -> Result<Provisioned, ProvisionError> {
        let mut tenants = self.0.lock().unwrap();
        if let Some(existing) = tenants.get(&tenant.slug) {
            return Ok(Provisioned::Existing(record(existing)));
        }
        tenants.insert(tenant.slug.clone(), tenant.clone());
        Ok(Provisioned::Created(record(tenant)))
    }

    async fn find(&self, _: &PlatformScope, slug: &str) -> Result<Option<TenantRecord>, StoreError> {
        Ok(self.0.lock().unwrap().get(slug).map(record))
    }
}

fn onboarding() -> Onboarding {
    Onboarding::new(
        Arc::new(Provisioner::default()),
        Arc::new(FixedClock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap())),
        Arc::new(SequentialIds::default()),
    )
}

fn span(weekday: u8, from_minute: u16, until_minute: u16) -> WeeklySpan {
    WeeklySpan { weekday, from_minute, until_minute }
}

fn service(name: &str, phases: &[(PhaseKind, u32)]) -> ServiceBlueprint {
    ServiceBlueprint {
        name: name.to_owned(),
        synonyms: vec!["Schneiden".to_owned()],
        description: None,
        category: None,
        phases: phases.iter().map(|(kind, minutes)| NewPhase { kind: *kind, minutes: *minutes }).collect(),
        buffer_before_minutes: 0,
        buffer_after_minutes: 5,
        price_minor: 3200,
        min_notice_minutes: None,
        needs: vec![],
    }
}

fn blueprint() -> TenantBlueprint {
    TenantBlueprint {
        slug: "salon-nord".to_owned(),
        name: "Salon Nord".to_owned(),
        active: true,
        locale: "de-DE".to_owned(),
        timezone: Berlin,
        currency: Currency::Eur,
        default_country: "DE".to_owned(),
        call_rate_minor_per_minute: 15,
        services: vec![
            service("Herrenhaarschnitt", &[(PhaseKind::Staffed, 30)]),
            service(
                "Ansatzfarbe",
                &[(PhaseKind::Staffed, 30), (PhaseKind::Processing, 45), (PhaseKind::Staffed, 30)],
            ),
        ],
        branches: vec![BranchBlueprint {
            slug: "altona".to_owned(),
            name: "Altona".to_owned(),
            timezone: Berlin,
            federal_state: Some("HH".to_owned()),
            numbers: vec![PhoneNumber::from_e164("+4940555100").unwrap()],
            opening: vec![span(2, 540, 1080)],
            closed: vec![ClosedDay {
                day: NaiveDate::from_ymd_opt(2026, 12, 25).unwrap(),
                reason: "Betriebsferien".to_owned(),
            }],
            exceptions: vec![],
            policy: NewPolicy::default(),
            staff: vec![StaffBlueprint {
                name: "Anna Petersen".to_owned(),
                hours: vec![span(2, 540, 750), span(2, 780, 1080)],
                performs: vec!["Ansatzfarbe".to_owned(), "Herrenhaarschnitt".to_owned()],
            }],
            facilities: vec![],
            services: vec![],
        }],
        facility_groups: vec![],
        changes: vec![],
        api_keys: vec![],
        calendar: Some(calendar()),
        holiday_years_ahead: 2,
    }
}

fn calendar() -> CalendarBlueprint {
    CalendarBlueprint {
        base_url: "https://api.cal.com/".to_owned(),
        api_key: Secret::new("cal_live_1234".to_owned()),
        webhook_secret: Secret::new("whsec".to_owned()),
        team: None,
        links: vec![LinkBlueprint {
            branch: "altona".to_owned(),
            staff: "Anna Petersen".to_owned(),
            service: "Ansatzfarbe".to_owned(),
            event_type: RemoteEventType::parse("4711").unwrap(),
            host: None,
        }],
    }
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Operator("tenant".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)))
}

#[tokio::test]
async fn creating_twice_gives_the_same_tenant() {
    let onboarding = onboarding();
    let first = onboarding.create(&platform(), &blueprint()).await.unwrap();
    let again = onboarding.create(&platform(), &blueprint()).await.unwrap();
    assert!(matches!(first, Provisioned::Created(_)) && matches!(again, Provisioned::Existing(_)));
    assert_eq!(first.record(), again.record());
    let found = onboarding.find(&platform(), "salon-nord").await.unwrap();
    assert_eq!(found.as_ref(), Some(first.record()));
    assert_eq!(first.record().services[1].minutes, 105);
}

#[test]
fn names_become_ids_and_holidays_become_closed_days() {
    let plan = onboarding().plan(&blueprint()).unwrap();
    let branch = &plan.branches[0];
    assert_eq!(
        branch.staff[0].performs,
        [plan.services[1].id, plan.services[0].id],
        "in the order in which the person prefers them"
    );
    assert_eq!(branch.services.len(), 2, "an empty list means all");
    let christmas = NaiveDate::from_ymd_opt(2026, 12, 25).unwrap();
    assert!(branch.holidays.iter().any(|day| day.day == christmas));
    assert!(branch.closed.is_empty(), "the holiday has the day already");
}

#[test]
fn an_outside_calendar_is_planned_and_its_mistakes_are_named() {
    let plan = onboarding().plan(&blueprint()).unwrap();
    let planned = plan.calendar.unwrap();
    assert_eq!(planned.connection.base_url, "https://api.cal.com");
    assert_eq!(planned.links[0].service, plan.services[1].id);
    assert_eq!(planned.links[0].staff, plan.branches[0].staff[0].id);
    assert_eq!(planned.links[0].link.connection, planned.connection.id);
    assert!(!format!("{:?}", blueprint()).contains("cal_live"), "a secret does not print");

    type Change = fn(&mut CalendarBlueprint);
    let cases: [(Change, &str); 5] = [
        (|c| c.base_url = "api.cal.com".to_owned(), "calendar: the address must begin"),
        (|c| c.api_key = Secret::new(String::new()), "calendar: a secret is"),
        (|c| c.links[0].branch = "mitte".to_owned(), "there is no such person"),
        (|c| c.links[0].service = "Massage".to_owned(), "does not perform"),
        (|c| c.links.push(c.links[0].clone()), "stands twice"),
    ];
    for (change, text) in cases {
        let mut wrong = calendar();
        change(&mut wrong);
        let wrong = TenantBlueprint { calendar: Some(wrong), ..blueprint() };
        let problem = onboarding().plan(&wrong).unwrap_err().to_string();
        assert!(problem.contains(text), "{problem}");
    }
}

#[test]
fn contradictions_are_named_with_their_place() {
    type Change = fn(&mut TenantBlueprint);
    let cases: [(Change, &str); 15] = [
        (|b| b.slug = "Salon Nord".to_owned(), "tenant Salon Nord: a slug has"),
        (|b| b.locale = "deutsch".to_owned(), "tenant salon-nord: a locale is"),
        (|b| b.services[1].name = "Herrenhaarschnitt".to_owned(), "service Herrenhaarschnitt: stands twice"),
        (|b| b.services[0].phases.clear(), "service Herrenhaarschnitt: its phases"),
        (|b| b.services[0].phases[0].minutes = u32::MAX, "service Herrenhaarschnitt: its phases"),
        (|b| b.services[0].price_minor = -1, "service Herrenhaarschnitt: a price"),
        (|b| b.branches[0].slug = String::new(), "branch : a slug has"),
        (|b| b.branches.push(b.branches[0].clone()), "branch altona: stands twice"),
        (
            |b| {
                let mut other = b.branches[0].clone();
                other.slug = "eppendorf".to_owned();
                b.branches.push(other);
            },
            "branch eppendorf: number",
        ),
        (|b| b.branches[0].federal_state = Some("XX".to_owned()), "branch altona: `XX` is no federal state"),
        (|b| b.branches[0].opening.push(span(2, 600, 660)), "branch altona: hours of one weekday overlap"),
        (|b| b.branches[0].opening.push(span(8, 0, 1)), "branch altona: hours need"),
        (
            |b| b.branches[0].staff[0].performs.push("Massage".to_owned()),
            "branch altona, staff Anna Petersen: there is no service `Massage`",
        ),
        (|b| b.branches[0].policy.grid_minutes = 0, "branch altona: grid_minutes is 0"),
        (|b| b.branches[0].exceptions.push((NaiveDate::MIN, 600, 600)), "branch altona: an exception"),
    ];
    for (change, expected) in cases {
        let mut wrong = blueprint();
        change(&mut wrong);
        let problem = onboarding().plan(&wrong).unwrap_err().to_string();
        assert!(problem.starts_with(expected), "{problem}");
    }
}

fn change(act: ChangeAct, scope: ChangeScope, rules: ChangeRules) -> ChangeBlueprint {
    ChangeBlueprint { act, scope, rules }
}

fn anna() -> ChangeScope {
    ChangeScope::Staff { branch: "altona".to_owned(), name: "Anna Petersen".to_owned() }
}

#[test]
fn rules_for_changes_are_planned_for_whom_they_name() {
    let rules = ChangeRules {
        until_minutes: 2880,
        max_per_month: Some(3),
        max_per_appointment: Some(2),
        fee: FeeRules { flat_minor: Some(500), ..FeeRules::default() },
    };
    let cancel = ChangeRules { max_per_appointment: None, ..rules.clone() };
    let changes = vec![
        change(ChangeAct::Cancel, ChangeScope::Company, cancel.clone()),
        change(ChangeAct::Move, ChangeScope::Company, rules.clone()),
        change(ChangeAct::Move, ChangeScope::Branch("altona".to_owned()), rules.clone()),
        change(ChangeAct::Move, ChangeScope::Service("Ansatzfarbe".to_owned()), rules.clone()),
        change(ChangeAct::Move, anna(), rules.clone()),
    ];
    let plan = onboarding().plan(&TenantBlueprint { changes, ..blueprint() }).unwrap();
    let targets: Vec<_> = plan.changes.iter().map(|change| change.target).collect();
    let branch = &plan.branches[0];
    assert_eq!(
        targets,
        [
            ChangeTarget::Company,
            ChangeTarget::Company,
            ChangeTarget::Branch(branch.id),
            ChangeTarget::Service(plan.services[1].id),
            ChangeTarget::Staff(branch.staff[0].id),
        ]
    );
    assert_eq!((plan.changes[0].act, &plan.changes[0].rules), (ChangeAct::Cancel, &cancel));
    assert_eq!(plan.changes[4].rules, rules);
}

#[test]
fn rules_for_changes_keep_to_their_bounds() {
    let tier = |min_minutes, fee_minor| FeeTier { min_minutes, fee_minor };
    let fee = |fee| ChangeRules { fee, ..ChangeRules::default() };
    let tiers = |tiers| fee(FeeRules { tiers, ..FeeRules::default() });
    let company = || ChangeScope::Company;
    let good = || ChangeRules::default();
    let cases = [
        (ChangeScope::Branch("mitte".to_owned()), good(), "there is no branch `mitte`"),
        (ChangeScope::Service("Massage".to_owned()), good(), "there is no service `Massage`"),
        (
            ChangeScope::Staff { branch: "altona".to_owned(), name: "Nobody".to_owned() },
            good(),
            "nobody called `Nobody`",
        ),
        (company(), ChangeRules { until_minutes: 527_041, ..good() }, "until_minutes is 527041"),
        (company(), ChangeRules { max_per_month: Some(1001), ..good() }, "max_per_month is 1001"),
        (company(), ChangeRules { max_per_appointment: Some(1), ..good() }, "means nothing"),
        (company(), fee(FeeRules { percent: Some(101), ..FeeRules::default() }), "fee_percent is 101"),
        (company(), fee(FeeRules { flat_minor: Some(-1), ..FeeRules::default() }), "a fee is -1"),
        (company(), fee(FeeRules { flat_minor: Some(1_000_001), ..FeeRules::default() }), "a fee is 1000001"),
        (company(), tiers(vec![tier(0, -5)]), "a fee is -5"),
        (company(), tiers(vec![tier(60, 1), tier(60, 2)]), "two tiers begin at 60"),
        (company(), tiers(vec![tier(527_041, 1)]), "min_minutes is 527041"),
        (company(), tiers((0..21).map(|at| tier(at, 1)).collect()), "has 21 tiers"),
        (
            company(),
            fee(FeeRules { flat_minor: Some(1), percent: Some(1), ..FeeRules::default() }),
            "one of them",
        ),
    ];
    for (scope, rules, expected) in cases {
        let wrong = vec![change(ChangeAct::Cancel, scope, rules)];
        let problem = onboarding().plan(&TenantBlueprint { changes: wrong, ..blueprint() }).unwrap_err();
        let problem = problem.to_string();
        assert!(problem.starts_with("changes, cancel of ") && problem.contains(expected), "{problem}");
    }
    let twice = vec![change(ChangeAct::Move, anna(), good()), change(ChangeAct::Move, anna(), good())];
    let problem = onboarding().plan(&TenantBlueprint { changes: twice, ..blueprint() }).unwrap_err();
    assert_eq!(problem.to_string(), "changes, move of branch altona, staff Anna Petersen: stands twice");
}

#[test]
fn rooms_and_devices_are_planned_and_their_mistakes_are_named() {
    let need = |group: &str, need| NeedBlueprint { group: group.to_owned(), need };
    let furnished = || {
        let mut blueprint = blueprint();
        let group = |name: &str, kind| FacilityGroupBlueprint { name: name.to_owned(), kind };
        blueprint.facility_groups =
            vec![group("Waschplatz", FacilityKind::Room), group("Dampfhaube", FacilityKind::Device)];
        let facility =
            |name: &str, group: &str| FacilityBlueprint { name: name.to_owned(), group: group.to_owned() };
        blueprint.branches[0].facilities =
            vec![facility("Platz 1", "Waschplatz"), facility("Haube", "Dampfhaube")];
        blueprint.services[1].needs =
            vec![need("Waschplatz", Need::Stay), need("Dampfhaube", Need::Phases(vec![1]))];
        blueprint
    };
    let plan = onboarding().plan(&furnished()).unwrap();
    let new = &plan.facilities;
    assert_eq!(new.facilities[0].0, plan.branches[0].id);
    assert_eq!(new.facilities[1].1.group, new.groups[1].id);
    let colour = plan.services[1].id;
    assert_eq!(new.needs[0], (colour, Requirement { group: new.groups[0].id, need: Need::Stay }));
    assert_eq!(new.needs[1].1.need, Need::Phases(vec![1]));

    let told = |change: &dyn Fn(&mut TenantBlueprint)| {
        let mut wrong = furnished();
        change(&mut wrong);
        onboarding().plan(&wrong).unwrap_err().to_string()
    };
    for (problem, expected) in [
        (told(&|b| b.facility_groups[1].name = "Waschplatz".to_owned()), "stands twice"),
        (told(&|b| b.branches[0].facilities[0].group = "Kabine".to_owned()), "no facility group `Kabine`"),
        (told(&|b| b.branches[0].facilities[1].name = "Platz 1".to_owned()), "stands twice"),
        (told(&|b| b.services[1].needs[0].group = "Kabine".to_owned()), "no facility group `Kabine`"),
        (told(&|b| b.services[1].needs.push(need("Dampfhaube", Need::Stay))), "needs `Dampfhaube` twice"),
        (told(&|b| b.services[1].needs[1].need = Need::Phases(vec![3])), "has phases 0 to 2"),
        (told(&|b| b.services[1].needs[1].need = Need::Phases(vec![])), "must name some"),
    ] {
        assert!(problem.contains(expected), "{problem}");
    }
}
