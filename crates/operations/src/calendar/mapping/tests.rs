use appointment::calendar::ConnectionId;
use uuid::Uuid;

use super::*;

const SERVICES: &[(&str, u32)] =
    &[("Massage", 45), ("Klassische Massage", 45), ("Krankengymnastik", 30), ("Waschen und Föhnen", 30)];
const STAFF: &[&str] = &["Eva Lindt", "Deniz Yılmaz", "Eva Groß"];

fn ours() -> (Vec<OurService>, Vec<OurPerson>) {
    let services = (1..).zip(SERVICES).map(|(id, (name, minutes))| OurService {
        id: ServiceId::from_uuid(Uuid::from_u128(id)),
        name: (*name).to_owned(),
        minutes: *minutes,
    });
    let staff = (1..).zip(STAFF).map(|(id, name)| OurPerson {
        id: StaffId::from_uuid(Uuid::from_u128(id)),
        name: (*name).to_owned(),
    });
    (services.collect(), staff.collect())
}

fn host(name: &str) -> RemoteHost {
    let reference = format!("u-{}", words(name).join("-"));
    RemoteHost { reference: RemoteHostRef::parse(&reference).unwrap(), name: name.to_owned(), email: None }
}

fn remote(id: u32, title: &str, minutes: u32, hosts: &[&str]) -> RemoteService {
    RemoteService {
        reference: RemoteEventType::parse(&id.to_string()).unwrap(),
        title: title.to_owned(),
        minutes,
        buffer_before: 0,
        buffer_after: 0,
        notice: 0,
        hidden: false,
        needs_confirmation: false,
        is_template: false,
        hosts: hosts.iter().map(|name| host(name)).collect(),
    }
}

/// Links as `service/person/event type[/host]`, and what was not mapped as `event type/why`.
fn shown(theirs: &[RemoteService], people: &[&str]) -> (Vec<String>, Vec<String>) {
    let (services, staff) = ours();
    let people: Vec<_> = people.iter().map(|name| host(name)).collect();
    let proposal = propose(&services, &staff, theirs, &people);
    let links = proposal.links.iter().map(|link| {
        let service = services.iter().find(|service| service.id == link.service).unwrap();
        let person = staff.iter().find(|person| person.id == link.staff).unwrap();
        let host = link.host.as_ref().map(|host| format!("/{host}")).unwrap_or_default();
        format!("{}/{}/{}{host}", service.name, person.name, link.event_type)
    });
    let unmapped = proposal.unmapped.iter().map(|one| format!("{}/{}", one.event_type, one.why.code()));
    (links.collect(), unmapped.collect())
}

#[test]
fn an_event_type_stands_for_the_service_and_the_people_it_names() {
    for (theirs, people, links, unmapped) in [
        // The title names both; the one host is not told there.
        (
            vec![remote(1, "Krankengymnastik bei Eva Lindt", 30, &["Eva Lindt"])],
            vec![],
            vec!["Krankengymnastik/Eva Lindt/1"],
            vec![],
        ),
        // The longer name wins, whatever marks and cases are used.
        (
            vec![remote(1, "KLASSISCHE MASSAGE (45 min)", 45, &["Deniz Yilmaz"])],
            vec![],
            vec!["Klassische Massage/Deniz Yılmaz/1"],
            vec![],
        ),
        (
            vec![remote(1, "Waschen und Foehnen", 30, &["Eva Gross"])],
            vec![],
            vec!["Waschen und Föhnen/Eva Groß/1"],
            vec![],
        ),
        // Several hosts: each is told there.
        (
            vec![remote(1, "Massage", 45, &["Eva Lindt", "Deniz Yılmaz"])],
            vec![],
            vec!["Massage/Eva Lindt/1/u-eva-lindt", "Massage/Deniz Yılmaz/1/u-deniz-yilmaz"],
            vec![],
        ),
        // A part of a name does where it is nobody else's.
        (vec![remote(1, "Massage", 45, &["Deniz"])], vec![], vec!["Massage/Deniz Yılmaz/1"], vec![]),
        (vec![remote(1, "Massage", 45, &["Eva"])], vec![], vec![], vec!["1/several_people"]),
        (
            vec![remote(1, "Massage", 45, &["Farid Amiri", "Eva Groß"])],
            vec![],
            vec!["Massage/Eva Groß/1/u-eva-gross"],
            vec!["1/no_person"],
        ),
        // Nobody is shown: the only person of the account, or the one in the title.
        (vec![remote(1, "Massage", 45, &[])], vec!["Eva Groß"], vec!["Massage/Eva Groß/1"], vec![]),
        (
            vec![remote(1, "Massage Eva Groß", 45, &[])],
            vec!["Eva Groß", "Eva Lindt"],
            vec!["Massage/Eva Groß/1"],
            vec![],
        ),
        (
            vec![remote(1, "Massage", 45, &[])],
            vec!["Eva Groß", "Eva Lindt"],
            vec![],
            vec!["1/nobody_performs"],
        ),
        // What cannot be right is not proposed.
        (vec![remote(1, "Massage", 60, &["Eva Lindt"])], vec![], vec![], vec!["1/other_length"]),
        (
            vec![RemoteService { is_template: true, ..remote(1, "Massage", 45, &["Eva Lindt"]) }],
            vec![],
            vec![],
            vec!["1/template"],
        ),
        (vec![remote(1, "Beratung", 30, &["Eva Lindt"])], vec![], vec![], vec!["1/no_service"]),
        (vec![remote(1, "Massagen", 45, &["Eva Lindt"])], vec![], vec![], vec!["1/no_service"]),
        (
            vec![remote(1, "Krankengymnastik oder Massage", 45, &["Eva Lindt"])],
            vec![],
            vec![],
            vec!["1/several_services"],
        ),
        // The plainer title stands for the service; of two equal ones neither does.
        (
            vec![
                remote(1, "Massage Neukunden", 45, &["Eva Lindt"]),
                remote(2, "Massage bei Eva Lindt", 45, &["Eva Lindt"]),
                remote(3, "Massage", 45, &["Eva Lindt"]),
            ],
            vec![],
            vec!["Massage/Eva Lindt/3"],
            vec!["1/rival", "2/rival"],
        ),
        (
            vec![remote(1, "Massage", 45, &["Eva Lindt"]), remote(2, "Massage", 45, &["Eva Lindt"])],
            vec![],
            vec![],
            vec!["1/rival", "2/rival"],
        ),
    ] {
        let (found, mut missing) = shown(&theirs, &people);
        missing.sort();
        assert_eq!(
            (found, missing),
            (
                links.into_iter().map(str::to_owned).collect(),
                unmapped.into_iter().map(str::to_owned).collect()
            ),
            "{theirs:?}"
        );
    }
}

#[test]
fn a_report_says_what_is_in_the_way() {
    let (services, staff) = ours();
    let proposal = propose(&services, &staff, &[remote(7, "Massage", 60, &["Eva Lindt"])], &[]);
    assert_eq!(proposal.unmapped[0].why.detail(), "Massage takes 45 minutes here and 60 there");
}

#[test]
fn a_link_names_what_is_there_or_it_is_said_what_is_missing() {
    let theirs = [
        remote(1, "Massage", 45, &["Eva Lindt", "Deniz Yılmaz"]),
        remote(2, "Krankengymnastik", 30, &["Eva Lindt"]),
        remote(3, "Beratung", 30, &[]),
    ];
    let known = |event_type: u32, name: Option<&str>| {
        let link = CalendarLink {
            connection: ConnectionId::from_uuid(Uuid::from_u128(71)),
            event_type: RemoteEventType::parse(&event_type.to_string()).unwrap(),
            host: name.map(|name| host(name).reference),
        };
        Missing::of(&link, &theirs).map(Missing::code)
    };
    for (event_type, host, missing) in [
        (1, Some("Eva Lindt"), None),
        (1, None, None),
        (2, Some("Eva Lindt"), None),
        (2, Some("Deniz Yılmaz"), Some("host")),
        (3, Some("Deniz Yılmaz"), None),
        (4, Some("Eva Lindt"), Some("event_type")),
        (4, None, Some("event_type")),
    ] {
        assert_eq!(known(event_type, host), missing, "{event_type} {host:?}");
    }
}
