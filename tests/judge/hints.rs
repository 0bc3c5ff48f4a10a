//! What is to be done follows from what is wrong: our own lists, our clock, our authorities, or the
//! certificate of the peer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use tlsconn::{Context, CrlMode, Error, Material, Problems, Profile, Role};

use crate::support::pki::{day, named};
use crate::support::{Authority, DAY, Identity, NOW, believes, nobody};

const HOST: &str = "a.example";
const YEAR: i64 = 366 * DAY;

fn refused(context: &Context, one: &Identity) -> Error {
    let verdict = context.verify(Role::Server, Some(HOST), 443, one.pem.as_bytes()).unwrap();
    let error = verdict.outcome().unwrap_err().clone();
    assert_eq!(error.problems(), verdict.problems());
    error
}

fn at(context: &Context, now: i64) {
    context.set(|settings| settings.verify_time = Some(now)).unwrap();
}

#[test]
fn an_expired_list_of_ours_is_to_be_replaced_in_its_file_whatever_the_server_does() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lab.crl");
    fs::write(&file, authority.list(1, &[])).unwrap();
    for profile in [Profile::Strict, Profile::Libvirt, Profile::Pedantic] {
        let context = believes(&authority);
        context.add_file(Material::Crl, &file).unwrap();
        context.set(|settings| settings.profile = profile).unwrap();
        at(&context, NOW + 60 * DAY);
        let error = refused(&context, &server);
        assert!(error.problems().contains(Problems::CRL_EXPIRED), "{error}");
        let hint = error.hint();
        for part in ["put the newest", "CN=Lab CA", &file.display().to_string()] {
            assert!(hint.contains(part), "{profile:?}: {part}: {hint}");
        }
        assert!(!hint.contains("ask the administrator"), "{hint}");
    }
    let context = believes(&authority);
    context.add(Material::Crl, authority.list(1, &[]).as_bytes()).unwrap();
    at(&context, NOW + 60 * DAY);
    assert!(refused(&context, &server).hint().contains("came from memory"));
}

#[test]
fn a_list_that_is_missing_or_early_is_to_be_added_by_us() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    context.set(|settings| settings.crl_mode = CrlMode::Required).unwrap();
    let error = refused(&context, &server);
    assert_eq!(error.problems(), Problems::CRL_MISSING);
    assert!(error.hint().starts_with("add the newest revocation list (CRL) of CN=Lab CA"));
    assert!(error.hint().contains("TLSCONN_CRL_IF_PRESENT"), "{}", error.hint());
}

#[test]
fn dates_that_are_all_wrong_are_a_question_about_the_clock() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    for (now, year) in [(0, "1970-01-01"), (NOW - 40 * YEAR, "1986-"), (NOW + 90 * YEAR, "2117-")] {
        let context = believes(&authority);
        at(&context, now);
        let error = refused(&context, &server);
        let words = format!("TLSCONN_OPT_VERIFY_TIME says {year}");
        assert!(error.hint().starts_with(&words), "{}", error.hint());
        assert!(error.hint().contains("is it right?"), "{}", error.hint());
    }
}

#[test]
fn one_certificate_that_has_expired_is_for_its_owner_to_renew() {
    let authority = Authority::new("Lab CA");
    let mut params = named("old", &[HOST]);
    params.not_after = day(-10);
    let server = authority.sign(&params, KeyPair::generate().unwrap());
    let error = refused(&believes(&authority), &server);
    let (message, hint) = (error.message(), error.hint());
    assert!(message.contains("the certificate of CN=old expired on 2026-11-11"), "{message}");
    assert!(hint.contains("the administrator of a.example:443 must renew it"), "{hint}");
    let mut params = named("new", &[HOST]);
    params.not_before = day(10);
    let server = authority.sign(&params, KeyPair::generate().unwrap());
    let error = refused(&believes(&authority), &server);
    let (message, hint) = (error.message(), error.hint());
    assert!(message.contains("CN=new is not valid before 2026-12-01"), "{message}");
    assert!(hint.contains("TLSCONN_OPT_VERIFY_TIME says 2026-11-21"), "{hint}");
}

#[test]
fn an_expired_authority_of_ours_is_replaced_in_the_file_that_it_came_from() {
    let mut params = named("Old CA", &[]);
    params.not_after = day(-10);
    let authority = Authority::with(params);
    let server = authority.server(&[HOST]);
    let dir = tempfile::tempdir().unwrap();
    let [other, file] = ["other.pem", "old.pem"].map(|name| dir.path().join(name));
    fs::write(&other, Authority::new("Other CA").pem()).unwrap();
    fs::write(&file, [Authority::new("Third CA").pem(), authority.pem()].concat()).unwrap();
    for profile in [Profile::Strict, Profile::Libvirt, Profile::Pedantic] {
        let context = nobody();
        context.set(|settings| settings.profile = profile).unwrap();
        context.add_file(Material::Authority, &other).unwrap();
        context.add_file(Material::Authority, &file).unwrap();
        let error = refused(&context, &server);
        let place = format!("in place of the old one in {}, and reload", file.display());
        assert!(error.problems().contains(Problems::EXPIRED), "{error}");
        assert!(error.hint().contains(&place), "{profile:?}: {}", error.hint());
        assert!(!error.hint().contains("other.pem"), "{profile:?}: {}", error.hint());
    }
    let error = refused(&believes(&authority), &server);
    assert!(error.hint().contains("in place of the old one; "), "{}", error.hint());
}

#[test]
fn another_name_lists_those_of_the_certificate_and_the_call_that_sets_one() {
    let authority = Authority::new("Lab CA");
    let error = refused(&believes(&authority), &authority.server(&["b.example", "c.example"]));
    assert_eq!(error.problems(), Problems::NAME_MISMATCH);
    for part in ["b.example", "c.example", "tlsconn_conn_set_verify_name()"] {
        assert!(error.hint().contains(part), "{part}: {}", error.hint());
    }
}

#[test]
fn what_the_peer_and_we_can_mend_is_told_together() {
    let authority = Authority::new("Lab CA");
    let mut params = named("b.example", &["b.example"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let server = authority.sign(&params, KeyPair::generate().unwrap());
    let context = believes(&authority);
    context.set(|settings| settings.crl_mode = CrlMode::Required).unwrap();
    let error = refused(&context, &server);
    for part in ["b.example", "serverAuth", "CN=Lab CA"] {
        assert!(error.hint().contains(part), "{part}: {}", error.hint());
    }
}

#[test]
fn a_stranger_without_an_authority_is_told_what_is_missing() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    assert!(refused(&nobody(), &server).hint().starts_with("this context has no authority"));
    let other = believes(&Authority::new("Other CA"));
    let hint = refused(&other, &server).hint().to_owned();
    assert!(hint.starts_with("add the authority that issued"), "{hint}");
    assert!(hint.contains("SHA-256 fingerprint"), "{hint}");
}

#[test]
fn our_own_certificate_that_has_expired_says_what_time_it_is_here() {
    let authority = Authority::new("Lab CA");
    let own = authority.server(&[HOST]);
    for (now, words) in [(NOW + 90 * YEAR, "get a new one"), (0, "is it right?")] {
        let context = nobody();
        at(&context, now);
        let error = context.add(Material::Certificate, own.pem.as_bytes()).unwrap_err();
        assert!(error.hint().contains("TLSCONN_OPT_VERIFY_TIME says"), "{}", error.hint());
        assert!(error.hint().contains(words), "{}", error.hint());
    }
}

#[test]
fn the_command_for_a_secret_of_tickets_makes_one_that_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tickets");
    fs::write(&file, "short").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let context = nobody();
    let error = context.set_ticket_secret_file(Some(&file)).unwrap_err();
    let command = error.hint().strip_prefix("make one with: ").unwrap();
    let words: Vec<_> = command.split(' ').collect();
    assert_eq!(words[0], "openssl");
    let Ok(mut made) = Command::new("openssl")
        .args(
            words[1..]
                .iter()
                .map(|word| if *word == "FILE" { file.as_os_str() } else { word.as_ref() }),
        )
        .spawn()
    else {
        return;
    };
    assert!(made.wait().unwrap().success());
    context.set_ticket_secret_file(Some(&file)).unwrap();
}

#[test]
fn a_host_that_is_none_and_a_peer_that_is_not_known_have_a_hint() {
    let context = nobody();
    for host in ["", "a b", "https://a.example", "a.example:443/x"] {
        let error = tlsconn::Host::parse(host).unwrap_err();
        assert!(error.hint().starts_with("a host is a DNS name"), "{host}: {error}");
    }
    let der = Authority::new("Lab CA").server(&[HOST]).der();
    let certificate = tlsconn::Certificate::from_der(&der).unwrap();
    let gone = context.remove_known_certificate(&certificate).unwrap_err();
    let mark = context.distrust(&certificate, false).unwrap_err();
    for error in [&gone, &mark] {
        assert!(error.hint().contains("tlsconn_known_each()"), "{error}: {}", error.hint());
    }
    assert_ne!(gone.hint(), mark.hint());
}
