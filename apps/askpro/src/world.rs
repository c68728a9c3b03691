//! The demo world: three companies that take calls, one that does not, and the people who call them.
//!
//! Everything here is a pure function of a seed and of what the product already holds: the same seed gives the same
//! people, numbers, keys and diaries. Loading it twice adds nothing. What is closed on a day is not known here; it
//! comes from the product's own rows, which is why diaries are planned after the tenants were created.
//!
//! * [`tenants`]: companies, branches, services, staff, hours;
//! * [`people`]: customers, among them the ones with a story (shared number, blocked, two appointments on one day);
//! * [`diary`]: who has an appointment when;
//! * [`calcom`]: the account at Cal.com's stand-in;
//! * [`secrets`]: API keys that stay the same over restarts.

pub mod calcom;
pub mod diary;
pub mod ids;
pub mod load;
pub mod people;
pub mod secrets;
pub mod tenants;

/// The seed of the demo unless another is asked for.
pub const DEFAULT_SEED: u64 = 7;

/// Numbers from a seed: SplitMix64, so that a world never depends on the version of a library.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed and the same words.
    #[must_use]
    pub fn new(seed: u64, words: &[&str]) -> Self {
        // FNV-1a, with a separator so that ("ab", "c") and ("a", "bc") differ.
        let hash = words
            .iter()
            .flat_map(|word| word.bytes().chain([0xff]))
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// True in `percent` of a hundred throws.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items; `None` if there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_depend_on_the_seed_and_on_each_word() {
        let first = |seed, words: &[&str]| Dice::new(seed, words).next();
        assert_eq!(first(1, &["a", "b"]), first(1, &["a", "b"]));
        assert_ne!(first(1, &["a", "b"]), first(2, &["a", "b"]));
        assert_ne!(first(1, &["ab"]), first(1, &["a", "b"]));
        let mut dice = Dice::new(1, &[]);
        assert!((0..1000).map(|_| dice.below(6)).all(|n| n < 6));
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.pick::<u8>(&[]), None);
    }
}
