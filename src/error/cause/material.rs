//! What to do about PEM texts, certificates, keys and lists.

use super::{Cause, FileName};

/// Why material is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MaterialCause {
    /// More than one private key in a file.
    SeveralKeys,
    /// A block has no end, or not all of its digits.
    Incomplete,
    /// A line inside a block is not base64.
    NotBase64,
    /// A line inside a block contains a character that cannot be seen or is no digit.
    OddCharacter,
    /// So does a line that begins or ends a block.
    OddBoundary,
    /// A line that begins or ends a block has a letter of another alphabet.
    OddLetter,
    /// A line inside a block is text.
    TextInside,
    /// The base64 is that for URLs, in a file that may hold a secret or not.
    UrlBase64(FileName, Secret),
    /// Line ends are written as \n, in a file that may hold a secret or not.
    EscapedLines(FileName, Secret),
    /// A block ends and the next one begins on one line.
    JoinedBlocks,
    /// A whole block is on one line.
    OneLine,
    /// A line is nearly the begin or end of a block.
    Boundary,
    /// A block begins with a label that certificates do not have.
    BadLabel,
    /// The text is in another encoding, which iconv calls so.
    Encoding(FileName, &'static str, Secret),
    /// The NUL at the end of a string was counted.
    Terminator,
    /// The text is DER.
    Der(FileName, Der),
    /// The text was encoded as base64 once more.
    Base64Twice(FileName, Secret),
    /// There is no such material in a text, nor anything else that is known: what was looked for.
    Lacking(&'static str),
    /// Something else is where a private key, a certificate or a revocation list should be.
    Misplaced(Found, Wanted),
    /// The begin and the end of a block have different labels.
    TwoLabels,
    /// A request is where a certificate should be.
    Request,
    /// A certificate has the label of something else, or is in the wrong place.
    Certificate,
    /// So has, or is, a revocation list.
    List,
    /// A private key is where something else should be.
    KeyElsewhere,
    /// A private key has the label of another form: the right one.
    KeyLabel(&'static str),
    /// There is only a public key, with the label of something else.
    PublicKey,
    /// There is only the name of a curve, likewise.
    CurveName,
    /// PKCS#7 is under another label.
    MislabelledPkcs7(FileName),
    /// PKCS#12 is in a PEM block.
    MislabelledPkcs12(FileName, OldCiphers),
    /// A PEM block, or base64, was encoded once more.
    MislabelledText(FileName),
    /// PKCS#7, under its own label.
    Pkcs7(FileName),
    /// A TRUSTED CERTIFICATE of OpenSSL.
    Trusted(FileName),
    /// A key in OpenSSH's format that ssh-keygen converts.
    OpenSsh(FileName),
    /// One that nothing converts.
    OpenSshOnly,
    /// A key that is encrypted in a way that OpenSSL opens and we do not.
    OldEncryption(FileName),
    /// A key that is encrypted in a way that OpenSSL does not open any more.
    LostEncryption,
    /// Opening the key would cost too much.
    CostlyKey,
    /// A key of a kind or size that is not supported.
    UnsupportedKey,
    /// A key that is damaged.
    DamagedKey,
    /// There is nobody to ask for the passphrase.
    NoPassphrase,
    /// No passphrase opened the key.
    WrongPassphrase,
    /// What is labelled as a certificate does not parse.
    DamagedCertificate,
    /// What is labelled as a revocation list does not parse.
    DamagedList,
    /// A list that is not complete, or not of its issuer alone.
    UnusableList,
    /// The operating system has no authorities.
    NoSystemAuthorities,
    /// A layout has no authority.
    NoAuthority,
    /// A layout has the first of these files and not the other one.
    Half {
        /// What is there.
        there: String,
        /// What is missing.
        missing: String,
    },
}

/// Whether what a command makes may be a private key, which nobody else may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// It may.
    Possible,
    /// It is not one.
    No,
}

/// What is given in the place of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A certificate.
    Certificate,
    /// A revocation list.
    List,
    /// A request.
    Request,
    /// A private key, in any form.
    Key,
    /// A public key.
    PublicKey,
    /// PKCS#7, which holds certificates and lists.
    Pkcs7,
    /// PKCS#12, which holds a key and certificates.
    Pkcs12,
    /// The name of a curve.
    CurveName,
    /// A public key in a format of SSH.
    SshPublicKey,
    /// A key of PuTTY.
    Putty,
}

/// What was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A private key.
    Key,
    /// A certificate.
    Certificate,
    /// A revocation list.
    List,
}

impl Wanted {
    /// What sentences call it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Key => "private key",
            Self::Certificate => "certificate",
            Self::List => "revocation list",
        }
    }
}

/// What DER holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Der {
    /// A certificate.
    Certificate,
    /// A revocation list.
    List,
    /// A private key.
    Key,
    /// PKCS#7.
    Pkcs7,
    /// PKCS#12.
    Pkcs12(OldCiphers),
    /// Something else.
    Other,
}

/// Whether something is encrypted with RC2 or RC4, which OpenSSL 3 opens only if it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldCiphers {
    /// It is.
    Used,
    /// It is not.
    Unused,
}

impl OldCiphers {
    const fn option(self) -> &'static str {
        match self {
            Self::Used => " -legacy",
            Self::Unused => "",
        }
    }
}

impl Secret {
    /// Whether there is a private key in a text.
    pub(crate) const fn of(is_possible: bool) -> Self {
        if is_possible { Self::Possible } else { Self::No }
    }

    /// The command, which must not make a file that others can read.
    fn guard(self, command: &str) -> String {
        match self {
            Self::Possible => format!("(umask 077; {command})"),
            Self::No => command.to_owned(),
        }
    }
}

impl Cause for MaterialCause {
    fn hint(&self) -> String {
        let sentence = match self {
            Self::SeveralKeys => "keep only the key that belongs to the certificate in the file",
            Self::Incomplete => "copy the file again: a part of it is missing",
            Self::NotBase64 => "copy the file again: something has changed this line",
            Self::OddCharacter => "delete this character",
            Self::OddBoundary => "delete this character, or replace it with a hyphen or a space",
            Self::OddLetter => {
                "write this line again: a letter in it is of another alphabet, and only looks like an English one"
            }
            Self::TextInside => "delete this line, or move it above the BEGIN line",
            Self::UrlBase64(name, secret) => return usual_base64(name, *secret),
            Self::JoinedBlocks => "put a line end between them",
            Self::OneLine => "put a line end after its BEGIN line, and one before its END line",
            Self::Boundary => {
                "write it as -----BEGIN LABEL----- or -----END LABEL-----, alone on its line"
            }
            Self::BadLabel => {
                "if it is a certificate, write BEGIN CERTIFICATE, and END CERTIFICATE at its end"
            }
            Self::Terminator => "do not count the NUL at the end of a string in its length",
            Self::Lacking(wanted) => {
                return format!(
                    "name the file that contains the {wanted} as PEM, between lines that begin with -----BEGIN and -----END"
                );
            }
            Self::Misplaced(found, wanted) => found.instead_of(*wanted),
            Self::TwoLabels => {
                "write the same label in its BEGIN and END lines, the one of what it contains"
            }
            Self::Request => {
                "put the certificate here that the CA made from the certificate signing request"
            }
            Self::Certificate => {
                "change the label in its BEGIN and END lines to CERTIFICATE, and add it as a certificate"
            }
            Self::List => {
                "change the label in its BEGIN and END lines to X509 CRL, and add it as a revocation list"
            }
            Self::KeyElsewhere => {
                "move the private key to a file of its own, with the label of its form"
            }
            Self::KeyLabel(right) => {
                return format!("change the label in its BEGIN and END lines to {right}");
            }
            Self::PublicKey => {
                "put the certificate here: it contains the public key, and says whose it is"
            }
            Self::CurveName => {
                "put the certificate or the private key here: this is only a part of a key file"
            }
            Self::OpenSshOnly => {
                "make a new key with openssl, and have a certificate issued for it: no common program converts this one from OpenSSH's format"
            }
            Self::LostEncryption => {
                "make a new key, and have a certificate issued for it: OpenSSL does not open this encryption any more"
            }
            Self::CostlyKey => {
                "encrypt the key again, with lower cost parameters, with the program that made it"
            }
            Self::UnsupportedKey => {
                "make a new key of a supported kind, and have a certificate issued for it: RSA with 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519"
            }
            Self::DamagedKey => "restore a backup of the key, or copy it again",
            Self::NoPassphrase => {
                "set a function that gives the passphrase: tlsconn_ctx_set_passphrase()"
            }
            Self::WrongPassphrase => "check the passphrase, Caps Lock and the keyboard layout",
            Self::DamagedCertificate => {
                "copy the certificate again; if that does not help, ask its CA for a correct one"
            }
            Self::DamagedList => {
                "get the list from its CA again; if that does not help, ask the CA for a correct one"
            }
            Self::UnusableList => {
                "ask the CA for a complete list of all certificates that it has revoked, signed by itself"
            }
            Self::NoSystemAuthorities => {
                "install the package ca-certificates, or set SSL_CERT_FILE or SSL_CERT_DIR"
            }
            Self::NoAuthority => {
                "put the certificate of the CA that issues the servers' certificates there, as PEM"
            }
            Self::Half { there, missing } => {
                return format!("add {missing}, or move {there} away");
            }
            Self::EscapedLines(name, secret) => return escaped_lines(name, *secret),
            Self::Encoding(name, encoding, secret) => return recode(name, encoding, *secret),
            Self::Base64Twice(name, secret) => return decode_once(name, *secret),
            Self::Der(name, der) => return convert_der(name, *der),
            Self::MislabelledPkcs7(name) => return relabel_pkcs7(name),
            Self::MislabelledPkcs12(name, ciphers) => return unwrap_pkcs12(name, *ciphers),
            Self::MislabelledText(name) => return unwrap_text(name),
            Self::Pkcs7(name) => {
                return makes(name, "write them as PEM", "openssl pkcs7 -print_certs");
            }
            Self::Trusted(name) => {
                return makes(name, "write it as a plain one, without that", "openssl x509");
            }
            Self::OpenSsh(name) => return rewrite_openssh(name),
            Self::OldEncryption(name) => {
                let command = "openssl pkcs8 -topk8 -v2 aes256 -provider legacy -provider default";
                return makes(name, "encrypt it with AES instead", command);
            }
        };
        sentence.to_owned()
    }
}

impl Found {
    /// What to do with it, and where what is wanted is found.
    const fn instead_of(self, wanted: Wanted) -> &'static str {
        match wanted {
            Wanted::Key => self.instead_of_a_key(),
            Wanted::Certificate => self.instead_of_a_certificate(),
            Wanted::List => self.instead_of_a_list(),
        }
    }

    const fn instead_of_a_key(self) -> &'static str {
        match self {
            Self::Certificate => {
                "name the file of the private key that belongs to this certificate, and add the certificate as such"
            }
            Self::Request => "name the file of the private key that this request was made with",
            Self::PublicKey => {
                "name the file of the private key that this public key belongs to: nothing can be signed with the public one"
            }
            Self::SshPublicKey => {
                "name the file of the private key that this public key belongs to, which usually has the same name without .pub"
            }
            Self::Putty => {
                "use PuTTYgen to export it in OpenSSH's format (menu Conversions), and name the file that it wrote"
            }
            Self::CurveName => {
                "copy the key file again: this is only its first part, and the private key comes after it"
            }
            Self::List => "name the file of the private key, and add the revocation list as such",
            Self::Pkcs7 => {
                "name the file of the private key: PKCS#7 contains certificates and revocation lists, but no key"
            }
            Self::Key | Self::Pkcs12 => "name the file of the private key",
        }
    }

    const fn instead_of_a_certificate(self) -> &'static str {
        match self {
            Self::Request => {
                "put the certificate here that the CA made from the certificate signing request"
            }
            Self::PublicKey => {
                "put the certificate here: it contains the public key, and says whose it is"
            }
            Self::Key => {
                "name the file of the certificate; if the private key is your own, add it as such, and give it to nobody"
            }
            Self::List => "name the file of the certificate, and add the revocation list as such",
            Self::CurveName => {
                "name the file of the certificate: this is only a part of the file of a private key"
            }
            Self::SshPublicKey | Self::Putty => {
                "name the file of a certificate (X.509), as PEM: SSH has its own kinds of keys and certificates, which TLS does not use"
            }
            Self::Certificate | Self::Pkcs7 | Self::Pkcs12 => "name the file of the certificate",
        }
    }

    const fn instead_of_a_list(self) -> &'static str {
        match self {
            Self::Certificate => {
                "name the file of the revocation list (CRL), which the CA publishes, and add the certificate as such"
            }
            Self::Key => {
                "name the file of the revocation list (CRL), which the CA publishes; if the private key is your own, add it as such, and give it to nobody"
            }
            Self::List
            | Self::Request
            | Self::PublicKey
            | Self::Pkcs7
            | Self::Pkcs12
            | Self::CurveName
            | Self::SshPublicKey
            | Self::Putty => "name the file of the revocation list (CRL), which the CA publishes",
        }
    }
}

/// What to do, with a command that reads one file and writes another.
fn makes(name: &FileName, what: &str, command: &str) -> String {
    format!("{what}: {command} -in {} -out {}", name.quoted(), name.new_one())
}

fn escaped_lines(name: &FileName, secret: Secret) -> String {
    let (file, new) = (name.quoted(), name.new_one());
    let command = format!("sed 's/\\\\n/\\n/g; s/\"/\\n/g' {file} > {new}");
    format!("turn them into line ends: {}", secret.guard(&command))
}

fn usual_base64(name: &FileName, secret: Secret) -> String {
    let (file, new) = (name.quoted(), name.new_one());
    let command = format!("sed '/^-----/!y#-_#+/#' {file} > {new}");
    format!("write it as usual, with + and /: {}", secret.guard(&command))
}

fn recode(name: &FileName, encoding: &str, secret: Secret) -> String {
    let command = format!("iconv -f {encoding} -t UTF-8 {} > {}", name.quoted(), name.new_one());
    format!("save it as UTF-8: {}", secret.guard(&command))
}

fn decode_once(name: &FileName, secret: Secret) -> String {
    let command = format!("base64 -d {} > {}", name.quoted(), name.new_one());
    format!("decode it once: {}", secret.guard(&command))
}

fn relabel_pkcs7(name: &FileName) -> String {
    let (file, new) = (name.quoted(), name.new_one());
    format!(
        "label it PKCS7 and take the certificates out: sed -E 's/(BEGIN|END) .*-----/\\1 PKCS7-----/' {file} | openssl pkcs7 -print_certs -out {new}"
    )
}

fn unwrap_pkcs12(name: &FileName, ciphers: OldCiphers) -> String {
    let (file, new, old) = (name.quoted(), name.new_one(), ciphers.option());
    let p12 = name.with_ending(".p12", "FILE.p12");
    format!(
        "decode it, and convert the result: (umask 077; sed '/^-----/d' {file} | base64 -d > {p12}) && openssl pkcs12 -nodes{old} -in {p12} -out {new}"
    )
}

fn unwrap_text(name: &FileName) -> String {
    let (file, new) = (name.quoted(), name.new_one());
    format!("decode it once: (umask 077; sed '/^-----/d' {file} | base64 -d > {new})")
}

fn rewrite_openssh(name: &FileName) -> String {
    let (file, new) = (name.quoted(), name.new_one());
    format!("convert a copy of it: cp -p {file} {new} && ssh-keygen -p -m PKCS8 -f {new}")
}

fn convert_der(name: &FileName, der: Der) -> String {
    let command = match der {
        Der::Certificate => "openssl x509 -inform der".to_owned(),
        Der::List => "openssl crl -inform der".to_owned(),
        Der::Key => "openssl pkey -inform der".to_owned(),
        Der::Pkcs7 => "openssl pkcs7 -inform der -print_certs".to_owned(),
        Der::Pkcs12(ciphers) => format!("openssl pkcs12 -nodes{}", ciphers.option()),
        Der::Other => {
            return "put a certificate, a private key or a revocation list here, as PEM".to_owned();
        }
    };
    makes(name, "convert it", &command)
}
