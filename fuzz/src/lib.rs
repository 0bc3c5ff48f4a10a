//! What the fuzz targets do with their bytes, on the public library alone.
//!
//! No input may make the library panic, and some things hold for any input: a failure changes
//! nothing, messages contain no control characters, no peer with a problem is admitted.
//! `tests/judge/fuzz.rs` runs the same functions over the corpus with the usual toolchain.

use tlsconn::{
    Certificate, Context, CrlMode, Error, Kind, Material, Problems, Profile, Role, Style,
    difference,
};

/// 2026-11-21, at noon.
const NOW: i64 = 1_795_262_400;
const ROOT: &[u8] = include_bytes!("../material/root.pem");
const LEAF: &[u8] = include_bytes!("../material/leaf.pem");
const HOST: &str = "a.example";
const PORT: u16 = 16514;

/// The text of material of any kind; the first byte says which.
pub fn pem(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else { return };
    let kinds = [
        Material::Authority,
        Material::Crl,
        Material::Key,
        Material::Certificate,
        Material::TrustedPeer,
    ];
    let material = kinds[usize::from(*kind) % kinds.len()];
    let context = Context::new();
    if let Err(error) = context.add(material, text) {
        is_told_well(&error);
        assert_ne!(error.kind(), Kind::Internal, "{error}");
        assert!(context.known().unwrap().is_empty(), "it failed and left an entry");
    }
}

/// A revocation list, in DER, and an ordinary server that it may cover.
pub fn crl(data: &[u8]) {
    let context = believing();
    let before = judged(&context);
    assert!(before.is_empty(), "{before}");
    let added = context.add(Material::Crl, written("X509 CRL", data).as_bytes());
    let after = judged(&context);
    match added {
        Ok(()) => {
            let of_lists = Problems::REVOKED
                | Problems::CRL_MISSING
                | Problems::CRL_EXPIRED
                | Problems::WEAK_KEY;
            assert!(of_lists.contains(after), "a list made {after}");
        }
        Err(error) => {
            is_told_well(&error);
            assert!(after.is_empty(), "a list that was refused made {after}");
        }
    }
}

/// A certificate in DER, and its texts for the user.
pub fn certificate(data: &[u8]) {
    let one = match Certificate::from_der(data) {
        Ok(one) => one,
        Err(error) => return is_told_well(&error),
    };
    assert_eq!(one.der(), data, "other bytes came back");
    for style in [Style::Line, Style::Summary, Style::Full, Style::Json, Style::Pem] {
        is_clean(&one.text(style));
    }
    assert!(!one.text(Style::Line).contains('\n'), "a line has two");
    let other = Certificate::all_from_pem(LEAF, "the leaf").unwrap().remove(0);
    is_clean(&difference(&one, &other));
    is_clean(&difference(&other, &one));
    let back = Certificate::all_from_pem(one.text(Style::Pem).as_bytes(), "its own PEM").unwrap();
    assert_eq!(back, [one]);
}

/// The text of trusted.pem.
pub fn trusted(data: &[u8]) {
    let context = Context::new();
    match context.add(Material::TrustedPeer, data) {
        Ok(()) => {
            let known = context.known().unwrap();
            assert!(!known.is_empty(), "it was taken, and nothing came of it");
            for entry in known {
                assert!(!entry.accepted.intersects(Problems::SEVERE), "{}", entry.accepted);
                assert!(entry.place.as_ref().is_none_or(|place| place.port != Some(0)));
            }
        }
        Err(error) => {
            is_told_well(&error);
            assert!(context.known().unwrap().is_empty(), "it failed and left an entry");
        }
    }
}

/// A chain, a host, a time and a context to judge them by. Two bytes choose, eight are the time;
/// then come the host and the certificates, each after its length in two bytes. A certificate of
/// length 0 is the ordinary leaf.
pub fn judge(data: &[u8]) {
    let Some((&[choice, more, ref time @ ..], rest)) = data.split_first_chunk::<10>() else {
        return;
    };
    let mut rest = rest;
    let host = next(&mut rest).map(|host| String::from_utf8_lossy(host).into_owned());
    let mut chain = String::new();
    while let Some(der) = next(&mut rest) {
        match der {
            [] => chain.push_str(std::str::from_utf8(LEAF).unwrap()),
            _ => chain.push_str(&written("CERTIFICATE", der)),
        }
    }
    let context = believing();
    let role = if choice & 1 == 0 { Role::Server } else { Role::Client };
    let profiles = [Profile::Strict, Profile::Libvirt, Profile::Pedantic];
    let modes = [CrlMode::Off, CrlMode::IfPresent, CrlMode::Required];
    context
        .set(|settings| {
            settings.profile = profiles[usize::from(choice >> 1) % 3];
            settings.crl_mode = modes[usize::from(choice >> 4) % 3];
            settings.verify_time = match i64::from_be_bytes(*time) {
                0 => Some(NOW),
                other => Some(other),
            };
        })
        .unwrap();
    if more & 1 != 0 {
        let _ = context.add(Material::Authority, chain.as_bytes());
    }
    let host = host.as_deref().filter(|host| !host.is_empty());
    let port = if more & 2 == 0 { PORT } else { 0 };
    let verdict = match context.verify(role, host, port, chain.as_bytes()) {
        Ok(verdict) => verdict,
        Err(error) => return is_told_well(&error),
    };
    is_clean(&verdict.text());
    match verdict.outcome() {
        Ok(_) => assert!(verdict.problems().is_empty(), "let in with {}", verdict.problems()),
        Err(error) => {
            is_told_well(error);
            assert!(!verdict.problems().is_empty(), "refused for nothing: {error}");
            assert_eq!(error.problems(), verdict.problems());
            assert!(!verdict.why().is_empty(), "{} without a sentence", verdict.problems());
        }
    }
    let again = context.verify(role, host, port, chain.as_bytes()).unwrap();
    assert_eq!(again.text(), verdict.text());
}

fn believing() -> Context {
    let context = Context::new();
    context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
    context.add(Material::Authority, ROOT).unwrap();
    context
}

/// The problems of the ordinary leaf.
fn judged(context: &Context) -> Problems {
    context.verify(Role::Server, Some(HOST), PORT, LEAF).unwrap().problems()
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, behind) = rest.split_first_chunk::<2>()?;
    let (part, behind) = behind.split_at_checked(u16::from_be_bytes(*len).into())?;
    *rest = behind;
    Some(part)
}

fn is_told_well(error: &Error) {
    is_clean(error.message());
    is_clean(error.hint());
    assert!(!error.message().is_empty(), "an error without words");
}

/// Whether a text can be shown on a terminal.
fn is_clean(text: &str) {
    let moves = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(moves), "what people see is not escaped: {text:?}");
}

/// PEM of one value in DER.
fn written(label: &str, der: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for three in line.chunks(3) {
            let at = |at: usize| usize::from(three.get(at).copied().unwrap_or_default());
            let number = at(0) << 16 | at(1) << 8 | at(2);
            for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
                let letter = char::from(LETTERS[number >> shift & 63]);
                text.push(if at <= three.len() { letter } else { '=' });
            }
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}
