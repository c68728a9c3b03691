//! Until when, how often and at what price an appointment may be cancelled or moved.
//!
//! The rules are the branch's ([`BookingPolicy`]), unless a [`ChangePolicy`] says otherwise for the person, the service,
//! the branch or the company: the first of these that is there counts, whole.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Money, ServiceId, StaffId};

use crate::model::{AppointmentSnapshot, BookingPolicy};

/// Days over which a customer's changes are counted, backwards from now.
pub const QUOTA_DAYS: i64 = 30;

/// What is done to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeAct {
    /// It is called off.
    Cancel,
    /// It gets another time or person.
    Move,
}

impl ChangeAct {
    /// The word that stores use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Move => "move",
        }
    }

    /// Reads the word that stores use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cancel" => Some(Self::Cancel),
            "move" => Some(Self::Move),
            _ => None,
        }
    }
}

/// For what a [`ChangePolicy`] holds; in this order one comes before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Appointments with one person.
    Staff(StaffId),
    /// Appointments of one service.
    Service(ServiceId),
    /// All of the branch.
    Branch,
    /// All of the company.
    Company,
}

/// Rules that stand in the place of the branch's usual ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePolicy {
    /// For what.
    pub level: Level,
    /// For which act.
    pub act: ChangeAct,
    /// The rules.
    pub rules: ChangeRules,
}

/// The rules for one act.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeRules {
    /// Allowed until this long before the start, boundary included.
    pub until_minutes: u32,
    /// How often a customer may do it within [`QUOTA_DAYS`]; `None` is any number.
    pub max_per_month: Option<u32>,
    /// How often one appointment may be moved; `None` is any number, and means nothing for cancelling.
    pub max_per_appointment: Option<u32>,
    /// What it costs.
    pub fee: FeeRules,
}

/// What a change costs: the flat fee if there is one, else the tier, else the share of the price, else nothing. Amounts
/// are in minor units of the appointment's currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeeRules {
    /// The same at any time.
    pub flat_minor: Option<i64>,
    /// By notice.
    pub tiers: Vec<FeeTier>,
    /// Per cent of the agreed price, 0 to 100.
    pub percent: Option<u32>,
}

/// The fee from a notice on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeTier {
    /// With at least this notice, boundary included. The tier with the least of all holds below it as well.
    pub min_minutes: u32,
    /// What it costs then.
    pub fee_minor: i64,
}

/// A customer's own changes within [`QUOTA_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecentChanges {
    /// Appointments called off.
    pub cancelled: u32,
    /// Moves.
    pub moved: u32,
}

impl RecentChanges {
    /// How many of one kind.
    #[must_use]
    pub const fn of(self, act: ChangeAct) -> u32 {
        match act {
            ChangeAct::Cancel => self.cancelled,
            ChangeAct::Move => self.moved,
        }
    }
}

/// Why the rules refuse a change. Each names the fee that it would cost if the company made it all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Too late.
    DeadlineMissed {
        /// Minutes before the start that the rule demands.
        required_minutes: u32,
        /// Whole minutes left; negative once it has begun.
        actual_minutes: i64,
        /// `None` is nothing.
        fee_if_forced: Option<Money>,
    },
    /// Moved too often already.
    MaxReschedules {
        /// Moves allowed.
        max: u32,
        /// Moves made.
        count: u32,
        /// `None` is nothing.
        fee_if_forced: Option<Money>,
    },
    /// The customer has done so too often lately.
    QuotaExceeded {
        /// Changes allowed within [`QUOTA_DAYS`].
        quota_max: u32,
        /// Changes made.
        quota_used: u32,
        /// `None` is nothing.
        fee_if_forced: Option<Money>,
    },
}

impl Denial {
    /// What the change would cost if the company made it all the same.
    #[must_use]
    pub const fn fee_if_forced(&self) -> Option<Money> {
        match self {
            Self::DeadlineMissed { fee_if_forced, .. }
            | Self::MaxReschedules { fee_if_forced, .. }
            | Self::QuotaExceeded { fee_if_forced, .. } => *fee_if_forced,
        }
    }
}

/// The rules for an act on appointments with this person and of this service.
#[must_use]
pub fn rules_for(
    act: ChangeAct,
    (staff, service): (StaffId, ServiceId),
    overrides: &[ChangePolicy],
    usual: &BookingPolicy,
) -> ChangeRules {
    let fits = |level: Level| match level {
        Level::Staff(id) => id == staff,
        Level::Service(id) => id == service,
        Level::Branch | Level::Company => true,
    };
    overrides
        .iter()
        .filter(|policy| policy.act == act && fits(policy.level))
        .min_by_key(|policy| match policy.level {
            Level::Staff(_) => 0,
            Level::Service(_) => 1,
            Level::Branch => 2,
            Level::Company => 3,
        })
        .map_or_else(|| usual_rules(act, usual), |policy| policy.rules.clone())
}

fn usual_rules(act: ChangeAct, usual: &BookingPolicy) -> ChangeRules {
    match act {
        ChangeAct::Cancel => {
            ChangeRules { until_minutes: usual.cancel_until_minutes, ..ChangeRules::default() }
        }
        ChangeAct::Move => ChangeRules {
            until_minutes: usual.reschedule_until_minutes,
            max_per_appointment: usual.max_reschedules,
            ..ChangeRules::default()
        },
    }
}

/// May this be done now, and what does it cost? `None` is nothing. All boundaries are included.
///
/// # Errors
/// [`Denial`]: too late, this appointment moved too often, the customer has done so too often lately; in this order.
pub fn permit(
    act: ChangeAct,
    rules: &ChangeRules,
    appointment: &AppointmentSnapshot,
    recent: RecentChanges,
    now: DateTime<Utc>,
) -> Result<Option<Money>, Denial> {
    let left = appointment.starts_at.signed_duration_since(now);
    let fee = rules.fee.fee(left, appointment.price);
    if left < TimeDelta::minutes(i64::from(rules.until_minutes)) {
        return Err(Denial::DeadlineMissed {
            required_minutes: rules.until_minutes,
            actual_minutes: left.num_seconds().div_euclid(60),
            fee_if_forced: fee,
        });
    }
    let count = appointment.reschedule_count;
    if let (ChangeAct::Move, Some(max)) = (act, rules.max_per_appointment)
        && count >= max
    {
        return Err(Denial::MaxReschedules { max, count, fee_if_forced: fee });
    }
    let used = recent.of(act);
    match rules.max_per_month {
        Some(max) if used >= max => {
            Err(Denial::QuotaExceeded { quota_max: max, quota_used: used, fee_if_forced: fee })
        }
        _ => Ok(fee),
    }
}

impl FeeRules {
    fn fee(&self, left: TimeDelta, price: Money) -> Option<Money> {
        let minor = self.flat_minor.or_else(|| self.tier(left)).or_else(|| self.share(price))?;
        (minor > 0).then(|| Money::new(minor, price.currency()))
    }

    fn tier(&self, left: TimeDelta) -> Option<i64> {
        let reached = |tier: &&FeeTier| left >= TimeDelta::minutes(i64::from(tier.min_minutes));
        let best = self.tiers.iter().filter(reached).max_by_key(|tier| tier.min_minutes);
        best.or_else(|| self.tiers.iter().min_by_key(|tier| tier.min_minutes)).map(|tier| tier.fee_minor)
    }

    /// Rounded half up.
    fn share(&self, price: Money) -> Option<i64> {
        let percent = i128::from(self.percent?);
        let share = (i128::from(price.minor()) * percent + 50).div_euclid(100);
        i64::try_from(share).ok()
    }
}

#[cfg(test)]
mod tests;
