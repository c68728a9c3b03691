//! The parameters of a list.

use appointment::service::WhyRequest;
use axum::extract::Query;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use operations::lists::{ListKind, PageRequest};

use crate::refusal::Refusal;

/// Parameters that every list has, for the refusal of others.
const KNOWN: &str = "limit, cursor, status, from, to";

/// Reads `limit`, `cursor`, `status`, `from`, `to` and `branch`. An unknown or doubled parameter is refused: whoever
/// misspells a filter must not get the
/// unfiltered list, nor whoever filters by something that the list does not have.
pub(crate) fn page_request(query: &str, kind: ListKind) -> Result<PageRequest, Refusal> {
    let uri: Uri = format!("/?{query}").parse().map_err(|_| invalid("the query cannot be read"))?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| invalid("the query cannot be read"))?;
    let mut request = PageRequest::default();
    for (name, value) in pairs {
        let doubled = match name.as_str() {
            "limit" => {
                let limit = value.parse().map_err(|_| invalid("`limit` must be 1 to 100"))?;
                request.limit.replace(limit).is_some()
            }
            "cursor" => request.cursor.replace(value).is_some(),
            "status" => request.status.replace(value).is_some(),
            "from" => request.from.replace(instant("from", &value)?).is_some(),
            "to" => request.until.replace(instant("to", &value)?).is_some(),
            "branch" if kind.has_branches() => {
                let branch = value.parse().map_err(|error| invalid(format!("`branch`: {error}")))?;
                request.branch.replace(branch).is_some()
            }
            _ => {
                let branch = if kind.has_branches() { ", branch" } else { "" };
                return Err(invalid(format!("this list has only these parameters: {KNOWN}{branch}")));
            }
        };
        if doubled {
            return Err(invalid(format!("`{name}` stands twice")));
        }
    }
    Ok(request)
}

/// Reads `branch`, `service`, `staff` and `start`.
pub(crate) fn why_request(query: &str) -> Result<WhyRequest, Refusal> {
    let uri: Uri = format!("/?{query}").parse().map_err(|_| invalid("the query cannot be read"))?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| invalid("the query cannot be read"))?;
    let (mut branch, mut service, mut staff, mut start) = (None, None, None, None);
    for (name, value) in pairs {
        let wrong = |error: kernel::IdError| invalid(format!("`{name}`: {error}"));
        let doubled = match name.as_str() {
            "branch" => branch.replace(value.parse().map_err(wrong)?).is_some(),
            "service" => service.replace(value.parse().map_err(wrong)?).is_some(),
            "staff" => staff.replace(value.parse().map_err(wrong)?).is_some(),
            "start" => start.replace(instant("start", &value)?).is_some(),
            _ => {
                return Err(invalid(
                    "this question has only these parameters: branch, service, staff, start",
                ));
            }
        };
        if doubled {
            return Err(invalid(format!("`{name}` stands twice")));
        }
    }
    let missing = |name: &str| invalid(format!("`{name}` is missing"));
    Ok(WhyRequest {
        branch: branch.ok_or_else(|| missing("branch"))?,
        service: service.ok_or_else(|| missing("service"))?,
        staff,
        start: start.ok_or_else(|| missing("start"))?,
    })
}

fn instant(name: &str, value: &str) -> Result<DateTime<Utc>, Refusal> {
    // In a query `+` means a blank, and who forgets to escape it means `+` nevertheless.
    DateTime::parse_from_rfc3339(&value.replace(' ', "+"))
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| invalid(format!("`{name}` must be RFC 3339, for example 2026-11-21T09:00:00Z")))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("invalid_request", message)
}
