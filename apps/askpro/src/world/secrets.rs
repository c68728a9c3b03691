//! API keys of the demo: the same after every restart, since scripts keep them.
//!
//! They are no secret to anybody who knows the seed, and the demo listens on loopback.

use super::Dice;

/// Letters and digits of keys, none that look alike.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// The key of a tenant of the demo: `ask_`, eight characters of prefix, 32 of secret.
#[must_use]
pub fn api_key(seed: u64, slug: &str) -> String {
    let mut dice = Dice::new(seed, &["api key", slug]);
    let body: String = (0..40).map(|_| char::from(ALPHABET[dice.below(ALPHABET.len())])).collect();
    format!("ask_{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_shape_and_stay() {
        let key = api_key(7, "salon-nord");
        assert_eq!(key, api_key(7, "salon-nord"));
        assert_ne!(key, api_key(7, "physio-lindt"));
        assert_ne!(key, api_key(8, "salon-nord"));
        let body = key.strip_prefix("ask_").unwrap();
        assert!(body.len() == 40 && body.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
