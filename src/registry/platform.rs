//! Platforms of an index.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{Error, ErrorClass};

/// What an image runs on, such as `linux/amd64` or `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// The operating system.
    #[serde(default)]
    pub os: String,
    /// The architecture as Go names it.
    #[serde(default)]
    pub architecture: String,
    /// The variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    /// True if this, as it was asked for, means that platform of an index: without a variant it means all of them.
    pub fn means(&self, other: &Platform) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Platform, Error> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [os, architecture, ref rest @ ..] if rest.len() <= 1 && parts.iter().all(|part| !part.is_empty()) => {
                let variant = rest.first().map(|v| (*v).to_owned());
                Ok(Platform { os: os.into(), architecture: architecture.into(), variant })
            }
            _ => Err(Error::new(ErrorClass::Usage, format!("`{text}` is not a platform"))
                .hint("write it as os/architecture[/variant], such as linux/amd64")),
        }
    }
}
