//! The word lists.

mod plain;

use plain::PLAIN;

use chrono::Weekday;

use crate::holidays::NamedDay as N;
use crate::lexicon::{Lex, PartWord, Unit};

/// Gives every word of the lists to `add`: its spelling, what it is, and what its second half is if it is a
/// compound of two words.
pub(crate) fn enter(add: &mut impl FnMut(&str, Lex, Option<Lex>)) {
    for (words, lex) in PLAIN {
        for word in words.split_whitespace() {
            add(word, *lex, None);
        }
    }
    for stem in ["über", "vor"] {
        for count in 1..=4 {
            let days = i8::try_from(count).unwrap_or(0) + 1;
            if stem == "über" {
                add(&format!("{}morgen", stem.repeat(count)), Lex::Relative(days), None);
            } else {
                add(&format!("{}gestern", stem.repeat(count)), Lex::Relative(-days), None);
            }
        }
    }
    declined(add);
    weekdays(add);
    months(add);
    parts(add);
    clock(add);
}

/// Adjectives with all their endings.
fn declined(add: &mut impl FnMut(&str, Lex, Option<Lex>)) {
    for (stem, lex) in [
        ("nächst", Lex::Next),
        ("näxt", Lex::Next),
        ("folgend", Lex::Coming),
        ("kommend", Lex::Coming),
        ("dies", Lex::This),
        ("laufend", Lex::This),
        ("aktuell", Lex::This),
        ("übernächst", Lex::AfterNext),
        ("letzt", Lex::Last),
        ("vergangen", Lex::Past),
        ("vorig", Lex::Past),
        ("vorherig", Lex::Past),
        ("verflossen", Lex::Past),
        ("vorletzt", Lex::LastButOne),
        ("neu", Lex::New),
        ("früh", Lex::EarlyAdjective),
        ("zeitig", Lex::EarlyAdjective),
        ("spät", Lex::LateAdjective),
        ("halb", Lex::HalfOf),
        ("ein", Lex::One),
        ("gestrig", Lex::Relative(-1)),
        ("heutig", Lex::Relative(0)),
        ("morgig", Lex::Relative(1)),
        ("übermorgig", Lex::Relative(2)),
        ("knapp", Lex::Scant),
        ("ganz", Lex::Whole),
        ("gut", Lex::Greeting),
        ("schön", Lex::Greeting),
        ("froh", Lex::Greeting),
    ] {
        for ending in ["e", "er", "en", "em", "es"] {
            add(&format!("{stem}{ending}"), lex, None);
        }
    }
    // The comparative "später" is told apart from the adjective by what follows it.
    add("ein", Lex::One, None);
    add("ne", Lex::One, None);
    add("ner", Lex::One, None);
    add("nem", Lex::One, None);
    add("nen", Lex::One, None);
    add("dies", Lex::This, None);
    add("halber", Lex::Half, None);
    add("früh", Lex::Early, None);
    add("spät", Lex::Late, None);
    add("halb", Lex::Half, None);
    for (stem, whole) in [
        ("anderthalb", 1),
        ("eineinhalb", 1),
        ("einundeinhalb", 1),
        ("zweieinhalb", 2),
        ("zweiundeinhalb", 2),
        ("dreieinhalb", 3),
        ("dreiundeinhalb", 3),
        ("viereinhalb", 4),
        ("fünfeinhalb", 5),
        ("sechseinhalb", 6),
        ("siebeneinhalb", 7),
        ("achteinhalb", 8),
    ] {
        for ending in ["", "e", "en"] {
            add(&format!("{stem}{ending}"), Lex::AndAHalf(whole), None);
        }
    }
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "montag mondag mäntig"),
    (Weekday::Tue, "dienstag dienschtag dinstag zischtig"),
    (Weekday::Wed, "mittwoch mittwuch"),
    (Weekday::Thu, "donnerstag dunnerstag dunschtig donnschtig"),
    (Weekday::Fri, "freitag friitig"),
    (Weekday::Sat, "samstag sonnabend samschtag samschtig"),
    (Weekday::Sun, "sonntag sunndag sunntig"),
];

const PART_NOUNS: [(&str, PartWord); 6] = [
    ("morgen", PartWord::Morning),
    ("vormittag", PartWord::Forenoon),
    ("mittag", PartWord::Noon),
    ("nachmittag", PartWord::Afternoon),
    ("abend", PartWord::Evening),
    ("nacht", PartWord::Night),
];

fn weekdays(add: &mut impl FnMut(&str, Lex, Option<Lex>)) {
    for (day, names) in WEEKDAYS {
        for name in names.split(' ') {
            add(name, Lex::Weekday(day), None);
            add(&format!("{name}e"), Lex::Weekday(day), None);
            add(&format!("{name}en"), Lex::Weekday(day), None);
            add(&format!("{name}s"), Lex::Weekly(day), None);
            for (part, word) in PART_NOUNS {
                add(&format!("{name}{part}"), Lex::Weekday(day), Some(Lex::Part(word)));
                add(&format!("{name}{part}s"), Lex::Weekday(day), Some(Lex::Part(word)));
            }
            add(&format!("{name}früh"), Lex::Weekday(day), Some(Lex::Early));
        }
    }
    for (day, names) in [
        (Weekday::Mon, "mo mon"),
        (Weekday::Tue, "di"),
        (Weekday::Wed, "mi"),
        (Weekday::Thu, "do don"),
        (Weekday::Fri, "fr"),
        (Weekday::Sat, "sa sam"),
    ] {
        for name in names.split(' ') {
            add(name, Lex::ShortWeekday(day), None);
        }
    }
    add("so", Lex::So, None);
}

const MONTHS: [&str; 12] = [
    "januar jänner jenner jan jän januars",
    "februar feber feb hornung februars",
    "märz mär mrz maerz merz",
    "april apr aprils",
    "mai mais",
    "juni juno jun",
    "juli julei jul",
    "august aug augusts",
    "september sep sept septembers",
    "oktober october okt oktobers",
    "november nov novembers",
    "dezember december dez dezembers",
];

fn months(add: &mut impl FnMut(&str, Lex, Option<Lex>)) {
    for (index, names) in MONTHS.iter().enumerate() {
        let month = Lex::Month(u8::try_from(index + 1).unwrap_or(0));
        for name in names.split(' ') {
            add(name, month, None);
            for (second, lex) in [
                ("woche", Lex::Unit(Unit::Week)),
                ("wochen", Lex::Unit(Unit::Week)),
                ("wochenende", Lex::Weekend),
                ("hälfte", Lex::HalfSpan),
                ("anfang", Lex::Beginning),
                ("beginn", Lex::Beginning),
                ("mitte", Lex::Middle),
                ("ende", Lex::End),
                ("tag", Lex::Unit(Unit::Day)),
                ("tage", Lex::Unit(Unit::Day)),
            ] {
                if name.len() > 3 || name == "mai" {
                    add(&format!("{name}{second}"), month, Some(lex));
                }
            }
            // "Januarmontag", "Novembersamstag".
            for (day, day_names) in WEEKDAYS {
                for day_name in day_names.split(' ') {
                    if name.len() > 3 || name == "mai" {
                        add(&format!("{name}{day_name}"), month, Some(Lex::Weekday(day)));
                    }
                }
            }
        }
    }
    for (season, month) in
        [("frühling", 3), ("frühjahr", 3), ("lenz", 3), ("sommer", 6), ("herbst", 9), ("winter", 12)]
    {
        for ending in ["", "s", "es"] {
            add(&format!("{season}{ending}"), Lex::Season(month), None);
        }
        for (second, lex) in [("anfang", Lex::Beginning), ("beginn", Lex::Beginning), ("ende", Lex::End)] {
            add(&format!("{season}{second}"), Lex::Season(month), Some(lex));
            add(&format!("{season}s{second}"), Lex::Season(month), Some(lex));
        }
    }
    for (first, unit) in
        [("wochen", Unit::Week), ("monats", Unit::Month), ("jahres", Unit::Year), ("quartals", Unit::Quarter)]
    {
        for (second, lex) in [
            ("anfang", Lex::Beginning),
            ("beginn", Lex::Beginning),
            ("mitte", Lex::Middle),
            ("hälfte", Lex::HalfSpan),
            ("ende", Lex::End),
            ("ausklang", Lex::End),
            ("schluss", Lex::End),
        ] {
            if !(unit == Unit::Week && second == "ende") {
                add(&format!("{first}{second}"), Lex::Unit(unit), Some(lex));
            }
        }
    }
    for (stem, day) in [
        ("oster", N::Easter),
        ("pfingst", N::Whitsun),
        ("weihnachts", N::Christmas),
        ("faschings", N::Carnival),
        ("karnevals", N::Carnival),
    ] {
        add(&format!("{stem}woche"), Lex::Around(day), Some(Lex::Unit(Unit::Week)));
        add(&format!("{stem}wochenende"), Lex::Around(day), Some(Lex::Weekend));
    }
}

fn parts(add: &mut impl FnMut(&str, Lex, Option<Lex>)) {
    for (noun, part) in PART_NOUNS {
        let part = Lex::Part(part);
        if noun != "morgen" {
            for ending in ["", "e", "en", "s"] {
                add(&format!("{noun}{ending}"), part, None);
            }
        }
        add(&format!("{noun}s"), part, None);
        for second in ["stunden", "stunde", "zeit", "termin"] {
            for joint in ["", "s"] {
                add(&format!("{noun}{joint}{second}"), part, None);
            }
        }
        if noun == "mittag" {
            add("mittagspause", part, None);
            add("mittagessen", part, None);
        }
        for ending in ["", "s"] {
            add(&format!("früh{noun}{ending}"), Lex::Early, Some(part));
            add(&format!("spät{noun}{ending}"), Lex::Late, Some(part));
        }
        for (day, lex) in
            [("heute", Lex::Relative(0)), ("heut", Lex::Relative(0)), ("gestern", Lex::Relative(-1))]
        {
            if noun != "morgen" {
                add(&format!("{day}{noun}"), lex, Some(part));
            }
        }
        if noun != "morgen" && noun != "nacht" {
            add(&format!("morgen{noun}"), Lex::Relative(1), Some(part));
            add(&format!("übermorgen{noun}"), Lex::Relative(2), Some(part));
        }
    }
    for (word, day, part) in [
        ("silvesternacht", N::NewYearsEve, PartWord::Night),
        ("neujahrsmorgen", N::NewYear, PartWord::Morning),
        ("osternacht", N::HolySaturday, PartWord::Night),
        ("ostermorgen", N::EasterSunday, PartWord::Morning),
        ("nikolausabend", N::StNicholas, PartWord::Evening),
    ] {
        add(word, Lex::Named(day), Some(Lex::Part(part)));
    }
    // "mitternacht" ends in "nacht", but is a moment.
    add("mitternacht", Lex::Midnight, None);
    add("mitternachts", Lex::Midnight, None);
    add("morgenfrüh", Lex::Relative(1), Some(Lex::Early));
    add("heutefrüh", Lex::Relative(0), Some(Lex::Early));
}

fn clock(add: &mut impl FnMut(&str, Lex, Option<Lex>)) {
    for hour in 1..=12 {
        let word = crate::number::cardinal(hour);
        let number = Lex::Number(u16::try_from(hour).unwrap_or(0));
        for (first, lex) in
            [("halb", Lex::Half), ("viertel", Lex::Quarter), ("dreiviertel", Lex::ThreeQuarters)]
        {
            add(&format!("{first}{word}"), lex, Some(number));
        }
    }
    for number in 0..=24 {
        let word = if number == 1 { "ein".to_owned() } else { crate::number::cardinal(number) };
        add(&format!("{word}uhr"), Lex::Number(u16::try_from(number).unwrap_or(0)), Some(Lex::Clock));
    }
    for (first, lex) in [("viertel", Lex::Quarter), ("dreiviertel", Lex::ThreeQuarters)] {
        for ending in ["", "n"] {
            add(&format!("{first}stunde{ending}"), lex, Some(Lex::Unit(Unit::Hour)));
            add(&format!("{first}jahr{ending}"), lex, Some(Lex::Unit(Unit::Year)));
        }
    }
    add("halbstunde", Lex::HalfOf, Some(Lex::Unit(Unit::Hour)));
    add("halbjahr", Lex::HalfOf, Some(Lex::Unit(Unit::Year)));
}
