//! Stamps the shared library that cargo makes with its name, `libtlsconn.so.0`.
//!
//! The library that gets installed is linked anew from the static one; see the Makefile.

const SONAME: &str = "libtlsconn.so.0";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
        // Threads may still hold our thread-locals when a program calls dlclose().
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
