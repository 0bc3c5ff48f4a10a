//! The cases of libvirt's own suite, of host names and of policies, whose certificates are made
//! anew here. What is wanted is what the real libvirt said.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use tlsconn::{Context, CrlMode, Error, Layout, Material, Profile, Role};

use super::der::extension;
use super::folder;
use super::made::{Key, Made, extensions, texts};
use super::record::{Judged, PROFILES, compare};

/// The time of every judgement: 2026-11-21, at midnight.
const NOW: i64 = 1_795_219_200;
const HOUR: i64 = 3600;

/// Judges every case, and compares.
pub(crate) fn check() {
    let Some(folder) = folder::folder() else { return };
    let mut cases = Cases { judged: Vec::new() };
    for path in folder::files(&folder, "libvirt-", ".json") {
        let file: Value = serde_json::from_str(&folder::text(&path)).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem.starts_with("libvirt-tls") {
            cases.suites(&file);
        } else if stem.starts_with("libvirt-hostnames") {
            cases.hosts(&file);
        } else if stem.starts_with("libvirt-policies") {
            cases.policies(&file);
        } else {
            println!("{stem}: nobody here knows how to judge these cases");
        }
    }
    compare("libvirt", &cases.judged);
}

/// A name, attribute by attribute.
type Name = Vec<(String, String)>;

struct Cases {
    judged: Vec<Judged>,
}

impl Cases {
    /// Judges one case in the profiles that matter for libvirt.
    fn judge(
        &mut self,
        class: &str,
        id: String,
        wanted: &Value,
        verdict: impl Fn(Profile) -> Result<(), String>,
    ) {
        let wanted = match wanted.as_str() {
            Some("accept" | "ok") => true,
            Some("reject" | "refused") => false,
            other => panic!("{id}: no verdict: {other:?}"),
        };
        for (profile, value) in PROFILES.into_iter().filter(|(name, _)| *name != "pedantic") {
            let verdict = verdict(value);
            self.judged.push(Judged {
                id: id.clone(),
                class: class.to_owned(),
                profile,
                wanted,
                accepted: verdict.is_ok(),
                why: verdict.err().unwrap_or_default(),
            });
        }
    }

    fn suites(&mut self, file: &Value) {
        for (name, shared) in [("shared-key", true), ("own-keys", false)] {
            let suite = &file["suites"]["context"];
            let made = certificates(suite, shared);
            for test in suite["tests"].as_array().unwrap() {
                let id = format!("{}:{name}", test["id"].as_str().unwrap());
                let files = Files::of(suite, &made, test);
                self.judge("own certificates", id, &test["expect"], |profile| files.load(profile));
            }
            let suite = &file["suites"]["session"];
            let made = certificates(suite, shared);
            for test in suite["tests"].as_array().unwrap() {
                self.session(suite, &made, test, name);
            }
        }
    }

    fn session(&mut self, suite: &Value, made: &Certificates, test: &Value, name: &str) {
        let (server, client) = (&test["server"], &test["client"]);
        let id = test["id"].as_str().unwrap();
        let leaf = |side: &Value| made[side["cert"].as_str().unwrap()].0.clone();
        let authority = |side: &Value| authority(suite, made, &side["ca"]).unwrap();
        let expect = &test["expect"];
        self.judge(
            "clients",
            format!("{id}:server:{name}"),
            &expect["server_verdict_on_client"],
            |profile| {
                let context = context(profile, &authority(server));
                for pattern in texts(&server["dn_allow_list"]) {
                    context.allow_dn(Some(&pattern)).map_err(said)?;
                }
                verify(&context, Role::Client, None, &leaf(client))
            },
        );
        self.judge(
            "servers",
            format!("{id}:client:{name}"),
            &expect["client_verdict_on_server"],
            |profile| {
                let context = context(profile, &authority(client));
                verify(&context, Role::Server, client["hostname"].as_str(), &leaf(server))
            },
        );
    }

    fn hosts(&mut self, file: &Value) {
        let (authority_key, key) = (Key::p256(), Key::p256());
        let issuer = parsed("CN=X CA");
        let authority =
            made(&issuer, &issuer, &authority_key, &authority_key, authority_extensions());
        for case in file["cases"].as_array().unwrap() {
            let names = texts(&case["cn"]).into_iter();
            let subject: Name = names.map(|name| ("CN".to_owned(), name)).collect();
            let mut all = extensions(case);
            all.extend(extensions(&leaf_basics()));
            let leaf = made(&subject, &issuer, &key, &authority_key, all);
            let id = case["id"].as_str().unwrap().to_owned();
            self.judge("host names", id, &case["libvirt_gnutls_3_7_9"], |profile| {
                let context = context(profile, &authority);
                verify(&context, Role::Server, case["host"].as_str(), &leaf)
            });
        }
    }

    fn policies(&mut self, file: &Value) {
        let mut keys = BTreeMap::new();
        for case in file["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let leaf_key = match case["sent_chain"][0]["key"].as_str().unwrap() {
                "RSAPublicKey 2048" => "RSA",
                "ECPublicKey 256" => "P-256",
                "RSAPublicKey 1024" => "short",
                other => {
                    println!("{id} is left out: nobody here makes a key {other}");
                    continue;
                }
            };
            let all = [&case["ca_file"], &case["sent_chain"]];
            let all = all.iter().flat_map(|list| list.as_array().unwrap());
            if all
                .clone()
                .any(|one| one["validity"] != "valid" || one["sig"] != "ecdsa-with-SHA256")
            {
                println!("{id} is left out: nobody here makes its certificates");
                continue;
            }
            for name in all.flat_map(|one| [&one["subject"], &one["issuer"]]) {
                keys.entry(name.as_str().unwrap().to_owned()).or_insert_with(Key::p256);
            }
            keys.entry(leaf_key.to_owned()).or_insert_with(|| match leaf_key {
                "RSA" => Key::rsa(),
                "P-256" => Key::p256(),
                _ => Key::Short,
            });
            let authority = texts_of(&case["ca_file"], case, &keys, None);
            let chain = texts_of(&case["sent_chain"], case, &keys, Some(&keys[leaf_key]));
            let host = case["host"].as_str();
            let wanted = &case["libvirt_client_verdict"];
            self.judge("policies", format!("{id}:client"), wanted, |profile| {
                verify(&context(profile, &authority), Role::Server, host, &chain)
            });
            let Some(key) = keys[leaf_key].pem() else { continue };
            let wanted = &case["libvirtd_start_with_sanity_check"];
            let files =
                Files { side: Side::Server, authority: Some(authority), pair: Some((chain, key)) };
            self.judge("policies at start", format!("{id}:start"), wanted, |profile| {
                files.load(profile)
            });
        }
    }
}

/// Certificate and key in PEM, by name.
type Certificates = BTreeMap<String, (String, String)>;

/// Every certificate of a suite. Upstream has one key for all; with keys of their own authorities
/// that are neighbours in the file differ, and no leaf has an authority's.
fn certificates(suite: &Value, shared: bool) -> Certificates {
    let all = suite["certs"].as_object().unwrap();
    let keys: Vec<_> = (0..if shared { 1 } else { 6 }).map(|_| Key::rsa()).collect();
    let authorities = all.iter().filter(|(_, one)| one["basic_constraints"]["ca"] == true);
    let authorities: BTreeMap<_, _> = authorities
        .enumerate()
        .map(|(at, (name, _))| (name, &keys[at % (keys.len().max(2) - 1)]))
        .collect();
    let key = |name: &String| authorities.get(name).copied().unwrap_or(keys.last().unwrap());
    let mut made = Certificates::new();
    for (name, one) in all {
        let issuer = one["issuer"].as_str().unwrap();
        let issuer = if issuer == "self" { name } else { &issuer.to_owned() };
        let hours = |key: &str| NOW + HOUR * one[key].as_i64().unwrap();
        let end = hours("not_after_hours");
        let begin = hours("not_before_hours");
        // Some tools cannot make what ends before it begins; libvirt says the same of both.
        let begin = if end < begin && !shared { end - HOUR } else { begin };
        let certificate = Made {
            subject: &subject(one),
            issuer: &subject(&all[issuer]),
            begin,
            end,
            key: key(name),
            signer: key(issuer),
            extensions: extensions(one),
        };
        made.insert(name.clone(), (certificate.pem(), key(name).pem().unwrap()));
    }
    made
}

fn subject(of: &Value) -> Name {
    let attribute =
        |one: &Value| (one[0].as_str().unwrap().to_owned(), one[1].as_str().unwrap().to_owned());
    of["subject"].as_array().unwrap().iter().map(attribute).collect()
}

/// The text of an authority, or of a bundle of them.
fn authority(suite: &Value, made: &Certificates, name: &Value) -> Option<String> {
    let name = name.as_str()?;
    Some(match name.strip_prefix("bundle:") {
        Some(bundle) => {
            let order = texts(&suite["bundles"][bundle]["order"]);
            order.iter().map(|one| made[one].0.as_str()).collect()
        }
        None => made[name].0.clone(),
    })
}

/// The certificates of a list, in PEM; `leaf` is the key of the first.
fn texts_of(
    list: &Value,
    case: &Value,
    keys: &BTreeMap<String, Key>,
    leaf: Option<&Key>,
) -> String {
    let unknown = case["what"].as_str().unwrap().contains("unknown critical extension in leaf");
    let mut text = String::new();
    for (at, one) in list.as_array().unwrap().iter().enumerate() {
        let (subject, issuer) = (one["subject"].as_str().unwrap(), one["issuer"].as_str().unwrap());
        let leaf = leaf.filter(|_| at == 0);
        let mut all = extensions(one);
        if unknown && leaf.is_some() {
            all.push(extension("1.3.6.1.4.1.55555.1", true, &[5, 0]));
        }
        let key = leaf.unwrap_or_else(|| &keys[subject]);
        text += &made(&parsed(subject), &parsed(issuer), key, &keys[issuer], all);
    }
    text
}

fn parsed(name: &str) -> Name {
    let attribute = |text: &str| {
        let (kind, value) = text.split_once('=').unwrap();
        (kind.to_owned(), value.to_owned())
    };
    name.split(',').map(attribute).collect()
}

fn made(
    subject: &Name,
    issuer: &Name,
    key: &Key,
    signer: &Key,
    extensions: Vec<Vec<u8>>,
) -> String {
    let (begin, end) = (NOW - HOUR, NOW + 24 * HOUR);
    Made { subject, issuer, begin, end, key, signer, extensions }.pem()
}

fn authority_extensions() -> Vec<Vec<u8>> {
    extensions(&serde_json::json!({
        "basic_constraints": { "critical": true, "ca": true, "path_len": null },
        "key_usage": { "critical": true, "bits": ["keyCertSign", "cRLSign"] },
    }))
}

fn leaf_basics() -> Value {
    serde_json::json!({
        "basic_constraints": { "critical": true, "ca": false, "path_len": null },
        "key_usage": { "critical": true, "bits": ["digitalSignature", "keyEncipherment"] },
    })
}

/// Which of libvirt's programs has the files.
#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

/// What lies in libvirt's directory.
struct Files {
    side: Side,
    authority: Option<String>,
    /// Certificate and key.
    pair: Option<(String, String)>,
}

impl Files {
    fn of(suite: &Value, made: &Certificates, test: &Value) -> Self {
        let side = if test["role"] == "server" { Side::Server } else { Side::Client };
        let pair = test["cert"].as_str().map(|name| made[name].clone());
        Self { side, authority: authority(suite, made, &test["ca"]), pair }
    }

    /// Loads them as libvirt's program does.
    fn load(&self, profile: Profile) -> Result<(), String> {
        let directory = tempfile::tempdir().unwrap();
        let (layout, certificate, key) = match self.side {
            Side::Client => (Layout::Libvirt, "clientcert.pem", "clientkey.pem"),
            Side::Server => (Layout::LibvirtServer, "servercert.pem", "serverkey.pem"),
        };
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        };
        if let Some(text) = &self.authority {
            write("cacert.pem", text);
        }
        if let Some((own, its_key)) = &self.pair {
            write(certificate, own);
            write(key, its_key);
        }
        let context = empty(profile);
        context.add_layout(layout, Some(directory.path())).map_err(said)
    }
}

fn empty(profile: Profile) -> Context {
    let context = Context::new();
    context
        .set(|settings| {
            settings.profile = profile;
            settings.verify_time = Some(NOW);
            settings.crl_mode = CrlMode::IfPresent;
        })
        .unwrap();
    context
}

fn context(profile: Profile, authority: &str) -> Context {
    let context = empty(profile);
    context.add(Material::Authority, authority.as_bytes()).unwrap();
    context
}

fn verify(context: &Context, role: Role, host: Option<&str>, chain: &str) -> Result<(), String> {
    let verdict = context.verify(role, host, 0, chain.as_bytes()).map_err(said)?;
    verdict.outcome().map(drop).map_err(|_| verdict.text())
}

fn said(error: Error) -> String {
    error.message().to_owned()
}
