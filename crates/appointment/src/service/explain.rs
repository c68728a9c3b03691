//! Why a time is not free, person by person.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use kernel::{BranchId, ServiceId, StaffId, TenantScope};

use super::{Ask, BookingService, Subject};
use crate::calendar::{CalendarLink, Certainty};
use crate::commands::Requester;
use crate::error::BookingError;
use crate::model::{
    DateRange, DayHours, FacilityBusy, FacilityGroupId, FacilityId, Minute, OpeningDay, Span, Unavailable,
    local_date,
};

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhyRequest {
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is everybody who performs it.
    pub staff: Option<StaffId>,
    /// Beginning of the stay.
    pub start: DateTime<Utc>,
}

/// Why a stay can or cannot begin at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The branch's wall clock.
    pub timezone: Tz,
    /// The day there.
    pub date: NaiveDate,
    /// Whether the asked beginning is over.
    pub is_past: bool,
    /// The stay, if the branch offers the service.
    pub stay: Option<Span>,
    /// When its person would be busy, buffers included; empty if the branch does not offer the service.
    pub busy: Vec<Span>,
    /// Minutes between two beginnings that the branch offers, counted from its opening.
    pub grid_minutes: u32,
    /// What keeps it from beginning whoever performs it: the service, notice, horizon, a closed day, hours, a break, the grid.
    pub branch: Option<Unavailable>,
    /// The branch's hours on that day, by its wall clock.
    pub opening: Vec<DayHours>,
    /// Each person, in the order of listing.
    pub people: Vec<PersonExplanation>,
    /// Each room, place or device that would do, in the order of listing; empty where none is needed.
    pub facilities: Vec<FacilityExplanation>,
}

/// The same about one facility.
#[derive(Debug, Clone, PartialEq)]
pub struct FacilityExplanation {
    /// Which.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// Its group, one of which is needed.
    pub group: FacilityGroupId,
    /// The name of that group.
    pub group_name: String,
    /// What occupies it when it would be needed; `None`: nothing, it is free.
    pub taken: Option<FacilityBusy>,
}

/// The same about one person.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonExplanation {
    /// Who.
    pub staff: StaffId,
    /// The person's name.
    pub name: String,
    /// What is in the way; `None`: nothing, it is free.
    pub reason: Option<Unavailable>,
    /// The person's hours on that day.
    pub hours: Vec<DayHours>,
    /// The absence that the time touches in which the person would be busy.
    pub absence: Option<Span>,
    /// The outside calendar that has a say.
    pub link: Option<CalendarLink>,
    /// When that was heard last, in product time.
    pub as_of: Option<DateTime<Utc>>,
}

impl BookingService {
    /// Says why a stay can or cannot begin at a time: for people who wonder, not for callers. Nothing is held.
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`]; store failures.
    pub async fn explain(
        &self,
        scope: &TenantScope,
        request: WhyRequest,
    ) -> Result<Explanation, BookingError> {
        self.explained(scope, request, None).await
    }

    /// The same about a date of a series, whose horizon is another one.
    ///
    /// # Errors
    /// As [`BookingService::explain`].
    pub async fn explain_occurrence(
        &self,
        scope: &TenantScope,
        request: WhyRequest,
    ) -> Result<Explanation, BookingError> {
        self.explained(scope, request, Some(self.series.horizon_days)).await
    }

    async fn explained(
        &self,
        scope: &TenantScope,
        request: WhyRequest,
        horizon: Option<u32>,
    ) -> Result<Explanation, BookingError> {
        let ask = Ask {
            branch: request.branch,
            subject: Subject::Service(request.service),
            staff: request.staff,
            requester: &Requester::Desk,
            customer: None,
        };
        let day = |start| {
            move |catalogue: &crate::model::Catalogue, _| {
                DateRange::day(local_date(catalogue.timezone(), start))
            }
        };
        let mut picture = self.picture(scope, &ask, &day(request.start)).await?;
        picture.horizon = horizon;
        let catalogue = &picture.catalogue;
        let timezone = catalogue.timezone();
        let date = local_date(timezone, request.start);
        let is_past = request.start < picture.view.now;
        let opening = match catalogue.opening_on(date) {
            OpeningDay::Open(hours) => hours.to_vec(),
            OpeningDay::Closed(_) | OpeningDay::Rest => Vec::new(),
        };
        let not_offered = Explanation {
            timezone,
            date,
            is_past,
            stay: None,
            busy: Vec::new(),
            grid_minutes: catalogue.policy().grid_minutes,
            branch: Some(Unavailable::NotOffered),
            opening,
            people: Vec::new(),
            facilities: Vec::new(),
        };
        let Some(sought) = &picture.sought else { return Ok(not_offered) };
        let availability = picture.availability();
        let end = sought.footprint().end(Minute::floor(request.start)).instant();
        let stay = Span::new(request.start, end);
        let busy = sought.footprint().spans_at(Minute::floor(request.start));
        let wanted = match request.staff {
            Some(staff) => vec![staff],
            None => picture.performers.clone(),
        };
        let people: Vec<PersonExplanation> = wanted
            .into_iter()
            .map(|staff| {
                let person = catalogue.person(staff);
                PersonExplanation {
                    staff,
                    name: person.map(|person| person.name.clone()).unwrap_or_default(),
                    reason: availability.why_not(sought, staff, request.start),
                    hours: person.map(|person| person.hours.on_date(date).to_vec()).unwrap_or_default(),
                    absence: person.and_then(|person| {
                        let touching = || {
                            person.absences.iter().filter(|span| busy.iter().any(|busy| span.overlaps(busy)))
                        };
                        // One that is in the way of a buffer alone says less.
                        touching().find(|span| span.overlaps(&stay)).or_else(|| touching().next()).copied()
                    }),
                    link: catalogue.link(request.service, staff).cloned(),
                    as_of: Certainty::of(&picture.outside, staff, stay).as_of(),
                }
            })
            .collect();
        let facilities = availability.facilities_at(sought, request.start).into_iter();
        let facilities = facilities.filter_map(|(id, taken)| {
            let facility = catalogue.facility(id)?;
            let group = catalogue.facility_group(facility.group);
            Some(FacilityExplanation {
                facility: id,
                name: facility.name.clone(),
                group: facility.group,
                group_name: group.map(|group| group.name.clone()).unwrap_or_default(),
                taken,
            })
        });
        Ok(Explanation {
            stay: Some(stay),
            busy,
            branch: availability.why_not_for_branch(sought, request.start),
            people,
            facilities: facilities.collect(),
            ..not_offered
        })
    }
}
