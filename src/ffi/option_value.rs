//! What the numbers of the number options stand for.

use std::time::Duration;

use super::option::{
    tlsconn_client_auth, tlsconn_crl_mode, tlsconn_identity, tlsconn_policy, tlsconn_profile,
    tlsconn_send_cert, tlsconn_tls_version,
};
use super::read::pick;
use crate::chain::{CrlMode, Profile};
use crate::error::{Error, Kind};
use crate::known::IdentityFrom;
use crate::tls::{SendCertificate, Version};
use crate::trust::{ClientAuth, Policy};

/// What `value` stands for among the values of its option.
fn meaning<T: Copy>(value: i64, known: &[(i64, T)]) -> Result<T, Error> {
    let none = || Error::new(Kind::Invalid, format!("{value} is not a value of this option"));
    pick(value, known).ok_or_else(none)
}

pub(super) fn policy(value: i64) -> Result<Policy, Error> {
    use tlsconn_policy as p;
    meaning(
        value,
        &[
            (p::TLSCONN_POLICY_AUTO as i64, Policy::Auto),
            (p::TLSCONN_POLICY_REFUSE as i64, Policy::Refuse),
            (p::TLSCONN_POLICY_ASK as i64, Policy::Ask),
            (p::TLSCONN_POLICY_ALLOW as i64, Policy::Allow),
        ],
    )
}

pub(super) fn send_certificate(value: i64) -> Result<SendCertificate, Error> {
    use tlsconn_send_cert as s;
    meaning(
        value,
        &[
            (s::TLSCONN_SEND_CERT_MATCHING as i64, SendCertificate::Matching),
            (s::TLSCONN_SEND_CERT_ALWAYS as i64, SendCertificate::Always),
            (s::TLSCONN_SEND_CERT_NEVER as i64, SendCertificate::Never),
        ],
    )
}

pub(super) fn profile(value: i64) -> Result<Profile, Error> {
    use tlsconn_profile as p;
    meaning(
        value,
        &[
            (p::TLSCONN_PROFILE_STRICT as i64, Profile::Strict),
            (p::TLSCONN_PROFILE_LIBVIRT as i64, Profile::Libvirt),
            (p::TLSCONN_PROFILE_PEDANTIC as i64, Profile::Pedantic),
        ],
    )
}

pub(super) fn client_auth(value: i64) -> Result<ClientAuth, Error> {
    use tlsconn_client_auth as c;
    meaning(
        value,
        &[
            (c::TLSCONN_CLIENT_AUTH_NONE as i64, ClientAuth::None),
            (c::TLSCONN_CLIENT_AUTH_OPTIONAL as i64, ClientAuth::Optional),
            (c::TLSCONN_CLIENT_AUTH_REQUIRED as i64, ClientAuth::Required),
        ],
    )
}

pub(super) fn identity_from(value: i64) -> Result<IdentityFrom, Error> {
    use tlsconn_identity as i;
    meaning(
        value,
        &[
            (i::TLSCONN_IDENTITY_CN as i64, IdentityFrom::CommonName),
            (i::TLSCONN_IDENTITY_SAN_DNS as i64, IdentityFrom::DnsName),
            (i::TLSCONN_IDENTITY_SAN_EMAIL as i64, IdentityFrom::Email),
            (i::TLSCONN_IDENTITY_DN as i64, IdentityFrom::DistinguishedName),
            (i::TLSCONN_IDENTITY_SHA256 as i64, IdentityFrom::Sha256),
        ],
    )
}

pub(super) fn crl_mode(value: i64) -> Result<CrlMode, Error> {
    use tlsconn_crl_mode as c;
    meaning(
        value,
        &[
            (c::TLSCONN_CRL_OFF as i64, CrlMode::Off),
            (c::TLSCONN_CRL_IF_PRESENT as i64, CrlMode::IfPresent),
            (c::TLSCONN_CRL_REQUIRED as i64, CrlMode::Required),
        ],
    )
}

pub(super) fn version(value: i64) -> Result<Version, Error> {
    use tlsconn_tls_version as v;
    let known =
        [(v::TLSCONN_TLS_1_2 as i64, Version::Tls12), (v::TLSCONN_TLS_1_3 as i64, Version::Tls13)];
    meaning(value, &known)
}

pub(super) fn switch(value: i64) -> Result<bool, Error> {
    meaning(value, &[(0, false), (1, true)])
}

/// Seconds since 1970; -1 is now.
pub(super) fn time(value: i64) -> Result<Option<i64>, Error> {
    if value == -1 { Ok(None) } else { not_negative(value).map(Some) }
}

pub(super) fn not_negative(value: i64) -> Result<i64, Error> {
    meaning(value.min(0), &[(0, value)])
}

/// Milliseconds; -1 for no limit.
pub(super) fn limit(value: i64) -> Result<Option<Duration>, Error> {
    if value == -1 {
        return Ok(None);
    }
    let milliseconds = u64::try_from(value).ok().filter(|milliseconds| *milliseconds > 0);
    let none = || {
        Error::new(
            Kind::Invalid,
            format!("{value} is not a number of milliseconds; -1 means no limit"),
        )
    };
    milliseconds.map(|milliseconds| Some(Duration::from_millis(milliseconds))).ok_or_else(none)
}

/// As [`limit`], with 0 for none; -1 would be a handshake that never ends.
pub(super) fn confirm(value: i64) -> Result<Option<Duration>, Error> {
    not_negative(value)?;
    if value == 0 { Ok(None) } else { limit(value) }
}
