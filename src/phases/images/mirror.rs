//! Copies what the registry lacks, or says precisely what to do elsewhere.
//!
//! What was done is kept in `images-mirror.json` in the deployment's folder, beside the list that it was done for.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::adapt::ImageRef;
use crate::config::Mirror;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Change, Error, ErrorClass, Readiness, Result};
use crate::registry::copy::Job;

use super::attempt::{Attempt, attempt, jobs};
use super::{list, to_tsv};
use crate::phases::{Deps, local_file};

/// The copy of all images into the registry.
pub(super) struct Copies {
    pub(super) deps: Deps,
}

/// What was done, for which list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Done {
    /// The digest of the list.
    list: String,
    /// Images in the registry.
    there: usize,
    /// Images that could not be copied.
    missing: usize,
    /// Those of them that objects name, so that something waits for them.
    #[serde(default)]
    needed: usize,
    /// Those of the missing that may be copied by trying again; the others are out of reach, gone at their source, or refused.
    #[serde(default)]
    passing: usize,
    /// Why the registry could not be asked at all, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreachable: Option<String>,
}

impl Done {
    fn of(images: &[ImageRef], attempt: &Attempt) -> Done {
        Done {
            list: digest(images),
            there: images.len() - attempt.missing.len(),
            missing: attempt.missing.len(),
            needed: attempt.missing.iter().filter(|at| !images[**at].only_on_use).count(),
            passing: attempt.passing,
            unreachable: attempt.why.clone().filter(|_| attempt.unreachable),
        }
    }

    fn outputs(&self) -> Outputs {
        Outputs::from([("there".into(), self.there.to_string()), ("missing".into(), self.missing.to_string())])
    }

    /// What is to be done again.
    fn changes(&self, list: &str, mode: Mirror) -> Vec<Change> {
        let must = mode == Mirror::Required && self.needed > 0;
        if self.list != list {
            vec![Change::update("list", "another list of images", "this one")]
        } else if self.unreachable.is_some() && must {
            vec![Change::update("registry", "could not be reached", "has all images")]
        } else if self.unreachable.is_none() && (self.passing > 0 || must) {
            vec![Change::update("missing", self.missing.to_string(), "0")]
        } else {
            Vec::new()
        }
    }
}

impl Copies {
    fn mode(&self) -> Mirror {
        self.deps.config.spec.images.mirror
    }

    fn file(&self, name: &str) -> PathBuf {
        self.deps.state_dir.join(name)
    }

    fn record(&self) -> Result<Option<Done>> {
        let text = local_file::read(&self.file("images-mirror.json"))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Writes what to run elsewhere, or takes away what needn't be run any more.
    fn script(&self, jobs: &[Job], attempt: &Attempt) -> Result<PathBuf> {
        let path = self.file("images-elsewhere.sh");
        if attempt.missing.is_empty() {
            local_file::remove(&path)?;
        } else {
            local_file::write(&path, &elsewhere(attempt.missing.iter().map(|at| &jobs[*at])))?;
        }
        Ok(path)
    }
}

/// What to run where the sources and the registry can be reached, as a script.
fn elsewhere<'a>(missing: impl Iterator<Item = &'a Job>) -> String {
    let list: String = missing.map(|job| format!("{}\t{}\n", job.source, job.target)).collect();
    format!(
        "#!/bin/sh\n# Copies what the registry lacks. Run it where both the sources and the registry are reached, with kfctl-cn in PATH.\n\
         # Where only the sources are: replace `mirror` by `save images.tar`, carry the file, and `kfctl-cn images load images.tar` there.\n\
         exec kfctl-cn images mirror --list - \"$@\" <<'END'\n{list}END\n"
    )
}

fn digest(images: &[ImageRef]) -> String {
    crate::registry::Digest::of(to_tsv(images).as_bytes()).to_string()
}

#[async_trait]
impl Resource for Copies {
    fn addr(&self) -> Addr {
        "images/mirror".into()
    }

    fn title(&self) -> String {
        "images in the registry".into()
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["images/list".into()]
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(900)
    }

    async fn read(&self, _cx: &Context) -> Result<Observed> {
        let Some(done) = self.record()? else { return Ok(Observed::Absent) };
        let changes = done.changes(&digest(&list(&self.deps).await?), self.mode());
        Ok(Observed::Present(Live { outputs: done.outputs(), owner: Owner::Ours, changes, ready: Readiness::Ready }))
    }

    async fn apply(&self, cx: &Context, _action: Action, _token: &str) -> Result<Outputs> {
        let images = list(&self.deps).await?;
        let jobs = jobs(&images)?;
        let attempt = attempt(cx, &jobs).await?;
        let script = self.script(&jobs, &attempt)?;
        let done = Done::of(&images, &attempt);
        if let Some(why) = attempt.why {
            let message = format!("{} of {} images are not in the registry", done.missing, jobs.len());
            if self.mode() == Mirror::Required && done.needed > 0 {
                return Err(Error::new(ErrorClass::Permanent, message)
                    .caused_by(why)
                    .hint(format!("where they can be copied, run {}, then go on here", script.display())));
            }
            cx.warn(format!("{message} ({why}); where they can be copied, run {}", script.display()));
        }
        let text = serde_json::to_string_pretty(&done).map_err(|e| Error::new(ErrorClass::Bug, e.to_string()))?;
        local_file::write(&self.file("images-mirror.json"), &text)?;
        Ok(done.outputs())
    }

    /// Forgets what was done. The images stay: other clusters may run them.
    async fn delete(&self, _cx: &Context, _live: &Live) -> Result<()> {
        local_file::remove(&self.file("images-mirror.json"))?;
        local_file::remove(&self.file("images-elsewhere.sh"))
    }
}
