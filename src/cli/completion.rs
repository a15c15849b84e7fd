//! `kfctl-cn completion`.

use clap_complete::Shell;

use super::{Global, printer};
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Print a completion script for a shell
///
/// For bash: `kfctl-cn completion bash > /etc/bash_completion.d/kfctl-cn`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub async fn run(_: &Global, args: Args) -> Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "kfctl-cn", &mut script);
    let script = String::from_utf8(script).map_err(|e| Error::new(ErrorClass::Bug, e.to_string()))?;
    printer::data(&script)?;
    Ok(ExitStatus::OK)
}
