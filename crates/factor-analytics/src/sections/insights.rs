//! What stands out: the strongest and the most negative pairs, the best diversifier, the most rate-sensitive equity and
//! factor of all, and how many independent bets each category holds.

use std::cmp::Ordering;

use factor_types::{AssetClass, Category, Factor, Maturity, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cluster::Clusters,
    composite::Composite,
    correlation::{CorrelationMatrix, Method},
    observer::{Progress, Stopped},
    sort::First,
    spectrum::Spectrum,
    stats,
    study::{Standing, StudiedFactor, Study},
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
    /// The ETF, or the name of a composite.
    pub ticker: String,
    /// What it stands for.
    pub label: String,
    /// True for a composite of several ETFs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub composite: bool,
    /// Out of what it was picked. The stopped and the young are in no such pick.
    pub among: String,
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
    /// Lowest correlations over all matrices, the most negative first; none is also among the strongest.
    pub most_negative_pairs: Vec<CorrelatedPair>,
    /// The analysed factor, cash apart, that is least correlated with the benchmark.
    pub best_diversifier: Option<Standout>,
    /// Of equities (industries, styles, markets, and the composites of industries where they were built) the one most
    /// negatively correlated with the change of the ten-year yield.
    pub most_negative_to_ust10y: Option<Standout>,
    /// The same of all analysed factors, bonds and the rest among them.
    pub most_negative_to_ust10y_all: Option<Standout>,
    /// Per matrix.
    pub components: IndexMap<String, PrincipalComponents>,
    /// Per matrix the blocks of its clustering, in order; only where matrices are in the order of their clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<IndexMap<String, Vec<ClusterBlock>>>,
}

/// Gathers the section from matrices that were computed. `size` bounds each list; `method` is that of the matrices. The
/// blocks are the caller's to add.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn insights(
    study: &Study,
    matrices: &IndexMap<String, CorrelationMatrix>,
    spectra: &IndexMap<String, Spectrum>,
    benchmark: &Ticker,
    composites: &[Composite],
    (size, method): (usize, Method),
    progress: &mut Progress<'_>,
) -> Result<Insights, Stopped> {
    let (strongest_pairs, most_negative_pairs) = extremes(matrices, size, progress)?;
    let changes = study.yield_changes(Maturity::Ust10Y);
    let ten_year = Against { values: &changes, name: Maturity::Ust10Y.as_str(), method };
    let equities = ten_year.lowest(study, EQUITIES, is_equity, equity_composites(study, composites), progress)?;
    let all = ten_year.lowest(study, "all factors", |_| true, Vec::new(), progress)?;
    let is_negative = |found: &Standout| found.correlation < 0.0;
    Ok(Insights {
        strongest_pairs,
        most_negative_pairs,
        best_diversifier: best_diversifier(study, benchmark, method, progress)?,
        most_negative_to_ust10y: equities.filter(is_negative),
        most_negative_to_ust10y_all: all.filter(is_negative),
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

/// The `size` highest or lowest pairs of one matrix, equals in order of their names. Of equal pairs the highest are the
/// first by name and the lowest the last, so that no pair is among both while there are enough for both.
pub fn extreme_pairs(name: &str, matrix: &CorrelationMatrix, size: usize, highest: bool) -> Vec<CorrelatedPair> {
    // Places and not names while all pairs are compared, and few of them held: a wide matrix has millions.
    let names = |pair: &(usize, usize, f64, usize)| (&matrix.names[pair.0], &matrix.names[pair.1]);
    let by_value = |x: &(usize, usize, f64, usize), y: &(usize, usize, f64, usize)| {
        picked_first((x.2, names(x)), (y.2, names(y)), highest)
    };
    let mut first = First::new(size, by_value);
    matrix.pairs().for_each(|pair| first.take(pair));
    let mut pairs = first.held();
    pairs.sort_by(|x, y| shown_first((x.2, names(x)), (y.2, names(y)), highest));
    let named = |(i, j, correlation, n): (usize, usize, f64, usize)| CorrelatedPair {
        category: name.to_owned(),
        a: matrix.names[i].clone(),
        b: matrix.names[j].clone(),
        correlation,
        n,
    };
    pairs.into_iter().map(named).collect()
}

/// The highest and the lowest pairs of one matrix, `size` of each at most and no pair in both: where there are too few,
/// they are halved.
pub fn both_ends(name: &str, matrix: &CorrelationMatrix, size: usize) -> (Vec<CorrelatedPair>, Vec<CorrelatedPair>) {
    let (first, last) = halves(matrix.pairs().count(), size);
    (extreme_pairs(name, matrix, first, true), extreme_pairs(name, matrix, last, false))
}

/// How many of so many stand at either end.
fn halves(all: usize, size: usize) -> (usize, usize) {
    (size.min(all.div_ceil(2)), size.min(all / 2))
}

type Named<'a> = (f64, (&'a String, &'a String));

/// The order in which pairs are picked: that of the lowest is that of the highest from its other end.
fn picked_first(x: Named<'_>, y: Named<'_>, highest: bool) -> Ordering {
    let from_above = y.0.total_cmp(&x.0).then_with(|| x.1.cmp(&y.1));
    if highest { from_above } else { from_above.reverse() }
}

/// The order in which those picked stand: by value, equals by name.
fn shown_first(x: Named<'_>, y: Named<'_>, highest: bool) -> Ordering {
    let by_value = if highest { y.0.total_cmp(&x.0) } else { x.0.total_cmp(&y.0) };
    by_value.then_with(|| x.1.cmp(&y.1))
}

/// The highest and the lowest pairs over all matrices.
fn extremes(
    matrices: &IndexMap<String, CorrelationMatrix>,
    size: usize,
    progress: &Progress<'_>,
) -> Result<(Vec<CorrelatedPair>, Vec<CorrelatedPair>), Stopped> {
    let (mut high, mut low, mut all) = (Vec::new(), Vec::new(), 0);
    // Composites hold the industries themselves, and yields are no factors: neither is a pair one can hold.
    for (name, matrix) in matrices.iter().filter(|(name, _)| !["industry_groups", "rate"].contains(&name.as_str())) {
        progress.check()?;
        all += matrix.pairs().count();
        high.extend(extreme_pairs(name, matrix, size, true));
        low.extend(extreme_pairs(name, matrix, size, false));
    }
    let (first, last) = halves(all, size);
    Ok((ordered(high, first, true), ordered(low, last, false)))
}

fn ordered(mut pairs: Vec<CorrelatedPair>, size: usize, highest: bool) -> Vec<CorrelatedPair> {
    let by = |order: fn(Named<'_>, Named<'_>, bool) -> Ordering| {
        move |x: &CorrelatedPair, y: &CorrelatedPair| {
            order((x.correlation, (&x.a, &x.b)), (y.correlation, (&y.a, &y.b)), highest)
        }
    };
    pairs.sort_by(by(picked_first));
    pairs.truncate(size);
    pairs.sort_by(by(shown_first));
    pairs
}

fn best_diversifier(
    study: &Study,
    benchmark: &Ticker,
    method: Method,
    progress: &Progress<'_>,
) -> Result<Option<Standout>, Stopped> {
    let Some(column) = study.panel().position(benchmark) else { return Ok(None) };
    let against = Against { values: study.panel().column(column), name: benchmark.as_str(), method };
    let fits = |factor: &Factor| {
        factor.category != Category::Cash && factor.asset_class != Some(AssetClass::Cash) && factor.ticker != *benchmark
    };
    against.lowest(study, "all factors but cash", fits, Vec::new(), progress)
}

/// What [`is_equity`] and [`equity_composites`] let through.
const EQUITIES: &str = "equities: industries, styles, markets and composites of industries";

fn is_equity(factor: &Factor) -> bool {
    factor.asset_class == Some(AssetClass::Equity)
        && [Category::Industry, Category::Style, Category::Market].contains(&factor.category)
}

/// The composites of which every member is an equity.
fn equity_composites<'a>(study: &Study, composites: &'a [Composite]) -> Vec<&'a Composite> {
    let is_equity = |ticker: &Ticker| {
        study.factors.iter().any(|studied| studied.factor.ticker == *ticker && is_equity(&studied.factor))
    };
    composites.iter().filter(|composite| composite.members.iter().all(is_equity)).collect()
}

/// What factors are correlated with.
struct Against<'a> {
    values: &'a [f64],
    name: &'a str,
    method: Method,
}

impl Against<'_> {
    /// The factor that fits, is not young and has not stopped, or the composite, that is least correlated with the series;
    /// equals by name.
    fn lowest(
        &self,
        study: &Study,
        among: &str,
        fits: impl Fn(&Factor) -> bool,
        composites: Vec<&Composite>,
        progress: &Progress<'_>,
    ) -> Result<Option<Standout>, Stopped> {
        let counts = |one: &&StudiedFactor| fits(&one.factor) && one.standing == Standing::default();
        let factors = study.factors.iter().filter(counts).map(|one| {
            let factor = &one.factor;
            (factor.ticker.as_str(), factor.label.as_str(), false, study.panel().column(one.column))
        });
        let composites = composites.iter().map(|one| (one.name.as_str(), one.name.as_str(), true, &*one.values));
        let mut lowest: Option<Standout> = None;
        for (ticker, label, composite, values) in factors.chain(composites) {
            progress.check()?;
            let pair = self.method.pair(values, self.values, study.min_observations);
            let Some(correlation) = pair.r else { continue };
            let is_lower = lowest.as_ref().is_none_or(|other| {
                correlation.total_cmp(&other.correlation).then_with(|| ticker.cmp(&other.ticker)) == Ordering::Less
            });
            if is_lower {
                let (ticker, label, against) = (ticker.to_owned(), label.to_owned(), self.name.to_owned());
                let among = among.to_owned();
                lowest = Some(Standout { ticker, label, composite, among, against, correlation, n: pair.n });
            }
        }
        Ok(lowest)
    }
}

#[cfg(test)]
mod tests {
    use factor_types::YieldTable;
    use ndarray::Array2;

    use super::*;
    use crate::{
        correlation::Estimate,
        observer::{Silent, tests::unobserved},
        test_study::{Fund, study, ticker, yields},
    };

    fn matrix(names: &[&str], upper: &[f64]) -> CorrelationMatrix {
        let size = names.len();
        let mut values = Array2::eye(size);
        let pairs = (0..size).flat_map(|i| (i + 1..size).map(move |j| (i, j)));
        for ((i, j), r) in pairs.zip(upper) {
            (values[(i, j)], values[(j, i)]) = (*r, *r);
        }
        CorrelationMatrix {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            values,
            rows: Array2::from_elem((size, size), 24),
            undefined_pairs: 0,
            estimate: Estimate::Pairwise,
        }
    }

    fn sides(pairs: &[CorrelatedPair]) -> Vec<(&str, &str)> {
        pairs.iter().map(|pair| (pair.a.as_str(), pair.b.as_str())).collect()
    }

    #[test]
    fn extremes_are_by_value_and_then_by_name() {
        // (D, C) 0.5, (D, B) 0.1, (D, A) 0.5, (C, B) undefined, (C, A) -0.3, (B, A) 0.5.
        let matrix = matrix(&["D", "C", "B", "A"], &[0.5, 0.1, 0.5, f64::NAN, -0.3, 0.5]);
        let highest = extreme_pairs("style", &matrix, 2, true);
        assert_eq!(sides(&highest), [("B", "A"), ("D", "A")]);
        assert_eq!((highest[0].category.as_str(), highest[0].correlation, highest[0].n), ("style", 0.5, 24));
        assert_eq!(sides(&extreme_pairs("style", &matrix, 2, false)), [("C", "A"), ("D", "B")]);
        assert_eq!(extreme_pairs("style", &matrix, 9, true).len(), 5);
        assert!(extreme_pairs("style", &matrix, 0, true).is_empty());
    }

    #[test]
    fn equal_pairs_are_at_one_end_only() {
        // Six pairs of one value: by name A/B A/C A/D B/C B/D C/D, the first two are the highest, the last the lowest.
        let equal = matrix(&["A", "B", "C", "D"], &[0.5; 6]);
        let (high, low) = both_ends("style", &equal, 2);
        assert_eq!((sides(&high), sides(&low)), (vec![("A", "B"), ("A", "C")], vec![("B", "D"), ("C", "D")]));
        let (high, low) = both_ends("style", &equal, 9);
        assert_eq!((high.len(), low.len()), (3, 3));
        assert!(sides(&high).iter().all(|pair| !sides(&low).contains(pair)));
    }

    #[test]
    fn composites_and_yields_are_in_no_list_of_pairs() {
        let matrices: IndexMap<String, CorrelationMatrix> = [("industry_groups", 0.9), ("rate", 0.8), ("style", 0.1)]
            .into_iter()
            .map(|(name, r)| (name.to_owned(), matrix(&["A", "B"], &[r])))
            .collect();
        let (high, low) = extremes(&matrices, 5, &Progress::new(&mut Silent, "")).unwrap();
        assert_eq!(high.iter().map(|pair| pair.category.as_str()).collect::<Vec<_>>(), ["style"]);
        assert!(low.is_empty(), "the one pair is at one end only");
    }

    #[test]
    fn a_diversifier_is_neither_cash_nor_the_benchmark() {
        let market = [0.01, -0.02, 0.03, -0.01];
        let (with, against) = (market.map(|r| 2.0 * r), market.map(|r| -r));
        let funds = [
            Fund::new("SPY", Category::Market, &market),
            Fund::new("BIL", Category::Cash, &against),
            Fund::new("UP", Category::Style, &with),
            Fund::new("MIX", Category::Style, &[0.01, 0.02, 0.01, 0.02]),
        ];
        let study = study(&funds, YieldTable::default());
        let found = best_diversifier(&study, &ticker("SPY"), Method::Pearson, &Progress::new(&mut Silent, ""));
        let found = found.unwrap().unwrap();
        assert_eq!((found.ticker.as_str(), found.against.as_str(), found.n), ("MIX", "SPY", 4));
        // Deviations of SPY (3 -9 11 -5) / 400 and of MIX (-1 1 -1 1) / 200: -28 / (sqrt(236) x 2).
        assert!((found.correlation + 14.0 / 236.0_f64.sqrt()).abs() < 1e-12, "{}", found.correlation);
        let none = best_diversifier(&study, &ticker("QQQ"), Method::Pearson, &Progress::new(&mut Silent, ""));
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn a_young_fund_is_no_diversifier() {
        const NAN: f64 = f64::NAN;
        let market = [0.01, -0.02, 0.03, -0.01, 0.02, 0.01, -0.03];
        let young = [NAN, NAN, NAN, NAN, -0.02, -0.01, 0.03];
        let old = [0.01, 0.02, 0.01, 0.02, 0.01, 0.02, 0.01];
        let funds = [
            Fund::new("SPY", Category::Market, &market),
            Fund::new("NEW", Category::Style, &young),
            Fund::new("MIX", Category::Style, &old),
        ];
        let study = study(&funds, YieldTable::default());
        let found = best_diversifier(&study, &ticker("SPY"), Method::Pearson, &Progress::new(&mut Silent, ""));
        assert_eq!(found.unwrap().unwrap().ticker, "MIX", "NEW is at -1 on three of seven rows");
    }

    /// What is most negative to the ten-year yield among equities, and among all.
    fn to_the_ten_year(study: &Study, composites: &[Composite]) -> [Option<Standout>; 2] {
        let none = (IndexMap::new(), IndexMap::new());
        let of = (5, Method::Pearson);
        let found = unobserved(|progress| insights(study, &none.0, &none.1, &ticker("SPY"), composites, of, progress));
        [found.most_negative_to_ust10y, found.most_negative_to_ust10y_all]
    }

    #[test]
    fn only_a_fall_with_rising_yields_is_sensitive_to_them() {
        let returns = [0.01, -0.02, 0.03, -0.01];
        let funds = [Fund::new("SPY", Category::Market, &returns)];
        let percent = |sign: f64| [4.0, 4.0 + sign * 0.1, 4.0 - sign * 0.1, 4.0 + sign * 0.2, 4.0 + sign * 0.1];
        let found = |sign: f64| to_the_ten_year(&study(&funds, yields(Maturity::Ust10Y, &percent(sign))), &[]);
        assert_eq!(found(1.0), [None, None]);
        assert_eq!(found(-1.0).map(|found| found.unwrap().ticker), ["SPY", "SPY"]);
    }

    #[test]
    fn equities_are_one_list_and_all_factors_another() {
        // Yields change by -0.1, 0.2, -0.3, 0.1: returns of the opposite signs are of correlation -1.
        let percent = yields(Maturity::Ust10Y, &[4.0, 3.9, 4.1, 3.8, 3.9]);
        let (bonds, style) = ([0.01, -0.02, 0.03, -0.01], [0.01, -0.02, 0.03, 0.01]);
        let mut bond = Fund::new("TLT", Category::FixedIncome, &bonds);
        bond.factor.asset_class = Some(AssetClass::Bond);
        let gone = [-0.01, 0.02, f64::NAN, f64::NAN];
        let funds = [
            bond,
            Fund::new("LOWV", Category::Style, &style),
            Fund::new("XLU", Category::Industry, &[0.02, -0.01, 0.01, 0.01]),
            Fund::new("GONE", Category::Style, &gone),
        ];
        let mut study = study(&funds, percent);
        study.min_observations = 2;
        let mix = |name: &str, members: &[&str], values: &[f64]| Composite {
            name: name.to_owned(),
            members: members.iter().map(|name| ticker(name)).collect(),
            weights: vec![1.0; members.len()],
            starts: IndexMap::new(),
            listed: members.len(),
            excluded: Vec::new(),
            values: values.to_vec(),
        };
        let [equity, all] = to_the_ten_year(&study, &[]).map(Option::unwrap);
        assert_eq!((equity.ticker.as_str(), equity.composite, all.ticker.as_str()), ("LOWV", false, "TLT"));
        assert!(equity.among.starts_with("equities: industries, styles, markets") && all.among == "all factors");
        // A composite of equities is named as one; one with a bond in it is none of equities.
        let (pure, mixed) = (mix("defensive", &["XLU", "LOWV"], &bonds), mix("mixed", &["XLU", "TLT"], &bonds));
        let [equity, _] = to_the_ten_year(&study, &[mixed, pure]).map(Option::unwrap);
        assert_eq!((equity.ticker.as_str(), equity.composite), ("defensive", true));
    }
}
