//! A line a transition, for logs and CI.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::View;
use super::text::{took, verb};
use super::view::Out;
use crate::model::{Addr, Event, Outcome, StepEvent};

/// Writes a line whenever something changes, and now and then that it is alive.
pub struct Plain(Mutex<State>);

struct State {
    out: Out,
    began: Instant,
    clock: fn(Instant) -> Duration,
    running: BTreeMap<Addr, (Instant, String)>,
    /// Nothing was to be done: then nothing is told either.
    idle: bool,
}

impl Plain {
    /// A view that writes there.
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Plain::with_clock(writer, |since| since.elapsed())
    }

    fn with_clock(writer: Box<dyn Write + Send>, clock: fn(Instant) -> Duration) -> Self {
        let (out, began, running) = (Out::new(writer), Instant::now(), BTreeMap::new());
        Plain(Mutex::new(State { out, began, clock, running, idle: false }))
    }

    /// Says what is running, if anything is.
    pub fn heartbeat(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running.is_empty() {
            return;
        }
        let running: Vec<String> = state
            .running
            .iter()
            .map(|(addr, (since, message))| {
                let since = took((state.clock)(*since));
                if message.is_empty() { format!("{addr} ({since})") } else { format!("{addr} ({since}: {message})") }
            })
            .collect();
        state.line(&format!("still running: {}", running.join(", ")));
    }
}

impl State {
    fn line(&mut self, text: &str) {
        let seconds = (self.clock)(self.began).as_secs();
        self.out.line(&format!("[{:>3}:{:02}] {text}", seconds / 60, seconds % 60));
    }

    fn step(&mut self, event: &StepEvent) {
        match event {
            StepEvent::Started { addr, action, title, .. } => {
                self.running.insert(addr.clone(), (Instant::now(), String::new()));
                self.line(&format!("{addr}: {} {title}", verb(*action)));
            }
            StepEvent::Progress { addr, message } => {
                let known = self.running.entry(addr.clone()).or_insert((Instant::now(), String::new()));
                if known.1 != *message {
                    known.1.clone_from(message);
                    self.line(&format!("{addr}: {message}"));
                }
            }
            StepEvent::Retrying { addr, message, attempt, delay } => {
                self.line(&format!("{addr}: attempt {attempt} in {}, since: {message}", took(*delay)));
            }
            StepEvent::Finished { addr, outcome, elapsed } => {
                self.running.remove(addr);
                self.line(&format!("{addr}: {}", ended(outcome, *elapsed)));
            }
        }
    }
}

fn ended(outcome: &Outcome, elapsed: Duration) -> String {
    match outcome {
        Outcome::Success => format!("done in {}", took(elapsed)),
        Outcome::Warning { message } => format!("done in {}, but: {message}", took(elapsed)),
        Outcome::Skipped { reason } => format!("skipped: {reason}"),
        Outcome::Stopped { message } => format!("stopped after {}: {message}", took(elapsed)),
        Outcome::Failed { message } => format!("failed after {}: {message}", took(elapsed)),
    }
}

impl View for Plain {
    fn event(&self, event: &Event) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Reading { resources } => state.line(&format!("reading {resources} resources")),
            Event::RunStarted { steps } => {
                state.idle = *steps == 0;
                if !state.idle {
                    state.line(&format!("{steps} step{}", if *steps == 1 { "" } else { "s" }));
                }
            }
            Event::Step(step) => state.step(step),
            Event::RunFinished { outcome: Outcome::Success, .. } if state.idle => {}
            Event::RunFinished { outcome, elapsed } => state.line(&format!("run {}", ended(outcome, *elapsed))),
            Event::Note { message } => state.line(message),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Action, Phase};

    /// A writer whose text can be looked at.
    #[derive(Clone, Default)]
    pub struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Sink {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A run with one of everything.
    pub fn run() -> Vec<Event> {
        let started = |addr: &str, phase, action, title: &str| {
            Event::Step(StepEvent::Started { addr: addr.into(), phase, action, title: title.into() })
        };
        let finished = |addr: &str, outcome, seconds| {
            let elapsed = Duration::from_secs(seconds);
            Event::Step(StepEvent::Finished { addr: addr.into(), outcome, elapsed })
        };
        let progress =
            |addr: &str, message: &str| Event::Step(StepEvent::Progress { addr: addr.into(), message: message.into() });
        vec![
            Event::Reading { resources: 3 },
            Event::RunStarted { steps: 3 },
            started("cluster/vpc", Phase::Cluster, Action::Create, "VPC 10.0.0.0/16"),
            started("data/bucket", Phase::Data, Action::Update, "bucket demo"),
            progress("cluster/vpc", "state is pending"),
            progress("cluster/vpc", "state is pending"),
            Event::Step(StepEvent::Retrying {
                addr: "data/bucket".into(),
                message: "throttled".into(),
                attempt: 2,
                delay: Duration::from_secs(4),
            }),
            finished("cluster/vpc", Outcome::Success, 3),
            finished("data/bucket", Outcome::Failed { message: "access denied".into() }, 65),
            started("gpu/plugin", Phase::Gpu, Action::Create, "device plugin"),
            finished("gpu/plugin", Outcome::Skipped { reason: "no GPU nodes".into() }, 0),
            Event::Note { message: "the database stays".into() },
            Event::RunFinished {
                outcome: Outcome::Failed { message: "1 step failed".into() },
                elapsed: Duration::from_secs(70),
            },
        ]
    }

    #[test]
    fn a_line_a_transition() {
        let sink = Sink::default();
        let view = Plain::with_clock(Box::new(sink.clone()), |_| Duration::from_secs(61));
        for (i, event) in run().iter().enumerate() {
            view.event(event);
            if i == 5 {
                view.heartbeat();
            }
        }
        view.heartbeat();
        insta::assert_snapshot!(sink.text());
    }

    #[test]
    fn a_run_without_work_says_nothing() {
        let sink = Sink::default();
        let view = Plain::new(Box::new(sink.clone()));
        view.event(&Event::RunStarted { steps: 0 });
        view.event(&Event::RunFinished { outcome: Outcome::Success, elapsed: Duration::ZERO });
        assert_eq!(sink.text(), "");
        let message = "stopped; what was begun is written down, 1 step is left".to_owned();
        view.event(&Event::RunFinished { outcome: Outcome::Stopped { message }, elapsed: Duration::ZERO });
        assert!(sink.text().contains("run stopped after"), "{}", sink.text());
    }

    #[test]
    fn json_is_one_event_a_line() {
        let sink = Sink::default();
        let view = crate::ui::json::Json::new(Box::new(sink.clone()));
        run().iter().for_each(|event| view.event(event));
        let text = sink.text();
        let back: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(back, run());
        insta::assert_snapshot!(text.lines().take(4).collect::<Vec<_>>().join("\n"));
    }
}
