//! The rows of an answer before they become text, so that the same data faults work for every vendor.

use std::fmt;

use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::{
    fault::{BadPrice, Fault, WrongType},
    market::{DailyClose, ParYields},
};

/// One row of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Line<T> {
    pub(crate) date: NaiveDate,
    pub(crate) data: T,
    odd: Option<Odd>,
}

/// What is wrong with a row.
#[derive(Debug, Clone)]
pub(crate) enum Odd {
    /// Stands where the price should be.
    Price(Value),
    /// The date has another type than the vendor's.
    Date,
    /// The price has no field at all.
    NoPrice,
}

/// A number, or what stands in its place; written as JSON.
pub(crate) enum Shown<'a> {
    Number(f64),
    Odd(&'a Value),
}

/// What has a price that can be another one.
pub(crate) trait Scaled {
    fn scaled(&self, factor: f64) -> Self;

    /// A row without a price cannot show that its price is wrong.
    fn has_price(&self) -> bool {
        true
    }
}

impl<T: Clone + Scaled> Line<T> {
    pub(crate) fn new(date: NaiveDate, data: T) -> Self {
        Self { date, data, odd: None }
    }

    /// The price to write: `number`, unless a fault put something else there.
    pub(crate) fn price(&self, number: f64) -> Shown<'_> {
        match &self.odd {
            Some(Odd::Price(value)) => Shown::Odd(value),
            _ => Shown::Number(number),
        }
    }

    pub(crate) fn has_wrong_date(&self) -> bool {
        matches!(self.odd, Some(Odd::Date))
    }

    pub(crate) fn lacks_price(&self) -> bool {
        matches!(self.odd, Some(Odd::NoPrice))
    }

    /// Spoils the rows as the fault says; one row in the middle where one is enough.
    pub(crate) fn spoil(lines: &mut Vec<Self>, fault: &Fault) {
        let half = lines.len() / 2;
        let middle = lines.iter().skip(half).position(|line| line.data.has_price()).map_or(half, |after| half + after);
        let Some(newest) = lines.iter().max_by_key(|line| line.date).cloned() else { return };
        match fault {
            Fault::Unsorted => {
                lines.rotate_left(half);
                for pair in lines.chunks_exact_mut(2).step_by(3) {
                    pair.swap(0, 1);
                }
            }
            Fault::DuplicateDates => lines.insert(middle, lines[middle].clone()),
            Fault::ConflictingDates => {
                let line = &lines[middle];
                let other = Self::new(line.date, line.data.scaled(1.01));
                lines.insert(middle, other);
            }
            Fault::FutureDates => {
                // Later than any clock a client under test may have.
                let date = newest.date.max(Utc::now().date_naive()).checked_add_days(Days::new(10)).unwrap_or_default();
                let ascending = lines.first().is_some_and(|line| line.date < newest.date);
                lines.insert(if ascending { lines.len() } else { 0 }, Self { date, ..newest });
            }
            Fault::Newest(rows) => {
                let ascending = lines.first().is_some_and(|line| line.date < newest.date);
                let cut = lines.len().saturating_sub(*rows);
                drop(if ascending { lines.drain(..cut) } else { lines.drain(lines.len() - cut..) });
            }
            Fault::WrongTypes(wrong) => lines[middle].odd = Some(odd_type(*wrong)),
            Fault::BadPrices(bad) => lines[middle].odd = Some(Odd::Price(bad_price(*bad))),
            _ => {}
        }
    }
}

impl Scaled for DailyClose {
    fn scaled(&self, factor: f64) -> Self {
        Self { close: self.close * factor, adj_close: self.adj_close * factor, ..*self }
    }
}

impl Scaled for ParYields {
    fn scaled(&self, factor: f64) -> Self {
        Self(self.0.map(|rate| rate.map(|rate| rate * factor)))
    }

    fn has_price(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Odd(value) => value.fmt(f),
        }
    }
}

impl Shown<'_> {
    /// As JSON.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Odd(value) => (*value).clone(),
        }
    }

    /// As a CSV cell: text without its quotes, null as nothing.
    pub(crate) fn cell(&self) -> String {
        match self {
            Self::Number(number) => format!("{number:.2}"),
            Self::Odd(Value::Null) => String::new(),
            Self::Odd(Value::String(text)) => text.clone(),
            Self::Odd(value) => value.to_string().replace(',', ";").replace('"', ""),
        }
    }
}

fn odd_type(wrong: WrongType) -> Odd {
    match wrong {
        WrongType::PriceText => Odd::Price(json!("one hundred")),
        WrongType::PriceObject => Odd::Price(json!({"raw": 100.0, "fmt": "100.00"})),
        WrongType::PriceNull => Odd::Price(Value::Null),
        WrongType::PriceMissing => Odd::NoPrice,
        WrongType::DateType => Odd::Date,
    }
}

fn bad_price(bad: BadPrice) -> Value {
    match bad {
        BadPrice::NanText => json!("NaN"),
        BadPrice::Zero => json!(0.0),
        BadPrice::Negative => json!(-12.5),
        BadPrice::Enormous => json!(1e300),
    }
}
