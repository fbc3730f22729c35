//! HTML, written piece by piece. What people wrote gets in by one way, which escapes it; tags and classes are words of our own.

use base64::{Engine, engine::general_purpose::STANDARD};
use factor_pictures::FONT;

use crate::answer::markdown;

/// No file of ours asks anybody for anything, whatever stands in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; font-src data:";
/// A table of more rows may break over two pages.
const ROWS_ON_A_PAGE: usize = 10;
const STYLE: &str = include_str!("style.css");

/// A page that is being written.
pub(super) struct Html(String);

/// A table: the first `words` columns are words, the others numbers.
pub(super) struct Table<'a> {
    pub(super) head: &'a [&'a str],
    pub(super) words: usize,
    pub(super) rows: Vec<Vec<String>>,
}

impl Html {
    /// A page up to its first section.
    pub(super) fn begin(title: &str, is_simulated: bool) -> Self {
        let mut html = Self(String::with_capacity(200_000));
        html.0 += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
        html.0 += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
        html.0 +=
            "<meta name=\"referrer\" content=\"no-referrer\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"";
        html.0 += POLICY;
        html.0 += "\">\n";
        html.element("title", "", title);
        html.0 += "<style>\n";
        // Pictures are laid out by this font's widths: in a wider one their texts would run out of them.
        let (family, files) = FONT;
        for (weight, file) in files {
            html.0 += "@font-face { font-family: ";
            html.0 += family;
            html.0 +=
                &format!("; font-weight: {weight}; src: url(data:font/ttf;base64,{}); }}\n", STANDARD.encode(file));
        }
        html.0 += STYLE;
        html.0 += "</style>\n</head>\n";
        // On paper every page says so at its foot.
        html.open("body", if is_simulated { "simulated" } else { "" });
        html.0.push('\n');
        html
    }

    /// The whole of it.
    pub(super) fn end(mut self) -> String {
        self.0 += "</body>\n</html>\n";
        self.0
    }

    pub(super) fn open(&mut self, tag: &'static str, class: &'static str) {
        self.0.push('<');
        self.0 += tag;
        if !class.is_empty() {
            self.0 += " class=\"";
            self.0 += class;
            self.0.push('"');
        }
        self.0.push('>');
    }

    pub(super) fn close(&mut self, tag: &'static str) {
        self.0 += "</";
        self.0 += tag;
        self.0 += ">\n";
    }

    /// An element with a text in it.
    pub(super) fn element(&mut self, tag: &'static str, class: &'static str, text: &str) {
        self.open(tag, class);
        self.text(text);
        self.close(tag);
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.element("p", "", text);
    }

    /// A section with its title.
    pub(super) fn section(&mut self, title: &str, write: impl FnOnce(&mut Self)) {
        self.open("section", "");
        self.element("h2", "", title);
        write(self);
        self.close("section");
    }

    /// A list; nothing for none.
    pub(super) fn list(&mut self, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.open("ul", "");
        for item in items {
            self.element("li", "", item);
        }
        self.close("ul");
    }

    /// A table with what it is of. Nothing for no rows; a column of numbers without any is left out.
    pub(super) fn table(&mut self, caption: &str, table: &Table<'_>) {
        if table.rows.is_empty() {
            return;
        }
        let kept = markdown::columns_that_know(table.head.len(), table.words, &table.rows);
        let class = |at: usize| if at < table.words { "" } else { "n" };
        self.open("table", if table.rows.len() > ROWS_ON_A_PAGE { "long" } else { "" });
        self.element("caption", "", caption);
        self.0 += "<thead><tr>";
        for at in &kept {
            self.element("th", class(*at), table.head.get(*at).copied().unwrap_or_default());
        }
        self.0 += "</tr></thead>\n<tbody>\n";
        for row in &table.rows {
            self.0 += "<tr>";
            for at in &kept {
                self.element("td", class(*at), row.get(*at).map_or("", String::as_str));
            }
            self.0 += "</tr>\n";
        }
        self.0 += "</tbody>";
        self.close("table");
    }

    /// A picture of ours: it says what it shows, also to those who do not see it, and its texts are escaped where it is drawn.
    pub(super) fn picture(&mut self, svg: &str) {
        self.open("figure", "");
        self.0 += svg;
        self.close("figure");
    }

    /// Text, as text.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0 += "&amp;",
                '<' => self.0 += "&lt;",
                '>' => self.0 += "&gt;",
                '"' => self.0 += "&quot;",
                '\'' => self.0 += "&#39;",
                // What no document may hold, and what turns the direction of what stands after it.
                c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                    self.0.push(' ')
                }
                c => self.0.push(c),
            }
        }
    }
}
