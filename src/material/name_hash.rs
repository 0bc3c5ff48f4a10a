//! The number by which OpenSSL looks for a certificate or a revocation list in a directory.
//!
//! It is taken from the name in a form of OpenSSL's own: texts of most types as UTF-8 with small
//! letters, spaces as people see them, attributes in order. That form serves this number alone;
//! whether two names are one is asked elsewhere. Nothing here touches a file.

use aws_lc_rs::digest;

use super::der::{
    self, BIT_STRING, BMP_STRING, CONSTRUCTED, Element, IA5_STRING, NUMERIC_STRING,
    OBJECT_IDENTIFIER, PRINTABLE_STRING, Reader, SEQUENCE, SET, TELETEX_STRING, UNIVERSAL_STRING,
    UTF8_STRING,
};
use super::oid;

/// OpenSSL reads no longer name.
const LONGEST: usize = 1 << 20;

/// As far down as OpenSSL collects the pieces of a string.
const DEEPEST: u8 = 5;

/// The hash of a name with its SEQUENCE header, as `openssl x509 -subject_hash` prints it.
/// `None`: OpenSSL refuses the name.
#[must_use]
pub(crate) fn name_hash(name_der: &[u8]) -> Option<u32> {
    let canonical = canonical(name_der)?;
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &canonical);
    digest.as_ref().first_chunk().copied().map(u32::from_le_bytes)
}

/// The sets of a name, one after another, each value in the form that counts.
fn canonical(name_der: &[u8]) -> Option<Vec<u8>> {
    let name = der::only(name_der).filter(|name| name.tag == SEQUENCE && fits(name_der))?;
    let mut out = Vec::with_capacity(name.content.len());
    let mut relatives = Reader(name.content);
    while let Some(relative) = relatives.next_if(SET) {
        let mut attributes = Vec::new();
        let mut rest = Reader(relative.content);
        while let Some(attribute) = rest.next_if(SEQUENCE) {
            attributes.push(canonical_attribute(attribute)?);
        }
        rest.is_empty().then_some(())?;
        attributes.sort_unstable();
        // A set of nothing leaves nothing, not even itself.
        if !attributes.is_empty() {
            der::push(&mut out, SET, &attributes.concat());
        }
    }
    relatives.is_empty().then_some(out)
}

fn fits(name_der: &[u8]) -> bool {
    name_der.len() <= LONGEST
}

fn canonical_attribute(attribute: Element<'_>) -> Option<Vec<u8>> {
    let mut parts = Reader(attribute.content);
    let kind = parts.next_if(OBJECT_IDENTIFIER).filter(|kind| oid::is_well_formed(kind.content))?;
    let value = parts.next()?;
    parts.is_empty().then_some(())?;
    let mut content = kind.whole.to_vec();
    push_value(&mut content, value)?;
    let mut out = Vec::with_capacity(content.len().saturating_add(4));
    der::push(&mut out, SEQUENCE, &content);
    Some(out)
}

fn push_value(out: &mut Vec<u8>, value: Element<'_>) -> Option<()> {
    if value.tag == SEQUENCE {
        out.extend_from_slice(value.whole);
        return Some(());
    }
    let mut collected = Vec::new();
    let content = if value.tag & CONSTRUCTED == 0 {
        value.content
    } else {
        collect(&mut collected, value.content, 0)?;
        &collected
    };
    let tag = value.tag & !CONSTRUCTED;
    match tag {
        BIT_STRING => der::push(out, tag, &whole_bits(content)?),
        UTF8_STRING => push_text(out, std::str::from_utf8(content).ok()?),
        PRINTABLE_STRING | TELETEX_STRING | IA5_STRING => {
            push_text(out, &content.iter().copied().map(char::from).collect::<String>());
        }
        UNIVERSAL_STRING => {
            let (units, rest) = content.as_chunks::<4>();
            let letters = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            push_text(out, &letters.collect::<Option<String>>().filter(|_| rest.is_empty())?);
        }
        BMP_STRING => {
            let (units, rest) = content.as_chunks::<2>();
            let letters = units.iter().map(|unit| char::from_u32(u16::from_be_bytes(*unit).into()));
            push_text(out, &letters.collect::<Option<String>>().filter(|_| rest.is_empty())?);
        }
        // The numbers behind the first are of types that OpenSSL has no name for, and takes.
        NUMERIC_STRING | 0x07..=0x09 | 0x0b | 0x0d..=0x0f | 0x1d => der::push(out, tag, content),
        _ => return None,
    }
    Some(())
}

/// The contents of the pieces of which a string is made.
fn collect(out: &mut Vec<u8>, content: &[u8], depth: u8) -> Option<()> {
    let mut pieces = Reader(content);
    for piece in pieces.by_ref() {
        // Two zero bytes end what has no length, which is not meant here.
        if piece.whole == [0, 0] {
            return None;
        }
        if piece.tag & CONSTRUCTED == 0 {
            out.extend_from_slice(piece.content);
        } else {
            let below = depth.checked_add(1).filter(|below| *below <= DEEPEST)?;
            collect(out, piece.content, below)?;
        }
    }
    pieces.is_empty().then_some(())
}

/// The content of a BIT STRING with its unused bits set to zero.
fn whole_bits(content: &[u8]) -> Option<Vec<u8>> {
    let (unused, _) = content.split_first().filter(|(unused, _)| **unused < 8)?;
    let mut out = content.to_vec();
    match out.as_mut_slice() {
        [unused] => *unused = 0,
        [.., last] => *last &= u8::MAX << unused,
        [] => {}
    }
    Some(out)
}

/// A text in small letters, with single spaces and none at its ends. Letters beyond ASCII have
/// no case here.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let is_space = |letter: char| matches!(letter, ' ' | '\t'..='\r');
    let mut folded = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded.make_ascii_lowercase();
    der::push(out, UTF8_STRING, folded.as_bytes());
}

#[cfg(test)]
mod tests;
