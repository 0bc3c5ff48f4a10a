//! The keys of the table: fixed files, so that every run makes the very same certificates.
//!
//! RSA signatures are computed with big numbers where the library below would refuse the key
//! or the hash, or would draw a random salt. Nothing here is of use outside of tests.

use std::sync::OnceLock;

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use num_bigint::BigUint;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

use super::der::{self, NULL, OCTETS, sequence};

/// A key that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    Root,
    Middle,
    Leaf,
    Other,
    /// RSA with 1024 bits.
    Short,
    Ed25519,
}

/// A key that a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Public {
    Of(Signer),
    P256,
    P384,
    P521,
    Secp256k1,
    RsaPss,
    Dsa,
}

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// With SHA-256, or Ed25519 where the key is one.
    Usual,
    Sha1,
    /// RSA-PSS with SHA-256.
    Pss,
}

impl Signer {
    fn pkcs8(self) -> Vec<u8> {
        let pem = match self {
            Self::Root => include_bytes!("keys/root.pem").as_slice(),
            Self::Middle => include_bytes!("keys/middle.pem"),
            Self::Leaf => include_bytes!("keys/leaf.pem"),
            Self::Other => include_bytes!("keys/other.pem"),
            Self::Short => include_bytes!("keys/short.pem"),
            Self::Ed25519 => include_bytes!("keys/ed25519.pem"),
        };
        PrivatePkcs8KeyDer::from_pem_slice(pem).unwrap().secret_pkcs8_der().to_vec()
    }

    /// The numbers of an RSA key: modulus, public exponent, private exponent.
    fn numbers(self) -> [BigUint; 3] {
        let whole = der::parts(&self.pkcs8());
        let key = der::parts(der::content(&whole[2]));
        [1, 2, 3].map(|at: usize| BigUint::from_bytes_be(der::content(&key[at])))
    }

    /// The identifier of the algorithm, as a certificate has it twice.
    pub(crate) fn identifier(self, algorithm: Algorithm) -> Vec<u8> {
        let plain = |oid: &str| sequence([der::oid(oid), der::value(NULL, &[])]);
        match (self, algorithm) {
            (Self::Ed25519, _) => sequence([der::oid("1.3.101.112")]),
            (_, Algorithm::Usual) => plain("1.2.840.113549.1.1.11"),
            (_, Algorithm::Sha1) => plain("1.2.840.113549.1.1.5"),
            (_, Algorithm::Pss) => {
                let sha256 = plain("2.16.840.1.101.3.4.2.1");
                let mask = sequence([der::oid("1.2.840.113549.1.1.8"), sha256.clone()]);
                let salt = der::unsigned(&[32]);
                let parts = [(0xa0, sha256), (0xa1, mask), (0xa2, salt)];
                let parts = parts.map(|(tag, part)| der::value(tag, &part));
                sequence([der::oid("1.2.840.113549.1.1.10"), sequence(parts)])
            }
        }
    }

    /// The signature over `data`.
    pub(crate) fn sign(self, algorithm: Algorithm, data: &[u8]) -> Vec<u8> {
        match (self, algorithm) {
            (Self::Ed25519, _) => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8()).unwrap();
                key.sign(data).as_ref().to_vec()
            }
            (Self::Short, Algorithm::Usual) => {
                self.raw(&pkcs1(&SHA256, "2.16.840.1.101.3.4.2.1", data, 128))
            }
            (_, Algorithm::Usual) => {
                let key = self.rsa();
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).unwrap();
                signature
            }
            (_, Algorithm::Sha1) => {
                self.raw(&pkcs1(&SHA1_FOR_LEGACY_USE_ONLY, "1.3.14.3.2.26", data, 256))
            }
            (_, Algorithm::Pss) => self.raw(&pss(data, 256)),
        }
    }

    /// The key as the library below signs with it, which takes long to check: once a run.
    fn rsa(self) -> &'static RsaKeyPair {
        static KEYS: [OnceLock<RsaKeyPair>; 4] = [const { OnceLock::new() }; 4];
        let at = match self {
            Self::Root => 0,
            Self::Middle => 1,
            Self::Leaf => 2,
            Self::Other => 3,
            Self::Short | Self::Ed25519 => panic!("{self:?} does not sign in this way"),
        };
        KEYS[at].get_or_init(|| RsaKeyPair::from_pkcs8(&self.pkcs8()).unwrap())
    }

    fn raw(self, padded: &[u8]) -> Vec<u8> {
        let [modulus, _, private] = self.numbers();
        let out = BigUint::from_bytes_be(padded).modpow(&private, &modulus).to_bytes_be();
        der::joined([vec![0; padded.len() - out.len()], out])
    }
}

impl Public {
    /// The whole `SubjectPublicKeyInfo`.
    pub(crate) fn info(self) -> Vec<u8> {
        let pem = match self {
            Self::Of(Signer::Ed25519) => include_bytes!("keys/ed25519.pub").as_slice(),
            Self::Of(signer) => {
                let [modulus, exponent, _] = signer.numbers().map(|number| number.to_bytes_be());
                let key = sequence([der::unsigned(&modulus), der::unsigned(&exponent)]);
                let rsa = sequence([der::oid("1.2.840.113549.1.1.1"), der::value(NULL, &[])]);
                return sequence([rsa, der::bits(&key)]);
            }
            Self::P256 => include_bytes!("keys/p256.pub"),
            Self::P384 => include_bytes!("keys/p384.pub"),
            Self::P521 => include_bytes!("keys/p521.pub"),
            Self::Secp256k1 => include_bytes!("keys/secp256k1.pub"),
            Self::RsaPss => include_bytes!("keys/rsa-pss.pub"),
            Self::Dsa => include_bytes!("keys/dsa.pub"),
        };
        let info = rustls_pki_types::SubjectPublicKeyInfoDer::from_pem_slice(pem).unwrap();
        info.as_ref().to_vec()
    }

    /// Twenty bytes that stand for the key.
    pub(crate) fn identifier(self) -> Vec<u8> {
        digest::digest(&SHA256, &self.info()).as_ref()[..20].to_vec()
    }
}

/// PKCS #1 version 1.5 (RFC 8017, section 9.2).
fn pkcs1(hash: &'static digest::Algorithm, oid: &str, data: &[u8], len: usize) -> Vec<u8> {
    let digest = digest::digest(hash, data);
    let named = sequence([der::oid(oid), der::value(NULL, &[])]);
    let info = sequence([named, der::value(OCTETS, digest.as_ref())]);
    der::joined([vec![0, 1], vec![0xff; len - info.len() - 3], vec![0], info])
}

/// PSS with SHA-256 and a salt of 32 zeros (RFC 8017, section 9.1.1).
fn pss(data: &[u8], len: usize) -> Vec<u8> {
    let salt = [0; 32];
    let sha256 = |bytes: &[u8]| digest::digest(&SHA256, bytes).as_ref().to_vec();
    let hash = sha256(&der::joined([&[0; 8][..], &sha256(data), &salt]));
    let block = der::joined([&vec![0; len - 66][..], &[1], &salt]);
    let blocks = (0_u32..).flat_map(|at| sha256(&der::joined([&hash[..], &at.to_be_bytes()])));
    let mut masked: Vec<u8> = block.iter().zip(blocks).map(|(byte, mask)| byte ^ mask).collect();
    masked[0] &= 0x7f;
    der::joined([&masked[..], &hash, &[0xbc]])
}
