//! Runs checks at the same time and tells them in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::{Checker, Verdict};

/// How many checks look at once: enough to hide latency, few enough for the rate limits of AWS.
const AT_ONCE: usize = 8;
/// After this a check that hangs is a failure: a whole report is worth more than one answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A check that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The group that it is shown under.
    pub category: &'static str,
    /// What is true if it passes.
    pub what: String,
    /// What it found.
    pub verdict: Verdict,
    /// Where docs/guides/checks.md tells of it.
    pub anchor: String,
    /// Wall time.
    pub took: Duration,
}

/// Runs all checks. `done` is told of each as soon as it and all before it are through; the result has the same order.
pub async fn run(checkers: &[Arc<dyn Checker>], mut done: impl FnMut(&Checked)) -> Vec<Checked> {
    let mut results = futures::stream::iter(checkers).map(|checker| one(checker.as_ref())).buffered(AT_ONCE);
    let mut all = Vec::with_capacity(checkers.len());
    while let Some(checked) = results.next().await {
        done(&checked);
        all.push(checked);
    }
    all
}

async fn one(checker: &dyn Checker) -> Checked {
    let began = Instant::now();
    let verdict = tokio::time::timeout(PATIENCE, checker.check()).await.unwrap_or_else(|_| Verdict::Fail {
        seen: format!("no answer in {} s", PATIENCE.as_secs()),
        hint: "see whether the endpoint can be reached from here, then try again".into(),
    });
    let (category, what, anchor) = (checker.category(), checker.what(), checker.anchor());
    Checked { category, what, verdict, anchor, took: began.elapsed() }
}

/// True if the checks as a whole are passed. `strict` takes no warning either.
pub fn passed(all: &[Checked], strict: bool) -> bool {
    !all.iter().any(|c| match c.verdict {
        Verdict::Fail { .. } => true,
        Verdict::Warn { .. } => strict,
        Verdict::Pass(_) | Verdict::Skip(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    struct After(u64, Verdict);

    #[async_trait]
    impl Checker for After {
        fn category(&self) -> &'static str {
            "test"
        }

        fn what(&self) -> String {
            format!("after {} ms", self.0)
        }

        async fn check(&self) -> Verdict {
            tokio::time::sleep(Duration::from_millis(self.0)).await;
            self.1.clone()
        }
    }

    #[tokio::test]
    async fn slow_ones_overlap_and_keep_their_place() {
        let began = std::time::Instant::now();
        let checkers: Vec<Arc<dyn Checker>> =
            [300, 10, 200].map(|ms| Arc::new(After(ms, Verdict::Pass(String::new()))) as Arc<dyn Checker>).into();
        let mut told = Vec::new();
        let all = run(&checkers, |c| told.push(c.what.clone())).await;
        assert_eq!(told, ["after 300 ms", "after 10 ms", "after 200 ms"]);
        assert_eq!(all.len(), 3);
        assert!(began.elapsed() < Duration::from_millis(500), "they ran one after the other");
    }

    #[tokio::test]
    async fn a_warning_fails_only_when_strict() {
        let text = String::new;
        let warn = Verdict::Warn { seen: text(), hint: text() };
        let fail = Verdict::Fail { seen: text(), hint: text() };
        for (verdict, normal, strict) in [
            (Verdict::Pass(text()), true, true),
            (Verdict::Skip(text()), true, true),
            (warn, true, false),
            (fail, false, false),
        ] {
            let all = run(&[Arc::new(After(0, verdict)) as Arc<dyn Checker>], |_| {}).await;
            assert_eq!((passed(&all, false), passed(&all, true)), (normal, strict), "{all:?}");
        }
    }
}
