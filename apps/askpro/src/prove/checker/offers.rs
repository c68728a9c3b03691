//! Nobody is offered what somebody has, and nobody is asked twice.

use std::collections::BTreeMap;

use super::{Findings, OfferRow, Rows, Span, overlap};

pub(super) fn check(rows: &Rows, findings: &mut Findings) {
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
