//! The waiting list: wishes that could not be met, and freed time that is offered to them.
//!
//! * **Unmet wish**: what a caller asked for in vain and agreed to be noted ([`UnmetWish`]): a service, days, hours of
//!   the day, perhaps a person, and a number to call.
//! * **Freed time**: the time of an appointment that was called off or moved away ([`FreedTime`]).
//! * **Offer**: a slot in freed time that is kept for one wish while a person of the company asks ([`Offer`]). It
//!   occupies time like a hold does, under the same exclusion.
//!
//! Who has waited longest is asked first; one wish at a time for one freed time, one offer at a time for one wish. The
//! next one is asked when the answer is no, or when the offer lapses. Whatever is booked meanwhile by others is theirs:
//! an offer is made of what is free at that moment and is verified again when it is taken.
//!
//! Where an outside calendar has a say, it is asked itself ([`FreedThere`]): what it does not offer is offered to nobody.
//! While a wish is asked, the slot is reserved there ([`OfferReservation`]). That hides it from others and protects against
//! nothing; what keeps the time is the offer, and what decides in the end is the copy.
//!
//! [`WishDesk`] notes wishes, [`WaitingList`] makes and settles offers. Both are pure in their decisions and leave the
//! rest to the store.

mod choice;
mod desk;
mod ending;
mod events;
mod list;
mod model;
mod policy;
mod ports;

pub use choice::Unasked;
pub use desk::{NewWish, NoteOutcome, TimeUp, WishDesk};
pub use ending::{EndWish, WishEnd};
pub use events::{OfferSettled, WaitingEvent, WishNoted, WishOffered};
pub use list::{Answer, Answered, Later, OfferOutcome, WaitingList};
pub use model::{
    DayWindow, FreedTime, Offer, OfferId, OfferReservation, OfferSnapshot, OfferState, UnmetWish, WishId,
    WishRefused, WishSnapshot, WishStatus,
};
pub use policy::{WishLimits, after_open_minutes, offer_until, slot_for};
#[cfg(any(test, feature = "testing"))]
pub use ports::MockFreedThere;
pub use ports::{FreedThere, MOST_RESERVED, There, WaitingWrite, WishRepository};

#[cfg(test)]
mod tests;
