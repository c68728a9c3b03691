use super::*;

mod deeds;
mod sentences;

/// What was said, and what it claims.
const SAID: &[(&str, Option<Claim>)] = &[
    // Claims.
    ("Ich habe den Termin für Sie gebucht.", Some(Claim::Booked)),
    ("Wunderbar, ich habe Sie am Dienstag um 14:30 Uhr eingetragen.", Some(Claim::Booked)),
    (
        "Ihre Termine sind am Freitag, dem vierten Dezember, um zehn Uhr fest eingetragen, zuerst Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, kann ich sonst noch etwas für Sie tun?",
        Some(Claim::Booked),
    ),
    (
        "Ihre Termine sind jetzt auf Freitag, den vierten Dezember, um elf Uhr verlegt, zuerst Haarschnitt bei Anna Petersen, danach um elf Uhr dreißig Bartpflege bei Boris Kühn, kann ich sonst noch etwas für Sie tun?",
        Some(Claim::Moved),
    ),
    (
        "Ihre Termine am Freitag, dem vierten Dezember, um zehn Uhr sind abgesagt, Haarschnitt und Bartpflege, möchten Sie gleich einen neuen vereinbaren?",
        Some(Claim::Cancelled),
    ),
    (
        "Am Freitag, dem vierten Dezember, um zehn Uhr geht beides nacheinander, zuerst Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, soll ich beides so eintragen?",
        None,
    ),
    (
        "Der Kalender hat nicht alles davon angenommen, eingetragen ist jetzt der Termin für Haarschnitt am Freitag, dem vierten Dezember, um zehn Uhr, soll sich jemand dazu bei Ihnen melden?",
        Some(Claim::Booked),
    ),
    ("Ihr Termin ist gebucht.", Some(Claim::Booked)),
    ("Der Termin am 24.11. um 10 Uhr bei Frau Petersen ist eingetragen", Some(Claim::Booked)),
    ("Ihr Termin steht.", Some(Claim::Booked)),
    ("Alles klar, der Friseurtermin ist reserviert!", Some(Claim::Booked)),
    ("Gebucht.", Some(Claim::Booked)),
    ("So, ist eingetragen.", Some(Claim::Booked)),
    ("Wir haben das für Donnerstag um neun Uhr vereinbart.", Some(Claim::Booked)),
    ("Ich hab Ihnen den Termin eingetragen.", Some(Claim::Booked)),
    ("Der Termin wurde gebucht.", Some(Claim::Booked)),
    ("Hiermit ist Ihr Termin um halb drei Uhr gebucht.", Some(Claim::Booked)),
    ("Ich habe Ihren Termin auf Freitag verschoben.", Some(Claim::Moved)),
    ("Ihr Termin ist jetzt auf den 3.12. verlegt.", Some(Claim::Moved)),
    ("Ich habe Sie auf elf Uhr umgebucht.", Some(Claim::Moved)),
    ("Ihr Termin ist storniert.", Some(Claim::Cancelled)),
    ("Ich habe den Termin abgesagt.", Some(Claim::Cancelled)),
    ("Der Termin wurde gelöscht.", Some(Claim::Cancelled)),
    ("Erledigt, ich habe Sie ausgetragen.", Some(Claim::Cancelled)),
    ("Storniert!", Some(Claim::Cancelled)),
    ("Ihr Termin ist bestätigt.", Some(Claim::Booked)),
    ("Ihr Termin am Dienstag, dem 1. Dezember, um zehn Uhr ist bestätigt.", Some(Claim::Booked)),
    ("Ich habe Ihren Termin um zehn Uhr bestätigt, möchten Sie noch etwas?", Some(Claim::Booked)),
    ("Ihr Termin am Freitag ist bestätigt, kann ich sonst noch etwas für Sie tun?", Some(Claim::Booked)),
    ("Ich habe Ihren Termin bestätigt, möchten Sie noch etwas ändern?", Some(Claim::Booked)),
    ("Der Termin wurde angelegt.", Some(Claim::Booked)),
    ("Ich habe den Termin für Sie angelegt.", Some(Claim::Booked)),
    ("Ich habe Sie am Freitag um zehn Uhr eingeplant.", Some(Claim::Booked)),
    ("Sie sind um zehn Uhr fest eingeplant.", Some(Claim::Booked)),
    ("Ich habe Ihren Termin geändert.", Some(Claim::Moved)),
    ("Der Termin ist auf elf Uhr geändert, kann ich sonst noch etwas für Sie tun?", Some(Claim::Moved)),
    // The plainer word says what it is.
    ("Ich habe die Absage bestätigt, Ihr Termin ist storniert.", Some(Claim::Cancelled)),
    ("Der Termin ist storniert und bestätigt.", Some(Claim::Cancelled)),
    // None.
    ("Ihr Termin ist noch nicht bestätigt.", None),
    ("Der Termin wurde nicht geändert.", None),
    ("Ist Ihr Termin bestätigt?", None),
    ("Ist der Termin schon angelegt?", None),
    ("Sobald der Termin bestätigt ist, ruft jemand Sie an.", None),
    ("Wenn der Termin geändert ist, melden wir uns.", None),
    ("Der Termin wird noch bestätigt.", None),
    ("Der Termin muss noch vom Betrieb bestätigt werden.", None),
    ("Ihr Termin am Freitag um elf Uhr ist bestätigt, möchten Sie daran etwas ändern?", None),
    ("Ihr Termin ist bereits bestätigt.", None),
    ("Bestätigt.", None),
    ("Ich habe Ihre Nummer bestätigt.", None),
    ("Ich habe Sie als Kundin angelegt.", None),
    ("Ich habe das geändert.", None),
    ("Daran hat sich inzwischen etwas geändert, soll ich nachsehen, wie Ihr Termin jetzt steht?", None),
    ("Ihr Termin hat sich geändert.", None),
    ("Für den Termin sind dreißig Minuten eingeplant.", None),
    ("Sie haben den Termin bestätigt.", None),
    (
        "Ihr Termin für Haarschnitt am Freitag um elf Uhr ist noch nicht sicher, Salon Nord prüft das und ruft Sie an, \
         möchten Sie daran etwas ändern?",
        None,
    ),
    (
        "Eingetragen ist der Termin für Haarschnitt am Freitag um elf Uhr, vorgemerkt ist der Termin für Bartpflege am \
         Samstag um zehn Uhr, die Bestätigung steht noch aus, um welchen geht es?",
        None,
    ),
    ("Soll ich den Termin so eintragen?", None),
    ("Möchten Sie, dass der Termin gebucht ist?", None),
    ("Ich kann Ihnen Dienstag um zehn Uhr anbieten.", None),
    ("Ich trage Sie gleich ein.", None),
    ("Ich werde den Termin für Sie buchen.", None),
    ("Der Termin wird eingetragen, sobald Sie zustimmen.", None),
    ("Wenn Sie möchten, ist der Termin gleich gebucht.", None),
    ("Leider habe ich den Termin nicht eingetragen.", None),
    ("Der Termin ist noch nicht gebucht.", None),
    ("Ich habe keinen Termin gebucht.", None),
    ("Sie haben bereits am Montag einen Termin bei uns gebucht.", None),
    ("Um zehn Uhr ist schon etwas eingetragen.", None),
    ("Dienstag um zehn Uhr ist frei.", None),
    ("Ich habe den Termin vorgemerkt.", None),
    ("Vorgemerkt ist er, eine Kollegin bestätigt ihn.", None),
    ("Der Termin ist vorgemerkt, aber noch nicht gebucht.", None),
    ("Sie können den Termin bis zum Vortag absagen.", None),
    ("Wurde der Termin abgesagt?", None),
    ("Möchten Sie den Termin verschieben?", None),
    ("Einen Moment bitte.", None),
    ("Ich würde Sie dann eintragen.", None),
    ("Guten Tag, hier ist der Salon Nord.", None),
    ("Termine sind von neun bis achtzehn Uhr möglich.", None),
    ("Falls der Termin abgesagt wird, melden wir uns.", None),
    ("Den Termin um zwölf Uhr hat jemand anderes reserviert.", None),
    ("Dann ist der Termin verlegt oder abgesagt, je nachdem.", None),
    // What one clause leaves open another does not.
    ("Ihr Termin ist gebucht und Sie werden eine Bestätigung erhalten.", Some(Claim::Booked)),
    ("Der Termin ist eingetragen, Sie können bis zum Vortag absagen.", Some(Claim::Booked)),
    ("Ich habe den Termin gebucht und werde Ihnen eine Bestätigung schicken.", Some(Claim::Booked)),
    ("Leider ist zehn Uhr nicht frei, ich habe Sie um elf Uhr eingetragen.", Some(Claim::Booked)),
    ("Ihr Termin ist storniert, wenn Sie noch Fragen haben, rufen Sie gern an.", Some(Claim::Cancelled)),
    ("Kein Problem, ich habe Ihren Termin abgesagt.", Some(Claim::Cancelled)),
    ("Ich bestätige Ihnen, dass der Termin gebucht ist.", Some(Claim::Booked)),
    ("Ihr Termin für Haarschnitt und Bartpflege ist gebucht.", Some(Claim::Booked)),
    ("Ihr Termin am Freitag steht, Sie können ihn bis zum Vortag absagen.", Some(Claim::Booked)),
    // Politeness and haste are no doubt.
    ("Ich habe Ihren Termin gerne gebucht.", Some(Claim::Booked)),
    ("Sehr gerne, ich habe Ihren Termin gebucht.", Some(Claim::Booked)),
    ("Ich habe den Termin bereits eingetragen.", Some(Claim::Booked)),
    ("Ich habe Sie schon umgebucht.", Some(Claim::Moved)),
    // And what belongs together is judged as one.
    ("Ich habe keinen Termin am Freitag, dem vierten Dezember, gebucht.", None),
    ("Ich habe keinen Termin für Haarschnitt und Bartpflege gebucht.", None),
    ("Ich hoffe, dass nicht schon ein Termin eingetragen ist.", None),
    ("Ich möchte, dass der Termin abgesagt ist.", None),
    ("Wenn Sie zustimmen und es so passt, ist der Termin gebucht.", None),
    ("Der Termin ist gebucht, sobald Sie zustimmen.", None),
    ("Ich kann den Termin, den Sie am Montag gebucht haben, gern verschieben.", None),
    ("Ich kann den Termin, den wir am Montag vereinbart haben, gern verschieben.", None),
    ("Ich kann den Termin, der am Montag gebucht wurde, gern verschieben.", None),
    ("Zehn Uhr ist gebucht, elf Uhr kann ich Ihnen anbieten.", None),
    ("Elf Uhr ist noch frei und zehn ist gebucht.", None),
    ("Der Termin ist vorgemerkt, die Bestätigung für Ihren Termin steht noch aus.", None),
    ("Ich habe gesehen, dass Ihr Termin schon eingetragen ist.", None),
    ("Der Kalender hat nichts davon angenommen, eingetragen ist jetzt nichts.", None),
    // What is said before a question.
    (
        "Ihr Termin für Haarschnitt bei Anna ist am Dienstag, den 24. November, um zehn Uhr fest eingetragen, kann ich \
         sonst noch etwas für Sie tun?",
        Some(Claim::Booked),
    ),
    (
        "Ihr Termin für Haarschnitt ist jetzt auf Freitag um elf Uhr bei Anna verlegt, das kostet 12,50 Euro, kann ich \
         sonst noch etwas für Sie tun?",
        Some(Claim::Moved),
    ),
    (
        "Ihr Termin für Haarschnitt am Freitag um elf Uhr ist abgesagt, möchten Sie gleich einen neuen vereinbaren?",
        Some(Claim::Cancelled),
    ),
    (
        "Ich habe den Termin für Haarschnitt am Freitag vorgemerkt, die Bestätigung aus dem Kalender steht noch aus, \
         für einen Rückruf dazu kann ich gern Ihre Nummer aufnehmen, kann ich sonst noch etwas für Sie tun?",
        None,
    ),
    (
        "Ich habe Ihren Termin für Haarschnitt von Freitag, dem vierten Dezember, um elf Uhr auf Samstag, den fünften \
         Dezember, um zehn Uhr vorgemerkt, die Bestätigung aus dem Kalender steht noch aus, falls etwas dagegen spricht, \
         ruft Salon Nord Sie an, kann ich sonst noch etwas für Sie tun?",
        None,
    ),
    ("Ihr Termin am Freitag um elf Uhr steht, möchten Sie daran etwas ändern?", None),
    ("Der Termin am Freitag ist schon für Sie eingetragen, kann ich sonst noch etwas für Sie tun?", None),
    ("Unter dieser Nummer sind mehrere Personen bei uns eingetragen, wie ist Ihr Name bitte?", None),
    ("Ist der Termin am Freitag, um zehn Uhr gebucht?", None),
    ("Der Termin am Freitag ist eingetragen, richtig?", None),
    (
        "Sie stehen für Haarschnitt am Freitag, auf der Warteliste, wird etwas frei, ruft der Salon Sie an, kann ich sonst \
         noch etwas für Sie tun?",
        None,
    ),
];

/// That it stands, has worked out, is in the calendar, or is what the caller has by now.
const IN_OTHER_WORDS: &[(&str, Option<Claim>)] = &[
    // Claims.
    ("Der Termin steht.", Some(Claim::Booked)),
    ("Perfekt, der Termin steht!", Some(Claim::Booked)),
    ("So, Ihr Termin am Dienstag um zehn Uhr steht.", Some(Claim::Booked)),
    ("Damit steht Ihr Termin.", Some(Claim::Booked)),
    ("Alles klar, damit steht Ihr Termin am Dienstag um zehn Uhr.", Some(Claim::Booked)),
    ("Damit steht Ihr Termin, kann ich sonst noch etwas für Sie tun?", Some(Claim::Booked)),
    ("Sie können gern wieder anrufen, damit steht Ihr Termin.", Some(Claim::Booked)),
    ("Die Buchung hat geklappt.", Some(Claim::Booked)),
    ("Die Buchung hat geklappt, kann ich sonst noch etwas für Sie tun?", Some(Claim::Booked)),
    ("Super, die Buchung für Dienstag um zehn Uhr hat geklappt!", Some(Claim::Booked)),
    ("Das hat geklappt mit dem Termin.", Some(Claim::Booked)),
    ("Es hat alles geklappt mit Ihrem Termin am Dienstag.", Some(Claim::Booked)),
    ("Das hat mit der Buchung geklappt.", Some(Claim::Booked)),
    ("Sie haben jetzt am Dienstag um zehn Uhr einen Termin.", Some(Claim::Booked)),
    ("Sie haben jetzt einen Termin am Dienstag, dem ersten Dezember, um zehn Uhr.", Some(Claim::Booked)),
    ("Damit haben Sie am Dienstag um zehn Uhr einen Termin bei Anna.", Some(Claim::Booked)),
    ("Gut, Sie haben damit am Dienstag einen Termin, kann ich sonst noch etwas tun?", Some(Claim::Booked)),
    ("Ich habe Ihren Termin in den Kalender aufgenommen.", Some(Claim::Booked)),
    ("Der Termin ist in unseren Kalender übernommen.", Some(Claim::Booked)),
    ("Ich habe Sie für Dienstag um zehn Uhr in unseren Kalender aufgenommen.", Some(Claim::Booked)),
    ("Ihr Termin wurde in den Kalender aufgenommen, kann ich noch etwas tun?", Some(Claim::Booked)),
    ("Alles klar, Frau Muster, der Termin steht.", Some(Claim::Booked)),
    // Questions.
    ("Steht der Termin noch?", None),
    ("Der Termin steht, richtig?", None),
    ("Hat die Buchung geklappt?", None),
    ("Hat das mit dem Termin geklappt?", None),
    ("Hat die Buchung geklappt", None),
    ("Haben Sie jetzt am Dienstag einen Termin?", None),
    ("Sie haben jetzt am Dienstag um zehn Uhr einen Termin, richtig?", None),
    ("Haben Sie den Termin in den Kalender aufgenommen?", None),
    // Negations, and less than a yes.
    ("Das hat leider nicht geklappt.", None),
    ("Die Buchung hat leider nicht geklappt.", None),
    ("Das hat mit dem Termin noch nicht geklappt.", None),
    ("Die Buchung hat nur teilweise geklappt.", None),
    ("Die Buchung hat fast geklappt.", None),
    ("Der Termin steht noch nicht.", None),
    ("Sie haben jetzt keinen Termin.", None),
    ("So, beide Kinder haben jetzt ihren Termin.", Some(Claim::Booked)),
    ("So, jetzt haben beide Kinder einen Termin.", Some(Claim::Booked)),
    ("Die Kinder haben jetzt ihren Termin gewünscht.", None),
    ("Ich habe den Termin nicht in den Kalender aufgenommen.", None),
    // Conditions, wishes, and what is to come.
    ("Wenn das geklappt hat, steht Ihr Termin.", None),
    ("Wenn die Buchung geklappt hat, bekommen Sie eine Nachricht.", None),
    ("Sobald es mit dem Termin geklappt hat, sage ich Bescheid.", None),
    ("Nachdem die Buchung geklappt hat, bekommen Sie eine Nachricht.", None),
    ("Ich sehe nach, ob die Buchung geklappt hat.", None),
    ("Ich hoffe, die Buchung hat geklappt.", None),
    ("Hoffentlich hat es mit dem Termin geklappt.", None),
    ("Dann steht Ihr Termin am Dienstag um zehn Uhr.", None),
    ("Sagen Sie einfach ja, dann steht Ihr Termin.", None),
    ("Damit Ihr Termin steht, brauche ich noch Ihren Namen.", None),
    ("Ich brauche noch Ihren Namen, damit Ihr Termin steht.", None),
    ("Damit Sie jetzt einen Termin haben, brauche ich Ihren Namen.", None),
    ("Dann haben Sie jetzt am Dienstag einen Termin.", None),
    ("Sie haben jetzt zwei Möglichkeiten, einen Termin zu vereinbaren.", None),
    ("Sie haben jetzt einen Termin am Dienstag gewünscht.", None),
    ("Sie haben mir jetzt einen Termin genannt.", None),
    ("Ihr Termin wird in den Kalender aufgenommen.", None),
    ("Soll ich den Termin in den Kalender aufnehmen?", None),
    // What there was before.
    ("Sie haben am Dienstag um zehn Uhr schon einen Termin.", None),
    ("Sie haben am Dienstag um zehn Uhr einen Termin.", None),
    ("Sie haben jetzt schon einen Termin.", None),
    ("Sie haben jetzt nur noch einen Termin am Dienstag.", None),
    ("Sie haben jetzt am Dienstag einen Termin, möchten Sie ihn verschieben?", None),
    ("Ihr Termin am Dienstag steht weiterhin.", None),
    ("Ihr Termin am Dienstag steht noch.", None),
    ("Ihr Termin steht nach wie vor am Dienstag um zehn Uhr.", None),
    ("Ihr Termin steht so im Kalender.", None),
    ("Ihr Termin bleibt bestehen.", None),
    ("Ich kann den Termin, der am Dienstag steht, gern verschieben.", None),
    ("Gestern hat es mit dem Termin geklappt.", None),
    ("Das hat beim letzten Termin gut geklappt.", None),
    // Something else.
    ("Das hat geklappt.", None),
    ("Sie haben damit weiterhin am Freitag um elf Uhr einen Termin.", None),
    ("Die Löschung Ihrer Buchung hat geklappt.", None),
    ("Die Umbuchung hat geklappt.", Some(Claim::Moved)),
    ("Das Verschieben hat mit dem Termin geklappt.", Some(Claim::Moved)),
    ("Die Absage hat geklappt mit dem Termin.", Some(Claim::Cancelled)),
    ("Das hat bei Ihrem Termin gut geklappt.", None),
    ("Ich habe Ihre Notiz zum Termin in den Kalender übernommen.", None),
    ("Ich habe die Absage für den Termin in den Kalender übernommen.", None),
    ("Ich habe Ihre Nummer in den Kalender aufgenommen.", None),
    ("Haben Sie ihn in Ihren Kalender übernommen, ist alles gut.", None),
];

/// What the gateway itself says of appointments that there are, of changes that came to nothing, and of what it could not do.
const SAID_BY_THE_GATEWAY: &[&str] = &[
    "Ihr Termin für Haarschnitt am Dienstag, dem ersten Dezember, um zehn Uhr bei Anna steht, möchten Sie daran etwas ändern?",
    "Ihr Termin für Haarschnitt am Freitag um elf Uhr steht, sonst finde ich in diesem Zeitraum nichts Freies, soll er so bleiben?",
    "Ihr Termin für Haarschnitt am Freitag um elf Uhr steht schon so, kann ich sonst noch etwas für Sie tun?",
    "Ihr Termin für Haarschnitt am Freitag um elf Uhr steht schon so.",
    "Ihre Termine stehen schon so, am Freitag, dem vierten Dezember, um zehn Uhr, zuerst Haarschnitt, danach Bartpflege.",
    "Ihr Termin für Haarschnitt am Freitag um elf Uhr bleibt bestehen, denn um zwölf Uhr ist leider nichts frei.",
    "Ihre Termine am Freitag um zehn Uhr bleiben bestehen, denn der Kalender lässt nicht alles davon zu.",
    "Ihr Termin für Haarschnitt am Freitag um elf Uhr bleibt vorgemerkt, die Bestätigung steht noch aus.",
    "Ihr Termin für Haarschnitt am Freitag um elf Uhr steht nicht mehr.",
    "Ihr nächster Termin ist der für Haarschnitt am Freitag um elf Uhr.",
    "Sie haben am Freitag um elf Uhr, schon einen Termin für Haarschnitt, soll ich ihn verlegen?",
    "Sie haben Termine für Haarschnitt am Freitag um elf Uhr und für Bartpflege am Samstag um zehn Uhr, um welchen geht es?",
    "Das klappt bei mir gerade leider nicht, es meldet sich jemand bei Ihnen bis spätestens morgen um zehn Uhr, kann ich sonst noch etwas für Sie tun?",
    "Ich habe Ihre Rückrufbitte aufgenommen, es meldet sich jemand bei Ihnen bis spätestens morgen um zehn Uhr, kann ich sonst noch etwas für Sie tun?",
    "Um Ihren bisherigen Termin kümmert sich jemand und meldet sich bei Ihnen, denn um elf Uhr lässt der Kalender keine Buchung zu.",
];

#[test]
fn what_the_gateway_says_of_what_there_is_claims_nothing() {
    for said in SAID_BY_THE_GATEWAY {
        assert_eq!(claims(said), [], "{said}");
    }
}

#[test]
fn what_is_claimed_and_what_is_not() {
    for (said, expected) in SAID.iter().chain(IN_OTHER_WORDS) {
        let found: Vec<_> = claims(said).into_iter().map(|claimed| claimed.claim).collect();
        assert_eq!(found, expected.iter().copied().collect::<Vec<_>>(), "{said}");
    }
}

#[test]
fn what_leaves_nothing_open_is_firm() {
    for (said, is_firm) in [
        ("Ihr Termin ist fest gebucht.", true),
        ("Ihr Termin am Dienstag ist fest eingetragen, kann ich sonst noch etwas für Sie tun?", true),
        ("Ihr Termin ist bestätigt.", true),
        ("Ich habe Sie verbindlich eingetragen.", true),
        ("Ihr Termin steht fest.", true),
        ("Ihr Termin ist gebucht.", false),
        ("Ihr Termin steht.", true),
    ] {
        let found: Vec<_> =
            claims(said).into_iter().map(|claimed| (claimed.claim, claimed.is_firm)).collect();
        assert_eq!(found, [(Claim::Booked, is_firm)], "{said}");
    }
}

#[test]
fn a_sentence_may_claim_several_things() {
    let both = claims("Ihr alter Termin ist abgesagt und ich habe Sie am Freitag neu eingetragen.");
    let both: Vec<_> = both.into_iter().map(|claimed| claimed.claim).collect();
    assert_eq!(both, [Claim::Cancelled, Claim::Booked]);
}

#[test]
fn two_bookings_differ_by_the_day_or_the_time_that_both_name() {
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist gebucht.";
    let one = |said: &str| claims(said).remove(0).when;
    for (other, differs) in [
        ("Ihr Termin am Donnerstag ist gebucht.", true),
        ("Ihr Termin um elf Uhr ist gebucht.", true),
        ("Ihr Termin am Dienstag ist gebucht.", false),
        ("Ihr Termin um 10 Uhr ist gebucht.", false),
        ("Ihr Termin um 22 Uhr ist gebucht.", false),
        ("Ihr Termin ist gebucht.", false),
        ("Ihr Termin am 24. November ist gebucht.", false),
        ("Ihr Termin um halb elf Uhr ist gebucht.", true),
        ("Ihr Termin um halb elf ist gebucht.", true),
        ("Ihr Termin um halb zwölf ist gebucht.", true),
        ("Ihr Termin um 10:30 Uhr ist gebucht.", true),
        ("Ihr Termin um 11:30 Uhr ist gebucht.", true),
        ("Ihr Termin um elf ist gebucht.", true),
        ("Ihr Termin am 11. Dezember ist gebucht.", false),
        ("Ihr Termin ist um elf Minuten später gebucht.", false),
        ("Ihr Termin um 11:00 Uhr ist gebucht.", true),
        ("Ihr Termin um 11.00 Uhr ist gebucht.", true),
        ("Ihr Termin um 10.30 Uhr ist gebucht.", true),
        ("Ihr Termin ist gebucht: 11:00, Dienstag.", true),
        ("Ihr Termin am 11.12. ist gebucht.", false),
        ("Ihr Termin um viertel vor elf ist gebucht.", true),
        ("Ihr Termin um Viertel nach elf ist gebucht.", true),
        ("Ihr Termin um Viertel vor zehn ist gebucht.", true),
        ("Ihr Termin um dreiviertel elf ist gebucht.", true),
        ("Ihr Termin um fünf vor elf ist gebucht.", true),
        ("Ihr Termin um fünf vor zehn Uhr ist gebucht.", true),
        ("Ihr Termin um zehn nach elf ist gebucht.", true),
        ("Ihr Termin kurz vor zehn Uhr ist gebucht.", false),
        ("Ihr Termin um 11 30 Uhr ist gebucht.", true),
        ("Ihr Termin um 10:00 Uhr ist gebucht.", false),
        ("Ihr Termin um 10 Uhr und 30 Minuten ist gebucht.", false),
        ("Ihr Termin um zehn Uhr fünfzehn ist gebucht.", true),
        ("Ihr Termin um zehn Uhr fünfundvierzig ist gebucht.", true),
        ("Ihr Termin um zehn dreißig ist gebucht.", true),
        ("Um zehn Uhr zwei Termine sind gebucht.", false),
        ("Ihr Termin um zehn, dreißig Minuten, ist gebucht.", false),
        ("Ihr Termin um Viertel elf ist gebucht.", true),
        ("Ihr Termin um zehn Uhr, also 10:00, ist gebucht.", false),
        ("Ihr Termin um zehn Uhr oder halb elf ist gebucht.", false),
        ("Ihr Termin am 24. vor elf Uhr ist gebucht.", false),
        ("Ihr Termin von elf Uhr bis zwölf Uhr ist gebucht.", false),
        ("Ihr Termin ist nicht am Montag, er ist am Dienstag eingetragen.", false),
        // It stands: perhaps since before this call.
        ("Ihr Termin am Donnerstag um elf Uhr steht.", false),
    ] {
        let other_when = claims(other).pop().and_then(|claimed| claimed.when);
        let found = one(TUESDAY).zip(other_when).is_some_and(|(one, other)| one.differs_from(other));
        assert_eq!(found, differs, "{other}");
    }
}

#[test]
fn a_date_is_a_day_whatever_the_day_of_the_week() {
    let at = |text: &str| When::of(text.parse().unwrap());
    for (said, date, differs) in [
        ("Ihr Termin am Dienstag, den 1. Dezember, um 10 Uhr ist gebucht.", "2026-12-01T10:00:00", false),
        ("Ihr Termin am Dienstag, den 1. Dezember, um 10 Uhr ist gebucht.", "2026-12-08T10:00:00", true),
        ("Ihr Termin am ersten Dezember ist gebucht.", "2026-12-01T10:00:00", false),
        ("Ihr Termin am achten Dezember ist gebucht.", "2026-12-01T10:00:00", true),
        ("Ihr Termin am einunddreißigsten März ist gebucht.", "2027-03-31T10:00:00", false),
        ("Ihr Termin am dreißigsten März ist gebucht.", "2027-03-31T10:00:00", true),
        ("Ihr Termin am 31. Januar ist gebucht.", "2027-03-31T10:00:00", true),
        // Of two dates nobody knows which, and without the month it may be a number of anything.
        (
            "Ihr Termin am 1. oder 2. Dezember, also am 2. Dezember oder 3. Januar, ist gebucht.",
            "2026-12-01T10:00:00",
            false,
        ),
        ("Ihr Termin am 8.12. ist gebucht.", "2026-12-01T10:00:00", false),
        ("Ihr Termin im Dezember ist gebucht.", "2026-12-01T10:00:00", false),
        ("Ich habe Ihre Termine am 1. und 8. Dezember eingetragen.", "2026-12-01T10:00:00", false),
        ("Ich habe Ihre Termine am ersten und am achten Dezember eingetragen.", "2026-12-01T10:00:00", false),
        ("Ich habe Sie um 11 am 8. Dezember eingetragen.", "2026-12-08T11:00:00", false),
        ("Ich habe Sie um 11 am 8. Dezember eingetragen.", "2026-12-11T11:00:00", true),
        // The day of something else.
        (
            "Herr Müller, geboren am 3. März 1980, ist am Dienstag um zehn für den Termin eingetragen.",
            "2026-12-01T10:00:00",
            false,
        ),
        ("Sie, geboren am dritten März, sind am Dienstag um zehn eingetragen.", "2026-12-01T10:00:00", false),
        ("Ihr Termin zu Ihrer Anfrage vom 24. November ist eingetragen.", "2026-12-01T10:00:00", false),
        // Near a half hour, and a day behind the hour.
        ("Ich habe Sie um fünf vor halb elf eingetragen.", "2026-12-01T10:25:00", false),
        ("Ich habe Sie um fünf vor halb elf eingetragen.", "2026-12-01T10:30:00", true),
        ("Ich habe Sie um fünf nach halb elf eingetragen.", "2026-12-01T10:35:00", false),
        ("Ich habe Sie um fünf nach halb elf eingetragen.", "2026-12-01T10:30:00", true),
        ("Ich habe Sie für kurz nach halb elf eingetragen.", "2026-12-01T10:35:00", false),
        ("Ich habe Sie für kurz vor halb elf eingetragen.", "2026-12-01T10:25:00", false),
        ("Ich habe Sie für gegen halb elf eingetragen.", "2026-12-01T10:25:00", false),
        ("Ich habe Sie um 10 Uhr, 24. November, eingetragen.", "2026-11-24T10:00:00", false),
        ("Ich habe Sie um 10 Uhr, 24.11., eingetragen.", "2026-11-24T10:00:00", false),
        ("Ich habe Sie um 11 Uhr, 24. November, eingetragen.", "2026-11-24T10:00:00", true),
    ] {
        let when = claims(said).pop().and_then(|claimed| claimed.when);
        assert_eq!(when.is_some_and(|when| when.differs_from(at(date))), differs, "{said}");
    }
}

#[test]
fn a_finding_is_the_sentence_and_no_more() {
    let turn = "Vielen Dank, Frau Muster. Ich habe den Termin am 24.11. um 14.30 Uhr gebucht. Noch etwas?";
    let found = claims(turn);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sentence, "Ich habe den Termin am 24.11. um 14.30 Uhr gebucht.");
}

#[test]
fn a_caller_who_was_told_knows_it() {
    for (turn, claim, told) in [
        ("Ich habe den Termin vorgemerkt.", Claim::Booked, true),
        ("Sehr gern, Dienstag um zehn ist notiert.", Claim::Booked, true),
        ("Ihr Termin ist gebucht.", Claim::Booked, true),
        ("Ihr neuer Termin ist eingetragen.", Claim::Moved, true),
        ("Soll ich ihn eintragen?", Claim::Booked, false),
        ("Leider ist nichts eingetragen.", Claim::Booked, false),
        ("Auf Wiederhören!", Claim::Booked, false),
        ("Der Termin ist abgesagt.", Claim::Cancelled, true),
        ("Der Termin ist vorgemerkt.", Claim::Cancelled, false),
        (
            "Ihr Termin ist am Dienstag um zehn Uhr fest eingetragen, kann ich sonst noch etwas für Sie tun?",
            Claim::Booked,
            true,
        ),
        (
            "Ich habe den Termin vorgemerkt, die Bestätigung steht noch aus, falls es nicht klappt, ruft jemand Sie an, \
             kann ich sonst noch etwas für Sie tun?",
            Claim::Booked,
            true,
        ),
        (
            "Ich habe Ihren Termin von Freitag, dem vierten Dezember, um elf Uhr auf Samstag, den fünften Dezember, um zehn \
             Uhr vorgemerkt, die Bestätigung steht noch aus, kann ich sonst noch etwas für Sie tun?",
            Claim::Moved,
            true,
        ),
        ("Ihr Termin ist abgesagt, möchten Sie gleich einen neuen vereinbaren?", Claim::Cancelled, true),
        ("Ihr Termin ist abgesagt, möchten Sie gleich einen neuen vereinbaren?", Claim::Booked, false),
        ("Ihr Termin ist auf Freitag verlegt, das kostet 12,50 Euro, passt das so?", Claim::Moved, true),
        ("Der Termin ist gebucht, in Ordnung?", Claim::Booked, true),
        ("Dienstag um zehn Uhr ist frei, soll der Termin gebucht werden?", Claim::Booked, false),
        ("Ist er gebucht?", Claim::Booked, false),
        ("Die Buchung hat geklappt.", Claim::Booked, true),
        ("Die Buchung hat leider nicht geklappt.", Claim::Booked, false),
        ("Die Umbuchung hat geklappt.", Claim::Moved, true),
        ("Der Termin ist in unseren Kalender übernommen.", Claim::Booked, true),
        ("Sie haben jetzt am Dienstag um zehn Uhr einen Termin.", Claim::Booked, true),
        ("Sie haben am Dienstag um zehn Uhr schon einen Termin.", Claim::Booked, false),
    ] {
        assert_eq!(!super::told(turn, claim).is_empty(), told, "{turn}");
    }
}

#[test]
fn no_text_is_too_odd() {
    for text in ["", "...", "?!.", "1.2.3.", "ß", "\u{0}", "🙂 gebucht 🙂", "ıİ."] {
        let _ = (claims(text), told(text, Claim::Moved), good_byes(text));
    }
}
