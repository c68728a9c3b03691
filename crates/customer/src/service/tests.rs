use super::*;
use crate::ports::MockCustomerRepository;
use crate::testing::{InMemoryCustomers, customer};
use chrono::DateTime;
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{Classify, ErrorClass};

const NUMBER: &str = "+491701112233";

fn service_over(customers: Arc<dyn CustomerRepository>) -> CustomerService {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    CustomerService::new(customers, clock, Arc::new(SequentialIds::default()))
}

fn caller() -> Caller {
    Caller::Known(PhoneNumber::from_e164(NUMBER).unwrap())
}

#[tokio::test]
async fn the_number_identifies_within_the_tenant() {
    let store = Arc::new(InMemoryCustomers::default());
    let service = service_over(store.clone());
    let (ours, theirs) = (scope(1, None), scope(2, None));
    let number = caller().number().unwrap().clone();
    assert_eq!(service.identify(&ours, &caller()).await.unwrap(), Identification::Unknown(number.clone()));
    store.add(ours.tenant(), customer(2, "Max Muster", Some(NUMBER)));
    let found = service.identify(&ours, &caller()).await.unwrap();
    assert!(matches!(&found, Identification::Known(c) if c.id() == customer(2, "x1", None).id));
    assert_eq!(found.customers().len(), 1);
    store.add(ours.tenant(), customer(1, "Erika Muster", Some(NUMBER)));
    let found = service.identify(&ours, &caller()).await.unwrap();
    let Identification::SharedNumber(sharing) = &found else {
        panic!("expected a shared number, got {found:?}");
    };
    let oldest_first: Vec<_> = sharing.iter().map(|c| c.name().unwrap().as_str()).collect();
    assert_eq!(oldest_first, ["Erika Muster", "Max Muster"]);

    assert_eq!(service.identify(&theirs, &caller()).await.unwrap(), Identification::Unknown(number));
    assert_eq!(service.find(&theirs, sharing[0].id()).await.unwrap(), None);
    assert_eq!(service.find(&ours, sharing[0].id()).await.unwrap().as_ref(), Some(&sharing[0]));
    let anonymous = service.identify(&ours, &Caller::Anonymous).await.unwrap();
    assert_eq!(anonymous, Identification::Anonymous);
}

#[tokio::test]
async fn a_new_customer_travels_with_the_booking() {
    let store = Arc::new(InMemoryCustomers::default());
    let service = service_over(store.clone());
    let ours = scope(1, None);
    let name = PersonName::clean("Erika Muster").unwrap();
    let party = service.for_booking(&ours, &caller(), Some(name.clone()), None).await.unwrap();
    assert!(party.is_new);
    assert_eq!(service.find(&ours, party.customer.id()).await.unwrap(), None);

    service.commit(&ours, party.write.unwrap()).await.unwrap();
    let email = EmailAddress::parse("erika@example.de").unwrap();
    let known = service.for_booking(&ours, &caller(), Some(name), Some(email)).await.unwrap();
    assert!(!known.is_new);
    let update = known.write.unwrap();
    service.commit(&ours, update.clone()).await.unwrap();
    assert_eq!(service.find(&ours, known.customer.id()).await.unwrap(), Some(known.customer));
    let again = service.commit(&ours, update).await.unwrap_err();
    assert!(matches!(again, CommitError::Stale));
    let names: Vec<_> = store.events().iter().map(|event| event.name).collect();
    assert_eq!(names, CustomerEvent::ALL);
}

#[tokio::test]
async fn another_person_joins_the_number() {
    let store = Arc::new(InMemoryCustomers::default());
    let service = service_over(store.clone());
    let ours = scope(1, None);
    store.add(ours.tenant(), customer(101, "Erika Muster", Some(NUMBER)));
    let name = PersonName::clean("Max Muster").unwrap();
    let party = service.for_other_person(&ours, &caller(), Some(name), None).await.unwrap();
    assert!(party.is_new);
    service.commit(&ours, party.write.unwrap()).await.unwrap();
    let error = service.for_booking(&ours, &caller(), None, None).await.unwrap_err();
    assert!(matches!(&error, PartyError::AskWho(who) if who.len() == 2));
    assert_eq!(error.class(), ErrorClass::CallerMistake);
    assert!(!error.to_string().contains("Muster"));
}

#[tokio::test]
async fn a_row_that_cannot_be_is_a_fault_and_not_a_customer() {
    let mut store = MockCustomerRepository::new();
    store.expect_find_by_phone().returning(|_, _| {
        let mut row = customer(1, "Erika Muster", Some(NUMBER));
        row.anonymous = true;
        Ok(vec![row])
    });
    let service = service_over(Arc::new(store));
    let error = service.identify(&scope(1, None), &caller()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)));
}
