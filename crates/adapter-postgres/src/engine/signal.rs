use std::time::Duration;

use async_trait::async_trait;
use kernel::StoreError;
use operations::engine::JobSignal;
use sqlx::postgres::PgListener;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

/// Channel on which the triggers of the schema `engine` notify.
const CHANNEL: &str = "engine_jobs";

/// How long a worker stays awake after it was woken, and after it found others adding something: what is added meanwhile
/// costs no notification. It grows by half from the shortest to the longest, so that somebody's long transaction lets it
/// look four times in a second, and not more.
const AWAKE: (Duration, Duration) = (Duration::from_millis(3), Duration::from_millis(250));

/// How often a worker that sleeps beside another asks whether that one still does: it may have died.
const BESIDE: Duration = Duration::from_secs(1);

statements! {
    FALL_ASLEEP = "SELECT engine.fall_asleep()";

    WAKE_UP = "SELECT engine.wake_up()";

    FORGET_LOCKS = "SELECT pg_advisory_unlock_all()";
}

/// [`JobSignal`] on Postgres: `LISTEN` on a connection of its own, which the pool lends for as long as this lives.
///
/// Who adds something notifies only while a worker sleeps; the migration of `engine.fall_asleep` says how nothing is
/// missed in between. Here, to sleep is to wait for a notification.
///
/// It listens from the first wait on, so that a worker whose database goes away while it starts is not ended by that: what
/// cannot listen now listens the next time, and is woken once then, since something may have been missed.
#[derive(Debug)]
pub struct PgJobSignal {
    database: Database,
    watch: Mutex<Option<Watch>>,
}

#[derive(Debug)]
struct Watch {
    listener: PgListener,
    rest: Rest,
    awake_for: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Awake,
    /// It holds the lock: whoever adds something notifies.
    Asleep,
    /// Another holds the lock, or did a moment ago.
    Beside,
}

impl PgJobSignal {
    /// Asks nobody yet.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), watch: Mutex::new(None) }
    }

    async fn listen(&self) -> Result<Watch, sqlx::Error> {
        let mut listener = PgListener::connect_with(self.database.pool()).await?;
        listener.listen(CHANNEL).await?;
        // The connection may have been another's here that was given up while it slept.
        sqlx::query(FORGET_LOCKS).execute(&mut listener).await?;
        Ok(Watch { listener, rest: Rest::Awake, awake_for: AWAKE.0 })
    }
}

impl Watch {
    /// Returns when there may be something to see. That is so at each change of how it rests: whoever added something
    /// before it lies down notified nobody.
    async fn next(&mut self) -> Result<(), sqlx::Error> {
        match self.rest {
            Rest::Awake => {
                sleep(self.awake_for).await;
                self.rest = self.lie_down().await?;
                self.awake_for = (self.awake_for * 3 / 2).min(AWAKE.1);
            }
            Rest::Asleep => {
                // `None` is a connection that was lost and replaced: something may have been missed, so it counts as a
                // signal. The lock was lost with it.
                if self.listener.try_recv().await?.is_some() {
                    sqlx::query(WAKE_UP).execute(&mut self.listener).await?;
                }
                self.get_up();
            }
            Rest::Beside => loop {
                if let Ok(notified) = timeout(BESIDE, self.listener.try_recv()).await {
                    notified?;
                    self.get_up();
                    break;
                }
                self.rest = self.lie_down().await?;
                if self.rest != Rest::Beside {
                    break;
                }
            },
        }
        Ok(())
    }

    async fn lie_down(&mut self) -> Result<Rest, sqlx::Error> {
        let state: String = sqlx::query_scalar(FALL_ASLEEP).fetch_one(&mut self.listener).await?;
        Ok(match state.as_str() {
            "asleep" => Rest::Asleep,
            "beside" => Rest::Beside,
            _ => Rest::Awake,
        })
    }

    fn get_up(&mut self) {
        self.rest = Rest::Awake;
        self.awake_for = AWAKE.0;
        self.forget_notifications();
    }

    /// One look for all that has arrived meanwhile.
    fn forget_notifications(&mut self) {
        while self.listener.next_buffered().is_some() {}
    }
}

#[async_trait]
impl JobSignal for PgJobSignal {
    async fn wait(&self) -> Result<(), StoreError> {
        let mut kept = self.watch.lock().await;
        let Some(watch) = kept.as_mut() else {
            *kept = Some(self.listen().await.map_err(store_error)?);
            return Ok(());
        };
        let woken = watch.next().await;
        if woken.is_err() {
            // Nobody knows whether it still holds the lock.
            *kept = None;
        }
        woken.map_err(store_error)
    }
}
