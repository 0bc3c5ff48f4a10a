//! What an attacker on the network, or the peer itself, sends right after a flight.

/// Each with its name; the first is empty.
pub(crate) const INJECTED: [(&str, &[u8]); 9] = [
    ("nothing", &[]),
    ("a junk record", b"\x63\x63\x63\x00\x04junk"),
    ("junk that is no record", &[0xff; 600]),
    ("a second ServerHelloDone", &[22, 3, 3, 0, 4, 14, 0, 0, 0]),
    ("a second hello", &[22, 3, 3, 0, 4, 1, 0, 0, 0]),
    ("a HelloRequest", &[22, 3, 3, 0, 4, 0, 0, 0, 0]),
    ("a fatal alert", &[21, 3, 3, 0, 2, 2, 40]),
    ("close_notify", &[21, 3, 3, 0, 2, 1, 0]),
    ("a change_cipher_spec and a sealed record", &[20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 2, 7, 7]),
];
