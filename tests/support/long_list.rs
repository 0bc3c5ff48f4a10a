//! An authority and a revocation list of any length, written byte by byte: always the same
//! serial numbers and dates, a new key each time.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The identifier of ECDSA with SHA-256, whole.
const ALGORITHM: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// The identifier of keys on P-256, whole.
const KEY_KIND: &[u8] = &[
    0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
];
const NAME: &str = "Long List CA";

/// An authority and its list, in PEM.
pub(crate) struct LongList {
    /// The authority's certificate.
    pub(crate) authority: String,
    /// The list.
    pub(crate) list: String,
}

/// A list with so many entries of 27 bytes each, whose serial numbers are those of [`serial`].
pub(crate) fn long_list(entries: u64) -> LongList {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let name = tlv(
        0x30,
        &tlv(0x31, &tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(0x0c, NAME.as_bytes())].concat())),
    );
    let (begin, end) = (tlv(0x17, b"260101000000Z"), tlv(0x17, b"360101000000Z"));
    let spki =
        tlv(0x30, &[KEY_KIND, &tlv(3, &[&[0], key.public_key().as_ref()].concat())].concat());
    let is_authority = tlv(
        0x30,
        &[tlv(6, &[0x55, 0x1d, 19]), tlv(1, &[0xff]), tlv(4, &tlv(0x30, &tlv(1, &[0xff])))]
            .concat(),
    );
    let certificate = signed(
        &key,
        &[
            tlv(0xa0, &tlv(2, &[2])),
            tlv(2, &[1]),
            ALGORITHM.to_vec(),
            name.clone(),
            tlv(0x30, &[begin.clone(), end.clone()].concat()),
            name.clone(),
            spki,
            tlv(0xa3, &tlv(0x30, &is_authority)),
        ],
    );
    let mut all = Vec::new();
    for at in 0..entries {
        all.extend([0x30, 25, 2, 8].iter().chain(&serial(at)).chain(&tlv(0x17, b"260101000000Z")));
    }
    let number = tlv(0x30, &[tlv(6, &[0x55, 0x1d, 20]), tlv(4, &tlv(2, &[1]))].concat());
    let list = signed(
        &key,
        &[
            tlv(2, &[1]),
            ALGORITHM.to_vec(),
            name,
            begin,
            end,
            tlv(0x30, &all),
            tlv(0xa0, &tlv(0x30, &number)),
        ],
    );
    LongList { authority: pem("CERTIFICATE", &certificate), list: pem("X509 CRL", &list) }
}

/// The serial number of an entry.
pub(crate) fn serial(at: u64) -> [u8; 8] {
    let mixed = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let mut bytes = mixed.to_be_bytes();
    bytes[0] = bytes[0] & 0x3f | 0x40;
    bytes
}

fn signed(key: &EcdsaKeyPair, fields: &[Vec<u8>]) -> Vec<u8> {
    let body = tlv(0x30, &fields.concat());
    let signature = key.sign(&SystemRandom::new(), &body).unwrap();
    let signature = tlv(3, &[&[0], signature.as_ref()].concat());
    tlv(0x30, &[body, ALGORITHM.to_vec(), signature].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let digits = u32::try_from(length).unwrap().to_be_bytes();
    let header = match length {
        0..0x80 => vec![tag, digits[3]],
        0x80..0x100 => vec![tag, 0x81, digits[3]],
        0x100..0x1_0000 => vec![tag, 0x82, digits[2], digits[3]],
        _ => [&[tag, 0x84 - u8::from(digits[0] == 0)], &digits[usize::from(digits[0] == 0)..]]
            .concat(),
    };
    [&header, content].concat()
}

fn pem(label: &str, der: &[u8]) -> String {
    let digits = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap());
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}
