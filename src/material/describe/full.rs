//! The full text: every label always, in one order, so that what is missing is seen too.

use super::values::{LIST_SHOWN, VALUES_SHOWN, labelled, or_none, with_more};
use super::words::{self, For};
use crate::error::{Calm, fingerprint_lines, hung, some};
use crate::material::certificate::Certificate;
use crate::material::facts::Facts;
use crate::material::hex::hex_colons;

/// Wide enough for every label.
const COLUMN: usize = 21;

pub(super) fn text(certificate: &Certificate) -> String {
    let facts = certificate.facts();
    let mut lines = vec![
        line("Version", &facts.version.to_string()),
        fingerprint("Serial number", &certificate.serial_text()),
        line("Signature", &certificate.signature_text()),
        line("Issuer", &or_none(certificate.issuer())),
        line("Subject", &or_none(certificate.subject())),
        line("Valid from", &certificate.not_before_text()),
        line("Valid to", &certificate.not_after_text()),
        line("Key", &certificate.key_text()),
        line("Basic constraints", &basic_constraints(facts)),
        line("Key usage", &key_usage(facts)),
        line("Extended key usage", &extended_key_usage(facts)),
    ];
    let mut label = "Names";
    let show = |name| Calm::value(&labelled(name));
    let (names, more) = some(certificate.names(), show, VALUES_SHOWN, LIST_SHOWN);
    let more = (more > 0).then(|| Calm::name(&format!("and {more} more")));
    for name in names.iter().chain(&more) {
        lines.push(line(label, name));
        label = "";
    }
    if !label.is_empty() {
        lines.push(line(label, "none"));
    }
    let constrained = if facts.name_constraints { "restricted" } else { "none" };
    lines.extend([
        line("Name constraints", constrained),
        fingerprint("Subject key id", &key_id(facts.subject_key_id.as_deref())),
        fingerprint("Authority key id", &key_id(facts.authority_key_id.as_deref())),
        line("Unknown, critical", &or_none(list(facts.unknown_critical.iter()))),
        fingerprint("SHA-256", &certificate.fingerprint()),
        fingerprint("SHA-256 of the key", &certificate.key_fingerprint()),
        fingerprint("SHA-1", &certificate.sha1_fingerprint()),
        line("", "(SHA-1 is broken: only to compare with old tools)"),
    ]);
    lines.join("\n")
}

fn line(label: &str, value: &str) -> String {
    hung(&begin(label), COLUMN, value)
}

fn fingerprint(label: &str, value: &str) -> String {
    fingerprint_lines(&begin(label), COLUMN, value)
}

fn begin(label: &str) -> String {
    let label = if label.is_empty() { String::new() } else { format!("{label}:") };
    format!("{label:COLUMN$}")
}

fn list<V: AsRef<str>>(values: impl Iterator<Item = V>) -> String {
    let show = |value: V| Calm::value(value.as_ref());
    let (shown, more) = some(values, show, VALUES_SHOWN, LIST_SHOWN);
    with_more(&shown.join(", "), more)
}

fn basic_constraints(facts: &Facts) -> String {
    let Some(found) = facts.basic_constraints else { return "none".to_owned() };
    let role = if found.ca { "authority" } else { "no authority" };
    let length = found.path_len.map_or_else(String::new, |len| format!(", path length {len}"));
    format!("{role}{length}{}", critical(found.critical))
}

fn key_usage(facts: &Facts) -> String {
    facts.key_usage.map_or_else(
        || "any".to_owned(),
        |found| or_none(words::usages(found, For::People).join(", ")) + critical(found.critical),
    )
}

fn extended_key_usage(facts: &Facts) -> String {
    facts.extended_key_usage.as_ref().map_or_else(
        || "any".to_owned(),
        |found| {
            or_none(list(words::purposes(found, For::People).iter())) + critical(found.critical)
        },
    )
}

fn key_id(id: Option<&[u8]>) -> String {
    or_none(id.map(|id| Calm::value(&hex_colons(id))).unwrap_or_default())
}

const fn critical(critical: bool) -> &'static str {
    if critical { " (critical)" } else { "" }
}
