//! The outside calendar's tables in memory: accounts, links, records of copies, questions to people.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, CommitError, StoreError, TenantScope};

use super::memory::InMemoryAppointments;
use super::rows::{Rows, refused};
use crate::calendar::{
    Became, CalendarBook, CalendarLink, Connection, ConnectionId, CopyRecord, CopyState, Difference,
    KeptDifference, OpenCopies, RemoteUid, Review, ReviewId,
};
use crate::model::{AppointmentSnapshot, ServiceLink, Span};

impl Rows {
    pub(super) fn add_copy(&mut self, copy: &CopyRecord) -> Result<(), CommitError> {
        if !self.appointments.contains_key(&copy.appointment) {
            return refused("calendar_copies_appointment_fk");
        }
        if self.copies.contains_key(&copy.appointment) {
            return refused("calendar_copies_pk");
        }
        self.store_copy(copy.clone())
    }

    pub(super) fn update_copy(&mut self, next: &CopyRecord) -> Result<(), CommitError> {
        match self.copies.get(&next.appointment) {
            Some(stored) if stored.version + 1 == next.version => self.store_copy(next.clone()),
            _ => Err(CommitError::Stale),
        }
    }

    /// Stores a record and remembers that it was touched last.
    pub(super) fn store_copy(&mut self, copy: CopyRecord) -> Result<(), CommitError> {
        let same = |known: &&CopyRecord| {
            known.appointment != copy.appointment
                && known.uid.is_some()
                && (holder(known), &known.uid) == (holder(&copy), &copy.uid)
        };
        if self.copies.values().any(|known| same(&known)) {
            return refused("calendar_copies_uid_taken");
        }
        self.touched.retain(|id| *id != copy.appointment);
        self.touched.push(copy.appointment);
        self.copies.insert(copy.appointment, copy);
        Ok(())
    }

    pub(super) fn open_review(&mut self, review: &Review) {
        let same = |known: &Review| {
            (known.connection, known.reason, known.appointment, &known.uid)
                == (review.connection, review.reason, review.appointment, &review.uid)
        };
        let answered = |known: &Review| same(known) && known.detail == review.detail;
        let was_answered = review.reason.is_found_again() && self.answered_reviews.iter().any(answered);
        match self.reviews.iter_mut().find(|known| same(known)) {
            _ if was_answered => {}
            Some(open) => open.detail.clone_from(&review.detail),
            None => self.reviews.push(review.clone()),
        }
    }

    pub(super) fn note_differences(
        &mut self,
        (connection, is_complete): (ConnectionId, bool),
        found: &[Difference],
        at: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) {
        let key = |of: &Difference| (of.became, of.appointment, of.booking.clone());
        for difference in found {
            let same = |known: &&mut KeptDifference| {
                known.connection == connection && key(&known.difference) == key(difference)
            };
            let difference = difference.clone();
            match self.differences.iter_mut().find(same) {
                Some(known) => *known = KeptDifference { difference, last_found_at: at, ..known.clone() },
                None => self.differences.push(KeptDifference {
                    connection,
                    difference,
                    first_found_at: at,
                    last_found_at: at,
                }),
            }
        }
        let is_over = |known: &KeptDifference| {
            is_complete
                && known.connection == connection
                && known.difference.became == Became::Open
                && known.last_found_at < at
        };
        self.differences.retain(|known| known.last_found_at >= forget_before && !is_over(known));
    }

    fn copies_within(&self, connection: ConnectionId, window: Span) -> Vec<CopyRecord> {
        let begins = |copy: &CopyRecord| self.appointments.get(&copy.appointment).map(|row| row.starts_at);
        let mut found: Vec<_> = self
            .copies
            .values()
            .filter(|copy| {
                copy.link.connection == connection
                    || copy.placed.as_ref().is_some_and(|placed| placed.connection == connection)
            })
            .filter(|copy| begins(copy).is_some_and(|start| window.start <= start && start < window.end))
            .cloned()
            .collect();
        found.sort_by_key(|copy| (begins(copy), copy.appointment));
        found
    }

    pub(super) fn try_copies_now(&mut self, connection: ConnectionId) {
        let is_there = |copy: &&mut CopyRecord| {
            let mut places = copy.placed.iter().chain([&copy.link]);
            places.any(|place| place.connection == connection)
        };
        for copy in self.copies.values_mut().filter(is_there) {
            copy.next_try = None;
        }
    }

    fn unsettled(&self, real_now: DateTime<Utc>) -> impl Iterator<Item = AppointmentId> + '_ {
        self.touched.iter().copied().filter(move |id| {
            self.copies.get(id).is_some_and(|copy| match copy.state {
                CopyState::Due | CopyState::Unknown => true,
                CopyState::Sending => copy.lease_until.is_none_or(|until| until <= real_now),
                CopyState::Settled | CopyState::Refused => false,
            })
        })
    }
}

/// The account whose booking the uid names.
fn holder(copy: &CopyRecord) -> ConnectionId {
    copy.placed.as_ref().unwrap_or(&copy.link).connection
}

impl InMemoryAppointments {
    /// Stores an account that is switched on, or replaces it. Links are part of the catalogues.
    pub fn put_connection(&self, scope: &TenantScope, connection: Connection) {
        self.write(scope, |rows| rows.connections.insert(connection.id, (connection, true)));
    }

    /// Switches an account off, or on again.
    pub fn set_connection_active(&self, scope: &TenantScope, id: ConnectionId, active: bool) {
        self.write(scope, |rows| {
            if let Some((_, state)) = rows.connections.get_mut(&id) {
                *state = active;
            }
        });
    }

    /// The records of all copies of the tenant, by appointment.
    #[must_use]
    pub fn all_copies(&self, scope: &TenantScope) -> Vec<CopyRecord> {
        self.read(scope, |rows| rows.copies.values().cloned().collect())
    }

    /// The questions that are open, oldest first.
    #[must_use]
    pub fn open_reviews(&self, scope: &TenantScope) -> Vec<Review> {
        self.read(scope, |rows| rows.reviews.clone())
    }

    /// What comparisons found, newest first.
    #[must_use]
    pub fn differences(&self, scope: &TenantScope) -> Vec<KeptDifference> {
        let mut kept = self.read(scope, |rows| rows.differences.clone());
        kept.sort_by_key(|known| std::cmp::Reverse(known.last_found_at));
        kept
    }

    /// Answers a question.
    pub fn resolve_review(&self, scope: &TenantScope, id: ReviewId) {
        self.write(scope, |rows| {
            let answered = rows.reviews.extract_if(.., |review| review.id == id);
            rows.answered_reviews.extend(answered);
        });
    }
}

#[async_trait]
impl CalendarBook for InMemoryAppointments {
    async fn connection(
        &self,
        scope: &TenantScope,
        id: ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        Ok(self.read(scope, |rows| {
            rows.connections.get(&id).filter(|(_, active)| *active).map(|(connection, _)| connection.clone())
        }))
    }

    async fn connections(&self, scope: &TenantScope) -> Result<Vec<Connection>, StoreError> {
        Ok(self.read(scope, |rows| {
            rows.connections.values().filter(|(_, active)| *active).map(|(known, _)| known.clone()).collect()
        }))
    }

    async fn addresses(&self, scope: &TenantScope) -> Result<Vec<(ConnectionId, String)>, StoreError> {
        let all = self.connections(scope).await?;
        Ok(all.into_iter().map(|account| (account.id, account.base_url)).collect())
    }

    async fn links(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
    ) -> Result<Vec<(BranchId, ServiceLink)>, StoreError> {
        let mut found: Vec<_> = self
            .catalogues
            .of_tenant(scope)
            .into_iter()
            .flat_map(|catalogue| catalogue.links.into_iter().map(move |link| (catalogue.branch, link)))
            .filter(|(_, link)| link.link.connection == connection)
            .collect();
        found.sort_by_key(|(_, link)| (link.service, link.staff));
        let mut seen = HashSet::new();
        found.retain(|(_, link)| seen.insert((link.service, link.staff)));
        Ok(found)
    }

    async fn copy(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Option<CopyRecord>, StoreError> {
        Ok(self.read(scope, |rows| rows.copies.get(&appointment).cloned()))
    }

    async fn copy_by_uid(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        uid: &RemoteUid,
    ) -> Result<Option<CopyRecord>, StoreError> {
        Ok(self.read(scope, |rows| {
            rows.copies
                .values()
                .find(|copy| copy.uid.as_ref() == Some(uid) && holder(copy) == connection)
                .cloned()
        }))
    }

    async fn copies(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        window: Span,
        limit: u32,
    ) -> Result<Vec<CopyRecord>, StoreError> {
        let mut found = self.read(scope, |rows| rows.copies_within(connection, window));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn uncopied(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        window: Span,
        limit: u32,
    ) -> Result<Vec<(AppointmentId, CalendarLink)>, StoreError> {
        let links = self.links(scope, connection).await?;
        let mut found = self.read(scope, |rows| {
            let begins =
                |row: &&AppointmentSnapshot| window.start <= row.starts_at && row.starts_at < window.end;
            let without = rows.appointments.values().filter(begins);
            let without = without.filter(|row| row.status.is_open() && !rows.copies.contains_key(&row.id));
            let linked = without.filter_map(|row| {
                let fits = |link: &ServiceLink| (link.service, link.staff) == (row.service, row.staff);
                let (_, link) = links.iter().find(|(_, link)| fits(link))?;
                Some((row.starts_at, row.id, link.link.clone()))
            });
            linked.collect::<Vec<_>>()
        });
        found.sort_by_key(|(starts_at, id, _)| (*starts_at, *id));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found.into_iter().map(|(_, id, link)| (id, link)).collect())
    }

    async fn unsettled(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<OpenCopies, StoreError> {
        let real_now = self.clock.real_now();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.read(scope, |rows| {
            let waits = |id: &AppointmentId| {
                rows.copies.get(id).and_then(|copy| copy.next_try).is_some_and(|next| now < next)
            };
            let (waiting, mut due): (Vec<_>, Vec<_>) = rows.unsettled(real_now).partition(waits);
            due.truncate(limit);
            OpenCopies { due, waiting: u32::try_from(waiting.len()).unwrap_or(u32::MAX) }
        }))
    }
}
