//! Whole sequences that can be had: around a wish, and next.

use chrono::{DateTime, Utc};
use kernel::{StaffId, TenantScope};

use super::search::{DAYS_PER_LOAD, why_not_that_day};
use super::sequence::{AskAll, Asked};
use super::sequence_place::{PartPicture, hoped_for, place_seen, seen};
use super::sequence_starts::{Around, Starts, has_own, in_order_of_time, is_asked, ranked};
use super::{BookingService, latest_day, wish_for};
use crate::calendar::Certainty;
use crate::commands::{
    NextRequest, NextSequences, NextSequencesRequest, OfferedSequence, PartWish, Requester,
    SearchSequencesRequest, Sequence, SequencesFound,
};
use crate::error::BookingError;
use crate::model::{Availability, DateRange, Minute, add_days, local_date};
use crate::policy::alternatives::{Never, RankedSlot, TimeWish};

/// Beginnings that a search for the next sequence tries where none before leads anywhere: more than a fortnight of a grid
/// of five minutes has. What lies behind them is not looked at, and that is said.
const MOST_NEXT_STARTS: usize = 2_000;
/// Sequences that are found for one that is offered: enough to pass over what others were just offered.
const FOUND_PER_OFFER: usize = 3;

/// A sequence with the rank of its beginning.
type Found = (RankedSlot, Sequence);

/// What was found, and whether that is all there is on the wished days.
#[derive(Default)]
struct Looked {
    found: Vec<Found>,
    /// True if every beginning in the wished part of the wished days was tried.
    tried_all: bool,
}

/// What can follow the beginnings that were tried.
struct Possible {
    found: Vec<Found>,
    /// True if none of those that lead nowhere was given up on before every way was tried.
    tried_all: bool,
}

/// Whole sequences around a wish, and the pictures of its near days.
struct AroundWish {
    sequences: Vec<OfferedSequence>,
    tried_all: bool,
    near: Vec<PartPicture>,
}

fn parts_of(wishes: &[PartWish]) -> Vec<Asked> {
    wishes.iter().map(|wish| Asked { wish: *wish, at: None }).collect()
}

impl BookingService {
    /// Whole sequences around a wish, best first: the beginnings that are best for the first part, as far as the others
    /// can follow.
    ///
    /// # Errors
    /// As [`BookingService::check_sequence`].
    pub async fn search_sequences(
        &self,
        scope: &TenantScope,
        request: &SearchSequencesRequest,
    ) -> Result<SequencesFound, BookingError> {
        self.is_sequence(request.parts.len())?;
        let ask = (request.branch, &request.requester, None);
        let catalogue = self.catalogues.known(scope, request.branch).await?;
        let minute = match request.wish.time {
            TimeWish::At(wall) => Some(catalogue.minute_at(request.wish.day, wall)),
            _ => None,
        };
        let around = Around {
            wish: request.wish,
            last_day: request.last_day,
            never: Never { minute },
            limit: request.limit,
        };
        let found = self.sequences_around(scope, ask, &parts_of(&request.parts), around).await?;
        let day = found.near.first().and_then(|part| why_not_that_day(&part.picture, request.wish.day));
        Ok(SequencesFound { sequences: found.sequences, tried_all: found.tried_all, day })
    }

    /// The next whole sequences from an instant on, in order of time. The first that leads somewhere is the next there
    /// is: no beginning before it is passed over.
    ///
    /// # Errors
    /// As [`BookingService::check_sequence`].
    pub async fn next_sequences(
        &self,
        scope: &TenantScope,
        request: &NextSequencesRequest,
    ) -> Result<NextSequences, BookingError> {
        self.is_sequence(request.parts.len())?;
        let parts = parts_of(&request.parts);
        let ask = (request.branch, &request.requester, None);
        let days = u64::from(request.search_days.clamp(1, NextRequest::MAX_SEARCH_DAYS));
        let from = request.after.unwrap_or(DateTime::<Utc>::MIN_UTC).max(self.clock.now());
        // What is certain and what is hoped for are tried apart.
        let mut left = [MOST_NEXT_STARTS; 2];
        let mut last = [None; 2];
        let (mut ahead, mut tried_until, mut tried_all) = (0, None, true);
        while ahead < days && tried_until.is_none() {
            let until = (ahead + DAYS_PER_LOAD).min(days) - 1;
            let pictures = self
                .pictures(scope, ask, &parts, &|catalogue, _| {
                    let first = local_date(catalogue.timezone(), from);
                    DateRange::new(add_days(first, ahead), add_days(first, until))
                })
                .await?;
            let Some(first) = pictures.first() else { break };
            let most = self.most_offers(first, request.limit);
            tried_all &= !has_own(first, |_| true);
            for (seen, (left, last)) in views(&pictures).zip(left.iter_mut().zip(&mut last)) {
                let mut starts = in_order_of_time(first, &seen, Minute::ceil(from));
                let beyond = starts.get(*left).is_some();
                starts.truncate(*left);
                *left -= starts.len();
                *last = starts.last().map(|start| start.slot.start).or(*last);
                let Possible { found, tried_all: all } = self.possible((&pictures, &seen), &[], starts, most);
                tried_all &= all;
                if !found.is_empty() {
                    let mut sequences = self.offer_sequences(scope, &request.requester, found, most).await;
                    sequences.sort_by_key(|offered| offered.slots.first().map(|slot| slot.start));
                    return Ok(NextSequences { sequences, tried_until: None, tried_all });
                }
                if beyond {
                    tried_until = [tried_until, *last].into_iter().flatten().min();
                }
            }
            let picture = &first.picture;
            let latest = latest_day(&picture.catalogue, picture.catalogue.date_at(picture.view.now));
            if picture.days.last() >= latest {
                break;
            }
            ahead += DAYS_PER_LOAD;
        }
        Ok(NextSequences { sequences: Vec::new(), tried_until, tried_all })
    }

    /// Whole sequences instead of one that cannot be had.
    pub(super) async fn other_sequences(
        &self,
        scope: &TenantScope,
        ask: AskAll<'_>,
        parts: &[Asked],
        start: DateTime<Utc>,
    ) -> Result<Vec<OfferedSequence>, BookingError> {
        let catalogue = self.catalogues.known(scope, ask.0).await?;
        let wish = wish_for(catalogue.timezone(), start);
        let around =
            Around { wish, last_day: None, never: Never { minute: Some(Minute::floor(start)) }, limit: None };
        let parts: Vec<Asked> = parts.iter().map(|part| Asked { at: None, ..*part }).collect();
        Ok(self.sequences_around(scope, ask, &parts, around).await?.sequences)
    }

    /// Near days first, the week after if those have nothing. The pictures of the near days come along.
    async fn sequences_around(
        &self,
        scope: &TenantScope,
        ask: AskAll<'_>,
        parts: &[Asked],
        around: Around,
    ) -> Result<AroundWish, BookingError> {
        let wish = around.wish;
        let near = self
            .pictures(scope, ask, parts, &|catalogue, today| {
                wish.near_days(today, latest_day(catalogue, today))
            })
            .await?;
        let Some(first) = near.first() else {
            return Ok(AroundWish { sequences: Vec::new(), tried_all: false, near });
        };
        let most = self.most_offers(first, around.limit);
        let mut looked = self.around(&near, &[], around, most);
        let mut last = first.picture.days.last();
        let today = first.picture.catalogue.date_at(first.picture.view.now);
        let latest = latest_day(&first.picture.catalogue, today);
        if looked.found.is_empty() && wish.far_days(today, latest).is_some() {
            let far = self
                .pictures(scope, ask, parts, &|catalogue, today| {
                    wish.far_days(today, latest_day(catalogue, today))
                        .unwrap_or_else(|| DateRange::day(today))
                })
                .await?;
            let further = self.around(&far, &[], around, most);
            last = far.first().map_or(last, |part| part.picture.days.last());
            looked = Looked { tried_all: looked.tried_all && further.tried_all, ..further };
        }
        let tried_all = looked.tried_all && around.last_day.is_some_and(|wished| wished.min(latest) <= last);
        let sequences = self.offer_sequences(scope, ask.1, looked.found, most).await;
        Ok(AroundWish { sequences, tried_all, near })
    }

    /// The same on pictures that are there already; `preferred` names the person of each part who comes first.
    pub(super) async fn sequences_on(
        &self,
        scope: &TenantScope,
        requester: &Requester,
        (pictures, preferred): (&[PartPicture], &[Option<StaffId>]),
        around: Around,
    ) -> Vec<OfferedSequence> {
        let Some(first) = pictures.first() else { return Vec::new() };
        let most = self.most_offers(first, around.limit);
        let looked = self.around(pictures, preferred, around, most);
        self.offer_sequences(scope, requester, looked.found, most).await
    }

    fn most_offers(&self, first: &PartPicture, limit: Option<u32>) -> usize {
        let allowed = first.picture.catalogue.policy().max_alternatives;
        limit.map_or(allowed, |limit| limit.min(allowed)) as usize
    }

    /// What is certain; if nothing is, what the company's own plan leaves open. Of a wish for days, what is on these days
    /// and nothing else, if there is any.
    fn around(
        &self,
        pictures: &[PartPicture],
        preferred: &[Option<StaffId>],
        around: Around,
        most: usize,
    ) -> Looked {
        let Some(first) = pictures.first() else { return Looked::default() };
        // A beginning within an appointment of the caller's own is passed over without a look.
        let mut tried_all = !has_own(first, |date| around.wants(date));
        let mut left = views(pictures);
        while let Some(seen) = left.next() {
            let Starts { starts, are_all } = ranked(first, &seen, preferred, around);
            let Possible { mut found, tried_all: all } =
                self.possible((pictures, &seen), preferred, starts, most);
            tried_all &= all && are_all;
            let wished = |(start, _): &Found| is_asked(first, around, start);
            if around.last_day.is_some() && found.iter().any(wished) {
                found.retain(wished);
                return Looked { found, tried_all: false };
            }
            if !found.is_empty() {
                // What is hoped for on the wished days was not looked at then.
                return Looked { found, tried_all: tried_all && left.next().is_none() };
            }
        }
        Looked { found: Vec::new(), tried_all }
    }

    /// What can follow these beginnings, in their order, as far as it is needed for so many offers.
    fn possible(
        &self,
        (pictures, seen): (&[PartPicture], &[Availability<'_>]),
        preferred: &[Option<StaffId>],
        starts: Vec<RankedSlot>,
        most: usize,
    ) -> Possible {
        let gap = self.sequences.max_gap_minutes;
        let enough = most.saturating_mul(FOUND_PER_OFFER);
        let mut possible = Possible { found: Vec::new(), tried_all: true };
        for start in starts {
            if possible.found.len() >= enough {
                break;
            }
            let placed = match place_seen((pictures, seen), preferred, start.slot.start, gap) {
                Ok(placed) => placed,
                Err(why) => {
                    possible.tried_all &= why.tried_all;
                    continue;
                }
            };
            let slots: Sequence = placed.iter().map(|placed| placed.slot).collect();
            let each = seen.iter().zip(&slots).map(|(seen, slot)| seen.certainty_of(slot));
            let certainty = Certainty::least(each);
            if let Some(slot) = slots.first().copied() {
                possible.found.push((RankedSlot { slot, certainty, ..start }, slots));
            }
        }
        possible
    }

    /// Chooses with regard to what was just offered to others, and remembers the offer: of the first parts, which is
    /// enough to keep two callers from one sequence.
    async fn offer_sequences(
        &self,
        scope: &TenantScope,
        requester: &Requester,
        found: Vec<Found>,
        most: usize,
    ) -> Vec<OfferedSequence> {
        // Where there is anything within the wish, it is all that was found.
        let firsts: Vec<_> = found.iter().map(|(first, _)| *first).collect();
        let offered = self.offered(scope, requester, &firsts).await;
        let chosen = self.offer(scope, requester, (&firsts, &[], &offered), most).await;
        let whole = |chosen: RankedSlot| -> Option<OfferedSequence> {
            let (first, slots) = found.iter().find(|(first, _)| first.slot == chosen.slot)?;
            Some(OfferedSequence {
                slots: slots.clone(),
                kind: first.kind,
                matches_preference: first.matches_preference,
                certainty: first.certainty,
            })
        };
        chosen.into_iter().filter_map(whole).collect()
    }
}

/// How free time is seen: verified, and where an outside calendar does not answer, as far as is known.
fn views(pictures: &[PartPicture]) -> impl Iterator<Item = Vec<Availability<'_>>> {
    let is_complete = pictures.iter().all(|part| part.picture.outside.is_complete());
    let hoped = std::iter::once_with(|| hoped_for(pictures)).filter(move |_| !is_complete);
    std::iter::once_with(|| seen(pictures)).chain(hoped)
}
