//! What to do about files, directories, their modes and owners, and stores.

use super::{Cause, FileName};

/// Why a file or a directory is not taken, or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileCause {
    /// No directory was named, and the environment names none.
    NoName,
    /// Others have a permission that they must not have: what `chmod` is told to take it away.
    Open(FileName, &'static str, Standing),
    /// It belongs to neither the user who runs this nor root.
    Foreign,
    /// A relative path, in a directory whose own place cannot be looked at.
    HiddenWay,
    /// What is written belongs to another user.
    ForeignToWrite,
    /// It would be made in the directory of this user.
    ForeignDirectory(u32),
    /// It has a second name (hard link), and is to be written.
    SecondName,
    /// It is a directory, a pipe, a socket or a device.
    NotRegular,
    /// It is a symbolic link, and is to be written.
    Link,
    /// It is larger than what it is for can be.
    TooBig,
    /// A permission is missing: what `chmod` is told to give it.
    Closed(FileName, &'static str, Standing),
    /// The permissions are there, and the system refuses it all the same.
    Confined,
    /// The same, and this is root.
    ConfinedRoot,
    /// The system does not permit this, whatever the permissions are.
    NotPermitted,
    /// There is nothing of that name in a directory that is there.
    Missing,
    /// A directory on the way is missing.
    MissingDirectory(FileName),
    /// A symbolic link leads to nothing.
    Dangling,
    /// A name on the way is not that of a directory.
    NotADirectory(FileName),
    /// Symbolic links lead in a circle.
    Circle,
    /// The path, or a part of it, is too long.
    NameTooLong,
    /// The file system cannot be written.
    ReadOnly,
    /// The file system is full.
    Full,
    /// The user may not store more there.
    Quota,
    /// The disk does not do what it should.
    Device,
    /// The process has as many open files as it may have.
    OpenFiles,
    /// The machine has as many open files as it can have.
    OpenFilesOfMachine,
    /// There is no memory.
    Memory,
    /// The file would become larger than a file may be.
    TooLong,
    /// A program runs from the file.
    Running,
    /// Somebody else uses it in a way that keeps us out.
    InUse,
    /// The file server does not answer, or has forgotten the file.
    FileServer,
    /// The file system has no locks.
    NoLocks,
    /// The directory is encrypted, and locked.
    Encrypted,
    /// The directory of the store is missing, and can be made.
    NoStoreDirectory(FileName),
    /// The directory of the store is missing, and cannot be made by this user.
    NoPlaceForStore,
    /// Another program changes the file all the time.
    Changing,
    /// Somebody else holds the lock of the store.
    Locked,
    /// A change may be stored, or not.
    Doubtful,
    /// The store was there, and is not there any more.
    Vanished,
    /// The store is there, and empty.
    EmptyStore,
    /// Lines of a store are damaged.
    DamagedStore,
    /// The end of a store is missing: its last line.
    CutStore(&'static str),
    /// An entry has no SHA256 line: that line.
    NoSha256(String),
    /// What is no host and port.
    Place,
    /// Nothing is known of a host and port.
    UnknownPlace,
    /// No known peer has this certificate.
    UnknownCertificate,
    /// This certificate has no mark of distrust.
    Unmarked,
    /// Another certificate is marked, with the same key: its SHA-256.
    OtherMark(String),
    /// The entry was changed after the peer was judged by it.
    ChangedEntry,
    /// Files in the directory of clients do not count, or many entries have no hash link.
    Clients {
        /// Whether some do not count.
        ignored: bool,
        /// The directory, if its links are missing.
        unlinked: Option<FileName>,
    },
    /// An entry of the directory of clients cannot be read.
    UnreadEntry,
    /// More links of one hash than there can be.
    TooManyLinks,
    /// Another program makes links in the same directory.
    OtherRehash,
}

/// Who can change the permissions of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The user who runs this.
    Ours,
    /// Another user.
    Of(u32),
    /// Nobody should: it is a directory that the whole system uses.
    System,
    /// It is a symbolic link, and what it leads to may be anybody's.
    Link,
    /// Nobody: the file system has no permissions.
    Modeless,
}

/// What sentences call a user.
pub(crate) fn user_name(user: u32) -> String {
    if user == 0 { "root".to_owned() } else { format!("user {user}") }
}

impl Cause for FileCause {
    fn hint(&self) -> String {
        match self {
            Self::NoName => "set TLSCONN_DIR or HOME, or name the directory",
            Self::Open(name, bits, standing) => return open(name, bits, *standing),
            Self::Foreign => "use a file and a directory that belong to the user who runs this, or to root",
            Self::HiddenWay => "name it with its whole path, in directories that this user may enter",
            Self::ForeignToWrite => "name a file that belongs to the user who runs this",
            Self::ForeignDirectory(owner) => {
                let owner = user_name(*owner);
                return format!("run this as {owner}, or name a directory of the user who runs this");
            }
            Self::SecondName => "give it one name only: make a copy of it, and rename the copy to this name",
            Self::NotRegular => "name another file",
            Self::Link => "name the file that it leads to",
            Self::TooBig => "check the name: this is probably another file",
            Self::Closed(name, bits, standing) => return closed(name, bits, *standing),
            Self::Confined => "ask the administrator of this machine: the permissions allow it, but SELinux, AppArmor or the sandbox of a service or container does not; the audit log says which",
            Self::ConfinedRoot => "name a file elsewhere: root is refused only by a file server (NFS with root_squash), by a container, or by SELinux or AppArmor; the audit log says if it is these",
            Self::NotPermitted => "name another file: this one, or its directory, may be immutable, append-only, or in a sticky directory and of another user",
            Self::Missing => "check the name: its directory is there, but it is not",
            Self::MissingDirectory(name) => {
                return format!("check the path: there is no directory {}", name.with_ending("", "of this name"));
            }
            Self::Dangling => "name another file, or put back what this symbolic link leads to",
            Self::NotADirectory(name) => {
                return format!("check the path: {} is not a directory", name.with_ending("", "a part of it"));
            }
            Self::Circle => "name the file itself: these symbolic links lead back to themselves",
            Self::NameTooLong => "use a shorter path: a name has at most 255 bytes, a path 4,095",
            Self::ReadOnly => "name a file on a file system that can be written, or have this one mounted read-write",
            Self::Full => "free some space on this file system, or, if there is space, some inodes",
            Self::Quota => "delete files of this user on this file system, or ask for a larger disk quota",
            Self::Device => "check the disk: it reports errors, and the log of the kernel says which",
            Self::OpenFiles => "close files and connections that are no longer needed, or raise the limit of open files of this process (ulimit -n, LimitNOFILE= in a unit of systemd)",
            Self::OpenFilesOfMachine => "look for the program that has too many files open: together, all programs have as many as this machine allows",
            Self::Memory => "look for what uses the memory of this machine or container, or raise its limit",
            Self::TooLong => "raise the limit of the size of files (ulimit -f), or use a file system with larger files",
            Self::Running => "name another file: a program runs from this one",
            Self::InUse => "try again when the other program is done with it",
            Self::FileServer => "check the file server, and the network to it; then mount the file system again",
            Self::NoLocks => "use a file system with locks, such as one on a disk of this machine",
            Self::Encrypted => "unlock the encrypted directory first",
            Self::NoStoreDirectory(name) => return make_directory(name),
            Self::NoPlaceForStore => "name a directory that belongs to the user who runs this",
            Self::Changing => "try again when the other program is done",
            Self::Locked => "try again when the other process or thread is done with it",
            Self::Doubtful => "check the disk, and then the list of known peers (tlsconn_known_each())",
            Self::Vanished => "put it back; if it was deleted on purpose, start the program again",
            Self::EmptyStore => "restore a backup of it; delete it only if no peer should be known any more",
            Self::DamagedStore => "correct or remove these lines, or restore a backup of the file",
            Self::CutStore(line) => {
                return format!("restore a backup of the file; if every entry is there, add the line \"{line}\"");
            }
            Self::NoSha256(line) => {
                return format!("if that is the right certificate, add this line above it: {line}");
            }
            Self::Place => "write name:port, [IPv6]:port or, for any port, name:*",
            Self::UnknownPlace => "look for its port in the list of known peers (tlsconn_known_each())",
            Self::UnknownCertificate => "look for its fingerprint in the list of known peers (tlsconn_known_each())",
            Self::Unmarked => "look for the mark in the list of known peers (tlsconn_known_each())",
            Self::OtherMark(sha256) => {
                return format!("remove the mark from {sha256}, which has the same key");
            }
            Self::ChangedEntry => "connect again: the peer is then judged by the new entry",
            Self::Clients { ignored, unlinked } => return clients(*ignored, unlinked.as_ref()),
            Self::UnreadEntry => "let the server read every file in the directory of clients",
            Self::TooManyLinks => "give them different subject names, or put them into several directories",
            Self::OtherRehash => "try again when the other program has made its links",
        }
        .to_owned()
    }
}

/// What to do about a permission that others must not have.
fn open(name: &FileName, bits: &str, standing: Standing) -> String {
    match standing {
        Standing::Ours => {
            format!("chmod {bits} {}", name.quoted())
        }
        Standing::Of(owner) => {
            let owner = user_name(owner);
            format!("ask {owner}, who owns it, to take the permission away from other users, or name another file")
        }
        Standing::System => {
            "leave it as it is, because other programs use it, and use a directory of your own that nobody else can write".to_owned()
        }
        Standing::Link => {
            "look where this symbolic link leads, and take the permission away from other users there, or name another file".to_owned()
        }
        Standing::Modeless => {
            "move it to another file system: this one (FAT, NTFS or a network share) has no permissions but those it was mounted with".to_owned()
        }
    }
}

/// What to do about a permission that is missing.
fn closed(name: &FileName, bits: &str, standing: Standing) -> String {
    match standing {
        Standing::Ours => format!("chmod {bits} {}", name.quoted()),
        Standing::Of(owner) => {
            let owner = user_name(owner);
            format!("ask {owner}, who owns it, for the permission, or name another file")
        }
        Standing::System | Standing::Link => {
            "name another file, in a directory of your own".to_owned()
        }
        Standing::Modeless => {
            "name another file: this file system (FAT, NTFS or a network share) has no permissions but those it was mounted with".to_owned()
        }
    }
}

fn make_directory(name: &FileName) -> String {
    format!("mkdir -p -m 700 {}", name.quoted())
}

/// What to do about the directory of clients.
fn clients(ignored: bool, unlinked: Option<&FileName>) -> String {
    let rules = ignored.then(|| "make each entry a file with one certificate that belongs to you or root, and that only its owner can write".to_owned());
    let links = unlinked.map(|name| {
        format!(
            "make the links, with tlsconn_dir_rehash() or with: openssl rehash {}",
            name.quoted()
        )
    });
    rules.into_iter().chain(links).collect::<Vec<_>>().join("; ")
}
