//! A walk through Thrift's compact form, in which a Parquet file's metadata and the heads of its pages are written.
//!
//! The decoder believes how many elements a list says that it has, also of a field that it knows nothing of and skips: a file of three
//! hundred bytes has it count to four thousand million. Each element takes a byte at least, so what says more than there are bytes is
//! told here, before the decoder sees it. The form: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Nesting beyond which nothing is read; Parquet's own goes to about ten.
const DEEPEST: usize = 64;

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsound {
    /// More bytes are wanted than there are here.
    Short,
    /// A type that there is not, or too deep a nesting.
    Wrong,
    /// A list, map or text of more than there can be.
    TooMany,
}

/// The bytes that are left.
pub(super) struct Walk<'a> {
    left: &'a [u8],
    /// No more bytes are there, those beyond these among them.
    most: u64,
}

impl<'a> Walk<'a> {
    /// Through the first bytes of `most`.
    pub(super) fn new(bytes: &'a [u8], most: u64) -> Self {
        Self { left: bytes, most }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }

    /// A structure, whose whole numbers are told with the numbers of their fields.
    ///
    /// # Errors
    /// It is not sound.
    pub(super) fn structure(&mut self, see: &mut dyn FnMut(i64, i64)) -> Result<(), Unsound> {
        self.fields(0, see)
    }

    fn fields(&mut self, depth: usize, see: &mut dyn FnMut(i64, i64)) -> Result<(), Unsound> {
        if depth > DEEPEST {
            return Err(Unsound::Wrong);
        }
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            match head >> 4 {
                _ if kind == 0 => return Ok(()),
                0 => id = self.whole()?,
                step => id = id.saturating_add(i64::from(step)),
            }
            match kind {
                // A truth is in the head itself.
                1 | 2 => {}
                4..=6 => see(id, self.whole()?),
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<(), Unsound> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.whole().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.count()?;
                self.skip(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.count()? } else { usize::from(head >> 4) };
                self.elements(count, &[head & 0x0f], depth)
            }
            11 => match self.count()? {
                0 => Ok(()),
                count => {
                    let kinds = self.byte()?;
                    self.elements(count, &[kinds >> 4, kinds & 0x0f], depth)
                }
            },
            12 => self.fields(depth + 1, &mut |_, _| {}),
            13 => self.skip(16),
            _ => Err(Unsound::Wrong),
        }
    }

    fn elements(&mut self, count: usize, kinds: &[u8], depth: usize) -> Result<(), Unsound> {
        if depth > DEEPEST {
            return Err(Unsound::Wrong);
        }
        for _ in 0..count {
            kinds.iter().try_for_each(|kind| self.value(*kind, depth + 1))?;
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Unsound> {
        let (first, rest) = self.left.split_first().ok_or(Unsound::Short)?;
        self.left = rest;
        Ok(*first)
    }

    fn skip(&mut self, count: usize) -> Result<(), Unsound> {
        self.left = self.left.get(count..).ok_or(Unsound::Short)?;
        Ok(())
    }

    /// Seven bits a byte, the least first.
    fn bits(&mut self) -> Result<u64, Unsound> {
        let mut bits = 0;
        for at in 0..10 {
            let byte = self.byte()?;
            bits |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                return Ok(bits);
            }
        }
        Err(Unsound::Wrong)
    }

    /// How many elements or bytes follow. Each element takes a byte at least.
    fn count(&mut self) -> Result<usize, Unsound> {
        let count = self.bits()?;
        if count > self.most { Err(Unsound::TooMany) } else { usize::try_from(count).map_err(|_| Unsound::TooMany) }
    }

    fn whole(&mut self) -> Result<i64, Unsound> {
        let bits = self.bits()?;
        Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(bytes: &[u8]) -> (Result<(), Unsound>, Vec<(i64, i64)>) {
        let mut seen = Vec::new();
        let walked = Walk::new(bytes, bytes.len() as u64).structure(&mut |id, value| seen.push((id, value)));
        (walked, seen)
    }

    #[test]
    fn whole_numbers_are_seen_by_their_fields() {
        // Field 1: 1 (zigzag 2); field 3: -2 (zigzag 3); field 4: true; field 20: 300 (zigzag 600 = 0xd8 0x04).
        let bytes = [0x15, 2, 0x25, 3, 0x11, 0x05, 40, 0xd8, 0x04, 0];
        assert_eq!(walked(&bytes), (Ok(()), vec![(1, 1), (3, -2), (20, 300)]));
        assert_eq!(walked(&bytes[..9]).0, Err(Unsound::Short), "without its end");
    }

    #[test]
    fn a_list_of_more_than_there_are_bytes_is_told_at_once() {
        // Field 1: a list of 2^32 - 1 truths, which the decoder would count one by one.
        assert_eq!(walked(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]).0, Err(Unsound::TooMany));
        // A list of two structures, one with a list of three bytes; and a map of one byte to one text.
        let nested = [0x19, 0x2c, 0x19, 0x33, 7, 8, 9, 0, 0, 0x1b, 1, 0x38, 5, 2, b'a', b'b', 0];
        assert_eq!(walked(&nested).0, Ok(()));
        assert_eq!(walked(&[0x1e, 0]).0, Err(Unsound::Wrong), "there is no such type");
        assert_eq!(walked(&[0x1c; 200]).0, Err(Unsound::Wrong), "too deep");
    }
}
