//! How much of a list is printed.

use serde_json::{Value, json};

/// Most rows that are listed at once: all of them are in memory meanwhile.
const MAX_LISTED: i64 = 10_000;
/// As many as somebody reads.
const LISTED: u32 = 200;

/// How many rows of a list are printed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Shown {
    /// At most so many; a last line says if there are more.
    #[arg(long, default_value_t = LISTED, value_parser = clap::value_parser!(u32).range(1..=MAX_LISTED))]
    limit: u32,
}

impl Default for Shown {
    fn default() -> Self {
        Self { limit: LISTED }
    }
}

impl Shown {
    /// How many rows must be asked for, so that it is known whether there are more.
    pub(super) const fn wanted(self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// Those that are printed, and the last line.
    pub(super) fn part<T>(self, mut rows: Vec<T>) -> (Vec<T>, Option<Value>) {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = (rows.len() > shown).then(|| json!({"more": true, "shown": shown}));
        rows.truncate(shown);
        (rows, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_off_says_so() {
        let some = Shown { limit: 2 };
        assert_eq!(some.wanted(), 3);
        assert_eq!(some.part(vec![1, 2]), (vec![1, 2], None));
        assert_eq!(some.part(vec![1, 2, 3]), (vec![1, 2], Some(json!({"more": true, "shown": 2}))));
    }
}
