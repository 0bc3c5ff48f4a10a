//! Locks that are free in a forked child, and that a caught panic does not poison.

use std::ops::{Deref, DerefMut};
use std::sync::{self, Arc, PoisonError};

use super::birth::Birth;
use super::fork::{Inside, enter, may_wait};

/// A lock for what a child goes on using. Whoever holds it is inside a section.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(sync::Mutex<T>);

/// A lock for what is read often, as [`Mutex`].
#[derive(Debug, Default)]
pub(crate) struct RwLock<T>(sync::RwLock<T>);

/// A lock that is held. The section ends after the lock is released.
#[derive(Debug)]
pub(crate) struct Held<G> {
    guard: G,
    _inside: Inside,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Held<sync::MutexGuard<'_, T>> {
        let inside = enter();
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Held { guard, _inside: inside }
    }
}

impl<T> RwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    pub(crate) fn read(&self) -> Held<sync::RwLockReadGuard<'_, T>> {
        let inside = enter();
        let guard = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Held { guard, _inside: inside }
    }

    pub(crate) fn write(&self) -> Held<sync::RwLockWriteGuard<'_, T>> {
        let inside = enter();
        let guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Held { guard, _inside: inside }
    }
}

impl<G: Deref> Deref for Held<G> {
    type Target = G::Target;

    fn deref(&self) -> &Self::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Held<G> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.guard
    }
}

/// A lock that may be held for long, such as while files are read. A child begins with one of its
/// own, and with nothing in it.
#[derive(Debug)]
pub(crate) struct PerProcess<T>(Mutex<(Birth, Arc<parking_lot::Mutex<T>>)>);

impl<T: Default> PerProcess<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new((Birth::now(), Arc::default())))
    }

    /// The lock of this process. It is no section, so foreign code may run while it is held.
    pub(crate) fn here(&self) -> Arc<parking_lot::Mutex<T>> {
        may_wait();
        let mut kept = self.0.lock();
        let (birth, lock) = &mut *kept;
        if !birth.is_here() {
            // What a thread of the parent may have locked, and left half-done, stays where it is.
            std::mem::forget(std::mem::take(lock));
            *birth = Birth::now();
        }
        Arc::clone(lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_poisons_nothing() {
        let lock = Mutex::new(1);
        let both = RwLock::new(1);
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| {
                let _held = (lock.lock(), both.write());
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(panics.join().is_err());
        });
        *lock.lock() += 1;
        *both.write() += 1;
        assert_eq!((*lock.lock(), *both.read()), (2, 2));
    }

    #[test]
    fn a_child_has_a_lock_of_its_own_with_nothing_in_it() {
        let lock = PerProcess::<Vec<u8>>::new();
        let of_parent = lock.here();
        let mut held = of_parent.lock();
        held.push(1);
        assert!(Arc::ptr_eq(&of_parent, &lock.here()));
        lock.0.lock().0 = Birth::ELSEWHERE;
        assert!(lock.here().try_lock().is_some_and(|empty| empty.is_empty()));
    }
}
