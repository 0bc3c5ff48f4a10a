//! What to do where a host is not found, cannot be reached, or does not answer.

use super::Cause;

/// Why there is no connection to talk over, or none any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NetworkCause {
    /// The resolver knows no such name.
    UnknownName,
    /// The name exists and has no address.
    NoAddress,
    /// No name server answers.
    NoNameServer,
    /// The name was not found, and the resolver does not say why.
    NotFound,
    /// The name was not found in time.
    LateName,
    /// An address with an interface that this machine does not have; its name.
    Zone(String),
    /// A link-local address without an interface.
    NoInterface(String),
    /// Nothing listens on the port.
    Refused,
    /// Our own side forbids the connection.
    Forbidden,
    /// Nothing answers.
    NoAnswer,
    /// A router, or our own machine, says that the host is not there.
    NoRoute,
    /// There is no way to the network.
    NoNetwork,
    /// The host has addresses of version 6 only, and this machine does not reach those.
    OnlyVersion6,
    /// The machine has no address or port left of its own.
    NoLocalAddress,
    /// Anything else.
    Unreachable,
    /// The handshake is not over in time.
    LateHandshake,
    /// No answer to a first hello that is longer than one packet.
    LostHello,
    /// The connection broke after the server had asked for our certificate.
    BrokeAfterRequest,
    /// The connection broke.
    Broke,
}

impl Cause for NetworkCause {
    fn hint(&self) -> String {
        match self {
            Self::UnknownName => "check the spelling of the name; `getent hosts NAME` shows what this machine knows about it",
            Self::NoAddress => "the name exists, but has no IP address: check its A and AAAA records",
            Self::NoNameServer => "no name server answers: check the network and the name servers of this machine (/etc/resolv.conf), or connect to an IP address",
            Self::NotFound => "check the spelling of the name, and that this machine reaches a name server (/etc/resolv.conf)",
            Self::LateName => "the name servers of this machine are slow or do not answer: check /etc/resolv.conf and the network, or connect to an IP address",
            Self::Zone(zone) => {
                return format!(
                    "what follows the % must be a network interface of this machine, and {zone} may not be one: `ip link` lists them"
                );
            }
            Self::NoInterface(address) => {
                return format!(
                    "a link-local address needs the interface that leads to it: add %interface, as in {address}%eth0; `ip link` lists the interfaces"
                );
            }
            Self::Refused => "the machine answers, but nothing listens on that port: check the port, and that the server is running",
            Self::Forbidden => "this machine does not allow the connection: check its own firewall (nft, iptables), SELinux, or the limits of the container",
            Self::NoAnswer => "nothing answered: check the address, that the machine is up, and the firewalls on the way, which may drop packets silently",
            Self::NoRoute => "a router, or this machine, says that the host is not there: check the address, that the machine is up, and the firewalls on the way",
            Self::NoNetwork => "this machine has no route to that network: check its own connection and its routes (`ip route`)",
            Self::OnlyVersion6 => "the host has IPv6 addresses only, and this machine has no way to the IPv6 network: give the host an IPv4 address, or this machine IPv6",
            Self::NoLocalAddress => "this machine has no address of that kind, or no free port left for connections: check its addresses (`ip address`), or close connections",
            Self::Unreachable => "check the address, the network, and the firewalls on the way",
            Self::LateHandshake => "is the server up, is this the right port, and does it expect TLS from the first byte? TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS allows more time",
            Self::LostHello => "is this the right port, and does the server expect TLS on it from the first byte? an old server or firewall may also drop our first message, which is longer than one packet because of its post-quantum key: try TLSCONN_OPT_GROUPS without X25519MLKEM768, as in x25519,secp256r1,secp384r1",
            Self::BrokeAfterRequest => "the server had asked for our certificate: it may have refused the certificate, or our address; its log says which",
            Self::Broke => "the peer has crashed or given up, or a firewall on the way has: its log may say why",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn every_cause_has_a_hint_of_its_own() {
        use NetworkCause as C;
        let all = [
            C::UnknownName,
            C::NoAddress,
            C::NoNameServer,
            C::NotFound,
            C::LateName,
            C::Zone("eth9".to_owned()),
            C::NoInterface("fe80::1".to_owned()),
            C::Refused,
            C::Forbidden,
            C::NoAnswer,
            C::NoRoute,
            C::NoNetwork,
            C::OnlyVersion6,
            C::NoLocalAddress,
            C::Unreachable,
            C::LateHandshake,
            C::LostHello,
            C::BrokeAfterRequest,
            C::Broke,
        ];
        check(&all.map(|one| one.hint()));
    }
}
