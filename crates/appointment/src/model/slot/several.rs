//! One name for slots that follow each other.

use super::{NotASlotId, Slot, SlotId, SlotRef, SlotRefError, tail};
use crate::model::catalogue::Catalogue;
use crate::model::span::Minute;

/// What the name of one or several slots says. [`Catalogue::resolve_slots`] makes slots of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotRefs {
    first: SlotRef,
    then: Vec<Next>,
}

/// A slot that follows another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Next {
    /// Minutes since the one before ended.
    gap: u8,
    service_tail: [u8; 4],
    staff_tail: [u8; 4],
}

impl SlotRefs {
    /// The slot, if it is one alone.
    #[must_use]
    pub fn only(&self) -> Option<SlotRef> {
        self.then.is_empty().then_some(self.first)
    }
}

impl SlotId {
    /// Names slots of which each begins when the one before has ended, or up to 255 minutes later. `None` for none, for
    /// more than [`Self::MOST_SLOTS`], for slots that do not follow each other, and outside the years of
    /// [`Self::encode`].
    #[must_use]
    pub fn encode_all(slots: &[Slot]) -> Option<Self> {
        let first = slots.first().filter(|_| slots.len() <= Self::MOST_SLOTS)?;
        let minute = u32::try_from(Minute::floor(first.start).0).ok()?;
        let mut bytes = Vec::with_capacity(Self::FIRST_BYTES + slots.len() * Self::NEXT_BYTES);
        bytes.extend(tail(first.service.as_uuid()));
        bytes.extend(tail(first.staff.as_uuid()));
        bytes.extend(minute.to_be_bytes());
        for (before, slot) in slots.iter().zip(slots.iter().skip(1)) {
            let gap = Minute::floor(slot.start).0 - Minute::floor(before.end).0;
            bytes.push(u8::try_from(gap).ok()?);
            bytes.extend(tail(slot.service.as_uuid()));
            bytes.extend(tail(slot.staff.as_uuid()));
        }
        Some(Self::spelled(bytes))
    }

    /// Reads the name of one or several slots back.
    ///
    /// # Errors
    /// [`NotASlotId`] for everything that [`SlotId::encode_all`] would not have written.
    pub fn decode_all(text: &str) -> Result<SlotRefs, NotASlotId> {
        let bytes = Self::read(text)?;
        let (first, then) = bytes.split_first_chunk::<{ Self::FIRST_BYTES }>().ok_or(NotASlotId)?;
        let [s0, s1, s2, s3, p0, p1, p2, p3, m0, m1, m2, m3] = *first;
        let first = SlotRef {
            service_tail: [s0, s1, s2, s3],
            staff_tail: [p0, p1, p2, p3],
            start: u32::from_be_bytes([m0, m1, m2, m3]),
        };
        let (then, rest) = then.as_chunks::<{ Self::NEXT_BYTES }>();
        if !rest.is_empty() {
            return Err(NotASlotId);
        }
        let next = |[gap, s0, s1, s2, s3, p0, p1, p2, p3]: &[u8; Self::NEXT_BYTES]| Next {
            gap: *gap,
            service_tail: [*s0, *s1, *s2, *s3],
            staff_tail: [*p0, *p1, *p2, *p3],
        };
        Ok(SlotRefs { first, then: then.iter().map(next).collect() })
    }
}

impl Catalogue {
    /// Finds the services and the people that the name of slots says, and with them where each begins and ends: at least
    /// one slot.
    ///
    /// # Errors
    /// As [`Catalogue::resolve_slot`].
    pub fn resolve_slots(&self, named: &SlotRefs) -> Result<Vec<Slot>, SlotRefError> {
        let mut slot = self.resolve_slot(&named.first)?;
        let mut slots = vec![slot];
        for next in &named.then {
            let start = Minute(Minute::floor(slot.end).0 + i64::from(next.gap));
            slot = self.slot_named((next.service_tail, next.staff_tail), start)?;
            slots.push(slot);
        }
        Ok(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::sequence::SequenceLimits;
    use crate::testing::{branch_id, salon, staff_id};
    use proptest::prelude::*;

    const _: () = assert!(SequenceLimits::MOST_PARTS as usize <= SlotId::MOST_SLOTS);
    const _: () = assert!(SequenceLimits::MOST_GAP <= u8::MAX as u32);

    /// Slots of the salon: services by their place, people by theirs, minutes between.
    fn slots(catalogue: &Catalogue, minute: u32, parts: &[(usize, u128, u8)]) -> Vec<Slot> {
        let mut start = i64::from(minute);
        let mut slots = Vec::new();
        for (service, staff, gap) in parts {
            let service = &catalogue.services()[*service];
            if !slots.is_empty() {
                start += i64::from(*gap);
            }
            let end = start + i64::from(service.duration_minutes());
            let (from, until) = (Minute(start).instant(), Minute(end).instant());
            slots.push(Slot { service: service.id, staff: staff_id(*staff), start: from, end: until });
            start = end;
        }
        slots
    }

    proptest! {
        #[test]
        fn a_name_says_all_slots_in_their_order(
            minute: u32,
            parts in prop::collection::vec((0_usize..3, 1_u128..3, any::<u8>()), 1..=6),
        ) {
            let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
            let slots = slots(&catalogue, minute, &parts);
            let name = SlotId::encode_all(&slots).unwrap();
            let named = SlotId::decode_all(name.as_str()).unwrap();
            prop_assert_eq!(catalogue.resolve_slots(&named).unwrap(), slots.clone());
            prop_assert_eq!(SlotId::decode(name.as_str()).is_ok(), slots.len() == 1);
            prop_assert!(name.as_str().len() <= 100, "short enough to be repeated: {}", name);
        }

        #[test]
        fn a_changed_character_is_noticed(minute: u32, at in 0_usize..37, other in "[a-z2-7]") {
            let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
            let slots = slots(&catalogue, minute, &[(0, 1, 0), (1, 2, 15)]);
            let name = SlotId::encode_all(&slots).unwrap().to_string();
            let mut garbled = name.clone();
            garbled.replace_range(5 + at..6 + at, &other);
            prop_assert_eq!(SlotId::decode_all(&garbled).is_ok(), garbled == name);
        }

        #[test]
        fn garbage_is_no_panic(text in "\\PC{0,120}", digits in "[a-z2-7]{0,120}") {
            let _ = SlotId::decode_all(&text);
            let _ = SlotId::decode_all(&format!("slot_{digits}"));
        }
    }

    #[test]
    fn what_does_not_follow_has_no_name() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let two = slots(&catalogue, 29_900_000, &[(0, 1, 0), (1, 1, 0)]);
        assert_eq!(SlotId::encode_all(&[]), None);
        assert_eq!(SlotId::encode_all(&[two[1], two[0]]), None);
        assert_eq!(SlotId::encode_all(&[two[0]; 7]), None);
        let name = SlotId::encode_all(&two).unwrap();
        let [part, whole] = [SlotId::encode(&two[0]).unwrap(), name];
        assert!(!whole.as_str().starts_with(part.as_str()), "the beginning of a name is no name");
    }

    #[test]
    fn names_are_pinned() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let two = slots(&catalogue, 29_900_000, &[(0, 1, 0), (1, 2, 5)]);
        assert_eq!(SlotId::encode_all(&two).unwrap().as_str(), "slot_aaaaaaiaaaaacaoihtqakaaaaabaaaaaaisqg");
    }
}
