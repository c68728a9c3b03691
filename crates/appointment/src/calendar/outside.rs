//! What an outside calendar says about people's time, as far as it is known here.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, StaffId, TenantScope};

use super::remote::{CalendarLink, ConnectionId, RemoteEventType};
use crate::model::{Minute, Span};

/// Starts that an outside calendar offers of one person's time for one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// As of a moment ago: good for a promise.
    Fresh {
        /// The starts then.
        starts: Vec<Minute>,
        /// When that was, in product time.
        as_of: DateTime<Utc>,
    },
    /// As of some time ago; the calendar does not answer at present. Good for a wish, not for a promise.
    Stale {
        /// The starts then.
        starts: Vec<Minute>,
        /// When that was, in product time.
        as_of: DateTime<Utc>,
    },
    /// The calendar does not answer, and nothing useful is remembered.
    Unknown,
}

/// What outside calendars say about some people. Whoever is not in it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outside {
    people: Vec<(StaffId, Offered)>,
    moving: Vec<Moving>,
    /// Whether what is not known counts as free.
    trusting: bool,
}

/// An appointment that is to be moved. The outside calendar sees its time as taken, so it is asked about that time as if
/// the copy was not there. It can leave out one copy and not several: where another part of the same visit stands, nothing
/// is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// Whose time it has.
    pub staff: StaffId,
    /// Where it stands there.
    pub stay: Span,
    /// What is said about the person without it.
    pub offered: Offered,
}

/// What a point of view allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Free,
    Taken,
    NotVerified,
}

impl Outside {
    /// Nobody has an outside calendar.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// What is said about these people.
    #[must_use]
    pub const fn new(people: Vec<(StaffId, Offered)>) -> Self {
        Self { people, moving: Vec::new(), trusting: false }
    }

    /// With what is said about these people instead of what was.
    #[must_use]
    pub fn with(mut self, people: Vec<(StaffId, Offered)>) -> Self {
        self.people.retain(|(known, _)| people.iter().all(|(staff, _)| staff != known));
        self.people.extend(people);
        self
    }

    /// For moving an appointment that has a copy there, or several at once.
    #[must_use]
    pub fn moving(mut self, moving: impl IntoIterator<Item = Moving>) -> Self {
        self.moving.extend(moving);
        self
    }

    /// The same, with everything free that is not known to be taken: for a wish that will be verified.
    #[must_use]
    pub fn trusting(&self) -> Self {
        Self { trusting: true, ..self.clone() }
    }

    /// What is said about one person; `None` if the person has no outside calendar.
    #[must_use]
    pub fn of(&self, staff: StaffId) -> Option<&Offered> {
        self.people.iter().find(|(person, _)| *person == staff).map(|(_, offered)| offered)
    }

    /// What decides about one stay of a person.
    fn of_stay(&self, staff: StaffId, stay: Span) -> Option<&Offered> {
        let mut there = self.moving.iter().filter(|own| own.staff == staff && own.stay.overlaps(&stay));
        match (there.next(), there.next()) {
            (Some(_), Some(_)) => Some(&Offered::Unknown),
            (Some(own), None) => Some(&own.offered),
            (None, _) => self.of(staff),
        }
    }

    /// Whether nothing is left open about anybody.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let people = self.people.iter().map(|(_, offered)| offered);
        let moving = self.moving.iter().map(|own| &own.offered);
        people.chain(moving).all(|offered| matches!(offered, Offered::Fresh { .. }))
    }

    /// Whether a stay with a person may begin, as far as outside calendars go.
    pub(crate) fn verdict(&self, staff: StaffId, start: Minute, end: Minute) -> Verdict {
        let stay = Span::new(start.instant(), end.instant());
        let Some(offered) = self.of_stay(staff, stay) else { return Verdict::Free };
        match offered {
            Offered::Fresh { starts, .. } if starts.binary_search(&start).is_ok() => Verdict::Free,
            Offered::Fresh { .. } => Verdict::Taken,
            Offered::Stale { starts, .. } if self.trusting => {
                if starts.binary_search(&start).is_ok() {
                    Verdict::Free
                } else {
                    Verdict::Taken
                }
            }
            Offered::Unknown if self.trusting => Verdict::Free,
            Offered::Stale { .. } | Offered::Unknown => Verdict::NotVerified,
        }
    }
}

/// How far an answer about free time can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Everything that decides was asked.
    Verified {
        /// When the outside calendar said so, in product time; `None` where none has a say.
        as_of: Option<DateTime<Utc>>,
    },
    /// The outside calendar does not answer; `as_of` is when it was last known to be free there, in product time.
    Unverified {
        /// `None`: never.
        as_of: Option<DateTime<Utc>>,
    },
}

impl Certainty {
    /// Whether everything that decides was asked.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Verified { .. })
    }

    /// When the outside calendar was heard last, in product time; `None`: never, or it has no say.
    #[must_use]
    pub const fn as_of(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Verified { as_of } | Self::Unverified { as_of } => as_of,
        }
    }

    /// That of the least certain of several; verified where there is none.
    #[must_use]
    pub fn least(of: impl IntoIterator<Item = Self>) -> Self {
        // Where no outside calendar has a say, nothing can be out of date.
        let has_say = |certainty: &Self| *certainty != Self::Verified { as_of: None };
        let least = of.into_iter().filter(has_say).min_by_key(|one| (one.is_verified(), one.as_of()));
        least.unwrap_or(Self::Verified { as_of: None })
    }

    /// About one stay of a person.
    pub(crate) fn of(outside: &Outside, staff: StaffId, stay: Span) -> Self {
        match outside.of_stay(staff, stay) {
            None => Self::Verified { as_of: None },
            Some(Offered::Fresh { as_of, .. }) => Self::Verified { as_of: Some(*as_of) },
            Some(Offered::Stale { as_of, .. }) => Self::Unverified { as_of: Some(*as_of) },
            Some(Offered::Unknown) => Self::Unverified { as_of: None },
        }
    }
}

/// Port: what outside calendars offer, from memory where it is fresh, asked for where it is not.
///
/// It never fails and never takes longer than a caller can wait: what does not come in time is [`Offered::Stale`] or
/// [`Offered::Unknown`]. The same question asked by many at once is asked of the provider once.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OutsideTimes: Send + Sync {
    /// Starts within `window` for each of these people, in the order of asking.
    async fn offered(
        &self,
        scope: &TenantScope,
        links: &[(StaffId, CalendarLink)],
        window: Span,
    ) -> Vec<(StaffId, Offered)>;

    /// What is offered where the copy of an appointment stands there, as if it was not there, for stays of `length` that
    /// touch it. That may be another place than here: a move that was noted here is not made there yet. If whoever has it
    /// here is among `links`, they come first. `None`: it stands at none of `links`, as far as is known, or outside of
    /// `window`.
    async fn offered_without(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        links: &[(StaffId, CalendarLink)],
        window: Span,
        length: TimeDelta,
    ) -> Option<Moving>;

    /// Something changed there: what is remembered of the connection is not fresh any more. If it is known to concern the
    /// people of one event type alone, what is remembered of others is.
    async fn changed<'a>(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        of: Option<&'a RemoteEventType>,
    );
}
