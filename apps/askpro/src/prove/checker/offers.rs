//! Nobody is offered what somebody has, nobody is asked twice, and whoever says yes has it.

use std::collections::BTreeMap;

use super::{Findings, History, OfferRow, Rows, Span, overlap};

pub(super) fn check(history: &History, rows: &Rows, findings: &mut Findings) {
    let (mut of_wish, mut of_time, mut asked) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for offer in &rows.offers {
        let open = u32::from(offer.is_open);
        *of_wish.entry(offer.wish).or_insert(0) += open;
        *of_time.entry(offer.freed).or_insert(0) += open;
        *asked.entry((offer.wish, offer.freed)).or_insert(0) += 1;
    }
    for (wish, open) in of_wish {
        findings.hold("offered_twice", open <= 1, || format!("the wish {wish} has {open} offers at once"));
    }
    for (freed, open) in of_time {
        findings.hold("offered_twice", open <= 1, || format!("{freed:?} is offered {open} times at once"));
    }
    for ((wish, freed), count) in asked {
        findings.hold("offered_twice", count == 1, || {
            format!("{freed:?} was offered to the wish {wish} {count} times")
        });
    }
    for offer in &rows.offers {
        time(offer, rows, findings);
    }
    accepted(history, rows, findings);
}

/// A yes, an appointment and a fulfilled wish: all three or none.
fn accepted(history: &History, rows: &Rows, findings: &mut Findings) {
    for (offer, appointment) in &history.accepted {
        let kept = rows
            .offers
            .iter()
            .any(|row| row.id == *offer && row.is_accepted && row.appointment == Some(*appointment));
        findings.hold("broken_offer", kept, || {
            format!("the offer {offer} was accepted and told to be {appointment}, which is not so")
        });
    }
    let mut fulfilled: BTreeMap<_, u32> = BTreeMap::new();
    let mut became: BTreeMap<_, u32> = BTreeMap::new();
    for offer in &rows.offers {
        *fulfilled.entry(offer.wish).or_default() += u32::from(offer.is_accepted);
        if let Some(appointment) = offer.appointment {
            *became.entry(appointment).or_default() += 1;
        }
        let as_offered = rows.made.iter().filter(|made| {
            Some(made.appointment) == offer.appointment
                && (made.service, made.staff, made.start) == (offer.service, offer.staff, offer.start)
        });
        let count = as_offered.count();
        findings.hold("broken_offer", count == usize::from(offer.is_accepted), || {
            format!(
                "the offer {} (accepted: {}) became {count} appointments as offered: {:?}",
                offer.id, offer.is_accepted, offer.appointment
            )
        });
    }
    for (appointment, count) in became {
        findings.hold("broken_offer", count == 1, || format!("{count} offers became {appointment}"));
    }
    for (wish, status) in &rows.wishes {
        let count = fulfilled.get(wish).copied().unwrap_or_default();
        findings.hold("broken_offer", count == u32::from(status == "fulfilled"), || {
            format!("the wish {wish} is {status} with {count} accepted offers")
        });
    }
}

/// A live offer keeps time that is nobody's; one that was settled keeps none.
fn time(offer: &OfferRow, rows: &Rows, findings: &mut Findings) {
    let kept: Vec<Span> =
        rows.occupancy.iter().filter(|row| row.offer == Some(offer.id)).map(|row| row.span).collect();
    let lives = offer.is_open && rows.now < offer.expires_at;
    // One whose time is over is settled by a job that may still be due.
    if lives || !offer.is_open {
        findings.hold("wrong_occupancy", lives != kept.is_empty(), || {
            format!("the offer {} (open: {}) keeps {kept:?}", offer.id, offer.is_open)
        });
    }
    let theirs = |row: &&super::AppointmentRow| {
        row.is_open() && row.tenant == offer.tenant && row.staff == offer.staff
    };
    for row in rows.appointments.iter().filter(theirs).filter(|_| lives) {
        let free = !row.blocks().iter().any(|block| kept.iter().any(|span| overlap(block, span)));
        findings.hold("double_booking", free, || format!("the offer {} and {}", offer.id, row.id));
    }
}
