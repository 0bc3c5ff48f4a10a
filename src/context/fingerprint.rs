//! A fingerprint of everything that decides which clients are admitted.
//!
//! It is the same in every process with the same material, whatever the order in which that was
//! added or how often it changed: no counter is included. A session ticket can only be opened under
//! the fingerprint that it was sealed under. What changes outside the context, such as the files in
//! a directory of clients, is not included: a client that resumes a session is judged again.

use std::os::unix::ffi::OsStrExt;

use super::pairs::ServerPair;
use super::pieces::Own;
use super::settings::Settings;
use super::snapshot::Snapshot;
use crate::chain::{CrlMode, Profile, Rules};
use crate::known::{IdentityFrom, Known};
use crate::material::{Writers, sha256};
use crate::tls::{Options, OwnPair, Version};
use crate::trust::{Admission, ClientAuth, Policies, Policy};

/// Bytes under names: two different lists of parts never give the same text.
struct Text(Vec<u8>);

impl Text {
    fn part(&mut self, name: &str, bytes: &[u8]) {
        for one in [name.as_bytes(), bytes] {
            self.0.extend(u64::try_from(one.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.0.extend(one);
        }
    }

    /// Parts whose order does not matter.
    fn set(&mut self, name: &str, mut all: Vec<Vec<u8>>) {
        all.sort_unstable();
        all.dedup();
        all.iter().for_each(|one| self.part(name, one));
    }

    fn admission(&mut self, admission: &Admission) {
        let Admission {
            auth,
            identity_from,
            directory,
            directory_writers,
            directory_and_authorities,
            names,
            identities,
        } = admission;
        if let Some(patterns) = names.patterns() {
            self.part("names", b"listed");
            self.set("name", patterns.into_iter().map(String::into_bytes).collect());
        }
        if let Some(identities) = identities {
            self.part("identities", b"listed");
            self.set("identity", identities.iter().map(|one| one.clone().into_bytes()).collect());
        }
        self.part("identity from", identity_word(*identity_from));
        self.part("clients", auth_word(*auth));
        if let Some(directory) = directory {
            self.part("directory", directory.path().as_os_str().as_bytes());
            let group = *directory_writers == Writers::Group;
            self.part("directory of a group", &[u8::from(group)]);
            self.part("directory and authorities", &[u8::from(*directory_and_authorities)]);
        }
    }

    /// What the settings decide beyond what rules and admission have taken from them.
    fn settings(&mut self, settings: &Settings) {
        let Settings {
            policies:
                Policies {
                    on_new: _,
                    on_changed: _,
                    on_renewed: _,
                    on_untrusted: _,
                    on_new_problem: _,
                    on_client,
                },
            crl_mode: _,
            crl_grace: _,
            profile: _,
            verify_time: _,
            tls:
                Options {
                    min_version,
                    max_version,
                    groups,
                    suites,
                    alpn,
                    resumption: _,
                    send_certificate: _,
                    key_log: _,
                },
            handshake_timeout: _,
            answer_timeout: _,
            io_timeout: _,
            client_auth: _,
            identity_from: _,
            directory_group_may_write: _,
            directory_and_authorities: _,
            tickets: _,
            confirm_client_auth: _,
        } = settings;
        self.part("policy", policy_word(*on_client));
        for protocol in alpn {
            self.part("protocol", protocol);
        }
        for group in groups.names() {
            self.part("group", group.as_bytes());
        }
        for suite in suites.names() {
            self.part("suite", suite.as_bytes());
        }
        self.part("versions", &[version_word(*min_version), version_word(*max_version)]);
    }
}

impl Snapshot {
    /// The fingerprint of what this snapshot admits. Everything is destructured: a new field of the
    /// snapshot does not compile until it is either included here or left out on purpose.
    pub(super) fn admission_fingerprint(&self) -> [u8; 32] {
        let Self {
            generation: _,
            rules: Rules { profile, crl_mode, crl_grace, anchors, crls, time_from: _ },
            clean: _,
            settings,
            asking: _,
            validator: _,
            known: Known { store: _, clients, given: _, session: _ },
            admission,
            own,
            pairs,
            ticket_secret: _,
            setup: _,
            server: _,
        } = self;
        let mut text = Text(Vec::new());
        text.part("form", b"1");
        text.set("authority", anchors.all().iter().map(|one| one.sha256().to_vec()).collect());
        text.set("list", crls.identities().map(|one| one.to_vec()).collect());
        text.part("list mode", mode_word(*crl_mode));
        text.part("list grace", &crl_grace.to_be_bytes());
        text.part("profile", profile_word(*profile));
        text.admission(admission);
        text.settings(settings);
        if let Some(clients) = clients {
            text.part("known clients", clients.path().as_os_str().as_bytes());
        }
        let Own { active, waiting_chain: _, waiting_key: _, lines: _ } = own;
        let own = active.iter().map(|(chain, key)| OwnPair { names: None, chain, key });
        // The chain says whose key it is.
        for OwnPair { names, chain, key: _ } in own.chain(pairs.iter().map(ServerPair::pair)) {
            text.part("pair", names.map(ToString::to_string).unwrap_or_default().as_bytes());
            chain.iter().for_each(|one| text.part("certificate", one.sha256()));
        }
        sha256(&text.0)
    }
}

const fn mode_word(mode: CrlMode) -> &'static [u8] {
    match mode {
        CrlMode::Off => b"off",
        CrlMode::IfPresent => b"if present",
        CrlMode::Required => b"required",
    }
}

const fn profile_word(profile: Profile) -> &'static [u8] {
    match profile {
        Profile::Strict => b"strict",
        Profile::Libvirt => b"libvirt",
        Profile::Pedantic => b"pedantic",
    }
}

const fn identity_word(from: IdentityFrom) -> &'static [u8] {
    match from {
        IdentityFrom::CommonName => b"cn",
        IdentityFrom::DnsName => b"dns",
        IdentityFrom::Email => b"email",
        IdentityFrom::DistinguishedName => b"dn",
        IdentityFrom::Sha256 => b"sha256",
    }
}

const fn auth_word(auth: ClientAuth) -> &'static [u8] {
    match auth {
        ClientAuth::None => b"none",
        ClientAuth::Optional => b"optional",
        ClientAuth::Required => b"required",
    }
}

const fn policy_word(policy: Policy) -> &'static [u8] {
    match policy {
        Policy::Auto => b"auto",
        Policy::Refuse => b"refuse",
        Policy::Ask => b"ask",
        Policy::Allow => b"allow",
    }
}

const fn version_word(version: Version) -> u8 {
    match version {
        Version::Tls12 => 12,
        Version::Tls13 => 13,
    }
}
