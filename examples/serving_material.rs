//! Makes what `benches/serve_tlsconn.c` serves, in the directory that is named: a server and a
//! client that signed their own certificates, and directories of ten and of a hundred thousand
//! clients, this one among them, with their hash links. All the others have one key, each its
//! own name.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args_os().nth(1).ok_or("usage: serving_material DIR")?;
    let dir = PathBuf::from(dir);
    let names = vec!["bench.example".to_owned(), "127.0.0.1".to_owned()];
    for (name, names) in [("server", names), ("client", Vec::new())] {
        let key = KeyPair::generate()?;
        fs::write(dir.join(format!("{name}.pem")), params(name, names)?.self_signed(&key)?.pem())?;
        secret(&dir.join(format!("{name}.key")), &key.serialize_pem())?;
    }
    let key = KeyPair::generate()?;
    for count in [10, 100_000] {
        let clients = dir.join(format!("clients-{count}"));
        fs::create_dir_all(&clients)?;
        fs::copy(dir.join("client.pem"), clients.join("client.pem"))?;
        for number in 1..count {
            let name = format!("client-{number:06}");
            let pem = params(&name, Vec::new())?.self_signed(&key)?.pem();
            fs::write(clients.join(format!("{name}.pem")), pem)?;
        }
        tlsconn::rehash(&clients)?;
    }
    Ok(())
}

/// A file that others may not read.
fn secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn params(name: &str, names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2056, 1, 1);
    Ok(params)
}
