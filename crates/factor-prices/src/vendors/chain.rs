//! Several sources of yields as one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use factor_types::{DateRange, YieldTable};

use crate::{PriceError, SourceFault, SourceInfo, YieldProvider};

/// Sources of yields in the order of preference: the first that answers with a table that is not empty.
#[derive(Debug)]
pub struct YieldChain {
    links: Vec<Arc<dyn YieldProvider>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The link that answered last.
    served: Option<usize>,
    /// Per link, why it did not answer the last time it was asked.
    failures: Vec<Option<String>>,
}

impl YieldChain {
    /// A chain of sources.
    pub fn new(links: Vec<Arc<dyn YieldProvider>>) -> Self {
        let state = State { served: None, failures: vec![None; links.len()] };
        Self { links, state: Mutex::new(state) }
    }

    /// Notes how a link did. A failure is logged when it is news.
    fn note(&self, link: usize, name: &str, failure: Option<String>) {
        let mut state = self.lock();
        let Some(known) = state.failures.get_mut(link) else { return };
        if let (None, Some(why)) = (&known, &failure) {
            tracing::warn!(source = name, why, "yields could not be had; the next source is asked");
        }
        let served = failure.is_none();
        *known = failure;
        if served {
            state.served = Some(link);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl YieldProvider for YieldChain {
    /// The source that answered last, before that the first one; its warnings and the others' failures.
    fn about_yields(&self) -> SourceInfo {
        let (served, failures) = {
            let state = self.lock();
            (state.served, state.failures.iter().flatten().cloned().collect::<Vec<_>>())
        };
        match self.links.get(served.unwrap_or_default()) {
            Some(link) => {
                let mut info = link.about_yields();
                info.warnings.extend(failures);
                info
            }
            None => SourceInfo {
                name: "none",
                description: "No source of yields.".to_owned(),
                simulated: false,
                warnings: Vec::new(),
            },
        }
    }

    /// # Errors
    /// When no link has yields and one failed; the error lists every link's reason, its fault is the last failure's.
    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let (mut reasons, mut fault) = (Vec::new(), None);
        for (at, link) in self.links.iter().enumerate() {
            let name = link.about_yields().name;
            let why = match link.yields(range).await {
                Ok(table) if !table.is_empty() => {
                    self.note(at, name, None);
                    return Ok(table);
                }
                Ok(_) => format!("{name} has no yields in this range"),
                Err(error) => {
                    // Without data from any link the caller may try again, so that is no lasting "no data".
                    fault = Some(match &error {
                        PriceError::NoData(_) => SourceFault::Unavailable,
                        PriceError::Failed { fault, .. } => *fault,
                    });
                    error.to_string()
                }
            };
            self.note(at, name, Some(why.clone()));
            reasons.push(why);
        }
        match fault {
            Some(fault) => Err(PriceError::failed(fault, format!("no source has yields: {}", reasons.join("; ")))),
            None => Ok(Arc::default()),
        }
    }
}

#[cfg(test)]
mod tests;
