//! The large company of the rig, the times that its callers want, and the callers.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::{Value, json};

use super::load::{Fault, judge};
use super::wire::{Answer, Wire, signed};
use crate::blueprint::{BranchFile, HoursFile, PolicyFile, ServiceFile, StaffFile, TenantFile};
use crate::stage::RETELL_KEY;
use crate::venue::FUNCTION_PATH;

/// Branches of the large company; each has a number of its own.
pub(super) const BRANCHES: u64 = 24;
/// Starts of half an hour from eight to eight.
const TIMES: u64 = 24;
/// Days on which the large company is open and nobody has anything yet.
const DAYS: u64 = 70;
/// Those of them on which nothing is ever booked.
pub(super) const QUIET_DAYS: u64 = 20;
/// Different times of a branch on the quiet days.
pub(super) const QUIET_TIMES: u64 = TIMES * QUIET_DAYS;
/// How often a caller asks again: each time the product has its deadline to answer.
const INSIST: usize = 20;
/// A time that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// The number that is called.
    pub(super) number: String,
    pub(super) date: String,
    pub(super) time: String,
}

impl Wish {
    /// The arguments that ask for it.
    pub(super) fn args(&self) -> Value {
        json!({"datum": self.date, "uhrzeit": self.time, "dienstleistung": SERVICE})
    }

    /// The arguments that book it.
    pub(super) fn booking(&self) -> Value {
        json!({
            "datum": self.date, "uhrzeit": self.time, "dienstleistung": SERVICE, "customer_name": "Kim Messung",
        })
    }
}

/// Somebody who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The provider's id of the call.
    pub(super) call: String,
    /// The number.
    pub(super) from: String,
}

impl Caller {
    /// The call as the provider shows it.
    pub(super) fn envelope(&self, to: &str) -> Value {
        json!({
            "call_id": self.call, "call_type": "phone_call", "agent_id": "agent_simulated", "agent_version": 1,
            "call_status": "ongoing", "direction": "inbound", "from_number": self.from, "to_number": to,
        })
    }

    /// A signed use of a tool.
    pub(super) fn tool(&self, to: &str, name: &str, args: &Value) -> Vec<u8> {
        let body = json!({"name": name, "args": args, "call": self.envelope(to)}).to_string();
        signed(FUNCTION_PATH, RETELL_KEY, &body)
    }

    /// Uses a tool, and asks again while the answer is that there is none yet, as an agent does.
    pub(super) fn insist(
        &self,
        wire: &mut Wire,
        to: &str,
        name: &str,
        args: &Value,
    ) -> std::io::Result<Answer> {
        let mut answer = wire.exchange(&self.tool(to, name, args))?;
        for _ in 0..INSIST {
            if judge(&answer, "") != Err(Fault::Late) {
                break;
            }
            answer = wire.exchange(&self.tool(to, name, args))?;
        }
        Ok(answer)
    }
}

/// The same request to the bare route: body, signature and all.
pub(super) fn as_bare(request: Vec<u8>) -> Vec<u8> {
    let path = format!("POST {FUNCTION_PATH} ");
    match request.strip_prefix(path.as_bytes()) {
        Some(rest) => [b"POST /bare ", rest].concat(),
        None => request,
    }
}

/// Slug of the large company.
pub(super) const LARGE: &str = "grosse-kette";
/// What it offers.
pub(super) const SERVICE: &str = "Herrenhaarschnitt";

fn number(branch: u64) -> String {
    format!("+49305557{branch:02}")
}

pub(super) fn large_company() -> TenantFile {
    let branches = (0..BRANCHES).map(|n| branch(n, number(n), &["Anna Petersen", "Boris Kühn"]));
    company(LARGE.to_owned(), "Große Kette".to_owned(), branches.collect())
}

/// A company of one person, as most are.
pub(super) fn small_company(n: u64) -> TenantFile {
    let number = format!("+494077{n:06}");
    company(format!("laden-{n:06}"), format!("Laden {n}"), vec![branch(0, number, &["Clara Voss"])])
}

fn branch(n: u64, number: String, staff: &[&str]) -> BranchFile {
    BranchFile {
        slug: format!("filiale-{n:02}"),
        name: format!("Filiale {n:02}"),
        timezone: None,
        // No federal state: no holidays, so that every weekday is one.
        federal_state: None,
        numbers: vec![number],
        hours: vec![HoursFile {
            days: "mon-sat".to_owned(),
            from: "08:00".to_owned(),
            until: "20:00".to_owned(),
        }],
        closed: Vec::new(),
        services: Vec::new(),
        policy: PolicyFile::default(),
        facilities: Vec::new(),
        staff: staff
            .iter()
            .map(|name| StaffFile { name: (*name).to_owned(), ..StaffFile::default() })
            .collect(),
    }
}

fn company(slug: String, name: String, branches: Vec<BranchFile>) -> TenantFile {
    TenantFile {
        slug,
        name,
        active: true,
        timezone: "Europe/Berlin".to_owned(),
        locale: "de-DE".to_owned(),
        currency: "EUR".to_owned(),
        default_country: "DE".to_owned(),
        call_rate_minor_per_minute: 15,
        changes: Vec::new(),
        facility_groups: Vec::new(),
        services: vec![ServiceFile {
            name: SERVICE.to_owned(),
            minutes: Some(30),
            price_minor: 3200,
            ..ServiceFile::default()
        }],
        branches,
    }
}

/// Working days from the day after tomorrow on.
pub(super) fn days(today: NaiveDate) -> Vec<NaiveDate> {
    (2..200)
        .filter_map(|ahead| today.checked_add_days(Days::new(ahead)))
        .filter(|day| day.weekday() != Weekday::Sun)
        .take(usize::try_from(DAYS).unwrap_or_default())
        .collect()
}

/// Neighbours of the order lie at different branches, so that callers meet as they do in a chain: on the same tables,
/// seldom at the same desk.
pub(super) fn wish(n: u64, days: &[NaiveDate]) -> Wish {
    let (branch, rest) = (n % BRANCHES, n / BRANCHES);
    let (time, rest) = (rest % TIMES, rest / TIMES);
    let day = usize::try_from(rest).unwrap_or_default() % days.len().max(1);
    Wish {
        number: number(branch),
        date: days.get(day).map(ToString::to_string).unwrap_or_default(),
        time: format!("{:02}:{:02}", 8 + time / 2, time % 2 * 30),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_wish_comes_twice_and_all_lie_within_the_horizon() {
        let today = NaiveDate::from_ymd_opt(2027, 9, 1).unwrap();
        let days = days(today);
        assert_eq!(days.len(), 70);
        assert!(days.iter().all(|day| (*day - today).num_days() <= 85));
        let all = BRANCHES * TIMES * DAYS;
        let wishes: BTreeSet<String> = (0..all).map(|n| format!("{:?}", wish(n, &days))).collect();
        assert_eq!(u64::try_from(wishes.len()).unwrap(), all);
        assert_eq!(wish(BRANCHES, &days).time, "08:30");
    }

    #[test]
    fn the_large_company_is_a_blueprint() {
        let blueprint = crate::onboard::blueprint(&large_company(), Vec::new()).unwrap();
        assert_eq!(blueprint.branches.len(), 24);
        assert!(blueprint.branches.iter().all(|branch| branch.staff.len() == 2 && branch.numbers.len() == 1));
    }
}
