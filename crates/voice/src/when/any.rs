//! Words that leave a time open: "egal", "jederzeit", "zu jeder Zeit".

/// One of these is said where every time would do.
const OPEN: &[&str] = &[
    "egal",
    "wurscht",
    "jederzeit",
    "irgendwann",
    "ganztags",
    "ganztägig",
    "beliebig",
    "beliebige",
    "flexibel",
    "ganzer",
    "ganzen",
    "jede",
    "jeder",
    "immer",
];

/// What may be said around it, and names no time.
const AROUND: &[&str] = &[
    "die",
    "der",
    "den",
    "das",
    "uhrzeit",
    "zeit",
    "tag",
    "über",
    "ist",
    "es",
    "mir",
    "uns",
    "ich",
    "wir",
    "bin",
    "sind",
    "da",
    "zu",
    "um",
    "wann",
    "welche",
    "welcher",
    "auch",
    "ganz",
    "völlig",
    "vollkommen",
    "total",
    "komplett",
    "möglich",
    "zeitlich",
    "eigentlich",
    "wirklich",
    "also",
    "so",
];

/// "Ist mir egal", "den ganzen Tag über": every hour would do, or every day, whatever was asked for; and nothing else is said.
pub(super) fn means_any_time(said: &str) -> bool {
    let said = said.to_lowercase();
    let words = said.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_open = |word: &str| OPEN.contains(&word);
    // "Um die Zeit", "zu der Zeit": the one that was named.
    let mut pairs = words.clone().zip(words.clone().skip(1));
    let is_that = pairs.any(|pair| [("um", "die"), ("zu", "der")].contains(&pair));
    !is_that
        && words.clone().any(is_open)
        && words.clone().all(|word| is_open(word) || AROUND.contains(&word))
}
