//! `kfctl-cn bundle`.

use std::path::PathBuf;

use serde::Serialize;

use super::{Global, printer};
use crate::bundle::{self, Bundle, FetchOptions, FindOptions, Lock, Progress, Source};
use crate::model::{ExitStatus, Result};

/// Get, verify and pack the upstream files, all of them pinned by digest
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Fetch what the cache lacks; goes on where it was
    Fetch {
        /// `upstream`, the URL of a mirror of GitHub or of an archive, or the path of a folder or an archive
        #[arg(long, value_name = "SOURCE", default_value = "upstream")]
        from: String,
    },
    /// Compare every file with its pin
    Verify,
    /// Print the folder of the bundle
    Path,
    /// Write the bundle into an archive that `fetch --from` takes, for machines that reach no upstream
    Pack {
        /// The archive, .tar.gz
        out: PathBuf,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    bundle: String,
    root: PathBuf,
    matching: usize,
    allowed_different: Vec<String>,
    missing_rendered: Vec<String>,
    absent: Vec<String>,
}

/// The bundle that the global options name, verified.
pub(super) fn find(global: &Global) -> Result<Bundle> {
    Bundle::find(&FindOptions { dir: global.bundle.clone(), allow: global.allow_different.clone() })
}

/// Does what was asked for.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    match args.what {
        What::Fetch { from } => fetch(global, &from).await?,
        What::Verify => verify(global)?,
        What::Path => printer::data(&format!("{}\n", find(global)?.root().display()))?,
        What::Pack { out } => {
            let packed = bundle::pack(&find(global)?, &out)?;
            packed.without.iter().for_each(|path| printer::note(&format!("without {path}")));
            printer::data(&format!("{}  {}\n", packed.digest, out.display()))?;
            printer::note(&format!("{} files, {} bytes", packed.files, packed.bytes));
        }
    }
    Ok(ExitStatus::OK)
}

async fn fetch(global: &Global, from: &str) -> Result<()> {
    let mut options = FetchOptions::new(Source::parse(from)?, bundle::cache_dir()?);
    options.allow.clone_from(&global.allow_different);
    let fetched = bundle::fetch(Lock::upstream()?, &options, &|progress| match progress {
        Progress::Reading { from, files } => printer::note(&format!("reading {from} for {files} files")),
        Progress::Retrying { from, error } => printer::note(&format!("again: {from}: {error}")),
    })
    .await?;
    for path in &fetched.without {
        printer::note(&format!("without {path}: no upstream archive has it; a folder or archive may"));
    }
    printer::note(&format!("{} files fetched, {} were there", fetched.fetched, fetched.kept));
    printer::data(&format!("{}\n", fetched.root.display()))
}

fn verify(global: &Global) -> Result<()> {
    let bundle = find(global)?;
    let report = bundle.report();
    let verified = Verified {
        bundle: bundle.lock().name().into(),
        root: bundle.root().into(),
        matching: report.matching,
        allowed_different: report.allowed.iter().map(|d| d.path.clone()).collect(),
        missing_rendered: report.missing_rendered.clone(),
        absent: report.absent.clone(),
    };
    printer::value(global.output, &verified, |v| {
        let mut text = format!("{} files in {} are as pinned\n", v.matching, v.root.display());
        let lists = [
            ("differs, and may", &v.allowed_different),
            ("is missing", &v.missing_rendered),
            ("is missing", &v.absent),
        ];
        for (what, paths) in lists {
            paths.iter().for_each(|path| text += &format!("{path} {what}\n"));
        }
        text
    })
}
