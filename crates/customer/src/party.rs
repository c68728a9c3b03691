//! For whom a booking is made.

use chrono::{DateTime, Utc};
use kernel::contact::{TITLES, name_words};
use kernel::{Caller, CustomerId, EmailAddress, PersonName};

use crate::error::PartyError;
use crate::model::{Customer, CustomerSnapshot};
use crate::ports::CustomerWrite;

/// What a caller's number and words lead to.
#[derive(Debug, Clone, PartialEq)]
pub enum PartyDecision {
    /// A customer who is known.
    Existing {
        /// The customer.
        id: CustomerId,
        /// What the call revealed about the customer, if anything; may be committed on its own.
        update: Option<CustomerWrite>,
        /// A name was said, and it is not the customer's: note it, do not rename.
        name_differs: bool,
    },
    /// A new customer, to be inserted with the booking.
    Create(CustomerSnapshot),
    /// One of these, by a name that must be asked for.
    AskWho(Vec<Customer>),
    /// A name must be asked for.
    NameRequired,
    /// The company does not want this booking.
    Blocked,
}

/// The customer for whom a booking is made.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingParty {
    /// The customer, with everything learnt in this call.
    pub customer: Customer,
    /// True if the customer does not exist yet: [`Self::write`] must be committed with the booking.
    pub is_new: bool,
    /// A name was said, and it is not the customer's.
    pub name_differs: bool,
    /// The insert of a new customer, or what was learnt about a known one.
    pub write: Option<CustomerWrite>,
}

/// Decides for whom a caller books. `existing` are the customers with the caller's number, oldest first; for a caller
/// without a number they are ignored, since nobody is recognised by name.
///
/// One customer has the number: it is that one, whatever name was understood. Several have it: the one who is [`called`] so,
/// else ask, unless they are entries of [`one_person`]. Nobody has it: a new customer, who needs a
/// name.
#[must_use]
pub fn decide_booking_party(
    existing: &[Customer],
    caller: &Caller,
    name: Option<&PersonName>,
    email: Option<&EmailAddress>,
    now: DateTime<Utc>,
    new_id: CustomerId,
) -> PartyDecision {
    match (caller, existing) {
        (Caller::Anonymous, _) | (Caller::Known(_), []) => create(caller, name, email, now, new_id),
        (Caller::Known(_), [only]) => take(only, name, email),
        (Caller::Known(_), several) => match name.and_then(|name| first_of(&called(several, name))) {
            Some(found) => take(found, name, email),
            None => match several.first().and_then(Customer::name).filter(|_| name.is_none()) {
                Some(own) if one_person(several) => first_of(&of_name(several, own))
                    .map_or_else(|| ask(several), |found| take(found, name, email)),
                _ => ask(several),
            },
        },
    }
}

/// True if these customers are entries of one person: all of one name ([`PersonName::is_same`]).
#[must_use]
pub fn one_person(customers: &[Customer]) -> bool {
    match customers.first().map(Customer::name) {
        Some(Some(first)) => {
            customers.iter().all(|customer| customer.name().is_some_and(|own| own.is_same(first)))
        }
        Some(None) => customers.len() == 1,
        None => false,
    }
}

/// Decides for whom a caller books who has said that it is for another person: the customer of that name at the same number,
/// however it was heard where several share it, else a new customer who shares the number. A caller all of whose customers
/// are blocked may not get around that by another name.
#[must_use]
pub fn decide_other_person(
    existing: &[Customer],
    caller: &Caller,
    name: Option<&PersonName>,
    email: Option<&EmailAddress>,
    now: DateTime<Utc>,
    new_id: CustomerId,
) -> PartyDecision {
    let sharing: &[Customer] = match caller {
        Caller::Known(_) => existing,
        Caller::Anonymous => &[],
    };
    if !sharing.is_empty() && sharing.iter().all(Customer::is_blocked) {
        return PartyDecision::Blocked;
    }
    // Where one alone is known, it is another one, however alike the names sound.
    let heard = |name: &PersonName| match sharing {
        [_, _, ..] if name.is_full() => misheard(sharing, name),
        _ => Vec::new(),
    };
    if name.is_some_and(|name| is_of_several(sharing, name)) {
        return ask(sharing);
    }
    match name.and_then(|name| first_of(&of_name(sharing, name)).or_else(|| first_of(&heard(name)))) {
        Some(found) => take(found, name, email),
        None => create(caller, name, email, now, new_id),
    }
}

/// Decides for whom a caller books who has said that it is for themselves: like [`decide_booking_party`], but where several
/// share the number, a name that is nobody's of them is the one who [may be called so](Customer::may_be_called), if it is one
/// alone, and somebody new, if it is nobody.
#[must_use]
pub fn decide_for_self(
    existing: &[Customer],
    caller: &Caller,
    name: Option<&PersonName>,
    email: Option<&EmailAddress>,
    now: DateTime<Utc>,
    new_id: CustomerId,
) -> PartyDecision {
    if let (Caller::Known(_), [_, _, ..], Some(said)) = (caller, existing, name)
        && called(existing, said).is_empty()
    {
        let fitting: Vec<_> = existing.iter().filter(|customer| customer.may_be_called(said)).collect();
        match fitting.as_slice() {
            [] => return decide_other_person(existing, caller, name, email, now, new_id),
            [one] => return take(one, name, email),
            _ => {}
        }
    }
    decide_booking_party(existing, caller, name, email, now, new_id)
}

/// Those who may be called so, oldest first: who has this very name, else the one person for whose name it is short, "Lena"
/// being enough where only one is, else the one whose full name it may be, misheard. "Herr Kaiser" may be short for a name that
/// nobody knows yet.
#[must_use]
pub fn called<'a>(customers: &'a [Customer], name: &PersonName) -> Vec<&'a Customer> {
    let exactly = of_name(customers, name);
    let has_title = name_words(name.as_str()).iter().any(|word| TITLES.contains(&word.as_str()));
    if !exactly.is_empty() || has_title && !name.is_full() {
        return exactly;
    }
    let short = only_one(customers, |own| name.is_short_for(own));
    if short.is_empty() { misheard(customers, name) } else { short }
}

/// The one person whose full name this may be, misheard. Who is known by a surname alone may be anybody of the family.
fn misheard<'a>(customers: &'a [Customer], name: &PersonName) -> Vec<&'a Customer> {
    only_one(customers, |own| own.is_full() && name.sounds_like(own))
}

/// Those for whose name this holds, if they are one person.
fn only_one(customers: &[Customer], is_it: impl Fn(&PersonName) -> bool) -> Vec<&Customer> {
    let found: Vec<_> = customers.iter().filter(|customer| customer.name().is_some_and(&is_it)).collect();
    let first = found.first().and_then(|first| first.name());
    let is_same =
        |customer: &&Customer| customer.name().zip(first).is_some_and(|(own, first)| own.is_same(first));
    if found.iter().all(is_same) { found } else { Vec::new() }
}

/// The customers of this very name; nobody where it is that of two, as "Berger" of "Herr Berger" and "Frau Berger".
fn of_name<'a>(customers: &'a [Customer], name: &PersonName) -> Vec<&'a Customer> {
    only_one(customers, |own| own.is_same(name))
}

/// Whether two people are called so.
fn is_of_several(customers: &[Customer], name: &PersonName) -> bool {
    let mut own = customers.iter().filter_map(Customer::name);
    of_name(customers, name).is_empty() && own.any(|own| own.is_same(name))
}

/// The oldest of them; a blocked one first, so that a second entry does not lift the block.
fn first_of<'a>(customers: &[&'a Customer]) -> Option<&'a Customer> {
    customers.iter().copied().find(|customer| customer.is_blocked()).or(customers.first().copied())
}

fn take(customer: &Customer, name: Option<&PersonName>, email: Option<&EmailAddress>) -> PartyDecision {
    if customer.is_blocked() {
        return PartyDecision::Blocked;
    }
    if customer.name().is_none() && name.is_none() {
        return PartyDecision::NameRequired;
    }
    // A misheard name is another one as long as nobody has spelt it.
    let is_theirs = |said: &PersonName| customer.name().is_some_and(|own| said.is_short_for(own));
    let name_differs = customer.name().is_some() && name.is_some_and(|said| !is_theirs(said));
    // An address given under another name, or a part of one, may be somebody else's of the family.
    let is_whole = name.is_none_or(|said| customer.name().is_none_or(|own| said.is_same(own)));
    let email = email.filter(|_| is_whole || customer.email().is_none());
    PartyDecision::Existing {
        id: customer.id(),
        update: customer.learn(name, email).map(|next| next.update_over(customer)),
        name_differs,
    }
}

fn ask(several: &[Customer]) -> PartyDecision {
    let candidates: Vec<Customer> =
        several.iter().filter(|customer| !customer.is_blocked()).cloned().collect();
    if candidates.is_empty() { PartyDecision::Blocked } else { PartyDecision::AskWho(candidates) }
}

fn create(
    caller: &Caller,
    name: Option<&PersonName>,
    email: Option<&EmailAddress>,
    now: DateTime<Utc>,
    new_id: CustomerId,
) -> PartyDecision {
    match name {
        Some(name) => PartyDecision::Create(
            Customer::new_caller(new_id, caller, name.clone(), email.cloned(), now).into_snapshot(),
        ),
        None => PartyDecision::NameRequired,
    }
}

impl PartyDecision {
    /// The party, with the customer as it will be once [`BookingParty::write`] is committed. `existing` is what the
    /// decision was made on.
    ///
    /// # Errors
    /// [`PartyError::NameRequired`], [`PartyError::AskWho`], [`PartyError::Blocked`]; [`PartyError::Store`] if the
    /// decision names a customer who is not in `existing`.
    pub fn into_party(self, existing: &[Customer]) -> Result<BookingParty, PartyError> {
        let corrupt = |error: crate::CorruptCustomer| kernel::StoreError::Corrupt(Box::new(error));
        match self {
            Self::AskWho(candidates) => Err(PartyError::AskWho(candidates)),
            Self::NameRequired => Err(PartyError::NameRequired),
            Self::Blocked => Err(PartyError::Blocked),
            Self::Create(snapshot) => Ok(BookingParty {
                customer: Customer::restore(snapshot.clone()).map_err(corrupt)?,
                is_new: true,
                name_differs: false,
                write: Some(CustomerWrite::Insert(snapshot)),
            }),
            Self::Existing { id, update, name_differs } => {
                let customer =
                    match &update {
                        Some(CustomerWrite::Update { next, .. } | CustomerWrite::Insert(next)) => {
                            Customer::restore(next.clone()).map_err(corrupt)?
                        }
                        None => existing.iter().find(|customer| customer.id() == id).cloned().ok_or_else(
                            || kernel::StoreError::Corrupt("the party is none of the customers read".into()),
                        )?,
                    };
                Ok(BookingParty { customer, is_new: false, name_differs, write: update })
            }
        }
    }
}

#[cfg(test)]
mod tests;
