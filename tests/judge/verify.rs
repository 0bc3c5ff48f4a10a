//! Chains judged without a connection: the same judgement as for connections, with every
//! problem, the path, and the words for people.

use rcgen::ExtendedKeyUsagePurpose;
use tlsconn::{
    Answer, Certificate, Context, CrlMode, Endpoint, Kind, Material, Policy, Problems, Reason,
    Role, Verdict,
};

use crate::support::pki::{day, named};
use crate::support::{Ask, Authority, DAY, Identity, Link, NOW, believes, nobody};

const HOST: &str = "a.example";

fn verify(context: &Context, host: Option<&str>, port: u16, one: &Identity) -> Verdict {
    context.verify(Role::Server, host, port, one.pem.as_bytes()).unwrap()
}

fn know(context: &Context, one: &Identity, accepted: Problems) {
    let place = Endpoint::new(HOST, 443).unwrap();
    context.set_known(&place, one.certificate.clone(), accepted).unwrap();
}

#[test]
fn a_chain_that_an_authority_vouches_for_is_admitted_without_a_question() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    let ask = Ask::set(&context, Answer::Reject);
    for (host, port) in [(Some(HOST), 443), (Some(HOST), 0), (None, 443), (None, 0)] {
        let verdict = verify(&context, host, port, &server);
        assert_eq!(verdict.outcome().unwrap(), Reason::Authority);
        assert_eq!(verdict.problems(), Problems::NONE);
        assert!(verdict.why().is_empty(), "{:?}", verdict.why());
    }
    assert_eq!(ask.count(), 0);
}

#[test]
fn the_path_leads_from_the_leaf_to_the_authority() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let verdict = verify(&believes(&authority), Some(HOST), 0, &server);
    let path: Vec<_> = verdict.path().iter().map(|one| one.der()).collect();
    assert_eq!(path, [server.certificate.der(), authority.certificate.der()]);
    let text = verdict.text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("0: ") && lines[1].starts_with("1: "), "{text}");
    assert_eq!(lines.len(), 2, "{text}");
}

#[test]
fn every_problem_is_found_at_once_and_each_has_its_line() {
    let authority = Authority::new("Lab CA");
    let mut params = named("b.example", &["b.example"]);
    params.not_after = crate::support::pki::day(-10);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let server = authority.sign(&params, rcgen::KeyPair::generate().unwrap());
    let context = believes(&authority);
    context.add(Material::Crl, authority.list(1, &[&server]).as_bytes()).unwrap();
    let verdict = verify(&context, Some(HOST), 443, &server);
    let wanted =
        Problems::EXPIRED | Problems::WRONG_PURPOSE | Problems::NAME_MISMATCH | Problems::REVOKED;
    assert_eq!(verdict.problems(), wanted);
    let error = verdict.outcome().unwrap_err();
    assert_eq!(error.kind(), Kind::CertificateRevoked);
    assert_eq!(error.problems(), wanted);
    assert_eq!(verdict.text().lines().filter(|line| line.starts_with("! ")).count(), 4);
}

#[test]
fn without_a_host_names_are_not_looked_at_and_everything_else_is() {
    let authority = Authority::new("Lab CA");
    let mut params = named("b.example", &["b.example"]);
    params.not_after = crate::support::pki::day(-10);
    let server = authority.sign(&params, rcgen::KeyPair::generate().unwrap());
    let verdict = verify(&believes(&authority), None, 0, &server);
    assert_eq!(verdict.problems(), Problems::EXPIRED);
}

#[test]
fn the_role_says_which_purpose_is_wanted() {
    let authority = Authority::new("Lab CA");
    let mut params = named("alice", &["alice"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = authority.sign(&params, rcgen::KeyPair::generate().unwrap());
    let context = believes(&authority);
    let verdict = context.verify(Role::Client, None, 0, client.pem.as_bytes()).unwrap();
    assert_eq!(verdict.problems(), Problems::NONE);
    assert_eq!(verify(&context, None, 0, &client).problems(), Problems::WRONG_PURPOSE);
}

#[test]
fn the_time_is_the_one_that_the_application_set() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    for (days, wanted) in [(101, Problems::EXPIRED), (-101, Problems::NOT_YET_VALID)] {
        context.set(|settings| settings.verify_time = Some(NOW + days * DAY)).unwrap();
        assert_eq!(verify(&context, Some(HOST), 443, &server).problems(), wanted);
    }
}

#[test]
fn a_known_server_is_admitted_where_host_and_port_say_which_it_is() {
    let alone = Identity::alone(&[HOST]);
    let context = nobody();
    know(&context, &alone, Problems::NONE);
    assert_eq!(verify(&context, Some(HOST), 443, &alone).outcome().unwrap(), Reason::Known);
    for (host, port) in [(Some(HOST), 444), (Some(HOST), 0), (None, 443)] {
        let verdict = verify(&context, host, port, &alone);
        assert!(verdict.problems().contains(Problems::UNKNOWN_ISSUER), "{host:?} {port}");
        assert_eq!(verdict.outcome().unwrap_err().kind(), Kind::Certificate);
    }
}

#[test]
fn what_was_accepted_with_a_known_server_is_still_said() {
    let alone = Identity::alone(&["b.example"]);
    let context = nobody();
    know(&context, &alone, Problems::NAME_MISMATCH);
    let verdict = verify(&context, Some(HOST), 443, &alone);
    assert_eq!(verdict.outcome().unwrap(), Reason::Known);
    assert_eq!(verdict.problems(), Problems::NAME_MISMATCH);
}

#[test]
fn a_known_server_with_another_certificate_has_changed() {
    let authority = Authority::new("Lab CA");
    let (old, new) = (authority.server(&[HOST]), authority.server(&[HOST]));
    let context = believes(&authority);
    know(&context, &old, Problems::NONE);
    let verdict = verify(&context, Some(HOST), 443, &new);
    assert_eq!(verdict.outcome().unwrap_err().kind(), Kind::CertificateChanged);
    let renewed = authority.renew(&old, &[HOST]);
    assert_eq!(verify(&context, Some(HOST), 443, &renewed).outcome().unwrap(), Reason::Renewed);
}

#[test]
fn a_distrusted_certificate_is_refused_in_every_role_and_without_a_host() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    context.distrust(&server.certificate, true).unwrap();
    for role in [Role::Server, Role::Client] {
        let verdict = context.verify(role, None, 0, server.pem.as_bytes()).unwrap();
        assert!(verdict.problems().contains(Problems::DISTRUSTED));
        assert_eq!(verdict.outcome().unwrap_err().kind(), Kind::CertificateDistrusted);
    }
}

#[test]
fn no_policy_lets_a_chain_in() {
    let alone = Identity::alone(&[HOST]);
    let context = nobody();
    context
        .set(|settings| {
            settings.policies.on_new = Policy::Ask;
            settings.policies.on_untrusted = Policy::Ask;
        })
        .unwrap();
    let ask = Ask::set(&context, Answer::Always);
    assert!(verify(&context, Some(HOST), 443, &alone).outcome().is_err());
    assert_eq!(ask.count(), 0);
}

#[test]
fn revocation_that_is_required_needs_a_list() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    context.set(|settings| settings.crl_mode = CrlMode::Required).unwrap();
    assert_eq!(verify(&context, Some(HOST), 0, &server).problems(), Problems::CRL_MISSING);
    context.add(Material::Crl, authority.list(1, &[]).as_bytes()).unwrap();
    assert_eq!(verify(&context, Some(HOST), 0, &server).problems(), Problems::NONE);
}

#[test]
fn a_known_server_needs_no_list_and_is_refused_by_one_that_revokes_it() {
    let (authority, other) = (Authority::new("Lab CA"), Authority::new("Lab CA"));
    let server = authority.server(&[HOST]);
    let stranger = authority.server(&[HOST]);
    let expired = |revoked: &[&Certificate]| authority.list_of(1, [day(-9), day(-2)], revoked);
    for (list, said_of_a_stranger, revokes) in [
        (None, Problems::CRL_MISSING, false),
        (Some(expired(&[])), Problems::CRL_EXPIRED, false),
        (Some(other.list(1, &[])), Problems::CRL_MISSING, false),
        (Some(authority.list(1, &[])), Problems::NONE, false),
        (Some(authority.list(1, &[&server])), Problems::NONE, true),
        (Some(expired(&[&server.certificate])), Problems::CRL_EXPIRED, true),
        (Some(other.list(1, &[&server])), Problems::CRL_MISSING, true),
    ] {
        for mode in [CrlMode::IfPresent, CrlMode::Required] {
            let context = believes(&authority);
            context.set(|settings| settings.crl_mode = mode).unwrap();
            if let Some(list) = &list {
                context.add(Material::Crl, list.as_bytes()).unwrap();
            }
            know(&context, &server, Problems::NONE);
            let known = verify(&context, Some(HOST), 443, &server);
            let expected = if revokes { Problems::REVOKED } else { Problems::NONE };
            assert_eq!(known.problems(), expected, "{mode:?} {list:?}");
            assert_eq!(known.outcome().is_ok(), !revokes, "{mode:?} {list:?}");
            if list.is_some() || mode == CrlMode::Required {
                let verdict = verify(&context, Some(HOST), 0, &stranger);
                assert_eq!(verdict.problems(), said_of_a_stranger, "{mode:?} {list:?}");
            }
        }
    }
}

#[test]
fn the_list_that_was_asked_stands_beside_the_certificate() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    context.add(Material::Crl, authority.list(1, &[]).as_bytes()).unwrap();
    let asked = ", asked in the revocation list of 2026-11-20T12:00:00Z from the PEM text of";
    for _ in 0..2 {
        let text = verify(&context, Some(HOST), 0, &server).text();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("0: ") && lines[0].contains(asked), "{text}");
        assert!(lines[1].starts_with("1: ") && !lines[1].contains(asked), "{text}");
    }
}

#[test]
fn a_connection_comes_to_the_same_judgement() {
    let authority = Authority::new("Lab CA");
    let context = believes(&authority);
    for server in
        [authority.server(&[HOST]), authority.server(&["b.example"]), Identity::alone(&[HOST])]
    {
        let verdict = verify(&context, Some(HOST), 443, &server);
        let mut link = Link::new(&context, HOST, 443, &server);
        match verdict.outcome() {
            Ok(reason) => assert_eq!(link.open(), reason),
            Err(error) => {
                let ended = link.refused();
                assert_eq!((ended.kind(), ended.problems()), (error.kind(), error.problems()));
            }
        }
    }
}

#[test]
fn what_is_no_chain_and_no_host_is_an_error_and_no_verdict() {
    let server = Identity::alone(&[HOST]);
    let context = nobody();
    for text in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
        let error = context.verify(Role::Server, None, 0, text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), Kind::Parse, "{text:?}");
    }
    for host in ["", "a b", "1.2.3", "[::1"] {
        let error = context.verify(Role::Server, Some(host), 0, server.pem.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{host:?}");
    }
}

#[test]
fn a_chain_that_was_clean_is_refused_once_it_is_revoked_or_distrusted() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let clean = |context: &Context| verify(context, Some(HOST), 443, &server).problems();
    let (revoked, distrusted, other) = (believes(&authority), believes(&authority), Context::new());
    for context in [&revoked, &distrusted] {
        assert_eq!(clean(context), Problems::NONE);
        assert_eq!(clean(context), Problems::NONE);
    }
    revoked.add(Material::Crl, authority.list(1, &[&server]).as_bytes()).unwrap();
    assert_eq!(clean(&revoked), Problems::REVOKED);
    distrusted.distrust(&authority.certificate, true).unwrap();
    assert_eq!(clean(&distrusted), Problems::DISTRUSTED);
    assert!(clean(&other).contains(Problems::UNKNOWN_ISSUER), "what is clean here is not there");
}

#[test]
fn what_cannot_be_read_is_refused_whichever_side_shows_it() {
    let authority = Authority::new("Lab CA");
    let context = believes(&authority);
    let junk = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let behind = authority.server(&[HOST]).pem + junk;
    for (role, whose) in
        [(Role::Server, "what a.example presented"), (Role::Client, "what the peer")]
    {
        for chain in [junk, &behind] {
            let verdict = context.verify(role, Some(HOST), 443, chain.as_bytes()).unwrap();
            assert_eq!(verdict.problems(), Problems::BAD_ENCODING);
            assert!(verdict.path().is_empty(), "{:?}", verdict.path());
            let error = verdict.outcome().unwrap_err();
            assert_eq!(error.problems(), Problems::BAD_ENCODING);
            assert!(error.message().starts_with(whose), "{error}");
        }
    }
}
