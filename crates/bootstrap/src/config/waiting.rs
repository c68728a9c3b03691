//! Bounds of the waiting list.

use appointment::waiting::WishLimits;
use serde::Deserialize;

/// The waiting list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingList {
    /// Open wishes of one number.
    pub wishes_per_number: u32,
    /// Open wishes of one company.
    pub wishes_per_tenant: u32,
    /// Days that one wish may reach over.
    pub days_per_wish: u32,
    /// Minutes of opening time for which freed time is kept while somebody is asked.
    pub offer_minutes: u32,
}

impl WaitingList {
    /// Key, value, least and most.
    pub(super) fn bounds(&self) -> [(&'static str, u64, u64, u64); 4] {
        let (number, tenant) = (WishLimits::MOST_OF_NUMBER.into(), WishLimits::MOST_OF_TENANT.into());
        [
            ("waiting_list.wishes_per_number", self.wishes_per_number.into(), 0, number),
            ("waiting_list.wishes_per_tenant", self.wishes_per_tenant.into(), 0, tenant),
            ("waiting_list.days_per_wish", self.days_per_wish.into(), 1, 90),
            ("waiting_list.offer_minutes", self.offer_minutes.into(), 5, 1440),
        ]
    }

    /// As the domain takes it.
    #[must_use]
    pub const fn limits(&self) -> WishLimits {
        WishLimits {
            of_number: self.wishes_per_number,
            of_tenant: self.wishes_per_tenant,
            days: self.days_per_wish,
            offer_minutes: self.offer_minutes,
        }
    }
}
