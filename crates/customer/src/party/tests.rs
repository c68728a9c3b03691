use super::*;
use crate::model::CustomerStatus;
use crate::testing::customer;
use chrono::TimeDelta;
use kernel::PhoneNumber;
use proptest::prelude::*;
use uuid::Uuid;

const NUMBER: &str = "+491701112233";

fn known(number: u32, name: &str) -> Customer {
    Customer::restore(customer(number, name, Some(NUMBER))).unwrap()
}

fn blocked(number: u32, name: &str) -> Customer {
    known(number, name).with_status(CustomerStatus::Blocked).unwrap()
}

fn caller() -> Caller {
    Caller::Known(PhoneNumber::from_e164(NUMBER).unwrap())
}

fn name(text: &str) -> PersonName {
    PersonName::clean(text).unwrap()
}

fn mail(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn new_id() -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(999))
}

fn now() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_500)
}

fn decide(existing: &[Customer], caller: &Caller, said: Option<&str>, email: Option<&str>) -> PartyDecision {
    let (said, email) = (said.map(name), email.map(mail));
    decide_booking_party(existing, caller, said.as_ref(), email.as_ref(), now(), new_id())
}

fn other(existing: &[Customer], caller: &Caller, said: Option<&str>) -> PartyDecision {
    let said = said.map(name);
    decide_other_person(existing, caller, said.as_ref(), None, now(), new_id())
}

fn taken(decision: &PartyDecision) -> Option<CustomerId> {
    match decision {
        PartyDecision::Existing { id, .. } => Some(*id),
        _ => None,
    }
}

#[test]
fn the_number_decides_whatever_name_is_understood() {
    let existing = [known(1, "Erika Muster")];
    for (said, differs) in [
        (None, false),
        (Some("Erika Muster"), false),
        (Some("Frau ERIKA MUSTER"), false),
        (Some("Erica Mustermann"), true),
    ] {
        let decision = decide(&existing, &caller(), said, None);
        let expected = PartyDecision::Existing { id: existing[0].id(), update: None, name_differs: differs };
        assert_eq!(decision, expected, "{said:?}");
    }
}

#[test]
fn an_address_is_learnt_and_a_name_only_where_there_is_none() {
    let existing = [known(1, "Erika Muster")];
    let decision = decide(&existing, &caller(), Some("Erika Muster"), Some("erika@example.de"));
    let party = decision.into_party(&existing).unwrap();
    assert_eq!(party.customer.email(), Some(&mail("erika@example.de")));
    assert_eq!(party.customer.snapshot().version, 2);
    assert!(matches!(party.write, Some(CustomerWrite::Update { expected: 1, .. })));

    // A second time there is nothing to learn.
    let existing = [party.customer];
    let decision = decide(&existing, &caller(), None, Some("erika@example.de"));
    assert!(matches!(decision, PartyDecision::Existing { update: None, .. }));

    // Said under another name, the address does not replace the known one.
    let decision = decide(&existing, &caller(), Some("Max Muster"), Some("max@example.de"));
    assert!(matches!(decision, PartyDecision::Existing { update: None, name_differs: true, .. }));

    let mut nameless = customer(1, "x1", Some(NUMBER));
    nameless.name = None;
    let existing = [Customer::restore(nameless).unwrap()];
    assert_eq!(decide(&existing, &caller(), None, None), PartyDecision::NameRequired);
    let party = decide(&existing, &caller(), Some("Erika Muster"), None).into_party(&existing).unwrap();
    assert_eq!(party.customer.name(), Some(&name("Erika Muster")));
    assert!(!party.name_differs && !party.is_new);
}

#[test]
fn a_shared_number_needs_a_name_that_only_one_has() {
    let existing = [known(1, "Erika Müller"), known(2, "Max Müller")];
    for said in ["max mueller", "Max", "Herr Max Müller"] {
        assert_eq!(taken(&decide(&existing, &caller(), Some(said), None)), Some(existing[1].id()), "{said}");
    }
    for said in [None, Some("Müller"), Some("Maxi Müller"), Some("Herr Max")] {
        assert_eq!(
            decide(&existing, &caller(), said, None),
            PartyDecision::AskWho(existing.to_vec()),
            "{said:?}"
        );
    }
    // However it was heard.
    let family = [known(1, "Lena Berger"), known(2, "Jonas Berger")];
    for said in ["Lehna Berger", "Lena Bergner", "Leena", "Lena Maria Berger", "Lena B."] {
        assert_eq!(taken(&decide(&family, &caller(), Some(said), None)), Some(family[0].id()), "{said}");
    }
    for said in ["Berger", "Sabine Berger", "Leo Berger", "Jona Berger", "B", "für Lena"] {
        assert!(matches!(decide(&family, &caller(), Some(said), None), PartyDecision::AskWho(_)), "{said}");
    }
    assert_eq!(taken(&other(&family, &caller(), Some("Yonas Berger"))), Some(family[1].id()));
    // Who is known by a surname alone is none of whom only that is the same.
    let mother = [known(1, "Frau Berger"), known(2, "Jonas Berger")];
    assert!(matches!(decide(&mother, &caller(), Some("Lina Berger"), None), PartyDecision::AskWho(_)));
    assert_eq!(taken(&other(&mother, &caller(), Some("Lina Berger"))), None);
    // A title tells two people apart whose name is the same.
    let couple = [known(1, "Herr Berger"), known(2, "Frau Berger")];
    assert!(matches!(decide(&couple, &caller(), Some("Berger"), None), PartyDecision::AskWho(_)));
    assert!(matches!(other(&couple, &caller(), Some("Berger")), PartyDecision::AskWho(_)));
    assert_eq!(taken(&decide(&couple, &caller(), Some("Frau Berger"), None)), Some(couple[1].id()));
    // Who is for another person is none whose name has only a part of it said.
    assert_eq!(taken(&other(&existing, &caller(), Some("Max"))), None);
    // Two entries of one name: the older one.
    let twice = [known(1, "Erika Müller"), known(2, "Erika Mueller")];
    assert_eq!(taken(&decide(&twice, &caller(), Some("Erika Müller"), None)), Some(twice[0].id()));
    assert!(one_person(&twice) && !one_person(&existing) && !one_person(&[]));
    assert_eq!(
        taken(&decide(&twice, &caller(), None, None)),
        Some(twice[0].id()),
        "nobody needs to be told apart"
    );
    assert_eq!(decide(&twice, &caller(), Some("Max Müller"), None), PartyDecision::AskWho(twice.to_vec()));
    let closed = [known(1, "Erika Müller"), blocked(2, "Erika Müller")];
    assert_eq!(decide(&closed, &caller(), None, None), PartyDecision::Blocked);
}

#[test]
fn a_block_cannot_be_talked_away() {
    let alone = [blocked(1, "Erika Muster")];
    for said in [None, Some("Erika Muster"), Some("Maria Neu")] {
        assert_eq!(decide(&alone, &caller(), said, None), PartyDecision::Blocked);
        assert_eq!(other(&alone, &caller(), said), PartyDecision::Blocked);
    }
    let mixed = [known(1, "Max Muster"), blocked(2, "Erika Muster")];
    assert_eq!(decide(&mixed, &caller(), Some("Erika Muster"), None), PartyDecision::Blocked);
    assert_eq!(other(&mixed, &caller(), Some("Erika Muster")), PartyDecision::Blocked);
    assert_eq!(decide(&mixed, &caller(), None, None), PartyDecision::AskWho(vec![mixed[0].clone()]));
    let twice = [known(1, "Erika Muster"), blocked(2, "Erika Muster")];
    assert_eq!(decide(&twice, &caller(), Some("Erika Muster"), None), PartyDecision::Blocked);
}

#[test]
fn a_new_number_is_a_new_customer_with_a_name() {
    assert_eq!(decide(&[], &caller(), None, None), PartyDecision::NameRequired);
    let party =
        decide(&[], &caller(), Some("Erika Muster"), Some("erika@example.de")).into_party(&[]).unwrap();
    assert!(party.is_new && !party.customer.is_anonymous());
    assert!(party.customer.answers_to(&caller()));
    assert_eq!(party.customer.snapshot().created_at, now());
    assert!(matches!(party.write, Some(CustomerWrite::Insert(_))));
}

#[test]
fn a_caller_without_a_number_is_never_recognised() {
    let existing = [known(1, "Erika Muster")];
    let party =
        decide(&existing, &Caller::Anonymous, Some("Erika Muster"), None).into_party(&existing).unwrap();
    assert!(party.is_new && party.customer.is_anonymous());
    assert_eq!(party.customer.phone(), None);
    assert!(!party.customer.answers_to(&Caller::Anonymous));
    assert_eq!(decide(&existing, &Caller::Anonymous, None, None), PartyDecision::NameRequired);
}

#[test]
fn another_person_may_share_the_number() {
    let existing = [known(1, "Erika Muster")];
    assert_eq!(other(&existing, &caller(), None), PartyDecision::NameRequired);
    let party = other(&existing, &caller(), Some("Max Muster")).into_party(&existing).unwrap();
    assert!(party.is_new && party.customer.answers_to(&caller()));
    assert_eq!(taken(&other(&existing, &caller(), Some("Erika Muster"))), Some(existing[0].id()));
    // Where one is known it is another one, however alike they sound.
    assert_eq!(taken(&other(&existing, &caller(), Some("Erica Muster"))), None);
}

fn any_customer() -> impl Strategy<Value = Customer> {
    let names = prop::sample::select(vec!["Erika Muster", "Max Muster", "Jörg Groß"]);
    (1..9_u32, names, any::<bool>()).prop_map(
        |(number, name, bar)| {
            if bar { blocked(number, name) } else { known(number, name) }
        },
    )
}

proptest! {
    #[test]
    fn decisions_keep_the_rules(
        existing in prop::collection::vec(any_customer(), 0..4),
        anonymous: bool,
        said in prop::option::of(prop::sample::select(vec!["Erika Muster", "joerg gross", "Neu Hier"])),
        another: bool,
    ) {
        let caller = if anonymous { Caller::Anonymous } else { caller() };
        let decision = if another {
            other(&existing, &caller, said)
        } else {
            decide(&existing, &caller, said, Some("a@example.de"))
        };
        match &decision {
            PartyDecision::Existing { id, update, .. } => {
                prop_assert!(!anonymous);
                let chosen = existing.iter().find(|c| c.id() == *id && !c.is_blocked());
                prop_assert!(chosen.is_some());
                if let Some(CustomerWrite::Update { next, .. }) = update {
                    prop_assert!(existing.iter().any(|c| c.id() == *id && c.name() == next.name.as_ref()));
                }
            }
            PartyDecision::Create(new) => {
                prop_assert_eq!(new.anonymous, anonymous);
                prop_assert_eq!(new.phone.is_none(), anonymous);
                prop_assert!(new.name.is_some());
                prop_assert!(Customer::restore(new.clone()).is_ok());
            }
            PartyDecision::AskWho(candidates) => {
                prop_assert!(!candidates.is_empty() && !anonymous);
                prop_assert!(candidates.iter().all(|c| !c.is_blocked()));
            }
            PartyDecision::NameRequired => prop_assert!(said.is_none()),
            PartyDecision::Blocked => prop_assert!(existing.iter().any(Customer::is_blocked)),
        }
    }
}
