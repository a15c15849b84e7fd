//! Programs that keep logins: `docker-credential-NAME get`.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Login;
use crate::model::{Error, ErrorClass, Result, Secret};

/// How long a helper may think; some ask a person.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for the login of a server; `None` if it knows none.
pub(super) async fn ask(helper: &str, server: &str) -> Result<Option<Login>> {
    let program = format!("docker-credential-{helper}");
    let wrong = |why: String| {
        Error::new(ErrorClass::Credentials, format!("{program} gives no login for {server}"))
            .caused_by(why)
            .hint(format!("see that `{program}` is in PATH and works, or take it out of Docker's config.json"))
    };
    if !helper.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(wrong("its name isn't one of a program".into()));
    }
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| wrong(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that doesn't read what it is asked answers nothing; that is told below.
        let _ = stdin.write_all(format!("{server}\n").as_bytes()).await;
    }
    let output = tokio::time::timeout(LIMIT, child.wait_with_output())
        .await
        .map_err(|_| wrong(format!("no answer in {}s", LIMIT.as_secs())))?
        .map_err(|error| wrong(error.to_string()))?;
    if !output.status.success() {
        // By the helpers' protocol this sentence on stdout means that there is none.
        let text = String::from_utf8_lossy(&output.stdout).to_ascii_lowercase();
        return if text.contains("credentials not found") { Ok(None) } else { Err(wrong(output.status.to_string())) };
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_| wrong("its answer can't be read".into()))?;
    Ok(Some(match answer.username.as_str() {
        "<token>" => {
            Login { user: String::new(), password: Secret::new(""), identity_token: Some(Secret::new(answer.secret)) }
        }
        _ => Login::new(answer.username, Secret::new(answer.secret)),
    }))
}
