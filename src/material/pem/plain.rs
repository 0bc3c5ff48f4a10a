//! The plain form of a block, in which nearly all PEM is written: lines of 64 characters, a
//! shorter last one, nothing else.
//!
//! It is decoded line by line where it stands. What is written otherwise in any way is left to
//! the reader of all forms, which says what is wrong with it. Never for secrets: the time taken
//! depends on what is decoded, and nothing is wiped.

const LINE: usize = 64;
/// The bytes that a line of 64 characters holds.
const LINE_BYTES: usize = 48;
/// For how many bytes room is made at once: most certificates fit.
const FIRST_ROOM: usize = 2048;
/// Beyond the 24 bits that four characters make.
const BAD: u32 = 1 << 31;

/// What each character stands for, in each of four places.
static VALUES: [[u32; 256]; 4] = [values(18), values(12), values(6), values(0)];

/// What a text in the plain form begins with.
pub(super) struct Body {
    pub(super) der: Vec<u8>,
    /// How many bytes of the text it takes.
    pub(super) length: usize,
    /// How many lines it has.
    pub(super) lines: usize,
}

/// The body that `text`, which begins behind a BEGIN line, begins with; nothing where it is not
/// in the plain form. Whether an END follows is not looked at.
pub(super) fn body(text: &[u8]) -> Option<Body> {
    let line_end: &[u8] = match text.get(LINE..LINE.saturating_add(2))? {
        [b'\n', _] => b"\n",
        b"\r\n" => b"\r\n",
        _ => return None,
    };
    let stride = LINE.saturating_add(line_end.len());
    let is_full = |line: &&[u8]| line.ends_with(line_end) && !line.starts_with(b"-");
    // How long the body is shows only when it is decoded: to look ahead for its end, or to make
    // room for all that follows, would cost the rest of the text for each block in it.
    let mut body = Body { der: Vec::with_capacity(FIRST_ROOM), length: 0, lines: 0 };
    for line in text.chunks_exact(stride).take_while(is_full) {
        let Some(bytes) = line.first_chunk::<LINE>().and_then(decoded_line) else { break };
        body.der.extend_from_slice(&bytes);
        body.add_line(stride);
    }
    let rest = text.get(body.length..)?;
    if rest.starts_with(b"-") {
        body.der.shrink_to_fit();
        return Some(body);
    }
    let last = rest.get(..stride.min(rest.len()))?;
    let length = last.iter().position(|byte| *byte == b'\n')?.saturating_add(1);
    let last = last.get(..length)?.strip_suffix(line_end)?;
    push_last(&mut body.der, last)?;
    body.add_line(length);
    body.der.shrink_to_fit();
    Some(body)
}

impl Body {
    const fn add_line(&mut self, length: usize) {
        self.length = self.length.saturating_add(length);
        self.lines = self.lines.saturating_add(1);
    }
}

fn decoded_line(line: &[u8; LINE]) -> Option<[u8; LINE_BYTES]> {
    let mut out = [0; LINE_BYTES];
    let mut all = 0;
    let (groups, _) = line.as_chunks::<4>();
    let (places, _) = out.as_chunks_mut::<3>();
    for (group, place) in groups.iter().zip(places) {
        let value = value_of(*group);
        all |= value;
        let [_, one, two, three] = value.to_be_bytes();
        *place = [one, two, three];
    }
    (all & BAD == 0).then_some(out)
}

/// The last line: whole groups, the last of which may be padded. Bits behind the end are zero.
fn push_last(der: &mut Vec<u8>, line: &[u8]) -> Option<()> {
    let (groups, rest) = line.as_chunks::<4>();
    let (last, before) = groups.split_last().filter(|_| rest.is_empty())?;
    for group in before {
        let [high, bytes @ ..] = value_of(*group).to_be_bytes();
        (high == 0).then(|| der.extend_from_slice(&bytes))?;
    }
    let (padded, count) = match *last {
        [one, two, b'=', b'='] => ([one, two, b'A', b'A'], 1),
        [one, two, three, b'='] => ([one, two, three, b'A'], 2),
        whole => (whole, 3),
    };
    let [high, bytes @ ..] = value_of(padded).to_be_bytes();
    let (bytes, beyond) = bytes.split_at_checked(count)?;
    der.extend_from_slice(bytes);
    (high == 0 && beyond.iter().all(|byte| *byte == 0)).then_some(())
}

#[inline]
fn value_of([one, two, three, four]: [u8; 4]) -> u32 {
    let [ones, twos, threes, fours] = &VALUES;
    value(ones, one) | value(twos, two) | value(threes, three) | value(fours, four)
}

#[inline]
fn value(values: &[u32; 256], byte: u8) -> u32 {
    values.get(usize::from(byte)).copied().unwrap_or(BAD)
}

/// The values of all characters in the place that begins at the bit `shift`.
const fn values(shift: u32) -> [u32; 256] {
    let mut rest: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [BAD; 256];
    let mut value = 0_u32;
    while let [character, others @ ..] = rest {
        if let [_, .., place] | [place] =
            table.split_at_mut((*character as usize).saturating_add(1)).0
        {
            *place = value << shift;
        }
        rest = others;
        value = value.saturating_add(1);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_for_the_block_and_not_for_the_text_behind_it() {
        let line = format!("{}\n", "A".repeat(LINE));
        let end = "MDE=\n-----END CERTIFICATE-----\n";
        // The line ends behind the block stand where those of its own lines would.
        let padding = format!("{}\n", "x".repeat(LINE - end.len()));
        let text = [&line, end, &padding, &line.repeat(10_000)].concat();
        let body = body(text.as_bytes()).unwrap();
        assert_eq!((body.der.len(), body.lines), (LINE_BYTES + 2, 2));
        assert!(body.der.capacity() < 2 * LINE_BYTES, "{}", body.der.capacity());
    }

    #[test]
    fn a_long_body_is_read_to_its_end() {
        let line = format!("{}\n", "A".repeat(LINE));
        let text = [&line.repeat(1000), "-----END CERTIFICATE-----\n"].concat();
        let body = body(text.as_bytes()).unwrap();
        assert_eq!((body.der.len(), body.lines), (1000 * LINE_BYTES, 1000));
    }
}
