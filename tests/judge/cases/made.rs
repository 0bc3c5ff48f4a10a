//! Certificates made from a description, however odd: empty key usages, ends before begins.

use std::net::IpAddr;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as Rsa, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use serde_json::Value;

use super::der::{boolean, extension, name, utc_time};
use crate::golden::der::{INTEGER, NULL, bits, joined, named_bits, oid, sequence, unsigned, value};
use crate::golden::pem::pem;

const USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// A key that can sign, or one of which there is a public half only.
pub(crate) enum Key {
    Rsa(Box<Rsa>),
    P256(EcdsaKeyPair),
    /// RSA of 1024 bits, which no key generator makes any more.
    Short,
}

impl Key {
    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(Rsa::generate(KeySize::Rsa2048).unwrap()))
    }

    pub(crate) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    /// The private key in PEM, where there is one.
    pub(crate) fn pem(&self) -> Option<String> {
        let pkcs8 = match self {
            Self::Rsa(key) => AsDer::<Pkcs8V1Der<'_>>::as_der(&**key).unwrap().as_ref().to_vec(),
            Self::P256(key) => key.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Self::Short => return None,
        };
        Some(pem("PRIVATE KEY", &[pkcs8]))
    }

    fn spki(&self) -> Vec<u8> {
        let rsa = sequence([oid("1.2.840.113549.1.1.1"), value(NULL, &[])]);
        match self {
            Self::Rsa(key) => sequence([rsa, bits(key.public_key().as_ref())]),
            Self::P256(key) => {
                let curve = sequence([oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]);
                sequence([curve, bits(key.public_key().as_ref())])
            }
            Self::Short => {
                let key = sequence([unsigned(&[0xc5; 128]), unsigned(&[1, 0, 1])]);
                sequence([rsa, bits(&key)])
            }
        }
    }

    fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence([oid("1.2.840.113549.1.1.11"), value(NULL, &[])]),
            Self::P256(_) => sequence([oid("1.2.840.10045.4.3.2")]),
            Self::Short => panic!("no key to sign with"),
        }
    }

    fn sign(&self, what: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, what, &mut signature).unwrap();
                signature
            }
            Self::P256(key) => key.sign(&random, what).unwrap().as_ref().to_vec(),
            Self::Short => panic!("no key to sign with"),
        }
    }
}

/// Who, by whom, and when, in seconds since 1970.
pub(crate) struct Made<'a> {
    pub(crate) subject: &'a [(String, String)],
    pub(crate) issuer: &'a [(String, String)],
    pub(crate) begin: i64,
    pub(crate) end: i64,
    pub(crate) key: &'a Key,
    pub(crate) signer: &'a Key,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Made<'_> {
    /// The certificate in PEM.
    pub(crate) fn pem(&self) -> String {
        let version = value(0xa0, &value(INTEGER, &[2]));
        let serial = value(INTEGER, &[1, 2, 3, 4, 0]);
        let validity = sequence([utc_time(self.begin), utc_time(self.end)]);
        let algorithm = self.signer.algorithm();
        let extensions = match self.extensions.concat() {
            none if none.is_empty() => none,
            some => value(0xa3, &sequence([some])),
        };
        let tbs = sequence([
            version,
            serial,
            algorithm.clone(),
            name(self.issuer),
            validity,
            name(self.subject),
            self.key.spki(),
            extensions,
        ]);
        let signature = self.signer.sign(&tbs);
        pem("CERTIFICATE", &[sequence([tbs, algorithm, bits(&signature)])])
    }
}

/// The extensions that a description names.
pub(crate) fn extensions(of: &Value) -> Vec<Vec<u8>> {
    let critical = |key: &str| of[key]["critical"].as_bool().unwrap();
    let mut out = Vec::new();
    if of["basic_constraints"].is_object() {
        let constraints = &of["basic_constraints"];
        let mut content = Vec::new();
        if constraints["ca"] == true {
            content.extend(boolean(true));
        }
        if let Some(limit) = constraints["path_len"].as_u64() {
            content.extend(value(INTEGER, &[u8::try_from(limit).unwrap()]));
        }
        out.push(extension("2.5.29.19", critical("basic_constraints"), &sequence([content])));
    }
    if of["key_usage"].is_object() {
        let set = texts(&of["key_usage"]["bits"]);
        let number = |name: String| USAGES.iter().position(|one| **one == name).unwrap();
        let set: Vec<u8> = set.into_iter().map(|one| u8::try_from(number(one)).unwrap()).collect();
        out.push(extension("2.5.29.15", critical("key_usage"), &named_bits(&set)));
    }
    if of["ext_key_usage"].is_object() {
        let ids: Vec<_> = texts(&of["ext_key_usage"]["oids"]).iter().map(|id| oid(id)).collect();
        let content = sequence(ids);
        out.push(extension("2.5.29.37", critical("ext_key_usage"), &content));
    }
    let names = alternative_names(&of["san"]);
    if !names.is_empty() {
        out.push(extension("2.5.29.17", false, &sequence([names])));
    }
    let excluded = texts(&of["name_constraints_excluded_dns"]);
    if !excluded.is_empty() {
        let trees = excluded.iter().map(|dns| sequence([value(0x82, dns.as_bytes())]));
        let trees = value(0xa1, &joined(trees));
        out.push(extension("2.5.29.30", true, &sequence([trees])));
    }
    out
}

fn alternative_names(of: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, tag) in [("dns", 0x82), ("email", 0x81), ("uri", 0x86)] {
        for text in texts(&of[kind]) {
            out.extend(value(tag, text.as_bytes()));
        }
    }
    for text in texts(&of["ip"]) {
        let bytes = match text.parse::<IpAddr>().unwrap() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        out.extend(value(0x87, &bytes));
    }
    out
}

/// A list of strings, or none.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}
