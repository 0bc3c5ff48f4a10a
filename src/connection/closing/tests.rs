#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use super::*;

/// After this many milliseconds of waiting: how many milliseconds until the next look.
fn pause_after(waited: u64) -> u128 {
    let since = Instant::now();
    let mut closing = Closing::begin(None);
    closing.look_again(since, true);
    let now = since + Duration::from_millis(waited);
    closing.look_again(now, true);
    closing.next().unwrap().duration_since(now).as_millis()
}

#[test]
fn the_longer_it_takes_the_later_is_the_next_look() {
    let pauses = [0, 1, 10, 100, 499, 1000, 1_000_000].map(pause_after);
    assert_eq!(pauses, [1, 1, 5, 50, 249, 250, 250]);
}

#[test]
fn a_minute_of_waiting_is_a_bounded_number_of_looks() {
    let since = Instant::now();
    let mut closing = Closing::begin(None);
    let mut now = since;
    let mut looks = 0;
    while now < since + Duration::from_secs(60) {
        closing.look_again(now, true);
        now = closing.next().unwrap();
        looks += 1;
    }
    assert!((240..270).contains(&looks), "{looks}");
}

#[test]
fn a_shutdown_that_does_not_block_is_called_again_when_it_is_late() {
    let now = Instant::now();
    let soon = now + SOONEST / 2;
    let mut closing = Closing::begin(Some(soon));
    assert_eq!(closing.next(), Some(soon));
    closing.look_again(now, true);
    assert_eq!(closing.next(), Some(soon));
}

#[test]
fn that_it_is_over_is_news_once() {
    let mut closing = Closing::begin(None);
    assert!(!closing.take_news());
    closing.state = State::Over { result: Ok(()), is_news: true };
    assert!(closing.take_news());
    assert!(!closing.take_news());
    assert_eq!(closing.next(), None);
    assert!(!closing.reads_on());
}
