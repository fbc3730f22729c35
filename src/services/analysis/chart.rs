//! The picture of an analysis: which one, from which figures.
//!
//! Correlations are a heat map, of the matrix that the call is about, or the slopes of the rate overlay where that is what it asks
//! for; performance is risk against return, and what became of one dollar where no more than a few are named; returns are the best
//! and the worst of each window.

mod matrix;
mod performance;
mod returns;
mod sensitivity;

use factor_analytics::report::CorrelationReport;
use factor_pictures::Picture;

use super::{answer::AnalysisAnswer, sections::Section};
use crate::{
    analysis::Report,
    charts::{self, Drawn, Kind},
};

/// So many named factors are drawn as lines; more are points.
const MOST_LINES: usize = 6;

impl AnalysisAnswer {
    /// The picture that the call asks for; why there is none becomes a note.
    pub(super) fn drawn(&mut self) -> Option<Drawn> {
        let chart = self.query.common.chart?;
        match charts::drawn(chart, self.picture(chart.kind)) {
            Ok(drawn) => Some(drawn),
            Err(note) => {
                self.query.common.notes.push(note);
                None
            }
        }
    }

    fn picture(&self, kind: Option<Kind>) -> Result<Picture, String> {
        match (self.analysis.report(), kind) {
            (Report::Correlations(report), Some(Kind::HeatMap)) => self.heat_map(report),
            (Report::Correlations(report), Some(Kind::Sensitivity)) => self.sensitivity(report),
            (Report::Correlations(report), None) if self.is_about_rates(report) => self.sensitivity(report),
            (Report::Correlations(report), None) => self.heat_map(report),
            (Report::Performance(report), Some(Kind::RiskReturn)) => self.risk_return(report),
            (Report::Performance(_), Some(Kind::Wealth)) => self.wealth(false),
            (Report::Performance(_), Some(Kind::WealthLog)) => self.wealth(true),
            (Report::Performance(report), None) => match self.query.common.picked() {
                Some(picked) if picked.len() <= MOST_LINES => self.wealth(false),
                _ => self.risk_return(report),
            },
            (Report::Returns(report), None) => self.ranking(report),
            (_, Some(kind)) => Err(format!("{kind} is no picture of {}", self.analysis.kind())),
        }
    }

    /// Whether the call asks for the rate overlay and for no matrix.
    fn is_about_rates(&self, report: &CorrelationReport) -> bool {
        let named = self.query.include.as_deref().unwrap_or_default();
        let names = |section| named.contains(&section);
        names(Section::RateSensitivity) && !names(Section::Matrices) && report.rate_sensitivity.is_some()
    }
}
