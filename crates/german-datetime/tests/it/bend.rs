//! Bends phrases out of shape, the same way in every run.

/// Words to put in anywhere.
pub(crate) const WORDS: &[&str] = &[
    "heute",
    "morgen",
    "übermorgen",
    "gestern",
    "Montag",
    "Freitag",
    "am",
    "um",
    "von",
    "bis",
    "zwischen",
    "und",
    "oder",
    "ab",
    "nach",
    "vor",
    "nächste",
    "nächsten",
    "letzten",
    "diese",
    "Woche",
    "Monat",
    "Jahr",
    "Wochenende",
    "halb",
    "viertel",
    "drei",
    "zehn",
    "zwölf",
    "15",
    "3.",
    "3.11.",
    "24.12.2025",
    "14:30",
    "Uhr",
    "November",
    "dritten",
    "ersten",
    "Anfang",
    "Ende",
    "Mitte",
    "früh",
    "Nachmittag",
    "abends",
    "nachts",
    "in",
    "zwei",
    "Stunden",
    "Tagen",
    "Wochen",
    "einer",
    "KW",
    "44",
    "Ostern",
    "nein",
    "nicht",
    "lieber",
    "spätestens",
    "-",
    ",",
    "/",
    "des",
    "der",
    "im",
    "seit",
    "Mitternacht",
    "über",
    "acht",
    "Tage",
    "auf",
    "verschieben",
    "Tag",
    "Quartal",
    "Sommer",
    "Advent",
    "vier",
    "2026",
    "Feber",
    "später",
    "KW",
    "h",
    "pm",
    "Nacht",
    "zum",
    "statt",
    "sondern",
    "eine",
    "halbe",
    "Stunde",
];

/// A small generator of its own (xorshift), so that every run is the same.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap_or(0)
    }
}

/// Takes letters out, puts letters and words in, cuts, and turns round.
pub(crate) fn bend(text: &str, random: &mut Random) -> String {
    const SIGNS: [char; 14] =
        ['9', '0', '.', ':', '-', ' ', 'ü', '\u{308}', '€', '\u{0}', 'T', '/', 'Z', '+'];
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(letters.len() + 1);
        match random.below(6) {
            0 if at < letters.len() => {
                letters.remove(at);
            }
            1 => letters.insert(at, SIGNS[random.below(SIGNS.len())]),
            2 if at < letters.len() => letters.truncate(at),
            3 => {
                let word = WORDS[random.below(WORDS.len())];
                letters.splice(at..at, format!(" {word} ").chars());
            }
            4 if at < letters.len() => letters.rotate_left(at),
            _ => letters.extend(format!(" {}", random.below(100_000)).chars()),
        }
    }
    letters.into_iter().collect()
}

/// The phrases of `cases.txt`.
pub(crate) fn phrases() -> Vec<&'static str> {
    include_str!("cases.txt")
        .lines()
        .filter_map(|line| line.split_once(" => "))
        .map(|(phrase, _)| phrase)
        .collect()
}
