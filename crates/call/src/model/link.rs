//! Which customer a call belongs to, and how sure that is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::facts::{UnknownWord, words};

/// How a call's customer is known, in ascending order of certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// The spoken name is that of one customer of a shared number.
    NameMatch,
    /// The calling number is that of one customer.
    PhoneMatch,
    /// The call booked, moved or cancelled an appointment of that customer.
    AppointmentLink,
    /// A person said so.
    Manual,
}

impl LinkMethod {
    /// How sure it is, in per cent.
    #[must_use]
    pub const fn confidence(self) -> u8 {
        match self {
            Self::NameMatch => 85,
            Self::AppointmentLink => 95,
            Self::PhoneMatch | Self::Manual => 100,
        }
    }
}
words!(LinkMethod, "way of knowing a customer",
    NameMatch => "name_match", PhoneMatch => "phone_match",
    AppointmentLink => "appointment_link", Manual => "manual_link");
