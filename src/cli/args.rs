//! The arguments that every command takes.

use std::io::IsTerminal;
use std::path::PathBuf;

use crate::config::Config;
use crate::model::Backend;

/// The arguments that every command takes. Flags go over environment variables, those over defaults.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The configuration
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        env = "KFCTL_CN_FILE",
        hide_env_values = true,
        default_value = "kfctl-cn.yaml"
    )]
    pub file: PathBuf,

    /// The folder that keeps state, journal and lock of each deployment
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "KFCTL_CN_STATE_DIR",
        hide_env_values = true,
        default_value = ".kfctl-cn"
    )]
    pub state_dir: PathBuf,

    /// Where the state is kept, over `spec.state.backend`: local, or s3://bucket/prefix
    #[arg(long, global = true, value_name = "BACKEND", env = "KFCTL_CN_STATE", hide_env_values = true)]
    pub state: Option<Backend>,

    /// The folder with the upstream files [default: the cache that `bundle fetch` fills]
    #[arg(long, global = true, value_name = "DIR", env = "KFCTL_CN_BUNDLE", hide_env_values = true)]
    pub bundle: Option<PathBuf>,

    /// A file of the bundle that may differ from its pin; may be repeated
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "KFCTL_CN_ALLOW_DIFFERENT",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub allow_different: Vec<String>,

    /// How data is printed
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", default_value_t = Output::Table)]
    pub output: Output,

    /// Tell more on stderr; twice for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// No colours (also: NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Don't ask before something is made, changed or removed
    #[arg(short, long, global = true)]
    pub yes: bool,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// JSON; of a run, one event a line.
    Json,
    /// YAML.
    Yaml,
    /// A folder with one file an object: the word for `render --output-dir` that people try; no other command has it.
    #[value(hide = true)]
    Dir,
}

impl Global {
    /// The folder that keeps the state of one deployment.
    pub fn deployment_dir(&self, config: &Config) -> PathBuf {
        self.state_dir.join(config.name())
    }

    /// Where the state of one deployment is kept.
    pub fn backend(&self, config: &Config) -> Backend {
        self.state.clone().unwrap_or_else(|| config.spec.state.backend())
    }

    /// The words that name the configuration in a command that is shown, with a space in front; none for the default.
    pub(super) fn file_words(&self) -> String {
        match self.file.to_string_lossy() {
            file if file == "kfctl-cn.yaml" => String::new(),
            file => format!(" -f {}", quote(&file)),
        }
    }

    /// True if colours may be written to stderr: asked nowhere against it, and somebody looks.
    pub fn color(&self) -> bool {
        !self.no_color && set("NO_COLOR").is_none() && std::io::stderr().is_terminal()
    }

    /// True if colours may be written to stdout.
    pub fn color_stdout(&self) -> bool {
        !self.no_color && set("NO_COLOR").is_none() && std::io::stdout().is_terminal()
    }

    /// True if stderr is a terminal that may be redrawn: not in CI, not a dumb one.
    pub fn live(&self) -> bool {
        std::io::stderr().is_terminal() && set("CI").is_none() && set("TERM").is_none_or(|term| term != "dumb")
    }

    /// True if somebody can be asked.
    pub fn interactive(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && set("CI").is_none()
    }
}

/// A word as a shell takes it.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// An environment variable that is set and not empty.
fn set(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
