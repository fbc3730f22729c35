//! What the series of a file are in.

use super::Table;
use crate::files::{content::ColumnKind, currency, layout::TableShape, notes::excerpt};

impl Table<'_> {
    /// Decides what each series is in: by its signs, its header and the column of currencies, which must agree.
    pub(super) fn settle_currencies(&mut self) -> Result<(), String> {
        let of_ticker = match self.layout.shape {
            TableShape::Long { columns, .. } => columns.columns().iter().flatten().count().max(1),
            TableShape::Fixed(_) => usize::MAX,
        };
        for (at, series) in self.series.iter_mut().enumerate() {
            let may_be_percent = matches!(series.kind, ColumnKind::Yield(_) | ColumnKind::SecYield(_));
            let header = self.headers.get(series.column).map_or("", |header| header.trim());
            let column = || format!("column {} `{}`", series.column + 1, excerpt(header));
            let signed =
                series.signs.settle(self.unit, may_be_percent).map_err(|rule| format!("{} {rule}", column()))?;
            let signed = signed.map(currency::of_sign);
            // A rate is in dollars, whatever the other series are in.
            let is_rate = matches!(&series.kind, ColumnKind::Price(ticker, _) if ticker.is_currency());
            let stated = self.currencies.of(at / of_ticker).filter(|_| !is_rate).map(str::to_owned);
            let mut said = [stated, currency::in_brackets(header).map(|(_, code)| code), signed].into_iter().flatten();
            let first = said.next();
            // The sign of pounds stands by pence too.
            let agrees =
                |other: &String| Some(other) == first.as_ref() || first.as_deref() == Some("GBX") && other == "GBP";
            if let Some((other, first)) = said.find(|other| !agrees(other)).zip(first.as_ref()) {
                return Err(format!("{} is in {first} and in {other}: say one currency", column()));
            }
            // Dollars go without saying, but where the ticker says otherwise.
            let abroad = matches!(&series.kind, ColumnKind::Price(ticker, _) if currency::of_suffix(ticker).is_some());
            series.currency = first.filter(|currency| abroad || currency != currency::DOLLAR);
        }
        Ok(())
    }
}
