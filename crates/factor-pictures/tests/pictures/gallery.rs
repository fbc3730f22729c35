//! One of every picture, and of what makes pictures hard: many factors, two, long names, no values, one window, nothing but losses,
//! simulated prices. Figures are made up by a generator of our own, the same for ever.

use chrono::{Months, NaiveDate};
use factor_pictures::{
    Block, Caption, Dots, DotsRow, Episode, Estimate, Exposures, HeatMap, Hedge, Hedges, Picture, RankedBar,
    RankedWindow, Ranking, RiskReturn, RiskReturnPoint, Rolling, RollingPoint, RollingSeries, Stacked, StackedPeriod,
    Stress, Unit, Wealth, WealthSeries,
};

/// Numbers between 0 and 1 (Knuth's MMIX generator).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        let mut numbers = Self(seed);
        (0..4).for_each(|_| {
            numbers.next();
        });
        numbers
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Around 0, of about one standard deviation.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn caption(title: &str) -> Caption {
    Caption {
        title: title.to_owned(),
        dates: "2016-11-30 to 2026-10-30, monthly".to_owned(),
        n: "n = 119 months".to_owned(),
        units: "total returns in US dollars".to_owned(),
        source: "Source: files (prices.csv)".to_owned(),
        ..Caption::default()
    }
}

fn simulated(title: &str) -> Caption {
    Caption { simulated: true, source: "Source: simulated sample".to_owned(), ..caption(title) }
}

const TICKERS: [&str; 15] =
    ["XLK", "XLF", "XLE", "XLV", "XLY", "XLP", "XLI", "XLU", "XLB", "TLT", "IEF", "GLD", "DBC", "UUP", "BTC-USD"];
const LABELS: [&str; 15] = [
    "Technology",
    "Financials",
    "Energy",
    "Health care",
    "Consumer discretionary (whole sector)",
    "Consumer staples",
    "Industrials",
    "Utilities",
    "Materials",
    "US Treasuries 20+ years",
    "US Treasuries 7 to 10 years",
    "Gold",
    "Commodities",
    "US dollar",
    "Bitcoin",
];
const CATEGORIES: [&str; 15] = [
    "industry",
    "industry",
    "industry",
    "industry",
    "industry",
    "industry",
    "industry",
    "industry",
    "industry",
    "fixed_income",
    "fixed_income",
    "commodity",
    "commodity",
    "market",
    "crypto",
];

/// A matrix of `size` series that have up to four common drivers.
pub(crate) fn heat_map(size: usize, seed: u64, caption: Caption, name: impl Fn(usize) -> String) -> HeatMap {
    let mut numbers = Numbers::new(seed);
    let loads: Vec<[f64; 4]> = (0..size)
        .map(|at| {
            let group = at * 4 / size.max(1);
            let mut load = [0.0; 4];
            for (driver, load) in load.iter_mut().enumerate() {
                *load = if driver == group { 1.0 } else { 0.35 * numbers.normal() };
            }
            load
        })
        .collect();
    let dot = |one: &[f64; 4], two: &[f64; 4]| one.iter().zip(two).map(|(a, b)| a * b).sum::<f64>();
    let correlation = |i: usize, j: usize| {
        let (own, other) = (dot(&loads[i], &loads[i]) + 0.35, dot(&loads[j], &loads[j]) + 0.35);
        if i == j { 1.0 } else { dot(&loads[i], &loads[j]) / (own * other).sqrt() }
    };
    let names: Vec<String> = (0..size).map(name).collect();
    let pairs = || (0..size).flat_map(|i| (0..size).map(move |j| (i, j)));
    let n = 119.0_f64;
    let interval =
        |r: f64| [(r.atanh() - 1.96 / (n - 3.0).sqrt()).tanh(), (r.atanh() + 1.96 / (n - 3.0).sqrt()).tanh()];
    HeatMap {
        caption,
        measure: "correlation".to_owned(),
        rows: names.clone(),
        columns: names,
        values: pairs().map(|(i, j)| Some(correlation(i, j))).collect(),
        counts: pairs().map(|_| Some(119)).collect(),
        intervals: pairs().map(|(i, j)| (i != j).then(|| interval(correlation(i, j)))).collect(),
        blocks: (0..4)
            .map(|group| Block { first: (group * size).div_ceil(4), count: size / 4 })
            .filter(|_| size > 4)
            .collect(),
    }
}

fn ticker(at: usize) -> String {
    let letter = |of: usize| char::from(b'A' + (of % 26) as u8);
    format!("{}{}{}", letter(at * 7), letter(at * 11 + 3), letter(at + at / 26))
}

fn heat_maps() -> Vec<(&'static str, Picture)> {
    let fifteen = heat_map(15, 1, caption("Correlations: industries, bonds and commodities, clustered"), |at| {
        TICKERS[at].to_owned()
    });
    let many = heat_map(97, 2, caption("Correlations of 97 factors, clustered"), ticker);
    let two = heat_map(2, 3, caption("Correlation of two factors"), |at| TICKERS[at * 9].to_owned());
    let mut odd = heat_map(
        18,
        4,
        caption("Correlations where histories are short, names are long and some pairs have no value"),
        |at| format!("{} {}", LABELS[at % 15], if at < 15 { "fund" } else { "<&\"> & Söhne, Αθήνα" }),
    );
    for at in 0..18 * 18_usize {
        let (row, column) = (at / 18, at % 18);
        if row == 4 || column == 4 || row.abs_diff(column) == 7 {
            odd.values[at] = None;
        }
        if row == 9 || column == 9 {
            odd.counts[at] = Some(14);
        }
    }
    let mut negative = heat_map(5, 5, simulated("Correlations that are all negative"), |at| TICKERS[at].to_owned());
    for at in 0..25 {
        negative.values[at] = (at % 6 != 0).then(|| -0.15 - 0.04 * (at % 5) as f64);
        negative.intervals[at] = None;
    }
    let mut overlay = heat_map(24, 6, caption("Correlations with changes of yields"), |at| TICKERS[at % 15].to_owned());
    overlay.columns = ["UST1Y", "UST2Y", "UST5Y", "UST10Y", "UST30Y"].map(str::to_owned).to_vec();
    overlay.rows = (0..24).map(ticker).collect();
    overlay.blocks.clear();
    vec![
        ("heat_map_15", Picture::HeatMap(fifteen)),
        ("heat_map_97", Picture::HeatMap(many)),
        ("heat_map_2", Picture::HeatMap(two)),
        ("heat_map_odd", Picture::HeatMap(odd)),
        ("heat_map_negative_simulated", Picture::HeatMap(negative)),
        ("heat_map_overlay", Picture::HeatMap(overlay)),
    ]
}

fn ranked(numbers: &mut Numbers, best: usize, worst: usize, shift: f64) -> RankedWindow {
    let mut values: Vec<f64> = (0..best + worst).map(|_| shift + 0.12 * numbers.normal()).collect();
    values.sort_by(|one, two| two.total_cmp(one));
    let bar = |(at, total_return): (usize, &f64)| RankedBar {
        name: TICKERS[at % 15].to_owned(),
        label: LABELS[at % 15].to_owned(),
        category: CATEGORIES[at % 15].to_owned(),
        total_return: *total_return,
    };
    let mut bars: Vec<RankedBar> = values.iter().enumerate().map(bar).collect();
    let mut lowest = bars.split_off(best);
    lowest.reverse();
    RankedWindow { best: bars, worst: lowest, ranked: 92, ..RankedWindow::default() }
}

fn rankings() -> Vec<(&'static str, Picture)> {
    let mut numbers = Numbers::new(7);
    let names = [
        ("1m", "2026-09-30 to 2026-10-30"),
        ("3m", "2026-07-31 to 2026-10-30"),
        ("6m", "2026-04-30 to 2026-10-30"),
        ("1y", "2025-10-31 to 2026-10-30"),
    ];
    let windows = names
        .iter()
        .map(|(name, dates)| RankedWindow {
            name: (*name).to_owned(),
            dates: (*dates).to_owned(),
            ..ranked(&mut numbers, 5, 5, 0.02)
        })
        .collect();
    let alone = RankedWindow {
        name: "2022".to_owned(),
        dates: "2021-12-31 to 2022-12-30".to_owned(),
        ..ranked(&mut numbers, 10, 5, -0.6)
    };
    vec![
        ("ranking_4_windows", Picture::Ranking(Ranking { caption: caption("Best and worst by window"), windows })),
        (
            "ranking_1_window_losses",
            Picture::Ranking(Ranking { caption: caption("Best and worst of 2022"), windows: vec![alone] }),
        ),
    ]
}

fn risk_returns() -> Vec<(&'static str, Picture)> {
    let mut numbers = Numbers::new(8);
    let mut points: Vec<RiskReturnPoint> = (0..97)
        .map(|at| {
            let volatility = 0.02 + 0.3 * numbers.next().powi(2);
            let annual_return = 0.02 + 0.35 * volatility + 0.05 * numbers.normal();
            RiskReturnPoint {
                name: ticker(at),
                label: LABELS[at % 15].to_owned(),
                category: CATEGORIES[at * 3 % 15].to_owned(),
                volatility: Some(volatility),
                annual_return: Some(annual_return),
                max_drawdown: Some(-(volatility * 2.2).min(0.9)),
                sharpe_ratio: Some((annual_return - 0.019) / volatility),
            }
        })
        .collect();
    points[3].volatility = None;
    let two: Vec<RiskReturnPoint> = points[4..6].to_vec();
    let many = RiskReturn { caption: caption("Risk and return of 97 factors"), points, risk_free: Some(0.019) };
    let few = RiskReturn { caption: simulated("Risk and return"), points: two, risk_free: Some(0.019) };
    vec![("risk_return_97", Picture::RiskReturn(many)), ("risk_return_2_simulated", Picture::RiskReturn(few))]
}

fn month(at: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2016, 10, 31)
        .and_then(|first| first.checked_add_months(Months::new(at)))
        .unwrap_or_default()
}

fn wealths() -> Vec<(&'static str, Picture)> {
    let mut numbers = Numbers::new(9);
    let mut path = |name: &str, drift: f64, volatility: f64, gap: bool| {
        let mut worth = 1.0;
        let mut points = vec![(month(0), Some(1.0))];
        for at in 1..120 {
            worth *= (1.0 + drift + volatility * numbers.normal()).max(0.2);
            points.push((month(at), (!gap || !(40..52).contains(&at)).then_some(worth)));
        }
        WealthSeries { name: name.to_owned(), points }
    };
    let series = vec![
        path("PORTFOLIO:Retirement", 0.006, 0.035, false),
        path("SPY", 0.009, 0.044, false),
        path("TLT", 0.001, 0.035, true),
    ];
    let log =
        vec![path("BTC-USD", 0.03, 0.16, false), path("SPY", 0.009, 0.044, false), path("GLD", 0.006, 0.04, false)];
    vec![
        ("wealth", Picture::Wealth(Wealth { caption: caption("Worth and drawdown"), series, is_log: false })),
        (
            "wealth_log_simulated",
            Picture::Wealth(Wealth { caption: simulated("Worth and drawdown"), series: log, is_log: true }),
        ),
    ]
}

fn rollings() -> Vec<(&'static str, Picture)> {
    let mut numbers = Numbers::new(10);
    let mut panel = |name: &str, level: f64, width: f64, clip: f64| {
        let mut value = level;
        let points = (0..84).map(|at| {
            value = (value + 0.09 * numbers.normal() + 0.03 * (level - value)).clamp(-clip, clip);
            let known = !(30..34).contains(&at);
            let interval = known.then_some([(value - width).max(-clip), (value + width).min(clip)]);
            RollingPoint { date: month(36 + at), value: known.then_some(value), interval }
        });
        RollingSeries { name: name.to_owned(), points: points.collect() }
    };
    let one = vec![panel("SPY and TLT", -0.1, 0.3, 0.97)];
    let pairs = [
        "SPY and TLT",
        "SPY and GLD",
        "SPY and XLU",
        "TLT and GLD",
        "TLT and XLU",
        "Consumer discretionary (whole sector) and US Treasuries 20+ years",
    ];
    let six = pairs.iter().enumerate().map(|(at, name)| panel(name, 0.7 - 0.25 * at as f64, 0.25, 0.97)).collect();
    let betas = vec![panel("market", 1.1, 0.2, 9.0), panel("size", 0.2, 0.35, 9.0), panel("value", -0.2, 0.3, 9.0)];
    let band = "95% interval of one window".to_owned();
    vec![
        (
            "rolling_1",
            Picture::Rolling(Rolling {
                caption: caption("Correlation over 36 months"),
                series: one,
                is_correlation: true,
                band: band.clone(),
            }),
        ),
        (
            "rolling_6",
            Picture::Rolling(Rolling {
                caption: caption("Correlations over 36 months"),
                series: six,
                is_correlation: true,
                band: band.clone(),
            }),
        ),
        (
            "rolling_betas",
            Picture::Rolling(Rolling {
                caption: caption("Betas over 36 months"),
                series: betas,
                is_correlation: false,
                band,
            }),
        ),
    ]
}

fn estimate(value: f64, width: f64) -> Estimate {
    Estimate { value: Some(value), interval: Some([value - width, value + width]) }
}

fn dots() -> Vec<(&'static str, Picture)> {
    let mut numbers = Numbers::new(11);
    let rows = (0..30)
        .map(|at| DotsRow {
            name: TICKERS[at % 15].to_owned(),
            label: LABELS[at % 15].to_owned(),
            estimates: if at == 7 {
                vec![Estimate::default()]
            } else {
                vec![estimate(0.05 * numbers.normal(), 0.01 + 0.02 * numbers.next())]
            },
            n: Some(119),
        })
        .collect();
    let sensitivity = Dots {
        caption: caption("What goes with yields one percentage point higher"),
        unit: Unit::Percent,
        measure: "return for +100 basis points in UST10Y, with 95% intervals".to_owned(),
        estimates: Vec::new(),
        rows,
        is_sorted: true,
    };
    let hedges = (0..8)
        .map(|at| Hedge {
            name: TICKERS[14 - at].to_owned(),
            label: LABELS[14 - at].to_owned(),
            in_sample: estimate(0.35 - 0.04 * at as f64, 0.08),
            out_of_sample: estimate(0.28 - 0.06 * at as f64, 0.13),
            volatility: Some([0.162, 0.121 + 0.006 * at as f64]),
            n: Some(119),
        })
        .collect();
    let betas = ["equity", "bond", "commodity", "cash", "real estate"]
        .iter()
        .map(|name| DotsRow {
            name: (*name).to_owned(),
            label: String::new(),
            estimates: vec![estimate(0.5 * numbers.normal(), 0.2)],
            n: Some(119),
        })
        .collect();
    let weights = (0..20)
        .map(|at| (LABELS[at % 15], if at == 3 { -0.12 } else { 0.3 / (1.0 + at as f64) }))
        .map(Into::into)
        .collect();
    let exposures = Exposures {
        caption: caption("What the portfolio holds, and what moves it"),
        weighed_by: "industry".to_owned(),
        weights,
        betas,
        r_squared: Some(0.91),
    };
    vec![
        ("sensitivity", Picture::Dots(sensitivity)),
        (
            "hedges",
            Picture::Hedges(Hedges {
                caption: caption("What offsets XLK"),
                of: "XLK".to_owned(),
                hedges,
                level: "95%".to_owned(),
            }),
        ),
        ("exposures", Picture::Exposures(exposures)),
    ]
}

fn stacks() -> Vec<(&'static str, Picture)> {
    let mut numbers = Numbers::new(12);
    let years = (2017..=2026).map(|year| {
        let values: Vec<Option<f64>> = (0..5).map(|_| Some(0.04 * numbers.normal())).collect();
        let total = values.iter().flatten().sum();
        StackedPeriod {
            date: NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or_default(),
            name: String::new(),
            values,
            total: Some(total),
        }
    });
    let attribution = Stacked {
        caption: caption("Where the return came from"),
        measure: "contribution to the year's return".to_owned(),
        parts: ["market", "size", "value", "momentum", "not explained"].map(str::to_owned).to_vec(),
        periods: years.collect(),
    };
    let style = (0..84).map(|at| {
        let raw: Vec<f64> = (0..11)
            .map(|part| (0.2 + f64::from(part) * 0.1 + 0.3 * (f64::from(at) / 9.0 + f64::from(part)).sin()).max(0.0))
            .collect();
        let sum: f64 = raw.iter().sum();
        StackedPeriod {
            date: month(36 + at as u32),
            name: String::new(),
            values: raw.iter().map(|part| Some(part / sum)).collect(),
            total: None,
        }
    });
    let style = Stacked {
        caption: simulated("Style over 36 months"),
        measure: "weight".to_owned(),
        parts: LABELS[..11].iter().map(|label| (*label).to_owned()).collect(),
        periods: style.collect(),
    };
    let holdings: Vec<String> = TICKERS[..12].iter().map(|name| (*name).to_owned()).collect();
    let episodes = [
        ("2008", "2007-10-31 to 2009-02-27"),
        ("Covid", "2020-01-31 to 2020-03-31"),
        ("Rates 2022", "2021-12-31 to 2022-09-30"),
        ("Yields +1 point", "shock, by regression"),
    ]
    .iter()
    .enumerate()
    .map(|(at, (name, says))| {
        let contributions: Vec<Option<f64>> =
            (0..12).map(|holding| (holding != at).then(|| -0.015 + 0.02 * numbers.normal())).collect();
        let total: f64 = contributions.iter().flatten().sum();
        let interval = (at == 3).then_some([total - 0.05, total + 0.05]);
        Episode {
            name: (*name).to_owned(),
            says: (*says).to_owned(),
            total: Estimate { value: Some(total), interval },
            contributions,
        }
    })
    .collect();
    let stress = Stress { caption: caption("What the portfolio would lose"), holdings, episodes };
    vec![
        ("attribution", Picture::Stacked(attribution)),
        ("style_simulated", Picture::Stacked(style)),
        ("stress", Picture::Stress(stress)),
    ]
}

/// All of them, by name.
pub(crate) fn all() -> Vec<(&'static str, Picture)> {
    [heat_maps(), rankings(), risk_returns(), wealths(), rollings(), dots(), stacks()].concat()
}
