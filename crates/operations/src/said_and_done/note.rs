//! What the person who calls the caller is told: what does not fit, and what the call has really done.

use appointment::BookingService;
use appointment::model::ChangeKind;
use kernel::TenantScope;

use super::done::{Touched, Whence};
use super::{Finding, Mismatch};

/// All that was found about one call, then what stands in the books because of it.
pub(super) async fn of(
    bookings: &BookingService,
    scope: &TenantScope,
    (findings, done): (&[Finding], &[Touched]),
) -> String {
    let mut parts: Vec<String> = findings.iter().map(explained).collect();
    let mut deeds = Vec::new();
    for touched in done {
        deeds.extend(deed(bookings, scope, touched).await);
    }
    parts.push(if deeds.is_empty() {
        "Das Gespräch hat nichts eingetragen, verlegt oder abgesagt.".to_owned()
    } else {
        format!("Das Gespräch hat bewirkt: {}.", deeds.join("; "))
    });
    parts.join(" ")
}

fn explained(finding: &Finding) -> String {
    let what = words(finding.mismatch, finding.sentence.is_some());
    match &finding.sentence {
        Some(sentence) => format!("{what}: „{sentence}“."),
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

/// The last that the call did to an appointment; `None`: nothing. Names that cannot be read are left out.
async fn deed(bookings: &BookingService, scope: &TenantScope, touched: &Touched) -> Option<String> {
    let own = touched.history.iter().rfind(|entry| entry.whence == Whence::ThisCall)?;
    let local = own.after.starts_at.with_timezone(&touched.timezone).format("%d.%m.%Y %H:%M");
    let did = match own.kind {
        ChangeKind::Booked => "eingetragen",
        ChangeKind::Moved => "verlegt auf diese Zeit",
        ChangeKind::Cancelled => "abgesagt",
    };
    let made = bookings.find(scope, touched.appointment).await.ok().flatten();
    let catalogue = match &made {
        Some(made) => bookings.catalogue(scope, made.snapshot().branch).await.ok(),
        None => None,
    };
    let service = made.as_ref().zip(catalogue.as_ref()).and_then(|(made, catalogue)| {
        catalogue.service(made.snapshot().service).map(|service| service.name.as_str())
    });
    let person = catalogue.as_ref().and_then(|catalogue| catalogue.person(own.after.staff));
    let person = person.map(|person| format!(" bei {}", person.name)).unwrap_or_default();
    Some(format!("{}{person} am {local} {did} ({})", service.unwrap_or("Termin"), touched.appointment))
}
