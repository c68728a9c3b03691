//! Clock times: "halb drei", "Viertel nach zehn", "14:30", "14 Uhr 30", "acht abends".

use super::Reader;
use crate::lexicon::{Lex, Unit};
use crate::point::{ClockForm, ClockSpec, Point};
use crate::token::Kind;

/// An hour as said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hour {
    pub(super) hour: u8,
    /// "08": the 24-hour clock.
    padded: bool,
    pub(super) next: usize,
}

type Found = Option<(Point, usize)>;

fn spoken(minute: u32, hour: u8) -> Option<ClockSpec> {
    let minute = u16::try_from(minute).ok().filter(|minute| *minute <= 1440)?;
    Some(ClockSpec { minute, hour, form: ClockForm::Spoken, other: None })
}

fn digital(hour: u32, minute: u32) -> Option<ClockSpec> {
    if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
        return None;
    }
    let spec = spoken(hour * 60 + minute, u8::try_from(hour).ok()?)?;
    Some(ClockSpec { form: ClockForm::Digital, ..spec })
}

fn at_clock(clock: ClockSpec, next: usize) -> Found {
    Some((Point { clock: Some(clock), ..Point::default() }, next))
}

/// "Viertel nach Mitternacht": nothing is left open.
fn around_midnight(offset: i32, next: usize) -> Found {
    let minute = u32::try_from(offset.rem_euclid(1440)).ok()?;
    at_clock(ClockSpec { form: ClockForm::Digital, ..spoken(minute, 0)? }, next)
}

impl Reader<'_> {
    /// A clock time at `at`.
    pub(crate) fn clock(&self, at: usize) -> Found {
        match self.token(at)?.kind {
            Kind::Word(Lex::Midnight) => {
                let clock = ClockSpec { minute: 0, hour: 0, form: ClockForm::Midnight, other: None };
                at_clock(clock, at + 1)
            }
            Kind::Word(Lex::Half | Lex::HalfOf) => {
                let hour = self.hour(at + 1).filter(|hour| hour.hour > 0)?;
                self.named(u32::from(hour.hour) * 60 - 30, hour)
            }
            Kind::Word(Lex::ThreeQuarters) => {
                let next = if self.is_word(at + 1, Lex::Onto) { at + 2 } else { at + 1 };
                let hour = self.hour(next).filter(|hour| hour.hour > 0)?;
                self.named(u32::from(hour.hour) * 60 - 15, hour)
            }
            Kind::Word(Lex::Quarter) => self.quarter(at),
            Kind::Word(Lex::Shortly) => self.shortly(at),
            Kind::Word(Lex::Number(3))
                if self.is_word(at + 1, Lex::Quarter) && self.hour(at + 2).is_some() =>
            {
                let hour = self.hour(at + 2).filter(|hour| hour.hour > 0)?;
                self.named(u32::from(hour.hour) * 60 - 15, hour)
            }
            Kind::Word(Lex::One | Lex::Number(_) | Lex::Ordinal(_)) | Kind::Digits(..) => {
                self.minutes_around(at).or_else(|| self.counted(at))
            }
            _ => None,
        }
    }

    /// "Viertel nach/vor/über/ab X", "viertel X".
    fn quarter(&self, at: usize) -> Found {
        let (offset, hour_at): (i32, usize) = match self.word(at + 1) {
            Some(Lex::After | Lex::Over | Lex::From) => (15, at + 2),
            Some(Lex::Before) => (-15, at + 2),
            Some(Lex::Onto) => (-45, at + 2),
            _ => (-45, at + 1),
        };
        if self.is_word(hour_at, Lex::Midnight) && offset != -45 {
            return around_midnight(offset, hour_at + 1);
        }
        let hour = self.hour(hour_at)?;
        let minute = i32::from(hour.hour) * 60 + offset;
        self.named(u32::try_from(if minute < 0 { minute + 1440 } else { minute }).ok()?, hour)
    }

    /// "kurz vor drei", "kurz nach halb neun": the anchor, hedged.
    fn shortly(&self, at: usize) -> Found {
        if !matches!(self.word(at + 1), Some(Lex::Before | Lex::After)) {
            return None;
        }
        if let Some(hour) = self.hour(at + 2) {
            return self.counted(at + 2).or_else(|| self.named(u32::from(hour.hour) * 60, hour));
        }
        self.clock(at + 2)
    }

    /// "zehn nach acht", "20 Minuten vor neun", "fünf vor halb drei".
    fn minutes_around(&self, at: usize) -> Found {
        let minutes = i32::try_from(self.number(at).filter(|minutes| (1..=59).contains(minutes))?).ok()?;
        let mut link = at + 1;
        let with_unit = self.unit(link) == Some(Unit::Minute);
        if with_unit {
            link += 1;
        }
        if self.is_mark(link, b'.') {
            return None;
        }
        let sign = match self.word(link)? {
            Lex::After | Lex::Over => 1,
            Lex::Before => -1,
            // "zehn ab acht", as in Switzerland.
            Lex::From if !with_unit && minutes % 5 == 0 && minutes < 30 && self.digits(at).is_none() => 1,
            _ => return None,
        };
        if minutes > 30 && !with_unit && !self.after_at(at) {
            return None;
        }
        if self.is_word(link + 1, Lex::Midnight) {
            return around_midnight(sign * minutes, link + 2);
        }
        // "fünf vor halb drei", "fünf nach dreiviertel acht"
        let (short, hour_at) = match self.word(link + 1) {
            Some(Lex::Half | Lex::HalfOf) => (30, link + 2),
            Some(Lex::ThreeQuarters) => (15, link + 2),
            Some(Lex::Quarter) if self.hour(link + 2).is_some() => (45, link + 2),
            _ => (0, link + 1),
        };
        let hour = self.hour(hour_at)?;
        let base = i32::from(hour.hour) * 60 - short;
        let minute = (base + sign * minutes).rem_euclid(1440);
        self.named(u32::try_from(minute).ok()?, hour)
    }

    /// "eine halbe Stunde vor zehn": a clock time some minutes off another one.
    pub(crate) fn clock_moved(&self, minutes: i32, at: usize) -> Found {
        let (point, next) = self.clock(at)?;
        let clock = point.clock?;
        let minute = (i32::from(clock.minute) + minutes).rem_euclid(1440);
        at_clock(
            ClockSpec {
                minute: u16::try_from(minute).ok()?,
                other: None,
                form: if clock.form == ClockForm::Midnight { ClockForm::Digital } else { clock.form },
                ..clock
            },
            next,
        )
    }

    /// The clock time of the call.
    pub(crate) fn clock_of_now(&self) -> Found {
        let now = self.context.wall_clock();
        at_clock(digital(chrono::Timelike::hour(&now), chrono::Timelike::minute(&now))?, 0)
    }

    /// Completes a spoken clock time with an optional "Uhr".
    fn named(&self, minute: u32, hour: Hour) -> Found {
        let next = if self.is_word(hour.next, Lex::Clock) { hour.next + 1 } else { hour.next };
        at_clock(spoken(minute, hour.hour)?, next)
    }

    /// An hour from 0 to 24.
    pub(super) fn hour(&self, at: usize) -> Option<Hour> {
        let (value, padded) = match self.token(at)?.kind {
            Kind::Digits(value, count) if count <= 2 => (value, count == 2 && value < 10),
            Kind::Word(Lex::Number(value)) => (u32::from(value), false),
            Kind::Word(Lex::One) if self.is_word(at + 1, Lex::Clock) => (1, false),
            // Dialect: "um achte".
            Kind::Word(Lex::Ordinal(8)) => (8, false),
            _ => return None,
        };
        let hour = u8::try_from(value).ok().filter(|hour| *hour <= 24)?;
        Some(Hour { hour, padded, next: at + 1 })
    }

    /// Clock times that begin with the hour.
    fn counted(&self, at: usize) -> Found {
        if let Some(found) = self.displayed(at) {
            return Some(found);
        }
        if let Some(found) = self.without_separator(at) {
            return Some(found);
        }
        let hour = self.hour(at)?;
        if self.is_word(at, Lex::Ordinal(8)) && !self.is_word(at.checked_sub(1)?, Lex::At) {
            return None;
        }
        let form = if hour.padded { ClockForm::Digital } else { ClockForm::Spoken };
        match self.word(hour.next) {
            Some(Lex::Clock | Lex::H) => return self.with_minutes(hour, hour.next + 1, form),
            Some(Lex::Pm) => {
                return self.post_meridiem(spoken(u32::from(hour.hour) * 60, hour.hour)?, hour.next + 1);
            }
            _ => {}
        }
        // Two numbers before "Uhr": a slip of the tongue, or hour and minute.
        if let Some(second) = self.hour(hour.next)
            && self.is_word(second.next, Lex::Clock)
            && self.bare_hour(at, second.next)
        {
            let first = u16::from(hour.hour) * 60 + u16::from(second.hour);
            let clock = spoken(u32::from(second.hour) * 60, second.hour)?;
            return at_clock(ClockSpec { other: Some(first), ..clock }, second.next + 1);
        }
        if let Some((minute, next)) = self.bare_minutes(at, hour) {
            let clock = spoken(u32::from(hour.hour) * 60 + minute, hour.hour)?;
            return at_clock(ClockSpec { form, ..clock }, next);
        }
        self.bare_hour(at, hour.next).then_some(())?;
        let clock = spoken(u32::from(hour.hour) * 60, hour.hour)?;
        at_clock(ClockSpec { form, ..clock }, hour.next)
    }

    /// "14:30", "14.30 Uhr", "um 10.10", "8:00:00".
    fn displayed(&self, at: usize) -> Found {
        let (hour, count) = self.digits(at)?;
        let (minute, minute_count) = self.digits(at + 2)?;
        if count > 2 || !(1..=2).contains(&minute_count) {
            return None;
        }
        let clock = digital(hour, minute)?;
        if self.is_mark(at + 1, b':') {
            let mut next = at + 3;
            if self.is_mark(next, b':') && self.digits(next + 1).is_some() {
                next += 2;
            }
            if self.is_word(next, Lex::Pm) {
                return self.post_meridiem(clock, next + 1);
            }
            return at_clock(
                clock,
                if matches!(self.word(next), Some(Lex::Clock | Lex::H)) { next + 1 } else { next },
            );
        }
        // "10,30 Uhr", as it slips into hurried typing.
        if self.is_mark(at + 1, b',')
            && minute_count == 2
            && self.tight(at + 2)
            && self.is_word(at + 3, Lex::Clock)
        {
            return at_clock(clock, at + 4);
        }
        if !self.is_mark(at + 1, b'.')
            || minute_count != 2
            || !self.tight(at + 2)
            || self.is_word(at + 3, Lex::Counted)
        {
            return None;
        }
        if matches!(self.word(at + 3), Some(Lex::Clock | Lex::H)) {
            return at_clock(clock, at + 4);
        }
        // Without "Uhr", only where a date would be out of place.
        if self.behind_article(at) {
            return None;
        }
        let trailing = self.is_mark(at + 3, b'.');
        let ends = trailing && self.token(at + 4).is_none();
        let no_date = minute > 12 || minute == 0;
        let after_date =
            self.piece_before(at).is_some_and(|point| point.day.is_some() && point.month.is_some());
        let expected = self.after_at(at) || self.joins_clock(at);
        if (!trailing && (expected || self.after_hedge(at) || no_date || after_date))
            || (ends && (expected || no_date))
        {
            return at_clock(clock, at + 3);
        }
        None
    }

    /// "8 pm": the second half of the day.
    fn post_meridiem(&self, clock: ClockSpec, next: usize) -> Found {
        (1..=12).contains(&clock.hour).then_some(())?;
        at_clock(ClockSpec { minute: clock.minute % 720 + 720, form: ClockForm::Digital, ..clock }, next)
    }

    /// "1430 Uhr", "um 1630".
    fn without_separator(&self, at: usize) -> Found {
        let (value, count) = self.digits(at)?;
        let follows = matches!(self.word(at + 1), Some(Lex::Clock | Lex::H));
        if !(3..=4).contains(&count) || !(follows || (count == 4 && self.after_at(at))) {
            return None;
        }
        let clock = digital(value / 100, value % 100)?;
        at_clock(clock, if follows { at + 2 } else { at + 1 })
    }

    /// What follows "Uhr": "dreißig", "und 12 Minuten".
    fn with_minutes(&self, hour: Hour, at: usize, form: ClockForm) -> Found {
        let full = ClockSpec { form, ..spoken(u32::from(hour.hour) * 60, hour.hour)? };
        if hour.hour == 24 {
            return at_clock(full, at);
        }
        let number_at = if self.is_word(at, Lex::And) { at + 1 } else { at };
        let (minute, next) = match self.number(number_at) {
            Some(0) => match self.number(number_at + 1) {
                Some(minute) if minute < 10 => (minute, number_at + 2),
                _ => (0, number_at + 1),
            },
            Some(minute) if minute < 60 => (minute, number_at + 1),
            _ => return at_clock(full, at),
        };
        let stop = match self.token(next).map(|token| token.kind) {
            Some(Kind::Mark(b'.')) => {
                self.digits(next + 1).is_some() || matches!(self.word(next + 1), Some(Lex::Month(_)))
            }
            Some(Kind::Word(Lex::Unit(unit))) => unit != Unit::Minute,
            Some(
                Kind::Mark(b':')
                | Kind::Word(Lex::Clock | Lex::H | Lex::Month(_) | Lex::Counted | Lex::OrdinalEnding),
            ) => true,
            Some(Kind::Word(Lex::Before | Lex::After)) => self.hour(next + 1).is_some() && number_at == at,
            _ => false,
        };
        // "um acht Uhr und drei Personen": after "und" only full minutes count.
        let loose = number_at > at && minute < 10 && self.unit(next) != Some(Unit::Minute);
        if stop || loose {
            return at_clock(full, at);
        }
        let next = if self.unit(next) == Some(Unit::Minute) { next + 1 } else { next };
        let next = if matches!(self.word(next), Some(Lex::Clock)) { next + 1 } else { next };
        at_clock(ClockSpec { minute: full.minute + u16::try_from(minute).ok()?, ..full }, next)
    }

    /// "um neun fünfzehn", "14 30", "neun null fünf".
    fn bare_minutes(&self, at: usize, hour: Hour) -> Option<(u32, usize)> {
        let (minute, next) = match self.number(hour.next)? {
            0 => {
                let minute = self.number(hour.next + 1).filter(|minute| *minute < 10)?;
                (minute, hour.next + 2)
            }
            minute @ 10..=59 => (minute, hour.next + 1),
            _ => return None,
        };
        // Two numbers in a row are hour and minute only where an hour was to be expected.
        (hour.hour < 24 && self.bare_hour(at, next)).then_some((minute, next))
    }
}
