//! The lists that small authorities write: by `openssl ca` as EasyRSA 3.1 configures it, and byte
//! by byte as Go's `CreateCRL` writes them for cfssl. Both name the key of their issuer and have no
//! number. They count by default; PEDANTIC, which holds issuers to RFC 5280, says what they lack.

use std::fs;
use std::process::Command;

use tlsconn::{Context, CrlMode, Kind, Material, Profile, Role};

use crate::golden::der::{self, OCTETS, sequence};
use crate::golden::keys::{Algorithm, Public, Signer};
use crate::golden::make::{
    Draft, Extension, LIST_NUMBER, List, common_name, issuer_key_id, nothing, time, utc,
};
use crate::golden::pem::pem;
use crate::support::has;

/// 2026-11-21, at noon.
const NOW: i64 = 1_795_262_400;

/// A context that believes the ordinary root and has this list of it.
fn context(profile: Profile, list: &str) -> Context {
    let context = Context::new();
    context
        .set(|settings| {
            settings.verify_time = Some(NOW);
            settings.profile = profile;
            settings.crl_mode = CrlMode::Required;
        })
        .unwrap();
    context
        .add(Material::Authority, pem("CERTIFICATE", &[Draft::root().der()]).as_bytes())
        .unwrap();
    context.add(Material::Crl, list.as_bytes()).unwrap();
    context
}

/// What is said of the ordinary server, and of one with another serial number.
fn said(profile: Profile, list: &str) -> [Result<(), String>; 2] {
    let context = context(profile, list);
    let other = Draft { serial: vec![0x7e], ..Draft::leaf() };
    [Draft::leaf(), other].map(|leaf| {
        let chain = pem("CERTIFICATE", &[leaf.der()]);
        let verdict = context.verify(Role::Server, Some("a.example"), 0, chain.as_bytes()).unwrap();
        verdict.outcome().map(drop).map_err(|error| {
            let is_revoked = error.kind() == Kind::CertificateRevoked;
            if is_revoked { "revoked".to_owned() } else { verdict.text() }
        })
    })
}

/// The list names the ordinary server, and clears everybody else but in PEDANTIC.
fn counts_by_default(list: &str) {
    for profile in [Profile::Strict, Profile::Libvirt] {
        let [revoked, clear] = said(profile, list);
        assert_eq!(revoked, Err("revoked".to_owned()), "{profile:?}");
        assert_eq!(clear, Ok(()), "{profile:?}");
    }
    let [revoked, clear] = said(Profile::Pedantic, list);
    assert_eq!(revoked, Err("revoked".to_owned()));
    let why = clear.unwrap_err();
    assert!(why.contains("has no CRL number"), "{why}");
}

/// The fields of a list that names the ordinary server, in the order in which Go writes them.
fn as_go_writes_it(issuer: Signer) -> Vec<u8> {
    let identifier = issuer.identifier(Algorithm::Usual);
    let entry = sequence([der::value(der::INTEGER, &Draft::leaf().serial), utc("261101000000Z")]);
    let key = der::value(0x80, &Public::Of(issuer).identifier());
    let by = sequence([der::oid("2.5.29.35"), der::value(OCTETS, &sequence([key]))]);
    let signed = sequence([
        der::value(der::INTEGER, &[1]),
        identifier.clone(),
        common_name("Golden Root"),
        utc("261120000000Z"),
        utc("261127000000Z"),
        sequence([entry]),
        der::value(0xa0, &sequence([by])),
    ]);
    let signature = issuer.sign(Algorithm::Usual, &signed);
    sequence([signed, identifier, der::bits(&signature)])
}

#[test]
fn a_list_of_cfssl_counts() {
    counts_by_default(&pem("X509 CRL", &[as_go_writes_it(Signer::Root)]));
}

#[test]
fn a_list_of_easyrsa_counts() {
    if !has(&["openssl"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    // What of EasyRSA's openssl-easyrsa.cnf concerns lists; there is no crlnumber in it.
    let configuration = "[ca]\ndefault_ca = CA_default\n[CA_default]\ndatabase = index.txt\n\
        certificate = ca.crt\nprivate_key = ca.key\ndefault_md = sha256\ndefault_crl_days = 180\n\
        crl_extensions = crl_ext\n[crl_ext]\nauthorityKeyIdentifier=keyid:always,issuer:always\n";
    fs::write(at("openssl-easyrsa.cnf"), configuration).unwrap();
    let serial: String = Draft::leaf().serial.iter().map(|byte| format!("{byte:02X}")).collect();
    let index = format!("R\t280101000000Z\t261101000000Z\t{serial}\tunknown\t/CN=a.example\n");
    fs::write(at("index.txt"), index).unwrap();
    fs::write(at("ca.crt"), pem("CERTIFICATE", &[Draft::root().der()])).unwrap();
    fs::write(at("ca.key"), include_bytes!("golden/keys/root.pem")).unwrap();
    let made = Command::new("openssl")
        .args(["ca", "-gencrl", "-config", "openssl-easyrsa.cnf", "-out", "crl.pem"])
        .args(["-crl_lastupdate", "20261120000000Z", "-crl_nextupdate", "20270518000000Z"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    counts_by_default(&fs::read_to_string(at("crl.pem")).unwrap());
}

#[test]
fn pedantic_holds_lists_to_the_form_of_rfc_5280_and_nobody_else_does() {
    let id = |critical: bool| {
        let by = issuer_key_id(&Public::Of(Signer::Root).identifier());
        if critical { by.critical() } else { by }
    };
    let point = |parts: &[Vec<u8>]| Extension::new("2.5.29.28", sequence(parts));
    let place = |name: Vec<u8>| point(&[der::value(0xa0, &der::value(0xa0, &name))]).critical();
    let number = |digits: &[u8]| Extension::new(LIST_NUMBER, der::value(der::INTEGER, digits));
    let sound = || List::of(&[&[0x7d]]);
    assert_eq!(said(Profile::Pedantic, &pem("X509 CRL", &[sound().der()]))[1], Ok(()));
    for (part, list) in [
        ("has a critical CRL number", sound().with(number(&[1]).critical())),
        ("has an invalid CRL number", sound().with(number(&[0xff]))),
        ("has a CRL number of more than 20 bytes", sound().with(number(&[0x11; 21]))),
        ("has a critical authority key identifier", sound().with(id(true))),
        ("has no authority key identifier", sound().without("2.5.29.35")),
        ("is not critical", sound().with(point(&[der::value(0x81, &[0xff])]))),
        ("a serial number twice", List::of(&[&[0x7d], &[0x7c], &[0x7d]])),
        ("a serial number that is not positive", List::of(&[&[0]])),
        (
            "writes a date before 2050 as GeneralizedTime",
            List { begin: time("20261120000000Z"), ..sound() },
        ),
        ("has no nextUpdate date", List { end: Vec::new(), ..sound() }),
    ] {
        let text = pem("X509 CRL", &[list.der()]);
        for profile in [Profile::Strict, Profile::Libvirt] {
            assert_eq!(said(profile, &text)[1], Ok(()), "{part} {profile:?}");
        }
        let why = said(Profile::Pedantic, &text)[1].clone().unwrap_err();
        assert!(why.contains(part), "{part}: {why}");
    }
    // For a place that no certificate here names a list clears nobody, in no profile.
    for name in [der::value(0x86, b"list"), der::value(0xa4, &nothing())] {
        let text = pem("X509 CRL", &[sound().with(place(name)).der()]);
        assert!(said(Profile::Strict, &text)[1].is_err());
        assert!(said(Profile::Pedantic, &text)[1].is_err());
    }
}
