//! A judgement in words, for the user who must decide or is told the result.
//!
//! Whatever a certificate says about itself is escaped before it gets here.

use std::sync::Arc;

use serde_json::{Value, json};

use super::asked::{Asked, Situation};
use crate::chain::Assessment;
use crate::error::{Error, Kind, Problems};
use crate::host::{Endpoint, Role};
use crate::known::{Entry, Standing};
use crate::material::{Certificate, Style, difference, time_text};

/// The error for a peer that is refused without a question.
pub(crate) fn refusal(asked: &Asked) -> Error {
    let endpoint = asked.whom();
    let kind = gravest(asked.problems).unwrap_or(match asked.situation {
        Situation::New => Kind::CertificateUnknown,
        Situation::Client if is_stranger(asked) => Kind::CertificateUnknown,
        Situation::Client => Kind::Certificate,
        Situation::Changed | Situation::Renewed => Kind::CertificateChanged,
        Situation::Untrusted | Situation::NewProblem => Kind::Certificate,
    });
    let mut message = match asked.situation {
        Situation::New => {
            format!("{endpoint} is a stranger, and strangers are refused: {}", shown(asked))
        }
        Situation::Changed => format!(
            "{endpoint} shows another certificate{} than the one known {}; unless its administrator confirms the new one, do not go on",
            same_key(asked),
            since(asked)
        ),
        Situation::Renewed => format!(
            "{endpoint} shows a renewed certificate, and that is refused: known {}",
            since(asked)
        ),
        Situation::Untrusted => format!("{endpoint} cannot be trusted: {}", shown(asked)),
        Situation::NewProblem => {
            format!("{endpoint} is known {}, but something is wrong with it now", since(asked))
        }
        Situation::Client => format!("{} may not come: {}", client(asked), shown(asked)),
    };
    if !asked.why.is_empty() {
        message = format!("{message}: {}", asked.why.join("; "));
    }
    Error::new(kind, message).with_problems(asked.problems).with_hint(what_to_do(asked))
}

/// The error for a chain that is judged without a host.
pub(crate) fn bad_chain(leaf: Option<&Certificate>, found: &Assessment) -> Error {
    let kind = gravest(found.problems).unwrap_or(Kind::Certificate);
    let shown = leaf.map(|one| one.text(Style::Line)).unwrap_or_default();
    let message = format!("the chain cannot be trusted: {shown}: {}", found.why.join("; "));
    Error::new(kind, message).with_problems(found.problems)
}

/// The error for a client from the directory that has a problem.
pub(crate) fn bad_client(who: &str, leaf: &Certificate, found: &Assessment) -> Error {
    let kind = gravest(found.problems).unwrap_or(Kind::Certificate);
    let why = found.why.join("; ");
    let message = format!("{who} may not come: {}: {why}", leaf.text(Style::Line));
    Error::new(kind, message)
        .with_problems(found.problems)
        .with_hint("put a certificate without these problems in its place")
}

/// A client, and whether it is known.
fn client(asked: &Asked) -> String {
    match &asked.previous {
        Some(_) => {
            format!(
                "{} is known {}, but something is wrong with it now and it",
                asked.whom(),
                since(asked)
            )
        }
        None if is_stranger(asked) => format!("{} is not known here and", asked.whom()),
        None => asked.whom(),
    }
}

/// Whether nothing at all vouches for a client: no authority, whatever else is wrong with its
/// certificate, and no entry.
fn is_stranger(asked: &Asked) -> bool {
    let unheard = asked.problems.is_empty() || asked.problems.contains(Problems::UNKNOWN_ISSUER);
    asked.previous.is_none() && unheard
}

/// The error kind for problems that are grave whatever the situation.
const fn gravest(problems: Problems) -> Option<Kind> {
    if problems.intersects(Problems::DISTRUSTED) {
        Some(Kind::CertificateDistrusted)
    } else if problems.intersects(Problems::REVOKED) {
        Some(Kind::CertificateRevoked)
    } else {
        None
    }
}

/// What the user can do about a refused peer.
fn what_to_do(asked: &Asked) -> String {
    let endpoint = asked.whom();
    if asked.problems.intersects(Problems::SEVERE) {
        let side = if asked.role == Role::Client { "client" } else { "server" };
        return format!(
            "this cannot be allowed by any answer; ask the administrator of the {side}"
        );
    }
    match asked.situation {
        Situation::New => {
            "set a validator that asks the user, or add the server to the known ones".to_owned()
        }
        Situation::Changed | Situation::Renewed => format!(
            "if the administrator of {endpoint} confirms the new certificate, remove the entry for it (tlsconn_known_remove(), or its lines in the file of known servers) and connect again; if not, somebody may be listening in between"
        ),
        Situation::Untrusted if asked.problems.intersects(Problems::UNKNOWN_ISSUER) => format!(
            "add the authority of {endpoint} to the context, or its certificate to the known servers after comparing the fingerprint with its administrator"
        ),
        Situation::Untrusted | Situation::NewProblem
            if asked.problems.contains(Problems::NAME_MISMATCH) =>
        {
            format!(
                "check the name {}, or set the name that the certificate must have (tlsconn_conn_set_verify_name())",
                asked.endpoint.as_ref().map(|endpoint| endpoint.host.as_str()).unwrap_or_default()
            )
        }
        Situation::Untrusted | Situation::NewProblem => {
            format!("ask the administrator of {endpoint} for a certificate without these problems")
        }
        Situation::Client if !is_stranger(asked) => {
            "give the client a certificate without these problems, or set TLSCONN_OPT_ON_CLIENT to ask"
                .to_owned()
        }
        Situation::Client => {
            "put its certificate into the directory of clients, let an authority that vouches for clients here sign one, or set TLSCONN_OPT_ON_CLIENT to ask"
                .to_owned()
        }
    }
}

/// The text of the question in one of the styles, ready to be shown.
pub(crate) fn question(asked: &Asked, style: Style) -> String {
    match style {
        Style::Line if asked.problems.is_empty() => {
            format!("{}: {}", headline(asked), shown(asked))
        }
        Style::Line => format!("{} ({}): {}", headline(asked), asked.problems, shown(asked)),
        Style::Summary => summary(asked, Style::Summary),
        Style::Full => summary(asked, Style::Full),
        Style::Json => json(asked).to_string(),
        Style::Pem => asked.chain.iter().map(|one| one.text(Style::Pem)).collect(),
    }
}

fn headline(asked: &Asked) -> String {
    let endpoint = asked.whom();
    match asked.situation {
        Situation::New => format!("{endpoint} is a new server"),
        Situation::Changed => {
            format!(
                "{endpoint} shows ANOTHER certificate{} than the one known {}",
                same_key(asked),
                since(asked)
            )
        }
        Situation::Renewed => format!("{endpoint} has a new certificate for its known key"),
        Situation::Untrusted if asked.problems.contains(Problems::UNKNOWN_ISSUER) => {
            format!("{endpoint} is a new server, and no authority vouches for it")
        }
        Situation::Untrusted => {
            format!("{endpoint} is a new server, and something is wrong with it")
        }
        Situation::NewProblem => {
            format!("{endpoint} is known {}, but something is wrong with it now", since(asked))
        }
        Situation::Client if asked.previous.is_some() => {
            format!("{endpoint} is known {}, but something is wrong with it now", since(asked))
        }
        Situation::Client => format!("{endpoint} is new here and asks to be let in"),
    }
}

fn summary(asked: &Asked, style: Style) -> String {
    let mut lines = vec![format!("{}.", headline(asked))];
    lines.extend(asked.why.iter().map(|why| format!("  ! {why}")));
    if let Some(name) = &asked.identity {
        lines.push(format!(
            "  It would be let in as {name}, and could do here whatever {name} may."
        ));
    }
    if let Some(certificate) = asked.certificate() {
        lines.push(String::new());
        lines.push(certificate.text(style).trim_end().to_owned());
        if let Some(previous) =
            asked.previous.as_ref().filter(|old| old.certificate != *certificate)
        {
            lines.push(String::new());
            lines.push("Compared with the certificate that is known:".to_owned());
            let text = difference(&previous.certificate, certificate);
            lines.extend(text.lines().map(|line| format!("  {line}")));
        }
    }
    lines.push(String::new());
    lines.push(advice(asked));
    lines.join("\n")
}

fn advice(asked: &Asked) -> String {
    match asked.situation {
        Situation::New => "If you expected this server, allow it. If you are not sure, compare the SHA-256 fingerprint with its administrator.",
        Situation::Renewed => "The key is the one you know, so this is most likely the same server with a new certificate.",
        Situation::Changed => "Unless its administrator told you of a new certificate, somebody may be listening in between: do not allow it.",
        Situation::Untrusted => "Compare the SHA-256 fingerprint with the administrator of the server, by another way than this network, before you allow it.",
        Situation::NewProblem => "Allow it only if you know why.",
        Situation::Client => "Compare the SHA-256 fingerprint with whoever runs that client, by another way than this network, before you let it in.",
    }
    .to_owned()
}

fn json(asked: &Asked) -> Value {
    let certificate = |one: &Certificate| {
        serde_json::from_str::<Value>(&one.text(Style::Json)).unwrap_or(Value::Null)
    };
    json!({
        "situation": situation_word(asked.situation),
        "host": asked.endpoint.as_ref().map(|endpoint| endpoint.host.as_str()),
        "port": asked.endpoint.as_ref().map(|endpoint| endpoint.port),
        "identity": asked.identity,
        "problems": asked.problems.names().collect::<Vec<_>>(),
        "why": asked.why,
        "chain": asked.chain.iter().map(certificate).collect::<Vec<_>>(),
        "previous": asked.previous.as_ref().map(|old| certificate(&old.certificate)),
        "known_since": asked.previous.as_ref().and_then(|old| old.added).map(time_text),
    })
}

/// The situation as one word.
pub(crate) const fn situation_word(situation: Situation) -> &'static str {
    match situation {
        Situation::New => "new",
        Situation::Changed => "changed",
        Situation::Renewed => "renewed",
        Situation::Untrusted => "untrusted",
        Situation::NewProblem => "new-problem",
        Situation::Client => "client",
    }
}

/// What the peer shows, on one line.
fn shown(asked: &Asked) -> String {
    asked.certificate().map(|one| one.text(Style::Line)).unwrap_or_default()
}

/// Whether another certificate at least has the known key, in words.
fn same_key(asked: &Asked) -> &'static str {
    let shown = asked.certificate().map(Certificate::key_sha256);
    let known = asked.previous.as_ref().map(|old| old.certificate.key_sha256());
    if shown == known { " with the same key" } else { "" }
}

/// Which entry is known, and since when.
fn since(asked: &Asked) -> String {
    let Some(entry) = &asked.previous else { return String::new() };
    let place = entry.place.as_ref().map(|place| format!(" as {place}")).unwrap_or_default();
    let fingerprint = entry.certificate.fingerprint();
    match entry.added {
        Some(added) => format!("since {}{place} (SHA-256 {fingerprint})", time_text(added)),
        None => format!("from the trusted material{place} (SHA-256 {fingerprint})"),
    }
}

/// Why a certificate of a chain is distrusted.
pub(crate) fn distrusted(certificate: &Certificate, entry: &Entry) -> String {
    let what = if *certificate == entry.certificate { "certificate" } else { "key" };
    let since = entry.added.map(|added| format!(" since {}", time_text(added))).unwrap_or_default();
    format!("the {what} of {} is marked distrusted{since}", certificate.subject())
}

/// Why there is a question about a known certificate: its entry has expired.
pub(crate) fn entry_expired(endpoint: &Endpoint, standing: &Standing) -> String {
    format!("the entry for {endpoint} expired{}", on_the_last_day(standing.entries.iter()))
}

/// Why there is a question about a known client: its entries have expired.
pub(crate) fn client_entry_expired<'a>(entries: impl Iterator<Item = &'a Arc<Entry>>) -> String {
    format!("the entry for this client expired{}", on_the_last_day(entries))
}

fn on_the_last_day<'a>(entries: impl Iterator<Item = &'a Arc<Entry>>) -> String {
    let last = entries.filter_map(|entry| entry.expires).max();
    last.map(|last| format!(" on {}", time_text(last))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
