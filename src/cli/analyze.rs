//! `analyze`: the same analysis, for a terminal or a script.

mod holdings;
mod pdf;
mod report;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::{print, say};
use crate::{
    app::App,
    charts::{Drawn, DrawnContent},
    progress::Progress,
    services::{Call, analysis, comparison, exposures, factor_model, recommendations, stress},
    settings::Settings,
};

/// The section that is text for people.
const REPORT: &str = "formatted_report";

/// What to analyse.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Matrices, sensitivity to rates and to the market
    Correlations,
    /// Risk and return per factor
    Performance,
    /// Trailing windows and rankings
    Returns,
    /// What offsets a factor (--factor), by itself or in a portfolio (--holdings or --portfolio)
    Recommendations,
    /// What a portfolio (--holdings or --portfolio) is exposed to
    Exposures,
    /// Two to six factors (--tickers) next to each other, over several --periods
    Comparison,
    /// Funds (--tickers), --categories or a portfolio on the factors of a --model: betas, alpha, attribution, style
    Model,
    /// What a portfolio (--holdings or --portfolio) or a factor (--factor) loses in past episodes (--scenarios) or under --shocks
    Stress,
    /// How hedges of a factor (--factor) did, quarter by quarter, beside other ways
    Scorecard,
    /// One file on a portfolio (--holdings or --portfolio) for the person whose money it is: --out report.html or report.pdf
    Report,
}

/// Arguments of `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    kind: Kind,
    /// Write JSON: the full answer, or what --args asks for
    #[arg(long)]
    json: bool,
    /// Returns: trailing windows, such as 1m,3m,ytd
    #[arg(long, value_delimiter = ',', value_name = "WINDOWS")]
    windows: Vec<String>,
    /// Only these categories, such as industry,style
    #[arg(long, value_delimiter = ',', value_name = "CATEGORIES")]
    categories: Vec<String>,
    /// Only these, such as SPY,TLT: any ticker or name
    #[arg(long, value_delimiter = ',', value_name = "TICKERS")]
    tickers: Vec<String>,
    /// Comparison: periods apart from each other, such as 2015,2022 or high_vol,other
    #[arg(long, value_delimiter = ',', value_name = "PERIODS")]
    periods: Vec<String>,
    /// Model: lens, capm, ff3, carhart, ff5, ff6 or custom (with --args '{"factors": ["SPY", "TLT"]}')
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Model: betas over moving windows of so many periods
    #[arg(long, value_name = "N")]
    rolling: Option<usize>,
    /// Model: ols, hac or huber
    #[arg(long, value_name = "ESTIMATOR")]
    robust: Option<String>,
    /// Stress: episodes such as covid,rates_2022, parts of the calendar or dates; recommendations: one, which ranks by what held in it
    #[arg(long, value_delimiter = ',', value_name = "EPISODES")]
    scenarios: Vec<String>,
    /// Stress: moves such as SPY=-20%,UST10Y=1 (a return; of a yield percentage points)
    #[arg(long, value_delimiter = ',', value_name = "NAME=MOVE")]
    shocks: Vec<String>,
    /// Stress: the loss whose most plausible way is asked for, such as 20%
    #[arg(long, value_name = "SHARE")]
    reverse_loss: Option<String>,
    /// Stress: periods that shocks and the loss take
    #[arg(long, value_name = "N")]
    horizon: Option<usize>,
    /// Returns after this date
    #[arg(long, value_name = "YYYY-MM-DD")]
    start: Option<String>,
    /// Last date
    #[arg(long, value_name = "YYYY-MM-DD")]
    end: Option<String>,
    /// monthly, weekly or daily
    #[arg(long)]
    frequency: Option<String>,
    /// Benchmark ticker
    #[arg(long, value_name = "TICKER")]
    benchmark: Option<String>,
    /// Performance: any number of a profile, such as sharpe_ratio, max_drawdown or alpha_t; recommendations: effectiveness,
    /// correlation or score
    #[arg(long, value_name = "FIELD")]
    sort_by: Option<String>,
    /// Length of lists and tables
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Recommendations: the factor there is too much of: a ticker, name, category or sector group; stress: the one to stress;
    /// report: the one to offset (default: the heaviest holding)
    #[arg(long, value_name = "NAME")]
    factor: Option<String>,
    /// Recommendations, scorecard: only these may hedge it, such as TLT,IEF: any ticker or name
    #[arg(long, value_delimiter = ',', value_name = "TICKERS")]
    candidates: Vec<String>,
    /// Recommendations: true lists short sales too; false lets the best hedge only buy
    #[arg(long, value_name = "BOOL")]
    allow_short: Option<bool>,
    /// Recommendations, exposures, model, stress, report: a CSV file with the columns ticker and weight, shares or value
    #[arg(long, value_name = "PATH", conflicts_with = "portfolio")]
    holdings: Option<PathBuf>,
    /// Recommendations, exposures, model, stress, report: a saved portfolio (default: CURRENT_PORTFOLIO)
    #[arg(long, value_name = "NAME")]
    portfolio: Option<String>,
    /// Any argument of the tool behind the analysis, as a JSON object; wins over the other options
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// Write to this file instead of standard output; a report to .html, or to .pdf where a Chromium is installed
    #[arg(long, short, visible_alias = "out", value_name = "PATH")]
    output: Option<PathBuf>,
    /// Report: what stands at its head
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Report: the Chromium that prints a .pdf, where it is not found by itself
    #[arg(long, value_name = "PATH")]
    browser: Option<PathBuf>,
    /// Draw the answer into this file: .svg or .png
    #[arg(long, value_name = "PATH")]
    chart: Option<PathBuf>,
    /// With --chart: how, and which picture, such as dark, wealth or sensitivity
    #[arg(long, value_delimiter = ',', value_name = "WORDS", requires = "chart")]
    chart_style: Vec<String>,
}

impl AnalyzeArgs {
    fn arguments(&self) -> anyhow::Result<Map<String, Value>> {
        let kind = match self.kind {
            Kind::Correlations => Some("correlations"),
            Kind::Performance => Some("performance"),
            Kind::Returns => Some("returns"),
            Kind::Recommendations
            | Kind::Exposures
            | Kind::Comparison
            | Kind::Model
            | Kind::Stress
            | Kind::Scorecard
            | Kind::Report => None,
        };
        let mut arguments = Map::new();
        arguments.extend(kind.map(|kind| ("analysis_type".to_owned(), json!(kind))));
        arguments.insert("format".to_owned(), json!(if self.json { "full" } else { "report" }));
        if matches!(self.kind, Kind::Scorecard) {
            let sections: &[&str] = if self.json { &["scorecard"] } else { &["scorecard", REPORT] };
            arguments.insert("include".to_owned(), json!(sections));
        }
        // A terminal has no limit of its own.
        arguments.insert("max_chars".to_owned(), json!(0));
        let lists = [
            ("windows", &self.windows),
            ("categories", &self.categories),
            ("tickers", &self.tickers),
            ("periods", &self.periods),
            ("candidates", &self.candidates),
        ];
        for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            arguments.insert(name.to_owned(), json!(values));
        }
        if !self.scenarios.is_empty() {
            let (name, value) = match self.kind {
                Kind::Recommendations => ("scenario", json!(self.scenarios.join(","))),
                _ => ("scenarios", json!(self.scenarios)),
            };
            arguments.insert(name.to_owned(), value);
        }
        let factor = if matches!(self.kind, Kind::Stress) { "ticker" } else { "overexposed_factor" };
        let texts = [
            ("start_date", &self.start),
            ("end_date", &self.end),
            ("frequency", &self.frequency),
            ("benchmark_ticker", &self.benchmark),
            ("sort_by", &self.sort_by),
            (factor, &self.factor),
            ("portfolio_name", &self.portfolio),
            ("model", &self.model),
            ("robust", &self.robust),
        ];
        for (name, value) in texts {
            arguments.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
        }
        arguments.extend(self.allow_short.map(|allowed| ("allow_short".to_owned(), json!(allowed))));
        arguments.extend(self.rolling.map(|window| ("rolling".to_owned(), json!(window))));
        let length = if matches!(self.kind, Kind::Recommendations) { "max_recommendations" } else { "top_n" };
        arguments.extend(self.top.map(|top| (length.to_owned(), json!(top))));
        if !self.shocks.is_empty() {
            arguments.insert("shocks".to_owned(), self.moves()?);
        }
        arguments.extend(self.reverse_loss.as_ref().map(|loss| ("reverse_loss".to_owned(), share(loss))));
        arguments.extend(self.horizon.map(|periods| ("horizon".to_owned(), json!(periods))));
        if let Some(path) = &self.holdings {
            arguments.insert("holdings".to_owned(), holdings::read(path)?);
        }
        if let Some(path) = &self.chart {
            let form = path.extension().and_then(|name| name.to_str()).map(str::to_ascii_lowercase);
            let Some(form) = form.filter(|form| ["svg", "png"].contains(&form.as_str())) else {
                bail!("--chart {}: give a file that ends with .svg or .png", path.display());
            };
            let words: Vec<&str> = self.chart_style.iter().map(String::as_str).chain([form.as_str()]).collect();
            arguments.insert("chart".to_owned(), json!(words.join(" ")));
        }
        // Last: what is written out wins over a flag.
        if let Some(text) = &self.args {
            match serde_json::from_str(text).context(
                "--args is not JSON: write one object in quotes of the shell, such as '{\"windows\": [\"3m\"]}'",
            )? {
                Value::Object(given) => arguments.extend(given),
                other => bail!("--args must be a JSON object, such as {{\"windows\": [\"3m\"]}}; it is {other}"),
            }
        }
        Ok(arguments)
    }
}

impl AnalyzeArgs {
    /// `SPY=-20%` as an object of moves. What a move may be is the tool's to say.
    fn moves(&self) -> anyhow::Result<Value> {
        let one = |text: &String| {
            let (name, size) = text.split_once('=').with_context(|| {
                format!("--shocks `{text}` has no move: write NAME=MOVE, such as SPY=-20% or UST10Y=1")
            })?;
            Ok((name.trim().to_owned(), share(size)))
        };
        Ok(Value::Object(self.shocks.iter().map(one).collect::<anyhow::Result<Map<String, Value>>>()?))
    }
}

/// `-20%` and `-0.2` as a number; what is none stays as it is written, for the tool to refuse.
fn share(text: &str) -> Value {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        // Rounded: -20 / 100 is exact, 1.1 / 100 is not.
        Some(percent) => percent.trim().parse::<f64>().ok().map(|percent| (percent * 1e8).round() / 1e10),
        None => text.parse().ok(),
    };
    number.map_or_else(|| json!(text), |number| json!(number))
}

/// Runs the analysis and prints its answer: 0, or 1 with the reason on standard error.
///
/// # Errors
/// When the price source cannot be opened or the answer cannot be written.
pub async fn run(settings: Settings, args: AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let is_report = matches!(args.kind, Kind::Report);
    ensure!(
        is_report || (args.title.is_none() && args.browser.is_none()),
        "--title and --browser are for a report: write `analyze report`, or leave them out"
    );
    let app: Arc<App> = App::build(settings)?;
    let call = Call { arguments: args.arguments()?, progress: Progress::bar(), ..Call::default() };
    let answered = match args.kind {
        Kind::Correlations | Kind::Performance | Kind::Returns => analysis::answer(&app, call).await,
        Kind::Recommendations | Kind::Scorecard => recommendations::answer(&app, call).await,
        Kind::Exposures => exposures::answer(&app, call).await,
        Kind::Comparison => comparison::answer(&app, call).await,
        Kind::Model => factor_model::answer(&app, call).await,
        Kind::Stress => stress::answer(&app, call).await,
        Kind::Report => return report::write(&app, args, call).await,
    };
    match answered {
        Ok(answer) => {
            let report = match args.kind {
                Kind::Scorecard if !args.json => answer.structured.value()[REPORT].as_str().map(str::to_owned),
                _ => None,
            };
            let text = match report {
                Some(report) => report,
                None if args.json => answer.structured.to_string(),
                None => answer.text,
            };
            match &args.output {
                Some(path) => std::fs::write(path, text).with_context(|| {
                    format!("cannot write {}: give --output a file in a folder that can be written to", path.display())
                })?,
                None => print(&text)?,
            }
            match (&args.chart, answer.picture) {
                (Some(path), Some(picture)) => write_picture(path, &picture)?,
                (Some(path), None) => {
                    let note = answer.structured.value()["note"].as_str().map(str::to_owned);
                    say(&format!("error: {} was not written: {}", path.display(), note.unwrap_or_default()));
                    return Ok(ExitCode::FAILURE);
                }
                (None, _) => {}
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            say(&format!("error: {}", error.message));
            if args.json {
                print(error.structured().as_str())?;
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

fn write_picture(path: &Path, picture: &Drawn) -> anyhow::Result<()> {
    let bytes: &[u8] = match &picture.content {
        DrawnContent::Svg(svg) => svg.as_bytes(),
        DrawnContent::Png(png) => png,
    };
    std::fs::write(path, bytes).with_context(|| {
        format!("cannot write {}: give --chart a file in a folder that can be written to", path.display())
    })?;
    say(&format!("{}: {}", path.display(), picture.alt));
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: AnalyzeArgs,
    }

    fn arguments(line: &[&str]) -> anyhow::Result<Value> {
        Line::parse_from(["analyze"].iter().chain(line)).args.arguments().map(Value::Object)
    }

    #[test]
    fn options_become_the_arguments_of_the_tool() {
        assert_eq!(
            arguments(&["returns", "--windows", "3m,ytd", "--top", "2", "--end", "2026-01-30"]).unwrap(),
            json!({
                "analysis_type": "returns", "format": "report", "max_chars": 0, "windows": ["3m", "ytd"],
                "end_date": "2026-01-30", "top_n": 2,
            })
        );
        assert_eq!(
            arguments(&["recommendations", "--factor", "momentum", "--top", "2", "--portfolio", "MINE", "--json"])
                .unwrap(),
            json!({
                "format": "full", "max_chars": 0, "overexposed_factor": "momentum", "portfolio_name": "MINE",
                "max_recommendations": 2,
            })
        );
    }

    #[test]
    fn who_may_hedge_and_how_is_an_option_each() {
        let line = [
            "recommendations",
            "--factor",
            "SPY",
            "--candidates",
            "TLT,IEF",
            "--allow-short",
            "false",
            "--sort-by",
            "score",
            "--scenarios",
            "covid",
        ];
        assert_eq!(
            arguments(&line).unwrap(),
            json!({
                "format": "report", "max_chars": 0, "overexposed_factor": "SPY", "candidates": ["TLT", "IEF"], "allow_short": false,
                "sort_by": "score", "scenario": "covid",
            })
        );
    }

    #[test]
    fn a_picture_has_the_form_of_its_file() {
        let read = |line: &[&str]| arguments(line).map(|read| read["chart"].clone());
        assert_eq!(read(&["returns", "--chart", "a.PNG"]).unwrap(), json!("png"));
        assert_eq!(
            read(&["returns", "--chart", "a.svg", "--chart-style", "dark,wealth"]).unwrap(),
            json!("dark wealth svg")
        );
        assert_eq!(read(&["returns"]).unwrap(), Value::Null);
        let refused = read(&["returns", "--chart", "a.gif"]).unwrap_err();
        assert!(refused.to_string().contains("ends with .svg or .png"), "{refused}");
    }

    #[test]
    fn a_scorecard_is_a_section_of_recommendations() {
        let read = |line: &[&str]| arguments(line).unwrap()["include"].clone();
        assert_eq!(read(&["scorecard", "--factor", "VNQ"]), json!(["scorecard", "formatted_report"]));
        assert_eq!(read(&["scorecard", "--factor", "VNQ", "--json"]), json!(["scorecard"]));
    }

    #[test]
    fn a_stress_test_has_its_episodes_and_moves() {
        let line = [
            "stress",
            "--factor",
            "QQQ",
            "--scenarios",
            "covid,2022",
            "--shocks",
            "SPY=-20%, UST10Y=1",
            "--horizon",
            "3",
        ];
        assert_eq!(
            arguments(&line).unwrap(),
            json!({
                "format": "report", "max_chars": 0, "ticker": "QQQ", "scenarios": ["covid", "2022"],
                "shocks": {"SPY": -0.2, "UST10Y": 1.0}, "horizon": 3,
            })
        );
        let refused = arguments(&["stress", "--shocks", "SPY"]).unwrap_err().to_string();
        assert!(refused.starts_with("--shocks `SPY` has no move: write NAME=MOVE"), "{refused}");
    }

    #[test]
    fn args_win_over_the_other_options_and_are_an_object() {
        let line =
            ["performance", "--frequency", "weekly", "--args", r#"{"frequency": "daily", "sort_by": "volatility"}"#];
        let read = arguments(&line).unwrap();
        assert_eq!((&read["frequency"], &read["sort_by"]), (&json!("daily"), &json!("volatility")));
        let refused = |text| format!("{:#}", arguments(&["returns", "--args", text]).unwrap_err());
        assert!(refused("{").starts_with("--args is not JSON"), "{}", refused("{"));
        assert!(refused("[1]").ends_with("it is [1]"), "{}", refused("[1]"));
    }

    #[test]
    fn holdings_are_read_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("held.csv");
        std::fs::write(&path, "ticker,weight\nSPY,60%\n").unwrap();
        let read = arguments(&["exposures", "--holdings", path.to_str().unwrap()]).unwrap();
        assert_eq!(read["holdings"], json!([{"ticker": "SPY", "weight": 0.6}]));
        assert_eq!(read.get("analysis_type"), None);
        let missing = arguments(&["exposures", "--holdings", "/no/such.csv"]).unwrap_err();
        assert!(missing.to_string().contains("cannot read /no/such.csv"), "{missing}");
    }

    #[test]
    fn every_option_has_its_argument() {
        let line = [
            "performance",
            "--start",
            "2020-01",
            "--end",
            "2025-12",
            "--frequency",
            "weekly",
            "--benchmark",
            "QQQ",
            "--sort-by",
            "volatility",
            "--categories",
            "style,market",
            "--tickers",
            "SPY,TLT",
        ];
        assert_eq!(
            arguments(&line).unwrap(),
            json!({
                "analysis_type": "performance", "format": "report", "max_chars": 0, "categories": ["style", "market"],
                "tickers": ["SPY", "TLT"], "start_date": "2020-01", "end_date": "2025-12", "frequency": "weekly", "benchmark_ticker": "QQQ",
                "sort_by": "volatility",
            })
        );
        let exposures = arguments(&["exposures", "--top", "3"]).unwrap();
        assert_eq!(exposures, json!({"format": "report", "max_chars": 0, "top_n": 3}));
    }
}
