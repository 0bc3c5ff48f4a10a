//! What is wrong with a chain of certificates: paths to an authority, the rules of the three
//! profiles, names, name constraints, signatures and revocation.
//!
//! Pure: certificates, authorities, lists and the time go in, findings come out. No file, no
//! clock, and no lock but those of two caches: chains that were found clean, and proofs of who
//! signed a list. Nothing here knows who is known, or decides. Start at [`assess`].

mod anchors;
mod assess;
mod clean;
mod constraints;
mod der;
mod extensions;
mod libvirt;
mod path;
mod pedantic;
mod position;
mod revocation;
mod same_name;
mod signature;
mod strict;
mod webpki;

pub(crate) use anchors::Anchors;
pub(crate) use assess::{Assessment, Case, Rules, assess_exact, assess_path};
pub use assess::{CrlMode, Profile};
pub(crate) use clean::{CleanChain, Sent};
pub(crate) use libvirt::{authority as libvirt_authority, own as libvirt_own};
pub(crate) use revocation::Crls;
pub(crate) use revocation::rollback::rolled_back;
