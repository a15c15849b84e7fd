//! The image webhook: an HTTPS server that the API server asks about each pod, and that answers with a patch which
//! lets every image be pulled from the deployment's own registry.
//!
//! Rewriting at render is the truth for what the program installs; this is the net for what users bring afterwards. So
//! it never denies: what it can't understand is let through as it is, with a warning. It knows nothing of clusters or
//! AWS: its mapping and its certificate are files, which are read again when they change.

mod files;
pub mod image;
mod limits;
mod mapping;
mod metrics;
mod patch;
mod review;
mod routes;
mod server;

#[cfg(test)]
mod tests;

pub use files::Files;
pub use limits::Limits;
pub use mapping::Mapping;
pub use review::answer;
pub use server::Server;
