//! The start of a process: until its database lets it in and tells the time.

use std::time::Duration;

use adapter_postgres::{Database, NotAdmitted, admitted, product_time, reachable};
use tokio::time::Instant;

use crate::clock::{Measured, ProductClock, measure};
use crate::config::ConfigError;

/// How often a database that does not answer yet is asked again.
const RETRY: Duration = Duration::from_millis(500);
/// How often it is said, in real time, that it still does not: whoever looks at the log finds it on the last page.
const SAID_EVERY: Duration = Duration::from_secs(30);
/// The setting that names the database.
const KEY: &str = "database.url";

/// As whom a process comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It serves companies with the rights of this role: row level security must bind it.
    Product(&'static str),
    /// A person administers.
    Administrator,
}

/// Waits until the database lets this process in, and learns product time from it.
///
/// # Errors
/// [`ConfigError`] if waiting does not help.
pub(super) async fn arrive(
    database: &Database,
    time: &ProductClock,
    arrival: Arrival,
) -> Result<(), ConfigError> {
    let ask = || async {
        match arrival {
            Arrival::Product(role) => admitted(database, role).await?,
            Arrival::Administrator => reachable(database).await?,
        }
        measure(time, || product_time(database)).await.map_err(NotAdmitted::from)
    };
    let say = |cause: &str, waited: Duration| {
        tracing::warn!(key = KEY, cause, waited_s = waited.as_secs(), "the database does not answer yet");
    };
    let measured: Measured = until_answered(ask, say).await?;
    let offset_ms = measured.offset.num_milliseconds();
    if offset_ms.abs() > super::WORTH_TELLING_MS {
        tracing::warn!(offset_ms, "product time is not the machine's time");
    }
    time.set_offset(measured.offset);
    Ok(())
}

/// Asks until there is an answer. Why there is none yet is said at once, and again every [`SAID_EVERY`].
async fn until_answered<T, F>(
    mut ask: impl FnMut() -> F,
    mut say: impl FnMut(&str, Duration),
) -> Result<T, ConfigError>
where
    F: Future<Output = Result<T, NotAdmitted>>,
{
    let begun = Instant::now();
    let mut said: Option<Instant> = None;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(NotAdmitted::NotYet(cause)) => {
                if said.is_none_or(|at| at.elapsed() >= SAID_EVERY) {
                    said = Some(Instant::now());
                    say(&cause, begun.elapsed());
                }
            }
            Err(mistake) => return Err(ConfigError::new(KEY, format!("cannot be used: {mistake}"))),
        }
        tokio::time::sleep(RETRY).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_is_waited_for_and_told_about_now_and_then() {
        let (begun, asked, said) = (Instant::now(), Cell::new(0_u32), RefCell::new(Vec::new()));
        let ask = || {
            asked.set(asked.get() + 1);
            let answer = if begun.elapsed() < Duration::from_secs(100) {
                Err(NotAdmitted::NotYet("connection refused".to_owned()))
            } else {
                Ok(7)
            };
            std::future::ready(answer)
        };
        let say =
            |cause: &str, waited: Duration| said.borrow_mut().push((cause.to_owned(), waited.as_secs()));
        assert_eq!(until_answered(ask, say).await, Ok(7));
        assert_eq!(begun.elapsed().as_secs(), 100);
        assert_eq!(asked.get(), 201);
        let times: Vec<u64> = said.borrow().iter().map(|(_, waited)| *waited).collect();
        assert_eq!(times, [0, 30, 60, 90]);
        assert!(said.borrow().iter().all(|(cause, _)| cause == "connection refused"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_waiting_cannot_mend_ends_the_start_with_the_name_of_the_key() {
        let begun = Instant::now();
        for mistake in [
            NotAdmitted::Refused("password authentication failed for user \"gateway\"".to_owned()),
            NotAdmitted::Unbound { role: "postgres".to_owned(), why: "is a superuser" },
        ] {
            let text = mistake.to_string();
            let ended =
                until_answered(|| std::future::ready(Err::<(), _>(mistake.clone())), |_, _| unreachable!())
                    .await;
            let error = ended.unwrap_err();
            assert_eq!(error.key(), "database.url");
            assert_eq!(error.to_string(), format!("database.url cannot be used: {text}"));
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
