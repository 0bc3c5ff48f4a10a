//! The servers of OpenSSL and GnuTLS: what is held, what they see of a rejection, and that an
//! allowing answer completes.

use tlsconn::{Answer, Connection, Groups, Kind, Outcome, Suites, Version, Want};

use super::pki::{Pki, WAYS, Way};
use super::programs::{GnuTls, OpenSsl, Server};
use super::record::{assert_only_hellos, assert_rejection, hellos, shows_client};
use super::wire::Wire;

use crate::support::has;

#[test]
fn openssl_sees_nothing_of_a_held_flight_and_understands_the_alert() {
    if has(&["openssl"]) {
        for_each_way(OpenSsl::serve, b"gnip\n", "alert access denied");
    }
}

#[test]
fn gnutls_sees_nothing_of_a_held_flight_and_understands_the_alert() {
    if has(&["gnutls-serv"]) {
        for_each_way(GnuTls::serve, b"ping\n", "Access was denied - was received");
    }
}

#[test]
fn an_openssl_server_sees_the_groups_and_suites_that_were_chosen_and_no_others() {
    if !has(&["openssl"]) {
        return;
    }
    let pki = Pki::new();
    for (way, groups, suites, agreed) in [
        (Way::Retry, "secp384r1", "TLS_CHACHA20_POLY1305_SHA256", true),
        (Way::Retry, "x25519,secp256r1", "TLS_CHACHA20_POLY1305_SHA256", false),
        // In TLS 1.2 the curve of the server's certificate must be among them.
        (Way::Tls12, "secp384r1,secp256r1", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", true),
        (Way::Tls12, "secp384r1", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", false),
        (Way::Tls12, "secp256r1", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", false),
    ] {
        let version = if way == Way::Tls12 { Version::Tls12 } else { Version::Tls13 };
        let server = OpenSsl::serve(&pki, way, false);
        let context = pki.believing(false);
        context
            .set(|settings| {
                (settings.tls.min_version, settings.tls.max_version) = (version, version);
                settings.tls.groups = Groups::parse(groups).unwrap();
                settings.tls.suites = Suites::parse(suites).unwrap();
            })
            .unwrap();
        let mut wire = Wire::to(server.port());
        let client = wire.dial(&context);
        let end = wire.shake(&client);
        assert_eq!(end == Ok(Outcome::Done(())), agreed, "{groups}, {suites}: {end:?}");
        if agreed {
            assert_eq!(client.info().cipher, suites);
            assert_eq!(client.info().group, "secp384r1");
        }
        assert_eq!(hellos(&wire.recorded), 1, "{groups}: a share for the first group is there");
    }
}

fn for_each_way(serve: fn(&Pki, Way, bool) -> Server, echo: &[u8], alert: &str) {
    let pki = Pki::new();
    for way in WAYS {
        for certified in [true, false] {
            let what = format!("{way:?}, certified {certified}");
            let server = serve(&pki, way, certified);
            let context = pki.asking(certified);

            let (mut wire, client) = held(&context, &server, way, &what);
            client.question().unwrap().answer(Answer::Once).unwrap();
            assert_eq!(wire.shake(&client), Ok(Outcome::Done(())), "{what}");
            assert_eq!(client.write(b"ping\n"), Ok(Outcome::Done(5)), "{what}");
            assert_eq!(wire.read(&client, echo.len()), echo, "{what}");
            assert_eq!(shows_client(&wire.recorded), certified && way == Way::Tls12, "{what}");
            drop((client, wire));

            let (mut wire, client) = held(&context, &server, way, &what);
            client.question().unwrap().answer(Answer::Reject).unwrap();
            assert_eq!(wire.shake(&client).unwrap_err().kind(), Kind::Rejected, "{what}");
            drop(client);
            wire.finish();
            assert_rejection(&wire.recorded, way, &what);
            let complaints = server.complaints();
            assert!(complaints.contains(alert), "{what}: {complaints}");
        }
    }
}

/// A connection with an open question, from which nothing but hellos has come.
fn held(context: &tlsconn::Context, server: &Server, way: Way, what: &str) -> (Wire, Connection) {
    let mut wire = Wire::to(server.port());
    let client = wire.dial(context);
    assert_eq!(wire.shake(&client), Ok(Outcome::Not(Want::Answer)), "{what}");
    wire.settle();
    assert_only_hellos(&wire.recorded, way, what);
    assert_eq!(client.write(b"secret"), Ok(Outcome::Not(Want::Answer)), "{what}");
    assert_eq!(client.read(&mut [0; 8]), Ok(Outcome::Not(Want::Answer)), "{what}");
    wire.settle();
    assert_only_hellos(&wire.recorded, way, what);
    (wire, client)
}
