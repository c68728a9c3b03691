//! Sentences as assistants say them, each with what it claims, and whether of a deed or of how it stands.

use super::*;
use Claim::{Booked, Cancelled, Moved};

/// Something was done in this moment.
const DEEDS: &[(&str, Claim)] = &[
    // Beside something else.
    ("Ich habe Sie als Kundin angelegt und den Termin am Freitag eingetragen.", Booked),
    ("Ich habe Sie von der Warteliste genommen und für Freitag gebucht.", Booked),
    ("Ich habe Sie als neue Kundin für Freitag um zehn eingetragen.", Booked),
    ("Wie Sie sagten, habe ich Sie am Freitag um zehn eingetragen.", Booked),
    // What was done is left out, or is the caller's time.
    ("Alles klar, ist gebucht!", Booked),
    ("Super, ist eingetragen.", Booked),
    ("Perfekt, hab ich eingetragen.", Booked),
    ("Ja gern, habe ich für Sie reserviert.", Booked),
    ("In Ordnung, ist jetzt storniert.", Cancelled),
    ("Okay, Frau Muster, ist verlegt.", Moved),
    ("Ist gebucht, Sie bekommen gleich eine Nachricht.", Booked),
    ("Passt, Donnerstag zehn Uhr ist reserviert.", Booked),
    ("Super, Freitag um elf ist fest gebucht.", Booked),
    ("Prima, morgen um neun ist reserviert, kann ich sonst noch etwas für Sie tun?", Booked),
    ("Passt. Donnerstag zehn Uhr ist reserviert.", Booked),
    // It has worked out.
    ("Perfekt, das hat geklappt, wir sehen uns dann am Donnerstag um zehn.", Booked),
    ("Das hat geklappt, bis Freitag um elf!", Booked),
    ("Perfekt. Das hat geklappt. Wir sehen uns dann am Donnerstag um zehn.", Booked),
    ("Wunderbar, alles hat geklappt, wir freuen uns am Montag um neun auf Sie.", Booked),
    // The caller has it by now.
    ("Wunderbar, dann haben Sie jetzt am Donnerstag um zehn einen Termin bei Anna.", Booked),
    ("Gut, dann haben Sie damit einen Termin am Freitag.", Booked),
    ("Ihr neuer Termin ist am Freitag um elf Uhr.", Booked),
    ("So, ich hab das für Sie fest gemacht, Donnerstag, zehn Uhr.", Booked),
    ("Ich habe den Termin für Sie ein getragen.", Booked),
    ("Ich habe Ihnen den Termin gesichert.", Booked),
    ("Ich hab den Termin für Sie geblockt.", Booked),
    ("Ihre Buchung wurde bestätigt.", Booked),
    ("Ich habe Ihre Reservierung bestätigt.", Booked),
    ("Ich habe den Termin für Sie notiert und bestätigt.", Booked),
    ("Sie sind jetzt am Donnerstag um zehn Uhr eingetragen.", Booked),
    ("Ihr neuer Termin ist am Freitag um elf eingetragen.", Booked),
    ("Ihr Termin ist hiermit bestätigt.", Booked),
    ("Ich habe auf Ihren Wunsch den Termin eingetragen.", Booked),
    ("Damit ist Ihr Termin gebucht.", Booked),
    ("Gut, dann ist das gebucht.", Booked),
    ("Das ist fest eingetragen.", Booked),
    ("Okay, gebucht für Donnerstag um zehn.", Booked),
    ("Hat geklappt, wir sehen uns am Donnerstag um zehn.", Booked),
    ("Das hat geklappt, Ihr Termin ist am Donnerstag um zehn.", Booked),
    ("Also, ich hab Sie jetzt für Donnerstag drin.", Booked),
    ("Der neue Termin ist am Freitag um elf Uhr.", Booked),
    ("Ich konnte den Termin erfolgreich buchen.", Booked),
    ("Ihr Termin ist eingetragen worden.", Booked),
    ("Die Buchung hat funktioniert.", Booked),
    ("Sie sind jetzt am Freitag um elf dran.", Booked),
    ("Gut, dann sind Sie jetzt am Freitag um elf Uhr dran.", Booked),
    ("Ich habe den Termin für Sie gemacht.", Booked),
    ("Den Termin habe ich für Sie gemacht.", Booked),
    ("Ich habe Ihnen einen neuen Termin gemacht.", Booked),
    ("Ich habe auf Ihren Wunsch den Termin gemacht.", Booked),
    ("Ich habe Ihnen gleich den Termin gemacht.", Booked),
    ("Die Reservierung hat geklappt.", Booked),
    ("Damit sind Sie am Freitag um elf dran.", Booked),
    ("Ich hab's eingetragen, Freitag um elf bei Eva.", Booked),
    ("Ihre Terminbuchung war erfolgreich.", Booked),
    ("Okay, das wäre dann gebucht.", Booked),
    ("Okay, das wäre dann gebucht, Freitag um elf Uhr.", Booked),
    ("Damit haben Sie Ihren Termin am Freitag um elf.", Booked),
    ("Ja, hat geklappt, Freitag um elf Uhr bei Frau Huber.", Booked),
    ("Alles gebucht, bis Freitag um elf!", Booked),
    ("Wunderbar, Freitag um elf Uhr, fest eingetragen.", Booked),
    ("Sie haben nun einen Termin am Freitag um elf Uhr.", Booked),
    ("Die Buchung ist durch.", Booked),
    ("Ihre Massage wurde gebucht.", Booked),
    ("Die Krankengymnastik habe ich auf Freitag verlegt.", Moved),
    ("Die Terminverschiebung war erfolgreich.", Moved),
    ("Ich habe Ihre Massage abgesagt.", Cancelled),
    ("Die Stornierung war erfolgreich.", Cancelled),
    ("Gut, ich habe alles abgesagt.", Cancelled),
    ("Alles erledigt, ich habe Sie für Freitag um elf eingeschrieben.", Booked),
    ("Ich habe Sie für die Massage am Freitag um elf angemeldet.", Booked),
    ("So, Sie sind dabei am Freitag um elf Uhr.", Booked),
    ("Das habe ich geändert, Sie kommen jetzt am Freitag um elf.", Booked),
    ("Das hat funktioniert, Sie sind am Freitag um elf bei Eva.", Booked),
    ("Wir sehen uns am Freitag um elf, alles fest.", Booked),
    ("Da habe ich Sie am Freitag um elf eingetragen.", Booked),
    ("Da habe ich Ihnen noch den Termin am Freitag reserviert.", Booked),
    // It lies elsewhere.
    ("Die Verschiebung hat geklappt.", Moved),
    ("Jetzt hat die Umbuchung geklappt.", Moved),
    ("Die Umbuchung hat geklappt, wir sehen uns am Freitag.", Moved),
    ("Prima, Ihre Umbuchung hat geklappt.", Moved),
    ("Ihr Termin ist jetzt am Freitag um elf statt am Donnerstag.", Moved),
    ("Dann liegt Ihr Termin jetzt auf Freitag, elf Uhr.", Moved),
    ("Ihr Termin wurde auf Freitag gelegt.", Moved),
    ("Den Termin habe ich für Sie auf Freitag um elf geschoben.", Moved),
    ("Ihr Termin ist am Freitag statt am Donnerstag.", Moved),
    ("Der Termin liegt jetzt am Mittwoch um neun.", Moved),
    ("Ihr Termin findet nun am Montag um acht Uhr statt.", Moved),
    ("Ich habe Ihren Termin auf zehn Uhr gesetzt.", Moved),
    ("Ich habe Sie auf den Freitag gelegt.", Moved),
    ("Wir haben den Termin nach hinten geschoben.", Moved),
    ("Ich hab Ihren Termin auf Montag um gebucht.", Moved),
    ("Ich habe Ihren Termin auf neun Uhr vorgezogen.", Moved),
    ("Ich habe den Termin umgelegt.", Moved),
    ("Ich habe Ihre Umbuchung eingetragen.", Moved),
    ("Ihre Umbuchung ist jetzt erledigt.", Moved),
    ("Ich konnte Ihren Termin auf Freitag verlegen.", Moved),
    ("Ich habe Ihren Termin auf Freitag umgestellt.", Moved),
    // It is gone.
    ("Die Absage hat funktioniert.", Cancelled),
    ("Ihren Termin gibt es jetzt nicht mehr.", Cancelled),
    ("Ich hab Ihren Termin rausgenommen.", Cancelled),
    ("Ich habe Ihren Termin aus dem Kalender entfernt.", Cancelled),
    ("Ich habe den Termin für Sie gecancelt.", Cancelled),
    ("Ihr Termin wurde annulliert.", Cancelled),
    ("Ich habe den Termin am Donnerstag ab gesagt.", Cancelled),
    ("Ich habe Ihre Absage eingetragen.", Cancelled),
    ("Ihre Stornierung wurde vorgenommen.", Cancelled),
    ("Ich habe Sie aus dem Kalender genommen.", Cancelled),
    ("Ich habe Ihre Buchung storniert.", Cancelled),
    ("Wir konnten den Termin absagen.", Cancelled),
];

/// It stands so, perhaps since before the call.
const STATES: &[(&str, Claim)] = &[
    ("Sie sind am Donnerstag um zehn Uhr bei Anna eingetragen.", Booked),
    ("Ihr Termin ist am Donnerstag, dem siebzehnten, um zehn Uhr eingetragen.", Booked),
    ("Ich sehe hier, dass Sie für Donnerstag um zehn gebucht sind.", Booked),
    ("Der Termin steht im Kalender, Donnerstag um zehn.", Booked),
    ("Ja, der Termin ist bestätigt, Donnerstag um zehn Uhr.", Booked),
    ("Donnerstag um zehn Uhr ist für Sie gebucht.", Booked),
    ("Sie sind am Donnerstag um zehn Uhr bei Boris eingeplant.", Booked),
    ("Super, der Termin steht.", Booked),
    ("Der Termin ist notiert und bestätigt.", Booked),
    ("Vielen Dank, Ihre Buchung ist bestätigt.", Booked),
    ("Ihr Platz am Donnerstag um zehn ist Ihnen sicher.", Booked),
    ("Alles gut, Ihr Termin ist drin.", Booked),
    ("Ihr Termin ist im Kalender.", Booked),
    ("Ihr Termin ist im System, Freitag um elf.", Booked),
    ("Ihr Termin ist sicher.", Booked),
    ("Der Termin gehört Ihnen.", Booked),
    ("Ja, Sie sind eingetragen.", Booked),
    ("Ich habe nachgesehen, Sie sind am Freitag um elf Uhr eingetragen.", Booked),
    ("Ich habe nachgesehen, dass Sie am Freitag eingetragen sind.", Booked),
    ("Ihre Reservierung am Samstag ist bestätigt.", Booked),
    ("Ihr Termin ist für Freitag um neun Uhr vereinbart.", Booked),
    ("Eingetragen ist Ihr Termin am Freitag um elf Uhr.", Booked),
    ("Ihr Termin ist eingetragen und bestätigt.", Booked),
    ("Ihr Termin ist am Montag bei Anna fest eingetragen.", Booked),
    ("Ich sehe gerade, dass Sie am Donnerstag um zehn eingetragen sind.", Booked),
    ("Sie stehen am Donnerstag um zehn im Kalender.", Booked),
    ("Der Termin ist fix.", Booked),
    ("Ist im Kasten, Freitag um elf Uhr bei Greta Huber.", Booked),
    ("Ich trage Sie ein... so, ist drin, Freitag um elf.", Booked),
    ("Sie haben den Termin am Freitag um elf sicher.", Booked),
    ("Wir haben Sie am Freitag um elf auf dem Plan.", Booked),
    ("Ihre Behandlung am Freitag um elf Uhr ist bestätigt.", Booked),
    ("Der Termin am Freitag um elf ist Ihrer.", Booked),
    ("Der Termin ist vom Tisch, Sie brauchen nicht zu kommen.", Cancelled),
    ("Fertig, der Termin ist gemacht.", Booked),
    ("Da haben wir ihn ja: Donnerstag, der siebzehnte, um zehn, fest gebucht.", Booked),
    ("Ihr Termin am Donnerstag ist weg.", Cancelled),
    ("Ihr alter Termin ist weg.", Cancelled),
    ("Den Termin gibt es nicht mehr.", Cancelled),
    ("Ihre Massage ist gebucht.", Booked),
    ("Ihr Termin ist gecancelt.", Cancelled),
    ("Ihre Buchung ist storniert.", Cancelled),
    ("Die Absage ist eingetragen.", Cancelled),
    ("Ihre Stornierung ist bestätigt.", Cancelled),
    ("Der Termin am Donnerstag ist raus aus dem Kalender.", Cancelled),
    ("Ihr Termin am Freitag ist raus.", Cancelled),
    ("Der Termin findet nicht mehr statt, ich habe ihn gelöscht.", Cancelled),
    ("Ihr Termin am Montag findet nicht statt.", Cancelled),
    ("Ihr Termin entfällt.", Cancelled),
    ("Ihr Termin am Montag fällt aus.", Cancelled),
    ("Sie müssen am Donnerstag nicht mehr kommen, der Termin ist aufgehoben.", Cancelled),
    ("Ihr Termin ist abgesagt, und der am Freitag bleibt bestehen.", Cancelled),
    ("Ihre Umbuchung ist bestätigt.", Moved),
    ("Das ist erledigt, Ihr Termin ist von Donnerstag auf Freitag gewandert.", Moved),
    ("Die Verlegung ist erledigt.", Moved),
];

/// Nothing is claimed.
const NOTHING: &[&str] = &[
    "Dass der Termin gebucht ist, kann ich Ihnen leider nicht bestätigen.",
    "Ja, ich habe Sie im System.",
    "Die Verschiebung hat leider nicht geklappt.",
    "Die Verschiebung hat fast geklappt.",
    "Hat die Verschiebung geklappt?",
    "Der Termin um zehn ist weg, elf Uhr ist noch frei.",
    "Ich habe mir für den Termin eine Notiz gemacht.",
    "Ich habe Ihnen einen Vorschlag gemacht.",
    "Ein Termin ist schnell gemacht.",
    "Der Termin ist wie für Sie gemacht.",
    "Der Termin wurde von Ihnen online gemacht.",
    "Der Termin wurde von Ihrer Frau gemacht.",
    "Ich habe in den Termin einen Vermerk gemacht.",
    "Ich habe Ihnen einen Termin-Vorschlag gemacht.",
    "Der Termin ist in einer Minute gemacht, ich brauche nur Ihren Namen.",
    "Dann sind Sie jetzt am Freitag um elf dran, passt das?",
    "Der Link für die Buchung hat funktioniert.",
    "Ihr Termin ist schnell weg.",
    "Normalerweise ist ein Termin in zwei Minuten gebucht.",
    "In der Regel ist ein Termin in zwei Minuten gebucht.",
    "Online ist ein Termin in zwei Minuten gebucht.",
    "Meistens ist der Termin gleich gebucht.",
    "Der Parkplatz ist für Sie reserviert.",
    "Der Raum ist für Sie reserviert.",
    "Ein Behandlungsraum ist für Sie reserviert.",
    "Online ist ein Termin rund um die Uhr gebucht.",
    "Das hat am Freitag gut geklappt.",
    "Die Terminerinnerung ist für Sie eingetragen.",
    "Ihr Rückruftermin ist am Freitag eingetragen.",
    "Ich habe Ihre Absage für den Newsletter eingetragen.",
    "Ich habe Ihre Buchung der Tiefgarage storniert.",
    "Am Freitag ist alles gebucht, bis Montag um elf haben wir nichts.",
    "Das wäre dann zu spät.",
    "Die Anmeldung war erfolgreich.",
    "Sie sind am Freitag nach Frau Huber dran.",
    "Da haben wir am Donnerstag um zehn noch etwas frei.",
    "Sie sind bei uns im System.",
    "Ich habe Sie bereits im System.",
    "Der Termin findet nicht bei Anna, sondern bei Boris statt.",
    "Ihr Termin findet nicht am Donnerstag, sondern am Freitag statt.",
    "Ich habe Sie auf die Warteliste für einen Termin am Freitag eingetragen.",
    "Ich habe Sie für Donnerstag um zehn auf unserer Warteliste eingetragen.",
    "Ich habe Sie als neue Kundin eingetragen.",
    "Ich habe Ihre Rückrufbitte für Freitag um zehn eingetragen.",
    "Die Absage ist durch einen Anruf möglich.",
    "Sie meinten, der Termin ist abgesagt.",
    "Sie haben den Termin sicher vergessen.",
    "Ich bin gleich dabei, am Freitag um elf für Sie nachzusehen.",
    "Was haben Sie am Freitag auf dem Plan?",
    "Das Thema ist vom Tisch.",
    "Ihre Anfrage für Freitag um elf ist bestätigt.",
    "Ihre Nummer ist bestätigt, am Freitag um elf melden wir uns.",
    "Sie sind mit dieser Nummer angemeldet.",
    "Sie kommen jetzt am Freitag um elf, ist das recht?",
    "Der Laden ist von Bonn nach Köln gewandert.",
    "Der Termin am Freitag ist Ihrer Kollegin lieber.",
    // It goes on as it was.
    "Ihr Termin ist weiterhin am Dienstag um neun eingetragen.",
    "Sie sind nach wie vor am Donnerstag um zehn eingetragen.",
    "Ihr Termin ist unverändert am Donnerstag um zehn gebucht.",
    "Es bleibt dabei, Ihr Termin bleibt am Donnerstag eingetragen.",
    "Sie sind immer noch am Donnerstag um zehn gebucht.",
    "Der Termin ist noch am Freitag eingetragen.",
    "Ihr Termin ist wie bisher am Dienstag bestätigt.",
    "Ihr Termin ist wie gehabt am Montag um neun gebucht.",
    "Ihr Termin ist nach wie vor im Kalender.",
    "Ihr Termin ist noch drin.",
    // Conditions, with and without a word for it.
    "Ist der Termin abgesagt, wird der Platz frei.",
    "Nehmen wir an, ich habe Sie um zehn eingetragen, passt das dann mit der Arbeit?",
    "Nehmen wir einmal an, Ihr Termin ist auf Freitag verlegt.",
    "Angenommen, ich habe Sie am Freitag eingetragen.",
    "Stellen Sie sich vor, Ihr Termin ist gebucht und niemand ist da.",
    "Gesetzt den Fall, Ihr Termin ist storniert, dann rufen wir an.",
    "Ist Ihr Termin gebucht, bekommen Sie eine Nachricht.",
    "Ist die Absage eingetragen, wird der Platz frei.",
    "Wird der Termin verschoben, ist der alte gelöscht.",
    "Kommt nichts dazwischen, ist Ihr Termin gebucht.",
    "Wenn ich Sie um zehn eingetragen habe, passt das dann?",
    "Falls Ihr Termin gecancelt ist, melden wir uns.",
    "Sobald Ihr Termin drin ist, bekommen Sie eine Nachricht.",
    "Sollte der Termin abgesagt sein, rufen wir Sie an.",
    "Sollte etwas dazwischenkommen, ist der Termin schnell verlegt.",
    "Sagen Sie einfach ja, dann ist der Termin gebucht.",
    "Rufen Sie bis morgen an, dann ist der Termin abgesagt.",
    "Melden Sie sich bis morgen, sonst ist der Termin gelöscht.",
    "Sagen Sie ja, dann liegt Ihr Termin jetzt auf Freitag.",
    "Wenn Sie möchten, liegt Ihr Termin jetzt auf Freitag.",
    "Unter der Voraussetzung, dass Sie zustimmen, ist Ihr Termin gebucht.",
    "Bei einer Absage ist Ihr Termin gelöscht.",
    "Bis Sie anrufen, ist der Termin reserviert.",
    "Kommen Sie nicht, ist der Termin gelöscht.",
    "Damit der Termin gebucht ist, brauche ich Ihren Namen.",
    "Nachdem der Termin gebucht ist, bekommen Sie eine Nachricht.",
    "Als der Termin gebucht wurde, war Anna noch da.",
    "Gleich ist Ihr Termin gebucht.",
    // Not known, or said by the caller.
    "Ich glaube, Sie sind eingetragen.",
    "Möglicherweise ist der Termin verlegt.",
    "Sie sagten, Sie sind am Donnerstag eingetragen.",
    // Offers and questions.
    "Ihr Termin wäre dann am Freitag statt am Donnerstag.",
    "Ihr Termin ist jetzt am Freitag um elf, passt das?",
    "Ihr neuer Termin ist am Freitag um elf, passt das so?",
    "Okay, zehn Uhr ist reserviert, elf Uhr ist frei.",
    "Ja, zehn Uhr ist gebucht.",
    "Passt das? Zehn Uhr ist gebucht.",
    "Soll ich Ihren Termin auf Freitag legen?",
    "Ist Ihr Termin drin?",
    "Ist der Platz mir sicher?",
    "Der Termin um zehn ist gebucht, aber um elf wäre frei.",
    "Die Termine am Freitag sind alle gebucht.",
    "Es ist alles gebucht.",
    "Konnte ich den Termin buchen?",
    "Ich konnte den Termin leider nicht buchen.",
    "Ich konnte Sie nicht finden.",
    "Ein Termin ist schnell verlegt.",
    // Something else.
    "Ich habe Sie auf die Warteliste eingetragen.",
    "Ich habe einen Rückruf für Sie vereinbart.",
    "Ich habe Sie als Kundin eingetragen.",
    "Mit Anna ist vereinbart, dass sie Sie anruft.",
    "So, Donnerstag um zehn ist belegt, elf Uhr ginge.",
    "Wunderbar, dann haben Sie jetzt zwei Termine zur Auswahl.",
    "Der Termin wurde von Ihnen abgesagt.",
    "Ihr letzter Termin ist am Montag eingetragen gewesen.",
    "Die Abbuchung ist bestätigt.",
    "Ich habe mir Zeit genommen.",
    "Am Freitag ist noch ein Termin drin.",
    "Die Bestätigung für Ihren Termin ist raus.",
    "Die Nachricht zu Ihrem Termin ist raus.",
    "Bei Anna sind Sie gut aufgehoben.",
    "Ihr Termin ist bei Anna gut aufgehoben.",
    "Ich habe Sie auf die Warteliste gesetzt.",
    "Wir haben bei Ihrem Termin Wert auf Ruhe gelegt.",
    "Das hat geklappt, wir haben am Donnerstag geöffnet.",
    "Das hat geklappt, ich habe Ihre Nummer.",
    "Das hat geklappt. Sehen wir uns am Donnerstag?",
    "Das hat geklappt. Bis Freitag können Sie sich melden.",
    "Das hat nicht geklappt, wir sehen uns am Donnerstag.",
    "Ihre Absage ist bei uns eingegangen.",
    "Die Gebühr für die Absage ist eingetragen.",
    "Der Termin findet am Donnerstag statt.",
    "Ihr Termin ist am Donnerstag um zehn.",
    "Ihr nächster Termin ist jetzt am Donnerstag um zehn.",
    "Statt am Donnerstag ist am Freitag geöffnet.",
    "Ihr Termin ist noch nicht bestätigt und nicht im Kalender.",
    "Ihr Termin ist sicher schnell gemacht.",
    "Der Termin ist notiert.",
    "Leider ist der Termin nicht drin.",
    "Ihr Name ist gesichert.",
    "Ich habe Ihre Nummer entfernt.",
    "Die Behandlung liegt jetzt bei dreißig Minuten.",
];

fn found(said: &str) -> Vec<(Claim, bool)> {
    let mut found: Vec<_> =
        claims(said).into_iter().map(|claimed| (claimed.claim, claimed.is_state)).collect();
    found.dedup_by_key(|(claim, _)| *claim);
    found
}

#[test]
fn a_deed_is_claimed() {
    for (said, claim) in DEEDS {
        assert_eq!(found(said), [(*claim, false)], "{said}");
    }
}

#[test]
fn that_it_stands_is_claimed_and_told_from_a_deed() {
    for (said, claim) in STATES {
        assert_eq!(found(said), [(*claim, true)], "{said}");
    }
}

#[test]
fn what_only_sounds_like_it_claims_nothing() {
    for said in NOTHING {
        assert_eq!(found(said), [], "{said}");
    }
}

/// What voice agents say when they have done something, one turn a line, with what they claim: booked, moved or called off.
/// With a question mark before it: not found so far.
const CORPUS: &str = include_str!("corpus/claimed.txt");

/// What they say with the same words and have done nothing.
const HARMLESS: &str = include_str!("corpus/harmless.txt");

#[test]
fn what_voice_agents_say_is_found() {
    let mut wrong = Vec::new();
    for line in CORPUS.lines() {
        let (kind, said) = line.split_once('|').unwrap();
        let found: Vec<_> = claims(said).into_iter().map(|claimed| claimed.claim).collect();
        // A move is in everybody's words a booking at the new time, or the end of the old one.
        let is_as_marked = match kind {
            "B" => found.contains(&Booked),
            "M" => !found.is_empty(),
            "C" => found.contains(&Cancelled),
            "?" => found.is_empty(),
            other => panic!("{other} is no kind"),
        };
        if !is_as_marked {
            wrong.push(format!("{line} {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_voice_agents_say_of_other_things_is_not() {
    let wrong: Vec<_> = HARMLESS.lines().filter(|said| !found(said).is_empty()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
