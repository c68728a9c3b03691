//! Days that people call by name, and when they are.

use chrono::{Datelike, Days, NaiveDate};

use super::{FederalState, easter_sunday};

/// A day people call by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NamedDay {
    NewYear,
    Epiphany,
    Candlemas,
    Valentine,
    WomensDay,
    FatThursday,
    CarnivalFriday,
    CarnivalSaturday,
    CarnivalSunday,
    RoseMonday,
    ShroveTuesday,
    AshWednesday,
    PalmSunday,
    MaundyThursday,
    GoodFriday,
    HolySaturday,
    EasterSunday,
    EasterMonday,
    WhiteSunday,
    Walpurgis,
    LabourDay,
    MothersDay,
    LiberationDay,
    Ascension,
    WhitSaturday,
    WhitSunday,
    WhitMonday,
    TrinitySunday,
    CorpusChristi,
    StJohn,
    SwissNationalDay,
    PeaceFestival,
    Assumption,
    ChildrensDay,
    Unity,
    Harvest,
    AustrianNationalDay,
    Reformation,
    Halloween,
    AllSaints,
    AllSouls,
    StMartin,
    NationalMourning,
    Repentance,
    SundayOfTheDead,
    Advent1,
    Advent2,
    Advent3,
    Advent4,
    StBarbara,
    StNicholas,
    Conception,
    ChristmasEve,
    Christmas1,
    Christmas2,
    NewYearsEve,
    /// "Ostern": Sunday and Monday.
    Easter,
    /// "Pfingsten": Sunday and Monday.
    Whitsun,
    /// "Weihnachten": the two holidays, with Christmas Eve before them.
    Christmas,
    /// "Karneval", "Fasching": from the Thursday to the Tuesday.
    Carnival,
}

impl NamedDay {
    /// The days that are a public holiday somewhere, with the name to say.
    pub(super) const WITH_LAW: [(Self, &'static str); 21] = [
        (Self::NewYear, "Neujahr"),
        (Self::Epiphany, "Heilige Drei Könige"),
        (Self::WomensDay, "Internationaler Frauentag"),
        (Self::GoodFriday, "Karfreitag"),
        (Self::EasterSunday, "Ostersonntag"),
        (Self::EasterMonday, "Ostermontag"),
        (Self::LabourDay, "Tag der Arbeit"),
        (Self::LiberationDay, "Tag der Befreiung"),
        (Self::Ascension, "Christi Himmelfahrt"),
        (Self::WhitSunday, "Pfingstsonntag"),
        (Self::WhitMonday, "Pfingstmontag"),
        (Self::CorpusChristi, "Fronleichnam"),
        (Self::PeaceFestival, "Augsburger Friedensfest"),
        (Self::Assumption, "Mariä Himmelfahrt"),
        (Self::ChildrensDay, "Weltkindertag"),
        (Self::Unity, "Tag der Deutschen Einheit"),
        (Self::Reformation, "Reformationstag"),
        (Self::AllSaints, "Allerheiligen"),
        (Self::Repentance, "Buß- und Bettag"),
        (Self::Christmas1, "Erster Weihnachtsfeiertag"),
        (Self::Christmas2, "Zweiter Weihnachtsfeiertag"),
    ];

    /// Whether the law of `state` makes it a holiday in the whole state.
    pub(super) fn holds_in(self, state: FederalState, year: i32) -> bool {
        use FederalState as S;
        match self {
            Self::NewYear
            | Self::GoodFriday
            | Self::EasterMonday
            | Self::LabourDay
            | Self::Ascension
            | Self::WhitMonday
            | Self::Unity
            | Self::Christmas1
            | Self::Christmas2 => true,
            Self::Epiphany => matches!(state, S::BadenWuerttemberg | S::Bavaria | S::SaxonyAnhalt),
            Self::WomensDay => match state {
                S::Berlin => year >= 2019,
                S::MecklenburgVorpommern => year >= 2023,
                _ => false,
            },
            Self::EasterSunday | Self::WhitSunday => state == S::Brandenburg,
            // The 75th and the 80th anniversary only.
            Self::LiberationDay => state == S::Berlin && matches!(year, 2020 | 2025),
            Self::CorpusChristi => matches!(
                state,
                S::BadenWuerttemberg
                    | S::Bavaria
                    | S::Hesse
                    | S::NorthRhineWestphalia
                    | S::RhinelandPalatinate
                    | S::Saarland
            ),
            Self::Assumption => state == S::Saarland,
            Self::ChildrensDay => state == S::Thuringia && year >= 2019,
            Self::Reformation => match state {
                S::Brandenburg | S::MecklenburgVorpommern | S::Saxony | S::SaxonyAnhalt | S::Thuringia => {
                    true
                }
                S::Bremen | S::Hamburg | S::LowerSaxony | S::SchleswigHolstein => year >= 2017,
                // Five hundred years of Reformation: once, everywhere.
                _ => year == 2017,
            },
            Self::AllSaints => matches!(
                state,
                S::BadenWuerttemberg
                    | S::Bavaria
                    | S::NorthRhineWestphalia
                    | S::RhinelandPalatinate
                    | S::Saarland
            ),
            Self::Repentance => state == S::Saxony,
            _ => false,
        }
    }

    /// Its first day in a year.
    pub(crate) fn in_year(self, year: i32) -> Option<NaiveDate> {
        let fixed = |month, day| NaiveDate::from_ymd_opt(year, month, day);
        let easter = |days: i64| easter_sunday(year).and_then(|sunday| plus(sunday, days));
        // The fourth Sunday of Advent is the last Sunday before Christmas Day.
        let advent = |days: i64| {
            let eve = fixed(12, 24)?;
            plus(eve, -i64::from(eve.weekday().num_days_from_sunday()) + days)
        };
        match self {
            Self::NewYear => fixed(1, 1),
            Self::Epiphany => fixed(1, 6),
            Self::Candlemas => fixed(2, 2),
            Self::Valentine => fixed(2, 14),
            Self::WomensDay => fixed(3, 8),
            Self::FatThursday | Self::Carnival => easter(-52),
            Self::CarnivalFriday => easter(-51),
            Self::CarnivalSaturday => easter(-50),
            Self::CarnivalSunday => easter(-49),
            Self::RoseMonday => easter(-48),
            Self::ShroveTuesday => easter(-47),
            Self::AshWednesday => easter(-46),
            Self::PalmSunday => easter(-7),
            Self::MaundyThursday => easter(-3),
            Self::GoodFriday => easter(-2),
            Self::HolySaturday => easter(-1),
            Self::EasterSunday | Self::Easter => easter(0),
            Self::EasterMonday => easter(1),
            Self::WhiteSunday => easter(7),
            Self::Walpurgis => fixed(4, 30),
            Self::LabourDay => fixed(5, 1),
            Self::MothersDay => {
                let first = fixed(5, 1)?;
                plus(first, i64::from((7 - first.weekday().num_days_from_sunday()) % 7) + 7)
            }
            Self::LiberationDay => fixed(5, 8),
            Self::Ascension => easter(39),
            Self::WhitSaturday => easter(48),
            Self::WhitSunday | Self::Whitsun => easter(49),
            Self::WhitMonday => easter(50),
            Self::TrinitySunday => easter(56),
            Self::CorpusChristi => easter(60),
            Self::StJohn => fixed(6, 24),
            Self::SwissNationalDay => fixed(8, 1),
            Self::PeaceFestival => fixed(8, 8),
            Self::Assumption => fixed(8, 15),
            Self::ChildrensDay => fixed(9, 20),
            Self::Unity => fixed(10, 3),
            // The first Sunday of October.
            Self::Harvest => {
                let first = fixed(10, 1)?;
                plus(first, i64::from((7 - first.weekday().num_days_from_sunday()) % 7))
            }
            Self::AustrianNationalDay => fixed(10, 26),
            Self::Reformation | Self::Halloween => fixed(10, 31),
            Self::AllSaints => fixed(11, 1),
            Self::AllSouls => fixed(11, 2),
            Self::StMartin => fixed(11, 11),
            Self::NationalMourning => advent(-35),
            Self::Repentance => advent(-32),
            Self::SundayOfTheDead => advent(-28),
            Self::Advent1 => advent(-21),
            Self::Advent2 => advent(-14),
            Self::Advent3 => advent(-7),
            Self::Advent4 => advent(0),
            Self::StBarbara => fixed(12, 4),
            Self::StNicholas => fixed(12, 6),
            Self::Conception => fixed(12, 8),
            Self::ChristmasEve => fixed(12, 24),
            Self::Christmas1 | Self::Christmas => fixed(12, 25),
            Self::Christmas2 => fixed(12, 26),
            Self::NewYearsEve => fixed(12, 31),
        }
    }

    /// Days before the first and after it that belong to the name, for "vor Ostern" and "nach Weihnachten".
    pub(crate) const fn around(self) -> (i64, i64) {
        match self {
            Self::Easter | Self::Whitsun => (0, 1),
            // From Christmas Eve to the second holiday.
            Self::Christmas => (1, 1),
            Self::Carnival => (0, 5),
            _ => (0, 0),
        }
    }
}

fn plus(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(count) } else { day.checked_add_days(count) }
}
