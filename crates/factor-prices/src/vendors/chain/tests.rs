use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use factor_types::Maturity;

use super::*;
use crate::vendors::tests::{day, range};

/// A name, an outcome (a negative yield is none), how often it was asked, and how long it takes.
#[derive(Debug)]
struct Link(&'static str, Result<f64, SourceFault>, AtomicUsize, Duration);

fn link(name: &'static str, outcome: Result<f64, SourceFault>) -> Arc<Link> {
    slow_link(name, outcome, 0)
}

fn slow_link(name: &'static str, outcome: Result<f64, SourceFault>, seconds: u64) -> Arc<Link> {
    Arc::new(Link(name, outcome, AtomicUsize::new(0), Duration::from_secs(seconds)))
}

#[async_trait]
impl YieldProvider for Link {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo { name: self.0, description: String::new(), simulated: false, warnings: Vec::new() }
    }

    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        self.2.fetch_add(1, SeqCst);
        tokio::time::sleep(self.3).await;
        let value = self.1.map_err(|fault| PriceError::failed(fault, format!("{} is down", self.0)))?;
        let mut table = YieldTable::default();
        let days = (value > 0.0).then_some(range.start().iter_days().take_while(|date| *date <= range.end()));
        let days: Vec<_> = days.into_iter().flatten().map(|date| (date, value)).collect();
        for maturity in Maturity::ALL {
            // A half is one that has only its first month.
            table.insert(maturity, days.iter().copied().take(if value == HALF { 30 } else { days.len() }));
        }
        Ok(Arc::new(table))
    }
}

/// The yield of a link whose table is not whole.
const HALF: f64 = 0.5;

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
    assert_eq!(ask(&chain).await.unwrap().get(Maturity::Ust10Y)[1], (day("2024-01-02"), 4.0));
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

#[tokio::test(start_paused = true)]
async fn after_three_seconds_the_next_is_asked_beside_one_that_hangs() {
    let start = Instant::now();
    let (hangs, slow, fast) = (slow_link("a", Ok(1.0), 3600), slow_link("b", Ok(2.0), 2), link("c", Ok(3.0)));
    let chain = YieldChain::new(vec![hangs as _, slow as _, Arc::clone(&fast) as _]);
    assert_eq!(ask(&chain).await.unwrap().get(Maturity::Ust2Y)[0].1, 2.0);
    assert_eq!((start.elapsed().as_secs(), fast.2.load(SeqCst)), (5, 0));
    let about = chain.about_yields();
    assert_eq!((about.name, about.warnings), ("b", vec!["a did not answer within 3 s".to_owned()]));
    // One that is merely slow is taken all the same when it comes first.
    let chain = YieldChain::new(vec![slow_link("a", Ok(1.0), 4), slow_link("b", Ok(2.0), 2)]);
    assert_eq!(ask(&chain).await.unwrap().get(Maturity::Ust2Y)[0].1, 1.0);
}

#[tokio::test]
async fn a_table_that_is_not_whole_is_none() {
    let years = range("2023-01-01", "2024-12-31");
    let chain = YieldChain::new(vec![link("a", Ok(HALF)), link("b", Ok(4.0))]);
    assert_eq!(chain.yields(years).await.unwrap().get(Maturity::Ust3M)[0].1, 4.0);
    let warnings = chain.about_yields().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("a's yields are not whole (30 yields of UST3M in 2023, which has "),
        "{warnings:?}"
    );
    let alone = YieldChain::new(vec![link("a", Ok(HALF))]);
    assert!(
        alone
            .yields(years)
            .await
            .unwrap_err()
            .to_string()
            .starts_with("no source has yields: a's yields are not whole")
    );
}
