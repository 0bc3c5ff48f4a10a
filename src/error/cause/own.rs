//! What to do about our own certificate and its key.

use super::{Cause, TimeFrom};

/// Why our own certificate, or its key, is not taken.
#[derive(Clone, Debug)]
pub(crate) enum OwnCause {
    /// It has expired; what says what time it is, and the time.
    Expired(TimeFrom, String),
    /// An authority that was added with it has expired; likewise.
    AuthorityExpired(TimeFrom, String),
    /// It is not valid yet; likewise.
    NotYetValid(TimeFrom, String),
    /// Its key is one that TLS cannot use here.
    UnusableKey,
    /// It is not for servers.
    NotForServers,
    /// It is for neither servers nor clients.
    NotForTls,
    /// None of the authorities that were added has issued it, and LIBVIRT demands one.
    NoIssuer,
    /// Something else that LIBVIRT demands.
    Libvirt,
    /// Its key has another public half.
    OtherKey,
    /// The key and the certificate of a pair do not belong together.
    OtherKeyOfPair,
    /// The certificate for the key is not the first of its file: the file, if it is to be named, the
    /// name of the certificate, and the line on which it begins.
    Order(Option<String>, String, usize),
    /// It has no key.
    NoKey,
    /// A key has no certificate.
    NoCertificate,
    /// A server has none at all.
    NoneForServer,
}

impl Cause for OwnCause {
    fn hint(&self) -> String {
        match self {
            Self::Expired(clock, now) => {
                return format!(
                    "get a new one from its authority; {clock} says {now}, so check that as well"
                );
            }
            Self::AuthorityExpired(clock, now) => {
                return format!(
                    "get its new certificate from whoever runs it, and put it in place of the old one; {clock} says {now}, so check that as well"
                );
            }
            Self::NotYetValid(clock, now) => {
                return format!("{clock} says {now}: is it right?");
            }
            Self::UnusableKey => "get one with an RSA key of 2048 to 8192 bits, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key from its authority",
            Self::NotForServers => "get one with the key usage digitalSignature and the purpose serverAuth from its authority",
            Self::NotForTls => "get one with the key usage digitalSignature and the purpose clientAuth, or serverAuth for a server, from its authority",
            Self::NoIssuer => "add the authority that issued our certificate first, or the certificate together with the intermediates that lead to it",
            Self::Libvirt => "libvirt would not start with these files either; get others from their authority",
            Self::OtherKey => "add the key that the certificate was requested with, or the certificate for this key",
            Self::OtherKeyOfPair => "name the key that the certificate was requested with",
            Self::Order(file, name, line) => {
                let file = file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
                return format!(
                    "{file}the certificate for this key, that of {name}, begins on line {line}: move it to the top, and those of its issuers below it"
                );
            }
            Self::NoKey => "add its private key to the context: tlsconn_ctx_add_file()",
            Self::NoCertificate => "add the certificate that belongs to it to the context: tlsconn_ctx_add_file()",
            Self::NoneForServer => "add a certificate and its key to the context: tlsconn_ctx_add_file()",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn every_cause_has_a_hint_of_its_own() {
        use OwnCause as C;
        let now = || "2026-12-01T00:00:00Z".to_owned();
        let clock = TimeFrom::Clock;
        let all = [
            C::Expired(clock, now()),
            C::AuthorityExpired(clock, now()),
            C::NotYetValid(clock, now()),
            C::UnusableKey,
            C::NotForServers,
            C::NotForTls,
            C::NoIssuer,
            C::Libvirt,
            C::OtherKey,
            C::OtherKeyOfPair,
            C::Order(Some("own.pem".to_owned()), "CN=a".to_owned(), 7),
            C::Order(None, "CN=a".to_owned(), 7),
            C::NoKey,
            C::NoCertificate,
            C::NoneForServer,
        ];
        check(&all.map(|one| one.hint()));
    }
}
