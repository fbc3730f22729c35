//! The picture of a factor model: the style or the attribution where they were asked for, else betas over time, else betas.

use chrono::NaiveDate;
use factor_analytics::models::{Attribution, FactorEstimate, Style, StyleWeight};
use factor_pictures::{
    Caption, Dots, DotsRow, Estimate, Picture, Rolling, RollingPoint, RollingSeries, Stacked, StackedPeriod, Unit,
};

use super::{Fitted, Modelled, figures, french::FileUsed, request::Section};
use crate::{answer::markdown, charts};

impl Modelled {
    pub(super) fn model_picture(&self) -> Result<Picture, String> {
        let first = self.fitted.first().ok_or("no series was fitted")?;
        let named = |section| self.request.include.names(section);
        if let Some(Ok(style)) = first.style.as_ref().filter(|_| named(Section::Style)) {
            return Ok(self.style_picture(first, style));
        }
        if let Some(attribution) = first.attribution.as_ref().filter(|_| named(Section::Attribution)) {
            return self.attribution_picture(first, attribution);
        }
        if let Some(rolling) = &first.rolling {
            return Ok(self.rolling_picture(first, rolling));
        }
        Ok(if self.fitted.len() > 1 { self.alphas() } else { self.betas_of(first) })
    }

    /// `XLK (Technology)`, and that it is the first of several.
    fn called(&self, one: &Fitted) -> String {
        let name = if one.label == one.ticker.as_str() {
            one.ticker.to_string()
        } else {
            format!("{} ({})", one.ticker, one.label)
        };
        if self.fitted.len() > 1 { format!("{name}, the first of {}", self.fitted.len()) } else { name }
    }

    fn caption(&self, one: &Fitted, title: String, units: &str) -> Caption {
        let mut caption = charts::caption(&self.context.analysis, title);
        let each = self.context.common().frequency.periods();
        caption.dates = format!("{} to {}, {}", one.span.0, one.span.1, self.context.common().frequency);
        caption.n = format!("n = {} {each}", one.fit.n);
        caption.units = units.to_owned();
        let vintage = |file: &FileUsed| match file.vintage() {
            Some(vintage) => format!("{} of {vintage}", file.name()),
            None => file.name().to_owned(),
        };
        let files: Vec<String> = self.rows.files.iter().map(vintage).collect();
        if !files.is_empty() {
            caption.source = format!("{}; factors: {}", caption.source, files.join(", "));
        }
        caption
    }

    fn betas_of(&self, one: &Fitted) -> Picture {
        let row = |(name, of): (&String, &FactorEstimate)| DotsRow {
            name: charts::in_words(name),
            label: String::new(),
            estimates: vec![Estimate { value: Some(of.beta), interval: of.interval }],
            n: Some(one.fit.n),
        };
        let title = format!("{} on {}", self.called(one), self.request.model.in_words());
        let mut caption = self.caption(one, title, "betas with 95% intervals");
        let explained = markdown::percent(Some(one.fit.r_squared));
        caption.notes.push(format!("Together they explain {explained} of its variance."));
        Picture::Dots(Dots {
            caption,
            unit: Unit::Number,
            measure: "beta".to_owned(),
            estimates: Vec::new(),
            rows: one.fit.factors.iter().map(row).collect(),
            is_sorted: false,
        })
    }

    /// What no factor explains of each series: betas of many are a table.
    fn alphas(&self) -> Picture {
        let row = |one: &Fitted| DotsRow {
            name: one.ticker.to_string(),
            label: one.label.clone(),
            estimates: vec![Estimate { value: Some(one.fit.alpha.annual), interval: one.fit.alpha.interval }],
            n: Some(one.fit.n),
        };
        let title = format!("Alpha on {}", self.request.model.in_words());
        let mut caption = charts::caption(&self.context.analysis, title);
        caption.units = "return a year that no factor explains, with 95% intervals".to_owned();
        Picture::Dots(Dots {
            caption,
            unit: Unit::Percent,
            measure: "alpha, a year".to_owned(),
            estimates: Vec::new(),
            rows: self.fitted.iter().map(row).collect(),
            is_sorted: true,
        })
    }

    fn rolling_picture(&self, one: &Fitted, rolling: &figures::Rolling) -> Picture {
        let series = rolling.factors.keys().filter(|name| name.as_str() != figures::ALPHA).map(|name| {
            let point = |point: &figures::Point| RollingPoint {
                date: point.end,
                value: point.betas.get(name).copied(),
                interval: point.intervals.get(name).copied(),
            };
            RollingSeries { name: charts::in_words(name), points: rolling.series.iter().map(point).collect() }
        });
        let each = self.context.common().frequency.periods();
        let title = format!("Betas of {} over {} {each}", self.called(one), rolling.window);
        Picture::Rolling(Rolling {
            caption: self.caption(one, title, "betas"),
            series: series.collect(),
            is_correlation: false,
            band: format!("95% interval of one window of {} {each}", rolling.window),
        })
    }

    fn attribution_picture(&self, one: &Fitted, attribution: &Attribution) -> Result<Picture, String> {
        let names = attribution.whole.factors.keys();
        let parts = ["risk-free"].into_iter().map(str::to_owned).chain(names.map(|name| charts::in_words(name)));
        let parts: Vec<String> = parts.chain([figures::ALPHA.to_owned(), "unexplained".to_owned()]).collect();
        let periods = attribution.years.iter().filter_map(|(year, share)| {
            let factors = share.factors.values().copied();
            let values = [share.risk_free].into_iter().chain(factors).chain([share.alpha, share.residual]);
            Some(StackedPeriod {
                date: NaiveDate::from_ymd_opt(*year, 12, 31)?,
                name: String::new(),
                values: values.map(Some).collect(),
                total: Some(share.total_return),
            })
        });
        let periods: Vec<StackedPeriod> = periods.collect();
        if periods.is_empty() {
            return Err("there is no year to show".to_owned());
        }
        let title = format!("Where the return of {} came from", self.called(one));
        let mut caption = self.caption(one, title, "contribution to the year's return");
        caption.notes.push("Each year is linked for itself: years do not sum to the whole.".to_owned());
        Ok(Picture::Stacked(Stacked { caption, measure: "contribution to the return".to_owned(), parts, periods }))
    }

    /// The weights over moving windows where there are some, else the weights with their intervals.
    fn style_picture(&self, one: &Fitted, style: &Style) -> Picture {
        let title = format!("The mix of indices that follows {}", self.called(one));
        if style.rolling.len() > 1 {
            let parts: Vec<String> = style.weights.keys().cloned().collect();
            let periods = style.rolling.iter().map(|window| StackedPeriod {
                date: window.end,
                name: String::new(),
                values: parts.iter().map(|name| window.weights.get(name).copied()).collect(),
                total: None,
            });
            let periods = periods.collect();
            let caption = self.caption(one, title, "weights over moving windows");
            return Picture::Stacked(Stacked { caption, measure: "weight".to_owned(), parts, periods });
        }
        let row = |(name, of): (&String, &StyleWeight)| DotsRow {
            name: name.clone(),
            label: String::new(),
            estimates: vec![Estimate { value: Some(of.weight), interval: of.interval }],
            n: Some(style.n),
        };
        Picture::Dots(Dots {
            caption: self.caption(one, title, "weights with 90% bootstrap intervals"),
            unit: Unit::Percent,
            measure: "weight".to_owned(),
            estimates: Vec::new(),
            rows: style.weights.iter().map(row).collect(),
            is_sorted: true,
        })
    }
}
