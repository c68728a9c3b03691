//! Secrets of tenants at rest: sealed with AES-256-GCM under keys that only the processes know.
//!
//! Each secret is bound to its place (tenant, connection, column): moved to another row or column it does not open. A
//! row names the key that sealed it; any key of the ring opens, the first one seals, so keys are rotated by putting a
//! new one in front, and an old one is dropped when no row names it any more.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::TenantId;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

/// Bytes of a key.
const KEY_LEN: usize = 32;
/// Longest id of a key.
const MAX_ID: usize = 32;

/// Why a list of keys is none. Neither keys nor ids are quoted: the text may be a key in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingProblem {
    /// The entry has another form.
    #[error("entry {0} is not of the form id:base64")]
    Form(usize),
    /// The id has other characters.
    #[error("entry {0} has an id that is not 1 to 32 letters, digits, dots, dashes or underscores")]
    Id(usize),
    /// The key has another length or is not base64.
    #[error("entry {0} has a key that is not 32 bytes in base64")]
    Key(usize),
    /// Two keys have one id.
    #[error("entry {0} has the id of an earlier one")]
    Twice(usize),
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// This process has no keys at all.
    #[error("secrets.keys is not set, so secrets of connections can be neither stored nor read")]
    NoKeys,
    /// The row names a key that this process does not have.
    #[error("secrets.keys has no key `{id}`, under which the secret was sealed")]
    UnknownKey {
        /// Its id.
        id: String,
    },
    /// The key of that id is another one, or the row was changed, or belongs elsewhere.
    #[error(
        "the secret does not open with the key `{id}` of secrets.keys: another key, or a row that was tampered with"
    )]
    DoesNotOpen {
        /// Id of the key.
        id: String,
    },
    /// The system has no randomness, or the secret is too long.
    #[error("the secret cannot be sealed")]
    CannotSeal,
}

/// Where a secret belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) row: Uuid,
    pub(crate) column: &'static str,
}

impl Place {
    fn associated_data(&self) -> Vec<u8> {
        // The first two parts have fixed lengths, so no two places have one spelling.
        let mut data = self.tenant.as_uuid().as_bytes().to_vec();
        data.extend_from_slice(self.row.as_bytes());
        data.extend_from_slice(self.column.as_bytes());
        data
    }
}

struct Key {
    id: String,
    key: LessSafeKey,
}

/// The keys of this process. Cheap to clone; prints without them.
#[derive(Clone)]
pub struct Sealer(Arc<[Key]>);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} keys)", self.0.len())
    }
}

impl Sealer {
    /// No keys: nothing can be sealed or opened, and whoever tries is told so.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new([]))
    }

    /// Keys as the configuration writes them, `id:base64`, the one that seals first.
    ///
    /// # Errors
    /// [`KeyRingProblem`], which names the entry by its place.
    pub fn from_entries<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyRingProblem> {
        let mut keys: Vec<Key> = Vec::new();
        for (place, entry) in (1..).zip(entries) {
            let (id, text) = entry.trim().split_once(':').ok_or(KeyRingProblem::Form(place))?;
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
            if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(fits) {
                return Err(KeyRingProblem::Id(place));
            }
            if keys.iter().any(|known| known.id == id) {
                return Err(KeyRingProblem::Twice(place));
            }
            let bytes = STANDARD.decode(text).map_err(|_| KeyRingProblem::Key(place))?;
            if bytes.len() != KEY_LEN {
                return Err(KeyRingProblem::Key(place));
            }
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| KeyRingProblem::Key(place))?;
            keys.push(Key { id: id.to_owned(), key: LessSafeKey::new(key) });
        }
        Ok(Self(keys.into()))
    }

    /// True if there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id of the key that seals.
    pub(crate) fn current(&self) -> Result<&str, SealError> {
        self.0.first().map(|key| key.id.as_str()).ok_or(SealError::NoKeys)
    }

    /// Seals under the current key: nonce, then ciphertext with its tag.
    pub(crate) fn seal(&self, place: Place, secret: &str) -> Result<Vec<u8>, SealError> {
        let current = self.0.first().ok_or(SealError::NoKeys)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::CannotSeal)?;
        let mut text = secret.as_bytes().to_vec();
        current
            .key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.associated_data()),
                &mut text,
            )
            .map_err(|_| SealError::CannotSeal)?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what was sealed for this place under the key of this id.
    pub(crate) fn open(&self, place: Place, key_id: &str, sealed: &[u8]) -> Result<String, SealError> {
        if self.0.is_empty() {
            return Err(SealError::NoKeys);
        }
        let unknown = || SealError::UnknownKey { id: key_id.to_owned() };
        let broken = || SealError::DoesNotOpen { id: key_id.to_owned() };
        let key = self.0.iter().find(|key| key.id == key_id).ok_or_else(unknown)?;
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut text = text.to_vec();
        let opened = key
            .key
            .open_in_place(nonce, Aad::from(place.associated_data()), &mut text)
            .map_err(|_| broken())?;
        String::from_utf8(opened.to_vec()).map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, byte: u8) -> String {
        format!("{id}:{}", STANDARD.encode([byte; KEY_LEN]))
    }

    fn ring(entries: &[String]) -> Sealer {
        Sealer::from_entries(entries.iter().map(String::as_str)).unwrap()
    }

    fn place(tenant: u128, row: u128, column: &'static str) -> Place {
        Place { tenant: TenantId::from_uuid(Uuid::from_u128(tenant)), row: Uuid::from_u128(row), column }
    }

    #[test]
    fn a_secret_opens_in_its_place_and_nowhere_else() {
        let sealer = ring(&[entry("2026", 7)]);
        let home = place(1, 2, "api_key");
        let sealed = sealer.seal(home, "cal_live_grüße").unwrap();
        assert_eq!(sealer.open(home, "2026", &sealed).unwrap(), "cal_live_grüße");
        assert_ne!(sealer.seal(home, "cal_live_grüße").unwrap(), sealed, "every nonce is fresh");
        let broken = Err(SealError::DoesNotOpen { id: "2026".to_owned() });
        for elsewhere in [place(2, 2, "api_key"), place(1, 3, "api_key"), place(1, 2, "webhook_secret")] {
            assert_eq!(sealer.open(elsewhere, "2026", &sealed), broken);
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(sealer.open(home, "2026", &changed), broken);
        }
        for length in 0..sealed.len() {
            assert_eq!(sealer.open(home, "2026", &sealed[..length]), broken);
        }
    }

    #[test]
    fn keys_are_rotated_by_putting_a_new_one_in_front() {
        let home = place(1, 2, "api_key");
        let old = ring(&[entry("a", 1)]);
        let sealed = old.seal(home, "secret").unwrap();
        let both = ring(&[entry("b", 2), entry("a", 1)]);
        assert_eq!((both.current(), old.current()), (Ok("b"), Ok("a")));
        assert_eq!(both.open(home, "a", &sealed).unwrap(), "secret");
        let new = both.seal(home, "secret").unwrap();
        assert_eq!(both.open(home, "b", &new).unwrap(), "secret");
        assert_eq!(old.open(home, "b", &new), Err(SealError::UnknownKey { id: "b".to_owned() }));
        let wrong = ring(&[entry("a", 9)]);
        assert_eq!(wrong.open(home, "a", &sealed), Err(SealError::DoesNotOpen { id: "a".to_owned() }));
    }

    #[test]
    fn without_keys_nothing_is_sealed_or_opened() {
        let none = Sealer::none();
        assert!(none.is_empty());
        assert_eq!(none.seal(place(1, 2, "api_key"), "secret"), Err(SealError::NoKeys));
        assert_eq!(none.open(place(1, 2, "api_key"), "a", &[0; 40]), Err(SealError::NoKeys));
        assert!(SealError::NoKeys.to_string().starts_with("secrets.keys is not set"));
    }

    #[test]
    fn entries_are_refused_by_their_place_and_never_quoted() {
        let problem = |entries: &[&str]| Sealer::from_entries(entries.iter().copied()).unwrap_err();
        let good = entry("a", 1);
        assert_eq!(problem(&["secret"]), KeyRingProblem::Form(1));
        assert_eq!(problem(&[&good, ":x"]), KeyRingProblem::Id(2));
        assert_eq!(problem(&["a b:x"]), KeyRingProblem::Id(1));
        assert_eq!(problem(&["a:c2hvcnQ="]), KeyRingProblem::Key(1));
        assert_eq!(problem(&["a:*"]), KeyRingProblem::Key(1));
        assert_eq!(problem(&[&good, &good]), KeyRingProblem::Twice(2));
        let text = format!("{:?}", Sealer::from_entries([good.as_str()]).unwrap());
        assert_eq!(text, "Sealer(1 keys)");
    }
}
