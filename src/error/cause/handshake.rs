//! What to do about a handshake or a connection that failed inside TLS: what the peer sent, what
//! its alerts say, and what the two sides have in common.

use super::Cause;

/// Why TLS with a peer failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeCause {
    /// The peer refused our certificate; it did so as.
    CertificateRefused(Refused),
    /// A server demands a certificate, and we have none.
    NoCertificate,
    /// A server wants a certificate, and ours is from none of the authorities that it names.
    CertificateWithheld,
    /// The peer verifies no signature that our key can make; whether we are the server.
    NoSignatureInCommon(bool),
    /// A server knows no server of the name that was sent; none, if that was an address.
    UnknownName(Option<String>),
    /// An alert that says that the two sides have nothing in common.
    NothingInCommon,
    /// A peer with an old version of TLS, if it is known which.
    OldVersion(Option<&'static str>),
    /// A version that is switched off.
    VersionOff,
    /// No cipher suite in common.
    NoSuite,
    /// No key exchange group in common.
    NoGroup,
    /// Something else that one side needs and the other does not have.
    Lacking,
    /// What came is not TLS; what it looks like, and whether we are the server.
    NotTls(Greeting, bool),
    /// Records that were damaged on the way.
    Damaged,
    /// The peer breaks the rules of TLS.
    PeerBreaksRules,
    /// The peer says that we break the rules of TLS.
    WeBreakRules,
    /// The peer failed by itself.
    PeerFailed,
    /// The peer ended the handshake because its user did.
    UserCanceled,
    /// The peer asked to renegotiate; whether we are the server.
    Renegotiation(bool),
    /// A server asked for a certificate after the handshake.
    CertificateAfterHandshake,
    /// A message is too long.
    MessageTooLong,
    /// Too much of what costs work and says nothing.
    TooMuch,
    /// Somebody made the two sides use an older version.
    Downgrade,
    /// A resumed session that the peer does not take.
    Resumption,
    /// No application protocol in common; those of ours.
    Alpn(String),
    /// The peer signed with what does not fit its key.
    WrongScheme,
    /// The peer's signature does not verify.
    NotItsKey,
    /// The server refused something before it asked for a certificate.
    RefusedBeforeAsking,
    /// A server ended the connection without an alert after it had asked for our certificate.
    EndedAfterRequest,
    /// A client ended the connection in the middle of the handshake.
    ClientLeft,
    /// A server ended the connection in the middle of the handshake.
    ServerLeft,
    /// The connection ended without the closing alert.
    Truncated,
    /// A failure of ours.
    Ours,
}

/// How a peer refused our certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The number of its alert.
    pub(crate) alert: u8,
    /// Whether the peer is a client.
    pub(crate) by_client: bool,
}

/// What the first bytes of a peer that does not speak TLS look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// HTTP, as a request or as a reply.
    Http,
    /// SSH.
    Ssh,
    /// SMTP or FTP, which greet alike.
    Mail,
    /// IMAP.
    Imap,
    /// POP3.
    Pop,
    /// The remote framebuffer protocol of VNC.
    Vnc,
    /// SSL 2.
    OldSsl,
    /// Libvirt's own protocol, without TLS.
    Libvirt,
    /// Anything else.
    Unknown,
}

impl Greeting {
    /// What the first bytes of a peer look like.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        const REQUESTS: [&[u8]; 7] =
            [b"HTTP/", b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"CONNECT "];
        const BEGINNINGS: [(&[u8], Greeting); 6] = [
            (b"SSH-", Greeting::Ssh),
            (b"220", Greeting::Mail),
            (b"EHLO ", Greeting::Mail),
            (b"* OK", Greeting::Imap),
            (b"+OK", Greeting::Pop),
            (b"RFB ", Greeting::Vnc),
        ];
        /// The number of libvirt's programs for RPC, behind the length of a message.
        const LIBVIRT: [u8; 4] = [0x20, 0x00, 0x80, 0x86];
        if REQUESTS.iter().any(|one| bytes.starts_with(one)) {
            return Self::Http;
        }
        if bytes.get(4..8) == Some(&LIBVIRT) {
            return Self::Libvirt;
        }
        // The length of the first message, of up to 127 bytes or of more, and that it is a hello.
        if matches!(bytes, [0x80..=0xff, _, 1, 0 | 2 | 3, ..]) {
            return Self::OldSsl;
        }
        let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
        known.map_or(Self::Unknown, |(_, greeting)| *greeting)
    }

    /// What it is, behind "it looks like". `None`: nobody knows.
    pub(crate) const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Http => "HTTP without TLS",
            Self::Ssh => "SSH",
            Self::Mail => "SMTP or FTP without TLS",
            Self::Imap => "IMAP without TLS",
            Self::Pop => "POP3 without TLS",
            Self::Vnc => "VNC without TLS",
            Self::OldSsl => "SSL 2, which is broken and was given up in 2011",
            Self::Libvirt => "libvirt's protocol without TLS",
            Self::Unknown => return None,
        })
    }
}

impl Cause for HandshakeCause {
    fn hint(&self) -> String {
        match self {
            Self::CertificateRefused(refused) => return refused.hint(),
            Self::NoCertificate => "we have no certificate to show: get one from an authority that the server trusts, and add it and its key with tlsconn_ctx_add_file()",
            Self::CertificateWithheld => "use a certificate from an authority of that server, or set TLSCONN_OPT_SEND_CLIENT_CERT to send ours all the same",
            Self::NoSignatureInCommon(false) => "use a certificate with a key of a kind that the server can verify, such as ECDSA on P-256 or RSA",
            Self::NoSignatureInCommon(true) => "add a certificate with a key of a kind that the client can verify as well: tlsconn_ctx_add_server_pair()",
            Self::UnknownName(Some(name)) => {
                return format!(
                    "the server may not know the name {name}, which we asked for: connect to a name that it knows, or set it with tlsconn_conn_set_verify_name()"
                );
            }
            Self::UnknownName(None) => "no name was sent to the server, because it was dialled by its IP address, and it may need one: connect to its name, or set that with tlsconn_conn_set_verify_name()",
            Self::NothingInCommon => "the two sides may have no version, cipher suite, key exchange group or kind of key in common: the log of the peer says which; compare TLSCONN_OPT_MIN_VERSION, TLSCONN_OPT_CIPHERS and TLSCONN_OPT_GROUPS with what it allows",
            Self::OldVersion(_) => "TLS 1.2 is the oldest version that is allowed here, as RFC 8996 demands: update the TLS software of the peer, or switch TLS 1.2 or 1.3 on there",
            Self::VersionOff => "allow a version on one side that the other one speaks: TLSCONN_OPT_MIN_VERSION, TLSCONN_OPT_MAX_VERSION",
            Self::NoSuite => "allow a cipher suite on one side that the other one has: TLSCONN_OPT_CIPHERS",
            Self::NoGroup => "allow a key exchange group on one side that the other one has: TLSCONN_OPT_GROUPS",
            Self::Lacking => "update the TLS software of the peer",
            Self::NotTls(greeting, is_server) => return not_tls(*greeting, *is_server),
            Self::Damaged => "something on the way changes the bytes, or the TLS software of one side has a bug: try another network path, and update both sides",
            Self::PeerBreaksRules => "update the TLS software of the peer; if it is new, something in between may change the bytes",
            Self::WeBreakRules => "the log of the peer says what it did not understand: update the TLS software of both sides; something in between may also change the bytes",
            Self::PeerFailed => "the log of the peer says why it failed",
            Self::UserCanceled => "somebody at the peer ended it: connect again",
            Self::Renegotiation(false) => "renegotiation is never done here: let the server ask for a client certificate in the first handshake, or use TLS 1.3",
            Self::Renegotiation(true) => "renegotiation is never done here: switch it off in the client, or use TLS 1.3",
            Self::CertificateAfterHandshake => "that is not supported here: let the server ask for the certificate in the handshake",
            Self::MessageTooLong => "a chain needs no more than the certificates that lead to its authority: leave out the others, and make certificates with fewer names",
            Self::TooMuch => "the peer, or somebody in between, sends messages that only cost time: update its TLS software",
            Self::Downgrade => "somebody in between, or an old device on the way, may have changed the first messages: try another network path, and do not go on before you know why",
            Self::Resumption => "connect again; if that fails, too, set TLSCONN_OPT_RESUMPTION to 0",
            Self::Alpn(ours) if ours.is_empty() => "set the application protocols with TLSCONN_OPT_ALPN: there are none here",
            Self::Alpn(ours) => {
                return format!("allow one of {ours} at the peer, or set others here with TLSCONN_OPT_ALPN");
            }
            Self::WrongScheme => "its TLS software chose a wrong signature scheme: update it, or give the peer another kind of key",
            Self::NotItsKey => "the key of the peer does not belong to its certificate, or somebody in between presents a certificate that is not theirs: let its administrator compare the two",
            Self::RefusedBeforeAsking => "it was not about our certificate, which the server had not asked for: the log of the server says what it refused; our address may not be allowed there",
            Self::EndedAfterRequest => "ask its administrator whether our certificate, its authority and our address are allowed there; the log of the server says which it refused",
            Self::ClientLeft => "it may not trust our certificate, or may not speak TLS at all",
            Self::ServerLeft => "is this the right port, and does the server expect TLS on it from the first byte? its log may say why it ended the connection",
            Self::Truncated => "a peer that has crashed, or somebody in between, can cut off the end: do not treat what arrived as complete unless its own format says so",
            Self::Ours => "this is a bug of this library or of what it is built on: please report it",
        }
        .to_owned()
    }
}

impl Refused {
    fn hint(self) -> String {
        let (admin, side, purpose) = if self.by_client {
            ("the user of the client", "client", "serverAuth")
        } else {
            ("the administrator of the server", "server", "clientAuth")
        };
        match self.alert {
            43 => format!("it may be for another purpose: it needs {purpose} and digitalSignature"),
            44 => "our certificate was revoked, by the list that the peer has: get a new one, with a new key".to_owned(),
            45 => format!("our certificate has expired or is not valid yet, by the clock of the {side}: compare both with our clock"),
            48 => format!("the {side} does not know our certificate, nor the authority that issued it: ask {admin} to allow the certificate or to add that authority, and send the intermediates along"),
            49 if self.by_client => "the client does not want this server: ask its user".to_owned(),
            49 => "our certificate is in order, but not allowed there: ask the administrator of the server to put its name on the list".to_owned(),
            _ if self.by_client => "check that the client knows the authority of our certificate, and that the name it connects to is in our certificate".to_owned(),
            _ => format!("ask {admin} whether the authority of our certificate is known there, and whether the certificate is expired, revoked or not on a list of allowed names"),
        }
    }
}

/// What to do where a peer speaks something else.
fn not_tls(greeting: Greeting, is_server: bool) -> String {
    if is_server {
        return match greeting {
            Greeting::Http => "let the client use https instead of http",
            Greeting::OldSsl => "update the TLS software of the client",
            Greeting::Ssh
            | Greeting::Mail
            | Greeting::Imap
            | Greeting::Pop
            | Greeting::Vnc
            | Greeting::Libvirt
            | Greeting::Unknown => "let the client speak TLS from the first byte",
        }
        .to_owned();
    }
    match greeting {
        Greeting::Mail | Greeting::Imap | Greeting::Pop => "use the port for TLS from the first byte (465 for SMTP, 990 for FTP, 993 for IMAP, 995 for POP3); STARTTLS must be done by the application before the descriptor is passed to tlsconn_connect_fd()",
        Greeting::Http => "use the port for https, often 443",
        Greeting::Ssh => "that port is for SSH: use the one for TLS",
        Greeting::Vnc => "switch TLS on in the VNC server; it begins after VNC's own greeting, which the application must do before the descriptor is passed to tlsconn_connect_fd()",
        Greeting::Libvirt => "use the port for TLS, which is 16514 by default (16509 is without TLS), and set listen_tls = 1 in libvirtd.conf",
        Greeting::OldSsl => "update the TLS software of the server",
        Greeting::Unknown => "is this the right port, and does the server expect TLS on it from the first byte?",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn every_cause_has_a_hint_of_its_own() {
        use HandshakeCause as C;
        let refused = |alert, by_client| C::CertificateRefused(Refused { alert, by_client });
        let all = [
            refused(42, false),
            refused(43, false),
            refused(44, false),
            refused(45, false),
            refused(48, false),
            refused(49, false),
            refused(42, true),
            refused(43, true),
            refused(45, true),
            refused(48, true),
            refused(49, true),
            C::NoCertificate,
            C::CertificateWithheld,
            C::NoSignatureInCommon(false),
            C::NoSignatureInCommon(true),
            C::UnknownName(Some("a.example".to_owned())),
            C::UnknownName(None),
            C::NothingInCommon,
            C::OldVersion(Some("TLS 1.0")),
            C::VersionOff,
            C::NoSuite,
            C::NoGroup,
            C::Lacking,
            C::NotTls(Greeting::Http, false),
            C::NotTls(Greeting::Http, true),
            C::NotTls(Greeting::Ssh, false),
            C::NotTls(Greeting::Mail, false),
            C::NotTls(Greeting::Vnc, false),
            C::NotTls(Greeting::Libvirt, false),
            C::NotTls(Greeting::OldSsl, false),
            C::NotTls(Greeting::OldSsl, true),
            C::NotTls(Greeting::Unknown, false),
            C::NotTls(Greeting::Unknown, true),
            C::Damaged,
            C::PeerBreaksRules,
            C::WeBreakRules,
            C::PeerFailed,
            C::UserCanceled,
            C::Renegotiation(false),
            C::Renegotiation(true),
            C::CertificateAfterHandshake,
            C::MessageTooLong,
            C::TooMuch,
            C::Downgrade,
            C::Resumption,
            C::Alpn(String::new()),
            C::Alpn("h2".to_owned()),
            C::WrongScheme,
            C::NotItsKey,
            C::RefusedBeforeAsking,
            C::EndedAfterRequest,
            C::ClientLeft,
            C::ServerLeft,
            C::Truncated,
            C::Ours,
        ];
        check(&all.map(|one| one.hint()));
    }

    #[test]
    fn a_greeting_is_known_by_its_first_bytes() {
        for (bytes, expected) in [
            (&b"HTTP/1.1 400 Bad Request"[..], Greeting::Http),
            (b"GET / HTTP/1.1", Greeting::Http),
            (b"SSH-2.0-OpenSSH_9.6", Greeting::Ssh),
            (b"220 mail ESMTP", Greeting::Mail),
            (b"* OK IMAP4rev1", Greeting::Imap),
            (b"+OK POP3", Greeting::Pop),
            (b"RFB 003.008\n", Greeting::Vnc),
            (&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0], Greeting::OldSsl),
            (&[0, 0, 0, 0x1c, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1], Greeting::Libvirt),
            (b"hello", Greeting::Unknown),
            (b"", Greeting::Unknown),
        ] {
            assert_eq!(Greeting::of(bytes), expected, "{bytes:?}");
            assert_eq!(expected.name().is_none(), expected == Greeting::Unknown);
        }
    }
}
