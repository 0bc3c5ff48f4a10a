//! The words for a text without what was looked for: what is in it instead, and what to do.

use super::{Block, bad, blocks};
use crate::error::{Error, FileName, Kind, MaterialCause, Secret};
use crate::material::what;

/// How many different labels a sentence names.
const MOST_LABELS: usize = 5;

/// The error where a text holds no `wanted`: what it holds instead, and what to do about it.
pub(in crate::material) fn lacks(wanted: &'static str, text: &[u8], source: &str) -> Error {
    let blocks = match blocks(text, source) {
        Ok(blocks) => blocks,
        Err(error) => return error,
    };
    let error = |what: &str| {
        Error::new(Kind::Parse, format!("{source} contains no {wanted}{what}"))
            .because(&MaterialCause::Lacking(wanted))
    };
    // "-----BEGIN " in base64.
    if blocks.is_empty() && text.trim_ascii_start().starts_with(b"LS0tLS1CRUdJTi") {
        let secret = Secret::of(wanted == "private key");
        return error(": it is PEM text that was encoded as base64 once more")
            .because(&MaterialCause::Base64Twice(FileName::of_source(source), secret));
    }
    let disguised = blocks.iter().find_map(|block| {
        let (why, cause) = what::mislabelled(&block.label, &block.der, source)?;
        Some(bad(source, block.line, &why).because(&cause))
    });
    disguised.unwrap_or_else(|| {
        if blocks.is_empty() {
            return error(": there is no PEM block in it");
        }
        let found = error(&format!(" but {}", holdings(&blocks)));
        let request = |block: &Block| block.label == "CERTIFICATE REQUEST";
        if wanted == "certificate" && blocks.iter().any(request) {
            return found.because(&MaterialCause::Request);
        }
        found
    })
}

/// What `blocks` hold, in words.
fn holdings(blocks: &[Block]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for block in blocks {
        match counts.iter_mut().find(|(label, _)| *label == block.label) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counts.push((&block.label, 1)),
        }
    }
    let more = counts.split_off(counts.len().min(MOST_LABELS)).len();
    let mut words: Vec<String> =
        counts.iter().map(|(label, count)| format!("{count} x {label}")).collect();
    if more > 0 {
        words.push(format!("{more} other labels"));
    }
    words.join(", ")
}
