//! What an earlier run of the same request left: it is the answer, as long as it stands.

use appointment::model::Appointment;

use crate::conversation::Conversation;
use crate::desk::{Done, Stop, VoiceDesk};
use crate::effect::{Effect, SequenceEffect};
use crate::error::VoiceError;
use crate::once::Once;

/// How often one wish may be done and undone in one call.
const MAX_SAID_AGAIN: usize = 20;

/// What an earlier run of the same request left.
pub(crate) enum Earlier {
    /// Its effect stands: this is the answer.
    Stands(Done),
    /// There is none, or it was undone since: go on under this key.
    None(Once),
}

impl VoiceDesk {
    /// What an earlier run of this very invocation left. Only an invocation that the provider named can be known before
    /// it is known what it is about.
    pub(crate) async fn before(&self, talk: &Conversation, once: &Once) -> Result<Option<Done>, Stop> {
        if !once.is_named() {
            return Ok(None);
        }
        match self.earlier(talk, once).await? {
            Earlier::Stands(done) => Ok(Some(done)),
            Earlier::None(_) => Ok(None),
        }
    }

    /// The same for an invocation without a name, once it is known what it is about.
    pub(crate) async fn settled(
        &self,
        talk: &Conversation,
        once: &Once,
        referent: &str,
    ) -> Result<Earlier, Stop> {
        if once.is_named() {
            return Ok(Earlier::None(once.clone()));
        }
        self.earlier(talk, &once.about(referent)).await
    }

    /// The stored outcome under a key. An effect that was undone since is no answer to the same wish said again: then
    /// the wish goes on under a key of its own.
    pub(crate) async fn earlier(&self, talk: &Conversation, once: &Once) -> Result<Earlier, Stop> {
        let mut once = once.clone();
        // Each round finds an outcome that a later change undid; nobody does and undoes more often in one call.
        for _ in 0..MAX_SAID_AGAIN {
            let Some(stored) = self.parts.outcomes.find(&talk.scope, once.key()).await? else {
                return Ok(Earlier::None(once));
            };
            if stored.request != once.request() {
                return Err(VoiceError::Corrupt("the outcome of another request under this key").into());
            }
            let effect: Effect = serde_json::from_value(stored.outcome)
                .map_err(|_| VoiceError::Corrupt("a stored outcome that cannot be read"))?;
            let now: Vec<Appointment> = match (&effect, effect.appointment()) {
                (Effect::Sequence(SequenceEffect { sequence: Some(id), .. }), _) => {
                    self.parts.bookings.sequence(&talk.scope, *id).await?
                }
                (_, Some(id)) => self.parts.bookings.find(&talk.scope, id).await?.into_iter().collect(),
                (_, None) => Vec::new(),
            };
            if !once.is_named() && !now.is_empty() && !effect.still_stands(&now) {
                // Every change makes the sum larger.
                once = once.said_again(now.iter().map(|now| now.snapshot().version).sum());
                continue;
            }
            self.visit(talk, effect.branch().into_iter().collect()).await?;
            return Ok(Earlier::Stands(effect.render(talk, effect.standing(&now))));
        }
        Err(VoiceError::Corrupt("a wish that was done and undone too often").into())
    }
}
