//! The store of calls.

use std::sync::Arc;

use adapter_postgres::{PgCallRepository, PgCallReviews, PgToolTrace};
use operations::said_and_done::{CallReview, CallReviews, Finding, Mismatch};
use port_contracts::call::CallFixture;
use testkit::TestDatabase;
use testkit::scenario::Salon;

use crate::support::now;

async fn fixture() -> CallFixture {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await.with_customer(database.admin_pool()).await;
    let other = Salon::company(database.admin_pool(), 2).await;
    CallFixture {
        calls: Arc::new(PgCallRepository::new(database.worker().clone())),
        trace: Arc::new(PgToolTrace::new(database.gateway().clone())),
        scope: salon.scope,
        branch: salon.branch,
        customer: salon.customer,
        stranger: other.scope,
        strange_branch: other.branch,
        now: now(&database).await,
        guard: Box::new(database),
    }
}

port_contracts::call_contract!(fixture);

#[tokio::test]
async fn whatever_does_not_fit_is_stored_once() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let reviews = PgCallReviews::new(database.worker().clone());
    let opened_at = now(&database).await;
    for is_new in [true, false] {
        for mismatch in Mismatch::ALL {
            let finding =
                Finding { mismatch: *mismatch, sentence: Some("Ihr Termin ist fest gebucht.".to_owned()) };
            let review = CallReview { call: salon.call, finding, opened_at };
            let opened = reviews.open(&salon.scope, &review).await.unwrap();
            assert_eq!(opened, is_new, "{}", mismatch.as_str());
        }
    }
}
