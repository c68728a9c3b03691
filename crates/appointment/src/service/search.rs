//! What is free around a wish, and what is free next.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::TenantScope;

use super::{Ask, BookingService, Picture, Subject, count_new, latest_day};
use crate::commands::{NextRequest, SearchOutcome, SearchRequest};
use crate::error::BookingError;
use crate::model::{Appointment, DateRange, Minute, Unavailable, add_days, local_date};
use crate::policy::alternatives::{RANKED_IN_A_CROWD, RankedSlot, in_order};

/// Dates that one load of a search ahead covers. Usually the first load has an answer; a full quarter takes seven.
pub(super) const DAYS_PER_LOAD: u64 = 14;

impl BookingService {
    /// The best free slots for a wish. A wish for one minute gets slots around it, not that minute: for that there is
    /// [`BookingService::check`].
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`], [`BookingError::UnknownAppointment`]; store failures.
    pub async fn search(
        &self,
        scope: &TenantScope,
        request: SearchRequest,
    ) -> Result<SearchOutcome, BookingError> {
        let moving = match request.moving {
            None => None,
            Some(id) => Some(
                self.find(scope, id)
                    .await?
                    .map(Appointment::into_snapshot)
                    .ok_or(BookingError::UnknownAppointment(id))?,
            ),
        };
        let ask = Ask {
            branch: request.branch,
            subject: moving.as_ref().map_or(Subject::Service(request.service), Subject::Moving),
            staff: request.staff,
            requester: &request.requester,
            customer: None,
        };
        let (slots, picture) = self
            .alternatives(scope, &ask, request.wish, (None, None), (request.last_day, request.limit))
            .await?;
        let day = why_not_that_day(&picture, request.wish.day);
        Ok(SearchOutcome { slots, day })
    }

    /// The next free slots in order of time, one per minute.
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`]; store failures.
    pub async fn next_available(
        &self,
        scope: &TenantScope,
        request: NextRequest,
    ) -> Result<Vec<RankedSlot>, BookingError> {
        let ask = Ask {
            branch: request.branch,
            subject: Subject::Service(request.service),
            staff: request.staff,
            requester: &request.requester,
            customer: None,
        };
        let days = u64::from(request.search_days.clamp(1, NextRequest::MAX_SEARCH_DAYS));
        let from = request.after.unwrap_or(DateTime::<Utc>::MIN_UTC).max(self.clock.now());
        let mut ahead = 0;
        while ahead < days {
            let until = (ahead + DAYS_PER_LOAD).min(days) - 1;
            let picture = self
                .picture_of_wished(scope, &ask, &|catalogue, _| {
                    let first = local_date(catalogue.timezone(), from);
                    DateRange::new(add_days(first, ahead), add_days(first, until))
                })
                .await?;
            let Some(sought) = &picture.sought else {
                return Ok(Vec::new());
            };
            let (found, beyond) = {
                let availability = picture.availability();
                let staff = request.staff.map_or_else(|| picture.performers.clone(), |staff| vec![staff]);
                let mut found = in_order(&availability, sought, &staff, Minute::ceil(from));
                if found.is_empty() && !picture.outside.is_complete() {
                    found = in_order(&picture.hoped_for(), sought, &staff, Minute::ceil(from));
                }
                let latest = latest_day(&picture.catalogue, availability.today());
                (found, picture.days.last() >= latest)
            };
            if !found.is_empty() {
                let allowed = picture.catalogue.policy().max_alternatives;
                let max = request.limit.map_or(allowed, |limit| limit.min(allowed)) as usize;
                return Ok(self.offer_in_order(scope, &request, found, max).await);
            }
            if beyond {
                break;
            }
            ahead += DAYS_PER_LOAD;
        }
        Ok(Vec::new())
    }

    async fn offer_in_order(
        &self,
        scope: &TenantScope,
        request: &NextRequest,
        mut found: Vec<RankedSlot>,
        max: usize,
    ) -> Vec<RankedSlot> {
        found.truncate(RANKED_IN_A_CROWD);
        // As a rule the first few are enough to pass over what others were just offered.
        let few = found.len().min(max.saturating_mul(8));
        let mut offered = self.offered(scope, &request.requester, &found[..few]).await;
        if few < found.len() && !offered.is_empty() && count_new(&found, &offered) < max {
            offered = self.offered(scope, &request.requester, &found).await;
        }
        let mut chosen = self.offer(scope, &request.requester, (&found, &[], &offered), max).await;
        chosen.sort_unstable_by_key(|entry| entry.slot.start);
        chosen
    }
}

/// What keeps the wished date from being bookable at all.
pub(super) fn why_not_that_day(picture: &Picture, day: NaiveDate) -> Option<Unavailable> {
    let Some(sought) = &picture.sought else {
        return Some(Unavailable::NotOffered);
    };
    let availability = picture.availability();
    let latest = availability.latest_day();
    if day < availability.today() {
        Some(Unavailable::TooSoon { earliest: availability.earliest(sought).instant() })
    } else if day > latest {
        Some(Unavailable::TooFar { latest })
    } else {
        availability.closed_on(day)
    }
}
