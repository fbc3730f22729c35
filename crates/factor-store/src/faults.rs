//! Faults that tests inject: the n-th operation in a place fails once, as on a full disk.
//!
//! Everything that reaches a database or a file passes here first. Outside of this crate's own tests it is nothing.

/// Lets an operation in a place through, unless a test has armed it.
#[cfg(not(test))]
#[inline]
pub(crate) fn pass(_place: &str) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use self::armed::{arm, pass, passed};

#[cfg(test)]
mod armed {
    use std::{
        collections::HashMap,
        io,
        sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    };

    /// How many operations passed in a place, and which is to fail.
    #[derive(Default)]
    struct Place {
        passed: u64,
        fails: Option<u64>,
    }

    static PLACES: LazyLock<Mutex<HashMap<String, Place>>> = LazyLock::new(Mutex::default);

    fn places() -> MutexGuard<'static, HashMap<String, Place>> {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the n-th operation (from 1) in places that contain this text fails, once.
    pub(crate) fn arm(place: &str, nth: Option<u64>) {
        places().insert(place.to_owned(), Place { passed: 0, fails: nth });
    }

    /// How many operations passed since then.
    pub(crate) fn passed(place: &str) -> u64 {
        places().get(place).map_or(0, |place| place.passed)
    }

    pub(crate) fn pass(place: &str) -> io::Result<()> {
        for (_, armed) in places().iter_mut().filter(|(armed, _)| place.contains(armed.as_str())) {
            armed.passed += 1;
            if armed.fails == Some(armed.passed) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
        }
        Ok(())
    }
}
