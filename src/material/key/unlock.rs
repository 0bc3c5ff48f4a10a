//! Encrypted PKCS#8 (RFC 5958): from a passphrase to the key.
//!
//! PBES2 is read; the schemes before it are named and refused before anybody is asked for a
//! passphrase. Passphrase and key are wiped, and neither gets into an error.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use super::public::{algorithm, sequence};
use crate::error::{Error, Kind};
use crate::material::der::{self, SEQUENCE};
use crate::material::oid;

/// What to do about a key that is encrypted in a way that we cannot read.
pub(super) const CONVERT: &str = "convert it with: openssl pkcs8 -topk8 -v2 aes256 -provider legacy -provider default -in OLDKEY -out NEWKEY";

const ATTEMPTS: u32 = 3;

/// The most memory that opening a key may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;

/// The most rounds that opening a key may take, some seconds.
const MOST_ROUNDS: u32 = 10_000_000;

const SCHEMES: [(&str, &str); 12] = [
    ("1.2.840.113549.1.5.1", "PBE-MD2-DES"),
    ("1.2.840.113549.1.5.3", "PBE-MD5-DES"),
    ("1.2.840.113549.1.5.4", "PBE-MD2-RC2"),
    ("1.2.840.113549.1.5.6", "PBE-MD5-RC2"),
    ("1.2.840.113549.1.5.10", "PBE-SHA1-DES"),
    ("1.2.840.113549.1.5.11", "PBE-SHA1-RC2"),
    ("1.2.840.113549.1.12.1.1", "PBE-SHA1-RC4-128"),
    ("1.2.840.113549.1.12.1.2", "PBE-SHA1-RC4-40"),
    ("1.2.840.113549.1.12.1.3", "PBE-SHA1-3DES"),
    ("1.2.840.113549.1.12.1.4", "PBE-SHA1-2DES"),
    ("1.2.840.113549.1.12.1.5", "PBE-SHA1-RC2-128"),
    ("1.2.840.113549.1.12.1.6", "PBE-SHA1-RC2-40"),
];

/// The PKCS#8 key in `encrypted`; `place` names it, and `passphrase` is told the attempt.
pub(super) fn unlock(
    encrypted: &[u8],
    place: &str,
    passphrase: &mut dyn FnMut(u32) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let info = EncryptedPrivateKeyInfoRef::try_from(encrypted);
    let info = info.map_err(|_| unreadable(encrypted, place))?;
    let scheme = info.encryption_algorithm.pbes2();
    let scheme = scheme.ok_or_else(|| unreadable(encrypted, place))?;
    let data = info.encrypted_data.as_bytes();
    refuse_costly(scheme, place)?;
    for attempt in 1..=ATTEMPTS {
        let Some(phrase) = passphrase(attempt) else {
            return Err(Error::new(
                Kind::Passphrase,
                format!("{place}: the key is encrypted and there is no passphrase"),
            ));
        };
        if let Some(key) = open(scheme, data, &phrase, place)? {
            return Ok(key);
        }
    }
    Err(Error::new(
        Kind::Passphrase,
        format!("{place}: {ATTEMPTS} passphrases, and none of them opens the key"),
    ))
}

/// The key. `None`: the passphrase is wrong.
fn open(
    scheme: &pbes2::Parameters,
    data: &[u8],
    phrase: &[u8],
    place: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut key = Zeroizing::new(data.to_vec());
    let length = match scheme.decrypt_in_place(phrase, &mut key) {
        Ok(plain) => plain.len(),
        Err(pkcs8::pkcs5::Error::DecryptFailed) => return Ok(None),
        Err(why) => {
            return Err(
                refused(format!("{place}: the key cannot be decrypted: {why}")).with_hint(CONVERT)
            );
        }
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
        return Err(refused(format!(
            "{place}: opening the key would take more memory or time than is allowed"
        ))
        .with_hint(CONVERT));
    }
    Ok(())
}

/// Says by which scheme `encrypted` is encrypted, as `SEQUENCE { SEQUENCE { scheme, … }, … }`.
fn unreadable(encrypted: &[u8], place: &str) -> Error {
    let scheme = sequence(encrypted).and_then(|mut parts| algorithm(&mut parts));
    let Some(scheme) = scheme.map(|(scheme, _)| oid::text(scheme)) else {
        return refused(format!("{place}: the encrypted key does not parse"));
    };
    let name = match SCHEMES.iter().find(|(known, _)| *known == scheme) {
        Some((_, name)) => (*name).to_owned(),
        None if scheme == pbes2::PBES2_OID.to_string() => "a variant of PBES2".to_owned(),
        None => scheme,
    };
    refused(format!("{place}: the key is encrypted with {name}, which is not supported"))
        .with_hint(CONVERT)
}

/// The error of a key that is not read.
pub(super) fn refused(sentence: impl AsRef<str>) -> Error {
    Error::new(Kind::Parse, sentence)
}
