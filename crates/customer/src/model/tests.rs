use super::*;
use crate::testing::customer;

const NUMBER: &str = "+491701112233";

#[test]
fn words_are_stored_and_read() {
    for status in [CustomerStatus::Active, CustomerStatus::Blocked] {
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    for source in [CustomerSource::PhoneCall, CustomerSource::Api, CustomerSource::Import] {
        assert_eq!(source.as_str().parse(), Ok(source));
    }
    assert_eq!("Active".parse::<CustomerStatus>(), Err(CorruptCustomer::Word));
    assert_eq!("".parse::<CustomerSource>(), Err(CorruptCustomer::Word));
}

#[test]
fn what_cannot_be_is_not_restored() {
    let good = customer(1, "Erika Muster", Some(NUMBER));
    assert!(Customer::restore(good.clone()).is_ok());
    let anonymous = CustomerSnapshot { anonymous: true, ..good.clone() };
    assert_eq!(Customer::restore(anonymous), Err(CorruptCustomer::AnonymousWithNumber));
    let unborn = CustomerSnapshot { version: 0, ..good };
    assert_eq!(Customer::restore(unborn), Err(CorruptCustomer::Version));
}

#[test]
fn the_whole_number_proves_identity_and_nothing_less() {
    let erika = Customer::restore(customer(1, "Erika Muster", Some(NUMBER))).unwrap();
    let shows = |text: &str| Caller::Known(PhoneNumber::from_e164(text).unwrap());
    assert!(erika.answers_to(&shows(NUMBER)));
    assert!(!erika.answers_to(&shows("+431701112233")));
    assert!(!erika.answers_to(&Caller::Anonymous));
    let nobody = Customer::restore(customer(2, "Max Muster", None)).unwrap();
    assert!(!nobody.answers_to(&Caller::Anonymous));
}

#[test]
fn a_block_is_a_change_once() {
    let erika = Customer::restore(customer(1, "Erika Muster", Some(NUMBER))).unwrap();
    let blocked = erika.with_status(CustomerStatus::Blocked).unwrap();
    assert!(blocked.is_blocked() && !erika.is_blocked());
    assert_eq!(blocked.snapshot().version, 2);
    assert_eq!(blocked.with_status(CustomerStatus::Blocked), None);
    let CustomerWrite::Update { next, expected } = blocked.update_over(&erika) else {
        panic!("a change is an update");
    };
    assert_eq!((next.version, expected), (2, 1));
}
