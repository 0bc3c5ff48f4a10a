//! Makes what `benches/judging` loads, in the directory that is named: an authority, a chain for
//! `*.bench.example`, a revocation list of a million others, and the same authority among many.
//! Keys are new each time; names, serial numbers and dates are not.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let dir = std::env::args_os().nth(1).ok_or("usage: judging_material DIR")?;
    let dir = PathBuf::from(dir);
    let key = KeyPair::generate()?;
    let params = authority("Bench CA", 0);
    let pem = params.self_signed(&key)?.pem();
    let issuer = Issuer::from_params(&params, &key);
    fs::write(dir.join("authority.pem"), &pem)?;
    fs::write(dir.join("chain.pem"), leaf()?.signed_by(&KeyPair::generate()?, &issuer)?.pem())?;
    fs::write(dir.join("list.pem"), list(1_000_000).signed_by(&issuer)?.pem()?)?;
    for count in [100, 10_000] {
        let bundle = among(&key, &pem, count)?;
        fs::write(dir.join(format!("authorities-{count}.pem")), bundle)?;
    }
    Ok(())
}

/// The authority in the middle of so many in all; they have one key, each its own name.
fn among(key: &KeyPair, pem: &str, count: u32) -> Done<String> {
    let mut bundle = String::new();
    for number in 1..count {
        if number == count / 2 {
            bundle.push_str(pem);
        }
        let name = format!("Authority {number}");
        bundle.push_str(&authority(&name, number).self_signed(key)?.pem());
    }
    Ok(bundle)
}

fn authority(name: &str, number: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CountryName, "GB");
    params.distinguished_name.push(DnType::OrganizationName, "Lab");
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(u64::from(number).saturating_add(1 << 40).into());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.key_identifier_method = KeyIdMethod::PreSpecified(number.to_be_bytes().repeat(5));
    params
}

fn leaf() -> Done<CertificateParams> {
    let mut params = CertificateParams::new(["*.bench.example".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "Bench server");
    params.serial_number = Some(1.into());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// A list of serial numbers of eight bytes, which come in no order.
fn list(entries: u64) -> CertificateRevocationListParams {
    let begin = date_time_ymd(2026, 1, 1);
    let revoked = |at: u64| RevokedCertParams {
        serial_number: serial(at),
        revocation_time: begin,
        reason_code: None,
        invalidity_date: None,
    };
    CertificateRevocationListParams {
        this_update: begin,
        next_update: date_time_ymd(2036, 1, 1),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: (1..=entries).map(revoked).collect(),
        key_identifier_method: KeyIdMethod::PreSpecified(vec![0; 20]),
    }
}

fn serial(at: u64) -> SerialNumber {
    let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2;
    SerialNumber::from((1 << 62) | mixed)
}
