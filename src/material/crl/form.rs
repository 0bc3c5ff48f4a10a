//! What a list has against the rules for those who issue lists (RFC 5280, sections 5.1 to 5.3).
//!
//! None of it changes what the list says, so it is kept beside it, each kind once, for a profile
//! that minds. What would change the meaning of a list is refused when it is read.

use crate::material::der::{self, ENUMERATED, GENERALIZED_TIME};
use crate::material::facts::is_distribution_points;
use crate::material::fields::Extension;
use crate::material::oid::{access, extension as id};
use crate::material::{are_general_names, date, is_access};

use super::place::{IssuingPoint, is_place};

/// The first second of 2050, from which on a date is a GeneralizedTime.
const YEAR_2050: i64 = 2_524_608_000;
/// The most octets of a number and of a serial number.
const MAX_NUMBER: usize = 20;

/// The faults of a list, each as the end of a sentence about it.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<&'static str>);

impl Form {
    /// What is wrong.
    pub(crate) fn faults(&self) -> &[&'static str] {
        &self.0
    }

    pub(super) fn add(&mut self, is_so: bool, fault: &'static str) {
        if is_so && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// Looks at a date of the list or of an entry.
    pub(super) fn date(&mut self, tag: u8, seconds: i64) {
        let is_long = tag == GENERALIZED_TIME && seconds < YEAR_2050;
        self.add(is_long, "writes a date in the form of another century");
    }

    /// Looks at the serial number of an entry.
    pub(super) fn serial(&mut self, serial: &[u8]) {
        let is_positive = der::is_integer(serial)
            && serial.first().is_some_and(|byte| *byte < 0x80)
            && serial.iter().any(|byte| *byte != 0);
        self.add(!is_positive, "lists a serial number that is not positive");
        self.add(serial.len() > MAX_NUMBER, "lists a serial number of more than 20 octets");
    }

    /// Looks at an extension of the list that was read.
    pub(super) fn extension(&mut self, extension: &Extension<'_>) {
        let Extension { oid, critical, value, .. } = *extension;
        match oid {
            id::CRL_NUMBER => {
                self.add(critical, "has a critical number");
                let digits = der::only(value).map(|one| one.content).unwrap_or_default();
                let is_number =
                    der::is_integer(digits) && digits.first().is_some_and(|byte| *byte < 0x80);
                self.add(!is_number, "has a number that is none");
                self.add(digits.len() > MAX_NUMBER, "has a number of more than 20 octets");
            }
            id::AUTHORITY_KEY_ID => {
                self.add(critical, "has a critical authority key identifier");
            }
            id::ISSUING_POINT => {
                self.add(!critical, "has an issuing distribution point that is not critical");
            }
            id::ISSUER_ALT_NAMES => {
                self.add(!are_general_names(value), "has malformed names of its issuer");
            }
            id::FRESHEST_CRL => {
                let is_fine = der::only(value)
                    .is_some_and(|all| !all.content.is_empty() && is_distribution_points(all));
                self.add(!is_fine, "has malformed places of its changes");
            }
            id::AUTHORITY_ACCESS => {
                let is_fine = is_access(value, |method| method == access::ISSUERS);
                self.add(!is_fine, "has malformed addresses of its authority");
            }
            _ => {}
        }
    }

    /// Looks at an issuing distribution point (section 5.2.5).
    pub(super) fn point(&mut self, point: &IssuingPoint) {
        let IssuingPoint { name, only_peers, only_authorities, only_attributes } = point;
        let kinds = [only_peers, only_authorities, only_attributes];
        let count = kinds.iter().filter(|is| ***is).count();
        self.add(count == 0 && name.is_none(), "has an issuing distribution point of nothing");
        self.add(count > 1, "is for several kinds of certificates, each and no other");
        let is_fine = name.as_ref().is_none_or(is_place);
        self.add(!is_fine, "has a malformed name of its distribution point");
    }

    /// Looks at an extension of an entry that was read (section 5.3).
    pub(super) fn of_entry(&mut self, extension: &Extension<'_>) {
        let Extension { oid, critical, value, .. } = *extension;
        let only = der::only(value);
        match oid {
            id::REASON => {
                self.add(critical, "has a critical reason");
                let reason = only.filter(|one| one.tag == ENUMERATED).map(|one| one.content);
                self.add(reason == Some(&[0]), "writes out that a reason is not specified");
                self.add(reason == Some(&[8]), "removes a certificate, which only changes may do");
                self.add(matches!(reason, Some([7 | 11..])), "has a reason that there is not");
            }
            id::INVALIDITY_DATE => {
                self.add(critical, "has a critical invalidity date");
                let is_date = only.is_some_and(|one| {
                    one.tag == GENERALIZED_TIME && date::time(one.tag, one.content).is_some()
                });
                self.add(!is_date, "has an invalidity date that is none");
            }
            _ => {}
        }
    }
}
