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
    let all = [("rds-secret", RDS_KEYS), ("s3-secret", S3_KEYS), ("admin", ADMIN_KEYS)];
    let mut checks: Vec<_> = all.into_iter().map(|(part, keys)| holds(subject.clone(), part, keys)).collect();
    checks.push(host(subject.clone()));
    checks
}

fn holds(of: Subject, part: &'static str, keys: &'static [&'static str]) -> Arc<dyn Checker> {
    let name = format!("{}-{part}", of.config.name());
    look(CATEGORY, format!("{name} holds {} and nothing else", keys.join(", ")), move || {
        let (aws, name) = (of.aws.clone(), name.clone());
        async move {
            let Some(fields) = aws.secret_json(&name).await? else { return fail("there is no such secret", UP) };
            let filled = |key: &&str| fields.get(*key).is_some_and(|v| !v.expose().is_empty());
            let missing: Vec<&str> = keys.iter().filter(|k| !filled(k)).copied().collect();
            let extra: Vec<&str> = fields.keys().map(String::as_str).filter(|k| !keys.contains(k)).collect();
            match (missing.as_slice(), extra.as_slice()) {
                ([], []) => pass(""),
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
            let fields = of.aws.secret_json(&format!("{}-rds-secret", of.config.name())).await?.unwrap_or_default();
            let seen = fields.get("host").map_or("", Secret::expose);
            let wanted = of.outputs.get(&"data/database".into()).and_then(|o| o.get("host")).map_or("", String::as_str);
            if wanted.is_empty() {
                return fail("there is no database", UP);
            }
            if seen != wanted {
                return fail(format!("the secret has `{seen}`, the database has `{wanted}`"), UP);
            }
            if !seen.ends_with(Region::DNS_SUFFIX) {
                return fail(seen, "check AWS_ENDPOINT_URL and the region: something outside China has answered");
            }
            pass(seen)
        }
    })
}
