//! The certificates of the table. Each begins as an ordinary one, and one thing is odd.

use super::der::{self, BOOLEAN, OCTETS, OID, SEQUENCE, SET, TIME, UTC_TIME, UTF8, sequence};
use super::keys::{Algorithm, Public, Signer};

pub(crate) const KEY_USAGE: &str = "2.5.29.15";
pub(crate) const ALT_NAMES: &str = "2.5.29.17";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
pub(crate) const PURPOSES: &str = "2.5.29.37";
pub(crate) const KEY_ID: &str = "2.5.29.14";
pub(crate) const ISSUER_KEY_ID: &str = "2.5.29.35";
pub(crate) const POLICIES: &str = "2.5.29.32";
pub(crate) const POLICY_MAPPINGS: &str = "2.5.29.33";
pub(crate) const POLICY_CONSTRAINTS: &str = "2.5.29.36";
pub(crate) const INHIBIT_ANY: &str = "2.5.29.54";
pub(crate) const ISSUER_ALT_NAMES: &str = "2.5.29.18";
pub(crate) const ACCESS: &str = "1.3.6.1.5.5.7.1.1";
pub(crate) const LIST_NUMBER: &str = "2.5.29.20";
/// An extension that nobody knows.
pub(crate) const UNKNOWN: &str = "1.3.6.1.4.1.55555.1";

pub(crate) const DIGITAL_SIGNATURE: u8 = 0;
pub(crate) const KEY_ENCIPHERMENT: u8 = 2;
pub(crate) const KEY_AGREEMENT: u8 = 4;
pub(crate) const CERT_SIGN: u8 = 5;
pub(crate) const CRL_SIGN: u8 = 6;

pub(crate) const SERVER: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const CODE: &str = "1.3.6.1.5.5.7.3.3";
pub(crate) const ANY: &str = "2.5.29.37.0";

/// What is to become a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The number in the version field. `None`: no version field.
    pub(crate) version: Option<u8>,
    /// The content of the serial number.
    pub(crate) serial: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) key: Public,
    pub(crate) issuer: Vec<u8>,
    pub(crate) signer: Signer,
    pub(crate) algorithm: Algorithm,
    /// Another identifier outside of the signed part than inside.
    pub(crate) outer: Option<Vec<u8>>,
    pub(crate) begin: Vec<u8>,
    pub(crate) end: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
    /// Whether the signature is spoilt.
    pub(crate) spoilt: bool,
}

/// One extension.
#[derive(Clone, Debug)]
pub(crate) struct Extension {
    oid: &'static str,
    critical: bool,
    content: Vec<u8>,
    /// Whether `critical` is written even where it is the default.
    verbose: bool,
    /// The byte that stands for true.
    truth: u8,
}

impl Extension {
    pub(crate) const fn new(oid: &'static str, content: Vec<u8>) -> Self {
        Self { oid, critical: false, content, verbose: false, truth: 0xff }
    }

    pub(crate) const fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// Critical, with another number than DER has for true.
    pub(crate) const fn critical_in_ber(mut self) -> Self {
        self.truth = 1;
        self.critical()
    }

    pub(crate) const fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }

    fn der(&self) -> Vec<u8> {
        let critical = match (self.critical, self.verbose) {
            (true, _) => der::value(BOOLEAN, &[self.truth]),
            (false, true) => der::value(BOOLEAN, &[0]),
            (false, false) => Vec::new(),
        };
        sequence([der::oid(self.oid), critical, der::value(OCTETS, &self.content)])
    }
}

impl Draft {
    /// An ordinary authority, self-signed.
    pub(crate) fn root() -> Self {
        let draft = Self::new(common_name("Golden Root"), Public::Of(Signer::Root));
        Self { serial: vec![1], ..draft }
            .from(common_name("Golden Root"), Signer::Root)
            .with(basic_constraints(Some(true), None).critical())
            .with(usage(&[CERT_SIGN, CRL_SIGN]).critical())
            .with(key_id(Public::Of(Signer::Root)))
            .without(ISSUER_KEY_ID)
    }

    /// An ordinary intermediate of the root.
    pub(crate) fn middle() -> Self {
        let draft = Self::new(common_name("Golden Middle"), Public::Of(Signer::Middle));
        Self { serial: vec![2], ..draft }
            .with(basic_constraints(Some(true), None).critical())
            .with(usage(&[CERT_SIGN, CRL_SIGN]).critical())
            .with(key_id(Public::Of(Signer::Middle)))
    }

    /// An ordinary server of the root, for a.example.
    pub(crate) fn leaf() -> Self {
        Self::new(common_name("a.example"), Public::Of(Signer::Leaf))
            .with(usage(&[DIGITAL_SIGNATURE, KEY_ENCIPHERMENT]).critical())
            .with(purposes(&[SERVER]))
            .with(alt_names(&[dns("a.example")]))
    }

    /// An ordinary server of the intermediate.
    pub(crate) fn deep() -> Self {
        Self::leaf().from(common_name("Golden Middle"), Signer::Middle)
    }

    /// A server that signed itself.
    pub(crate) fn alone() -> Self {
        Self::leaf().from(common_name("a.example"), Signer::Leaf).without(ISSUER_KEY_ID)
    }

    fn new(subject: Vec<u8>, key: Public) -> Self {
        let draft = Self {
            version: Some(2),
            serial: vec![0x10, 0x20, 0x30],
            subject,
            key,
            issuer: Vec::new(),
            signer: Signer::Root,
            algorithm: Algorithm::Usual,
            outer: None,
            begin: utc("260101000000Z"),
            end: utc("280101000000Z"),
            extensions: Vec::new(),
            spoilt: false,
        };
        draft.from(common_name("Golden Root"), Signer::Root)
    }

    /// Another issuer, and the identifier of its key.
    pub(crate) fn from(self, issuer: Vec<u8>, signer: Signer) -> Self {
        let draft = Self { issuer, signer, ..self };
        draft.with(issuer_key_id(&Public::Of(signer).identifier()))
    }

    /// An extension in place of the one of its kind.
    pub(crate) fn with(mut self, extension: Extension) -> Self {
        self.extensions.retain(|one| one.oid != extension.oid);
        self.also(extension)
    }

    /// An extension beside whatever there is.
    pub(crate) fn also(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|one| one.oid != oid);
        self
    }

    pub(crate) fn named(self, names: &[Vec<u8>]) -> Self {
        self.with(alt_names(names))
    }

    pub(crate) fn subject(self, subject: Vec<u8>) -> Self {
        Self { subject, ..self }
    }

    /// Another key, and its identifier where there is one.
    pub(crate) fn key(self, key: Public) -> Self {
        let draft = Self { key, ..self };
        match draft.extensions.iter().any(|one| one.oid == KEY_ID) {
            true => draft.with(key_id(key)),
            false => draft,
        }
    }

    pub(crate) fn valid(self, begin: Vec<u8>, end: Vec<u8>) -> Self {
        Self { begin, end, ..self }
    }

    /// Without a version and whatever came with later ones.
    pub(crate) fn version_1(self) -> Self {
        Self { version: None, extensions: Vec::new(), ..self }
    }

    /// The certificate.
    pub(crate) fn der(&self) -> Vec<u8> {
        let inner = self.signer.identifier(self.algorithm);
        let version =
            self.version.map(|number| der::value(0xa0, &der::value(der::INTEGER, &[number])));
        let extensions = (!self.extensions.is_empty())
            .then(|| der::value(0xa3, &sequence(self.extensions.iter().map(Extension::der))));
        let signed = sequence([
            version.unwrap_or_default(),
            der::value(der::INTEGER, &self.serial),
            inner.clone(),
            self.issuer.clone(),
            sequence([&self.begin, &self.end]),
            self.subject.clone(),
            self.key.info(),
            extensions.unwrap_or_default(),
        ]);
        let mut signature = self.signer.sign(self.algorithm, &signed);
        if self.spoilt {
            signature[20] ^= 1;
        }
        sequence([signed, self.outer.clone().unwrap_or(inner), der::bits(&signature)])
    }
}

/// A revocation list.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) issuer: Vec<u8>,
    pub(crate) signer: Signer,
    pub(crate) number: u8,
    pub(crate) begin: Vec<u8>,
    pub(crate) end: Vec<u8>,
    /// The contents of the serial numbers.
    pub(crate) serials: Vec<Vec<u8>>,
    /// Extensions beside the number and the identifier of the key, or in their place.
    pub(crate) extensions: Vec<Extension>,
    /// Those that are left out.
    pub(crate) without: Vec<&'static str>,
}

impl List {
    /// An ordinary list of the root.
    pub(crate) fn of(serials: &[&[u8]]) -> Self {
        Self {
            issuer: common_name("Golden Root"),
            signer: Signer::Root,
            number: 1,
            begin: utc("261120000000Z"),
            end: utc("261220000000Z"),
            serials: serials.iter().map(|serial| serial.to_vec()).collect(),
            extensions: Vec::new(),
            without: Vec::new(),
        }
    }

    /// Without an extension.
    pub(crate) fn without(mut self, oid: &'static str) -> Self {
        self.without.push(oid);
        self
    }

    /// With an extension in place of the one of its kind.
    pub(crate) fn with(mut self, extension: Extension) -> Self {
        self.without.push(extension.oid);
        self.extensions.push(extension);
        self
    }

    /// The list, signed.
    pub(crate) fn der(&self) -> Vec<u8> {
        let entry =
            |serial: &Vec<u8>| sequence([der::value(der::INTEGER, serial), utc("261101000000Z")]);
        let entries = match self.serials.as_slice() {
            [] => Vec::new(),
            serials => sequence(serials.iter().map(entry)),
        };
        let number = Extension::new(LIST_NUMBER, der::unsigned(&[self.number]));
        let by = issuer_key_id(&Public::Of(self.signer).identifier());
        let usual = [number, by].into_iter().filter(|one| !self.without.contains(&one.oid));
        let all: Vec<_> = usual.chain(self.extensions.clone()).map(|one| one.der()).collect();
        let extensions = if all.is_empty() { Vec::new() } else { der::value(0xa0, &sequence(all)) };
        let identifier = self.signer.identifier(Algorithm::Usual);
        let signed = sequence([
            der::value(der::INTEGER, &[1]),
            identifier.clone(),
            self.issuer.clone(),
            self.begin.clone(),
            self.end.clone(),
            entries,
            extensions,
        ]);
        let signature = self.signer.sign(Algorithm::Usual, &signed);
        sequence([signed, identifier, der::bits(&signature)])
    }
}

pub(crate) fn utc(text: &str) -> Vec<u8> {
    der::value(UTC_TIME, text.as_bytes())
}

pub(crate) fn time(text: &str) -> Vec<u8> {
    der::value(TIME, text.as_bytes())
}

/// A subject of one common name.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    common_names(&[text])
}

/// A subject of several common names.
pub(crate) fn common_names(texts: &[&str]) -> Vec<u8> {
    sequence(texts.iter().map(|text| {
        let pair = sequence([der::oid("2.5.4.3"), der::value(UTF8, text.as_bytes())]);
        der::value(SET, &pair)
    }))
}

pub(crate) fn alt_names(names: &[Vec<u8>]) -> Extension {
    Extension::new(ALT_NAMES, sequence(names))
}

pub(crate) fn dns(name: &str) -> Vec<u8> {
    der::value(0x82, name.as_bytes())
}

pub(crate) fn mail(name: &str) -> Vec<u8> {
    der::value(0x81, name.as_bytes())
}

pub(crate) fn uri(name: &str) -> Vec<u8> {
    der::value(0x86, name.as_bytes())
}

pub(crate) fn ip(octets: &[u8]) -> Vec<u8> {
    der::value(0x87, octets)
}

/// Every name below a subject, as a constraint has it.
pub(crate) fn directory(subject: &[u8]) -> Vec<u8> {
    der::value(0xa4, subject)
}

/// The name of a service (RFC 4985).
pub(crate) fn service(name: &str) -> Vec<u8> {
    let text = der::value(0x16, name.as_bytes());
    let content = der::joined([der::oid("1.3.6.1.5.5.7.8.7"), der::value(0xa0, &text)]);
    der::value(0xa0, &content)
}

pub(crate) fn usage(bits: &[u8]) -> Extension {
    Extension::new(KEY_USAGE, der::named_bits(bits))
}

pub(crate) fn purposes(oids: &[&str]) -> Extension {
    Extension::new(PURPOSES, sequence(oids.iter().map(|oid| der::oid(oid))))
}

/// Basic constraints. `None` for `ca` leaves it out, which means no as well.
pub(crate) fn basic_constraints(ca: Option<bool>, path_len: Option<u8>) -> Extension {
    let ca = ca.map(|ca| der::value(BOOLEAN, if ca { &[0xff] } else { &[0] }));
    let path_len = path_len.map(|len| der::unsigned(&[len]));
    let content = sequence([ca.unwrap_or_default(), path_len.unwrap_or_default()]);
    Extension::new(BASIC_CONSTRAINTS, content)
}

pub(crate) fn name_constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Extension {
    let trees = |tag, trees: &[Vec<u8>]| match trees {
        [] => Vec::new(),
        _ => der::value(tag, &der::joined(trees.iter().map(|tree| sequence([tree])))),
    };
    let content = sequence([trees(0xa0, permitted), trees(0xa1, excluded)]);
    Extension::new(NAME_CONSTRAINTS, content).critical()
}

pub(crate) fn key_id(key: Public) -> Extension {
    Extension::new(KEY_ID, der::value(OCTETS, &key.identifier()))
}

pub(crate) fn issuer_key_id(id: &[u8]) -> Extension {
    Extension::new(ISSUER_KEY_ID, sequence([der::value(0x80, id)]))
}

/// Two policies, any and another.
pub(crate) fn policies() -> Extension {
    let policies = ["2.5.29.32.0", "1.2.3.4"].map(|policy| sequence([der::oid(policy)]));
    Extension::new(POLICIES, sequence(policies))
}

/// A demand for a policy, from here on.
pub(crate) fn demand() -> Extension {
    Extension::new(POLICY_CONSTRAINTS, sequence([der::value(0x80, &[0])]))
}

/// A mapping of one policy to another.
pub(crate) fn mapping(from: &str, to: &str) -> Extension {
    Extension::new(POLICY_MAPPINGS, sequence([sequence([der::oid(from), der::oid(to)])]))
}

/// An extension that nobody knows, with an object identifier in it.
pub(crate) fn unknown() -> Extension {
    Extension::new(UNKNOWN, der::value(OID, &[0x2a]))
}

/// A sequence of nothing.
pub(crate) fn nothing() -> Vec<u8> {
    der::value(SEQUENCE, &[])
}
