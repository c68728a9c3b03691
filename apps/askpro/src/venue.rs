//! A running product as the tools of this program see it: over HTTP like a provider, and into the database like an
//! administrator.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use simulators::retell::{CallPlayer, Client, Clock, Exchange, MachineClock, PlayerConfig};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::cues;
use crate::ready::Ready;

/// Longest wait for one use of a tool: far beyond every deadline, so that a late answer is measured, not cut off.
const PATIENCE: Duration = Duration::from_secs(30);
/// Path of the tools with an envelope.
pub const FUNCTION_PATH: &str = "/api/webhooks/retell/function";
/// Path of call events.
pub const WEBHOOK_PATH: &str = "/api/webhooks/retell";

/// A running product.
#[derive(Clone)]
pub struct Venue {
    /// Where it is.
    pub ready: Ready,
    /// Sees everything.
    pub administrator: PgPool,
    client: Client,
}

impl Venue {
    /// Connects to what a ready file names.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn open(ready: Ready) -> anyhow::Result<Self> {
        Self::open_by(ready, Arc::new(MachineClock)).await
    }

    /// [`open`](Self::open), with another clock for the signatures.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn open_by(ready: Ready, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let administrator = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .connect(&ready.database_url)
            .await
            .context("the database of the ready file does not answer")?;
        let client = Client::new(&ready.gateway, &ready.retell.api_key, clock)?;
        Ok(Self { ready, administrator, client })
    }

    /// Signs and posts like the voice provider.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Product time.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn now(&self) -> anyhow::Result<DateTime<Utc>> {
        sqlx::query_scalar("SELECT app.now()").fetch_one(&self.administrator).await.context("product time")
    }

    /// A player of scripts that knows the days that are free now.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn player(&self) -> anyhow::Result<CallPlayer> {
        let offset_us: i64 = sqlx::query_scalar("SELECT app.clock_offset_micros()")
            .fetch_one(&self.administrator)
            .await
            .context("product time")?;
        let config = PlayerConfig {
            product_offset_ms: offset_us / 1000,
            names: cues::look_up(&self.administrator).await?,
            ..PlayerConfig::default()
        };
        Ok(CallPlayer::new(self.client.clone(), config))
    }

    /// A telephone line of somebody who calls.
    #[must_use]
    pub fn line(&self, call_id: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Line {
        Line { client: self.client.clone(), call_id: call_id.into(), from: from.into(), to: to.into() }
    }
}

/// One call, without a script.
#[derive(Clone)]
pub struct Line {
    client: Client,
    /// The provider's id of the call.
    pub call_id: String,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
}

impl Line {
    /// The call as the provider shows it.
    #[must_use]
    pub fn call(&self) -> Value {
        json!({
            "call_id": self.call_id, "call_type": "phone_call", "agent_id": "agent_simulated", "agent_version": 1,
            "call_status": "ongoing", "direction": "inbound", "from_number": self.from, "to_number": self.to,
        })
    }

    /// Uses a tool.
    pub async fn tool(&self, name: &str, args: Value) -> Exchange {
        self.tool_again(name, args, None).await
    }

    /// Uses a tool under a given id of the invocation, as a repeated delivery does.
    pub async fn tool_again(&self, name: &str, args: Value, tool_call_id: Option<&str>) -> Exchange {
        let mut call = self.call();
        if let Some(id) = tool_call_id {
            call["transcript_with_tool_calls"] = json!([{
                "role": "tool_call_invocation", "tool_call_id": id, "name": name, "arguments": args.to_string(),
            }]);
        }
        let body = json!({"name": name, "args": args, "call": call}).to_string();
        self.client.post(FUNCTION_PATH, body.as_bytes(), PATIENCE).await
    }

    /// News of the call, as the provider writes them.
    #[must_use]
    pub fn news(&self, name: &str, more: Map<String, Value>) -> String {
        let mut call = self.call();
        if let Some(fields) = call.as_object_mut() {
            fields.extend(more);
        }
        json!({"event": name, "call": call}).to_string()
    }

    /// Sends news of the call.
    pub async fn event(&self, name: &str, more: Map<String, Value>) -> Exchange {
        self.post(&self.news(name, more)).await
    }

    /// Sends news as they were written.
    pub async fn post(&self, news: &str) -> Exchange {
        self.client.post(WEBHOOK_PATH, news.as_bytes(), PATIENCE).await
    }
}

/// The status of a tool's reply; empty if it has none.
#[must_use]
pub fn status(exchange: &Exchange) -> &str {
    exchange.reply.get("status").and_then(Value::as_str).unwrap_or_default()
}
