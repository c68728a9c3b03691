//! A stand-in that answers what it was told to, in order, and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::Response;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// One answer.
pub(crate) enum Reply {
    /// Status, JSON.
    Json(u16, Value),
    /// Status, headers, body.
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// None, ever.
    Silence,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
    /// The connection it came by.
    pub(crate) from: SocketAddr,
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

pub(crate) struct Server {
    pub(crate) base_url: String,
    script: Arc<Script>,
    _serving: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Arc::new(Script::default());
        script.replies.lock().unwrap().extend(replies);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, script, _serving: serving }
    }

    pub(crate) async fn json(status: u16, body: Value) -> Self {
        Self::start([Reply::Json(status, body)]).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    /// The only request.
    pub(crate) fn only(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked.into_iter().next().unwrap()
    }
}

async fn answer(
    State(script): State<Arc<Script>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, 1_000_000).await.unwrap();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    script.asked.lock().unwrap().push(Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query,
        headers: headers.collect(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        from,
    });
    let reply = script.replies.lock().unwrap().pop_front();
    let build = |status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>| {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(Body::from(body)).unwrap()
    };
    match reply {
        Some(Reply::Json(status, body)) => build(status, Vec::new(), body.to_string().into_bytes()),
        Some(Reply::Raw(status, headers, body)) => build(status, headers, body),
        Some(Reply::Silence) => std::future::pending().await,
        None => panic!("asked once too often"),
    }
}

/// How a connection is mistreated.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rudeness {
    /// Closed as soon as the request has been read.
    Close,
    /// Closed in the middle of a good answer.
    Cut,
    /// A good answer, byte by byte, for longer than anybody waits.
    Drip,
    /// An endless answer, as fast as it is read.
    Flood,
}

/// A server that mistreats every connection.
pub(crate) async fn rude(rudeness: Rudeness) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.spawn(mistreat(stream, rudeness));
        }
    });
    (base_url, serving)
}

async fn mistreat(mut stream: TcpStream, rudeness: Rudeness) {
    let mut buffer = [0_u8; 16_384];
    let _ = stream.read(&mut buffer).await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    match rudeness {
        Rudeness::Close => {}
        Rudeness::Cut => {
            let text = format!("{head}content-length: 100\r\n\r\n{{\"status\":");
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Rudeness::Drip => {
            let text = format!("{head}content-length: 5000\r\n\r\n");
            let _ = stream.write_all(text.as_bytes()).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Rudeness::Flood => {
            let text = format!("{head}transfer-encoding: chunked\r\n\r\n");
            let _ = stream.write_all(text.as_bytes()).await;
            let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
    }
}

/// An address at which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
