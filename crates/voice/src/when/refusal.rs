//! What is said when words give no usable time.

use german_datetime::UnderstandError;

use super::Listener;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;

impl Listener<'_> {
    /// The reply for words that give no usable time.
    pub(crate) fn refuse(&self, error: &UnderstandError) -> ToolReply {
        let today = self.now.with_timezone(&self.zone).date_naive();
        let reply = match error {
            UnderstandError::PastTime { at } => ToolReply::new(
                Status::PastTime,
                format!(
                    "{}, um {} ist schon vorbei, welche Zeit passt Ihnen stattdessen?",
                    speech::capital(&speech::day(at.date(), today)),
                    speech::clock(at.time())
                ),
            )
            .with("current_time", self.now.with_timezone(&self.zone).format("%H:%M").to_string()),
            UnderstandError::PastDate { day } => ToolReply::new(
                Status::PastTime,
                format!(
                    "{}, liegt schon in der Vergangenheit, welchen Tag meinen Sie?",
                    speech::capital(&speech::day(*day, today))
                ),
            ),
            UnderstandError::TooFar { day, last } => ToolReply::new(
                Status::TooFar,
                format!(
                    "{}, ist noch zu weit weg, buchen kann ich bis {}, welcher Tag davor passt Ihnen?",
                    speech::capital(&speech::day(*day, today)),
                    speech::day_as_aim(*last, today)
                ),
            ),
            UnderstandError::NonexistentDate { .. } => ToolReply::new(
                Status::NonexistentDate,
                "Diesen Tag gibt es im Kalender nicht, welchen Tag meinen Sie?",
            ),
            UnderstandError::NonexistentTime { next_valid, .. } => ToolReply::new(
                Status::NonexistentDate,
                format!(
                    "Diese Uhrzeit gibt es an dem Tag wegen der Zeitumstellung nicht, wäre {} auch recht?",
                    speech::clock(next_valid.time())
                ),
            ),
            UnderstandError::TimeRequired => {
                ToolReply::new(Status::TimeRequired, "Um wie viel Uhr soll es sein?")
            }
            UnderstandError::DateRequired => {
                ToolReply::new(Status::DateRequired, "An welchem Tag soll es sein?")
            }
            UnderstandError::Missing => ToolReply::new(
                Status::DateRequired,
                "Wann soll es denn sein, an welchem Tag und um wie viel Uhr?",
            ),
            _ => ToolReply::new(
                Status::TimeNotUnderstood,
                "Das habe ich leider nicht als Tag oder Uhrzeit verstanden, an welchem Tag und um wie viel Uhr soll es sein?",
            ),
        };
        reply.with("reason", error.code()).next(NextAction::AskCaller)
    }
}
