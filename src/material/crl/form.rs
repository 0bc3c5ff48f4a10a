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
        self.add(is_long, "writes a date before 2050 as GeneralizedTime");
    }

    /// Looks at the serial number of an entry.
    pub(super) fn serial(&mut self, serial: &[u8]) {
        let is_positive = der::is_integer(serial)
            && serial.first().is_some_and(|byte| *byte < 0x80)
            && serial.iter().any(|byte| *byte != 0);
        self.add(!is_positive, "lists a serial number that is not positive");
        self.add(serial.len() > MAX_NUMBER, "lists a serial number of more than 20 bytes");
    }

    /// Looks at an extension of the list that was read.
    pub(super) fn extension(&mut self, extension: &Extension<'_>) {
        let Extension { oid, critical, value, .. } = *extension;
        match oid {
            id::CRL_NUMBER => {
                self.add(critical, "has a critical CRL number");
                let digits = der::only(value).map(|one| one.content).unwrap_or_default();
                let is_number =
                    der::is_integer(digits) && digits.first().is_some_and(|byte| *byte < 0x80);
                self.add(!is_number, "has an invalid CRL number");
                self.add(digits.len() > MAX_NUMBER, "has a CRL number of more than 20 bytes");
            }
            id::AUTHORITY_KEY_ID => {
                self.add(critical, "has a critical authority key identifier");
            }
            id::ISSUING_POINT => {
                self.add(!critical, "has an issuing distribution point that is not critical");
            }
            id::ISSUER_ALT_NAMES => {
                self.add(!are_general_names(value), "has malformed issuer alternative names");
            }
            id::FRESHEST_CRL => {
                let is_fine = der::only(value)
                    .is_some_and(|all| !all.content.is_empty() && is_distribution_points(all));
                self.add(!is_fine, "has a malformed freshest CRL extension");
            }
            id::AUTHORITY_ACCESS => {
                let is_fine = is_access(value, |method| method == access::ISSUERS);
                self.add(!is_fine, "has a malformed authority information access extension");
            }
            _ => {}
        }
    }

    /// Looks at an issuing distribution point (section 5.2.5).
    pub(super) fn point(&mut self, point: &IssuingPoint) {
        let IssuingPoint { name, only_peers, only_authorities, only_attributes } = point;
        let kinds = [only_peers, only_authorities, only_attributes];
        let count = kinds.iter().filter(|is| ***is).count();
        self.add(count == 0 && name.is_none(), "has an empty issuing distribution point");
        self.add(count > 1, "is only for one kind of certificate and only for another");
        let is_fine = name.as_ref().is_none_or(is_place);
        self.add(!is_fine, "has a malformed distribution point name");
    }

    /// Looks at an extension of an entry that was read (section 5.3).
    pub(super) fn of_entry(&mut self, extension: &Extension<'_>) {
        let Extension { oid, critical, value, .. } = *extension;
        let only = der::only(value);
        match oid {
            id::REASON => {
                self.add(critical, "has an entry with a critical reason");
                let reason = only.filter(|one| one.tag == ENUMERATED).map(|one| one.content);
                self.add(reason == Some(&[0]), "has an entry with the reason unspecified");
                self.add(
                    reason == Some(&[8]),
                    "has an entry with the reason removeFromCRL, which only delta lists may have",
                );
                self.add(matches!(reason, Some([7 | 11..])), "has an entry with an unknown reason");
            }
            id::INVALIDITY_DATE => {
                self.add(critical, "has an entry with a critical invalidity date");
                let is_date = only.is_some_and(|one| {
                    one.tag == GENERALIZED_TIME && date::time(one.tag, one.content).is_some()
                });
                self.add(!is_date, "has an entry with an invalid invalidity date");
            }
            _ => {}
        }
    }
}
