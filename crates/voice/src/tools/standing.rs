//! How an appointment stands, in words. Every sentence that tells of an appointment that is there is made here, so that
//! none says of a time that an outside calendar has not agreed to that it stands.

use appointment::model::{Appointment, AppointmentSnapshot};

use crate::conversation::Conversation;
use crate::effect::Standing;
use crate::speech;
use crate::tools::customer::spoken;
use crate::tools::sequence::changing::{course_of, spoken_together};

/// What is said of appointments that stand. Of others the same is said everywhere, as far as grammar allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saying {
    /// "Ihr Termin … steht".
    Stands,
    /// "Ihr Termin … steht schon so": it shall be changed into what it is.
    StandsSo,
    /// "Ihr Termin … ist schon eingetragen".
    Entered,
    /// "Ihr Termin … bleibt bestehen": a change of it came to nothing.
    Remains,
}

impl Saying {
    /// The predicate for one and for several.
    const fn verb(self, standing: Standing) -> (&'static str, &'static str) {
        match (standing, self) {
            (Standing::Firm, Self::Stands) => ("steht", "stehen"),
            (Standing::Firm, Self::StandsSo) => ("steht schon so", "stehen schon so"),
            (Standing::Firm, Self::Entered) => ("ist schon eingetragen", "sind schon eingetragen"),
            (Standing::Firm, Self::Remains) => ("bleibt bestehen", "bleiben bestehen"),
            (Standing::Noted, Self::Stands) => ("ist vorgemerkt", "sind vorgemerkt"),
            (Standing::Noted, Self::StandsSo) => ("ist schon so vorgemerkt", "sind schon so vorgemerkt"),
            (Standing::Noted, Self::Entered) => ("ist schon vorgemerkt", "sind schon vorgemerkt"),
            (Standing::Noted, Self::Remains) => ("bleibt vorgemerkt", "bleiben vorgemerkt"),
            (Standing::Examined, _) => ("ist noch nicht sicher", "sind noch nicht sicher"),
            (Standing::Superseded, _) => ("steht nicht mehr", "stehen nicht mehr"),
        }
    }
}

/// What is still open about what does not stand for certain; nothing about anything else. That somebody calls is said to
/// those alone who can be called; the others may leave a number, since nobody tells a hidden one anything later.
fn open(talk: &Conversation, standing: Standing) -> Option<String> {
    match standing {
        Standing::Firm | Standing::Superseded => None,
        Standing::Noted => Some("die Bestätigung steht noch aus".to_owned()),
        Standing::Examined => {
            let company = speech::plain(&talk.tenant.name);
            Some(if talk.caller.number().is_some() {
                format!("{company} prüft das und ruft Sie an")
            } else {
                format!("{company} prüft das, für einen Rückruf dazu kann ich gern Ihre Nummer aufnehmen")
            })
        }
    }
}

/// The same, said when it has just come about: what follows from it as well.
pub(crate) fn promised(talk: &Conversation, standing: Standing, of_several: bool) -> String {
    let company = speech::plain(&talk.tenant.name);
    let has_number = talk.caller.number().is_some();
    match (standing, open(talk, standing)) {
        (Standing::Noted, _) if has_number => format!(
            "die Bestätigung aus dem Kalender steht noch aus, falls etwas dagegen spricht, ruft {company} Sie an"
        ),
        (Standing::Noted, _) => {
            "die Bestätigung aus dem Kalender steht noch aus, für einen Rückruf dazu kann ich gern Ihre Nummer aufnehmen"
                .to_owned()
        }
        (_, open) => {
            let it = if of_several { "nicht alles davon" } else { "ihn nicht" };
            format!("der Kalender hat {it} angenommen, {}", open.unwrap_or_default())
        }
    }
}

/// No better than the worst of them.
pub(crate) fn standing_of(unit: &[Appointment]) -> Standing {
    unit.iter().map(|part| Standing::of(part.snapshot())).max().unwrap_or(Standing::Superseded)
}

/// "Ihr Termin für Haarschnitt am …, steht", or how else it stands; a main clause.
pub(crate) fn spoken_standing(
    talk: &Conversation,
    appointment: &AppointmentSnapshot,
    saying: Saying,
) -> String {
    let standing = Standing::of(appointment);
    let stands = format!("Ihr Termin {} {}", spoken(talk, appointment), saying.verb(standing).0);
    with(stands, open(talk, standing))
}

/// "Ihre Termine stehen, am …, zuerst …, danach …", or how else what belongs together stands; a main clause.
pub(crate) fn spoken_standing_of(talk: &Conversation, unit: &[Appointment], saying: Saying) -> String {
    if let [one] = unit {
        return spoken_standing(talk, one.snapshot(), saying);
    }
    let standing = standing_of(unit);
    let stands = format!("Ihre Termine {}, {}", saying.verb(standing).1, course_of(talk, unit));
    with(stands, open(talk, standing))
}

/// "Ihre Termine am …, um zehn Uhr bleiben bestehen", or how else a visit stands that was not moved; a main clause
/// that comes after one about the time that it could not have.
pub(crate) fn spoken_unmoved(talk: &Conversation, unit: &[Appointment]) -> String {
    let standing = standing_of(unit);
    let begins = unit.iter().map(Appointment::starts_at).min().map(|at| at.with_timezone(&talk.zone()));
    let moment = begins.map(|at| speech::moment(at, talk.now)).unwrap_or_default();
    with(format!("Ihre Termine {moment} {}", Saying::Remains.verb(standing).1), open(talk, standing))
}

/// "Ihr nächster Termin ist der für …", or how else it stands; a main clause.
pub(crate) fn spoken_next(talk: &Conversation, unit: &[Appointment]) -> String {
    let (standing, said) = (standing_of(unit), spoken_together(talk, unit));
    if standing == Standing::Firm {
        return format!("Ihr nächster Termin ist der {said}");
    }
    let stands = format!("Ihr nächster Termin {said} {}", Saying::Stands.verb(standing).0);
    with(stands, open(talk, standing))
}

/// "Sie haben am …, schon einen Termin für Haarschnitt", or how else it stands; a main clause. Told from its branch.
pub(crate) fn spoken_in_the_way(
    talk: &Conversation,
    moment: &str,
    service: &str,
    standing: Standing,
) -> String {
    match standing {
        Standing::Firm | Standing::Superseded => {
            format!("Sie haben {moment} schon einen Termin für {service}")
        }
        Standing::Noted | Standing::Examined => {
            let verb = Saying::Entered.verb(standing).0;
            with(format!("Ihr Termin für {service} {moment} {verb}"), open(talk, standing))
        }
    }
}

/// "Sie haben Termine …", or how they stand where one of them is not certain; a main clause. Each is said already.
pub(crate) fn spoken_all(talk: &Conversation, all: &[(String, Standing)]) -> String {
    if all.iter().any(|(_, standing)| *standing != Standing::Firm) {
        return speech::capital(&spoken_apart(talk, all));
    }
    let said: Vec<_> = all.iter().map(|(said, _)| said).collect();
    format!("Sie haben Termine {}", speech::and_list(&said))
}

/// Several that need not stand alike, each said already: "eingetragen ist der Termin …, vorgemerkt ist der Termin …, die
/// Bestätigung steht noch aus".
pub(crate) fn spoken_apart(talk: &Conversation, all: &[(String, Standing)]) -> String {
    let told = [
        ("eingetragen", Standing::Firm),
        ("vorgemerkt", Standing::Noted),
        ("noch nicht sicher", Standing::Examined),
    ];
    let clauses: Vec<_> = told
        .into_iter()
        .filter_map(|(what, standing)| {
            let alike = all.iter().filter(|(_, is)| *is == standing);
            let said: Vec<String> = alike.map(|(said, _)| said.clone()).collect();
            let stands = match said.as_slice() {
                [] => return None,
                [one] => format!("{what} ist der Termin {one}"),
                several => format!("{what} sind die Termine {}", speech::and_list(several)),
            };
            Some(with(stands, open(talk, standing)))
        })
        .collect();
    if clauses.is_empty() { "eingetragen ist jetzt nichts".to_owned() } else { clauses.join(", ") }
}

/// The same of a visit that fell apart, and what follows from it.
pub(crate) fn spoken_torn(talk: &Conversation, parts: &[(String, Standing)]) -> String {
    let is_said = parts.iter().any(|(_, standing)| *standing == Standing::Examined);
    with(spoken_apart(talk, parts), open(talk, Standing::Examined).filter(|_| !is_said))
}

fn with(stands: String, open: Option<String>) -> String {
    match open {
        Some(open) => format!("{stands}, {open}"),
        None => stands,
    }
}
