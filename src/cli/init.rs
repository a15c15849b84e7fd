//! `kfctl-cn init`.

use std::io::Write;
use std::path::Path;

use super::{Global, printer};
use crate::config;
use crate::model::{Error, ErrorClass, ExitStatus, Region, Result};

/// Write a commented configuration to begin with
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The deployment's name
    #[arg(long, default_value = "kubeflow")]
    name: String,

    /// The region: cn-north-1 (Beijing) or cn-northwest-1 (Ningxia) [default: AWS_REGION; on a terminal it is asked for]
    #[arg(long)]
    region: Option<Region>,

    /// Overwrite a file that exists
    #[arg(long)]
    force: bool,
}

/// Writes the file that `-f` names. The file is complete or not there.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let region = match args.region.or_else(from_environment) {
        Some(region) => region,
        None => ask(global)?,
    };
    let text = config::template(&args.name, region);
    // A wrong --name shall be told here and not at the next command.
    config::parse(&text, &global.file.display().to_string()).map_err(|mut e| {
        e.class = ErrorClass::Usage;
        e.context(format!("--name {} is not possible", args.name))
    })?;
    write(&global.file, &text, args.force)?;
    let file = &global.file.display();
    printer::note(&format!("wrote {file}: look it over, then `kfctl-cn check{}`", global.file_words()));
    Ok(ExitStatus::OK)
}

fn from_environment() -> Option<Region> {
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok()?.parse().ok())
}

fn ask(global: &Global) -> Result<Region> {
    if !global.interactive() {
        let error = Error::new(ErrorClass::Usage, "no region is given, and there is nobody to ask");
        return Err(error.hint("--region cn-north-1 (Beijing) or --region cn-northwest-1 (Ningxia)"));
    }
    loop {
        printer::error("region, cn-north-1 (Beijing) or cn-northwest-1 (Ningxia): ");
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Err(Error::new(ErrorClass::Usage, "no region was given"));
        }
        match line.trim().parse() {
            Ok(region) => return Ok(region),
            Err(message) => printer::note(&message),
        }
    }
}

/// Writes a file whole or not at all; one that exists only if it may be overwritten.
fn write(path: &Path, text: &str, force: bool) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed(path, &e))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|e| failed(path, &e))?;
    let written = if force { file.persist(path) } else { file.persist_noclobber(path) };
    written.map(drop).map_err(|e| match e.error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::new(ErrorClass::Usage, format!("{} is there already", path.display()))
                .hint("--force overwrites it, -f names another file")
        }
        _ => failed(path, &e.error),
    })
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorClass::StateIo, format!("can't write {}", path.display())).caused_by(error.to_string())
}
