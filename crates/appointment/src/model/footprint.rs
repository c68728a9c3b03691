//! The shape of a stay: which minutes of the person it needs, relative to its beginning.

use super::appointment::{AppointmentSnapshot, PhaseSpan};
use super::catalogue::{PhaseKind, Service};
use super::facility::{FacilityGroupId, FacilityId, FacilityUse, Need};
use super::span::{Minute, Span, normalise, touched_minutes};

/// Which facilities will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// One of this group.
    OneOf(FacilityGroupId),
    /// This one if it is free, else one of its group.
    Like(FacilityId),
}

/// A facility that is needed, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacilityNeed {
    /// Which ones will do.
    pub wanted: Wanted,
    /// Its minutes, relative to the beginning of the stay; sorted, disjoint.
    blocks: Vec<(i64, i64)>,
}

impl FacilityNeed {
    pub(crate) fn blocks(&self) -> &[(i64, i64)] {
        &self.blocks
    }
}

/// What a service or an existing appointment needs wherever it is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// Length of the customer's stay.
    duration: i64,
    /// The person's minutes, relative to the beginning of the stay; sorted, disjoint, may begin before zero.
    blocks: Vec<(i64, i64)>,
    /// Phases, relative to the beginning of the stay.
    phases: Vec<(PhaseKind, i64, i64)>,
    /// Facilities besides the person.
    needs: Vec<FacilityNeed>,
}

impl Footprint {
    /// Phases in order; the person is needed in staffed ones and in the buffers around the stay.
    #[must_use]
    pub fn of_service(service: &Service) -> Self {
        let mut phases = Vec::with_capacity(service.phases.len());
        let mut at = 0;
        for phase in &service.phases {
            let until = at + i64::from(phase.minutes);
            phases.push((phase.kind, at, until));
            at = until;
        }
        let mut blocks: Vec<_> = phases
            .iter()
            .filter(|(kind, ..)| *kind == PhaseKind::Staffed)
            .map(|(_, from, until)| (*from, *until))
            .collect();
        blocks.push((-i64::from(service.buffer_before_min), 0));
        blocks.push((at, at + i64::from(service.buffer_after_min)));
        normalise(&mut blocks);
        let needs = service.requires.iter().map(|requirement| FacilityNeed {
            wanted: Wanted::OneOf(requirement.group),
            blocks: needed(&requirement.need, &blocks, &phases, at),
        });
        Self { duration: at, needs: needs.collect(), blocks, phases }
    }

    /// The shape that an appointment was sold with; later changes of its service do not touch it.
    #[must_use]
    pub fn of_appointment(appointment: &AppointmentSnapshot) -> Self {
        let zero = Minute::floor(appointment.starts_at).0;
        let relative = |span: Span| {
            let (start, end) = touched_minutes(span);
            (start - zero, end - zero)
        };
        let mut blocks: Vec<_> = appointment.spans.iter().map(|span| relative(*span)).collect();
        normalise(&mut blocks);
        let duration = Minute::ceil(appointment.ends_at).0 - zero;
        if blocks.is_empty() {
            // Nothing says that the person was free in between, so the whole stay counts.
            blocks.push((0, duration));
        }
        let phases = appointment
            .phases
            .iter()
            .map(|phase| {
                let (start, end) = relative(Span::new(phase.starts_at, phase.ends_at));
                (phase.kind, start, end)
            })
            .collect();
        let needs = appointment.uses.iter().map(|used| {
            let mut blocks: Vec<_> = used.spans.iter().map(|span| relative(*span)).collect();
            normalise(&mut blocks);
            FacilityNeed { wanted: Wanted::Like(used.facility), blocks }
        });
        Self { duration, needs: needs.collect(), blocks, phases }
    }

    /// One staffed phase of `minutes`, between the buffers of this one.
    #[must_use]
    pub(crate) fn stretched(&self, minutes: i64) -> Self {
        let before = self.blocks.first().map_or(0, |(from, _)| (*from).min(0));
        let after = self.blocks.last().map_or(0, |(_, until)| (until - self.duration).max(0));
        let blocks = vec![(before, minutes + after)];
        // Nothing says when a facility would be free either.
        let needs =
            self.needs.iter().map(|need| FacilityNeed { wanted: need.wanted, blocks: blocks.clone() });
        Self {
            duration: minutes,
            needs: needs.collect(),
            blocks,
            phases: vec![(PhaseKind::Staffed, 0, minutes)],
        }
    }

    /// Length of the customer's stay in minutes.
    #[must_use]
    pub const fn duration_minutes(&self) -> i64 {
        self.duration
    }

    pub(crate) fn blocks(&self) -> &[(i64, i64)] {
        &self.blocks
    }

    /// The facilities that it needs.
    #[must_use]
    pub fn needs(&self) -> &[FacilityNeed] {
        &self.needs
    }

    /// The time of these facilities, one for each need in order, for a stay that begins at `start`; by facility.
    #[must_use]
    pub fn uses_at(&self, start: Minute, facilities: &[FacilityId]) -> Vec<FacilityUse> {
        uses_of(self.needs.iter().zip(facilities.iter().copied()), start)
    }

    /// The time of the facilities that an appointment has, for a stay that begins at `start`; by facility. What a
    /// service needs in general is left out.
    #[must_use]
    pub fn same_uses_at(&self, start: Minute) -> Vec<FacilityUse> {
        self.needs
            .iter()
            .filter_map(|need| match need.wanted {
                Wanted::Like(facility) => {
                    Some(FacilityUse { facility, spans: spans_of(&need.blocks, start) })
                }
                Wanted::OneOf(_) => None,
            })
            .collect()
    }

    /// End of a stay that begins at `start`.
    #[must_use]
    pub const fn end(&self, start: Minute) -> Minute {
        Minute(start.0.saturating_add(self.duration))
    }

    /// The person's time for a stay that begins at `start`.
    #[must_use]
    pub fn spans_at(&self, start: Minute) -> Vec<Span> {
        spans_of(&self.blocks, start)
    }

    /// The phases of a stay that begins at `start`.
    #[must_use]
    pub fn phases_at(&self, start: Minute) -> Vec<PhaseSpan> {
        (0_u32..)
            .zip(&self.phases)
            .map(|(position, (kind, from, until))| PhaseSpan {
                position,
                kind: *kind,
                starts_at: Minute(start.0 + from).instant(),
                ends_at: Minute(start.0 + until).instant(),
            })
            .collect()
    }
}

/// The minutes of a stay in which a facility is needed.
fn needed(
    need: &Need,
    person: &[(i64, i64)],
    phases: &[(PhaseKind, i64, i64)],
    duration: i64,
) -> Vec<(i64, i64)> {
    let mut blocks = match need {
        Need::Staffed => person.to_vec(),
        Need::Stay => {
            let from = person.first().map_or(0, |(from, _)| (*from).min(0));
            vec![(from, person.last().map_or(duration, |(_, until)| (*until).max(duration)))]
        }
        Need::Phases(places) => {
            let of = |place: &u32| phases.get(usize::try_from(*place).ok()?);
            places.iter().filter_map(of).map(|(_, from, until)| (*from, *until)).collect()
        }
    };
    normalise(&mut blocks);
    blocks
}

/// The time of the facilities that were chosen for needs, by facility.
pub(super) fn uses_of<'n>(
    chosen: impl Iterator<Item = (&'n FacilityNeed, FacilityId)>,
    start: Minute,
) -> Vec<FacilityUse> {
    let mut uses: Vec<_> = chosen
        .map(|(need, facility)| FacilityUse { facility, spans: spans_of(&need.blocks, start) })
        .collect();
    uses.sort_unstable();
    uses
}

fn spans_of(blocks: &[(i64, i64)], start: Minute) -> Vec<Span> {
    let span = |(from, until): &(i64, i64)| {
        Span::new(Minute(start.0 + from).instant(), Minute(start.0 + until).instant())
    };
    blocks.iter().map(span).collect()
}

/// `wanted` without what is in `owned`: the part of a move's time that the appointment does not occupy already.
#[must_use]
pub(crate) fn without(wanted: &[Span], owned: &[Span]) -> Vec<Span> {
    let minutes = |spans: &[Span]| {
        let mut minutes: Vec<_> = spans.iter().map(|span| touched_minutes(*span)).collect();
        normalise(&mut minutes);
        minutes
    };
    let mut left = Vec::new();
    super::span::subtract(&minutes(wanted), &minutes(owned), &mut left);
    left.into_iter().map(|(start, end)| Span::new(Minute(start).instant(), Minute(end).instant())).collect()
}
