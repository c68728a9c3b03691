//! The words: everything the grammar knows, by spelling.
//!
//! The table is built once per process from the lists in `words.rs`; each word is entered with its umlauts
//! written out and with its umlauts dropped.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use chrono::Weekday;

use crate::fold::{Folded, flat};
use crate::holidays::NamedDay;
use crate::number;

/// What a word is to the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lex {
    /// A cardinal in words.
    Number(u16),
    /// "ein" in any form: an article, or the number one before "Uhr" and units.
    One,
    /// An ordinal in words.
    Ordinal(u8),
    /// The endings of ordinals in digits: "13ter", "1sten".
    OrdinalEnding,
    /// A number and a half, the whole part: "anderthalb" is 1.
    AndAHalf(u8),
    /// "paar", "einige".
    Few,
    /// "halb" of clock times.
    Half,
    /// "halbe", "halben" of durations.
    HalfOf,
    /// "viertel".
    Quarter,
    /// "dreiviertel".
    ThreeQuarters,
    /// Days from today.
    Relative(i8),
    /// "morgen": tomorrow or the morning.
    Tomorrow,
    /// "morgens" and the like.
    Part(PartWord),
    /// "früh".
    Early,
    /// "spät".
    Late,
    /// "frühen", "späten": only before a part of the day.
    EarlyAdjective,
    /// See [`Lex::EarlyAdjective`].
    LateAdjective,
    /// "jetzt".
    Now,
    /// "gerade": now, before "eben" only.
    JustNow,
    /// A weekday's name.
    Weekday(Weekday),
    /// "montags".
    Weekly(Weekday),
    /// "Mo", "Di": only in company.
    ShortWeekday(Weekday),
    /// "so": a filler, or Sunday before a date.
    So,
    /// A month's name.
    Month(u8),
    /// A unit of time.
    Unit(Unit),
    /// "Wochenende".
    Weekend,
    /// "Werktag".
    WorkingDay,
    /// "Kalenderwoche".
    CalendarWeek,
    /// "Laufe": "im Laufe der Woche".
    Course,
    /// "Q" before the number of a quarter.
    QuarterLetter,
    /// "Hälfte".
    HalfSpan,
    /// "Uhr".
    Clock,
    /// "h": "Uhr", or hours.
    H,
    /// "pm" after a number.
    Pm,
    /// "Mitternacht".
    Midnight,
    /// "nächste".
    Next,
    /// "kommende".
    Coming,
    /// "diese".
    This,
    /// "übernächste".
    AfterNext,
    /// "letzte": past, or the last of something.
    Last,
    /// "vergangene": past only.
    Past,
    /// "vorletzte".
    LastButOne,
    /// "neues" of "neues Jahr".
    New,
    /// "heuer".
    ThisYear,
    /// "Anfang".
    Beginning,
    /// "Mitte".
    Middle,
    /// "Ende".
    End,
    /// A season, by its first month of the astronomical calendar: 3, 6, 9, 12.
    Season(u8),
    /// A day with a name.
    Named(NamedDay),
    /// "Advent", "Adventssonntag".
    Advent,
    /// "Weihnachtsfeiertag", "Weihnachtstag".
    ChristmasDay,
    /// "Oster-", "Pfingst-" etc. joined to a week or weekend.
    Around(NamedDay),
    /// First words of names of several words: "Tag der Arbeit".
    Feast(FeastWord),
    /// "um", "punkt".
    At,
    /// "gegen", "circa": hedges before clock times.
    About,
    /// "rum", "herum".
    Around0,
    /// "kurz".
    Shortly,
    /// "knappe", of lengths.
    Scant,
    /// "ganze", of periods.
    Whole,
    /// "Vorabend": the evening of the day before.
    Eve,
    /// "Raum", "Gleis": the number behind it is no time.
    Numbered,
    /// "ab".
    From,
    /// "bis".
    To,
    /// "vor".
    Before,
    /// "nach".
    After,
    /// "von".
    Of,
    /// "vom".
    OfThe,
    /// "zwischen".
    Between,
    /// "auf".
    Onto,
    /// "seit".
    Since,
    /// "in".
    In,
    /// "an": also the end of "von neun an".
    On,
    /// "am", "im", "beim".
    OnThe,
    /// "zum", "zur": like "am", or the second half of "vom 3. zum 5.".
    ToThe,
    /// "über".
    Over,
    /// "später", "darauf": the end of "eine Woche später".
    Afterwards,
    /// "spätestens".
    AtLatest,
    /// "frühestens".
    AtEarliest,
    /// "früher als", "später als" need it.
    Than,
    /// "innerhalb", "binnen".
    Within,
    /// "und".
    And,
    /// "oder".
    Or,
    /// "aber".
    But,
    /// "nicht", "kein".
    Not,
    /// "weder": "nicht", and the next "noch" is another one.
    Neither,
    /// "Brückentag": the working day between a holiday and a weekend.
    BridgeDay,
    /// "nein" and everything else with which a speaker takes back what he said.
    Correction,
    /// "sondern".
    Rather,
    /// "statt".
    InsteadOf,
    /// "verschieben": of two days joined by "auf", the second is meant.
    Moving,
    /// "der", "die", "das".
    Article,
    /// "guten", "schönen", "frohes": the beginning of a greeting.
    Greeting,
    /// Words without a meaning of their own.
    Filler,
    /// "Herr", "Name": a weekday or month behind them is a person.
    Person,
    /// Things that are counted: a number before them is no clock time.
    Counted,
}

/// The plain parts of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartWord {
    Morning,
    Forenoon,
    Noon,
    Afternoon,
    Evening,
    Night,
}

/// Units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Words that names of several words are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeastWord {
    Work,
    German,
    Unity,
    Holy,
    Kings,
    Christ,
    Mary,
    White,
    Repent,
    Prayer,
    Liberation,
    Saint,
    Martin,
    Conception,
}

/// The word table.
#[derive(Debug)]
pub(crate) struct Lexicon {
    words: HashMap<Box<str>, (Lex, Option<Lex>), BuildHasherDefault<Fnv>>,
}

impl Lexicon {
    /// Looks a word up as it stands in the text.
    pub(crate) fn find(&self, word: &str) -> Option<(Lex, Option<Lex>)> {
        let folded = Folded::new(word)?;
        let key = folded.as_str();
        if let Some(&found) = self.words.get(key) {
            return Some(found);
        }
        if key.len() < 8 || !(key.contains("hundert") || key.contains("tausend")) {
            return None;
        }
        let number = number::large_cardinal(key, |low| match self.words.get(low) {
            Some(&(Lex::Number(value), None)) => Some(u32::from(value)),
            Some(&(Lex::One, None)) => Some(1),
            _ => None,
        })?;
        u16::try_from(number).ok().map(|number| (Lex::Number(number), None))
    }

    fn build() -> Self {
        let mut lexicon = Self { words: HashMap::default() };
        for (word, number) in number::spoken_cardinals() {
            lexicon.add(&word, Lex::Number(u16::try_from(number).unwrap_or(0)), None);
        }
        for (word, number) in number::spoken_ordinals() {
            lexicon.add(&word, Lex::Ordinal(number), None);
        }
        crate::words::enter(&mut |word, one, two| lexicon.add(word, one, two));
        lexicon
    }

    /// A later entry of the same spelling replaces an earlier one.
    fn add(&mut self, word: &str, one: Lex, two: Option<Lex>) {
        let Some(folded) = Folded::new(word) else { return };
        let flat = flat(word);
        if flat != folded.as_str() {
            self.words.entry(flat.into_boxed_str()).or_insert((one, two));
        }
        self.words.insert(folded.as_str().into(), (one, two));
    }
}

/// The table of this process.
pub(crate) fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);
    &LEXICON
}

/// Fowler, Noll and Vo's hash, 64 bits: quick for short keys. The table is fixed, so nobody can crowd it.
#[derive(Clone, Copy, Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
