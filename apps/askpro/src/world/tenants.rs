//! The companies of the demo.

use crate::blueprint::{
    BranchFile, BreakFile, FacilityFile, FacilityGroupFile, HoursFile, NeedFile, PhaseFile, PolicyFile,
    ServiceFile, StaffFile, TenantFile,
};

/// The practice's only room of this kind.
const REST_ROOM: &str = "Ruheraum";
/// Price of a minute of conversation in cents.
const CALL_RATE: i64 = 15;

/// All companies, in the order in which they are shown.
#[must_use]
pub fn all() -> Vec<TenantFile> {
    vec![salon_nord(), physio_lindt(), helpline_it(), gesperrt()]
}

fn salon_nord() -> TenantFile {
    let hours = || vec![hours("tue-fri", "09:00", "18:00"), hours("sat", "09:00", "14:00")];
    let pause = || vec![BreakFile { from: "12:30".to_owned(), until: "13:00".to_owned() }];
    TenantFile {
        services: vec![
            service("Herrenhaarschnitt", &["Herrenschnitt", "Haare schneiden Herren"], "Schnitt", 30, 3200),
            service("Damenhaarschnitt", &["Damenschnitt", "Haare schneiden Damen"], "Schnitt", 45, 4800),
            service("Waschen und Föhnen", &["Föhnen", "Waschen, Föhnen"], "Styling", 30, 2500),
            service("Bartpflege", &["Bart schneiden", "Bart trimmen"], "Bart", 15, 1500),
            service("Beratung", &["Farbberatung", "Beratungsgespräch"], "Beratung", 15, 0),
            ServiceFile {
                minutes: None,
                phases: vec![PhaseFile::Staffed(30), PhaseFile::Processing(45), PhaseFile::Staffed(30)],
                ..service("Ansatzfarbe", &["Ansatz färben", "Farbe"], "Farbe", 105, 8900)
            },
        ],
        branches: vec![
            BranchFile {
                staff: vec![person("Anna Petersen", pause()), person("Boris Kühn", pause())],
                ..branch("altona", "Altona", "HH", "+4940555100", hours())
            },
            BranchFile {
                staff: vec![person("Clara Jansen", pause()), person("Deniz Yılmaz", pause())],
                ..branch("eppendorf", "Eppendorf", "HH", "+4940555101", hours())
            },
        ],
        ..tenant("salon-nord", "Salon Nord")
    }
}

fn physio_lindt() -> TenantFile {
    let hours = vec![hours("mon-fri", "08:00", "12:00"), hours("mon-fri", "13:00", "19:00")];
    TenantFile {
        services: vec![
            service("Erstgespräch", &["Anamnese", "erster Termin"], "Gespräch", 60, 9500),
            service("Krankengymnastik", &["KG", "Gymnastik"], "Behandlung", 30, 3200),
            service("Massage", &["Rückenmassage", "klassische Massage"], "Behandlung", 45, 4900),
            // In a room that is there once, and is aired afterwards.
            ServiceFile {
                buffer_after_minutes: 15,
                needs: vec![NeedFile { group: REST_ROOM.to_owned(), when: None, phases: Vec::new() }],
                ..service("Lymphdrainage", &["manuelle Lymphdrainage"], "Behandlung", 60, 5600)
            },
        ],
        facility_groups: vec![FacilityGroupFile { name: REST_ROOM.to_owned(), kind: "room".to_owned() }],
        branches: vec![BranchFile {
            facilities: vec![FacilityFile { name: REST_ROOM.to_owned(), group: REST_ROOM.to_owned() }],
            staff: ["Eva Lindt", "Farid Amiri", "Greta Huber"].map(|name| person(name, Vec::new())).to_vec(),
            ..branch("schwabing", "Schwabing", "BY", "+4989555200", hours)
        }],
        ..tenant("physio-lindt", "Physiotherapie Lindt")
    }
}

fn helpline_it() -> TenantFile {
    TenantFile {
        services: vec![
            service("Vor-Ort-Termin", &["Vor-Ort-Service", "Techniker vor Ort"], "Technik", 60, 12000),
            service("Fernwartung", &["Fernzugriff", "Remote-Wartung"], "Technik", 30, 4500),
        ],
        branches: vec![BranchFile {
            staff: ["Hanna Wolf", "Ivo Marković"].map(|name| person(name, Vec::new())).to_vec(),
            ..branch("zentrale", "Zentrale", "BE", "+4930555300", vec![hours("mon-fri", "08:00", "17:00")])
        }],
        ..tenant("helpline-it", "Helpline IT")
    }
}

/// A company whose account is closed: its number must be rejected.
fn gesperrt() -> TenantFile {
    TenantFile {
        active: false,
        branches: vec![branch("studio", "Studio", "HH", "+4940555900", Vec::new())],
        ..tenant("gesperrt", "Studio Gesperrt")
    }
}

fn tenant(slug: &str, name: &str) -> TenantFile {
    TenantFile {
        slug: slug.to_owned(),
        name: name.to_owned(),
        active: true,
        timezone: "Europe/Berlin".to_owned(),
        locale: "de-DE".to_owned(),
        currency: "EUR".to_owned(),
        default_country: "DE".to_owned(),
        call_rate_minor_per_minute: CALL_RATE,
        services: Vec::new(),
        branches: Vec::new(),
        changes: Vec::new(),
        facility_groups: Vec::new(),
    }
}

fn branch(slug: &str, name: &str, state: &str, number: &str, hours: Vec<HoursFile>) -> BranchFile {
    BranchFile {
        slug: slug.to_owned(),
        name: name.to_owned(),
        timezone: None,
        federal_state: Some(state.to_owned()),
        numbers: vec![number.to_owned()],
        hours,
        closed: Vec::new(),
        services: Vec::new(),
        // The product's defaults are the demo's: grid 15 minutes, notice 15 minutes, cancelling until a day before.
        policy: PolicyFile::default(),
        facilities: Vec::new(),
        staff: Vec::new(),
    }
}

fn service(name: &str, synonyms: &[&str], category: &str, minutes: u32, price_minor: i64) -> ServiceFile {
    ServiceFile {
        name: name.to_owned(),
        synonyms: synonyms.iter().map(|word| (*word).to_owned()).collect(),
        category: Some(category.to_owned()),
        minutes: Some(minutes),
        price_minor,
        ..ServiceFile::default()
    }
}

fn person(name: &str, breaks: Vec<BreakFile>) -> StaffFile {
    StaffFile { name: name.to_owned(), breaks, ..StaffFile::default() }
}

fn hours(days: &str, from: &str, until: &str) -> HoursFile {
    HoursFile { days: days.to_owned(), from: from.to_owned(), until: until.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_catalogue() {
        let lengths: Vec<_> = all()
            .iter()
            .flat_map(|tenant| {
                tenant.services.iter().map(|s| (s.name.clone(), s.total_minutes())).collect::<Vec<_>>()
            })
            .map(|(name, minutes)| format!("{name} {minutes}"))
            .collect();
        assert_eq!(
            lengths.join(", "),
            "Herrenhaarschnitt 30, Damenhaarschnitt 45, Waschen und Föhnen 30, Bartpflege 15, Beratung 15, \
             Ansatzfarbe 105, Erstgespräch 60, Krankengymnastik 30, Massage 45, Lymphdrainage 60, Vor-Ort-Termin 60, \
             Fernwartung 30"
        );
    }

    #[test]
    fn salon_people_have_their_break() {
        let tenants = all();
        let altona = &tenants[0].branches[0];
        let working = altona.staff[0].working(altona).unwrap();
        assert!(working.contains(&(2, 540, 750)) && working.contains(&(2, 780, 1080)));
        assert!(working.contains(&(6, 540, 750)) && working.contains(&(6, 780, 840)));
    }
}
