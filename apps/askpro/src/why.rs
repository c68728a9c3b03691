//! Why a time is not free, asked by names.

use std::path::PathBuf;

use anyhow::{Context, bail};
use appointment::service::WhyRequest;
use chrono::DateTime;
use kernel::{BranchId, ServiceId, StaffId, TenantId};
use serde_json::Value;

use crate::admin::Office;

/// A service at a branch, by names.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    /// Slug of the company.
    #[arg(long, value_name = "SLUG")]
    pub tenant: String,
    /// Slug of the branch, if the company has several.
    #[arg(long, value_name = "SLUG")]
    pub branch: Option<String>,
    /// Name of the service.
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// Name of the person; without it, everybody who performs the service.
    #[arg(long, value_name = "NAME")]
    pub staff: Option<String>,
}

/// The same by ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// Which company.
    pub company: TenantId,
    /// Which branch.
    pub branch: BranchId,
    /// Which service.
    pub service: ServiceId,
    /// Which person; `None` is everybody who performs it.
    pub staff: Option<StaffId>,
}

impl Wanted {
    /// Finds what is named.
    ///
    /// # Errors
    /// What there is not, by name.
    pub async fn find(&self, office: &Office) -> anyhow::Result<Names> {
        let company = office.services.onboarding.find(&office.scope, &self.tenant).await?;
        let company = company.with_context(|| format!("there is no company `{}`", self.tenant))?;
        let branch = match (&self.branch, &company.branches[..]) {
            (None, [only]) => only,
            (None, _) => bail!("`{}` has several branches: say --branch", company.slug),
            (Some(slug), all) => all
                .iter()
                .find(|branch| branch.slug == *slug)
                .with_context(|| format!("`{}` has no branch `{slug}`", company.slug))?,
        };
        let service = company.services.iter().find(|service| service.name == self.service);
        let service =
            service.with_context(|| format!("`{}` has no service `{}`", company.slug, self.service))?;
        let staff = match &self.staff {
            None => None,
            Some(name) => {
                let mut named =
                    company.staff.iter().filter(|person| person.name == *name && person.branch == branch.id);
                Some(named.next().with_context(|| format!("nobody called `{name}` works there"))?.id)
            }
        };
        Ok(Names { company: company.id, branch: branch.id, service: service.id, staff })
    }
}

/// What is asked about.
#[derive(Debug, Clone, clap::Args)]
pub struct WhyArgs {
    /// Which service, where.
    #[command(flatten)]
    pub wanted: Wanted,
    /// The asked beginning, for example `2026-11-24T10:00:00+01:00`.
    #[arg(long, value_name = "RFC3339")]
    pub at: String,
    /// Configuration with `secrets.keys`, for asking outside calendars; without it, `askpro.toml` and the environment.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl WhyArgs {
    /// Explains; lines of a report: one about the branch, one about each person, one about each facility that
    /// would do.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let Names { company, branch, service, staff } = self.wanted.find(office).await?;
        let start = DateTime::parse_from_rfc3339(&self.at).with_context(|| format!("--at: `{}`", self.at))?;
        let config = office.config(self.config.clone())?;
        let request = WhyRequest { branch, service, staff, start: start.to_utc() };
        let scope = office.act_for(company).await?;
        let mut answer = office.services.why(&config)?.explain(&scope, request).await?;
        let reasons = answer.people.iter_mut().filter_map(|person| person.reason.as_mut());
        let silent: Vec<_> = reasons.filter(|reason| reason.code == "outside_calendar_silent").collect();
        if !silent.is_empty()
            && let Err(error) =
                office.services.calendar_book(config.secrets.sealer()?).connections(&scope).await
        {
            // An account whose secrets cannot be opened here was not asked: that is no silence of the calendar.
            let why = anyhow::Error::new(error).root_cause().to_string();
            for reason in silent {
                reason.code = "outside_calendar_not_asked";
                reason.detail["why"] = why.clone().into();
            }
        }
        let mut whole = serde_json::to_value(&answer)?;
        let mut taken_out = |name: &str| {
            let lines = whole.as_object_mut().and_then(|fields| fields.remove(name));
            lines.and_then(|lines| lines.as_array().cloned()).unwrap_or_default()
        };
        let (people, facilities) = (taken_out("people"), taken_out("facilities"));
        Ok(std::iter::once(whole).chain(people).chain(facilities).collect())
    }
}
