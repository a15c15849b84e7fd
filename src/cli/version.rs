//! `kfctl-cn version`.

use serde::Serialize;

use super::{Global, printer};
use crate::model::{ExitStatus, Result};

/// Show the version of the program and of what it installs
#[derive(Debug, clap::Args)]
pub struct Args {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: &'static str,
    kubeflow: &'static str,
    api_version: &'static str,
}

/// Prints the version.
pub async fn run(global: &Global, _: Args) -> Result<ExitStatus> {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        kubeflow: crate::config::KUBEFLOW_VERSION,
        api_version: crate::config::API_VERSION,
    };
    printer::value(global.output, &version, |v| {
        format!("kfctl-cn {}\nKubeflow {}\nconfiguration {}\n", v.version, v.kubeflow, v.api_version)
    })?;
    Ok(ExitStatus::OK)
}
