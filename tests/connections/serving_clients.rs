//! Real clients with a server of ours: OpenSSL's, GnuTLS's and curl, with TLS 1.2 and TLS 1.3. Each
//! asks over HTTP who it is.

use tlsconn::{Error, IdentitySource, Kind, Problems};

use crate::support::clients::{Client, Program, Talk};
use crate::support::folder::Pki;
use crate::support::ours::Ours;

macro_rules! with_every_client {
    ($($name:ident,)*) => {
        with_every_client! { @with
            openssl_with_tls_1_2 OpenSsl "1.2", openssl_with_tls_1_3 OpenSsl "1.3",
            gnutls_with_tls_1_2 GnuTls "1.2", gnutls_with_tls_1_3 GnuTls "1.3",
            curl_with_tls_1_2 Curl "1.2", curl_with_tls_1_3 Curl "1.3": ($($name)*)
        }
    };
    (@with $($module:ident $program:ident $version:literal),*: $names:tt) => {
        $(mod $module {
            with_every_client! { @in super::Client(super::Program::$program, $version), $names }
        })*
    };
    (@in $client:expr, ($($name:ident)*)) => {
        $(#[test] fn $name() { super::run(super::$name, $client); })*
    };
}

with_every_client! {
    a_client_is_let_in_and_told_who_it_is,
    a_client_without_a_certificate_is_refused,
    a_client_of_another_authority_is_refused,
    a_client_that_is_revoked_is_refused,
    a_client_that_is_not_on_the_list_is_refused,
}

fn run(test: fn(Client), client: Client) {
    if client.is_here() {
        test(client);
    }
}

fn a_client_is_let_in_and_told_who_it_is(client: Client) {
    let pki = Pki::new();
    let server = Ours::http(&pki.serving());
    let talk = client.talk(&pki, server.port, Some(&pki.client("alice")));
    assert!(talk.well, "{talk:#?}");
    assert!(talk.printed.contains("you are alice\n"), "{talk:#?}");
    let guest = server.let_in("alice");
    assert_eq!(guest.identity, Some(("alice".to_owned(), IdentitySource::Authority)));
    assert_eq!(guest.version, format!("TLSv{}", client.1));
    assert!(guest.said.starts_with("GET / HTTP/1."), "{guest:?}");
}

/// The client was refused, with an alert of this name and number, and got nothing else.
#[track_caller]
fn refused(client: Client, talk: &Talk, server: &Ours, (name, number): (&str, u8)) -> Error {
    let error = server.next().unwrap_err();
    let told = match client.0 {
        Program::OpenSsl | Program::Curl => format!("alert {name}"),
        Program::GnuTls => format!("Received alert [{number}]"),
    };
    assert!(talk.printed.contains(&told), "{told:?} is not said: {talk:#?}\n{error}");
    assert!(!talk.well, "{talk:#?}");
    assert!(!talk.printed.contains("you are"), "{talk:#?}");
    error
}

fn a_client_without_a_certificate_is_refused(client: Client) {
    let pki = Pki::new();
    let server = Ours::http(&pki.serving());
    let talk = client.talk(&pki, server.port, None);
    let error = refused(client, &talk, &server, ("certificate required", 116));
    assert_eq!(error.kind(), Kind::NoClientCertificate, "{error}");
}

fn a_client_of_another_authority_is_refused(client: Client) {
    let pki = Pki::new();
    let server = Ours::http(&pki.serving());
    let talk = client.talk(&pki, server.port, Some(&pki.strange_client("alice")));
    let error = refused(client, &talk, &server, ("unknown ca", 48));
    assert_eq!(error.kind(), Kind::CertificateUnknown, "{error}");
}

fn a_client_that_is_revoked_is_refused(client: Client) {
    let pki = Pki::new();
    let (alice, bob) = (pki.client("alice"), pki.client("bob"));
    let context = pki.serving();
    context.add_file(tlsconn::Material::Crl, &pki.revoke(&[&bob])).unwrap();
    let server = Ours::http(&context);
    let talk = client.talk(&pki, server.port, Some(&bob));
    let error = refused(client, &talk, &server, ("certificate revoked", 44));
    assert!(error.problems().contains(Problems::REVOKED), "{error}");
    client.talk(&pki, server.port, Some(&alice));
    server.let_in("alice");
}

fn a_client_that_is_not_on_the_list_is_refused(client: Client) {
    let pki = Pki::new();
    let context = pki.serving();
    context.allow_identity(Some("alice")).unwrap();
    let server = Ours::http(&context);
    let talk = client.talk(&pki, server.port, Some(&pki.client("bob")));
    let error = refused(client, &talk, &server, ("access denied", 49));
    assert!(error.message().contains("the client bob"), "{error}");
    client.talk(&pki, server.port, Some(&pki.client("alice")));
    server.let_in("alice");
}
