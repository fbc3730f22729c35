//! The answer in its shapes: whole, in short, as text, and the sections asked for.

use factor_analytics::hedge::Recommendation;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Recommended, sentences};
use crate::{
    analysis::Report,
    answer::{Fields, Part, Sections},
    app::App,
    services::{
        analysis::context::{AnalysisContext, fields},
        portfolio::{
            answer::{PortfolioAnswer, fitting, short_quality},
            summary::{period, shorten, shorten_warnings, warn_of_holdings},
        },
    },
};

/// Room in a summary for status and notes.
const FRAME: usize = 200;
/// What a summary leaves out of a recommendation.
const LONG_FIELDS: [&str; 2] = ["rolling_36", "score_parts"];

/// Figures, and in a sentence what they say.
#[derive(Serialize)]
struct Explained<'a, T> {
    #[serde(flatten)]
    figures: &'a T,
    rationale: String,
}

impl PortfolioAnswer for Recommended {
    fn context(&self) -> &AnalysisContext {
        &self.context
    }

    fn include(&self) -> Option<&[&'static str]> {
        self.ask.include.as_deref()
    }

    fn invalid_sections(&self) -> &[String] {
        &self.ask.invalid_sections
    }

    fn fields_of(section: &str) -> Option<&'static [&'static str]> {
        match section {
            "recommendations" => {
                Some(&["overexposed_factor", "recommendations", "candidates_scanned", "candidates_meeting_threshold"])
            }
            "exposures" => Some(&["portfolio", "current_portfolio_exposures", "regression_exposures"]),
            _ => None,
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.context.common().notes.to_vec();
        match &self.portfolio {
            Some((held, _, weight)) => {
                notes.extend(held.notes.iter().cloned());
                let (name, members) = (&self.factor.name, &self.factor.members);
                let some = members.iter().filter(|member| held.weights.contains_key(*member)).count();
                if *weight == 0.0 {
                    notes.push(format!("the portfolio holds no {name}: hedge ratios only, no weights to move"));
                } else if *weight < 0.0 {
                    notes.push(format!(
                        "the portfolio is short of {name} ({weight:.4}): hedge ratios only, no weights to move out of it"
                    ));
                } else if (1..members.len()).contains(&some) {
                    notes.push(format!(
                        "{name} is followed as all of its {} ETFs, of which the portfolio holds {some}: weights to move \
                         are out of something broader than what is held",
                        members.len()
                    ));
                }
            }
            None => notes.push(
                "no portfolio: recommendations only; give holdings or portfolio_name, or save CURRENT_PORTFOLIO, for \
                 exposures and weights to move"
                    .to_owned(),
            ),
        }
        let report = &self.found.report;
        if report.candidates_scanned == 0 {
            notes.push("no candidate is left after the filters: insights.left_out says why each is not".to_owned());
        } else if report.candidates_meeting_threshold == 0 {
            notes.push(format!(
                "no offset passes correlation_threshold {}; the lowest correlations are listed with meets_threshold false",
                self.ask.correlation_threshold
            ));
        }
        notes
    }

    fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        let wanted = |name| self.ask.include.as_ref().is_none_or(|include| include.contains(&name));
        if self.portfolio.is_none() && wanted("exposures") {
            reasons.insert("exposures", "give holdings or portfolio_name".to_owned());
        }
        if let Some(why) = self.found.report.no_basket.as_ref().filter(|_| wanted("basket")) {
            reasons.insert("basket", why.clone());
        }
        reasons
    }

    fn full(&self, app: &App) -> Fields {
        let mut answer = Fields::rounded(self.context.rounding());
        self.put_sections(&mut answer);
        answer.put_parts("data_quality", &self.quality());
        answer.put_part("performance", Part::Fields(self.context.timings()));
        answer.put_part("analysis_metadata", Part::Fields(self.metadata(app)));
        answer
    }

    /// As many as fit: recommendations with most fields, the others in a line each.
    fn summary(&self) -> Map<String, Value> {
        let most = 5.min(self.found.report.recommendations.len());
        fitting(self, most, FRAME, |shown| self.summary_of(shown))
    }

    fn report_body(&self) -> Map<String, Value> {
        let quality = short_quality(self);
        fields(json!({
            "overexposed_factor": self.factor.json(),
            "as_of": self.context.analysis.study.panel().as_of(),
            "data_quality": quality,
        }))
    }

    fn report(&self) -> String {
        self.text()
    }

    fn not_known(&self) -> String {
        sentences::not_known(self)
    }

    fn mend_warnings(&self, quality: &mut Map<String, Value>) {
        let Some(Value::Array(warnings)) = quality.get_mut("warnings") else { return };
        if let Some((held, classifications, _)) = &self.portfolio {
            let returns = self.found.portfolio.as_ref().map(|(returns, _)| returns);
            warn_of_holdings(warnings, &self.context, held.weights.keys(), classifications, held, returns);
            if classifications.looked_through(&self.factor.members) {
                warnings.push(json!(format!(
                    "shares count as {} by their industry; a swap is worked out on the ETF's returns, not on theirs",
                    self.factor.name
                )));
            }
        }
        let unknown = self.found.report.yields_unknown.len();
        if let Some(least) = self.ask.min_dividend_yield.filter(|_| unknown > 0) {
            warnings.push(json!(format!(
                "the dividend yield of {unknown} recommended is not known; they are not held to min_dividend_yield {least}"
            )));
        }
    }
}

impl Recommended {
    fn put_sections(&self, answer: &mut impl Sections) {
        let (report, of) = (&self.found.report, &self.factor.name);
        answer.put_section("overexposed_factor", &self.factor.json());
        self.put_portfolio(answer);
        let explained = |figures| Explained { rationale: sentences::rationale(figures, of), figures };
        answer.put_section("recommendations", &report.recommendations.iter().map(explained).collect::<Vec<_>>());
        if let Some(figures) = &report.basket {
            answer.put_section("basket", &Explained { rationale: sentences::of_basket(figures, of), figures });
        }
        answer.put_section("candidates_scanned", &report.candidates_scanned);
        answer.put_section("candidates_meeting_threshold", &report.candidates_meeting_threshold);
        answer.put_section_of_parts("insights", &self.insights());
    }

    fn put_portfolio(&self, answer: &mut impl Sections) {
        let (Some((held, classifications, weight)), Some((returns, exposures))) =
            (&self.portfolio, &self.found.portfolio)
        else {
            return;
        };
        let portfolio = json!({
            "portfolio_name": held.name,
            "normalisation": held.normalisation,
            "weight_of_overexposed": weight,
            "unexplained_weight": returns.unexplained_weight,
        });
        answer.put_section("portfolio", &portfolio);
        answer.put_section("current_portfolio_exposures", &classifications.by(|one| &one.industry));
        answer.put_section("regression_exposures", &exposures.as_ref().ok());
    }

    fn insights(&self) -> Value {
        let report = &self.found.report;
        let mut left_out = IndexMap::<String, Vec<String>>::new();
        for one in &report.left_out {
            let reason = json!(one.reason).as_str().unwrap_or_default().to_owned();
            let name = one.ticker.as_ref().map_or_else(|| one.factor.clone(), ToString::to_string);
            left_out.entry(reason).or_default().push(name);
        }
        json!({
            "sentences": sentences::insights(self),
            "not_known": sentences::not_known(self),
            "nothing_offsets": report.nothing_offsets,
            "best_out_of_sample": report.best_out_of_sample,
            "selection_in_sample": report.selection_in_sample,
            "left_out": left_out,
            "yields_unknown": report.yields_unknown,
        })
    }

    fn quality(&self) -> Map<String, Value> {
        let mut quality = self.context.quality();
        quality.insert("undefined".to_owned(), json!(self.undefined()));
        self.mend_warnings(&mut quality);
        quality
    }

    /// The null figures of this answer: the reason of a missing yield is the analysis' own.
    fn undefined(&self) -> Vec<Value> {
        let recommended: Vec<&Recommendation> = self.found.report.recommendations.iter().collect();
        let mut all: Vec<Value> = self
            .found
            .report
            .undefined
            .iter()
            .filter(|one| one.field != "dividend_yield")
            .map(|one| json!(one))
            .collect();
        if let Report::Performance(report) = self.context.analysis.report() {
            for one in report.undefined.iter().filter(|one| one.field == "dividend_yield") {
                // There rows are tickers, here what is recommended is named by its factor.
                let concerned = |r: &&&Recommendation| {
                    r.etf_ticker.as_ref().is_some_and(|ticker| one.row.iter().any(|row| row == ticker.as_str()))
                };
                let rows: Vec<&String> = recommended.iter().filter(concerned).map(|r| &r.factor).collect();
                if !rows.is_empty() {
                    all.push(json!({
                        "section": "recommendations", "row": rows, "field": one.field, "reason": one.reason
                    }));
                }
            }
        }
        if let Some((_, Err(why))) = &self.found.portfolio {
            all.push(json!({
                "section": "exposures", "row": ["portfolio"], "field": "regression_exposures", "reason": why
            }));
        }
        all
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("selection_in_sample", &true);
        metadata.put(
            "settings",
            &json!({
                "target_allocation_reduction": self.ask.target_allocation_reduction,
                "correlation_threshold": self.ask.correlation_threshold,
                "max_recommendations": self.ask.max_recommendations,
                "prefer_income": self.ask.prefer_income,
                "min_dividend_yield": self.ask.min_dividend_yield,
            }),
        );
        metadata
    }

    fn summary_of(&self, shown: usize) -> Map<String, Value> {
        const EXPOSURES: usize = 10;
        let panel = self.context.analysis.study.panel();
        let mut answer = Map::new();
        self.put_sections(&mut answer);
        answer.insert("as_of".to_owned(), json!(panel.as_of()));
        answer.insert("period".to_owned(), period(&self.context));
        if let Some(Value::Object(exposures)) = answer.get_mut("current_portfolio_exposures") {
            shorten(exposures, EXPOSURES);
        }
        if let Some(Value::Object(insights)) = answer.get_mut("insights") {
            if let Some(Value::Object(left_out)) = insights.get_mut("left_out") {
                left_out.values_mut().for_each(|names| *names = json!(names.as_array().map_or(0, Vec::len)));
            }
            if let Some(unknown) = insights.get_mut("yields_unknown") {
                *unknown = json!(unknown.as_array().map_or(0, Vec::len));
            }
        }
        if let Some(Value::Object(factor)) = answer.get_mut("overexposed_factor")
            && let Some(Value::Array(members)) = factor.get_mut("members")
            && members.len() > EXPOSURES
        {
            let count = members.len();
            factor.remove("members");
            factor.insert("member_count".to_owned(), json!(count));
        }
        if let Some(Value::Object(basket)) = answer.get_mut("basket") {
            for name in LONG_FIELDS.iter().chain(&["objective", "dropped", "sets_tried", "shrinkage_intensity"]) {
                basket.remove(*name);
            }
        }
        if let Some(Value::Array(rows)) = answer.get_mut("recommendations") {
            let rest = rows.split_off(shown.min(rows.len()));
            for row in rows.iter_mut() {
                if let Value::Object(row) = row {
                    LONG_FIELDS.iter().for_each(|name| drop(row.remove(*name)));
                }
            }
            let line = |row: &Value| {
                json!({
                    "rank": row["rank"], "factor": row["factor"], "etf_ticker": row["etf_ticker"],
                    "correlation_to_overexposed": row["correlation_to_overexposed"], "score": row["score"],
                })
            };
            if !rest.is_empty() {
                let rest: Vec<Value> = rest.iter().map(line).collect();
                answer.insert("further".to_owned(), json!(rest));
            }
        }
        let mut quality = short_quality(self);
        shorten_warnings(&mut quality);
        answer.insert("data_quality".to_owned(), Value::Object(quality));
        answer.insert(
            "more".to_owned(),
            json!({"include": ["recommendations", "basket", "exposures", "insights", "data_quality", "metadata", "formatted_report"]}),
        );
        answer
    }
}
