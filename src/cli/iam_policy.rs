//! `kfctl-cn iam-policy`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Global, Output, printer};
use crate::aws::Clients;
use crate::aws::operator::{LIMIT, Scope, size};
use crate::checks::preflight;
use crate::config::{self, Config};
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Print the IAM policies that the identity which runs kfctl-cn needs for this deployment, as narrow as its calls allow
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what `check`, `plan`, `diff`, `status` and `verify` need: nothing that changes anything
    #[arg(long)]
    read_only: bool,

    /// The account, 12 digits [default: `spec.account`, else that of the credentials]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,

    /// Print only the document with this number, as `aws iam create-policy --policy-document` takes it
    #[arg(long, value_name = "NUMBER")]
    part: Option<usize>,
}

/// Fills the policies in and prints them: name to document, or one document.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let config = config::load(&global.file)?;
    let account = account(&config, args.account).await?;
    let scope = Scope { state: global.backend(&config), ..preflight::operator(&config, &account) };
    let documents = scope.documents(args.read_only)?;
    let kind = if args.read_only { "reader" } else { "operator" };
    let name = |index: usize| format!("{}-{kind}-{}", config.name(), index + 1);
    let output = if global.output == Output::Table { Output::Json } else { global.output };
    if let Some(part) = args.part {
        let document = part.checked_sub(1).and_then(|index| documents.get(index)).ok_or_else(|| {
            Error::new(ErrorClass::Usage, format!("there is no document {part}: there are {}", documents.len()))
        })?;
        printer::value(output, document, |_| String::new())?;
        return Ok(ExitStatus::OK);
    }
    let named: BTreeMap<String, &Value> = documents.iter().enumerate().map(|(i, d)| (name(i), d)).collect();
    printer::value(output, &named, |_| String::new())?;
    let sizes: Vec<String> = documents.iter().map(|document| size(document).to_string()).collect();
    let count = match documents.len() {
        1 => "1 policy".to_owned(),
        count => format!("{count} policies, all of which are needed: together they are longer than IAM takes"),
    };
    let sizes = sizes.join(", ");
    printer::note(&format!("{count}; characters: {sizes} of {LIMIT}. `--part NUMBER` prints one document alone."));
    Ok(ExitStatus::OK)
}

/// The account: asked for, configured, or that of the credentials.
async fn account(config: &Config, asked: Option<String>) -> Result<String> {
    match asked.or_else(|| config.spec.account.clone()) {
        Some(account) if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) => Ok(account),
        Some(other) => Err(Error::new(ErrorClass::Usage, format!("`{other}` is no account: it has 12 digits"))),
        None => {
            let identity = async { Clients::connect(config.spec.region).await?.identity().await };
            let found = identity.await.map_err(|error| error.hint("or give --account: then no credentials are needed"));
            Ok(found?.account)
        }
    }
}
