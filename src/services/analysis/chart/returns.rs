//! The best and the worst of each window.

use factor_analytics::{
    report::ReturnsReport,
    sections::{returns::RankedFactor, windows::WindowSpan},
};
use factor_pictures::{Picture, RankedBar, RankedWindow, Ranking};

use crate::{charts, services::analysis::answer::AnalysisAnswer};

/// Of each end of a ranking, where a window stands alone; the picture takes fewer of several.
const ENDS: usize = 15;

impl AnalysisAnswer {
    pub(super) fn ranking(&self, report: &ReturnsReport) -> Result<Picture, String> {
        let rankings = report.rankings.as_ref().ok_or("there are no rankings; ask for include rankings")?;
        let ends =
            if rankings.len() == 1 { self.query.lists.top.clamp(1, ENDS) } else { self.query.lists.top.clamp(1, 5) };
        let windows: Vec<RankedWindow> = rankings
            .iter()
            .filter(|(_, ranked)| !ranked.is_empty())
            .map(|(name, ranked)| window(name, ranked, report.windows.get(name), ends))
            .collect();
        if windows.is_empty() {
            return Err("no window has a return".to_owned());
        }
        let mut caption = charts::caption(&self.analysis, "Best and worst returns");
        if windows.len() == 1
            && let Some(only) = windows.first()
        {
            caption.title = format!("Best and worst returns of {}", only.name);
        }
        caption.n = String::new();
        Ok(Picture::Ranking(Ranking { caption, windows }))
    }
}

/// Both ends of a ranking; none is in both.
fn window(name: &str, ranked: &[RankedFactor], span: Option<&WindowSpan>, ends: usize) -> RankedWindow {
    let bar = |of: &RankedFactor| RankedBar {
        name: of.ticker.to_string(),
        label: of.label.clone(),
        category: charts::in_words(of.category.as_str()),
        total_return: of.total_return,
    };
    let (best, rest) = ranked.split_at(ends.min(ranked.len()));
    let dates = span.and_then(|span| Some(format!("{} to {}", span.start?, span.end?)));
    RankedWindow {
        name: name.to_owned(),
        dates: dates.unwrap_or_default(),
        best: best.iter().map(bar).collect(),
        worst: rest.iter().rev().take(ends).map(bar).collect(),
        ranked: ranked.len(),
    }
}
