//! Breakers and budgets of accounts that several processes use.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use appointment::calendar::{AccountPacing, ConnectionId, Errand, Heard, Lane, Leave, PacingPolicy};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_redis::redis::Script;
use kernel::{Clock, TenantScope};
use uuid::Uuid;

use crate::key::{CacheKey, Kind};
use crate::link::Redis;

/// A probe that nobody answers for is given up after this: longer than any request may take. Until then no other one is
/// sent.
const PROBE: TimeDelta = TimeDelta::seconds(20);

/// How much longer than its rules a breaker is remembered; an account that nobody used for so long begins anew, closed,
/// as it does in a process that has just started.
const LINGER: TimeDelta = TimeDelta::seconds(60);

/// Asks the breaker, then the budget; takes a token if both agree, and says the breaker's state and how many tokens are left. In
/// one step, so that of many gateways that ask at the same moment one sends the probe, and no window sees more requests than it
/// has tokens.
const ADMIT: &str = r"
local now, open_for, probe_for, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local requests, reserve, window = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local known = redis.call('HMGET', KEYS[1], 'state', 'since', 'epoch', 'probe')
local state, since = known[1] or 'closed', math.min(tonumber(known[2] or now), now)
local epoch, probe = tonumber(known[3] or 0), tonumber(known[4] or 0)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - window)
local left = requests - redis.call('ZCARD', KEYS[2])
if state == 'open' then
  if now - since < open_for then return {'open', 0, state, left} end
  state, epoch, probe = 'half', epoch + 1, 0
  redis.call('HSET', KEYS[1], 'state', state, 'since', now, 'epoch', epoch, 'probe', 0, 'probes', 0)
  redis.call('HDEL', KEYS[1], 'failures')
  redis.call('PEXPIRE', KEYS[1], life)
end
if state == 'half' and probe > now and probe <= now + probe_for then return {'open', 0, state, left} end
if tonumber(redis.call('GET', KEYS[3]) or 0) > now then return {'limited', 0, state, 0} end
if left <= reserve then return {'limited', 0, state, left} end
redis.call('ZADD', KEYS[2], now, ARGV[8])
redis.call('PEXPIRE', KEYS[2], window)
if state == 'half' then redis.call('HSET', KEYS[1], 'probe', now + probe_for) end
return {'granted', epoch, state, left - 1}
";

/// Takes a leave back. Answers with the new state if there is one.
const SETTLE: &str = r"
local now, epoch, heard, life = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local failures, within, successes, block = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
if heard == 'enough' then
  redis.call('SET', KEYS[2], now + block, 'PX', block)
  heard = 'failed'
end
local known = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'probes', 'failures')
local state, current = known[1] or 'closed', tonumber(known[2] or 0)
if current ~= epoch or state == 'open' then return '' end
local function turn(to)
  redis.call('HSET', KEYS[1], 'state', to, 'since', now, 'epoch', epoch + 1, 'probe', 0, 'probes', 0)
  redis.call('HDEL', KEYS[1], 'failures')
  redis.call('PEXPIRE', KEYS[1], life)
  return to
end
if state == 'closed' then
  if heard == 'answered' then redis.call('HDEL', KEYS[1], 'failures') end
  if heard ~= 'failed' then return '' end
  local kept = {}
  for told in string.gmatch(known[4] or '', '%d+') do
    if now - tonumber(told) <= within then kept[#kept + 1] = told end
  end
  kept[#kept + 1] = string.format('%d', now)
  if #kept >= failures then return turn('open') end
  redis.call('HSET', KEYS[1], 'failures', table.concat(kept, ' '))
  redis.call('PEXPIRE', KEYS[1], life)
  return ''
end
redis.call('HSET', KEYS[1], 'probe', 0)
if heard == 'failed' then return turn('open') end
if heard == 'answered' then
  local probes = tonumber(known[3] or 0) + 1
  if probes >= successes then return turn('closed') end
  redis.call('HSET', KEYS[1], 'probes', probes)
end
return ''
";

/// Pacing that every process asks. It knows no fallback of its own: every process has guards in its memory behind it.
#[derive(Clone)]
pub struct RedisPacing {
    redis: Redis,
    clock: Arc<dyn Clock>,
    policy: PacingPolicy,
    heard: Arc<Mutex<BTreeMap<(ConnectionId, &'static str), &'static str>>>,
    left: Arc<Mutex<BTreeMap<ConnectionId, SharedBudget>>>,
}

/// What all processes together may still ask of an account, as this one heard of it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedBudget {
    /// The account.
    pub connection: ConnectionId,
    /// Requests that were left of the window then; none while the provider has had enough.
    pub left: u32,
    /// When that was; real time.
    pub as_of: DateTime<Utc>,
}

/// A shared breaker as this process heard of it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedBreaker {
    /// The account that it guards.
    pub connection: ConnectionId,
    /// The requests that it guards: `read` or `write`.
    pub operations: &'static str,
    /// `closed`, `open` or `half_open`.
    pub state: &'static str,
}

impl RedisPacing {
    /// Pacing in `redis` by these rules, in real time.
    #[must_use]
    pub fn new(redis: Redis, clock: Arc<dyn Clock>, policy: PacingPolicy) -> Self {
        Self { redis, clock, policy, heard: Arc::default(), left: Arc::default() }
    }

    /// The breakers that this process has asked, as it heard of each last; another process may have changed one since.
    #[must_use]
    pub fn breakers(&self) -> Vec<SharedBreaker> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = heard.iter();
        shown
            .map(|(&(connection, operations), &state)| SharedBreaker { connection, operations, state })
            .collect()
    }

    /// What may still be asked of the accounts that this process has asked about.
    #[must_use]
    pub fn budgets(&self) -> Vec<SharedBudget> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    fn heard(&self, connection: ConnectionId, errand: Errand, state: &str) {
        let operations = errand.as_str();
        let (state, level) = match state {
            "closed" => ("closed", 0.0),
            "half" => ("half_open", 1.0),
            _ => ("open", 2.0),
        };
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.insert((connection, operations), state) != Some(state) {
            metrics::gauge!(
                "calendar_shared_breaker_state",
                "connection" => connection.to_string(),
                "operations" => operations
            )
            .set(level);
        }
    }

    fn breaker(&self, scope: &TenantScope, connection: ConnectionId, errand: Errand) -> String {
        let kind = match errand {
            Errand::Read => Kind::ReadBreaker,
            Errand::Write => Kind::WriteBreaker,
        };
        self.redis.key(&CacheKey::of(scope, kind, connection.as_uuid()))
    }

    fn block(&self, scope: &TenantScope, connection: ConnectionId) -> String {
        self.redis.key(&CacheKey::of(scope, Kind::Block, connection.as_uuid()))
    }

    fn now(&self) -> i64 {
        self.clock.real_now().timestamp_millis()
    }

    fn life(&self) -> i64 {
        (self.policy.within.max(self.policy.open_for) + LINGER).num_milliseconds()
    }
}

#[async_trait]
impl AccountPacing for RedisPacing {
    async fn admit(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        errand: Errand,
        lane: Lane,
    ) -> Leave {
        let PacingPolicy { open_for, requests, reserve, window, .. } = self.policy;
        let reserve = reserve.kept_from(lane);
        let script = Script::new(ADMIT);
        let mut call = script.key(self.breaker(scope, connection, errand));
        call.key(self.redis.key(&CacheKey::of(scope, Kind::Budget, connection.as_uuid())));
        call.key(self.block(scope, connection));
        call.arg(self.now()).arg(open_for.num_milliseconds()).arg(PROBE.num_milliseconds()).arg(self.life());
        call.arg(requests).arg(reserve).arg(window.num_milliseconds());
        // Tokens of one moment must differ.
        call.arg(random().simple().to_string());
        let answer: Option<(String, u64, String, i64)> =
            self.redis.ask(|mut server| async move { call.invoke_async(&mut server).await }).await;
        if let Some((.., state, left)) = &answer {
            self.heard(connection, errand, state);
            let left = u32::try_from(*left).unwrap_or_default();
            let budget = SharedBudget { connection, left, as_of: self.clock.real_now() };
            self.left.lock().unwrap_or_else(PoisonError::into_inner).insert(connection, budget);
        }
        match answer.as_ref().map(|(word, leave, ..)| (word.as_str(), *leave)) {
            Some(("granted", leave)) => Leave::Granted(leave),
            Some(("open", _)) => Leave::Open,
            Some(("limited", _)) => Leave::Limited,
            _ => Leave::Unknown,
        }
    }

    async fn settle(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        errand: Errand,
        leave: u64,
        heard: Heard,
    ) {
        let word = match heard {
            Heard::Answered => "answered",
            Heard::Failed => "failed",
            Heard::Enough => "enough",
            Heard::Nothing => "nothing",
        };
        let PacingPolicy { failures, within, successes, block, .. } = self.policy;
        let script = Script::new(SETTLE);
        let mut call = script.key(self.breaker(scope, connection, errand));
        call.key(self.block(scope, connection));
        call.arg(self.now()).arg(leave).arg(word).arg(self.life());
        call.arg(failures).arg(within.num_milliseconds()).arg(successes).arg(block.num_milliseconds());
        let turned: Option<String> =
            self.redis.ask(|mut server| async move { call.invoke_async(&mut server).await }).await;
        match turned.as_deref() {
            Some(state @ "open") => {
                self.heard(connection, errand, state);
                tracing::warn!(connection = %connection, ?errand, to = "open", "shared calendar breaker");
            }
            Some(state @ "closed") => {
                self.heard(connection, errand, state);
                tracing::info!(connection = %connection, ?errand, to = "closed", "shared calendar breaker");
            }
            _ => {}
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a name for one entry, never an id of anything")]
fn random() -> Uuid {
    Uuid::new_v4()
}
