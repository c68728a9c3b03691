use super::*;
use crate::world::{people, tenants};

fn now(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[derive(Default)]
struct Given {
    closed: BTreeMap<String, BTreeSet<NaiveDate>>,
    taken: Taken,
    waiting: BTreeSet<String>,
    there: BTreeSet<String>,
}

impl Given {
    fn plan(&self, seed: u64, tenant: &TenantFile, now: DateTime<Utc>) -> Vec<Planned> {
        plan(&Situation {
            seed,
            now,
            tenant,
            people: &people::of_tenant(seed, &tenant.slug, 0),
            closed: &self.closed,
            taken: &self.taken,
            waiting: &self.waiting,
            there: &self.there,
        })
        .unwrap()
    }

    fn after(mut self, planned: &[Planned]) -> Self {
        for one in planned {
            self.there.insert(one.key.clone());
            if one.standing != Standing::Cancelled {
                for name in one.facilities.iter().chain([&one.staff]) {
                    self.taken.entry((one.branch.clone(), name.clone())).or_default().push(one.with_buffers);
                }
            }
            if one.standing == Standing::Confirmed {
                self.waiting.insert(one.customer.clone());
            }
        }
        self
    }
}

const MOMENTS: [&str; 4] = [
    "2026-11-23T09:10:00+01:00",
    "2027-03-27T23:30:00+01:00",
    "2027-10-30T12:00:00+02:00",
    "2028-02-29T05:00:00+01:00",
];

#[test]
fn nobody_is_in_two_places_and_everything_is_within_the_hours() {
    for (seed, moment) in (1..).zip(MOMENTS) {
        for tenant in tenants::all() {
            let planned = Given::default().plan(seed, &tenant, now(moment));
            let zone: Tz = tenant.timezone.parse().unwrap();
            for one in &planned {
                let branch = tenant.branches.iter().find(|branch| branch.slug == one.branch).unwrap();
                let person = branch.staff.iter().find(|person| person.name == one.staff).unwrap();
                let (start, end) = (one.at.0.with_timezone(&zone), one.at.1.with_timezone(&zone));
                let minute = |at: DateTime<Tz>| {
                    u16::try_from(chrono::Timelike::hour(&at) * 60 + chrono::Timelike::minute(&at)).unwrap()
                };
                let weekday = u8::try_from(start.weekday().number_from_monday()).unwrap();
                assert!(
                    person.working(branch).unwrap().iter().any(|(on, from, until)| {
                        *on == weekday
                            && *from <= minute(start)
                            && minute(end) <= *until
                            && (minute(start) - from) % GRID == 0
                    }),
                    "{} at {start}",
                    one.key
                );
                assert_eq!(one.phases.first().map(|phase| phase.1), Some(one.at.0));
                assert_eq!(one.phases.last().map(|phase| phase.2), Some(one.at.1));
                assert!(one.made_at < now(moment) && one.made_at < one.at.0);
                assert!(
                    (one.standing == Standing::Completed || one.standing == Standing::NoShow)
                        <= (one.at.1 <= now(moment))
                );
            }
            let busy: Vec<_> = planned.iter().filter(|one| one.standing != Standing::Cancelled).collect();
            for (place, one) in busy.iter().enumerate() {
                for other in &busy[place + 1..] {
                    let (this, that) = (one.with_buffers, other.with_buffers);
                    let shared = one.staff == other.staff
                        || one.branch == other.branch
                            && one.facilities.iter().any(|name| other.facilities.contains(name));
                    assert!(!shared || this.1 <= that.0 || that.1 <= this.0, "{} and {}", one.key, other.key);
                }
            }
            let needy = |one: &&&Planned| {
                tenant.services.iter().any(|of| of.name == one.service && !of.needs.is_empty())
            };
            assert!(busy.iter().filter(needy).all(|one| !one.facilities.is_empty()));
            let keys: BTreeSet<_> = planned.iter().map(|one| &one.key).collect();
            assert_eq!(keys.len(), planned.len());
        }
    }
}

#[test]
fn stories_are_told() {
    for tenant in tenants::all().iter().filter(|tenant| tenant.active) {
        let planned = Given::default().plan(7, tenant, now(MOMENTS[0]));
        let of = |key: &str| {
            let customer = format!("{}/customer/{key}", tenant.slug);
            let of: Vec<_> = planned.iter().filter(|one| one.customer == customer).collect();
            assert!(of.iter().all(|one| one.standing == Standing::Confirmed));
            of
        };
        assert_eq!(of("regular").len(), 3);
        assert_eq!(of("shared-second").len() + of("without").len() + of("blocked").len(), 0);
        assert_eq!(of("later-1").len(), 1);
        assert!(of("later-1")[0].at.0 > now(MOMENTS[0]) + TimeDelta::days(7));
        let two = of("two-on-one-day");
        assert_eq!(two.len(), 2);
        assert_eq!(two[0].at.0.date_naive(), two[1].at.0.date_naive());
        assert!(of("soon")[0].at.0 < now(MOMENTS[0]) + TimeDelta::days(2));
    }
}

#[test]
fn closed_days_stay_empty() {
    let tenant = &tenants::all()[0];
    let day = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
    let with = |given: &Given| {
        let planned = given.plan(7, tenant, now(MOMENTS[0]));
        planned.iter().filter(|one| one.branch == "altona" && one.at.0.date_naive() == day).count()
    };
    assert!(with(&Given::default()) > 0);
    let closed = BTreeMap::from([("altona".to_owned(), BTreeSet::from([day]))]);
    assert_eq!(with(&Given { closed, ..Given::default() }), 0);
}

#[test]
fn a_second_start_adds_nothing_and_a_later_one_only_new_days() {
    let tenant = &tenants::all()[0];
    let first = Given::default().plan(7, tenant, now(MOMENTS[0]));
    assert!(first.len() > 200, "{}", first.len());
    assert_eq!(first, Given::default().plan(7, tenant, now(MOMENTS[0])));
    let given = Given::default().after(&first);
    assert_eq!(given.plan(7, tenant, now(MOMENTS[0])), []);
    let later = now(MOMENTS[0]) + TimeDelta::days(2);
    let added = given.plan(7, tenant, later);
    let horizon = now(MOMENTS[0]) + TimeDelta::days(27);
    assert!(!added.is_empty() && added.iter().all(|one| one.at.0 > horizon), "{added:#?}");
    let given = given.after(&added);
    assert_eq!(given.plan(7, tenant, later), []);
}
