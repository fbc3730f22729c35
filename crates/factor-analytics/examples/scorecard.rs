//! How hedges did, on daily prices from a file: `scorecard <prices.csv> [grades|table|results]`.
//!
//! The file is wide: `date` and a column a ticker, prices adjusted for splits and dividends, empty where there are none. BIL and
//! SGOV are cash, and BIL's return is the risk-free rate. `grades` (the default) is the table of ways over all funds, `table`
//! that of estimators and caps as BENCHMARKS.md has it, both in Markdown; `results` is a line of CSV per fund, quarter end and
//! way.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{error::Error, fs, time::Instant};

use chrono::NaiveDate;
use factor_analytics::{
    Threads,
    hedge::{
        scorecard::{
            Estimator, Grades, Role, Scorecard, ScorecardPlan, ScorecardQuestion, ScoredColumn, Strategy, StrategyGrade,
        },
        signed::Rule,
    },
    observer::{Progress, Silent},
    panel::TradingCalendar,
};

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CASH: [&str; 2] = ["BIL", "SGOV"];

/// Daily returns by ticker.
struct Returns {
    dates: Vec<NaiveDate>,
    tickers: Vec<String>,
    columns: Vec<Vec<f64>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (file, what) = match args.as_slice() {
        [file] => (file, "grades"),
        [file, what] => (file, what.as_str()),
        _ => return Err("usage: scorecard <prices.csv> [grades|table|results]".into()),
    };
    let returns = Returns::read(file)?;
    match what {
        "grades" => grades(&returns),
        "table" => table(&returns),
        "results" => results(&returns),
        _ => Err(format!("{what} is none of grades, table and results").into()),
    }
}

impl Returns {
    fn read(file: &str) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(file)?;
        let mut lines = text.lines();
        let tickers: Vec<String> = lines.next().unwrap_or_default().split(',').skip(1).map(str::to_owned).collect();
        let (mut dates, mut columns) = (Vec::new(), vec![Vec::new(); tickers.len()]);
        let mut before = vec![f64::NAN; tickers.len()];
        for (row, line) in lines.enumerate() {
            let mut cells = line.split(',');
            let date: NaiveDate = cells.next().unwrap_or_default().parse()?;
            let prices: Vec<f64> = cells.map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
            if row > 0 {
                dates.push(date);
                let each = columns.iter_mut().zip(prices.iter().zip(&before));
                each.for_each(|(column, (price, before))| column.push(price / before - 1.0));
            }
            before = prices;
        }
        Ok(Self { dates, tickers, columns })
    }

    fn scorecard(&self, plan: ScorecardPlan) -> Result<Scorecard, Box<dyn Error>> {
        let role = |ticker: &str| if CASH.contains(&ticker) { Role::Cash } else { Role::Fund };
        let columns: Vec<ScoredColumn<'_>> = (self.tickers.iter().zip(&self.columns))
            .map(|(ticker, returns)| ScoredColumn { symbol: ticker, returns, role: role(ticker), made_of: &[] })
            .collect();
        let funds: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].role == Role::Fund).collect();
        let place = |ticker: &str| self.tickers.iter().position(|known| known == ticker);
        let question = ScorecardQuestion {
            dates: &self.dates,
            columns: &columns,
            graded: &funds,
            risk_free: place(CASH[0]).map(|at| self.columns[at].as_slice()),
            calendar: &TradingCalendar::NewYork,
            plan: ScorecardPlan { bonds: place("IEF"), market: place("SPY"), ..plan },
        };
        Ok(Scorecard::compute(&question, Threads::Auto, &mut Progress::new(&mut Silent, "scorecard"))?)
    }
}

/// Every way over all funds.
fn grades(returns: &Returns) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let scorecard = returns.scorecard(ScorecardPlan::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let grades = scorecard.report(0).over_universe.ok_or("no fund has a quarter that could be graded")?;
    println!(
        "{} fund-quarters, quarter ends {} to {}, graded to {}; {seconds:.2} s\n",
        grades.fund_quarters, grades.first, grades.last, grades.evaluated_to
    );
    println!(
        "| way | quarters | no trade | mean | median | 10% | worst | helped | in sample | gross | net | turnover | a year |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    for grade in &grades.strategies {
        let StrategyGrade { quarters, no_trade, taken, gross, net, .. } = grade;
        println!(
            "| {} | {quarters} | {no_trade} | {} | {} | {} | {} | {} | {} | {gross:.2} | {net:.2} | {} | {} |",
            grade.strategy.as_str(),
            percent(Some(taken.mean)),
            percent(Some(taken.median)),
            percent(Some(taken.percentile_10)),
            percent(Some(taken.worst)),
            percent(taken.helped),
            percent(grade.in_sample),
            percent(grade.turnover),
            percent(grade.return_per_year),
        );
    }
    let coverage = grades.coverage;
    println!(
        "\nnext quarter within the estimate's interval {} of {}, within what was expected {} of {}",
        percent(coverage.estimate),
        coverage.estimates,
        percent(coverage.next_quarter),
        coverage.expectations
    );
    Ok(())
}

/// The best hedge by other estimators, caps and rules.
fn table(returns: &Returns) -> Result<(), Box<dyn Error>> {
    let rule = Rule::default();
    let capped = |max_correlation: f64| Rule { max_correlation, ..rule };
    let free = Rule { min_gain: 0.0, max_gross: f64::INFINITY, ..rule };
    let year = Estimator::default();
    let rows = [
        ("252 days, cap 0.97 (the default)", year, rule),
        ("cap 0.90", year, capped(0.90)),
        ("cap 0.95", year, capped(0.95)),
        ("cap 0.99", year, capped(0.99)),
        ("without the 5% rule and the cap on gross", year, free),
        ("60 months", Estimator::Months(60), rule),
        ("104 weeks", Estimator::Weeks(104), rule),
        ("EWMA, half-life 63 days", Estimator::Ewma { days: 252, half_life: 63.0 }, rule),
        ("EWMA, half-life 126 days", Estimator::Ewma { days: 252, half_life: 126.0 }, rule),
        ("shrunk (Ledoit and Wolf)", Estimator::Shrunk(252), rule),
        ("ridge 0.01", year, Rule { ridge: 0.01, ..rule }),
        ("ridge 0.05", year, Rule { ridge: 0.05, ..rule }),
    ];
    let graded: Vec<Scorecard> = (rows.iter())
        .map(|(_, estimator, rule)| {
            returns.scorecard(ScorecardPlan {
                rule: *rule,
                estimator: *estimator,
                intervals: false,
                ..Default::default()
            })
        })
        .collect::<Result<_, _>>()?;
    // Of those that all of them have, so that each is held against the same quarters.
    let graded_by_all = |column: usize, quarter: usize| {
        let has = |card: &Scorecard| {
            card.of_column(column).any(|one| one.quarter == quarter && one.effectiveness().is_some())
        };
        graded.iter().all(has)
    };
    let common: Vec<(usize, usize)> = (graded.first().into_iter().flat_map(|card| &card.results))
        .map(|one| (one.column, one.quarter))
        .filter(|(column, quarter)| graded_by_all(*column, *quarter))
        .collect();
    println!(
        "| estimator | fund-quarters | mean | common | mean | median | 10% | worst | two | relative sold | gross | turnover |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
    for ((name, ..), card) in rows.iter().zip(&graded) {
        let all: Vec<_> = card.results.iter().collect();
        let shared: Vec<_> = card.results.iter().filter(|one| common.contains(&(one.column, one.quarter))).collect();
        let mean = |grades: &Option<Grades>, strategy| {
            percent(grades.as_ref().and_then(|grades| grades.strategy(strategy)).map(|grade| grade.taken.mean))
        };
        let (all, shared) = (Grades::of(&all), Grades::of(&shared));
        let best = shared.as_ref().and_then(|grades| grades.strategy(Strategy::BestHedge));
        let figure = |of: fn(&StrategyGrade) -> Option<f64>| percent(best.and_then(of));
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.2} | {} |",
            all.as_ref().map_or(0, |grades| grades.fund_quarters),
            mean(&all, Strategy::BestHedge),
            shared.as_ref().map_or(0, |grades| grades.fund_quarters),
            figure(|grade| Some(grade.taken.mean)),
            figure(|grade| Some(grade.taken.median)),
            figure(|grade| Some(grade.taken.percentile_10)),
            figure(|grade| Some(grade.taken.worst)),
            mean(&shared, Strategy::TwoMembers),
            mean(&shared, Strategy::ClosestRelativeSold),
            best.map_or(f64::NAN, |grade| grade.gross),
            figure(|grade| grade.turnover),
        );
    }
    Ok(())
}

/// A line per fund, quarter end and way.
fn results(returns: &Returns) -> Result<(), Box<dyn Error>> {
    let scorecard = returns.scorecard(ScorecardPlan::default())?;
    println!(
        "fund,quarter_end,evaluated_to,rule,members,ratios,in_sample,effectiveness,total_return,estimate_low,estimate_high,expected_low,expected_median,expected_high"
    );
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for result in &scorecard.results {
        let (estimate, expected) = (result.estimate, result.expected);
        for trade in &result.trades {
            let members: Vec<&str> = trade.legs.iter().map(|(leg, _)| returns.tickers[*leg].as_str()).collect();
            let ratios: Vec<String> = trade.legs.iter().map(|(_, ratio)| ratio.to_string()).collect();
            let rule = trade.strategy == Strategy::BestHedge;
            let interval = [
                estimate.map(|one| one.low),
                estimate.map(|one| one.high),
                expected.map(|one| one.low),
                expected.map(|one| one.median),
                expected.map(|one| one.high),
            ];
            let interval: Vec<String> = interval.iter().map(|end| number(end.filter(|_| rule))).collect();
            println!(
                "{},{},{},{},{},{},{},{},{},{}",
                returns.tickers[result.column],
                result.end,
                result.evaluated_to,
                trade.strategy.as_str(),
                members.join(" "),
                ratios.join(" "),
                number(trade.in_sample),
                number(trade.effectiveness),
                number(trade.total_return),
                interval.join(","),
            );
        }
    }
    Ok(())
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}%", 100.0 * share))
}
