//! Processes and ports, seen from outside.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::command;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::place;

/// Whether process `pid` exists and is more than an entry its parent has not collected yet.
pub(crate) fn is_alive(pid: u32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Whether process `pid` exists and has been stopped.
pub(crate) fn is_frozen(pid: u32) -> bool {
    state(pid) == Some('T')
}

/// The letter by which the system names the state of process `pid`.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may itself hold blanks and parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.trim_start().chars().next()
}

/// Whether somebody answers on the loopback port.
pub(crate) fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

/// The processes whose working directory is `dir`, as it is for every process of a server that lives there.
pub(crate) fn working_in(dir: &Path) -> Vec<u32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    numbers
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == dir))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Sends a signal as the service user, who may signal its own processes and no others.
pub(crate) fn send(pid: u32, signal: &str, user: ServiceUser) {
    let mut kill = user.command("/bin/sh");
    kill.args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid.to_string()]);
    // If the process is gone already, that is what was wanted.
    let _ = command::output(&mut kill, Duration::from_secs(5));
}

/// A loopback port that is free now.
///
/// It lies below the range from which the system takes ports for outgoing connections. A port inside it could be
/// taken while the server is down for a moment, even by a client that tries to reach this very server.
pub(crate) fn free_port() -> Result<u16, ProvisionError> {
    let (lowest, lowest_outgoing) = (LOWEST, lowest_outgoing());
    if lowest_outgoing > lowest + 1000 {
        let width = u64::from(lowest_outgoing - lowest);
        for _ in 0..64 {
            let random = u64::from_str_radix(&place::random_hex(7)?, 16).unwrap_or_default() % width;
            let port = u16::try_from(random).unwrap_or_default() + lowest;
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(port);
            }
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(ProvisionError::io("find a free port on", Path::new("127.0.0.1")))
}

/// Lowest port that is given out.
const LOWEST: u16 = 15000;

/// Where the range begins from which the system takes ports for outgoing connections.
fn lowest_outgoing() -> u16 {
    fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok())
        .unwrap_or(32768)
}

#[cfg(test)]
mod tests {
    use super::*;

    // That a port is free still is nothing to rely on: a process that another thread starts has what was bound for a
    // moment.
    #[test]
    fn ports_are_out_of_the_way() {
        let outgoing = lowest_outgoing();
        for _ in 0..100 {
            let port = free_port().unwrap();
            assert!(outgoing <= LOWEST + 1000 || (LOWEST..outgoing).contains(&port), "{port}");
        }
    }

    #[test]
    fn a_port_that_somebody_listens_on_answers() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(answers(listener.local_addr().unwrap().port()));
    }

    #[test]
    fn who_works_in_a_directory_is_found() {
        let here = std::env::current_dir().unwrap();
        assert!(working_in(&here).contains(&std::process::id()));
        assert!(working_in(Path::new("/no/such/data")).is_empty());
    }
}
