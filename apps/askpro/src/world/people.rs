//! Who calls: customers of each tenant, with names that one meets in a German town.
//!
//! Some have a story, under the same number at every tenant; the rest fill the diary. All numbers begin with +49152 and
//! are invented.

use super::Dice;

/// Number of the customer who may not book by telephone.
pub const BLOCKED: &str = "+491520000666";
/// Number of somebody with three coming appointments.
pub const REGULAR: &str = "+4915200000101";
/// Number of somebody with two appointments on one day.
pub const TWO_ON_ONE_DAY: &str = "+4915200000102";
/// A number that two customers share; the first of them has an appointment.
pub const SHARED: &str = "+4915200000103";
/// Number of a customer without a coming appointment.
pub const WITHOUT: &str = "+4915200000104";
/// Number of somebody whose appointment is as near as possible, mostly too near to cancel.
pub const SOON: &str = "+4915200000105";
/// Numbers of people with one appointment in one to two weeks.
pub const LATER: [&str; 4] = ["+4915200000106", "+4915200000107", "+4915200000108", "+4915200000109"];

/// Customers of each tenant besides those with a story.
const PASSERS_BY: usize = 60;

const FIRST_NAMES: [&str; 40] = [
    "Sabine",
    "Thomas",
    "Petra",
    "Michael",
    "Ursula",
    "Andreas",
    "Monika",
    "Stefan",
    "Renate",
    "Jürgen",
    "Claudia",
    "Uwe",
    "Birgit",
    "Frank",
    "Martina",
    "Ralf",
    "Gabriele",
    "Matthias",
    "Heike",
    "Björn",
    "Ayşe",
    "Mehmet",
    "Elif",
    "Murat",
    "Agnieszka",
    "Paweł",
    "Olga",
    "Dmitri",
    "Lena",
    "Jonas",
    "Mia",
    "Finn",
    "Jörn",
    "Käthe",
    "Günther",
    "Françoise",
    "Søren",
    "Zoë",
    "Marie-Luise",
    "Hans-Peter",
];
const LAST_NAMES: [&str; 40] = [
    "Müller",
    "Schmidt",
    "Schneider",
    "Fischer",
    "Weber",
    "Meyer",
    "Wagner",
    "Becker",
    "Schulz",
    "Hoffmann",
    "Schäfer",
    "Koch",
    "Bauer",
    "Richter",
    "Klein",
    "Wolf",
    "Schröder",
    "Neumann",
    "Schwarz",
    "Zimmermann",
    "Krüger",
    "Yıldız",
    "Kaya",
    "Öztürk",
    "Kowalski",
    "Nowak",
    "Petrov",
    "Sørensen",
    "Weiß",
    "Groß",
    "Größner",
    "von der Heide",
    "Hahn",
    "Jäger",
    "Köhler",
    "Lüders",
    "Brüggemann",
    "Tietjen",
    "Oßwald",
    "Behrens",
];

/// What is told about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Three coming appointments.
    Regular,
    /// Two on one day.
    TwoOnOneDay,
    /// As near as possible.
    Soon,
    /// One in one to two weeks.
    Later,
    /// None.
    None,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Unique in the world: its id follows from it.
    pub key: String,
    /// The name.
    pub name: String,
    /// The number, E.164.
    pub phone: String,
    /// The address, for some.
    pub email: Option<String>,
    /// May not book by telephone.
    pub blocked: bool,
    /// What is told about the person.
    pub story: Story,
    /// Appears in the diary of ordinary days.
    pub passes_by: bool,
    /// How long the person has been a customer, in days.
    pub known_for_days: i64,
}

/// The customers of a tenant; `place` is its place in the list of tenants, and part of the numbers.
#[must_use]
pub fn of_tenant(seed: u64, slug: &str, place: usize) -> Vec<Person> {
    let mut dice = Dice::new(seed, &["people", slug]);
    let mut names = Names::new(&mut dice);
    let mut people = Vec::new();
    let mut tell =
        |key: &str, phone: &str, story: Story, blocked: bool, names: &mut Names, dice: &mut Dice| {
            let name = names.draw(dice);
            people.push(Person {
                key: format!("{slug}/customer/{key}"),
                email: dice.chance(50).then(|| email(&name)),
                name,
                phone: phone.to_owned(),
                blocked,
                story,
                passes_by: false,
                known_for_days: 200 + i64::try_from(dice.below(600)).unwrap_or(0),
            });
        };
    tell("regular", REGULAR, Story::Regular, false, &mut names, &mut dice);
    tell("two-on-one-day", TWO_ON_ONE_DAY, Story::TwoOnOneDay, false, &mut names, &mut dice);
    tell("shared-first", SHARED, Story::Later, false, &mut names, &mut dice);
    tell("shared-second", SHARED, Story::None, false, &mut names, &mut dice);
    tell("without", WITHOUT, Story::None, false, &mut names, &mut dice);
    tell("soon", SOON, Story::Soon, false, &mut names, &mut dice);
    for (number, phone) in (1..).zip(LATER) {
        tell(&format!("later-{number}"), phone, Story::Later, false, &mut names, &mut dice);
    }
    tell("blocked", BLOCKED, Story::None, true, &mut names, &mut dice);
    for number in 0..PASSERS_BY {
        let name = names.draw(&mut dice);
        people.push(Person {
            key: format!("{slug}/customer/{number}"),
            email: dice.chance(35).then(|| email(&name)),
            name,
            phone: format!("+49152{:08}", 10_000_000 + place * 100_000 + number * 37),
            blocked: false,
            story: Story::None,
            passes_by: true,
            known_for_days: 60 + i64::try_from(dice.below(900)).unwrap_or(0),
        });
    }
    people
}

/// Draws each combination of names once, so that a shared number can be told apart by name.
struct Names {
    left: Vec<(usize, usize)>,
}

impl Names {
    fn new(dice: &mut Dice) -> Self {
        let mut left: Vec<_> = (0..FIRST_NAMES.len())
            .flat_map(|first| (0..LAST_NAMES.len()).map(move |last| (first, last)))
            .collect();
        for place in (1..left.len()).rev() {
            left.swap(place, dice.below(place + 1));
        }
        Self { left }
    }

    fn draw(&mut self, dice: &mut Dice) -> String {
        let (first, last) = self.left.pop().unwrap_or_else(|| (dice.below(40), dice.below(40)));
        format!("{} {}", FIRST_NAMES[first], LAST_NAMES[last])
    }
}

fn email(name: &str) -> String {
    let mut local = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => local.push_str("ae"),
            'ö' | 'ø' => local.push_str("oe"),
            'ü' => local.push_str("ue"),
            'ß' => local.push_str("ss"),
            'ł' => local.push('l'),
            'ş' => local.push('s'),
            'ç' => local.push('c'),
            'ı' => local.push('i'),
            'ë' => local.push('e'),
            c if c.is_ascii_alphanumeric() => local.push(c),
            _ if local.ends_with('.') => {}
            _ => local.push('.'),
        }
    }
    // Reserved for documentation: no such address can belong to anybody.
    format!("{local}@example.org")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_tenant_knows_the_people_with_a_story() {
        for slug in ["salon-nord", "gesperrt"] {
            let people = of_tenant(7, slug, 0);
            let with = |phone: &str| people.iter().filter(|person| person.phone == phone).count();
            assert_eq!((with(BLOCKED), with(SHARED), with(REGULAR)), (1, 2, 1));
            assert_eq!(people.iter().filter(|person| person.blocked).count(), 1);
        }
    }

    #[test]
    fn names_keys_and_other_numbers_are_unique() {
        let people: Vec<_> =
            ["a", "b", "c"].iter().enumerate().flat_map(|(place, slug)| of_tenant(7, slug, place)).collect();
        let keys: BTreeSet<_> = people.iter().map(|person| &person.key).collect();
        assert_eq!(keys.len(), people.len());
        let phones: Vec<_> =
            people.iter().filter(|person| person.passes_by).map(|person| &person.phone).collect();
        assert_eq!(phones.iter().collect::<BTreeSet<_>>().len(), phones.len());
        let one = of_tenant(7, "a", 0);
        assert_eq!(one.iter().map(|person| &person.name).collect::<BTreeSet<_>>().len(), one.len());
        assert_eq!(one, of_tenant(7, "a", 0));
        assert_ne!(one, of_tenant(8, "a", 0));
    }

    #[test]
    fn addresses_and_numbers_have_their_shape() {
        assert_eq!(email("Marie-Luise Größner"), "marie.luise.groessner@example.org");
        for person in of_tenant(7, "a", 3) {
            assert!(person.email.iter().all(|email| email.is_ascii()), "{:?}", person.email);
            let digits = person.phone.strip_prefix('+').unwrap();
            assert!(digits.len() >= 12 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", person.phone);
        }
    }
}
