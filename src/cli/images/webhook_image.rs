//! `kfctl-cn images webhook-image`.

use std::io::Write;
use std::path::PathBuf;

use super::super::{Global, printer};
use crate::model::{Error, ErrorClass, ExitStatus, Result};
use crate::webhook::image;

/// Make the image of the image webhook, an archive for `images load`, without Docker
///
/// The image holds nothing but this program, which must be a static build. The same program gives the same digest.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The archive to write: an OCI image layout
    archive: PathBuf,
    /// The program that goes into it: a static Linux build of kfctl-cn [default: this one]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Writes the archive, whole or not at all.
pub async fn run(_: &Global, args: Args) -> Result<ExitStatus> {
    let binary = match args.binary {
        Some(binary) => binary,
        None => std::env::current_exe().map_err(|error| {
            Error::new(ErrorClass::StateIo, "this program's own file can't be found")
                .caused_by(error.to_string())
                .hint("give it with --binary")
        })?,
    };
    let archive =
        image::archive(&fs_err::read(&binary)?).map_err(|error| error.context(binary.display().to_string()))?;
    let folder = args.archive.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(".".as_ref()))?;
    file.write_all(&archive)?;
    file.persist(&args.archive).map_err(|error| error.error)?;
    let archive = args.archive.display();
    printer::note(&format!("{}: in {archive}; push it with `kfctl-cn images load {archive}`", image::NAME));
    Ok(ExitStatus::OK)
}
