//! What stands for what: event types and people of an account, beside our services and staff.
//!
//! Names are compared word by word, without regard to case, umlauts written out and marks. An event type stands for the
//! service whose name its title contains; of several, for the one with the most words. It is performed by the hosts it
//! shows, by the person its title names, or by the only person there is. What is not clear is not guessed: it is
//! reported, with why.

use std::collections::BTreeMap;

use appointment::calendar::{CalendarLink, RemoteEventType, RemoteHost, RemoteHostRef, RemoteService};
use kernel::{ServiceId, StaffId};

/// A service of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurService {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// How long a customer stays, in minutes.
    pub minutes: u32,
}

/// Somebody who works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurPerson {
    /// The id.
    pub id: StaffId,
    /// The name.
    pub name: String,
}

/// A link that names suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedLink {
    /// Our service.
    pub service: ServiceId,
    /// Our person.
    pub staff: StaffId,
    /// The event type.
    pub event_type: RemoteEventType,
    /// The person there; `None` if the event type has one host only.
    pub host: Option<RemoteHostRef>,
    /// Title of the event type.
    pub title: String,
}

/// Why something there stands for nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyUnmapped {
    /// No service has a name that its title contains.
    NoService,
    /// Several services fit equally well.
    SeveralServices(Vec<String>),
    /// It is not as long as the service: what is booked there would not fit here.
    OtherLength {
        /// The service.
        service: String,
        /// Minutes here.
        ours: u32,
        /// Minutes there.
        theirs: u32,
    },
    /// Nobody here has the name of the person there.
    NoPerson(String),
    /// Several people here fit equally well.
    SeveralPeople(String),
    /// Nothing there says who performs it.
    NobodyPerforms,
    /// It is the template of others, each of them one person's, and is never free itself.
    Template,
    /// Another event type stands for the same service by the same person, equally well.
    Rival(String),
}

impl WhyUnmapped {
    /// A stable word for reports.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoService => "no_service",
            Self::SeveralServices(_) => "several_services",
            Self::OtherLength { .. } => "other_length",
            Self::NoPerson(_) => "no_person",
            Self::SeveralPeople(_) => "several_people",
            Self::NobodyPerforms => "nobody_performs",
            Self::Template => "template",
            Self::Rival(_) => "rival",
        }
    }

    /// What it is about, for the person who has to decide.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NoService | Self::NobodyPerforms => String::new(),
            Self::Template => "connect the accounts of its people, or link their own event types".to_owned(),
            Self::SeveralServices(names) => names.join(", "),
            Self::OtherLength { service, ours, theirs } => {
                format!("{service} takes {ours} minutes here and {theirs} there")
            }
            Self::NoPerson(name) | Self::SeveralPeople(name) | Self::Rival(name) => name.clone(),
        }
    }
}

/// Something there that could not be mapped, or only in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// The event type.
    pub event_type: RemoteEventType,
    /// Its title.
    pub title: String,
    /// Why.
    pub why: WhyUnmapped,
}

/// What names suggest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Links, by service then person.
    pub links: Vec<ProposedLink>,
    /// What stands for nothing here, in the order of the listing.
    pub unmapped: Vec<Unmapped>,
}

/// What a link names and the account does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The event type. It may be there all the same, where it is another person's or team's: the provider knows.
    EventType,
    /// The person, who is none of the event type's hosts.
    Host,
}

impl Missing {
    /// A stable word for reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EventType => "event_type",
            Self::Host => "host",
        }
    }

    /// What `link` names and `theirs`, the event types of its account, do not show.
    #[must_use]
    pub fn of(link: &CalendarLink, theirs: &[RemoteService]) -> Option<Self> {
        let Some(remote) = theirs.iter().find(|remote| remote.reference == link.event_type) else {
            return Some(Self::EventType);
        };
        let wanted = link.host.as_ref()?;
        // An event type that shows no hosts says nothing about them.
        let is_host = remote.hosts.is_empty() || remote.hosts.iter().any(|host| host.reference == *wanted);
        (!is_host).then_some(Self::Host)
    }
}

/// Proposes links. `people` are those of the account: where an event type shows no host and there is one person only,
/// that one performs it.
#[must_use]
pub fn propose(
    services: &[OurService],
    staff: &[OurPerson],
    theirs: &[RemoteService],
    people: &[RemoteHost],
) -> Proposal {
    let mut found: BTreeMap<(ServiceId, StaffId), Vec<(ProposedLink, usize)>> = BTreeMap::new();
    let mut proposal = Proposal::default();
    for remote in theirs {
        let unmapped =
            |why| Unmapped { event_type: remote.reference.clone(), title: remote.title.clone(), why };
        if remote.is_template {
            proposal.unmapped.push(unmapped(WhyUnmapped::Template));
            continue;
        }
        let title = words(&remote.title);
        let service = match service_of(&title, services) {
            Ok(service) => service,
            Err(why) => {
                proposal.unmapped.push(unmapped(why));
                continue;
            }
        };
        if service.minutes != remote.minutes {
            let (service, ours, theirs) = (service.name.clone(), service.minutes, remote.minutes);
            proposal.unmapped.push(unmapped(WhyUnmapped::OtherLength { service, ours, theirs }));
            continue;
        }
        // Words beyond the service's own and the person's make a title fit less well than another one.
        let odd = title.len().saturating_sub(words(&service.name).len());
        for performer in performers(&title, remote, people, staff) {
            match performer {
                Ok((person, host, named)) => {
                    let link = ProposedLink {
                        service: service.id,
                        staff: person.id,
                        event_type: remote.reference.clone(),
                        host,
                        title: remote.title.clone(),
                    };
                    found.entry((service.id, person.id)).or_default().push((link, odd - named.min(odd)));
                }
                Err(why) => proposal.unmapped.push(unmapped(why)),
            }
        }
    }
    for mut rivals in found.into_values() {
        rivals.sort_by_key(|(_, odd)| *odd);
        let best = rivals.iter().filter(|(_, odd)| Some(odd) == rivals.first().map(|(_, odd)| odd)).count();
        for (place, (link, _)) in rivals.iter().enumerate() {
            if best == 1 && place == 0 {
                proposal.links.push(link.clone());
                continue;
            }
            let other = if place == 0 { rivals.get(1) } else { rivals.first() };
            let other = other.map(|(other, _)| format!("{} ({})", other.title, other.event_type));
            proposal.unmapped.push(Unmapped {
                event_type: link.event_type.clone(),
                title: link.title.clone(),
                why: WhyUnmapped::Rival(other.unwrap_or_default()),
            });
        }
    }
    proposal
}

fn service_of<'a>(title: &[String], services: &'a [OurService]) -> Result<&'a OurService, WhyUnmapped> {
    let fitting = services.iter().filter_map(|service| {
        let name = words(&service.name);
        contains(title, &name).then_some((name.len(), service))
    });
    let fitting: Vec<_> = fitting.collect();
    let longest = fitting.iter().map(|(length, _)| *length).max().ok_or(WhyUnmapped::NoService)?;
    let best: Vec<_> = fitting.into_iter().filter(|(length, _)| *length == longest).collect();
    match best[..] {
        [(_, service)] => Ok(service),
        _ => {
            let names = best.iter().map(|(_, service)| service.name.clone()).collect();
            Err(WhyUnmapped::SeveralServices(names))
        }
    }
}

/// A person, who that is there if there are several, and how many words of the title are the person's name.
type Performer<'a> = Result<(&'a OurPerson, Option<RemoteHostRef>, usize), WhyUnmapped>;

fn performers<'a>(
    title: &[String],
    remote: &RemoteService,
    people: &[RemoteHost],
    staff: &'a [OurPerson],
) -> Vec<Performer<'a>> {
    let named: Vec<_> = staff.iter().filter(|person| contains(title, &words(&person.name))).collect();
    let hosts = if remote.hosts.is_empty() && people.len() == 1 { people } else { &remote.hosts };
    if hosts.is_empty() {
        return vec![match named[..] {
            [person] => Ok((person, None, words(&person.name).len())),
            [] => Err(WhyUnmapped::NobodyPerforms),
            _ => Err(WhyUnmapped::SeveralPeople(remote.title.clone())),
        }];
    }
    let of_host = |host: &RemoteHost| {
        let person = person_of(host, staff)?;
        let in_title = named.iter().any(|named| named.id == person.id);
        let reference = (remote.hosts.len() > 1).then(|| host.reference.clone());
        Ok((person, reference, if in_title { words(&person.name).len() } else { 0 }))
    };
    hosts.iter().map(of_host).collect()
}

/// By the whole name, else by the only name that contains all words of the one there.
fn person_of<'a>(host: &RemoteHost, staff: &'a [OurPerson]) -> Result<&'a OurPerson, WhyUnmapped> {
    let wanted = words(&host.name);
    let same: Vec<_> = staff.iter().filter(|person| words(&person.name) == wanted).collect();
    let like: Vec<_> = if same.is_empty() && !wanted.is_empty() {
        let fits = |person: &&OurPerson| {
            let name = words(&person.name);
            wanted.iter().all(|word| name.contains(word))
        };
        staff.iter().filter(fits).collect()
    } else {
        same
    };
    match like[..] {
        [person] => Ok(person),
        [] => Err(WhyUnmapped::NoPerson(host.name.clone())),
        _ => Err(WhyUnmapped::SeveralPeople(host.name.clone())),
    }
}

/// The words of a name, folded.
fn words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            'ı' => folded.push('i'),
            letter if letter.is_alphanumeric() => folded.push(plain(letter)),
            // A combining mark belongs to the letter before it.
            '\u{300}'..='\u{36f}' => {}
            _ => folded.push(' '),
        }
    }
    folded.split_whitespace().map(str::to_owned).collect()
}

/// A letter without its mark, for those that are common in names.
const fn plain(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'å' | 'ã' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ó' | 'ò' | 'ô' | 'õ' | 'ø' => 'o',
        'ř' => 'r',
        'ş' | 'ś' | 'š' => 's',
        'ú' | 'ù' | 'û' | 'ů' => 'u',
        'ý' => 'y',
        'ż' | 'ź' | 'ž' => 'z',
        other => other,
    }
}

fn contains(text: &[String], part: &[String]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests;
