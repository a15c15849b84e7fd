//! The last look of a removal: what in the account still carries the deployment's mark, service by service.

mod compute;
mod data;
mod identity;
mod messages;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::aws::tags::{RESOURCE_TAG, Tags};
use crate::engine::{Left, Owner};
use crate::model::{Error, Result};
use crate::phases::Deps;
use crate::phases::site::Site;

/// How long is waited between looks: what was just removed is listed for a while.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// Something that carries the mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remnant {
    /// What it is, such as `IAM role`.
    pub kind: String,
    /// Its id, or its name where it has no id.
    pub id: String,
    /// The resource that its tag names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr: Option<String>,
    /// Why it is left; `None` if it should be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A part of the account that couldn't be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// Which, such as `IAM`.
    pub service: &'static str,
    /// Why not.
    #[serde(serialize_with = "as_text")]
    pub error: Error,
}

fn as_text<S: serde::Serializer>(error: &Error, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&error.to_string())
}

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// What is left for a reason.
    pub kept: Vec<Remnant>,
    /// What should be gone.
    pub unexpected: Vec<Remnant>,
    /// Where nothing can be said.
    pub unseen: Vec<Unseen>,
}

impl Remnant {
    fn new(kind: &str, id: &str, tags: &Tags) -> Self {
        Remnant { kind: kind.into(), id: id.into(), addr: tags.get(RESOURCE_TAG).cloned(), why: None }
    }

    fn because(mut self, why: &str) -> Self {
        self.why = Some(why.into());
        self
    }
}

/// True if the tags are those of the deployment.
fn ours(site: &Site, tags: &Tags) -> bool {
    site.owner(tags) == Owner::Ours
}

/// Looks at every service. What the plan has left on purpose is kept; what is new and unexpected is looked at again, since lists lag.
pub async fn sweep(deps: &Deps, left: &[Left]) -> Sweep {
    let site = Site::new(&deps.config, &deps.aws, &deps.account);
    let mut found = look(deps, &site, left).await;
    for pause in PAUSES {
        if found.unexpected.is_empty() {
            break;
        }
        tokio::time::sleep(pause).await;
        found = look(deps, &site, left).await;
    }
    found
}

async fn look(deps: &Deps, site: &Arc<Site>, left: &[Left]) -> Sweep {
    let bucket = deps.config.bucket(&deps.account);
    let (compute, identity, data, messages) =
        tokio::join!(compute::all(site), identity::all(site), data::all(site, &bucket), messages::all(site),);
    let reasons: BTreeMap<&str, &str> = left.iter().map(|l| (l.addr.as_str(), l.why.as_str())).collect();
    let mut sweep = Sweep::default();
    for (service, answer) in [compute, identity, data, messages].into_iter().flatten() {
        match answer {
            Err(error) => sweep.unseen.push(Unseen { service, error }),
            Ok(found) => {
                for mut remnant in found {
                    let why = remnant.addr.as_deref().and_then(|addr| reasons.get(addr));
                    remnant.why = remnant.why.or_else(|| why.map(|why| (*why).to_owned()));
                    match remnant.why {
                        Some(_) => sweep.kept.push(remnant),
                        None => sweep.unexpected.push(remnant),
                    }
                }
            }
        }
    }
    sweep
}

/// What each service answered.
type Answers = Vec<(&'static str, Result<Vec<Remnant>>)>;
