//! Figures as they are written: a real minus, thousands apart, no minus before what is rounded to zero.

/// A number with so many decimals.
pub(crate) fn decimal(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.places$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut written = String::new();
    if value < 0.0 && text.chars().any(|letter| ('1'..='9').contains(&letter)) {
        written.push('−');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && whole.len() > 3 {
            written.push(',');
        }
        written.push(digit);
    }
    if let Some(rest) = rest {
        written.push('.');
        written.push_str(rest);
    }
    written
}

/// A decimal as a percentage with so many decimals.
pub(crate) fn percent(value: f64, places: usize) -> String {
    if value.is_finite() { format!("{}%", decimal(value * 100.0, places)) } else { "–".to_owned() }
}

/// A count with its noun.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_do() {
        assert_eq!(decimal(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(decimal(999.6, 0), "1,000");
        assert_eq!(decimal(-0.001, 2), "0.00");
        assert_eq!(percent(f64::NAN, 1), "–");
        assert_eq!(percent(0.1234, 1), "12.3%");
    }
}
