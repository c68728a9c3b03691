//! Running helper programs with a limit on time and output.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::one_line;

/// How often a waiting loop looks again.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// The most that is kept of either output stream, in bytes.
const OUTPUT_LIMIT: u64 = 4 << 20;

/// The most of a program's complaint that goes into an error, in characters.
const COMPLAINT: usize = 300;

/// Runs `command` to its end and returns its standard output, or one line that says why it failed.
///
/// The program gets a process group of its own, so that what it started can be ended with it when `limit` is over.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot run `{name}`: {error}"))?;
    let out = drain(child.stdout.take());
    let err = drain(child.stderr.take());
    let until = Instant::now() + limit;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < until => thread::sleep(POLL),
            Ok(None) => {
                end_group(&mut child);
                return Err(format!("`{name}` took longer than {} s", limit.as_secs()));
            }
            Err(error) => return Err(format!("cannot wait for `{name}`: {error}")),
        }
    };
    // A grandchild that kept the pipe open must not hold us up: what has been written is there already.
    let patience = Duration::from_secs(5);
    let out = out.recv_timeout(patience).unwrap_or_default();
    if status.success() {
        return Ok(out);
    }
    let err = err.recv_timeout(patience).unwrap_or_default();
    let said = if err.trim().is_empty() { out } else { err };
    Err(format!("`{name}`: {}", one_line(&said, COMPLAINT)))
}

/// Reads a stream on a thread of its own, so that a full pipe never blocks the program.
fn drain(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            let mut limited = stream.take(OUTPUT_LIMIT);
            // A broken stream ends the text early; the exit status is what decides.
            let _ = limited.read_to_end(&mut bytes);
            let _ = std::io::copy(&mut limited.into_inner(), &mut std::io::sink());
        }
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receive
}

/// Ends a program and everything in its process group.
fn end_group(child: &mut Child) {
    // The standard library can only signal its own child; the shell's built-in reaches the group.
    let _ = Command::new("/bin/sh")
        .args(["-c", "kill -s KILL -- \"-$0\"", &child.id().to_string()])
        .stderr(Stdio::null())
        .status();
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_complaint_are_told_apart() {
        let limit = Duration::from_secs(10);
        assert_eq!(
            output(Command::new("sh").args(["-c", "echo yes; echo no >&2"]), limit),
            Ok("yes\n".to_owned())
        );
        let failed = output(Command::new("sh").args(["-c", "echo yes; echo no >&2; exit 3"]), limit);
        assert_eq!(failed, Err("`sh`: no".to_owned()));
        let absent = output(&mut Command::new("/no/such/program"), limit);
        assert!(absent.is_err_and(|line| line.contains("/no/such/program")));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_its_children() {
        let begun = Instant::now();
        let late = output(Command::new("sh").args(["-c", "sleep 60 & sleep 60"]), Duration::from_millis(50));
        assert!(late.is_err_and(|line| line.contains("longer")));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_chatty_program_does_not_block() {
        let text =
            output(Command::new("sh").args(["-c", "head -c 9000000 /dev/zero"]), Duration::from_secs(20));
        assert_eq!(text.map(|text| text.len() as u64), Ok(OUTPUT_LIMIT));
    }
}
