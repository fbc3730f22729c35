//! What stands out: the strongest and weakest pairs, the best diversifier, the most rate-sensitive equity, and how many
//! independent bets each category holds.

use std::cmp::Ordering;

use factor_types::{AssetClass, Category, Maturity, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cluster::Clusters,
    correlation::{CorrelationMatrix, Method},
    observer::{Progress, Stopped},
    spectrum::Spectrum,
    stats,
    study::{StudiedFactor, Study},
};

/// A pair of factors of one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CorrelatedPair {
    /// The matrix it is from.
    pub category: String,
    /// One side.
    pub a: String,
    /// The other side.
    pub b: String,
    /// Their correlation, by the method asked for.
    pub correlation: f64,
    /// Periods it rests on.
    pub n: usize,
}

/// One factor and a correlation that stands out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Standout {
    /// The ETF.
    pub ticker: Ticker,
    /// What it stands for.
    pub label: String,
    /// What it was correlated with.
    pub against: String,
    /// Their correlation, by the method asked for.
    pub correlation: f64,
    /// Periods it rests on.
    pub n: usize,
}

/// Principal components of one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PrincipalComponents {
    /// Columns the decomposition was taken over.
    pub factors: usize,
    /// Shares of the variance of the first components (at most five), largest first.
    pub explained: Vec<f64>,
    /// exp of the entropy of all shares: the number of equal, independent bets.
    pub effective_bets: f64,
    /// True when pairwise deletion had left the matrix indefinite and the nearest correlation matrix stands in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repaired: bool,
}

/// Columns of one matrix that a clustering keeps together.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ClusterBlock {
    /// Its columns, in the matrix's order.
    pub members: Vec<String>,
    /// Mean of the defined correlations between them; `None` for one alone.
    pub mean_correlation: Option<f64>,
}

impl ClusterBlock {
    /// The blocks of a matrix, which stands in its own order still.
    pub fn all_of(clusters: &Clusters, matrix: &CorrelationMatrix) -> Vec<Self> {
        let block = |members: &Vec<usize>| {
            let pairs = members.iter().enumerate().flat_map(|(at, i)| members[at + 1..].iter().map(move |j| (*i, *j)));
            let correlations: Vec<f64> = pairs.filter_map(|(i, j)| matrix.get(i, j)).collect();
            let members = members.iter().map(|i| matrix.names[*i].clone()).collect();
            Self { members, mean_correlation: stats::mean(&correlations) }
        };
        clusters.blocks.iter().map(block).collect()
    }
}

/// The section.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Insights {
    /// Highest correlations over all matrices.
    pub strongest_pairs: Vec<CorrelatedPair>,
    /// Lowest correlations over all matrices.
    pub weakest_pairs: Vec<CorrelatedPair>,
    /// The analysed factor, cash apart, that is least correlated with the benchmark.
    pub best_diversifier: Option<Standout>,
    /// The equity whose return is most negatively correlated with the change of the ten-year yield.
    pub most_negative_to_ust10y: Option<Standout>,
    /// Per matrix.
    pub components: IndexMap<String, PrincipalComponents>,
    /// Per matrix the blocks of its clustering, in order; only where matrices are in the order of their clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<IndexMap<String, Vec<ClusterBlock>>>,
}

/// Gathers the section from matrices that were computed. `size` bounds each list; `method` is that of the matrices. The
/// blocks are the caller's to add.
pub fn insights(
    study: &Study,
    matrices: &IndexMap<String, CorrelationMatrix>,
    spectra: &IndexMap<String, Spectrum>,
    benchmark: &Ticker,
    (size, method): (usize, Method),
    progress: &mut Progress<'_>,
) -> Result<Insights, Stopped> {
    Ok(Insights {
        strongest_pairs: extremes(matrices, size, true, progress)?,
        weakest_pairs: extremes(matrices, size, false, progress)?,
        best_diversifier: best_diversifier(study, benchmark, method, progress)?,
        most_negative_to_ust10y: most_negative_to_ten_year(study, method, progress)?,
        blocks: None,
        components: spectra
            .iter()
            .map(|(name, spectrum)| {
                let explained = spectrum.explained.iter().copied().take(5).collect();
                let (factors, repaired) = (spectrum.columns, spectrum.repaired);
                (
                    name.clone(),
                    PrincipalComponents { factors, explained, effective_bets: spectrum.effective_bets, repaired },
                )
            })
            .collect(),
    })
}

/// The `size` highest or lowest pairs of one matrix; equals in order of their names.
pub fn extreme_pairs(name: &str, matrix: &CorrelationMatrix, size: usize, highest: bool) -> Vec<CorrelatedPair> {
    // Places and not names while all pairs are compared: a wide matrix has millions.
    let mut pairs: Vec<(usize, usize, f64, usize)> = matrix.pairs().collect();
    let names = |pair: &(usize, usize, f64, usize)| (&matrix.names[pair.0], &matrix.names[pair.1]);
    let by_value = |x: &(usize, usize, f64, usize), y: &(usize, usize, f64, usize)| {
        by_correlation(x.2, y.2, highest).then_with(|| names(x).cmp(&names(y)))
    };
    if pairs.len() > size && size > 0 {
        pairs.select_nth_unstable_by(size - 1, by_value);
    }
    pairs.truncate(size);
    pairs.sort_by(by_value);
    let named = |(i, j, correlation, n): (usize, usize, f64, usize)| CorrelatedPair {
        category: name.to_owned(),
        a: matrix.names[i].clone(),
        b: matrix.names[j].clone(),
        correlation,
        n,
    };
    pairs.into_iter().map(named).collect()
}

fn by_correlation(x: f64, y: f64, highest: bool) -> Ordering {
    if highest { y.total_cmp(&x) } else { x.total_cmp(&y) }
}

fn extremes(
    matrices: &IndexMap<String, CorrelationMatrix>,
    size: usize,
    highest: bool,
    progress: &Progress<'_>,
) -> Result<Vec<CorrelatedPair>, Stopped> {
    let mut pairs = Vec::new();
    // Composites hold the industries themselves, and yields are no factors: neither is a pair one can hold.
    for (name, matrix) in matrices.iter().filter(|(name, _)| !["industry_groups", "rate"].contains(&name.as_str())) {
        progress.check()?;
        pairs.extend(extreme_pairs(name, matrix, size, highest));
    }
    pairs.sort_by(|x, y| {
        by_correlation(x.correlation, y.correlation, highest).then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b)))
    });
    pairs.truncate(size);
    Ok(pairs)
}

fn best_diversifier(
    study: &Study,
    benchmark: &Ticker,
    method: Method,
    progress: &Progress<'_>,
) -> Result<Option<Standout>, Stopped> {
    let Some(column) = study.panel().position(benchmark) else { return Ok(None) };
    let against = (study.panel().column(column), benchmark.as_str());
    let fits = |category: Category, class: AssetClass, ticker: &Ticker| {
        category != Category::Cash && class != AssetClass::Cash && ticker != benchmark
    };
    lowest(study, against, method, fits, progress)
}

fn most_negative_to_ten_year(
    study: &Study,
    method: Method,
    progress: &Progress<'_>,
) -> Result<Option<Standout>, Stopped> {
    let changes = study.yield_changes(Maturity::Ust10Y);
    let fits = |category: Category, class: AssetClass, _: &Ticker| {
        class == AssetClass::Equity && [Category::Industry, Category::Market].contains(&category)
    };
    let found = lowest(study, (&changes, Maturity::Ust10Y.as_str()), method, fits, progress)?;
    Ok(found.filter(|found| found.correlation < 0.0))
}

/// The analysed factor that fits and is least correlated with a series; equals by ticker.
fn lowest(
    study: &Study,
    (against, name): (&[f64], &str),
    method: Method,
    fits: impl Fn(Category, AssetClass, &Ticker) -> bool,
    progress: &Progress<'_>,
) -> Result<Option<Standout>, Stopped> {
    let mut lowest: Option<(&StudiedFactor, f64, usize)> = None;
    for studied in &study.factors {
        let factor = &studied.factor;
        if !fits(factor.category, factor.asset_class, &factor.ticker) {
            continue;
        }
        progress.check()?;
        let pair = method.pair(study.panel().column(studied.column), against, study.min_observations);
        let Some(r) = pair.r else { continue };
        let is_lower = lowest.is_none_or(|(other, least, _)| {
            r.total_cmp(&least).then_with(|| factor.ticker.cmp(&other.factor.ticker)) == Ordering::Less
        });
        if is_lower {
            lowest = Some((studied, r, pair.n));
        }
    }
    Ok(lowest.map(|(studied, correlation, n)| Standout {
        ticker: studied.factor.ticker.clone(),
        label: studied.factor.label.clone(),
        against: name.to_owned(),
        correlation,
        n,
    }))
}
