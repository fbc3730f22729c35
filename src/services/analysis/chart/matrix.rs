//! The heat map of a correlation matrix.

use factor_analytics::{
    correlation::{CorrelationMatrix, Method},
    inference,
    report::CorrelationReport,
};
use factor_pictures::{Block, HeatMap, Picture};

use crate::{charts, services::analysis::answer::AnalysisAnswer};

/// The name of the matrix of all factors that a call names.
const SELECTED: &str = "selected";
/// What the macro composites' matrix is called in `blocks`.
const MACRO: &str = "macro_composite_matrix";

impl AnalysisAnswer {
    pub(super) fn heat_map(&self, report: &CorrelationReport) -> Result<Picture, String> {
        let (name, matrix) = self.pictured(report).ok_or("no matrix was computed; ask for matrices")?;
        let size = matrix.names.len();
        let of = report.method.coefficient();
        let pairs = || (0..size).flat_map(|i| (0..size).map(move |j| (i, j)));
        let interval = |(i, j): (usize, usize)| {
            let (low, high) = inference::interval(matrix.get(i, j)?, matrix.rows[(i, j)], of?).filter(|_| i != j)?;
            Some([low, high])
        };
        let title = match name {
            MACRO => "Correlations of macro composites".to_owned(),
            SELECTED => "Correlations of the factors named".to_owned(),
            name => format!("Correlations: {}", charts::in_words(name)),
        };
        let mut caption = charts::caption(&self.analysis, title);
        if let Some(slice) = self.analysis.study.slice() {
            caption.notes.push(format!("Only the {} periods of the regime asked for.", slice.rows));
        }
        let others: Vec<&str> = report.matrices.keys().map(String::as_str).filter(|other| *other != name).collect();
        if !others.is_empty() {
            caption.notes.push(format!("Not drawn: {}; ask for each with categories.", others.join(", ")));
        }
        let measure = match report.method {
            Method::Pearson => "correlation (Pearson)",
            Method::Spearman => "rank correlation (Spearman)",
            Method::Ewma { .. } => "correlation, the newest weigh most (EWMA)",
            Method::LedoitWolf => "correlation, shrunk (Ledoit and Wolf)",
        };
        Ok(Picture::HeatMap(HeatMap {
            caption,
            measure: measure.to_owned(),
            rows: matrix.names.clone(),
            columns: matrix.names.clone(),
            values: pairs().map(|(i, j)| matrix.get(i, j)).collect(),
            counts: pairs().map(|at| u32::try_from(matrix.rows[at]).ok()).collect(),
            intervals: pairs().map(interval).collect(),
            blocks: blocks(report, name, matrix),
        }))
    }

    /// The matrix that the call is about: of the factors that it names, of the first category that it names, else of the macro
    /// composites, which sum all up; else the first that there is.
    fn pictured<'a>(&self, report: &'a CorrelationReport) -> Option<(&'a str, &'a CorrelationMatrix)> {
        let named = |name: &str| report.matrices.get_key_value(name).map(|(name, matrix)| (name.as_str(), matrix));
        let of_categories = || {
            let picked = self.query.common.categories.as_ref()?;
            picked.iter().find_map(|category| named(category.as_str()))
        };
        let of_macro = || Some((MACRO, report.macro_composite.as_ref()?));
        let first = || report.matrices.iter().next().map(|(name, matrix)| (name.as_str(), matrix));
        named(SELECTED).or_else(of_categories).or_else(of_macro).or_else(first)
    }
}

/// The blocks of a matrix that stands in the order of its clusters.
fn blocks(report: &CorrelationReport, name: &str, matrix: &CorrelationMatrix) -> Vec<Block> {
    let all = report.insights.as_ref().and_then(|insights| insights.blocks.as_ref()?.get(name));
    let place = |member: &String| matrix.names.iter().position(|name| name == member);
    let of = |members: &[String]| {
        let mut places: Vec<usize> = members.iter().filter_map(place).collect();
        places.sort_unstable();
        let (first, last) = (*places.first()?, *places.last()?);
        // Only what stands together can be outlined.
        (last - first + 1 == members.len()).then_some(Block { first, count: members.len() })
    };
    all.into_iter().flatten().filter_map(|block| of(&block.members)).collect()
}
