//! The shape of a stay: which minutes of the person it needs, relative to its beginning.

use super::appointment::{AppointmentSnapshot, PhaseSpan};
use super::catalogue::{PhaseKind, Service};
use super::span::{Minute, Span, normalise, touched_minutes};

/// What a service or an existing appointment needs wherever it is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// Length of the customer's stay.
    duration: i64,
    /// The person's minutes, relative to the beginning of the stay; sorted, disjoint, may begin before zero.
    blocks: Vec<(i64, i64)>,
    /// Phases, relative to the beginning of the stay.
    phases: Vec<(PhaseKind, i64, i64)>,
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
        Self { duration: at, blocks, phases }
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
        Self { duration, blocks, phases }
    }

    /// One staffed phase of `minutes`, between the buffers of this one.
    #[must_use]
    pub(crate) fn stretched(&self, minutes: i64) -> Self {
        let before = self.blocks.first().map_or(0, |(from, _)| (*from).min(0));
        let after = self.blocks.last().map_or(0, |(_, until)| (until - self.duration).max(0));
        Self {
            duration: minutes,
            blocks: vec![(before, minutes + after)],
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

    /// End of a stay that begins at `start`.
    #[must_use]
    pub const fn end(&self, start: Minute) -> Minute {
        Minute(start.0.saturating_add(self.duration))
    }

    /// The person's time for a stay that begins at `start`.
    #[must_use]
    pub fn spans_at(&self, start: Minute) -> Vec<Span> {
        self.blocks
            .iter()
            .map(|(from, until)| {
                Span::new(Minute(start.0 + from).instant(), Minute(start.0 + until).instant())
            })
            .collect()
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
