//! What a version of Kubernetes serves of any objects, not only those of a [`Set`](super::Set).

use super::audit;
use super::report::{Applied, Finding};
use super::uplift;
use super::values::KubernetesVersion;
use crate::model::{Object, ObjectId, Result};

/// What a version of Kubernetes makes of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiVerdict {
    /// The object as it was named.
    pub was: ObjectId,
    /// The object as the version takes it; as it was, if nothing was raised.
    pub object: Object,
    /// The first minor version of Kubernetes 1 that doesn't serve it as it was, if that is known, whichever version was asked for.
    pub gone: Option<u32>,
    /// What raised it, with each change.
    pub raised: Option<Applied>,
    /// Why the version doesn't serve it, raised or not: it needs a hand.
    pub unserved: Vec<Finding>,
}

/// Raises the objects to what a version serves, and tells what it doesn't serve even then: one verdict an object, in their order.
///
/// # Errors
/// Class `Bug`: the embedded data can't be read.
pub fn check_apis(objects: Vec<Object>, kubernetes: KubernetesVersion) -> Result<Vec<ApiVerdict>> {
    let mut verdicts = Vec::with_capacity(objects.len());
    for mut object in objects {
        let was = object.id();
        let gone = audit::gone_since(&object)?;
        let raised = uplift::uplift(&mut object, kubernetes).map(|done| Applied {
            id: done.id.into(),
            object: was.clone(),
            changes: done.changes,
        });
        verdicts.push(ApiVerdict { was, object, gone, raised, unserved: Vec::new() });
    }
    let raised: Vec<Object> = verdicts.iter().map(|verdict| verdict.object.clone()).collect();
    for (index, finding) in audit::unserved(&raised, kubernetes)? {
        verdicts[index].unserved.push(finding);
    }
    Ok(verdicts)
}
