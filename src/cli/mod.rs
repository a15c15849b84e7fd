//! Arguments, and one file a command; the only layer that composes the others.

use std::process::ExitCode;

/// Runs the program on the arguments of the process and says how it ended.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
