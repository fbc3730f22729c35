//! What a rule looks at: weeks, months, fading rows, shrunk correlations; and the intervals of what it saw.

use super::*;

#[test]
fn weeks_and_months_are_compounded_and_whole() {
    // 5% a day on the first day of each week or month and nothing else, but for one fund's own noise.
    let dates = weekdays("2020-01-02", "2021-12-31");
    let own = noise(9, dates.len());
    let f: Vec<f64> = own.iter().map(|own| 2.0 * own).collect();
    let other: Vec<f64> = own.iter().zip(noise(10, dates.len())).map(|(own, noise)| own + 0.3 * noise).collect();
    let of = |symbol, returns| ScoredColumn { symbol, returns, role: Role::Fund, made_of: &[] };
    let columns = [of("F", &f[..]), of("C", &other[..])];
    let ratio = |estimator, rows: &dyn Fn(NaiveDate) -> (i32, u32), periods: usize| {
        let rule = Rule { max_correlation: 1.0, ..Rule::default() };
        let plan = ScorecardPlan { estimator, rule, market: None, bonds: None, intervals: false };
        let card = scorecard(&dates, &columns, None, plan, Threads::ONE);
        let found = card.of_column(0).find(|one| one.end == day("2021-09-30")).unwrap();
        // By hand: what the periods that are over on that day come to, the last so many of them.
        let mut all: Vec<((i32, u32), [f64; 2])> = Vec::new();
        for (row, date) in dates.iter().enumerate().take_while(|(_, date)| **date <= day("2021-09-30")) {
            match all.last_mut().filter(|last| last.0 == rows(*date)) {
                Some(last) => last.1 = [last.1[0] * (1.0 + f[row]), last.1[1] * (1.0 + other[row])],
                None => all.push((rows(*date), [1.0 + f[row], 1.0 + other[row]])),
            }
        }
        // 30 September 2021 is a Thursday: its month is over, its week is not.
        if rows(day("2021-10-01")) == rows(day("2021-09-30")) {
            all.pop();
        }
        let last: Vec<[f64; 2]> = all[all.len() - periods..].iter().map(|period| period.1).collect();
        let (x, y): (Vec<f64>, Vec<f64>) = last.iter().map(|[f, c]| (c - 1.0, f - 1.0)).unzip();
        let fit = crate::regression::Regression::fit(&x, &y).unwrap();
        let trade = found.trade(Strategy::BestHedge).unwrap();
        assert!((trade.legs[0].1 + fit.slope).abs() < 1e-9, "{:?} {}", trade.legs, fit.slope);
    };
    ratio(Estimator::Weeks(60), &|date| (date.iso_week().year(), date.iso_week().week()), 60);
    ratio(Estimator::Months(18), &|date| (date.year(), date.month()), 18);
    ratio(Estimator::Days(80), &|date| (date.year(), date.ordinal()), 80);
}

#[test]
fn old_rows_fade_and_shrunk_correlations_are_nearer_to_each_other() {
    // Until the last 30 of 60 rows c moves against f, then with it: of equal weights nothing is left, and with a half-life of
    // ten rows the last thirty weigh (1 - 1/8) / (1 - 1/64) = 8/9 of all, so that the mean of +1 and -1 is 7/9.
    let dates = weekdays("2021-01-04", "2021-06-30");
    let end = dates.iter().position(|date| *date == day("2021-03-31")).unwrap();
    let up = |row: usize| if row.is_multiple_of(2) { 0.01 } else { -0.01 };
    let f: Vec<f64> = (0..dates.len()).map(up).collect();
    let c: Vec<f64> = (0..dates.len()).map(|row| if row + 30 > end { up(row) } else { -up(row) }).collect();
    let of = |symbol, returns| ScoredColumn { symbol, returns, role: Role::Fund, made_of: &[] };
    let columns = [of("F", &f[..]), of("C", &c[..])];
    let estimator = Estimator::Ewma { days: 60, half_life: 10.0 };
    let rule = Rule { max_correlation: 1.0, ..Rule::default() };
    let plan = ScorecardPlan { estimator, rule, market: None, bonds: None, intervals: false };
    let card = scorecard(&dates, &columns, None, plan, Threads::ONE);
    let trade = card.of_column(0).next().unwrap().trade(Strategy::BestHedge).unwrap().clone();
    // Weights that alternate with the returns leave a mean of a thousandth of them.
    assert!((trade.legs[0].1 + 7.0 / 9.0).abs() < 2e-3, "{trade:?}");
    // Shrunk: of three funds the closest pair is drawn to the others', and the cap is on what the rows say.
    let market = Market::new(weekdays("2021-01-04", "2021-12-31"), 21, &[1.5, 1.4, 0.2]);
    let of = |estimator| {
        let card = market.scorecard(market.dates.len(), ScorecardPlan { estimator, ..plan });
        let trade = card.of_column(0).next().unwrap().trade(Strategy::ClosestRelativeSold).unwrap().clone();
        trade.legs[0]
    };
    let (own, shrunk) = (of(Estimator::Days(60)), of(Estimator::Shrunk(60)));
    assert!(own.0 == 1 && shrunk.0 == 1 && own.1 < shrunk.1 && shrunk.1 < 0.0, "{own:?} {shrunk:?}");
}

#[test]
fn intervals_hold_what_they_were_drawn_from() {
    let market = Market::new(weekdays("2021-01-04", "2021-12-31"), 13, &[1.0, 1.0, 1.0]);
    let card = market.scorecard(market.dates.len(), ScorecardPlan { intervals: true, ..plan() });
    assert!(card.results.iter().all(|result| {
        let in_sample = result.trade(Strategy::BestHedge).and_then(|trade| trade.in_sample).unwrap();
        result.estimate.is_some_and(|interval| interval.holds(in_sample))
    }));
}
