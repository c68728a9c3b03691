//! A slot: what, with whom, from when until when. And its short name in a conversation.

use std::fmt;

use chrono::{DateTime, Utc};
use kernel::{ServiceId, StaffId};
use uuid::Uuid;

use super::catalogue::Catalogue;
use super::span::{Minute, Span};

mod several;

pub use several::SlotRefs;

/// A time at which one person performs one service. `end - start` is the service's duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot {
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// Beginning of the customer's stay.
    pub start: DateTime<Utc>,
    /// End of the customer's stay.
    pub end: DateTime<Utc>,
}

impl Slot {
    /// The customer's stay.
    #[must_use]
    pub const fn stay(&self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// What a [`SlotId`] says: ends of two ids and a minute. [`Catalogue::resolve_slot`] makes a [`Slot`] of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotRef {
    service_tail: [u8; 4],
    staff_tail: [u8; 4],
    start: u32,
}

impl SlotRef {
    /// Beginning of the stay that is meant.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        Minute(i64::from(self.start)).instant()
    }
}

/// The text is not the id of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a slot")]
pub struct NotASlotId;

/// Why the catalogue cannot say which slot is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotRefError {
    /// No service or no person of this branch has such an id.
    #[error("the slot names nothing of this branch")]
    Unknown,
    /// Two services or two people of this branch have ids that end alike.
    #[error("the slot does not say clearly what it names")]
    Ambiguous,
}

/// The name of a slot in a conversation: `slot_` and 23 letters and digits. It needs no memory on our side. Slots that
/// follow each other have one name too, which is longer.
///
/// A language model repeats it from one tool call to the next, so it is short and carries check digits: a name that
/// was invented or garbled is refused. It is no secret and grants nothing; whether the slot is free is decided anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotId(String);

impl SlotId {
    /// What every slot id begins with.
    pub const PREFIX: &'static str = "slot_";
    /// Slots that one name can say at most.
    pub const MOST_SLOTS: usize = 6;
    /// Bytes of the first slot: service, person and minute.
    const FIRST_BYTES: usize = 12;
    /// Bytes of each further slot: the minutes since the one before it ended, service and person.
    const NEXT_BYTES: usize = 9;
    /// Base-32 digits of the longest name, five bits each.
    const MOST_DIGITS: usize =
        ((Self::FIRST_BYTES + (Self::MOST_SLOTS - 1) * Self::NEXT_BYTES + 2) * 8).div_ceil(5);
    const ALPHABET: &'static [u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

    /// Names a slot. `None` if it begins outside the years 1970 to 10136: such a slot has no name, and is not offered
    /// under that of another.
    #[must_use]
    pub fn encode(slot: &Slot) -> Option<Self> {
        Self::encode_all(std::slice::from_ref(slot))
    }

    /// What bytes look like as text, with two check bytes at their end.
    fn spelled(mut bytes: Vec<u8>) -> Self {
        bytes.extend(crc16(&bytes).to_be_bytes());
        let digits = (bytes.len() * 8).div_ceil(5);
        let mut text = String::with_capacity(Self::PREFIX.len() + digits);
        text.push_str(Self::PREFIX);
        for digit in 0..digits {
            text.push(char::from(Self::ALPHABET[usize::from(five_bits(&bytes, digit))]));
        }
        Self(text)
    }

    /// The bytes before the check, if it fits them.
    fn read(text: &str) -> Result<Vec<u8>, NotASlotId> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(NotASlotId)?.as_bytes();
        let mut bytes = vec![0_u8; digits.len() * 5 / 8];
        if digits.len() > Self::MOST_DIGITS || digits.len() != (bytes.len() * 8).div_ceil(5) {
            return Err(NotASlotId);
        }
        for (index, digit) in digits.iter().enumerate() {
            let value = match digit {
                b'a'..=b'z' => digit - b'a',
                b'2'..=b'7' => digit - b'2' + 26,
                _ => return Err(NotASlotId),
            };
            for bit in 0..5 {
                let at = index * 5 + bit;
                if value & (0b1_0000 >> bit) != 0 {
                    // Bits beyond the last byte are always zero in what we write: one slot, one name.
                    *bytes.get_mut(at / 8).ok_or(NotASlotId)? |= 0b1000_0000 >> (at % 8);
                }
            }
        }
        let (said, check) = bytes.split_last_chunk::<2>().ok_or(NotASlotId)?;
        if crc16(said) != u16::from_be_bytes(*check) {
            return Err(NotASlotId);
        }
        Ok(said.to_vec())
    }

    /// Reads a name back.
    ///
    /// # Errors
    /// [`NotASlotId`] for everything that [`SlotId::encode`] would not have written.
    pub fn decode(text: &str) -> Result<SlotRef, NotASlotId> {
        Self::decode_all(text)?.only().ok_or(NotASlotId)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Catalogue {
    /// Finds the service and the person that a slot id names, and with them the end of the stay.
    ///
    /// Inactive services and people are found too: that they are not offered is the availability's answer.
    ///
    /// # Errors
    /// [`SlotRefError`] if nothing or more than one thing of this branch is named.
    pub fn resolve_slot(&self, named: &SlotRef) -> Result<Slot, SlotRefError> {
        self.slot_named((named.service_tail, named.staff_tail), Minute(i64::from(named.start)))
    }

    fn slot_named(&self, (service, staff): ([u8; 4], [u8; 4]), start: Minute) -> Result<Slot, SlotRefError> {
        let service = only(self.services().iter().filter(|known| tail(known.id.as_uuid()) == service))?;
        let person = only(self.staff().iter().filter(|known| tail(known.id.as_uuid()) == staff))?;
        Ok(Slot {
            service: service.id,
            staff: person.id,
            start: start.instant(),
            end: Minute(start.0 + i64::from(service.duration_minutes())).instant(),
        })
    }
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Result<T, SlotRefError> {
    let first = found.next().ok_or(SlotRefError::Unknown)?;
    match found.next() {
        None => Ok(first),
        Some(_) => Err(SlotRefError::Ambiguous),
    }
}

/// The end of an id: with UUIDv7 the beginning is a time, which neighbours share; the end is random.
fn tail(uuid: Uuid) -> [u8; 4] {
    let bytes = uuid.as_bytes();
    [bytes[12], bytes[13], bytes[14], bytes[15]]
}

fn five_bits(bytes: &[u8], digit: usize) -> u8 {
    let mut value = 0;
    for bit in digit * 5..digit * 5 + 5 {
        let set = bytes.get(bit / 8).is_some_and(|byte| byte & (0b1000_0000 >> (bit % 8)) != 0);
        value = value << 1 | u8::from(set);
    }
    value
}

/// CRC-16/CCITT-FALSE: finds every changed character and nearly every invented name.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{branch_id, salon, service_id, staff_id};
    use proptest::prelude::*;

    fn slot(service: u128, staff: u128, minute: u32) -> Slot {
        Slot {
            service: service_id(service),
            staff: staff_id(staff),
            start: Minute(i64::from(minute)).instant(),
            end: Minute(i64::from(minute) + 30).instant(),
        }
    }

    proptest! {
        #[test]
        fn a_name_says_which_slot_is_meant(service: u128, staff: u128, minute: u32) {
            let slot = slot(service, staff, minute);
            let name = SlotId::encode(&slot).unwrap();
            prop_assert_eq!(name.as_str().len(), 28);
            let named = SlotId::decode(name.as_str()).unwrap();
            prop_assert_eq!(named.start(), slot.start);
            prop_assert_eq!(named.service_tail, tail(slot.service.as_uuid()));
            prop_assert_eq!(named.staff_tail, tail(slot.staff.as_uuid()));
        }

        #[test]
        fn a_changed_character_is_noticed(
            service: u128,
            staff: u128,
            minute: u32,
            at in 0_usize..23,
            other in "[a-z2-7]",
        ) {
            let name = SlotId::encode(&slot(service, staff, minute)).unwrap().to_string();
            let mut garbled = name.clone();
            garbled.replace_range(5 + at..6 + at, &other);
            prop_assert_eq!(SlotId::decode(&garbled).is_ok(), garbled == name);
        }

        #[test]
        fn garbage_is_refused(text in "\\PC{0,40}", digits in "[a-z2-7]{20,26}") {
            prop_assert_eq!(SlotId::decode(&text), Err(NotASlotId));
            // Digits that were made up pass with the luck of one in 65536; the length alone refuses most.
            let made_up = format!("slot_{digits}");
            if let Ok(named) = SlotId::decode(&made_up) {
                let minute = Minute::floor(named.start()).0;
                prop_assert!(minute >= 0 && digits.len() == 23);
            }
        }
    }

    #[test]
    fn a_time_that_no_name_can_say_has_none() {
        let at = |minute: i64| Slot {
            start: Minute(minute).instant(),
            end: Minute(minute + 30).instant(),
            ..slot(1, 1, 0)
        };
        let last = i64::from(u32::MAX);
        for minute in [0, last] {
            let name = SlotId::encode(&at(minute)).unwrap();
            assert_eq!(SlotId::decode(name.as_str()).unwrap().start(), at(minute).start);
        }
        for minute in [-1, -30_000_000, last + 1] {
            assert_eq!(SlotId::encode(&at(minute)), None, "{minute}");
        }
    }

    #[test]
    fn what_is_nearly_a_name_is_refused() {
        let name = SlotId::encode(&slot(1, 1, 29_900_000)).unwrap().to_string();
        let upper = name.to_uppercase();
        let padded = format!(" {name}");
        let longer = format!("{name}a");
        for text in ["", "slot_", "slot", "{{slot_id}}", &upper, &padded, &longer, &name[..27], &name[5..]] {
            assert_eq!(SlotId::decode(text), Err(NotASlotId), "{text:?}");
        }
    }

    #[test]
    fn the_catalogue_finds_what_is_named() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let wanted = slot(1, 2, 29_900_000);
        let named = SlotId::decode(SlotId::encode(&wanted).unwrap().as_str()).unwrap();
        assert_eq!(catalogue.resolve_slot(&named), Ok(wanted));
        let foreign = SlotId::decode(SlotId::encode(&slot(1, 77, 29_900_000)).unwrap().as_str()).unwrap();
        assert_eq!(catalogue.resolve_slot(&foreign), Err(SlotRefError::Unknown));
    }

    #[test]
    fn two_people_whose_ids_end_alike_are_not_confused() {
        let twin = 2 + (1 << 64);
        let catalogue = salon(branch_id(1)).unwrap().person(twin, "Zwilling", &[], &[1]).unwrap();
        let catalogue = catalogue.build().unwrap();
        let named = SlotId::decode(SlotId::encode(&slot(1, 2, 29_900_000)).unwrap().as_str()).unwrap();
        assert_eq!(catalogue.resolve_slot(&named), Err(SlotRefError::Ambiguous));
    }

    #[test]
    fn names_are_pinned() {
        // Names live in running conversations over a deployment.
        let name = SlotId::encode(&slot(1, 2, 29_900_000)).unwrap();
        assert_eq!(name.as_str(), "slot_aaaaaaiaaaaaeaoihtqg63i");
    }
}
