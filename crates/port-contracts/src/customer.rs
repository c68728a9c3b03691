//! What every store of customers does: [`CustomerRepository`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::customer_contract!(fixture);` where
//! `fixture` is an `async fn() -> CustomerFixture` that starts from an empty store each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

use std::any::Any;
use std::sync::Arc;

use chrono::TimeDelta;
use customer::model::MAX_SHARING;
use customer::testing::customer;
use customer::{CustomerRepository, CustomerSnapshot, CustomerSource, CustomerStatus, CustomerWrite};
use kernel::{
    ChangeSet, Claim, CommitError, CustomerId, EmailAddress, IdempotencyKey, PersonName, PhoneNumber,
    RandomIds, RequestHash, TenantScope,
};
use serde_json::json;

/// A store without customers.
pub struct CustomerFixture {
    /// The store.
    pub customers: Arc<dyn CustomerRepository>,
    /// A tenant.
    pub scope: TenantScope,
    /// Another tenant.
    pub stranger: TenantScope,
    /// Whatever must live as long as the fixture (a database).
    pub guard: Box<dyn Any + Send>,
}

/// Runs every rule of the store of customers as a test of its own.
#[macro_export]
macro_rules! customer_contract {
    ($fixture:path) => {
        $crate::customer_contract!(@each $fixture;
            a_customer_comes_back,
            those_who_share_a_number_come_oldest_first,
            a_number_is_matched_digit_by_digit,
            a_customer_is_changed_in_turn,
            a_stranger_meets_no_customer,
            a_change_of_customers_is_all_or_nothing,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::customer::$rule(&$fixture().await).await;
            }
        )+
    };
}

const NUMBER: &str = "+491701112233";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

/// A customer with an id of its own; `age` orders customers, a greater one is younger.
fn fresh(age: u32, name: &str, phone: Option<&str>) -> CustomerSnapshot {
    CustomerSnapshot { id: CustomerId::generate(&RandomIds), ..customer(age, name, phone) }
}

async fn insert(fixture: &CustomerFixture, rows: &[CustomerSnapshot]) {
    let change = rows.iter().cloned().map(CustomerWrite::Insert).fold(ChangeSet::new(), ChangeSet::write);
    fixture.customers.commit(&fixture.scope, change).await.unwrap();
}

async fn stored(fixture: &CustomerFixture, id: CustomerId) -> Option<CustomerSnapshot> {
    fixture.customers.find(&fixture.scope, id).await.unwrap()
}

/// Every field, with everything and with nothing that may be missing.
pub async fn a_customer_comes_back(fixture: &CustomerFixture) {
    let whole = CustomerSnapshot {
        email: Some(EmailAddress::parse("jörg@example.de").unwrap()),
        status: CustomerStatus::Blocked,
        source: CustomerSource::Import,
        version: 7,
        ..fresh(1, "Jörg \"O'Neill\" Groß-Yılmaz", Some(NUMBER))
    };
    let bare = CustomerSnapshot { name: None, source: CustomerSource::Api, ..fresh(2, "niemand", None) };
    insert(fixture, &[whole.clone(), bare.clone()]).await;
    assert_eq!(stored(fixture, whole.id).await, Some(whole));
    assert_eq!(stored(fixture, bare.id).await, Some(bare));
    assert_eq!(stored(fixture, CustomerId::generate(&RandomIds)).await, None);
}

/// By creation, then id; blocked ones too; never more than a number says anything about.
pub async fn those_who_share_a_number_come_oldest_first(fixture: &CustomerFixture) {
    let mut family: Vec<CustomerSnapshot> = (1..=u32::try_from(MAX_SHARING + 2).unwrap())
        .map(|age| fresh(age, "Erika Muster", Some(NUMBER)))
        .collect();
    family[1].status = CustomerStatus::Blocked;
    // Two of the same instant are told apart by id.
    family[4].created_at = family[3].created_at;
    let mut shuffled = family.clone();
    shuffled.rotate_left(5);
    shuffled.swap(0, 3);
    insert(fixture, &shuffled).await;
    family.sort_by_key(|row| (row.created_at, row.id));
    family.truncate(MAX_SHARING);
    let found = fixture.customers.find_by_phone(&fixture.scope, &number(NUMBER)).await;
    assert_eq!(found.unwrap(), family);
}

/// A number that only ends alike is another number, and who has none is found by none.
pub async fn a_number_is_matched_digit_by_digit(fixture: &CustomerFixture) {
    let (known, anonymous) = (fresh(1, "Erika Muster", Some(NUMBER)), fresh(2, "Erika Muster", None));
    insert(fixture, &[known.clone(), anonymous]).await;
    let found = fixture.customers.find_by_phone(&fixture.scope, &number(NUMBER)).await;
    assert_eq!(found.unwrap(), [known]);
    for other in ["+431701112233", "+49170111223", "+4917011122330", "+1701112233"] {
        let found = fixture.customers.find_by_phone(&fixture.scope, &number(other)).await;
        assert!(found.unwrap().is_empty(), "{other}");
    }
}

/// An update needs the version it was decided on; the loser writes nothing.
pub async fn a_customer_is_changed_in_turn(fixture: &CustomerFixture) {
    let first = fresh(1, "Erika Muster", Some(NUMBER));
    insert(fixture, std::slice::from_ref(&first)).await;
    let next = CustomerSnapshot {
        name: Some(PersonName::clean("Erika Neu").unwrap()),
        email: Some(EmailAddress::parse("neu@example.de").unwrap()),
        phone: Some(number("+491709999999")),
        status: CustomerStatus::Blocked,
        version: 2,
        ..first.clone()
    };
    let update = |next: &CustomerSnapshot, expected| {
        let next = next.clone();
        ChangeSet::one(CustomerWrite::Update { next, expected })
    };
    let commit = |change| fixture.customers.commit(&fixture.scope, change);
    commit(update(&next, 1)).await.unwrap();
    assert_eq!(stored(fixture, next.id).await, Some(next.clone()));
    let late = CustomerSnapshot { email: None, ..next.clone() };
    let result = commit(update(&late, 1)).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    let unknown = fresh(2, "Niemand Da", None);
    let result = commit(update(&unknown, 1)).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    assert_eq!(stored(fixture, next.id).await, Some(next));
}

/// Another tenant neither reads nor changes, also with id and version in hand.
pub async fn a_stranger_meets_no_customer(fixture: &CustomerFixture) {
    let row = fresh(1, "Erika Muster", Some(NUMBER));
    insert(fixture, std::slice::from_ref(&row)).await;
    let store = &fixture.customers;
    assert_eq!(store.find(&fixture.stranger, row.id).await.unwrap(), None);
    let found = store.find_by_phone(&fixture.stranger, &number(NUMBER)).await;
    assert!(found.unwrap().is_empty());
    let next = CustomerSnapshot { version: 2, ..row.clone() };
    let change = ChangeSet::one(CustomerWrite::Update { next, expected: 1 });
    let result = store.commit(&fixture.stranger, change).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    assert_eq!(stored(fixture, row.id).await, Some(row));
}

/// A write that fails takes those before it along, and a repeated claim writes nothing.
pub async fn a_change_of_customers_is_all_or_nothing(fixture: &CustomerFixture) {
    let (first, second) = (fresh(1, "Erika Muster", None), fresh(2, "Max Muster", None));
    insert(fixture, std::slice::from_ref(&first)).await;
    let change = ChangeSet::new()
        .write(CustomerWrite::Insert(second.clone()))
        .write(CustomerWrite::Insert(first.clone()));
    let result = fixture.customers.commit(&fixture.scope, change).await;
    assert!(matches!(result, Err(CommitError::Refused { .. })), "{result:?}");
    assert_eq!(stored(fixture, second.id).await, None);

    let claimed = |row: &CustomerSnapshot| {
        ChangeSet::one(CustomerWrite::Insert(row.clone())).claim(Some(Claim {
            key: IdempotencyKey::new("one and the same"),
            request: RequestHash([3; 32]),
            outcome: json!({"done": true}),
        }))
    };
    let third = CustomerSnapshot {
        created_at: second.created_at + TimeDelta::days(1),
        ..fresh(3, "Dritte Person", None)
    };
    let commit = |change| fixture.customers.commit(&fixture.scope, change);
    commit(claimed(&second)).await.unwrap();
    let result = commit(claimed(&third)).await;
    assert!(matches!(result, Err(CommitError::AlreadyClaimed)), "{result:?}");
    assert_eq!(stored(fixture, third.id).await, None);
    assert_eq!(stored(fixture, second.id).await, Some(second));
}
