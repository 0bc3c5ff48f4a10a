//! A terminal: what is written to it, and the lines that are typed.
//!
//! It is opened for this alone and does not block. So every wait is one in which the end of the
//! question is noticed, and a signal handler, which runs at no other time.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, read, write};
use rustix::process::getpgrp;
use rustix::termios::{QueueSelector, tcdrain, tcflush, tcgetpgrp};

use crate::process::{For, KeptBack, Waited, open};

/// How long a wait sleeps before it looks again whether the answer is still wanted.
const TICK: Duration = Duration::from_millis(100);

/// What they give on a terminal that makes no signals and no lines of its own.
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;

/// The most that one line holds.
const LONGEST: usize = 4096;

/// Why a question ends without an answer by the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// None of what was typed is one.
    NoAnswer,
    /// The input has ended.
    Closed,
    /// The user typed Ctrl-C on a terminal that makes no signal of it.
    Left,
    /// A signal handler ran meanwhile.
    Signal,
    /// The terminal is gone, or cannot be used.
    Gone,
    /// The connection that asks was aborted.
    Aborted,
    /// Nobody needs one any longer.
    Moot,
}

/// Whether the answer is still wanted, and if not, why.
pub(super) type Wanted<'a> = &'a dyn Fn() -> Result<(), End>;

/// An open terminal.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: OwnedFd,
    signals: KeptBack,
}

impl Screen {
    /// The controlling terminal of the process.
    pub(super) fn of_process() -> Result<Self, Errno> {
        Self::at("/dev/tty")
    }

    /// The terminal with this name.
    pub(super) fn at(path: impl rustix::path::Arg) -> Result<Self, Errno> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK;
        let terminal = open(path, flags, Mode::empty())?;
        Ok(Self { terminal, signals: KeptBack::new() })
    }

    /// Stops a program in the background, as reading does, until it is in the foreground.
    pub(super) fn come_forward(&self) {
        let in_front = tcgetpgrp(&self.terminal);
        if in_front.is_ok_and(|group| group != getpgrp()) {
            // It changes nothing, and stops who may not change anything.
            let _ = tcdrain(&self.terminal);
        }
    }

    /// Forgets what was typed and not yet read.
    pub(super) fn forget_input(&self) {
        // If it fails there is nothing to forget.
        let _ = tcflush(&self.terminal, QueueSelector::IFlush);
    }

    /// Writes all of a text.
    pub(super) fn say(&self, text: &str, wanted: Wanted<'_>) -> Result<(), End> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match write(&self.terminal, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => self.wait(For::Room, wanted)?,
                Err(_) => return Err(End::Gone),
            }
        }
        Ok(())
    }

    /// Waits for a line, and returns it without its end.
    pub(super) fn hear(&self, wanted: Wanted<'_>) -> Result<String, End> {
        let mut line = Vec::new();
        loop {
            self.wait(For::Input, wanted)?;
            let mut chunk = [0; LONGEST];
            let count = match read(&self.terminal, &mut chunk) {
                Ok(0) => return Err(End::Closed),
                Ok(count) => count,
                // Another program has read it.
                Err(Errno::AGAIN) => continue,
                Err(_) => return Err(End::Gone),
            };
            for byte in chunk.into_iter().take(count) {
                match byte {
                    b'\n' | b'\r' => return Ok(String::from_utf8_lossy(&line).into_owned()),
                    CTRL_C => return Err(End::Left),
                    CTRL_D => return Err(End::Closed),
                    byte if line.len() < LONGEST => line.push(byte),
                    _ => {}
                }
            }
        }
    }

    /// Waits for a moment.
    pub(super) fn rest(&self, wanted: Wanted<'_>) -> Result<(), End> {
        wanted()?;
        self.look(None).map(drop)
    }

    fn wait(&self, what: For, wanted: Wanted<'_>) -> Result<(), End> {
        loop {
            wanted()?;
            if self.look(Some((self.terminal.as_fd(), what)))? == Waited::Ready {
                return Ok(());
            }
        }
    }

    /// A signal handler that runs meanwhile ends the question: it is how a user leaves a program
    /// that cleans up after itself.
    fn look(&self, fd: Option<(BorrowedFd<'_>, For)>) -> Result<Waited, End> {
        match self.signals.wait(fd, TICK) {
            Waited::Interrupted => Err(End::Signal),
            waited @ (Waited::Ready | Waited::Late) => Ok(waited),
        }
    }
}

impl AsFd for Screen {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }
}
