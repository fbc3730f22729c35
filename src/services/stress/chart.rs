//! The picture of a stress test: what each holding contributes to episodes, to a shock and to the most plausible loss.

use factor_pictures::{Episode, Estimate, Picture, Stress};
use indexmap::IndexSet;

use super::Stressed;
use crate::charts;

/// Contributions by holding.
type Contributions<'a> = Vec<(&'a str, Option<f64>)>;

impl Stressed {
    pub(super) fn losses_picture(&self) -> Result<Picture, String> {
        let mut all: Vec<(Episode, Contributions<'_>)> = Vec::new();
        for one in self.worst_first() {
            let episode = &one.episode;
            let interval =
                episode.total_return.zip(episode.half_width).map(|(total, half)| [total - half, total + half]);
            let drawn = Episode {
                name: charts::in_words(&episode.scenario),
                says: format!("{} to {}", episode.from, episode.to),
                total: Estimate { value: episode.total_return, interval },
                contributions: Vec::new(),
            };
            let held = episode.holdings.iter().map(|held| (held.holding.as_str(), held.contribution));
            all.push((drawn, held.collect()));
        }
        let each = self.context.common().frequency.periods();
        let over = match self.request.horizon {
            1 => format!("in one of the {each}"),
            many => format!("in {many} {each}"),
        };
        if let Some(shock) = &self.shock {
            let drawn = Episode {
                name: "Shock".to_owned(),
                says: format!("expected, {over}"),
                total: Estimate { value: Some(shock.response.response), interval: Some(shock.response.interval) },
                contributions: Vec::new(),
            };
            let held = shock.holdings.iter().map(|held| (held.holding.as_str(), held.contribution));
            all.push((drawn, held.collect()));
        }
        if let Some(reverse) = &self.reverse {
            let drawn = Episode {
                name: "Most plausible loss".to_owned(),
                says: over,
                total: Estimate { value: Some(-reverse.found.loss), interval: None },
                contributions: Vec::new(),
            };
            let held = reverse.found.moves.iter().map(|held| (held.holding.as_str(), Some(held.contribution)));
            all.push((drawn, held.collect()));
        }
        if all.is_empty() {
            return Err("no scenario could be tested".to_owned());
        }
        let holdings: IndexSet<&str> = all.iter().flat_map(|(_, held)| held.iter().map(|(name, _)| *name)).collect();
        let contribution = |held: &Contributions<'_>, name: &str| {
            held.iter().find(|(own, _)| *own == name).and_then(|(_, value)| *value)
        };
        let episodes = all
            .iter()
            .map(|(drawn, held)| Episode {
                contributions: holdings.iter().map(|name| contribution(held, name)).collect(),
                ..drawn.clone()
            })
            .collect();
        let mut caption =
            charts::caption(&self.context.analysis, format!("What {} loses, and by what", self.subject.name()));
        caption.units = "return of the whole, and what each holding contributes to it".to_owned();
        let untested = self.episodes.iter().filter(|one| one.episode.total_return.is_none()).count();
        if untested > 0 {
            caption.notes.push(format!("{untested} of {} scenarios are not testable.", self.episodes.len()));
        }
        if self.episodes.iter().any(|one| one.episode.half_width.is_some()) || self.shock.is_some() {
            caption.notes.push("Lines are 90% intervals.".to_owned());
        }
        let holdings = holdings.into_iter().map(str::to_owned).collect();
        Ok(Picture::Stress(Stress { caption, holdings, episodes }))
    }
}
