//! Whose turn it is to ask at a terminal.
//!
//! Programs know nothing of each other, so they lock the terminal's own device, by the name that it
//! has for all of them; /dev/tty is one file for every terminal. Each question opens it anew, so
//! the lock also keeps threads of one program apart, and it goes with a program that dies. `flock`
//! has no deadline: whoever waits looks again a few times a second.
//!
//! Who may not open the device, as after `su`, has only a mark in this process, and the user is
//! told. A program in the background stops before it takes its turn, as it would when it reads.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, major, minor, stat};
use rustix::io::Errno;

use super::screen::{End, Screen, Wanted};
use crate::process::{Birth, Mutex, open};

/// The process in which a thread asks without a lock on a device.
static ASKS: Mutex<Option<Birth>> = Mutex::new(None);

/// The turns at one terminal.
#[derive(Debug)]
pub(super) enum Turns {
    /// Among all programs.
    Device(OwnedFd),
    /// Among the threads of this process, and why.
    Process(String),
}

/// A turn. It is over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn(Turns);

impl Turns {
    /// The turns at this terminal.
    pub(super) fn at(screen: &Screen) -> Self {
        device(screen).map_or_else(
            |why| {
                let advice = "if several programs ask here, answer one after the other";
                Self::Process(format!("This terminal cannot be locked ({why}): {advice}."))
            },
            Self::Device,
        )
    }

    /// Waits for a turn.
    pub(super) fn take(self, screen: &Screen, wanted: Wanted<'_>) -> Result<Turn, End> {
        loop {
            screen.come_forward();
            if self.try_take()? {
                return Ok(Turn(self));
            }
            screen.rest(wanted)?;
        }
    }

    pub(super) fn try_take(&self) -> Result<bool, End> {
        match self {
            Self::Device(device) => match flock(device, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Ok(true),
                Err(Errno::WOULDBLOCK) => Ok(false),
                Err(_) => Err(End::Gone),
            },
            Self::Process(_) => {
                let mut asks = ASKS.lock();
                let free = asks.is_none_or(|birth| !birth.is_here());
                if free {
                    *asks = Some(Birth::now());
                }
                Ok(free)
            }
        }
    }
}

impl Turn {
    /// What the user should know about turns here.
    pub(super) fn warning(&self) -> Option<&str> {
        match &self.0 {
            Turns::Device(_) => None,
            Turns::Process(why) => Some(why),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match &self.0 {
            // A child that was forked meanwhile has the descriptor too, so closing ours would not
            // release the lock.
            Turns::Device(device) => drop(flock(device, FlockOperation::Unlock)),
            Turns::Process(_) => *ASKS.lock() = None,
        }
    }
}

/// The terminal's own device, or why it cannot be had.
fn device(screen: &Screen) -> Result<OwnedFd, String> {
    let path = path_of(screen).ok_or("its device is not found")?;
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
    open(&path, flags, Mode::empty()).map_err(|errno| {
        let words = crate::process::without_number(&errno.into());
        format!("{}: {words}", path.display())
    })
}

/// Where the terminal's own device is: one of the standard streams, or what the system calls the
/// controlling terminal.
pub(super) fn path_of(screen: &Screen) -> Option<PathBuf> {
    let number = controlling().or_else(|| fstat(screen.as_fd()).ok().map(|stat| stat.st_rdev))?;
    let streams = (0..3).map(|stream| PathBuf::from(format!("/proc/self/fd/{stream}")));
    streams.chain(names(number)).find(|path| is_device(path, number))
}

fn is_device(path: &Path, number: u64) -> bool {
    let is_terminal = |mode| rustix::fs::FileType::from_raw_mode(mode).is_char_device();
    stat(path).is_ok_and(|stat| stat.st_rdev == number && is_terminal(stat.st_mode))
}

/// The number of the controlling terminal: the fifth value behind the program's name.
fn controlling() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/stat").ok()?;
    let number: u32 = status.rsplit(')').next()?.split_whitespace().nth(4)?.parse().ok()?;
    // As the kernel packs it: twelve bits of the major number between twenty of the minor one.
    let (major, minor) = ((number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xf_ff00));
    (number != 0).then(|| rustix::fs::makedev(major, minor))
}

/// The names that a terminal with this number may have.
pub(super) fn names(number: u64) -> Vec<PathBuf> {
    let (major, minor) = (major(number), minor(number));
    // 136 to 143 are pseudo-terminals, which the system does not list.
    let pseudo = major
        .checked_sub(136)
        .filter(|block| *block < 8)
        .map(|block| PathBuf::from(format!("/dev/pts/{}", (block << 8) | minor)));
    let listed = fs::read_to_string(format!("/sys/dev/char/{major}:{minor}/uevent")).ok();
    let name = listed.as_deref().unwrap_or_default().lines().find_map(|line| {
        line.strip_prefix("DEVNAME=").map(|name| Path::new("/dev").join(OsString::from(name)))
    });
    pseudo.into_iter().chain(name).collect()
}
