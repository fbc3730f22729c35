//! Volatility against return, sized by drawdown, with lines of equal Sharpe ratio.

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet, legend_height},
    labels::{self, Labelled},
    scale::{Scale, Unit, ends},
    words::{counted, decimal, percent},
};

const HIGH: f64 = 430.0;
/// The lines that are drawn, where the plot has a place for them.
const SHARPE_LINES: [f64; 4] = [0.25, 0.5, 1.0, 1.5];

/// What each earned, and how much it moved.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RiskReturn {
    /// What is said around it.
    pub caption: Caption,
    /// The factors; those without volatility or return are left out, and said.
    pub points: Vec<RiskReturnPoint>,
    /// The annual risk-free rate as a decimal, where lines of equal Sharpe ratio begin; without it none is drawn.
    pub risk_free: Option<f64>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RiskReturnPoint {
    /// Its ticker.
    pub name: String,
    /// What it stands for.
    pub label: String,
    /// What it belongs to.
    pub category: String,
    /// Annual volatility as a decimal.
    pub volatility: Option<f64>,
    /// Annual return as a decimal.
    pub annual_return: Option<f64>,
    /// The largest loss from a high, as a decimal, zero or less.
    pub max_drawdown: Option<f64>,
    /// Its Sharpe ratio, as computed.
    pub sharpe_ratio: Option<f64>,
}

/// One that can be drawn.
#[derive(Debug, Clone, Copy)]
struct Point<'a> {
    of: &'a RiskReturnPoint,
    volatility: f64,
    annual_return: f64,
}

impl Point<'_> {
    fn in_words(&self) -> String {
        let mut text = format!(
            "{} ({}): return {} a year, volatility {}",
            self.of.name,
            self.of.label,
            percent(self.annual_return, 1),
            percent(self.volatility, 1)
        );
        if let Some(drawdown) = self.of.max_drawdown {
            text.push_str(&format!(", largest drawdown {}", percent(drawdown, 1)));
        }
        if let Some(ratio) = self.of.sharpe_ratio {
            text.push_str(&format!(", Sharpe ratio {}", decimal(ratio, 2)));
        }
        text
    }

    /// The area of the circle goes by the drawdown.
    fn radius(&self) -> f64 {
        3.0 + 7.0 * self.of.max_drawdown.unwrap_or(0.0).abs().min(1.0).sqrt()
    }
}

impl RiskReturn {
    fn drawable(&self) -> Vec<Point<'_>> {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let point = |of: &'_ RiskReturnPoint| Some((finite(of.volatility)?, finite(of.annual_return)?));
        let all = self.points.iter().filter_map(|of| {
            let (volatility, annual_return) = point(of)?;
            Some(Point { of, volatility, annual_return })
        });
        all.collect()
    }

    pub(crate) fn finding(&self) -> String {
        let points = self.drawable();
        let by_return = |one: &&Point<'_>, two: &&Point<'_>| one.annual_return.total_cmp(&two.annual_return);
        let (Some(best), Some(worst)) = (points.iter().max_by(by_return), points.iter().min_by(by_return)) else {
            return "No factor has both a return and a volatility.".to_owned();
        };
        let mut text = format!("Highest return: {} {} a year", best.of.name, Unit::Percent.signed(best.annual_return));
        if points.len() > 1 {
            text.push_str(&format!("; lowest: {} {}", worst.of.name, Unit::Percent.signed(worst.annual_return)));
        }
        let rated = points.iter().filter_map(|point| Some((point, point.of.sharpe_ratio?)));
        if let Some((point, ratio)) = rated.max_by(|one, two| one.1.total_cmp(&two.1)) {
            text.push_str(&format!("; highest Sharpe ratio: {} {}", point.of.name, decimal(ratio, 2)));
        }
        text.push('.');
        text
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let points = self.drawable();
        let mut categories: Vec<&str> = points.iter().map(|point| point.of.category.as_str()).collect();
        categories.sort_unstable();
        categories.dedup();
        let names: Vec<(usize, &str)> = categories.iter().copied().enumerate().collect();
        let plot = |top: f64| Area::of(MARGIN + 44.0, top + legend_height(&names) + 10.0, INNER - 52.0, HIGH);
        // Which labels find a place does not depend on where the sheet's top is.
        let (x, y) = self.scales(&points, plot(0.0));
        let labelled = labelled(&points, &x, &y, plot(0.0));
        let left_out = labelled.iter().filter(|(_, area)| area.is_none()).count();
        let mut notes = vec!["Circles grow with the largest drawdown.".to_owned()];
        if self.risk_free.is_some() {
            notes[0].push_str(" Dashed lines: equal ratios of the return shown over the risk-free rate to volatility.");
        }
        if left_out > 0 {
            notes.push(format!("{left_out} of {} names are left out where they would lie on others.", points.len()));
        }
        let undrawn = self.points.len() - points.len();
        if undrawn > 0 {
            let which = counted(undrawn, "factor is", "factors are");
            notes.push(format!("{which} not drawn, for want of a return or a volatility."));
        }
        let body = legend_height(&names) + HIGH + 52.0;
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, body);
        let top = sheet.top;
        sheet.legend(&names, top);
        let area = plot(top);
        let (x, y) = self.scales(&points, area);
        draw_axes(&mut sheet, (&x, &y), area);
        if let Some(risk_free) = self.risk_free {
            draw_sharpe_lines(&mut sheet, (&x, &y), area, risk_free);
        }
        let ground = sheet.palette.ground;
        // The largest first, so that none hides a smaller one.
        let mut by_size: Vec<&Point<'_>> = points.iter().collect();
        by_size.sort_by(|one, two| two.radius().total_cmp(&one.radius()));
        for point in by_size {
            let series = categories.iter().position(|name| *name == point.of.category).unwrap_or_default();
            let colour = sheet.palette.of_series(series);
            let fill = colour.towards(ground, 0.45);
            let at = (x.place(point.volatility), y.place(point.annual_return));
            sheet.canvas.titled(
                || point.in_words(),
                |canvas| canvas.circle(at, point.radius(), Some(fill), Stroke::of(colour, 1.2)),
            );
        }
        let style = sheet.ink(LABEL);
        for (at, place) in &labelled {
            if let Some(place) = place {
                sheet.canvas.text((place.x, top + place.y + LABEL * 0.85), &points[*at].of.name, style);
            }
        }
        sheet.finish()
    }

    fn scales(&self, points: &[Point<'_>], area: Area) -> (Scale, Scale) {
        let (_, widest) = ends(points.iter().map(|point| point.volatility));
        let x = Scale::linear((0.0, widest.max(0.005) * 1.06), (area.x, area.right()));
        let (low, high) = ends(points.iter().map(|point| point.annual_return).chain([0.0]).chain(self.risk_free));
        let room = (high - low).max(0.01) * 0.07;
        (x, Scale::linear((low - room, high + room), (area.bottom(), area.y)))
    }
}

const LABEL: f64 = 10.0;

/// For each point (by its place) the area of its name: the outermost choose first, as nobody else says where they are.
fn labelled(points: &[Point<'_>], x: &Scale, y: &Scale, area: Area) -> Vec<(usize, Option<Area>)> {
    let middle = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let at = |point: &Point<'_>| (x.place(point.volatility), y.place(point.annual_return));
    let centre = (
        middle(points.iter().map(|point| at(point).0).collect()),
        middle(points.iter().map(|point| at(point).1).collect()),
    );
    let far = |point: &Point<'_>| {
        let (x, y) = at(point);
        (x - centre.0).powi(2) + (y - centre.1).powi(2)
    };
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|one, two| far(&points[*two]).total_cmp(&far(&points[*one])).then(one.cmp(two)));
    let wanted: Vec<Labelled> = order
        .iter()
        .map(|own| {
            let width = crate::font::width(&points[*own].of.name, LABEL, crate::font::Weight::Regular);
            Labelled { at: at(&points[*own]), radius: points[*own].radius(), width, height: LABEL * 1.05 }
        })
        .collect();
    order.into_iter().zip(labels::placed(&wanted, area)).collect()
}

fn draw_axes(sheet: &mut Sheet, (x, y): (&Scale, &Scale), area: Area) {
    let (grid, axis) = (Stroke::of(sheet.palette.grid, 1.0), Stroke::of(sheet.palette.axis, 1.0));
    for tick in y.ticks(6, Unit::Percent) {
        let at = y.place(tick.value);
        sheet.canvas.line((area.x, at), (area.right(), at), if tick.value == 0.0 { axis } else { grid });
        let style = sheet.muted(10.5).ending();
        sheet.canvas.text((area.x - 6.0, at + 4.0), &tick.text, style);
    }
    for tick in x.ticks(8, Unit::Percent) {
        let at = x.place(tick.value);
        sheet.canvas.line((at, area.y), (at, area.bottom()), grid);
        let style = sheet.muted(10.5).centred();
        sheet.canvas.text((at, area.bottom() + 15.0), &tick.text, style);
    }
    let style = sheet.muted(11.0);
    sheet.canvas.text((area.x + area.width / 2.0, area.bottom() + 34.0), "volatility a year", style.centred());
    sheet.canvas.text((MARGIN + 8.0, area.y + area.height / 2.0), "return a year", style.centred().upright());
}

fn draw_sharpe_lines(sheet: &mut Sheet, (x, y): (&Scale, &Scale), area: Area, risk_free: f64) {
    if !y.holds(risk_free) {
        return;
    }
    let stroke = Stroke::of(sheet.palette.axis, 0.9).dashed("4 4");
    let style = sheet.muted(9.5).ending();
    let from = (x.place(0.0), y.place(risk_free));
    for ratio in SHARPE_LINES {
        // Where the line leaves the plot: at the right, or above.
        let place = |volatility: f64| y.place(risk_free + ratio * volatility);
        let slope = place(1e-6) - place(0.0);
        let per_x = x.place(1e-6) - x.place(0.0);
        let (mut to_x, mut to_y) = (area.right(), from.1 + slope / per_x * (area.right() - from.0));
        if to_y < area.y {
            (to_x, to_y) = (from.0 + (area.y - from.1) * per_x / slope, area.y);
        }
        sheet.canvas.line(from, (to_x, to_y), stroke);
        sheet.canvas.text((to_x - 3.0, to_y + if to_y <= area.y { 11.0 } else { -3.0 }), &decimal(ratio, 2), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, volatility: f64, annual_return: f64) -> RiskReturnPoint {
        RiskReturnPoint {
            name: name.to_owned(),
            volatility: Some(volatility),
            annual_return: Some(annual_return),
            ..RiskReturnPoint::default()
        }
    }

    #[test]
    fn the_finding_names_the_ends() {
        let mut points = vec![point("A", 0.1, 0.05), point("B", 0.2, -0.02), point("C", 0.1, f64::NAN)];
        points[0].sharpe_ratio = Some(0.456);
        let picture = RiskReturn { points, ..RiskReturn::default() };
        assert_eq!(picture.finding(), "Highest return: A +5.0% a year; lowest: B −2.0%; highest Sharpe ratio: A 0.46.");
        assert_eq!(picture.drawable().len(), 2);
    }

    #[test]
    fn names_of_many_points_never_lie_on_each_other() {
        let points: Vec<RiskReturnPoint> = (0..97)
            .map(|at| point(&format!("T{at}"), 0.1 + f64::from(at % 10) * 0.002, 0.05 + f64::from(at / 10) * 0.002))
            .collect();
        let picture = RiskReturn { points, ..RiskReturn::default() };
        let points = picture.drawable();
        let area = Area::of(0.0, 0.0, 700.0, HIGH);
        let (x, y) = picture.scales(&points, area);
        let areas: Vec<Area> = labelled(&points, &x, &y, area).into_iter().filter_map(|(_, area)| area).collect();
        assert!(areas.len() > 20, "{}", areas.len());
        for (at, one) in areas.iter().enumerate() {
            assert!(areas[at + 1..].iter().all(|two| !one.meets(*two)));
        }
    }
}
