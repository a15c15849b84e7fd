//! What is wrong with a file, and how it is told.

use serde_saphyr::{Location, Spanned};

use super::tree::{Node, locate};
use crate::model::{Error, ErrorClass};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `spec.network.vpcCidr`; empty for the file itself.
    pub path: String,
    /// Where it stands, if that is known already.
    pub location: Option<Location>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

impl Problem {
    /// A problem of the value at a path, to be located later.
    pub fn at(path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Problem { path: path.into(), location: None, message: message.into(), hint: hint.into() }
    }

    fn line(&self, origin: &str, root: Option<&Spanned<Node>>) -> String {
        let location = self.location.or_else(|| root.map(|root| locate(root, &self.path)));
        let place =
            location.filter(|l| l.line() > 0).map_or_else(String::new, |l| format!(":{}:{}", l.line(), l.column()));
        let path = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        format!("{origin}{place}: {path}{}", self.message)
    }
}

/// All problems of a file as one error, in the order of the file.
pub fn error(origin: &str, root: Option<&Spanned<Node>>, mut problems: Vec<Problem>) -> Error {
    problems.sort_by_key(|p| {
        let location = p.location.or_else(|| root.map(|root| locate(root, &p.path)));
        location.map_or((0, 0), |l| (l.line(), l.column()))
    });
    if let [problem] = problems.as_slice() {
        let error = Error::new(ErrorClass::Config, problem.line(origin, root));
        return if problem.hint.is_empty() { error } else { error.hint(&problem.hint) };
    }
    let mut message = format!("{origin} has {} problems", problems.len());
    for problem in &problems {
        message += &format!("\n{}", problem.line(origin, root));
        if !problem.hint.is_empty() {
            message += &format!("\n  hint: {}", problem.hint);
        }
    }
    Error::new(ErrorClass::Config, message)
}
