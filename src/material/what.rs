//! What DER is, whatever somebody called it: for the words about a block with the wrong label.
//!
//! Nothing is believed here that a reader would refuse: a shape has a name only where the whole of
//! it fits, so that a damaged certificate is still called damaged.

use super::der::{
    self, BIT_STRING, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET,
    context_constructed,
};
use super::fields::{Fields, issuer_of_list};
use super::oid;

/// What a block can turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Certificate,
    List,
    Request,
    /// A key, and the label that belongs to its form.
    Key(&'static str),
    PublicKey,
    Pkcs7,
    Pkcs12,
    CurveName,
    /// The text of a PEM block, or base64, encoded a second time.
    Text,
}

impl What {
    /// What `der` is, if anything that is known here.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        if der.starts_with(b"openssh-key-v1\0") {
            return Some(Self::Key("OPENSSH PRIVATE KEY"));
        }
        if der.starts_with(b"-----BEGIN ") || der.starts_with(b"MI") && der.is_ascii() {
            return Some(Self::Text);
        }
        let whole = der::only(der)?;
        if whole.tag == OBJECT_IDENTIFIER {
            return Some(Self::CurveName);
        }
        if whole.tag != SEQUENCE {
            return None;
        }
        let parts = der::elements(whole.content)?;
        Self::of_parts(&parts).or_else(|| {
            if Fields::read(der).is_ok() {
                Some(Self::Certificate)
            } else if issuer_of_list(der).is_some() {
                Some(Self::List)
            } else {
                None
            }
        })
    }

    fn of_parts(parts: &[Element<'_>]) -> Option<Self> {
        let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
        let first = parts.first()?;
        let second = parts.get(1);
        let version = || (first.tag == INTEGER).then(|| der::number(first.content)).flatten();
        match tags.as_slice() {
            [OBJECT_IDENTIFIER, wrapped] if *wrapped == context_constructed(0) => {
                let name = oid::text(first.content);
                name.starts_with("1.2.840.113549.1.7.").then_some(Self::Pkcs7)
            }
            [INTEGER, SEQUENCE, OCTET_STRING, ..] if version()? <= 1 && is_algorithm(second?) => {
                Some(Self::Key("PRIVATE KEY"))
            }
            [INTEGER, SEQUENCE, ..] if version()? == 3 && is_algorithm(second?) => {
                Some(Self::Pkcs12)
            }
            [INTEGER, OCTET_STRING, ..] if version()? == 1 => Some(Self::Key("EC PRIVATE KEY")),
            all if all.len() >= 9 && all.iter().all(|tag| *tag == INTEGER) => {
                Some(Self::Key("RSA PRIVATE KEY"))
            }
            [INTEGER, INTEGER] => Some(Self::PublicKey),
            [SEQUENCE, BIT_STRING] if is_algorithm(first) => Some(Self::PublicKey),
            [SEQUENCE, OCTET_STRING] if is_algorithm(first) => {
                Some(Self::Key("ENCRYPTED PRIVATE KEY"))
            }
            [SEQUENCE, SEQUENCE, BIT_STRING] if is_request(first) => Some(Self::Request),
            _ => None,
        }
    }

    /// What sentences call it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Certificate => "a certificate",
            Self::List => "a revocation list (CRL)",
            Self::Request => "a certificate request (CSR)",
            Self::Key("ENCRYPTED PRIVATE KEY") => "an encrypted private key (PKCS#8)",
            Self::Key("RSA PRIVATE KEY") => "an RSA private key (PKCS#1)",
            Self::Key("EC PRIVATE KEY") => "an EC private key (SEC 1)",
            Self::Key("OPENSSH PRIVATE KEY") => "a private key in OpenSSH's format",
            Self::Key(_) => "a private key (PKCS#8)",
            Self::PublicKey => "a public key",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "PKCS#12",
            Self::CurveName => "the name of a curve",
            Self::Text => "text that was encoded twice",
        }
    }

    /// The label that belongs to it. `None`: it has none, or none that helps.
    fn label(self) -> Option<&'static str> {
        match self {
            Self::Certificate => Some("CERTIFICATE"),
            Self::List => Some("X509 CRL"),
            Self::Request => Some("CERTIFICATE REQUEST"),
            Self::Key(label) => Some(label),
            Self::PublicKey => Some("PUBLIC KEY"),
            Self::Pkcs7 => Some("PKCS7"),
            Self::CurveName => Some("EC PARAMETERS"),
            Self::Pkcs12 | Self::Text => None,
        }
    }

    /// What to do with it, for somebody who called it otherwise.
    fn hint(self) -> &'static str {
        match self {
            Self::Certificate => {
                "change its first and last line to CERTIFICATE, and add it as what it is"
            }
            Self::List => {
                "change its first and last line to X509 CRL, and add it as a revocation list"
            }
            Self::Request => {
                "a request is not a certificate yet; put the certificate that its CA made from it here"
            }
            Self::Key("OPENSSH PRIVATE KEY") => {
                "convert a copy of it with: ssh-keygen -p -m PKCS8 -f KEY"
            }
            Self::Key(_) => {
                "a private key belongs in a file of its own, with the label of its form"
            }
            Self::PublicKey => {
                "a certificate is needed, which contains the public key and who it belongs to"
            }
            Self::Pkcs7 => {
                "change its first and last line to PKCS7, then: openssl pkcs7 -print_certs -in FILE -out NEW"
            }
            Self::Pkcs12 => "decode it to a file, then: openssl pkcs12 -in FILE -out NEW -nodes",
            Self::CurveName => "this is a part of a key file; put the certificate or the key here",
            Self::Text => "decode it once: remove the first and last line, then: base64 -d FILE",
        }
    }
}

/// Why a block with this label and content is not what it is labelled as, and what to do about it.
/// `None`: it is, or what it is cannot be told.
pub(super) fn mislabelled(label: &str, der: &[u8]) -> Option<(String, String)> {
    let what = What::of(der)?;
    if what.label() == Some(label) {
        return None;
    }
    let why = format!("this block is labelled {label}, but holds {}", what.words());
    let only_its_label = match what.label() {
        Some(right) if right.ends_with("PRIVATE KEY") && right != "OPENSSH PRIVATE KEY" => {
            Some(right).filter(|_| label.ends_with("PRIVATE KEY"))
        }
        _ => None,
    };
    let hint = only_its_label.map_or_else(
        || what.hint().to_owned(),
        |right| format!("write {right} for {label} in its first and last line"),
    );
    Some((why, hint))
}

/// `SEQUENCE { OBJECT IDENTIFIER, … }`.
fn is_algorithm(element: &Element<'_>) -> bool {
    element.tag == SEQUENCE
        && Reader(element.content)
            .next_if(OBJECT_IDENTIFIER)
            .is_some_and(|one| !one.content.is_empty())
}

/// The part of a request that is signed (RFC 2986, section 4.1).
fn is_request(element: &Element<'_>) -> bool {
    let Some(parts) = der::elements(element.content) else { return false };
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    let names = parts.get(1).and_then(|name| der::elements(name.content));
    let is_name = names.is_some_and(|all| all.iter().all(|one| one.tag == SET));
    let attributes = context_constructed(0);
    is_name
        && matches!(tags.as_slice(), [INTEGER, SEQUENCE, SEQUENCE])
            | matches!(tags.as_slice(), [INTEGER, SEQUENCE, SEQUENCE, last] if *last == attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{Parts, tlv};

    /// Every shape that has a name, with its label where it has one.
    fn shapes() -> Vec<(&'static str, Vec<u8>)> {
        let curve = tlv(OBJECT_IDENTIFIER, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
        let signed = tlv(OBJECT_IDENTIFIER, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]);
        let number = |value| tlv(INTEGER, &[value]);
        let octets = tlv(OCTET_STRING, b"secret");
        let bits = tlv(BIT_STRING, &[0, 1, 2]);
        let algorithm = tlv(SEQUENCE, &curve);
        let spki = tlv(SEQUENCE, &[algorithm.clone(), bits.clone()].concat());
        let name = tlv(SEQUENCE, &tlv(SET, &[]));
        let attributes = tlv(context_constructed(0), &[]);
        let request = tlv(SEQUENCE, &[number(0), name, spki.clone(), attributes].concat());
        let of = |parts: &[Vec<u8>]| tlv(SEQUENCE, &parts.concat());
        vec![
            ("CERTIFICATE", Parts::default().der()),
            ("CERTIFICATE REQUEST", of(&[request, algorithm.clone(), bits])),
            ("PRIVATE KEY", of(&[number(0), algorithm.clone(), octets.clone()])),
            ("PRIVATE KEY", of(&[number(1), algorithm.clone(), octets.clone(), vec![0x81, 0]])),
            ("ENCRYPTED PRIVATE KEY", of(&[algorithm.clone(), octets.clone()])),
            ("EC PRIVATE KEY", of(&[number(1), octets])),
            ("RSA PRIVATE KEY", of(&vec![number(0); 9])),
            ("OPENSSH PRIVATE KEY", b"openssh-key-v1\0none".to_vec()),
            ("PUBLIC KEY", spki),
            ("PKCS7", of(&[signed, tlv(context_constructed(0), &[])])),
            ("EC PARAMETERS", curve),
            ("", of(&[number(3), algorithm])),
            ("", b"MIIBszCCAVmgAwIBAgIBAjAKBggqhkjOPQQDAjA=".to_vec()),
            ("", b"-----BEGIN CERTIFICATE-----\n".to_vec()),
        ]
    }

    #[test]
    fn every_shape_has_its_own_label_and_is_named_under_every_other() {
        for (label, der) in shapes() {
            let what = What::of(&der).unwrap_or_else(|| panic!("{label}: {der:02x?}"));
            assert_eq!(what.label().unwrap_or_default(), label);
            if !label.is_empty() {
                assert_eq!(mislabelled(label, &der), None, "{label}");
            }
            for other in ["CERTIFICATE", "X509 CRL", "PRIVATE KEY", "RSA PRIVATE KEY"] {
                if other != label {
                    let (why, hint) = mislabelled(other, &der).unwrap();
                    let said =
                        format!("this block is labelled {other}, but holds {}", what.words());
                    assert_eq!(why, said);
                    assert!(!hint.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_key_of_another_form_is_only_a_matter_of_the_label() {
        for (label, der) in shapes().into_iter().filter(|(label, _)| label.ends_with("PRIVATE KEY"))
        {
            let (_, hint) = mislabelled("DSA PRIVATE KEY", &der).unwrap();
            if label == "OPENSSH PRIVATE KEY" {
                assert!(hint.contains("ssh-keygen"), "{hint}");
            } else {
                let said = format!("write {label} for DSA PRIVATE KEY in its first and last line");
                assert_eq!(hint, said);
            }
        }
    }

    #[test]
    fn what_is_cut_short_or_has_bytes_behind_it_is_nothing_that_is_known() {
        for (label, der) in shapes().into_iter().filter(|(_, der)| der[0] == SEQUENCE) {
            for length in 0..der.len() {
                assert_eq!(What::of(&der[..length]), None, "{label}: {length}");
            }
            assert_eq!(What::of(&[&der[..], &[0]].concat()), None, "{label}");
        }
    }
}
