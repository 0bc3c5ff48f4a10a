//! What can be asked about a peer: the situations, what a context does in them, and the contents of
//! a question.

use std::sync::Arc;

use crate::error::{Calm, Detail, Problems, TimeFrom};
use crate::host::{Endpoint, Role};
use crate::known::Entry;
use crate::material::Certificate;

/// Why there is a question, or would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Situation {
    /// A stranger that an authority vouches for.
    New,
    /// A known peer that shows another certificate.
    Changed,
    /// A known peer with a new certificate for its old key, issued by an authority.
    Renewed,
    /// A stranger that no authority vouches for.
    Untrusted,
    /// A known peer with a problem that was not accepted before.
    NewProblem,
    /// A client that nothing vouches for.
    Client,
}

/// What to do in a situation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The default of the situation.
    #[default]
    Auto,
    /// Refuse.
    Refuse,
    /// Ask.
    Ask,
    /// Admit. Only for peers that an authority vouches for.
    Allow,
}

/// The policies of a context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Policies {
    /// For [`Situation::New`]; by default asks the validator, and if none was ever set the
    /// authority decides.
    pub on_new: Policy,
    /// For [`Situation::Changed`]; refuses by default.
    pub on_changed: Policy,
    /// For [`Situation::Renewed`]; by default admits and replaces the entry.
    pub on_renewed: Policy,
    /// For [`Situation::Untrusted`]; refuses by default.
    pub on_untrusted: Policy,
    /// For [`Situation::NewProblem`]; by default asks if there is a validator.
    pub on_new_problem: Policy,
    /// For [`Situation::Client`]; refuses by default.
    pub on_client: Policy,
}

/// Who can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Asking {
    /// Nobody; no validator was ever set.
    #[default]
    Nobody,
    /// A validator.
    Validator,
    /// A validator of the 2007 proposal, which only knows about new peers.
    Proposal,
    /// Nobody any more: the validator was removed.
    NobodyAnyMore,
}

/// An answer that a connection uses when it is judged again.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The question that was answered.
    pub asked: Asked,
}

/// The contents of a question.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which side the peer is on.
    pub role: Role,
    /// The host that was dialled, or the verify name, with the port. `None`: a client.
    pub endpoint: Option<Endpoint>,
    /// The identity that a client would get.
    pub identity: Option<String>,
    /// Why there is a question.
    pub situation: Situation,
    /// Everything that is wrong, and that an answer to allow accepts.
    pub problems: Problems,
    /// A sentence for each problem.
    pub why: Vec<Calm>,
    /// What is known of the problems beyond that, for what to do about them.
    pub(crate) details: Vec<Detail>,
    /// Whether the context has no authority at all.
    pub(crate) no_authority: bool,
    /// What the peer shows, leaf first.
    pub chain: Arc<[Certificate]>,
    /// The known entry, if there is one.
    pub previous: Option<Arc<Entry>>,
    /// The certificates that were known for the place, by fingerprint.
    pub judged: Vec<[u8; 32]>,
    /// The certificates that the store has for exactly this place, by fingerprint: those that a
    /// stored answer replaces.
    pub stored: Vec<[u8; 32]>,
    /// Whether the known entries come from the store or from given material.
    pub lasting: bool,
    /// The authority of the context that vouches for a certificate which is not the known one.
    pub authority: Option<Calm>,
    /// The time of the judgement, in seconds since 1970.
    pub now: i64,
    /// What says that it is that time.
    pub(crate) time_from: TimeFrom,
}

impl Asked {
    /// The certificate that the question is about.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// The peer, for a message: its host and port, or the name that a client would get.
    #[must_use]
    pub fn whom(&self) -> String {
        match (&self.endpoint, &self.identity) {
            (Some(endpoint), _) => endpoint.to_string(),
            (None, Some(name)) => format!("the client {name}"),
            (None, None) => "the client".to_owned(),
        }
    }

    /// Whether an answer to this question also answers `other`.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.problems.contains(other.problems) && self.is_about_the_same(other)
    }

    /// Whether `other` asks the very same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.problems == other.problems && self.is_about_the_same(other)
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        let Self {
            role,
            endpoint,
            identity,
            situation,
            problems: _,
            // The sentences of the problems.
            why: _,
            details: _,
            no_authority: _,
            // The first certificate is what is asked about.
            chain: _,
            judged,
            // What is for showing and for storing; the store compares again before it is changed.
            previous: _,
            stored: _,
            lasting: _,
            authority: _,
            now: _,
            time_from: _,
        } = self;
        *role == other.role
            && *endpoint == other.endpoint
            && *identity == other.identity
            && *situation == other.situation
            && self.certificate() == other.certificate()
            && *judged == other.judged
    }
}
