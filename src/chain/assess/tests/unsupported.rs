use super::*;
use crate::error::bytes_shown;
use crate::material::testing::{ECDSA_SHA256, Parts, common_name, spki, tlv};

/// A certificate with this subject, issuer and key, signed by this algorithm: nobody can tell
/// whether it is.
fn odd(subject: &str, issuer: &str, key: &[u8], algorithm: &[u8]) -> Certificate {
    let algorithm = tlv(0x30, algorithm);
    Parts {
        subject: common_name(subject),
        issuer: common_name(issuer),
        spki: spki(key, &[4; 65]),
        algorithms: (algorithm.clone(), algorithm),
        ..Parts::default()
    }
    .certificate()
}

/// A server with thousands of names of each kind, below two certificates each of four intermediates:
/// sixteen paths, none of them without a problem.
fn many_names(root: &Maker) -> Vec<Certificate> {
    let mut path = vec![];
    let above = (0..4).fold(None, |above: Option<Maker>, n| {
        let mut params = authority(&format!("Middle {n}"));
        params.not_after = day(-1);
        let key = KeyPair::generate().unwrap();
        let again = || KeyPair::try_from(key.serialized_der()).unwrap();
        let issuer = above.as_ref().unwrap_or(root);
        path.push(issuer.below_with_key(params.clone(), again()).certificate());
        let maker = issuer.below_with_key(params, again());
        path.push(maker.certificate());
        Some(maker)
    });
    let hosts: Vec<String> = (0..2_000).map(|n| format!("_{n}.example")).collect();
    let mut params = named("b.example", &[]);
    for host in &hosts {
        params.subject_alt_names.push(rcgen::SanType::DnsName(host.as_str().try_into().unwrap()));
    }
    for n in 0..2_000_u64 {
        let kind = DnType::CustomDnType(vec![2, 5, 4, 1_000 + n]);
        params.distinguished_name.push(kind, "another name");
    }
    path.push(above.unwrap().sign(&params));
    path.reverse();
    path
}

#[test]
fn what_is_told_of_thousands_of_names_does_not_grow_with_their_number_and_that_of_paths() {
    let root = Maker::authority("Root");
    let chain = many_names(&root);
    assert!(chain[0].der().len() > 60_000);
    for profile in [Profile::Strict, Profile::Libvirt, Profile::Pedantic] {
        // Read again: what was made once is kept with a certificate.
        let chain: Vec<_> =
            chain.iter().map(|one| Certificate::from_der(one.der()).unwrap()).collect();
        let rules = Rules { profile, ..rules_of(&[&root]) };
        let before = bytes_shown();
        let found = assess_path(&case(&chain, &host()), &rules);
        let shown = bytes_shown() - before;
        assert!(found.problems.contains(Problems::NAME_MISMATCH | Problems::EXPIRED));
        // The leaf's own name is read once; the sentences of sixteen paths are made of cut ones.
        let name = chain[0].subject_der().len() * 2;
        assert!(shown < name + 100_000, "{profile:?}: {shown} of {name}");
    }
}

const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

#[test]
fn an_authority_whose_key_is_not_supported_is_named_with_its_key() {
    let ecdsa = tlv(6, ECDSA_SHA256);
    let curve = |oid: &[u8]| [tlv(6, EC), tlv(6, oid)].concat();
    for (key, words) in [
        (curve(&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7]), "ECDSA brainpoolP256r1"),
        (curve(&[0x2b, 0x81, 4, 0, 10]), "ECDSA secp256k1"),
        (curve(&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d]), "ECDSA SM2"),
        (curve(&[0x55, 4, 3]), "ECDSA 2.5.4.3"),
        (tlv(6, &[0x2b, 0x65, 0x71]), "Ed448"),
        (tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]), "DSA"),
        (tlv(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 0x12]), "ML-DSA-65"),
        (tlv(6, &[0x2a, 3, 4]), "1.2.3.4"),
    ] {
        let leaf = odd("a.example", "Odd CA", &curve(&[0x2b, 0x81, 4, 0, 0x22]), &ecdsa);
        let authority = odd("Odd CA", "Odd CA", &key, &ecdsa);
        let rules =
            Rules { anchors: Arc::new(Anchors::new(vec![authority.clone()])), ..Rules::default() };
        let here = format!("CN=Odd CA is here, but its key, {words}, is not supported");
        let sent = format!("CN=Odd CA was sent along, but its key, {words}, is not supported");
        for (chain, rules, wanted) in [
            (vec![leaf.clone()], &rules, here),
            (vec![leaf.clone(), authority.clone()], &Rules::default(), sent),
        ] {
            let found = assess_path(&case(&chain, &host()), rules);
            assert!(found.problems.contains(Problems::UNKNOWN_ISSUER), "{words}");
            assert!(!found.problems.contains(Problems::BAD_SIGNATURE), "{words}");
            assert!(
                found.why.iter().any(|why| *why == wanted.as_str()),
                "{wanted}: {:?}",
                found.why
            );
        }
    }
}

#[test]
fn a_signature_whose_algorithm_is_not_supported_is_named_with_it() {
    let rsa = |last: u8| tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last]);
    let with_parameters = "with other parameters than those of TLS";
    for (algorithm, words) in [
        (rsa(4), "RSA with MD5"),
        (rsa(5), "RSA with SHA-1"),
        (tlv(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 10]), "ECDSA with SHA3-256"),
        (tlv(6, &[0x2a, 0x85, 3, 7, 1, 1, 3, 2]), "GOST R 34.10-2012, 256 bits"),
        (tlv(6, &[0x2b, 0x65, 0x71]), "Ed448"),
        (tlv(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 0x11]), "ML-DSA-44"),
        (tlv(6, &[0x2a, 3, 4]), "1.2.3.4"),
        (rsa(10), &format!("RSA-PSS {with_parameters}")),
    ] {
        let root = Maker::authority("Root");
        let ed25519 = tlv(6, &[0x2b, 0x65, 0x70]);
        let leaf = odd("a.example", "Root", &ed25519, &algorithm);
        let found = assess_path(&case(&[leaf], &host()), &rules_of(&[&root]));
        let both = Problems::UNKNOWN_ISSUER | Problems::WEAK_SIGNATURE;
        assert!(found.problems.contains(both), "{words}: {}", found.problems);
        let wanted = format!("the signature on CN=a.example, {words}, is not supported");
        assert!(found.why.iter().any(|why| *why == wanted.as_str()), "{wanted}: {:?}", found.why);
    }
}

#[test]
fn the_limit_that_a_search_ended_at_is_said() {
    let sent = |count: usize| -> Vec<Certificate> {
        let root = Maker::authority("Root");
        let others = (0..count).map(|_| Maker::authority("Root").certificate());
        std::iter::once(root.sign(&server("a.example"))).chain(others).collect()
    };
    let large = |count: usize| -> Vec<Certificate> {
        let key = || KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let others = (0..count).map(|_| Maker::with_key(authority("Root"), key()).certificate());
        std::iter::once(sent(0).remove(0)).chain(others).collect()
    };
    for (chain, limit) in [
        (sent(120), "the search for a path ended at its limit of 100 certificates"),
        (large(30), "the search for a path ended at its limit of 100 units of work"),
        (large(20), ""),
    ] {
        let found = assess_path(&case(&chain, &host()), &Rules::default());
        let said = found.why.iter().any(|why| why.contains("its limit of"));
        assert_eq!(said, !limit.is_empty(), "{:?}", found.why);
        assert!(found.why.iter().any(|why| why.contains(limit)), "{:?}", found.why);
    }
}

#[test]
fn a_key_that_handshakes_do_not_take_is_weak_on_a_peer_in_every_profile() {
    let root = Maker::authority("Root");
    let (short, rules) = (Odd::ShortAuthority.read(), rules_of(&[&root]));
    let curve = [tlv(6, EC), tlv(6, &[0x2b, 0x81, 4, 0, 0x22])].concat();
    // No point of P-384 has this form, and no RSA key is without parameters.
    let off = odd("a.example", "Root", &curve, &tlv(6, ECDSA_SHA256));
    for profile in [Profile::Strict, Profile::Libvirt, Profile::Pedantic] {
        let rules = Rules { profile, ..rules.clone() };
        for leaf in [&short, &off] {
            let chain = std::slice::from_ref(leaf);
            let [path, exact] = [assess_path, assess_exact]
                .map(|assess| assess(&case(chain, &host()), &rules).problems);
            assert!(path.contains(Problems::WEAK_KEY), "{profile:?}: {path}");
            assert!(exact.contains(Problems::WEAK_KEY), "{profile:?}: {exact}");
        }
    }
}
