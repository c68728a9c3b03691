//! Who has an appointment when.
//!
//! An ordinary day is drawn from dice of its own, so that a later start of the demo draws the same appointments for the
//! same day and only adds days that have come into view. People with a story get theirs first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::Dice;
use super::people::{Person, Story};
use crate::blueprint::{BranchFile, FileProblem, PhaseFile, ServiceFile, TenantFile, WeekSpan};

/// Days of past and of future that the diary covers.
pub const DAYS: u64 = 28;
/// Starts lie on this grid.
const GRID: u16 = 15;

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It will take place.
    Confirmed,
    /// It took place.
    Completed,
    /// The customer did not come.
    NoShow,
    /// It was called off.
    Cancelled,
}

impl Standing {
    /// The word that is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::NoShow => "no_show",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A stretch of time.
pub type Stretch = (DateTime<Utc>, DateTime<Utc>);

/// Time that is taken already, by slug of the branch and name of the person or facility.
pub type Taken = BTreeMap<(String, String), Vec<Stretch>>;

/// A planned appointment, by names; ids are the loader's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Unique in the world: its id follows from it.
    pub key: String,
    /// Slug of the branch.
    pub branch: String,
    /// Name of the person who performs.
    pub staff: String,
    /// Name of the service.
    pub service: String,
    /// Key of the customer.
    pub customer: String,
    /// Its phases: whether the person is needed, beginning, end.
    pub phases: Vec<(bool, DateTime<Utc>, DateTime<Utc>)>,
    /// When the person is busy: those phases in which they are needed, with the service's buffers.
    pub busy: Vec<Stretch>,
    /// Names of the facilities that it has from beginning to end, buffers included.
    pub facilities: Vec<String>,
    /// Beginning and end.
    pub at: Stretch,
    /// The same with the service's buffers.
    pub with_buffers: Stretch,
    /// In minor units.
    pub price_minor: i64,
    /// Where it stands.
    pub standing: Standing,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

/// What is known when a tenant's diary is planned.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The seed of the world.
    pub seed: u64,
    /// Product time.
    pub now: DateTime<Utc>,
    /// The tenant.
    pub tenant: &'a TenantFile,
    /// Its customers.
    pub people: &'a [Person],
    /// Closed days by slug of the branch.
    pub closed: &'a BTreeMap<String, BTreeSet<NaiveDate>>,
    /// What is taken already.
    pub taken: &'a Taken,
    /// Keys of customers who have a coming appointment already.
    pub waiting: &'a BTreeSet<String>,
    /// Keys of appointments that are there, whatever became of them.
    pub there: &'a BTreeSet<String>,
}

/// Plans the appointments that are missing.
///
/// # Errors
/// If the tenant's hours or zone cannot be read.
pub fn plan(situation: &Situation<'_>) -> Result<Vec<Planned>, FileProblem> {
    let mut planner = Planner::new(situation)?;
    planner.stories();
    planner.ordinary_days();
    let there = situation.there;
    Ok(planner.planned.into_iter().filter(|planned| !there.contains(&planned.key)).collect())
}

struct Chair<'a> {
    branch: &'a BranchFile,
    staff: &'a str,
    working: Vec<WeekSpan>,
}

struct Planner<'a> {
    situation: &'a Situation<'a>,
    zone: Tz,
    chairs: Vec<Chair<'a>>,
    taken: Taken,
    planned: Vec<Planned>,
}

impl<'a> Planner<'a> {
    fn new(situation: &'a Situation<'a>) -> Result<Self, FileProblem> {
        let tenant = situation.tenant;
        let zone =
            tenant.timezone.parse().map_err(|_| FileProblem(format!("no zone `{}`", tenant.timezone)))?;
        let mut chairs = Vec::new();
        for branch in &tenant.branches {
            for person in &branch.staff {
                chairs.push(Chair { branch, staff: &person.name, working: person.working(branch)? });
            }
        }
        Ok(Self { situation, zone, chairs, taken: situation.taken.clone(), planned: Vec::new() })
    }

    fn today(&self) -> NaiveDate {
        self.situation.now.with_timezone(&self.zone).date_naive()
    }

    fn is_closed(&self, chair: usize, day: NaiveDate) -> bool {
        let branch = &self.chairs[chair].branch.slug;
        self.situation.closed.get(branch).is_some_and(|days| days.contains(&day))
    }

    /// Working hours of a chair on a day, none on closed days.
    fn hours(&self, chair: usize, day: NaiveDate) -> Vec<(u16, u16)> {
        if self.is_closed(chair, day) {
            return Vec::new();
        }
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or(0);
        let working = self.chairs[chair].working.iter();
        working.filter(|(on, _, _)| *on == weekday).map(|(_, from, until)| (*from, *until)).collect()
    }

    fn instant(&self, day: NaiveDate, minute: u16) -> Option<DateTime<Utc>> {
        let time = NaiveTime::from_hms_opt(u32::from(minute / 60), u32::from(minute % 60), 0)?;
        self.zone.from_local_datetime(&day.and_time(time)).earliest().map(|at| at.to_utc())
    }

    /// Whether a person, or a facility, of a branch has nothing else then.
    fn is_free(&self, branch: &str, name: &str, (start, end): Stretch) -> bool {
        self.taken
            .get(&(branch.to_owned(), name.to_owned()))
            .is_none_or(|taken| taken.iter().all(|(from, until)| end <= *from || *until <= start))
    }

    /// A free facility of each group that the service needs, all of them for the whole stretch; none if one is missing.
    fn facilities(&self, branch: &BranchFile, service: &ServiceFile, at: Stretch) -> Option<Vec<String>> {
        let one_of = |group: &str| {
            let mut of_group = branch.facilities.iter().filter(|facility| facility.group == group);
            of_group.find(|facility| self.is_free(&branch.slug, &facility.name, at))
        };
        service.needs.iter().map(|need| Some(one_of(&need.group)?.name.clone())).collect()
    }

    /// Puts an appointment into the diary if its time is free and within the working hours.
    fn put(
        &mut self,
        key: &str,
        chair: usize,
        service: &ServiceFile,
        customer: &Person,
        day: NaiveDate,
        minute: u16,
    ) -> bool {
        let length = u16::try_from(service.total_minutes()).unwrap_or(u16::MAX);
        let (before, after) = (service.buffer_before_minutes, service.buffer_after_minutes);
        let needed = u32::from(minute).saturating_sub(before)..=u32::from(minute) + u32::from(length) + after;
        let fits = self
            .hours(chair, day)
            .iter()
            .any(|(from, until)| u32::from(*from) <= *needed.start() && *needed.end() <= u32::from(*until));
        let Some(start) = self.instant(day, minute).filter(|_| fits) else { return false };
        let minutes = |many: u32| TimeDelta::minutes(i64::from(many));
        let at = (start, start + minutes(length.into()));
        let with_buffers = (at.0 - minutes(before), at.1 + minutes(after));
        let (branch, staff) = (self.chairs[chair].branch, self.chairs[chair].staff);
        if !self.is_free(&branch.slug, staff, with_buffers) {
            return false;
        }
        let Some(facilities) = self.facilities(branch, service, with_buffers) else { return false };
        let mut begin = start;
        let phases: Vec<_> = service
            .all_phases()
            .into_iter()
            .map(|phase| {
                let from = begin;
                begin += minutes(phase.minutes());
                (matches!(phase, PhaseFile::Staffed(_)), from, begin)
            })
            .collect();
        let busy = phases.iter().filter(|(staffed, _, _)| *staffed).map(|(_, from, until)| {
            // A buffer lies before the beginning and after the end, whatever phases are there.
            let from = if *from == at.0 { with_buffers.0 } else { *from };
            (from, if *until == at.1 { with_buffers.1 } else { *until })
        });
        let busy = busy.collect();
        let now = self.situation.now;
        let mut dice = Dice::new(self.situation.seed, &["made", key]);
        let ahead = TimeDelta::hours(30 + i64::try_from(dice.below(300)).unwrap_or(0));
        let made_at =
            (start - ahead).min(now - TimeDelta::minutes(10 + i64::try_from(dice.below(3000)).unwrap_or(0)));
        let is_story = customer.story != Story::None;
        let standing = match (at.1 <= now, dice.below(100)) {
            (_, 0..5) if !is_story => Standing::Cancelled,
            (true, 5..9) => Standing::NoShow,
            (true, _) => Standing::Completed,
            (false, _) => Standing::Confirmed,
        };
        if standing != Standing::Cancelled {
            for name in facilities.iter().map(String::as_str).chain([staff]) {
                let taken = self.taken.entry((branch.slug.clone(), name.to_owned())).or_default();
                taken.push(with_buffers);
            }
        }
        self.planned.push(Planned {
            key: key.to_owned(),
            branch: branch.slug.clone(),
            staff: staff.to_owned(),
            service: service.name.clone(),
            customer: customer.key.clone(),
            phases,
            busy,
            facilities,
            at,
            with_buffers,
            price_minor: service.price_minor,
            standing,
            made_at,
        });
        true
    }

    fn stories(&mut self) {
        let people = self.situation.people;
        for (number, person) in (0_usize..).zip(people) {
            if self.situation.waiting.contains(&person.key) || self.chairs.is_empty() {
                continue;
            }
            match person.story {
                Story::None => {}
                Story::Soon => self.soon(person),
                Story::Later => self.story(person, "only", 8 + number % 6, 10 * 60, number),
                Story::Regular => {
                    self.story(person, "first", 3, 10 * 60, 0);
                    self.story(person, "second", 10, 14 * 60, 0);
                    self.story(person, "third", 17, 11 * 60, 1);
                }
                Story::TwoOnOneDay => {
                    let first = self.planned.len();
                    self.story(person, "morning", 6, 9 * 60, 1);
                    let day = self
                        .planned
                        .get(first)
                        .map(|planned| planned.at.0.with_timezone(&self.zone).date_naive());
                    if let Some(day) = day {
                        let ahead = (day - self.today()).num_days();
                        self.story(person, "afternoon", usize::try_from(ahead).unwrap_or(6), 13 * 60, 1);
                    }
                }
            }
        }
    }

    /// One appointment of a story, on the first day from `ahead` on that has room at or after `earliest`.
    fn story(&mut self, person: &Person, what: &str, ahead: usize, earliest: u16, which: usize) {
        let services = &self.situation.tenant.services;
        let Some(service) = services.get(which % services.len().max(1)) else { return };
        let ahead = u64::try_from(ahead).unwrap_or(0);
        let today = self.today();
        for day in (ahead..ahead + 30).filter_map(|n| today.checked_add_days(Days::new(n))) {
            // By day: a later start of the demo tells the story anew, on another day.
            let key = format!("{}/{what}/{day}", person.key);
            for minute in (earliest..20 * 60).step_by(usize::from(GRID)) {
                for chair in 0..self.chairs.len() {
                    if self.put(&key, chair, service, person, day, minute) {
                        return;
                    }
                }
            }
        }
    }

    /// The nearest time that a caller could book: at least half an hour from now.
    fn soon(&mut self, person: &Person) {
        let Some(service) = self.situation.tenant.services.first() else { return };
        let earliest = self.situation.now + TimeDelta::minutes(30);
        let today = self.today();
        for day in (0..10).filter_map(|n| today.checked_add_days(Days::new(n))) {
            let key = format!("{}/soon/{day}", person.key);
            for minute in (0..1440_u16).step_by(usize::from(GRID)) {
                if self.instant(day, minute).is_none_or(|at| at < earliest) {
                    continue;
                }
                for chair in 0..self.chairs.len() {
                    if self.put(&key, chair, service, person, day, minute) {
                        return;
                    }
                }
            }
        }
    }

    fn ordinary_days(&mut self) {
        let first = self.today().checked_sub_days(Days::new(DAYS)).unwrap_or(NaiveDate::MIN);
        for day in first.iter_days().take(usize::try_from(2 * DAYS + 1).unwrap_or(57)) {
            self.ordinary_day(day);
        }
    }

    fn ordinary_day(&mut self, day: NaiveDate) {
        let tenant = self.situation.tenant;
        let mut dice = Dice::new(self.situation.seed, &["day", &tenant.slug, &day.to_string()]);
        let mut guests: Vec<&Person> =
            self.situation.people.iter().filter(|person| person.passes_by).collect();
        // How full a day is depends on the day alone, so that a later start draws the same.
        let fullness = 30 + dice.below(35);
        for chair in 0..self.chairs.len() {
            for (from, until) in self.hours(chair, day) {
                let mut minute = from;
                while minute < until {
                    let Some(service) = dice.pick(&tenant.services) else { return };
                    let length = u16::try_from(service.total_minutes()).unwrap_or(u16::MAX);
                    if guests.is_empty() || !dice.chance(fullness) || minute.saturating_add(length) > until {
                        minute += GRID * u16::try_from(1 + dice.below(3)).unwrap_or(1);
                        continue;
                    }
                    // Nobody comes twice on an ordinary day.
                    let guest = guests.swap_remove(dice.below(guests.len()));
                    let key = format!(
                        "{}/{}/{}/{day}/{minute}",
                        tenant.slug, self.chairs[chair].branch.slug, self.chairs[chair].staff
                    );
                    self.put(&key, chair, service, guest, day, minute);
                    minute = minute.saturating_add(length).next_multiple_of(GRID);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
