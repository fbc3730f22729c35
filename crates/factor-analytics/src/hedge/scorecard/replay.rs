//! The past once more, quarter by quarter, each with the data up to its end alone.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    FundQuarter, NextQuarter, QuarterRows, Role, Scorecard, ScorecardQuestion, Strategy, Trade,
    next_quarter::Deviations,
    quarters_of,
    sample::{Periods, Sample},
};
use crate::{
    Threads,
    hedge::{
        MIN_ROWS,
        figures::reduction,
        signed::{
            Interval,
            estimate::{DRAWS, Estimate},
            moments::Moments,
            rule::{Pick, Rule},
            share_sold,
        },
    },
    observer::{Progress, Stopped},
    parallel::{Checkpoint, observed},
    stats,
};

/// Operations of one draw of an interval, about: what it takes to know whether threads are worth it.
const PER_DRAW: f64 = 3e3;

/// Where a quarter's results go, and its rows.
type Slot<'a> = (&'a mut Vec<FundQuarter>, &'a QuarterRows);

/// One quarter end.
struct Quarter<'a> {
    question: &'a ScorecardQuestion<'a>,
    periods: &'a Periods<'a>,
    at: usize,
    rows: QuarterRows,
    sample: Sample,
    /// Of the quarter after, and which place of the sample each of its series has.
    hindsight: (Moments, Vec<usize>),
}

impl Scorecard {
    /// Every quarter of every graded column that has a return on each row that the plan's estimator looks at.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked after each fund.
    pub fn compute(
        question: &ScorecardQuestion<'_>,
        threads: Threads,
        progress: &mut Progress<'_>,
    ) -> Result<Self, Stopped> {
        let quarters = quarters_of(question.dates, question.calendar);
        let periods = Periods::of(question);
        let mut order: Vec<usize> = (0..question.columns.len()).filter(|at| question.takes_part(*at)).collect();
        order.sort_by_key(|at| question.columns[*at].symbol);
        let mut found: Vec<Vec<FundQuarter>> = vec![Vec::new(); quarters.len()];
        let items = found.iter_mut().zip(&quarters).enumerate();
        let replay = |(): &mut (), (at, (into, rows)): (usize, Slot<'_>), checkpoint: &mut Checkpoint<'_, '_>| {
            replay(question, &periods, (at, *rows), &order, into, checkpoint)
        };
        let threads = threads.for_work(question.operations(quarters.len()));
        observed(threads, (quarters.len(), items), || (), replay, progress)?;
        let universe: Vec<usize> =
            question.graded.iter().copied().filter(|at| question.columns[*at].role == Role::Fund).collect();
        let mut results: Vec<FundQuarter> = found.into_iter().flatten().collect();
        let known = deviations(&results, (&results, &universe));
        expect(&mut results, &known);
        // Stable: of one column by quarter.
        let place = |column: usize| question.graded.iter().position(|at| *at == column);
        results.sort_by_key(|result| place(result.column));
        Ok(Self { results, universe })
    }

    /// With what was to be expected by the deviations of another scorecard's universe: of a factor that is none of its funds, or that
    /// other candidates hedge.
    #[must_use]
    pub fn expecting_by(mut self, others: &Self) -> Self {
        let known = deviations(&self.results, (&others.results, &others.universe));
        expect(&mut self.results, &known);
        self
    }
}

impl ScorecardQuestion<'_> {
    fn takes_part(&self, at: usize) -> bool {
        self.columns[at].role == Role::Fund || self.graded.contains(&at)
    }

    fn operations(&self, quarters: usize) -> f64 {
        let (columns, rows) = (self.columns.len() as f64, self.plan.estimator.rows() as f64);
        let draws = if self.plan.intervals { self.graded.len() as f64 * DRAWS as f64 * PER_DRAW } else { 0.0 };
        quarters as f64 * (columns * columns * rows + draws)
    }
}

/// All graded columns at one quarter end.
fn replay(
    question: &ScorecardQuestion<'_>,
    periods: &Periods<'_>,
    (at, rows): (usize, QuarterRows),
    order: &[usize],
    into: &mut Vec<FundQuarter>,
    checkpoint: &mut Checkpoint<'_, '_>,
) -> Result<(), Stopped> {
    let Some(sample) = periods.sample(rows.end, order) else { return Ok(()) };
    let quarter = Quarter::new(question, periods, (at, rows), sample);
    for column in question.graded {
        checkpoint.check()?;
        into.extend(quarter.of_column(*column));
    }
    Ok(())
}

impl<'a> Quarter<'a> {
    fn new(
        question: &'a ScorecardQuestion<'a>,
        periods: &'a Periods<'a>,
        (at, rows): (usize, QuarterRows),
        sample: Sample,
    ) -> Self {
        let after = |column: usize| &question.columns[column].returns[rows.end + 1..=rows.evaluated_to];
        let complete = |place: &usize| {
            let values = after(sample.columns[*place]);
            values.iter().all(|value| value.is_finite()) && !stats::is_constant(values)
        };
        let places: Vec<usize> = (0..sample.columns.len()).filter(complete).collect();
        let moments = Moments::of(places.iter().map(|place| after(sample.columns[*place]))).computed();
        Self { question, periods, at, rows, sample, hindsight: (moments, places) }
    }

    /// What each strategy did for a column; `None` where it has no return on some of the rows.
    fn of_column(&self, column: usize) -> Option<FundQuarter> {
        let f = self.place(column)?;
        let best = self.by_rule(f, &self.question.plan.rule);
        let trades = Strategy::ALL.iter().filter_map(|strategy| self.trade(*strategy, f, best.as_ref())).collect();
        Some(FundQuarter {
            column,
            quarter: self.at,
            end: self.question.dates[self.rows.end],
            evaluated_to: self.question.dates[self.rows.evaluated_to],
            trades,
            estimate: best.filter(|_| self.question.plan.intervals).and_then(|best| self.interval(f, &best)),
            expected: None,
        })
    }

    fn place(&self, column: usize) -> Option<usize> {
        self.sample.columns.iter().position(|at| *at == column)
    }

    /// Whether a place of the sample may hedge another.
    fn may_hedge(&self, f: usize, place: usize) -> bool {
        let (factor, candidate) = (self.sample.columns[f], self.sample.columns[place]);
        let columns = self.question.columns;
        columns[candidate].role == Role::Fund && candidate != factor && !columns[factor].made_of.contains(&candidate)
    }

    fn by_rule(&self, f: usize, rule: &Rule) -> Option<Pick> {
        rule.choose(&self.sample.moments, f, |place| self.may_hedge(f, place))
    }

    /// A strategy's trade; `None` where it cannot be tried.
    fn trade(&self, strategy: Strategy, f: usize, best: Option<&Pick>) -> Option<Trade> {
        let rule = self.question.plan.rule;
        let pick = match strategy {
            Strategy::BestHedge => best.cloned(),
            Strategy::TwoMembers => self.by_rule(f, &Rule { max_members: rule.max_members.min(2), ..rule }),
            Strategy::ClosestRelativeSold => self.extreme(f, 1.0).and_then(|c| self.single(f, c, -1.0)),
            Strategy::LeastCorrelatedBought => self.extreme(f, -1.0).and_then(|c| self.single(f, c, 1.0)),
            Strategy::BondsBought => self.single(f, self.other(f, self.question.plan.bonds)?, 1.0),
            Strategy::MarketSold => self.single(f, self.other(f, self.question.plan.market)?, -1.0),
            Strategy::Cash => return Some(self.sold(f, share_sold(best?.in_sample), strategy)),
            Strategy::NoHedge => return Some(self.sold(f, 0.0, strategy)),
            Strategy::Hindsight => Some(self.with_hindsight(f)?),
        };
        let in_sample = pick.as_ref().map_or(0.0, |pick| pick.in_sample);
        let legs: Vec<(usize, f64)> = pick.iter().flat_map(|pick| self.legs(pick)).collect();
        let (effectiveness, total_return) = self.afterwards(self.sample.columns[f], &legs);
        Some(Trade {
            strategy,
            legs,
            in_sample: (strategy != Strategy::Hindsight).then_some(in_sample),
            effectiveness,
            total_return,
        })
    }

    /// The columns of a pick and the ratio of each.
    fn legs<'b>(&'b self, pick: &'b Pick) -> impl Iterator<Item = (usize, f64)> + 'b {
        pick.members.iter().zip(&pick.ratios).map(|(place, ratio)| (self.sample.columns[*place], *ratio))
    }

    /// The place of a column that is not the factor or a part of it.
    fn other(&self, f: usize, column: Option<usize>) -> Option<usize> {
        let place = self.place(column?)?;
        self.may_hedge(f, place).then_some(place)
    }

    /// The candidate with the largest correlation times `sign` that is no near copy; of equals the first.
    fn extreme(&self, f: usize, sign: f64) -> Option<usize> {
        let correlations = self.sample.moments.correlations(f);
        let candidates = (0..correlations.len()).filter(|place| self.may_hedge(f, *place));
        let admitted = candidates.filter(|place| self.question.plan.rule.admits(correlations[*place]));
        let better = |best: usize, next: usize| sign * correlations[next] > sign * correlations[best];
        admitted.reduce(|best, next| if better(best, next) { next } else { best })
    }

    /// One member alone at the ratio of the same rows, however large (analytics of a single hedge); `None`, no trade, where that has another sign.
    fn single(&self, f: usize, c: usize, sign: f64) -> Option<Pick> {
        let (moments, row) = (&self.sample.moments, self.sample.moments.row(f));
        let ratio = -row[c] / moments.variance(c);
        let left = moments.variance(f) + ratio * (2.0 * row[c] + ratio * moments.variance(c));
        let in_sample = 1.0 - left / moments.variance(f);
        (sign * ratio > 0.0).then(|| Pick { members: vec![c], ratios: vec![ratio], in_sample })
    }

    /// The rule on the quarter after; `None` where the factor has no return on each of its rows.
    fn with_hindsight(&self, f: usize) -> Option<Pick> {
        let (moments, places) = &self.hindsight;
        let own = places.iter().position(|place| *place == f)?;
        let rule = self.question.plan.rule;
        // What was the factor under another name then is none now.
        let then = self.sample.moments.correlations(f);
        let may = |at: usize| self.may_hedge(f, places[at]) && rule.admits(then[places[at]]);
        let pick = Rule { max_correlation: f64::INFINITY, ..rule }.choose(moments, own, may)?;
        Some(Pick { members: pick.members.iter().map(|at| places[*at]).collect(), ..pick })
    }

    /// A share of the factor sold into cash, whose variance is none.
    fn sold(&self, f: usize, share: f64, strategy: Strategy) -> Trade {
        let returns = self.after(self.sample.columns[f]);
        let varies = present(returns) >= MIN_ROWS;
        let taken = 1.0 - (1.0 - share).powi(2);
        let rows: Vec<f64> = match self.rates() {
            Some(rates) => returns.iter().zip(rates).map(|(f, rate)| (1.0 - share) * f + share * rate).collect(),
            None if share == 0.0 => returns.to_vec(),
            None => Vec::new(),
        };
        let whole = rows.len() == returns.len() && present(&rows) == rows.len();
        Trade {
            strategy,
            legs: Vec::new(),
            in_sample: Some(taken),
            effectiveness: varies.then_some(taken),
            total_return: whole.then(|| stats::compound(&rows)),
        }
    }

    /// What legs take away of a column's variance in the quarter after, and the total return of both together.
    fn afterwards(&self, column: usize, legs: &[(usize, f64)]) -> (Option<f64>, Option<f64>) {
        let f = self.after(column);
        let members: Vec<(&[f64], f64)> = legs.iter().map(|(leg, ratio)| (self.after(*leg), *ratio)).collect();
        let hedged = |row: usize| f[row] + members.iter().map(|(values, ratio)| ratio * values[row]).sum::<f64>();
        let rows: Vec<usize> = (0..f.len()).filter(|row| hedged(*row).is_finite()).collect();
        let own: Vec<f64> = rows.iter().map(|row| f[*row]).collect();
        let left: Vec<f64> = rows.iter().map(|row| hedged(*row)).collect();
        let effectiveness = reduction(&own, &left).filter(|_| rows.len() >= MIN_ROWS);
        let net: f64 = legs.iter().map(|(_, ratio)| ratio).sum();
        let rates = self.rates().filter(|_| rows.len() == f.len());
        let held: Option<Vec<f64>> = match rates {
            Some(rates) => Some(left.iter().zip(rates).map(|(own, rate)| own - net * rate).collect()),
            None => (legs.is_empty() && rows.len() == f.len()).then(|| left.clone()),
        };
        let held = held.filter(|held| present(held) == held.len());
        (effectiveness, held.map(|held| stats::compound(&held)))
    }

    /// A column's daily returns in the quarter after.
    fn after(&self, column: usize) -> &'a [f64] {
        &self.question.columns[column].returns[self.rows.end + 1..=self.rows.evaluated_to]
    }

    fn rates(&self) -> Option<&'a [f64]> {
        Some(&self.question.risk_free?[self.rows.end + 1..=self.rows.evaluated_to])
    }

    fn interval(&self, f: usize, best: &Pick) -> Option<Interval> {
        let of = |place: usize| self.periods.returns(self.sample.columns[place], &self.sample);
        let members: Vec<&[f64]> = best.members.iter().map(|place| of(*place)).collect();
        Estimate::of_effectiveness(self.periods.dates(&self.sample), of(f), &members, &self.question.plan.rule)
    }
}

/// The deviations of a universe's results, as known at each quarter end of some results.
fn deviations(of: &[FundQuarter], (results, universe): (&[FundQuarter], &[usize])) -> HashMap<NaiveDate, Deviations> {
    let ends: HashSet<NaiveDate> = of.iter().map(|result| result.end).collect();
    let known = |end: NaiveDate| {
        let past = Past::until(results, end);
        Some((end, Deviations::of(universe.iter().map(|column| past.of(*column)))?))
    };
    ends.into_iter().filter_map(known).collect()
}

/// Adds to each result what was to be expected of it: by its column's results and the deviations that were known at its beginning.
fn expect(results: &mut [FundQuarter], known: &HashMap<NaiveDate, Deviations>) {
    let ends: HashSet<NaiveDate> = results.iter().map(|result| result.end).collect();
    for end in ends {
        let past = Past::until(results, end);
        for result in results.iter_mut().filter(|result| result.end == end) {
            let within = |deviations| NextQuarter::within(past.of(result.column), deviations);
            result.expected = known.get(&end).and_then(within);
        }
    }
}

/// What the best hedges of each column took away, as known on a date.
pub(super) struct Past(HashMap<usize, Vec<f64>>);

impl Past {
    pub(super) fn until(results: &[FundQuarter], date: NaiveDate) -> Self {
        let mut past = HashMap::<usize, Vec<f64>>::new();
        for result in results.iter().filter(|result| result.evaluated_to <= date) {
            past.entry(result.column).or_default().extend(result.effectiveness());
        }
        Self(past)
    }

    pub(super) fn of(&self, column: usize) -> &[f64] {
        self.0.get(&column).map_or(&[], Vec::as_slice)
    }
}

fn present(values: &[f64]) -> usize {
    values.iter().filter(|value| value.is_finite()).count()
}
