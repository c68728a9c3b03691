//! Wishes and offers.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, PersonName, PhoneNumber, ServiceId, StaffId, define_id,
};

use crate::calendar::{ConnectionId, ReservationUid};
use crate::model::{DateRange, FacilityUse, MINUTES_PER_DAY, Slot, Span, stored_words};

define_id!(
    /// One unmet wish.
    WishId,
    "wsh"
);
define_id!(
    /// One offer of freed time.
    OfferId,
    "off"
);

stored_words!(
    /// Where a wish stands.
    WishStatus {
        /// Nothing was found yet.
        Waiting = "waiting",
        /// A slot is kept for it, and a person asks.
        Offered = "offered",
        /// There is an appointment: from an offer, or by another way.
        Fulfilled = "fulfilled",
        /// The person wants it no more.
        Withdrawn = "withdrawn",
        /// Its days are over, or it was asked as often as anybody is asked.
        Expired = "expired",
    }
);

impl WishStatus {
    /// True as long as it may still lead to an appointment.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Offered)
    }
}

stored_words!(
    /// Where an offer stands.
    OfferState {
        /// Its time is kept, nobody has answered yet.
        Open = "open",
        /// It became an appointment.
        Accepted = "accepted",
        /// The person said no.
        Declined = "declined",
        /// Nobody answered in time, its time was gone when somebody did, or the wish was met by another way.
        Lapsed = "lapsed",
    }
);

/// Minutes of a day in which a stay may begin, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayWindow {
    from: u16,
    until: u16,
}

impl DayWindow {
    /// Any time of day.
    pub const ANY: Self = Self { from: 0, until: MINUTES_PER_DAY - 1 };

    /// From minute `from` after midnight to minute `until`. `None` unless `from <= until < 1440`.
    #[must_use]
    pub const fn new(from: u16, until: u16) -> Option<Self> {
        if from <= until && until < MINUTES_PER_DAY { Some(Self { from, until }) } else { None }
    }

    /// The first minute.
    #[must_use]
    pub const fn from(self) -> u16 {
        self.from
    }

    /// The last minute.
    #[must_use]
    pub const fn until(self) -> u16 {
        self.until
    }

    /// True if a stay may begin at this minute after midnight.
    #[must_use]
    pub const fn contains(self, wall: u16) -> bool {
        self.from <= wall && wall <= self.until
    }
}

/// A wish as stored.
#[derive(Clone, PartialEq)]
pub struct WishSnapshot {
    /// Which wish.
    pub id: WishId,
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// For whom, if the company knows them.
    pub customer: Option<CustomerId>,
    /// The call in which it was noted.
    pub call: Option<CallId>,
    /// The number to call.
    pub phone: PhoneNumber,
    /// Whom to ask for.
    pub name: Option<PersonName>,
    /// On which days of the branch's calendar.
    pub days: DateRange,
    /// At which hours of its clock.
    pub window: DayWindow,
    /// Where it stands.
    pub status: WishStatus,
    /// How many offers were made to it.
    pub asked: u32,
    /// Product time at which it was noted: the order of the list.
    pub created_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: i64,
}

impl fmt::Debug for WishSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who wishes it stays out of logs.
        f.debug_struct("WishSnapshot")
            .field("id", &self.id)
            .field("service", &self.service)
            .field("days", &self.days)
            .field("window", &self.window)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A wish does not go this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a wish that is {} cannot be changed like that", .0.as_str())]
pub struct WishRefused(pub WishStatus);

/// A wish that could not be met when it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmetWish {
    state: WishSnapshot,
}

impl UnmetWish {
    /// Offers that are made to one wish before it ends: whoever says no as often does not wait for this.
    pub const MOST_ASKED: u32 = 5;

    /// Brings a stored wish back.
    #[must_use]
    pub const fn restore(state: WishSnapshot) -> Self {
        Self { state }
    }

    /// The plain data.
    #[must_use]
    pub const fn snapshot(&self) -> &WishSnapshot {
        &self.state
    }

    /// True if a stay on this date at this minute of the clock is what was wished for.
    #[must_use]
    pub fn allows(&self, day: NaiveDate, wall: u16) -> bool {
        self.state.days.contains(day) && self.state.window.contains(wall)
    }

    /// The same with an offer open.
    ///
    /// # Errors
    /// [`WishRefused`] unless it waits.
    pub fn offered(&self) -> Result<Self, WishRefused> {
        if self.state.status != WishStatus::Waiting {
            return Err(WishRefused(self.state.status));
        }
        let mut next = self.next(WishStatus::Offered);
        next.state.asked = next.state.asked.saturating_add(1);
        Ok(next)
    }

    /// The same after an offer came to nothing: it waits on, or ends if it was asked [`Self::MOST_ASKED`] times or its
    /// days are over.
    ///
    /// # Errors
    /// [`WishRefused`] unless an offer is open.
    pub fn back(&self, today: NaiveDate) -> Result<Self, WishRefused> {
        if self.state.status != WishStatus::Offered {
            return Err(WishRefused(self.state.status));
        }
        let ends = self.state.asked >= Self::MOST_ASKED || self.state.days.last() < today;
        Ok(self.next(if ends { WishStatus::Expired } else { WishStatus::Waiting }))
    }

    /// The same after an offer was taken back before anybody was called: nobody was asked, so it does not count.
    ///
    /// # Errors
    /// [`WishRefused`] unless an offer is open.
    pub fn unasked(&self, today: NaiveDate) -> Result<Self, WishRefused> {
        let mut before = self.clone();
        before.state.asked = before.state.asked.saturating_sub(1);
        before.back(today)
    }

    /// The same with a name to ask for, if it had none and waits: whoever settles an offer must find the wish as it was when
    /// that was made.
    #[must_use]
    pub fn named(&self, name: Option<&PersonName>) -> Option<Self> {
        let can_be = self.state.name.is_none() && self.state.status == WishStatus::Waiting;
        let name = name.filter(|_| can_be)?;
        let mut next = self.next(self.state.status);
        next.state.name = Some(name.clone());
        Some(next)
    }

    /// The same after the appointment that it was met by never came to stand: it waits again, unless its days are over. The
    /// offer that was wanted is not counted against it.
    ///
    /// # Errors
    /// [`WishRefused`] unless it was met.
    pub fn unmet(&self, today: NaiveDate) -> Result<Self, WishRefused> {
        if self.state.status != WishStatus::Fulfilled {
            return Err(WishRefused(self.state.status));
        }
        let is_over = self.state.days.last() < today;
        let mut next = self.next(if is_over { WishStatus::Expired } else { WishStatus::Waiting });
        next.state.asked = next.state.asked.saturating_sub(1);
        Ok(next)
    }

    /// The same at its end: met, no longer wanted, or over.
    ///
    /// # Errors
    /// [`WishRefused`] if it has ended already; a wish whose days are over while an offer is open ends with the offer.
    pub fn ended(&self, status: WishStatus) -> Result<Self, WishRefused> {
        let over_while_asked = status == WishStatus::Expired && self.state.status == WishStatus::Offered;
        if status.is_open() || !self.state.status.is_open() || over_while_asked {
            return Err(WishRefused(self.state.status));
        }
        Ok(self.next(status))
    }

    fn next(&self, status: WishStatus) -> Self {
        let mut state = self.state.clone();
        state.status = status;
        state.version += 1;
        Self { state }
    }
}

/// Time that an appointment has given back. Its appointment and its beginning name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreedTime {
    /// Where.
    pub branch: BranchId,
    /// Whose time.
    pub staff: StaffId,
    /// The appointment that had it.
    pub appointment: AppointmentId,
    /// Beginning of its stay.
    pub starts_at: DateTime<Utc>,
    /// End of its stay.
    pub ends_at: DateTime<Utc>,
}

impl FreedTime {
    /// The time.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span::new(self.starts_at, self.ends_at)
    }
}

/// An offer as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferSnapshot {
    /// Which offer.
    pub id: OfferId,
    /// To which wish.
    pub wish: WishId,
    /// The time it is part of.
    pub freed: FreedTime,
    /// What is offered.
    pub slot: Slot,
    /// The person's time that is kept; empty once the offer is settled.
    pub spans: Vec<Span>,
    /// The time of facilities that is kept, by facility; empty once the offer is settled.
    pub uses: Vec<FacilityUse>,
    /// Where it stands.
    pub state: OfferState,
    /// What it became.
    pub booked: Option<AppointmentId>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// From this instant of product time on it keeps nothing.
    pub expires_at: DateTime<Utc>,
    /// The outside calendar that has a say did not answer when it was made: whoever calls has to look there first.
    pub unasked: bool,
    /// The reservation that hides the slot at the outside calendar meanwhile.
    pub reservation: Option<OfferReservation>,
}

/// A reservation at an outside calendar, as far as it is known here. It is noted before it is asked for, so that one whose
/// answer was lost is known of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferReservation {
    /// The account.
    pub connection: ConnectionId,
    /// The provider's name for it; `None` as long as it is not known whether it was made. Then nobody can end it.
    pub uid: Option<ReservationUid>,
    /// From this instant of product time on it hides nothing, whatever became of it.
    pub until: DateTime<Utc>,
}

/// An offer of freed time to a wish.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    state: OfferSnapshot,
}

impl Offer {
    /// Brings a stored offer back.
    #[must_use]
    pub const fn restore(state: OfferSnapshot) -> Self {
        Self { state }
    }

    /// The plain data.
    #[must_use]
    pub const fn snapshot(&self) -> &OfferSnapshot {
        &self.state
    }

    /// True while nobody has settled it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state.state == OfferState::Open
    }
}
