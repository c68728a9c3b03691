//! Reading bodies whose size outsiders choose.

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures_util::StreamExt;

use crate::refusal::Refusal;

/// What is reserved at once for a body that says how long it will be; more is reserved as it arrives.
const FIRST_RESERVE: usize = 64 << 10;

/// How much of a body that is too large is read and thrown away before the refusal: whoever is still writing when the
/// connection closes sees a broken pipe instead of the answer. Beyond it the connection is worth no more.
const DRAINED: usize = 16 << 20;

/// The whole body, if it has at most `limit` bytes.
///
/// Of a body that is larger nothing is kept, whether it announces its size or not.
///
/// # Errors
/// 413, or 400 if the connection broke.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    let mut frames = body.into_data_stream();
    if announced.is_some_and(|length| length > limit) {
        drain(&mut frames).await;
        return Err(Refusal::too_large(limit));
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default().min(FIRST_RESERVE));
    while let Some(frame) = frames.next().await {
        let frame =
            frame.map_err(|_| Refusal::bad_request("body_incomplete", "the body did not arrive whole"))?;
        if bytes.len() + frame.len() > limit {
            drop(bytes);
            drain(&mut frames).await;
            return Err(Refusal::too_large(limit));
        }
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes)
}

/// Reads on without keeping anything, up to [`DRAINED`] bytes; the request's own deadline bounds the time.
async fn drain(frames: &mut BodyDataStream) {
    let mut drained = 0_usize;
    while drained < DRAINED {
        match frames.next().await {
            Some(Ok(frame)) => drained = drained.saturating_add(frame.len()),
            Some(Err(_)) | None => return,
        }
    }
}
