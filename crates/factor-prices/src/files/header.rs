//! Where a table's header is, and what it says of each column.
//!
//! Exports put lines before the header (Bloomberg, Portfolio Visualizer), the ticker in a line of its own (yfinance, xbbg) or
//! both into one header (`('Close', 'SPY')`).

use std::collections::HashSet;

use factor_types::Ticker;

use super::{
    currency,
    dates::DateCell,
    names::{Field, Name, may_name_tickers, plain},
    notes::excerpt,
    numbers::Cell,
    symbols::{ticker_of, ticker_of_label, ticker_of_title},
    vocabulary,
};

/// How many lines of a file are looked at for its header.
pub(super) const OPENING: usize = 40;

/// The longest of the tickers that are words as well, in letters.
const LONGEST_LIKE_A_WORD: usize = 5;

/// A table's header.
#[derive(Debug)]
pub(super) struct Header {
    /// What each column is.
    pub(super) names: Vec<Name>,
    /// Each column's header as written.
    pub(super) texts: Vec<String>,
    /// The ticker that the lines before the header name.
    pub(super) ticker: Option<Ticker>,
    /// Lines up to the first one of data.
    pub(super) lines: usize,
}

type Line = Vec<String>;

impl Header {
    /// Finds the header among the first lines of a file.
    ///
    /// # Errors
    /// When its lines can be meant twice.
    pub(super) fn find(opening: &[Line]) -> Result<Self, String> {
        let Some(at) = opening.iter().position(has_date_word) else { return Self::without_date(opening) };
        let (above, line) = (&opening[..at], &opening[at]);
        let lines = at + 1;
        if let ([.., fields_or_tickers], 1) = (above, filled(line)) {
            // yfinance and pandas: the last line holds the name of the index alone.
            let date = line.iter().position(|cell| !cell.trim().is_empty()).unwrap_or_default();
            if filled(fields_or_tickers) > 1 {
                let first = above.len().checked_sub(2).and_then(|at| above.get(at)).filter(|first| filled(first) > 1);
                let mut header = match first {
                    Some(first) => Self::of_levels(first, fields_or_tickers, date, lines)?,
                    None => Self::of_line(fields_or_tickers, lines)?,
                };
                header.name_date(date);
                return Ok(header);
            }
        }
        if let Some(tickers) = tickers_above(above, line) {
            let date = line.iter().position(|cell| matches!(Name::parse(cell), Name::Date | Name::PerhapsDate));
            let mut header = Self::of_levels(line, &tickers, date.unwrap_or_default(), lines)?;
            header.texts.clone_from(line);
            header.name_date(date.unwrap_or_default());
            return Ok(header);
        }
        let mut header = Self::of_line(line, lines)?;
        header.ticker = title(above);
        header.name_net_asset_values();
        Ok(header)
    }

    /// A header without a date's name: the first line, or the first two where pandas wrote levels over an unnamed index.
    fn without_date(opening: &[Line]) -> Result<Self, String> {
        let Some(first) = opening.first() else { return Self::of_line(&[], 0) };
        let begins_with_date = |line: &Line| line.first().is_some_and(|cell| is_written_date(cell));
        if let Some(second) = opening.get(1) {
            let unnamed = |line: &Line| line.first().is_some_and(|cell| cell.trim().is_empty());
            if unnamed(first) && unnamed(second) && filled(second) > 0 && opening.get(2).is_some_and(begins_with_date) {
                let mut header = Self::of_levels(first, second, 0, 2)?;
                header.name_date(0);
                return Ok(header);
            }
            // R leaves out the header of its row names.
            if second.len() == first.len() + 1 && begins_with_date(second) {
                let shifted: Line = std::iter::once(String::new()).chain(first.iter().cloned()).collect();
                return Self::of_line(&shifted, 1);
            }
        }
        Self::of_line(first, 1)
    }

    /// A header of one line, some of whose cells may hold two levels: `('Close', 'SPY')`.
    fn of_line(line: &[String], lines: usize) -> Result<Self, String> {
        if let Some(names) = vocabulary::names(line) {
            return Ok(Self { names, texts: line.to_vec(), ticker: None, lines });
        }
        let pairs: Vec<Option<(String, String)>> = line.iter().map(|cell| pair(cell)).collect();
        let mut names: Vec<Name> = line.iter().map(|cell| Name::parse(cell)).collect();
        if begins_with_data(line) {
            names[0] = Name::Date;
        }
        if pairs.iter().any(Option::is_some) {
            let level = |pick: fn(&(String, String)) -> &String| -> Line {
                let both = pairs.iter().map(|pair| pair.as_ref().filter(|(_, second)| !second.is_empty()));
                both.map(|pair| pair.map(pick).cloned().unwrap_or_default()).collect()
            };
            let of_pairs = levels(&level(|(first, _)| first), &level(|(_, second)| second), usize::MAX)?;
            for (name, (pair, of_pair)) in names.iter_mut().zip(pairs.iter().zip(of_pairs)) {
                if let Some((first, second)) = pair {
                    // pandas gives the date's column an empty second level.
                    *name = if second.is_empty() { Name::parse(first) } else { of_pair };
                }
            }
        }
        name_tickers_like_words(&mut names, line);
        Ok(Self { names, texts: line.to_vec(), ticker: None, lines })
    }

    fn of_levels(first: &Line, second: &Line, date: usize, lines: usize) -> Result<Self, String> {
        let names = levels(first, second, date)?;
        let width = names.len();
        let text = |at: usize| {
            let cell = |line: &Line| line.get(at).map(|cell| cell.trim().to_owned()).unwrap_or_default();
            format!("{} {}", cell(first), cell(second)).trim().to_owned()
        };
        Ok(Self { names, texts: (0..width).map(text).collect(), ticker: None, lines })
    }

    /// In the table of one fund `NAV` is its price where no other column is.
    fn name_net_asset_values(&mut self) {
        let is_nav = |text: &String| {
            let text = currency::in_brackets(text).map_or(text.as_str(), |(before, _)| before);
            matches!(plain(text).as_str(), "nav" | "netassetvalue" | "navpershare")
        };
        let Some(nav) = self.texts.iter().position(is_nav) else { return };
        let is_price =
            |(at, name): (usize, &Name)| at != nav && matches!(name, Name::Field(field, None) if field.is_price());
        let has_price = self.names.iter().enumerate().any(is_price);
        // Beside other tickers it may be one.
        let is_other =
            |(at, name): (usize, &Name)| at != nav && matches!(name, Name::Prices(_) | Name::Field(_, Some(_)));
        if self.ticker.is_none() && self.names.iter().enumerate().any(is_other) {
            return;
        }
        if let Some(name) = self.names.get_mut(nav) {
            *name = Name::Field(if has_price { Field::Other } else { Field::Close }, None);
        }
    }

    /// Looks at the first rows where a header may be a ticker or the word for a column of them.
    pub(super) fn see(&mut self, rows: &[Line]) {
        for (at, name) in self.names.iter_mut().enumerate() {
            let may_name = self.texts.get(at).is_some_and(|text| may_name_tickers(&plain(text)));
            if !may_name || !matches!(name, Name::Prices(_) | Name::Unknown) {
                continue;
            }
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| (cell, Cell::parse(cell.as_bytes())));
            let filled: Vec<_> = cells.filter(|(_, cell)| *cell != Cell::Missing).collect();
            if filled.is_empty() || !filled.iter().all(|(_, cell)| matches!(cell, Cell::Text(_))) {
                continue;
            }
            let are_tickers = filled.iter().all(|(text, _)| ticker_of(text).is_some());
            *name = if are_tickers { Name::PerhapsTickers } else { Name::Unknown };
        }
        self.name_net_asset_values();
    }

    fn name_date(&mut self, at: usize) {
        if let Some(name) = self.names.get_mut(at) {
            *name = Name::Date;
        }
        if let Some(text) = self.texts.get_mut(at) {
            "date".clone_into(text);
        }
    }
}

/// Beside at least as many tickers, in a table without a word for a price, `LOW`, `OPEN` or `SPLIT` in their capitals is a
/// ticker too. Beside one alone what a day's bar has is that ticker's, and so is a volume beside any.
fn name_tickers_like_words(names: &mut [Name], line: &[String]) {
    let is_alone = |name: &Name| match name {
        Name::Tickers | Name::PerhapsTickers | Name::Value | Name::Field(_, Some(_)) => false,
        Name::Field(field, None) => !field.is_price(),
        _ => true,
    };
    if !names.iter().all(is_alone) {
        return;
    }
    let as_ticker = |(name, text): (&Name, &String)| {
        let in_capitals = text.len() <= LONGEST_LIKE_A_WORD && text.bytes().all(|b| b.is_ascii_uppercase());
        let is_word = *name == Name::Field(Field::Other, None) && in_capitals && text != "VOL";
        ticker_of(text).filter(|_| is_word)
    };
    let like_words: Vec<Option<Ticker>> = names.iter().zip(line).map(as_ticker).collect();
    let tickers: HashSet<&Ticker> = names
        .iter()
        .filter_map(|name| match name {
            Name::Prices(ticker) => Some(ticker),
            _ => None,
        })
        .collect();
    let of_bar = |ticker: &Ticker| ["OPEN", "HIGH", "LOW", "BID", "ASK"].contains(&ticker.as_str());
    let fewest = 1 + usize::from(like_words.iter().flatten().any(of_bar));
    if tickers.len() < fewest.max(like_words.iter().flatten().count()) {
        return;
    }
    for (name, ticker) in names.iter_mut().zip(like_words) {
        if let Some(ticker) = ticker {
            *name = Name::Prices(ticker);
        }
    }
}

fn filled(line: &Line) -> usize {
    line.iter().filter(|cell| !cell.trim().is_empty()).count()
}

fn is_written_date(cell: &str) -> bool {
    !matches!(DateCell::parse(cell.as_bytes()), DateCell::Unreadable | DateCell::Count(_))
}

/// True for a line that names a date's column and has no date itself: `Date, 2024-01-02` says when a file was made.
fn has_date_word(line: &Line) -> bool {
    let is_date = |(at, cell): (usize, &String)| match Name::parse(cell) {
        Name::Date => true,
        Name::PerhapsDate => at == 0,
        _ => pair(cell).is_some_and(|(first, _)| Name::parse(&first) == Name::Date),
    };
    (line.iter().enumerate().any(is_date) || begins_with_data(line) || vocabulary::names(line).is_some())
        && !line.iter().any(|cell| is_written_date(cell))
}

/// `Data`, Italian and Portuguese for a date, is one before other columns without a date: it may be a ticker as well.
fn begins_with_data(line: &[String]) -> bool {
    let has_other = || line.iter().any(|cell| Name::parse(cell) == Name::Date);
    line.len() > 1 && line.first().is_some_and(|cell| plain(cell) == "data") && !has_other()
}

/// The two levels in a header that pandas flattened: `('Close', 'SPY')`.
fn pair(header: &str) -> Option<(String, String)> {
    let inside = header.trim().strip_prefix('(')?.strip_suffix(')')?;
    let (first, second) = inside.split_once(',')?;
    let level = |text: &str| {
        let text = text.trim();
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        Some(text.strip_prefix(quote)?.strip_suffix(quote)?.to_owned())
    };
    Some((level(first)?, level(second)?))
}

/// The names of columns whose field and ticker stand in two lines.
///
/// # Errors
/// When both lines could be either.
fn levels(first: &Line, second: &Line, date: usize) -> Result<Vec<Name>, String> {
    let fields_first = match (is_fields(first, date), is_fields(second, date)) {
        (Some(first), Some(second)) if first != second => first,
        (Some(true), Some(true)) => fields_come_first(first, second, date)?,
        _ => return Err(level_error(first, second)),
    };
    let (fields, tickers) = if fields_first { (first, second) } else { (second, first) };
    let name = |at: usize| {
        let cell = |line: &Line| line.get(at).map(|cell| cell.trim().to_owned()).unwrap_or_default();
        match (Field::parse(&cell(fields)), ticker_of(&cell(tickers))) {
            (Some(field), Some(ticker)) => Name::Field(field, Some(ticker)),
            _ if cell(fields).is_empty() && cell(tickers).is_empty() => Name::Nothing,
            (Some(field), None) if cell(tickers).is_empty() => Name::Field(field, None),
            _ => Name::Unknown,
        }
    };
    Ok((0..first.len().max(second.len())).map(name).collect())
}

/// True for a line of fields, false for one of tickers: by its label, else by whether all of its words are fields'.
fn is_fields(line: &Line, date: usize) -> Option<bool> {
    let label = line.get(date).map(|cell| cell.trim().to_ascii_lowercase()).unwrap_or_default();
    match label.as_str() {
        "ticker" | "tickers" | "symbol" | "symbols" | "security" => return Some(false),
        "price" | "field" | "fields" | "attributes" => return Some(true),
        _ => {}
    }
    let mut words = words(line, date).peekable();
    words.peek()?;
    Some(words.all(|word| Field::parse(word).is_some()))
}

fn words(line: &Line, date: usize) -> impl Iterator<Item = &str> {
    let all = line.iter().enumerate().filter(move |(at, _)| *at != date);
    all.map(|(_, cell)| cell.trim()).filter(|cell| !cell.is_empty())
}

/// Where the ticker is itself a field's word (LOW), the fields are the line with more different words, or the one with a
/// price.
fn fields_come_first(first: &Line, second: &Line, date: usize) -> Result<bool, String> {
    let different = |line: &Line| words(line, date).map(str::to_ascii_lowercase).collect::<HashSet<_>>().len();
    let has_price = |line: &Line| words(line, date).any(|word| Field::parse(word).is_some_and(Field::is_price));
    match different(first).cmp(&different(second)) {
        std::cmp::Ordering::Greater => Ok(true),
        std::cmp::Ordering::Less => Ok(false),
        std::cmp::Ordering::Equal if has_price(first) != has_price(second) => Ok(has_price(first)),
        std::cmp::Ordering::Equal => Err(level_error(first, second)),
    }
}

fn level_error(first: &Line, second: &Line) -> String {
    let shown = |line: &Line| {
        let cells: Vec<String> = words(line, usize::MAX).take(4).map(|cell| format!("`{}`", excerpt(cell))).collect();
        cells.join(", ")
    };
    format!(
        "two lines of headers ({} over {}), and which one names the tickers cannot be told: write one line, such as \
         date,SPY,TLT",
        shown(first),
        shown(second)
    )
}

/// The line before a header of fields that names their tickers, each up to the next one.
fn tickers_above(above: &[Line], fields: &Line) -> Option<Line> {
    let date = fields.iter().position(|cell| matches!(Name::parse(cell), Name::Date | Name::PerhapsDate))?;
    if !words(fields, date).all(|word| Field::parse(word).is_some()) {
        return None;
    }
    let names_tickers = |line: &&Line| {
        let label = line.get(date).map(|cell| cell.trim().to_ascii_lowercase()).unwrap_or_default();
        let is_label =
            matches!(label.as_str(), "" | "ticker" | "tickers" | "symbol" | "symbols" | "security" | "securities");
        let mut words = words(line, date).peekable();
        is_label && words.peek().is_some() && words.all(|word| ticker_of(word).is_some())
    };
    let line = above.iter().rev().find(names_tickers)?;
    let mut latest = String::new();
    let spread = |at: usize| {
        if at == date {
            return String::new();
        }
        if let Some(cell) = line.get(at).filter(|cell| !cell.trim().is_empty()) {
            cell.clone_into(&mut latest);
        }
        latest.clone()
    };
    Some((0..fields.len()).map(spread).collect())
}

/// The ticker that the lines before the header name, if they name one.
fn title(above: &[Line]) -> Option<Ticker> {
    if let Some(ticker) = above.iter().find_map(|line| ticker_of_label(line)) {
        return Some(ticker);
    }
    let mut named = above.iter().flatten().filter_map(|cell| ticker_of_title(cell));
    let first = named.next()?;
    named.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests;
