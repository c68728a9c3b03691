//! What the simulator remembers: its calls, and what it delivered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use super::call::SimulatedCall;

/// Most deliveries and calls that are remembered; the oldest are forgotten.
const MAX_REMEMBERED: usize = 20_000;

/// One attempt to deliver something to the gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// Counts all attempts of this simulator, from 1.
    pub number: u64,
    /// The call that it was about.
    pub call_id: String,
    /// `call_inbound`, an event's name, or `tool` and the tool's name.
    pub what: String,
    /// Where it was posted.
    pub path: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// The HTTP status; absent if there was no reply.
    pub status: Option<u16>,
    /// Microseconds from sending to the last byte.
    pub latency_us: u64,
    /// Why there was no reply.
    pub error: Option<String>,
}

/// The simulator's memory.
pub struct World {
    inner: Mutex<Inner>,
}

struct Inner {
    calls: VecDeque<SimulatedCall>,
    deliveries: VecDeque<Delivery>,
    delivered: u64,
    random: StdRng,
}

impl World {
    /// An empty memory. The same seed gives the same ids of calls; without one they differ from run to run.
    #[must_use]
    pub fn new(seed: Option<u64>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                calls: VecDeque::new(),
                deliveries: VecDeque::new(),
                delivered: 0,
                random: StdRng::seed_from_u64(seed.unwrap_or_else(rand::random)),
            }),
        }
    }

    /// All calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<SimulatedCall> {
        self.lock().calls.iter().cloned().collect()
    }

    /// One call.
    #[must_use]
    pub fn call(&self, call_id: &str) -> Option<SimulatedCall> {
        self.lock().calls.iter().find(|call| call.call_id == call_id).cloned()
    }

    /// All attempts to deliver, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.iter().cloned().collect()
    }

    /// Remembers a call, or its new state.
    pub(crate) fn keep(&self, call: &SimulatedCall) {
        let mut inner = self.lock();
        match inner.calls.iter_mut().find(|known| known.call_id == call.call_id) {
            Some(known) => *known = call.clone(),
            None => {
                inner.calls.push_back(call.clone());
                if inner.calls.len() > MAX_REMEMBERED {
                    inner.calls.pop_front();
                }
            }
        }
    }

    pub(crate) fn note(&self, delivery: Delivery) {
        let mut inner = self.lock();
        inner.delivered += 1;
        let number = inner.delivered;
        inner.deliveries.push_back(Delivery { number, ..delivery });
        if inner.deliveries.len() > MAX_REMEMBERED {
            inner.deliveries.pop_front();
        }
    }

    /// `call_` and 27 hexadecimal digits.
    pub(crate) fn new_call_id(&self) -> String {
        let digits = format!("{:032x}", self.lock().random.random::<u128>());
        format!("call_{}", &digits[..27])
    }

    /// `tool_call_` and six hexadecimal digits.
    pub(crate) fn new_tool_call_id(&self) -> String {
        let number: u32 = self.lock().random.random_range(0..1 << 24);
        format!("tool_call_{number:06x}")
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
