//! What people call curves, keys and signatures: object identifiers and their names.
//!
//! Most of these are not computed here. They have names all the same, so that a sentence can say
//! what was not computed; without a name it is the dotted object identifier.

/// The curve with this object identifier.
pub(super) fn curve_name(oid: &str) -> &str {
    name_in(&CURVES, oid)
}

/// The kind of key with this object identifier.
pub(super) fn key_name(oid: &str) -> &str {
    name_in(&KEYS, oid)
}

/// The signature algorithm with this object identifier, which may be that of its keys.
pub(super) fn signature_name(oid: &str) -> &str {
    match name_in(&SIGNATURES, oid) {
        unnamed if unnamed == oid => key_name(oid),
        name => name,
    }
}

fn name_in<'a>(table: &[(&str, &'a str)], oid: &'a str) -> &'a str {
    table.iter().find(|(known, _)| *known == oid).map_or(oid, |(_, name)| name)
}

const CURVES: [(&str, &str); 41] = [
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.2.840.10045.3.1.2", "prime192v2"),
    ("1.2.840.10045.3.1.3", "prime192v3"),
    ("1.2.840.10045.3.1.4", "prime239v1"),
    ("1.2.840.10045.3.1.5", "prime239v2"),
    ("1.2.840.10045.3.1.6", "prime239v3"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.8", "secp160r1"),
    ("1.3.132.0.9", "secp160k1"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.132.0.30", "secp160r2"),
    ("1.3.132.0.31", "secp192k1"),
    ("1.3.132.0.32", "secp224k1"),
    ("1.3.132.0.1", "sect163k1"),
    ("1.3.132.0.15", "sect163r2"),
    ("1.3.132.0.16", "sect283k1"),
    ("1.3.132.0.17", "sect283r1"),
    ("1.3.132.0.26", "sect233k1"),
    ("1.3.132.0.27", "sect233r1"),
    ("1.3.132.0.36", "sect409k1"),
    ("1.3.132.0.37", "sect409r1"),
    ("1.3.132.0.38", "sect571k1"),
    ("1.3.132.0.39", "sect571r1"),
    ("1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1"),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1"),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1"),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1"),
    ("1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1"),
    ("1.2.156.10197.1.301", "SM2"),
    ("1.2.250.1.223.101.256.1", "FRP256v1"),
    ("1.2.643.7.1.2.1.1.1", "GOST R 34.10-2012, 256 bits, A"),
    ("1.2.643.7.1.2.1.2.1", "GOST R 34.10-2012, 512 bits, A"),
];

const KEYS: [(&str, &str); 37] = [
    ("1.2.840.113549.1.1.7", "RSA-OAEP"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.113549.1.3.1", "DH"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.3.14.3.2.12", "DSA"),
    ("1.2.840.10046.2.1", "DH"),
    ("1.3.132.1.12", "ECDH"),
    ("1.3.132.1.13", "ECMQV"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.113", "Ed448"),
    ("1.2.643.2.2.19", "GOST R 34.10-2001"),
    ("1.2.643.2.2.20", "GOST R 34.10-94"),
    ("1.2.643.7.1.1.1.1", "GOST R 34.10-2012, 256 bits"),
    ("1.2.643.7.1.1.1.2", "GOST R 34.10-2012, 512 bits"),
    ("1.2.156.10197.1.301", "SM2"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s"),
    ("2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f"),
    ("2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s"),
    ("2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f"),
    ("2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s"),
    ("2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f"),
    ("2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s"),
    ("2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f"),
    ("2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s"),
    ("2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f"),
    ("2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s"),
    ("2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f"),
    ("2.16.840.1.101.3.4.4.1", "ML-KEM-512"),
    ("2.16.840.1.101.3.4.4.2", "ML-KEM-768"),
    ("2.16.840.1.101.3.4.4.3", "ML-KEM-1024"),
    ("1.2.840.113549.1.9.16.3.17", "HSS/LMS"),
    ("1.3.6.1.5.5.7.6.34", "XMSS"),
    ("1.3.6.1.5.5.7.6.35", "XMSS^MT"),
];

const SIGNATURES: [(&str, &str); 65] = [
    ("1.2.840.113549.1.1.2", "RSA with MD2"),
    ("1.2.840.113549.1.1.3", "RSA with MD4"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.113549.1.1.11", "RSA with SHA-256"),
    ("1.2.840.113549.1.1.12", "RSA with SHA-384"),
    ("1.2.840.113549.1.1.13", "RSA with SHA-512"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.2.840.113549.1.1.15", "RSA with SHA-512/224"),
    ("1.2.840.113549.1.1.16", "RSA with SHA-512/256"),
    ("2.16.840.1.101.3.4.3.13", "RSA with SHA3-224"),
    ("2.16.840.1.101.3.4.3.14", "RSA with SHA3-256"),
    ("2.16.840.1.101.3.4.3.15", "RSA with SHA3-384"),
    ("2.16.840.1.101.3.4.3.16", "RSA with SHA3-512"),
    ("1.3.6.1.5.5.7.6.30", "RSA-PSS with SHAKE128"),
    ("1.3.6.1.5.5.7.6.31", "RSA-PSS with SHAKE256"),
    ("1.3.14.3.2.3", "RSA with MD5"),
    ("1.3.14.3.2.15", "RSA with SHA-1"),
    ("1.3.14.3.2.29", "RSA with SHA-1"),
    ("1.3.36.3.3.1.2", "RSA with RIPEMD-160"),
    ("1.2.156.10197.1.504", "RSA with SM3"),
    ("1.2.840.10040.4.3", "DSA with SHA-1"),
    ("1.3.14.3.2.13", "DSA with SHA-1"),
    ("1.3.14.3.2.27", "DSA with SHA-1"),
    ("2.16.840.1.101.3.4.3.1", "DSA with SHA-224"),
    ("2.16.840.1.101.3.4.3.2", "DSA with SHA-256"),
    ("2.16.840.1.101.3.4.3.3", "DSA with SHA-384"),
    ("2.16.840.1.101.3.4.3.4", "DSA with SHA-512"),
    ("2.16.840.1.101.3.4.3.5", "DSA with SHA3-224"),
    ("2.16.840.1.101.3.4.3.6", "DSA with SHA3-256"),
    ("2.16.840.1.101.3.4.3.7", "DSA with SHA3-384"),
    ("2.16.840.1.101.3.4.3.8", "DSA with SHA3-512"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.10045.4.2", "ECDSA with the hash that the key recommends"),
    ("1.2.840.10045.4.3", "ECDSA with a hash that its parameters name"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.3.2", "ECDSA with SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA with SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("2.16.840.1.101.3.4.3.9", "ECDSA with SHA3-224"),
    ("2.16.840.1.101.3.4.3.10", "ECDSA with SHA3-256"),
    ("2.16.840.1.101.3.4.3.11", "ECDSA with SHA3-384"),
    ("2.16.840.1.101.3.4.3.12", "ECDSA with SHA3-512"),
    ("1.3.6.1.5.5.7.6.32", "ECDSA with SHAKE128"),
    ("1.3.6.1.5.5.7.6.33", "ECDSA with SHAKE256"),
    ("0.4.0.127.0.7.1.1.4.1.1", "plain ECDSA with SHA-1"),
    ("0.4.0.127.0.7.1.1.4.1.2", "plain ECDSA with SHA-224"),
    ("0.4.0.127.0.7.1.1.4.1.3", "plain ECDSA with SHA-256"),
    ("0.4.0.127.0.7.1.1.4.1.4", "plain ECDSA with SHA-384"),
    ("0.4.0.127.0.7.1.1.4.1.5", "plain ECDSA with SHA-512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.156.10197.1.501", "SM2 with SM3"),
    ("1.2.643.2.2.3", "GOST R 34.10-2001"),
    ("1.2.643.2.2.4", "GOST R 34.10-94"),
    ("1.2.643.7.1.1.3.2", "GOST R 34.10-2012, 256 bits"),
    ("1.2.643.7.1.1.3.3", "GOST R 34.10-2012, 512 bits"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("2.16.840.1.101.3.4.3.32", "ML-DSA-44 with SHA-512"),
    ("2.16.840.1.101.3.4.3.33", "ML-DSA-65 with SHA-512"),
    ("2.16.840.1.101.3.4.3.34", "ML-DSA-87 with SHA-512"),
    ("1.2.840.113549.1.9.16.3.17", "HSS/LMS"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_object_identifier_stands_in_its_table_once() {
        for table in [&CURVES[..], &KEYS, &SIGNATURES] {
            let known: HashSet<_> = table.iter().map(|(oid, _)| oid).collect();
            assert_eq!(known.len(), table.len());
            for (oid, name) in table {
                let numbers = oid.split('.').map(|one| one.parse::<u64>().unwrap());
                assert!(numbers.count() > 3 && !name.is_empty(), "{oid}");
            }
        }
    }

    #[test]
    fn what_is_not_computed_has_a_name_all_the_same() {
        assert_eq!(curve_name("1.3.36.3.3.2.8.1.1.7"), "brainpoolP256r1");
        assert_eq!(key_name("1.3.101.113"), "Ed448");
        assert_eq!(signature_name("2.16.840.1.101.3.4.3.10"), "ECDSA with SHA3-256");
        assert_eq!(signature_name("2.16.840.1.101.3.4.3.20"), "SLH-DSA-SHA2-128s");
    }

    #[test]
    fn what_has_no_name_is_its_number() {
        assert_eq!([curve_name("1.2.3"), key_name("1.2.3"), signature_name("1.2.3")], ["1.2.3"; 3]);
    }
}
