//! Time goes one way.

use proptest::prelude::*;
use tlsconn::{Context, Problems};

use super::{NOW, believing, cases, problems};
use crate::golden::make::{Draft, utc};

const YEAR: i64 = 31_557_600;

fn chain(year: u8, years: u8) -> (Vec<Vec<u8>>, Context) {
    let date = |year: u8| utc(&format!("{year:02}0701000000Z"));
    let leaf = Draft::deep().valid(date(year), date(year + years));
    (vec![leaf.der(), Draft::middle().der()], believing(&[Draft::root().der()]))
}

fn at(context: &Context, time: i64, chain: &[Vec<u8>]) -> Problems {
    context.set(|settings| settings.verify_time = Some(time)).unwrap();
    problems(context, chain)
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn what_has_ended_stays_ended_and_what_has_begun_has_begun(
        (year, years) in (10..40_u8, 0..9_u8),
        times in proptest::collection::vec(NOW - 20 * YEAR..NOW + 30 * YEAR, 2..6),
    ) {
        let (chain, context) = chain(year, years);
        let mut times = times;
        times.sort_unstable();
        let found: Vec<Problems> = times.iter().map(|time| at(&context, *time, &chain)).collect();
        for pair in found.windows(2) {
            let ended = |found: Problems| found.contains(Problems::EXPIRED);
            let to_come = |found: Problems| found.contains(Problems::NOT_YET_VALID);
            prop_assert!(!ended(pair[0]) || ended(pair[1]), "{:?}", found);
            prop_assert!(to_come(pair[0]) || !to_come(pair[1]), "{:?}", found);
        }
    }

    #[test]
    fn a_time_changes_nothing_but_what_is_said_of_dates(
        (year, years) in (10..40_u8, 0..9_u8),
        time in NOW - 20 * YEAR..NOW + 30 * YEAR,
    ) {
        let (chain, context) = chain(year, years);
        let dates = Problems::EXPIRED | Problems::NOT_YET_VALID;
        prop_assert!(dates.contains(at(&context, time, &chain)));
    }
}
