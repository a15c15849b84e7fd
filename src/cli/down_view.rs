//! What a removal left, for people and for programs.

use serde::Serialize;

use super::{Global, Output, printer};
use crate::config::Config;
use crate::engine::Left;
use crate::model::{Error, ErrorClass, Result};
use crate::phases::teardown::{Remnant, Sweep, Unseen};

/// What is still there when a removal is done.
#[derive(Debug, Serialize)]
pub(super) struct Remains {
    event: &'static str,
    /// What the plan left, and why.
    left: Vec<Left>,
    /// What else is left for a reason.
    kept: Vec<Remnant>,
    /// What should be gone.
    unexpected: Vec<Remnant>,
    /// Where nothing can be said.
    unseen: Vec<Unseen>,
}

impl Remains {
    /// Of a plan and of a sweep after it; with the configuration of a deployment that was removed as a whole.
    pub(super) fn new(left: Vec<Left>, sweep: Sweep, removed: Option<&Config>) -> Self {
        let named = |remnant: &Remnant| left.iter().any(|l| remnant.addr.as_deref() == Some(l.addr.as_str()));
        let mut kept: Vec<Remnant> = sweep.kept.into_iter().filter(|remnant| !named(remnant)).collect();
        if let Some(config) =
            removed.filter(|config| config.spec.cluster.existing.is_none() && !config.spec.cluster.logs.is_empty())
        {
            kept.push(log_group(config));
        }
        Remains { event: "left", left, kept, unexpected: sweep.unexpected, unseen: sweep.unseen }
    }

    /// Lists it: on stderr for people, as an event on stdout for programs.
    pub(super) fn show(&self, global: &Global, delete_data: bool) -> Result<()> {
        if global.output == Output::Json {
            let line = serde_json::to_string(self)
                .map_err(|error| Error::new(ErrorClass::Bug, format!("a list can't be written as JSON: {error}")))?;
            return printer::data(&(line + "\n"));
        }
        printer::error(&self.text(delete_data));
        Ok(())
    }

    fn text(&self, delete_data: bool) -> String {
        let mut text = String::new();
        if !self.left.is_empty() {
            text += "Left, and still paid for:\n";
            for left in &self.left {
                text += &format!("  {} ({}): {}\n", left.addr, left.title, left.why);
            }
            if !delete_data {
                text += "`kfctl-cn down --delete-data` removes the data too.\n";
            }
        }
        if !self.kept.is_empty() {
            text += "Left as well:\n";
            for remnant in &self.kept {
                text += &format!("  {}: {}\n", name(remnant), remnant.why.as_deref().unwrap_or_default());
            }
        }
        text
    }

    /// An error that names what should be gone, and where nothing can be said.
    pub(super) fn result(&self) -> Result<crate::model::ExitStatus> {
        let mut lines: Vec<String> = self.unexpected.iter().map(|r| format!("  {}", name(r))).collect();
        lines.extend(
            self.unseen.iter().map(|unseen| format!("  {}: can't be looked at: {}", unseen.service, unseen.error)),
        );
        if lines.is_empty() {
            return Ok(crate::model::ExitStatus::OK);
        }
        let what = match (self.unexpected.len(), self.unseen.len()) {
            (0, _) => "whether everything is gone can't be said".to_owned(),
            (1, _) => "1 thing with the deployment's mark is still there".to_owned(),
            (n, _) => format!("{n} things with the deployment's mark are still there"),
        };
        let mut error = Error::new(ErrorClass::Permanent, what).caused_by(format!("\n{}", lines.join("\n")));
        if !self.unexpected.is_empty() {
            error = error.hint("run `kfctl-cn down` again; what is then still listed is removed by hand, by its id");
        }
        for unseen in &self.unseen {
            error.hints.extend(unseen.error.hints.iter().cloned());
        }
        Err(error)
    }
}

fn name(remnant: &Remnant) -> String {
    match &remnant.addr {
        Some(addr) => format!("{} {} ({addr})", remnant.kind, remnant.id),
        None => format!("{} {}", remnant.kind, remnant.id),
    }
}

/// EKS makes it and leaves it; this program has no client for CloudWatch Logs.
fn log_group(config: &Config) -> Remnant {
    let (id, region) = (format!("/aws/eks/{}/cluster", config.name()), config.spec.region);
    let why = format!(
        "EKS leaves the logs of the control plane; `aws logs delete-log-group --region {region} --log-group-name {id}` removes them"
    );
    Remnant { kind: "log group".into(), id, addr: None, why: Some(why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remnant(id: &str, addr: Option<&str>, why: Option<&str>) -> Remnant {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Remnant { kind: "EC2 volume".into(), id: id.into(), addr: text(addr), why: text(why) }
    }

    fn remains(sweep: Sweep) -> Remains {
        let text = "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata:\n  name: ml\nspec:\n  region: cn-north-1\n  cluster:\n    logs: []\n";
        let left = Left { addr: "data/bucket".into(), title: "S3 bucket".into(), why: "it holds data".into() };
        Remains::new(vec![left], sweep, Some(&crate::config::parse(text, "test").unwrap()))
    }

    #[test]
    fn what_is_left_on_purpose_is_told_once_and_is_no_failure() {
        let kept =
            vec![remnant("b", Some("data/bucket"), Some("it holds data")), remnant("vol-1", None, Some("Retain"))];
        let remains = remains(Sweep { kept, ..Sweep::default() });
        let text = remains.text(false);
        assert_eq!(text.matches("it holds data").count(), 1, "{text}");
        assert!(text.contains("EC2 volume vol-1: Retain") && text.contains("--delete-data"), "{text}");
        assert_eq!(remains.result().unwrap(), crate::model::ExitStatus::OK);
    }

    #[test]
    fn what_should_be_gone_is_a_failure_that_names_it() {
        let unexpected = vec![remnant("vol-2", None, None), remnant("vol-3", Some("cluster/volumes"), None)];
        let error = remains(Sweep { unexpected, ..Sweep::default() }).result().unwrap_err();
        assert_eq!(crate::model::ExitStatus::from(error.class).0, 1);
        let text = error.to_string();
        assert!(text.contains("vol-2") && text.contains("vol-3 (cluster/volumes)"), "{text}");
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_taken_for_gone() {
        let error =
            Error::new(ErrorClass::Permanent, "iam:ListRoles: AccessDenied (HTTP 403)").hint("allow `iam:ListRoles`");
        let unseen = vec![Unseen { service: "IAM roles", error }];
        let error = remains(Sweep { unseen, ..Sweep::default() }).result().unwrap_err();
        assert!(error.to_string().contains("IAM roles: can't be looked at"), "{error}");
        assert!(error.hints.contains(&"allow `iam:ListRoles`".to_owned()), "{:?}", error.hints);
    }
}
