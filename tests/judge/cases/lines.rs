//! Cases in the form of x509-limbo, a JSON object on each line; what their members mean here
//! is in `runner.c`, which does the same from C.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tlsconn::{Certificate, Context, CrlMode, IdentityFrom, Material, Profile, Role};

use super::folder;
use super::record::{Judged, PROFILES, compare};

/// Where a peer is known that has no name to look at.
const NOWHERE: &str = "case.invalid";

/// Judges every case in the files of this name, and compares.
pub(crate) fn check(name: &str) {
    let Some(folder) = folder::folder() else { return };
    let files = folder::files(&folder, &format!("{name}-"), ".jsonl.gz");
    let texts: Vec<_> = files.iter().map(|path| folder::text(path)).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let cases: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    if cases.is_empty() {
        return;
    }
    let next = AtomicUsize::new(0);
    let judged = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Vec::new();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    mine.extend(PROFILES.map(|profile| judge(case, profile)));
                }
                judged.lock().unwrap().extend(mine);
            });
        }
    });
    let judged = judged.into_inner().unwrap();
    print_times(name, &judged);
    let judged: Vec<_> = judged.into_iter().map(|(one, _)| one).collect();
    compare(name, &judged);
}

/// Figures for the reader: how long a case takes is no matter of right and wrong.
fn print_times(name: &str, judged: &[(Judged, Duration)]) {
    let all: Duration = judged.iter().map(|(_, time)| *time).sum();
    println!("{name}: {} judgements took {all:.2?} of the threads' time", judged.len());
    let mut slowest: Vec<_> = judged.iter().collect();
    slowest.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    for (one, time) in slowest.iter().take(3) {
        println!("{name}: {} ({}) took {time:.1?}", one.id, one.profile);
    }
}

fn judge(case: &Value, (name, profile): (&'static str, Profile)) -> (Judged, Duration) {
    let text = |key: &str| case[key].as_str().unwrap().to_owned();
    let mut class = text("cls");
    if class == "core" && text("kind") == "CLIENT" {
        class += " of clients";
    }
    let start = Instant::now();
    let (accepted, why) = verdict(case, profile);
    let took = start.elapsed();
    let wanted = text("expected") == "SUCCESS";
    (Judged { id: text("id"), class, profile: name, wanted, accepted, why }, took)
}

fn strings<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key].as_array().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

fn verdict(case: &Value, profile: Profile) -> (bool, String) {
    let role = match case["kind"].as_str() {
        Some("SERVER") => Role::Server,
        Some("CLIENT") => Role::Client,
        kind => panic!("no kind: {kind:?}"),
    };
    let time = case["time"].as_i64();
    if time.is_some_and(|time| time < 0) {
        return (false, "the library judges at no time before 1970".to_owned());
    }
    let peer_name = &case["peer_name"];
    let host = match (peer_name["kind"].as_str(), peer_name["value"].as_str()) {
        (None, _) => None,
        (Some("DNS" | "IP"), host) => host,
        (Some(kind), _) => return (false, format!("a name of kind {kind} cannot be checked")),
    };
    let trust = Trust::of(case);
    let crls = strings(case, "crls");
    let mut why = String::new();
    let context = Context::new();
    let crl_mode = if crls.is_empty() { CrlMode::Off } else { CrlMode::Required };
    context
        .set(|settings| {
            settings.profile = profile;
            settings.verify_time = time;
            settings.crl_mode = crl_mode;
            // The cases ask nothing of names that a client does not have.
            settings.identity_from = IdentityFrom::Sha256;
        })
        .unwrap();
    let anchors = if trust.anchors { strings(case, "trusted") } else { Vec::new() };
    let anchors = anchors.into_iter().map(|pem| (Material::Authority, pem));
    let crls = crls.into_iter().map(|pem| (Material::Crl, pem));
    for (material, pem) in anchors.chain(crls) {
        if let Err(error) = context.add(material, pem.as_bytes()) {
            why += &format!("not taken: {}\n", error.message());
        }
    }
    let leaf = case["leaf"].as_str().unwrap();
    let known = trust.leaf(case) && know(&context, role, host, leaf, &mut why);
    let chain = std::iter::once(leaf).chain(strings(case, "intermediates"));
    let chain = chain.collect::<Vec<_>>().join("\n");
    let (host, port) = if known { (host.or(Some(NOWHERE)), 1) } else { (host, 0) };
    match context.verify(role, host, port, chain.as_bytes()) {
        Ok(verdict) => (verdict.outcome().is_ok(), why + &verdict.text()),
        Err(error) => (false, why + error.message()),
    }
}

/// Makes the leaf a known peer; its names are accepted where none is asked for.
fn know(context: &Context, role: Role, host: Option<&str>, leaf: &str, why: &mut String) -> bool {
    let certificate = parse(leaf).unwrap();
    let place = match host {
        Some(host) if host.contains(':') => format!("[{host}]:1"),
        _ => format!("{}:1", host.unwrap_or(NOWHERE)),
    };
    let accepted = if host.is_none() { "Accepted: name-mismatch\n" } else { "" };
    let role = if role == Role::Client { "Role: client\n" } else { "" };
    let entry =
        format!("Host: {place}\nSHA256: {}\n{accepted}{role}{leaf}", certificate.fingerprint());
    let added = context.add(Material::TrustedPeer, entry.as_bytes());
    if let Err(error) = &added {
        *why += &format!("the leaf is no known peer: {}\n", error.message());
    }
    added.is_ok()
}

fn parse(pem: &str) -> Option<Certificate> {
    Certificate::all_from_pem(pem.as_bytes(), "the case").ok()?.into_iter().next()
}

/// What a case means by `trusted`.
struct Trust {
    anchors: bool,
    leaf: bool,
    self_signed: bool,
}

impl Trust {
    fn of(case: &Value) -> Self {
        let features = strings(case, "features");
        let said: Vec<_> = features.iter().filter(|one| one.starts_with("TRUSTED_")).collect();
        Self {
            anchors: said.is_empty() || said.iter().any(|one| one.starts_with("TRUSTED_ANCHOR")),
            leaf: case.get("features").is_none() || said.iter().any(|one| one.contains("_LEAF")),
            self_signed: said.iter().any(|one| one.contains("_REQUIRE_SELF_SIGNED")),
        }
    }

    /// Whether the leaf itself is trusted.
    fn leaf(&self, case: &Value) -> bool {
        let Some(leaf) = self.leaf.then(|| parse(case["leaf"].as_str().unwrap())).flatten() else {
            return false;
        };
        let trusted = strings(case, "trusted").into_iter().filter_map(parse);
        trusted.into_iter().any(|one| one.der() == leaf.der())
            && (!self.self_signed || leaf.subject() == leaf.issuer())
    }
}
