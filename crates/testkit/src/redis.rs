//! A Redis for tests.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};
use provision::{ProvisionError, Redis};

use crate::cluster::target_dir;

/// Test programs that may run at once in one checkout; each has a server in a directory of its own.
const MOST_SERVERS: u32 = 64;

/// A running Redis that the tests of this process share, and a prefix for keys that is this value's alone.
#[derive(Debug, Clone)]
pub struct TestRedis {
    url: String,
    prefix: String,
}

impl TestRedis {
    /// The server of this process, started by whoever asks first, and a fresh prefix. It blocks. The server ends with
    /// the process.
    ///
    /// # Panics
    /// If there is no Redis: a test that needs one fails, it is not skipped.
    #[must_use]
    #[expect(clippy::panic, reason = "a test without its server has failed")]
    pub fn fresh() -> Self {
        static SERVER: OnceLock<Result<Redis, String>> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        match SERVER.get_or_init(|| redis_of_ones_own().map_err(|error| format!("{error:#}"))) {
            Ok(server) => {
                let prefix = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
                Self { url: server.url(), prefix }
            }
            Err(error) => panic!("no Redis for tests: {error}"),
        }
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the keys of this value begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// A Redis for one test that will kill or freeze it. It blocks.
///
/// # Errors
/// One line that says why there is none.
pub fn redis_of_ones_own() -> Result<Redis> {
    let base = target_dir()?.join("test-redis");
    for number in 0..MOST_SERVERS {
        match Redis::builder().dir(base.join(number.to_string())).start() {
            // Another test's: its directory is free again when it is over.
            Err(ProvisionError::InUse { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(server) => return Ok(server),
        }
    }
    bail!("{MOST_SERVERS} servers run already in {}", base.display())
}
