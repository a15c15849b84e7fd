//! Makes the archive for machines that reach no upstream.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use fs_err as fs;

use super::{Bundle, Digest, verify};
use crate::model::{Error, ErrorClass, Result};

/// What [`pack()`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Files in the archive.
    pub files: usize,
    /// Its size.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
    /// Pinned files that the bundle doesn't have.
    pub without: Vec<String>,
}

/// Writes the pinned files of a bundle into a `.tar.gz`. The same files make the same bytes: no times, owners or order of a file
/// system get in.
///
/// # Errors
/// Class `StateIo` if the archive can't be written; nothing is left of it then.
pub fn pack(bundle: &Bundle, out: &Path) -> Result<Packed> {
    let parent = out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // An archive is to be passed on: as readable as any file that the user makes.
    let everyone = std::fs::Permissions::from_mode(0o666);
    let temp = tempfile::Builder::new().permissions(everyone).tempfile_in(parent).map_err(|error| {
        Error::new(ErrorClass::StateIo, format!("cannot write in {}", parent.display())).caused_by(error.to_string())
    })?;
    let gzip = GzBuilder::new().mtime(0).write(temp, Compression::best());
    let mut tar = tar::Builder::new(gzip);
    let mut files = 0;
    let mut without = Vec::new();
    for pin in bundle.lock().pins() {
        let path = pin.full();
        let bytes = match verify::read(&bundle.root().join(&path)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                without.push(path);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, &path, bytes.as_slice())?;
        files += 1;
    }
    let temp = tar.into_inner()?.finish()?;
    temp.as_file().sync_all()?;
    temp.persist(out).map_err(|error| error.error)?;
    let bytes = fs::read(out)?;
    Ok(Packed { files, bytes: bytes.len() as u64, digest: Digest::of(&bytes), without })
}
