use std::process::Command;

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2;

use super::*;
use crate::error::Kind;

/// What openssl makes of `arguments`, which may say `DIR` for a directory of their own.
fn openssl(dir: &tempfile::TempDir, arguments: &str) -> Vec<u8> {
    let place = dir.path().to_str().unwrap();
    let words = arguments.split(' ').map(|word| word.replace("DIR", place));
    let output = Command::new("openssl").args(words).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn ec_key(dir: &tempfile::TempDir) {
    openssl(dir, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out DIR/key.pem");
}

fn never(_: &str, _: u32) -> Option<Zeroizing<Vec<u8>>> {
    panic!("nobody is asked for the passphrase of a key that is not encrypted")
}

fn key(text: &[u8]) -> Result<Key, Error> {
    Key::from_pem(text, "key.pem", &mut never)
}

fn unlocked(text: &[u8], phrase: &str) -> Result<Key, Error> {
    Key::from_pem(text, "key.pem", &mut |_, _| Some(Zeroizing::new(phrase.as_bytes().to_vec())))
}

fn refused(text: &[u8]) -> (String, String) {
    let error = key(text).unwrap_err();
    assert_eq!(error.kind(), Kind::Parse, "{error}");
    (error.message().to_owned(), error.hint().to_owned())
}

/// A self-signed certificate for DIR/key.pem.
fn certificate(dir: &tempfile::TempDir) -> Certificate {
    let pem = openssl(dir, "req -x509 -new -key DIR/key.pem -subj /CN=x -days 2");
    Certificate::all_from_pem(&pem, "c.pem").unwrap().remove(0)
}

#[test]
fn every_algorithm_in_every_form_has_the_public_key_of_its_certificate() {
    let made = [
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out DIR/key.pem",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out DIR/key.pem",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out DIR/key.pem",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out DIR/key.pem",
        "genpkey -algorithm ED25519 -out DIR/key.pem",
    ];
    for arguments in made {
        let dir = temporary();
        openssl(&dir, arguments);
        let certificate = certificate(&dir);
        let mut forms = vec![openssl(&dir, "pkey -in DIR/key.pem")];
        if !arguments.contains("ED25519") {
            forms.push(openssl(&dir, "pkey -in DIR/key.pem -traditional"));
        }
        for text in forms {
            let key = key(&text).unwrap();
            assert_eq!(key.spki(), certificate.spki(), "{arguments}");
            assert!(key.matches(&certificate));
        }
    }
}

#[test]
fn a_key_is_given_on_in_the_form_in_which_it_came() {
    let dir = temporary();
    ec_key(&dir);
    assert!(matches!(
        key(&openssl(&dir, "pkey -in DIR/key.pem")).unwrap().der(),
        PrivateKeyDer::Pkcs8(_)
    ));
    let sec1 = key(&openssl(&dir, "pkey -in DIR/key.pem -traditional")).unwrap();
    assert!(matches!(sec1.der(), PrivateKeyDer::Sec1(_)));
}

#[test]
fn a_key_behind_ec_parameters_and_text_is_found() {
    let dir = temporary();
    let mut text = b"Public Key Info:\n\tAlgorithm: EC\n\n".to_vec();
    text.extend(openssl(&dir, "ecparam -name prime256v1 -genkey"));
    assert!(String::from_utf8_lossy(&text).contains("BEGIN EC PARAMETERS"));
    assert!(key(&text).is_ok());
}

#[test]
fn a_sec1_key_that_does_not_name_its_curve_is_tried_with_all() {
    for curve in ["P-256", "P-384", "P-521"] {
        let dir = temporary();
        openssl(
            &dir,
            &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out DIR/key.pem"),
        );
        let text = openssl(&dir, "ec -in DIR/key.pem -no_public");
        assert!(key(&text).unwrap().matches(&certificate(&dir)), "{curve}");
    }
}

#[test]
fn a_key_and_its_certificate_may_share_a_text() {
    let dir = temporary();
    ec_key(&dir);
    let mut text = openssl(&dir, "req -x509 -new -key DIR/key.pem -subj /CN=x");
    text.extend(std::fs::read(dir.path().join("key.pem")).unwrap());
    assert!(key(&text).is_ok());
}

#[test]
fn another_key_does_not_match() {
    let (one, other) = (temporary(), temporary());
    ec_key(&one);
    ec_key(&other);
    let key = key(&std::fs::read(one.path().join("key.pem")).unwrap()).unwrap();
    assert!(key.matches(&certificate(&one)));
    assert!(!key.matches(&certificate(&other)));
}

#[test]
fn a_public_key_without_the_null_of_its_parameters_is_the_same() {
    let dir = temporary();
    openssl(&dir, "genpkey -algorithm RSA -out DIR/key.pem");
    let key = key(&std::fs::read(dir.path().join("key.pem")).unwrap()).unwrap();
    let null = [0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let at = key.spki().windows(6).position(|window| window == null).unwrap();
    let mut without = key.spki().to_vec();
    without.drain(at + 4..at + 6);
    // The lengths of the outer and of the inner SEQUENCE.
    without[3] -= 2;
    without[5] -= 2;
    assert!(public::same(key.spki(), &without));
    *without.last_mut().unwrap() ^= 1;
    assert!(!public::same(key.spki(), &without));
}

#[test]
fn a_text_without_a_key_is_told_with_what_it_holds() {
    let dir = temporary();
    ec_key(&dir);
    let text = openssl(&dir, "req -x509 -new -key DIR/key.pem -subj /CN=x");
    let twice = [text.clone(), text].concat();
    assert_eq!(refused(&twice).0, "key.pem contains no private key but 2 x CERTIFICATE (line 1)");
    assert_eq!(refused(b"hello").0, "key.pem contains no private key: there is no PEM block in it");
}

#[test]
fn a_public_key_is_no_private_key() {
    let dir = temporary();
    ec_key(&dir);
    let text = openssl(&dir, "pkey -in DIR/key.pem -pubout");
    assert_eq!(refused(&text).0, "key.pem contains no private key but 1 x PUBLIC KEY (line 1)");
}

#[test]
fn two_keys_are_refused_with_their_lines() {
    let dir = temporary();
    ec_key(&dir);
    let text = std::fs::read(dir.path().join("key.pem")).unwrap();
    let (message, _) = refused(&[text.clone(), text].concat());
    assert_eq!(message, "key.pem contains several private keys, on lines 1 and 6");
}

#[test]
fn what_tls_cannot_use_is_refused_by_name() {
    let cases = [
        (
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024",
            "an RSA key of 1024 bits is too short",
        ),
        (
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
            "an EC key on secp256k1 is not",
        ),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224", "an EC key on P-224 is not"),
        (
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
            "on brainpoolP256r1 is not",
        ),
        ("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "RSA-PSS keys are not"),
        ("genpkey -algorithm ED448", "Ed448 keys are not"),
        ("genpkey -algorithm X25519", "X25519 keys are not"),
    ];
    for (arguments, expected) in cases {
        let (message, _) = refused(&openssl(&temporary(), arguments));
        assert!(message.starts_with("key.pem, line 1: "), "{arguments}: {message}");
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

#[test]
fn a_short_rsa_key_is_named_in_the_older_form_too() {
    let text = openssl(&temporary(), "genrsa -traditional 1024");
    assert!(refused(&text).0.contains("an RSA key of 1024 bits"));
}

#[test]
fn a_dsa_key_is_refused_by_name_in_both_forms() {
    let dir = temporary();
    openssl(&dir, "dsaparam -out DIR/p.pem 1024");
    openssl(&dir, "genpkey -paramfile DIR/p.pem -out DIR/key.pem");
    let text = std::fs::read(dir.path().join("key.pem")).unwrap();
    assert!(refused(&text).0.ends_with("DSA keys are not supported"));
    let text = openssl(&dir, "pkey -in DIR/key.pem -traditional");
    assert!(refused(&text).0.ends_with("a key with the label DSA PRIVATE KEY is not supported"));
}

#[test]
fn a_key_in_the_format_of_openssh_is_refused_with_the_command() {
    let string = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat();
    for (kind, is_converted) in [
        ("ssh-rsa", true),
        ("ecdsa-sha2-nistp384", true),
        ("ssh-ed25519", false),
        ("sk-ecdsa-sha2-nistp256@openssh.com", false),
        ("ssh-dss", false),
    ] {
        let public = string(&string(kind.as_bytes()));
        let head = [&b"openssh-key-v1\0"[..], &string(b"none"), &string(b"none"), &string(b"")];
        let der = [head.concat(), vec![0, 0, 0, 1], public].concat();
        let text = crate::material::pem_text("OPENSSH PRIVATE KEY", &der);
        let (message, hint) = refused(text.as_bytes());
        assert_eq!(message, "key.pem, line 1: the key is in OpenSSH's format");
        assert_eq!(hint.contains("ssh-keygen -p -m PKCS8"), is_converted, "{kind}: {hint}");
        for length in 0..der.len() {
            let cut = crate::material::pem_text("OPENSSH PRIVATE KEY", &der[..length]);
            refused(cut.as_bytes());
        }
    }
}

#[test]
fn noise_in_every_kind_of_block_is_an_error() {
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        for body in ["AAAA", "MAA=", "MAMCAQA=", "MIIBAAAA", "MAUwAwYBKg=="] {
            let text = format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
            assert!(refused(text.as_bytes()).0.starts_with("key.pem, line 1: "));
        }
    }
}

#[test]
fn pbes2_in_every_variant_opens() {
    let dir = temporary();
    ec_key(&dir);
    let plain = key(&std::fs::read(dir.path().join("key.pem")).unwrap()).unwrap();
    let variants = [
        "-v2 aes256",
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc",
        "-v2 des3",
        "-v2 aes256 -v2prf hmacWithSHA1",
        "-v2 aes256 -v2prf hmacWithSHA512",
        "-scrypt",
    ];
    for variant in variants {
        let arguments = format!("pkcs8 -topk8 -in DIR/key.pem -passout pass:geheim {variant}");
        let text = openssl(&dir, &arguments);
        assert_eq!(unlocked(&text, "geheim").unwrap(), plain, "{variant}");
    }
}

#[test]
fn three_wrong_passphrases_end_it_and_each_attempt_is_numbered() {
    let dir = temporary();
    ec_key(&dir);
    let text = openssl(&dir, "pkcs8 -topk8 -in DIR/key.pem -passout pass:geheim -v2 aes256");
    let mut asked = Vec::new();
    let error = Key::from_pem(&text, "key.pem", &mut |source, attempt| {
        asked.push((source.to_owned(), attempt));
        Some(Zeroizing::new(b"falsch".to_vec()))
    })
    .unwrap_err();
    assert_eq!(error.kind(), Kind::Passphrase);
    assert!(!error.message().contains("falsch"));
    assert_eq!(asked, [1, 2, 3].map(|attempt| ("key.pem".to_owned(), attempt)));
}

#[test]
fn the_second_passphrase_may_be_the_right_one() {
    let dir = temporary();
    ec_key(&dir);
    let text = openssl(&dir, "pkcs8 -topk8 -in DIR/key.pem -passout pass:geheim -v2 aes256");
    let phrases: [&[u8]; 2] = [b"falsch", b"geheim"];
    let mut next = phrases.iter();
    let opened = Key::from_pem(&text, "key.pem", &mut |_, _| {
        next.next().map(|phrase| Zeroizing::new(phrase.to_vec()))
    });
    assert!(opened.is_ok());
}

#[test]
fn a_wrong_passphrase_that_fits_the_padding_is_wrong_all_the_same() {
    let dir = temporary();
    ec_key(&dir);
    let text =
        openssl(&dir, "pkcs8 -topk8 -in DIR/key.pem -passout pass:geheim -v2 aes256 -iter 1");
    for number in 0..400 {
        let error = Key::from_pem(&text, "key.pem", &mut |_, _| {
            Some(Zeroizing::new(format!("falsch{number}").into_bytes()))
        })
        .unwrap_err();
        assert_eq!(error.kind(), Kind::Passphrase, "{number}: {error}");
    }
}

#[test]
fn nobody_who_knows_the_passphrase_is_an_error_of_its_own() {
    let dir = temporary();
    ec_key(&dir);
    let text = openssl(&dir, "pkcs8 -topk8 -in DIR/key.pem -passout pass:geheim -v2 aes256");
    let error = Key::from_pem(&text, "key.pem", &mut |_, _| None).unwrap_err();
    assert_eq!(error.kind(), Kind::Passphrase);
    let expected = "key.pem, line 1: the key is encrypted, and there is no passphrase";
    assert_eq!(error.message(), expected);
}

#[test]
fn older_encryption_is_named_and_nobody_is_asked() {
    let dir = temporary();
    ec_key(&dir);
    let arguments = "pkcs8 -topk8 -in DIR/key.pem -passout pass:geheim -v1 PBE-SHA1-3DES";
    let (message, hint) = refused(&openssl(&dir, arguments));
    assert!(message.contains("encrypted with PBE-SHA1-3DES, which"), "{message}");
    assert!(hint.contains("openssl pkcs8 -topk8 -v2 aes256"), "{hint}");
}

#[test]
fn proc_type_encryption_is_named_and_nobody_is_asked() {
    let dir = temporary();
    ec_key(&dir);
    let text = openssl(&dir, "ec -in DIR/key.pem -aes256 -passout pass:geheim");
    let (message, hint) = refused(&text);
    assert!(message.contains("Proc-Type"), "{message}");
    assert!(hint.contains("openssl pkcs8 -topk8 -v2 aes256"), "{hint}");
}

#[test]
fn a_key_that_would_take_minutes_or_gigabytes_to_open_is_refused_unasked() {
    let rounds = pbes2::Pbkdf2Params::hmac_sha256(20_000_000, &[0; 8]).unwrap().into();
    let memory = pbes2::ScryptParams {
        salt: [0; 8].as_slice().try_into().unwrap(),
        cost_parameter: 1 << 40,
        block_size: 8,
        parallelization: 1,
        key_length: None,
    };
    for kdf in [rounds, memory.into()] {
        let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: pbes2::Parameters { kdf, encryption }.into(),
            encrypted_data: OctetStringRef::new(&[0; 32]).unwrap(),
        };
        let der = info.to_der().unwrap();
        let error =
            unlock::unlock(&der, "key.pem", "key.pem, line 1", &mut |attempt| never("", attempt))
                .unwrap_err();
        assert!(error.message().contains("more memory or time"), "{error}");
    }
}

#[test]
fn debug_shows_nothing_of_a_key() {
    let dir = temporary();
    ec_key(&dir);
    let key = key(&std::fs::read(dir.path().join("key.pem")).unwrap()).unwrap();
    assert_eq!(format!("{key:?}"), "Key");
}
