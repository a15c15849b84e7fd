//! An archive as a source.

use std::collections::HashMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::super::copy::Source;
use super::super::fault::Outcome;
use super::super::manifest::MAX_MANIFEST;
use super::super::stream::{BlobStream, checked};
use super::super::{Descriptor, Digest, Found, Manifest, Reference};
use super::index::{Entry, Index};
use crate::model::{Error, ErrorClass, Result};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// An archive that is there, whole: where each blob lies, and which images it holds.
pub struct Archive {
    path: PathBuf,
    places: HashMap<Digest, (u64, u64)>,
    images: Vec<(Reference, Entry)>,
}

impl Archive {
    /// Looks through an archive; blobs are checked when they are read.
    ///
    /// # Errors
    /// Class `Config` if it is none or holds no image with a name, `StateIo` if it can't be read.
    pub fn open(path: &Path) -> Result<Archive> {
        let wrong = |why: String| {
            Error::new(ErrorClass::Config, format!("{} is no archive of images", path.display())).caused_by(why).hint(
                "make one with `kfctl-cn images save FILE`, or with `skopeo copy ... oci-archive:FILE`; not compressed",
            )
        };
        let mut file = fs_err::File::open(path)?;
        let mut places = HashMap::new();
        let mut index = None;
        let mut archive = tar::Archive::new(&mut file);
        for entry in archive.entries_with_seek().map_err(|e| wrong(e.to_string()))? {
            let mut entry = entry.map_err(|e| wrong(e.to_string()))?;
            let name = entry.path().map_err(|e| wrong(e.to_string()))?.to_string_lossy().into_owned();
            let name = name.trim_start_matches("./");
            if let Some(hex) = name.strip_prefix("blobs/sha256/") {
                if let Ok(digest) = format!("sha256:{hex}").parse() {
                    places.insert(digest, (entry.raw_file_position(), entry.size()));
                }
            } else if name == "index.json" {
                let mut text = Vec::new();
                (&mut entry).take(MAX_MANIFEST as u64).read_to_end(&mut text)?;
                index = Some(serde_json::from_slice::<Index>(&text).map_err(|e| wrong(format!("index.json: {e}")))?);
            }
        }
        let index = index.ok_or_else(|| wrong("it has no index.json".into()))?;
        let mut images = Vec::new();
        for entry in index.manifests {
            if let Some(name) = entry.name() {
                images.push((name.parse()?, entry));
            }
        }
        if images.is_empty() {
            return Err(wrong("none of its images has a name".into()));
        }
        Ok(Archive { path: path.to_owned(), places, images })
    }

    /// The images, by the names that they were saved under.
    pub fn images(&self) -> impl Iterator<Item = &Reference> {
        self.images.iter().map(|(name, _)| name)
    }

    fn digest(&self, image: &Reference) -> Option<Digest> {
        image.digest.or_else(|| self.images.iter().find(|(name, _)| name == image).map(|(_, entry)| entry.digest))
    }

    fn place(&self, digest: Digest) -> Result<(u64, u64)> {
        self.places.get(&digest).copied().ok_or_else(|| {
            Error::new(ErrorClass::Config, format!("{} lacks {digest}", self.path.display()))
                .hint("save it again: `kfctl-cn images save FILE`")
        })
    }
}

#[async_trait]
impl Source for Archive {
    async fn find(&self, image: &Reference) -> Outcome<Found> {
        let digest = self.digest(image).filter(|digest| self.places.contains_key(digest));
        Ok(digest.map_or(Found::Nothing, |digest| Found::Manifest(Some(digest))))
    }

    async fn manifest(&self, image: &Reference) -> Outcome<Manifest> {
        let missing = || Error::new(ErrorClass::Config, format!("{} doesn't hold {image}", self.path.display()));
        let digest = self.digest(image).ok_or_else(missing)?;
        let (offset, size) = self.place(digest)?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(MAX_MANIFEST)];
        let mut file = fs_err::File::open(&self.path).map_err(Error::from)?;
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(Error::from)?;
        let kind = self.images.iter().find(|(_, e)| e.digest == digest).map(|(_, e)| e.media_type.as_str());
        let manifest = Manifest::parse(bytes.into(), kind)?;
        if manifest.digest != digest {
            return Err(Error::new(ErrorClass::Config, format!("{}: {digest} is damaged", self.path.display())).into());
        }
        Ok(manifest)
    }

    async fn blob(&self, _image: &Reference, blob: &Descriptor) -> Outcome<BlobStream> {
        let (offset, size) = self.place(blob.digest)?;
        let mut file = tokio::fs::File::open(&self.path).await.map_err(Error::from)?;
        file.seek(SeekFrom::Start(offset)).await.map_err(Error::from)?;
        file.set_max_buf_size(PIECE);
        let pieces = futures::stream::try_unfold((file, size), |(mut file, left)| async move {
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let read = file.read(&mut piece).await.map_err(Error::from)?;
            piece.truncate(read);
            let piece = (read > 0).then(|| Bytes::from(piece));
            Ok(piece.map(|piece| (piece, (file, left - read as u64))))
        });
        Ok(checked(format!("cannot read {} of {}", blob.digest, self.path.display()), blob, Box::pin(pieces)))
    }
}
