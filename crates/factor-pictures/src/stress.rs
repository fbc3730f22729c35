//! Losses by holding, episodes side by side on one scale.

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet},
    dots::Estimate,
    scale::{Scale, Unit, ends},
    words::counted,
};

/// Episodes and holdings over this are left out, and said.
const MOST_EPISODES: usize = 6;
const MOST_HOLDINGS: usize = 24;
const ROW: f64 = 19.0;

/// What a portfolio loses in episodes or scenarios, and by what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stress {
    /// What is said around it.
    pub caption: Caption,
    /// The holdings, in the order of the contributions.
    pub holdings: Vec<String>,
    /// The episodes, from the left.
    pub episodes: Vec<Episode>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Episode {
    /// Its name.
    pub name: String,
    /// Its dates, or what is assumed.
    pub says: String,
    /// What the whole portfolio earns, as a decimal, with its interval where it is an estimate.
    pub total: Estimate,
    /// What each holding contributes, as a decimal; `None` where it cannot be told.
    pub contributions: Vec<Option<f64>>,
}

impl Episode {
    fn contribution(&self, holding: usize) -> Option<f64> {
        self.contributions.get(holding).copied().flatten().filter(|value| value.is_finite())
    }
}

impl Stress {
    fn shown(&self) -> &[Episode] {
        &self.episodes[..self.episodes.len().min(MOST_EPISODES)]
    }

    pub(crate) fn finding(&self) -> String {
        let total = |episode: &&Episode| episode.total.value.filter(|value| value.is_finite());
        let known = self.episodes.iter().filter(|episode| total(episode).is_some());
        let Some(worst) = known.min_by(|one, two| total(one).unwrap_or(0.0).total_cmp(&total(two).unwrap_or(0.0)))
        else {
            return "No episode has a result.".to_owned();
        };
        let mut text = format!("Worst: {}, {}", worst.name, worst.total.in_words(Unit::Percent));
        let parts = (0..self.holdings.len()).filter_map(|at| Some((at, worst.contribution(at)?)));
        let (low, high) = (
            parts.clone().min_by(|one, two| one.1.total_cmp(&two.1)),
            parts.max_by(|one, two| one.1.total_cmp(&two.1)),
        );
        if let Some((at, value)) = low {
            text.push_str(&format!("; most by {} ({})", self.holdings[at], Unit::Percent.signed(value)));
        }
        if let Some((at, value)) = high.filter(|(_, value)| *value > 0.0) {
            text.push_str(&format!(", against it {} ({})", self.holdings[at], Unit::Percent.signed(value)));
        }
        text.push('.');
        text
    }

    /// The holdings that are drawn: those that contribute most in any episode, in their order.
    fn drawn_holdings(&self) -> Vec<usize> {
        let size = |holding: usize| {
            self.shown().iter().filter_map(|episode| episode.contribution(holding)).map(f64::abs).fold(0.0, f64::max)
        };
        let mut order: Vec<usize> = (0..self.holdings.len()).collect();
        order.sort_by(|one, two| size(*two).total_cmp(&size(*one)).then(one.cmp(two)));
        order.truncate(MOST_HOLDINGS);
        order.sort_unstable();
        order
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let episodes = self.shown();
        let holdings = self.drawn_holdings();
        let mut notes = Vec::new();
        if holdings.len() < self.holdings.len() {
            let count = counted(self.holdings.len() - holdings.len(), "holding that moves", "holdings that move");
            notes.push(format!("{count} it least are not drawn."));
        }
        if episodes.len() < self.episodes.len() {
            notes.push(format!(
                "{} more episodes are in the figures and not drawn.",
                self.episodes.len() - episodes.len()
            ));
        }
        let body = 40.0 + ROW + 10.0 + holdings.len() as f64 * ROW + 8.0;
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, body);
        let names = 130.0;
        let gap = 12.0;
        let wide = (INNER - names - gap * episodes.len() as f64) / episodes.len().max(1) as f64;
        let totals = episodes
            .iter()
            .flat_map(|episode| episode.total.value.into_iter().chain(episode.total.interval.into_iter().flatten()));
        let parts = episodes.iter().flat_map(|episode| holdings.iter().filter_map(|at| episode.contribution(*at)));
        let ends = ends(totals.chain(parts).chain([0.0]));
        let rows = sheet.top + 40.0;
        let name = sheet.ink(11.0);
        sheet.canvas.text((MARGIN, rows + ROW / 2.0 + 4.0), "The whole", name.bold());
        for (at, holding) in holdings.iter().enumerate() {
            let y = rows + ROW + 10.0 + (at as f64 + 0.5) * ROW;
            sheet.canvas.text((MARGIN, y + 4.0), &name.fitted(&self.holdings[*holding], names - 6.0), name);
        }
        let stroke = Stroke::of(sheet.palette.grid, 1.0);
        sheet.canvas.line((MARGIN, rows + ROW + 5.0), (MARGIN + INNER, rows + ROW + 5.0), stroke);
        for (at, episode) in episodes.iter().enumerate() {
            let x = MARGIN + names + gap + at as f64 * (wide + gap);
            let area = Area::of(x, sheet.top, wide, body);
            self.draw_episode(&mut sheet, episode, &holdings, area, ends);
        }
        sheet.finish()
    }

    fn draw_episode(&self, sheet: &mut Sheet, episode: &Episode, holdings: &[usize], area: Area, ends: (f64, f64)) {
        let title = sheet.ink(11.5).bold();
        sheet.canvas.text((area.x, area.y + 12.0), &title.fitted(&episode.name, area.width), title);
        let says = sheet.muted(9.5);
        sheet.canvas.text((area.x, area.y + 26.0), &says.fitted(&episode.says, area.width), says);
        let figure = sheet.ink(9.5);
        // Figures stand beyond the ends of their bars, on either side.
        let room = figure.width("−88.8%") + 4.0;
        let left = if ends.0 < 0.0 { room } else { 0.0 };
        let right = if ends.1 > 0.0 { room } else { 0.0 };
        let scale = Scale::linear(ends, (area.x + left, (area.right() - right).max(area.x + left + 8.0)));
        let rows = area.y + 40.0;
        let zero = scale.place(0.0);
        let total = episode.total.value.filter(|value| value.is_finite());
        let all = [(total, "The whole", rows)].into_iter().chain(holdings.iter().enumerate().map(|(at, holding)| {
            let y = rows + ROW + 10.0 + at as f64 * ROW;
            (episode.contribution(*holding), self.holdings[*holding].as_str(), y)
        }));
        for (at, (value, name, y)) in all.enumerate() {
            let base = y + ROW / 2.0 + 3.5;
            let Some(value) = value else {
                sheet.canvas.text((zero + 4.0, base), "–", sheet.muted(9.5));
                continue;
            };
            let colour = sheet.palette.of_series(if value < 0.0 { 1 } else { 0 });
            let colour = if at == 0 { colour } else { colour.towards(sheet.palette.ground, 0.25) };
            let bar = Area::between((zero, scale.place(value)), (y + 3.0, y + ROW - 3.0));
            sheet.canvas.titled(
                || format!("{name} in {}: {}", episode.name, Unit::Percent.signed(value)),
                |canvas| canvas.rect(bar, colour),
            );
            let (mut before, mut after) = (bar.x, bar.right());
            if let (0, Some([low, high])) = (at, episode.total.interval) {
                let middle = y + ROW / 2.0;
                sheet.canvas.line(
                    (scale.place(low), middle),
                    (scale.place(high), middle),
                    Stroke::of(sheet.palette.ink, 1.6),
                );
                (before, after) = (before.min(scale.place(low)), after.max(scale.place(high)));
            }
            let style = if at == 0 { figure.bold() } else { figure };
            let text = Unit::Percent.plain(value);
            if value < 0.0 {
                sheet.canvas.text((before - 3.0, base), &text, style.ending());
            } else {
                sheet.canvas.text((after + 3.0, base), &text, style);
            }
        }
        sheet.canvas.line((zero, rows), (zero, area.bottom() - 4.0), Stroke::of(sheet.palette.axis, 1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finding_is_the_worst_episode_and_what_made_it() {
        let episode = |name: &str, total: f64, parts: &[f64]| Episode {
            name: name.to_owned(),
            total: (total, None).into(),
            contributions: parts.iter().map(|part| Some(*part)).collect(),
            ..Episode::default()
        };
        let picture = Stress {
            holdings: vec!["SPY".to_owned(), "TLT".to_owned()],
            episodes: vec![episode("covid", -0.12, &[-0.17, 0.05]), episode("rates 2022", -0.2, &[-0.11, -0.09])],
            ..Stress::default()
        };
        assert_eq!(picture.finding(), "Worst: rates 2022, −20.0%; most by SPY (−11.0%).");
        assert_eq!(Stress::default().finding(), "No episode has a result.");
    }
}
