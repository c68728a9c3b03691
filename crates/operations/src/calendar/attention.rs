//! Whether somebody still waits for the answer.

use std::sync::atomic::{AtomicU8, Ordering};

const WAITING: u8 = 0;
const LEFT: u8 = 1;
const ANSWERED: u8 = 2;

/// Shared by whoever waits for an outcome and whoever works on it: exactly one of "it came in time" and "the waiter has
/// left" becomes true. What is undone because somebody hears of it must not be undone once nobody listens.
#[derive(Debug, Default)]
pub struct Attention(AtomicU8);

impl Attention {
    /// Somebody waits.
    #[must_use]
    pub const fn waiting() -> Self {
        Self(AtomicU8::new(WAITING))
    }

    /// Nobody does.
    #[must_use]
    pub const fn nobody() -> Self {
        Self(AtomicU8::new(LEFT))
    }

    /// The waiter leaves. False: the outcome is on its way and must be waited for.
    pub fn leave(&self) -> bool {
        self.0.compare_exchange(WAITING, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok()
            || self.0.load(Ordering::Acquire) == LEFT
    }

    /// The outcome is about to be committed for whoever waits. False: nobody does any more.
    pub fn take(&self) -> bool {
        self.0.compare_exchange(WAITING, ANSWERED, Ordering::AcqRel, Ordering::Acquire).is_ok()
            || self.0.load(Ordering::Acquire) == ANSWERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_of_both_is_true() {
        let heard = Attention::waiting();
        assert!(heard.take() && heard.take() && !heard.leave());
        let unheard = Attention::waiting();
        assert!(unheard.leave() && unheard.leave() && !unheard.take());
        assert!(!Attention::nobody().take());
    }
}
