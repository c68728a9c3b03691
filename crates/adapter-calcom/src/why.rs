//! The words in which a failure is told: for logs and metrics, and for the guards, which count some of them.

/// No answer within the time that was given.
pub(crate) const TIMEOUT: &str = "timeout";
/// No connection: name, network, TLS.
pub(crate) const CONNECT: &str = "connect";
/// The connection broke after the request was sent.
pub(crate) const LOST: &str = "connection lost";
/// The time was over before anything was sent.
pub(crate) const SPENT: &str = "no time left";
/// The budget of requests is used up.
pub(crate) const LIMITED: &str = "limited";
/// The provider refused a request because of its limit.
pub(crate) const ENOUGH: &str = "status 429";
/// As many requests as allowed are on their way.
pub(crate) const BUSY: &str = "busy";
/// The breaker is open.
pub(crate) const OPEN: &str = "open";
/// The connection's address cannot be used.
pub(crate) const ADDRESS: &str = "address";
/// The connection's key cannot be sent.
pub(crate) const KEY: &str = "key";

/// True if it says something about the provider or the way to it, and nothing about ourselves.
pub(crate) fn is_about_the_provider(why: &str) -> bool {
    !matches!(why, SPENT | LIMITED | BUSY | OPEN | ADDRESS | KEY)
}
