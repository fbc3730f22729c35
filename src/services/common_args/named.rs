//! The tickers that a call names one by one, of which an answer says first what became of each.

use factor_types::Ticker;

/// What a named ticker is to the call, by what it takes to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A factor, or a member of a composite: it needs as many returns as any factor.
    Factor,
    /// What other figures are relative to.
    Benchmark,
    /// A holding: any return of it counts.
    Holding,
}

/// Tickers that a call names, in its order, each once, with what it is to the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named(Vec<(Ticker, Role)>);

impl Named {
    /// Adds what the call names in this role. A ticker keeps its first role.
    pub(crate) fn add(&mut self, role: Role, tickers: impl IntoIterator<Item = Ticker>) {
        let Self(named) = self;
        for ticker in tickers {
            if !named.iter().any(|(known, _)| *known == ticker) {
                named.push((ticker, role));
            }
        }
    }

    /// Each ticker with its role.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Ticker, Role)> {
        let Self(named) = self;
        named.iter().map(|(ticker, role)| (ticker, *role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticker_is_named_once_and_keeps_its_first_role() {
        let ticker = |name: &str| name.parse::<Ticker>().unwrap();
        let mut named = Named::default();
        named.add(Role::Factor, ["SPY", "TLT", "SPY"].map(ticker));
        named.add(Role::Benchmark, ["SPY", "QQQ"].map(ticker));
        let found: Vec<(&str, Role)> = named.iter().map(|(ticker, role)| (ticker.as_str(), role)).collect();
        assert_eq!(found, [("SPY", Role::Factor), ("TLT", Role::Factor), ("QQQ", Role::Benchmark)]);
    }
}
