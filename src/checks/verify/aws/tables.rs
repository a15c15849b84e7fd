//! What the parts of Kubeflow have made in the database: the table of manifests/policies/databases.yaml.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use serde::Deserialize;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::model::{Object, Result};

use super::Subject;
use super::login::{PATIENCE, Way, text, way};

const CATEGORY: &str = "database";

#[derive(Debug, Deserialize)]
struct Row {
    database: String,
    /// The Deployment in `kubeflow` that makes it.
    maker: String,
    tables: Vec<String>,
    /// A table with a row from the beginning.
    #[serde(default)]
    filled: Option<String>,
}

/// Empty if it can't be read; a test holds that it can.
static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../../../../manifests/policies/databases.yaml")).unwrap_or_default()
});

/// One check a database whose maker is among the objects.
pub(super) fn checkers(subject: &Subject, objects: &[Object]) -> Vec<Arc<dyn Checker>> {
    let made = |row: &&Row| objects.iter().any(|o| o.kind() == "Deployment" && o.name() == row.maker);
    let check = |row: &'static Row| {
        let of = subject.clone();
        let what = format!("{} has made its tables in the database {}", row.maker, row.database);
        look(CATEGORY, what, move || {
            let of = of.clone();
            async move { tables(&of, row).await }
        })
    };
    TABLE.iter().filter(made).map(check).collect()
}

async fn tables(of: &Subject, row: &Row) -> Result<Verdict> {
    let options = match way(of).await? {
        Way::Open(options) => options,
        // That it fails is told once, by the check of the login.
        Way::Closed(Verdict::Fail { seen, .. }) => return Ok(Verdict::Skip(seen)),
        Way::Closed(verdict) => return Ok(verdict),
    };
    let seen = match tokio::time::timeout(PATIENCE * 2, ask(*options, row)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => return Ok(Verdict::Skip(text(&error))),
        Err(_) => return Ok(Verdict::Skip("no answer in time".into())),
    };
    let restart = format!("kubectl -n kubeflow rollout restart deployment {}", row.maker);
    let logs = format!("`kfctl-cn logs {}` tells why; {restart}", row.maker);
    if seen.tables.is_empty() {
        return fail(format!("the database {} isn't there, or is empty", row.database), logs);
    }
    let missing: Vec<&str> =
        row.tables.iter().map(String::as_str).filter(|table| !seen.tables.contains(&table.to_lowercase())).collect();
    if !missing.is_empty() {
        return fail(format!("without {}", missing.join(", ")), logs);
    }
    match &row.filled {
        // Its first start was cut off between the table and its row; it starts never again by itself.
        Some(table) if !seen.filled => {
            fail(format!("{table} is empty: the first start of {} was cut off", row.maker), dropped(row, &restart))
        }
        _ => pass(format!("{} tables", row.tables.len())),
    }
}

fn dropped(row: &Row, restart: &str) -> String {
    format!("drop the database {}, which holds nothing yet, and: {restart}", row.database)
}

/// What is in a database.
struct Found {
    /// Names in lower case: servers on some systems fold them.
    tables: BTreeSet<String>,
    filled: bool,
}

async fn ask(options: Opts, row: &Row) -> std::result::Result<Found, mysql_async::Error> {
    let mut connection = Conn::new(options).await?;
    let query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?";
    let names: Vec<String> = connection.exec(query, (row.database.as_str(),)).await?;
    let tables: BTreeSet<String> = names.into_iter().map(|name| name.to_lowercase()).collect();
    let filled = match &row.filled {
        Some(table) if tables.contains(&table.to_lowercase()) => {
            // Both names are of our own table.
            let first: Option<u8> =
                connection.query_first(format!("SELECT 1 FROM `{}`.`{table}` LIMIT 1", row.database)).await?;
            first.is_some()
        }
        _ => true,
    };
    connection.disconnect().await?;
    Ok(Found { tables, filled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_and_its_filled_table_is_one_of_its_tables() {
        assert_eq!(TABLE.len(), 4);
        for row in TABLE.iter() {
            assert!(row.filled.as_ref().is_none_or(|filled| row.tables.contains(filled)), "{}", row.database);
        }
    }
}
