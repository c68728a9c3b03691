//! Calendar dates: "2025-10-20T14:00", "3.11.", "23/Sep/2020", "dreizehnter Dezember", "am dritten", "erster zwölfter".

use chrono::{FixedOffset, NaiveDate, TimeDelta, TimeZone, Timelike};

use super::Reader;
use crate::lexicon::{Lex, Unit};
use crate::point::{ClockForm, ClockSpec, Counted, Point, WeekSpec, Which, YearSpec};
use crate::token::Kind;

type Found = Option<(Point, usize)>;

/// Years that can be meant; four digits outside are something else.
pub(super) const YEARS: std::ops::Range<u32> = 1900..2200;

pub(super) fn dated(day: u32, month: u32, year: Option<YearSpec>) -> Option<Point> {
    Some(Point {
        day: Some(u8::try_from(day).ok()?),
        month: Some(Counted::Named(u8::try_from(month).ok()?, Which::Bare)),
        year,
        ..Point::default()
    })
}

pub(super) fn exact_year(year: u32) -> Option<YearSpec> {
    i32::try_from(year).ok().map(YearSpec::Exact)
}

impl Reader<'_> {
    /// `2025-10-20`, `2025-10-20T14:00[:00][Z|+02:00]`, `2020/Sep/23`.
    pub(crate) fn iso_date(&self, at: usize) -> Found {
        let (year, 4) = self.digits(at)? else { return None };
        let Kind::Mark(separator @ (b'-' | b'/' | b'.')) = self.token(at + 1)?.kind else { return None };
        let month = self.month_in_middle(at + 2)?;
        let (day, 1..=2) = self.digits(at + 4)? else { return None };
        if !YEARS.contains(&year)
            || !self.is_mark(at + 3, separator)
            || !self.tight(at + 2)
            || !self.tight(at + 4)
        {
            return None;
        }
        let point = dated(day, month, exact_year(year))?;
        let after_date = at + 5;
        // "T" and a clock time.
        let letter = self.token(after_date).is_some_and(|token| {
            matches!(token.kind, Kind::Other) && !token.spaced && self.last_letter(after_date) == Some('t')
        });
        if !letter || !self.is_mark(after_date + 2, b':') {
            return Some((point, after_date));
        }
        let (hour, _) = self.digits(after_date + 1)?;
        let (minute, _) = self.digits(after_date + 3)?;
        let mut next = after_date + 4;
        if self.is_mark(next, b':') && self.digits(next + 1).is_some() {
            next += 2;
            if self.is_mark(next, b'.') && self.tight(next + 1) && self.digits(next + 1).is_some() {
                next += 2;
            }
        }
        if let Some((offset, after)) = self.offset(next) {
            let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
            let wall = date.and_hms_opt(hour, minute, 0)?;
            let here = offset.from_local_datetime(&wall).single()?.with_timezone(&self.context.zone());
            let point = dated(
                chrono::Datelike::day(&here),
                chrono::Datelike::month(&here),
                Some(YearSpec::Exact(chrono::Datelike::year(&here))),
            )?;
            let clock = digital_clock(here.hour(), here.minute())?;
            return Some((Point { clock: Some(clock), ..point }, after));
        }
        Some((Point { clock: Some(digital_clock(hour, minute)?), ..point }, next))
    }

    /// `Z`, `+02:00`, `-0530`.
    fn offset(&self, at: usize) -> Option<(FixedOffset, usize)> {
        let token = self.token(at).filter(|token| !token.spaced)?;
        match token.kind {
            Kind::Other if self.last_letter(at) == Some('z') => Some((FixedOffset::east_opt(0)?, at + 1)),
            Kind::Mark(sign @ (b'+' | b'-')) => {
                let (value, count) = self.digits(at + 1).filter(|_| self.tight(at + 1))?;
                let (hours, minutes, next) = match count {
                    4 => (value / 100, value % 100, at + 2),
                    _ if self.is_mark(at + 2, b':') => (value, self.digits(at + 3)?.0, at + 4),
                    _ => (value, 0, at + 2),
                };
                let seconds = i32::try_from((hours.min(24) * 60 + minutes.min(60)) * 60).ok()?;
                let offset = FixedOffset::east_opt(if sign == b'-' { -seconds } else { seconds })?;
                Some((offset, next))
            }
            _ => None,
        }
    }

    fn month_in_middle(&self, at: usize) -> Option<u32> {
        match self.token(at)?.kind {
            Kind::Digits(month, 1..=2) => Some(month),
            Kind::Word(Lex::Month(month)) => Some(u32::from(month)),
            _ => None,
        }
    }

    /// `3.11.`, `3.11.2025`, `3.11.25`, `30-12-16`, `3/11/2025`, `23/Sep/2020`.
    pub(crate) fn numeric_date(&self, at: usize) -> Found {
        let (day, 1..=2) = self.digits(at)? else { return None };
        let Kind::Mark(separator @ (b'.' | b'-' | b'/')) = self.token(at + 1)?.kind else { return None };
        if separator != b'.' && !(self.tight(at + 1) && self.tight(at + 2)) {
            return None;
        }
        // "11/2025": a month.
        if let Some((year, 4)) = self.digits(at + 2)
            && YEARS.contains(&year)
            && (1..=12).contains(&day)
            && self.tight(at + 2)
        {
            let month = Some(Counted::Named(u8::try_from(day).ok()?, Which::Bare));
            return Some((Point { month, year: exact_year(year), ..Point::default() }, at + 3));
        }
        let named_month = matches!(self.word(at + 2), Some(Lex::Month(_)));
        if separator == b'.' && named_month {
            return None;
        }
        let month = self.month_in_middle(at + 2)?;
        let after = at + 3;
        // "am 26. 7-10 Uhr": a day and a range of hours.
        let hours = self.is_mark(after, b'-')
            && self.digits(after + 1).is_some()
            && matches!(self.word(after + 2), Some(Lex::Clock | Lex::H));
        // "am 6. 14.00-18.30 Uhr", "am 2. 16 bis 18 Uhr": no month.
        let displayed = separator == b'.' && month > 12;
        if (hours || displayed) && !self.tight(at + 2) {
            return None;
        }
        if separator != b'.' {
            let year = self.is_mark(after, separator).then(|| self.date_year(after + 1, false)).flatten();
            return match year {
                // "12/24/2026": the month first, if the day cannot be one.
                Some((year, next)) if separator == b'/' && month > 12 => {
                    Some((dated(month, day, Some(year))?, next))
                }
                Some((year, next)) => Some((dated(day, month, Some(year))?, next)),
                // "3/11": a day and a month; "9-11" is a range of hours, and no date. Nor is "26/27".
                // Round the clock, not in July.
                None if (day, month) == (24, 7) => None,
                None if separator == b'/'
                    && (1..=31).contains(&day)
                    && (1..=12).contains(&month)
                    && !self.is_mark(after, b'.') =>
                {
                    Some((Point { numeric: true, ..dated(day, month, None)? }, after))
                }
                None => None,
            };
        }
        // "9.30 Uhr" is a clock time, and so is "3. 11 Uhr" behind the day.
        if matches!(self.word(after), Some(Lex::Clock | Lex::H)) || self.is_mark(after, b':') {
            return None;
        }
        if self.clock_instead_of_date(at) {
            return None;
        }
        let dotted = self.is_mark(after, b'.');
        if dotted && let Some((year, next)) = self.date_year(after + 1, true) {
            return Some((dated(day, month, Some(year))?, next));
        }
        if !dotted && self.tight(after) && self.digits(after).is_some() {
            return None;
        }
        // A sum of money or a version is no date: "3.50".
        if !dotted
            && (month > 12 || day > 31)
            && self.digits(at + 2).is_some_and(|(_, count)| count == 2)
            && month > 31
        {
            return None;
        }
        let next = if dotted { after + 1 } else { after };
        if let Some((year, next)) = self.spoken_year(next) {
            return Some((dated(day, month, Some(year))?, next));
        }
        Some((Point { numeric: true, ..dated(day, month, None)? }, next))
    }

    fn clock_instead_of_date(&self, at: usize) -> bool {
        self.clock(at).is_some_and(|(_, next)| next >= at + 3)
    }

    /// The year of a numeric date: four digits, or two that stand close and belong to no clock time.
    fn date_year(&self, at: usize, dotted: bool) -> Option<(YearSpec, usize)> {
        let (value, count) = self.digits(at)?;
        let clock = self.is_mark(at + 1, b':')
            || matches!(self.word(at + 1), Some(Lex::Clock | Lex::H))
            || (dotted && self.is_mark(at + 1, b'.') && self.tight(at + 2) && self.digits(at + 2).is_some());
        match count {
            4 if YEARS.contains(&value) && !matches!(self.word(at + 1), Some(Lex::Clock | Lex::H)) => {
                Some((exact_year(value)?, at + 1))
            }
            2 if self.tight(at) && !clock => Some((exact_year(self.full_year(value))?, at + 1)),
            _ => None,
        }
    }

    /// The year two digits stand for: at most twenty years ahead, less than eighty back.
    pub(super) fn full_year(&self, digits: u32) -> u32 {
        let this = u32::try_from(chrono::Datelike::year(&self.context.today())).unwrap_or(2000);
        let century = this / 100 * 100;
        let near = century + digits;
        if near > this + 20 {
            near.saturating_sub(100)
        } else if near + 80 <= this {
            near + 100
        } else {
            near
        }
    }

    /// A year behind a month or a named day: "2026", "zweitausendsechsundzwanzig", "zwanzig sechsundzwanzig".
    pub(crate) fn spoken_year(&self, at: usize) -> Option<(YearSpec, usize)> {
        let mut start = at;
        while matches!(self.word(start), Some(Lex::OnThe | Lex::ToThe | Lex::In | Lex::Article))
            && start < at + 2
        {
            start += 1;
        }
        let with_word = self.unit(start) == Some(Unit::Year);
        let value_at = if with_word { start + 1 } else { at };
        if matches!(self.word(value_at + 1), Some(Lex::Clock | Lex::H)) || self.is_mark(value_at + 1, b':') {
            return None;
        }
        match self.token(value_at)?.kind {
            Kind::Digits(value, 4) if YEARS.contains(&value) => Some((exact_year(value)?, value_at + 1)),
            Kind::Word(Lex::Number(value)) if YEARS.contains(&u32::from(value)) => {
                Some((YearSpec::Exact(i32::from(value)), value_at + 1))
            }
            Kind::Word(Lex::Number(20)) => match self.token(value_at + 1)?.kind {
                Kind::Word(Lex::Number(rest @ 10..=99))
                    if !matches!(self.word(value_at + 2), Some(Lex::Clock)) =>
                {
                    Some((YearSpec::Exact(2000 + i32::from(rest)), value_at + 2))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A year that stands alone, behind something that wants one, or as all there is.
    pub(crate) fn year_alone(&self, at: usize) -> Found {
        let wanted = self.piece_before(at).is_some_and(|point| {
            point.year.is_none()
                && (point.month.is_some()
                    || point.week.is_some()
                    || point.named.is_some()
                    || point.portion.is_some()
                    || point.quarter.is_some()
                    || point.season.is_some()
                    || point.nth.is_some())
        });
        let month_follows = matches!(self.word(self.skip_links(at + 1)), Some(Lex::Month(_)));
        let alone = self.weighty == 1 && at > 0 && !self.after_at(at);
        if !(wanted || alone || (month_follows && self.digits(at).is_some())) {
            return None;
        }
        let (year, next) = self.spoken_year(at)?;
        Some((Point { year: Some(year), ..Point::default() }, next))
    }

    /// Whether the word at `at` and the next one are one compound in the text.
    pub(crate) fn is_compound(&self, at: usize) -> bool {
        matches!((self.token(at), self.token(at + 1)), (Some(one), Some(two)) if one.start == two.start)
    }
}

/// A unit as the present one: of weeks, months, quarters and years.
pub(crate) fn present(unit: Unit, counted: Counted) -> Point {
    let default = Point::default();
    match unit {
        Unit::Week => Point { week: Some(WeekSpec::Counted(counted)), ..default },
        Unit::Month => Point { month: Some(counted), ..default },
        Unit::Quarter => Point { quarter: Some(counted), ..default },
        Unit::Year => {
            let year =
                if let Counted::Offset(offset) = counted { YearSpec::Offset(offset) } else { YearSpec::Bare };
            Point { year: Some(year), ..default }
        }
        Unit::Day | Unit::Hour | Unit::Minute | Unit::Second => default,
    }
}

fn digital_clock(hour: u32, minute: u32) -> Option<ClockSpec> {
    let within = TimeDelta::minutes(i64::from(hour) * 60 + i64::from(minute));
    if hour > 24 || minute > 59 || within > TimeDelta::days(1) {
        return None;
    }
    Some(ClockSpec {
        minute: u16::try_from(hour * 60 + minute).ok()?,
        hour: u8::try_from(hour).ok()?,
        form: ClockForm::Digital,
        other: None,
    })
}
