//! Encrypted PKCS#8 (RFC 5958): from a passphrase to the key.
//!
//! PBES2 is read; the schemes before it are named and refused before anybody is asked for a
//! passphrase. Passphrase and key are wiped, and neither gets into an error.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use super::public::{algorithm, sequence};
use crate::error::{Error, FileName, Kind, MaterialCause};
use crate::material::der::{self, SEQUENCE};
use crate::material::oid;

const ATTEMPTS: u32 = 3;

/// The most memory that opening a key may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;

/// The most rounds that opening a key may take, some seconds.
const MOST_ROUNDS: u32 = 10_000_000;

/// The schemes before PBES2, and whether OpenSSL 3 opens them, which it does not without its legacy
/// provider.
const SCHEMES: [(&str, &str, bool); 12] = [
    ("1.2.840.113549.1.5.1", "PBE-MD2-DES", false),
    ("1.2.840.113549.1.5.3", "PBE-MD5-DES", true),
    ("1.2.840.113549.1.5.4", "PBE-MD2-RC2", false),
    ("1.2.840.113549.1.5.6", "PBE-MD5-RC2", true),
    ("1.2.840.113549.1.5.10", "PBE-SHA1-DES", true),
    ("1.2.840.113549.1.5.11", "PBE-SHA1-RC2", true),
    ("1.2.840.113549.1.12.1.1", "PBE-SHA1-RC4-128", true),
    ("1.2.840.113549.1.12.1.2", "PBE-SHA1-RC4-40", true),
    ("1.2.840.113549.1.12.1.3", "PBE-SHA1-3DES", true),
    ("1.2.840.113549.1.12.1.4", "PBE-SHA1-2DES", true),
    ("1.2.840.113549.1.12.1.5", "PBE-SHA1-RC2-128", true),
    ("1.2.840.113549.1.12.1.6", "PBE-SHA1-RC2-40", true),
];

/// The PKCS#8 key in `encrypted`; `source` names the text that it is in, `place` the key itself, and
/// `passphrase` is told the attempt.
pub(super) fn unlock(
    encrypted: &[u8],
    source: &str,
    place: &str,
    passphrase: &mut dyn FnMut(u32) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let info = EncryptedPrivateKeyInfoRef::try_from(encrypted);
    let info = info.map_err(|_| unreadable(encrypted, source, place))?;
    let scheme = info.encryption_algorithm.pbes2();
    let scheme = scheme.ok_or_else(|| unreadable(encrypted, source, place))?;
    let data = info.encrypted_data.as_bytes();
    refuse_costly(scheme, place)?;
    for attempt in 1..=ATTEMPTS {
        let Some(phrase) = passphrase(attempt) else {
            let message = format!("{place}: the key is encrypted, and there is no passphrase");
            return Err(Error::new(Kind::Passphrase, message).because(&MaterialCause::NoPassphrase));
        };
        if let Some(key) = open(scheme, data, &phrase, source, place)? {
            return Ok(key);
        }
    }
    let message = format!("{place}: wrong passphrase: none of {ATTEMPTS} attempts opened the key");
    Err(Error::new(Kind::Passphrase, message).because(&MaterialCause::WrongPassphrase))
}

/// The key. `None`: the passphrase is wrong.
fn open(
    scheme: &pbes2::Parameters,
    data: &[u8],
    phrase: &[u8],
    source: &str,
    place: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut key = Zeroizing::new(data.to_vec());
    let length = match scheme.decrypt_in_place(phrase, &mut key) {
        Ok(plain) => plain.len(),
        Err(pkcs8::pkcs5::Error::DecryptFailed) => return Ok(None),
        // A cipher or a hash that is not computed here.
        Err(_) => return Err(unsupported("a variant of PBES2", true, source, place)),
    };
    key.truncate(length);
    // A wrong passphrase passes the padding once in 256 times; then what comes out is noise.
    let is_whole = der::only(&key).is_some_and(|key| key.tag == SEQUENCE);
    Ok(is_whole.then_some(key))
}

fn refuse_costly(scheme: &pbes2::Parameters, place: &str) -> Result<(), Error> {
    let too_costly = match &scheme.kdf {
        pbes2::Kdf::Pbkdf2(found) => found.iteration_count > MOST_ROUNDS,
        pbes2::Kdf::Scrypt(found) => {
            let block = u64::from(found.block_size).saturating_mul(128);
            let memory = block.saturating_mul(found.cost_parameter);
            memory > MOST_MEMORY || found.parallelization > 64
        }
        _ => false,
    };
    if too_costly {
        let message =
            format!("{place}: opening the key would take more memory or time than is allowed");
        return Err(refused(message).because(&MaterialCause::CostlyKey));
    }
    Ok(())
}

/// Says by which scheme `encrypted` is encrypted, as `SEQUENCE { SEQUENCE { scheme, … }, … }`.
fn unreadable(encrypted: &[u8], source: &str, place: &str) -> Error {
    let scheme = sequence(encrypted).and_then(|mut parts| algorithm(&mut parts));
    let Some(scheme) = scheme.map(|(scheme, _)| oid::text(scheme)) else {
        return refused(format!("{place}: the encrypted key is damaged"))
            .because(&MaterialCause::DamagedKey);
    };
    match SCHEMES.iter().find(|(known, ..)| *known == scheme) {
        Some((_, name, is_opened)) => unsupported(name, *is_opened, source, place),
        None if scheme == pbes2::PBES2_OID.to_string() => {
            unsupported("a variant of PBES2", true, source, place)
        }
        None => unsupported(&scheme, false, source, place),
    }
}

/// The error of a key that is encrypted so, and whether OpenSSL opens it.
fn unsupported(scheme: &str, is_opened: bool, source: &str, place: &str) -> Error {
    let cause = if is_opened {
        MaterialCause::OldEncryption(FileName::of_source(source))
    } else {
        MaterialCause::LostEncryption
    };
    refused(format!("{place}: the key is encrypted with {scheme}, which is not supported"))
        .because(&cause)
}

/// The error of a key that is not read.
pub(super) fn refused(sentence: impl AsRef<str>) -> Error {
    Error::new(Kind::Parse, sentence)
}
