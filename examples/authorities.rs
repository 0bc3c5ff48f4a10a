//! How long it takes to load many authorities: makes as many as the first argument says, all of
//! one key and each with its own name, and prints the processor time of loading them.
//!
//! `cargo run --release --example authorities 10000`

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use rcgen::KeyUsagePurpose::{CrlSign, KeyCertSign};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyIdMethod, KeyPair};
use rustix::time::{ClockId, clock_gettime};
use tlsconn::{Certificate, Context, Material};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(10_000), |count| count.parse())?;
    let key = KeyPair::generate()?;
    let mut bundle = String::new();
    let mut last = Vec::new();
    for number in 0..count {
        let made = authority(number).self_signed(&key)?;
        writeln!(bundle, "# Authority {number}\n{}", made.pem())?;
        last = made.der().to_vec();
    }
    let path = std::env::temp_dir().join(format!("authorities-{}.pem", std::process::id()));
    std::fs::write(&path, &bundle)?;
    for _ in 0..5 {
        let context = Context::new();
        let start = processor_time();
        let added = context.add_file(Material::Authority, &path);
        let spent = processor_time().saturating_sub(start);
        added?;
        println!("{count} authorities, {} bytes of PEM: {spent:?}", bundle.len());
    }
    std::fs::remove_file(&path)?;
    let start = processor_time();
    for _ in 0..10_000 {
        black_box(Certificate::from_der(black_box(&last))?);
    }
    let spent = processor_time().saturating_sub(start);
    println!("one certificate of {} bytes: {:?}", last.len(), spent / 10_000);
    Ok(())
}

fn authority(number: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CountryName, "GB");
    params.distinguished_name.push(DnType::OrganizationName, "Lab");
    params.distinguished_name.push(DnType::CommonName, format!("Authority {number}"));
    params.serial_number = Some(u64::from(number).saturating_add(1 << 40).into());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyCertSign, CrlSign];
    params.key_identifier_method = KeyIdMethod::PreSpecified(number.to_be_bytes().repeat(5));
    params
}

/// What the process has spent.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let rest = u64::try_from(time.tv_nsec).unwrap_or_default();
    Duration::from_secs(seconds).saturating_add(Duration::from_nanos(rest))
}
