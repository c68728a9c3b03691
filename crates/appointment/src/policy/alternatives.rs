//! What is offered instead of a time that cannot be had, and what is offered for a vague wish.
//!
//! Only real free slots are candidates; ranking decides their order and nothing else. A wish for a minute looks around
//! it on the day, at the same time on the next open day and a week later, and at the next open day with anything free.
//! A wish for a part of the day stays in it: on the day, then on other days. What is left fills up.
//!
//! `score = 10000 - distance in minutes + bonus`; a day counts 1440 minutes, so that "same time tomorrow" is nearer
//! than "earlier tomorrow". People who ask for an afternoon rather come later, others rather earlier.

use std::cmp::Reverse;

use chrono::NaiveDate;
use kernel::StaffId;

use crate::calendar::Certainty;
use crate::model::{Availability, DateRange, Minute, OpeningDay, Slot, Sought, add_days};

/// Minutes before and after the asked time that count as "about then" on the same day.
const NEAR_SAME_DAY: u16 = 120;
/// Minutes before and after the asked time that count as "same time" on another day.
const NEAR_OTHER_DAY: u16 = 30;
/// Days after the asked one that are searched first.
const NEAR_DAYS: u64 = 7;
/// Days after the asked one that are searched if the near ones have nothing.
const FAR_DAYS: u64 = 14;
/// Minute after midnight from which on a wish is one for the afternoon.
const NOON: u16 = 720;
/// Entries that ranking hands on as a rule: enough to pass over what others were just offered.
pub const RANKED: usize = 48;
/// The same where so many ask at once that all of those were just offered.
pub const RANKED_IN_A_CROWD: usize = 960;

/// A wish for a time of day, in minutes after midnight on the branch's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeWish {
    /// No wish.
    Any,
    /// This minute.
    At(u16),
    /// Half an hour around this minute.
    Around(u16),
    /// This minute or later.
    From(u16),
    /// Beginning at this minute at the latest.
    Until(u16),
    /// A part of the day; both ends count.
    Window {
        /// First minute.
        from: u16,
        /// Last minute at which the stay may begin.
        until: u16,
        /// The minute that is preferred within it.
        anchor: u16,
    },
}

impl TimeWish {
    /// The minutes in which a stay may begin, both ends included; `None` for a wish for one minute.
    #[must_use]
    pub const fn window(self) -> Option<(u16, u16)> {
        match self {
            Self::Any => Some((0, u16::MAX)),
            Self::At(_) => None,
            Self::Around(minute) => Some((minute.saturating_sub(30), minute.saturating_add(30))),
            Self::From(minute) => Some((minute, u16::MAX)),
            Self::Until(minute) => Some((0, minute)),
            Self::Window { from, until, .. } => Some((from, until)),
        }
    }

    const fn anchor(self) -> u16 {
        match self {
            Self::Any => 0,
            Self::At(minute) | Self::Around(minute) | Self::From(minute) | Self::Until(minute) => minute,
            Self::Window { anchor, .. } => anchor,
        }
    }
}

/// A wish: a date and a time of day on the branch's calendar and clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The date.
    pub day: NaiveDate,
    /// The time of day.
    pub time: TimeWish,
}

impl Wish {
    /// The dates whose load is needed to rank for this wish: the asked day and a week, within what can be booked.
    #[must_use]
    pub fn near_days(&self, today: NaiveDate, latest: NaiveDate) -> DateRange {
        let first = self.day.max(today);
        if first > latest {
            // Beyond the horizon the last bookable week is the nearest there is.
            let week = chrono::Days::new(NEAR_DAYS);
            let first = latest.checked_sub_days(week).unwrap_or(latest).max(today);
            return DateRange::new(first, latest);
        }
        DateRange::new(first, add_days(first, NEAR_DAYS).min(latest))
    }

    /// The week after [`Wish::near_days`], for when those have nothing; `None` beyond the horizon.
    #[must_use]
    pub fn far_days(&self, today: NaiveDate, latest: NaiveDate) -> Option<DateRange> {
        let first = self.day.max(today);
        let (from, until) = (add_days(first, NEAR_DAYS + 1), add_days(first, FAR_DAYS));
        (from <= latest).then(|| DateRange::new(from, until.min(latest)))
    }
}

/// How an offered slot relates to the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferKind {
    /// Same day, before the asked time.
    SameDayEarlier,
    /// Same day, after the asked time.
    SameDayLater,
    /// The next open day, about the same time.
    NextWorkday,
    /// A week later, about the same time.
    NextWeek,
    /// On a later day that has something free.
    NextAvailable,
    /// Same day, in the wished part of the day.
    SameDayInWindow,
    /// Another day, in the wished part of the day.
    SameWindowOtherDay,
}

impl OfferKind {
    /// The word that interfaces use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameDayEarlier => "same_day_earlier",
            Self::SameDayLater => "same_day_later",
            Self::NextWorkday => "next_workday",
            Self::NextWeek => "next_week",
            Self::NextAvailable => "next_available",
            Self::SameDayInWindow => "same_day_in_window",
            Self::SameWindowOtherDay => "same_window_other_day",
        }
    }

    /// What the kind adds to the score. In the afternoon later is liked better, in the morning earlier.
    const fn bonus(self, afternoon: bool) -> i64 {
        match (self, afternoon) {
            (Self::SameDayInWindow, _) => 600,
            (Self::SameDayLater, true) | (Self::SameDayEarlier, false) => 500,
            (Self::SameWindowOtherDay, _) => 400,
            (Self::SameDayLater, false) | (Self::SameDayEarlier, true) => 300,
            (Self::NextWorkday, _) => 250,
            (Self::NextWeek, _) => 150,
            (Self::NextAvailable, _) => 100,
        }
    }
}

/// A free slot with its rank for a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankedSlot {
    /// The slot; free when it was ranked.
    pub slot: Slot,
    /// How it relates to the wish.
    pub kind: OfferKind,
    /// Larger is better.
    pub score: i64,
    /// True if it lies in the wished part of the day; always true for a wish for one minute.
    pub matches_preference: bool,
    /// How far it can be relied on: where the outside calendar of its person does not answer, it is free as far as is known.
    pub certainty: Certainty,
}

/// What may not be offered, whoever is free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Never {
    /// The minute that was asked for and refused.
    pub minute: Option<Minute>,
}

struct Candidate {
    start: Minute,
    day: NaiveDate,
    wall: u16,
    staff: StaffId,
    load: i64,
    /// The person's place in the order of listing.
    place: usize,
}

/// A candidate with what decides about its place; a smaller key is better.
struct Ranked<'a> {
    key: (bool, bool, Reverse<i64>, bool, Minute, i64, usize),
    candidate: &'a Candidate,
    kind: OfferKind,
    score: i64,
    matches_preference: bool,
}

/// The best free slots of these people on the known dates, best first, at most `most`.
///
/// A minute at which several people are free occurs once per person, the least busy first; [`select`] takes one.
/// Slots that overlap an appointment of the person on the line are left out.
#[must_use]
pub fn rank(
    availability: &Availability<'_>,
    sought: &Sought,
    staff: &[StaffId],
    (wish, never): (Wish, Never),
    most: usize,
) -> Vec<RankedSlot> {
    let candidates = gather(availability, sought, staff, never);
    let plan = Plan::of(availability, wish, &candidates);
    let mut ranked: Vec<Ranked<'_>> = candidates.iter().map(|candidate| plan.ranked(candidate)).collect();
    // A week of several people has a thousand candidates; only the best are worth an order and a slot.
    if ranked.len() > most {
        ranked.select_nth_unstable_by_key(most, |entry| entry.key);
        ranked.truncate(most);
    }
    ranked.sort_unstable_by_key(|entry| entry.key);
    ranked
        .into_iter()
        .map(|Ranked { candidate, kind, score, matches_preference, .. }| {
            let slot = sought.slot(candidate.staff, candidate.start);
            let certainty = availability.certainty_of(&slot);
            RankedSlot { slot, kind, score, matches_preference, certainty }
        })
        .collect()
}

/// The first free slots from a minute on in order of time, one per minute, the least busy person first.
#[must_use]
pub fn in_order(
    availability: &Availability<'_>,
    sought: &Sought,
    staff: &[StaffId],
    from: Minute,
) -> Vec<RankedSlot> {
    let mut candidates = gather(availability, sought, staff, Never::default());
    candidates.retain(|candidate| candidate.start >= from);
    candidates.sort_unstable_by_key(|candidate| (candidate.start, candidate.load, candidate.place));
    candidates.dedup_by_key(|candidate| candidate.start);
    candidates
        .into_iter()
        .map(|candidate| {
            let slot = sought.slot(candidate.staff, candidate.start);
            let certainty = availability.certainty_of(&slot);
            let score = 10_000 - (candidate.start.0 - from.0);
            RankedSlot { slot, kind: OfferKind::NextAvailable, score, matches_preference: true, certainty }
        })
        .collect()
}

/// The best `max` entries with different minutes: those within the wish before those outside. In both, what was just
/// offered to others comes last, and only if there is nothing else. `wished` and `offered` belong to `ranked` by position.
#[must_use]
pub fn select(ranked: &[RankedSlot], (wished, offered): (&[bool], &[bool]), max: usize) -> Vec<RankedSlot> {
    let is = |flags: &[bool], index: usize| flags.get(index).copied().unwrap_or(false);
    let mut chosen: Vec<RankedSlot> = Vec::with_capacity(max);
    for choice in [(true, false), (true, true), (false, false), (false, true)] {
        for (index, entry) in ranked.iter().enumerate() {
            if chosen.len() == max {
                return chosen;
            }
            let taken = chosen.iter().any(|other| other.slot.start == entry.slot.start);
            if !taken && (is(wished, index), is(offered, index)) == choice {
                chosen.push(*entry);
            }
        }
    }
    chosen
}

fn gather(
    availability: &Availability<'_>,
    sought: &Sought,
    staff: &[StaffId],
    never: Never,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut starts = Vec::new();
    let has_own = !availability.own().is_empty();
    for person in staff {
        starts.clear();
        let place = availability.catalogue().position(*person);
        availability.free_starts(sought, *person, &mut starts);
        let mut load: Option<(NaiveDate, i64)> = None;
        for start in &starts {
            let Some((day, wall)) = availability.wall(*start) else {
                continue;
            };
            let is_own = || availability.own_at(sought.slot(*person, *start).stay()).is_some();
            if never.minute == Some(*start) || (has_own && is_own()) {
                continue;
            }
            let minutes = match load {
                Some((known, minutes)) if known == day => minutes,
                _ => availability.load_of(*person, day),
            };
            load = Some((day, minutes));
            candidates.push(Candidate { start: *start, day, wall, staff: *person, load: minutes, place });
        }
    }
    candidates
}

/// What a wish makes of the candidates: which minute serves which purpose.
struct Plan {
    wish: Wish,
    afternoon: bool,
    /// The asked time on the asked day, moved to the opening if it lies before.
    anchor: u16,
    /// A few, in no order.
    purposes: Vec<(Minute, OfferKind)>,
    /// Minutes from the asked time to what the next free day has: a time of the asked day that is no farther goes
    /// before it.
    reach: u16,
}

impl Plan {
    fn of(availability: &Availability<'_>, wish: Wish, candidates: &[Candidate]) -> Self {
        let asked = wish.time.anchor();
        let opening = match availability.catalogue().opening_on(wish.day) {
            OpeningDay::Open(hours) => hours.first().map(|stretch| stretch.from),
            OpeningDay::Closed(_) | OpeningDay::Rest => None,
        };
        let mut plan = Self {
            wish,
            afternoon: asked >= NOON,
            anchor: opening.map_or(asked, |opens| asked.max(opens)),
            purposes: Vec::new(),
            reach: 0,
        };
        // Weaker purposes first; a stronger one takes its minute over.
        let next_free_day = candidates
            .iter()
            .filter(|candidate| candidate.day > wish.day)
            .map(|candidate| candidate.day)
            .min();
        plan.assign(candidates, next_free_day, u16::MAX, (0, u16::MAX), OfferKind::NextAvailable);
        match wish.time.window() {
            None => {
                let week = Some(add_days(wish.day, 7));
                plan.assign(candidates, week, NEAR_OTHER_DAY, (0, u16::MAX), OfferKind::NextWeek);
                // A wish for a closed day has no next workday: that would drift unnoticed.
                let next_open = opening.and_then(|_| next_open_day(availability, wish.day));
                plan.assign(candidates, next_open, NEAR_OTHER_DAY, (0, u16::MAX), OfferKind::NextWorkday);
            }
            Some(window) => {
                let mut days: Vec<_> = candidates.iter().map(|candidate| candidate.day).collect();
                days.sort_unstable();
                days.dedup();
                for day in days.into_iter().filter(|day| *day != wish.day) {
                    plan.assign(candidates, Some(day), u16::MAX, window, OfferKind::SameWindowOtherDay);
                }
            }
        }
        plan
    }

    /// Gives a purpose to the minute of a day that is nearest to the asked time.
    fn assign(
        &mut self,
        candidates: &[Candidate],
        day: Option<NaiveDate>,
        near: u16,
        window: (u16, u16),
        kind: OfferKind,
    ) {
        let asked = self.wish.time.anchor();
        let nearest = candidates
            .iter()
            .filter(|candidate| {
                Some(candidate.day) == day
                    && candidate.day != self.wish.day
                    && candidate.wall.abs_diff(asked) <= near
                    && (window.0..=window.1).contains(&candidate.wall)
            })
            .min_by_key(|candidate| {
                (candidate.wall.abs_diff(asked), !self.likes(candidate.wall), candidate.start)
            });
        if let Some(candidate) = nearest {
            if kind == OfferKind::NextAvailable {
                self.reach = candidate.wall.abs_diff(asked);
            }
            self.purposes.retain(|(minute, _)| *minute != candidate.start);
            self.purposes.push((candidate.start, kind));
        }
    }

    fn ranked<'a>(&self, candidate: &'a Candidate) -> Ranked<'a> {
        let (kind, sought_for) = self.kind_of(candidate);
        let bonus = if sought_for { kind.bonus(self.afternoon) } else { 0 };
        let score = 10_000 - self.distance(candidate) + bonus;
        let matches_preference = self.matches(candidate.wall);
        let key = (
            !matches_preference,
            !sought_for,
            Reverse(score),
            !self.likes(candidate.wall),
            candidate.start,
            candidate.load,
            candidate.place,
        );
        Ranked { key, candidate, kind, score, matches_preference }
    }

    /// The kind of a candidate, and whether it was looked for or only fills up.
    fn kind_of(&self, candidate: &Candidate) -> (OfferKind, bool) {
        if let Some((_, kind)) = self.purposes.iter().find(|(minute, _)| *minute == candidate.start) {
            return (*kind, true);
        }
        if candidate.day != self.wish.day {
            return (OfferKind::NextAvailable, false);
        }
        if self.wish.time.window().is_some() && self.matches(candidate.wall) {
            return (OfferKind::SameDayInWindow, true);
        }
        let near = candidate.wall.abs_diff(self.anchor) <= NEAR_SAME_DAY
            || candidate.wall.abs_diff(self.wish.time.anchor()) <= self.reach;
        if candidate.wall < self.wish.time.anchor() {
            (OfferKind::SameDayEarlier, near)
        } else {
            (OfferKind::SameDayLater, near)
        }
    }

    /// Of two times equally near, afternoon people like the later one, others the earlier one.
    fn likes(&self, wall: u16) -> bool {
        (wall >= self.wish.time.anchor()) == self.afternoon
    }

    fn matches(&self, wall: u16) -> bool {
        self.wish.time.window().is_none_or(|(from, until)| (from..=until).contains(&wall))
    }

    fn distance(&self, candidate: &Candidate) -> i64 {
        let days = (candidate.day - self.wish.day).num_days().abs();
        let minutes = candidate.wall.abs_diff(self.wish.time.anchor());
        days * 1440 + i64::from(minutes)
    }
}

fn next_open_day(availability: &Availability<'_>, day: NaiveDate) -> Option<NaiveDate> {
    (1..=NEAR_DAYS)
        .map(|ahead| add_days(day, ahead))
        .find(|date| matches!(availability.catalogue().opening_on(*date), OpeningDay::Open(_)))
}

#[cfg(test)]
mod tests;
