//! What a test's code would have written to the log.

use std::cell::RefCell;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::sync::Once;

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

thread_local! {
    static CAPTURED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

static INSTALLED: Once = Once::new();

/// Captures the log of this thread, at every level, until it is dropped. On a runtime of several threads only what runs
/// on this one is captured: use it with the single-threaded test runtime.
///
/// One subscriber serves the whole process and asks at each place whether the thread is captured. Subscribers that come
/// and go would not do: a place in the code that is reached while one of them goes may be noted as silent for good.
#[derive(Debug)]
pub struct LogCapture {
    /// It belongs to its thread.
    _thread: PhantomData<*const ()>,
}

impl LogCapture {
    /// Begins to capture.
    ///
    /// # Panics
    /// If this process has another subscriber for all of its threads.
    #[must_use]
    pub fn start() -> Self {
        INSTALLED.call_once(|| {
            let layer = fmt::layer().with_ansi(false).with_writer(ThisThread);
            let subscriber = registry()
                .with(layer.with_filter(dynamic_filter_fn(|_, _| CAPTURED.with_borrow(Option::is_some))));
            let installed = tracing::subscriber::set_global_default(subscriber);
            assert!(installed.is_ok(), "another subscriber serves this process");
        });
        CAPTURED.set(Some(Vec::new()));
        Self { _thread: PhantomData }
    }

    /// Everything that was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        CAPTURED
            .with_borrow(|bytes| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned())
    }
}

impl Drop for LogCapture {
    fn drop(&mut self) {
        CAPTURED.set(None);
    }
}

#[derive(Debug, Clone, Copy)]
struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        CAPTURED.with_borrow_mut(|captured| {
            if let Some(captured) = captured {
                captured.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for ThisThread {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_captured_until_the_end() {
        let capture = LogCapture::start();
        tracing::debug!(answer = 42, "inside");
        assert!(capture.text().contains("answer=42"));
        drop(capture);
        tracing::debug!(answer = 43, "outside");
        assert!(!LogCapture::start().text().contains("answer"));
    }
}
