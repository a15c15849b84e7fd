//! A moving tree of what runs, above it what ended, for people at a terminal.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::View;
use super::text::{Color, first_line, paint, took, verb};
use crate::model::{Addr, Event, Outcome, StepEvent};

/// Draws a spinner a running step under a line for the whole run.
pub struct Terminal {
    multi: MultiProgress,
    color: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: Option<ProgressBar>,
    running: HashMap<Addr, (ProgressBar, String)>,
}

impl Terminal {
    /// A view that draws there.
    pub fn new(target: ProgressDrawTarget, color: bool) -> Self {
        Terminal { multi: MultiProgress::with_draw_target(target), color, state: Mutex::default() }
    }

    /// Prints a line that stays, above what moves.
    fn stay(&self, line: &str) {
        // A terminal that went away must not stop a run.
        let _ = self.multi.println(line);
    }

    fn spinner(&self, template: &str) -> ProgressBar {
        // The templates are our own constants; a wrong one falls back to a bare spinner.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.multi.add(ProgressBar::no_length().with_style(style));
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    fn step(&self, state: &mut State, event: &StepEvent) {
        match event {
            StepEvent::Started { addr, phase, action, title } => {
                let bar = self.spinner("  {spinner} {prefix} {elapsed:>4} {wide_msg}");
                bar.set_prefix(format!("{phase:<9}"));
                let text = format!("{} {title}", verb(*action));
                bar.set_message(text.clone());
                state.running.insert(addr.clone(), (bar, text));
            }
            StepEvent::Progress { addr, message } => {
                if let Some((bar, text)) = state.running.get(addr) {
                    bar.set_message(format!("{text}: {}", first_line(message)));
                }
            }
            StepEvent::Retrying { addr, message, attempt, delay } => {
                if let Some((bar, text)) = state.running.get(addr) {
                    let message = first_line(message);
                    bar.set_message(format!("{text}: attempt {attempt} in {}, since: {message}", took(*delay)));
                }
            }
            StepEvent::Finished { addr, outcome, elapsed } => {
                let text = match state.running.remove(addr) {
                    Some((bar, text)) => {
                        bar.finish_and_clear();
                        text
                    }
                    None => addr.to_string(),
                };
                self.stay(&ended(self.color, &text, outcome, *elapsed));
                if let Some(total) = &state.total {
                    total.inc(1);
                }
            }
        }
    }
}

fn ended(color: bool, text: &str, outcome: &Outcome, elapsed: Duration) -> String {
    let time = paint(color, Color::Dim, &format!("({})", took(elapsed)));
    match outcome {
        Outcome::Success => format!("{} {text} {time}", paint(color, Color::Green, "✓")),
        Outcome::Warning { message } => format!("{} {text} {time}: {message}", paint(color, Color::Yellow, "!")),
        Outcome::Skipped { reason } => format!("{} {text}: {reason}", paint(color, Color::Dim, "-")),
        Outcome::Stopped { message } => format!("{} {text} {time}: {message}", paint(color, Color::Yellow, "■")),
        Outcome::Failed { message } => format!("{} {text} {time}: {message}", paint(color, Color::Red, "✗")),
    }
}

impl View for Terminal {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Reading { resources } => {
                let bar = self.spinner("{spinner} {msg}");
                bar.set_message(format!("reading {resources} resources"));
                if let Some(before) = state.total.replace(bar) {
                    before.finish_and_clear();
                }
            }
            Event::RunStarted { steps } => {
                if let Some(before) = state.total.take() {
                    before.finish_and_clear();
                }
                let bar = self.spinner("{spinner} {pos}/{len} steps, {elapsed}");
                bar.set_length(*steps as u64);
                state.total = Some(bar);
            }
            Event::Step(step) => self.step(&mut state, step),
            Event::RunFinished { outcome, elapsed } => {
                let idle = state.total.as_ref().is_some_and(|bar| bar.length() == Some(0));
                clear(&mut state);
                if idle && *outcome == Outcome::Success {
                    return;
                }
                self.stay(&ended(self.color, "run", outcome, *elapsed));
            }
            Event::Note { message } => self.stay(message),
        }
    }

    fn finish(&self) {
        clear(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn clear(state: &mut State) {
    state.running.drain().for_each(|(_, (bar, _))| bar.finish_and_clear());
    if let Some(total) = state.total.take() {
        total.finish_and_clear();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps the lines that were written to it.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<Vec<String>>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            100
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> std::io::Result<()> {
            self.write_str(line)
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.0.lock().unwrap().push(text.trim_end().into());
            Ok(())
        }
        fn clear_line(&self) -> std::io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_ended_stays_and_what_runs_is_shown() {
        let paper = Paper::default();
        let view = Terminal::new(ProgressDrawTarget::term_like(Box::new(paper.clone())), false);
        crate::ui::plain::tests::run().iter().for_each(|event| view.event(event));
        drop(view);
        let lines = paper.0.lock().unwrap().clone();
        let has = |text: &str| lines.iter().any(|line| line.contains(text));
        assert!(has("cluster     0s create VPC 10.0.0.0/16"), "{lines:#?}");
        let mut stayed: Vec<&String> = lines.iter().filter(|l| l.starts_with(['✓', '✗', '-', '!'])).collect();
        stayed.dedup();
        insta::assert_debug_snapshot!(stayed);
    }
}
