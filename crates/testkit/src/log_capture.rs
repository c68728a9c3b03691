//! What a test's code would have written to the log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Captures the log of this thread, at every level, until it is dropped. On a runtime of several threads only what runs
/// on this one is captured: use it with the single-threaded test runtime.
#[derive(Debug)]
pub struct LogCapture {
    buffer: Buffer,
    _guard: DefaultGuard,
}

#[derive(Debug, Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl LogCapture {
    /// Begins to capture.
    #[must_use]
    pub fn start() -> Self {
        let buffer = Buffer::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(buffer.clone())
            .finish();
        // With a single listener in the process, a place in the code asks the listener of the thread that reaches it
        // first, and is silent for good if that thread has none. With two it asks all.
        static SECOND: OnceLock<tracing::Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| tracing::Dispatch::new(tracing_subscriber::registry()));
        let guard = tracing::subscriber::set_default(subscriber);
        // A place in the code that another thread reached first, while nobody listened, may have been noted as silent.
        tracing::callsite::rebuild_interest_cache();
        Self { buffer, _guard: guard }
    }

    /// Everything that was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.buffer.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
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
    }
}
