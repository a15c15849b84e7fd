//! The image webhook and the render agree on names.

use std::collections::BTreeMap;

use kfctl_cn::adapt::{Adapted, Set};
use kfctl_cn::webhook::{Mapping, image};

/// What the render's images are called at their source becomes at run time what the render calls them.
pub fn agrees(all: &BTreeMap<Set, Adapted>, registry: &str) {
    let own = &all[&Set::ImageWebhook].objects;
    let object = |kind: &str| &own.iter().find(|object| object.kind() == kind).expect("it is there").0;
    let text = object("ConfigMap")["data"]["mapping.yaml"].as_str().expect("a text");
    let mapping = Mapping::parse([("mapping.yaml", text)]).expect("readable");
    let images: Vec<_> = all.values().flat_map(|out| &out.images).collect();
    assert!(images.len() > 20, "{}", images.len());
    for image in images {
        assert_eq!(mapping.rewrite(&image.source).as_ref(), Some(&image.target));
        assert_eq!(mapping.rewrite(&image.target), None);
        assert!(!image.source.contains("image-webhook"), "our own image is made, not copied");
    }
    let container = &object("Deployment")["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], format!("{registry}/{}", image::NAME));
    for hook in object("MutatingWebhookConfiguration")["webhooks"].as_array().expect("a list") {
        assert_eq!(hook["failurePolicy"], "Ignore");
        assert_eq!(hook["reinvocationPolicy"], "IfNeeded");
        assert!(hook["timeoutSeconds"].as_u64() <= Some(3));
    }
}
