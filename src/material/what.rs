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
use crate::error::{Der, FileName, Found, MaterialCause, OldCiphers, Wanted};

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
            Self::List => "a certificate revocation list (CRL)",
            Self::Request => "a certificate signing request (CSR)",
            Self::Key("ENCRYPTED PRIVATE KEY") => "an encrypted private key (PKCS#8)",
            Self::Key("RSA PRIVATE KEY") => "an RSA private key (PKCS#1)",
            Self::Key("EC PRIVATE KEY") => "an EC private key (SEC 1)",
            Self::Key("OPENSSH PRIVATE KEY") => "a private key in OpenSSH's format",
            Self::Key(_) => "a private key (PKCS#8)",
            Self::PublicKey => "a public key",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "PKCS#12",
            Self::CurveName => "the name of a curve",
            Self::Text => "text that was encoded as base64 twice",
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

    /// What it is in the place of something else. `None`: what was encoded twice is nothing yet.
    fn found(self) -> Option<Found> {
        Some(match self {
            Self::Certificate => Found::Certificate,
            Self::List => Found::List,
            Self::Request => Found::Request,
            Self::Key(_) => Found::Key,
            Self::PublicKey => Found::PublicKey,
            Self::Pkcs7 => Found::Pkcs7,
            Self::Pkcs12 => Found::Pkcs12,
            Self::CurveName => Found::CurveName,
            Self::Text => return None,
        })
    }

    /// What to do with it, for somebody who called it `label`; it is `der`, and in `source`.
    fn cause(self, label: &str, der: &[u8], source: &str) -> MaterialCause {
        let name = FileName::of_source(source);
        match self {
            Self::Certificate => MaterialCause::Certificate,
            Self::List => MaterialCause::List,
            Self::Request => MaterialCause::Request,
            Self::Key("OPENSSH PRIVATE KEY") => openssh_cause(der, source),
            Self::Key(right) if label.ends_with("PRIVATE KEY") => MaterialCause::KeyLabel(right),
            Self::Key(_) => MaterialCause::KeyElsewhere,
            Self::PublicKey => MaterialCause::PublicKey,
            Self::Pkcs7 => MaterialCause::MislabelledPkcs7(name),
            Self::Pkcs12 => MaterialCause::MislabelledPkcs12(name, old_ciphers(der)),
            Self::CurveName => MaterialCause::CurveName,
            Self::Text => MaterialCause::MislabelledText(name),
        }
    }
}

/// What is in a block instead of what is wanted: for one with the label that belongs to it, or whose
/// content cannot be told, as that of a damaged or encrypted one.
pub(super) fn found(label: &str, der: &[u8]) -> Option<Found> {
    let by_label = || {
        Some(match label {
            "CERTIFICATE" => Found::Certificate,
            "X509 CRL" => Found::List,
            "CERTIFICATE REQUEST" => Found::Request,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Found::PublicKey,
            "SSH2 PUBLIC KEY" => Found::SshPublicKey,
            "PKCS7" => Found::Pkcs7,
            "EC PARAMETERS" => Found::CurveName,
            other if other.ends_with("PRIVATE KEY") => Found::Key,
            _ => return None,
        })
    };
    What::of(der).and_then(What::found).or_else(by_label)
}

/// What DER is, and what sentences call it, if it cannot become what is wanted by being converted.
pub(super) fn misplaced(der: &[u8], wanted: Wanted) -> Option<(&'static str, Found)> {
    let what = What::of(der)?;
    let found = what.found()?;
    let holds = match found {
        Found::Certificate => wanted == Wanted::Certificate,
        Found::List => wanted == Wanted::List,
        Found::Key => wanted == Wanted::Key,
        Found::Pkcs7 => wanted != Wanted::Key,
        Found::Pkcs12 => wanted != Wanted::List,
        Found::Request
        | Found::PublicKey
        | Found::CurveName
        | Found::SshPublicKey
        | Found::Putty => false,
    };
    (!holds).then_some((what.words(), found))
}

/// What a text is that is not PEM but DER: for the words about it.
pub(super) fn der_kind(der: &[u8]) -> Der {
    match What::of(der) {
        Some(What::Certificate) => Der::Certificate,
        Some(What::List) => Der::List,
        Some(What::Key(_)) => Der::Key,
        Some(What::Pkcs7) => Der::Pkcs7,
        Some(What::Pkcs12) => Der::Pkcs12(old_ciphers(der)),
        Some(What::Request | What::PublicKey | What::CurveName | What::Text) => Der::Other,
        None => match der {
            // BER of indefinite length, as NSS and Windows write these two.
            [SEQUENCE, 0x80, OBJECT_IDENTIFIER, ..] => Der::Pkcs7,
            [SEQUENCE, 0x80, INTEGER, 1, 3, ..] => Der::Pkcs12(old_ciphers(der)),
            _ => Der::Other,
        },
    }
}

/// Whether PKCS#12 is encrypted with RC2 or RC4 (RFC 7292, appendix C): those schemes are named in
/// the open.
fn old_ciphers(der: &[u8]) -> OldCiphers {
    const SCHEME: [u8; 11] =
        [OBJECT_IDENTIFIER, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];
    let names_one = der
        .windows(SCHEME.len().saturating_add(1))
        .any(|part| part.starts_with(&SCHEME) && matches!(part.last(), Some(1 | 2 | 5 | 6)));
    if names_one { OldCiphers::Used } else { OldCiphers::Unused }
}

/// What to do about a key in OpenSSH's format. Its own tool writes RSA and ECDSA keys in another
/// form, and for all others says that it did, and does not.
pub(super) fn openssh_cause(key: &[u8], source: &str) -> MaterialCause {
    let is_converted = openssh_kind(key)
        .is_some_and(|kind| kind == b"ssh-rsa" || kind.starts_with(b"ecdsa-sha2-nistp"));
    if is_converted {
        MaterialCause::OpenSsh(FileName::of_source(source))
    } else {
        MaterialCause::OpenSshOnly
    }
}

/// The kind of a key in OpenSSH's format, which is in the open: cipher, derivation and its options,
/// the number of keys, and the public key, which begins with it.
fn openssh_kind(key: &[u8]) -> Option<&[u8]> {
    let mut rest = key.strip_prefix(b"openssh-key-v1\0")?;
    for _ in 0..3 {
        rest = string(rest)?.1;
    }
    Some(string(string(rest.get(4..)?)?.0)?.0)
}

/// The string that SSH writes with its length, and what comes behind it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Why a block with this label and content is not what it is labelled as, and what to do about it.
/// `None`: it is, or what it is cannot be told. `source` names the text.
pub(super) fn mislabelled(
    label: &str,
    der: &[u8],
    source: &str,
) -> Option<(String, MaterialCause)> {
    let what = What::of(der)?;
    if what.label() == Some(label) {
        return None;
    }
    let why = format!("this block is labelled {label}, but contains {}", what.words());
    Some((why, what.cause(label, der, source)))
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
                assert_eq!(mislabelled(label, &der, "a.pem"), None, "{label}");
            }
            for other in ["CERTIFICATE", "X509 CRL", "PRIVATE KEY", "RSA PRIVATE KEY"] {
                if other != label {
                    let (why, cause) = mislabelled(other, &der, "a.pem").unwrap();
                    let said =
                        format!("this block is labelled {other}, but contains {}", what.words());
                    assert_eq!(why, said);
                    assert_eq!(cause, what.cause(other, &der, "a.pem"));
                }
            }
        }
    }

    #[test]
    fn a_key_of_another_form_is_only_a_matter_of_the_label() {
        for (label, der) in shapes().into_iter().filter(|(label, _)| label.ends_with("PRIVATE KEY"))
        {
            let (_, cause) = mislabelled("DSA PRIVATE KEY", &der, "a.pem").unwrap();
            let expected = match label {
                // Its kind cannot be told.
                "OPENSSH PRIVATE KEY" => MaterialCause::OpenSshOnly,
                right => MaterialCause::KeyLabel(right),
            };
            assert_eq!(cause, expected);
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
