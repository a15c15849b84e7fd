//! Renders once per run and set: several resources need the same objects, and a render takes seconds.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::adapt::{ImageRef, Set, UpstreamImage, Values};
use crate::bundle::Bundle;
use crate::config::Config;
use crate::kube::{Stage, prepare, split};
use crate::model::{Error, ErrorClass, Object, Result};

use super::render;

/// A set, ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The objects by stage, in order.
    pub stages: Vec<(Stage, Vec<Object>)>,
    /// The images that they name.
    pub images: Vec<ImageRef>,
    /// The images that upstream's objects name, and what became of each.
    pub upstream: Vec<UpstreamImage>,
}

/// The sets that were rendered in this run, each with the values that it was rendered with.
#[derive(Default)]
pub struct Renders(Mutex<BTreeMap<Set, (Values, Arc<Rendered>)>>);

impl Renders {
    /// The set for these values: as it was rendered before, or rendered now.
    ///
    /// # Errors
    /// As [`render`].
    pub async fn get(
        &self,
        set: Set,
        config: &Arc<Config>,
        bundle: &Arc<Bundle>,
        values: Values,
    ) -> Result<Arc<Rendered>> {
        let mut known = self.0.lock().await;
        if let Some((with, rendered)) = known.get(&set)
            && *with == values
        {
            return Ok(rendered.clone());
        }
        let (config, bundle, with) = (config.clone(), bundle.clone(), values.clone());
        let adapted = tokio::task::spawn_blocking(move || render(set, &config, &bundle, &with))
            .await
            .map_err(|e| Error::new(ErrorClass::Bug, "the render broke off").caused_by(e.to_string()))??;
        let (images, upstream) = (adapted.images, adapted.upstream);
        let rendered = Arc::new(Rendered { stages: split(prepare(adapted.objects)), images, upstream });
        known.insert(set, (values, rendered.clone()));
        Ok(rendered)
    }
}
