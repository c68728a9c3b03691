//! What outside calendars offer, kept in memory.
//!
//! The provider is asked for whole weeks of one event type, each with the one after it, so that a conversation costs one
//! request. However many ask at once, one request is under way for a week; it goes on when nobody waits any more, and
//! whoever asks next finds its answer; see [`flight`]. An answer is fresh for a minute, an empty one for less, and none
//! once something has changed there: a change raises the version of what it concerns, and what was fetched under an older
//! one is not fresh. What is not fresh is kept a while for callers whose question the provider does not answer in time.
//! Where processes have a memory in common ([`MirroredTimes::together`]), a week that one of them has fetched is fresh for
//! all.
//!
//! What was asked for lately is asked for again before it goes stale, the near weeks more often than the far ones, within
//! a budget that leaves the provider's limit to callers; see [`refresh`].
//!
//! One caller waits in vain, the next ones do not: an account that was silent is asked again, but hardly waited for,
//! until it answers in time. So a tool that asks and then writes has the time for both.

mod flight;
mod refresh;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use appointment::calendar::{
    CalendarBook, CalendarGateway, CalendarLink, ConnectionId, Lane, Moving, Offered, OfferedWeeks,
    OutsideTimes, RemoteEventType, RemoteUid,
};
use appointment::model::{Minute, ServiceLink, Span};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{FutureExt, join_all};
use kernel::{Actor, AppointmentId, Clock, StaffId, TenantId, TenantScope};
use moka::sync::Cache;
use tokio_util::task::TaskTracker;

use flight::Flights;
pub use refresh::{Refreshed, Warm};

use super::together::{Together, Version};

/// From the epoch, a Thursday, to the Sunday noon on which weeks begin: no working day of any zone in Europe lies in two
/// of them, so that a question about a day is one request.
const FIRST_WEEK: i64 = (3 * 24 + 12) * 60;
/// Length of what is kept as one.
const WEEK_MINUTES: i64 = 7 * 24 * 60;

/// How long what is kept may be used, and how long a caller waits. Read from the configuration.
#[derive(Debug, Clone, Copy)]
pub struct MirrorPolicy {
    /// An answer is fresh for so long.
    pub fresh: Duration,
    /// An answer without any free time is fresh for so long: a cancellation matters most where nothing is free.
    pub fresh_empty: Duration,
    /// What is older than this is not even good for a wish.
    pub stale: Duration,
    /// A caller waits so long for an answer.
    pub patience: Duration,
    /// A request may take so long in all.
    pub request: Duration,
    /// Weeks of event types that are kept at most.
    pub entries: u64,
    /// Requests for one account that one round of the refresh sends at most.
    pub refresh_requests: usize,
    /// Days ahead that are kept warm for everything that is linked.
    pub warm_days: u32,
}

/// How often one caller has the same asked. An answer is old when it comes if something has happened there meanwhile, most
/// often the news of the booking before this one.
const MOST_QUESTIONS: usize = 2;

/// Minutes after what is asked about in which others are looked for if it is taken: a week, up to the end of its last day.
const LOOKED_AHEAD: i64 = 7 * 24 * 60;

/// How long a caller waits for an account that was silent the last time.
const LITTLE_PATIENCE: Duration = Duration::from_millis(50);

/// One week of one event type; perhaps as if a booking was not there, because it is to be moved.
type Key = (TenantId, CalendarLink, i64, Option<RemoteUid>);

#[derive(Debug, Clone)]
struct Week {
    starts: Arc<[Minute]>,
    fetched_at: DateTime<Utc>,
    version: Version,
}

/// How long the silence of one account shortens the waits for all of a tenant's: as long as a breaker keeps from asking.
const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// What is kept for callers is for callers: a preview of many dates asks for more than a call does.
const fn lane_of(scope: &TenantScope) -> Lane {
    if matches!(scope.actor(), Actor::VoiceAgent(_)) { Lane::Question } else { Lane::Background }
}

/// When an account did not answer in time, in real time.
type Silences = HashMap<(TenantId, ConnectionId), DateTime<Utc>>;

/// What outside calendars offer, from memory or asked for once.
#[derive(Clone)]
pub struct MirroredTimes {
    gateway: Arc<dyn CalendarGateway>,
    book: Arc<dyn CalendarBook>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    policy: MirrorPolicy,
    weeks: Cache<Key, Week>,
    flights: Arc<Mutex<Flights>>,
    /// What callers asked about lately.
    asked: Cache<Key, ()>,
    together: Together,
    /// Accounts that did not answer in time when they were asked last.
    silent: Arc<Mutex<Silences>>,
    /// When callers were given nothing about a week, in real time.
    in_vain: Cache<Key, DateTime<Utc>>,
}

impl MirroredTimes {
    /// Nothing is known yet. Requests are spawned on `tasks`.
    #[must_use]
    pub fn new(
        gateway: Arc<dyn CalendarGateway>,
        book: Arc<dyn CalendarBook>,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
        policy: MirrorPolicy,
    ) -> Self {
        let kept = policy.stale.max(policy.fresh);
        let weeks = Cache::builder().max_capacity(policy.entries).time_to_live(kept).build();
        let asked = Cache::builder().max_capacity(policy.entries).time_to_live(kept).build();
        Self {
            gateway,
            book,
            clock,
            tasks,
            policy,
            weeks,
            asked,
            flights: Arc::default(),
            together: Together::default(),
            silent: Arc::default(),
            in_vain: Cache::builder().max_capacity(policy.entries).time_to_live(kept).build(),
        }
    }

    /// The same, with a memory in common with other processes.
    #[must_use]
    pub fn together(self, weeks: Arc<dyn OfferedWeeks>) -> Self {
        Self { together: Together::over(weeks), ..self }
    }

    /// Whether an account of the tenant did not answer in time when it was asked last, within the last minute: one that
    /// is not asked any more says nothing about the others.
    #[must_use]
    pub fn is_silent(&self, tenant: TenantId) -> bool {
        let now = self.clock.real_now();
        lock(&self.silent)
            .iter()
            .any(|((owner, _), at)| *owner == tenant && now.signed_duration_since(*at) <= SILENCE)
    }

    fn note_silence(&self, key: &Key, is_silent: bool) {
        let account = (key.0, key.1.connection);
        let mut silent = lock(&self.silent);
        if is_silent {
            silent.insert(account, self.clock.real_now());
        } else {
            silent.remove(&account);
        }
    }

    fn is_fresh(&self, key: &Key, week: &Week) -> bool {
        let limit = if week.starts.is_empty() { self.policy.fresh_empty } else { self.policy.fresh };
        let age = self.clock.real_now().signed_duration_since(week.fetched_at);
        week.version == self.together.version(key.0, &key.1)
            && age <= TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX)
    }

    /// All event types of the people of one: a booking of it takes their time from each. None if that cannot be said.
    async fn of_its_people(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_type: &RemoteEventType,
    ) -> Vec<RemoteEventType> {
        let links = match self.book.links(scope, connection).await {
            Ok(links) => links,
            Err(error) => {
                tracing::warn!(%error, connection.id = %connection, "the links of an outside calendar could not be read");
                return Vec::new();
            }
        };
        let its: Vec<_> = links.iter().filter(|(_, link)| link.link.event_type == *event_type).collect();
        // Whoever works in two branches is two people here, and one host there.
        let is_theirs = |link: &ServiceLink| {
            its.iter().any(|(_, other)| {
                other.staff == link.staff || (other.link.host.is_some() && other.link.host == link.link.host)
            })
        };
        let theirs = links.iter().filter(|(_, link)| is_theirs(link));
        let theirs: HashSet<RemoteEventType> = theirs.map(|(_, link)| link.link.event_type.clone()).collect();
        theirs.into_iter().collect()
    }

    /// One person's starts within the window.
    async fn of_person(
        &self,
        scope: &TenantScope,
        (link, without): (&CalendarLink, Option<&RemoteUid>),
        window: Span,
    ) -> Offered {
        let (first, last) = (Minute::floor(window.start).0, Minute::ceil(window.end).0 - 1);
        self.together.hear(scope, link).await;
        let lane = lane_of(scope);
        let weeks = week_of(first)..=week_of(last);
        let key = |week| (scope.tenant(), link.clone(), week, without.cloned());
        let keys: Vec<Key> = weeks.map(key).collect();
        let mut known: BTreeMap<i64, Week> = BTreeMap::new();
        for key in &keys {
            if without.is_none() && lane.is_live() {
                self.asked.insert(key.clone(), ());
            }
            if let Some(week) = self.weeks.get(key) {
                known.insert(key.2, week);
            }
        }
        let until = |key: &Key| usize::try_from(week_of(last + LOOKED_AHEAD) - key.2 + 1).unwrap_or(0);
        let is_known = |known: &BTreeMap<i64, Week>, key: &Key| {
            known.get(&key.2).is_some_and(|week| self.is_fresh(key, week))
        };
        if !keys.iter().all(|key| is_known(&known, key)) {
            let was_silent = lock(&self.silent).contains_key(&(scope.tenant(), link.connection));
            let patience =
                if was_silent { self.policy.patience.min(LITTLE_PATIENCE) } else { self.policy.patience };
            let waits = voice::patience::at_most(patience);
            let answers = tokio::time::timeout(waits, async {
                for _ in 0..MOST_QUESTIONS {
                    let due = keys.iter().filter(|key| !is_known(&known, key));
                    let flights = due.map(|key| {
                        let week = self.flight(scope, key, lane, until(key));
                        week.map(|brought| (key.2, brought.map(|brought| brought.week)))
                    });
                    let answers = join_all(flights.collect::<Vec<_>>()).await;
                    let is_heard = !answers.is_empty() && answers.iter().all(|(_, answer)| answer.is_some());
                    known.extend(answers.into_iter().filter_map(|(week, answer)| Some((week, answer?))));
                    if !is_heard {
                        break;
                    }
                }
            })
            .await;
            // A caller in a hurry learns nothing about the provider.
            if answers.is_err()
                && waits == patience
                && let Some(key) = keys.first()
            {
                self.note_silence(key, true);
            }
        }
        if known.len() < keys.len() {
            return Offered::Unknown;
        }
        let fresh = keys.iter().all(|key| is_known(&known, key));
        // How old an answer is, is counted in real time; when that was is told in product time, as every "now" is.
        let heard = known.values().map(|week| week.fetched_at).min().unwrap_or_default();
        let as_of = self.clock.now() - (self.clock.real_now() - heard);
        let starts: Vec<Minute> = known
            .values()
            .flat_map(|week| week.starts.iter().copied())
            .filter(|start| (first..=last).contains(&start.0))
            .collect();
        if fresh { Offered::Fresh { starts, as_of } } else { Offered::Stale { starts, as_of } }
    }
}

#[async_trait]
impl OutsideTimes for MirroredTimes {
    async fn offered(
        &self,
        scope: &TenantScope,
        links: &[(StaffId, CalendarLink)],
        window: Span,
    ) -> Vec<(StaffId, Offered)> {
        let people = links
            .iter()
            .map(|(staff, link)| async move { (*staff, self.of_person(scope, (link, None), window).await) });
        let asked = Instant::now();
        let offered = join_all(people).await;
        voice::spent(voice::CALENDAR, asked.elapsed());
        offered
    }

    async fn offered_without(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        links: &[(StaffId, CalendarLink)],
        window: Span,
        length: TimeDelta,
    ) -> Option<Moving> {
        let record = match self.book.copy(scope, appointment).await {
            Ok(record) => record?,
            Err(error) => {
                tracing::warn!(%error, appointment.id = %appointment, "the record of a copy could not be read");
                // The first is whoever has it here, if they are among them.
                let (staff, _) = links.first()?;
                return Some(Moving { staff: *staff, stay: window, offered: Offered::Unknown });
            }
        };
        let (start, uid) = (record.remote_start?, record.uid?);
        let (staff, link) = links.iter().find(|(_, link)| record.placed.as_ref() == Some(link))?;
        let stay = Span::new(start, start + length);
        if !window.overlaps(&stay) {
            return None;
        }
        let around = Span::new(stay.start - length, stay.end);
        let offered = self.of_person(scope, (link, Some(&uid)), around).await;
        Some(Moving { staff: *staff, stay, offered })
    }

    async fn changed<'a>(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        of: Option<&'a RemoteEventType>,
    ) {
        let event_types = match of {
            Some(event_type) => self.of_its_people(scope, connection, event_type).await,
            None => Vec::new(),
        };
        self.together.changed(scope, connection, &event_types).await;
    }
}

fn beginning(week: i64) -> DateTime<Utc> {
    Minute(FIRST_WEEK + week * WEEK_MINUTES).instant()
}

const fn week_of(minute: i64) -> i64 {
    (minute - FIRST_WEEK).div_euclid(WEEK_MINUTES)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
