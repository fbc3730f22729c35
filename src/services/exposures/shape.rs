//! The answer in its shapes: whole, in short, and the sections asked for.

use factor_analytics::exposure::ExposureState;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{Exposed, sentences};
use crate::{
    answer::{Fields, Part, Sections},
    app::App,
    services::{
        analysis::context::{AnalysisContext, fields},
        portfolio::{
            answer::{PortfolioAnswer, fitting, short_quality},
            lookthrough::Classifications,
            summary::{period, shorten, shorten_warnings, warn_of_holdings},
        },
    },
};

/// Holdings and industries of a summary.
const SHOWN: usize = 10;
/// The sums of weights.
const BY_WEIGHT: [&str; 3] = ["by_industry", "by_sector_group", "by_asset_class"];

impl PortfolioAnswer for Exposed {
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
            "holdings" => Some(&["holdings", "normalisation", "portfolio_name", "weights"]),
            _ => None,
        }
    }

    fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        let wanted = |name| self.ask.include.as_ref().is_none_or(|include| include.contains(&name));
        if let Some(why) = self.state.no_regression.as_ref().filter(|_| wanted("regression")) {
            reasons.insert("regression", why.clone());
        }
        if self.what_if.is_none() && self.ask.include.as_ref().is_some_and(|include| include.contains(&"what_if")) {
            reasons.insert("what_if", "give what_if: [{ticker, change}]".to_owned());
        }
        reasons
    }

    fn full(&self, app: &App) -> Fields {
        let mut answer = Fields::rounded(self.context.rounding());
        self.put_sections(&mut answer);
        let mut quality = self.context.quality();
        quality.insert("undefined".to_owned(), json!(self.undefined()));
        self.mend_warnings(&mut quality);
        answer.put_parts("data_quality", &quality);
        answer.put_part("performance", Part::Fields(self.context.timings()));
        let mut metadata = self.context.metadata(app);
        metadata.put("benchmark", "SPY");
        metadata.put("risk_free_source", &self.risk_free_source);
        answer.put_part("analysis_metadata", Part::Fields(metadata));
        answer
    }

    /// As many as fit: holdings and sums of weights, the others in one line.
    fn summary(&self) -> Map<String, Value> {
        fitting(self, SHOWN, 0, |shown| self.summary_of(shown))
    }

    fn report_body(&self) -> Map<String, Value> {
        let quality = short_quality(self);
        fields(json!({"as_of": self.context.analysis.study.panel().as_of(), "data_quality": quality}))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.context.common().notes.to_vec();
        notes.extend(self.held.notes.iter().cloned());
        notes
    }

    fn report(&self) -> String {
        self.text()
    }

    fn not_known(&self) -> String {
        sentences::not_known(self)
    }

    fn mend_warnings(&self, quality: &mut Map<String, Value>) {
        let Some(Value::Array(warnings)) = quality.get_mut("warnings") else { return };
        let held = self.held.weights.keys().chain(self.ask.what_if.iter().flat_map(|changes| changes.keys()));
        warn_of_holdings(warnings, &self.context, held, &self.classifications, &self.held, Some(&self.returns));
        for (name, why) in &self.without {
            warnings.push(json!(format!("{name} is not in the regression: {why}")));
        }
        let dropped = self.state.regression.iter().flat_map(|fit| &fit.dropped);
        warnings.extend(dropped.map(|one| json!(format!("{} is not in the regression: {}", one.factor, one.detail))));
    }
}

impl Exposed {
    fn put_sections(&self, answer: &mut impl Sections) {
        if let Some(name) = &self.held.name {
            answer.put_section("portfolio_name", name);
        }
        answer.put_section("holdings", &self.classifications.rows());
        answer.put_section("normalisation", &self.held.normalisation);
        by_weight(&self.classifications).iter().for_each(|(name, sums)| answer.put_section(name, sums));
        if let Some(regression) = &self.state.regression {
            answer.put_section("regression", regression);
        }
        answer.put_section("risk", &self.state.risk);
        answer.put_section(
            "weights",
            &json!({
                "net": self.returns.net_weight,
                "gross": self.returns.gross_weight,
                "cash": self.returns.cash_weight,
                "unexplained": self.returns.unexplained_weight,
            }),
        );
        if let Some(traded) = &self.what_if {
            let mut entry = fields(json!(traded.figures));
            for (when, classifications) in [("before", &self.classifications), ("after", &traded.classifications)] {
                if let Some(Value::Object(state)) = entry.get_mut(when) {
                    state.extend(by_weight(classifications));
                }
            }
            entry.insert("changes".to_owned(), json!(self.ask.what_if));
            entry.insert("weights_after".to_owned(), json!(traded.weights));
            answer.put_section("what_if", &entry);
        }
        let insights = json!({"sentences": sentences::insights(self), "not_known": sentences::not_known(self)});
        answer.put_section_of_parts("insights", &insights);
    }

    fn summary_of(&self, shown: usize) -> Map<String, Value> {
        let mut answer = Map::new();
        self.put_sections(&mut answer);
        answer.insert("as_of".to_owned(), json!(self.context.analysis.study.panel().as_of()));
        answer.insert("period".to_owned(), period(&self.context));
        if let Some(Value::Array(holdings)) = answer.get_mut("holdings") {
            let count = holdings.len();
            let size = |row: &Value| row["weight"].as_f64().unwrap_or_default().abs();
            holdings.sort_by(|a, b| size(b).total_cmp(&size(a)));
            holdings.truncate(shown);
            answer.insert("holding_count".to_owned(), json!(count));
        }
        shorten_weights(&mut answer, shown);
        if let Some(Value::Object(what_if)) = answer.get_mut("what_if") {
            what_if.remove("weights_after");
            for when in ["before", "after"] {
                if let Some(Value::Object(state)) = what_if.get_mut(when) {
                    shorten_weights(state, shown);
                }
            }
        }
        let mut quality = short_quality(self);
        shorten_warnings(&mut quality);
        answer.insert("data_quality".to_owned(), Value::Object(quality));
        let more = ["holdings", "by_industry", "regression", "what_if", "data_quality", "metadata", "formatted_report"];
        answer.insert("more".to_owned(), json!({"include": more}));
        answer
    }

    /// The null figures and why.
    fn undefined(&self) -> Vec<Value> {
        let entry = |section: &str, field: &str, reason: &str| json!({"section": section, "row": ["portfolio"], "field": field, "reason": reason});
        let mut all = Vec::new();
        let mut add = |section: &str, state: &ExposureState| {
            let risk = if section.is_empty() { "risk".to_owned() } else { format!("{section}.risk") };
            all.extend(state.risk.undefined.iter().map(|(field, why)| entry(&risk, field, why)));
            let regression = if section.is_empty() { "regression".to_owned() } else { format!("{section}.regression") };
            let missing = state.regression.iter().flat_map(|fit| &fit.undefined);
            all.extend(missing.map(|(field, why)| entry(&regression, field, why)));
        };
        add("", &self.state);
        if let Some(traded) = &self.what_if {
            add("what_if.before", &traded.figures.before);
            add("what_if.after", &traded.figures.after);
        }
        all.extend(
            self.without
                .iter()
                .map(|(name, why)| json!({"section": "regression", "row": [name], "field": "factors", "reason": why})),
        );
        all
    }
}

/// The sums of weights by what holdings stand for.
fn by_weight(classifications: &Classifications) -> Map<String, Value> {
    let [industry, group, class] = BY_WEIGHT.map(str::to_owned);
    Map::from_iter([
        (industry, json!(classifications.by(|one| &one.industry))),
        (group, json!(classifications.by(|one| &one.sector_group))),
        (class, json!(classifications.by(|one| &one.asset_class))),
    ])
}

fn shorten_weights(answer: &mut Map<String, Value>, most: usize) {
    for name in BY_WEIGHT {
        if let Some(Value::Object(sums)) = answer.get_mut(name) {
            shorten(sums, most);
        }
    }
}
