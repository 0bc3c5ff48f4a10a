//! The JSON text: keys are never renamed, removed or reordered, and new ones come at the end.

use serde_json::{Map, Value};

use super::words::{self, For};
use crate::error::escaped;
use crate::material::certificate::Certificate;
use crate::material::facts::AltName;
use crate::material::hex::hex_colons;

pub(super) fn text(certificate: &Certificate) -> String {
    let facts = certificate.facts();
    let common_names = facts.common_names.iter().map(|name| escaped(name));
    let names = certificate.names().map(name);
    let basic_constraints = facts.basic_constraints.map(|found| {
        object([
            ("ca", found.ca.into()),
            ("path_length", found.path_len.into()),
            ("critical", found.critical.into()),
        ])
    });
    let key_usage =
        facts.key_usage.map(|found| usage(words::usages(found, For::Programs), found.critical));
    let extended_key_usage = facts
        .extended_key_usage
        .as_ref()
        .map(|found| usage(words::purposes(found, For::Programs), found.critical));
    object([
        ("subject", certificate.subject().into()),
        ("issuer", certificate.issuer().into()),
        ("common_names", common_names.collect()),
        ("names", names.collect()),
        ("not_before", certificate.not_before_text().into()),
        ("not_after", certificate.not_after_text().into()),
        ("key", certificate.key_text().into()),
        ("sha256", certificate.fingerprint().into()),
        ("key_sha256", certificate.key_fingerprint().into()),
        ("version", facts.version.into()),
        ("serial", certificate.serial_text().into()),
        ("signature", certificate.signature_text().into()),
        ("self_issued", certificate.is_self_issued().into()),
        ("basic_constraints", basic_constraints.into()),
        ("key_usage", key_usage.into()),
        ("extended_key_usage", extended_key_usage.into()),
        ("name_constraints", facts.name_constraints.into()),
        ("subject_key_id", facts.subject_key_id.as_deref().map(hex_colons).into()),
        ("authority_key_id", facts.authority_key_id.as_deref().map(hex_colons).into()),
        ("unknown_critical", facts.unknown_critical.clone().into()),
    ])
    .to_string()
}

fn name(name: &AltName) -> Value {
    let (kind, value) = match name {
        AltName::Dns(text) => ("dns", escaped(text)),
        AltName::Ip(address) => ("ip", address.to_string()),
        AltName::Email(text) => ("email", escaped(text)),
        AltName::Uri(text) => ("uri", escaped(text)),
        AltName::Other(text) | AltName::Damaged(text) => ("other", escaped(text)),
    };
    object([("type", kind.into()), ("value", value.into())])
}

fn usage(words: Vec<&str>, critical: bool) -> Value {
    object([("allows", words.into()), ("critical", critical.into())])
}

fn object<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Object(pairs.collect::<Map<_, _>>())
}
