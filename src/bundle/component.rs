//! What a bundle is made of.

use std::fmt;

use serde::Deserialize;

/// A part of the bundle, as upstream releases it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// Kubeflow on AWS, with Kubeflow's own manifests in its `upstream/` folder.
    Kubeflow,
    /// Karpenter: `crds/` and `rendered.yaml`.
    Karpenter,
    /// The NVIDIA device plugin: `nvidia-device-plugin.yml`.
    DevicePlugin,
    /// The secrets-store CSI driver: flat YAML files.
    CsiDriver,
    /// The AWS provider of the CSI driver: `aws-provider-installer.yaml`.
    CsiProvider,
}

impl Component {
    /// The name as the lock file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Component::Kubeflow => "kubeflow",
            Component::Karpenter => "karpenter",
            Component::DevicePlugin => "device-plugin",
            Component::CsiDriver => "csi-driver",
            Component::CsiProvider => "csi-provider",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
