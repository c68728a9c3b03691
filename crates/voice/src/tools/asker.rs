//! Who asks, and of whom it is said to be.

use appointment::commands::{CallContext, Requester};
use appointment::model::Slot;
use chrono::{DateTime, Utc};
use customer::{Customer, Identification, called, one_person};
use kernel::{CustomerId, PersonName};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::for_whom::{AskedWhom, ForWhom};
use crate::names;
use crate::ports::CallNotes;
use crate::tools::person::{self, is_named, not_on_that_name, of_unnamed};

/// Who asks, with the customers that the number proves.
pub(crate) struct Asker {
    pub(crate) requester: Requester,
    /// All customers of the number.
    pub(crate) customers: Vec<Customer>,
    /// Those of them who speak: one, or nobody as long as that is not known.
    pub(crate) speaking: Vec<CustomerId>,
    /// Those of them for whom the call has booked as for another person: they are not who calls.
    others: Vec<CustomerId>,
    /// Of whom it is said to be.
    pub(crate) for_whom: ForWhom,
    /// The name that was given is not that of the number's one customer, nor said to be spoken of for them.
    pub(crate) names_another: bool,
}

impl Asker {
    /// Where several people share the number, only a name that is one of theirs, and no other's, tells who speaks, or the
    /// `owner` of an appointment that is named by its id.
    fn of(
        talk: &Conversation,
        (customers, others): (Vec<Customer>, Vec<CustomerId>),
        for_whom: ForWhom,
        owner: Option<CustomerId>,
    ) -> Self {
        let is_theirs = |one: &Customer, said: &Option<PersonName>| {
            said.as_ref().is_some_and(|said| one.may_be_called(said))
        };
        let speaking = match (customers.as_slice(), &for_whom.name) {
            ([], _) => Vec::new(),
            ([only], said) if others.contains(&only.id()) && !is_theirs(only, said) => Vec::new(),
            ([only], _) => vec![only],
            (several, Some(said)) => called(several, said),
            // Several entries of one name are one speaker.
            (several, None) if one_person(several) => several.iter().collect(),
            (_, None) => Vec::new(),
        };
        let mut speaking: Vec<_> = speaking.into_iter().map(Customer::id).collect();
        if speaking.is_empty() {
            // A name that is nobody's is who calls, unless it was said to be whose it is.
            let said = for_whom.name.as_ref().filter(|_| for_whom.other_person == Some(true));
            let is_theirs = |one: &&Customer| said.is_none_or(|said| one.may_be_called(said));
            let owner = customers.iter().find(|one| Some(one.id()) == owner).filter(is_theirs);
            speaking.extend(owner.map(Customer::id));
        }
        let context =
            CallContext { call: talk.call, caller: talk.caller.clone(), customers: speaking.clone() };
        let requester = Requester::Caller(context);
        let mut asker = Self { requester, customers, speaking, others, for_whom, names_another: false };
        asker.names_another = asker.other_than_own().is_some() && asker.for_whom.other_person != Some(false);
        asker
    }

    /// The one customer of the number, if another person is named.
    pub(crate) fn other_than_own(&self) -> Option<&PersonName> {
        let ([only], said) = (self.customers.as_slice(), self.for_whom.name.as_ref()?) else { return None };
        only.name().filter(|own| !said.is_short_for(own) && !own.sounds_like(said))
    }

    /// The notes with what is said now of whom another time is for. What was told before a tool had to ask is of the same.
    pub(crate) fn noting(&self, notes: CallNotes) -> CallNotes {
        if notes.is_incomplete() {
            let whom = notes.for_whom.unasked();
            let for_whom = whom.with_more(&self.for_whom, self.is_known());
            return CallNotes { for_whom, ..notes };
        }
        let for_whom = notes.for_whom.then(&self.for_whom, self.is_known());
        CallNotes { for_whom, ..notes }
    }

    /// The notes with what is said now of whom the same time is for.
    pub(crate) fn noting_same(&self, notes: CallNotes) -> CallNotes {
        // What only looks is no answer to for whom it is.
        let for_whom = notes.for_whom.unasked().with(&self.for_whom, self.is_known());
        CallNotes { for_whom, ..notes }
    }

    /// With what was said before of whom it is for: with these slots, or with what begins then, which may be what
    /// `is_asked` or was offered; else with an earlier time.
    pub(crate) fn recalling(
        self,
        talk: &Conversation,
        notes: &CallNotes,
        (slots, start, is_asked): (&[Slot], DateTime<Utc>, bool),
    ) -> Self {
        let (now, is_known) = (&self.for_whom, self.is_known());
        let is_of_last = is_asked || notes.is_incomplete() || notes.is_of_last_offers(start);
        let asked = Some(&notes.for_whom).filter(|_| is_of_last);
        let of_asked = asked.filter(|whom| whom.is_of_last);
        let for_whom = match of_asked.or_else(|| notes.named_at(slots, start)).or(asked) {
            Some(before) => before.with(now, is_known),
            None => notes.for_whom.then(now, is_known),
        };
        Self::of(talk, (self.customers, self.others), for_whom, None)
    }

    /// With what was said of whom an earlier time was for.
    pub(crate) fn after(self, talk: &Conversation, notes: CallNotes) -> (Self, CallNotes) {
        let notes = self.noting(notes);
        (Self::of(talk, (self.customers, self.others), notes.for_whom.clone(), None), notes)
    }

    /// Whether a yes is for somebody else than what was asked last. An answer to for whom that is, is not.
    pub(crate) fn is_not_asked_for(&self, notes: &CallNotes) -> bool {
        let asked = &notes.for_whom;
        let is_plain_yes = asked.asked == AskedWhom::Nothing && asked.is_of_last;
        is_plain_yes && self.is_for(asked, &notes.booked_for_others) == Some(false)
    }

    /// Whether it is for whom the caller speaks now; `None` if one of both is not said.
    pub(crate) fn is_for(&self, whom: &ForWhom, others: &[CustomerId]) -> Option<bool> {
        let own: Vec<_> = self.customers.iter().filter(|known| !others.contains(&known.id())).collect();
        let meant = |whom: &ForWhom| match (&whom.name, whom.other_person) {
            (None, Some(false)) => Some(None),
            (None, _) => None,
            (Some(name), other) => {
                let is_own = matches!(own.as_slice(), [only] if only.may_be_called(name));
                Some(Some(name.clone()).filter(|_| !is_own || other == Some(true)))
            }
        };
        let of = |name: &PersonName| called(&self.customers, name).first().map(|found| found.id());
        Some(match (meant(whom)?, meant(&self.for_whom)?) {
            (None, None) => true,
            // Whoever is new may be called as they said.
            (None, Some(_)) | (Some(_), None) => {
                !self.is_known() && ![whom, &self.for_whom].iter().any(|one| one.other_person == Some(true))
            }
            (Some(one), Some(other)) => {
                whom.is_one_with(&self.for_whom)
                    || of(&one).is_some() && of(&one) == of(&other)
                    || self.customers.is_empty() && (one.is_short_for(&other) || other.is_short_for(&one))
            }
        })
    }

    /// Whether the number is known for anybody who may be the caller.
    fn is_known(&self) -> bool {
        self.customers.iter().any(|known| !self.others.contains(&known.id()))
    }

    /// Whether this customer may be who speaks of something as their own. Where several may, it is asked whose it is.
    pub(crate) fn may_speak_as(&self, customer: CustomerId) -> bool {
        if self.speaking.is_empty() {
            self.customers.is_empty() || self.is_known() || !self.others.contains(&customer)
        } else {
            self.speaking.contains(&customer)
        }
    }

    /// Whether every customer of the number is blocked.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.customers.is_empty() && self.customers.iter().all(Customer::is_blocked)
    }

    /// Whether several people share the number and it is not known who speaks.
    pub(crate) const fn is_unclear(&self) -> bool {
        self.speaking.is_empty() && !self.customers.is_empty()
    }
}

/// Identifies the caller by number. Who of several speaks is told by what is said now; until then nobody's appointments are
/// touched.
pub(crate) async fn asker(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> Result<Asker, Stop> {
    let identified = desk.parts.customers.identify(&talk.scope, &talk.caller).await?;
    let customers = match identified {
        Identification::Known(customer) => vec![customer],
        Identification::SharedNumber(customers) => customers,
        Identification::Unknown(_) | Identification::Anonymous => Vec::new(),
    };
    let for_whom = person::said(args, talk, &customers)?;
    let owner = match customers.as_slice() {
        [_, _, ..] => whose(desk, args, talk, &customers).await?,
        _ => None,
    };
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    Ok(Asker::of(talk, (customers, notes.booked_for_others), for_whom, owner))
}

/// The same about an appointment that the caller was asked about: where several share the number, its customer speaks.
pub(crate) async fn asker_about(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    owner: CustomerId,
) -> Result<Asker, Stop> {
    let mut asker = asker(desk, args, talk).await?;
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    // "Auf welchen Namen ist er?" - a yes is no answer to that.
    let is_no_name = asker.for_whom.says_nothing() && notes.for_whom.asked == AskedWhom::Who;
    if is_no_name || !is_named(desk, talk, &asker, owner).await? {
        let for_whom = ForWhom { asked: AskedWhom::Who, ..notes.for_whom.clone() };
        desk.note(talk, CallNotes { for_whom, ..notes }).await;
        return Err(not_on_that_name().into());
    }
    // For another: not the caller's own.
    if let ([only], Some(asked)) = (asker.customers.as_slice(), of_unnamed(&asker))
        && only.id() == owner
    {
        return Err(asked.into());
    }
    if asker.is_unclear() && asker.customers.iter().any(|customer| customer.id() == owner) {
        asker.speaking.push(owner);
        if let Requester::Caller(context) = &mut asker.requester {
            context.customers.push(owner);
        }
    }
    Ok(asker)
}

/// Whose the appointment is that is named by its id, which is told to nobody who is not known.
async fn whose(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    customers: &[Customer],
) -> Result<Option<CustomerId>, Stop> {
    let named = args.id(names::APPOINTMENT)?.and_then(|text| text.trim().parse().ok());
    let Some(named) = named else { return Ok(None) };
    let found = desk.parts.bookings.find(&talk.scope, named).await?;
    let theirs = found.map(|appointment| appointment.customer());
    Ok(theirs.filter(|owner| customers.iter().any(|customer| customer.id() == *owner)))
}
