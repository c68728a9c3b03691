//! Reading bodies whose size outsiders choose.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures_util::StreamExt;

use crate::refusal::Refusal;

/// What is reserved at once for a body that says how long it will be; more is reserved as it arrives.
const FIRST_RESERVE: usize = 64 << 10;

/// The whole body, if it has at most `limit` bytes.
///
/// A body that announces more is refused before any of it is read; one that announces nothing, or lies, as soon as it
/// is longer.
///
/// # Errors
/// 413, or 400 if the connection broke.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::too_large(limit));
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default().min(FIRST_RESERVE));
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame =
            frame.map_err(|_| Refusal::bad_request("body_incomplete", "the body did not arrive whole"))?;
        if bytes.len() + frame.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes)
}
