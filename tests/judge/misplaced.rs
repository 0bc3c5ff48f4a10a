//! What was given × where it was expected: the error says what was found and where, and the hint says
//! what to do about exactly that.

use std::fs;
use std::path::Path;
use std::process::Command;

use tlsconn::{Context, Kind, Material};

/// The kinds of material, with what each is called.
const PLACES: [(Material, &str); 4] = [
    (Material::Authority, "certificate"),
    (Material::Certificate, "certificate"),
    (Material::Key, "private key"),
    (Material::Crl, "revocation list"),
];

/// What is given: its name, what the error calls it, and a part of the hint where a certificate, a
/// private key and a revocation list is expected. `TAKEN`: it is no error there, or one of its own.
type Row = (&'static str, &'static str, [&'static str; 3]);

const TAKEN: &str = "";
const LIST: &str = "name the file of the revocation list (CRL), which the CA publishes";
const TEXT: &str = "as PEM, between lines that begin with -----BEGIN";
const OWN: &str = "if the private key is your own, add it as such, and give it to nobody";
const REQUEST: &str = "put the certificate here that the CA made from";
const PUBLIC: &str = "put the certificate here: it contains the public key";
const SSH: &str = "SSH has its own kinds of keys and certificates";
const PRIVATE: &str = "the private key that this public key belongs to";
const PKCS7: &str = "openssl pkcs7 -print_certs";

const ROWS: [Row; 23] = [
    ("cert.pem", "1 x CERTIFICATE (line 1)", [TAKEN, "belongs to this certificate", LIST]),
    ("list.pem", "1 x X509 CRL (line 1)", ["add the revocation list as such"; 3]),
    ("key.pem", "1 x PRIVATE KEY (line 1)", [OWN, TAKEN, OWN]),
    ("sec1.pem", "1 x EC PRIVATE KEY (line 1)", [OWN, TAKEN, OWN]),
    ("locked.pem", "1 x ENCRYPTED PRIVATE KEY (line 1)", [OWN, TAKEN, OWN]),
    ("id", "1 x OPENSSH PRIVATE KEY (line 1)", [OWN, TAKEN, OWN]),
    ("request.pem", "1 x CERTIFICATE REQUEST (line 1)", [REQUEST, "this request was made", LIST]),
    ("public.pem", "1 x PUBLIC KEY (line 1)", [PUBLIC, PRIVATE, LIST]),
    ("pkcs7.pem", "1 x PKCS7 (line 1)", [TAKEN, "but no key", PKCS7]),
    (
        "curve.pem",
        "1 x EC PARAMETERS (line 1)",
        ["a part of the file", "only its first part", LIST],
    ),
    ("both.pem", "1 x PRIVATE KEY, 1 x CERTIFICATE REQUEST (line ", [REQUEST, TAKEN, OWN]),
    ("below.pem", "1 x PUBLIC KEY (line 3)", [PUBLIC, PRIVATE, LIST]),
    ("id.pub", "a public key of SSH (line 1)", [SSH, "the same name without .pub", LIST]),
    ("ssh2", "a public key of SSH (line 1)", [SSH, "the same name without .pub", LIST]),
    ("key.ppk", "a key of PuTTY (line 1)", [SSH, "export it in OpenSSH's format", LIST]),
    ("words", "there is no PEM block in it", [TEXT; 3]),
    ("cert.der", "a certificate, in DER", [TAKEN, "belongs to this certificate", LIST]),
    ("list.der", "a certificate revocation list (CRL), in DER", ["as such", "as such", TAKEN]),
    ("key.der", "an EC private key (SEC 1), in DER", [OWN, TAKEN, OWN]),
    ("request.der", "a certificate signing request (CSR), in DER", [REQUEST, "this request", LIST]),
    ("public.der", "a public key, in DER", [PUBLIC, PRIVATE, LIST]),
    ("pkcs7.der", "PKCS#7, in DER", [TAKEN, "but no key", TAKEN]),
    ("a.p12", "PKCS#12, in DER", [TAKEN, TAKEN, LIST]),
];

fn run(directory: &Path, command: &str) {
    let output = Command::new("sh").args(["-ec", command]).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}

/// Makes every file of the rows.
fn make(directory: &Path) {
    fs::write(directory.join("ca.cnf"), "[ca]\ndefault_ca=a\n[a]\ndatabase=i\ndefault_md=sha256\n")
        .unwrap();
    run(
        directory,
        "umask 077; touch i
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
        openssl req -x509 -new -key key.pem -subj /CN=a.example -days 30 -out cert.pem
        openssl ca -gencrl -config ca.cnf -cert cert.pem -keyfile key.pem -crldays 30 -out list.pem
        openssl ec -in key.pem -out sec1.pem
        openssl pkcs8 -topk8 -in key.pem -passout pass:secret -out locked.pem
        openssl req -new -key key.pem -subj /CN=a.example -out request.pem
        openssl pkey -in key.pem -pubout -out public.pem
        openssl crl2pkcs7 -nocrl -certfile cert.pem -out pkcs7.pem
        openssl ecparam -name prime256v1 -out curve.pem
        cat key.pem request.pem > both.pem
        { echo one; echo two; cat public.pem; } > below.pem
        ssh-keygen -q -t ecdsa -N '' -f id
        ssh-keygen -e -f id.pub > ssh2
        { echo 'PuTTY-User-Key-File-3: ssh-ed25519'; echo 'Encryption: none'; } > key.ppk
        echo words > words
        openssl x509 -in cert.pem -outform der -out cert.der
        openssl crl -in list.pem -outform der -out list.der
        openssl pkey -in key.pem -outform der -out key.der
        openssl req -in request.pem -outform der -out request.der
        openssl pkey -in key.pem -pubout -outform der -out public.der
        openssl crl2pkcs7 -nocrl -certfile cert.pem -outform der -out pkcs7.der
        openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:secret -out a.p12",
    );
}

#[test]
fn what_is_in_the_wrong_place_is_named_with_its_line_and_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    for (file, what, [certificate, key, list]) in ROWS {
        let path = directory.path().join(file);
        let text = fs::read(&path).unwrap();
        for (material, wanted) in PLACES {
            let hint = match wanted {
                "certificate" => certificate,
                "private key" => key,
                _ if file == "list.pem" => TAKEN,
                _ => list,
            };
            if hint == TAKEN {
                continue;
            }
            let from_file = Context::new().add_file(material, &path).unwrap_err();
            let from_memory = Context::new().add(material, &text).unwrap_err();
            for error in [from_file, from_memory] {
                let shown = format!("{file} as {material:?}: {error} [{}]", error.hint());
                assert_eq!(error.kind(), Kind::Parse, "{shown}");
                let said = error.message();
                assert!(said.contains(&format!("contains no {wanted}")), "{shown}");
                assert!(said.contains(what), "{shown}");
                assert!(error.hint().contains(hint), "{shown}");
            }
        }
    }
}
