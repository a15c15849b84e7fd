//! What people see when the program is at fault.

use std::panic::PanicHookInfo;

use super::printer;

/// Where faults are reported.
const REPORT: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// Replaces the message and backtrace of a panic by one that people can act on. The exit code is 70, see `main`.
pub fn install() {
    std::panic::set_hook(Box::new(|info| printer::error(&message(info))));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map_or_else(String::new, |l| format!(" ({}:{})", tail(l.file()), l.line()));
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error: this is a fault of kfctl-cn {version}, not of yours: {what}{place}\n\
         hint: nothing is lost: what was begun is on disk, and the same command goes on\n\
         hint: please report it, with this text: {REPORT}\n"
    )
}

/// The last parts of a source path: what lies before them is a matter of the machine that built it.
fn tail(path: &str) -> String {
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    parts[parts.len().saturating_sub(3)..].join("/")
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_of_the_build_machine_are_cut() {
        assert_eq!(super::tail("/a/b/c/registry/x-1.0/src/lib.rs"), "x-1.0/src/lib.rs");
        assert_eq!(super::tail("src/lib.rs"), "src/lib.rs");
    }
}
