//! Which registry stands for which: prefixes of image names, the longest of which wins.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::adapt::image_name;
use crate::model::{Error, ErrorClass, Result};

/// What image names become. As a file: `prefixes:`, a map from hosts or hosts with paths to what stands in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// From and to, the longest `from` first.
    prefixes: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    prefixes: Option<BTreeMap<String, String>>,
}

impl Mapping {
    /// Reads files of text, each with its name for messages; what a later one says goes over what an earlier one says.
    ///
    /// # Errors
    /// Class `Config`: no YAML, unknown fields, or a name that can't be a prefix.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Mapping> {
        let mut all = BTreeMap::new();
        for (name, text) in files {
            let wrong = |why: String| {
                Error::new(ErrorClass::Config, format!("the mapping {name}")).caused_by(why).hint(
                    "`prefixes:` is a map, such as `quay.io: 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn/quay.io`",
                )
            };
            // An empty file maps nothing.
            let file: Option<File> = serde_saphyr::from_str(text).map_err(|e| wrong(e.to_string()))?;
            for (from, to) in file.and_then(|file| file.prefixes).unwrap_or_default() {
                all.insert(prefix(&from).map_err(&wrong)?, prefix(&to).map_err(&wrong)?);
            }
        }
        let mut prefixes: Vec<(String, String)> = all.into_iter().collect();
        prefixes.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Ok(Mapping { prefixes })
    }

    /// How many prefixes there are.
    pub fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// True if nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// What an image is to be called instead; `None` if its name may stay. What was rewritten once is never rewritten
    /// again, even if a target lies below another prefix.
    pub fn rewrite(&self, image: &str) -> Option<String> {
        if !image_name::is_name(image) {
            return None;
        }
        let full = image_name::full(image);
        if self.prefixes.iter().any(|(_, to)| rest(to, &full).is_some()) {
            return None;
        }
        self.prefixes.iter().find_map(|(from, to)| Some(format!("{to}{}", rest(from, &full)?)))
    }
}

/// What follows a prefix in a name; `None` if the name is of another host, or of another path that begins likewise. The
/// colon after a host is a port, and so another host; after a path it is a tag.
fn rest<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    let rest = name.strip_prefix(prefix)?;
    let ends = if prefix.contains('/') { &['/', ':', '@'][..] } else { &['/'][..] };
    (rest.is_empty() || rest.starts_with(ends)).then_some(rest)
}

/// A prefix in its one form: with a host, without a slash at the end.
fn prefix(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    // A host alone is told from a path by what follows it.
    let probe = format!("{text}/x/y");
    if !image_name::is_name(text) || image_name::host(&probe).is_none() {
        return Err(format!("`{text}` doesn't begin with the host of a registry"));
    }
    if text.contains("//") {
        return Err(format!("`{text}` has a scheme or an empty part"));
    }
    if text.contains('@') || text.rsplit('/').next().is_some_and(|last| text.contains('/') && last.contains(':')) {
        return Err(format!("`{text}` has a tag or a digest"));
    }
    let full = image_name::full(&probe);
    Ok(full.strip_suffix("/x/y").unwrap_or(text).to_owned())
}
