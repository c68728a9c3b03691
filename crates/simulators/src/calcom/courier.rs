//! Posts webhooks, one after the other, once each.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::post::{Delivery, Parcel};
use super::shared::{Job, Shared};

/// Posts what comes in until nobody is left to order anything.
pub(crate) async fn work(shared: Arc<Shared>, http: reqwest::Client, mut jobs: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        let mut deliveries = Vec::with_capacity(job.parcels.len());
        for parcel in job.parcels {
            let delivery = post(&shared, &http, parcel).await;
            shared.lock().post.note(delivery.clone());
            deliveries.push(delivery);
        }
        if let Some(done) = job.done {
            // Whoever asked may have gone.
            let _ = done.send(deliveries);
        }
    }
}

async fn post(shared: &Shared, http: &reqwest::Client, parcel: Parcel) -> Delivery {
    let request = http
        .post(&parcel.url)
        .timeout(shared.config.webhook_timeout)
        .header("content-type", "application/json")
        .header("x-cal-signature-256", &parcel.signature)
        .header("x-cal-webhook-version", &parcel.version)
        .body(parcel.body.clone());
    match crate::http::send(request).await {
        Ok(answer) => Delivery { parcel, status: Some(answer.status().as_u16()), error: None },
        Err(error) => Delivery { parcel, status: None, error: Some(error.to_string()) },
    }
}
