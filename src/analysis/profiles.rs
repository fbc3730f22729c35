//! What tickers are, by the price source's profiles.

use std::sync::Arc;

use factor_prices::SecurityProfile;
use factor_types::Ticker;

use super::{AnalysisError, Analyzer, Caller, gather};

impl Analyzer {
    /// The profiles of some tickers in their order; where there is none, why.
    ///
    /// # Errors
    /// [`AnalysisError::Cancelled`] only.
    pub async fn profiles(
        &self,
        tickers: &[Ticker],
        caller: &Caller<'_>,
    ) -> Result<Vec<Result<Arc<SecurityProfile>, String>>, AnalysisError> {
        let source = &*self.fundamentals;
        let ask = |ticker: Ticker| async move { source.profile(&ticker).await };
        let answers = caller.waits_for(gather::by_deadline(tickers, caller.fetch_until, ask)).await?;
        let found = answers.into_iter().map(|answer| match answer {
            Some(Ok(profile)) => Ok(profile),
            Some(Err(error)) => Err(error.to_string()),
            None => Err(gather::LATE.to_owned()),
        });
        Ok(found.collect())
    }
}
