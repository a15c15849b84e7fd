//! Which images are moved: those of the deployment, or of a list, as far as they are asked for.

use std::io::Read as _;
use std::path::PathBuf;

use super::super::render::Source;
use super::super::{Global, printer};
use super::inventory;
use crate::adapt::{ImageStatus, InventoryEntry, image_target};
use crate::model::{Error, ErrorClass, Result, glob};
use crate::registry::Reference;
use crate::registry::copy::Job;

/// Which images.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// What to render.
    #[command(flatten)]
    source: Source,

    /// Only images whose name at the source has this in it, or matches it if it has a `*`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// Not the images of the deployment but those of this file (`-`: stdin): source, a tab and target a line, as `images list --plain` prints
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

impl Which {
    /// The images: from where, to where.
    pub(super) fn jobs(&self, global: &Global) -> Result<Vec<Job>> {
        let pairs = match &self.list {
            Some(path) => pairs(&read(path)?)?,
            None => self.of_inventory(inventory(&self.source, global)?),
        };
        let mut jobs = Vec::new();
        for (source, target) in pairs.into_iter().filter(|(source, _)| wanted(&self.only, source)) {
            let job = Job { source: source.parse()?, target: target.parse()? };
            if !jobs.contains(&job) {
                jobs.push(job);
            }
        }
        if jobs.is_empty() {
            printer::note("no image is asked for");
        }
        Ok(jobs)
    }

    /// The images that belong in the registry. What is gone at its source is told before anything is asked for.
    fn of_inventory(&self, all: Vec<InventoryEntry>) -> Vec<(String, String)> {
        for image in all.iter().filter(|image| wanted(&self.only, &image.source)) {
            match (image.status, &image.replaced_by) {
                (ImageStatus::Gone, Some(other)) => {
                    printer::note(&format!("gone     {}: {other} instead", image.source))
                }
                (ImageStatus::Gone, None) => {
                    printer::note(&format!("gone     {}: a kept copy must be found", image.source));
                }
                _ => {}
            }
        }
        all.into_iter().filter_map(|image| image.target.map(|target| (image.source, target))).collect()
    }

    /// True if the images are those of the deployment.
    pub(super) fn of_deployment(&self) -> bool {
        self.list.is_none()
    }
}

/// True if a name is asked for.
pub(super) fn wanted(only: &[String], name: &str) -> bool {
    let fits =
        |pattern: &String| if pattern.contains('*') { glob::matches(pattern, name) } else { name.contains(pattern) };
    only.is_empty() || only.iter().any(fits)
}

fn read(path: &std::path::Path) -> Result<String> {
    if path.as_os_str() != "-" {
        return Ok(fs_err::read_to_string(path)?);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// The lines of a list; a first line `source`, tab, `target` is a header.
fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = line.split('\t').map(str::trim);
        match (words.next(), words.next()) {
            (Some("source"), Some("target")) if at == 0 => {}
            (Some(source), Some(target)) if !source.is_empty() && !target.is_empty() => {
                found.push((source.to_owned(), target.to_owned()));
            }
            _ => {
                return Err(Error::new(ErrorClass::Config, format!("line {} of the list has no target", at + 1))
                    .hint("a line is source, a tab, target: `kfctl-cn images list --plain` prints such lines"));
            }
        }
    }
    Ok(found)
}

/// The name of an image of the deployment in its registry.
pub(super) fn in_registry(registry: &str, image: &Reference) -> Result<Reference> {
    image_target(registry, &image.to_string()).parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_or_a_pattern_chooses() {
        let only = |pattern: &str| wanted(&[pattern.to_owned()], "gcr.io/ml-pipeline/frontend:1.8.2");
        assert!(only("ml-pipeline") && only("gcr.io/*:1.8.2") && wanted(&[], "x"));
        assert!(!only("ml-pipeline/*:1.9") && !only("istio"));
    }

    #[test]
    fn a_list_is_what_images_list_prints() {
        let text = "source\ttarget\tplaces\na:1\tr.io/a:1\tx\n\nb\tr.io/b\n";
        let expected = vec![("a:1".into(), "r.io/a:1".into()), ("b".into(), "r.io/b".into())];
        assert_eq!(pairs(text).unwrap(), expected);
        assert!(pairs("a:1\n").is_err());
    }

    #[test]
    fn the_name_in_the_registry_has_the_whole_name_of_the_source() {
        let image = "busybox:1.28".parse().unwrap();
        let name = in_registry("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn", &image).unwrap();
        assert_eq!(
            name.to_string(),
            "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn/docker.io/library/busybox:1.28"
        );
        let ported = in_registry("r.io/k", &"127.0.0.1:5000/a:1".parse().unwrap()).unwrap();
        assert_eq!(ported.to_string(), "r.io/k/127.0.0.1_5000/a:1");
    }
}
