//! A judgement in words, for the user who must decide or is told the result.
//!
//! What a certificate says about itself comes here as [`Calm`] only, so every sentence has room for
//! it; our own words and the fingerprints stand before it and are never cut. Texts of several lines
//! are laid out for a terminal.

use std::sync::Arc;

use serde_json::{Value, json};

use super::asked::{Asked, Situation};
use crate::chain::Assessment;
use crate::error::{
    Calm, Error, Faults, Kind, PeerCause, Problems, Side, Then, TimeFrom, fingerprint_lines, hung,
};
use crate::host::{Endpoint, Role};
use crate::known::{Entry, Standing};
use crate::material::{Certificate, Style, difference, time_text};

/// How long a message may become before reasons are left out, in bytes.
const ROOM: usize = 960;

/// The most reasons in a text of several lines.
const MOST_REASONS: usize = 16;

/// The most certificates of a chain in JSON. No path is longer.
const MOST_CERTIFICATES: usize = 10;

/// How soon the end of a certificate is worth a word beside the one that replaces it, in seconds.
const SOON: i64 = 30 * DAY;

const DAY: i64 = 86_400;

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
    let message = match asked.situation {
        Situation::New => format!(
            "{endpoint} is a stranger, and strangers are refused{}: {}",
            by("TLSCONN_OPT_ON_NEW", asked),
            shown(asked)
        ),
        Situation::Changed => format!(
            "{endpoint} presented a certificate{} other than the one known {}, and that is refused{}: {}; unless its administrator confirms the new one, do not go on",
            same_key(asked),
            since(asked),
            by("TLSCONN_OPT_ON_CHANGED", asked),
            old_and_new(asked)
        ),
        Situation::Renewed => format!(
            "{endpoint} presented a renewed certificate for the key known {}, and that is refused{}: {}",
            since(asked),
            by("TLSCONN_OPT_ON_RENEWED", asked),
            old_and_new(asked)
        ),
        Situation::Untrusted => format!("{endpoint} cannot be trusted: {}", shown(asked)),
        Situation::NewProblem => format!(
            "{endpoint} is known {} by this certificate (SHA-256 {}), but something is wrong with it now",
            since(asked),
            fingerprint(asked.certificate())
        ),
        Situation::Client => format!("{} is not allowed: {}", client(asked), shown(asked)),
    };
    let message = with_reasons(message, &asked.why, asked.problems);
    let error = Error::new(kind, message).with_problems(asked.problems);
    let now = time_text(asked.now);
    let faults = Faults {
        whom: &endpoint,
        side: side(asked.role),
        problems: asked.problems,
        details: &asked.details,
        now: (asked.time_from, &now),
        no_authority: asked.no_authority,
        then: Then::Nothing,
    };
    because(error, asked, &faults)
}

/// The option that refuses, unless what is wrong can be allowed by none.
fn by(option: &str, asked: &Asked) -> String {
    let is_severe = asked.problems.intersects(Problems::SEVERE);
    if is_severe { String::new() } else { format!(" ({option})") }
}

/// A message and its reasons, as many as there is room for.
fn with_reasons(mut message: String, why: &[Calm], problems: Problems) -> String {
    for (index, one) in why.iter().enumerate() {
        let separator = if index == 0 { ": " } else { "; " };
        if message.len().saturating_add(one.len()) > ROOM {
            let left = why.len().saturating_sub(index);
            let more = if index == 0 { problems.to_string() } else { format!("and {left} more") };
            return message + separator + &more;
        }
        message.push_str(separator);
        message.push_str(one);
    }
    message
}

/// The error for a chain that is judged without a host.
pub(crate) fn bad_chain(
    leaf: Option<&Certificate>,
    found: &Assessment,
    role: Role,
    (now, time_from): (i64, TimeFrom),
) -> Error {
    let kind = gravest(found.problems).unwrap_or(Kind::Certificate);
    let shown = leaf.map(|one| one.text(Style::Line)).unwrap_or_default();
    let message = format!("the chain cannot be trusted: {shown}");
    let message = with_reasons(message, &found.why, found.problems);
    let (whom, now) = (leaf.map(Certificate::subject).unwrap_or_default(), time_text(now));
    let faults = Faults {
        whom: &whom,
        side: side(role),
        problems: found.problems,
        details: &found.details,
        now: (time_from, &now),
        no_authority: false,
        then: Then::Nothing,
    };
    Error::new(kind, message).with_problems(found.problems).because(&faults)
}

/// The error for a client from the directory that has a problem.
pub(crate) fn bad_client(
    who: &str,
    leaf: &Certificate,
    found: &Assessment,
    (now, time_from): (i64, TimeFrom),
) -> Error {
    let kind = gravest(found.problems).unwrap_or(Kind::Certificate);
    let message = format!("{who} is not allowed: {}", leaf.text(Style::Line));
    let message = with_reasons(message, &found.why, found.problems);
    let (whom, now) = (leaf.subject(), time_text(now));
    let faults = Faults {
        whom: &whom,
        side: Side::Client,
        problems: found.problems,
        details: &found.details,
        now: (time_from, &now),
        no_authority: false,
        then: Then::Replace,
    };
    let error = Error::new(kind, message).with_problems(found.problems);
    error.because(&faults)
}

/// A client, and whether it is known.
fn client(asked: &Asked) -> String {
    match &asked.previous {
        Some(_) => {
            format!(
                "{} is known {}, but something is wrong with it now: it",
                asked.whom(),
                since(asked)
            )
        }
        None if is_stranger(asked) => format!("{} is not known here and so", asked.whom()),
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

/// Which side a peer of this role is on.
const fn side(role: Role) -> Side {
    match role {
        Role::Server => Side::Server,
        Role::Client => Side::Client,
    }
}

/// Adds to the error for a refused peer what to do about it.
fn because(error: Error, asked: &Asked, faults: &Faults<'_>) -> Error {
    if asked.problems.intersects(Problems::SEVERE) {
        return error.because(faults);
    }
    match asked.situation {
        Situation::New => error.because(&PeerCause::NewServer),
        Situation::Changed | Situation::Renewed => {
            error.because(&PeerCause::OtherCertificate(asked.whom()))
        }
        Situation::Untrusted | Situation::NewProblem => error.because(faults),
        Situation::Client if is_stranger(asked) => error.because(&PeerCause::UnknownClient),
        Situation::Client => error.because(&Faults { then: Then::Ask, ..*faults }),
    }
}

/// The text of the question in one of the styles, ready to be shown.
pub(crate) fn question(asked: &Asked, style: Style) -> String {
    match style {
        Style::Line => Calm::sentence(line(asked)).into(),
        Style::Summary => summary(asked, Style::Summary),
        Style::Full => summary(asked, Style::Full),
        Style::Json => json(asked).to_string(),
        Style::Pem => asked.chain.iter().map(|one| one.text(Style::Pem)).collect(),
    }
}

fn line(asked: &Asked) -> String {
    let problems = match asked.problems {
        Problems::NONE => String::new(),
        problems => format!(" ({problems})"),
    };
    let known = other_previous(asked).map(|old| {
        let old = fingerprint(Some(&old.certificate)) + &old_end(old, asked.now);
        format!(" known is SHA-256 {old}, and the new one is")
    });
    format!("{}{problems}:{} {}", headline(asked), known.unwrap_or_default(), shown(asked))
}

fn headline(asked: &Asked) -> String {
    let endpoint = asked.whom();
    match asked.situation {
        Situation::New => format!("{endpoint} is a new server"),
        Situation::Changed => {
            format!(
                "{endpoint} presents ANOTHER certificate{} than the one known {}",
                same_key(asked),
                since_when(asked, "since ")
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
        Situation::Client => format!("{endpoint} is new here and asks for access"),
    }
}

fn summary(asked: &Asked, style: Style) -> String {
    let first = format!("{}.", headline(asked));
    // Where a server is, its user said; a client says who it is.
    let first = if asked.endpoint.is_some() { first } else { hung("", 4, &first) };
    let mut lines = vec![first];
    lines.extend(asked.why.iter().take(MOST_REASONS).map(|why| hung("  ! ", 4, why)));
    match asked.why.len().saturating_sub(MOST_REASONS) {
        0 => {}
        more => lines.push(format!("  ! and {more} more")),
    }
    if let Some(name) = &asked.identity {
        let text = format!(
            "It would be admitted as {name}, and could do here whatever {name} is allowed to."
        );
        lines.push(hung("  ", 4, &text));
    }
    let Some(certificate) = asked.certificate() else { return lines.join("\n") };
    let other = other_previous(asked);
    if let Some(old) = other {
        lines.push(String::new());
        lines.extend(beside(old, certificate, asked));
    }
    lines.push(String::new());
    lines.push(certificate.text(style).trim_end().to_owned());
    if let Some(old) = other {
        lines.push(String::new());
        lines.push("Compared with the certificate that is known:".to_owned());
        let text = difference(&old.certificate, certificate);
        lines.extend(text.lines().map(|line| hung("  ", 4, line)));
    }
    lines.push(String::new());
    lines.push(advice(asked));
    lines.join("\n")
}

/// The fingerprints of the known certificate and of the new one, each with what is known of it.
fn beside(old: &Entry, new: &Certificate, asked: &Asked) -> [String; 4] {
    [
        fingerprint_lines("Known:    SHA-256 ", 18, &old.certificate.fingerprint()),
        hung(
            "Since:    ",
            10,
            &format!("{}{}", since_when(asked, "") + &entry(asked), old_end(old, asked.now)),
        ),
        fingerprint_lines("New:      SHA-256 ", 18, &new.fingerprint()),
        hung("Trust:    ", 10, &vouched(asked)),
    ]
}

fn advice(asked: &Asked) -> String {
    match asked.situation {
        Situation::New => "If you expected this server, allow it. If you are not sure, compare the SHA-256 fingerprint with its administrator.",
        Situation::Renewed => "The key is the one you know, so this is most likely the same server with a new certificate.",
        Situation::Changed => "Unless its administrator told you of a new certificate, somebody may be listening in between: do not allow it.",
        Situation::Untrusted => "Compare the SHA-256 fingerprint with the administrator of the server, by some way other than this network, before you allow it.",
        Situation::NewProblem => "Allow it only if you know why.",
        Situation::Client => "Compare the SHA-256 fingerprint with whoever runs that client, by some way other than this network, before you allow it.",
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
        "why": asked.why.iter().map(|why| why.as_str()).collect::<Vec<_>>(),
        "chain": asked.chain.iter().take(MOST_CERTIFICATES).map(certificate).collect::<Vec<_>>(),
        "previous": asked.previous.as_ref().map(|old| certificate(&old.certificate)),
        "known_since": asked.previous.as_ref().and_then(|old| old.added).map(time_text),
        "known_in": asked.previous.as_ref().and_then(|old| old.spot.text()),
        "authority": asked.authority.as_ref().map(|name| name.as_str()),
        "chain_in_all": asked.chain.len(),
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

/// The known entry, if it is for another certificate than the one that is shown.
fn other_previous(asked: &Asked) -> Option<&Entry> {
    asked.previous.as_deref().filter(|old| Some(&old.certificate) != asked.certificate())
}

/// Since when the peer is known, and by which entry.
fn since(asked: &Asked) -> String {
    since_when(asked, "since ") + &entry(asked)
}

/// Since when the peer is known, behind the word for that.
fn since_when(asked: &Asked, since: &str) -> String {
    let Some(entry) = &asked.previous else { return String::new() };
    match entry.added {
        Some(added) => format!("{since}{}", time_text(added)),
        None => "from the trusted material".to_owned(),
    }
}

/// By which entry the peer is known.
fn entry(asked: &Asked) -> String {
    let Some(entry) = &asked.previous else { return String::new() };
    let dialled = asked.endpoint.as_ref().map(Endpoint::to_string);
    let place = entry.place.as_ref().map(|place| place.to_string());
    let place = place.filter(|place| dialled.as_ref() != Some(place));
    let place = place.map(|place| format!(" as {place}")).unwrap_or_default();
    let spot = entry.spot.text().map(|spot| format!(" in {spot}")).unwrap_or_default();
    place + &spot
}

/// Both fingerprints, when the old certificate ends if that is soon or was, and who vouches for the
/// new one.
fn old_and_new(asked: &Asked) -> String {
    let Some(old) = &asked.previous else { return shown(asked) };
    format!(
        "known is SHA-256 {}{}, shown is SHA-256 {} ({})",
        fingerprint(Some(&old.certificate)),
        old_end(old, asked.now),
        fingerprint(asked.certificate()),
        vouched(asked)
    )
}

fn fingerprint(certificate: Option<&Certificate>) -> String {
    certificate.map(Certificate::fingerprint).unwrap_or_default()
}

/// When a known certificate ended, or its entry did, or when it ends if that is soon: a reason to
/// replace it.
fn old_end(old: &Entry, now: i64) -> String {
    old_end_words(old, now).map(|words| format!(" ({words})")).unwrap_or_default()
}

fn old_end_words(old: &Entry, now: i64) -> Option<String> {
    let end = old.certificate.facts().not_after;
    let at = time_text(end);
    if now > end {
        return Some(format!("it expired on {at}"));
    }
    if let Some(end) = old.expires.filter(|end| now > *end) {
        return Some(format!("its entry expired on {}", time_text(end)));
    }
    let left = end.saturating_sub(now);
    let days = left.checked_div(DAY).unwrap_or_default();
    (left < SOON).then(|| match days {
        0 => format!("it expires on {at}, within a day"),
        1 => format!("it expires on {at}, in a day"),
        _ => format!("it expires on {at}, in {days} days"),
    })
}

/// Whether an authority vouches for the certificate that is shown, in words.
fn vouched(asked: &Asked) -> String {
    match &asked.authority {
        Some(name) if asked.problems.is_empty() => format!("the authority {name} vouches for it"),
        Some(name) => format!("issued below the authority {name}, but something is wrong with it"),
        None => "no authority here vouches for it".to_owned(),
    }
}

/// Why a certificate of a chain is distrusted.
pub(crate) fn distrusted(certificate: &Certificate, entry: &Entry) -> String {
    let what = if *certificate == entry.certificate { "certificate" } else { "key" };
    let since = entry.added.map(|added| format!(" since {}", time_text(added))).unwrap_or_default();
    let spot = entry.spot.text().map(|spot| format!(" in {spot}")).unwrap_or_default();
    let name = certificate.subject_text();
    format!("the {what} of {name} is marked as distrusted{since}{spot}")
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
    let last = entries.filter_map(|entry| Some((entry.expires?, entry))).max_by_key(|(at, _)| *at);
    let Some((last, entry)) = last else { return String::new() };
    let spot = entry.spot.text().map(|spot| format!(" ({spot})")).unwrap_or_default();
    format!(" on {}{spot}", time_text(last))
}

#[cfg(test)]
mod tests;
