//! What is different in a new certificate, for a user who must decide whether it is the same
//! server.
//!
//! Facts only, the most telling first: the holder of the old key is the same as before.

use std::collections::HashSet;

use super::values::{name_of, or_none, some_names};
use crate::material::certificate::Certificate;
use crate::material::facts::AltName;

/// The difference between two certificates in words, one sentence in each line, the most important
/// first. It ends without a line break.
#[must_use]
pub fn difference(old: &Certificate, new: &Certificate) -> String {
    if old == new {
        return "the certificates are the same".to_owned();
    }
    let mut lines = vec![key(old, new)];
    lines.push(name("issuer", old.issuer_der(), new.issuer_der()));
    lines.extend(own_issuer(old, new));
    lines.extend(alt_names(old, new));
    lines.push(name("subject", old.subject_der(), new.subject_der()));
    lines.push(validity(old, new));
    lines.push(algorithm(old, new));
    lines.extend(uses(old, new));
    lines.join("\n")
}

fn key(old: &Certificate, new: &Certificate) -> String {
    let same = old.spki() == new.spki();
    if same { "the key is the same" } else { "the key is another one" }.to_owned()
}

fn name(what: &str, old_der: &[u8], new_der: &[u8]) -> String {
    let (old, new) = (name_of(old_der), name_of(new_der));
    let (old_text, new_text) = (or_none(old.calm()), or_none(new.calm()));
    if old_der == new_der {
        format!("the {what} is the same: {old_text}")
    } else if old == new {
        format!("the {what} reads the same in another encoding: {old_text}")
    } else {
        format!("the {what} is another one: {old_text} before, {new_text} now")
    }
}

fn own_issuer(old: &Certificate, new: &Certificate) -> Option<String> {
    let line = match (old.is_self_issued(), new.is_self_issued()) {
        (false, true) => "the new certificate names itself as its issuer, the old one did not",
        (true, false) => "the old certificate named itself as its issuer, the new one does not",
        (true, true) | (false, false) => return None,
    };
    Some(line.to_owned())
}

fn alt_names(old: &Certificate, new: &Certificate) -> Vec<String> {
    let (before, now): (HashSet<&AltName>, HashSet<&AltName>) =
        (old.names().collect(), new.names().collect());
    let added = some_names(new.names().filter(|name| !before.contains(name)));
    let removed = some_names(old.names().filter(|name| !now.contains(name)));
    let mut lines = Vec::new();
    if !added.is_empty() {
        lines.push(format!("names added: {added}"));
    }
    if !removed.is_empty() {
        lines.push(format!("names removed: {removed}"));
    }
    if lines.is_empty() {
        lines.push(format!("the names are the same: {}", or_none(some_names(old.names()))));
    }
    lines
}

fn validity(old: &Certificate, new: &Certificate) -> String {
    let (from, to) = (new.not_before_text(), new.not_after_text());
    let (before, now) = (old.facts(), new.facts());
    if (before.not_before, before.not_after) == (now.not_before, now.not_after) {
        return format!("the validity is the same: from {from} to {to}");
    }
    let end = old.not_after_text();
    format!("the old certificate ends {end}, the new one is valid from {from} to {to}")
}

fn algorithm(old: &Certificate, new: &Certificate) -> String {
    let (before, now) = (old.key_text(), new.key_text());
    if before == now {
        format!("the key's algorithm is the same: {now}")
    } else {
        format!("the key's algorithm is another one: {before} before, {now} now")
    }
}

fn uses(old: &Certificate, new: &Certificate) -> Option<String> {
    let (before, now) = (old.facts(), new.facts());
    let is_same = before.basic_constraints == now.basic_constraints
        && before.key_usage == now.key_usage
        && before.extended_key_usage == now.extended_key_usage
        && before.name_constraints == now.name_constraints;
    (!is_same).then(|| "what the certificate may be used for is not the same".to_owned())
}
