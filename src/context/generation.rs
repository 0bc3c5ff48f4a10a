//! A fingerprint of everything that decides which client is let in.
//!
//! It is the same in every process with the same material, whatever the order in which that was
//! added or how often it changed: no counter goes in. A session ticket opens only under the
//! fingerprint that it was sealed under. What changes without the context, such as the files in
//! a directory of clients, is not in it: whoever resumes a session is judged again.

use std::os::unix::ffi::OsStrExt;

use super::snapshot::Snapshot;
use crate::chain::{CrlMode, Profile};
use crate::known::IdentityFrom;
use crate::material::sha256;
use crate::tls::Version;
use crate::trust::{ClientAuth, Policy};

/// Bytes under names: two different lists of parts never make the same text.
struct Text(Vec<u8>);

impl Text {
    fn part(&mut self, name: &str, bytes: &[u8]) {
        for one in [name.as_bytes(), bytes] {
            self.0.extend(u64::try_from(one.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.0.extend(one);
        }
    }

    /// Parts whose order says nothing.
    fn set(&mut self, name: &str, mut all: Vec<Vec<u8>>) {
        all.sort_unstable();
        all.dedup();
        all.iter().for_each(|one| self.part(name, one));
    }
}

impl Snapshot {
    /// The fingerprint of what this snapshot lets in.
    pub(super) fn generation_for_clients(&self) -> [u8; 32] {
        let mut text = Text(Vec::new());
        let (rules, settings, admission) = (&self.rules, &self.settings, &self.admission);
        text.part("form", b"1");
        let anchors = rules.anchors.all();
        text.set("authority", anchors.iter().map(|one| one.sha256().to_vec()).collect());
        text.set("list", rules.crls.identities().map(|one| one.to_vec()).collect());
        text.part("list mode", crl_mode(rules.crl_mode));
        text.part("list grace", &rules.crl_grace.to_be_bytes());
        text.part("profile", profile(rules.profile));
        if let Some(patterns) = admission.names.patterns() {
            text.part("names", b"listed");
            text.set("name", patterns.into_iter().map(String::into_bytes).collect());
        }
        if let Some(identities) = &admission.identities {
            text.part("identities", b"listed");
            text.set("identity", identities.iter().map(|one| one.clone().into_bytes()).collect());
        }
        text.part("identity from", identity_from(admission.identity_from));
        text.part("clients", auth(admission.auth));
        text.part("policy", policy(settings.policies.on_client));
        if let Some(directory) = &admission.directory {
            text.part("directory", directory.path().as_os_str().as_bytes());
            let both = admission.directory_and_authorities;
            text.part("directory and authorities", &[u8::from(both)]);
        }
        if let Some(clients) = &self.known.clients {
            text.part("known clients", clients.path().as_os_str().as_bytes());
        }
        for protocol in &settings.tls.alpn {
            text.part("protocol", protocol);
        }
        let (min, max) = (settings.tls.min_version, settings.tls.max_version);
        text.part("versions", &[version(min), version(max)]);
        for pair in self
            .own
            .active
            .iter()
            .map(|(chain, _)| (None, chain.as_slice()))
            .chain(self.pairs.iter().map(|one| (one.pair().names, one.pair().chain)))
        {
            let (names, chain) = pair;
            text.part("pair", names.map(ToString::to_string).unwrap_or_default().as_bytes());
            chain.iter().for_each(|one| text.part("certificate", one.sha256()));
        }
        sha256(&text.0)
    }
}

const fn crl_mode(mode: CrlMode) -> &'static [u8] {
    match mode {
        CrlMode::Off => b"off",
        CrlMode::IfPresent => b"if present",
        CrlMode::Required => b"required",
    }
}

const fn profile(profile: Profile) -> &'static [u8] {
    match profile {
        Profile::Strict => b"strict",
        Profile::Libvirt => b"libvirt",
        Profile::Pedantic => b"pedantic",
    }
}

const fn identity_from(from: IdentityFrom) -> &'static [u8] {
    match from {
        IdentityFrom::CommonName => b"cn",
        IdentityFrom::DnsName => b"dns",
        IdentityFrom::Email => b"email",
        IdentityFrom::DistinguishedName => b"dn",
        IdentityFrom::Sha256 => b"sha256",
    }
}

const fn auth(auth: ClientAuth) -> &'static [u8] {
    match auth {
        ClientAuth::None => b"none",
        ClientAuth::Optional => b"optional",
        ClientAuth::Required => b"required",
    }
}

const fn policy(policy: Policy) -> &'static [u8] {
    match policy {
        Policy::Auto => b"auto",
        Policy::Refuse => b"refuse",
        Policy::Ask => b"ask",
        Policy::Allow => b"allow",
    }
}

const fn version(version: Version) -> u8 {
    match version {
        Version::Tls12 => 12,
        Version::Tls13 => 13,
    }
}
