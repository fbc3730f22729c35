//! The ratios of splits and units.

use super::jumps::FindingKind;

/// What splits multiply a price by, or divide it.
const RATIOS: [f64; 19] =
    [1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0];

/// Those that a move of the fund's own is near as easily: 5:4, 4:3, 7:5, 5:3, 9:4. They take a move that stands alone.
const FINE: [f64; 5] = [5.0 / 4.0, 4.0 / 3.0, 7.0 / 5.0, 5.0 / 3.0, 9.0 / 4.0];

/// How near to one of these.
const FINE_TOLERANCE: f64 = 0.02;

/// Pounds and pence, dollars and cents.
const UNIT: f64 = 100.0;

/// How near to a ratio a move has to be: what the fund itself may have moved on the day.
pub(super) fn tolerance(sd: f64) -> f64 {
    (3.0 * sd).clamp(0.01, 0.06)
}

/// The kind of a move whose size is near a ratio's; near a fine one only where that is asked for.
pub(super) fn near_a_ratio(size: f64, tolerance: f64, fine: bool) -> Option<FindingKind> {
    let near = |ratio: f64, tolerance: f64| (size - ratio.ln()).abs() <= tolerance;
    if near(UNIT, tolerance) {
        return Some(FindingKind::UnitJump);
    }
    let is_fine = || fine && FINE.into_iter().any(|ratio| near(ratio, tolerance.min(FINE_TOLERANCE)));
    (RATIOS.into_iter().any(|ratio| near(ratio, tolerance)) || is_fine()).then_some(FindingKind::SplitLike)
}
