//! What a peer shows, read, and what is found of it before anybody decides: its path, and who in
//! it is distrusted.

use std::sync::Arc;

use super::text;
use crate::chain::{Assessment, Case, CleanChain, CleanChains, Rules, Sent, assess_path};
use crate::error::{Error, Kind, Problems};
use crate::host::Host;
use crate::known::KnownView;
use crate::material::Certificate;

/// What a peer shows, read.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) chain: Arc<[Certificate]>,
    /// Its key among the clean chains, and what is remembered under it.
    key: Option<[u8; 32]>,
    clean: Option<Arc<CleanChain>>,
}

impl Shown {
    /// Reads what was sent, unless it is remembered.
    pub(crate) fn read(sent: &Sent<'_>, clean: &CleanChains, now: i64) -> Result<Self, Error> {
        let key = sent.key();
        let clean = key.and_then(|key| clean.get(&key, now));
        let chain = match &clean {
            Some(clean) => Arc::clone(&clean.chain),
            None => read_chain(sent)?,
        };
        Ok(Self { chain, key, clean })
    }

    /// Looks at its path, unless it is remembered as clean.
    pub(crate) fn find_path(
        &self,
        case: &Case<'_>,
        rules: &Rules,
        clean: &CleanChains,
    ) -> Assessment {
        if let Some(clean) = &self.clean {
            return clean.assessment();
        }
        let found = assess_path(case, rules);
        if let Some(key) = self.key {
            clean.put(key, &self.chain, &found);
        }
        found
    }
}

fn read_chain(sent: &Sent<'_>) -> Result<Arc<[Certificate]>, Error> {
    let read: Result<Arc<[Certificate]>, Error> =
        sent.chain.iter().map(|der| Certificate::from_der(der)).collect();
    let unreadable = |why: &str| {
        let whose = sent.name.map_or("the peer", Host::as_str);
        let message = format!("what {whose} shows as its certificate cannot be read: {why}");
        Error::new(Kind::Certificate, message).with_problems(Problems::BAD_ENCODING)
    };
    match read {
        Ok(chain) if chain.is_empty() => Err(unreadable("it shows none")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(unreadable(error.message())),
    }
}

/// What was found, and who of the chain and the path is distrusted.
pub(crate) fn with_distrust(
    mut found: Assessment,
    case: &Case<'_>,
    known: &KnownView,
) -> Assessment {
    let distrusted = case
        .chain
        .iter()
        .chain(&found.path)
        .find_map(|one| known.distrusts(one).map(|entry| (one, entry)));
    if let Some((one, entry)) = distrusted {
        found.problems |= Problems::DISTRUSTED;
        found.why.insert(0, text::distrusted(one, entry));
    }
    found
}
