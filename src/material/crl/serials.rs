//! The serial numbers of a list, eight bytes for each.
//!
//! A number that is plainly revoked is kept as a fingerprint of 64 bits, the SipHash of the
//! standard library under a random key of the process. Who does not know the key cannot choose
//! two numbers with one fingerprint; by chance an innocent number meets a list of a million with
//! a probability of 2^-44, and is then refused. A listed one is never admitted. Whatever may
//! lift a revocation is kept in full.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::process::Once;

/// What a list says of a serial number; of two entries the later variant counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Removed from the lists before.
    Lifted,
    /// On hold: revoked as long as the newest list says so.
    Held,
    /// Revoked for good.
    Revoked,
}

/// The numbers of a list, to be asked for one.
#[derive(Debug)]
pub(super) struct Serials {
    key: Key,
    count: usize,
    /// Fingerprints, sorted.
    revoked: Vec<u64>,
    /// Numbers with another status, sorted; of equal ones the last counts.
    others: Vec<(Box<[u8]>, Status)>,
}

impl Serials {
    pub(super) fn new() -> Self {
        Self { key: Key::of_process(), count: 0, revoked: Vec::new(), others: Vec::new() }
    }

    /// Makes room for about this many numbers.
    pub(super) fn expect(&mut self, count: usize) {
        // Without it the list is read all the same.
        let _ = self.revoked.try_reserve_exact(count);
    }

    pub(super) fn add(&mut self, serial: &[u8], status: Status) {
        self.count = self.count.saturating_add(1);
        let serial = shortest(serial);
        match status {
            Status::Revoked => self.revoked.push(self.key.fingerprint(serial)),
            Status::Held | Status::Lifted => self.others.push((serial.into(), status)),
        }
    }

    /// Ends the adding, and tells whether a number was added twice.
    pub(super) fn finish(&mut self) -> bool {
        self.revoked.sort_unstable();
        self.revoked.shrink_to_fit();
        self.others.sort_unstable();
        self.others.shrink_to_fit();
        let is_revoked =
            |serial: &[u8]| self.revoked.binary_search(&self.key.fingerprint(serial)).is_ok();
        self.revoked.windows(2).any(|pair| pair.first() == pair.last())
            || self.others.windows(2).any(|pair| {
                pair.first().map(|(serial, _)| serial) == pair.last().map(|(serial, _)| serial)
            })
            || self.others.iter().any(|(serial, _)| is_revoked(serial))
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn status(&self, serial: &[u8]) -> Option<Status> {
        let serial = shortest(serial);
        if self.revoked.binary_search(&self.key.fingerprint(serial)).is_ok() {
            return Some(Status::Revoked);
        }
        let behind = self.others.partition_point(|(other, _)| **other <= *serial);
        let (other, status) = self.others.get(behind.checked_sub(1)?)?;
        (**other == *serial).then_some(*status)
    }
}

/// The bytes of an INTEGER without those that say nothing.
fn shortest(mut serial: &[u8]) -> &[u8] {
    while let [0, 0..0x80, ..] | [0xff, 0x80..=0xff, ..] = serial {
        serial = serial.get(1..).unwrap_or_default();
    }
    serial
}

/// The key of the fingerprints, one for the whole process.
#[derive(Clone, Debug)]
struct Key(RandomState);

impl Key {
    fn of_process() -> Self {
        static KEY: Once<Key> = Once::new();
        KEY.get_or_init(|| Self(RandomState::new())).clone()
    }

    /// The bytes alone, without what a slice would put before them: the hash ends with their
    /// length anyway.
    fn fingerprint(&self, serial: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(serial);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serials(all: &[(&[u8], Status)]) -> Serials {
        let mut serials = Serials::new();
        all.iter().for_each(|(serial, status)| serials.add(serial, *status));
        serials.finish();
        serials
    }

    #[test]
    fn every_number_has_its_status_and_no_other_has_one() {
        let all: Vec<Vec<u8>> = (1..=1000_u32).map(|at| (at * 7919).to_be_bytes().into()).collect();
        let status = |at: usize| [Status::Revoked, Status::Held, Status::Lifted][at % 3];
        let pairs: Vec<(&[u8], Status)> =
            all.iter().enumerate().map(|(at, serial)| (serial.as_slice(), status(at))).collect();
        let serials = serials(&pairs);
        assert_eq!(serials.count(), 1000);
        for (serial, status) in pairs {
            assert_eq!(serials.status(serial), Some(status));
            assert_eq!(serials.status(&[serial, &[1]].concat()), None);
        }
        assert_eq!(serials.status(&[]), None);
    }

    #[test]
    fn numbers_that_differ_in_their_highest_bits_are_told_apart() {
        // Multiplied word by word, a highest bit stays where it is, and the next word undoes it.
        let listed: Vec<u8> = (1..=16).collect();
        for changed in [&[7, 11, 15][..], &[7, 15], &[15], &[0, 8], &[4, 12]] {
            let mut other = listed.clone();
            changed.iter().for_each(|at| other[*at] ^= 0x80);
            let serials = serials(&[(&listed, Status::Revoked)]);
            assert_eq!(serials.status(&listed), Some(Status::Revoked));
            assert_eq!(serials.status(&other), None, "{changed:?}");
        }
    }

    #[test]
    fn of_two_entries_the_graver_counts() {
        use Status::{Held, Lifted, Revoked};
        for (pair, expected) in [
            ([Held, Lifted], Held),
            ([Lifted, Held], Held),
            ([Revoked, Lifted], Revoked),
            ([Held, Revoked], Revoked),
        ] {
            let serials = serials(&[(&[5], pair[0]), (&[4], Lifted), (&[5], pair[1])]);
            assert_eq!(serials.status(&[5]), Some(expected), "{pair:?}");
        }
    }

    #[test]
    fn a_number_is_one_in_every_length_and_a_negative_one_is_another() {
        let found = serials(&[(&[0, 0, 5], Status::Revoked), (&[0xff], Status::Revoked)]);
        assert_eq!(found.status(&[5]), Some(Status::Revoked));
        assert_eq!(found.status(&[0xff, 0xff]), Some(Status::Revoked));
        assert_eq!(found.status(&[0, 0xff]), None);
        assert_eq!(serials(&[(&[0, 0xff], Status::Held)]).status(&[0xff]), None);
        assert_eq!(serials(&[(&[0], Status::Held)]).status(&[0, 0]), Some(Status::Held));
    }
}
