//! Events as they are, one JSON object a line.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::View;
use super::view::Out;
use crate::model::Event;

/// Writes each event as a line of JSON.
pub struct Json(Mutex<Out>);

impl Json {
    /// A view that writes there.
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Json(Mutex::new(Out::new(writer)))
    }
}

impl View for Json {
    fn event(&self, event: &Event) {
        // Events are plain data, which can always be written.
        if let Ok(line) = serde_json::to_string(event) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).line(&line);
        }
    }
}
