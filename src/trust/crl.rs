//! One revocation list, read once: whose it is, how fresh, and whom it names.
//!
//! A list is taken when it parses. Who signed it is found out when a certificate that may
//! have is at hand, and remembered for each key. A look-up does not grow with the length.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use parking_lot::Mutex;
use webpki::{BorrowedCertRevocationList, Error as Unreadable, RevocationReason};
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::crl_scope::Scope;
use super::der::{self, CONTEXT_0, INTEGER, SEQUENCE};
use super::signed::{Proof, Signed};
use crate::error::{Error, Kind};
use crate::material::{Certificate, KeyUsage, sha256};

/// For how many keys the check of a signature is remembered.
const MAX_PROOFS: usize = 64;

/// A parsed revocation list of version 2.
pub(super) struct List {
    der: Vec<u8>,
    sha256: [u8; 32],
    /// What names the list in sentences, such as its file.
    source: String,
    head: Head,
    /// Sorted by the serial number's bytes, each number once.
    entries: Vec<Entry>,
    proofs: Mutex<HashMap<[u8; 32], Proof>>,
}

/// What stands around the entries.
#[derive(Debug)]
struct Head {
    issuer: Vec<u8>,
    this_update: i64,
    next_update: i64,
    /// The CRL number, without leading zeros.
    number: Vec<u8>,
    authority_key_id: Option<Vec<u8>>,
    scope: Option<Scope>,
}

/// What a list says of a serial number; of two entries the later variant counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    /// Removed from the lists before.
    Lifted,
    /// On hold: revoked as long as the newest list says so.
    Held,
    /// Revoked for good.
    Revoked,
}

struct Entry {
    serial: Range<usize>,
    status: Status,
}

impl List {
    /// Reads a list in DER; `source` names it in sentences.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`], saying what it is that cannot be used.
    pub(super) fn read(der: Vec<u8>, source: String) -> Result<Self, Error> {
        let bad = |why: &str| Error::new(Kind::Parse, format!("{source}: {why}"));
        let head = Head::read(&der).map_err(bad)?;
        let entries = entries(&der).map_err(|error| bad(&words(&error)))?;
        let sha256 = sha256(&der);
        Ok(Self { der, sha256, source, head, entries, proofs: Mutex::default() })
    }

    pub(super) const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The issuer's name, with its SEQUENCE header.
    pub(super) fn issuer(&self) -> &[u8] {
        &self.head.issuer
    }

    pub(super) const fn this_update(&self) -> i64 {
        self.head.this_update
    }

    pub(super) const fn next_update(&self) -> i64 {
        self.head.next_update
    }

    /// Which of two lists is the newer one: by date, then by number.
    pub(super) fn compare_age(&self, other: &Self) -> Ordering {
        let age =
            |list: &Self| (list.head.this_update, list.head.number.len(), list.head.number.clone());
        age(self).cmp(&age(other))
    }

    /// Whether its authority key identifier is another than the certificate's.
    pub(super) fn contradicts(&self, certificate: &Certificate) -> bool {
        match (&self.head.authority_key_id, &certificate.facts().authority_key_id) {
            (Some(own), Some(other)) => own != other,
            _ => false,
        }
    }

    /// Whether it speaks of certificates such as this one.
    pub(super) fn covers(&self, certificate: &Certificate) -> bool {
        self.head.scope.as_ref().is_none_or(|scope| scope.covers(certificate))
    }

    /// What it says of a serial number.
    pub(super) fn status(&self, serial: &[u8]) -> Option<Status> {
        let found = self.entries.binary_search_by(|entry| entry.serial(&self.der).cmp(serial));
        self.entries.get(found.ok()?).map(|entry| entry.status)
    }

    /// Whether the key of `issuer` signed it.
    pub(super) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        if let Some(proof) = self.proofs.lock().get(issuer.key_sha256()) {
            return *proof == Proof::Good;
        }
        let proof = Signed::read(&self.der).map_or(Proof::Bad, |signed| signed.check(issuer));
        let mut proofs = self.proofs.lock();
        if proofs.len() < MAX_PROOFS {
            proofs.insert(*issuer.key_sha256(), proof);
        }
        proof == Proof::Good
    }
}

/// Whether `issuer` may sign revocation lists, as far as its key usage says.
pub(super) fn may_sign_lists(issuer: &Certificate) -> bool {
    issuer.facts().key_usage.is_none_or(|usage| usage.allows(KeyUsage::CRL_SIGN))
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({}, {} entries)", self.source, self.entries.len())
    }
}

impl Entry {
    fn serial<'a>(&self, der: &'a [u8]) -> &'a [u8] {
        der.get(self.serial.clone()).unwrap_or_default()
    }
}

impl Head {
    fn read(der: &[u8]) -> Result<Self, &'static str> {
        let nothing = "is no revocation list";
        let signed = Signed::read(der).ok_or(nothing)?;
        let mut rest = signed.data;
        let mut fields = der::next_if(&mut rest, SEQUENCE).ok_or(nothing)?.content;
        let version = der::next_if(&mut fields, INTEGER);
        der::next_if(&mut fields, SEQUENCE).ok_or(nothing)?;
        let issuer = der::next_if(&mut fields, SEQUENCE).ok_or(nothing)?.whole.to_vec();
        let this_update = time(&mut fields).ok_or(nothing)?;
        version.ok_or("a revocation list of version 1 cannot be used")?;
        let next_update =
            time(&mut fields).ok_or("a revocation list without a next update cannot be used")?;
        der::next_if(&mut fields, SEQUENCE);
        let extensions = der::next_if(&mut fields, CONTEXT_0)
            .ok_or("a revocation list without extensions cannot be used")?;
        let mut head = Self {
            issuer,
            this_update,
            next_update,
            number: Vec::new(),
            authority_key_id: None,
            scope: None,
        };
        head.read_extensions(extensions.content).ok_or("its extensions do not parse")?;
        Ok(head)
    }

    fn read_extensions(&mut self, mut wrapped: &[u8]) -> Option<()> {
        let mut rest = der::next_if(&mut wrapped, SEQUENCE)?.content;
        while !rest.is_empty() {
            let (behind, extension) = X509Extension::from_der(rest).ok()?;
            let found = extension.parsed_extension();
            if let ParsedExtension::CRLNumber(number) = found {
                self.number = number.to_bytes_be();
            } else if let ParsedExtension::AuthorityKeyIdentifier(id) = found {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            } else if let ParsedExtension::IssuingDistributionPoint(point) = found {
                self.scope = Some(Scope::read(point));
            } else if let ParsedExtension::ParseError { .. } = found {
                return None;
            }
            rest = behind;
        }
        Some(())
    }
}

fn time(fields: &mut &[u8]) -> Option<i64> {
    let (behind, time) = ASN1Time::from_der(fields).ok()?;
    *fields = behind;
    Some(time.timestamp())
}

/// The entries, sorted; of several for one number the gravest is kept.
fn entries(der: &[u8]) -> Result<Vec<Entry>, Unreadable> {
    let list = BorrowedCertRevocationList::from_der(der)?;
    let mut entries = Vec::new();
    for entry in &list {
        let entry = entry?;
        let start = (entry.serial_number.as_ptr() as usize).saturating_sub(der.as_ptr() as usize);
        let end = start.saturating_add(entry.serial_number.len());
        let status = match entry.reason_code {
            Some(RevocationReason::CertificateHold) => Status::Held,
            Some(RevocationReason::RemoveFromCrl) => Status::Lifted,
            _ => Status::Revoked,
        };
        entries.push(Entry { serial: start..end, status });
    }
    entries.sort_unstable_by(|one, other| {
        let by_serial = one.serial(der).cmp(other.serial(der));
        by_serial.then(other.status.cmp(&one.status))
    });
    entries.dedup_by(|one, other| one.serial(der) == other.serial(der));
    entries.shrink_to_fit();
    Ok(entries)
}

fn words(error: &Unreadable) -> String {
    let known = [
        (Unreadable::UnsupportedCrlVersion, "a revocation list of this version"),
        (Unreadable::UnsupportedDeltaCrl, "a delta revocation list"),
        (Unreadable::UnsupportedIndirectCrl, "an indirect revocation list"),
        (
            Unreadable::UnsupportedRevocationReasonsPartitioning,
            "a revocation list for some reasons only",
        ),
        (
            Unreadable::UnsupportedCrlIssuingDistributionPoint,
            "a revocation list whose distribution point has no full name",
        ),
        (
            Unreadable::UnsupportedCriticalExtension,
            "a revocation list with an unknown critical extension",
        ),
    ];
    match known.iter().find(|(one, _)| one == error) {
        Some((_, what)) => format!("{what} cannot be used"),
        None => format!("is no revocation list that parses: {error:?}"),
    }
}
