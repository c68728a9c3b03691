//! Where the time of an answer went.

use std::time::Instant;

use kernel::{CallId, TenantId};

/// One line per tool call: who, what, and where the time went. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// The tool's name; `unknown` if there is none of that name.
    pub tool: &'static str,
    /// The tenant, once proven.
    pub tenant: Option<TenantId>,
    /// The call, once known.
    pub call: Option<CallId>,
    /// Name and length in microseconds of each part, in order.
    pub hops: Vec<(&'static str, u32)>,
}

/// Measures the parts of an answer.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    begun: Instant,
    last: Instant,
    hops: Vec<(&'static str, u32)>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now, hops: Vec::with_capacity(4) }
    }

    pub(crate) fn lap(&mut self, name: &'static str) {
        let now = Instant::now();
        self.hops.push((name, micros(self.last, now)));
        self.last = now;
    }

    pub(crate) fn total(&self) -> u32 {
        micros(self.begun, self.last)
    }

    /// Name and length of each part so far, in order.
    pub(crate) fn hops(&self) -> Vec<(&'static str, u32)> {
        self.hops.clone()
    }
}

fn micros(from: Instant, to: Instant) -> u32 {
    u32::try_from(to.duration_since(from).as_micros()).unwrap_or(u32::MAX)
}
