//! Where what nobody may guess comes from.

use rand::rngs::ThreadRng;

/// A cryptographic generator, seeded by the operating system.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "keys, passwords and names of this program's runs must not repeat"
)]
pub fn generator() -> ThreadRng {
    rand::rng()
}
