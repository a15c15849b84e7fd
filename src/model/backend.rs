//! Where the state of a deployment is kept.

use std::fmt;
use std::str::FromStr;

/// Where the state of a deployment is kept: `local`, or `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Backend {
    /// In the folder that `--state-dir` names.
    #[default]
    Local,
    /// In a bucket of the deployment's region.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What the keys begin with, without slashes at its ends; may be empty.
        prefix: String,
    },
}

impl FromStr for Backend {
    type Err = String;

    /// The error says what is wrong with the text.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "local" {
            return Ok(Backend::Local);
        }
        let rest = text.strip_prefix("s3://").ok_or_else(|| format!("`{text}` is neither `local` nor `s3://…`"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if bucket.is_empty() {
            return Err(format!("`{text}` names no bucket"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=/".contains(c);
        if !prefix.chars().all(plain) || prefix.split('/').any(|part| part == "." || part == "..") {
            return Err(format!("`{prefix}` is not possible as a prefix"));
        }
        if !prefix.is_empty() && prefix.split('/').any(str::is_empty) {
            return Err(format!("`{text}` has an empty part in its prefix"));
        }
        Ok(Backend::S3 { bucket: bucket.into(), prefix: prefix.into() })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Backend::Local => f.write_str("local"),
            Backend::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Backend::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in ["local", "s3://bucket", "s3://bucket/a/b-c_d"] {
            assert_eq!(text.parse::<Backend>().unwrap().to_string(), text);
        }
        assert_eq!("s3://bucket/a/".parse::<Backend>().unwrap().to_string(), "s3://bucket/a");
        for text in
            ["", "s3:/bucket", "s3://", "s3:///a", "s3://bucket//a", "s3://bucket/a/../b", "s3://bucket/a b", "gs://x"]
        {
            assert!(text.parse::<Backend>().is_err(), "{text}");
        }
    }
}
