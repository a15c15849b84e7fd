//! Images in a file: an OCI image layout in a tar archive, as skopeo, crane and containerd read it.

mod index;
mod reader;
mod writer;

pub use reader::Archive;
pub use writer::Writer;
