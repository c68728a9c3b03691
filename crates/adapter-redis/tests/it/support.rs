//! Two gateways on one Redis.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter_redis::{Redis, RedisConfig};
use async_trait::async_trait;
use kernel::{CallId, PhoneNumber, TenantId, TenantScope};
use testkit::TestRedis;
use voice::{CallMemory, CallNotes, FailedIdentifications};

/// Longer than the product waits: a busy machine is not what these tests are about.
const PATIENT: Duration = Duration::from_secs(10);

pub(crate) fn config(url: &str, prefix: &str) -> RedisConfig {
    let mut config = RedisConfig::new(url);
    config.prefix = prefix.to_owned();
    config.timeout = PATIENT;
    config
}

/// The connections of two gateways.
pub(crate) fn two() -> [Redis; 2] {
    let server = TestRedis::fresh();
    [(); 2].map(|()| Redis::lazily(&config(server.url(), server.prefix())).unwrap())
}

/// Notes in the memory of a process.
#[derive(Default)]
pub(crate) struct LocalNotes(Mutex<std::collections::HashMap<(TenantId, CallId), CallNotes>>);

#[async_trait]
impl CallMemory for LocalNotes {
    async fn recall(&self, scope: &TenantScope, call: CallId) -> CallNotes {
        self.0.lock().unwrap().get(&(scope.tenant(), call)).cloned().unwrap_or_default()
    }

    async fn remember(&self, scope: &TenantScope, call: CallId, notes: CallNotes) {
        self.0.lock().unwrap().insert((scope.tenant(), call), notes);
    }
}

/// A memory that counts nothing, so that only what is shared counts.
pub(crate) struct NoAttempts;

#[async_trait]
impl FailedIdentifications for NoAttempts {
    async fn take(&self, _: &TenantScope, _: &PhoneNumber) -> Option<Duration> {
        None
    }

    async fn give_back(&self, _: &TenantScope, _: &PhoneNumber) {}
}

pub(crate) fn local_notes() -> Arc<dyn CallMemory> {
    Arc::new(LocalNotes::default())
}
