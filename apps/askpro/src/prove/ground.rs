//! Where a proof takes place: a whole product whose clock can be put forward, the outside calendar's stand-in, and the
//! history that is kept of it.

use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::TimeDelta;
use serde_json::{Map, Value};
use simulators::calcom::Simulator;
use simulators::retell::Exchange;

use super::checker::{self, Findings};
use super::evidence;
use super::history::{Ledger, Posted, Told};
use crate::admin::{Office, Target, run_task};
use crate::stage::Stage;
use crate::venue::{Line, Venue};

/// Longest wait in real time until everything that is due is done.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks whether it is.
const PAUSE: Duration = Duration::from_millis(15);
/// Longer than a lost write may take to show, than any lease, and than a breaker stays open.
const A_WHILE: TimeDelta = TimeDelta::minutes(3);
/// Rounds of the worker by which everything has ended: hours of product time.
const ROUNDS: u32 = 40;

const DUE: &str = "
    SELECT (SELECT count(*) FROM intake.webhook_inbox WHERE state = 'received')
         + (SELECT count(*) FROM engine.outbox_events WHERE dispatched_at IS NULL)
         + (SELECT count(*) FROM engine.jobs WHERE state = 'leased' OR (state = 'ready' AND run_at <= app.now()))";

const OPEN: &str = "
    SELECT (SELECT count(*) FROM public.calendar_copies WHERE state IN ('due', 'sending', 'unknown'))
         + (SELECT count(*) FROM engine.jobs WHERE kind NOT IN (SELECT name FROM engine.schedules) AND state <> 'dead')
         + (SELECT count(*) FROM public.appointments WHERE status = 'pending')";

/// A product, its surroundings, and what is written down.
pub struct Ground<'a> {
    /// From outside.
    pub venue: &'a Venue,
    stage: &'a Stage,
    office: Office,
    ledger: Ledger,
}

impl<'a> Ground<'a> {
    /// On this stage.
    ///
    /// # Errors
    /// If its database does not answer.
    pub async fn on(venue: &'a Venue, stage: &'a Stage) -> anyhow::Result<Self> {
        let target = Target { database: Some(venue.ready.database_url.clone()), ready: "unused".into() };
        let office = Office::open(&target, "prove").await?;
        Ok(Self { venue, stage, office, ledger: Ledger::default() })
    }

    /// Leaves it; the stage goes on.
    pub async fn leave(self) {
        self.office.close().await;
    }

    /// The outside calendar.
    #[must_use]
    pub const fn calcom(&self) -> &Simulator {
        self.stage.calcom()
    }

    /// What is written down.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A caller uses a tool; the answer is written down.
    pub async fn tool(&self, tenant: &str, line: &Line, name: &str, args: Value) -> Exchange {
        let answer = line.tool(name, args).await;
        self.ledger.told(Told::of(tenant, &line.call_id, name, &answer));
        answer
    }

    /// The voice provider sends news of a call; whether they were acknowledged is written down.
    pub async fn news(&self, line: &Line, event: &str, more: Map<String, Value>) -> Exchange {
        let body = line.news(event, more);
        let answer = line.post(&body).await;
        self.ledger.posted(Posted::new("retell", event, &line.call_id, body.as_bytes(), answer.succeeded()));
        answer
    }

    /// Lets product time pass.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn pass(&self, by: TimeDelta) -> anyhow::Result<()> {
        self.stage.pass(&self.venue.administrator, by).await?;
        // Its limit runs in real time, of which next to none has passed.
        self.calcom().clear_limits();
        Ok(())
    }

    /// Waits until nothing is due any more.
    ///
    /// # Errors
    /// If that takes too long in real time.
    pub async fn idle(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            self.calcom().settle().await;
            let due: i64 =
                sqlx::query_scalar(DUE).fetch_one(&self.venue.administrator).await.context("what is due")?;
            if due == 0 {
                return Ok(());
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "{due} pieces of work are still due");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Nothing goes wrong any more, and time passes until everything has ended that can; then both calendars are
    /// compared, as the product does it every quarter of an hour. How many minutes of product time that took.
    ///
    /// # Errors
    /// If the worker stands still.
    pub async fn settle(&self) -> anyhow::Result<i64> {
        self.calcom().clear_faults();
        let mut minutes = 0;
        for _ in 0..ROUNDS {
            self.pass(A_WHILE).await?;
            minutes += A_WHILE.num_minutes();
            run_task(&self.office, "push_open_copies").await?;
            self.idle().await?;
            let open: i64 = sqlx::query_scalar(OPEN)
                .fetch_one(&self.venue.administrator)
                .await
                .context("what is open")?;
            if open == 0 {
                break;
            }
        }
        run_task(&self.office, "sync-calcom-bookings").await?;
        self.idle().await?;
        Ok(minutes)
    }

    /// Reads both sides and judges.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn judge(&self) -> anyhow::Result<Findings> {
        let rows = evidence::rows(&self.venue.administrator).await?;
        let mut history = self.ledger.read();
        history.posted.extend(evidence::deliveries(&self.calcom().deliveries()));
        Ok(checker::check(&history, &rows, &evidence::outside(&self.calcom().bookings())))
    }
}
