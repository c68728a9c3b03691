//! From a tenant's file to the product's own blueprint.

use appointment::policy::change::{ChangeAct, ChangeRules, FeeRules, FeeTier};
use chrono::{DateTime, NaiveDate, Utc};
use kernel::PhoneNumber;
use operations::onboarding::{
    BranchBlueprint, ChangeBlueprint, ChangeScope, ServiceBlueprint, StaffBlueprint, TenantBlueprint,
};
use operations::ports::{ClosedDay, NewPhase, NewPolicy, PhaseKind, WeeklySpan};
use sha2::{Digest, Sha256};
use tenancy::{ApiKeyToken, NewApiKey, SecretHash};

use crate::blueprint::{
    BranchFile, ChangeFile, FacilityFile, FacilityGroupFile, FileProblem, PhaseFile, PolicyFile, TenantFile,
    TierFile, WeekSpan, week_spans,
};

/// Years beyond this one whose holidays are entered at once.
const HOLIDAY_YEARS: u32 = 2;

/// What the store keeps of an API key.
///
/// # Errors
/// If the text is no key.
pub fn key(token: &str, name: &str, made_at: DateTime<Utc>) -> anyhow::Result<NewApiKey> {
    let token = ApiKeyToken::parse(token)?;
    Ok(NewApiKey {
        prefix: token.prefix().clone(),
        secret_hash: SecretHash(Sha256::digest(token.reveal().as_bytes()).into()),
        name: name.to_owned(),
        created_at: made_at,
        expires_at: None,
        allowed_networks: Vec::new(),
    })
}

/// The blueprint that a file describes.
///
/// # Errors
/// What cannot be read, by name.
pub fn blueprint(file: &TenantFile, api_keys: Vec<NewApiKey>) -> Result<TenantBlueprint, FileProblem> {
    let zone = |name: &str| name.parse().map_err(|_| FileProblem(format!("there is no time zone `{name}`")));
    let services = file
        .services
        .iter()
        .map(|service| {
            let needs = service.needs.iter().map(|need| need.blueprint(&service.name));
            Ok(ServiceBlueprint {
                name: service.name.clone(),
                synonyms: service.synonyms.clone(),
                description: service.description.clone(),
                category: service.category.clone(),
                phases: service.all_phases().into_iter().map(phase).collect(),
                buffer_before_minutes: service.buffer_before_minutes,
                buffer_after_minutes: service.buffer_after_minutes,
                price_minor: service.price_minor,
                min_notice_minutes: service.min_notice_minutes,
                needs: needs.collect::<Result<_, FileProblem>>()?,
            })
        })
        .collect::<Result<_, FileProblem>>()?;
    let branches = file
        .branches
        .iter()
        .map(|branch| {
            let zone = zone(branch.timezone.as_ref().unwrap_or(&file.timezone))?;
            branch_blueprint(file, branch, zone)
        })
        .collect::<Result<_, FileProblem>>()?;
    Ok(TenantBlueprint {
        slug: file.slug.clone(),
        name: file.name.clone(),
        active: file.active,
        locale: file.locale.clone(),
        timezone: zone(&file.timezone)?,
        currency: file
            .currency
            .parse()
            .map_err(|_| FileProblem(format!("`{}` is no currency of the product", file.currency)))?,
        default_country: file.default_country.clone(),
        call_rate_minor_per_minute: file.call_rate_minor_per_minute,
        services,
        branches,
        facility_groups: file
            .facility_groups
            .iter()
            .map(FacilityGroupFile::blueprint)
            .collect::<Result<_, FileProblem>>()?,
        changes: file.changes.iter().map(change).collect::<Result<_, FileProblem>>()?,
        api_keys,
        calendar: None,
        holiday_years_ahead: HOLIDAY_YEARS,
    })
}

fn branch_blueprint(
    file: &TenantFile,
    branch: &BranchFile,
    zone: chrono_tz::Tz,
) -> Result<BranchBlueprint, FileProblem> {
    let numbers = branch.numbers.iter().map(|text| {
        PhoneNumber::from_e164(text)
            .map_err(|_| FileProblem(format!("branch {}: `{text}` is no number in E.164", branch.slug)))
    });
    let closed = branch.closed.iter().map(|closed| {
        let day: NaiveDate = closed.day.parse().map_err(|_| {
            FileProblem(format!("branch {}: `{}` is no day like 2026-12-24", branch.slug, closed.day))
        })?;
        Ok(ClosedDay { day, reason: closed.reason.clone() })
    });
    let offered: Vec<String> = if branch.services.is_empty() {
        file.services.iter().map(|service| service.name.clone()).collect()
    } else {
        branch.services.clone()
    };
    let staff = branch.staff.iter().map(|person| {
        Ok(StaffBlueprint {
            name: person.name.clone(),
            hours: person.working(branch)?.into_iter().map(span).collect(),
            performs: if person.performs.is_empty() { offered.clone() } else { person.performs.clone() },
        })
    });
    Ok(BranchBlueprint {
        slug: branch.slug.clone(),
        name: branch.name.clone(),
        timezone: zone,
        federal_state: branch.federal_state.clone(),
        numbers: numbers.collect::<Result<_, FileProblem>>()?,
        opening: week_spans(&branch.hours)?.into_iter().map(span).collect(),
        closed: closed.collect::<Result<_, FileProblem>>()?,
        exceptions: Vec::new(),
        policy: policy(branch.policy),
        staff: staff.collect::<Result<_, FileProblem>>()?,
        facilities: branch.facilities.iter().map(FacilityFile::blueprint).collect(),
        services: branch.services.clone(),
    })
}

fn change(file: &ChangeFile) -> Result<ChangeBlueprint, FileProblem> {
    let act = ChangeAct::parse(&file.act)
        .ok_or_else(|| FileProblem(format!("changes: `{}` is neither cancel nor move", file.act)))?;
    let scope = match (&file.service, &file.branch, &file.staff) {
        (None, None, None) => ChangeScope::Company,
        (Some(service), None, None) => ChangeScope::Service(service.clone()),
        (None, Some(branch), None) => ChangeScope::Branch(branch.clone()),
        (None, Some(branch), Some(name)) => ChangeScope::Staff { branch: branch.clone(), name: name.clone() },
        _ => {
            let problem = "changes: rules are for a service, for a branch, or for a person and its branch";
            return Err(FileProblem(problem.to_owned()));
        }
    };
    let tier = |tier: &TierFile| FeeTier { min_minutes: tier.min_minutes, fee_minor: tier.fee_minor };
    Ok(ChangeBlueprint {
        act,
        scope,
        rules: ChangeRules {
            until_minutes: file.until_minutes,
            max_per_month: file.max_per_month,
            max_per_appointment: file.max_per_appointment,
            fee: FeeRules {
                flat_minor: file.fee_minor,
                tiers: file.fee_tiers.iter().map(tier).collect(),
                percent: file.fee_percent,
            },
        },
    })
}

const fn span((weekday, from_minute, until_minute): WeekSpan) -> WeeklySpan {
    WeeklySpan { weekday, from_minute, until_minute }
}

const fn phase(phase: PhaseFile) -> NewPhase {
    match phase {
        PhaseFile::Staffed(minutes) => NewPhase { kind: PhaseKind::Staffed, minutes },
        PhaseFile::Processing(minutes) => NewPhase { kind: PhaseKind::Processing, minutes },
    }
}

fn policy(file: PolicyFile) -> NewPolicy {
    let usual = NewPolicy::default();
    NewPolicy {
        grid_minutes: file.grid_minutes.unwrap_or(usual.grid_minutes),
        min_notice_minutes: file.min_notice_minutes.unwrap_or(usual.min_notice_minutes),
        horizon_days: file.horizon_days.unwrap_or(usual.horizon_days),
        cancel_until_minutes: file.cancel_until_minutes.unwrap_or(usual.cancel_until_minutes),
        reschedule_until_minutes: file.reschedule_until_minutes.unwrap_or(usual.reschedule_until_minutes),
        max_reschedules: file.max_reschedules.or(usual.max_reschedules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::tenants;
    use appointment::model::{FacilityKind, Need};

    #[test]
    fn every_company_of_the_demo_is_a_blueprint() {
        for file in tenants::all() {
            let blueprint = blueprint(&file, Vec::new()).unwrap();
            assert_eq!(blueprint.branches.len(), file.branches.len());
            assert!(
                blueprint
                    .branches
                    .iter()
                    .all(|branch| branch.staff.iter().all(|person| !person.performs.is_empty()))
            );
        }
    }

    #[test]
    fn the_example_of_the_documents_is_a_company() {
        let file: TenantFile = toml::from_str(include_str!("../../../docs/operations/company.toml")).unwrap();
        let company = blueprint(&file, Vec::new()).unwrap();
        assert_eq!((company.branches.len(), company.changes.len()), (1, 1));
    }

    #[test]
    fn mistakes_are_named() {
        let file = || tenants::all().remove(0);
        let problem = |file: &TenantFile| blueprint(file, Vec::new()).unwrap_err().0;
        assert!(problem(&TenantFile { timezone: "Mitte".to_owned(), ..file() }).contains("Mitte"));
        assert!(problem(&TenantFile { currency: "DM".to_owned(), ..file() }).contains("DM"));
        let mut wrong = file();
        wrong.branches[0].numbers = vec!["040 555100".to_owned()];
        assert!(problem(&wrong).contains("altona"));
    }

    #[test]
    fn rules_for_changes_are_read_for_whom_they_name() {
        let read = |changes: &str| {
            let text = format!("slug = \"a\"\nname = \"A\"\ncall_rate_minor_per_minute = 15\n{changes}");
            let file: TenantFile = toml::from_str(&text).map_err(|error| error.to_string())?;
            blueprint(&file, Vec::new()).map(|read| read.changes).map_err(|problem| problem.0)
        };
        let changes = read(
            "[[changes]]\nact = \"cancel\"\nuntil_minutes = 1440\nfee_percent = 50\n\
             [[changes]]\nact = \"move\"\nbranch = \"b\"\nstaff = \"C\"\nuntil_minutes = 60\nmax_per_month = 3\n\
             fee_tiers = [{ min_minutes = 60, fee_minor = 500 }]\n",
        )
        .unwrap();
        assert_eq!((changes[0].act, &changes[0].scope), (ChangeAct::Cancel, &ChangeScope::Company));
        assert_eq!(changes[0].rules.fee.percent, Some(50));
        let person = ChangeScope::Staff { branch: "b".to_owned(), name: "C".to_owned() };
        assert_eq!((changes[1].act, &changes[1].scope), (ChangeAct::Move, &person));
        assert_eq!(changes[1].rules.fee.tiers, [FeeTier { min_minutes: 60, fee_minor: 500 }]);
        for (mistake, told) in [
            ("[[changes]]\nact = \"skip\"\nuntil_minutes = 1\n", "neither cancel nor move"),
            (
                "[[changes]]\nact = \"move\"\nuntil_minutes = 1\nstaff = \"C\"\n",
                "for a person and its branch",
            ),
            ("[[changes]]\nact = \"move\"\n", "until_minutes"),
            ("[[changes]]\nact = \"move\"\nuntil_minutes = -1\n", "until_minutes"),
            ("[[changes]]\nact = \"move\"\nuntil_minutes = 1\nfee = 3\n", "fee"),
        ] {
            let problem = read(mistake).unwrap_err();
            assert!(problem.contains(told), "{problem}");
        }
    }

    #[test]
    fn rooms_and_devices_are_read_with_what_needs_them() {
        let read = |services: &str| {
            let text = format!(
                "slug = \"a\"\nname = \"A\"\ncall_rate_minor_per_minute = 15\n\
                 facility_groups = [{{ name = \"Kabine\", kind = \"room\" }}]\n{services}\n\
                 [[branches]]\nslug = \"b\"\nname = \"B\"\n\
                 facilities = [{{ name = \"Kabine 1\", group = \"Kabine\" }}]\n"
            );
            let file: TenantFile = toml::from_str(&text).map_err(|error| error.to_string())?;
            blueprint(&file, Vec::new()).map_err(|problem| problem.0)
        };
        let service = |needs: &str| format!("[[services]]\nname = \"S\"\nminutes = 30\nneeds = [{needs}]\n");
        for (needs, need) in [
            ("{ group = \"Kabine\" }", Need::Stay),
            ("{ group = \"Kabine\", when = \"stay\" }", Need::Stay),
            ("{ group = \"Kabine\", when = \"staffed\" }", Need::Staffed),
            ("{ group = \"Kabine\", phases = [0] }", Need::Phases(vec![0])),
        ] {
            let read = read(&service(needs)).unwrap();
            assert_eq!(read.services[0].needs[0].need, need);
            assert_eq!(read.facility_groups[0].kind, FacilityKind::Room);
            assert_eq!(read.branches[0].facilities[0].group, "Kabine");
        }
        for mistake in
            ["{ group = \"K\", when = \"often\" }", "{ group = \"K\", when = \"stay\", phases = [0] }"]
        {
            assert!(read(&service(mistake)).unwrap_err().contains("`when`"));
        }
    }

    #[test]
    fn a_key_is_kept_as_its_hash() {
        let token = crate::world::secrets::api_key(7, "salon-nord");
        let key = key(&token, "Demo", DateTime::UNIX_EPOCH).unwrap();
        assert!(token.contains(key.prefix.as_str()));
        assert!(!format!("{key:?}").contains(&token));
    }
}
