//! What the person who calls the caller is told: what does not fit, and what the call had really done when it ended.

use appointment::BookingService;
use appointment::model::ChangeKind;
use call::CallSnapshot;
use chrono::{DateTime, Utc};
use kernel::TenantScope;
use servicedesk::Callback;

use super::claims::Claim;
use super::compare::kept_of;
use super::done::{Left, Touched, Whence};
use super::{Finding, Mismatch};

/// Longest sentence that a note quotes, in characters: the review has all of it.
const MAX_QUOTED: usize = 200;

/// Most that a note says of what a call had done, in characters; what was found has the rest.
const MAX_DEEDS: usize = 600;

/// All that was found about one call, then how the call had left what it did something to. What does not fit is counted.
pub(super) async fn of(
    bookings: &BookingService,
    scope: &TenantScope,
    (call, findings, done): (&CallSnapshot, &[Finding], &[Touched]),
) -> String {
    let mut deeds = Vec::new();
    let mut is_any_cancelled = false;
    for touched in done {
        let left = touched.left_by(call.started_at, call.ended_at);
        is_any_cancelled |= left.as_ref().is_some_and(Left::is_cancelled);
        let is_untold = findings.iter().any(|finding| finding.untold.contains(&touched.appointment));
        // Of a single one it need not be said which.
        let untold = if is_untold && done.len() > 1 { ", im Gespräch nicht erwähnt" } else { "" };
        deeds.extend(deed(bookings, scope, touched, left).await.map(|deed| deed + untold));
    }
    let deeds = if deeds.is_empty() {
        "Das Gespräch hat nichts eingetragen, verlegt oder abgesagt.".to_owned()
    } else {
        format!("Stand nach dem Gespräch: {}.", fitting(&deeds, "; ", MAX_DEEDS))
    };
    let room = Callback::MAX_NOTE_CHARS.saturating_sub(deeds.chars().count() + 1);
    let found: Vec<String> = findings.iter().map(|finding| explained(finding, is_any_cancelled)).collect();
    format!("{} {deeds}", fitting(&found, " ", room))
}

/// As many of these, joined, as have room, and how many have not.
fn fitting(parts: &[String], between: &str, room: usize) -> String {
    let joined = |many: usize| {
        let mut shown = parts[..many].to_vec();
        if many < parts.len() {
            shown.push(format!("und {} weitere", parts.len() - many));
        }
        shown.join(between)
    };
    let fits = |many: &usize| joined(*many).chars().count() <= room;
    joined((0..=parts.len()).rev().find(fits).unwrap_or_default())
}

fn explained(finding: &Finding, is_any_cancelled: bool) -> String {
    let what = words(finding.mismatch, finding.sentence.is_some(), is_any_cancelled);
    match &finding.sentence {
        Some(sentence) => {
            let of = [finding.mismatch.claim(), Claim::Moved, Claim::Cancelled];
            let part = kept_of(sentence, &of, MAX_QUOTED);
            let before = if sentence.starts_with(&part) { "" } else { "… " };
            let after = if sentence.ends_with(&part) { "" } else { " …" };
            let end = if part.ends_with(['.', '!', '?']) || !after.is_empty() { "" } else { "." };
            format!("{what}: „{before}{part}{after}“{end}")
        }
        None => format!("{what}."),
    }
}

/// Of what was done and told with a sentence, another time was told.
const fn words(mismatch: Mismatch, is_otherwise: bool, is_any_cancelled: bool) -> &'static str {
    match mismatch {
        Mismatch::BookingClaimed => "Im Gespräch wurde ein Termin zugesagt, der nicht eingetragen ist",
        Mismatch::FirmClaimed => {
            "Im Gespräch wurde ein Termin fest zugesagt, dem der Kalender des Betriebs nicht zugestimmt hat"
        }
        Mismatch::PersonClaimed => {
            "Im Gespräch wurde ein Termin bei jemand anderem genannt, als eingetragen ist"
        }
        Mismatch::MoveClaimed => "Im Gespräch wurde eine Verlegung zugesagt, die nicht eingetragen ist",
        Mismatch::CancellationClaimed if is_any_cancelled => {
            "Im Gespräch wurde eine Absage bestätigt, die so nicht eingetragen ist"
        }
        Mismatch::CancellationClaimed => {
            "Im Gespräch wurde eine Absage bestätigt, es wurde darin aber kein Termin abgesagt"
        }
        Mismatch::BookingUntold if is_otherwise => {
            "Im Gespräch wurde eine andere Zeit genannt als die eingetragene"
        }
        Mismatch::MoveUntold if is_otherwise => {
            "Im Gespräch wurde eine andere Zeit genannt als die, auf die der Termin verlegt wurde"
        }
        Mismatch::BookingUntold => "Ein Termin wurde eingetragen, ohne dass es im Gespräch gesagt wurde",
        Mismatch::MoveUntold => "Ein Termin wurde verlegt, ohne dass es im Gespräch gesagt wurde",
        Mismatch::CancellationUntold => "Ein Termin wurde abgesagt, ohne dass es im Gespräch gesagt wurde",
    }
}

/// How the call left an appointment that it did something to; `None`: it did nothing to it. Names that cannot be read are
/// left out.
async fn deed(
    bookings: &BookingService,
    scope: &TenantScope,
    touched: &Touched,
    left: Option<Left>,
) -> Option<String> {
    let own = touched.history.iter().rfind(|entry| entry.whence == Whence::ThisCall)?;
    let left = left?;
    let local = |at: DateTime<Utc>| at.with_timezone(&touched.timezone).format("%d.%m.%Y um %H:%M Uhr");
    let is_open = left.is_booked || left.is_moved;
    let facts = if is_open { &left.facts } else { &own.after };
    let did = match (left.is_cancelled(), left.is_moved, left.is_booked) {
        (true, ..) => "abgesagt".to_owned(),
        _ if left.is_called_off_by_others => "danach außerhalb des Gesprächs abgesagt".to_owned(),
        (false, false, false) => match left.last {
            ChangeKind::Cancelled => "nicht zustande gekommen".to_owned(),
            ChangeKind::Booked | ChangeKind::Moved => {
                format!("nicht zustande gekommen, der Termin steht am {}", local(left.facts.starts_at))
            }
        },
        (false, true, _) if left.is_waiting => {
            "Verlegung auf diese Zeit vorgemerkt, vom Kalender des Betriebs nicht bestätigt".to_owned()
        }
        (false, false, true) if left.is_waiting => {
            "vorgemerkt, vom Kalender des Betriebs nicht bestätigt".to_owned()
        }
        (false, true, _) if left.is_back => "verlegt und wieder auf diese Zeit zurückgelegt".to_owned(),
        (false, true, _) => "verlegt auf diese Zeit".to_owned(),
        (false, false, true) => "eingetragen".to_owned(),
    };
    let made = bookings.find(scope, touched.appointment).await.ok().flatten();
    let catalogue = match &made {
        Some(made) => bookings.catalogue(scope, made.snapshot().branch).await.ok(),
        None => None,
    };
    let service = made.as_ref().zip(catalogue.as_ref()).and_then(|(made, catalogue)| {
        catalogue.service(made.snapshot().service).map(|service| service.name.as_str())
    });
    let person = catalogue.as_ref().and_then(|catalogue| catalogue.person(facts.staff));
    let person = person.map(|person| format!(" bei {}", person.name)).unwrap_or_default();
    let at = local(facts.starts_at);
    Some(format!("{}{person} am {at} {did} ({})", service.unwrap_or("Termin"), touched.appointment))
}
