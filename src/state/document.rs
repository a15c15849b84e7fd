//! `state.json`: the snapshot, with a schema version in front and a checksum over the rest.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::{Record, Snapshot};
use crate::model::{Addr, Error, ErrorClass, Result};

use super::files::Intent;
use super::schema::{self, SCHEMA};

/// Whose state it is. A state is only ever used for the same three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The deployment's name.
    pub name: String,
    /// The account, 12 digits.
    pub account: String,
    /// The region's code.
    pub region: String,
}

/// The content of `state.json`: records and intents of a deployment as of a snapshot. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub(super) schema: u64,
    /// Random, made with the state: a journal belongs to the state of the same lineage.
    pub(super) lineage: String,
    /// Counts snapshots.
    pub(super) serial: u64,
    /// The number of the last journal line that is contained.
    pub(super) journaled: u64,
    /// The run that wrote it last; empty if it was written by a program that didn't say.
    pub(super) run: String,
    pub(super) deployment: Identity,
    pub(super) resources: BTreeMap<Addr, Record>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) intents: BTreeMap<Addr, Intent>,
}

impl Document {
    pub(super) fn new(deployment: Identity) -> Self {
        Document {
            schema: SCHEMA,
            lineage: format!("{:032x}", rand::random::<u128>()),
            serial: 0,
            journaled: 0,
            run: String::new(),
            deployment,
            resources: BTreeMap::new(),
            intents: BTreeMap::new(),
        }
    }

    /// What the engine needs of it.
    pub(super) fn snapshot(&self) -> Snapshot {
        snapshot(&self.resources, &self.intents)
    }

    /// Counts snapshots: of two of the same lineage, the one with the higher number is newer.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// True if both tell the same of the same deployment, whoever wrote them and when.
    pub(super) fn tells_the_same(&self, other: &Document) -> bool {
        self.lineage == other.lineage && self.resources == other.resources && self.intents == other.intents
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// Class `Bug`: it always can be written.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let broken = |error| Error::new(ErrorClass::Bug, format!("the state can't be written as JSON: {error}"));
        let mut value = serde_json::to_value(self).map_err(broken)?;
        let sum = checksum(&value);
        if let Some(map) = value.as_object_mut() {
            map.insert("checksum".into(), sum.into());
        }
        let mut bytes = serde_json::to_vec_pretty(&value).map_err(broken)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the bytes of the file at `path`, of this or an earlier version of the format.
    ///
    /// # Errors
    /// Class `StateIo` if it is damaged, `StateNewer` if it was written by a newer program.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Document> {
        let damaged = |what: String| {
            Error::new(ErrorClass::StateIo, format!("{} is damaged: {what}", path.display()))
                .hint(format!("if {}.previous is whole, put it in its place", path.display()))
                .hint("or move the folder away and run `kfctl-cn up`: it adopts everything that exists")
        };
        let mut value: Value = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        let schema = value.get("schema").and_then(Value::as_u64).ok_or_else(|| damaged("it has no schema".into()))?;
        if schema == 0 {
            return Err(damaged("there is no schema 0".into()));
        }
        if schema > SCHEMA {
            return Err(Error::new(
                ErrorClass::StateNewer,
                format!("{} has schema {schema}; this program knows up to {SCHEMA}", path.display()),
            )
            .hint("use the version of kfctl-cn that wrote it, or a newer one"));
        }
        let sum = value.as_object_mut().and_then(|map| map.shift_remove("checksum"));
        if sum.as_ref().and_then(Value::as_str) != Some(&checksum(&value)) {
            return Err(damaged("its checksum is wrong".into()));
        }
        if let Some(fields) = value.as_object_mut() {
            schema::to_newest(schema, fields);
        }
        serde_json::from_value(value).map_err(|error| damaged(error.to_string()))
    }
}

impl Identity {
    /// Refuses a state that belongs to something else.
    pub(super) fn check(&self, wanted: &Identity, path: &Path) -> Result<()> {
        let seen = self;
        let differ = |class, what: &str, has: &str, want: &str| {
            Err(Error::new(class, format!("{} is the state of {what} {has}, not of {want}", path.display())))
        };
        let away = "or move the folder away if the state isn't needed any more";
        if seen.account != wanted.account {
            return differ(ErrorClass::Credentials, "account", &seen.account, &wanted.account)
                .map_err(|e| e.hint(format!("use credentials of account {}", seen.account)).hint(away));
        }
        if seen.region != wanted.region {
            return differ(ErrorClass::Config, "region", &seen.region, &wanted.region)
                .map_err(|e| e.hint(format!("set `spec.region: {}`", seen.region)).hint(away));
        }
        if seen.name != wanted.name {
            return differ(ErrorClass::Config, "deployment", &seen.name, &wanted.name)
                .map_err(|e| e.hint(format!("set `metadata.name: {}`", seen.name)).hint(away));
        }
        Ok(())
    }
}

/// What the engine needs of records and intents: of these their age.
pub(super) fn snapshot(resources: &BTreeMap<Addr, Record>, intents: &BTreeMap<Addr, Intent>) -> Snapshot {
    let now = Timestamp::now();
    let open = intents
        .iter()
        .map(|(addr, intent)| (addr.clone(), (intent.action, intent.token.clone(), age(&intent.at, now))));
    Snapshot { resources: resources.clone(), open: open.collect() }
}

/// How old a time is, in seconds. One that can't be read or lies well ahead is as old as can be, so that its token isn't
/// used again.
fn age(at: &str, now: Timestamp) -> u64 {
    const SKEW: i64 = 300;
    match at.parse::<Timestamp>().map(|at| now.as_second() - at.as_second()) {
        Ok(seconds) if seconds >= 0 => seconds.unsigned_abs(),
        Ok(seconds) if seconds >= -SKEW => 0,
        _ => u64::MAX,
    }
}

/// Over the value as compact JSON, in the order of its keys.
fn checksum(value: &Value) -> String {
    let text = value.to_string();
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
