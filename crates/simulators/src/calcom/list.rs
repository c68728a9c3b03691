//! `GET /v2/bookings`: filters, order, and two ways of paging.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::booking::{Booking, BookingStatus};
use super::state::Desk;
use super::version::{Shape, shape_of};
use super::wire::{Ask, Query, Refusal, Reply};

const BY_CURSOR: &str = "2026-05-01";
const VERSIONS: &[&str] = &[BY_CURSOR, "2026-02-25", "2024-08-13"];
const STATUSES: &[&str] = &["upcoming", "recurring", "past", "cancelled", "unconfirmed"];
const USUAL_PAGE: u64 = 100;
const MAX_PAGE: u64 = 250;

/// A page of bookings.
pub(crate) fn list(desk: &Desk<'_>, ask: &Ask) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let by_cursor = ask.version.as_deref() == Some(BY_CURSOR);
    let filter = Filter::read(&ask.query, desk)?;
    let statuses = ask.query.list("status");
    if let Some(wrong) = statuses.iter().find(|status| !STATUSES.contains(status)) {
        return Err(Refusal::bad(&format!("Invalid status {wrong}. Allowed are {}", STATUSES.join(", "))));
    }
    if by_cursor && statuses.len() > 1 {
        return Err(Refusal::bad("status must be one value"));
    }
    let mut found: Vec<&Booking> = desk
        .tenant()
        .bookings
        .iter()
        .filter(|booking| filter.matches(booking))
        .filter(|booking| {
            statuses.is_empty() || statuses.iter().any(|status| has_status(booking, status, desk.now))
        })
        .collect();
    if by_cursor {
        sort_by_status(&mut found, statuses.first().copied());
    } else {
        sort_as_asked(&mut found, &ask.query)?;
    }
    let show = |booking: &&Booking| match shape {
        Shape::Present => booking.to_json(&desk.tenant().account),
        Shape::Older => booking.to_older_json(&desk.tenant().account),
    };
    let (page, pagination) = if by_cursor && !desk.twist.offset_paging {
        page_by_cursor(&found, &ask.query)?
    } else {
        page_by_offset(&found, &ask.query)?
    };
    Ok(Reply::page(page.iter().map(show).collect(), pagination))
}

fn has_status(booking: &Booking, status: &str, now: DateTime<Utc>) -> bool {
    let is_over = booking.end <= now;
    match status {
        "upcoming" => booking.status == BookingStatus::Accepted && !is_over,
        "past" => booking.status.occupies() && is_over,
        "cancelled" => !booking.status.occupies(),
        "unconfirmed" => booking.status == BookingStatus::Pending && !is_over,
        // Nothing recurs here.
        _ => false,
    }
}

/// What a booking has to be like.
struct Filter {
    uid: Option<String>,
    email: Option<String>,
    name: Option<String>,
    event_types: Vec<u64>,
    after_start: Option<DateTime<Utc>>,
    before_end: Option<DateTime<Utc>>,
    created: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    updated: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
}

impl Filter {
    fn read(query: &Query, desk: &Desk<'_>) -> Result<Self, Refusal> {
        let numbers = |key: &str| {
            let parts = query.list(key).into_iter();
            let numbers: Result<Vec<u64>, _> = parts.map(str::parse).collect();
            numbers.map_err(|_| Refusal::bad(&format!("{key} must contain only numbers")))
        };
        let mut event_types = numbers("eventTypeIds")?;
        event_types.extend(query.number("eventTypeId")?);
        let mut teams = numbers("teamsIds")?;
        teams.extend(query.number("teamId")?);
        if !teams.is_empty() {
            let all = desk.tenant().account.event_types.iter();
            let of_teams = all.filter(|event| event.team_id.is_some_and(|team| teams.contains(&team)));
            let of_teams: Vec<u64> = of_teams.map(|event| event.id).collect();
            event_types = if event_types.is_empty() {
                of_teams
            } else {
                event_types.into_iter().filter(|id| of_teams.contains(id)).collect()
            };
            if event_types.is_empty() {
                event_types.push(0);
            }
        }
        Ok(Self {
            uid: query.get("bookingUid").map(str::to_owned),
            // A plus in a query is a blank unless it is encoded; Cal.com turns it back.
            email: query.get("attendeeEmail").map(|email| email.replace(' ', "+").to_lowercase()),
            name: query.get("attendeeName").map(str::to_lowercase),
            event_types,
            after_start: query.instant("afterStart")?,
            before_end: query.instant("beforeEnd")?,
            created: (query.instant("afterCreatedAt")?, query.instant("beforeCreatedAt")?),
            updated: (query.instant("afterUpdatedAt")?, query.instant("beforeUpdatedAt")?),
        })
    }

    fn matches(&self, booking: &Booking) -> bool {
        let within = |at: DateTime<Utc>, span: (Option<DateTime<Utc>>, Option<DateTime<Utc>>)| {
            span.0.is_none_or(|from| at >= from) && span.1.is_none_or(|until| at <= until)
        };
        self.uid.as_deref().is_none_or(|uid| booking.uid == uid)
            && self.email.as_deref().is_none_or(|email| booking.attendee.email.to_lowercase() == email)
            && self.name.as_deref().is_none_or(|name| booking.attendee.name.to_lowercase().contains(name))
            && (self.event_types.is_empty() || self.event_types.contains(&booking.event_type_id))
            && within(booking.start, (self.after_start, None))
            && within(booking.end, (None, self.before_end))
            && within(booking.created_at, self.created)
            && within(booking.updated_at, self.updated)
    }
}

/// The order that a status brings along; without one, newest first.
fn sort_by_status(found: &mut [&Booking], status: Option<&str>) {
    found.sort_by_key(|booking| (booking.start, booking.id));
    match status {
        Some("upcoming" | "unconfirmed" | "recurring") => {}
        Some(_) => found.reverse(),
        None => found.sort_by_key(|booking| std::cmp::Reverse(booking.id)),
    }
}

/// What a list is sorted by.
type Key = fn(&Booking) -> DateTime<Utc>;

fn sort_as_asked(found: &mut [&Booking], query: &Query) -> Result<(), Refusal> {
    found.sort_by_key(|booking| booking.id);
    let keys: [(&str, Key); 4] = [
        ("sortUpdatedAt", |booking| booking.updated_at),
        ("sortCreated", |booking| booking.created_at),
        ("sortEnd", |booking| booking.end),
        ("sortStart", |booking| booking.start),
    ];
    for (name, key) in keys {
        match query.get(name) {
            None => {}
            Some("asc") => found.sort_by_key(|booking| key(booking)),
            Some("desc") => found.sort_by_key(|booking| std::cmp::Reverse(key(booking))),
            Some(_) => return Err(Refusal::bad(&format!("{name} must be either \"asc\" or \"desc\""))),
        }
    }
    Ok(())
}

fn page_size(query: &Query, key: &str) -> Result<usize, Refusal> {
    let size = query.number(key)?.unwrap_or(USUAL_PAGE);
    if !(1..=MAX_PAGE).contains(&size) {
        return Err(Refusal::bad(&format!(
            "{key} must not be less than 1 and not be greater than {MAX_PAGE}"
        )));
    }
    Ok(usize::try_from(size).unwrap_or(usize::MAX))
}

fn page_by_cursor<'a>(found: &[&'a Booking], query: &Query) -> Result<(Vec<&'a Booking>, Value), Refusal> {
    let limit = page_size(query, "limit")?;
    let begin = match query.get("cursor") {
        None => 0,
        Some(cursor) => {
            let last = hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let last = last.and_then(|text| text.parse::<u64>().ok());
            let last = last.ok_or_else(|| Refusal::bad("cursor is invalid"))?;
            found.iter().position(|booking| booking.id == last).map_or(found.len(), |at| at + 1)
        }
    };
    let page: Vec<&Booking> = found.iter().skip(begin).take(limit).copied().collect();
    let has_more = begin + page.len() < found.len();
    let next = page.last().filter(|_| has_more).map(|booking| hex::encode(booking.id.to_string()));
    Ok((page, json!({"nextCursor": next, "hasMore": has_more})))
}

fn page_by_offset<'a>(found: &[&'a Booking], query: &Query) -> Result<(Vec<&'a Booking>, Value), Refusal> {
    let take = page_size(query, "take")?;
    let skip = usize::try_from(query.number("skip")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let page: Vec<&Booking> = found.iter().skip(skip).take(take).copied().collect();
    let total = found.len();
    let remaining = total.saturating_sub(skip.saturating_add(page.len()));
    let pagination = json!({
        "totalItems": total,
        "remainingItems": remaining,
        "returnedItems": page.len(),
        "itemsPerPage": take,
        "currentPage": skip / take,
        "totalPages": total.div_ceil(take),
        "hasNextPage": remaining > 0,
        "hasPreviousPage": skip > 0,
    });
    Ok((page, pagination))
}
