//! The database: how it is set up. Whether it answers is in `login`.

use std::sync::Arc;

use crate::aws::{Call, mysql};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass};

use super::{Subject, login};

const CATEGORY: &str = "database";
const UP: &str = "run `kfctl-cn up`";

pub(super) fn checkers(subject: &Subject) -> Vec<Arc<dyn Checker>> {
    // How a database of others is set up is for them to say; the plan looks at what matters.
    if subject.config.spec.data.database.existing.is_some() {
        return vec![login::checker(subject.clone())];
    }
    vec![instance(subject.clone()), login::checker(subject.clone())]
}

fn instance(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "it is available, private, encrypted and protected from deletion", move || {
        let (aws, id) = (of.aws.clone(), format!("{}-db", of.config.name()));
        let wanted = of.config.spec.data.database.engine_version.clone();
        async move {
            let call = aws.rds.describe_db_instances().db_instance_identifier(&id).send().await;
            let found = call.unless("rds:DescribeDBInstances", &["DBInstanceNotFound", "DBInstanceNotFoundFault"])?;
            let found = found.and_then(|f| f.db_instances.unwrap_or_default().into_iter().next());
            let Some(db) = found else { return fail("there is no database", UP) };
            let version = db.engine_version().unwrap_or_default();
            let line: String = wanted.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            let wrong: Vec<&str> = [
                (db.db_instance_status() == Some("available"), "it isn't available"),
                (db.publicly_accessible() != Some(true), "it has a public address"),
                (db.storage_encrypted() == Some(true), "its storage isn't encrypted"),
                (db.deletion_protection() == Some(true), "it isn't protected from deletion"),
                (mysql::matches(version, &line), "its version is of another line"),
            ]
            .into_iter()
            .filter_map(|(right, text)| (!right).then_some(text))
            .collect();
            if wrong.is_empty() { pass(format!("MySQL {version}")) } else { fail(wrong.join(", "), UP) }
        }
    })
}
