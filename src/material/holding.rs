//! The one thing that a file of a directory with hash names holds, as OpenSSL counts things.
//!
//! A certificate and its key are one thing; a revocation list beside a certificate is not looked
//! at. Where OpenSSL passes over a block, so does this. Nothing here touches a file.

use super::certificate::{Certificate, sha256};
use super::der;
use super::fields::issuer_of_list;
use super::pem::{Block, Blocks};
use super::what;

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) enum Holding {
    /// A certificate, with or without its key.
    Certificate {
        certificate: Certificate,
        /// Whether it stands in a TRUSTED CERTIFICATE, which may forbid what it is used for.
        is_marked: bool,
    },
    /// A revocation list.
    List {
        /// With its SEQUENCE header.
        issuer: Vec<u8>,
        /// Of the whole list.
        sha256: [u8; 32],
    },
}

/// The one thing that a text holds; else why it cannot be linked to. `source` names the text.
pub(crate) fn holding(text: &[u8], source: &str) -> Result<Holding, String> {
    let mut found = Found::default();
    for block in Blocks::of(text, source).map_err(|error| error.message().to_owned())? {
        let block = block.map_err(|error| error.message().to_owned())?;
        let place = match label(text, &block) {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => &mut found.certificate,
            "X509 CRL" => &mut found.list,
            other if other.contains("PRIVATE KEY") => &mut found.key,
            _ => continue,
        };
        if place.replace(block).is_some() {
            return Err("it contains more than one certificate, key or revocation list".to_owned());
        }
    }
    match found {
        Found { certificate: Some(block), .. } => read_certificate(&block),
        Found { list: Some(block), .. } => read_list(&block),
        Found { key: Some(_), .. } => Err("it contains only a private key".to_owned()),
        Found { .. } => Err("it contains no certificate and no revocation list".to_owned()),
    }
}

#[derive(Default)]
struct Found {
    certificate: Option<Block>,
    list: Option<Block>,
    key: Option<Block>,
}

/// The label as it stands in the text, where OpenSSL would see the block: it must begin a line.
fn label<'a>(text: &'a [u8], block: &Block) -> &'a str {
    let line = text.get(block.span.clone()).and_then(|block| block.strip_prefix(b"-----BEGIN "));
    let label = line.and_then(|line| line.split(|byte| *byte == b'-').next());
    label.and_then(|label| std::str::from_utf8(label).ok()).unwrap_or_default()
}

fn read_certificate(block: &Block) -> Result<Holding, String> {
    let is_marked = block.label == "TRUSTED CERTIFICATE";
    let der = if is_marked {
        der::first(&block.der).map_or(block.der.as_slice(), |(certificate, _)| certificate.whole)
    } else {
        &block.der
    };
    let certificate = Certificate::from_der(der)
        .map_err(|error| at(block, &other(block).unwrap_or_else(|| error.message().to_owned())))?;
    Ok(Holding::Certificate { certificate, is_marked })
}

fn read_list(block: &Block) -> Result<Holding, String> {
    let not = || at(block, &other(block).unwrap_or_else(|| "not a revocation list".to_owned()));
    let issuer = issuer_of_list(&block.der).ok_or_else(not)?;
    Ok(Holding::List { issuer: issuer.to_vec(), sha256: sha256(&block.der) })
}

/// What the block holds instead of what its label says.
fn other(block: &Block) -> Option<String> {
    what::mislabelled(&block.label, &block.der, "").map(|(why, _)| why)
}

fn at(block: &Block, why: &str) -> String {
    format!("line {}: {why}", block.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::pem_text;
    use crate::material::testing::Parts;

    fn certificate() -> String {
        pem_text("CERTIFICATE", &Parts::default().der())
    }

    fn is_certificate(text: &str) -> bool {
        matches!(holding(text.as_bytes(), "a test"), Ok(Holding::Certificate { .. }))
    }

    fn refused(text: &str) -> String {
        holding(text.as_bytes(), "a test").unwrap_err()
    }

    #[test]
    fn a_certificate_and_its_key_are_one_thing() {
        let key = pem_text("EC PRIVATE KEY", b"x");
        assert!(is_certificate(&certificate()));
        assert!(is_certificate(&format!("{key}{}", certificate())));
        assert!(is_certificate(&format!("words\n{}{key}words", certificate())));
        assert_eq!(refused(&key), "it contains only a private key");
    }

    #[test]
    fn two_of_a_kind_are_too_many() {
        let (key, two) = (
            pem_text("PRIVATE KEY", b"x"),
            "it contains more than one certificate, key or revocation list",
        );
        assert_eq!(refused(&certificate().repeat(2)), two);
        assert_eq!(refused(&format!("{key}{}{key}", certificate())), two);
    }

    #[test]
    fn a_block_that_openssl_does_not_see_does_not_count() {
        let der = Parts::default().der();
        assert!(is_certificate(&pem_text("X509 CERTIFICATE", &der)));
        let none = "it contains no certificate and no revocation list";
        assert_eq!(refused(&pem_text("X.509 CERTIFICATE", &der)), none);
        assert_eq!(refused(&format!(" {}", certificate())), none);
        assert_eq!(refused(""), none);
        assert!(is_certificate(&format!("{}{}", pem_text("PKCS7", b"x"), certificate())));
    }

    #[test]
    fn what_is_said_beside_a_trusted_certificate_is_not_read_but_told() {
        let mut der = Parts::default().der();
        der.extend([0x30, 0]);
        let found = holding(pem_text("TRUSTED CERTIFICATE", &der).as_bytes(), "a test").unwrap();
        let Holding::Certificate { certificate, is_marked: true } = found else { panic!() };
        assert_eq!(certificate, Parts::default().certificate());
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let damaged = pem_text("CERTIFICATE", b"0");
        assert!(refused(&format!("\n{damaged}")).starts_with("line 2: not a certificate"));
        assert_eq!(refused(&pem_text("X509 CRL", b"0")), "line 1: not a revocation list");
        assert!(refused("-----BEGIN CERTIFICATE-----\n").contains("without its END"));
    }
}
