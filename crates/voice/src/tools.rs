//! One file per matter; each shows the dialogue it serves.

pub(crate) mod appointments;
pub(crate) mod availability;
pub(crate) mod booking;
pub(crate) mod callback;
pub(crate) mod context;
pub(crate) mod copy;
pub(crate) mod customer;
pub(crate) mod hours;
pub(crate) mod moving;
pub(crate) mod offers;
pub(crate) mod parse_date;
pub(crate) mod party;
pub(crate) mod preference;
pub(crate) mod services;
pub(crate) mod waiting_list;
pub(crate) mod wish;
