//! A bundle on disk.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Component, Lock, Report, SAMPLE, bundle_dir, cache_dir, sample, verify};
use crate::model::{Error, ErrorClass, Result};

/// Pinned files on disk, verified when opened.
#[derive(Debug, Clone)]
pub struct Bundle {
    root: PathBuf,
    lock: &'static Lock,
    report: Report,
}

/// Where to look for a bundle.
#[derive(Debug, Clone, Default)]
pub struct FindOptions {
    /// A folder, or `sample` for the embedded one. Without it: `KFCTL_CN_BUNDLE`, then the cache.
    pub dir: Option<PathBuf>,
    /// Files that may differ from their pins: paths in the bundle or ends of them.
    pub allow: Vec<String>,
}

impl Bundle {
    /// Opens a folder and verifies every file in it. A folder with the lock file of the sample in it is held to that lock.
    ///
    /// # Errors
    /// Class `Config` if a file differs or is missing, class `Usage` if `allow` names no file of the bundle, class `StateIo` if
    /// the folder can't be read. Components that are missing altogether are an error only when they are asked for.
    pub fn open(dir: &Path, allow: &[String]) -> Result<Bundle> {
        let lock = if sample::is_sample(dir) { sample::lock()? } else { Lock::upstream()? };
        let report = verify(lock, dir, allow)?;
        report.check(dir)?;
        Ok(Bundle { root: dir.to_path_buf(), lock, report })
    }

    /// Opens the bundle that the options, the environment or the cache name, in this order.
    ///
    /// # Errors
    /// As [`Bundle::open`]; class `Config` with the command to run if nothing was fetched yet.
    pub fn find(options: &FindOptions) -> Result<Bundle> {
        let env = std::env::var_os("KFCTL_CN_BUNDLE").filter(|dir| !dir.is_empty());
        Self::find_in(options, env, cache_dir)
    }

    pub(super) fn find_in(
        options: &FindOptions,
        env: Option<OsString>,
        cache: impl FnOnce() -> Result<PathBuf>,
    ) -> Result<Bundle> {
        if let Some(dir) = options.dir.clone().or_else(|| env.map(PathBuf::from)) {
            if dir.as_os_str() == SAMPLE {
                return sample::unpacked(&cache()?);
            }
            if !dir.is_dir() {
                return Err(Error::new(ErrorClass::Config, format!("{} is not a folder", dir.display()))
                    .hint("--bundle and KFCTL_CN_BUNDLE name the folder of a bundle, or `sample`"));
            }
            return Bundle::open(&dir, &options.allow);
        }
        let dir = bundle_dir(&cache()?, Lock::upstream()?);
        if !dir.is_dir() {
            return Err(Error::new(ErrorClass::Config, "the upstream files were not fetched yet")
                .hint("run `kfctl-cn bundle fetch`, with `--from` a mirror, a folder or an archive where GitHub can't be reached")
                .hint("to only try things out: `--bundle sample`"));
        }
        Bundle::open(&dir, &options.allow)
    }

    /// The embedded sample, unpacked into the cache.
    ///
    /// # Errors
    /// Class `StateIo` if the cache can't be written.
    pub fn sample() -> Result<Bundle> {
        sample::unpacked(&cache_dir()?)
    }

    /// The folder that holds the components' folders.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The lock that the bundle was verified against.
    pub fn lock(&self) -> &'static Lock {
        self.lock
    }

    /// What was found when it was opened.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// True for the sample: what comes out of it is not Kubeflow.
    pub fn is_sample(&self) -> bool {
        self.lock.name() == SAMPLE
    }

    /// The folder of a component, in a version or in its default version.
    ///
    /// # Errors
    /// Class `Config` if the lock has no such version, or if files of it are missing.
    pub fn path(&self, component: Component, version: Option<&str>) -> Result<PathBuf> {
        let Some(pinned) = self.lock.component(component, version) else {
            let known = self.lock.components().iter().filter(|c| c.name == component);
            let known: Vec<&str> = known.map(|c| c.version.as_str()).collect();
            let asked = version.unwrap_or("at all");
            return Err(Error::new(ErrorClass::Config, format!("the bundle has no {component} {asked}"))
                .hint(format!("it has {}", known.join(" and "))));
        };
        if self.report.absent.contains(&pinned.folder) {
            return Err(Error::new(ErrorClass::Config, format!("{} has no {}", self.root.display(), pinned.folder))
                .hint("run `kfctl-cn bundle fetch`"));
        }
        let prefix = format!("{}/", pinned.folder);
        if let Some(file) = self.report.missing_rendered.iter().find(|path| path.starts_with(&prefix)) {
            return Err(Error::new(ErrorClass::Config, format!("{file} is not in the bundle"))
                .caused_by("it is a rendered Helm chart, which no upstream archive holds")
                .hint("get it from who has it: `kfctl-cn bundle fetch --from` a folder, or an archive that `kfctl-cn bundle pack` made"));
        }
        Ok(self.root.join(&pinned.folder))
    }
}
