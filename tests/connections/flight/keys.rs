//! Keys and proofs: what is told without a question, and what may be asked about.

use std::sync::Arc;

use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::WebPkiClientVerifier;
use tlsconn::{Answer, Kind, Outcome, Policy, Problems, Want};

use super::link::Link;
use super::pki::{Pki, SERVER, VERSIONS, WAYS, Way, certified};
use super::programs::OpenSsl;
use super::record::{assert_alert, assert_at_most_an_alert};
use super::wire::Wire;

use crate::support::has;

#[test]
fn a_server_without_the_key_of_its_certificate_is_told_and_nobody_is_asked() {
    let pki = Pki::new();
    for way in WAYS {
        let context = pki.asking(true);
        let other = KeyPair::generate().unwrap();
        let config = pki.server_showing(way, true, certified(pki.server.der(), &other));
        let mut link = Link::in_memory(&context, &config);
        let error = link.shake().unwrap_err();
        assert_eq!(error.kind(), Kind::Certificate, "{way:?}: {error}");
        assert!(error.problems().contains(Problems::BAD_SIGNATURE), "{way:?}");
        assert!(error.message().contains(SERVER), "{way:?}: {error}");
        assert!(link.client().question().is_none(), "{way:?}");
        assert_at_most_an_alert(&link.recorded, way, "bad signature");
        link.carry_to_server();
        let decrypt = rustls::AlertDescription::DecryptError;
        assert_eq!(link.refusal, Some(rustls::Error::AlertReceived(decrypt)), "{way:?}");
    }
}

#[test]
fn a_signature_of_another_kind_than_the_key_of_the_certificate_is_told_as_that() {
    let pki = Pki::new();
    for way in WAYS {
        let other = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let config = pki.server_showing(way, true, certified(pki.server.der(), &other));
        let mut link = Link::in_memory(&pki.asking(true), &config);
        let error = link.shake().unwrap_err();
        assert_eq!(error.kind(), Kind::Certificate, "{way:?}: {error}");
        assert!(error.problems().contains(Problems::BAD_SIGNATURE), "{way:?}");
        assert!(error.message().contains("does not fit its key, ECDSA P-256"), "{way:?}: {error}");
        assert_alert(&link.recorded, way, true, "another kind");
        link.carry_to_server();
        let decrypt = rustls::AlertDescription::DecryptError;
        assert_eq!(link.refusal, Some(rustls::Error::AlertReceived(decrypt)), "{way:?}");
    }
}

#[test]
fn a_server_that_can_check_no_signature_of_our_key_is_named_with_what_it_offers() {
    let pki = Pki::new();
    for way in VERSIONS {
        let mut provider = default_provider();
        let algorithms = &mut provider.signature_verification_algorithms;
        let offered = SignatureScheme::RSA_PSS_SHA256;
        let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == offered).unwrap();
        algorithms.mapping = Box::leak(Box::new([*known]));
        let mut roots = rustls::RootCertStore::empty();
        roots.add(pki.authority.certificate.der().to_vec().into()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider))
                .build()
                .unwrap();
        let like = pki.server(way, false);
        let version =
            if way == Way::Tls12 { &rustls::version::TLS12 } else { &rustls::version::TLS13 };
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::clone(&like.cert_resolver));
        let mut link = Link::in_memory(&pki.believing(true), &Arc::new(config));
        let _ = link.shake();
        link.carry();
        let error = link.listen().unwrap_err();
        assert_eq!(error.kind(), Kind::PeerRejectedUs, "{way:?}: {error}");
        for said in ["can verify rsa_pss_rsae_sha256", "can make ecdsa_secp256r1_sha256"] {
            assert!(error.message().contains(said), "{way:?}: {error}");
        }
        assert!(error.hint().contains("key of a kind"), "{way:?}: {}", error.hint());
    }
}

#[test]
fn a_certificate_of_version_1_can_be_asked_about() {
    let pki = Pki::new();
    for way in WAYS {
        let key = KeyPair::generate().unwrap();
        let config = pki.server_showing(way, true, certified(version_1(&key).into(), &key));
        let context = pki.believing(true);
        context.set(|settings| settings.policies.on_untrusted = Policy::Ask).unwrap();
        let mut link = Link::in_memory(&context, &config);
        assert_eq!(link.shake(), Ok(Outcome::Not(Want::Answer)), "{way:?}");
        let question = link.client().question().unwrap();
        assert!(question.asked().problems.contains(Problems::OLD_VERSION), "{question:?}");
        question.answer(Answer::Once).unwrap();
        assert_eq!(link.shake(), Ok(Outcome::Done(())), "{way:?}");
        link.assert_talks("version 1");
    }
}

#[test]
fn a_certificate_of_version_1_must_prove_its_key_too() {
    let pki = Pki::new();
    for way in WAYS {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let config = pki.server_showing(way, false, certified(version_1(&key).into(), &other));
        let context = pki.believing(false);
        context.set(|settings| settings.policies.on_untrusted = Policy::Ask).unwrap();
        let error = Link::in_memory(&context, &config).shake().unwrap_err();
        assert!(error.problems().contains(Problems::BAD_SIGNATURE), "{way:?}: {error}");
    }
}

#[test]
fn a_short_rsa_key_is_named_and_nobody_is_asked() {
    if !has(&["openssl"]) {
        return;
    }
    let pki = Pki::new();
    for way in [Way::Tls12, Way::Tls13] {
        let server = OpenSsl::with_short_key(way);
        let context = pki.asking(true);
        context.set(|settings| settings.policies.on_untrusted = Policy::Ask).unwrap();
        let mut wire = Wire::to(server.port());
        let client = wire.dial(&context);
        let error = wire.shake(&client).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{way:?}: {error}");
        assert!(error.message().contains("RSA") && error.message().contains("1024"), "{error}");
        assert!(client.question().is_none());
        drop(client);
        wire.finish();
        assert_alert(&wire.recorded, way, true, "a short key");
    }
}

/// A self-signed certificate without a version and without extensions.
fn version_1(key: &KeyPair) -> Vec<u8> {
    let ecdsa_sha256 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));
    let common_name = tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(12, SERVER.as_bytes())].concat());
    let name = tlv(0x30, &tlv(0x31, &common_name));
    let validity = tlv(0x30, &[tlv(0x17, b"260101000000Z"), tlv(0x17, b"360101000000Z")].concat());
    let parts = [
        tlv(2, &[1]),
        ecdsa_sha256.clone(),
        name.clone(),
        validity,
        name,
        key.subject_public_key_info(),
    ];
    let body = tlv(0x30, &parts.concat());
    let signature = tlv(3, &[&[0][..], &key.sign(&body).unwrap()].concat());
    tlv(0x30, &[body, ecdsa_sha256, signature].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let head = match content.len() {
        0..0x80 => vec![tag, length[7]],
        0x80..0x100 => vec![tag, 0x81, length[7]],
        _ => vec![tag, 0x82, length[6], length[7]],
    };
    [&head, content].concat()
}
