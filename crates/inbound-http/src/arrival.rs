//! What providers deliver: stored durably, counted and told, whoever sent it.

use operations::ports::Stored;
use operations::{Admission, Delivery};

use crate::edge::Edge;
use crate::guard::News;
use crate::refusal::{Refusal, chain};

/// Stores a delivery durably; what cannot be stored must not be acknowledged. `event` is its event as a label: one of few.
pub(crate) async fn store(
    edge: &Edge,
    (delivery, event): (Delivery<'_>, &'static str),
    admission: Admission,
) -> Result<Stored, Refusal> {
    let (provider, bytes) = (delivery.provider.code(), delivery.body.len());
    let count = |result: &'static str| {
        metrics::counter!("webhooks_received_total", "provider" => provider, "event" => event, "result" => result)
            .increment(1);
    };
    let is_ordinary = matches!(admission, Admission::Process);
    match edge.parts().intake.receive(delivery, admission).await {
        Ok(stored) => {
            let result = label(stored);
            count(result);
            // What becomes a job is told with the line that says how it was answered.
            if !is_ordinary {
                tracing::info!(provider, event, result, bytes, "webhook stored");
            }
            Ok(stored)
        }
        Err(error) => {
            count("failed");
            tracing::error!(provider, event, error = %chain(&error), "a webhook could not be stored");
            Err(Refusal::unavailable("not_stored"))
        }
    }
}

/// What the line that says how it was answered tells of it.
pub(crate) const fn news(event: &'static str, stored: Stored, body: &[u8]) -> News {
    News { event, result: label(stored), bytes: body.len() }
}

/// How the provider is told.
pub(crate) const fn word(stored: Stored) -> &'static str {
    match stored {
        Stored::New => "stored",
        Stored::Duplicate => "duplicate",
    }
}

const fn label(stored: Stored) -> &'static str {
    match stored {
        Stored::New => "new",
        Stored::Duplicate => "duplicate",
    }
}
