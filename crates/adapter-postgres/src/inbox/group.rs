//! Deliveries that arrive together are stored together: one statement, one commit, one wait for the disk.
//!
//! Nobody waits for company. A delivery that finds nothing on its way is stored at once; what arrives meanwhile gathers, and
//! goes along together when that is done. It does not wait for that if [`COMPANY`] have gathered, or one of them has waited
//! for [`PATIENCE`]: two may be on their way at once. So the group is as large as the load makes it, and a single delivery
//! waits for nothing but its own commit.
//!
//! A group is stored whole or not at all. If it cannot be (a delivery among it is a repetition, the database refuses,
//! whoever stored it was cancelled), each of its members is stored alone, which tells new from duplicate and costs what
//! it always did. A repetition of a commit that nobody heard of is a duplicate, so nothing is stored twice.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use kernel::StoreError;
use operations::ports::ReceivedWebhook;
use sqlx::types::Json;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

/// So many set out although others are on their way, so that one group waits for the disk while the next is written. Few
/// would cost more than they gain: the statement costs as much as some six rows (0.23 ms for one delivery, 0.78 ms for
/// nineteen, `pg_stat_statements`). `askpro bench intake`, alternating: without a second group 11,700 and 12,400 a second, with
/// one of 20 12,600 and 13,800, with one of 12 or of 28 less.
const COMPANY: usize = 20;
/// So long a delivery waits for what is on its way before it sets out beside it: many times what a commit takes, and little
/// for a sender who waits for seconds. Without it one connection that hangs would hold up everybody.
const PATIENCE: Duration = Duration::from_millis(50);
/// Most deliveries of a group. Twice as many connections of a provider as were ever seen on one gateway.
const MOST: usize = 128;
/// Most bytes of bodies in a group, and the longest body that joins one: what is copied for the statement.
const MOST_BYTES: usize = 1 << 20;

statements! {
    /// Without `ON CONFLICT` for the rows: a repetition among them makes the statement fail as a whole, since the gateway
    /// may not look which one it was. In order of the key, so that two groups with the same deliveries do not wait for
    /// each other. Product time is asked for once, as a value of its own and not of each row.
    STORE_GROUP = "
        WITH job AS (
            INSERT INTO engine.jobs
                (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts, correlation)
            SELECT j.kind, j.queue, j.payload, j.priority, coalesce(j.run_at, (SELECT app.now())), j.unique_key, j.serial_key,
                   j.max_attempts, j.correlation
              FROM unnest($10::text[], $11::text[], $12::jsonb[], $13::smallint[], $14::timestamptz[], $15::text[],
                          $16::text[], $17::smallint[], $18::uuid[])
                AS j (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts, correlation)
            ON CONFLICT DO NOTHING
        )
        INSERT INTO intake.webhook_inbox
            (id, provider, event, subject, body_sha256, body, received_at, state, reason)
        SELECT w.id, w.provider, w.event, w.subject, w.body_sha256, w.body, w.received_at, w.state, w.reason
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::timestamptz[],
                      $8::text[], $9::text[])
            AS w (id, provider, event, subject, body_sha256, body, received_at, state, reason)
         ORDER BY w.id";
}

/// A delivery that waits for a turn. Dropped without a word, it is stored alone.
struct Waiting {
    webhook: Arc<ReceivedWebhook>,
    stored: oneshot::Sender<()>,
}

/// Those who wait, and the turns: at most two groups are on their way at once.
#[derive(Debug)]
pub(super) struct Group {
    waiting: Mutex<Vec<Waiting>>,
    /// Who has it takes along whoever waits.
    turn: Semaphore,
    /// Who makes those that wait [`COMPANY`], or has waited for [`PATIENCE`], takes them along.
    second: Semaphore,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.webhook.fmt(f)
    }
}

impl Default for Group {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: Semaphore::new(1), second: Semaphore::new(1) }
    }
}

/// How a delivery that came to the group leaves it.
pub(super) enum Left<'g> {
    /// Stored with others, for the first time.
    Stored,
    /// It has to be stored alone, if need be while it keeps its turn: what arrives meanwhile gathers.
    Alone(Option<SemaphorePermit<'g>>),
}

impl Left<'_> {
    /// Whoever took it along and says nothing has not stored it.
    const fn of(is_stored: bool) -> Self {
        if is_stored { Self::Stored } else { Self::Alone(None) }
    }
}

impl Group {
    /// Stores a delivery with those that wait beside it.
    pub(super) async fn store(&self, database: &Database, webhook: &Arc<ReceivedWebhook>) -> Left<'_> {
        if webhook.body.len() > MOST_BYTES {
            return Left::Alone(None);
        }
        let (stored, mut told) = oneshot::channel();
        let gathered = self.join(Waiting { webhook: Arc::clone(webhook), stored });
        if gathered >= COMPANY
            && let Ok(_second) = self.second.try_acquire()
        {
            store_all(database, self.gather()).await;
        }
        let late = async {
            tokio::time::sleep(PATIENCE).await;
            self.second.acquire().await
        }
        .fuse();
        tokio::pin!(late);
        loop {
            let turn = tokio::select! {
                biased;
                told = &mut told => return Left::of(told.is_ok()),
                turn = self.turn.acquire() => turn,
                turn = &mut late => turn,
            };
            // The semaphores are never closed.
            let Ok(turn) = turn else { return Left::Alone(None) };
            let group = self.gather();
            match group.as_slice() {
                // It is on its way already, with others.
                [] => {
                    drop(turn);
                    return Left::of(told.await.is_ok());
                }
                // Nobody is there to share a commit with.
                [own] if Arc::ptr_eq(&own.webhook, webhook) => return Left::Alone(Some(turn)),
                _ => store_all(database, group).await,
            }
        }
    }

    /// Returns how many wait now.
    fn join(&self, one: Waiting) -> usize {
        let mut waiting = self.lock();
        waiting.push(one);
        waiting.len()
    }

    /// The next group, oldest first. Of deliveries that are one only the first comes along: the others are repetitions of
    /// it, and would keep the whole group from being stored.
    fn gather(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let (mut group, mut later) = (Vec::new(), Vec::new());
        let (mut seen, mut bytes) = (HashSet::new(), 0);
        for member in waiting.drain(..) {
            bytes += member.webhook.body.len();
            let fits = group.len() < MOST && bytes <= MOST_BYTES;
            if fits && seen.insert(member.webhook.id.as_uuid()) {
                group.push(member);
            } else {
                later.push(member);
            }
        }
        *waiting = later;
        group
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores a group and tells its members; if it cannot be stored, they hear nothing and do it alone.
async fn store_all(database: &Database, group: Vec<Waiting>) {
    if group.is_empty() || store_group(database, &group).await.is_err() {
        return;
    }
    for member in group {
        // Whoever does not wait any more has been stored all the same.
        let _ = member.stored.send(());
    }
}

async fn store_group(database: &Database, group: &[Waiting]) -> Result<(), StoreError> {
    let webhooks = || group.iter().map(|member| &*member.webhook);
    let jobs = || webhooks().filter_map(|webhook| webhook.job.as_ref().map(|job| (webhook, job)));
    sqlx::query(STORE_GROUP)
        .bind(webhooks().map(|w| w.id.as_uuid()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.provider.code()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.event.as_str()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.subject.as_str()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.body_sha256.as_slice()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.body.as_slice()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.received_at).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.state.code()).collect::<Vec<_>>())
        .bind(webhooks().map(|w| w.reason.as_deref()).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.kind).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.queue).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| Json(&j.payload)).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.priority).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.run_at).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.unique_key.as_deref()).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.serial_key.as_deref()).collect::<Vec<_>>())
        .bind(jobs().map(|(_, j)| j.max_attempts).collect::<Vec<_>>())
        .bind(jobs().map(|(w, _)| w.correlation.as_uuid()).collect::<Vec<_>>())
        .execute(database)
        .await
        .map(|_| ())
        .map_err(store_error)
}
