//! A list's DER as it comes, of which only a window is ever held.
//!
//! Elements are taken whole, one after the other; of an outer one only its header is taken and
//! its end remembered. What was taken inside the signed part goes to its sink. Lengths are in
//! their shortest form, and no element but an outer one is larger than a mebibyte.

use super::signed::{SignedPart, Sink};
use super::stop::Stop;
use crate::material::der::{self, Element};

/// The most bytes of one element that is taken whole.
const LIMIT: usize = 1 << 20;
/// How many bytes a list in memory gives at a time.
const STEP: usize = 1 << 15;

/// Where the bytes come from.
pub(super) trait Source {
    /// Appends some bytes to `window`; whether there were any.
    fn more(&mut self, window: &mut Vec<u8>) -> Result<bool, Stop>;
}

impl Source for &[u8] {
    fn more(&mut self, window: &mut Vec<u8>) -> Result<bool, Stop> {
        let (now, later) = self.split_at_checked(STEP).unwrap_or((self, &[]));
        window.extend_from_slice(now);
        *self = later;
        Ok(!now.is_empty())
    }
}

pub(super) struct Stream<'a> {
    source: &'a mut dyn Source,
    bytes: Vec<u8>,
    /// Where in `bytes` the next element begins.
    at: usize,
    /// Up to where `bytes` went to the sink.
    sunk: usize,
    /// How many bytes came before `bytes`.
    before: u64,
    sink: Sink,
}

impl<'a> Stream<'a> {
    pub(super) fn new(source: &'a mut dyn Source) -> Self {
        Self { source, bytes: Vec::new(), at: 0, sunk: 0, before: 0, sink: Sink::Closed }
    }

    /// How many bytes were taken.
    pub(super) fn position(&self) -> u64 {
        self.before.saturating_add(u64::try_from(self.at).unwrap_or(u64::MAX))
    }

    /// Begins the signed part.
    pub(super) fn begin_signed(&mut self) {
        self.sunk = self.at;
        self.sink = Sink::Kept(Vec::new());
    }

    /// Says with what the signed part is signed.
    pub(super) fn is_signed_with(&mut self, algorithm: &[u8]) {
        self.sink.choose(algorithm);
    }

    /// Ends the signed part.
    pub(super) fn end_signed(&mut self) -> SignedPart {
        self.put();
        std::mem::replace(&mut self.sink, Sink::Closed).finish()
    }

    /// The tag of what comes next. `None`: that is `end`.
    pub(super) fn peek(&mut self, end: u64) -> Result<Option<u8>, Stop> {
        if self.position() >= end {
            return Ok(None);
        }
        self.have(1)?;
        Ok(self.bytes.get(self.at).copied())
    }

    /// Takes the header of an element of this tag; where the element ends.
    pub(super) fn open(&mut self, tag: u8, end: u64) -> Result<u64, Stop> {
        if self.peek(end)? != Some(tag) {
            return Stop::damaged("its structure is damaged");
        }
        let (header, content) = self.lengths()?;
        self.at = self.at.saturating_add(header);
        let inner = self.position().saturating_add(u64::try_from(content).unwrap_or(u64::MAX));
        if inner > end {
            return Stop::damaged("a part of it reaches beyond its end");
        }
        Ok(inner)
    }

    /// Takes the next element, of any tag.
    pub(super) fn element(&mut self, end: u64) -> Result<Element<'_>, Stop> {
        let ahead = self.bytes.get(self.at..).unwrap_or_default();
        let (header, content) = match der::first(ahead) {
            Some((found, _)) => {
                (found.whole.len().saturating_sub(found.content.len()), found.content.len())
            }
            None => self.far_element()?,
        };
        let (start, inner) = (self.at, self.at.saturating_add(header));
        self.at = inner.saturating_add(content);
        if self.position() > end {
            return Stop::damaged("a part of it reaches beyond its end");
        }
        let part = |start| self.bytes.get(start..self.at);
        match (self.bytes.get(start), part(start), part(inner)) {
            (Some(tag), Some(whole), Some(content)) if tag & 0x1f != 0x1f => {
                Ok(Element { tag: *tag, content, whole })
            }
            _ => Stop::damaged("its structure is damaged"),
        }
    }

    /// Gets an element that is not, or not wholly, at hand; its lengths.
    fn far_element(&mut self) -> Result<(usize, usize), Stop> {
        let (header, content) = self.lengths()?;
        let length = header.saturating_add(content);
        if length > LIMIT {
            return Stop::damaged("a part of it is too large");
        }
        self.have(length)?;
        Ok((header, content))
    }

    /// Takes the next element, of this tag.
    pub(super) fn element_of(&mut self, tag: u8, end: u64) -> Result<Element<'_>, Stop> {
        if self.peek(end)? != Some(tag) {
            return Stop::damaged("its structure is damaged");
        }
        self.element(end)
    }

    /// Whether nothing comes any more.
    pub(super) fn is_at_end(&mut self) -> Result<bool, Stop> {
        if self.at < self.bytes.len() {
            return Ok(false);
        }
        self.slide();
        Ok(!self.source.more(&mut self.bytes)?)
    }

    /// How long the header and the content of the next element are.
    fn lengths(&mut self) -> Result<(usize, usize), Stop> {
        self.have(2)?;
        let second = self.bytes.get(self.at.saturating_add(1)).copied().unwrap_or_default();
        if second < 0x80 {
            return Ok((2, usize::from(second)));
        }
        let count = usize::from(second & 0x7f);
        if !(1..=4).contains(&count) {
            return Stop::damaged("a length in it is invalid");
        }
        let header = count.saturating_add(2);
        self.have(header)?;
        let start = self.at.saturating_add(2);
        let digits = self.bytes.get(start..start.saturating_add(count)).unwrap_or_default();
        let length = digits
            .iter()
            .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)));
        match length {
            Some(length) if length >= 0x80 && digits.first() != Some(&0) => Ok((header, length)),
            _ => Stop::damaged("a length in it is not in its shortest form"),
        }
    }

    /// Makes sure that this many bytes are at hand.
    fn have(&mut self, count: usize) -> Result<(), Stop> {
        while self.bytes.len().saturating_sub(self.at) < count {
            self.slide();
            if !self.source.more(&mut self.bytes)? {
                return Stop::damaged("its end is missing");
            }
        }
        Ok(())
    }

    /// Forgets what was taken.
    fn slide(&mut self) {
        self.put();
        self.before = self.position();
        self.bytes.drain(..self.at);
        self.at = 0;
        self.sunk = 0;
    }

    fn put(&mut self) {
        self.sink.put(self.bytes.get(self.sunk..self.at).unwrap_or_default());
        self.sunk = self.at;
    }
}
