use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::material::pem_text;
use crate::material::testing::certificate;

fn pem() -> String {
    pem_text("CERTIFICATE", certificate(&[]).der())
}

#[test]
fn every_certificate_of_file_and_directories_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (one, other, third) = (pem(), pem(), pem());
    fs::write(at("bundle"), format!("# words\n{one}{other}{one}")).unwrap();
    fs::create_dir(at("dir")).unwrap();
    fs::write(at("dir/one.pem"), &one).unwrap();
    fs::write(at("dir/third"), &third).unwrap();
    symlink("third", at("dir/0123abcd.0")).unwrap();
    let found = authorities_in(Some(at("bundle")), vec![at("dir")]).unwrap();
    assert_eq!(found.len(), 3);
}

#[test]
fn what_is_odd_costs_nothing_but_itself_and_nothing_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("good"), pem()).unwrap();
    fs::write(at("cut"), &pem()[..200]).unwrap();
    fs::write(at("bad"), pem_text("CERTIFICATE", b"x") + &pem()).unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    let (fifo, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR);
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), fifo, mode, 0).unwrap();
    assert_eq!(authorities_in(None, vec![dir.path().to_owned()]).unwrap().len(), 2);
    let error = authorities_in(Some(at("pipe")), Vec::new()).unwrap_err();
    assert_eq!(error.kind(), Kind::NoAuthority);
    assert!(error.message().contains("pipe is not a file but a named pipe"), "{error}");
    let error = authorities_in(None, vec![at("nowhere")]).unwrap_err();
    assert!(error.message().contains("cannot read the directory"), "{error}");
}
