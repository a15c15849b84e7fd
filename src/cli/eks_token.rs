//! `kfctl-cn eks-token`: what kubectl runs to log in, as the kubeconfig says.

use serde_json::json;

use super::{Global, printer};
use crate::aws::Clients;
use crate::model::{ExitStatus, Region, Result};

/// Print a token for the API server of an EKS cluster, in the form that kubectl asks for
///
/// The kubeconfig that `up` writes runs this. The token is signed here with your AWS credentials and is good for 15 minutes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's name
    #[arg(long)]
    cluster: String,
    /// The cluster's region
    #[arg(long)]
    region: Region,
}

/// How long kubectl may use a token before it asks again: a minute less than EKS takes it.
const GOOD_FOR: jiff::SignedDuration = jiff::SignedDuration::from_mins(14);

/// Prints an `ExecCredential`.
pub async fn run(_: &Global, args: Args) -> Result<ExitStatus> {
    let token = Clients::connect(args.region).await?.eks_token(&args.cluster).await?;
    let until = jiff::Timestamp::from_second((jiff::Timestamp::now() + GOOD_FOR).as_second());
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "token": token.expose(),
            "expirationTimestamp": until.unwrap_or_else(|_| jiff::Timestamp::now()).to_string(),
        },
    });
    printer::data(&format!("{credential}\n"))?;
    Ok(ExitStatus::OK)
}
