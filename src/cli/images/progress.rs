//! How far a run of copies is: one moving line on a terminal, else a line now and then.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::{Global, printer};
use crate::registry::copy::{Ended, Job, Meter};

/// How often the line moves, and how often one is written where nothing moves.
const MOVE: Duration = Duration::from_millis(200);
const WRITE: Duration = Duration::from_secs(15);

/// The view of a run; clones share it.
#[derive(Clone)]
pub(super) struct View {
    bar: Option<ProgressBar>,
    ticker: Arc<tokio::task::JoinHandle<()>>,
}

impl View {
    /// Starts showing a meter on stderr.
    pub(super) fn start(global: &Global, meter: Arc<Meter>) -> View {
        let bar = global.live().then(|| {
            // The template is our own constant; a wrong one falls back to a bare spinner.
            let style = ProgressStyle::with_template("{spinner} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
        });
        let moving = bar.clone();
        let ticker = tokio::spawn(async move {
            loop {
                tokio::time::sleep(if moving.is_some() { MOVE } else { WRITE }).await;
                match &moving {
                    Some(bar) => {
                        bar.set_message(meter.line());
                        bar.tick();
                    }
                    None => printer::note(&meter.line()),
                }
            }
        });
        View { bar, ticker: Arc::new(ticker) }
    }

    /// Writes a line that stays.
    pub(super) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| printer::note(text)),
            None => printer::note(text),
        }
    }

    /// Tells how an image ended.
    pub(super) fn ended(&self, job: &Job, ended: &Ended) {
        let image = &job.source;
        match ended {
            Ended::Copied(_) => self.line(&format!("copied   {image}")),
            Ended::Present(_) => {}
            Ended::Kept(why) => self.line(&format!("kept     {image}: {why}")),
            Ended::Missing => self.line(&format!("missing  {image}")),
            Ended::Different(why) => self.line(&format!("different {image}: {why}")),
            Ended::Failed(error) => self.line(&format!("failed   {image}: {error}")),
        }
    }

    /// Takes away what moves.
    pub(super) fn finish(&self) {
        self.ticker.abort();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
