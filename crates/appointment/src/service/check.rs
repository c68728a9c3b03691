//! Is this minute free? And what is, if it is not.

use chrono::{DateTime, Utc};
use kernel::{ChangeSet, TenantScope};

use super::picture::Whose;
use super::{
    ATTEMPTS, Ask, BookingService, Picture, Subject, choose_hopefully, kept_by, latest_day, own_holds_for,
    wish_for, worth_another_look,
};
use crate::calendar::Certainty;
use crate::commands::{CheckOutcome, CheckRequest, Requester};
use crate::error::BookingError;
use crate::model::{
    Catalogue, DateRange, HoldId, Minute, OwnAppointment, Slot, Span, Unavailable, local_date,
};
use crate::policy::holds::{HoldPlan, HoldWish, plan_hold};

enum Decision {
    Free { slot: Slot, plan: Box<HoldPlan>, existing: Option<OwnAppointment>, certainty: Certainty },
    No { reason: Unavailable, existing: Option<OwnAppointment> },
}

impl BookingService {
    /// Answers whether a service can begin at exactly this minute, and holds it for the call if asked to.
    ///
    /// A hold that the call has for the slot already is kept and renewed. If somebody else is faster between look and
    /// hold, the answer is "taken" with alternatives.
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`]; store failures.
    pub async fn check(
        &self,
        scope: &TenantScope,
        request: CheckRequest,
    ) -> Result<CheckOutcome, BookingError> {
        let ask = Ask {
            branch: request.branch,
            subject: Subject::Service(request.service),
            staff: request.staff,
            requester: &request.requester,
            customer: None,
        };
        let mut refused = (Unavailable::JustTaken, None, None);
        for _ in 0..ATTEMPTS {
            let picture = self.day_or_more(scope, &ask, request.start).await?;
            match decide(&picture, &request, HoldId::generate(self.ids.as_ref())) {
                Decision::Free { slot, plan, existing, certainty } => {
                    let HoldPlan { hold, change } = *plan;
                    let free = CheckOutcome::Free { slot, hold, existing, certainty };
                    if change.is_empty() {
                        return Ok(free);
                    }
                    match self.appointments.commit(scope, change).await {
                        Ok(()) => return Ok(free),
                        Err(error) if worth_another_look(&error) => {
                            refused = (Unavailable::JustTaken, existing, None);
                        }
                        Err(error) => return Err(BookingError::Commit(error)),
                    }
                }
                Decision::No { reason, existing } => {
                    refused = (reason, existing, Some(picture));
                    break;
                }
            }
        }
        let (reason, existing, seen) = refused;
        let catalogue = self.catalogues.known(scope, request.branch).await?;
        let wish = wish_for(catalogue.timezone(), request.start);
        let asked = Some(Minute::floor(request.start));
        let (alternatives, _) = self.alternatives(scope, &ask, wish, (asked, seen), (None, None)).await?;
        Ok(CheckOutcome::Taken { reason, alternatives, existing })
    }

    /// The day of an instant; with the days where alternatives are looked for, if nobody has time then.
    async fn day_or_more(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        start: DateTime<Utc>,
    ) -> Result<Picture, BookingError> {
        let day = |catalogue: &Catalogue, _| DateRange::day(local_date(catalogue.timezone(), start));
        let near = |catalogue: &Catalogue, today| {
            wish_for(catalogue.timezone(), start).near_days(today, latest_day(catalogue, today))
        };
        self.picture_or(scope, ask, &day, Some((start, &near)), Whose::Wished).await
    }
}

fn decide(picture: &Picture, request: &CheckRequest, fresh: HoldId) -> Decision {
    let Some(sought) = &picture.sought else {
        return Decision::No { reason: Unavailable::NotOffered, existing: None };
    };
    let availability = picture.availability();
    let start = Minute::floor(request.start);
    let held: Vec<_> = own_holds_for(picture, request.service, request.start).collect();
    let chosen = match request.staff {
        Some(staff) => choose_hopefully(picture, sought, &[staff], &[], request.start),
        None => {
            let held: Vec<_> = held.iter().map(|hold| hold.staff).collect();
            choose_hopefully(picture, sought, &held, &picture.performers, request.start)
        }
    };
    let stay = Span::new(request.start, sought.footprint().end(start).instant());
    let existing = availability.own_at(stay).copied();
    let staff = match chosen {
        Ok(staff) => staff,
        Err(reason) => return Decision::No { reason, existing },
    };
    let kept = kept_by(held.into_iter().filter(|hold| hold.staff == staff));
    let Some(uses) = availability.facilities_for(sought, staff, request.start, &kept) else {
        return Decision::No { reason: Unavailable::NoFacility, existing };
    };
    let slot = sought.slot(staff, start);
    let plan = match &request.requester {
        Requester::Caller(context) if request.hold => plan_hold(
            HoldWish {
                id: fresh,
                branch: request.branch,
                call: context.call,
                number: context.caller.number().cloned(),
                slot,
                spans: sought.footprint().spans_at(start),
                uses,
                moves: None,
            },
            &picture.load.holds,
            picture.catalogue.policy(),
            picture.view.now,
        ),
        Requester::Caller(_) | Requester::Desk | Requester::Waiting(_) => {
            HoldPlan { hold: None, change: ChangeSet::new() }
        }
    };
    let certainty = Certainty::of(&picture.outside, staff, slot.stay());
    Decision::Free { slot, plan: Box::new(plan), existing, certainty }
}
