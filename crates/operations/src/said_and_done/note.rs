//! What the person who calls the caller is told: what does not fit, and what the call had really done when it ended.

use appointment::BookingService;
use call::CallSnapshot;
use kernel::TenantScope;
use servicedesk::Callback;

use super::done::{Touched, Whence};
use super::{Finding, Mismatch};

/// Longest sentence that a note quotes, in characters: the review has all of it.
const MAX_QUOTED: usize = 200;

/// All that was found about one call, then what the call had done when it ended. What is too long is cut from the first.
pub(super) async fn of(
    bookings: &BookingService,
    scope: &TenantScope,
    (call, findings, done): (&CallSnapshot, &[Finding], &[Touched]),
) -> String {
    let found = findings.iter().map(explained).collect::<Vec<_>>().join(" ");
    let mut deeds = Vec::new();
    for touched in done {
        deeds.extend(deed(bookings, scope, call, touched).await);
    }
    let deeds = if deeds.is_empty() {
        "Das Gespräch hat nichts eingetragen, verlegt oder abgesagt.".to_owned()
    } else {
        format!("Das Gespräch hat bewirkt: {}.", deeds.join("; "))
    };
    let room = Callback::MAX_NOTE_CHARS.saturating_sub(deeds.chars().count() + 1);
    format!("{} {deeds}", cut(&found, room))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn explained(finding: &Finding) -> String {
    let what = words(finding.mismatch, finding.sentence.is_some());
    match &finding.sentence {
        Some(sentence) => {
            let quoted = cut(sentence, MAX_QUOTED);
            let end = if quoted.ends_with(['.', '!', '?', '…']) { "" } else { "." };
            format!("{what}: „{quoted}“{end}")
        }
        None => format!("{what}."),
    }
}

/// Of what was done and told with a sentence, another time was told.
const fn words(mismatch: Mismatch, is_otherwise: bool) -> &'static str {
    match mismatch {
        Mismatch::BookingClaimed => "Im Gespräch wurde ein Termin zugesagt, der nicht eingetragen ist",
        Mismatch::FirmClaimed => {
            "Im Gespräch wurde ein Termin fest zugesagt, dem der Kalender des Betriebs nicht zugestimmt hat"
        }
        Mismatch::MoveClaimed => "Im Gespräch wurde eine Verlegung zugesagt, die nicht eingetragen ist",
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
    call: &CallSnapshot,
    touched: &Touched,
) -> Option<String> {
    let own = touched.history.iter().rfind(|entry| entry.whence == Whence::ThisCall)?;
    let left = touched.left_by(call.started_at, call.ended_at)?;
    let is_open = left.is_booked || left.is_moved;
    let facts = if is_open { &left.facts } else { &own.after };
    let did = match (left.is_cancelled, left.is_moved, left.is_booked) {
        (true, ..) => "abgesagt",
        (false, ..) if !is_open => "nicht zustande gekommen",
        (false, ..) if left.is_waiting => "vorgemerkt, vom Kalender des Betriebs nicht bestätigt",
        (false, true, _) => "verlegt auf diese Zeit",
        (false, false, _) => "eingetragen",
    };
    let local = facts.starts_at.with_timezone(&touched.timezone).format("%d.%m.%Y um %H:%M Uhr");
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
    Some(format!("{}{person} am {local} {did} ({})", service.unwrap_or("Termin"), touched.appointment))
}
