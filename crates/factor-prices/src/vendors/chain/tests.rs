use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use factor_types::Maturity;

use super::*;
use crate::vendors::tests::{day, range};

#[derive(Debug)]
struct Link(&'static str, Result<f64, SourceFault>, AtomicUsize);

fn link(name: &'static str, outcome: Result<f64, SourceFault>) -> Arc<Link> {
    Arc::new(Link(name, outcome, AtomicUsize::new(0)))
}

#[async_trait]
impl YieldProvider for Link {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo { name: self.0, description: String::new(), simulated: false, warnings: Vec::new() }
    }

    async fn yields(&self, _range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        self.2.fetch_add(1, SeqCst);
        let value = self.1.map_err(|fault| PriceError::failed(fault, format!("{} is down", self.0)))?;
        let mut table = YieldTable::default();
        table.insert(Maturity::Ust10Y, (value > 0.0).then_some((day("2024-01-02"), value)));
        Ok(Arc::new(table))
    }
}

async fn ask(chain: &YieldChain) -> Result<Arc<YieldTable>, PriceError> {
    chain.yields(range("2024-01-01", "2024-12-31")).await
}

#[tokio::test]
async fn the_first_table_that_is_not_empty_is_taken() {
    let last = link("last", Ok(9.0));
    let chain = YieldChain::new(vec![
        link("a", Err(SourceFault::Plan)),
        link("b", Ok(0.0)),
        link("c", Ok(4.0)),
        Arc::clone(&last) as _,
    ]);
    assert_eq!(chain.about_yields().name, "a");
    assert_eq!(ask(&chain).await.unwrap().get(Maturity::Ust10Y), [(day("2024-01-02"), 4.0)]);
    let about = chain.about_yields();
    assert_eq!(
        (about.name, about.warnings),
        ("c", vec!["a is down".to_owned(), "b has no yields in this range".to_owned()])
    );
    assert_eq!(last.2.load(SeqCst), 0);
}

#[tokio::test]
async fn when_all_fail_every_reason_is_given() {
    let chain =
        YieldChain::new(vec![link("a", Err(SourceFault::Plan)), link("b", Err(SourceFault::Late)), link("c", Ok(0.0))]);
    let why = "no source has yields: a is down; b is down; c has no yields in this range";
    assert_eq!(ask(&chain).await.unwrap_err(), PriceError::failed(SourceFault::Late, why));
    assert!(ask(&YieldChain::new(vec![link("c", Ok(0.0))])).await.unwrap().is_empty());
    assert!(ask(&YieldChain::new(Vec::new())).await.unwrap().is_empty());
}
