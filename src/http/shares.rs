//! What one caller may have at once, so that nobody takes all there is.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use factor_types::UserId;

/// Who is held to a share: the user of a key, else whoever sends from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    User(UserId),
    Address(IpAddr),
}

/// Of what there are shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Share {
    /// Requests at work.
    Requests,
    /// Streams that listen.
    Streams,
}

/// What each caller has of each.
#[derive(Debug)]
pub(super) struct Shares {
    most: usize,
    taken: Mutex<HashMap<(Caller, Share), usize>>,
}

/// A part of a share that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    of: (Caller, Share),
    shares: Arc<Shares>,
}

impl Shares {
    /// Shares of `most` each.
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Mutex::default() }
    }

    /// Takes one; `None` where the caller has its share.
    pub(super) fn take(self: &Arc<Self>, caller: Caller, share: Share) -> Option<Taken> {
        let mut taken = self.taken();
        let count = taken.entry((caller, share)).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Taken { of: (caller, share), shares: Arc::clone(self) })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<(Caller, Share), usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        if let Some(count) = taken.get_mut(&self.of) {
            *count -= 1;
            // Who has nothing is not remembered.
            if *count == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_its_share_and_no_more() {
        let shares = Arc::new(Shares::new(2));
        let ada = Caller::User(UserId::new(7));
        let here = Caller::Address([127, 0, 0, 1].into());
        let first = shares.take(ada, Share::Requests);
        let second = shares.take(ada, Share::Requests);
        assert!(first.is_some() && second.is_some());
        assert!(shares.take(ada, Share::Requests).is_none());
        assert!(shares.take(ada, Share::Streams).is_some(), "each has a share of its own");
        assert!(shares.take(here, Share::Requests).is_some(), "and so has each caller");
        drop(first);
        assert!(shares.take(ada, Share::Requests).is_some());
        drop(second);
        assert!(shares.taken().is_empty(), "who has nothing is forgotten");
    }
}
