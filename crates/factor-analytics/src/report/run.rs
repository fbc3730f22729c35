//! Running the sections of a report, and keeping which of them were computed.

use crate::observer::{Observer, Progress, Stopped};

/// The sections of one report while it is computed.
pub(crate) struct Sections<'a> {
    observer: &'a mut dyn Observer,
    /// Names of the sections computed, in order.
    pub(crate) computed: Vec<String>,
    /// Names of the sections that the observer stopped.
    pub(crate) skipped: Vec<String>,
}

impl<'a> Sections<'a> {
    pub(crate) fn new(observer: &'a mut dyn Observer) -> Self {
        Self { observer, computed: Vec::new(), skipped: Vec::new() }
    }

    /// Runs one section between the observer's begin and end; `None` when it said stop before it or within. A section that
    /// found nothing to compute was computed all the same.
    pub(crate) fn run<T>(
        &mut self,
        name: &str,
        compute: impl FnOnce(&mut Progress<'_>) -> Result<T, Stopped>,
    ) -> Option<T> {
        let mut found = None;
        if !self.observer.stop() {
            self.observer.begin(name);
            found = compute(&mut Progress::new(self.observer, name)).ok();
            self.observer.end(name);
        }
        let names = if found.is_some() { &mut self.computed } else { &mut self.skipped };
        // A plan may name a matrix twice: it is one section.
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::tests::StopAt;

    #[test]
    fn a_section_is_computed_or_skipped_and_never_both() {
        let mut observer = StopAt::question(4);
        let mut sections = Sections::new(&mut observer);
        assert_eq!(sections.run("first", |_| Ok(1)), Some(1));
        assert_eq!(sections.run("nothing found", |_| Ok(None::<u8>)), Some(None));
        // Asked before it, and stopped within.
        assert_eq!(sections.run("stopped", |progress| progress.check()), None);
        assert_eq!(sections.run("after", |_| Ok(2)), None);
        assert_eq!(sections.computed, ["first", "nothing found"]);
        assert_eq!(sections.skipped, ["stopped", "after"]);
    }
}
