//! What to do about a peer: what is wrong with its certificate, and whether it is known.
//!
//! The rules say what is wrong, with what they know of it ([`Detail`]); [`Faults`] chooses among
//! all of that: first what no answer can allow, then the rest, whoever can mend it.

use super::{Cause, TimeFrom};
use crate::error::Problems;

/// How errors name a text of revocation lists in memory.
pub(crate) const LISTS_IN_MEMORY: &str = "the PEM text of the revocation lists";

/// How long a hint may become before further ones are left out.
const ROOM: usize = 960;

/// Which side a peer is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// It is a server.
    Server,
    /// It is a client.
    Client,
}

/// Whose certificate a date is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The peer's own.
    Peer,
    /// One between the peer's and the authority.
    Intermediate,
    /// That of an authority of the context.
    Authority,
}

/// Why a revocation list does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListFault {
    /// There is none.
    None,
    /// It has expired.
    Expired,
    /// It is not valid yet, but from this time on.
    NotYetValid(String),
    /// It is signed by somebody else, or in a way that is not supported.
    Signature,
    /// It covers other certificates.
    Scope,
    /// It breaks rules of form that the profile checks.
    Form,
    /// Its issuer may not sign lists.
    Issuer,
    /// There are too many.
    TooMany,
}

/// What is known of a problem beyond its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All certificates of a path have expired, or none is valid yet.
    Clock,
    /// A certificate has expired: whose, its name, and when.
    Expired(Whose, String, String),
    /// A certificate is not valid yet: its name, and when it will be.
    NotYetValid(String, String),
    /// The names that a certificate is for, if there are any.
    Names(Option<String>),
    /// No list of an issuer counts: its name, what the list came from, and why.
    List(String, Option<String>, ListFault),
    /// An issuer whose key or signature is not supported; its name.
    Unsupported(String),
    /// A limit was reached while a path was searched for.
    Limit,
    /// The entry of a known peer has expired.
    Entry,
    /// Where the authority that has expired came from: the name of a file.
    AuthorityFile(String),
}

/// Everything that is wrong with the certificate of a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults<'a> {
    /// The peer, as messages name it.
    pub(crate) whom: &'a str,
    /// Which side it is on.
    pub(crate) side: Side,
    /// All that is wrong.
    pub(crate) problems: Problems,
    /// What is known of it.
    pub(crate) details: &'a [Detail],
    /// The time of the judgement: what says so, and as text.
    pub(crate) now: (TimeFrom, &'a str),
    /// Whether there is no authority at all.
    pub(crate) no_authority: bool,
    /// What else can be done about it here.
    pub(crate) then: Then,
}

/// What can be done about a faulty certificate here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// The client can be asked about.
    Ask,
    /// The certificate is in the directory of clients, where a new one belongs.
    Replace,
}

impl Faults<'_> {
    /// Who can do something about the peer.
    fn admin(&self) -> String {
        match self.side {
            Side::Server => format!("the administrator of {}", self.whom),
            Side::Client => format!("whoever runs {}", self.whom),
        }
    }

    /// What no answer can allow. `None`: there is nothing of that kind.
    fn severe(&self) -> Option<String> {
        let has = |problem| self.problems.intersects(problem);
        let admin = self.admin();
        if has(Problems::DISTRUSTED) {
            return Some("no answer can allow what is marked as distrusted; if the mark is a mistake, remove it with tlsconn_known_distrust()".to_owned());
        }
        if has(Problems::REVOKED) {
            return Some(format!(
                "no answer can allow a revoked certificate: do not go on before {admin} has a new certificate, with a new key"
            ));
        }
        if has(Problems::BAD_SIGNATURE) {
            return Some(format!(
                "no answer can allow this: the certificate was damaged or forged, or its key is another one; ask {admin} to install a certificate and the key that belongs to it"
            ));
        }
        if has(Problems::BAD_ENCODING) {
            return Some(format!(
                "no answer can allow a malformed certificate: ask {admin} for one that `openssl x509 -text` and other software can read"
            ));
        }
        None
    }

    /// Everything else, in the order in which it keeps the peer away.
    fn others(&self) -> Vec<String> {
        let Self { whom, now: (clock, now), .. } = *self;
        let has = |problem| self.problems.intersects(problem);
        let admin = self.admin();
        let mut all = Vec::new();
        let has_clock = self.details.contains(&Detail::Clock);
        if has_clock {
            let authority = self
                .authority_file()
                .map(|file| format!(", and so does the authority in {file}"))
                .unwrap_or_default();
            all.push(format!("{clock} says {now}: is it right? no certificate of the chain is valid at that time; if it is, {admin} needs new ones{authority}"));
        }
        if has(Problems::UNKNOWN_ISSUER | Problems::SELF_SIGNED) {
            all.push(self.unknown_issuer());
        }
        let dated = Problems::EXPIRED | Problems::NOT_YET_VALID;
        if has(dated) && !has_clock {
            all.extend(self.dates());
        }
        if has(Problems::NAME_MISMATCH | Problems::NO_SAN) {
            all.push(self.names());
        }
        let purpose = match self.side {
            Side::Server => "serverAuth",
            Side::Client => "clientAuth",
        };
        for (problem, hint) in [
            (
                Problems::WEAK_KEY,
                format!(
                    "{admin} needs a certificate with an RSA key of 2048 to 8192 bits, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key, from authorities with such keys"
                ),
            ),
            (
                Problems::WEAK_SIGNATURE,
                format!(
                    "{admin} needs a certificate that is signed with SHA-256 or better, and so must those above it be"
                ),
            ),
            (
                Problems::WRONG_PURPOSE,
                format!(
                    "{admin} needs a certificate with the key usage digitalSignature and the purpose {purpose}"
                ),
            ),
            (
                Problems::CA_AS_LEAF,
                format!(
                    "{admin} needs a certificate of its own with basicConstraints CA:FALSE; what OpenSSL signs by itself has CA:TRUE unless it is told otherwise"
                ),
            ),
            (Problems::OLD_VERSION, format!("{admin} needs a certificate of X.509 version 3")),
            (
                Problems::CONSTRAINT,
                format!(
                    "ask whoever runs the authority of {whom} for certificates that keep the limits of those above them (basic constraints, path length, name constraints, policies) and have no critical extension that is not known here"
                ),
            ),
        ] {
            if has(problem) {
                all.push(hint);
            }
        }
        if has(Problems::CRL_MISSING | Problems::CRL_EXPIRED) {
            all.extend(self.lists());
        }
        if has(Problems::FORM) {
            all.push("only the profile PEDANTIC checks this: TLSCONN_OPT_PROFILE with TLSCONN_PROFILE_STRICT leaves it out".to_owned());
        }
        if self.details.contains(&Detail::Entry) {
            all.push(match self.side {
                Side::Server => "allow it again, in answer to a question or with tlsconn_known_set(): its entry has expired",
                Side::Client => "allow it again, in answer to a question: its entry has expired",
            }.to_owned());
        }
        all
    }

    fn unknown_issuer(&self) -> String {
        let whom = self.whom;
        let unsupported = self.details.iter().find_map(|one| {
            let Detail::Unsupported(name) = one else { return None };
            Some(name)
        });
        if let Some(name) = unsupported {
            return format!(
                "{name} needs another key, or must sign in another way: RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519, each with SHA-256 or better"
            );
        }
        if self.details.contains(&Detail::Limit) {
            return format!(
                "send fewer certificates with that of {whom}, only those that lead to its authority, and keep no more than a few authorities with one name"
            );
        }
        let authority = if self.no_authority {
            "this context has no authority at all: add one with tlsconn_ctx_add_file() or tlsconn_ctx_add_system_roots()"
        } else if self.problems.contains(Problems::SELF_SIGNED) {
            "the certificate is signed by its own key, so no authority can vouch for it"
        } else {
            "add the authority that issued the certificate to the context with tlsconn_ctx_add_file(); if an intermediate is missing in between, the other side must send it along"
        };
        match self.side {
            Side::Server => format!(
                "{authority}; or make {whom} a known server, after you have compared the SHA-256 fingerprint with its administrator: tlsconn_known_set(), or a validator together with TLSCONN_OPT_ON_UNTRUSTED"
            ),
            Side::Client => format!(
                "{authority}; or put the certificate into the directory of clients, after you have compared the SHA-256 fingerprint with whoever runs {whom}"
            ),
        }
    }

    fn dates(&self) -> Vec<String> {
        let ((clock, now), admin) = (self.now, self.admin());
        let place = self.authority_file().map(|file| format!(" in {file}, and reload"));
        let place = place.unwrap_or_default();
        let mut all = Vec::new();
        for one in self.details {
            match one {
                Detail::Expired(Whose::Peer, name, since) => all.push(format!("{name} expired on {since}: {admin} must renew it; {clock} says {now}")),
                Detail::Expired(Whose::Intermediate, name, since) => all.push(format!("{name} expired on {since}: {admin} must get a new one from the authority and send it along; {clock} says {now}")),
                Detail::Expired(Whose::Authority, name, since) => all.push(format!("{name}, which is trusted here, expired on {since}: get its new certificate from whoever runs it and put it in place of the old one{place}; {clock} says {now}")),
                Detail::NotYetValid(name, from) => all.push(format!("{name} is valid from {from} on, and {clock} says {now}: one of the clocks, here or where it was issued, is likely wrong")),
                Detail::Clock
                | Detail::Names(_)
                | Detail::List(..)
                | Detail::Unsupported(_)
                | Detail::Limit
                | Detail::Entry
                | Detail::AuthorityFile(_) => {}
            }
        }
        if all.is_empty() {
            all.push(format!("{admin} needs certificates that are valid now; {clock} says {now}"));
        }
        all
    }

    /// The file that holds the authority which has expired.
    fn authority_file(&self) -> Option<&str> {
        self.details.iter().find_map(|one| {
            let Detail::AuthorityFile(file) = one else { return None };
            Some(file.as_str())
        })
    }

    fn names(&self) -> String {
        let admin = self.admin();
        let names = self.details.iter().find_map(|one| {
            let Detail::Names(names) = one else { return None };
            names.as_ref()
        });
        match (self.side, names) {
            (Side::Server, Some(names)) if self.problems.contains(Problems::NAME_MISMATCH) => {
                format!(
                    "connect to a name that the certificate is for ({names}), or, if this is the right server, say which name it must have: pass that name as the host, or to tlsconn_conn_set_verify_name(); or {admin} needs a certificate with this name or address in subjectAltName"
                )
            }
            (Side::Server | Side::Client, _) => format!(
                "{admin} needs a certificate that has the name of the host among its alternative names (subjectAltName)"
            ),
        }
    }

    fn lists(&self) -> Vec<String> {
        let lists = self.details.iter().filter_map(|one| {
            let Detail::List(issuer, source, fault) = one else { return None };
            Some(list(issuer, source.as_deref(), fault, self.now))
        });
        let mut all: Vec<String> = lists.collect();
        if all.is_empty() {
            all.push("add the newest revocation lists (CRLs) of the authorities to the context with tlsconn_ctx_add_file()".to_owned());
        }
        if self.problems.without(Problems::CRL_MISSING | Problems::CRL_EXPIRED).is_empty() {
            all.push(format!("nothing is wrong with the certificate of {} itself", self.whom));
        }
        all
    }
}

impl Cause for Faults<'_> {
    fn hint(&self) -> String {
        if let Some(severe) = self.severe() {
            return severe;
        }
        let mut hint = String::new();
        let then = match self.then {
            Then::Nothing => None,
            Then::Ask => Some("or set TLSCONN_OPT_ON_CLIENT to TLSCONN_POLICY_ASK"),
            Then::Replace => Some("then put the new certificate into the directory of clients"),
        };
        for one in self.others().into_iter().chain(then.map(str::to_owned)) {
            if hint.is_empty() {
                hint = one;
            } else if hint.len().saturating_add(one.len()) < ROOM {
                hint = format!("{hint}; {one}");
            }
        }
        hint
    }
}

/// What to do about the list of an issuer.
fn list(
    issuer: &str,
    source: Option<&str>,
    fault: &ListFault,
    (clock, now): (TimeFrom, &str),
) -> String {
    let name = format!("revocation list (CRL) of {issuer}");
    let put = |which: &str| match source {
        Some(source) if source.starts_with(LISTS_IN_MEMORY) => {
            format!("pass {which} to tlsconn_ctx_add() (the one there is came from memory)")
        }
        Some(source) => format!("put {which} into {source} and reload"),
        None => format!("add {which} with tlsconn_ctx_add_file()"),
    };
    let newest = format!("the newest {name}");
    match fault {
        ListFault::None => format!(
            "{}; without one, TLSCONN_OPT_CRL_MODE with TLSCONN_CRL_IF_PRESENT demands none",
            put(&newest)
        ),
        ListFault::Expired => format!("{}; {clock} says {now}", put(&newest)),
        ListFault::NotYetValid(from) => format!(
            "{clock} says {now}: is it right? the {name} is valid from {from} on; if the clock is right, {}",
            put("one that is valid already")
        ),
        ListFault::Signature => {
            put(&format!("{newest}, from the same authority and signed with a supported key,"))
        }
        ListFault::Scope => put(&format!("{newest} that covers this kind of certificate")),
        ListFault::Form => format!(
            "{}; only the profile PEDANTIC demands that form",
            put(&format!("{newest} in the form of RFC 5280"))
        ),
        ListFault::Issuer => format!(
            "{issuer} needs a certificate with the key usage cRLSign, or without any key usage, to sign revocation lists (CRLs)"
        ),
        ListFault::TooMany => format!("keep only {newest}"),
    }
}

/// Why a peer without faults, or one that is known otherwise, is refused.
#[derive(Clone, Debug)]
pub(crate) enum PeerCause {
    /// A new server, and new ones are refused.
    NewServer,
    /// Another certificate than the known one; the server.
    OtherCertificate(String),
    /// A client that nothing vouches for.
    UnknownClient,
    /// A client presents no certificate.
    NoClientCertificate,
    /// A client presents no certificate where only those on a list are allowed.
    NoListedCertificate,
    /// A name belongs to a client of the directory.
    NameInDirectory,
    /// A name belongs to a known client.
    NameOfKnownClient,
    /// A client has no name that could be its identity.
    NoIdentity,
    /// An identity is not on the list.
    IdentityNotListed(String),
    /// A distinguished name is not on the list, and this pattern allows it.
    NameNotListed(String),
    /// A distinguished name is not on the list and cannot be shown.
    HiddenNameNotListed,
    /// It matches no pattern, and as a pattern its own name would match others, too.
    WildNameNotListed,
    /// A distinguished name that no list can hold.
    DamagedName,
    /// A key that TLS cannot use here.
    UnusableKey,
    /// What is no certificate, or none at all; whom to ask.
    Unreadable(String),
}

impl Cause for PeerCause {
    fn hint(&self) -> String {
        match self {
            Self::NewServer => "set a validator that asks the user, or add the server to the known ones with tlsconn_known_set()",
            Self::OtherCertificate(whom) => {
                return format!(
                    "if the administrator of {whom} confirms the new certificate, remove the entry for it (tlsconn_known_remove(), or its lines in the file of known servers) and connect again; if not, somebody may be listening in between"
                );
            }
            Self::UnknownClient => "put its certificate into the directory of clients, or have one issued by an authority of this context (beside a directory, that counts with TLSCONN_OPT_DIR_AND_CA), or set TLSCONN_OPT_ON_CLIENT to TLSCONN_POLICY_ASK",
            Self::NoClientCertificate => "give the client a certificate and its key, or set TLSCONN_OPT_CLIENT_AUTH if none is needed",
            Self::NoListedCertificate => "give the client a certificate that the list names",
            Self::NameInDirectory => "if both are the same client, put this certificate into the directory too",
            Self::NameOfKnownClient => "if both are the same client, forget that certificate first with tlsconn_known_remove_cert()",
            Self::NoIdentity => "a client is known by one name: choose which with TLSCONN_OPT_IDENTITY_FROM",
            Self::IdentityNotListed(name) => {
                return format!("to allow it, call tlsconn_ctx_allow_identity() with {name}");
            }
            Self::NameNotListed(pattern) => {
                return format!("to allow it, add this pattern with tlsconn_ctx_allow_dn(): {pattern}");
            }
            Self::HiddenNameNotListed => "its name is too long to be shown, or has characters that are not shown as they are: allow it by a pattern with * or ? in their place (tlsconn_ctx_allow_dn())",
            Self::WildNameNotListed => "its name contains * or ?, which in a pattern stand for any characters, so a pattern with its name would admit others, too: ask its authority for a certificate with another name",
            Self::DamagedName => "ask its authority for a certificate without empty or damaged names",
            Self::UnusableKey => "give the peer an RSA key of 2048 to 8192 bits, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key, and a certificate for it",
            Self::Unreadable(whom) => {
                return format!("ask whoever runs {whom} for a certificate that `openssl x509 -text` and other software can read");
            }
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests;
