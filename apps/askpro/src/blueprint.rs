//! A tenant as a person writes it down, in TOML or JSON, for `askpro tenant create`.
//! `docs/operations/company.toml` is an example.
//!
//! Rooms and devices: `[[facility_groups]]` names groups, `branches.facilities` what there is of them, `services.needs`
//! which services need one, and when.
//!
//! What is left out has the product's default: a person works when the branch is open and performs everything that is
//! offered there. The demo world is written in the same type.

mod facilities;

use serde::{Deserialize, Serialize};

pub use facilities::{FacilityFile, FacilityGroupFile, NeedFile};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// Unique among all tenants; lower case, digits and dashes.
    pub slug: String,
    /// Its name as spoken.
    pub name: String,
    /// Whether it takes calls.
    #[serde(default = "yes")]
    pub active: bool,
    /// IANA zone, also of branches that name none.
    #[serde(default = "berlin")]
    pub timezone: String,
    /// Language of speech.
    #[serde(default = "german")]
    pub locale: String,
    /// What it is billed in and prices are in.
    #[serde(default = "euro")]
    pub currency: String,
    /// Country by which national telephone numbers are read.
    #[serde(default = "germany")]
    pub default_country: String,
    /// Price of a minute of conversation, in minor units.
    pub call_rate_minor_per_minute: i64,
    /// What it offers.
    #[serde(default)]
    pub services: Vec<ServiceFile>,
    /// Where.
    #[serde(default)]
    pub branches: Vec<BranchFile>,
    /// Rules for cancelling and moving that hold for the company, or for the service, branch or person that they name.
    #[serde(default)]
    pub changes: Vec<ChangeFile>,
    /// Groups of rooms, places and devices that can stand in for each other.
    #[serde(default)]
    pub facility_groups: Vec<FacilityGroupFile>,
}

/// Rules for cancelling or moving, in the place of the branch's `policy`. Of several, the person's go before the
/// service's, the branch's and the company's, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeFile {
    /// `cancel` or `move`.
    pub act: String,
    /// Only for this service.
    #[serde(default)]
    pub service: Option<String>,
    /// Only for this branch, by its slug.
    #[serde(default)]
    pub branch: Option<String>,
    /// Only for this person of `branch`.
    #[serde(default)]
    pub staff: Option<String>,
    /// Until how long before the start it is allowed.
    pub until_minutes: u32,
    /// How often a customer may do it within 30 days; any number, if absent.
    #[serde(default)]
    pub max_per_month: Option<u32>,
    /// How often one appointment may be moved; any number, if absent.
    #[serde(default)]
    pub max_per_appointment: Option<u32>,
    /// What it costs at any time, in minor units.
    #[serde(default)]
    pub fee_minor: Option<i64>,
    /// What it costs by notice, instead of `fee_minor`.
    #[serde(default)]
    pub fee_tiers: Vec<TierFile>,
    /// What it costs in per cent of the price, instead of both.
    #[serde(default)]
    pub fee_percent: Option<u32>,
}

/// A fee from a notice on: `{ min_minutes = 1440, fee_minor = 500 }`. The least of all holds below it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierFile {
    /// With at least this notice.
    pub min_minutes: u32,
    /// What it costs then, in minor units.
    pub fee_minor: i64,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceFile {
    /// Its name as spoken.
    pub name: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// For the agent to read out.
    pub description: Option<String>,
    /// Heading under which it is listed.
    pub category: Option<String>,
    /// Length, if the person is needed all the time.
    pub minutes: Option<u32>,
    /// Its phases in order, instead of `minutes`.
    pub phases: Vec<PhaseFile>,
    /// Kept free before it, in minutes.
    pub buffer_before_minutes: u32,
    /// Kept free after it, in minutes.
    pub buffer_after_minutes: u32,
    /// Price in minor units.
    pub price_minor: i64,
    /// Minimum notice, if other than the branch's.
    pub min_notice_minutes: Option<u32>,
    /// Rooms, places and devices that it needs besides a person, one of each group.
    pub needs: Vec<NeedFile>,
}

/// A phase: `{ staffed = 30 }` or `{ processing = 45 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseFile {
    /// Minutes in which the person is needed.
    Staffed(u32),
    /// Minutes in which the customer waits and the person is free.
    Processing(u32),
}

impl PhaseFile {
    /// Its length.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Staffed(minutes) | Self::Processing(minutes) => minutes,
        }
    }
}

impl ServiceFile {
    /// Its phases, however they were written.
    #[must_use]
    pub fn all_phases(&self) -> Vec<PhaseFile> {
        match self.minutes {
            Some(minutes) if self.phases.is_empty() => vec![PhaseFile::Staffed(minutes)],
            _ => self.phases.clone(),
        }
    }

    /// Its length.
    #[must_use]
    pub fn total_minutes(&self) -> u32 {
        self.all_phases().iter().map(|phase| phase.minutes()).fold(0, u32::saturating_add)
    }
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchFile {
    /// Unique within the tenant.
    pub slug: String,
    /// Its name as spoken.
    pub name: String,
    /// Its zone, if other than the tenant's.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Code of its federal state (`HH`), whose holidays are closed days.
    #[serde(default)]
    pub federal_state: Option<String>,
    /// Numbers that lead to it, in E.164.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Opening hours.
    #[serde(default)]
    pub hours: Vec<HoursFile>,
    /// Closed days besides the holidays.
    #[serde(default)]
    pub closed: Vec<ClosedFile>,
    /// Names of the services offered there; all, if empty.
    #[serde(default)]
    pub services: Vec<String>,
    /// Rules of booking, where they differ from the product's.
    #[serde(default)]
    pub policy: PolicyFile,
    /// Who works there.
    #[serde(default)]
    pub staff: Vec<StaffFile>,
    /// Its rooms, places and devices, in the order in which they are taken.
    #[serde(default)]
    pub facilities: Vec<FacilityFile>,
}

/// The same hours on several weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursFile {
    /// `mon`, `tue-fri` or `mon,wed,fri`.
    pub days: String,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`, up to `24:00`.
    pub until: String,
}

/// A break, on every working day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakFile {
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`.
    pub until: String,
}

/// A day on which a branch is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedFile {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// Why; it may be spoken to a caller.
    pub reason: String,
}

/// Rules of booking; what is absent is the product's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyFile {
    /// Distance of starts.
    pub grid_minutes: Option<u32>,
    /// Least time between now and a start.
    pub min_notice_minutes: Option<u32>,
    /// Days ahead that can be booked.
    pub horizon_days: Option<u32>,
    /// Until how long before the start a caller may cancel.
    pub cancel_until_minutes: Option<u32>,
    /// Until how long before the start a caller may move.
    pub reschedule_until_minutes: Option<u32>,
    /// How often one appointment may be moved.
    pub max_reschedules: Option<u32>,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StaffFile {
    /// The name as spoken.
    pub name: String,
    /// Working hours; the branch's opening hours, if empty.
    pub hours: Vec<HoursFile>,
    /// Breaks, cut out of the hours.
    pub breaks: Vec<BreakFile>,
    /// Names of the services that the person performs; all of the branch, if empty.
    pub performs: Vec<String>,
}

const fn yes() -> bool {
    true
}

fn berlin() -> String {
    "Europe/Berlin".to_owned()
}

fn german() -> String {
    "de-DE".to_owned()
}

fn euro() -> String {
    "EUR".to_owned()
}

fn germany() -> String {
    "DE".to_owned()
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FileProblem(pub String);

/// A stretch of one weekday: ISO weekday (1 is Monday), first minute, the minute after the last.
pub type WeekSpan = (u8, u16, u16);

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads hours.
///
/// # Errors
/// What cannot be read.
pub fn week_spans(hours: &[HoursFile]) -> Result<Vec<WeekSpan>, FileProblem> {
    let mut spans = Vec::new();
    for stretch in hours {
        let (from, until) = (clock(&stretch.from)?, clock(&stretch.until)?);
        for day in weekdays(&stretch.days)? {
            spans.push((day, from, until));
        }
    }
    spans.sort_unstable();
    Ok(spans)
}

/// Cuts breaks out of hours.
///
/// # Errors
/// What cannot be read.
pub fn without_breaks(spans: &[WeekSpan], breaks: &[BreakFile]) -> Result<Vec<WeekSpan>, FileProblem> {
    let mut left = spans.to_vec();
    for pause in breaks {
        let (from, until) = (clock(&pause.from)?, clock(&pause.until)?);
        left = left
            .into_iter()
            .flat_map(|(day, begin, end)| [(day, begin, end.min(from)), (day, begin.max(until), end)])
            .filter(|(_, begin, end)| begin < end)
            .collect();
    }
    left.sort_unstable();
    left.dedup();
    Ok(left)
}

impl StaffFile {
    /// When the person works at a branch with these opening hours.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn working(&self, branch: &BranchFile) -> Result<Vec<WeekSpan>, FileProblem> {
        let hours = if self.hours.is_empty() { &branch.hours } else { &self.hours };
        without_breaks(&week_spans(hours)?, &self.breaks)
    }
}

fn clock(text: &str) -> Result<u16, FileProblem> {
    let problem = || FileProblem(format!("`{text}` is no time of day like 09:00"));
    let (hours, minutes) = text.split_once(':').ok_or_else(problem)?;
    let (hours, minutes): (u16, u16) =
        (hours.parse().map_err(|_| problem())?, minutes.parse().map_err(|_| problem())?);
    if hours > 24 || minutes > 59 || hours * 60 + minutes > 1440 {
        return Err(problem());
    }
    Ok(hours * 60 + minutes)
}

fn weekdays(text: &str) -> Result<Vec<u8>, FileProblem> {
    let number = |name: &str| {
        let place = WEEKDAYS.iter().position(|day| *day == name.trim().to_ascii_lowercase());
        place
            .and_then(|place| u8::try_from(place + 1).ok())
            .ok_or_else(|| FileProblem(format!("`{name}` in `{text}` is none of {}", WEEKDAYS.join(", "))))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(number(part)?),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return Err(FileProblem(format!("`{part}` runs backwards")));
                }
                days.extend(first..=last);
            }
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(days: &str, from: &str, until: &str) -> HoursFile {
        HoursFile { days: days.to_owned(), from: from.to_owned(), until: until.to_owned() }
    }

    #[test]
    fn hours_are_read_and_breaks_cut_out() {
        let spans =
            week_spans(&[hours("tue-wed", "09:00", "18:00"), hours("sat", "09:00", "12:45")]).unwrap();
        assert_eq!(spans, [(2, 540, 1080), (3, 540, 1080), (6, 540, 765)]);
        let pause = [BreakFile { from: "12:30".to_owned(), until: "13:00".to_owned() }];
        let working = without_breaks(&spans, &pause).unwrap();
        assert_eq!(working, [(2, 540, 750), (2, 780, 1080), (3, 540, 750), (3, 780, 1080), (6, 540, 750)]);
    }

    #[test]
    fn a_break_outside_of_the_hours_changes_nothing() {
        let spans = [(1, 540, 600)];
        let pause = [BreakFile { from: "12:30".to_owned(), until: "13:00".to_owned() }];
        assert_eq!(without_breaks(&spans, &pause).unwrap(), spans);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (days, from) in
            [("fri-tue", "09:00"), ("mo", "09:00"), ("mon", "9"), ("mon", "25:00"), ("mon", "24:01")]
        {
            assert!(week_spans(&[hours(days, from, "24:00")]).is_err(), "{days} {from}");
        }
    }

    #[test]
    fn a_service_has_phases_however_it_is_written() {
        let short = ServiceFile { minutes: Some(30), ..ServiceFile::default() };
        assert_eq!(short.all_phases(), [PhaseFile::Staffed(30)]);
        let long = ServiceFile {
            phases: vec![PhaseFile::Staffed(30), PhaseFile::Processing(45)],
            ..ServiceFile::default()
        };
        assert_eq!(long.total_minutes(), 75);
    }
}
