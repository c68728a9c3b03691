use super::*;
use crate::testing::callback;
use proptest::prelude::*;

#[test]
fn words_are_stored_and_read() {
    for priority in Priority::ALL {
        assert_eq!(priority.as_str().parse(), Ok(*priority));
    }
    for reason in CallbackReason::ALL {
        assert_eq!(reason.as_str().parse(), Ok(*reason));
    }
    for status in CallbackStatus::ALL {
        assert_eq!(status.as_str().parse(), Ok(*status));
    }
    assert_eq!("Urgent".parse::<Priority>(), Err(CorruptCallback::Word));
}

#[test]
fn the_more_urgent_is_due_sooner() {
    let hours: Vec<i64> = Priority::ALL.iter().map(|p| p.due_in().num_hours()).collect();
    assert_eq!(hours, [24, 4, 2]);
    assert!(Priority::Urgent > Priority::High && Priority::High > Priority::Normal);
}

#[test]
fn what_is_broken_is_not_restored() {
    let broken = |change: fn(&mut CallbackSnapshot)| {
        let mut snapshot = callback(1);
        change(&mut snapshot);
        Callback::restore(snapshot).err()
    };
    assert_eq!(broken(|_| {}), None);
    assert_eq!(
        broken(|s| s.due_at = s.created_at - TimeDelta::seconds(1)),
        Some(CorruptCallback::DueBeforeMade)
    );
    assert_eq!(broken(|s| s.note = Some("x".repeat(1_001))), Some(CorruptCallback::TooLong));
    assert_eq!(broken(|s| s.preferred_window = Some("x".repeat(201))), Some(CorruptCallback::TooLong));
    assert_eq!(broken(|s| s.version = 0), Some(CorruptCallback::Version));
}

#[test]
fn a_caller_is_not_in_the_log() {
    let mut snapshot = callback(1);
    snapshot.note = Some("Rückenschmerzen".to_owned());
    snapshot.preferred_window = Some("abends bei Erika".to_owned());
    let shown = format!("{snapshot:?}");
    assert!(!shown.contains("Rücken") && !shown.contains("Erika"), "{shown}");
}

#[test]
fn overdue_is_open_and_late() {
    let open = Callback::restore(callback(1)).unwrap();
    assert!(!open.is_overdue(open.due_at()));
    assert!(open.is_overdue(open.due_at() + TimeDelta::seconds(1)));
    let cancelled = open.advance(CallbackStatus::Cancelled).unwrap();
    assert!(!cancelled.is_overdue(open.due_at() + TimeDelta::days(9)));
}

fn any_status() -> impl Strategy<Value = CallbackStatus> {
    prop::sample::select(CallbackStatus::ALL.to_vec())
}

proptest! {
    #[test]
    fn a_settled_callback_stays_settled(steps in prop::collection::vec(any_status(), 0..12)) {
        let mut now = Callback::restore(callback(1)).unwrap();
        let mut visited = vec![now.status()];
        for step in steps {
            let before = now.clone();
            match now.advance(step) {
                Ok(next) => {
                    prop_assert!(before.status().is_open());
                    prop_assert_eq!(next.snapshot().version, before.snapshot().version + 1);
                    visited.push(step);
                    now = next;
                }
                Err(error) => {
                    let refused = matches!(error, AdvanceError::NotAllowed { .. });
                    prop_assert!(refused);
                    prop_assert!(!before.status().leads_to(step));
                }
            }
        }
        // Nobody is contacted without having been assigned, nothing is settled without contact.
        for (status, before) in [
            (CallbackStatus::Contacted, CallbackStatus::Assigned),
            (CallbackStatus::Completed, CallbackStatus::Contacted),
        ] {
            if let Some(at) = visited.iter().position(|s| *s == status) {
                prop_assert_eq!(visited[at - 1], before);
            }
        }
        prop_assert!(visited.len() <= 4);
    }

    #[test]
    fn a_promise_can_always_be_stored(note in any::<Option<String>>(), long in "[a-zäß \\n]{0,1500}") {
        for text in [note, Some(long)] {
            let mut wish = callback(1);
            wish.note = text.clone();
            wish.preferred_window = text;
            let promised = Callback::promised(wish);
            prop_assert!(Callback::restore(promised.snapshot().clone()).is_ok());
            let kept = promised.snapshot().note.as_deref().unwrap_or("x");
            prop_assert!(!kept.trim().is_empty() && !kept.chars().any(char::is_control));
        }
    }
}
