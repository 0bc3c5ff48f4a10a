//! What is wrong with a chain of certificates: paths to an authority, the rules of the three
//! profiles, names, name constraints, signatures and revocation.
//!
//! Pure: certificates, authorities, lists and the time go in, findings come out. No files, no
//! clock, and no lock but those of two caches: chains that were found clean, and proofs of who
//! signed a list. Nothing here knows which peers are known, or decides. Start at [`assess`].

mod anchors;
mod assess;
mod clean;
mod constraints;
mod extensions;
mod finding;
mod libvirt;
mod own;
mod path;
mod pedantic;
mod policies;
mod position;
mod revocation;
mod rules;
mod same_name;
mod signature;
mod strict;
mod webpki;
mod work;

pub(crate) use anchors::Anchors;
pub(crate) use assess::{assess_exact, assess_path};
pub(crate) use clean::{CleanChain, CleanChains, CleanKey};
pub use finding::Profile;
pub(crate) use finding::{Assessment, Case};
pub(crate) use own::{libvirt_authority, own};
pub use revocation::CrlMode;
pub(crate) use revocation::Crls;
pub(crate) use revocation::rollback::rolled_back;
pub(crate) use rules::Rules;
