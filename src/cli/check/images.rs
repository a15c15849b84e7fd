//! Whether the deployment's registry has the images.

use std::sync::Arc;

use super::files::Rendered;
use crate::checks::look::{look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::cli::images::missing;
use crate::cli::run::Session;
use crate::config::Mirror;
use crate::model::Result;

const TOPIC: (&str, &str) = ("images", "Images");

/// One check for all images: which ones are missing, `images verify` tells.
pub(super) fn checker(rendered: &Arc<Rendered>, session: &Session) -> Arc<dyn Checker> {
    let (rendered, mirror) = (rendered.clone(), session.config.spec.images.mirror);
    let registry = session.config.registry(&session.account);
    look(TOPIC, format!("{registry} has the images"), move || {
        let (rendered, registry) = (rendered.clone(), registry.clone());
        async move { present(&rendered, &registry, mirror).await }
    })
}

async fn present(rendered: &Rendered, registry: &str, mirror: Mirror) -> Result<Verdict> {
    let Ok(sets) = rendered.sets().await else {
        return Ok(Verdict::Skip("without manifests nobody knows which".into()));
    };
    let (count, missing) = match missing(sets, registry).await {
        Ok(found) => found,
        Err(error) => return Ok(Verdict::Skip(format!("it can't be asked from here: {error}"))),
    };
    let Some(first) = missing.first() else { return pass(format!("{count} images")) };
    let hint = match mirror {
        Mirror::Skip => "`kfctl-cn images mirror` copies them, `kfctl-cn images verify` names them",
        Mirror::Auto | Mirror::Required => "`up` copies them, `kfctl-cn images verify` names them",
    };
    warn(format!("{} of {count} are missing, such as {first}", missing.len()), hint)
}
