//! `kfctl-cn credentials`.

use std::collections::BTreeMap;

use super::run::Session;
use super::{Global, printer};
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Show the login of the first user, from Secrets Manager
///
/// The password goes to stdout and nowhere else: not into a log, nor into the state.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints address and password.
pub async fn run(global: &Global, _: Args) -> Result<ExitStatus> {
    let session = Session::open(global).await?;
    let name = format!("{}-admin", session.config.name());
    let Some(fields) = session.clients.secret_json(&name).await? else {
        return Err(Error::new(
            ErrorClass::Permanent,
            format!("there is no secret {name} in {}", session.config.spec.region),
        )
        .hint("`kfctl-cn up` makes it"));
    };
    let field = |key: &str| {
        fields.get(key).map(|secret| secret.expose().to_owned()).ok_or_else(|| {
            Error::new(ErrorClass::Permanent, format!("the secret {name} has no `{key}`"))
                .hint("delete it in Secrets Manager; `kfctl-cn up` makes a new login")
        })
    };
    let login = BTreeMap::from([("email", field("email")?), ("password", field("password")?)]);
    printer::value(global.output, &login, |login| {
        format!("email:    {}\npassword: {}\n", login["email"], login["password"])
    })?;
    Ok(ExitStatus::OK)
}
