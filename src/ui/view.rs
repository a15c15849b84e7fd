//! Which view a run has, and what a view is.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::json::Json;
use super::plain::Plain;
use super::terminal::Terminal;
use crate::model::Event;

/// How often the plain view says that it is alive. CI systems end a job that is silent for ten minutes.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Shows a run while it goes on. Called from many threads.
pub trait View: Send + Sync {
    /// Shows an event.
    fn event(&self, event: &Event);

    /// Takes away what moves, so that other text can follow.
    fn finish(&self) {}
}

/// What decides which view a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The events themselves are asked for, on stdout.
    pub json: bool,
    /// stderr is a terminal that may be redrawn.
    pub live: bool,
    /// Colours may be written.
    pub color: bool,
}

/// The view of a run: JSON on stdout, a moving tree on a terminal, else a line a transition on stderr.
pub fn view(choice: Choice) -> Arc<dyn View> {
    if choice.json {
        return Arc::new(Json::new(Box::new(std::io::stdout())));
    }
    if choice.live {
        return Arc::new(Terminal::new(indicatif::ProgressDrawTarget::stderr(), choice.color));
    }
    let plain = Arc::new(Plain::new(Box::new(std::io::stderr())));
    let watched = Arc::downgrade(&plain);
    // Ends by itself within a beat after the view is gone.
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(HEARTBEAT);
            match watched.upgrade() {
                Some(plain) => plain.heartbeat(),
                None => return,
            }
        }
    });
    plain
}

/// Where a view writes. What can't be written is dropped: a reader that went away must not stop a run.
pub(super) struct Out(Box<dyn Write + Send>);

impl Out {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Out(writer)
    }

    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}").and_then(|()| self.0.flush());
    }
}
