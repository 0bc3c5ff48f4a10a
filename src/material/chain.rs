//! A chain as a peer would send it: certificates in DER, in order, not parsed.

use super::pem;
use crate::error::{Error, Wanted};

/// The certificates of a PEM text; `source` names the text in an error.
///
/// They are not parsed: whether they are certificates is part of the judgement.
///
/// # Errors
///
/// [`crate::error::Kind::Parse`] if there is no certificate, or if the text is not PEM.
pub(crate) fn chain_from_pem(text: &[u8], source: &str) -> Result<Vec<Vec<u8>>, Error> {
    let blocks = pem::blocks(text, source)
        .map_err(|error| pem::not_wanted(Wanted::Certificate, text, source, error))?;
    let chain: Vec<Vec<u8>> = blocks
        .iter()
        .filter(|block| block.label == "CERTIFICATE")
        .map(|block| block.der.to_vec())
        .collect();
    if chain.is_empty() {
        return Err(pem::lacks(Wanted::Certificate, text, source));
    }
    Ok(chain)
}
