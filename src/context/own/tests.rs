use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyUsagePurpose};

use crate::chain::Profile;
use crate::context::Context;
use crate::error::{Kind, Problems};
use crate::host::Role;
use crate::material::testing::{Maker, NOW, day, named};
use crate::material::{Material, Style};

/// The PEM texts of a PKI: an authority, and a certificate below it.
struct Pki {
    authority: String,
    certificate: String,
    key: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = named(name, &[]);
    (params.not_before, params.not_after) = (day(-10), day(10));
    params
}

fn pki_of(authority: impl Fn(&mut CertificateParams), own: impl Fn(&mut CertificateParams)) -> Pki {
    let mut root = params("Root");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority(&mut root);
    let mut leaf = params("alice");
    own(&mut leaf);
    let root = Maker::of(root);
    let leaf = root.below(leaf);
    Pki {
        authority: root.certificate().text(Style::Pem),
        certificate: leaf.certificate().text(Style::Pem),
        key: leaf.key().serialize_pem(),
    }
}

fn honest(_: &mut CertificateParams) {}

fn time_stamping(params: &mut CertificateParams) {
    purpose(params, 8);
}

fn client(params: &mut CertificateParams) {
    purpose(params, 2);
}

/// Adds a critical extended key usage with only this purpose.
fn purpose(params: &mut CertificateParams, number: u8) {
    let der = vec![0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, number];
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], der);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Authority,
    Certificate,
    Key,
    Profile,
}

const STEPS: [Step; 4] = [Step::Authority, Step::Certificate, Step::Key, Step::Profile];

fn context() -> Context {
    let context = Context::new();
    context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
    context
}

fn go(context: &Context, pki: &Pki, step: Step) -> Result<(), crate::error::Error> {
    match step {
        Step::Authority => context.add(Material::Authority, pki.authority.as_bytes()),
        Step::Certificate => context.add(Material::Certificate, pki.certificate.as_bytes()),
        Step::Key => context.add(Material::Key, pki.key.as_bytes()),
        Step::Profile => context.set(|settings| settings.profile = Profile::Libvirt),
    }
}

/// The results of the steps in every order, each up to the first failure.
fn every_order(pki: &Pki) -> Vec<Option<crate::error::Error>> {
    let mut all = Vec::new();
    for a in STEPS {
        for b in STEPS {
            for c in STEPS {
                for d in STEPS {
                    let order = [a, b, c, d];
                    if STEPS.iter().any(|step| !order.contains(step)) {
                        continue;
                    }
                    let context = context();
                    let failed = order.iter().find_map(|step| go(&context, pki, *step).err());
                    all.push(failed);
                }
            }
        }
    }
    assert_eq!(all.len(), 24);
    all
}

#[test]
fn an_honest_pki_loads_in_every_order() {
    assert!(every_order(&pki_of(honest, honest)).iter().all(Option::is_none));
}

#[test]
fn no_order_lets_an_unfit_authority_slip_through() {
    let no_authority = |params: &mut CertificateParams| params.is_ca = IsCa::NoCa;
    let no_signer = |params: &mut CertificateParams| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    };
    let expired = |params: &mut CertificateParams| params.not_after = day(-1);
    let changes: [&dyn Fn(&mut CertificateParams); 3] = [&no_authority, &no_signer, &expired];
    for change in changes {
        for failed in every_order(&pki_of(change, honest)) {
            let failed = failed.unwrap();
            assert_eq!(failed.kind(), Kind::Certificate, "{failed}");
            assert!(failed.message().contains("CN=Root"), "{failed}");
        }
    }
}

#[test]
fn no_order_lets_an_unfit_certificate_slip_through() {
    let authority =
        |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let no_handshake = |params: &mut CertificateParams| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    };
    let changes: [&dyn Fn(&mut CertificateParams); 2] = [&authority, &no_handshake];
    for change in changes {
        for failed in every_order(&pki_of(honest, change)) {
            assert_eq!(failed.unwrap().kind(), Kind::Certificate);
        }
    }
}

#[test]
fn no_order_lets_a_certificate_of_another_authority_slip_through() {
    let mut pki = pki_of(honest, honest);
    pki.authority = pki_of(honest, honest).authority;
    for failed in every_order(&pki) {
        let failed = failed.unwrap();
        assert_eq!(failed.problems(), Problems::UNKNOWN_ISSUER, "{failed}");
        assert!(failed.message().starts_with("the PEM text of our certificate: "), "{failed}");
    }
}

#[test]
fn a_refused_change_leaves_the_context_as_it_was() {
    let (pki, other) = (pki_of(honest, honest), pki_of(honest, honest));
    let context = context();
    for step in STEPS {
        go(&context, &pki, step).unwrap();
    }
    let before = context.snapshot().generation();
    assert!(go(&context, &other, Step::Certificate).is_err());
    assert_eq!(context.snapshot().generation(), before);
}

#[test]
fn without_an_own_certificate_authorities_are_judged_with_the_peer() {
    let pki = pki_of(|params| params.is_ca = IsCa::NoCa, honest);
    let context = context();
    go(&context, &pki, Step::Profile).unwrap();
    go(&context, &pki, Step::Authority).unwrap();
    let verdict = context.verify(Role::Client, None, 0, pki.certificate.as_bytes()).unwrap();
    assert!(verdict.outcome().is_ok());
}

#[test]
fn a_certificate_that_ended_meanwhile_keeps_nothing_else_from_being_changed() {
    let pki = pki_of(honest, honest);
    let context = context();
    for step in STEPS {
        go(&context, &pki, step).unwrap();
    }
    context.set(|settings| settings.verify_time = day(20).unix_timestamp().into()).unwrap();
    context.allow_dn(Some("CN=*")).unwrap();
}

#[test]
fn strict_wants_a_purpose_of_tls_whichever_comes_first() {
    let pki = pki_of(honest, time_stamping);
    for failed in [context(), {
        let context = context();
        go(&context, &pki, Step::Authority).unwrap();
        context
    }]
    .map(|context| go(&context, &pki, Step::Certificate).unwrap_err())
    {
        assert_eq!(failed.problems(), Problems::WRONG_PURPOSE);
    }
}

#[test]
fn a_certificate_that_libvirt_takes_does_not_slip_into_strict() {
    let context = context();
    go(&context, &pki_of(honest, honest), Step::Profile).unwrap();
    go(&context, &pki_of(honest, time_stamping), Step::Certificate).unwrap();
    let back = context.set(|settings| settings.profile = Profile::Strict);
    assert_eq!(back.unwrap_err().problems(), Problems::WRONG_PURPOSE);
}

#[test]
fn a_layout_says_for_which_side_its_certificate_is() {
    let pki = pki_of(honest, client);
    let dir = std::env::temp_dir().join(format!("tlsconn-own-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("cacert.pem", &pki.authority);
    for side in ["client", "server"] {
        write(&format!("{side}cert.pem"), &pki.certificate);
        write(&format!("{side}key.pem"), &pki.key);
    }
    let load = |layout| {
        let context = context();
        go(&context, &pki, Step::Profile).unwrap();
        context.add_layout(layout, Some(&dir))
    };
    let (client, server) =
        (load(crate::material::Layout::Libvirt), load(crate::material::Layout::LibvirtServer));
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(client, Ok(()));
    let error = server.unwrap_err();
    assert_eq!(error.problems(), Problems::WRONG_PURPOSE);
    assert!(error.message().contains("servercert.pem: "), "{error}");
}
