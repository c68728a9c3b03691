//! How many may be at work, and what one call may keep busy.
//!
//! Three bounds stand beside each other. A request takes a *slot* while it is answered. A tool that misses its deadline
//! goes on without its request, so its work moves to a *late place* and gives the slot back: those who are late do not
//! take the room of those who come. And one call keeps only a few tools at work, and none twice whose first run is late:
//! somebody who asks again and again gets an answer each time, and starts nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most tools of one call at work at once: more than any assistant uses side by side.
const MOST_OF_ONE_CALL: usize = 4;
/// Longest id of a call by which work is counted; the provider's have about 30 characters.
const LONGEST_ID: usize = 100;

/// A place among those who are at work. Clones share it; it is free again when the last of them is gone.
pub(crate) type Slot = Arc<OwnedSemaphorePermit>;

/// The bounds, and who is at work.
pub(crate) struct Crowd {
    slots: Arc<Semaphore>,
    late: Arc<Semaphore>,
    doorway: Arc<Semaphore>,
    calls: Mutex<HashMap<String, Vec<Piece>>>,
}

/// A tool at work for a call.
struct Piece {
    tool: &'static str,
    late: bool,
}

impl Crowd {
    pub(crate) fn new(most: usize) -> Self {
        let bound = || Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { slots: bound(), late: bound(), doorway: bound(), calls: Mutex::default() }
    }

    pub(crate) fn free_slots(&self) -> usize {
        self.slots.available_permits()
    }

    /// A slot for a request, or none at once: whoever waits in a queue here would be too late anyway.
    pub(crate) fn slot(&self) -> Option<Slot> {
        Arc::clone(&self.slots).try_acquire_owned().ok().map(Arc::new)
    }

    /// A place for reading a request only to tell it that there is no room: that costs memory, so it is bounded, too.
    pub(crate) fn doorway(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.doorway).try_acquire_owned().ok()
    }

    /// Begins the work of a tool for a call. `None` if the call keeps enough at work already.
    pub(crate) fn begin(
        self: &Arc<Self>,
        call: Option<&str>,
        tool: &'static str,
        slot: Option<Slot>,
    ) -> Option<Work> {
        let call = call.filter(|id| id.len() <= LONGEST_ID).map(str::to_owned);
        if let Some(id) = &call {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            let pieces = calls.entry(id.clone()).or_default();
            let is_busy = pieces.len() >= MOST_OF_ONE_CALL
                || pieces.iter().any(|piece| piece.late && piece.tool == tool);
            if is_busy {
                return None;
            }
            pieces.push(Piece { tool, late: false });
        }
        Some(Work { crowd: Arc::clone(self), call, tool, place: Mutex::new((slot, false)) })
    }
}

/// A tool at work. It counts until this is gone.
pub(crate) struct Work {
    crowd: Arc<Crowd>,
    call: Option<String>,
    tool: &'static str,
    /// The place it holds, and whether it is late.
    place: Mutex<(Option<Slot>, bool)>,
}

impl Work {
    /// The deadline has come and the work goes on: it makes room for others, as long as there are late places.
    pub(crate) fn is_late(&self) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.1 = true;
        if let Ok(late) = Arc::clone(&self.crowd.late).try_acquire_owned() {
            place.0 = Some(Arc::new(late));
        }
        drop(place);
        self.count(|pieces| {
            if let Some(piece) = pieces.iter_mut().find(|piece| piece.tool == self.tool && !piece.late) {
                piece.late = true;
            }
        });
    }

    fn count(&self, change: impl FnOnce(&mut Vec<Piece>)) {
        let Some(id) = &self.call else { return };
        let mut calls = self.crowd.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = calls.entry(id.clone()) {
            change(entry.get_mut());
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let (_, late) = *self.place.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.count(|pieces| {
            let own = pieces.iter().position(|piece| piece.tool == self.tool && piece.late == late);
            if let Some(own) = own {
                pieces.swap_remove(own);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_keeps_few_tools_at_work_and_none_twice_that_is_late() {
        let crowd = Arc::new(Crowd::new(10));
        let begin = |call, tool| crowd.begin(Some(call), tool, None);
        let first = begin("one", "book").unwrap();
        let _second = begin("one", "book").unwrap();
        first.is_late();
        assert!(begin("one", "book").is_none(), "its first run is late");
        let _other = begin("one", "look").unwrap();
        let _third = begin("one", "list").unwrap();
        assert!(begin("one", "time").is_none(), "four are enough");
        assert!(begin("two", "book").is_some(), "another call is not affected");
        drop(first);
        assert!(begin("one", "book").is_some());
    }

    #[test]
    fn what_is_late_gives_its_slot_back_while_there_are_late_places() {
        let crowd = Arc::new(Crowd::new(1));
        let begin = |call| crowd.begin(Some(call), "book", crowd.slot());
        let first = begin("one").unwrap();
        assert!(crowd.slot().is_none());
        first.is_late();
        let second = begin("two").unwrap();
        second.is_late();
        assert!(crowd.slot().is_none(), "there was one late place, so this work keeps its slot");
        drop(second);
        assert!(crowd.slot().is_some());
        drop(first);
        assert!(crowd.calls.lock().unwrap().is_empty(), "nobody is remembered who is not at work");
        assert_eq!(crowd.late.available_permits(), 1);
    }

    #[test]
    fn without_an_id_nothing_is_counted() {
        let crowd = Arc::new(Crowd::new(1));
        let long = "x".repeat(LONGEST_ID + 1);
        let all: Vec<_> = [None, Some(long.as_str())]
            .into_iter()
            .cycle()
            .take(20)
            .map(|call| crowd.begin(call, "book", None))
            .collect();
        assert!(all.iter().all(Option::is_some));
        assert!(crowd.calls.lock().unwrap().is_empty());
    }
}
