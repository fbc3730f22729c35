//! What a caller hears of a computation, and how it stops one.

/// Hears sections begin and end, and may say stop.
///
/// The crate has no clock: whoever wants timings takes the time at these calls.
pub trait Observer {
    /// A section begins.
    fn begin(&mut self, _section: &str) {}

    /// The section that began last has ended.
    fn end(&mut self, _section: &str) {}

    /// A long computation within a section has come so far, as a share from 0 to 1 that never falls.
    fn progress(&mut self, _section: &str, _share: f64) {}

    /// True when no further section should begin, and a long computation should end: the time budget is used up, or nobody waits for the answer.
    fn stop(&self) -> bool {
        false
    }
}

/// Hears nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Runs one section between [`Observer::begin`] and [`Observer::end`]; `None` when the observer said stop before it.
pub(crate) fn observed<T>(observer: &mut dyn Observer, section: &str, compute: impl FnOnce() -> T) -> Option<T> {
    if observer.stop() {
        return None;
    }
    observer.begin(section);
    let computed = compute();
    observer.end(section);
    Some(computed)
}
