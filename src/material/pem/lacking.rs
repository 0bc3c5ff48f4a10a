//! The words for a text without what was looked for: what is in it instead, and what to do.

use super::{Block, bad, blocks, is_der};
use crate::error::{Error, FileName, Found, Kind, MaterialCause, Secret, Wanted};
use crate::material::what;

/// How many different labels a sentence names.
const MOST_LABELS: usize = 5;

/// The error where a text holds no `wanted`: what it holds instead, and what to do about it.
pub(in crate::material) fn lacks(wanted: Wanted, text: &[u8], source: &str) -> Error {
    let blocks = match blocks(text, source) {
        Ok(blocks) => blocks,
        Err(error) => return error,
    };
    let error = |what: &str, cause: &MaterialCause| {
        let message = format!("{source} contains no {}{what}", wanted.words());
        Error::new(Kind::Parse, message).because(cause)
    };
    let lacking = MaterialCause::Lacking(wanted.words());
    // "-----BEGIN " in base64.
    if blocks.is_empty() && text.trim_ascii_start().starts_with(b"LS0tLS1CRUdJTi") {
        let secret = Secret::of(wanted == Wanted::Key);
        let cause = MaterialCause::Base64Twice(FileName::of_source(source), secret);
        return error(": it is PEM text that was encoded as base64 once more", &cause);
    }
    let disguised = blocks.iter().find_map(|block| {
        let (why, cause) = what::mislabelled(&block.label, &block.der, source)?;
        Some(bad(source, block.line, &why).because(&cause))
    });
    if let Some(disguised) = disguised {
        return disguised;
    }
    let Some(first) = blocks.first() else {
        return match of_ssh(text) {
            Some((what, found)) => {
                error(&format!(" but {what}"), &MaterialCause::Misplaced(found, wanted))
            }
            None => error(": there is no PEM block in it", &lacking),
        };
    };
    let all: Vec<(Found, usize)> = blocks
        .iter()
        .filter_map(|block| Some((what::found(&block.label, &block.der)?, block.line)))
        .collect();
    // Beside its key a request is what waits for the certificate.
    let request =
        all.iter().find(|(found, _)| (*found, wanted) == (Found::Request, Wanted::Certificate));
    let found = request.or(all.first()).copied();
    let line = found.map_or(first.line, |(_, line)| line);
    let cause = match found {
        Some((Found::Pkcs7, _)) if wanted == Wanted::List => {
            MaterialCause::Pkcs7(FileName::of_source(source))
        }
        Some((found, _)) => MaterialCause::Misplaced(found, wanted),
        None => lacking,
    };
    error(&format!(" but {} (line {line})", holdings(&blocks)), &cause)
}

/// What is said instead of `error`, the refusal of a text that is not PEM, if it is DER of something
/// that no command makes what is wanted.
pub(in crate::material) fn not_wanted(
    wanted: Wanted,
    text: &[u8],
    source: &str,
    error: Error,
) -> Error {
    let misplaced = if is_der(text) { what::misplaced(text, wanted) } else { None };
    let Some((what, found)) = misplaced else { return error };
    let message = format!("{source} contains no {} but {what}, in DER", wanted.words());
    Error::new(Kind::Parse, message).because(&MaterialCause::Misplaced(found, wanted))
}

/// What SSH's programs write that is not PEM, as sentences call it.
fn of_ssh(text: &[u8]) -> Option<(&'static str, Found)> {
    const PUBLIC: [&[u8]; 4] =
        [b"ssh-", b"ecdsa-sha2-", b"sk-", b"---- BEGIN SSH2 PUBLIC KEY ----"];
    let text = text.trim_ascii_start();
    if text.starts_with(b"PuTTY-User-Key-File-") {
        return Some(("a key of PuTTY (line 1)", Found::Putty));
    }
    let is_public = PUBLIC.iter().any(|begin| text.starts_with(begin));
    is_public.then_some(("a public key of SSH (line 1)", Found::SshPublicKey))
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
