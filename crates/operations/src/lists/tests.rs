use std::sync::Mutex;

use async_trait::async_trait;
use kernel::CustomerId;
use kernel::testing::scope;
use proptest::prelude::*;

use super::*;
use crate::ports::{
    MockAppointmentListQueries, MockCallListQueries, MockCallbackListQueries, MockWishListQueries,
};

/// Customers as a store would list them.
#[derive(Default)]
struct Customers(Mutex<Vec<CustomerListItem>>);

#[async_trait]
impl CustomerListQueries for Customers {
    async fn list_customers(
        &self,
        _: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CustomerListItem>, StoreError> {
        let mut all = self.0.lock().unwrap().clone();
        all.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id.as_uuid())));
        all.retain(|row| {
            filter.after.is_none_or(|after| (row.created_at, row.id.as_uuid()) < (after.at, after.id))
        });
        all.truncate(usize::try_from(rows).unwrap());
        Ok(all)
    }
}

fn row(second: i64, id: u128) -> CustomerListItem {
    CustomerListItem {
        id: CustomerId::from_uuid(Uuid::from_u128(id)),
        name: None,
        phone: None,
        email: None,
        anonymous: false,
        status: "active".to_owned(),
        created_at: DateTime::from_timestamp(second, 0).unwrap(),
    }
}

fn lists(customers: Arc<Customers>) -> Lists {
    Lists::new(
        Arc::new(MockCallListQueries::new()),
        Arc::new(MockAppointmentListQueries::new()),
        customers,
        Arc::new(MockCallbackListQueries::new()),
        Arc::new(MockWishListQueries::new()),
    )
}

async fn walk(lists: &Lists, limit: u32) -> Vec<CustomerListItem> {
    let mut request = PageRequest { limit: Some(limit), ..PageRequest::default() };
    let mut all = Vec::new();
    loop {
        let page = lists.customers(&scope(1, None), &request).await.unwrap();
        assert!(page.items.len() <= usize::try_from(limit).unwrap());
        all.extend(page.items);
        match page.next_cursor {
            Some(cursor) => request.cursor = Some(cursor),
            None => return all,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_together_are_the_list(
        seconds in proptest::collection::vec(0_i64..5, 0..30),
        limit in 1_u32..8,
    ) {
        let rows: Vec<_> = seconds.iter().zip(1..).map(|(second, id)| row(*second, id)).collect();
        let mut expected = rows.clone();
        expected.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id.as_uuid())));
        let lists = lists(Arc::new(Customers(Mutex::new(rows))));
        let walked = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(walk(&lists, limit));
        prop_assert_eq!(walked, expected);
    }

    #[test]
    fn a_cursor_reads_back_and_only_in_its_own_list(micros in -1_000_000_000_000_i64..4_000_000_000_000_000, id: u128) {
        let position = Position {
            at: DateTime::from_timestamp_micros(micros).unwrap(),
            id: Uuid::from_u128(id),
        };
        let text = write_cursor(ListKind::Calls, position);
        prop_assert_eq!(read_cursor(ListKind::Calls, &text), Some(position));
        prop_assert_eq!(read_cursor(ListKind::Customers, &text), None);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,60}", digits in "[0-9a-f]{48,52}") {
        let _ = read_cursor(ListKind::Calls, &text);
        let _ = read_cursor(ListKind::Calls, &digits);
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_by_name() {
    let lists = lists(Arc::default());
    let scope = scope(1, None);
    let at = |second| DateTime::from_timestamp(second, 0);
    for (request, expected) in [
        (PageRequest { limit: Some(0), ..PageRequest::default() }, "`limit` must be 1 to 100"),
        (PageRequest { limit: Some(101), ..PageRequest::default() }, "`limit` must be 1 to 100"),
        (
            PageRequest { cursor: Some("zz".to_owned()), ..PageRequest::default() },
            "`cursor` is not a cursor of this list",
        ),
        (
            PageRequest { status: Some("confirmed".to_owned()), ..PageRequest::default() },
            "`status` is not a status of this list",
        ),
        (PageRequest { from: at(9), until: at(9), ..PageRequest::default() }, "`to` must be after `from`"),
    ] {
        let error = lists.customers(&scope, &request).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.class(), ErrorClass::CallerMistake);
    }
}

fn counted(status: &str, calls: i64, duration_ms: i64) -> CallCount {
    CallCount { status: status.to_owned(), calls, duration_ms }
}

fn counting(found: Vec<CallCount>) -> Lists {
    let mut calls = MockCallListQueries::new();
    calls.expect_count_calls().returning(move |_, filter| {
        let wanted = |count: &&CallCount| filter.status.as_ref().is_none_or(|status| *status == count.status);
        Ok(found.iter().filter(wanted).cloned().collect())
    });
    Lists::new(
        Arc::new(calls),
        Arc::new(MockAppointmentListQueries::new()),
        Arc::new(Customers::default()),
        Arc::new(MockCallbackListQueries::new()),
        Arc::new(MockWishListQueries::new()),
    )
}

#[tokio::test]
async fn counters_name_every_status_that_was_asked_for() {
    let lists = counting(vec![counted("failed", 1, 500), counted("ended", 2, 61_000)]);
    let all = lists.call_counters(&scope(1, None), &PageRequest::default()).await.unwrap();
    assert_eq!((all.calls, all.duration_ms), (3, 61_500));
    let expected = [
        counted("ongoing", 0, 0),
        counted("ended", 2, 61_000),
        counted("analyzed", 0, 0),
        counted("failed", 1, 500),
    ];
    assert_eq!(all.by_status, expected);

    for (status, expected) in
        [("ended", counted("ended", 2, 61_000)), ("analyzed", counted("analyzed", 0, 0))]
    {
        let request = PageRequest { status: Some(status.to_owned()), ..PageRequest::default() };
        let one = lists.call_counters(&scope(1, None), &request).await.unwrap();
        assert_eq!((one.calls, one.duration_ms), (expected.calls, expected.duration_ms));
        assert_eq!(one.by_status, [expected]);
    }
}

#[tokio::test]
async fn counters_refuse_what_the_list_refuses_and_what_turns_pages() {
    let lists = counting(Vec::new());
    let at = |second| DateTime::from_timestamp(second, 0);
    for (request, expected) in [
        (
            PageRequest { status: Some("gone".to_owned()), ..PageRequest::default() },
            "`status` is not a status of this list",
        ),
        (PageRequest { from: at(9), until: at(8), ..PageRequest::default() }, "`to` must be after `from`"),
        (PageRequest { limit: Some(5), ..PageRequest::default() }, "there is no `limit` in this list"),
        (
            PageRequest { cursor: Some(String::new()), ..PageRequest::default() },
            "there is no `cursor` in this list",
        ),
    ] {
        let error = lists.call_counters(&scope(1, None), &request).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.class()), (expected, ErrorClass::CallerMistake));
    }
}
