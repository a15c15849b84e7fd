//! `kfctl-cn render`.

mod check_api;
mod diff_upstream;
mod explain;
mod file_name;
mod folder;
pub(super) mod only;
mod placeholders;

use std::path::PathBuf;

use super::{Global, Output, bundle, kustomize, printer};
use crate::adapt::{Adapted, Set};
use crate::bundle::Bundle;
use crate::config::{self, Config};
use crate::model::{Error, ErrorClass, ExitStatus, Object, Region, Result};
use crate::phases::manifests;

/// Print the objects that `up` applies, without an account: what only AWS knows is a placeholder
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to render.
    #[command(flatten)]
    pub(super) source: Source,

    /// Only this object; may be repeated. The kind in any case, also as kind.group; the namespace may be left out
    #[arg(long, value_name = "KIND/[NAMESPACE/]NAME")]
    only: Vec<only::Only>,

    /// Write one file an object into this folder instead (YAML, or JSON with `-o json`), in place of an earlier render
    #[arg(long, value_name = "DIR", conflicts_with = "explain")]
    output_dir: Option<PathBuf>,

    /// Print what was changed in which object instead, by which adaptation, why, and where that is known from
    #[arg(long)]
    explain: bool,

    /// Print how each object differs from upstream's instead, as a unified diff with the adaptations that did it
    #[arg(long, conflicts_with_all = ["explain", "output_dir"])]
    diff_upstream: bool,

    /// Tell instead what the Kubernetes version makes of any manifests: what it doesn't serve, what that becomes, what needs a
    /// hand. A folder with a kustomization is built, of another one every *.yaml is read, `-` is stdin. Exit with 1 if
    /// something needs a hand
    #[arg(long, value_name = "DIR|FILE|-", conflicts_with_all = ["explain", "diff_upstream", "output_dir", "only", "sets", "region"])]
    check_api: Option<PathBuf>,

    /// With --check-api: print the objects as the version takes them, in place of the report
    #[arg(long, requires = "check_api")]
    raise: bool,

    /// With --check-api: exit with 2 if something has to be raised
    #[arg(long, requires = "check_api")]
    detailed_exitcode: bool,
}

/// What is rendered.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Source {
    /// The region, over the one of the configuration; without a configuration, one of defaults is taken
    #[arg(long)]
    region: Option<Region>,

    /// The Kubernetes version, over the one of the configuration
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<String>,

    /// Only this set; may be repeated [default: all that the configuration asks for]
    #[arg(long = "set", value_name = "NAME", value_parser = set)]
    sets: Vec<Set>,
}

impl Source {
    /// Renders, adapts and audits each set.
    pub(super) fn render(&self, global: &Global) -> Result<Vec<(Set, Adapted)>> {
        let config = self.config(global)?;
        let bundle = bundle::find(global)?;
        self.warn(&bundle);
        let values = manifests::offline_values(&config);
        self.sets(&config).map(|set| Ok((set, manifests::render(set, &config, &bundle, &values)?))).collect()
    }

    /// The objects of each set before they are adapted.
    fn upstream(&self, global: &Global) -> Result<Vec<(Set, Vec<Object>)>> {
        let config = self.config(global)?;
        let bundle = bundle::find(global)?;
        let values = manifests::offline_values(&config);
        self.sets(&config).map(|set| Ok((set, manifests::objects(set, &config, &bundle, &values)?))).collect()
    }

    /// The registry that images are rewritten to.
    pub(super) fn registry(&self, global: &Global) -> Result<String> {
        Ok(manifests::offline_values(&self.config(global)?).registry)
    }

    fn sets(&self, config: &Config) -> impl Iterator<Item = Set> + use<> {
        let sets = if self.sets.is_empty() { manifests::sets(config) } else { self.sets.clone() };
        sets.into_iter()
    }

    fn config(&self, global: &Global) -> Result<Config> {
        let file = &global.file;
        let mut config = match self.region {
            Some(region) if !file.exists() => config::parse(&config::template("kubeflow", region), "defaults")?,
            _ => config::load(file)?,
        };
        let origin = file.display().to_string();
        config.spec.region = self.region.unwrap_or(config.spec.region);
        if let Some(version) = &self.kubernetes_version {
            config.spec.cluster.version.clone_from(version);
        }
        // Overridden values are held to the same rules as written ones.
        config::parse(&printer::yaml(&config)?, &origin).map_err(|e| e.context("with the flags of the command line"))
    }

    fn warn(&self, bundle: &Bundle) {
        if bundle.is_sample() {
            printer::note("note: these are the objects of the sample, not of Kubeflow");
        }
    }
}

fn set(name: &str) -> Result<Set, String> {
    let names = Set::ALL.map(Set::as_str).join(", ");
    Set::ALL.into_iter().find(|set| set.as_str() == name).ok_or_else(|| format!("one of: {names}"))
}

/// Prints the objects, or what was changed.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    if global.output == Output::Dir && args.output_dir.is_none() {
        return Err(Error::new(ErrorClass::Usage, "`-o dir` needs a folder to write to")
            .hint("name it: `kfctl-cn render -o dir --output-dir DIR`; `-o dir` may be left out then"));
    }
    if let Some(path) = &args.check_api {
        let version = args.source.kubernetes_version.as_deref();
        return check_api::run(global, path, version, args.raise, args.detailed_exitcode);
    }
    let mut rendered = args.source.render(global)?;
    only::select(&args.only, &mut rendered)?;
    let objects = || rendered.iter().flat_map(|(_, adapted)| &adapted.objects);
    if args.explain {
        explain::print(global, &rendered)?;
    } else if args.diff_upstream {
        diff_upstream::print(global, &args.only, &args.source.upstream(global)?, &rendered)?;
    } else {
        match &args.output_dir {
            Some(dir) => {
                let count = folder::write(dir, &rendered, global.output)?;
                printer::note(&format!("{count} objects are in {}", dir.display()));
            }
            None => kustomize::print(global, &objects().cloned().collect::<Vec<Object>>())?,
        }
        placeholders::note(objects()).iter().for_each(|note| printer::note(note));
    }
    for (set, adapted) in &rendered {
        let (objects, applied) = (adapted.objects.len(), adapted.applied.len());
        printer::note(&format!("{:<14} {objects} objects, {applied} changes, 0 findings", set.as_str()));
        adapted.unmatched.iter().for_each(|what| printer::note(&format!("  found nothing to change: {what}")));
    }
    Ok(ExitStatus::OK)
}
