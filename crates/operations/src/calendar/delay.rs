//! Copies that lead nowhere for now: why, and when they are tried again.

use appointment::calendar::{CopyRecord, CopyState, ReadFailure, ReviewReason, WriteFailure};
use appointment::model::{Appointment, AppointmentStatus};
use kernel::TenantScope;

use super::CalendarError;
use super::push::{CopyDesk, Pushed};

/// Why nothing is asked of an account.
pub(super) const SWITCHED_OFF: &str = "the account is switched off";

/// Why a run leads nowhere now, without personal data.
pub(super) struct Delay {
    why: String,
    /// Nothing was sent, for a reason that says nothing about the account: our own budget was used up, too many requests were
    /// under way, or another part goes first.
    is_no_try: bool,
}

impl Delay {
    pub(super) fn no_try(why: &str) -> Self {
        Self { why: why.to_owned(), is_no_try: true }
    }
}

impl From<&str> for Delay {
    fn from(why: &str) -> Self {
        Self { why: why.to_owned(), is_no_try: false }
    }
}

impl From<&ReadFailure> for Delay {
    fn from(failure: &ReadFailure) -> Self {
        Self { why: failure.to_string(), is_no_try: failure.lacked_leave() }
    }
}

impl From<&WriteFailure> for Delay {
    fn from(failure: &WriteFailure) -> Self {
        Self { why: failure.to_string(), is_no_try: failure.lacked_leave() }
    }
}

impl CopyDesk {
    /// It leads nowhere now: the record says why, and when to try again.
    pub(super) async fn stays_open(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
        why: impl Into<Delay> + Send,
    ) -> Result<Option<Pushed>, CalendarError> {
        // A sender whose lease has run out was cut off.
        let state = if record.state == CopyState::Sending { CopyState::Unknown } else { record.state };
        self.put_off(scope, appointment, record.next(state), why).await
    }

    pub(super) async fn put_off(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        mut next: CopyRecord,
        why: impl Into<Delay> + Send,
    ) -> Result<Option<Pushed>, CalendarError> {
        let now = self.parts.clock.now();
        let Delay { why, is_no_try } = why.into();
        if is_no_try {
            next.not_tried(why.clone());
        } else {
            next.put_off(why.clone(), appointment.starts_at(), now, &self.parts.retries);
        }
        if appointment.status() == AppointmentStatus::Pending && appointment.starts_at() <= now {
            // Its time has come, and nobody knows whether it stands there: whoever was promised a call gets it now. What
            // became of the write is looked for on.
            self.dispute(scope, appointment, next, ReviewReason::CopyRefused).await?;
        } else {
            self.note(scope, next).await?;
        }
        Ok(Some(Pushed::Open { why }))
    }
}
