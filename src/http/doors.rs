//! How many connections somebody may have: one address, and all together.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::caller;
use crate::config::Block;

/// From one address, unless the setting says otherwise: many subscribers of a carrier share one.
const FROM_ADDRESS: usize = 1024;
/// Descriptors that are not clients' connections: the database's, files, listeners.
const OTHER_DESCRIPTORS: u64 = 256;

/// Counts connections by where they come from.
#[derive(Debug)]
pub struct Doors {
    from_address_max: usize,
    /// Proxies: each brings the connections of many.
    exempt: Vec<Block>,
    /// Whether this machine's own connections are not counted.
    exempts_loopback: bool,
    counts: Mutex<HashMap<Vec<u8>, usize>>,
}

impl Doors {
    /// With none said, an address has [`FROM_ADDRESS`], and this machine as many as it likes: a
    /// proxy on it, or who measures. What is said holds for everybody but trusted proxies.
    pub fn new(from_address_max: Option<usize>, exempt: Vec<Block>) -> Arc<Self> {
        Arc::new(Self {
            from_address_max: from_address_max.unwrap_or(FROM_ADDRESS),
            exempt,
            exempts_loopback: from_address_max.is_none(),
            counts: Mutex::default(),
        })
    }

    /// Lets a connection in, unless its address has as many as it may.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let is_exempt = self.exempts_loopback && address.to_canonical().is_loopback()
            || self.exempt.iter().any(|block| block.contains(address));
        if is_exempt {
            return Some(Ticket(None));
        }
        let from = caller::caller(address).address;
        let mut counts = self.counts();
        let count = counts.entry(from.clone()).or_default();
        if *count >= self.from_address_max {
            return None;
        }
        *count += 1;
        Some(Ticket(Some((self.clone(), from))))
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Vec<u8>, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for a connection that was let in.
#[derive(Debug)]
pub struct Ticket(Option<(Arc<Doors>, Vec<u8>)>);

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some((doors, from)) = self.0.take() else { return };
        let mut counts = doors.counts();
        if let Some(count) = counts.get_mut(&from) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&from);
            }
        }
    }
}

/// How many of `wanted` connections this process can have: as many descriptors as the system gives
/// it, without those that it needs for itself. Asks the system for more where it has fewer.
pub fn in_all(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(OTHER_DESCRIPTORS);
    let granted = maximum.map_or(needed, |maximum| maximum.min(needed));
    let is_short = current.is_some_and(|current| current < granted);
    let raised = Rlimit { current: Some(granted), maximum };
    let descriptors = match is_short && setrlimit(Resource::Nofile, raised).is_ok() {
        true => granted,
        false => current.unwrap_or(needed),
    };
    let connections = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(1);
    let connections = usize::try_from(connections).unwrap_or(usize::MAX).min(wanted);
    if connections < wanted {
        tracing::warn!(connections, wanted, "fewer connections than wanted: too few descriptors");
    }
    connections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(doors: &Arc<Doors>, address: &str) -> Option<Ticket> {
        doors.enter(address.parse().expect("an address"))
    }

    #[test]
    fn an_address_has_its_number_and_gets_back_what_it_leaves() {
        let doors = Doors::new(Some(2), vec!["10.0.0.0/8".parse().expect("a block")]);
        let tickets = [enter(&doors, "192.0.2.1"), enter(&doors, "::ffff:192.0.2.1")];
        assert!(tickets.iter().all(Option::is_some));
        assert!(enter(&doors, "192.0.2.1").is_none(), "the third");
        assert!(enter(&doors, "192.0.2.2").is_some(), "another address");
        drop(tickets);
        assert!(enter(&doors, "192.0.2.1").is_some(), "there is room again");
        assert!(doors.counts().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn proxies_are_not_counted_and_this_machine_only_when_it_is_said() {
        let doors = Doors::new(None, vec!["10.0.0.0/8".parse().expect("a block")]);
        for address in ["10.1.2.3", "127.0.0.1", "::1"] {
            let tickets: Vec<_> = (0..=FROM_ADDRESS).map(|_| enter(&doors, address)).collect();
            assert!(tickets.iter().all(Option::is_some), "{address}");
        }
        let tickets: Vec<_> = (0..=FROM_ADDRESS).map(|_| enter(&doors, "192.0.2.1")).collect();
        assert_eq!(tickets.iter().flatten().count(), FROM_ADDRESS, "the control");
        let doors = Doors::new(Some(1), Vec::new());
        let _one = enter(&doors, "127.0.0.1");
        assert!(enter(&doors, "127.0.0.1").is_none());
    }

    #[test]
    fn the_process_never_wants_more_connections_than_descriptors() {
        assert_eq!(in_all(10), 10);
        let all = u64::try_from(in_all(usize::MAX)).expect("a number");
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(all <= limit.saturating_sub(OTHER_DESCRIPTORS).max(1));
    }
}
