//! The JSON text: keys are never renamed, removed or reordered, and new ones come at the end.
//!
//! What a value says is exact, but for the end of one that is longer than 1,000 characters. `cut`
//! says whether such an end, or an end of a list, is missing.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::values::{LIST_SHOWN, VALUES_SHOWN, name_of};
use super::words::{self, For};
use crate::error::{Calm, escaped, some};
use crate::material::certificate::Certificate;
use crate::material::facts::AltName;
use crate::material::hex::hex_colons;

pub(super) fn text(certificate: &Certificate) -> String {
    let facts = certificate.facts();
    let bounds = Bounds::default();
    let basic_constraints = facts.basic_constraints.map(|found| {
        object([
            ("ca", found.ca.into()),
            ("path_length", found.path_len.into()),
            ("critical", found.critical.into()),
        ])
    });
    let usage = |words: Vec<&str>, critical: bool| {
        object([("allows", bounds.list(words.into_iter())), ("critical", critical.into())])
    };
    let key_usage =
        facts.key_usage.map(|found| usage(words::usages(found, For::Programs), found.critical));
    let extended_key_usage = facts
        .extended_key_usage
        .as_ref()
        .map(|found| usage(words::purposes(found, For::Programs), found.critical));
    let key_id = |id: &Option<Vec<u8>>| id.as_deref().map(|id| bounds.value(&hex_colons(id)));
    let common_names = facts.common_names.iter().map(|name| &**name);
    let names = bounds.names(certificate);
    object([
        ("subject", bounds.value(&name_of(certificate.subject_der()))),
        ("issuer", bounds.value(&name_of(certificate.issuer_der()))),
        ("common_names", bounds.list(common_names)),
        ("names", names),
        ("not_before", certificate.not_before_text().into()),
        ("not_after", certificate.not_after_text().into()),
        ("key", certificate.key_text().into()),
        ("sha256", certificate.fingerprint().into()),
        ("key_sha256", certificate.key_fingerprint().into()),
        ("version", facts.version.into()),
        ("serial", bounds.value(&certificate.serial_digits())),
        ("signature", certificate.signature_text().into()),
        ("self_issued", certificate.is_self_issued().into()),
        ("basic_constraints", basic_constraints.into()),
        ("key_usage", key_usage.into()),
        ("extended_key_usage", extended_key_usage.into()),
        ("name_constraints", facts.name_constraints.into()),
        ("subject_key_id", key_id(&facts.subject_key_id).into()),
        ("authority_key_id", key_id(&facts.authority_key_id).into()),
        ("unknown_critical", bounds.list(facts.unknown_critical.iter().map(String::as_str))),
        ("names_in_all", certificate.names().count().into()),
        ("cut", bounds.cut.get().into()),
    ])
    .to_string()
}

/// What keeps the text short.
#[derive(Default)]
struct Bounds {
    cut: Cell<bool>,
}

impl Bounds {
    fn value(&self, text: &str) -> Value {
        String::from(self.calm(text)).into()
    }

    fn list<'a>(&self, values: impl Iterator<Item = &'a str>) -> Value {
        let (shown, more) = some(values, |one| self.calm(one), VALUES_SHOWN, LIST_SHOWN);
        self.left_out(more);
        shown.into_iter().map(String::from).collect()
    }

    fn names(&self, certificate: &Certificate) -> Value {
        let value = |name: &AltName| match name {
            AltName::Ip(address) => Calm::value(&address.to_string()),
            AltName::Dns(text)
            | AltName::Email(text)
            | AltName::Uri(text)
            | AltName::Other(text)
            | AltName::Damaged(text) => self.calm(text),
        };
        let (shown, more) = some(certificate.names(), value, VALUES_SHOWN, LIST_SHOWN);
        self.left_out(more);
        let name = |(name, value): (&AltName, Calm)| {
            object([("type", kind(name).into()), ("value", String::from(value).into())])
        };
        certificate.names().zip(shown).map(name).collect()
    }

    fn calm(&self, text: &str) -> Calm {
        let calm = Calm::value(text);
        // What is not cut need not be made a second time.
        if calm.ends_with(" characters)") && *calm != *escaped(text) {
            self.cut.set(true);
        }
        calm
    }

    fn left_out(&self, more: usize) {
        self.cut.set(self.cut.get() || more > 0);
    }
}

const fn kind(name: &AltName) -> &'static str {
    match name {
        AltName::Dns(_) => "dns",
        AltName::Ip(_) => "ip",
        AltName::Email(_) => "email",
        AltName::Uri(_) => "uri",
        AltName::Other(_) | AltName::Damaged(_) => "other",
    }
}

fn object<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Object(pairs.collect::<Map<_, _>>())
}
