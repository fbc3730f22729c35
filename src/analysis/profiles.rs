//! What tickers are, by the price source's profiles.

use std::{collections::BTreeSet, sync::Arc};

use factor_prices::SecurityProfile;
use factor_types::{AssetClass, Factor, Ticker};

use super::{AnalysisError, AnalysisRequest, Analyzer, Caller, gather};

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

    /// Gives shares their class by their profiles, and leaves out what the asset class filter does. What else has no class
    /// keeps none: the profile of a fund does not say what it holds.
    pub(super) async fn classify(
        &self,
        factors: &mut Vec<Arc<Factor>>,
        request: &AnalysisRequest,
        caller: &Caller<'_>,
    ) -> Result<(), AnalysisError> {
        let unknown = factors.iter().filter(|factor| factor.asset_class.is_none());
        let unknown: Vec<Ticker> = unknown.map(|factor| factor.ticker.clone()).collect();
        let profiles = self.profiles(&unknown, caller).await?;
        let is_share =
            |profile: &SecurityProfile| !profile.is_fund && (profile.industry.is_some() || profile.sector.is_some());
        let known =
            unknown.iter().zip(&profiles).filter(|(_, profile)| profile.as_ref().is_ok_and(|one| is_share(one)));
        let shares: BTreeSet<&Ticker> = known.map(|(ticker, _)| ticker).collect();
        for factor in factors.iter_mut().filter(|factor| shares.contains(&factor.ticker)) {
            Arc::make_mut(factor).asset_class = Some(AssetClass::Equity);
        }
        factors.retain(|factor| request.asset_classes.lets_through(factor.asset_class));
        if factors.is_empty() {
            return Err(AnalysisError::NoFactors(request.asset_classes.describe()));
        }
        Ok(())
    }
}
