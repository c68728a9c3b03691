//! The connections to the provider, in pools that share none.
//!
//! A class of tenants has a pool for callers on the line and one for the background: what a provider does to the
//! connections of one class, or what long listings do to them, no other class and no caller feels.

use appointment::calendar::{ConnectionId, Lane};

use rustls::ClientConfig;

use super::{ClientError, http};
use crate::config::Limits;

pub(super) struct Pools {
    first: Class,
    others: Vec<Class>,
}

struct Class {
    live: reqwest::Client,
    background: reqwest::Client,
}

impl Class {
    fn new(limits: &Limits, tls: &ClientConfig) -> Result<Self, ClientError> {
        Ok(Self { live: http(limits, tls)?, background: http(limits, tls)? })
    }
}

impl Pools {
    pub(super) fn new(limits: &Limits, tls: &ClientConfig) -> Result<Self, ClientError> {
        let others = (1..limits.classes).map(|_| Class::new(limits, tls)).collect::<Result<_, _>>()?;
        Ok(Self { first: Class::new(limits, tls)?, others })
    }

    /// The pool for an account. Its id decides the class, so that every process puts it into the same one.
    pub(super) fn of(&self, account: ConnectionId, lane: Lane) -> &reqwest::Client {
        let classes = self.others.len().saturating_add(1) as u128;
        let place = usize::try_from(account.as_uuid().as_u128() % classes).unwrap_or(0);
        let other = place.checked_sub(1).and_then(|place| self.others.get(place));
        let class = other.unwrap_or(&self.first);
        if lane.is_live() { &class.live } else { &class.background }
    }
}
