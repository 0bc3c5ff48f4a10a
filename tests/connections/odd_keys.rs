//! Keys in every form: what is admitted without a connection is admitted on one, and what is not is
//! refused on both, for its real cause. The peer is OpenSSL, which has the key in hand.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection};
use tlsconn::{
    Certificate, Connection, Context, Endpoint, Error, Kind, Material, Outcome, Problems, Profile,
    Role, Style, Version,
};

use crate::support::maker::{authority, named};
use crate::support::server::Server;
use crate::support::{Identity, Link, NOW, has};

const HOST: &str = "a.example";
const PATIENCE: Duration = Duration::from_secs(60);
const ANYTHING: &str = "ALL:@SECLEVEL=0";

/// How a key is made, and how it is written into the certificate.
struct Form {
    name: &'static str,
    /// What follows `openssl genpkey`.
    made: &'static [&'static str],
    /// What follows `openssl pkey -pubout`.
    written: &'static [&'static str],
    /// What is done to the bytes of the `SubjectPublicKeyInfo`.
    changed: fn(Vec<u8>) -> Vec<u8>,
    /// Whether TLS here can use it. If not, what the words say of it.
    refused: Option<&'static str>,
    /// Whether OpenSSL's server shows it in TLS 1.2: there it wants the curve among the groups that
    /// the client offers for the key exchange, and compressed points among its point formats.
    shown_in_tls12: bool,
}

const fn form(name: &'static str, made: &'static [&'static str]) -> Form {
    Form { name, made, written: &[], changed: |spki| spki, refused: None, shown_in_tls12: true }
}

const fn bad(form: Form, words: &'static str) -> Form {
    Form { refused: Some(words), ..form }
}

const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P521: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];

fn forms() -> Vec<Form> {
    let curve = |name, option| form(name, option);
    vec![
        form("RSA", RSA),
        form("RSA of an odd size", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2049"]),
        form(
            "RSA with the exponent 3",
            &[
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
                "-pkeyopt",
                "rsa_keygen_pubexp:3",
            ],
        ),
        bad(
            form("RSA, short", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]),
            "RSA 1024 bits, and at least 2048 are needed",
        ),
        bad(
            form(
                "RSA with a long exponent",
                &[
                    "-algorithm",
                    "RSA",
                    "-pkeyopt",
                    "rsa_keygen_bits:2048",
                    "-pkeyopt",
                    "rsa_keygen_pubexp:1099511627791",
                ],
            ),
            "exponent of more than 33 bits",
        ),
        bad(Form { changed: without_null, ..form("RSA without NULL", RSA) }, "parameters NULL"),
        bad(Form { changed: with_other, ..form("RSA with others", RSA) }, "other than NULL"),
        bad(
            form("RSA-PSS", &["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"]),
            "RSA-PSS",
        ),
        form("P-256", P256),
        curve("P-384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        Form { shown_in_tls12: false, ..form("P-521", P521) },
        Form {
            written: &["-ec_conv_form", "compressed"],
            shown_in_tls12: false,
            ..form("P-256, compressed", P256)
        },
        Form {
            written: &["-ec_conv_form", "compressed"],
            shown_in_tls12: false,
            ..form("P-521, compressed", P521)
        },
        bad(
            Form { written: &["-ec_conv_form", "hybrid"], ..form("P-256, hybrid", P256) },
            "form that is not allowed",
        ),
        bad(
            Form { written: &["-ec_param_enc", "explicit"], ..form("P-256, explicit", P256) },
            "unnamed curve",
        ),
        bad(
            curve("secp256k1", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]),
            "secp256k1",
        ),
        bad(
            curve(
                "brainpool",
                &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
            ),
            "brainpoolP256r1",
        ),
        form("Ed25519", &["-algorithm", "ED25519"]),
        bad(form("Ed448", &["-algorithm", "ED448"]), "Ed448"),
    ]
}

/// An authority, and a folder for the keys.
struct Lab {
    dir: tempfile::TempDir,
    key: KeyPair,
    authority: Certificate,
}

/// A peer with a key of some form.
struct Odd {
    certificate: Certificate,
    files: [PathBuf; 2],
}

fn lab() -> Lab {
    let key = KeyPair::generate().unwrap();
    let authority = authority("Odd CA").self_signed(&key).unwrap();
    let authority = Certificate::from_der(authority.der()).unwrap();
    Lab { dir: tempfile::tempdir().unwrap(), key, authority }
}

impl Lab {
    /// A certificate for a key of this form, and the key, in two files.
    fn make(&self, at: usize, form: &Form) -> Odd {
        let file = |ending: &str| self.dir.path().join(format!("{at}.{ending}"));
        let (key, public) = (file("key"), file("pub"));
        openssl(Command::new("openssl").arg("genpkey").args(form.made).arg("-out").arg(&key));
        let mut command = Command::new("openssl");
        command.args(["pkey", "-pubout", "-outform", "DER"]).args(form.written);
        openssl(command.arg("-in").arg(&key).arg("-out").arg(&public));
        let spki = (form.changed)(fs::read(&public).unwrap());
        let certificate = self.certify(&spki);
        let path = file("pem");
        fs::write(&path, certificate.text(Style::Pem)).unwrap();
        Odd { certificate, files: [path, key] }
    }

    /// A certificate for HOST that is for this key.
    fn certify(&self, spki: &[u8]) -> Certificate {
        let issuer = rcgen::Issuer::from_params(&AUTHORITY.0, &self.key);
        let usual = named(HOST, &[HOST]).signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let [tbs, algorithm, _] = parts(content(usual.der()))[..] else { panic!() };
        let mut fields: Vec<&[u8]> = parts(content(tbs));
        // Version, serial number, algorithm, issuer, validity, subject: then comes the key.
        fields[6] = spki;
        let tbs = tlv(0x30, &fields.concat());
        let signature = [vec![0], self.key.sign(&tbs).unwrap()].concat();
        let whole = tlv(0x30, &[tbs, algorithm.to_vec(), tlv(3, &signature)].concat());
        Certificate::from_der(&whole).unwrap()
    }

    /// A context that believes the authority, in this profile.
    fn context(&self, profile: Profile) -> Context {
        let context = Context::new();
        context
            .set(|settings| {
                settings.verify_time = Some(NOW);
                settings.profile = profile;
                settings.handshake_timeout = Some(PATIENCE);
            })
            .unwrap();
        let pem = self.authority.text(Style::Pem);
        context.add(Material::Authority, pem.as_bytes()).unwrap();
        context
    }
}

/// The parameters of the authority.
static AUTHORITY: std::sync::LazyLock<(rcgen::CertificateParams,)> =
    std::sync::LazyLock::new(|| (authority("Odd CA"),));

#[test]
fn a_server_with_a_key_of_any_form_is_judged_alike_with_and_without_a_connection() {
    if !has(&["openssl"]) {
        return;
    }
    let lab = lab();
    for (at, form) in forms().iter().enumerate() {
        let odd = lab.make(at, form);
        for (version, option) in VERSIONS {
            if version == Version::Tls12 && !form.shown_in_tls12 {
                continue;
            }
            let server = serve(&odd, option);
            for profile in [Profile::Strict, Profile::Libvirt] {
                for known in [false, true] {
                    let context = lab.context(profile);
                    context.set(|settings| settings.tls.max_version = version).unwrap();
                    if known {
                        let place = Endpoint::new(HOST, i32::from(server.port)).unwrap();
                        let all = Problems::WEAK_KEY;
                        context.set_known(&place, odd.certificate.clone(), all).unwrap();
                    }
                    let pem = odd.certificate.text(Style::Pem);
                    let said = context
                        .verify(Role::Server, Some(HOST), server.port, pem.as_bytes())
                        .unwrap();
                    let met = dial(&context, server.port);
                    let what = format!("{}, {version:?}, {profile:?}, known {known}", form.name);
                    let verdict = said.outcome().map(drop).map_err(Error::clone);
                    agree(&what, form, &verdict, &met);
                }
            }
        }
    }
}

#[test]
fn a_client_with_a_key_of_any_form_is_judged_alike_with_and_without_a_connection() {
    if !has(&["openssl"]) {
        return;
    }
    let lab = lab();
    for (at, form) in forms().iter().enumerate() {
        let odd = lab.make(at, form);
        let listed = tempfile::tempdir().unwrap();
        fs::copy(&odd.files[0], listed.path().join("client.pem")).unwrap();
        for (_, option) in VERSIONS {
            for in_directory in [false, true] {
                let context = lab.context(Profile::Strict);
                own(&lab, &context);
                if in_directory {
                    context.set_client_dir(listed.path()).unwrap();
                }
                let pem = odd.certificate.text(Style::Pem);
                let said = context.verify(Role::Client, None, 0, pem.as_bytes()).unwrap();
                let met = accept(&context, &odd, option);
                let what = format!("{}, {option}, in a directory {in_directory}", form.name);
                let verdict = said.outcome().map(drop).map_err(Error::clone);
                agree(&what, form, &verdict, &met);
            }
        }
    }
}

#[test]
fn what_is_taken_as_our_own_pair_works_in_a_handshake_and_nothing_else_is_taken() {
    if !has(&["openssl"]) {
        return;
    }
    let lab = lab();
    for (at, form) in forms().iter().enumerate() {
        let odd = lab.make(at, form);
        let server = lab.context(Profile::Strict);
        server.set(|settings| settings.client_auth = tlsconn::ClientAuth::None).unwrap();
        let taken = server.add_file(Material::Certificate, &odd.files[0]);
        match form.refused {
            Some(words) => {
                let error = taken.unwrap_err();
                assert_eq!(error.problems(), Problems::WEAK_KEY, "{}: {error}", form.name);
                assert!(error.message().contains(words), "{}: {error}", form.name);
            }
            None => {
                taken.unwrap();
                server.add_file(Material::Key, &odd.files[1]).unwrap();
                let client = lab.context(Profile::Strict);
                crate::support::Both::new(&server, &client, HOST).open();
            }
        }
    }
}

#[test]
fn a_key_that_openssl_does_not_read_is_refused_for_what_is_wrong_with_it() {
    let lab = lab();
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = lab.certify(&with_parameters(&key.subject_public_key_info(), &[5, 0]));
    let context = lab.context(Profile::Strict);
    let pem = certificate.text(Style::Pem);
    let said = context.verify(Role::Server, Some(HOST), 443, pem.as_bytes()).unwrap();
    let words =
        "has a key that TLS cannot use here: Ed25519, with parameters, which it must not have";
    assert!(said.outcome().unwrap_err().message().contains(words), "{}", said.text());
    let error = link(&context, &certificate, &key).refused();
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
    assert!(error.message().contains(words), "{error}");
}

#[test]
fn a_signature_scheme_that_does_not_fit_the_key_is_named() {
    let lab = lab();
    // The certificate is for another kind of key than the server signs with.
    let (shown, used) = (KeyPair::generate_for(&rcgen::PKCS_ED25519), KeyPair::generate());
    let certificate = lab.certify(&shown.unwrap().subject_public_key_info());
    for version in [Version::Tls12, Version::Tls13] {
        let context = lab.context(Profile::Strict);
        context.set(|settings| settings.tls.max_version = version).unwrap();
        let error = link(&context, &certificate, used.as_ref().unwrap()).refused();
        assert_eq!(error.kind(), Kind::Certificate, "{error}");
        assert!(error.message().contains("does not fit its key, Ed25519"), "{error}");
    }
}

/// A connection to a server of rustls that shows this certificate and signs with this key.
fn link(context: &Context, certificate: &Certificate, key: &KeyPair) -> Link {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let secret = rustls::crypto::aws_lc_rs::sign::any_supported_type(&secret).unwrap();
    let pair = CertifiedKey::new(vec![certificate.der().to_vec().into()], secret);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    let connection = Connection::in_memory(context, HOST, 443).unwrap();
    let mut link = Link::with(connection, &Identity::alone(&[HOST]));
    link.server = ServerConnection::new(Arc::new(config)).unwrap();
    link
}

#[test]
fn only_signatures_of_keys_that_can_be_used_are_asked_for() {
    let lab = lab();
    let client = Connection::in_memory(&lab.context(Profile::Strict), HOST, 443).unwrap();
    let _ = client.handshake();
    let mut hello = [0; 16 * 1024];
    let count = client.memory_output(&mut hello).unwrap();
    let schemes = schemes_in(&hello[..count]);
    // RSA in both ways, ECDSA and Ed25519.
    let wanted = [0x401, 0x501, 0x601, 0x804, 0x805, 0x806, 0x403, 0x503, 0x603, 0x807];
    assert_eq!(schemes, BTreeSet::from(wanted));
}

const VERSIONS: [(Version, &str); 2] = [(Version::Tls12, "-tls1_2"), (Version::Tls13, "-tls1_3")];

/// Both admit, or both refuse; and the words are the true ones.
#[track_caller]
fn agree(what: &str, form: &Form, said: &Result<(), Error>, met: &Result<(), Error>) {
    assert_eq!(said.is_ok(), form.refused.is_none(), "{what}: {said:?}");
    assert_eq!(met.is_ok(), said.is_ok(), "{what}: {met:?} on a connection, {said:?} without");
    let (Err(said), Err(met), Some(words)) = (said, met, form.refused) else { return };
    assert!(said.message().contains(words), "{what}: {said}");
    assert!(said.problems().contains(Problems::WEAK_KEY), "{what}: {said}");
    assert!(!met.message().contains("does not hold"), "{what}: {met}");
    // Where OpenSSL shows it at all.
    if met.kind() == Kind::Protocol {
        assert!(met.message().contains(words), "{what}: {met}");
    } else {
        assert!(matches!(met.kind(), Kind::Alert | Kind::NoClientCertificate), "{what}: {met}");
    }
}

fn serve(odd: &Odd, version: &str) -> Server {
    let mut command = Command::new("openssl");
    command.args(["s_server", "-accept", "127.0.0.1:0", "-rev", version, "-cipher", ANYTHING]);
    command.arg("-cert").arg(&odd.files[0]).arg("-key").arg(&odd.files[1]);
    Server::that_says("ACCEPT", 0, &mut command)
}

fn dial(context: &Context, port: u16) -> Result<(), Error> {
    let stream: &'static TcpStream =
        Box::leak(Box::new(TcpStream::connect(("127.0.0.1", port)).unwrap()));
    let outcome = Connection::over_socket(context, stream.as_fd(), HOST, i32::from(port), true)
        .and_then(|connection| connection.handshake());
    let _ = stream.shutdown(Shutdown::Both);
    outcome.map(|outcome| assert_eq!(outcome, Outcome::Done(())))
}

fn accept(context: &Context, odd: &Odd, version: &str) -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let context = context.clone();
    let server = thread::spawn(move || {
        let stream: &'static TcpStream = Box::leak(Box::new(listener.accept().unwrap().0));
        let outcome = Connection::accept_socket(&context, stream.as_fd(), true)
            .and_then(|connection| connection.handshake());
        let _ = stream.shutdown(Shutdown::Both);
        outcome.map(|outcome| assert_eq!(outcome, Outcome::Done(())))
    });
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address, version, "-cipher", ANYTHING, "-quiet"]);
    command.arg("-cert").arg(&odd.files[0]).arg("-key").arg(&odd.files[1]);
    let _ = command.stdin(Stdio::null()).output().unwrap();
    // A client that cannot even use its own key never comes.
    drop(TcpStream::connect(("127.0.0.1", port)));
    server.join().unwrap()
}

/// A pair of the lab's own, in use in the context.
fn own(lab: &Lab, context: &Context) {
    let key = KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::from_params(&AUTHORITY.0, &lab.key);
    let certificate = named("server", &["server"]).signed_by(&key, &issuer).unwrap();
    context.add(Material::Certificate, certificate.pem().as_bytes()).unwrap();
    context.add(Material::Key, key.serialize_pem().as_bytes()).unwrap();
}

#[track_caller]
fn openssl(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What stands in one element.
fn content(element: &[u8]) -> &[u8] {
    let head = if element[1] < 0x80 { 2 } else { 2 + usize::from(element[1] & 0x7f) };
    &element[head..]
}

/// The elements that `input` is made of.
fn parts(mut input: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while !input.is_empty() {
        let digits = usize::from(if input[1] < 0x80 { 0 } else { input[1] & 0x7f });
        let long = input[2..2 + digits].iter().fold(0, |sum, one| sum * 256 + usize::from(*one));
        let length = if digits == 0 { usize::from(input[1]) } else { long };
        let (one, rest) = input.split_at(2 + digits + length);
        all.push(one);
        input = rest;
    }
    all
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [&head, content].concat()
}

/// The key with this in place of its parameters.
fn with_parameters(spki: &[u8], parameters: &[u8]) -> Vec<u8> {
    let [algorithm, key] = parts(content(spki))[..] else { panic!() };
    let oid = parts(content(algorithm))[0];
    tlv(0x30, &[tlv(0x30, &[oid, parameters].concat()), key.to_vec()].concat())
}

fn without_null(spki: Vec<u8>) -> Vec<u8> {
    with_parameters(&spki, &[])
}

fn with_other(spki: Vec<u8>) -> Vec<u8> {
    with_parameters(&spki, &[4, 0])
}

/// The schemes of the extension `signature_algorithms` in a first hello.
fn schemes_in(hello: &[u8]) -> BTreeSet<u16> {
    let number = |at: usize| usize::from(hello[at]) << 8 | usize::from(hello[at + 1]);
    // The record, the message, the version and the random stand before the session.
    let mut at = 5 + 4 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + number(at);
    at += 1 + usize::from(hello[at]);
    at += 2;
    while number(at) != 13 {
        at += 4 + number(at + 2);
    }
    let schemes = &hello[at + 6..at + 6 + number(at + 4)];
    schemes.chunks(2).map(|two| u16::from(two[0]) << 8 | u16::from(two[1])).collect()
}
