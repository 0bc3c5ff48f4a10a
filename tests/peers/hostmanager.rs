//! The hostmanager and its client: who sees what, who is let in, and what a crash leaves.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

use crate::support::example;
use crate::support::hostmanager::{Host, answers};
use crate::support::openssl::{issued, self_signed};
use crate::support::{has, terminal};

/// A daemon that knows alice and bob.
fn start() -> Option<Host> {
    has(&["openssl"]).then(|| Host::start(&["alice", "bob"], &[]))
}

#[test]
fn two_backends_see_only_their_own_objects() {
    let Some(host) = start() else { return };
    answers(&host.ask("alice", "create network lan 10.0.0.0/8\nlist network\n"), "ok\n+ lan\nok\n");
    answers(&host.ask("bob", "list network\nget network lan\n"), "ok\nerror not-found\n");
    answers(&host.ask("bob", "create network lan 192.168.0.0/16\n"), "ok\n");
    answers(&host.ask("alice", "get network lan\n"), "ok 10.0.0.0/8\n");
    answers(&host.ask("bob", "get network lan\nlist network\n"), "ok 192.168.0.0/16\n+ lan\nok\n");
    host.ends_well();
}

#[test]
fn a_foreign_object_answers_byte_for_byte_like_a_missing_one() {
    let Some(host) = start() else { return };
    let made = "create template t-here x\ncreate element e-here t-here x\ncreate network n-here x\n\
                create element f-here - x\ncreate connection c-here e-here f-here x\n";
    answers(&host.ask("alice", made), "ok\nok\nok\nok\nok\n");
    let mut requests = String::new();
    for (kind, name, uses) in [
        ("template", "t", ""),
        ("network", "n", ""),
        ("element", "e", " -"),
        ("element", "e", " t-WHERE"),
        ("connection", "c", " e-WHERE f-WHERE"),
    ] {
        requests += &format!("get {kind} {name}-WHERE\ndelete {kind} {name}-WHERE\n");
        requests += &format!("modify {kind} {name}-WHERE{uses} text\n");
    }
    requests += "create element mine t-WHERE\ncreate connection mine e-WHERE f-WHERE\n";
    let foreign = host.ask("bob", &requests.replace("WHERE", "here"));
    let missing = host.ask("bob", &requests.replace("WHERE", "gone"));
    assert_eq!(foreign.printed, missing.printed);
    assert_eq!(foreign.errors, missing.errors);
    assert_eq!(foreign.printed, "error not-found\n".repeat(17));
    let untouched = "get template t-here\nget element e-here\nget connection c-here\n";
    answers(&host.ask("alice", untouched), "ok x\nok t-here x\nok e-here f-here x\n");
}

#[test]
fn two_certificates_with_one_name_share_everything() {
    let Some(host) = start() else { return };
    host.add_backend("alice-second", "alice");
    answers(&host.ask("alice", "create network lan one\n"), "ok\n");
    answers(&host.ask("alice-second", "get network lan\nmodify network lan two\n"), "ok one\nok\n");
    answers(&host.ask("alice", "get network lan\ndelete network lan\n"), "ok two\nok\n");
    answers(&host.ask("alice-second", "list network\n"), "ok\n");
}

#[test]
fn names_are_unique_for_an_owner_and_a_kind() {
    let Some(host) = start() else { return };
    answers(&host.ask("alice", "create network a\ncreate network a\n"), "ok\nerror exists\n");
    answers(&host.ask("alice", "create template a\ncreate element a a\n"), "ok\nok\n");
    answers(&host.ask("bob", "create network a\n"), "ok\n");
}

#[test]
fn what_is_used_must_be_there_and_stays() {
    let Some(host) = start() else { return };
    let requests = "create element a debian\ncreate template debian\ncreate element a debian\n\
                    create element b -\ncreate connection ab a b fast\ndelete element a\n\
                    delete template debian\nmodify connection ab b gone\nget connection ab\n\
                    delete connection ab\ndelete element a\ndelete template debian\n";
    let replies = "error not-found\nok\nok\nok\nok\nerror in-use\nerror in-use\nerror not-found\n\
                   ok a b fast\nok\nok\nok\n";
    answers(&host.ask("alice", requests), replies);
}

#[test]
fn a_long_list_comes_in_pieces() {
    let Some(host) = start() else { return };
    let made: String = (0..300).map(|i| format!("create network n{i:03}\n")).collect();
    answers(&host.ask("alice", &made), &"ok\n".repeat(300));
    let names =
        |from: usize, to: usize| -> String { (from..to).map(|i| format!("+ n{i:03}\n")).collect() };
    answers(&host.ask("alice", "list network\n"), &(names(0, 256) + "ok more\n"));
    answers(&host.ask("alice", "list network n255\n"), &(names(256, 300) + "ok\n"));
    answers(&host.ask("alice", "list network n043\n"), &(names(44, 300) + "ok\n"));
}

#[test]
fn what_is_no_request_is_told_so_and_shows_nothing_of_it() {
    let Some(host) = start() else { return };
    let long = "n".repeat(65);
    for request in [
        "",
        " ",
        "list",
        "list networks",
        "list network a b",
        "list network -",
        "get network",
        "get network a b",
        "get network -a",
        "get network a/b",
        "get network \u{e4}",
        "get  network a",
        "get network a ",
        "delete network",
        "create network",
        "create element a",
        "create element a b/c",
        "create connection a b",
        "create connection a b -",
        "create network a\tb",
        "create network a\r",
        "create network a\0b",
        "\0",
        "\x1b[2J",
        "drop network a",
        "GET network a",
        &format!("get network {long}"),
    ] {
        answers(&host.ask("alice", &format!("{request}\nlist network\n")), "error syntax\nok\n");
    }
    answers(
        &host.ask("alice", "create network a  two  blanks \u{e4}\nget network a\n"),
        "ok\nok  two  blanks \u{e4}\n",
    );
}

#[test]
fn thousands_of_requests_may_be_on_their_way() {
    let Some(host) = start() else { return };
    let requests: String =
        (0..3000).map(|i| format!("create network n{i}\nget network n{i}\n")).collect();
    answers(&host.ask("alice", &requests), &"ok\nok\n".repeat(3000));
    host.ends_well();
}

#[test]
fn a_certificate_that_another_backend_signed_is_refused() {
    let Some(host) = start() else { return };
    answers(&host.ask("bob", "create network lan secret\n"), "ok\n");
    let alice = host.pair("alice");
    issued(host.root(), "forged", "bob", &alice);
    issued(host.root(), "nobody", "nobody", &alice);
    for forged in ["forged", "nobody"] {
        host.ask(forged, "get network lan\n").failed_with(&["127.0.0.1"]);
    }
    // With another authority beside the directory it is no different.
    let authority = self_signed(host.root(), "authority", "Authority");
    let host = host.restart(&["--ca", authority.certificate.to_str().unwrap()]);
    for forged in ["forged", "nobody"] {
        let refused = host.ask(forged, "get network lan\n");
        assert_eq!(refused.printed, "");
        refused.failed_with(&["127.0.0.1"]);
    }
    let log = host.ends_well();
    assert_eq!(log.matches("is refused").count(), 2, "{log}");
}

#[test]
fn an_authority_cannot_grant_the_name_of_a_directory_entry() {
    let Some(host) = start() else { return };
    let authority = self_signed(host.root(), "authority", "Authority");
    issued(host.root(), "carol", "carol", &authority);
    issued(host.root(), "false-bob", "bob", &authority);
    let refused = host.ask("carol", "list network\n");
    refused.failed_with(&["127.0.0.1"]);
    let host = host.restart(&["--ca", authority.certificate.to_str().unwrap()]);
    answers(&host.ask("carol", "create network lan\nlist network\n"), "ok\n+ lan\nok\n");
    answers(&host.ask("bob", "create network lan secret\n"), "ok\n");
    let refused = host.ask("false-bob", "get network lan\n");
    assert_eq!(refused.printed, "");
    refused.failed_with(&["127.0.0.1"]);
    let log = host.ends_well();
    assert!(log.contains("carol: admitted by the authority"), "{log}");
    assert!(log.contains("bob: admitted by the directory"), "{log}");
}

#[test]
fn a_certificate_that_is_taken_away_ends_its_connection_at_the_next_request() {
    let Some(host) = start() else { return };
    let (mut alice, mut bob) = (host.session("alice"), host.session("bob"));
    assert_eq!(alice.ask("create network lan"), "ok\n");
    assert_eq!(bob.ask("create network lan"), "ok\n");
    fs::remove_file(host.entry("alice")).unwrap();
    assert_eq!(alice.ask("delete network lan"), "");
    assert_eq!(bob.ask("get network lan"), "ok\n");
    host.ask("alice", "list network\n").failed_with(&["127.0.0.1"]);
    alice.finish().failed_with(&["127.0.0.1"]);
    bob.finish().succeeded();
    fs::copy(&host.pair("alice").certificate, host.entry("alice")).unwrap();
    answers(&host.ask("alice", "list network\n"), "+ lan\nok\n");
}

#[test]
fn a_restart_keeps_everything() {
    let Some(host) = start() else { return };
    let made = "create template t x\ncreate element e t\ncreate element f -\ncreate connection c e f 1\n\
                create network n y\nmodify network n z\ndelete network n\n";
    answers(&host.ask("alice", made), &"ok\n".repeat(7));
    let host = host.restart(&[]);
    let asked = "get template t\nget element e\nget connection c\nlist network\n";
    answers(&host.ask("alice", asked), "ok x\nok t\nok e f 1\nok\n");
    answers(&host.ask("bob", asked), "error not-found\nerror not-found\nerror not-found\nok\n");
    host.ends_well();
}

#[test]
fn a_kill_in_the_middle_of_writes_loses_nothing_that_was_acknowledged() {
    let Some(mut host) = start() else { return };
    // Of every three objects the first is made, the second changed too, the third gone again.
    let requests = |round: usize| -> Vec<(usize, String)> {
        (0..2000)
            .flat_map(|i| {
                let name = format!("r{round}-{i}");
                let mut of_this = vec![(i, format!("create network {name} first\n"))];
                match i % 3 {
                    1 => of_this.push((i, format!("modify network {name} second\n"))),
                    2 => of_this.push((i, format!("delete network {name}\n"))),
                    _ => {}
                }
                of_this
            })
            .collect()
    };
    for (round, until) in [1, 2, 40, 333, 1000, 64, 65].into_iter().enumerate() {
        let requests = requests(round);
        let mut alice = host.session("alice");
        alice.send(requests.iter().map(|(_, request)| request.as_str()).collect());
        for _ in 0..until {
            assert_eq!(alice.reply(), "ok\n");
        }
        host = host.kill_and_start();
        // What came before the client noticed was acknowledged too.
        let rest = alice.finish();
        let acknowledged = until + rest.printed.matches("ok\n").count();
        // The last one of them may have more requests, of which nobody knows what became.
        let whole = requests.get(acknowledged).map_or(2000, |(i, _)| *i);
        assert!(whole > 0 || acknowledged < 2);
        let asked: String = (0..whole).map(|i| format!("get network r{round}-{i}\n")).collect();
        let expected: String =
            (0..whole).map(|i| ["ok first\n", "ok second\n", "error not-found\n"][i % 3]).collect();
        assert_eq!(host.ask("alice", &asked).printed, expected, "round {round}");
    }
    host.ends_well();
}

#[test]
fn a_full_disk_is_told_and_loses_nothing_that_was_acknowledged() {
    let Some(host) = start() else { return };
    let host = host.restart_on_a_small_disk();
    let text = "x".repeat(1000);
    let made: String = (0..500).map(|i| format!("create network n{i} {text}\n")).collect();
    let replies = host.ask("alice", &made).printed;
    let asked: String = (0..500).map(|i| format!("get network n{i}\n")).collect();
    let expected: String = replies
        .lines()
        .map(|reply| match reply {
            "ok" => format!("ok {text}\n"),
            "error storage" => "error not-found\n".to_owned(),
            other => panic!("{other}"),
        })
        .collect();
    assert!(replies.contains("ok") && replies.contains("error storage"));
    assert!(host.ask("alice", &asked).printed == expected);
    let host = host.restart(&[]);
    assert!(host.ask("alice", &asked).printed == expected);
    answers(&host.ask("alice", "create network after\n"), "ok\n");
    host.ends_well();
}

#[test]
fn silent_and_half_finished_clients_keep_nobody_waiting() {
    let Some(host) = start() else { return };
    let silent: Vec<_> =
        (0..200).map(|_| TcpStream::connect(("127.0.0.1", host.port())).unwrap()).collect();
    let mut halves: Vec<_> = (0..5).map(|_| host.session("bob")).collect();
    for half in &mut halves {
        assert_eq!(half.ask("list network"), "ok\n");
        half.send(vec!["create network "]);
    }
    answers(&host.ask("alice", "create network lan\nlist network\n"), "ok\n+ lan\nok\n");
    for (i, half) in halves.iter_mut().enumerate() {
        assert_eq!(half.ask(&format!("half{i}")), "ok\n");
    }
    drop(silent);
    for half in halves {
        half.finish().succeeded();
    }
    host.ends_well();
}

#[test]
fn hundreds_of_idle_clients_keep_nobody_waiting() {
    let Some(host) = start() else { return };
    let idle = host.idle("bob", 300);
    answers(&host.ask("alice", "create network lan\nlist network\n"), "ok\n+ lan\nok\n");
    drop(idle);
    answers(&host.ask("bob", "list network\n"), "ok\n");
    host.ends_well();
}

#[test]
fn who_does_not_get_on_is_cut_off_at_the_deadline() {
    let Some(host) = start() else { return };
    // Under valgrind an honest client takes seconds as well.
    let deadline = if std::env::var_os("TLSCONN_RUN").is_some() { "20" } else { "2" };
    let host = host.restart(&["--deadline", deadline]);
    let silent = TcpStream::connect(("127.0.0.1", host.port())).unwrap();
    let mut half = host.session("bob");
    half.send(vec!["create network "]);
    let mut deaf = host.session("alice");
    let text = "x".repeat(4000);
    assert_eq!(deaf.ask(&format!("create network big {text}")), "ok\n");
    // Its replies go nowhere: nobody reads what the client prints.
    deaf.send(vec!["get network big\n"; 10_000]);
    host.wait_for("bob: takes too long");
    host.wait_for("alice: takes too long");
    host.wait_for("is refused: ");
    drop(silent);
    half.finish().failed_with(&["127.0.0.1"]);
    deaf.finish();
    answers(&host.ask("bob", "list network\n"), "ok\n");
}

#[test]
fn a_line_that_does_not_end_is_cut_off() {
    let Some(host) = start() else { return };
    let most = format!("create network a {}", "x".repeat(4096 - "create network a ".len()));
    answers(&host.ask("alice", &format!("{most}\n")), "ok\n");
    let more = host.ask("alice", &format!("{most}x\nlist network\n"));
    assert_eq!(more.printed, "error too-long\n");
    let mut endless = host.session("alice");
    endless.send(vec!["xxxxxxxxxxxxxxxx"; 1 << 20]);
    host.wait_for("alice: sent a line that is too long");
    assert_eq!(endless.finish().printed, "error too-long\n");
    // What the client still sends must not cost it the reply.
    let and_more = format!("{most}x\n{}", "list network\n".repeat(20_000));
    for _ in 0..20 {
        assert_eq!(host.ask("alice", &and_more).printed, "error too-long\n");
    }
    answers(&host.ask("alice", "list network\n"), "+ a\nok\n");
}

#[test]
fn a_revoked_client_is_cut_off_when_the_list_is_read() {
    let Some(host) = start() else { return };
    let (authority, list) = revoking(&host);
    let carol = issued(host.root(), "carol", "carol", &authority);
    let (ca, crl) = (authority.certificate.to_str().unwrap(), list.to_str().unwrap());
    crate::support::openssl::revocation_list(host.root(), &list, &authority, None);
    let host = host.restart(&["--ca", ca, "--crl", crl]);
    let mut session = host.session("carol");
    assert_eq!(session.ask("create network lan"), "ok\n");
    crate::support::openssl::revocation_list(host.root(), &list, &authority, Some(&carol));
    host.signal(Signal::HUP);
    host.wait_for("reload: everything");
    assert_eq!(session.ask("list network"), "");
    session.finish().failed_with(&["127.0.0.1"]);
    host.ask("carol", "list network\n").failed_with(&["127.0.0.1"]);
    host.ends_well();
}

fn revoking(host: &Host) -> (crate::support::folder::Pair, PathBuf) {
    (self_signed(host.root(), "authority", "Authority"), host.root().join("authority.crl"))
}

#[test]
fn the_client_asks_once_about_a_server_that_no_authority_vouches_for() {
    let Some(host) = start() else { return };
    let words = host.client_without_authority("alice", &["list", "network"]);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let home = host.home();
    let first = terminal::run("hostmanager-client", &words, &home, &["a"]);
    first.succeeded().asked(1);
    let second = terminal::run("hostmanager-client", &words, &home, &[]);
    second.succeeded().asked(0);
    assert_eq!(second.printed, "ok\n");
    terminal::run("hostmanager-client", &[&words[..], &["x\ny"]].concat(), &home, &[])
        .failed_with(&["one line"]);
}

/// Links of the hash of a subject, as `openssl rehash` makes them.
fn links(host: &Host) -> usize {
    let is_link =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_type().unwrap().is_symlink();
    fs::read_dir(host.root().join("clients")).unwrap().map(is_link).filter(|is| *is).count()
}

#[test]
fn the_index_of_the_directory_is_rebuilt_at_the_start_and_by_a_signal() {
    let Some(host) = start() else { return };
    assert_eq!(links(&host), 2);
    host.add_backend("carol", "carol");
    let host = host.restart(&[]);
    assert_eq!(links(&host), 3);
    host.add_backend("dave", "dave");
    host.signal(Signal::HUP);
    host.wait_for("reload");
    assert_eq!(links(&host), 4);
}

#[test]
fn what_the_file_says_counts_where_the_command_line_is_silent() {
    let Some(host) = start() else { return };
    let file = host.root().join("hostmanager.conf");
    let authority = self_signed(host.root(), "authority", "Clients");
    let text = format!(
        "# clients of this one, too\n\n  ca = {}\nlisten = nowhere:1\n",
        authority.certificate.display()
    );
    fs::write(&file, text).unwrap();
    let host = host.restart(&["--config", file.to_str().unwrap()]);
    issued(host.root(), "eve", "eve", &authority);
    answers(&host.ask("eve", "list network\n"), "ok\n");
}

#[test]
fn a_line_of_the_file_that_says_nothing_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("hostmanager.conf");
    for (line, words) in [
        ("listen", "this is not NAME = VALUE"),
        ("deadline = soon", "1 to 86400 seconds"),
        ("clientz = /nowhere", "no option of this name"),
    ] {
        fs::write(&file, format!("# first\n{line}\n")).unwrap();
        let path = file.to_str().unwrap();
        let program = example::words("hostmanager");
        let output = Command::new(&program[0])
            .args(&program[1..])
            .args(["--config", path])
            .env_remove("LD_LIBRARY_PATH")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{path}, line 2: ")) && said.contains(words), "{said}");
    }
}
