//! The algebra of free time.
//!
//! Free time of a person is working hours without absences, appointments and other calls' holds. A stay may begin
//! where every stretch of the person's work that it needs fits into free time, the whole stay fits into one opening
//! stretch, one facility of every group that the stay needs is free, and the minute lies on the grid, after the notice
//! and within the horizon.
//!
//! Everything is sorted stretches of whole minutes: a person's free time is built once in one pass, and each question
//! is an intersection of sorted lists followed by counting along the grid. The cost grows with the number of stretches
//! plus the number of answers, not with their product, and nothing is allocated per slot.
//!
//! [`Availability::free_starts`] and [`Availability::why_not`] answer the same question from two sides; that they
//! never disagree is a property test.

mod facilities;
mod timeline;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::{AppointmentId, CallId, CustomerId, PhoneNumber, StaffId};

use facilities::FacilityTimes;
pub(crate) use facilities::facilities_of_person;
use timeline::{Timeline, blocks, fitting_starts, intersect, meet};

use super::catalogue::{Catalogue, MAX_BUFFER_MINUTES, OpeningDay, Staff};
use super::dates::{DateRange, add_days};
use super::facility::FacilityId;
use super::load::{BusyKind, DayLoad, DayQuery, OwnAppointment};
use super::reason::Unavailable;
use super::slot::Slot;
use super::sought::Sought;
use super::span::{Minute, Span, normalise, subtract, touched_minutes};
use super::zone::{DayFrame, local_date};
use crate::calendar::{Certainty, Outside, Verdict};

/// From which point of view time is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Product time.
    pub now: DateTime<Utc>,
    /// The call that asks; its own holds do not block it.
    pub call: Option<CallId>,
    /// The appointment that is to be moved; its own time does not block it.
    pub exclude: Option<AppointmentId>,
}

/// Free time of some people on some dates, from one point of view. Built from one load, then only read.
#[derive(Debug)]
pub struct Availability<'c> {
    catalogue: &'c Catalogue,
    days: DateRange,
    frames: Vec<DayFrame>,
    today: NaiveDate,
    now: DateTime<Utc>,
    /// By id, so that a person is found by bisection.
    timelines: Vec<Timeline>,
    own: Vec<OwnAppointment>,
    facilities: FacilityTimes,
    horizon_days: u32,
    outside: Outside,
}

impl<'c> Availability<'c> {
    /// The question that must be asked of the store for these dates, people and facilities.
    #[must_use]
    pub fn query(
        catalogue: &Catalogue,
        days: DateRange,
        (staff, facilities): (Vec<StaffId>, Vec<FacilityId>),
        view: View,
        caller: (Option<PhoneNumber>, Vec<CustomerId>),
    ) -> DayQuery {
        let Span { start: from, end: until } = Self::stretch(catalogue, days);
        DayQuery {
            branch: catalogue.branch(),
            staff,
            facilities,
            from,
            until,
            exclude: view.exclude,
            for_call: view.call,
            for_number: caller.0,
            customers: caller.1,
            further: None,
        }
    }

    /// Where what occupies these dates may lie: buffers reach beyond them.
    pub(crate) fn stretch(catalogue: &Catalogue, days: DateRange) -> Span {
        let margin = TimeDelta::minutes(i64::from(MAX_BUFFER_MINUTES));
        let Span { start, end } = Self::window(catalogue, days);
        Span::new(
            start.checked_sub_signed(margin).unwrap_or(start),
            end.checked_add_signed(margin).unwrap_or(end),
        )
    }

    /// From the first instant of the first date to the end of the last one.
    #[must_use]
    pub fn window(catalogue: &Catalogue, days: DateRange) -> Span {
        let tz = catalogue.timezone();
        let from = Minute(DayFrame::of(tz, days.first()).start).instant();
        Span::new(from, Minute(DayFrame::of(tz, days.last()).end).instant())
    }

    /// Puts a load in order. `staff` and `days` are those of the question.
    #[must_use]
    pub fn new(
        catalogue: &'c Catalogue,
        days: DateRange,
        staff: &[StaffId],
        load: &DayLoad,
        view: View,
    ) -> Self {
        let tz = catalogue.timezone();
        let frames = DayFrame::of_dates(tz, days);
        let mut people: Vec<&Staff> = staff.iter().filter_map(|id| catalogue.person(*id)).collect();
        people.sort_unstable_by_key(|person| person.id);
        people.dedup_by_key(|person| person.id);
        let mut timelines: Vec<Timeline> = people.iter().map(|person| Timeline::of(person.id)).collect();
        // Stores give a person's time in one piece, so the last one found is usually the next one wanted.
        let mut last = 0;
        for span in &load.busy {
            if timelines.get(last).is_none_or(|timeline| timeline.staff != span.staff) {
                match timelines.binary_search_by_key(&span.staff, |timeline| timeline.staff) {
                    Ok(found) => last = found,
                    Err(_) => continue,
                }
            }
            if blocks(span.kind, span.expires_at, view) {
                timelines[last].busy.push(*span);
            }
        }
        // Buffers may reach into the neighbouring dates, so their working hours belong to the picture.
        let before = days.first().pred_opt().map(|date| DayFrame::of(tz, date));
        let after = days.last().succ_opt().map(|date| DayFrame::of(tz, date));
        let wide: Vec<DayFrame> = before.into_iter().chain(frames.iter().copied()).chain(after).collect();
        let mut taken = Vec::new();
        for (person, timeline) in people.iter().zip(&mut timelines) {
            for frame in &wide {
                for hours in person.hours.on_date(frame.date) {
                    timeline.working.push((frame.minute(tz, hours.from), frame.minute(tz, hours.until)));
                }
            }
            normalise(&mut timeline.working);
            taken.clear();
            taken.extend(timeline.busy.iter().map(|span| touched_minutes(span.span())));
            taken.extend(person.absences.iter().map(|absence| touched_minutes(*absence)));
            normalise(&mut taken);
            subtract(&timeline.working, &taken, &mut timeline.free);
        }
        let own = load.own.iter().filter(|own| view.exclude != Some(own.id)).copied().collect();
        let (today, outside) = (local_date(tz, view.now), Outside::none());
        let facilities = FacilityTimes::new(&load.facilities, view);
        let horizon_days = catalogue.policy().horizon_days;
        Self {
            catalogue,
            days,
            frames,
            today,
            now: view.now,
            timelines,
            own,
            facilities,
            horizon_days,
            outside,
        }
    }

    /// The same with what outside calendars say.
    #[must_use]
    pub fn with_outside(self, outside: Outside) -> Self {
        Self { outside, ..self }
    }

    /// The same with another horizon than the branch's, in days.
    #[must_use]
    pub fn within(self, horizon_days: u32) -> Self {
        Self { horizon_days, ..self }
    }

    /// How far it can be relied on what is said of a slot.
    #[must_use]
    pub fn certainty_of(&self, slot: &Slot) -> Certainty {
        Certainty::of(&self.outside, slot.staff, slot.stay())
    }

    fn timeline(&self, staff: StaffId) -> Option<&Timeline> {
        let found = self.timelines.binary_search_by_key(&staff, |timeline| timeline.staff);
        found.ok().map(|index| &self.timelines[index])
    }

    /// Whose catalogue it is about.
    #[must_use]
    pub const fn catalogue(&self) -> &'c Catalogue {
        self.catalogue
    }

    /// The dates it knows.
    #[must_use]
    pub const fn days(&self) -> DateRange {
        self.days
    }

    /// The current date on the branch's calendar.
    #[must_use]
    pub const fn today(&self) -> NaiveDate {
        self.today
    }

    /// The last bookable date.
    #[must_use]
    pub fn latest_day(&self) -> NaiveDate {
        add_days(self.today, u64::from(self.horizon_days))
    }

    /// The first minute that is not too soon. The boundary is included: exactly now plus notice is allowed.
    #[must_use]
    pub fn earliest(&self, sought: &Sought) -> Minute {
        let notice = TimeDelta::minutes(i64::from(sought.notice));
        Minute::ceil(self.now.checked_add_signed(notice).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// Appends every minute at which a stay with this person may begin, in order.
    pub fn free_starts(&self, sought: &Sought, staff: StaffId, out: &mut Vec<Minute>) {
        self.free_starts_on(sought, staff, self.days, out);
    }

    /// Like [`Availability::free_starts`], for some of the dates.
    pub fn free_starts_on(&self, sought: &Sought, staff: StaffId, days: DateRange, out: &mut Vec<Minute>) {
        let Some(timeline) = self.timeline(staff) else {
            return;
        };
        if !self.catalogue.person(staff).is_some_and(|person| sought.suits(person)) {
            return;
        }
        let begun = out.len();
        match (sought.footprint().blocks(), self.facility_starts(sought)) {
            ([], _) => {}
            // Nearly every service needs the person once; then free time itself is the list to walk.
            ([(from, until)], None) => self.walk(
                sought,
                days,
                timeline.free.iter().map(|(start, end)| (start - from, end - until)),
                out,
            ),
            (blocks, facilities) => {
                let mut starts = fitting_starts(&timeline.free, blocks);
                if let Some(facilities) = facilities {
                    starts = intersect(&starts, facilities.into_iter());
                }
                self.walk(sought, days, starts.into_iter(), out);
            }
        }
        if self.outside.of(staff).is_some() {
            let mut kept = begun;
            for index in begun..out.len() {
                let start = out[index];
                if self.outside.verdict(staff, start, sought.footprint().end(start)) == Verdict::Free {
                    out[kept] = start;
                    kept += 1;
                }
            }
            out.truncate(kept);
        }
    }

    /// Goes along opening stretches and stretches of possible starts (both ends included) and counts along the grid.
    fn walk(
        &self,
        sought: &Sought,
        days: DateRange,
        starts: impl Iterator<Item = (i64, i64)>,
        out: &mut Vec<Minute>,
    ) {
        let tz = self.catalogue.timezone();
        let grid = i64::from(self.catalogue.policy().grid_minutes);
        let earliest = self.earliest(sought).0;
        let latest = self.latest_day();
        let duration = sought.footprint().duration_minutes();
        let mut starts = starts.filter(|(low, high)| low <= high).peekable();
        for frame in &self.frames {
            if frame.date > latest || frame.end <= earliest || !days.contains(frame.date) {
                continue;
            }
            let OpeningDay::Open(hours) = self.catalogue.opening_on(frame.date) else {
                continue;
            };
            for stretch in hours {
                let opens = frame.minute(tz, stretch.from);
                let last = frame.minute(tz, stretch.until) - duration;
                let first = opens.max(earliest);
                while let Some((low, high)) = starts.peek().copied() {
                    if low > last {
                        break;
                    }
                    let from = low.max(first);
                    let mut at = opens + (from - opens + grid - 1).div_euclid(grid) * grid;
                    let until = high.min(last);
                    out.reserve(usize::try_from((until - at) / grid + 1).unwrap_or(0));
                    while at <= until {
                        out.push(Minute(at));
                        at += grid;
                    }
                    if high > last {
                        break;
                    }
                    starts.next();
                }
            }
        }
    }

    /// Why a stay with this person cannot begin at this instant; `None`: it can.
    #[must_use]
    pub fn why_not(&self, sought: &Sought, staff: StaffId, start: DateTime<Utc>) -> Option<Unavailable> {
        let person = self.catalogue.person(staff).filter(|person| sought.suits(person));
        let Some(person) = person else {
            return Some(Unavailable::StaffCannot);
        };
        if let Some(reason) = self.why_not_for_branch(sought, start) {
            return Some(reason);
        }
        let Some(timeline) = self.timeline(staff) else {
            return Some(Unavailable::NotLoaded);
        };
        let minute = Minute::floor(start).0;
        let blocks =
            || sought.footprint().blocks().iter().map(|(from, until)| (minute + from, minute + until));
        for block in blocks() {
            if let Some(reason) = self.not_at_work(person, timeline, block) {
                return Some(reason);
            }
        }
        if let Some(busy) = blocks().find_map(|block| timeline.first_overlap(block)) {
            return Some(Unavailable::Busy(busy));
        }
        let start = Minute(minute);
        if let Some(reason) = self.no_facility(sought, start) {
            return Some(reason);
        }
        match self.outside.verdict(staff, start, sought.footprint().end(start)) {
            Verdict::Free => None,
            Verdict::Taken => Some(Unavailable::BusyElsewhere),
            Verdict::NotVerified => Some(Unavailable::NotVerified),
        }
    }

    /// What keeps a stay from beginning at this instant whoever performs it: notice, horizon, opening, grid.
    #[must_use]
    pub fn why_not_for_branch(&self, sought: &Sought, start: DateTime<Utc>) -> Option<Unavailable> {
        let tz = self.catalogue.timezone();
        let (date, latest) = (local_date(tz, start), self.latest_day());
        let minute = Minute::floor(start);
        let earliest = self.earliest(sought);
        if minute < earliest {
            // However early somebody asks, nobody is there on a closed day.
            let closed = self.closed_on(date).filter(|_| start >= self.now);
            return closed.or(Some(Unavailable::TooSoon { earliest: earliest.instant() }));
        }
        if date > latest {
            return Some(Unavailable::TooFar { latest });
        }
        let Some(frame) = self.frames.iter().find(|frame| frame.date == date) else {
            return Some(Unavailable::NotLoaded);
        };
        let OpeningDay::Open(hours) = self.catalogue.opening_on(date) else {
            return self.closed_on(date);
        };
        let stay = (minute.0, sought.footprint().end(minute).0);
        let mut opened = None;
        let mut closed_before = false;
        let mut opens_after = false;
        for stretch in hours {
            let (opens, closes) = (frame.minute(tz, stretch.from), frame.minute(tz, stretch.until));
            if opens <= stay.0 && stay.1 <= closes {
                opened = Some(opens);
            }
            closed_before |= opens <= stay.0;
            opens_after |= stay.1 <= closes;
        }
        let Some(opens) = opened else {
            return Some(if closed_before && opens_after {
                Unavailable::Break
            } else {
                Unavailable::OutsideHours
            });
        };
        let on_grid =
            sought.follows || (minute.0 - opens) % i64::from(self.catalogue.policy().grid_minutes) == 0;
        (!on_grid || Minute::exact(start).is_none()).then_some(Unavailable::OffGrid)
    }

    /// Why nobody is there on this date; `None`: the branch is open then.
    #[must_use]
    pub fn closed_on(&self, date: NaiveDate) -> Option<Unavailable> {
        let reason = match self.catalogue.opening_on(date) {
            OpeningDay::Open(_) => return None,
            OpeningDay::Closed(day) => Some(day.reason.clone()),
            OpeningDay::Rest => None,
        };
        Some(Unavailable::Closed { reason })
    }

    fn not_at_work(&self, person: &Staff, timeline: &Timeline, block: (i64, i64)) -> Option<Unavailable> {
        let away = person.absences.iter().any(|absence| meet(touched_minutes(*absence), block));
        if away {
            return Some(Unavailable::StaffAbsent);
        }
        let at_work = timeline.working.iter().any(|(start, end)| *start <= block.0 && block.1 <= *end);
        if at_work {
            return None;
        }
        let tz = self.catalogue.timezone();
        let date = local_date(tz, Minute(block.0.midpoint(block.1)).instant());
        let frame = DayFrame::of(tz, date);
        let of_day = || timeline.working.iter().filter(|work| meet(**work, (frame.start, frame.end)));
        let began = of_day().any(|(start, _)| *start <= block.0);
        let goes_on = of_day().any(|(_, end)| block.1 <= *end);
        Some(if began && goes_on { Unavailable::Break } else { Unavailable::StaffOff })
    }

    /// Booked minutes of a person on a date: what the choice of the least busy person compares. Holds do not count,
    /// since most of them pass.
    #[must_use]
    pub fn load_of(&self, staff: StaffId, date: NaiveDate) -> i64 {
        let Some(frame) = self.frames.iter().find(|frame| frame.date == date) else {
            return 0;
        };
        let Some(timeline) = self.timeline(staff) else {
            return 0;
        };
        timeline
            .busy
            .iter()
            .filter(|span| matches!(span.kind, BusyKind::Appointment(_)))
            .map(|span| {
                let (start, end) = touched_minutes(span.span());
                (end.min(frame.end) - start.max(frame.start)).max(0)
            })
            .sum()
    }

    /// An appointment of the person on the line that overlaps the stay.
    #[must_use]
    pub fn own_at(&self, stay: Span) -> Option<&OwnAppointment> {
        self.own.iter().find(|own| own.stay().overlaps(&stay))
    }

    /// All appointments of the person on the line within the load.
    #[must_use]
    pub fn own(&self) -> &[OwnAppointment] {
        &self.own
    }

    /// Date and wall-clock minute of a start; `None` outside the known dates.
    #[must_use]
    pub fn wall(&self, start: Minute) -> Option<(NaiveDate, u16)> {
        let index = self.frames.partition_point(|frame| frame.end <= start.0);
        let frame = self.frames.get(index).filter(|frame| frame.start <= start.0)?;
        Some((frame.date, frame.wall(self.catalogue.timezone(), start.0)))
    }
}

#[cfg(test)]
mod tests;
