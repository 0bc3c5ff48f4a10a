//! The five kinds of PEM material, from bytes and files to checked values.
//!
//! Text becomes [`Certificate`], [`Crl`] or [`Key`], whole or not at all, and an error names file
//! and line. Whether any of it can be trusted is for the trust room to say. Nothing here opens a
//! socket, keeps a thread or reads a clock. Start with [`blocks`] and [`layout_files`].

mod algorithm_names;
mod certificate;
mod chain;
mod crl;
mod date;
pub(crate) mod der;
mod describe;
mod environment;
mod facts;
mod fields;
mod file;
mod guard;
mod hash_link;
mod hex;
mod holding;
mod key;
mod layout;
mod memory;
mod name;
mod name_gnutls;
mod name_hash;
pub(crate) mod oid;
mod pem;
mod private;
mod public_base64;
mod system;
#[cfg(test)]
pub(crate) mod testing;
mod trouble;
mod way;
mod what;

pub use certificate::Certificate;
pub(crate) use certificate::sha256;
pub(crate) use chain::chain_from_pem;
pub(crate) use crl::{
    Crl, IssuingPoint, PointName, SignedList, SignedPart, Status, is_place, point_name,
};
pub(crate) use date::{parse_time, time_text};
pub use describe::{Style, difference};
pub(crate) use environment::the_system_says;
pub(crate) use facts::{AltName, ExtendedKeyUsage, Fitness, KeyAlgorithm, KeyUsage};
pub(crate) use facts::{are_general_names, is_access, is_usable_kind};
pub(crate) use fields::Extension;
pub(crate) use file::{
    FileText, LIMIT, Readers, Stamp, has_ending, pause, pem_files, read, read_at, read_secret,
    stamp,
};
pub(crate) use guard::{Guard, Writers};
pub(crate) use hash_link::{HashLink, HashPlace};
pub(crate) use hex::hex_colons;
pub(crate) use holding::{Holding, holding};
pub(crate) use key::{Key, may_hold_key};
pub use layout::Layout;
pub(crate) use layout::{Surroundings, layout_files};
pub(crate) use memory::room_for;
pub(crate) use name::name_text;
pub(crate) use name_hash::name_hash;
pub(crate) use pem::{Block, blocks};
pub(crate) use private::{
    OpenToOthers, is_a_link, make_private_directory, open_private, open_private_at, private,
};
pub(crate) use public_base64::pem_text;
pub(crate) use system::system_authorities;
pub(crate) use trouble::{
    Doing, can_make, no_room, source_of, system_error, system_error_of, words,
};
pub(crate) use way::{Passes, Way};

/// The kinds of material that a context takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Material {
    /// Certificates of authorities.
    Authority,
    /// Certificate revocation lists.
    Crl,
    /// The application's private key.
    Key,
    /// The application's certificate, followed by the intermediates that lead to its authority.
    Certificate,
    /// Certificates of peers that are known without an authority.
    TrustedPeer,
}
