//! The C face. `include/tlsconn.h` is made from the files below this one.
//!
//! Every function here does three things and no more: read what C gave, call the library,
//! turn the answer into a number. Its doc comment is its text in the header and the whole
//! contract; each `SAFETY:` comment leans on the caller's half of that contract.
//!
//! - [`call`] runs one function body: no panic leaves, no failure is lost. [`fork`] has the library
//!   told of forks.
//! - [`handle`] gives, lends, counts and takes back handles; [`lent`] keeps what C borrows from a
//!   connection. [`read`] turns pointers into slices and text, and numbers into values;
//!   [`text`] keeps the strings that C borrows.
//! - [`key_log`] opens the file of secrets that an option names.
//!   [`secure`] asks whether the caller of this process is to be believed.
//! - [`system`] asks the system what no safe crate asks; the rooms below are handed the function.
//! - [`code`] numbers the failures. The other files are the chapters of the header.

#![allow(unsafe_code, reason = "this module meets C")]
#![allow(non_camel_case_types, non_snake_case, reason = "these are C names")]
#![allow(unreachable_pub, reason = "the linker reads these functions")]
#![allow(clippy::missing_safety_doc, reason = "the doc comment is the contract")]

mod call;
mod fork;
mod handle;
mod key_log;
mod lent;
mod read;
mod secure;
mod system;
mod text;

// The chapters, in the order of the header. The blank lines keep rustfmt from sorting them.
mod code;

mod problem;

mod error;

mod callback;

mod context;

mod option;
mod option_value;

mod style;

mod question;

mod connection;

mod about;

mod memory;

mod server;

mod known;

mod pki;

mod verify;

mod certificate;

mod proposal;
