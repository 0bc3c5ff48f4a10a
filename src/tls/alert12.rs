//! Our own fatal alert in a session of TLS 1.2 that is being resumed, where a server has sent
//! its Finished before the client is judged.
//!
//! The alert is the second record under the server's key: the Finished was the first. The key is
//! derived from the master secret (RFC 5246, sections 5 and 6.3) as rustls derives it, nonce
//! included, so that no nonce is used twice. Nothing else is ever sealed here.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305};
use aws_lc_rs::aead::{Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::tls_prf::{self, P_SHA256, P_SHA384, Secret};
use rustls::CipherSuite;
use zeroize::Zeroizing;

use super::alert::{ALERT, Alert, FATAL};
use super::record::{self, HEADER};
use super::secrets::Wanted;

const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const RANDOM: usize = 32;
/// Of a nonce of AES-GCM, what travels in front of each record.
const EXPLICIT: usize = 8;
/// The number of the record behind the Finished.
const SEQUENCE: u64 = 1;

/// The random bytes of the server's hello, which the first record of `output` begins with.
pub(super) fn server_random(output: &[u8]) -> Option<[u8; RANDOM]> {
    let first = output.get(..record::length(output)?)?;
    if first.first() != Some(&HANDSHAKE) || first.get(HEADER) != Some(&SERVER_HELLO) {
        return None;
    }
    // Behind the header of the message and its version.
    first.get(HEADER..)?.get(6..)?.first_chunk().copied()
}

impl Alert {
    /// The alert as the record behind a server's Finished; nothing where the suite is none of
    /// ours.
    pub(super) fn behind_finished(
        self,
        suite: CipherSuite,
        master: &Wanted,
        server_random: &[u8; RANDOM],
    ) -> Option<Vec<u8>> {
        let (aead, hash, explicit) = parameters(suite)?;
        let (key_len, iv_len) = (aead.key_len(), NONCE_LEN.checked_sub(explicit)?);
        let secret = Secret::new(hash, &master.secret).ok()?;
        let seed = [&server_random[..], &master.client_random].concat();
        let length = key_len.checked_add(iv_len)?.checked_mul(2)?.checked_add(explicit)?;
        let block = secret.derive(b"key expansion", &seed, length).ok()?;
        // The client's key, ours, the client's iv, ours, and where the explicit part begins.
        let (_, rest) = block.as_ref().split_at_checked(key_len)?;
        let (key, rest) = rest.split_at_checked(key_len)?;
        let (_, iv) = rest.split_at_checked(iv_len)?;
        let mut nonce: [u8; NONCE_LEN] = *iv.first_chunk()?;
        for (byte, of_sequence) in nonce.iter_mut().rev().zip(SEQUENCE.to_le_bytes()) {
            *byte ^= of_sequence;
        }

        let plain = [FATAL, self as u8];
        let [high, low] = u16::try_from(plain.len()).ok()?.to_be_bytes();
        let aad = [&SEQUENCE.to_be_bytes()[..], &[ALERT, 3, 3, high, low]].concat();
        let mut sealed = Zeroizing::new(plain.to_vec());
        let key = LessSafeKey::new(UnboundKey::new(aead, key).ok()?);
        let of_nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(of_nonce, Aad::from(aad), &mut *sealed).ok()?;
        let (_, explicit) = nonce.split_at_checked(iv_len)?;
        let length = explicit.len().checked_add(sealed.len())?;
        let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
        Some([&[ALERT, 3, 3, high, low][..], explicit, &sealed].concat())
    }
}

/// Cipher, hash and explicit part of the nonce of a suite.
fn parameters(
    suite: CipherSuite,
) -> Option<(&'static Algorithm, &'static tls_prf::Algorithm, usize)> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    Some(match suite {
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => (&AES_128_GCM, &P_SHA256, EXPLICIT),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => (&AES_256_GCM, &P_SHA384, EXPLICIT),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => {
            (&CHACHA20_POLY1305, &P_SHA256, 0)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_bytes_are_those_of_a_server_hello_and_of_nothing_else() {
        let random: Vec<u8> = (0..32).collect();
        let hello = [&[22, 3, 3, 0, 38, 2, 0, 0, 34, 3, 3][..], &random].concat();
        assert_eq!(server_random(&hello).unwrap().to_vec(), random);
        assert_eq!(server_random(&hello[..hello.len() - 1]), None);
        assert_eq!(server_random(&[21, 3, 3, 0, 2, 2, 40]), None);
        assert_eq!(server_random(&[]), None);
        let other = [&[22, 3, 3, 0, 38, 1, 0, 0, 34, 3, 3][..], &random].concat();
        assert_eq!(server_random(&other), None);
    }

    #[test]
    fn a_suite_of_tls_1_3_has_nothing_behind_a_finished() {
        let master = Wanted { client_random: vec![1; 32], secret: Zeroizing::new(vec![2; 48]) };
        let suite = CipherSuite::TLS13_AES_128_GCM_SHA256;
        assert_eq!(Alert::AccessDenied.behind_finished(suite, &master, &[3; 32]), None);
    }
}
