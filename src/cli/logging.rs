//! Logs for those who ask for them with `-v`.

use tracing_subscriber::EnvFilter;

use super::Global;

/// Sends this program's own log lines to stderr. Never those of the libraries: at their debug level AWS and HTTP clients
/// write whole requests, and requests carry secrets.
pub fn install(global: &Global) {
    let level = match global.verbose {
        0 => "error",
        1 => "info",
        _ => "debug",
    };
    // Fails only if a subscriber is there already, which a second call in tests may bring.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("off,kfctl_cn={level}")))
        .with_writer(std::io::stderr)
        .with_ansi(global.color())
        .with_target(false)
        .try_init();
}
