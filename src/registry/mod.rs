//! Image registries by the OCI distribution protocol: a client, and copies from registry to registry, into an archive and from one.
//!
//! What is copied is bytes: no manifest is ever written anew (but an index of which platforms were chosen), so that digests stay.
//! A tag is set last, when all that it leads to is there.

mod auth;
mod client;
pub mod copy;
mod digest;
mod fault;
pub mod layout;
mod manifest;
mod platform;
mod reference;
mod retry;
mod stream;

pub use auth::{Anonymous, DockerConfig, Login, Logins};
pub use client::{Found, Registry, Route, Tell};
pub use digest::Digest;
pub use fault::{Fault, Outcome};
pub use manifest::{Descriptor, Manifest};
pub use platform::Platform;
pub use reference::Reference;
pub use retry::Retry;
pub use stream::{BlobStream, Counter};
