//! The error that crosses layers: what failed, why, and what to do.

use std::fmt;

/// The result of everything that can fail across layers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How an error behaves: it decides the exit code and whether a retry makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Wrong arguments. Exit 64.
    Usage,
    /// Wrong configuration, manifest or bundle. Exit 65.
    Config,
    /// An endpoint can't be reached. Exit 69; retried while the engine's patience lasts.
    Unreachable,
    /// Passing: throttled, 5xx, not yet consistent. Retried; exit 1 if it doesn't pass.
    Transient,
    /// Can't heal by itself: denied, quota, conflict with what isn't ours. Exit 1.
    Permanent,
    /// No, expired or wrong-partition credentials. Exit 77.
    Credentials,
    /// State, journal or another local file can't be read or written. Exit 74.
    StateIo,
    /// Another run holds the lock. Exit 75.
    Locked,
    /// The state was written by a newer program. Exit 78.
    StateNewer,
    /// A wait ran out. Exit 124.
    Timeout,
    /// Stopped by SIGINT. Exit 130.
    Interrupted,
    /// Stopped by SIGTERM. Exit 143.
    Terminated,
    /// A fault of the program. Exit 70.
    Bug,
}

/// The exit codes of the program, the table of docs/reference/exit-codes.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    /// All went well.
    pub const OK: ExitStatus = ExitStatus(0);
    /// A plan has changes, with `--detailed-exitcode`.
    pub const CHANGES: ExitStatus = ExitStatus(2);
}

impl From<ErrorClass> for ExitStatus {
    fn from(class: ErrorClass) -> Self {
        ExitStatus(match class {
            ErrorClass::Transient | ErrorClass::Permanent => 1,
            ErrorClass::Usage => 64,
            ErrorClass::Config => 65,
            ErrorClass::Unreachable => 69,
            ErrorClass::Bug => 70,
            ErrorClass::StateIo => 74,
            ErrorClass::Locked => 75,
            ErrorClass::Credentials => 77,
            ErrorClass::StateNewer => 78,
            ErrorClass::Timeout => 124,
            ErrorClass::Interrupted => 130,
            ErrorClass::Terminated => 143,
        })
    }
}

/// What failed, why, and what to do about it. Never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// How it behaves.
    pub class: ErrorClass,
    /// What failed, outermost first: each entry is caused by the next.
    pub chain: Vec<String>,
    /// What to do, one sentence or command each.
    pub hints: Vec<String>,
    /// The request id of AWS, if a call failed.
    pub request_id: Option<String>,
    /// True if nobody knows whether the call took effect: its answer was lost, or was a fault of the service.
    pub in_doubt: bool,
}

impl Error {
    /// An error of a class with a message.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Error { class, chain: vec![message.into()], hints: Vec::new(), request_id: None, in_doubt: false }
    }

    /// Puts what was being done in front.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        self.chain.insert(0, message.into());
        self
    }

    /// Appends a cause at the end of the chain.
    #[must_use]
    pub fn caused_by(mut self, message: impl Into<String>) -> Self {
        self.chain.push(message.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the request id of an AWS call.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Marks it as one after which nobody knows whether the call took effect.
    #[must_use]
    pub fn in_doubt(mut self) -> Self {
        self.in_doubt = true;
        self
    }

    /// True if the same call may succeed later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self.class, ErrorClass::Transient | ErrorClass::Unreachable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain.join(": "))
    }
}

impl std::error::Error for Error {}

/// Local input and output: `fs-err` puts the path into the text.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::new(ErrorClass::StateIo, error.to_string())
    }
}
