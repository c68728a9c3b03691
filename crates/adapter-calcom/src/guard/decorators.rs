//! The ports, guarded.

use appointment::calendar::{
    CalendarDirectory, CalendarGateway, CalendarLink, Connection, CopySearch, Effort, PageCursor,
    ReadFailure, RemoteBooking, RemoteHost, RemotePage, RemoteRequest, RemoteReservation, RemoteService,
    RemoteUid, ReservationUid, Subscription, WriteFailure,
};
use appointment::model::Span;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::TenantScope;

use super::Guard;

#[async_trait]
impl<I: CalendarGateway> CalendarGateway for Guard<I> {
    async fn free_starts<'a>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        let question =
            async { self.inner.free_starts(scope, connection, link, window, moving, effort).await };
        self.read(connection, effort, question).await
    }

    async fn services(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        let question = async { self.inner.services(scope, connection, effort).await };
        self.read(connection, effort, question).await
    }

    async fn create(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        request: &RemoteRequest,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        let change = async { self.inner.create(scope, connection, request, effort).await };
        self.write(connection, effort, change).await
    }

    async fn reschedule(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        let change = async { self.inner.reschedule(scope, connection, uid, start, effort).await };
        self.write(connection, effort, change).await
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        let change = async { self.inner.cancel(scope, connection, uid, effort).await };
        self.write(connection, effort, change).await
    }

    async fn get(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        let question = async { self.inner.get(scope, connection, uid, effort).await };
        self.read(connection, effort, question).await
    }

    async fn find_marked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        search: &CopySearch,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        let question = async { self.inner.find_marked(scope, connection, search, from, effort).await };
        self.read(connection, effort, question).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        let question = async { self.inner.list(scope, connection, window, from, effort).await };
        self.read(connection, effort, question).await
    }

    async fn reserve(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        effort: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        let change = async { self.inner.reserve(scope, connection, link, start, lasting, effort).await };
        self.write(connection, effort, change).await
    }

    async fn release(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &ReservationUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        let change = async { self.inner.release(scope, connection, uid, effort).await };
        self.write(connection, effort, change).await
    }
}

#[async_trait]
impl<I: CalendarDirectory> CalendarDirectory for Guard<I> {
    async fn probe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<(), ReadFailure> {
        let question = async { self.inner.probe(scope, connection, effort).await };
        self.read(connection, effort, question).await
    }

    async fn people(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteHost>, ReadFailure> {
        let question = async { self.inner.people(scope, connection, effort).await };
        self.read(connection, effort, question).await
    }

    async fn subscribe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        url: &str,
        effort: Effort,
    ) -> Result<Vec<Subscription>, WriteFailure> {
        let change = async { self.inner.subscribe(scope, connection, url, effort).await };
        self.write(connection, effort, change).await
    }

    async fn subscriptions(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<Subscription>, ReadFailure> {
        let question = async { self.inner.subscriptions(scope, connection, effort).await };
        self.read(connection, effort, question).await
    }

    async fn unsubscribe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        subscription: &Subscription,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        let change = async { self.inner.unsubscribe(scope, connection, subscription, effort).await };
        self.write(connection, effort, change).await
    }
}
