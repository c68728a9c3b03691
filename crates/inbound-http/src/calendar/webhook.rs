//! News of outside calendars: proven with the secret of the account they claim to come from, stored, then answered.

use adapter_calcom::decode::{self, Identity, Trigger};
use adapter_calcom::signature;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use operations::calendar::{DoorError, Rumour, Visitor};
use operations::ports::{Provider, Stored};
use operations::{Admission, Delivery};
use serde_json::json;

use crate::edge::Edge;
use crate::guard::RequestContext;
use crate::refusal::{Refusal, chain};
use crate::{arrival, body};

/// `POST /api/calcom/webhook/{connection}`.
pub(crate) async fn receive_for(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    Path(connection): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    receive(&edge, &context, Some(&connection), request).await
}

/// `POST /api/calcom/webhook` and `/api/webhooks/calcom`, for a deployment with one account.
pub(crate) async fn receive_sole(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    receive(&edge, &context, None, request).await
}

async fn receive(
    edge: &Edge,
    context: &RequestContext,
    connection: Option<&str>,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, edge.limits().max_body).await?;
    let visitor = prove(edge, context, connection, &head.headers, &body).await?;
    let Ok(identity) = decode::identify(&body) else {
        let admission = Admission::Quarantine("not JSON".to_owned());
        store(edge, context, &visitor, &Identity::default(), &body, admission).await?;
        return Err(Refusal::bad_request("not_json", "the body is not JSON"));
    };
    let stored = store(edge, context, &visitor, &identity, &body, Admission::Process).await?;
    if let (Some(door), Stored::New) = (&edge.parts().calendar_door, stored) {
        door.rang(&visitor, &rumour(&body)).await;
    }
    let news = arrival::news(decode::event_label(&identity.event), stored, &body);
    let told = json!({"received": true, "status": arrival::word(stored)});
    Ok((StatusCode::OK, Extension(news), Json(told)).into_response())
}

/// Whom the news concern, as far as they say so. A booking that we made takes its time from the people of its event type, or
/// gives it back; one that was made anew of another booking may have kept our marker. What is given to somebody else concerns whoever had it.
fn rumour(body: &[u8]) -> Rumour {
    let Ok(decode::Delivery::News(news)) = decode::webhook(body) else { return Rumour::default() };
    match news.trigger {
        Trigger::Created | Trigger::Cancelled | Trigger::Rejected
            if news.marker.is_some() && news.previous_uid.is_none() =>
        {
            Rumour { of: news.event_type, bookings: vec![news.uid] }
        }
        Trigger::Reassigned | Trigger::Updated => Rumour::default(),
        _ => Rumour { of: None, bookings: std::iter::once(news.uid).chain(news.previous_uid).collect() },
    }
}

/// The account, if its secret signed the body. Whoever guesses learns nothing about which accounts there are.
async fn prove(
    edge: &Edge,
    context: &RequestContext,
    connection: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Visitor, Refusal> {
    let refused = |reason: &'static str| {
        metrics::counter!("calcom_signature_refused_total", "reason" => reason).increment(1);
        tracing::warn!(reason, "a webhook of an outside calendar was refused");
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "signature_invalid",
            "the signature is missing or does not hold",
        )
    };
    let Some(door) = &edge.parts().calendar_door else { return Err(refused("no_calendars")) };
    let visitor = match door.whose(connection, context.correlation).await {
        Ok(visitor) => visitor,
        Err(DoorError::Denied(denied)) => return Err(refused(denied.as_str())),
        Err(DoorError::Store(error)) => {
            tracing::error!(error = %chain(&error), "an account could not be looked up");
            return Err(Refusal::unavailable("not_stored"));
        }
    };
    // Two headers of the name are one too many: which of them would count?
    let mut values = headers.get_all(signature::HEADER).iter();
    let header = match (values.next(), values.next()) {
        (header, None) => header.map(axum::http::HeaderValue::as_bytes),
        (_, Some(_)) => return Err(refused("malformed")),
    };
    match signature::verify(&visitor.connection.webhook_secret, body, header) {
        Ok(()) => Ok(visitor),
        Err(_) => Err(refused("mismatch")),
    }
}

/// The subject names the account too: it was proven, and the body does not say so.
async fn store(
    edge: &Edge,
    context: &RequestContext,
    visitor: &Visitor,
    identity: &Identity,
    body: &[u8],
    admission: Admission,
) -> Result<Stored, Refusal> {
    let subject = format!("{}/{}", visitor.connection.id, identity.subject);
    let delivery = Delivery {
        provider: Provider::Calcom,
        event: &identity.event,
        subject: &subject,
        body,
        correlation: context.correlation,
    };
    arrival::store(edge, (delivery, decode::event_label(&identity.event)), admission).await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::rumour;

    #[test]
    fn news_of_our_bookings_concern_few() {
        let marker =
            json!({"askpro_appointment": kernel::AppointmentId::from_uuid(uuid::Uuid::from_u128(7))});
        let told = |event: &str, metadata: &Value, more: &Value| {
            let mut payload = json!({"uid": "uid_a1", "eventTypeId": 4711, "metadata": metadata});
            if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
                payload.extend(more.clone());
            }
            let found = rumour(json!({"triggerEvent": event, "payload": payload}).to_string().as_bytes());
            let of = found.of.map(|event_type| event_type.as_str().to_owned());
            (of, found.bookings.iter().map(|uid| uid.as_str().to_owned()).collect::<Vec<_>>().join(" "))
        };
        let (few, known) = (|| Some("4711".to_owned()), |uids: &str| (None, uids.to_owned()));
        assert_eq!(told("BOOKING_CREATED", &marker, &json!({})), (few(), "uid_a1".to_owned()));
        assert_eq!(told("BOOKING_CREATED", &marker, &json!({"eventTypeId": null})), known("uid_a1"));
        assert_eq!(told("BOOKING_CREATED", &json!({}), &json!({})), known("uid_a1"));
        let moved = json!({"rescheduleUid": "uid_a0"});
        assert_eq!(told("BOOKING_CREATED", &marker, &moved), known("uid_a1 uid_a0"));
        assert_eq!(told("BOOKING_RESCHEDULED", &marker, &moved), known("uid_a1 uid_a0"));
        assert_eq!(told("BOOKING_CANCELLED", &json!({}), &json!({})), known("uid_a1"));
        assert_eq!(told("BOOKING_CANCELLED", &marker, &json!({})), (few(), "uid_a1".to_owned()));
        assert_eq!(told("BOOKING_REASSIGNED", &marker, &json!({})), known(""));
        assert_eq!(rumour(b"{}"), super::Rumour::default());
    }
}
