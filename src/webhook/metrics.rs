//! Counters, in the text format of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::review::Outcome;

/// What has been counted since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) rewritten: AtomicU64,
    pub(super) unchanged: AtomicU64,
    pub(super) not_understood: AtomicU64,
    /// Requests that got no review for an answer.
    pub(super) refused: AtomicU64,
    pub(super) images: AtomicU64,
    pub(super) micros: AtomicU64,
    pub(super) reloads: AtomicU64,
    pub(super) reload_failures: AtomicU64,
    pub(super) handshake_failures: AtomicU64,
}

impl Metrics {
    pub(super) fn reviewed(&self, outcome: Outcome, took: Duration) {
        match outcome {
            Outcome::Rewritten(images) => {
                self.rewritten.fetch_add(1, Relaxed);
                self.images.fetch_add(images as u64, Relaxed);
            }
            Outcome::Unchanged => drop(self.unchanged.fetch_add(1, Relaxed)),
            Outcome::NotUnderstood => drop(self.not_understood.fetch_add(1, Relaxed)),
        }
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn text(&self) -> String {
        let value = |counter: &AtomicU64| counter.load(Relaxed);
        let mut text = String::new();
        let mut metric = |name: &str, help: &str, lines: &[(&str, String)]| {
            text += &format!("# HELP kfctl_cn_webhook_{name} {help}\n# TYPE kfctl_cn_webhook_{name} counter\n");
            for (labels, value) in lines {
                text += &format!("kfctl_cn_webhook_{name}{labels} {value}\n");
            }
        };
        let count = |counter| value(counter).to_string();
        metric(
            "reviews_total",
            "Reviews that were answered.",
            &[
                ("{outcome=\"rewritten\"}", count(&self.rewritten)),
                ("{outcome=\"unchanged\"}", count(&self.unchanged)),
                ("{outcome=\"not_understood\"}", count(&self.not_understood)),
            ],
        );
        metric("refused_total", "Requests that weren't reviews.", &[("", count(&self.refused))]);
        metric("images_total", "Image names that were rewritten.", &[("", count(&self.images))]);
        #[allow(clippy::cast_precision_loss)]
        let seconds = value(&self.micros) as f64 / 1e6;
        metric("review_seconds_total", "Time spent on reviews.", &[("", seconds.to_string())]);
        metric("reloads_total", "Files that were read again.", &[("", count(&self.reloads))]);
        metric("reload_failures_total", "Files that couldn't be used.", &[("", count(&self.reload_failures))]);
        metric("handshake_failures_total", "TLS handshakes that failed.", &[("", count(&self.handshake_failures))]);
        text
    }
}
