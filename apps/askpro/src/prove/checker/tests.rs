//! Each violation is found and named, and a true end is called true.

use chrono::TimeDelta;

use super::*;
use crate::prove::history::{Posted, Shown};

const SALON: &str = "salon";
const OTHER: &str = "other";
const SALON_ID: u128 = 100;
const OTHER_ID: u128 = 200;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

/// Half an hour with one person, in a call of its own, with its booking outside.
fn appointment(number: u128, start: i64) -> AppointmentRow {
    AppointmentRow {
        tenant: SALON.to_owned(),
        id: id(number),
        staff: id(50),
        customer: id(60 + number),
        call: Some(format!("call_{number}")),
        start: at(start),
        end: at(start + 30),
        status: "confirmed".to_owned(),
        staffed: vec![(at(start), at(start + 30))],
        buffers: (0, 0),
        needs: Vec::new(),
        visit: None,
        event_type: Some("2001".to_owned()),
    }
}

fn booking(number: u128, start: i64) -> OutsideRow {
    OutsideRow {
        uid: format!("uid_{number}"),
        account: SALON.to_owned(),
        host: 101,
        event_type: "2001".to_owned(),
        span: (at(start), at(start + 30)),
        stands: true,
        marker: Some(id(number)),
        tenant_marker: Some(id(SALON_ID)),
        is_move: false,
        lived: (at(-100), at(-100)),
    }
}

fn told(number: u128, status: &str, start: i64) -> Told {
    Told {
        tenant: SALON.to_owned(),
        call: format!("call_{number}"),
        tool: "book_appointment".to_owned(),
        status: Some(status.to_owned()),
        message: "Ihr Termin ist fest eingetragen.".to_owned(),
        booked: status == "booked",
        appointment: Some(id(number)),
        start: Some(at(start)),
        parts: Vec::new(),
        shown: Vec::new(),
        ids: vec![id(number)],
    }
}

struct End {
    history: History,
    rows: Rows,
    outside: Vec<OutsideRow>,
}

impl End {
    /// Two appointments of one person, one after the other, both told; one webhook; one call that was charged.
    fn good() -> Self {
        let mut end = Self {
            history: History::default(),
            rows: Rows { now: at(0), ..Rows::default() },
            outside: vec![],
        };
        for (number, start) in [(1, 60), (2, 90)] {
            end.rows.appointments.push(appointment(number, start));
            end.rows.copies.push(CopyRow {
                appointment: id(number),
                state: "settled".to_owned(),
                uid: Some(format!("uid_{number}")),
            });
            end.outside.push(booking(number, start));
            end.history.told.push(told(number, "booked", start));
        }
        end.rows.owners.insert(id(SALON_ID), SALON.to_owned());
        end.rows.owners.insert(id(OTHER_ID), OTHER.to_owned());
        end.rows.owners.insert(id(3), OTHER.to_owned());
        for number in 1..=2 {
            end.rows.owners.insert(id(number), SALON.to_owned());
        }
        let posted = Posted::new("retell", "call_ended", "call_1", b"{}", true);
        end.rows.inbox.push(InboxRow {
            provider: "retell".to_owned(),
            sha256: posted.sha256.clone(),
            state: "processed".to_owned(),
        });
        end.rows.charges.push("call_1".to_owned());
        end.history.posted.push(posted);
        end.block();
        end
    }

    /// Time is taken as the appointments need it.
    fn block(&mut self) {
        let open = self.rows.appointments.iter().filter(|row| row.is_open());
        self.rows.occupancy = open
            .flat_map(|row| {
                row.blocks().into_iter().map(|span| OccupancyRow {
                    tenant: row.tenant.clone(),
                    staff: row.staff,
                    span,
                    appointment: Some(row.id),
                    offer: None,
                })
            })
            .collect();
    }

    /// The kinds of what is found.
    fn found(&self) -> BTreeSet<&'static str> {
        let findings = check(&self.history, &self.rows, &self.outside);
        assert!(findings.checked > 10);
        findings.violations.iter().map(|violation| violation.kind).collect()
    }

    fn spoiled(spoil: impl FnOnce(&mut Self)) -> Vec<&'static str> {
        let mut end = Self::good();
        spoil(&mut end);
        end.found().into_iter().collect()
    }
}

#[test]
fn a_true_end_is_called_true() {
    assert_eq!(End::good().found(), BTreeSet::new());
}

#[test]
fn an_acknowledged_webhook_that_is_gone_or_left_or_there_twice_is_lost() {
    assert_eq!(End::spoiled(|end| end.rows.inbox.clear()), ["lost_webhook"]);
    assert_eq!(End::spoiled(|end| end.rows.inbox[0].state = "received".to_owned()), ["lost_webhook"]);
    assert_eq!(End::spoiled(|end| end.rows.inbox[0].state = "quarantined".to_owned()), ["lost_webhook"]);
    assert_eq!(End::spoiled(|end| end.rows.inbox.push(end.rows.inbox[0].clone())), ["lost_webhook"]);
    // Nobody was promised anything about one that was not acknowledged.
    let silent = |end: &mut End| {
        end.rows.inbox.clear();
        end.history.posted[0].acknowledged = false;
    };
    assert_eq!(End::spoiled(silent), [""; 0]);
}

#[test]
fn a_call_is_charged_once() {
    assert_eq!(End::spoiled(|end| end.rows.charges.clear()), ["charged_wrongly"]);
    assert_eq!(End::spoiled(|end| end.rows.charges.push("call_1".to_owned())), ["charged_wrongly"]);
}

#[test]
fn two_at_once_are_a_double_booking_here_and_there() {
    let here = |end: &mut End| {
        end.rows.appointments[1].staffed = vec![(at(89), at(120))];
        end.block();
    };
    assert_eq!(End::spoiled(here), ["double_booking"]);
    // Buffers count, although the stays only touch.
    let buffers = |end: &mut End| {
        end.rows.appointments[0].buffers = (0, 5);
        end.block();
    };
    assert_eq!(End::spoiled(buffers), ["double_booking"]);
    let hold = |end: &mut End| {
        let taken = OccupancyRow { appointment: None, ..end.rows.occupancy[0].clone() };
        end.rows.occupancy.push(taken);
    };
    assert_eq!(End::spoiled(hold), ["double_booking"]);
    let there = |end: &mut End| {
        end.outside.push(OutsideRow { marker: None, uid: "x".to_owned(), ..booking(9, 70) });
        end.rows.reviews.push((None, Some("x".to_owned())));
    };
    assert_eq!(End::spoiled(there), ["double_booking"]);
    // Another customer in the gap while colour takes effect is none.
    let gap = |end: &mut End| {
        end.rows.appointments[0].staffed = vec![(at(30), at(60)), (at(120), at(150))];
        end.block();
    };
    assert_eq!(End::spoiled(gap), [""; 0]);
}

#[test]
fn more_stays_than_rooms_are_a_double_booking() {
    let room = (id(70), id(71));
    let both_need_it = |apart: i64| {
        move |end: &mut End| {
            let start = end.rows.appointments[0].end + TimeDelta::minutes(apart);
            let [first, second, ..] = end.rows.appointments.as_mut_slice() else { panic!("two") };
            // With another person, so that nobody is in two places.
            second.staff = id(51);
            (second.start, second.end) = (start, start + TimeDelta::minutes(30));
            second.staffed = vec![(second.start, second.end)];
            first.needs.push(room);
            second.needs.push(room);
            end.rows.facilities.insert(room, 1);
            end.block();
        }
    };
    let named = |spoil: &dyn Fn(&mut End)| End::spoiled(spoil).contains(&"double_booking");
    assert!(!named(&both_need_it(0)));
    assert!(named(&both_need_it(-1)));
    assert!(!named(&|end: &mut End| {
        both_need_it(-1)(end);
        end.rows.facilities.insert(room, 2);
    }));
    // The room is aired afterwards.
    assert!(named(&|end: &mut End| {
        both_need_it(0)(end);
        end.rows.appointments[0].buffers = (0, 15);
        end.block();
    }));
    assert!(named(&|end: &mut End| {
        both_need_it(0)(end);
        end.rows.facilities.clear();
    }));
}

#[test]
fn a_short_one_behind_a_long_one_is_seen() {
    let spans = vec![
        (1, (at(0), at(100)), "long".to_owned()),
        (1, (at(10), at(20)), "first".to_owned()),
        (1, (at(30), at(40)), "second".to_owned()),
        (2, (at(30), at(40)), "somebody else's".to_owned()),
    ];
    assert_eq!(clashes(spans).len(), 2);
}

#[test]
fn time_is_taken_as_appointments_need_it() {
    assert_eq!(End::spoiled(|end| end.rows.occupancy.clear()), ["wrong_occupancy"]);
    let freed = |end: &mut End| {
        end.rows.appointments[0].status = "cancelled".to_owned();
        end.history.told[0] = told(1, "cancelled", 60);
        end.outside[0].stands = false;
    };
    assert_eq!(End::spoiled(freed), ["wrong_occupancy"]);
}

/// A wish is being asked about half an hour with the person of the good end.
fn offered(end: &mut End, number: u128, start: i64) {
    let span = (at(start), at(start + 30));
    end.rows.offers.push(OfferRow {
        tenant: SALON.to_owned(),
        id: id(number),
        wish: id(number + 1_000),
        freed: (id(number + 2_000), at(start)),
        staff: id(50),
        is_open: true,
        expires_at: at(45),
        service: id(80),
        start: at(start),
        is_accepted: false,
        appointment: None,
    });
    end.rows.wishes.insert(id(number + 1_000), "offered".to_owned());
    let taken = OccupancyRow { appointment: None, offer: Some(id(number)), ..end.rows.occupancy[0].clone() };
    end.rows.occupancy.push(OccupancyRow { span, ..taken });
}

#[test]
fn what_is_offered_is_nobodys_and_nobody_is_asked_twice() {
    let good = |end: &mut End| {
        offered(end, 70, 200);
        offered(end, 71, 230);
    };
    assert_eq!(End::spoiled(good), [""; 0]);
    // The store does not know of the appointment's time, and the judge does.
    let sold = |end: &mut End| {
        end.rows.occupancy.clear();
        end.rows.appointments[0].status = "no_show".to_owned();
        end.rows.appointments[1].status = "no_show".to_owned();
        end.block();
        let booked = AppointmentRow { call: None, event_type: None, ..appointment(9, 200) };
        end.rows.appointments.push(booked);
        end.block();
        offered(end, 70, 215);
    };
    assert!(End::spoiled(sold).contains(&"double_booking"));
    let overlapping = |end: &mut End| {
        offered(end, 70, 200);
        offered(end, 71, 215);
    };
    assert_eq!(End::spoiled(overlapping), ["double_booking"]);
    let two = |change: fn(&mut OfferRow, OfferRow)| {
        End::spoiled(|end| {
            good(end);
            let first = end.rows.offers[0].clone();
            change(&mut end.rows.offers[1], first);
        })
    };
    assert_eq!(two(|second, first| second.wish = first.wish), ["offered_twice"]);
    assert_eq!(two(|second, first| second.freed = first.freed), ["offered_twice"]);
    let again = |end: &mut End| {
        offered(end, 70, 200);
        let before = OfferRow { id: id(72), is_open: false, ..end.rows.offers[0].clone() };
        end.rows.offers.push(before);
    };
    assert_eq!(End::spoiled(again), ["offered_twice"]);
    let kept = |end: &mut End| {
        offered(end, 70, 200);
        end.rows.offers[0].is_open = false;
    };
    assert_eq!(End::spoiled(kept), ["wrong_occupancy"]);
    let lost = |end: &mut End| {
        offered(end, 70, 200);
        end.rows.occupancy.pop();
    };
    assert_eq!(End::spoiled(lost), ["wrong_occupancy"]);
}

/// Somebody has said yes to an offer, and it is the second appointment of the good end.
fn accepted(end: &mut End) {
    offered(end, 70, 90);
    end.rows.occupancy.pop();
    let offer = &mut end.rows.offers[0];
    (offer.is_open, offer.is_accepted, offer.appointment) = (false, true, Some(id(2)));
    end.rows.wishes.insert(offer.wish, "fulfilled".to_owned());
    end.rows.made.push(MadeRow {
        appointment: id(2),
        service: offer.service,
        staff: offer.staff,
        start: offer.start,
    });
    end.history.accepted.push((offer.id, id(2)));
}

#[test]
fn a_yes_is_an_appointment_and_a_fulfilled_wish() {
    let spoiled = |spoil: fn(&mut End)| {
        End::spoiled(|end| {
            accepted(end);
            spoil(end);
        })
    };
    assert_eq!(spoiled(|_| ()), [""; 0]);
    type Harm = (&'static str, fn(&mut End));
    let broken: [Harm; 10] = [
        ("nothing was made", |end| end.rows.made.clear()),
        ("made twice", |end| end.rows.made.push(end.rows.made[0].clone())),
        ("another service", |end| end.rows.made[0].service = id(81)),
        ("another person", |end| end.rows.made[0].staff = id(51)),
        ("another time", |end| end.rows.made[0].start = at(60)),
        ("the wish goes on", |end| {
            end.rows.wishes.insert(id(1_070), "waiting".to_owned());
        }),
        ("the yes was lost", |end| {
            (end.rows.offers[0].is_accepted, end.rows.offers[0].appointment) = (false, None);
            end.rows.wishes.insert(id(1_070), "waiting".to_owned());
        }),
        ("something else was told", |end| end.history.accepted[0].1 = id(1)),
        ("nobody was asked", |end| {
            end.rows.wishes.insert(id(1_071), "fulfilled".to_owned());
        }),
        ("two became one", |end| {
            let (wish, freed) = (id(1_072), (id(2_072), at(90)));
            let second = OfferRow { id: id(72), wish, freed, ..end.rows.offers[0].clone() };
            end.rows.offers.push(second);
            end.rows.wishes.insert(wish, "fulfilled".to_owned());
        }),
    ];
    for (what, spoil) in broken {
        assert_eq!(spoiled(spoil), ["broken_offer"], "{what}");
    }
    // What became of it later is judged elsewhere.
    let moved = |end: &mut End| {
        accepted(end);
        end.rows.appointments[1].start = at(120);
        end.rows.appointments[1].end = at(150);
        end.rows.appointments[1].staffed = vec![(at(120), at(150))];
        end.outside[1].span = (at(120), at(150));
        end.history.told[1].start = Some(at(120));
        end.block();
    };
    assert_eq!(End::spoiled(moved), [""; 0]);
}

#[test]
fn both_sides_or_a_person() {
    assert_eq!(End::spoiled(|end| end.outside[0].stands = false), ["orphan"]);
    assert_eq!(End::spoiled(|end| end.outside[0].span = (at(300), at(330))), ["orphan"]);
    assert_eq!(End::spoiled(|end| end.outside[0].event_type = "2002".to_owned()), ["orphan"]);
    let stray = |end: &mut End| end.outside.push(booking(9, 400));
    assert_eq!(End::spoiled(stray), ["orphan"]);
    let asked = |end: &mut End| {
        stray(end);
        end.rows.reviews.push((Some(id(9)), None));
    };
    assert_eq!(End::spoiled(asked), [""; 0]);
    assert_eq!(End::spoiled(|end| end.rows.copies[0].state = "unknown".to_owned()), ["unresolved"]);
    assert_eq!(End::spoiled(|end| end.rows.dead_jobs.push("push_copy".to_owned())), ["unresolved"]);
}

#[test]
fn two_bookings_of_one_appointment_are_seen_even_if_one_was_called_off_later() {
    let doubled = |end: &mut End| {
        end.outside.push(OutsideRow {
            uid: "late".to_owned(),
            stands: false,
            lived: (at(-50), at(-40)),
            ..booking(1, 400)
        });
    };
    assert_eq!(End::spoiled(doubled), ["booked_twice"]);
    let replaced = |end: &mut End| {
        end.outside.push(OutsideRow {
            uid: "before".to_owned(),
            stands: false,
            lived: (at(-150), at(-120)),
            ..booking(1, 400)
        });
    };
    assert_eq!(End::spoiled(replaced), [""; 0]);
}

#[test]
fn what_was_said_last_is_so() {
    let off = |end: &mut End| {
        end.rows.appointments[0].status = "cancelled".to_owned();
        end.outside[0].stands = false;
        end.block();
    };
    assert_eq!(End::spoiled(off), ["false_word"]);
    let told_so = |end: &mut End| {
        off(end);
        end.history.told.push(told(1, "cancelled", 60));
    };
    assert_eq!(End::spoiled(told_so), [""; 0]);
    let outside = |end: &mut End| {
        off(end);
        end.history.changed_outside.push(id(1));
    };
    assert_eq!(End::spoiled(outside), [""; 0]);
    assert_eq!(End::spoiled(|end| end.history.told[0].start = Some(at(75))), ["false_word"]);
    assert_eq!(End::spoiled(|end| end.history.told[0].appointment = Some(id(77))), ["false_word", "unsaid"]);
    assert_eq!(End::spoiled(|end| end.history.told.push(told(1, "cancelled", 60))), ["false_word"]);
}

#[test]
fn noted_ends_booked_or_with_a_person_who_calls() {
    let noted = |end: &mut End| end.history.told[0].status = Some("pending_confirmation".to_owned());
    assert_eq!(End::spoiled(noted), [""; 0]);
    let refused = |end: &mut End| {
        noted(end);
        end.rows.appointments[0].status = "needs_attention".to_owned();
        end.outside[0].stands = false;
        end.rows.reviews.push((Some(id(1)), None));
    };
    assert_eq!(End::spoiled(refused), ["false_word"]);
    let called = |end: &mut End| {
        refused(end);
        end.rows.called_back.insert(id(61));
    };
    assert_eq!(End::spoiled(called), [""; 0]);
    let pending = |end: &mut End| {
        called(end);
        end.rows.appointments[0].status = "pending".to_owned();
    };
    assert_eq!(End::spoiled(pending), ["orphan", "unresolved"]);
}

#[test]
fn a_sentence_says_no_more_than_its_status() {
    let words = |end: &mut End| {
        end.history.told.push(Told { status: Some("unavailable".to_owned()), ..told(1, "booked", 60) });
    };
    assert_eq!(End::spoiled(words), ["false_word"]);
    // A move that is noted is an effect as well, whatever its sentence begins with.
    for (status, found) in [("pending_confirmation", &[][..]), ("unavailable", &["false_word"])] {
        let noted = |end: &mut End| {
            let message =
                "Ich habe Ihren Termin für Haarschnitt von Dienstag um neun Uhr auf Dienstag um zehn Uhr \
                           vorgemerkt, die Bestätigung aus dem Kalender steht noch aus."
                    .to_owned();
            end.history.told.push(Told { message, booked: false, ..told(1, status, 60) });
        };
        assert_eq!(End::spoiled(noted), found, "{status}");
    }
    let fields = |end: &mut End| {
        let message = "Moment bitte.".to_owned();
        let silent = Told { status: None, message, ..told(1, "booked", 60) };
        end.history.told.push(silent);
    };
    assert_eq!(End::spoiled(fields), ["false_word"]);
}

/// An answer that did nothing, and tells how an appointment stands.
fn asked(status: &str, message: &str, shown: &str) -> Told {
    let shown = Shown { id: id(1), start: Some(at(60)), status: shown.to_owned() };
    Told {
        status: Some(status.to_owned()),
        message: message.to_owned(),
        booked: false,
        shown: vec![shown],
        ..told(1, status, 60)
    }
}

#[test]
fn what_is_only_asked_about_is_not_said_to_stand_while_it_waits() {
    const SAID: [(&str, &str); 7] = [
        ("unchanged", "Ihr Termin für Haarschnitt um zehn Uhr steht schon so, möchten Sie eine andere Zeit?"),
        ("unchanged", "Ihre Termine stehen schon so, um zehn Uhr, möchten Sie eine andere Zeit?"),
        ("ok", "Ihr Termin für Haarschnitt um zehn Uhr steht, möchten Sie daran etwas ändern?"),
        ("ok", "Ich habe Sie gefunden, Ihr nächster Termin ist der für Haarschnitt, worum geht es?"),
        (
            "own_appointment_overlaps",
            "Sie haben am Dienstag, um zehn Uhr schon einen Termin für Haarschnitt, möchten Sie ihn verschieben?",
        ),
        ("ok", "Sie haben Termine für Haarschnitt um zehn Uhr, um welchen geht es?"),
        (
            "options",
            "Ihr Termin für Haarschnitt ist schon eingetragen, frei wäre auch elf Uhr, möchten Sie ihn verlegen?",
        ),
    ];
    for (status, message) in SAID {
        let told = |shown: &str| End::spoiled(|end| end.history.told.push(asked(status, message, shown)));
        assert_eq!(told("confirmed"), [""; 0], "{message}");
        assert_eq!(told("pending"), ["false_word"], "{message}");
        assert_eq!(told("needs_attention"), ["false_word"], "{message}");
        // An answer that does not show how it stands is judged by how it stands in the end.
        let in_the_end = |status_in_the_end: &str| {
            End::spoiled(|end| {
                end.history.told[0].status = Some("pending_confirmation".to_owned());
                end.history.told[0].message = "Ich habe den Termin vorgemerkt.".to_owned();
                end.history.told[0].booked = false;
                end.rows.appointments[0].status = status_in_the_end.to_owned();
                end.rows.reviews.push((Some(id(1)), None));
                end.rows.called_back.insert(id(61));
                let mut told = asked(status, message, "confirmed");
                told.shown.truncate(usize::from(message.contains("nächster")));
                end.history.told.push(told);
            })
        };
        assert_eq!(in_the_end("needs_attention"), ["false_word"], "{message}");
        assert!(in_the_end("pending").contains(&"false_word"), "{message}");
    }
    let noted =
        "Ihr Termin ist schon so vorgemerkt, die Bestätigung steht noch aus, möchten Sie eine andere Zeit?";
    assert_eq!(End::spoiled(|end| end.history.told.push(asked("unchanged", noted, "pending"))), [""; 0]);
    // Of several, the next alone is spoken of.
    let next = |end: &mut End| {
        let mut told = asked("ok", "Ihr nächster Termin ist der für Haarschnitt.", "confirmed");
        told.shown.push(Shown { id: id(2), start: Some(at(90)), status: "pending".to_owned() });
        end.history.told.push(told);
    };
    assert_eq!(End::spoiled(next), [""; 0]);
}

#[test]
fn what_was_done_was_said_unless_the_answer_was_lost() {
    let unsaid = |end: &mut End| {
        end.history.told[0] = Told {
            status: Some("slot_taken".to_owned()),
            message: "Der ist leider vergeben.".to_owned(),
            booked: false,
            appointment: None,
            ..told(1, "", 60)
        };
    };
    assert_eq!(End::spoiled(unsaid), ["unsaid"]);
    let lost = |end: &mut End| {
        unsaid(end);
        end.history.told[0].status = None;
    };
    assert_eq!(End::spoiled(lost), [""; 0]);
}

#[test]
fn nobody_hears_of_another_company() {
    assert_eq!(End::spoiled(|end| end.history.told[0].ids.push(id(3))), ["cross_tenant"]);
    let misplaced = |end: &mut End| end.outside[0].tenant_marker = Some(id(OTHER_ID));
    assert_eq!(End::spoiled(misplaced), ["cross_tenant"]);
}

/// Both appointments are parts of one visit, and the caller was told so at once.
fn visit(end: &mut End) {
    for row in &mut end.rows.appointments {
        (row.visit, row.call, row.customer) = (Some(id(70)), Some("call_1".to_owned()), id(61));
    }
    let parts = vec![(id(1), Some(at(60))), (id(2), Some(at(90)))];
    end.history.told = vec![Told { parts, ..told(1, "booked", 60) }];
}

/// A part is called off on both sides, as if it had never been of use to anybody.
fn call_off(end: &mut End, number: u128) {
    for row in end.rows.appointments.iter_mut().filter(|row| row.id == id(number)) {
        row.status = "cancelled".to_owned();
    }
    for row in end.outside.iter_mut().filter(|row| row.marker == Some(id(number))) {
        row.stands = false;
    }
    end.block();
}

#[test]
fn a_visit_that_is_whole_is_called_true() {
    assert_eq!(End::spoiled(visit), Vec::<&str>::new());
    let gone = End::spoiled(|end| {
        visit(end);
        call_off(end, 1);
        call_off(end, 2);
        end.history.told[0].status = Some("cancelled".to_owned());
    });
    assert_eq!(gone, Vec::<&str>::new());
}

#[test]
fn a_part_that_outlives_its_visit_is_found() {
    for status in ["unavailable", "superseded", "cancelled"] {
        let found = End::spoiled(|end| {
            visit(end);
            call_off(end, 2);
            let told = &mut end.history.told[0];
            (told.status, told.booked) = (Some(status.to_owned()), false);
            told.message = "Davon ist leider nichts frei.".to_owned();
        });
        assert!(found.contains(&"torn_visit"), "{status}: {found:?}");
    }
    // That a part is gone of what was told to stand is a false word as well, of whichever part.
    for part in [1, 2] {
        let found = End::spoiled(|end| {
            visit(end);
            call_off(end, part);
        });
        assert_eq!(found, ["false_word", "torn_visit"], "{part}");
    }
}

#[test]
fn a_part_that_nobody_was_told_of_is_found() {
    let found = End::spoiled(|end| {
        visit(end);
        end.history.told[0].parts.truncate(1);
    });
    assert_eq!(found, ["unsaid"]);
}

#[test]
fn parts_that_do_not_follow_each_other_are_found_unless_that_was_told() {
    let apart = |end: &mut End| {
        visit(end);
        let row = &mut end.rows.appointments[1];
        (row.start, row.end) = (at(120), at(150));
        row.staffed = vec![(at(120), at(150))];
        end.outside[1].span = (at(120), at(150));
        end.history.told[0].parts[1].1 = Some(at(120));
        end.block();
    };
    assert_eq!(End::spoiled(apart), ["torn_visit"]);
    let told = End::spoiled(|end| {
        apart(end);
        let moved =
            Told { status: Some("superseded".to_owned()), booked: false, ..told(1, "superseded", 60) };
        end.history.told.push(moved);
    });
    assert_eq!(told, Vec::<&str>::new());
}

/// What is shown of a visit that fell apart is the last word about each part.
#[test]
fn what_fell_apart_stands_as_it_was_shown_or_somebody_is_asked_and_calls() {
    let torn = |end: &mut End, told_apart: bool, (shown, status): (i64, &str), asked: bool| {
        visit(end);
        let row = &mut end.rows.appointments[1];
        (row.start, row.end) = (at(120), at(150));
        row.staffed = vec![(at(120), at(150))];
        end.outside[1].span = (at(120), at(150));
        if told_apart {
            let stands =
                |number, start| Shown { id: id(number), start: Some(at(start)), status: status.to_owned() };
            end.history.told.push(Told {
                booked: false,
                message: "Der Kalender hat nicht alles davon angenommen.".to_owned(),
                shown: vec![stands(1, 60), stands(2, shown)],
                ..told(1, "superseded", 60)
            });
        }
        if asked {
            end.rows.reviews.push((Some(id(2)), None));
            end.rows.called_back.insert(end.rows.appointments[0].customer);
        }
        end.block();
    };
    let found = |told_apart, shown, asked| {
        let found = End::spoiled(|end| torn(end, told_apart, shown, asked));
        found.contains(&"false_word")
    };
    assert!(found(false, (0, ""), false), "the visit was told as it was booked");
    assert!(!found(true, (120, "confirmed"), false));
    assert!(found(true, (90, "confirmed"), false), "one part was shown elsewhere");
    assert!(found(true, (120, "needs_attention"), false), "nobody looks at it");
    assert!(!found(true, (120, "needs_attention"), true));
    assert!(!found(true, (90, "confirmed"), true));
}

#[test]
fn whoever_is_asked_about_one_part_of_a_visit_that_went_back_clears_up_the_whole_of_it() {
    let went_back = |end: &mut End, asked: bool, called: bool| {
        visit(end);
        let told = &mut end.history.told[0];
        (told.status, told.booked) = (Some("pending_confirmation".to_owned()), false);
        told.message = "Ich habe Ihre Termine vorgemerkt.".to_owned();
        told.start = Some(at(600));
        for (_, start) in &mut told.parts {
            *start = start.map(|start| start + TimeDelta::minutes(540));
        }
        if asked {
            end.rows.reviews.push((Some(id(1)), None));
        }
        if called {
            end.rows.called_back.insert(end.rows.appointments[0].customer);
        }
    };
    assert_eq!(End::spoiled(|end| went_back(end, true, true)), [""; 0]);
    assert_eq!(End::spoiled(|end| went_back(end, true, false)), ["false_word"]);
    assert_eq!(End::spoiled(|end| went_back(end, false, true)), ["false_word"]);
}

#[test]
fn what_a_person_was_asked_about_or_somebody_changed_outside_tears_no_visit() {
    let asked = End::spoiled(|end| {
        visit(end);
        call_off(end, 2);
        end.rows.reviews.push((Some(id(2)), None));
        end.history.told[0].status = Some("superseded".to_owned());
        end.history.told[0].booked = false;
    });
    assert!(!asked.contains(&"torn_visit"), "{asked:?}");
    let changed = End::spoiled(|end| {
        visit(end);
        call_off(end, 2);
        end.history.changed_outside.push(id(2));
    });
    assert_eq!(changed, Vec::<&str>::new());
}
