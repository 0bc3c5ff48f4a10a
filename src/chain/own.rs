//! Whether our own certificate is fit for use under the profile: for TLS, or what libvirt's daemons
//! and clients require when they start, authorities included.
//!
//! Its dates do not depend on the profile, and are checked where it is loaded.

use std::sync::Arc;

use super::anchors::Anchors;
use super::assess::assess_path;
use super::finding::{Assessment, Case, Profile};
use super::position::Position;
use super::revocation::CrlMode;
use super::rules::Rules;
use super::{libvirt, strict};
use crate::error::Problems;
use crate::host::Role;
use crate::material::{Certificate, KeyUsage};

/// What is wrong with our own certificate for the side that `role` says, or for either.
pub(crate) fn own(
    profile: Profile,
    chain: &[Certificate],
    role: Option<Role>,
    anchors: &Arc<Anchors>,
    now: i64,
) -> (Problems, Vec<String>) {
    match profile {
        Profile::Strict | Profile::Pedantic => strict_own(chain, role),
        Profile::Libvirt => libvirt_own(chain, role, anchors, now),
    }
}

/// What STRICT asks: a purpose that TLS has for this side, a key that may sign, and DER.
fn strict_own(chain: &[Certificate], role: Option<Role>) -> (Problems, Vec<String>) {
    let mut out = Assessment::default();
    strict::encoding_of(chain, &mut out);
    let Some(leaf) = chain.first() else { return told(out) };
    let usage = leaf.facts().extended_key_usage.as_ref().filter(|usage| !usage.any);
    let others = usage.and_then(|usage| match role {
        Some(Role::Server) => (!usage.server_auth).then_some("does not name servers"),
        Some(Role::Client) => (!usage.client_auth).then_some("does not name clients"),
        None => {
            let is_fit = usage.server_auth || usage.client_auth;
            (!is_fit).then_some("names neither clients nor servers")
        }
    });
    if let Some(others) = others {
        out.add(Problems::WRONG_PURPOSE, format!("its extended key usage {others}"));
    }
    // One that issued another of the chain stands in the wrong place, which is told with the key.
    let is_issuer = chain.iter().skip(1).any(|one| one.issuer_der() == leaf.subject_der());
    if !is_issuer && !strict::may_sign(leaf) {
        let why = "its key usage lacks digitalSignature, and every handshake here is signed";
        out.add(Problems::WRONG_PURPOSE, why.to_owned());
    }
    told(out)
}

/// What is wrong with our own certificate and the authorities loaded with it; empty if peers will
/// accept it as a client's or a server's, or as what `role` says. Without an authority only the
/// certificate itself is checked.
pub(crate) fn libvirt_own(
    chain: &[Certificate],
    role: Option<Role>,
    anchors: &Arc<Anchors>,
    now: i64,
) -> (Problems, Vec<String>) {
    let Some(leaf) = chain.first() else { return (Problems::NONE, Vec::new()) };
    let assess = |role| {
        if anchors.is_empty() {
            let mut out = Assessment::default();
            let case = Case { role, name: None, chain, now };
            libvirt::check(&case, leaf, Position::Leaf, &mut out);
            return out;
        }
        let rules = Rules {
            profile: Profile::Libvirt,
            crl_mode: CrlMode::Off,
            anchors: Arc::clone(anchors),
            ..Rules::default()
        };
        assess_path(&Case { role, name: None, chain, now }, &rules)
    };
    match role {
        Some(role) => told(assess(role)),
        None => {
            let (client, server) = (assess(Role::Client), assess(Role::Server));
            let is_for_servers = server.problems.count() < client.problems.count();
            told(if is_for_servers { server } else { client })
        }
    }
}

/// What is wrong with an authority loaded with our own certificate. libvirt requires basic
/// constraints here, which the judge does not ask of a trusted authority.
pub(crate) fn libvirt_authority(certificate: &Certificate, now: i64) -> (Problems, Vec<String>) {
    let position = Position::Anchor(0);
    let mut out = Assessment::default();
    strict::dates(now, certificate, position, &mut out);
    let facts = certificate.facts();
    let what = position.of(certificate);
    if facts.basic_constraints.is_none_or(|constraints| !constraints.ca) {
        let why = format!("{what} is not an authority (CA): its basic constraints do not say so");
        out.add(Problems::CONSTRAINT, why);
    }
    let signs = |usage: KeyUsage| usage.allows(KeyUsage::KEY_CERT_SIGN);
    if facts.key_usage.is_some_and(|usage| usage.critical && !signs(usage)) {
        let why = format!(
            "{what} is not allowed to sign certificates: its critical key usage lacks keyCertSign"
        );
        out.add(Problems::CONSTRAINT, why);
    }
    told(out)
}

fn told(found: Assessment) -> (Problems, Vec<String>) {
    (found.problems, found.why.into_iter().map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use rcgen::ExtendedKeyUsagePurpose::{self, Any, ClientAuth, CodeSigning, ServerAuth};
    use rcgen::KeyUsagePurpose::{self, DigitalSignature, KeyAgreement, KeyEncipherment};

    use super::*;
    use crate::material::testing::{Maker, NOW, named};

    #[test]
    fn strict_and_pedantic_want_a_purpose_of_the_side_that_is_said() {
        let fit = |purposes: &[ExtendedKeyUsagePurpose]| {
            let mut params = named("own", &[]);
            params.extended_key_usages = purposes.to_vec();
            let (chain, anchors) = ([Maker::of(params).certificate()], Arc::default());
            [Some(Role::Server), Some(Role::Client), None].map(|role| {
                let [strict, pedantic] = [Profile::Strict, Profile::Pedantic]
                    .map(|profile| own(profile, &chain, role, &anchors, NOW));
                assert_eq!(strict, pedantic);
                assert!(strict.0.is_empty() || strict.0 == Problems::WRONG_PURPOSE);
                assert_eq!(strict.0.is_empty(), strict.1.is_empty());
                strict.0.is_empty()
            })
        };
        assert_eq!(fit(&[]), [true; 3]);
        assert_eq!(fit(&[Any]), [true; 3]);
        assert_eq!(fit(&[ServerAuth]), [true, false, true]);
        assert_eq!(fit(&[ClientAuth]), [false, true, true]);
        assert_eq!(fit(&[CodeSigning]), [false; 3]);
    }

    #[test]
    fn a_key_that_may_not_sign_is_for_neither_side() {
        let found = |usages: &[KeyUsagePurpose]| {
            let mut params = named("own", &[]);
            params.key_usages = usages.to_vec();
            let (chain, anchors) = ([Maker::of(params).certificate()], Arc::default());
            [Some(Role::Server), Some(Role::Client), None].map(|role| {
                let [strict, pedantic] = [Profile::Strict, Profile::Pedantic]
                    .map(|profile| own(profile, &chain, role, &anchors, NOW));
                assert_eq!(strict, pedantic);
                strict.0
            })
        };
        assert_eq!(found(&[]), [Problems::NONE; 3]);
        assert_eq!(found(&[DigitalSignature, KeyEncipherment]), [Problems::NONE; 3]);
        assert_eq!(found(&[KeyEncipherment]), [Problems::WRONG_PURPOSE; 3]);
        assert_eq!(found(&[KeyAgreement]), [Problems::WRONG_PURPOSE; 3]);
    }
}
