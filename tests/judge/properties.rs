//! What holds for every judgement, tried on chains that are put together at random.
//!
//! The cases are drawn from a fixed seed, so that a run that fails fails again;
//! `PROPTEST_CASES` says how many there are of each, `PROPTEST_RNG_SEED` sets another seed.

mod along;
mod defects;
mod lists;
mod times;

use proptest::test_runner::{Config, RngSeed};
use tlsconn::{Context, Material, Problems, Role, Verdict};

use crate::golden::pem::pem;

/// 2026-11-21, at noon.
const NOW: i64 = 1_795_262_400;
const HOST: &str = "a.example";
const PORT: u16 = 16514;
const SEED: u64 = 20_261_121;

/// So many cases where nobody asks for another number.
fn cases(usual: u32) -> Config {
    let asked = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    Config {
        cases: asked("PROPTEST_CASES").unwrap_or(usual),
        rng_seed: asked("PROPTEST_RNG_SEED")
            .map_or(RngSeed::Fixed(SEED), |seed: u32| RngSeed::Fixed(seed.into())),
        failure_persistence: None,
        ..Config::default()
    }
}

/// A context at the time of the tests that trusts these authorities.
fn believing(anchors: &[Vec<u8>]) -> Context {
    let context = Context::new();
    context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
    if !anchors.is_empty() {
        context.add(Material::Authority, pem("CERTIFICATE", anchors).as_bytes()).unwrap();
    }
    context
}

fn judged(context: &Context, chain: &[Vec<u8>]) -> Verdict {
    let chain = pem("CERTIFICATE", chain);
    context.verify(Role::Server, Some(HOST), PORT, chain.as_bytes()).unwrap()
}

fn problems(context: &Context, chain: &[Vec<u8>]) -> Problems {
    judged(context, chain).problems()
}
