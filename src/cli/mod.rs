//! Arguments, and one file a command; the only layer that composes the others.
//!
//! A command is one file with a documented `Args` and `pub async fn run(global: &Global, args: Args) -> Result<ExitStatus>`,
//! a `mod` line here and a line in [`commands!`]. Data goes to stdout through [`printer`], everything else to stderr.

mod args;
mod bundle;
mod check;
mod completion;
mod config;
mod credentials;
mod diff;
mod down;
mod down_view;
mod eks_token;
mod explain;
mod failure;
mod iam_policy;
mod images;
mod init;
mod junit;
mod kustomize;
mod limits;
mod logging;
mod logs;
mod object_diff;
mod open;
mod panic;
mod plan;
mod plan_view;
mod preflight;
pub mod printer;
mod reference;
mod render;
mod report;
mod run;
mod select;
mod state;
mod status;
mod steps;
mod undertake;
mod up;
mod verify;
mod version;
mod webhook;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use args::{Global, Output};
pub use reference::reference;

use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Makes the enumeration of commands and their dispatch: `Variant => module`. The help is the doc comment of the
/// module's `Args`.
macro_rules! commands {
    ($($variant:ident => $module:ident),* $(,)?) => {
        /// What to do.
        #[derive(Debug, clap::Subcommand)]
        enum Command {
            $(#[allow(missing_docs)] $variant($module::Args)),*
        }

        impl Command {
            async fn run(self, global: &Global) -> Result<ExitStatus> {
                match self {
                    $(Command::$variant(args) => $module::run(global, args).await),*
                }
            }

            fn name(&self) -> &'static str {
                match self {
                    $(Command::$variant(_) => stringify!($module)),*
                }
            }
        }
    };
}

commands! {
    Init => init,
    Check => check,
    Plan => plan,
    Diff => diff,
    Up => up,
    Status => status,
    State => state,
    Verify => verify,
    IamPolicy => iam_policy,
    Open => open,
    Credentials => credentials,
    Logs => logs,
    Down => down,
    Render => render,
    Images => images,
    Bundle => bundle,
    Kustomize => kustomize,
    EksToken => eks_token,
    Webhook => webhook,
    Explain => explain,
    Config => config,
    Completion => completion,
    Version => version,
}

/// Kubeflow 1.5.1 on Amazon EKS in the AWS China regions: resumable, verified, one binary.
#[derive(Debug, Parser)]
#[command(name = "kfctl-cn", version, propagate_version = false, arg_required_else_help = true)]
#[command(disable_help_subcommand = true, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The definition of all arguments, for help, completion and the reference.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program on the arguments of the process and says how it ended.
pub fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    panic::install();
    let status = std::panic::catch_unwind(|| run(&argv)).unwrap_or_else(|_| ErrorClass::Bug.into());
    ExitCode::from(status.0)
}

fn run(argv: &[OsString]) -> ExitStatus {
    let cli = match Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    logging::install(&cli.global);
    let name = cli.command.name();
    match fits(&cli).and_then(|()| block_on(cli)) {
        Ok(status) => status,
        Err(error) => {
            let go_on = failure::go_on(name, argv, error.class);
            printer::error(&failure::render(&error, go_on.as_deref()));
            error.class.into()
        }
    }
}

/// Fails for a format that the command doesn't have.
fn fits(cli: &Cli) -> Result<()> {
    if cli.global.output != Output::Dir || matches!(cli.command, Command::Render(_)) {
        return Ok(());
    }
    let name = cli.command.name().replace('_', "-");
    Err(Error::new(ErrorClass::Usage, format!("`-o dir` is for `render`, not for `{name}`"))
        .hint("the formats of the other commands are table, json and yaml"))
}

fn block_on(cli: Cli) -> Result<ExitStatus> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::new(ErrorClass::StateIo, "can't start the runtime").caused_by(e.to_string()))?;
    let result = runtime.block_on(cli.command.run(&cli.global));
    // A reader of stdin or a DNS look-up that still blocks must not hold up the exit.
    runtime.shutdown_background();
    result
}

/// Prints what clap has to say: help and version to stdout with status 0, everything else is a usage error.
fn usage(error: &clap::Error) -> ExitStatus {
    // A closed pipe is no reason to fail: whoever closed it has seen enough.
    let _ = error.print();
    if error.use_stderr() { ErrorClass::Usage.into() } else { ExitStatus::OK }
}
