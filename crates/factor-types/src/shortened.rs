//! Somebody else's text in a message.

/// At most so many characters of a text; a longer one ends with an ellipsis. What steers a terminal or turns the text around it (control
/// characters, marks of direction) stands there escaped: a cell of a file or the name of an argument is read in logs and at prompts.
pub fn shortened(text: &str, longest: usize) -> String {
    let mut short = String::with_capacity(text.len().min(4 * longest));
    // Where the ellipsis goes, should there be more than fits.
    let mut fits = 0;
    let shown = text.chars().flat_map(|char| {
        let steers = char.is_control() || turns_text(char);
        let (as_it_is, escaped) = if steers { (None, Some(char.escape_default())) } else { (Some(char), None) };
        as_it_is.into_iter().chain(escaped.into_iter().flatten())
    });
    for (at, char) in shown.enumerate() {
        if at == longest {
            short.truncate(fits);
            short.push('…');
            break;
        }
        short.push(char);
        if at + 1 < longest {
            fits = short.len();
        }
    }
    short
}

/// The marks of Unicode's bidirectional algorithm, and the separators of lines and paragraphs.
fn turns_text(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_with_an_ellipsis() {
        assert_eq!(shortened("abcd", 4), "abcd");
        assert_eq!(shortened("abcde", 4), "abc…");
        assert_eq!(shortened("äöüß€", 4), "äöü…");
        assert_eq!(shortened("", 4), "");
    }

    #[test]
    fn nothing_of_it_steers_what_shows_it() {
        assert_eq!(shortened("a\u{1b}[2Jb\r\n\u{7f}\u{9b}", 40), r"a\u{1b}[2Jb\r\n\u{7f}\u{9b}");
        assert_eq!(shortened("SPY\u{202e}DIB\u{2066}", 40), r"SPY\u{202e}DIB\u{2066}");
        assert_eq!(shortened("\u{1b}\u{1b}", 7), r"\u{1b}…");
        assert_eq!(shortened("Å \u{1f600} \"quoted\" \\", 20), "Å \u{1f600} \"quoted\" \\");
    }
}
