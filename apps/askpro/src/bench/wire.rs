//! One HTTP/1.1 connection that is kept, written and read by its thread alone: the generator shall cost as little as it
//! can, since it shares the processors with what it measures.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use simulators::retell::{Clock as _, MachineClock, sign};

/// Longest head of an answer.
const MAX_HEAD: usize = 16 * 1024;
/// Longest body of an answer: a page of a list is about 100 kB.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// Whoever waits longer has been forgotten.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The text of a field of a JSON object at the top; empty if there is none.
    pub(super) fn field(&self, name: &str) -> String {
        let read: Result<serde_json::Value, _> = serde_json::from_slice(&self.body);
        let value = read.ok().and_then(|value| Some(value.get(name)?.as_str()?.to_owned()));
        value.unwrap_or_default()
    }
}

/// A connection.
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    /// Connects.
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::with_capacity(MAX_HEAD) })
    }

    /// Sends a whole request and reads the whole answer.
    pub(super) fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let head = loop {
            self.more()?;
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(broken("the head of an answer is too long"));
            }
        };
        let (status, length) = read_head(&self.buffer[..head]).ok_or_else(|| broken("not an answer"))?;
        if length > MAX_BODY {
            return Err(broken("an answer is too long"));
        }
        while self.buffer.len() < head + length {
            self.more()?;
        }
        Ok(Answer { status, body: self.buffer[head..head + length].to_vec() })
    }

    fn more(&mut self) -> io::Result<()> {
        let mut piece = [0; 8192];
        match self.stream.read(&mut piece)? {
            0 => Err(broken("the connection was closed")),
            read => {
                self.buffer.extend_from_slice(&piece[..read]);
                Ok(())
            }
        }
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Status and length of the body.
fn read_head(head: &[u8]) -> Option<(u16, usize)> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((status, length?))
}

/// A signed POST as the voice provider sends it.
pub(super) fn signed(path: &str, key: &str, body: &str) -> Vec<u8> {
    let signature = sign(key, body.as_bytes(), MachineClock.now_ms());
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nx-retell-signature: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A GET with an API key.
pub(super) fn authorised(path: &str, key: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_head_tells_status_and_length() {
        let head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 12\r\nx: y\r\n\r\n";
        assert_eq!(read_head(head), Some((503, 12)));
        assert_eq!(read_head(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n"), None);
        assert_eq!(read_head(b"HTTP/2 200\r\ncontent-length: 1\r\n\r\n"), None);
    }

    #[test]
    fn an_answer_in_pieces_is_read_to_its_end_and_the_connection_is_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for pieces in [
                ["HTTP/1.1 200 OK\r\ncontent-len", "gth: 5\r\n\r\nab", "cde"],
                ["HTTP/1.1 404 Not Found\r\n", "content-length: 0\r\n", "\r\n"],
            ] {
                let mut request = [0; 64];
                assert!(stream.read(&mut request).unwrap() > 0);
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).unwrap();
                    stream.flush().unwrap();
                }
            }
        });
        let mut wire = Wire::connect(address).unwrap();
        assert_eq!(wire.exchange(b"one").unwrap(), Answer { status: 200, body: b"abcde".to_vec() });
        assert_eq!(wire.exchange(b"two").unwrap(), Answer { status: 404, body: Vec::new() });
        assert!(wire.exchange(b"three").is_err(), "nobody is there any more");
        server.join().unwrap();
    }

    #[test]
    fn a_signed_request_carries_its_body() {
        let request = String::from_utf8(signed("/a", "key", "{}")).unwrap();
        assert!(
            request.starts_with("POST /a HTTP/1.1\r\n") && request.ends_with("content-length: 2\r\n\r\n{}")
        );
        assert!(request.contains("x-retell-signature: v="));
    }
}
