//! Public holidays of the German federal states, and the days that people call by name.
//!
//! Easter is computed here, with the Gregorian rule in the form of Meeus, Jones and Butcher. The holidays are
//! those of the states' laws as of 2025; rules that began later than 1995 carry their first year.

mod named;

pub(crate) use named::NamedDay;

use chrono::{Datelike, NaiveDate, Weekday};

/// A federal state of Germany.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FederalState {
    /// No state known: only the holidays of all sixteen.
    None,
    /// Baden-Württemberg.
    BadenWuerttemberg,
    /// Bayern.
    Bavaria,
    /// Berlin.
    Berlin,
    /// Brandenburg.
    Brandenburg,
    /// Bremen.
    Bremen,
    /// Hamburg.
    Hamburg,
    /// Hessen.
    Hesse,
    /// Mecklenburg-Vorpommern.
    MecklenburgVorpommern,
    /// Niedersachsen.
    LowerSaxony,
    /// Nordrhein-Westfalen.
    NorthRhineWestphalia,
    /// Rheinland-Pfalz.
    RhinelandPalatinate,
    /// Saarland.
    Saarland,
    /// Sachsen.
    Saxony,
    /// Sachsen-Anhalt.
    SaxonyAnhalt,
    /// Schleswig-Holstein.
    SchleswigHolstein,
    /// Thüringen.
    Thuringia,
}

impl FederalState {
    /// The sixteen states, without [`FederalState::None`].
    pub const ALL: [Self; 16] = [
        Self::BadenWuerttemberg,
        Self::Bavaria,
        Self::Berlin,
        Self::Brandenburg,
        Self::Bremen,
        Self::Hamburg,
        Self::Hesse,
        Self::MecklenburgVorpommern,
        Self::LowerSaxony,
        Self::NorthRhineWestphalia,
        Self::RhinelandPalatinate,
        Self::Saarland,
        Self::Saxony,
        Self::SaxonyAnhalt,
        Self::SchleswigHolstein,
        Self::Thuringia,
    ];

    /// The two letters after "DE-" in ISO 3166-2; empty for [`FederalState::None`].
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "",
            Self::BadenWuerttemberg => "BW",
            Self::Bavaria => "BY",
            Self::Berlin => "BE",
            Self::Brandenburg => "BB",
            Self::Bremen => "HB",
            Self::Hamburg => "HH",
            Self::Hesse => "HE",
            Self::MecklenburgVorpommern => "MV",
            Self::LowerSaxony => "NI",
            Self::NorthRhineWestphalia => "NW",
            Self::RhinelandPalatinate => "RP",
            Self::Saarland => "SL",
            Self::Saxony => "SN",
            Self::SaxonyAnhalt => "ST",
            Self::SchleswigHolstein => "SH",
            Self::Thuringia => "TH",
        }
    }

    /// The state with these two letters, in any case, with or without "DE-" before them.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let letters = code.strip_prefix("DE-").or_else(|| code.strip_prefix("de-")).unwrap_or(code);
        Self::ALL.into_iter().find(|state| state.code().eq_ignore_ascii_case(letters))
    }
}

/// A holiday of one year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holiday {
    /// Its day.
    pub date: NaiveDate,
    /// Its name in German, as it is said.
    pub name: &'static str,
}

/// Easter Sunday of a year of the Gregorian calendar; `None` outside the years 1583 to 9999.
#[must_use]
pub fn easter_sunday(year: i32) -> Option<NaiveDate> {
    if !(1583..=9999).contains(&year) {
        return None;
    }
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let days = epact + to_sunday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

/// The public holidays that hold in the whole of `state`, in order of date.
///
/// Empty outside the years 1995 to 9999: before, the rules were others.
#[must_use]
pub fn public_holidays(state: FederalState, year: i32) -> Vec<Holiday> {
    list(year, |day| day.holds_in(state, year))
}

/// The holidays that hold only in some communities of `state`: Corpus Christi in parts of Saxony and Thuringia,
/// the Assumption in the mostly Catholic communities of Bavaria, the Peace Festival in Augsburg.
#[must_use]
pub fn local_holidays(state: FederalState, year: i32) -> Vec<Holiday> {
    use FederalState as S;
    list(year, |day| {
        matches!(
            (day, state),
            (NamedDay::CorpusChristi, S::Saxony | S::Thuringia)
                | (NamedDay::Assumption | NamedDay::PeaceFestival, S::Bavaria)
        )
    })
}

fn list(year: i32, holds: impl Fn(NamedDay) -> bool) -> Vec<Holiday> {
    if !(1995..=9999).contains(&year) {
        return Vec::new();
    }
    let mut days: Vec<Holiday> = NamedDay::WITH_LAW
        .iter()
        .filter(|(day, _)| holds(*day))
        .filter_map(|&(day, name)| day.in_year(year).map(|date| Holiday { date, name }))
        .collect();
    days.sort();
    days
}

/// Whether a day is a Saturday or a Sunday.
#[must_use]
pub fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Whether people work on a day in the whole of Germany: from Monday to Friday, and no public holiday everywhere.
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !is_weekend(day)
        && !NamedDay::WITH_LAW.iter().any(|(named, _)| {
            named.holds_in(FederalState::None, day.year()) && named.in_year(day.year()) == Some(day)
        })
}
