//! Whose requests share connections.

use std::net::SocketAddr;
use std::time::Duration;

use appointment::calendar::{CalendarDirectory, Connection, ConnectionId, Effort, Lane};
use serde_json::json;
use uuid::Uuid;

use crate::fixtures::{client, connection, scope};
use crate::server::{Reply, Server};

#[tokio::test]
async fn callers_the_background_and_other_classes_have_connections_of_their_own() {
    let good = || Reply::Json(200, json!({"status": "success", "data": {"id": 1, "username": "praxis"}}));
    let server = Server::start((0..8).map(|_| good())).await;
    let client = client();
    let account = |number: u128| Connection {
        id: ConnectionId::from_uuid(Uuid::from_u128(number)),
        ..connection(&server.base_url)
    };
    for lane in [Lane::Question, Lane::Background] {
        // Of four classes, the first and the third account are in the same one.
        for number in [4, 5, 8, 5] {
            let effort = Effort { lane, within: Duration::from_secs(20) };
            client.probe(&scope(), &account(number), effort).await.unwrap();
        }
    }
    let from: Vec<SocketAddr> = server.asked().iter().map(|asked| asked.from).collect();
    let [first, second, third, fourth, later @ ..] = from.as_slice() else { panic!("{from:?}") };
    assert_eq!((first, second), (third, fourth), "a connection is used again");
    assert_ne!(first, second, "another class");
    assert!(later.iter().all(|from| from != first && from != second), "the background");
}
