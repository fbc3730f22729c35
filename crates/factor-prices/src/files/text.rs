//! The text of a file: UTF-8, UTF-16 or Windows-1252, any line ends, within bounds.

use std::{
    io::{self, BufRead, Read},
    str,
};

use encoding_rs::WINDOWS_1252;

/// The most that a file may hold, unpacked.
const MAX_TEXT: u64 = 1 << 30;
/// The longest line.
pub(super) const MAX_LINE: usize = 4 << 20;

/// Gives a file's text as UTF-8 whose lines all end with one line feed, the last one too: what counts lines after it then
/// counts those of the file.
pub(super) struct Text<R> {
    inner: R,
    encoding: Option<Encoding>,
    /// Bytes of a character whose rest has not come yet.
    part: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    after_return: bool,
    last: u8,
    total: u64,
    line: usize,
    ended: bool,
    is_ansi: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

impl<R: BufRead> Text<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            encoding: None,
            part: Vec::new(),
            out: Vec::new(),
            at: 0,
            after_return: false,
            last: b'\n',
            total: 0,
            line: 0,
            ended: false,
            is_ansi: false,
        }
    }

    /// True once letters came that are no UTF-8, and were read as those of Windows-1252, of which Latin-1 is a part.
    pub(super) fn is_ansi(&self) -> bool {
        self.is_ansi
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        let chunk = self.inner.fill_buf()?;
        if chunk.is_empty() {
            self.ended = true;
            if self.encoding == Some(Encoding::Utf8) {
                let left = std::mem::take(&mut self.part);
                self.is_ansi |= utf8_or_ansi(&left, &mut self.out);
                self.last = self.out.last().copied().unwrap_or(self.last);
            }
            if self.last != b'\n' {
                self.out.push(b'\n');
            }
            return Ok(());
        }
        let length = chunk.len();
        match *self.encoding.get_or_insert_with(|| Encoding::of(chunk)) {
            Encoding::Utf8 if self.part.is_empty() && str::from_utf8(chunk).is_ok() => {
                self.out.extend_from_slice(chunk)
            }
            Encoding::Utf8 => {
                self.part.extend_from_slice(chunk);
                let whole = self.part.len() - cut_off(&self.part);
                self.is_ansi |= utf8_or_ansi(&self.part[..whole], &mut self.out);
                self.part.drain(..whole);
            }
            Encoding::Utf16 { big_endian } => {
                self.part.extend_from_slice(chunk);
                let whole = whole_units(&self.part, big_endian);
                decode(&self.part[..whole], big_endian, &mut self.out);
                self.part.drain(..whole);
            }
        }
        self.inner.consume(length);
        self.end_lines();
        self.measure(length)
    }

    /// Makes every line end one line feed.
    fn end_lines(&mut self) {
        if self.after_return || self.out.contains(&b'\r') {
            let mut after_return = self.after_return;
            self.out.retain_mut(|byte| {
                let second_half = after_return && *byte == b'\n';
                after_return = *byte == b'\r';
                if after_return {
                    *byte = b'\n';
                }
                !second_half
            });
            self.after_return = after_return;
        }
        self.last = self.out.last().copied().unwrap_or(self.last);
    }

    fn measure(&mut self, length: usize) -> io::Result<()> {
        self.total += length.max(self.out.len()) as u64;
        if self.total > MAX_TEXT {
            return Err(too_large(format!("the file holds more than {} MiB of text: split it", MAX_TEXT >> 20)));
        }
        // A chunk is far shorter than the longest line: only a line that fills many without an end is too long.
        let ended = self.out.contains(&b'\n').then(|| self.out.rsplit(|byte| *byte == b'\n').next()).flatten();
        self.line = ended.map_or(self.line + self.out.len(), <[u8]>::len);
        if self.line > MAX_LINE {
            return Err(too_large(format!("a line is longer than {} MiB: is this a table?", MAX_LINE >> 20)));
        }
        Ok(())
    }
}

/// An error whose words are for people as they are.
pub(super) fn too_large(rule: String) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, rule)
}

impl<R: BufRead> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let left = &self.out[self.at..];
        let taken = left.len().min(into.len());
        into[..taken].copy_from_slice(&left[..taken]);
        self.at += taken;
        Ok(taken)
    }
}

impl Encoding {
    fn of(head: &[u8]) -> Self {
        match head {
            [0xfe, 0xff, ..] => Self::Utf16 { big_endian: true },
            [0xff, 0xfe, ..] => Self::Utf16 { big_endian: false },
            // Headers are plain letters: every second byte of UTF-16 is zero.
            [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Self::Utf16 { big_endian: false },
            [0, first, 0, second, ..] if *first != 0 && *second != 0 => Self::Utf16 { big_endian: true },
            _ => Self::Utf8,
        }
    }
}

/// The length of a letter at the end whose rest is missing.
fn cut_off(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last().map(|chunk| chunk.invalid()).unwrap_or_default();
    let is_cut = str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    if is_cut { last.len() } else { 0 }
}

/// Decodes what is UTF-8 as that and every other byte as a letter of Windows-1252; true if there was one.
fn utf8_or_ansi(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let mut is_ansi = false;
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            is_ansi = true;
            out.extend_from_slice(WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0.as_bytes());
        }
    }
    is_ansi
}

fn unit(pair: &[u8], big_endian: bool) -> u16 {
    let bytes = [pair[0], pair[1]];
    if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
}

/// The length of the bytes that are whole characters.
fn whole_units(bytes: &[u8], big_endian: bool) -> usize {
    let whole = bytes.len() & !1;
    match bytes[..whole].chunks_exact(2).next_back() {
        // The first of a pair of surrogates.
        Some(last) if (0xd800..0xdc00).contains(&unit(last, big_endian)) => whole - 2,
        _ => whole,
    }
}

fn decode(bytes: &[u8], big_endian: bool, out: &mut Vec<u8>) {
    let units = bytes.chunks_exact(2).map(|pair| unit(pair, big_endian));
    for decoded in char::decode_utf16(units) {
        let letter = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
        if letter != '\u{feff}' {
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// The text, read with buffers of one to seven bytes, so that every character and line end is cut once.
    fn texts(bytes: &[u8]) -> Vec<String> {
        let read = |capacity| {
            let mut text = String::new();
            Text::new(BufReader::with_capacity(capacity, bytes)).read_to_string(&mut text).unwrap();
            text
        };
        // The encoding is seen in the first four bytes.
        (4..=9).map(read).collect()
    }

    #[test]
    fn every_line_end_is_one_line_feed() {
        for text in ["a\nb\n\nc\n", "a\r\nb\r\n\r\nc\r\n", "a\rb\r\rc", "a\nb\r\n\rc"] {
            assert!(
                texts(text.as_bytes()).iter().all(|read| read == "a\nb\n\nc\n"),
                "{text:?}: {:?}",
                texts(text.as_bytes())
            );
        }
        assert_eq!(texts(b"")[0], "");
    }

    #[test]
    fn utf_16_with_and_without_a_mark() {
        let text = "Date;SPY\r\n2024-01-02;€ 1,5 \u{1f600}\r\n";
        let expected = text.replace("\r\n", "\n");
        let (little, big): (Vec<u8>, Vec<u8>) = (
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        );
        for bytes in [little.clone(), [&[0xff, 0xfe], &little[..]].concat(), [&[0xfe, 0xff], &big[..]].concat(), big] {
            assert!(texts(&bytes).iter().all(|read| *read == expected), "{:?}", texts(&bytes));
        }
    }

    #[test]
    fn letters_that_are_no_utf_8_are_those_of_windows_1252() {
        for (bytes, expected) in [
            (&b"Schlu\xdfkurs;\x80 1;\xa35\n4\xa0271,40"[..], "Schlu\u{df}kurs;\u{20ac} 1;\u{a3}5\n4\u{a0}271,40\n"),
            (b"Cl\xf4ture", "Cl\u{f4}ture\n"),
            (b"1 \x80", "1 \u{20ac}\n"),
            ("Cl\u{f4}ture \u{20ac}\u{1f600}".as_bytes(), "Cl\u{f4}ture \u{20ac}\u{1f600}\n"),
        ] {
            assert!(texts(bytes).iter().all(|read| read == expected), "{:?}", texts(bytes));
        }
        let is_ansi = |bytes: &[u8]| {
            let mut text = Text::new(bytes);
            text.read_to_end(&mut Vec::new()).unwrap();
            text.is_ansi()
        };
        assert!(is_ansi(b"abc\xe9") && is_ansi(b"caf\xe9s") && !is_ansi("caf\u{e9}".as_bytes()));
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let endless = vec![b'x'; MAX_LINE + 1];
        let error = Text::new(&endless[..]).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
