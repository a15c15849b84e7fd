//! The steps of a run, kept as they happen, as the cases of a JUnit file.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::Sink;
use crate::model::{Addr, Error, Event, Outcome, StepEvent};
use crate::ui::{CaseResult, TestCase, verb};

/// What happened to the steps of a run.
pub(super) struct Steps {
    began: Instant,
    seen: Mutex<Vec<Seen>>,
}

struct Seen {
    addr: Addr,
    phase: String,
    name: String,
    /// How it ended, and how long it took; `None` of one that was cut.
    end: Option<(Outcome, Duration)>,
}

impl Steps {
    /// Of a run that begins now.
    pub(super) fn new() -> Arc<Steps> {
        Arc::new(Steps { began: Instant::now(), seen: Mutex::default() })
    }

    /// A sink that keeps the steps and hands all on.
    pub(super) fn beside(self: &Arc<Self>, sink: Sink) -> Sink {
        let steps = self.clone();
        Arc::new(move |event| {
            steps.see(&event);
            sink(event);
        })
    }

    fn see(&self, event: &Event) {
        let Event::Step(event) = event else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            StepEvent::Started { addr, phase, action, title } => {
                let name = format!("{} {addr}: {title}", verb(*action));
                seen.push(Seen { addr: addr.clone(), phase: phase.to_string(), name, end: None });
            }
            StepEvent::Finished { addr, outcome, elapsed } => {
                if let Some(step) = seen.iter_mut().rev().find(|step| step.addr == *addr) {
                    step.end = Some((outcome.clone(), *elapsed));
                }
            }
            StepEvent::Progress { .. } | StepEvent::Retrying { .. } => {}
        }
    }

    /// A case a step, and one for the run, which has what belongs to no step: checks before, hints, the last look.
    pub(super) fn cases(&self, name: &str, error: Option<&Error>) -> Vec<TestCase> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cases: Vec<TestCase> = seen.iter().map(case).collect();
        let result = error.map_or(CaseResult::Passed, failed);
        let took = self.began.elapsed();
        cases.push(TestCase { class: "run".into(), name: name.into(), took, result, output: String::new() });
        cases
    }
}

fn case(step: &Seen) -> TestCase {
    let mut output = String::new();
    let (result, took) = match &step.end {
        None => (CaseResult::Skipped("dropped while it was going on: the next run finds it".into()), Duration::ZERO),
        Some((outcome, took)) => {
            let result = match outcome {
                Outcome::Success => CaseResult::Passed,
                Outcome::Warning { message } => {
                    output = format!("warning: {message}");
                    CaseResult::Passed
                }
                Outcome::Skipped { reason: why } | Outcome::Stopped { message: why } => {
                    CaseResult::Skipped(why.clone())
                }
                Outcome::Failed { message } => {
                    let first = message.lines().next().unwrap_or_default().to_owned();
                    CaseResult::Failed { message: first, details: message.clone() }
                }
            };
            (result, *took)
        }
    };
    TestCase { class: step.phase.clone(), name: step.name.clone(), took, result, output }
}

/// An error with its hints, as the result of a case.
pub(super) fn failed(error: &Error) -> CaseResult {
    let hints: String = error.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
    CaseResult::Failed { message: error.to_string(), details: format!("{error}{hints}") }
}

#[cfg(test)]
mod tests {
    use crate::model::{Action, ErrorClass, Phase};

    use super::*;

    fn started(addr: &str) -> Event {
        let title = "a thing".into();
        Event::Step(StepEvent::Started { addr: addr.into(), phase: Phase::Data, action: Action::Create, title })
    }

    fn finished(addr: &str, outcome: Outcome) -> Event {
        let elapsed = Duration::from_secs(2);
        Event::Step(StepEvent::Finished { addr: addr.into(), outcome, elapsed })
    }

    #[test]
    fn each_step_is_a_case_with_its_own_end_and_the_run_is_the_last() {
        let steps = Steps::new();
        let sink = steps.beside(Arc::new(|_| ()));
        let failure = Outcome::Failed { message: "s3: denied\nrequest 1".into() };
        for (addr, outcome) in [
            ("data/a", Some(Outcome::Success)),
            ("data/b", Some(failure)),
            ("data/c", Some(Outcome::Warning { message: "slow".into() })),
            ("data/d", Some(Outcome::Skipped { reason: "stopped".into() })),
            ("data/e", None),
        ] {
            sink(started(addr));
            outcome.into_iter().for_each(|outcome| sink(finished(addr, outcome)));
        }
        let error = Error::new(ErrorClass::Permanent, "data/b: s3: denied").hint("allow it");
        let cases = steps.cases("up", Some(&error));
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names[0], "create data/a: a thing");
        assert_eq!((cases[0].class.as_str(), cases[0].took), ("data", Duration::from_secs(2)));
        assert_eq!(cases[0].result, CaseResult::Passed);
        let text = |case: &TestCase| match &case.result {
            CaseResult::Failed { message, details } => format!("{message}|{details}"),
            CaseResult::Skipped(why) => why.clone(),
            CaseResult::Passed => case.output.clone(),
        };
        assert_eq!(text(&cases[1]), "s3: denied|s3: denied\nrequest 1");
        assert_eq!((text(&cases[2]).as_str(), text(&cases[3]).as_str()), ("warning: slow", "stopped"));
        assert!(text(&cases[4]).starts_with("dropped"));
        assert_eq!(
            (names[5], text(&cases[5]).as_str()),
            ("up", "data/b: s3: denied|data/b: s3: denied\nhint: allow it")
        );
    }
}
