//! What the outside tells about a call.

use chrono::{DateTime, Datelike, SubsecRound, Utc};
use kernel::{Caller, PhoneNumber};

use super::analysis::{MAX_LATENCY_PARTS, PartLatency, PrivateJson, TokenUsage};
use super::facts::{CostFacts, Direction, ProductCost, Segment, Sentiment};
use super::provenance::{Origin, SignalKind};
use super::text::{PrivateText, clean_text};

/// Longest word of a provider that is kept (agent id, disconnection reason, product), in characters.
pub const MAX_WORD_CHARS: usize = 100;
/// Longest summary that is kept, in characters.
pub const MAX_SUMMARY_CHARS: usize = 8_000;
/// Longest link that is kept, in characters.
pub const MAX_URL_CHARS: usize = 2_048;
/// Longest segment of a transcript that is kept, in characters.
pub const MAX_SEGMENT_CHARS: usize = 4_000;
/// Most segments that are kept: a turn a second for the longest call that the provider allows (two hours).
pub const MAX_SEGMENTS: usize = 7_200;
/// Most cost positions that are kept.
pub const MAX_PRODUCTS: usize = 50;
/// Longest duration that is believed, in milliseconds: a day; the provider cuts calls after two hours.
pub const MAX_DURATION_MS: i64 = 86_400_000;
/// Greatest cost that is believed, in micro-cents: ten thousand dollars.
pub const MAX_COST_MICROCENTS: i64 = 1_000_000_000_000;

/// What one signal says about a call. Every fact is optional, and an absent one says nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The provider's time of the signal itself.
    pub event_at: Option<DateTime<Utc>>,
    /// Who rang whom.
    pub direction: Option<Direction>,
    /// Who is on the line; an anonymous caller never replaces a known one.
    pub caller: Option<Caller>,
    /// The company's number, whoever rang.
    pub called: Option<PhoneNumber>,
    /// The provider's id of the assistant.
    pub agent_ref: Option<String>,
    /// The assistant's version.
    pub agent_version: Option<i32>,
    /// Beginning.
    pub started_at: Option<DateTime<Utc>>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
    /// Why the line went dead.
    pub disconnection_reason: Option<String>,
    /// Summary of the conversation.
    pub summary: Option<PrivateText>,
    /// The caller's mood.
    pub sentiment: Option<Sentiment>,
    /// Whether the analysis thinks that the call reached its aim.
    pub successful: Option<bool>,
    /// Whether a machine answered.
    pub in_voicemail: Option<bool>,
    /// Link to the recording.
    pub recording_url: Option<PrivateText>,
    /// The conversation; an empty one says nothing.
    pub transcript: Option<Vec<Segment>>,
    /// What the analysis was asked for.
    pub analysis: Option<PrivateJson>,
    /// How fast the parts of the assistant were; none at all says nothing.
    pub latency: Option<Vec<PartLatency>>,
    /// What the language model used.
    pub tokens: Option<TokenUsage>,
    /// What the provider charges.
    pub cost: Option<CostFacts>,
}

impl Report {
    /// Whether the report contradicts itself: the call would have ended before it began. Then neither instant is believed,
    /// and somebody should look at the event.
    #[must_use]
    pub fn ends_before_it_began(&self) -> bool {
        self.started_at.zip(self.ended_at).is_some_and(|(start, end)| end < start)
    }

    /// The same report with everything bounded and storable, and without what cannot be true.
    ///
    /// It depends on the report alone and cleaning twice changes nothing, as the merge needs.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let word = |text: Option<String>| text.and_then(|text| clean_text(&text, MAX_WORD_CHARS));
        let private =
            |text: Option<PrivateText>, max| text.and_then(|text| PrivateText::clean(text.as_str(), max));
        let (started_at, ended_at) =
            if self.ends_before_it_began() { (None, None) } else { (self.started_at, self.ended_at) };
        Self {
            event_at: self.event_at.and_then(plausible),
            agent_ref: word(self.agent_ref),
            started_at: started_at.and_then(plausible),
            ended_at: ended_at.and_then(plausible),
            duration_ms: self.duration_ms.filter(|ms| (0..=MAX_DURATION_MS).contains(ms)),
            disconnection_reason: word(self.disconnection_reason),
            summary: private(self.summary, MAX_SUMMARY_CHARS),
            recording_url: private(self.recording_url, MAX_URL_CHARS),
            transcript: self.transcript.and_then(cleaned_transcript),
            latency: self.latency.and_then(cleaned_latency),
            tokens: self.tokens.and_then(TokenUsage::cleaned),
            cost: self.cost.and_then(cleaned_cost),
            ..self
        }
    }
}

/// A signal about one call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallSignal {
    /// The number-level question before the call exists.
    Inbound(Report),
    /// A tool was called; the report holds what its envelope says about the call.
    ToolCall(Report),
    /// The call was connected.
    Started(Report),
    /// News during the call.
    Updated(Report),
    /// The call is over.
    Ended(Report),
    /// The analysis after the call.
    Analyzed(Report),
}

impl CallSignal {
    /// The signal's kind.
    #[must_use]
    pub const fn kind(&self) -> SignalKind {
        match self {
            Self::Inbound(_) => SignalKind::Inbound,
            Self::ToolCall(_) => SignalKind::ToolCall,
            Self::Started(_) => SignalKind::Started,
            Self::Updated(_) => SignalKind::Updated,
            Self::Ended(_) => SignalKind::Ended,
            Self::Analyzed(_) => SignalKind::Analyzed,
        }
    }

    /// What it says.
    #[must_use]
    pub const fn report(&self) -> &Report {
        match self {
            Self::Inbound(report)
            | Self::ToolCall(report)
            | Self::Started(report)
            | Self::Updated(report)
            | Self::Ended(report)
            | Self::Analyzed(report) => report,
        }
    }

    /// The same signal with the two parties of the call, once their numbers are in E.164 form.
    #[must_use]
    pub fn with_parties(mut self, caller: Option<Caller>, called: Option<PhoneNumber>) -> Self {
        let report = self.report_mut();
        report.caller = caller;
        report.called = called;
        self
    }

    /// Takes the signal apart into its origin and its cleaned report.
    pub(crate) fn into_parts(self) -> (Origin, Report) {
        let kind = self.kind();
        let (Self::Inbound(report)
        | Self::ToolCall(report)
        | Self::Started(report)
        | Self::Updated(report)
        | Self::Ended(report)
        | Self::Analyzed(report)) = self;
        let report = report.cleaned();
        let origin = Origin { kind, at: report.event_at };
        (origin, report)
    }

    const fn report_mut(&mut self) -> &mut Report {
        match self {
            Self::Inbound(report)
            | Self::ToolCall(report)
            | Self::Started(report)
            | Self::Updated(report)
            | Self::Ended(report)
            | Self::Analyzed(report) => report,
        }
    }
}

/// Instants that a telephone call can have, to the microsecond that a store keeps.
fn plausible(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (2000..=2199).contains(&at.year()).then(|| at.trunc_subsecs(6))
}

fn cleaned_transcript(segments: Vec<Segment>) -> Option<Vec<Segment>> {
    let kept: Vec<Segment> = segments
        .into_iter()
        .filter_map(|segment| {
            Some(Segment {
                text: PrivateText::clean(segment.text.as_str(), MAX_SEGMENT_CHARS)?,
                offset_ms: segment.offset_ms.filter(|ms| (0..=MAX_DURATION_MS).contains(ms)),
                ..segment
            })
        })
        .take(MAX_SEGMENTS)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

/// By name, each part once: the order in a JSON object means nothing.
fn cleaned_latency(parts: Vec<PartLatency>) -> Option<Vec<PartLatency>> {
    let mut kept: Vec<PartLatency> = parts
        .into_iter()
        .filter_map(|part| {
            let name = clean_text(&part.part, MAX_WORD_CHARS);
            part.cleaned(name, MAX_DURATION_MS)
        })
        .collect();
    kept.sort();
    kept.dedup_by(|later, first| later.part == first.part);
    kept.truncate(MAX_LATENCY_PARTS);
    (!kept.is_empty()).then_some(kept)
}

fn cleaned_cost(cost: CostFacts) -> Option<CostFacts> {
    let believable = |amount: i64| (0..=MAX_COST_MICROCENTS).contains(&amount);
    if !believable(cost.provider_usd_microcents.0) {
        return None;
    }
    Some(CostFacts {
        provider_usd_microcents: cost.provider_usd_microcents,
        telephony_usd_microcents: cost
            .telephony_usd_microcents
            .filter(|amount| (0..=cost.provider_usd_microcents.0).contains(&amount.0)),
        billed_seconds: cost.billed_seconds.filter(|s| (0..=MAX_DURATION_MS / 1000).contains(s)),
        products: cost
            .products
            .into_iter()
            .filter(|position| believable(position.usd_microcents.0))
            .filter_map(|position| {
                Some(ProductCost {
                    product: clean_text(&position.product, MAX_WORD_CHARS)?,
                    usd_microcents: position.usd_microcents,
                })
            })
            .take(MAX_PRODUCTS)
            .collect(),
    })
}
