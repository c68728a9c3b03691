//! Where a proof takes place: a whole product whose clock can be put forward, the outside calendar's stand-in, and the
//! history that is kept of it.

use std::time::{Duration, Instant};

use anyhow::Context;
use appointment::waiting::Answered;
use chrono::TimeDelta;
use operations::onboarding::TenantBlueprint;
use serde_json::{Map, Value};
use simulators::calcom::Simulator;
use simulators::retell::Exchange;
use tokio::sync::OnceCell;

use super::checker::{self, Findings};
use super::evidence;
use super::history::{History, Ledger, Posted, Told, typed_id};
use crate::admin::{AskedBy, Office, Said, Shown, Target, WishesCommand, answer, run_task};
use crate::machine::Machine;
use crate::venue::{Line, Venue, status};

/// Longest wait in real time until everything that is due is done.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks whether it is.
const PAUSE: Duration = Duration::from_millis(15);
/// Longer than a lost write may take to show, than any lease, and than a breaker stays open.
const A_WHILE: TimeDelta = TimeDelta::minutes(3);
/// How often an agent asks again before it gives up, and how long a moment is.
const ASKED_AGAIN: u32 = 30;
const ONE_MOMENT: Duration = Duration::from_millis(100);
/// From here on partitions may be missing.
const A_MONTH: TimeDelta = TimeDelta::days(28);
/// Rounds of the worker by which everything has ended: hours of product time.
const ROUNDS: u32 = 40;

/// Jobs and facts. A stored webhook has a job, which may have to wait for its next attempt.
const DUE: &str = "
    SELECT (SELECT count(*) FROM engine.outbox_events WHERE dispatched_at IS NULL)
         + (SELECT count(*) FROM engine.jobs WHERE state = 'leased' OR (state = 'ready' AND run_at <= app.now()))";

/// What will end by itself. Looks at what is answered or over by then, hours or days later, are no work that is left.
const OPEN: &str = "
    SELECT (SELECT count(*) FROM public.calendar_copies WHERE state IN ('due', 'sending', 'unknown'))
         + (SELECT count(*) FROM engine.jobs WHERE kind NOT IN (SELECT name FROM engine.schedules) AND state <> 'dead'
               AND kind NOT IN ('call_about_unanswered_copy', 'lapse_offer', 'expire_wish'))
         + (SELECT count(*) FROM intake.webhook_inbox WHERE state = 'received')
         + (SELECT count(*) FROM public.appointments WHERE status = 'pending')";

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It is an appointment now.
    Accepted,
    /// The offer has ended without one, as was said.
    Settled,
    /// It had ended before, or its time was gone.
    Nothing,
}

/// A product, its surroundings, and what is written down.
pub struct Ground<'a> {
    /// From outside.
    pub venue: &'a Venue,
    machine: &'a Machine,
    calcom: &'a Simulator,
    office: OnceCell<Office>,
    ledger: Ledger,
}

impl<'a> Ground<'a> {
    /// In this product, which goes by this clock and has this calendar.
    #[must_use]
    pub fn new(venue: &'a Venue, machine: &'a Machine, calcom: &'a Simulator) -> Self {
        Self { venue, machine, calcom, office: OnceCell::new(), ledger: Ledger::default() }
    }

    /// Leaves it; the product goes on.
    pub async fn leave(self) {
        if let Some(office) = self.office.into_inner() {
            office.close().await;
        }
    }

    /// For tasks; opened when the first one is to be done.
    async fn office(&self) -> anyhow::Result<&Office> {
        let database = Some(self.venue.ready.database_url.clone());
        let target = Target { database, ready: "unused".into(), person: "proof".to_owned() };
        self.office.get_or_try_init(|| async { Office::open(&target, "prove").await }).await
    }

    /// The outside calendar.
    #[must_use]
    pub const fn calcom(&self) -> &Simulator {
        self.calcom
    }

    /// What is written down.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A caller uses a tool; the answer is written down.
    pub async fn tool(&self, tenant: &str, line: &Line, name: &str, args: Value) -> Exchange {
        let mut answer = line.tool(name, args.clone()).await;
        // "One moment, please": the agent asks again, and hears what came of it.
        for _ in 0..ASKED_AGAIN {
            if status(&answer) != "pending" {
                break;
            }
            self.ledger.told(Told::of(tenant, &line.call_id, name, &answer));
            tokio::time::sleep(ONE_MOMENT).await;
            answer = line.tool(name, args.clone()).await;
        }
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

    /// Lets time pass in a moment: product time and the clock of every part go forward together.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn pass(&self, by: TimeDelta) -> anyhow::Result<()> {
        // What runs in real time over there runs out first: no request takes effect minutes after it was sent.
        self.calcom().requests_done().await;
        sqlx::query("SELECT app.set_product_time(app.now() + $1 * interval '1 microsecond')")
            .bind(by.num_microseconds().context("too long a time")?)
            .execute(&self.venue.administrator)
            .await
            .context("product time")?;
        self.machine.forward(by);
        if by >= A_MONTH {
            // A product that sleeps for half a year is prepared by its operator when it wakes up.
            self.prepare_months().await.context("partitions")?;
        }
        // Its limit runs in real time, of which next to none has passed.
        self.calcom().clear_limits();
        Ok(())
    }

    /// Making a month locks its tables, and gives way to work that has them; the product's schedule would come again as
    /// well.
    async fn prepare_months(&self) -> Result<(), sqlx::Error> {
        const NO_LOCK: &str = "55P03";
        const DEADLOCK: &str = "40P01";
        const ATTEMPTS: u32 = 100;
        for attempt in 1.. {
            let made = sqlx::query("SELECT count(*) FROM app.ensure_partitions(3)");
            match made.execute(&self.venue.administrator).await {
                Err(sqlx::Error::Database(error))
                    if attempt < ATTEMPTS && matches!(error.code().as_deref(), Some(NO_LOCK | DEADLOCK)) => {}
                ended => return ended.map(|_| ()),
            }
        }
        Ok(())
    }

    /// The offers of a company's waiting list that are open.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn open_offers(&self, tenant: &str) -> anyhow::Result<Vec<String>> {
        let list = WishesCommand::List {
            tenant: tenant.to_owned(),
            status: Some("offered".to_owned()),
            shown: Shown::default(),
        };
        let rows = list.run(self.office().await?).await?;
        Ok(rows.iter().filter_map(|row| row["offer"].as_str().map(str::to_owned)).collect())
    }

    /// A person of the company reports what somebody said to an offer; what was accepted is written down. That the offer has
    /// ended meanwhile, or its time is gone, counts for nothing.
    ///
    /// # Errors
    /// If it cannot be reported, or the offer is not known.
    pub async fn report(&self, tenant: &str, offer: &str, said: Said) -> anyhow::Result<Report> {
        match answer(self.office().await?, tenant, offer, said).await? {
            Answered::Booked(made) => {
                let offer = typed_id(offer).context("the id of an offer")?;
                self.ledger.accepted(offer, made.id().as_uuid());
                Ok(Report::Accepted)
            }
            Answered::Settled(_) => Ok(Report::Settled),
            Answered::SettledBefore(_) | Answered::Gone(_) => Ok(Report::Nothing),
            Answered::Unknown => anyhow::bail!("the offer {offer}, which was open, is not known"),
        }
    }

    /// One company more.
    ///
    /// # Errors
    /// If it cannot be one.
    pub async fn found(&self, company: &TenantBlueprint) -> anyhow::Result<()> {
        let office = self.office().await?;
        office.services.onboarding.create(&office.scope, company).await?;
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

    /// Nothing goes wrong any more, and everything ends that can; then both calendars are compared, as the product does it
    /// every quarter of an hour. How many minutes of product time that took.
    ///
    /// # Errors
    /// If the worker stands still.
    pub async fn settle(&self) -> anyhow::Result<i64> {
        self.calcom().clear_faults();
        let minutes = self.finish().await?;
        run_task(self.office().await?, "sync-calcom-bookings", AskedBy::Timetable).await?;
        self.idle().await?;
        Ok(minutes)
    }

    /// Time passes until nothing is open any more, or nothing changes by waiting. How many minutes of product time that
    /// took.
    ///
    /// # Errors
    /// If the worker stands still.
    pub async fn finish(&self) -> anyhow::Result<i64> {
        let mut minutes = 0;
        for _ in 0..ROUNDS {
            self.pass(A_WHILE).await?;
            minutes += A_WHILE.num_minutes();
            run_task(self.office().await?, "push_open_copies", AskedBy::Timetable).await?;
            self.idle().await?;
            let open: i64 = sqlx::query_scalar(OPEN)
                .fetch_one(&self.venue.administrator)
                .await
                .context("what is open")?;
            if open == 0 {
                break;
            }
        }
        Ok(minutes)
    }

    /// Reads both sides and judges.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn judge(&self) -> anyhow::Result<Findings> {
        let mut history = self.ledger.read();
        history.posted.extend(evidence::deliveries(&self.calcom().deliveries()));
        self.judge_by(&history).await
    }

    /// [`judge`](Self::judge) after more time than stored webhooks are kept for, so that none can be asked for.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn judge_without_news(&self) -> anyhow::Result<Findings> {
        let history = History { posted: Vec::new(), ..self.ledger.read() };
        self.judge_by(&history).await
    }

    async fn judge_by(&self, history: &History) -> anyhow::Result<Findings> {
        let rows = evidence::rows(&self.venue.administrator).await?;
        Ok(checker::check(history, &rows, &evidence::outside(&self.calcom().bookings())))
    }
}
