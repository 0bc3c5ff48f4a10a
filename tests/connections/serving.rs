//! The server side: which clients are admitted, who vouches for them, and their identities.

use tlsconn::{Answer, ClientAuth, Context, IdentitySource, Kind, Policy, Reason, Version};

use crate::support::{Ask, Authority, Both, Identity, believes, own};

const HOST: &str = "a.example";

/// A server of this authority that trusts it, and a client with this certificate.
fn contexts(authority: &Authority, client: &Identity) -> (Context, Context) {
    let server = own(believes(authority), &authority.server(&[HOST]));
    (server, own(believes(authority), client))
}

#[test]
fn a_client_of_an_authority_comes_in_under_its_common_name() {
    let authority = Authority::new("Lab CA");
    for newest in [Version::Tls12, Version::Tls13] {
        let (server, client) = contexts(&authority, &authority.server(&["alice"]));
        client.set(|settings| settings.tls.max_version = newest).unwrap();
        let both = Both::new(&server, &client, HOST);
        both.open();
        let identity = both.server.identity().unwrap();
        assert_eq!((identity.name.as_str(), identity.source), ("alice", IdentitySource::Authority));
        assert_eq!(both.server.reason(), Some(Reason::Authority));
        assert_eq!(both.server.recheck(), Ok(()));
    }
}

#[test]
fn a_client_that_is_cut_off_is_named_by_its_identity() {
    let authority = Authority::new("Lab CA");
    for newest in [Version::Tls12, Version::Tls13] {
        let (server, client) = contexts(&authority, &authority.server(&["alice"]));
        client.set(|settings| settings.tls.max_version = newest).unwrap();
        let both = Both::new(&server, &client, HOST);
        both.open();
        both.server.memory_input(b"").unwrap();
        let error = both.server.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), Kind::Truncated);
        assert!(error.message().contains("the client alice"), "{error}");
    }
}

#[test]
fn a_client_without_a_certificate_is_refused_by_default() {
    let authority = Authority::new("Lab CA");
    for newest in [Version::Tls12, Version::Tls13] {
        let server = own(believes(&authority), &authority.server(&[HOST]));
        let client = believes(&authority);
        client.set(|settings| settings.tls.max_version = newest).unwrap();
        let both = Both::new(&server, &client, HOST);
        assert_eq!(both.refused().kind(), Kind::NoClientCertificate);
        let told = both.client.read(&mut [0; 8]).unwrap_err();
        assert_eq!(told.kind(), Kind::PeerRejectedUs, "{told}");
    }
}

#[test]
fn a_stranger_is_refused_with_an_alert() {
    let authority = Authority::new("Lab CA");
    for newest in [Version::Tls12, Version::Tls13] {
        let (server, client) = contexts(&authority, &Identity::alone(&["mallory"]));
        client
            .set(|settings| {
                settings.tls.max_version = newest;
                settings.tls.send_certificate = tlsconn::SendCertificate::Always;
            })
            .unwrap();
        let both = Both::new(&server, &client, HOST);
        let error = both.refused();
        assert_eq!(error.kind(), Kind::CertificateUnknown, "{error}");
        let told = both.client.read(&mut [0; 8]).unwrap_err();
        assert_eq!(told.kind(), Kind::PeerRejectedUs, "{told}");
    }
}

#[test]
fn a_client_may_come_without_a_certificate_where_it_is_optional() {
    let authority = Authority::new("Lab CA");
    let server = own(believes(&authority), &authority.server(&[HOST]));
    server.set(|settings| settings.client_auth = ClientAuth::Optional).unwrap();
    let both = Both::new(&server, &believes(&authority), HOST);
    both.open();
    assert_eq!(both.server.reason(), Some(Reason::Anonymous));
    assert_eq!(both.server.identity(), None);
}

#[test]
fn nothing_of_the_client_passes_before_the_answer() {
    let authority = Authority::new("Lab CA");
    let (server, client) = contexts(&authority, &Identity::alone(&["alice"]));
    client
        .set(|settings| settings.tls.send_certificate = tlsconn::SendCertificate::Always)
        .unwrap();
    server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    let ask = Ask::set(&server, None);
    let both = Both::new(&server, &client, HOST);
    both.asks();
    let _ = both.client.write(b"early");
    both.carry();
    assert!(matches!(both.server.read(&mut [0; 8]), Ok(tlsconn::Outcome::Not(_))));
    assert_eq!(ask.last().asked().identity.as_deref(), Some("alice"));
    ask.last().answer(Answer::Session).unwrap();
    assert_eq!(both.run()[0], Ok(tlsconn::Outcome::Done(())));
    assert_eq!(both.server.identity().unwrap().source, IdentitySource::Answer);
    let again = Both::new(&server, &client, HOST);
    again.open();
    assert_eq!(again.server.reason(), Some(Reason::Known));
    assert_eq!(ask.count(), 1);
}
