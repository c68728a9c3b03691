//! The rounds that keep a process's mirror fresh.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use appointment::calendar::{CalendarBook, CalendarLink};
use kernel::{ActReason, Actor, CorrelationId, IdGenerator, PlatformScope, StoreError};
use operations::ports::{CalendarSurvey, WarmBell};
use tokio::time::{Instant, MissedTickBehavior};

use super::mirror::{MirroredTimes, Refreshed, Warm};

/// How often what is linked is read anew: links change when an operator changes them.
const LINKS_FRESH: Duration = Duration::from_secs(300);
/// How long a bell that cannot be heard is left alone: as long as a database takes to restart.
const DEAF: Duration = Duration::from_secs(30);
/// Longer than a process lives.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Keeps what outside calendars offer fresh in this process: round after round, and at once when somebody rings.
pub struct Keeper {
    pub(super) mirror: MirroredTimes,
    pub(super) book: Arc<dyn CalendarBook>,
    pub(super) survey: Arc<dyn CalendarSurvey>,
    pub(super) bell: Arc<dyn WarmBell>,
    pub(super) ids: Arc<dyn IdGenerator>,
    /// Between two rounds; `None`: only when somebody rings.
    pub(super) every: Option<Duration>,
}

impl Keeper {
    /// Works until it is dropped.
    pub async fn run(self) {
        let every = self.every.unwrap_or(NEVER);
        let mut rounds = tokio::time::interval(every);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.every.is_none() {
            rounds.tick().await;
        }
        let mut known: Option<(Instant, Vec<Warm>)> = None;
        loop {
            let rung = tokio::select! {
                _ = rounds.tick() => false,
                () = self.listen() => true,
            };
            let scope = self.platform();
            if rung || known.as_ref().is_none_or(|(read, _)| read.elapsed() > LINKS_FRESH) {
                match self.linked(&scope).await {
                    Ok(linked) => known = Some((Instant::now(), linked)),
                    Err(error) => tracing::warn!(%error, "what is linked to outside calendars was not read"),
                }
            }
            let Some((_, warm)) = &known else { continue };
            let done = self.mirror.refresh(warm, |tenant| scope.act_for(tenant, ActReason::Round)).await;
            report(done);
        }
    }

    /// Until somebody rings.
    async fn listen(&self) {
        while let Err(error) = self.bell.heard().await {
            tracing::debug!(%error, "nobody can ring for a warm-up");
            tokio::time::sleep(DEAF).await;
        }
    }

    fn platform(&self) -> PlatformScope {
        PlatformScope::new(Actor::Job("keep calendars fresh".to_owned()), CorrelationId::generate(&*self.ids))
    }

    /// What is linked to the accounts that are switched on.
    async fn linked(&self, scope: &PlatformScope) -> Result<Vec<Warm>, StoreError> {
        let mut all = Vec::new();
        for (tenant, connection) in self.survey.active_connections(scope).await? {
            let scope = scope.act_for(tenant, ActReason::Round);
            let links = self.book.links(&scope, connection).await?;
            // Each once, however many services and people share it.
            let links: BTreeMap<_, CalendarLink> = links
                .into_iter()
                .map(|(_, link)| ((link.link.event_type.clone(), link.link.host.clone()), link.link))
                .collect();
            all.push(Warm { scope, links: links.into_values().collect() });
        }
        Ok(all)
    }
}

fn report(done: Refreshed) {
    let count = |result: &'static str, weeks: usize| {
        let weeks = u64::try_from(weeks).unwrap_or(u64::MAX);
        metrics::counter!("calendar_refreshed_weeks_total", "result" => result).increment(weeks);
    };
    count("answered", done.answered);
    count("silent", done.silent);
    count("left", done.left);
    if done != Refreshed::default() {
        tracing::debug!(?done, "what outside calendars offer was refreshed");
    }
}
