//! Several sources of yields as one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use factor_types::{DateRange, YieldTable};
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

use super::plausible::implausible;
use crate::{PriceError, SourceFault, SourceInfo, YieldProvider};

/// A source that has not answered for so long is no longer waited for alone: the next is asked beside it.
const ALONE: Duration = Duration::from_secs(3);

/// Sources of yields in the order of preference: the first that answers with a plausible table that is not empty.
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

    /// The table of a link's answer, or why it is none and how the link failed, if it did.
    fn judge(
        &self,
        at: usize,
        answer: Result<Arc<YieldTable>, PriceError>,
        range: DateRange,
    ) -> Result<Arc<YieldTable>, (String, Option<SourceFault>)> {
        let name = self.name(at);
        let (why, fault) = match answer {
            Ok(table) if table.is_empty() => (format!("{name} has no yields in this range"), None),
            Ok(table) => match implausible(&table, range) {
                None => {
                    self.note(at, name, None);
                    return Ok(table);
                }
                Some(why) => (format!("{name}'s yields are not whole ({why})"), Some(SourceFault::Unusable)),
            },
            // Without data from any link the caller may try again, so that is no lasting "no data".
            Err(error @ PriceError::NoData(_)) => (error.to_string(), Some(SourceFault::Unavailable)),
            Err(PriceError::Failed { fault, why }) => (why, Some(fault)),
        };
        self.note(at, name, Some(why.clone()));
        Err((why, fault))
    }

    /// Notes the links before the one that answered that have not answered yet.
    fn note_slow(&self, served: usize, reasons: &[Option<String>]) {
        for at in (0..served).filter(|at| reasons.get(*at).is_some_and(Option::is_none)) {
            let name = self.name(at);
            self.note(at, name, Some(format!("{name} did not answer within {} s", ALONE.as_secs())));
        }
    }

    fn name(&self, at: usize) -> &'static str {
        self.links.get(at).map_or("none", |link| link.about_yields().name)
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
        let mut asked = FuturesUnordered::new();
        let mut reasons: Vec<Option<String>> = vec![None; self.links.len()];
        let (mut waiting, mut fault) = (self.links.iter().enumerate(), None);
        loop {
            if let Some((at, link)) = waiting.next() {
                asked.push(async move { (at, link.yields(range).await) });
            }
            let more = waiting.len() > 0;
            let beside = sleep_until(Instant::now() + ALONE);
            tokio::select! {
                Some((at, answer)) = asked.next() => match self.judge(at, answer, range) {
                    Ok(table) => {
                        self.note_slow(at, &reasons);
                        return Ok(table);
                    }
                    Err((why, failed)) => {
                        fault = failed.or(fault);
                        reasons[at] = Some(why);
                    }
                },
                () = beside, if more => {}
                else => break,
            }
        }
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        match fault {
            Some(fault) => Err(PriceError::failed(fault, format!("no source has yields: {}", reasons.join("; ")))),
            None => Ok(Arc::default()),
        }
    }
}

#[cfg(test)]
mod tests;
