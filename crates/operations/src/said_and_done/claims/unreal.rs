//! The words with which nothing is claimed: wishes, conditions, refusals, what is only supposed, and what was so before. Their
//! letters are folded, umlauts written out.

/// Words with which a condition begins.
pub(super) const CONDITION: &[&str] = &["wenn", "falls", "sobald", "sofern", "bevor", "nachdem", "ob"];

/// Words that make a sentence a wish, a question, a condition, an announcement or a refusal.
pub(super) const UNREAL: &[&str] = &[
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keinem",
    "keiner",
    "nichts",
    "nie",
    "leider",
    "ohne",
    "weder",
    "statt",
    "soll",
    "sollen",
    "sollte",
    "sollten",
    "kann",
    "kannst",
    "koennen",
    "koennte",
    "koennten",
    "koennt",
    "moechte",
    "moechten",
    "moechtest",
    "will",
    "wollen",
    "wollten",
    "darf",
    "duerfen",
    "muss",
    "muessen",
    "muesste",
    "muessten",
    "werde",
    "werden",
    "wird",
    "wuerde",
    "wuerden",
    "waere",
    "waeren",
    "haette",
    "haetten",
    "wenn",
    "falls",
    "sobald",
    "sofern",
    "bevor",
    "ob",
    "oder",
    "versuche",
    "versucht",
    "vorgemerkt",
    "vormerken",
    "vorlaeufig",
    "einstweilen",
    "hoffe",
    "hoffen",
    "hoffentlich",
    "glaube",
    "denke",
    "vermute",
    "sagten",
    "meinten",
    "moeglicherweise",
    "eventuell",
    "vielleicht",
    "vermutlich",
    "wahrscheinlich",
    "sonst",
    "ansonsten",
    "andernfalls",
    "normalerweise",
    "ueblicherweise",
    "gewoehnlich",
    "meist",
    "meistens",
    "generell",
    "grundsaetzlich",
];

/// Words of [`UNREAL`] on which the clause after them depends: "Ich hoffe, die Buchung hat geklappt."
pub(super) const HOPING: &[&str] = &["hoffe", "hoffen", "glaube", "denke", "vermute", "sagten", "meinten"];

/// With these an appointment "steht" as it did before, or would, or something else does.
pub(super) const STILL: &[&[&str]] = &[
    &["aus"],
    &["zur", "verfuegung"],
    &["zur", "auswahl"],
    &["zur", "debatte"],
    &["weiter"],
    &["weiterhin"],
    &["noch"],
    &["unveraendert"],
    &["dann"],
    &["wie", "vor"],
    &["wie", "bisher"],
    &["steht", "so"],
    &["so", "steht"],
];

/// With these something has not quite worked out.
pub(super) const PARTLY: &[&str] = &["fast", "beinahe", "nur", "teilweise", "kaum", "dann"];

/// Words that speak of what was there before this call.
pub(super) const EARLIER: &[&str] =
    &["damals", "gestern", "neulich", "letzte", "letzten", "letztes", "letzter", "gewesen", "frueher"];

/// Words that do so too, unless the assistant speaks of what it did: "Ich habe den Termin bereits eingetragen."
pub(super) const ALREADY: &[&str] = &["bereits", "schon"];

/// Words that say that it goes on as it was.
pub(super) const CONTINUING: &[&[&str]] = &[
    &["weiterhin"],
    &["unveraendert"],
    &["bleibt"],
    &["bleiben"],
    &["laengst"],
    &["ohnehin"],
    &["sowieso"],
    &["in", "der", "regel"],
    &["nach", "wie", "vor"],
    &["immer", "noch"],
    &["noch", "immer"],
    &["wie", "bisher"],
    &["wie", "gehabt"],
];

/// Words with which a sentence begins that only supposes something.
pub(super) const SUPPOSING: &[&[&str]] = &[
    &["nehmen", "wir", "an"],
    &["nehmen", "wir", "mal", "an"],
    &["nehmen", "wir", "einmal", "an"],
    &["mal", "angenommen"],
    &["einmal", "angenommen"],
    &["angenommen"],
    &["stellen", "sie", "sich", "vor"],
    &["stellen", "wir", "uns", "vor"],
    &["gesetzt", "den", "fall"],
    &["vorausgesetzt"],
    &["im", "falle"],
    &["fuer", "den", "fall"],
    &["sagen", "wir"],
    &["im", "fall"],
    &["unter", "der", "voraussetzung"],
    &["unter", "der", "bedingung"],
    &["bei", "einer", "absage"],
    &["bis", "sie"],
    &["solange"],
    &["ich", "nehme", "an"],
    &["gleich", "ist"],
    &["bald", "ist"],
];

/// Words with which a condition begins if what is done stands in the same clause, or a verb begins the next.
pub(super) const LIMITING: &[&[&str]] = &[
    &["erst", "wenn"],
    &["erst", "mit"],
    &["erst", "nach"],
    &["erst", "danach"],
    &["erst", "dann"],
    &["nur", "wenn"],
    &["nur", "mit"],
    &["bis", "der", "termin"],
    &["bis", "ihr", "termin"],
    &["ein", "ja"],
    &["ein", "kurzes", "ja"],
    &["ein", "wort"],
];
