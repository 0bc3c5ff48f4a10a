//! Certificates as people make them, with the `openssl` program.

use std::path::Path;
use std::process::Command;

use super::folder::Pair;

/// What `openssl req -x509` makes when nobody tells it otherwise: self-signed, CA:TRUE.
pub(crate) fn self_signed(dir: &Path, name: &str, common_name: &str) -> Pair {
    let pair = pair(dir, name);
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-days", "30", "-subj", &format!("/CN={common_name}")]);
    new_key(&mut command, &pair);
    run(command.arg("-out").arg(&pair.certificate));
    pair
}

/// A client's certificate, signed with the key of `issuer`; its file has both.
pub(crate) fn issued(dir: &Path, name: &str, common_name: &str, issuer: &Pair) -> Pair {
    let pair = pair(dir, name);
    let request = dir.join(format!("{name}.csr"));
    let mut command = Command::new("openssl");
    command.args(["req", "-new", "-subj", &format!("/CN={common_name}")]);
    new_key(&mut command, &pair);
    run(command.arg("-out").arg(&request));
    let extensions = dir.join(format!("{name}.cnf"));
    std::fs::write(&extensions, "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n")
        .unwrap();
    let mut command = Command::new("openssl");
    command.args(["x509", "-req", "-days", "30", "-CAcreateserial"]);
    command.arg("-in").arg(&request).arg("-extfile").arg(&extensions);
    command.arg("-CA").arg(&issuer.certificate).arg("-CAkey").arg(&issuer.key);
    run(command.arg("-out").arg(&pair.certificate));
    let chain = [&pair.certificate, &issuer.certificate].map(|file| std::fs::read(file).unwrap());
    std::fs::write(&pair.certificate, chain.concat()).unwrap();
    pair
}

/// The revocation list of `authority`, with one entry or none. The next one has a higher number.
pub(crate) fn revocation_list(dir: &Path, list: &Path, authority: &Pair, revoked: Option<&Pair>) {
    let config = dir.join("revoking.cnf");
    let index = dir.join("revoking.txt");
    let text = format!(
        "[ca]\ndefault_ca=us\n[us]\ndatabase={}\ncrlnumber={}\ndefault_md=sha256\n\
         default_crl_days=30\nunique_subject=no\n",
        index.display(),
        dir.join("revoking.number").display()
    );
    std::fs::write(&config, text).unwrap();
    if !index.exists() {
        std::fs::write(&index, "").unwrap();
        std::fs::write(dir.join("revoking.number"), "01\n").unwrap();
    }
    let ca = || {
        let mut command = Command::new("openssl");
        command.arg("ca").arg("-config").arg(&config);
        command.arg("-cert").arg(&authority.certificate).arg("-keyfile").arg(&authority.key);
        command
    };
    if let Some(revoked) = revoked {
        run(ca().arg("-revoke").arg(&revoked.certificate));
    }
    run(ca().arg("-gencrl").arg("-out").arg(list));
}

fn pair(dir: &Path, name: &str) -> Pair {
    Pair { certificate: dir.join(format!("{name}.pem")), key: dir.join(format!("{name}.key")) }
}

fn new_key(command: &mut Command, pair: &Pair) {
    command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"]);
    command.arg(&pair.key);
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
