//! Keeping what is remembered fresh, ahead of the callers.
//!
//! Each round sends few requests for each account, most urgent first: weeks that callers asked about lately go before
//! those that are kept warm for the next caller, near weeks before far ones. The rounds work in the background's lane, so
//! what is reserved for callers stays theirs whatever is configured here.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use appointment::calendar::{CalendarLink, ConnectionId, Lane};
use appointment::model::Minute;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use kernel::{TenantId, TenantScope};

use super::flight::{LEAST_WEEKS, shifted};
use super::{Key, MirrorPolicy, MirroredTimes, Week, week_of};

/// Weeks that begin later than this are far: most callers ask about the coming days.
const NEAR_DAYS: i64 = 7;
/// Requests that are on their way at once: the guards let so many of the background's through.
const AT_ONCE: usize = 4;

/// What is linked to one account, whose weeks are kept warm.
#[derive(Debug, Clone)]
pub struct Warm {
    /// Whose it is.
    pub scope: TenantScope,
    /// Each event type, and person, once.
    pub links: Vec<CalendarLink>,
}

/// What came of a round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Weeks that were answered.
    pub answered: usize,
    /// Weeks that were asked for in vain.
    pub silent: usize,
    /// Weeks that were due and have to wait for the next round, since the budget of this one was used up.
    pub left: usize,
}

/// How urgent a week is; less is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    unasked: bool,
    far: bool,
}

impl Urgency {
    /// Age from which a week is asked for again.
    fn due_after(self, policy: &MirrorPolicy) -> Duration {
        match (self.unasked, self.far) {
            // Before it goes stale.
            (false, false) => policy.fresh / 2,
            (false, true) => policy.fresh * 2,
            // Before it is forgotten.
            (true, false) => policy.stale / 3,
            (true, true) => policy.stale / 3 * 2,
        }
    }
}

impl MirroredTimes {
    /// One round: asks again for what was asked for lately and is about to go stale, and for what is linked in `warm` and
    /// not known. `scope_of` acts for the owner of what is remembered.
    pub async fn refresh(&self, warm: &[Warm], scope_of: impl Fn(TenantId) -> TenantScope) -> Refreshed {
        // Hosts of one event type share its version.
        let remembered: HashSet<_> =
            self.weeks.iter().map(|(key, _)| (key.0, CalendarLink { host: None, ..key.1.clone() })).collect();
        for (tenant, link) in remembered {
            self.together.hear(&scope_of(tenant), &link).await;
        }
        let now = self.clock.now();
        let this_week = week_of(Minute::floor(now).0);
        let last_week = week_of(Minute::floor(now + TimeDelta::days(self.policy.warm_days.into())).0);
        let mut wanted: BTreeSet<(ConnectionId, Urgency, Oldest, usize)> = BTreeSet::new();
        let mut keys: Vec<Key> = Vec::new();
        let mut seen = HashSet::new();
        let mut consider = |key: Key, kept: Option<&Week>| {
            if key.3.is_some() || key.2 < this_week || !seen.insert(key.clone()) {
                return;
            }
            let begins = super::beginning(key.2);
            let urgency = Urgency {
                unasked: !self.asked.contains_key(&key),
                far: begins > now + TimeDelta::days(NEAR_DAYS),
            };
            if kept.is_none_or(|week| self.is_due(&key, week, urgency)) {
                let fetched_at = kept.map(|week| week.fetched_at);
                wanted.insert((key.1.connection, urgency, Oldest(fetched_at), keys.len()));
                keys.push(key);
            }
        };
        for (key, week) in self.weeks.iter().filter(|(key, _)| self.asked.contains_key(&**key)) {
            consider((*key).clone(), Some(&week));
        }
        for account in warm {
            for link in &account.links {
                for week in this_week..=last_week {
                    let key = (account.scope.tenant(), link.clone(), week, None);
                    let kept = self.weeks.get(&key);
                    consider(key, kept.as_ref());
                }
            }
        }
        let mut spent: BTreeMap<ConnectionId, usize> = BTreeMap::new();
        let mut refreshed = Refreshed::default();
        let due: Vec<&Key> = wanted.into_iter().map(|(_, _, _, place)| &keys[place]).collect();
        let all_due: HashSet<&Key> = due.iter().copied().collect();
        // Each with the week after it, which the same request brings.
        let mut requests: Vec<Vec<&Key>> = Vec::new();
        let mut brought: HashSet<&Key> = HashSet::new();
        for key in &due {
            if brought.contains(key) {
                continue;
            }
            let spent = spent.entry(key.1.connection).or_default();
            if *spent >= self.policy.refresh_requests {
                refreshed.left += 1;
                continue;
            }
            *spent += 1;
            let next = all_due.get(&shifted(key, 1)).filter(|next| !brought.contains(*next));
            let weeks: Vec<&Key> = std::iter::once(key).chain(next).copied().collect();
            brought.extend(&weeks);
            requests.push(weeks);
        }
        for few in requests.chunks(AT_ONCE) {
            let weeks = few.iter().flatten();
            let flights = weeks.map(|key| self.flight(&scope_of(key.0), key, Lane::Upkeep, LEAST_WEEKS));
            let answers = join_all(flights.collect::<Vec<_>>()).await;
            refreshed.answered += answers.iter().flatten().count();
            refreshed.silent += answers.iter().filter(|answer| answer.is_none()).count();
        }
        refreshed
    }

    fn is_due(&self, key: &Key, week: &Week, urgency: Urgency) -> bool {
        let is_old = week.version != self.together.version(key.0, &key.1);
        let age = self.clock.real_now().signed_duration_since(week.fetched_at);
        let limit = TimeDelta::from_std(urgency.due_after(&self.policy)).unwrap_or(TimeDelta::MAX);
        (is_old && !urgency.unasked) || age > limit
    }
}

/// What was never fetched comes first, then the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Oldest(Option<DateTime<Utc>>);
