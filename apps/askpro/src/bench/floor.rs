//! Floors: the least that the same machine needs, on the same cluster, through the same driver, over the same server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use adapter_retell::signature::{HEADER, Secret, verify};
use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::future::join_all;
use simulators::retell::{Clock as _, MachineClock};
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::load::{Load, Manner, run};

/// Threads of a floor with many connections: the processors that the product was measured on have to be shared by the
/// server and its clients here as well.
const THREADS: usize = 2;

/// A loop of statements over connections of its own, like pgbench: each connection sends its next when the last is
/// answered, or, paced, at the planned instants. `each` runs once on every connection before.
pub(super) fn statements(
    url: &str,
    connections: usize,
    manner: Manner,
    each: &'static str,
    operation: impl AsyncFn(&mut PgConnection, u64) -> Result<(), sqlx::Error> + Sync,
) -> anyhow::Result<Load> {
    // A paced turn sleeps in its thread.
    let threads = if matches!(manner, Manner::Pace(..)) { connections } else { THREADS.min(connections) };
    run(threads, manner, |place, start, load| {
        let ready =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("a runtime").and_then(
                |runtime| {
                    let share = connections / threads + usize::from(place < connections % threads);
                    let open = async {
                        let mut opened = Vec::with_capacity(share);
                        for _ in 0..share {
                            let mut connection = PgConnection::connect(url).await?;
                            sqlx::raw_sql(each).execute(&mut connection).await?;
                            opened.push(connection);
                        }
                        Ok::<_, sqlx::Error>(opened)
                    };
                    let opened = runtime.block_on(open)?;
                    Ok((runtime, opened))
                },
            );
        start.wait();
        let (runtime, mut opened) = ready?;
        let loops = opened.iter_mut().map(async |connection| {
            let mut own = Load::default();
            while let Some((turn, begun)) = start.turns().take() {
                operation(connection, turn).await?;
                own.count(Ok(()), begun.elapsed());
            }
            Ok::<_, sqlx::Error>(own)
        });
        for own in runtime.block_on(join_all(loops)) {
            load.join(own?);
        }
        Ok(())
    })
}

/// The bare signed route: the same server library, the body read, the signature proven, and bytes that were made
/// before.
pub(super) struct Bare {
    pub(super) address: SocketAddr,
    answer: Arc<Mutex<Bytes>>,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

#[derive(Clone)]
struct Served {
    answer: Arc<Mutex<Bytes>>,
    keys: Arc<[Secret]>,
}

impl Bare {
    pub(super) async fn serve(key: &str, tasks: &TaskTracker) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the bare route")?;
        let address = listener.local_addr()?;
        let answer = Arc::new(Mutex::new(Bytes::new()));
        let served = Served { answer: Arc::clone(&answer), keys: [Secret::new(key)?].into() };
        let router = Router::new().route("/bare", post(bare)).with_state(served);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving =
            tasks.spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        Ok(Self { address, answer, stop, serving })
    }

    /// What it answers from now on.
    pub(super) fn answers(&self, bytes: Vec<u8>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = bytes.into();
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.serving.await.context("the bare route panicked")?.context("the bare route failed")
    }
}

async fn bare(State(served): State<Served>, headers: HeaderMap, body: Bytes) -> Response {
    let header = headers.get(HEADER).map(header::HeaderValue::as_bytes);
    if verify(header, &body, &served.keys, MachineClock.now_ms()).is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let bytes = served.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}
