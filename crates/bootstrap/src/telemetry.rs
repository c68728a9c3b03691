//! Logs and metrics of a process.
//!
//! Logs are one JSON object per line on standard error. Personal data and secrets are kept out of them by types (masked
//! `Debug`); what slips through as free text is masked on the way out ([`mask`]). Metrics go to one recorder per process,
//! which `/api/metrics` renders.

pub mod mask;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{LogFormat, Telemetry};

/// Buckets of durations in seconds: fine where a tool's deadline lies, coarse beyond it.
const SECONDS: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5.0, 10.0];

/// Begins logging to standard error. A second call in the same process changes nothing and says so with `false`.
///
/// # Errors
/// If the directives cannot be read.
pub fn begin_logging(settings: &Telemetry) -> anyhow::Result<bool> {
    let filter: EnvFilter = settings.log.parse()?;
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for people at a terminal; a file keeps the codes.
    let layer =
        tracing_subscriber::fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(MaskedStderr);
    let begun = match settings.format {
        LogFormat::Json => registry.with(json_layer(MaskedStderr)).try_init(),
        LogFormat::Text => registry.with(layer.with_target(false)).try_init(),
    };
    Ok(begun.is_ok())
}

/// The product's log for machines, into any writer: one JSON object per line, the event's fields at the top, those of
/// the request or job around it under `span`.
pub fn json_layer<S, W>(writer: W) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
}

/// The metrics of the process. The first call installs the recorder; gateway and worker in one process share it.
///
/// # Errors
/// If another recorder was installed by somebody else.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    // Held over the installation: whoever comes meanwhile waits for the handle instead of installing a second one.
    static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)
        .map_err(|_| anyhow::anyhow!("another metrics recorder is installed in this process"))?;
    *installed = Some(handle.clone());
    Ok(handle)
}

/// Standard error, with [`mask::line`] in front of it.
#[derive(Debug, Clone, Copy)]
struct MaskedStderr;

impl<'writer> MakeWriter<'writer> for MaskedStderr {
    type Writer = MaskedWriter<io::Stderr>;

    fn make_writer(&'writer self) -> Self::Writer {
        MaskedWriter(io::stderr())
    }
}

/// A writer that masks every line it is given. A log event arrives as one write.
#[derive(Debug)]
pub struct MaskedWriter<W>(pub W);

impl<W: Write> Write for MaskedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(mask::line(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_line_with_personal_data_comes_out_masked_and_still_json() {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber =
            tracing_subscriber::registry().with(json_layer(move || MaskedWriter(writer.clone())));
        tracing::subscriber::with_default(subscriber, || {
            let span =
                tracing::info_span!("http.request", request_id = "req_1", from_number = "+491701112233");
            let _entered = span.enter();
            tracing::warn!(
                caller = "0170 1112233",
                address = "Erika.Muster@example.org",
                key = "ask_abcdefgh0123456789",
                duration_us = 12_345_678,
                "could not reach \"+49 40 555 100\""
            );
        });
        let bytes = captured.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        for secret in ["1112233", "Muster", "example.org", "abcdefgh", "555 100"] {
            assert!(!text.contains(secret), "{text}");
        }
        let line: serde_json::Value = serde_json::from_str(text.trim()).expect("still JSON");
        assert_eq!(line["span"]["request_id"], "req_1");
        assert_eq!(line["duration_us"], 12_345_678);
    }

    #[test]
    fn the_recorder_is_installed_once_and_shared() {
        let first = metrics().unwrap();
        metrics::counter!("askpro_test_total").increment(2);
        let second = metrics().unwrap();
        assert!(second.render().contains("askpro_test_total 2"));
        assert_eq!(first.render(), second.render());
    }
}
