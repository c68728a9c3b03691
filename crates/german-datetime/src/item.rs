//! Constituents: what the reader makes of the tokens and the combiner puts together.

use crate::point::Point;

/// A constituent and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    /// First token.
    pub(crate) first: usize,
    /// First token after it.
    pub(crate) after: usize,
    /// A comma stands between it and the constituent before it.
    pub(crate) behind_comma: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ItemKind {
    /// Something about a day or a time.
    Piece(Point),
    /// A word that joins pieces.
    Mark(Mark),
}

/// Words that join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// "von", "vom".
    Of,
    /// "zwischen".
    Between,
    /// "bis".
    To,
    /// A dash or slash.
    Dash,
    And,
    Or,
    /// "auf".
    Onto,
    /// "ab", "nicht vor": from the start on.
    From,
    /// "nach": from the end on.
    Later,
    /// "vor": up to the start.
    Before,
    /// "nicht nach": up to the end.
    Until,
    /// "an" after "von neun".
    Onward,
    AtLatest,
    AtEarliest,
    /// "seit".
    Since,
    /// "nicht" right before a piece.
    Not,
    /// "nicht" elsewhere.
    NotElsewhere,
    /// The speaker takes back what he said, if what follows competes with it.
    Correction,
    /// "sondern".
    Rather,
    InsteadOf,
}
