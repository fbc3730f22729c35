//! Prices in the form that the vendor documents, read without building a tree of them.
//!
//! A history has thousands of rows of a dozen fields, of which three count: a tree of it costs more than everything
//! else that is done with an answer. What is not of this form in every row (a number written as text, a row that is
//! none, an error message) is left to the tolerant reader, which decides about each row.

use std::fmt;

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::upstream::UpstreamResponse;

/// What counts of a row. `None` is absent or null.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct PlainRow<'a> {
    pub(super) symbol: Option<&'a str>,
    pub(super) date: Option<&'a str>,
    pub(super) price: Option<f64>,
    pub(super) volume: Option<f64>,
}

/// The rows of an answer with the price from `field`; `None` when it is not of the plain form throughout.
pub(super) fn rows<'a>(reply: &'a UpstreamResponse, field: &str) -> Option<Vec<PlainRow<'a>>> {
    let mut json = serde_json::Deserializer::from_str(reply.data().ok()?);
    let rows = Rows(field).deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(rows)
}

/// A list of rows, by the name of their price.
#[derive(Clone, Copy)]
struct Rows<'f>(&'f str);

/// A row, by the name of its price.
#[derive(Clone, Copy)]
struct Row<'f>(&'f str);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = Vec<PlainRow<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Vec<PlainRow<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element_seed(Row(self.0))? {
            rows.push(row);
        }
        Ok(rows)
    }
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = PlainRow<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = PlainRow<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of named fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut row = PlainRow::default();
        while let Some(Name(name)) = fields.next_key()? {
            match name {
                "symbol" => row.symbol = fields.next_value()?,
                "date" => row.date = fields.next_value()?,
                "volume" => row.volume = fields.next_value()?,
                name if name == self.0 => row.price = fields.next_value()?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(row)
    }
}

/// A field's name, without escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] &'a str);

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};
    use proptest::prelude::*;

    use super::{super::prices, *};
    use crate::{
        upstream::ResponseError,
        vendors::{VendorDates, tests::day},
    };

    #[test]
    fn rows_of_other_forms_are_left_to_the_tolerant_reader() {
        for body in [
            r#"[["SPY","2025-01-02",1.5]]"#,
            r#"[{"date":"2025-01-02","adjClose":"1.5"}]"#,
            r#"[{"date":20250102,"adjClose":1.5}]"#,
            r#"[{"date":"2025-01-02","adjClose":1.5},7]"#,
            r#"[{"date":"2025-01-02","adjClose":1.5}"#,
            r#"[{"date":"2025-01-02","adjClose":1.5}] and more"#,
            r#"{"Error Message":"Limit Reach"}"#,
            "",
        ] {
            assert_eq!(rows(&UpstreamResponse::of(body), "adjClose"), None, "{body}");
        }
        assert_eq!(rows(&UpstreamResponse::of("[]"), "adjClose"), Some(vec![]));
        assert_eq!(rows(&UpstreamResponse::of("[{}]"), "adjClose"), Some(vec![PlainRow::default()]));
    }

    fn row((at, price, kind): &(u64, f64, u8)) -> String {
        let date = day("2024-12-31") + Days::new(*at);
        match kind {
            0 => format!(r#"{{"date":"{date}","adjClose":null,"volume":7}}"#),
            1 => format!(r#"{{"symbol":"MSFT","date":"{date}","adjClose":{price}}}"#),
            2 => format!(r#"{{"symbol":null,"date":"{date}T00:00:00.000Z","more":[{{"date":1}}],"adjClose":{price}}}"#),
            3 => format!(r#"{{"adjClose":{price},"symbol":"SPY"}}"#),
            4 => format!(r#"{{"adjClose":5,"date":"{date}","adjClose":{price}}}"#),
            _ => format!(r#"{{"symbol":"spy","date":"{date}","close":3,"adjClose":{price}}}"#),
        }
    }

    /// Whether a body is plain, and what is read of it.
    fn read(body: &str) -> (bool, Result<Vec<(NaiveDate, u64)>, ResponseError>) {
        let reply = UpstreamResponse::of(body);
        let read = prices(&reply, "SPY", "adjClose", &VendorDates::fixed(day("2025-12-31")));
        let bits = |(date, price): (NaiveDate, f64)| (date, price.to_bits());
        (rows(&reply, "adjClose").is_some(), read.map(|read| read.rows.into_iter().map(bits).collect()))
    }

    proptest! {
        /// A number written as text sends the same rows through the tolerant reader.
        #[test]
        fn the_plain_and_the_tolerant_reader_agree(
            plain in prop::collection::vec((0..400u64, -1.0f64..1e3, 0..12u8).prop_map(|of| row(&of)), 1..40),
        ) {
            let last = |price: &str| format!(r#"{{"symbol":"SPY","date":"2025-01-01","adjClose":{price}}}"#);
            let (is_plain, tolerantly) = read(&format!("[{},{}]", plain.join(","), last("\"1.5\"")));
            prop_assert!(!is_plain);
            prop_assert_eq!(read(&format!("[{},{}]", plain.join(","), last("1.5"))), (true, tolerantly));
        }
    }
}
