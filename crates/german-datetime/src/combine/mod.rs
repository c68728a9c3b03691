//! From constituents to a frame: which pieces belong together, what is a range, a bound, an alternative, and what
//! was taken back.

mod correction;
mod marks;

use correction::merged;

use crate::item::{Item, ItemKind, Mark};
use crate::point::{Point, level};

/// How a bound on the near side was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// "ab": from the start of what follows.
    From,
    /// "nach": from its end.
    Later,
}

/// How a bound on the far side was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// "bis", "spätestens": up to its end.
    Until,
    /// "vor": up to its start.
    Before,
}

/// A sentence's constituents put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// What holds for everything.
    pub(crate) outer: Point,
    /// Ranges: one of days and one of hours at most.
    pub(crate) ranges: [Option<(Point, Point)>; 2],
    pub(crate) after: Option<(Point, Start)>,
    pub(crate) before: Option<(Point, Stop)>,
    pub(crate) alternatives: Vec<Point>,
    /// Further wishes that have bounds of their own: "vor zehn oder nach 16 Uhr".
    pub(crate) others: Vec<Frame>,
    /// Seen from a past event: weekdays are the last ones.
    pub(crate) past: bool,
    pub(crate) corrected: bool,
    /// First and last token used.
    pub(crate) tokens: Option<(usize, usize)>,
}

impl Frame {
    fn is_empty(&self) -> bool {
        self.outer.is_empty() && self.ranges[0].is_none() && self.after.is_none() && self.before.is_none()
    }

    /// All levels anything is said about.
    fn levels(&self) -> u8 {
        let range =
            |range: &Option<(Point, Point)>| range.map_or(0, |(one, two)| one.levels() | two.levels());
        self.outer.levels()
            | range(&self.ranges[0])
            | range(&self.ranges[1])
            | self.after.map_or(0, |(point, _)| point.levels())
            | self.before.map_or(0, |(point, _)| point.levels())
    }
}

/// Where the next piece goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Outer,
    After,
    Before,
    Left(usize),
    Right(usize),
    Alternative,
}

struct Combiner<'a> {
    items: &'a [Item],
    frame: Frame,
    target: Target,
    /// The range that is open was opened by "zwischen".
    between: bool,
    /// A "nicht" stood since the last piece.
    refused: bool,
    /// Pieces are dropped until the next mark.
    dropping: bool,
    /// Levels of what was dropped.
    dropped: u8,
}

/// Puts the constituents together. `moving`: the sentence is about moving an appointment.
pub(crate) fn combine(items: &[Item], moving: bool) -> Frame {
    let mut combiner = Combiner {
        items,
        frame: Frame::default(),
        target: Target::Outer,
        between: false,
        refused: false,
        dropping: false,
        dropped: 0,
    };
    let mut earlier: Option<Frame> = None;
    let mut wishes: Vec<Frame> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match item.kind {
            ItemKind::Piece(point) => combiner.piece(at, point),
            ItemKind::Mark(Mark::Correction | Mark::Rather) if combiner.takes_back(at) => {
                let frame = combiner.restart();
                earlier = Some(merged(earlier, frame));
            }
            ItemKind::Mark(Mark::Onto)
                if moving && !combiner.frame.is_empty() && combiner.next_levels(at) != 0 =>
            {
                // The new day replaces the old one; nothing of the old one holds for it.
                combiner.restart();
                combiner.frame.corrected = true;
                earlier = None;
            }
            ItemKind::Mark(Mark::Or) if combiner.other_frame(at) => {
                let frame = combiner.restart();
                wishes.push(merged(earlier.take(), frame));
            }
            ItemKind::Mark(mark) => combiner.mark(at, mark),
        }
    }
    let last = merged(earlier, combiner.frame);
    if wishes.is_empty() {
        return last;
    }
    let mut first = wishes.remove(0);
    if !last.is_empty() {
        wishes.push(last);
    }
    let ends = wishes.iter().filter_map(|frame| frame.tokens);
    first.tokens = ends.fold(first.tokens, |all, (start, end)| {
        all.map_or(Some((start, end)), |(from, to)| Some((from.min(start), to.max(end))))
    });
    first.others = wishes;
    first
}

impl Combiner<'_> {
    fn restart(&mut self) -> Frame {
        self.target = Target::Outer;
        self.between = false;
        self.refused = false;
        self.dropping = false;
        std::mem::take(&mut self.frame)
    }

    /// Whether a correction really corrects: something was said, and something of the same level follows.
    fn takes_back(&self, at: usize) -> bool {
        let said = self.frame.levels();
        let mut follows = 0;
        for item in self.items.get(at + 1..).unwrap_or(&[]) {
            if let ItemKind::Piece(point) = item.kind {
                follows |= point.levels();
            }
        }
        let time = level::CLOCK | level::PART;
        said & follows & level::DAY != 0 || (said & time != 0 && follows & time != 0)
    }

    /// Whether "oder" at `at` begins a wish with bounds of its own, because the one before it has some.
    fn other_frame(&self, at: usize) -> bool {
        let bounded = self.frame.after.is_some() || self.frame.before.is_some();
        let closed = self.frame.before.is_none_or(|(point, _)| !point.is_empty())
            && self.frame.after.is_none_or(|(point, _)| !point.is_empty());
        let follows = match self.items.get(at + 1).map(|item| item.kind) {
            Some(ItemKind::Mark(Mark::From | Mark::Later | Mark::Before | Mark::Until | Mark::To)) => true,
            Some(ItemKind::Piece(point)) => point.levels() & level::DAY != 0,
            _ => false,
        };
        bounded && closed && follows
    }

    /// Levels of the pieces right behind `at`, up to the next mark.
    fn next_levels(&self, at: usize) -> u8 {
        let mut levels = 0;
        for item in self.items.get(at + 1..).unwrap_or(&[]) {
            match item.kind {
                ItemKind::Piece(point) => levels |= point.levels(),
                ItemKind::Mark(Mark::AtLatest | Mark::AtEarliest) if levels == 0 => {}
                ItemKind::Mark(_) => break,
            }
        }
        levels
    }

    /// Levels of the pieces right before `at`, back to the previous mark.
    fn run_levels(&self, at: usize) -> u8 {
        let mut levels = 0;
        for item in self.items.get(..at).unwrap_or(&[]).iter().rev() {
            match item.kind {
                ItemKind::Piece(point) => levels |= point.levels(),
                ItemKind::Mark(_) => break,
            }
        }
        levels
    }

    fn next_piece(&self, at: usize) -> Option<Point> {
        match self.items.get(at + 1)?.kind {
            ItemKind::Piece(point) => Some(point),
            ItemKind::Mark(_) => None,
        }
    }

    fn next_mark(&self, at: usize) -> Option<Mark> {
        match self.items.get(at + 1)?.kind {
            ItemKind::Mark(mark) => Some(mark),
            ItemKind::Piece(_) => None,
        }
    }

    fn used(&mut self, at: usize) {
        let Some(item) = self.items.get(at) else { return };
        let (first, last) = self.frame.tokens.unwrap_or((item.first, item.after));
        self.frame.tokens = Some((first.min(item.first), last.max(item.after)));
    }

    // ---- pieces --------------------------------------------------------------------------------------------

    fn piece(&mut self, at: usize, point: Point) {
        // What is refused ends where other words begin: "nicht so früh, eher gegen Mittag".
        let gap =
            |items: &[Item]| match (at.checked_sub(1).and_then(|before| items.get(before)), items.get(at)) {
                (Some(before), Some(item)) => item.first.saturating_sub(before.after),
                _ => 0,
            };
        self.dropping &= gap(self.items) <= 2 && !self.items.get(at).is_some_and(|item| item.behind_comma);
        // "statt am Montag um neun am Dienstag um zehn": the second day is not what is refused.
        self.dropping &= self.dropped & point.levels() == 0;
        if self.dropping {
            self.dropped |= point.levels();
            return;
        }
        self.dropped = 0;
        self.used(at);
        let refused = std::mem::take(&mut self.refused);
        // "nach der Mittagspause, so gegen eins": the clock time says what was meant.
        let behind_comma = self.items.get(at).is_some_and(|item| item.behind_comma);
        if behind_comma
            && self.target == Target::After
            && point.clock.is_some()
            && self.frame.after.is_some_and(|(spot, _)| spot.levels() == level::PART)
        {
            self.frame.after = None;
            self.target = Target::Outer;
        }
        let spot = match self.target {
            Target::Outer => {
                // "morgen kann ich nicht, aber Mittwoch"
                let instead = refused && self.frame.outer.levels() & point.levels() & level::DAY != 0;
                if instead || self.frame.outer.conflicts(&point) {
                    self.competing(point, refused);
                    return;
                }
                &mut self.frame.outer
            }
            Target::After => match &mut self.frame.after {
                Some((spot, _)) if !spot.conflicts(&point) => spot,
                _ => return self.elsewhere(point, refused),
            },
            Target::Before => match &mut self.frame.before {
                Some((spot, _)) if !spot.conflicts(&point) => spot,
                _ => return self.elsewhere(point, refused),
            },
            Target::Left(index) | Target::Right(index) => {
                let right = matches!(self.target, Target::Right(_));
                match self.frame.ranges.get_mut(index).and_then(Option::as_mut) {
                    Some((left, spot)) => {
                        let spot = if right { spot } else { left };
                        if spot.conflicts(&point) {
                            return self.elsewhere(point, refused);
                        }
                        spot
                    }
                    None => return,
                }
            }
            Target::Alternative => match self.frame.alternatives.last_mut() {
                Some(spot) if !spot.conflicts(&point) => spot,
                _ => {
                    self.frame.alternatives.push(point);
                    return;
                }
            },
        };
        spot.fill(&point);
        spot.numeric |= point.numeric;
    }

    /// A piece that does not fit its place holds for everything, or is another wish.
    fn elsewhere(&mut self, point: Point, refused: bool) {
        self.target = Target::Outer;
        if self.frame.outer.conflicts(&point) {
            self.competing(point, refused);
        } else {
            self.frame.outer.fill(&point);
        }
    }

    /// A second day or time without a word that says how it goes with the first.
    fn competing(&mut self, point: Point, refused: bool) {
        if refused {
            // "Montag geht nicht, Dienstag": the later one.
            let earlier = std::mem::replace(&mut self.frame.outer, point);
            self.frame.outer.fill_time(&earlier);
            self.frame.corrected = true;
        } else {
            self.frame.alternatives.push(point);
            self.target = Target::Alternative;
        }
    }

    // ---- marks ---------------------------------------------------------------------------------------------
}
