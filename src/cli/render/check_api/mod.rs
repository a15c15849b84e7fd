//! `--check-api`: what a version of Kubernetes makes of any manifests.

mod input;
mod text;

use std::path::Path;

use serde::Serialize;

use crate::adapt::{self, ApiVerdict, KubernetesVersion};
use crate::cli::{Global, kustomize, printer};
use crate::config;
use crate::model::{Error, ErrorClass, ExitStatus, Object, Result};

/// What is told of all objects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// The version that was asked for.
    kubernetes: String,
    /// How many objects were read.
    objects: usize,
    /// How many are raised.
    raised: usize,
    /// How many need a hand.
    unserved: usize,
    /// The objects that aren't taken as they are.
    findings: Vec<Finding>,
}

/// What is told of one object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    object: String,
    /// The file, folder or `stdin`.
    source: String,
    api_version: String,
    kind: String,
    /// The first version of Kubernetes that doesn't serve it, such as `1.22`; none if it is another component's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raised: Option<Raised>,
    /// What isn't served even then, and what to use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unserved: Vec<Unserved>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Raised {
    api_version: String,
    /// The id of the rule; `explain adaptations` lists it.
    rule: String,
    /// `path: old → new`.
    changes: Vec<String>,
    reason: &'static str,
    source: &'static str,
}

#[derive(Serialize)]
struct Unserved {
    seen: String,
    hint: String,
}

/// Checks what `path` names and prints the report, or with `raise` the objects as the version takes them.
///
/// Ends with 1 if an object needs a hand; with `detailed` and 2 if any is raised.
///
/// # Errors
/// Class `Config`: the input has faults. Class `Usage`: the version isn't one.
pub(super) fn run(
    global: &Global,
    path: &Path,
    version: Option<&str>,
    raise: bool,
    detailed: bool,
) -> Result<ExitStatus> {
    let kubernetes = target(global, version)?;
    let (sources, objects): (Vec<String>, Vec<Object>) = input::read(path)?.into_iter().unzip();
    let verdicts = adapt::check_apis(objects, kubernetes)?;
    let report = report(kubernetes, &sources, &verdicts);
    if raise {
        let objects: Vec<Object> = verdicts.into_iter().map(|verdict| verdict.object).collect();
        kustomize::print(global, &objects)?;
        printer::note(&text::summary(&report));
        text::unserved(&report).iter().for_each(|line| printer::note(line));
    } else {
        printer::value(global.output, &report, text::report)?;
    }
    Ok(match (report.unserved, report.raised) {
        (0, 0) => ExitStatus::OK,
        (0, _) if detailed => ExitStatus::CHANGES,
        (0, _) => ExitStatus::OK,
        _ => ErrorClass::Permanent.into(),
    })
}

/// The version of the flag, of the configuration if there is one, or that of a new cluster.
fn target(global: &Global, version: Option<&str>) -> Result<KubernetesVersion> {
    let text = match version {
        Some(version) => version.to_owned(),
        None if global.file.exists() => config::load(&global.file)?.spec.cluster.version,
        None => {
            config::parse(&config::template("kubeflow", crate::model::Region::CnNorth1), "defaults")?
                .spec
                .cluster
                .version
        }
    };
    text.parse::<KubernetesVersion>().ok().filter(|version| version.major == 1).ok_or_else(|| {
        Error::new(ErrorClass::Usage, format!("`{text}` is not a Kubernetes version"))
            .hint("write it as 1.35: major and minor version")
    })
}

fn report(kubernetes: KubernetesVersion, sources: &[String], verdicts: &[ApiVerdict]) -> Report {
    let all = sources.iter().zip(verdicts);
    let told = all.filter(|(_, verdict)| verdict.raised.is_some() || !verdict.unserved.is_empty());
    let findings: Vec<Finding> = told.map(|(source, verdict)| finding(source, verdict)).collect();
    let unserved = findings.iter().filter(|finding| !finding.unserved.is_empty()).count();
    Report {
        kubernetes: kubernetes.to_string(),
        objects: verdicts.len(),
        raised: findings.len() - unserved,
        unserved,
        findings,
    }
}

fn finding(source: &str, verdict: &ApiVerdict) -> Finding {
    let raised = verdict.raised.as_ref().map(|applied| {
        let rule = adapt::adaptations().iter().find(|known| known.id == applied.id);
        Raised {
            api_version: verdict.object.api_version().to_owned(),
            rule: applied.id.clone(),
            changes: applied.changes.clone(),
            reason: rule.map_or("", |rule| rule.reason.trim()),
            source: rule.map_or("", |rule| rule.source.trim()),
        }
    });
    let unserved = verdict.unserved.iter().map(|f| Unserved { seen: f.seen.clone(), hint: f.hint.clone() });
    Finding {
        object: verdict.was.to_string(),
        source: source.to_owned(),
        api_version: verdict.was.api_version(),
        kind: verdict.was.kind.clone(),
        gone_since: verdict.gone.map(|minor| format!("1.{minor}")),
        raised,
        unserved: unserved.collect(),
    }
}
