//! The program itself, in a folder of its own.

use std::path::Path;

use super::support::bin;

/// What a run gave: exit code, stdout, stderr.
pub struct Ran(pub Option<i32>, pub String, pub String);

/// Runs the program in a folder that is its home too, with these variables besides, and this on stdin.
pub async fn ran(folder: &Path, variables: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Ran {
    let mut command = bin();
    command.current_dir(folder).env("HOME", folder).args(arguments).write_stdin(stdin.to_owned());
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran(output.status.code(), text(output.stdout), text(output.stderr))
}
