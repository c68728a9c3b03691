//! Once a call is over, nobody is on the line any more who could want something: whatever still asks for an effect in its
//! name is late or made up, and nothing is done.

use crate::conversation::Conversation;
use crate::desk::VoiceDesk;
use crate::error::VoiceError;
use crate::reply::{NextAction, ToolReply};
use crate::status::Status;
use crate::tool::Tool;

impl VoiceDesk {
    /// The refusal of a tool that acts, if its call has ended longer ago than requests and news overtake each other
    /// ([`Parts::grace_after_end`](crate::Parts::grace_after_end)). The call itself is read only where its route says
    /// that it may be over, so a call that goes on costs nothing. A route that is remembered may say so later, by no
    /// more than it is remembered for.
    ///
    /// # Errors
    /// The store's failure.
    pub(crate) async fn refusal_after_end(
        &self,
        tool: Tool,
        talk: &Conversation,
    ) -> Result<Option<ToolReply>, VoiceError> {
        if !talk.may_be_over || !tool.acts() {
            return Ok(None);
        }
        let call = self.parts.calls.find(&talk.scope, talk.call).await?;
        let call = call.snapshot();
        // Of a call that was merely given up nobody has heard that it ended.
        let is_over = call.status.has_ended()
            && call.ended_at.is_none_or(|end| talk.now - end > self.parts.grace_after_end);
        Ok(is_over.then(call_over))
    }
}

fn call_over() -> ToolReply {
    ToolReply::new(
        Status::CallOver,
        "Dieser Anruf ist schon beendet, deshalb habe ich nichts mehr veranlasst, bitte rufen Sie uns noch einmal an.",
    )
    .next(NextAction::EndCall)
}
