//! The rows of the table: who is dialled, what the server shows, and who is trusted.

mod names;
mod paths;
mod uses;

use super::make::{Draft, dns};

/// A server with something odd about it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The host that is dialled.
    pub(crate) host: &'static str,
    /// What is shown, the leaf first, in DER.
    pub(crate) chain: Vec<Vec<u8>>,
    /// The authorities, in DER.
    pub(crate) anchors: Vec<Vec<u8>>,
    /// The revocation lists, in DER.
    pub(crate) lists: Vec<Vec<u8>>,
}

/// Every row, in the order of the table.
pub(crate) fn all() -> Vec<Row> {
    [names::rows(), uses::rows(), paths::rows()].concat()
}

impl Row {
    /// A leaf below the ordinary root, dialled as a.example.
    fn of(name: &'static str, leaf: Draft) -> Self {
        Self::shown(name, vec![leaf.der()])
    }

    /// A chain, and the ordinary root.
    fn shown(name: &'static str, chain: Vec<Vec<u8>>) -> Self {
        let anchors = vec![Draft::root().der()];
        Self { name, host: "a.example", chain, anchors, lists: Vec::new() }
    }

    /// An ordinary leaf below this intermediate and the ordinary root.
    fn below(name: &'static str, middle: Draft) -> Self {
        Self::shown(name, vec![Draft::deep().der(), middle.der()])
    }

    /// An ordinary leaf below this root.
    fn under(name: &'static str, root: Draft) -> Self {
        Self::of(name, Draft::leaf()).believing(vec![root.der()])
    }

    /// A leaf with one DNS name, and the host that is dialled.
    fn dns(name: &'static str, pattern: &str, host: &'static str) -> Self {
        Self::of(name, Draft::leaf().named(&[dns(pattern)])).at(host)
    }

    fn at(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    fn believing(self, anchors: Vec<Vec<u8>>) -> Self {
        Self { anchors, ..self }
    }
}
