//! Questions that are under way.
//!
//! A request asks for a week and the one after it: whoever hears that a time is taken wants others next, and those of a
//! week's end lie in the next week. A question about more weeks, or about a Sunday, whose morning ends a week, asks for one
//! more. Whoever asks about one of those meanwhile rides on the same request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use adapter_calcom::guard::GuardPolicy;
use appointment::calendar::{Effort, Heard, Lane, OfferedWeek};
use appointment::model::{Minute, Span};
use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt, Shared, join_all};
use kernel::TenantScope;

use super::{Key, MirroredTimes, Week, beginning, lock, week_of};

/// So long a week is not asked about again after it was in vain.
const IN_VAIN: TimeDelta = TimeDelta::seconds(1);

/// Weeks that one request asks for at least.
pub(super) const LEAST_WEEKS: usize = 2;
/// Weeks that one request asks for at most: two weeks of days touch three, wherever they begin.
const MOST_WEEKS: usize = 3;

/// What a request brings.
#[derive(Debug, Clone)]
pub(super) struct Brought {
    /// The week that was asked about.
    pub(super) week: Week,
    /// Those after it, if the provider was asked.
    next: Arc<[Week]>,
}

impl Brought {
    fn alone(week: Week) -> Self {
        Self { week, next: Arc::default() }
    }
}

/// An answer under way: `None` if the provider gave none.
type Flight = Shared<BoxFuture<'static, Option<Brought>>>;
/// Those under way.
pub(super) type Flights = HashMap<Key, UnderWay>;

/// A flight and who it is for.
pub(super) struct UnderWay {
    /// Who waits for it.
    lane: Lane,
    /// Weeks after it that it asks for; none if it waits for the request of an earlier week.
    along: usize,
    flight: Flight,
}

/// The same some weeks later, or earlier.
pub(super) fn shifted(key: &Key, weeks: i64) -> Key {
    (key.0, key.1.clone(), key.2 + weeks, key.3.clone())
}

impl MirroredTimes {
    /// The request that is under way for a week, or a new one. Nobody depends on the budget of a lane that goes after, nor
    /// on an answer about another week: where that request gives nothing, one's own follows. A new one asks for so many
    /// `weeks`, within bounds.
    pub(super) fn flight(&self, scope: &TenantScope, key: &Key, lane: Lane, weeks: usize) -> Flight {
        let mut flights = lock(&self.flights);
        let earlier = match flights.get(key) {
            Some(under_way) if lane.goes_before(under_way.lane) => Some(under_way.flight.clone()),
            Some(under_way) => return under_way.flight.clone(),
            None => None,
        };
        // It may have come in since the caller looked: what has come in is kept before its request is forgotten.
        if lane.is_live()
            && let Some(week) = self.weeks.get(key).filter(|week| self.is_fresh(key, week))
        {
            return std::future::ready(Some(Brought::alone(week))).boxed().shared();
        }
        let ride = (1..MOST_WEEKS).filter(|_| earlier.is_none()).find_map(|before| {
            let under_way = flights.get(&shifted(key, -i64::try_from(before).ok()?))?;
            (under_way.along >= before).then(|| (before - 1, under_way.flight.clone()))
        });
        let weeks = weeks.clamp(LEAST_WEEKS, MOST_WEEKS);
        let along = if ride.is_some() { 0 } else { weeks - 1 };
        let (this, scope, wanted) = (self.clone(), scope.clone(), key.clone());
        let task = self.tasks.spawn(async move {
            let mut was_in_vain = false;
            let brought = match (earlier, ride) {
                (Some(same), _) => same.await,
                (None, Some((place, before))) => {
                    let brought = before.await;
                    was_in_vain = brought.is_none();
                    // What another process has found is one week.
                    brought.and_then(|brought| brought.next.get(place).cloned()).map(Brought::alone)
                }
                (None, None) => None,
            };
            let brought = match brought {
                Some(brought) => Some(brought),
                // What nobody waits for is not asked for twice: the next round does that.
                None if was_in_vain && lane == Lane::Upkeep => None,
                None => this.bring(&scope, &wanted, lane, weeks).await,
            };
            if let Some(Brought { week, next }) = &brought {
                for (later, week) in (0..).zip(std::iter::once(week).chain(next.iter())) {
                    let key = shifted(&wanted, later);
                    // Another request may have brought it since this one began, after a change that this one missed.
                    let worth = |week: &Week| (this.is_fresh(&key, week), week.fetched_at);
                    if this.weeks.get(&key).is_none_or(|kept| worth(&kept) <= worth(week)) {
                        this.weeks.insert(key, week.clone());
                    }
                }
            }
            let mut flights = lock(&this.flights);
            if flights.get(&wanted).is_some_and(|current| current.lane == lane) {
                flights.remove(&wanted);
            }
            drop(flights);
            brought
        });
        let flight = async move { task.await.ok().flatten() }.boxed().shared();
        flights.insert(key.clone(), UnderWay { lane, along, flight: flight.clone() });
        flight
    }

    /// From another process or from the provider.
    async fn bring(&self, scope: &TenantScope, key: &Key, lane: Lane, weeks: usize) -> Option<Brought> {
        // Whoever asks about a time asks about others next: what has just failed is not tried again for the same answer.
        let was_in_vain = |at| (TimeDelta::zero()..IN_VAIN).contains(&(self.clock.real_now() - at));
        if lane.is_live() && self.in_vain.get(key).is_some_and(was_in_vain) {
            return None;
        }
        if let Some(week) = self.found_elsewhere(scope, key).await {
            return Some(Brought::alone(week));
        }
        let begun = Instant::now();
        let brought = self.fetch(scope, key, lane, weeks).await;
        // That the background was refused by its own budget says nothing about the provider.
        if brought.is_some() || lane.is_live() {
            self.note_silence(key, brought.is_none() || begun.elapsed() > self.policy.patience);
        }
        brought
    }

    /// What another process has fetched, if it is as good as an answer of the provider now. It must be young: a mirror
    /// that asks again before its own week is old would otherwise find that very week.
    async fn found_elsewhere(&self, scope: &TenantScope, key: &Key) -> Option<Week> {
        if key.3.is_some() {
            return None;
        }
        let version = self.together.version(key.0, &key.1);
        let found = self.together.find(scope, &key.1, key.2, version).await?;
        let week = Week { starts: found.starts.into(), fetched_at: found.fetched_at, version };
        let age = self.clock.real_now().signed_duration_since(week.fetched_at);
        let limit = TimeDelta::from_std(self.policy.fresh / 2).unwrap_or(TimeDelta::MAX);
        (self.is_fresh(key, &week) && age <= limit).then_some(week)
    }

    async fn fetch(&self, scope: &TenantScope, key: &Key, lane: Lane, weeks: usize) -> Option<Brought> {
        let (_, link, first, without) = key;
        // Read before asking: a change meanwhile makes the answer old.
        self.together.hear(scope, link).await;
        let version = self.together.version(scope.tenant(), link);
        let connection = match self.book.connection(scope, link.connection).await {
            Ok(connection) => connection?,
            Err(error) => {
                tracing::warn!(%error, connection.id = %link.connection, "an outside calendar's account could not be read");
                return None;
            }
        };
        let asked: Vec<i64> = (*first..).take(weeks).collect();
        let window = Span::new(beginning(*first), beginning(first + i64::try_from(weeks).unwrap_or(1)));
        let effort = Effort { lane, within: self.policy.request };
        let fetched_at = self.clock.real_now();
        let starts = match self
            .gateway
            .free_starts(scope, &connection, link, window, without.as_ref(), effort)
            .await
        {
            Ok(starts) => starts,
            Err(failure) => {
                let failed = Err::<(), _>(failure.clone());
                // What our own guards refused was not asked.
                if lane.is_live()
                    && GuardPolicy::default().heard_of_question(&failed, effort) != Heard::Nothing
                {
                    let now = self.clock.real_now();
                    for later in (0..).take(weeks) {
                        self.in_vain.insert(shifted(key, later), now);
                    }
                }
                tracing::info!(%failure, connection.id = %link.connection, "an outside calendar gave no free times");
                return None;
            }
        };
        let starts: Vec<Minute> = starts.into_iter().map(Minute::floor).collect();
        let of =
            |week: i64| starts.iter().copied().filter(|start| week_of(start.0) == week).collect::<Vec<_>>();
        let mut fetched: Vec<(i64, Vec<Minute>)> = asked.into_iter().map(|week| (week, of(week))).collect();
        if without.is_none() {
            let kept = fetched.iter().map(|(week, starts)| {
                let written = |version| OfferedWeek { starts: starts.clone(), fetched_at, version };
                self.together.keep(scope, link, *week, written, version)
            });
            join_all(kept).await;
        }
        let week = |(_, starts): (i64, Vec<Minute>)| Week { starts: starts.into(), fetched_at, version };
        let next = fetched.split_off(1).into_iter().map(week).collect();
        fetched.pop().map(|first| Brought { week: week(first), next })
    }
}
