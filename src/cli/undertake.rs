//! What `up` and `down` do alike: the arguments, the consent, and the state that is held from the plan to the end.

use std::sync::Arc;

use super::Global;
use super::junit::JunitFile;
use super::limits::{LockArgs, TimeArgs};
use super::run::{Run, Session, cancel_on_signals, let_go, require_consent, unless_stopped};
use super::select::Select;
use super::steps::Steps;
use crate::bundle::Bundle;
use crate::engine::Cancel;
use crate::model::{ExitStatus, Result};

/// The arguments of a run that changes a deployment.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub(super) select: Select,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    lock: LockArgs,
    #[command(flatten)]
    junit: JunitFile,
}

impl RunArgs {
    /// Does `work` while the state is held and signals stop it, lets go, and writes the JUnit file of `command`.
    pub(super) async fn undertake(
        &self,
        global: &Global,
        command: &'static str,
        work: impl AsyncFnOnce(&Run<'_>, Arc<Bundle>) -> Result<ExitStatus>,
    ) -> Result<ExitStatus> {
        require_consent(global)?;
        let cancel = cancel_on_signals()?;
        self.time.arm(&cancel);
        let steps = Steps::new();
        let done = self.hold(global, &cancel, &steps, work).await;
        self.junit.ended(command, &steps, done)
    }

    async fn hold(
        &self,
        global: &Global,
        cancel: &Cancel,
        steps: &Arc<Steps>,
        work: impl AsyncFnOnce(&Run<'_>, Arc<Bundle>) -> Result<ExitStatus>,
    ) -> Result<ExitStatus> {
        let session = unless_stopped(cancel, Session::open(global)).await?;
        let bundle = Arc::new(session.bundle(global)?);
        let held = session.place(global).open(&session.identity(), &self.lock.wait(cancel)).await?;
        let done = work(&Run { session: &session, held: &held, cancel, steps }, bundle).await;
        let_go(&held, done).await
    }
}
