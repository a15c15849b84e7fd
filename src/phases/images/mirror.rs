//! Copies what the registry lacks, or says precisely what to do elsewhere.
//!
//! What was done is kept in `images-mirror.json` in the deployment's folder, beside the list that it was done for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::adapt::ImageRef;
use crate::config::Mirror;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Change, Error, ErrorClass, Readiness, Result};
use crate::registry::copy::{Copier, Ended, Job, Meter, Options, RegistryTarget};
use crate::registry::{Found, Registry, Retry, Route};

use super::{Ecr, list, to_tsv};
use crate::phases::{Deps, local_file};

/// How long the registry may take to say anything, before it counts as out of reach.
const PROBE: Duration = Duration::from_secs(10);

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
    /// Those of them that may be copied by trying again; the others are out of reach, gone at their source, or refused.
    #[serde(default)]
    passing: usize,
    /// Why the registry could not be asked at all, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreachable: Option<String>,
}

impl Done {
    fn outputs(&self) -> Outputs {
        Outputs::from([("there".into(), self.there.to_string()), ("missing".into(), self.missing.to_string())])
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

    /// Copies, or says why the registry can't be asked.
    async fn copy(&self, cx: &Context, jobs: &[Job]) -> Result<std::result::Result<Vec<Ended>, String>> {
        let ecr = Ecr::new()?;
        let quick = Retry { attempts: 1, pause: Duration::ZERO };
        let client = |retry| Registry::new(&Route::default(), ecr.clone(), retry, Arc::new(|_| {}));
        let Some(first) = jobs.first() else { return Ok(Ok(vec![])) };
        match tokio::time::timeout(PROBE, client(quick)?.find(&first.target, true)).await {
            Ok(Ok(Found::Nothing | Found::Manifest(_))) => {}
            Ok(Err(fault)) => return Ok(Err(fault.error.to_string())),
            Err(_) => return Ok(Err(format!("{} says nothing in {}s", first.target.host, PROBE.as_secs()))),
        }
        let (from, to) = (client(Retry::default())?, client(Retry::default())?);
        let to = Arc::new(RegistryTarget::new(to, ecr.clone()));
        let meter = Arc::new(Meter::new(jobs.len()));
        let copier = Copier::new(Arc::new(from), to, Options::default(), meter.clone(), Arc::new(|_| {}));
        let mut running = std::pin::pin!(copier.run(jobs));
        loop {
            tokio::select! {
                all = &mut running => return Ok(Ok(all)),
                () = tokio::time::sleep(Duration::from_secs(1)) => cx.progress(meter.line()),
            }
        }
    }

    /// What to run where the sources and the registry can be reached, as a script.
    fn elsewhere(&self, missing: &[Job]) -> String {
        let list: String = missing.iter().map(|job| format!("{}\t{}\n", job.source, job.target)).collect();
        format!(
            "#!/bin/sh\n# Copies what the registry lacks. Run it where both the sources and the registry are reached, with kfctl-cn in PATH.\n\
             # Where only the sources are: replace `mirror` by `save images.tar`, carry the file, and `kfctl-cn images load images.tar` there.\n\
             exec kfctl-cn images mirror --list - \"$@\" <<'END'\n{list}END\n"
        )
    }
}

fn jobs(images: &[ImageRef]) -> Result<Vec<Job>> {
    images.iter().map(|image| Ok(Job { source: image.source.parse()?, target: image.target.parse()? })).collect()
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
        let mut changes = Vec::new();
        if done.list != digest(&list(&self.deps).await?) {
            changes.push(Change::update("list", "another list of images", "this one"));
        } else if done.unreachable.is_none()
            && (done.passing > 0 || done.missing > 0 && self.mode() == Mirror::Required)
        {
            changes.push(Change::update("missing", done.missing.to_string(), "0"));
        } else if done.unreachable.is_some() && self.mode() == Mirror::Required {
            changes.push(Change::update("registry", "could not be reached", "has all images"));
        }
        Ok(Observed::Present(Live { outputs: done.outputs(), owner: Owner::Ours, changes, ready: Readiness::Ready }))
    }

    async fn apply(&self, cx: &Context, _action: Action, _token: &str) -> Result<Outputs> {
        let images = list(&self.deps).await?;
        let jobs = jobs(&images)?;
        let outcome = self.copy(cx, &jobs).await?;
        let (missing, passing, unreachable, first) = match outcome {
            Err(why) => (jobs.clone(), 0, Some(why.clone()), Some(why)),
            Ok(all) => {
                let mut failed: Vec<(&Job, &Error)> = Vec::new();
                for (job, ended) in jobs.iter().zip(&all) {
                    if let Ended::Failed(error) = ended {
                        failed.push((job, error));
                    }
                }
                let first = failed.first().map(|(_, why)| why.to_string());
                let passing = failed.iter().filter(|(_, why)| why.class == ErrorClass::Transient).count();
                (failed.into_iter().map(|(job, _)| job.clone()).collect::<Vec<Job>>(), passing, None, first)
            }
        };
        let script = self.file("images-elsewhere.sh");
        if missing.is_empty() {
            local_file::remove(&script)?;
        } else {
            local_file::write(&script, &self.elsewhere(&missing))?;
        }
        let done = Done {
            list: digest(&images),
            there: jobs.len() - missing.len(),
            missing: missing.len(),
            passing,
            unreachable,
        };
        let text = serde_json::to_string_pretty(&done).map_err(|e| Error::new(ErrorClass::Bug, e.to_string()))?;
        match first {
            Some(why) if self.mode() == Mirror::Required => {
                let message = format!("{} of {} images are not in the registry", missing.len(), jobs.len());
                return Err(Error::new(ErrorClass::Permanent, message)
                    .caused_by(why)
                    .hint(format!("where they can be copied, run {}, then go on here", script.display())));
            }
            Some(why) => cx.progress(format!(
                "{} images are to be copied elsewhere with {}: {why}",
                missing.len(),
                script.display()
            )),
            None => {}
        }
        local_file::write(&self.file("images-mirror.json"), &text)?;
        Ok(done.outputs())
    }

    /// Forgets what was done. The images stay: other clusters may run them.
    async fn delete(&self, _cx: &Context, _live: &Live) -> Result<()> {
        local_file::remove(&self.file("images-mirror.json"))?;
        local_file::remove(&self.file("images-elsewhere.sh"))
    }
}
