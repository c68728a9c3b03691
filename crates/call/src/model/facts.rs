//! The vocabulary of a call: direction, status, transcript, cost.

use std::fmt;
use std::str::FromStr;

use kernel::UsdMicrocents;
use serde::{Deserialize, Serialize};

use super::text::PrivateText;

/// A stored word is none of the words of its enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {what}")]
pub struct UnknownWord {
    /// Which enumeration was asked.
    pub what: &'static str,
    /// The word that it does not have.
    pub word: String,
}

/// Gives an enumeration its stable words for stores, events and reports, and the way back.
macro_rules! words {
    ($name:ident, $what:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $name {
            /// The stable word, as stored and as sent in events.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { what: $what, word: word.chars().take(40).collect() }),
                }
            }
        }
    };
}
pub(crate) use words;

/// Who rang whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A person rang one of our numbers.
    Inbound,
    /// We rang a person.
    Outbound,
}
words!(Direction, "direction of a call", Inbound => "inbound", Outbound => "outbound");

/// How far a call is, as far as we have been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// Nobody has said that it ended.
    Ongoing,
    /// Given up: it should have ended long ago and nobody said so. A late report of its end still counts.
    Failed,
    /// It ended.
    Ended,
    /// It ended and its analysis arrived.
    Analyzed,
}
words!(CallStatus, "status of a call",
    Ongoing => "ongoing", Failed => "failed", Ended => "ended", Analyzed => "analyzed");

impl CallStatus {
    /// True once the provider said that the call is over.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Ended | Self::Analyzed)
    }
}

/// The caller's mood, as the analysis judged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Judged, without a result.
    Unknown,
    /// Annoyed or worse.
    Negative,
    /// Neither.
    Neutral,
    /// Pleased.
    Positive,
}
words!(Sentiment, "sentiment",
    Unknown => "unknown", Negative => "negative", Neutral => "neutral", Positive => "positive");

/// Who spoke a segment of the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The assistant.
    Agent,
    /// The person on the line.
    Caller,
    /// Somebody the call was transferred to, or a speaker we do not know.
    Other,
}
words!(Speaker, "speaker", Agent => "agent", Caller => "caller", Other => "other");

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// Who spoke.
    pub speaker: Speaker,
    /// Milliseconds from the beginning of the audio, if told.
    pub offset_ms: Option<i64>,
    /// What was said, as recognised.
    pub text: PrivateText,
}

/// What one product of the provider (voice, model, telephony) cost during the call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProductCost {
    /// The provider's name of the product.
    pub product: String,
    /// Its cost.
    pub usd_microcents: UsdMicrocents,
}

/// What the provider charges the platform for one call. Platform-only: no tenant ever sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CostFacts {
    /// Sum over all products, as the provider states it.
    pub provider_usd_microcents: UsdMicrocents,
    /// The telephony carrier's part of the sum, if the provider names it; never more than the sum.
    pub telephony_usd_microcents: Option<UsdMicrocents>,
    /// Seconds that the provider billed; it rounds up.
    pub billed_seconds: Option<i64>,
    /// The parts of the sum, in the provider's order.
    pub products: Vec<ProductCost>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_their_way_back() {
        for status in [CallStatus::Ongoing, CallStatus::Failed, CallStatus::Ended, CallStatus::Analyzed] {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for mood in [Sentiment::Unknown, Sentiment::Negative, Sentiment::Neutral, Sentiment::Positive] {
            assert_eq!(mood.as_str().parse(), Ok(mood));
        }
        for speaker in [Speaker::Agent, Speaker::Caller, Speaker::Other] {
            assert_eq!(speaker.as_str().parse(), Ok(speaker));
        }
        for direction in [Direction::Inbound, Direction::Outbound] {
            assert_eq!(direction.as_str().parse(), Ok(direction));
        }
        assert!("completed".parse::<CallStatus>().is_err());
    }
}
