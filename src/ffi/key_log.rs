//! The file to which the secrets of connections are written for debugging, if an application asks
//! for it. It is opened as a file of secrets: ours alone, or not at all.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::{Error, Kind};
use crate::material::{OpenToOthers, open_private};
use crate::tls::KeyLogSink;

/// What writes each line to the end of the file `path`.
pub(super) fn key_log(path: &Path) -> Result<KeyLogSink, Error> {
    let file = open_private(path, Kind::File, OpenToOthers::Refused)?;
    Ok(Arc::new(move |line: &str| {
        let line = Zeroizing::new(format!("{line}\n"));
        // One write at the end of the file needs no lock. A log that cannot be written must not
        // break the connection that it is about.
        let _ = (&file).write_all(line.as_bytes());
    }))
}
