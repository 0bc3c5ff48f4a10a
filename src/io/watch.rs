//! A descriptor that never changes, and stands for whatever a connection waits for.
//!
//! On Linux it is an epoll instance that contains a second one, which contains the descriptors.
//! When a different set of descriptors is needed, the second one is created anew and the old one
//! discarded as a whole. So nothing is left behind of a descriptor that was closed, reused, or kept
//! alive by a forked child, and an old number never has to be named. If the numbers are the same,
//! the kernel is asked to modify each: it notices a number that now stands for a different file,
//! and then everything is created anew too. A lock guards the set.

use std::os::fd::{AsFd, BorrowedFd};

use super::wait::Interest;
use crate::error::Error;

#[cfg(any(target_os = "linux", target_os = "android"))]
use nested as inner;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use without as inner;

/// The descriptor that an application polls for a non-blocking connection: until the set changes,
/// it is readable whenever one of the watched descriptors is ready.
#[derive(Debug)]
pub(crate) struct Watch(inner::Set);

impl Watch {
    /// A watch on nothing.
    ///
    /// # Errors
    ///
    /// [`Kind::NoMemory`](crate::error::Kind::NoMemory) if out of descriptors,
    /// [`Kind::Unsupported`](crate::error::Kind::Unsupported) if the platform does not support it.
    pub(crate) fn new() -> Result<Self, Error> {
        inner::Set::new().map(Self)
    }

    /// Makes `fds` exactly the watched set.
    ///
    /// A descriptor may occur twice; its interests are merged. One with an empty interest is
    /// ignored. A descriptor may be in about a hundred watches at most: the kernel's limit.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`](crate::error::Kind::Invalid) if a descriptor is not open;
    /// [`Kind::NoMemory`](crate::error::Kind::NoMemory) if out of descriptors, and then the old set
    /// is still watched.
    pub(crate) fn set(&self, fds: &[(BorrowedFd<'_>, Interest)]) -> Result<(), Error> {
        self.0.set(fds)
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod nested {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use parking_lot::Mutex;
    use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
    use rustix::io::Errno;

    use super::super::system::failed;
    use super::super::wait::{Interest, not_open};
    use crate::error::Error;
    use crate::process::above_standard;

    #[derive(Debug)]
    pub(super) struct Set {
        outer: OwnedFd,
        state: Mutex<State>,
    }

    /// The watched descriptor numbers, and the instance that watches them, if there are any.
    #[derive(Debug, Default)]
    struct State {
        numbers: Vec<RawFd>,
        inner: Option<OwnedFd>,
    }

    type Wanted<'fd> = (BorrowedFd<'fd>, EventFlags);

    impl Set {
        pub(super) fn new() -> Result<Self, Error> {
            Ok(Self { outer: instance()?, state: Mutex::default() })
        }

        pub(super) fn set(&self, fds: &[(BorrowedFd<'_>, Interest)]) -> Result<(), Error> {
            let wanted = joined(fds);
            let numbers: Vec<RawFd> = wanted.iter().map(|(fd, _)| fd.as_raw_fd()).collect();
            let mut state = self.state.lock();
            if state.numbers == numbers && modified(state.inner.as_ref(), &wanted)? {
                return Ok(());
            }
            let fresh = if wanted.is_empty() { None } else { Some(filled(&wanted)?) };
            if let Some(fresh) = &fresh {
                let data = EventData::new_u64(0);
                epoll::add(&self.outer, fresh, data, EventFlags::IN).map_err(cannot)?;
            }
            if let Some(old) = state.inner.take() {
                // Closing is not enough: a forked child may keep the old one open.
                epoll::delete(&self.outer, old).map_err(cannot)?;
            }
            *state = State { numbers, inner: fresh };
            Ok(())
        }
    }

    impl AsFd for Set {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.outer.as_fd()
        }
    }

    /// Every descriptor once, sorted by number.
    fn joined<'fd>(fds: &[(BorrowedFd<'fd>, Interest)]) -> Vec<Wanted<'fd>> {
        let mut wanted: Vec<Wanted<'fd>> = fds
            .iter()
            .filter(|(_, interest)| !interest.is_none())
            .map(|(fd, interest)| (*fd, flags(*interest)))
            .collect();
        wanted.sort_by_key(|(fd, _)| fd.as_raw_fd());
        wanted.dedup_by(|next, kept| {
            let same = next.0.as_raw_fd() == kept.0.as_raw_fd();
            if same {
                kept.1 |= next.1;
            }
            same
        });
        wanted
    }

    fn flags(interest: Interest) -> EventFlags {
        let mut flags = EventFlags::empty();
        flags.set(EventFlags::IN, interest.readable);
        flags.set(EventFlags::OUT, interest.writable);
        flags.set(EventFlags::RDHUP, interest.ended);
        flags
    }

    /// Whether every descriptor is still the file that is watched under its number; its interest is
    /// now the wanted one.
    fn modified(inner: Option<&OwnedFd>, wanted: &[Wanted<'_>]) -> Result<bool, Error> {
        let Some(inner) = inner else { return Ok(wanted.is_empty()) };
        for (fd, flags) in wanted {
            match epoll::modify(inner, fd, EventData::new_u64(0), *flags) {
                Ok(()) => {}
                Err(Errno::NOENT) => return Ok(false),
                Err(Errno::BADF) => return Err(not_open(*fd)),
                Err(errno) => return Err(cannot(errno)),
            }
        }
        Ok(true)
    }

    fn filled(wanted: &[Wanted<'_>]) -> Result<OwnedFd, Error> {
        let fresh = instance()?;
        for (fd, flags) in wanted {
            match epoll::add(&fresh, fd, EventData::new_u64(0), *flags) {
                Ok(()) => {}
                Err(Errno::BADF) => return Err(not_open(*fd)),
                Err(errno) => return Err(cannot(errno)),
            }
        }
        Ok(fresh)
    }

    fn instance() -> Result<OwnedFd, Error> {
        epoll::create(CreateFlags::CLOEXEC).and_then(above_standard).map_err(cannot)
    }

    fn cannot(errno: Errno) -> Error {
        failed("a connection's descriptors cannot be watched", errno)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod without {
    use std::convert::Infallible;
    use std::os::fd::BorrowedFd;

    use super::super::wait::Interest;
    use crate::error::{Error, Kind};

    #[derive(Debug)]
    pub(super) struct Set(Infallible);

    impl Set {
        pub(super) fn new() -> Result<Self, Error> {
            let sentence = "this platform has no descriptor that stands for others";
            Err(Error::new(Kind::Unsupported, sentence))
        }

        pub(super) fn set(&self, _: &[(BorrowedFd<'_>, Interest)]) -> Result<(), Error> {
            match self.0 {}
        }

        pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
            match self.0 {}
        }
    }
}

#[cfg(test)]
#[cfg(any(target_os = "linux", target_os = "android"))]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::super::wait::{Woken, wait};
    use super::*;
    use crate::error::Kind;

    fn is_ready(watch: &Watch) -> bool {
        wait(&[(watch.as_fd(), Interest::READ)], None, Some(Instant::now())) == Ok(Woken::Ready)
    }

    #[test]
    fn a_watch_on_nothing_is_never_ready() {
        let watch = Watch::new().unwrap();
        watch.set(&[]).unwrap();
        assert!(!is_ready(&watch));
    }

    #[test]
    fn a_watch_is_ready_as_long_as_what_it_watches_is() {
        let watch = Watch::new().unwrap();
        let (mut near, mut far) = UnixStream::pair().unwrap();
        watch.set(&[(near.as_fd(), Interest::READ)]).unwrap();
        assert!(!is_ready(&watch));
        far.write_all(b"x").unwrap();
        assert!(is_ready(&watch));
        assert!(is_ready(&watch));
        near.read_exact(&mut [0]).unwrap();
        assert!(!is_ready(&watch));
    }

    #[test]
    fn any_one_of_the_watched_is_enough() {
        let watch = Watch::new().unwrap();
        let (first, _first_far) = UnixStream::pair().unwrap();
        let (second, mut second_far) = UnixStream::pair().unwrap();
        let both = [(first.as_fd(), Interest::READ), (second.as_fd(), Interest::READ)];
        watch.set(&both).unwrap();
        assert!(!is_ready(&watch));
        second_far.write_all(b"x").unwrap();
        assert!(is_ready(&watch));
    }

    #[test]
    fn the_interest_in_a_descriptor_can_change() {
        let watch = Watch::new().unwrap();
        let (near, _far) = UnixStream::pair().unwrap();
        watch.set(&[(near.as_fd(), Interest::WRITE)]).unwrap();
        assert!(is_ready(&watch));
        watch.set(&[(near.as_fd(), Interest::READ)]).unwrap();
        assert!(!is_ready(&watch));
    }

    #[test]
    fn what_is_no_longer_in_the_set_is_no_longer_watched() {
        let watch = Watch::new().unwrap();
        let (gone, _gone_far) = UnixStream::pair().unwrap();
        let (kept, _kept_far) = UnixStream::pair().unwrap();
        let both = [(gone.as_fd(), Interest::WRITE), (kept.as_fd(), Interest::READ)];
        watch.set(&both).unwrap();
        assert!(is_ready(&watch));
        watch.set(&[(kept.as_fd(), Interest::READ)]).unwrap();
        assert!(!is_ready(&watch));
        watch.set(&both).unwrap();
        assert!(is_ready(&watch));
        let nothing = Interest::default();
        watch.set(&[(gone.as_fd(), nothing)]).unwrap();
        assert!(!is_ready(&watch));
    }

    #[test]
    fn a_descriptor_that_occurs_twice_is_watched_for_both() {
        let watch = Watch::new().unwrap();
        let (near, _far) = UnixStream::pair().unwrap();
        watch.set(&[(near.as_fd(), Interest::READ), (near.as_fd(), Interest::WRITE)]).unwrap();
        assert!(is_ready(&watch));
    }

    /// `new` under the number that `old` had, as after close and open.
    fn with_the_number_of(old: UnixStream, new: UnixStream) -> OwnedFd {
        let mut number = OwnedFd::from(old);
        rustix::io::dup2(&new, &mut number).unwrap();
        number
    }

    #[test]
    fn a_number_that_was_used_again_stands_for_the_new_descriptor_only() {
        let watch = Watch::new().unwrap();
        let (old, mut old_far) = UnixStream::pair().unwrap();
        let (new, mut new_far) = UnixStream::pair().unwrap();
        // Held open elsewhere, as by a forked child: the kernel does not forget the old one.
        let _held = old.try_clone().unwrap();
        watch.set(&[(old.as_fd(), Interest::READ)]).unwrap();
        let number: RawFd = old.as_raw_fd();
        let reused = with_the_number_of(old, new);
        assert_eq!(reused.as_raw_fd(), number);
        old_far.write_all(b"x").unwrap();
        watch.set(&[(reused.as_fd(), Interest::READ)]).unwrap();
        assert!(!is_ready(&watch), "the old descriptor is still watched");
        new_far.write_all(b"x").unwrap();
        assert!(is_ready(&watch), "the new descriptor is not watched");
    }

    #[test]
    fn a_descriptor_that_was_closed_and_is_held_elsewhere_leaves_with_the_next_set() {
        let watch = Watch::new().unwrap();
        let (closed, mut far) = UnixStream::pair().unwrap();
        let _held = closed.try_clone().unwrap();
        watch.set(&[(closed.as_fd(), Interest::READ)]).unwrap();
        drop(closed);
        far.write_all(b"x").unwrap();
        watch.set(&[]).unwrap();
        assert!(!is_ready(&watch));
    }

    #[test]
    fn a_set_that_cannot_be_watched_leaves_the_old_one_in_force() {
        let watch = Watch::new().unwrap();
        let (near, mut far) = UnixStream::pair().unwrap();
        watch.set(&[(near.as_fd(), Interest::READ)]).unwrap();
        let file = tempfile::tempfile().unwrap();
        let error = watch.set(&[(file.as_fd(), Interest::READ)]).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        far.write_all(b"x").unwrap();
        assert!(is_ready(&watch));
    }

    #[test]
    fn the_descriptor_of_a_watch_never_changes() {
        let watch = Watch::new().unwrap();
        let before = watch.as_fd().as_raw_fd();
        let (near, _far) = UnixStream::pair().unwrap();
        watch.set(&[(near.as_fd(), Interest::READ)]).unwrap();
        watch.set(&[]).unwrap();
        assert_eq!(watch.as_fd().as_raw_fd(), before);
    }
}
