//! The option that writes results as JUnit XML as well.

use std::path::PathBuf;
use std::time::Duration;

use super::steps::{Steps, failed};
use crate::model::{Error, ErrorClass, Result};
use crate::ui::{TestCase, junit};

/// Where results are written for CI systems.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct JunitFile {
    /// Also write the results to this file as JUnit XML, for CI systems; its folder is made
    #[arg(long, value_name = "FILE")]
    junit_file: Option<PathBuf>,
}

impl JunitFile {
    /// Writes a suite, if a file is asked for.
    ///
    /// # Errors
    /// Class `StateIo` if it can't be written.
    pub(super) fn write(&self, suite: &str, cases: &[TestCase]) -> Result<()> {
        let Some(file) = &self.junit_file else { return Ok(()) };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written =
            folder.map_or(Ok(()), fs_err::create_dir_all).and_then(|()| fs_err::write(file, junit(suite, cases)));
        written.map_err(|error| Error::from(error).context("the JUnit file can't be written"))
    }

    /// Hands on what was done before there was anything to report. An error of it becomes the only case of the suite, so that a CI
    /// system never reads the file of an earlier run.
    pub(super) fn begun<T>(&self, suite: &str, result: Result<T>) -> Result<T> {
        let error = match result {
            Err(error) if error.class != ErrorClass::Usage => error,
            other => return other,
        };
        let case = TestCase {
            class: "run".into(),
            name: format!("{suite} can begin"),
            took: Duration::ZERO,
            result: failed(&error),
            output: String::new(),
        };
        self.write(suite, &[case])?;
        Err(error)
    }

    /// Hands on how a run ended, and writes its steps. The run's own error is the one to tell.
    pub(super) fn ended<T>(&self, suite: &str, steps: &Steps, result: Result<T>) -> Result<T> {
        let written = self.write(suite, &steps.cases(suite, result.as_ref().err()));
        let done = result?;
        written.map(|()| done)
    }
}
