//! Whole sequences that can be had: around a wish, and next.

use chrono::{DateTime, Timelike, Utc};
use kernel::{StaffId, TenantScope};

use super::search::{DAYS_PER_LOAD, why_not_that_day};
use super::sequence::{AskAll, Asked};
use super::sequence_place::{PartPicture, hoped_for, place_seen, seen};
use super::{BookingService, latest_day, wish_for};
use crate::commands::{
    NextRequest, NextSequences, NextSequencesRequest, OfferedSequence, PartWish, Requester,
    SearchSequencesRequest, Sequence, SequencesFound,
};
use crate::error::BookingError;
use crate::model::{Availability, DateRange, Minute, add_days, local_date};
use crate::policy::alternatives::{Never, OfferKind, RankedSlot, TimeWish, Wish, in_order, rank};

/// Beginnings that are tried one after the other where the best ones lead nowhere: some weeks of a branch's grid, and
/// few enough to be tried while a caller waits.
const MOST_STARTS: usize = 300;
/// Beginnings that a search for the next sequence tries where none before leads anywhere: more than a fortnight of a grid
/// of five minutes has. What lies behind them is not looked at, and that is said.
const MOST_NEXT_STARTS: usize = 2_000;
/// Sequences that are found for one that is offered: enough to pass over what others were just offered.
const FOUND_PER_OFFER: usize = 3;

/// A sequence with the rank of its beginning.
type Found = (RankedSlot, Sequence);

/// What is searched for.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) wish: Wish,
    /// The beginning that was refused.
    pub(super) never: Never,
    /// How many are wanted at most.
    pub(super) limit: Option<u32>,
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
        let around = Around { wish: request.wish, never: Never { minute }, limit: request.limit };
        let (sequences, near) = self.sequences_around(scope, ask, &parts_of(&request.parts), around).await?;
        let day = near.first().and_then(|part| why_not_that_day(&part.picture, request.wish.day));
        Ok(SequencesFound { sequences, day })
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
        let (mut ahead, mut tried_until) = (0, None);
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
            for (seen, (left, last)) in views(&pictures).zip(left.iter_mut().zip(&mut last)) {
                let mut starts = in_order_of_time(first, &seen, Minute::ceil(from));
                let beyond = starts.get(*left).is_some();
                starts.truncate(*left);
                *left -= starts.len();
                *last = starts.last().map(|start| start.slot.start).or(*last);
                let found = self.possible((&pictures, &seen), &[], starts, most);
                if !found.is_empty() {
                    let mut sequences = self.offer_sequences(scope, &request.requester, found, most).await;
                    sequences.sort_by_key(|offered| offered.slots.first().map(|slot| slot.start));
                    return Ok(NextSequences { sequences, tried_until: None });
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
        Ok(NextSequences { sequences: Vec::new(), tried_until })
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
        let around = Around { wish, never: Never { minute: Some(Minute::floor(start)) }, limit: None };
        let parts: Vec<Asked> = parts.iter().map(|part| Asked { at: None, ..*part }).collect();
        Ok(self.sequences_around(scope, ask, &parts, around).await?.0)
    }

    /// Near days first, the week after if those have nothing. The pictures of the near days come along.
    async fn sequences_around(
        &self,
        scope: &TenantScope,
        ask: AskAll<'_>,
        parts: &[Asked],
        around: Around,
    ) -> Result<(Vec<OfferedSequence>, Vec<PartPicture>), BookingError> {
        let wish = around.wish;
        let near = self
            .pictures(scope, ask, parts, &|catalogue, today| {
                wish.near_days(today, latest_day(catalogue, today))
            })
            .await?;
        let Some(first) = near.first() else { return Ok((Vec::new(), near)) };
        let most = self.most_offers(first, around.limit);
        let mut found = self.around(&near, &[], around, most);
        let today = first.picture.catalogue.date_at(first.picture.view.now);
        let latest = latest_day(&first.picture.catalogue, today);
        if found.is_empty() && wish.far_days(today, latest).is_some() {
            let far = self
                .pictures(scope, ask, parts, &|catalogue, today| {
                    wish.far_days(today, latest_day(catalogue, today))
                        .unwrap_or_else(|| DateRange::day(today))
                })
                .await?;
            found = self.around(&far, &[], around, most);
        }
        Ok((self.offer_sequences(scope, ask.1, found, most).await, near))
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
        let found = self.around(pictures, preferred, around, most);
        self.offer_sequences(scope, requester, found, most).await
    }

    fn most_offers(&self, first: &PartPicture, limit: Option<u32>) -> usize {
        let allowed = first.picture.catalogue.policy().max_alternatives;
        limit.map_or(allowed, |limit| limit.min(allowed)) as usize
    }

    /// What is certain; if nothing is, what the company's own plan leaves open.
    fn around(
        &self,
        pictures: &[PartPicture],
        preferred: &[Option<StaffId>],
        around: Around,
        most: usize,
    ) -> Vec<Found> {
        let found = |seen: Vec<Availability<'_>>| {
            let starts = ranked(pictures.first()?, &seen, preferred, around);
            Some(self.possible((pictures, &seen), preferred, starts, most)).filter(|found| !found.is_empty())
        };
        views(pictures).find_map(found).unwrap_or_default()
    }

    /// What can follow these beginnings, in their order, as far as it is needed for so many offers.
    fn possible(
        &self,
        (pictures, seen): (&[PartPicture], &[Availability<'_>]),
        preferred: &[Option<StaffId>],
        starts: Vec<RankedSlot>,
        most: usize,
    ) -> Vec<Found> {
        let gap = self.sequences.max_gap_minutes;
        let whole = |start: RankedSlot| -> Option<Found> {
            let placed = place_seen((pictures, seen), preferred, start.slot.start, gap).ok()?;
            let slots: Sequence = placed.iter().map(|placed| placed.slot).collect();
            let verified = seen.iter().zip(&slots).all(|(seen, slot)| seen.is_verified(slot.staff));
            Some((RankedSlot { slot: *slots.first()?, verified, ..start }, slots))
        };
        starts.into_iter().filter_map(whole).take(most.saturating_mul(FOUND_PER_OFFER)).collect()
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
        let firsts = found.iter().map(|(first, _)| *first).collect();
        let chosen = self.offer(scope, requester, firsts, most).await;
        let whole = |chosen: RankedSlot| -> Option<OfferedSequence> {
            let (first, slots) = found.iter().find(|(first, _)| first.slot == chosen.slot)?;
            Some(OfferedSequence {
                slots: slots.clone(),
                kind: first.kind,
                matches_preference: first.matches_preference,
                verified: first.verified,
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

/// Beginnings around a wish, each once: those that are best for the first part, then whatever else it has.
fn ranked(
    first: &PartPicture,
    seen: &[Availability<'_>],
    preferred: &[Option<StaffId>],
    around: Around,
) -> Vec<RankedSlot> {
    let (Some(sought), Some(availability)) = (&first.sought, seen.first()) else { return Vec::new() };
    let staff = people(first);
    let mut starts: Vec<RankedSlot> = Vec::new();
    let wanted = preferred.first().copied().flatten().filter(|wanted| staff.contains(wanted));
    let best = wanted.map(|wanted| rank(availability, sought, &[wanted], around.wish, around.never));
    let best = best.filter(|best| !best.is_empty());
    let best = best.unwrap_or_else(|| rank(availability, sought, &staff, around.wish, around.never));
    let (asked, others): (Vec<_>, Vec<_>) =
        in_order_of_time(first, seen, Minute::ceil(first.picture.view.now))
            .into_iter()
            .map(|slot| RankedSlot { kind: OfferKind::NextAvailable, matches_preference: false, ..slot })
            .partition(|slot| is_asked(first, around.wish, slot));
    // What was asked for comes first, however much else there is before it.
    let rest = asked.into_iter().chain(others);
    let is_refused = |slot: &RankedSlot| Some(Minute::floor(slot.slot.start)) == around.never.minute;
    for slot in best.into_iter().chain(rest).filter(|slot| !is_refused(slot)) {
        if !starts.iter().any(|known| known.slot.start == slot.slot.start) {
            starts.push(slot);
        }
        if starts.len() >= MOST_STARTS {
            break;
        }
    }
    starts
}

/// Whether it begins on the asked day, in the asked window.
fn is_asked(first: &PartPicture, wish: Wish, slot: &RankedSlot) -> bool {
    let local = slot.slot.start.with_timezone(&first.picture.catalogue.timezone());
    let minute = local.hour() * 60 + local.minute();
    let is_inside = |(from, until): (u16, u16)| (u32::from(from)..=u32::from(until)).contains(&minute);
    local.date_naive() == wish.day && wish.time.window().is_none_or(is_inside)
}

fn in_order_of_time(first: &PartPicture, seen: &[Availability<'_>], from: Minute) -> Vec<RankedSlot> {
    let (Some(sought), Some(availability)) = (&first.sought, seen.first()) else { return Vec::new() };
    in_order(availability, sought, &people(first), from)
}

fn people(first: &PartPicture) -> Vec<StaffId> {
    first.staff.map_or_else(|| first.picture.performers.clone(), |staff| vec![staff])
}
