//! Material in a form that is not taken, and the command that converts it.

use std::fs;
use std::path::Path;
use std::process::Command;

use tlsconn::Material;

use super::{PASSPHRASES, Place, add, converted};

const KEY: &[Material] = &[Material::Key];
const CERTIFICATE: &[Material] = &[Material::Authority];

pub(super) fn all() {
    old_encryption();
    openssh();
    binary();
    encodings();
    encoded_twice();
    escaped_line_ends();
    base64_for_urls();
    other_labels();
    mislabelled();
}

/// Each way to encrypt a key that OpenSSL reads and we do not.
fn old_encryption() {
    let place = Place::new();
    place.pair();
    let pass = format!("-passout pass:{}", PASSPHRASES[0]);
    let providers = "-provider legacy -provider default";
    let v1 = ["MD5-DES", "SHA1-RC2-64", "MD5-RC2-64", "SHA1-DES", "SHA1-RC4-128", "SHA1-RC4-40"];
    let v1_too = ["SHA1-3DES", "SHA1-2DES", "SHA1-RC2-128", "SHA1-RC2-40"];
    let v1 = v1.iter().chain(&v1_too).map(|scheme| format!("-v1 PBE-{scheme}"));
    let v2 = ["rc2", "rc2-40-cbc", "rc4", "seed", "bf", "camellia256", "aria256"];
    let v2 = v2.iter().map(|cipher| format!("-v2 {cipher}"));
    let prf = "-v2 aes256 -v2prf hmacWithMD5".to_owned();
    for scheme in v1.chain(v2).chain([prf]) {
        let arguments = format!("pkcs8 -topk8 {scheme} {providers} -in key.pem {pass}");
        converted(Material::Key, &place.made("old.pem", &arguments), KEY);
    }
    for cipher in ["des", "des3", "aes128", "aes256", "camellia256", "seed", "rc2", "bf"] {
        let arguments = format!("ec -{cipher} {providers} -in key.pem {pass}");
        let path = place.made("old.pem", &arguments);
        assert!(fs::read_to_string(&path).unwrap().contains("Proc-Type"), "{cipher}");
        converted(Material::Key, &path, KEY);
    }
}

/// Keys in OpenSSH's format, as far as its own tool converts them.
fn openssh() {
    for kind in ["-t rsa", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521"] {
        for phrase in ["", PASSPHRASES[0]] {
            let place = Place::new();
            let path = place.at("id");
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(kind.split(' ')).args(["-q", "-N", phrase, "-f"]).arg(&path);
            assert!(keygen.status().unwrap().success());
            converted(Material::Key, &path, KEY);
        }
    }
    // Ed25519 keys it leaves as they are, and says that it did not: no command is named for those.
    let place = Place::new();
    let path = place.at("id");
    let keygen = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(keygen.success());
    let error = add(Material::Key, &path).unwrap_err();
    assert!(error.hint().starts_with("make a new key"), "{}", error.hint());
}

/// DER, whatever it holds.
fn binary() {
    let place = Place::new();
    place.pair();
    let pass = format!("-passout pass:{}", PASSPHRASES[0]);
    let certificate = place.made("cert.der", "x509 -in cert.pem -outform der");
    converted(Material::Authority, &certificate, CERTIFICATE);
    place.put("index", "");
    place.put("ca.cnf", "[ca]\ndefault_ca=a\n[a]\ndatabase=index\ndefault_md=sha256\n");
    let list = "ca -gencrl -config ca.cnf -cert cert.pem -keyfile key.pem -crldays 30";
    place.made("list.pem", list);
    let list = place.made("list.der", "crl -in list.pem -outform der");
    converted(Material::Crl, &list, &[Material::Crl]);
    for arguments in [
        "pkey -in key.pem -outform der".to_owned(),
        "pkey -in key.pem -outform der -traditional".to_owned(),
        format!("pkcs8 -topk8 -in key.pem -outform der {pass}"),
        "genpkey -algorithm ED25519 -outform der".to_owned(),
        "genpkey -algorithm RSA -outform der".to_owned(),
    ] {
        converted(Material::Key, &place.made("key.der", &arguments), KEY);
    }
    let pkcs7 = "crl2pkcs7 -nocrl -certfile cert.pem -outform der";
    converted(Material::Authority, &place.made("a.p7b", pkcs7), CERTIFICATE);
    for old in ["", " -legacy"] {
        let pkcs12 = format!("pkcs12 -export{old} -inkey key.pem -in cert.pem {pass}");
        let path = place.made("a.p12", &pkcs12);
        converted(Material::Key, &path, &[Material::Key, Material::Authority]);
    }
}

/// Text in the encodings of Windows.
fn encodings() {
    let place = Place::new();
    place.pair();
    for (name, material) in [("cert.pem", Material::Authority), ("key.pem", Material::Key)] {
        for (mark, encoding) in [
            ("", "UTF-16"),
            ("\u{feff}", "UTF-16BE"),
            ("", "UTF-16LE"),
            ("", "UTF-16BE"),
            ("\u{feff}", "UTF-16LE"),
            ("", "UTF-32"),
        ] {
            let text = place.put("text", format!("{mark}{}", place.text(name)));
            let mut iconv = Command::new("iconv");
            let wide = iconv.args(["-f", "UTF-8", "-t", encoding]).arg(text).output().unwrap();
            assert!(wide.status.success(), "{encoding}");
            if (material, encoding) != (Material::Key, "UTF-32") {
                converted(material, &place.put("wide.pem", wide.stdout), &[material]);
            }
        }
    }
}

fn encoded_twice() {
    let place = Place::new();
    place.pair();
    for (name, material) in [("cert.pem", Material::Authority), ("key.pem", Material::Key)] {
        let path = place.made("twice.pem", &format!("base64 -in {name}"));
        super::mode(&path, 0o600);
        converted(material, &path, &[material]);
    }
}

/// Line ends that a program wrote as \n, alone and inside a text of JSON.
fn escaped_line_ends() {
    let place = Place::new();
    place.pair();
    for (name, material) in [("cert.pem", Material::Authority), ("key.pem", Material::Key)] {
        let line = place.text(name).replace('\n', "\\n");
        for text in [line.clone(), format!("\"{line}\""), format!("{{\"pem\": \"{line}\"}}\n")] {
            converted(material, &place.put("line.pem", text), &[material]);
        }
    }
}

/// Base64 of the kind for URLs.
fn base64_for_urls() {
    let place = Place::new();
    place.pair();
    for (name, material) in [("cert.pem", Material::Authority), ("key.pem", Material::Key)] {
        let is_body = |line: &str| !line.starts_with('-');
        while !place
            .text(name)
            .lines()
            .filter(|line| is_body(line))
            .any(|line| line.contains(['+', '/']))
        {
            place.pair();
        }
        let text = place.text(name);
        let of_urls = |line: &str| line.replace('+', "-").replace('/', "_") + "\n";
        let as_it_is = |line: &str| format!("{line}\n");
        let lines = text.lines();
        let text: String =
            lines.map(|line| if is_body(line) { of_urls(line) } else { as_it_is(line) }).collect();
        converted(material, &place.put("url.pem", text), &[material]);
    }
}

/// Certificates in blocks of other kinds.
fn other_labels() {
    let place = Place::new();
    place.pair();
    let trusted = place.made("t.pem", "x509 -in cert.pem -trustout -addtrust serverAuth");
    converted(Material::Authority, &trusted, CERTIFICATE);
    let pkcs7 = place.made("p7.pem", "crl2pkcs7 -nocrl -certfile cert.pem");
    converted(Material::Authority, &pkcs7, CERTIFICATE);
}

/// What has the label of a certificate.
fn mislabelled() {
    let place = Place::new();
    place.pair();
    let block = |path: &Path| {
        let base64 = Command::new("base64").arg(path).output().unwrap().stdout;
        let text = String::from_utf8(base64).unwrap();
        format!("-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
    };
    let pkcs7 = place.made("a.p7b", "crl2pkcs7 -nocrl -certfile cert.pem -outform der");
    converted(Material::Authority, &place.put("a.pem", block(&pkcs7)), CERTIFICATE);
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE'; EXIT; '"] {
        let text = block(&pkcs7).replace("CERTIFICATE", label);
        converted(Material::Crl, &place.put("a.pem", text), CERTIFICATE);
    }
    let twice = block(&place.at("cert.pem"));
    converted(Material::Authority, &place.put("a.pem", twice), CERTIFICATE);
    for old in ["", " -legacy"] {
        let pass = PASSPHRASES[0];
        let arguments =
            format!("pkcs12 -export{old} -inkey key.pem -in cert.pem -passout pass:{pass}");
        let pkcs12 = place.made("a.p12", &arguments);
        let both = &[Material::Authority, Material::Key];
        converted(Material::Authority, &place.put("b.pem", block(&pkcs12)), both);
    }
}
