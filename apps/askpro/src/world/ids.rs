//! Ids that follow from the seed.

use std::sync::atomic::{AtomicU64, Ordering};

use kernel::IdGenerator;
use uuid::Uuid;

use super::Dice;

/// Where the time part of these ids begins: long before any id of the running product, so that those sort behind.
const EPOCH_MS: u64 = 1_700_000_000_000;

/// An id generator for one tenant's blueprint: the same ids in the same order for the same seed and slug.
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    slug: String,
    drawn: AtomicU64,
}

impl SeededIds {
    /// The ids of the tenant with that slug.
    #[must_use]
    pub fn new(seed: u64, slug: &str) -> Self {
        Self { seed, slug: slug.to_owned(), drawn: AtomicU64::new(0) }
    }
}

impl IdGenerator for SeededIds {
    fn next_uuid(&self) -> Uuid {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::new(self.seed, &["id", &self.slug, &drawn.to_string()]);
        let mut random = [0; 10];
        let bytes = dice.next().to_be_bytes().into_iter().chain(dice.next().to_be_bytes());
        for (slot, byte) in random.iter_mut().zip(bytes) {
            *slot = byte;
        }
        uuid::Builder::from_unix_timestamp_millis(EPOCH_MS + drawn, &random).into_uuid()
    }
}

/// The id of something that has a name of its own, for example `salon-nord/customer/3`.
#[must_use]
pub fn named(seed: u64, name: &str) -> Uuid {
    let mut dice = Dice::new(seed, &["named", name]);
    let (high, low) = (dice.next(), dice.next());
    uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_with_the_seed_and_rise() {
        let draw = |seed, slug| {
            let ids = SeededIds::new(seed, slug);
            (0..50).map(|_| ids.next_uuid()).collect::<Vec<_>>()
        };
        let ids = draw(7, "salon-nord");
        assert_eq!(ids, draw(7, "salon-nord"));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_ne!(ids[0], draw(8, "salon-nord")[0]);
        assert_ne!(ids[0], draw(7, "physio-lindt")[0]);
        assert_ne!(named(7, "a/customer/1"), named(7, "a/customer/2"));
    }
}
