//! A distinguished name byte for byte as GnuTLS writes it, which is what libvirt's lists of
//! allowed clients are compared with.
//!
//! The order is that of the encoding. Measured with GnuTLS 3.7.9; unlike the text for people
//! nothing is escaped beyond what GnuTLS escapes, so it is compared and never shown as it is.

use super::certificate::Certificate;
use super::der::{
    self, BMP_STRING as BMP, Element, IA5_STRING as IA5, NUMERIC_STRING as NUMERIC,
    OBJECT_IDENTIFIER, PRINTABLE_STRING as PRINTABLE, SEQUENCE, SET, TELETEX_STRING as TELETEX,
    UNIVERSAL_STRING as UNIVERSAL, UTF8_STRING as UTF8,
};
use super::hex::hex_after_hash;
use super::name::Name;
use super::oid;

/// The types of RFC 5280's `DirectoryString`.
const DIRECTORY: &[u8] = &[UTF8, PRINTABLE, TELETEX, UNIVERSAL, BMP];

/// The attributes that GnuTLS reads, with its name for each and the string types that it
/// takes there. Whatever else there is becomes hexadecimal.
const ATTRIBUTES: [(&str, &str, &[u8]); 36] = [
    ("2.5.4.3", "CN", DIRECTORY),
    ("2.5.4.4", "surName", DIRECTORY),
    ("2.5.4.5", "serialNumber", &[PRINTABLE]),
    ("2.5.4.6", "C", &[PRINTABLE]),
    ("2.5.4.7", "L", DIRECTORY),
    ("2.5.4.8", "ST", DIRECTORY),
    ("2.5.4.9", "street", DIRECTORY),
    ("2.5.4.10", "O", DIRECTORY),
    ("2.5.4.11", "OU", DIRECTORY),
    ("2.5.4.12", "title", DIRECTORY),
    ("2.5.4.13", "description", DIRECTORY),
    ("2.5.4.15", "businessCategory", DIRECTORY),
    ("2.5.4.17", "postalCode", DIRECTORY),
    ("2.5.4.20", "telephoneNumber", &[PRINTABLE]),
    ("2.5.4.41", "name", DIRECTORY),
    ("2.5.4.42", "givenName", DIRECTORY),
    ("2.5.4.43", "initials", DIRECTORY),
    ("2.5.4.44", "generationQualifier", DIRECTORY),
    ("2.5.4.46", "dnQualifier", &[PRINTABLE]),
    ("2.5.4.65", "pseudonym", DIRECTORY),
    ("0.9.2342.19200300.100.1.1", "UID", DIRECTORY),
    ("0.9.2342.19200300.100.1.25", "DC", &[IA5]),
    ("1.2.840.113549.1.9.1", "EMAIL", &[IA5]),
    ("1.2.840.113549.1.9.7", "1.2.840.113549.1.9.7", DIRECTORY),
    ("1.3.6.1.5.5.7.8.5", "XmppAddr", &[UTF8]),
    ("1.3.6.1.5.5.7.9.2", "placeOfBirth", DIRECTORY),
    ("1.3.6.1.5.5.7.9.3", "gender", &[PRINTABLE]),
    ("1.3.6.1.5.5.7.9.4", "countryOfCitizenship", &[PRINTABLE]),
    ("1.3.6.1.5.5.7.9.5", "countryOfResidence", &[PRINTABLE]),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionOfIncorporationLocalityName", DIRECTORY),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionOfIncorporationStateOrProvinceName", DIRECTORY),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionOfIncorporationCountryName", &[PRINTABLE]),
    ("1.2.643.3.131.1.1", "INN", &[NUMERIC]),
    ("1.2.643.100.1", "OGRN", &[NUMERIC]),
    ("1.2.643.100.3", "SNILS", &[NUMERIC]),
    ("1.2.643.100.5", "OGRNIP", &[NUMERIC]),
];

impl Certificate {
    /// The subject as a list of allowed clients has it (`C=GB,O=Lab,CN=alice`): in the order
    /// of the encoding, escaped as GnuTLS escapes it. `None`: GnuTLS has no text for it, or the
    /// text is not UTF-8.
    ///
    /// The text holds what the certificate says, control characters included.
    #[must_use]
    pub fn distinguished_name(&self) -> Option<String> {
        String::from_utf8(self.distinguished_name_bytes()?).ok()
    }

    /// The same, also where it is not UTF-8.
    pub(crate) fn distinguished_name_bytes(&self) -> Option<Vec<u8>> {
        written(self.subject_der())
    }

    /// The subject as [`Self::distinguished_name`] writes it. `None`: it can only be guessed at,
    /// or another subject may have the same text.
    #[must_use]
    pub(crate) fn certain_distinguished_name(&self) -> Option<String> {
        Name::read(self.subject_der()).filter(Name::is_certain)?;
        self.distinguished_name()
    }
}

/// A name, with its SEQUENCE header, as GnuTLS writes it. `None`: GnuTLS does not.
fn written(name: &[u8]) -> Option<Vec<u8>> {
    let relatives = der::elements(tagged(der::only(name)?, SEQUENCE)?)?;
    if relatives.is_empty() {
        return None;
    }
    let relatives: Option<Vec<_>> = relatives.into_iter().map(relative).collect();
    Some(relatives?.join(&b','))
}

fn relative(relative: Element<'_>) -> Option<Vec<u8>> {
    let attributes: Option<Vec<_>> =
        der::elements(tagged(relative, SET)?)?.into_iter().map(attribute).collect();
    Some(attributes?.join(&b'+'))
}

fn attribute(attribute: Element<'_>) -> Option<Vec<u8>> {
    let parts = der::elements(tagged(attribute, SEQUENCE)?)?;
    let [kind, value] = parts.as_slice() else { return None };
    let kind = oid::whole_text(tagged(*kind, OBJECT_IDENTIFIER)?);
    let known = ATTRIBUTES.iter().find(|(oid, ..)| *oid == kind);
    let mut out = known.map_or(kind.as_str(), |(_, name, _)| name).as_bytes().to_vec();
    out.push(b'=');
    let takes = |types: &[u8]| types.contains(&value.tag);
    let whole = || Some(hex_after_hash(value.whole).into_bytes());
    out.extend(match known {
        Some((.., types)) if takes(types) && types.len() > 1 => directory_string(value)?,
        Some((.., types)) if takes(types) && !value.content.is_empty() => plain(value),
        _ => whole()?,
    });
    Some(out)
}

/// A string of one of several types; GnuTLS has no text for an empty one.
fn directory_string(value: &Element<'_>) -> Option<Vec<u8>> {
    let content = value.content;
    if content.is_empty() {
        return None;
    }
    let hexadecimal = || escaped(hex_after_hash(content).as_bytes());
    Some(match value.tag {
        TELETEX if !content.iter().all(|byte| (b' '..=b'~').contains(byte)) => hexadecimal(),
        UNIVERSAL => hexadecimal(),
        BMP => {
            let (units, _) = content.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            match char::decode_utf16(units).collect::<Result<String, _>>() {
                Ok(text) => {
                    let text = text.strip_suffix('\0').unwrap_or(&text);
                    if text.contains('\0') {
                        hex_after_hash(value.whole).into_bytes()
                    } else {
                        escaped(text.as_bytes())
                    }
                }
                Err(_) => hexadecimal(),
            }
        }
        _ => plain(value),
    })
}

/// The bytes as they are, whatever they are; a NUL makes them hexadecimal.
fn plain(value: &Element<'_>) -> Vec<u8> {
    if value.content.contains(&0) {
        return hex_after_hash(value.whole).into_bytes();
    }
    escaped(value.content)
}

/// The escapes of RFC 4514.
fn escaped(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.iter().enumerate() {
        let is_special = match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => true,
            b'#' => at == 0,
            b' ' => at == 0 || at == last,
            _ => false,
        };
        if is_special {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

fn tagged(element: Element<'_>, tag: u8) -> Option<&[u8]> {
    (element.tag == tag).then_some(element.content)
}

#[cfg(test)]
mod tests;
