//! The secrets: each is there, has exactly its keys, and names hosts of China.

use std::sync::Arc;

use crate::aws::{ADMIN_KEYS, RDS_KEYS, S3_KEYS};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass};
use crate::model::{Region, Secret};

use super::Subject;

const CATEGORY: &str = "secrets";
const UP: &str = "run `kfctl-cn up`";

pub(super) fn checkers(subject: &Subject) -> Vec<Arc<dyn Checker>> {
    let (config, data) = (&subject.config, &subject.config.spec.data);
    let all = [
        (config.rds_secret(), RDS_KEYS, data.database.existing.is_some()),
        (config.s3_secret(), S3_KEYS, data.existing_s3_secret.is_some()),
        (format!("{}-admin", config.name()), ADMIN_KEYS, false),
    ];
    let mut checks: Vec<_> =
        all.into_iter().map(|(name, keys, existing)| holds(subject.clone(), name, keys, existing)).collect();
    checks.push(host(subject.clone()));
    checks
}

/// A secret of others may hold more.
fn holds(of: Subject, name: String, keys: &'static [&'static str], existing: bool) -> Arc<dyn Checker> {
    let only = if existing { "" } else { " and nothing else" };
    look(CATEGORY, format!("{name} holds {}{only}", keys.join(", ")), move || {
        let (aws, name) = (of.aws.clone(), name.clone());
        async move {
            let Some(fields) = aws.secret_json(&name).await? else { return fail("there is no such secret", UP) };
            let filled = |key: &&str| fields.get(*key).is_some_and(|v| !v.expose().is_empty());
            let missing: Vec<&str> = keys.iter().filter(|k| !filled(k)).copied().collect();
            let extra: Vec<&str> = fields.keys().map(String::as_str).filter(|k| !keys.contains(k)).collect();
            match (missing.as_slice(), extra.as_slice()) {
                ([], []) => pass(""),
                ([], _) if existing => pass(""),
                ([], extra) => fail(format!("it also holds {}", extra.join(", ")), UP),
                (missing, _) => fail(format!("it lacks {}", missing.join(", ")), UP),
            }
        }
    })
}

fn host(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "the database's host in its secret is the database's, in China", move || {
        let of = of.clone();
        async move {
            let fields = of.aws.secret_json(&of.config.rds_secret()).await?.unwrap_or_default();
            let seen = fields.get("host").map_or("", Secret::expose);
            let wanted = of.outputs.get(&"data/database".into()).and_then(|o| o.get("host")).map_or("", String::as_str);
            if wanted.is_empty() {
                return fail("there is no database", UP);
            }
            if seen != wanted {
                return fail(format!("the secret has `{seen}`, the database has `{wanted}`"), UP);
            }
            let elsewhere = of.config.spec.data.database.existing.as_ref().is_some_and(|e| e.host.is_some());
            if !elsewhere && !seen.ends_with(Region::DNS_SUFFIX) {
                return fail(seen, "check AWS_ENDPOINT_URL and the region: something outside China has answered");
            }
            pass(seen)
        }
    })
}
