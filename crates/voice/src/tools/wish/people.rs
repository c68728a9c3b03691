//! "Bei Anna, bitte." - with whom.

use appointment::commands::PartWish;
use appointment::model::{Service, Staff};
use kernel::StaffId;

use crate::args::{Args, Unusable, Why};
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::naming::{self, Fit};
use crate::ports::CallNotes;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;

/// Beginnings of words for "anybody will do".
const ANYBODY: &[&str] = &["egal", "beliebig", "irgend", "jemand", "whoever"];
/// Whole words for it.
const ANY: &[&str] = &["any", "anyone", "anybody", "alle", "jeder", "jede"];
/// Phrases for it: "wer gerade frei ist".
const WHOEVER: &[&str] = &["keine präferenz", "wer frei", "wer zeit", "wer da ist", "wer gerade", "wer kann"];
/// Other branches at most in which a person is looked for.
const BRANCHES: usize = 20;

/// Who is wished for in a part, by its place and its service.
type Whom<'a> = dyn Fn(usize, &Service) -> Result<Option<StaffId>, Stop> + 'a;

/// Whether the words mean anybody, or any other thing.
pub(crate) fn is_anybody(words: &str) -> bool {
    let said = words.to_lowercase();
    let mut parts = said.split(|c: char| !c.is_alphanumeric());
    WHOEVER.iter().any(|phrase| said.contains(phrase))
        || parts.any(|word| ANY.contains(&word) || ANYBODY.iter().any(|start| word.starts_with(start)))
}

/// Who is wished for in each part, and who is wished for from now on. One name is meant for all of them, a list of several
/// part by part, and a place without a name is anybody's; a wish made earlier in the call stands until it is withdrawn,
/// where that person does the part.
pub(super) fn people(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
    services: &[&Service],
) -> Result<(Vec<PartWish>, Option<StaffId>), Stop> {
    let mut said = args.places(names::STAFF)?;
    let each = |person: &Whom<'_>| {
        let part = |(index, service): (usize, &&Service)| {
            Ok(PartWish { service: service.id, staff: person(index, service)? })
        };
        services.iter().enumerate().map(part).collect::<Result<Vec<_>, Stop>>()
    };
    // For one service a place means nothing, only the name that stands in it.
    if services.len() == 1 {
        said.retain(Option::is_some);
    }
    // What carries nothing beyond the parts is nobody.
    if said.iter().skip(services.len()).all(Option::is_none) {
        said.truncate(services.len());
    }
    match said.as_slice() {
        [] => {
            let earlier = notes.staff.and_then(|id| talk.catalogue.person(id));
            let does = |service: &Service| earlier.filter(|person| person.performs.contains(&service.id));
            Ok((each(&|_, service| Ok(does(service).map(|person| person.id)))?, notes.staff))
        }
        [Some(all)] => {
            let parts = each(&|_, service| staff_named(talk, service, all))?;
            let staff = parts.first().and_then(|part| part.staff);
            Ok((parts, staff))
        }
        places if places.len() <= services.len() => {
            let parts = each(&|index, service| match places.get(index) {
                Some(Some(words)) => staff_named(talk, service, words),
                Some(None) | None => Ok(None),
            })?;
            Ok((parts, None))
        }
        _ => Err(Unusable { name: names::STAFF[0], why: Why::TooLong }.into()),
    }
}

/// The person that the words mean for a service; `None` for anybody.
fn staff_named(talk: &Conversation, service: &Service, words: &str) -> Result<Option<StaffId>, Stop> {
    if is_anybody(words) {
        return Ok(None);
    }
    let performs = |person: &Staff| person.performs.contains(&service.id);
    match naming::staff(&talk.catalogue, words) {
        Fit::One(person) if performs(person) => Ok(Some(person.id)),
        Fit::One(person) => Err(cannot(talk, service, person).into()),
        Fit::Several(close) => {
            let names: Vec<_> = close.iter().map(|person| speech::plain(&person.name)).collect();
            let message = format!("Meinen Sie {}?", speech::or_list(&names));
            Err(ToolReply::new(Status::StaffUnknown, message)
                .with("staff", names)
                .next(NextAction::AskCaller)
                .into())
        }
        Fit::Nothing => {
            let names: Vec<_> = talk
                .catalogue
                .performers(service.id)
                .take(5)
                .map(|person| speech::plain(&person.name))
                .collect();
            let message = format!(
                "Diesen Namen finde ich hier nicht, darf es auch bei {} sein?",
                speech::or_list(&names)
            );
            Err(ToolReply::new(Status::StaffUnknown, message)
                .with("staff", names)
                .next(NextAction::AskCaller)
                .into())
        }
    }
}

/// The answer for a name that fits nobody here, if somebody of another branch has it.
pub(super) async fn elsewhere(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
) -> Result<Option<ToolReply>, Stop> {
    let is_nobody_here = |words: &String| matches!(naming::staff(&talk.catalogue, words), Fit::Nothing);
    let Some(words) = args.texts(names::STAFF)?.into_iter().find(is_nobody_here) else { return Ok(None) };
    let branches = desk.parts.tenants.branches(&talk.scope).await?;
    for branch in branches.iter().filter(|branch| branch.id != talk.branch).take(BRANCHES) {
        let catalogue = desk.parts.bookings.catalogue(&talk.scope, branch.id).await?;
        if let Fit::One(person) = naming::staff(&catalogue, &words) {
            let here = talk.catalogue.staff().iter().filter(|person| person.active).take(5);
            let names: Vec<_> = here.map(|person| speech::plain(&person.name)).collect();
            let message = format!(
                "{} arbeitet in der Filiale {}, darf es hier auch bei {} sein?",
                speech::plain(&person.name),
                speech::plain(&branch.name),
                speech::or_list(&names)
            );
            let reply = ToolReply::new(Status::StaffUnknown, message)
                .with("requested_staff", person.name.clone())
                .with("staff", names)
                .next(NextAction::AskCaller);
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

fn cannot(talk: &Conversation, service: &Service, person: &Staff) -> ToolReply {
    let others: Vec<_> = talk.catalogue.performers(service.id).take(3).collect();
    let names: Vec<_> = others.iter().map(|person| speech::plain(&person.name)).collect();
    let rows: Vec<_> = others
        .iter()
        .map(|person| serde_json::json!({"id": person.id.to_string(), "name": person.name}))
        .collect();
    let message = format!(
        "{} bietet {} nicht an, passt Ihnen auch {}?",
        speech::plain(&person.name),
        speech::plain(&service.name),
        speech::or_list(&names)
    );
    ToolReply::new(Status::StaffCannot, message)
        .with("requested_staff", person.name.clone())
        .with("requested_service", service.name.clone())
        .with("alternative_staff", rows)
        .next(NextAction::AskCaller)
}
