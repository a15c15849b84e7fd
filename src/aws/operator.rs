//! What an operator needs in IAM: the table of manifests/policies/operator.yaml, filled in for one deployment, as statements and as
//! policy documents. The check of permissions asks IAM about the same statements that `iam-policy` prints.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::policy::document;
use crate::model::{Backend, Error, ErrorClass, Region, Result};

const TABLE: &str = include_str!("../../manifests/policies/operator.yaml");
/// How many characters IAM takes for a managed policy, white space not counted. Source: IAM user guide, IAM and STS quotas.
pub const LIMIT: usize = 6144;

/// What the policies name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The region.
    pub region: Region,
    /// The account, 12 digits.
    pub account: String,
    /// The deployment's name.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// True if the cluster was there before.
    pub existing_cluster: bool,
    /// True if a node group of our own is made.
    pub own_nodes: bool,
    /// The bucket's name.
    pub bucket: String,
    /// The ARN pattern of the repositories of the mirror; `None` if images aren't in ECR.
    pub repositories: Option<String>,
    /// The id of the VPC that the deployment is put into, if it isn't its own; `*` if only EKS knows it.
    pub vpc: Option<String>,
    /// Where the state is kept.
    pub state: Backend,
    /// The ARN of the key that encrypts Kubernetes secrets, if it is the account's own.
    pub key: Option<String>,
    /// The ARN of the key that encrypts database, bucket and secrets, if it is the account's own.
    pub data_key: Option<String>,
    /// The ARN of the key that disks are encrypted with, if it is the account's own.
    pub disk_key: Option<String>,
    /// The ARN of the permissions boundary of roles and users, if there is one.
    pub boundary: Option<String>,
    /// True if the bucket was there before.
    pub existing_bucket: bool,
    /// True if RDS has the database, and had it before.
    pub existing_database: bool,
    /// The ARN pattern of the secret with the database's login, if it was there before.
    pub rds_secret: Option<String>,
    /// The ARN pattern of the secret with the bucket's keys, if it was there before.
    pub s3_secret: Option<String>,
}

/// What a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Looking.
    Read,
    /// Making, changing, removing.
    Write,
}

/// Values of a condition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

/// Operator, key, values.
type Conditions = BTreeMap<String, BTreeMap<String, Values>>;

/// One row of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    access: Access,
    when: Option<When>,
    actions: Vec<String>,
    #[serde(default)]
    implied: Vec<String>,
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "for who reads the table, and for its test"))]
    because: String,
    resources: Vec<String>,
    #[serde(default)]
    conditions: Conditions,
}

/// On what a row depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    Cluster,
    ExistingCluster,
    OwnNodes,
    Kms,
    DataKey,
    DiskKey,
    Ecr,
    Vpc,
    State,
    Boundary,
    Bucket,
    Database,
    RdsSecret,
    S3Secret,
}

/// A statement of the policy, for one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its `Sid`.
    pub id: String,
    /// What it is for.
    pub access: Access,
    /// Actions such as `ec2:CreateVpc`, in order.
    pub actions: Vec<String>,
    /// ARN patterns, or `*`.
    pub resources: Vec<String>,
    conditions: Conditions,
}

impl Statement {
    /// The keys of its conditions with their operator and values that fulfil it, for a simulation.
    pub fn context(&self) -> Vec<(&str, &str, Vec<&str>)> {
        let keys =
            self.conditions.iter().flat_map(|(operator, keys)| keys.iter().map(move |(key, v)| (operator, key, v)));
        keys.map(|(operator, key, values)| {
            // Several values mean any of them, and a call carries one.
            let first = match values {
                Values::One(value) => Some(value),
                Values::Several(values) => values.first(),
            };
            (operator.as_str(), key.as_str(), first.into_iter().map(String::as_str).collect())
        })
        .collect()
    }

    fn json(&self) -> Value {
        let mut statement =
            json!({"Sid": self.id, "Effect": "Allow", "Action": self.actions, "Resource": self.resources});
        if let (Some(fields), false) = (statement.as_object_mut(), self.conditions.is_empty()) {
            let value = |values: &Values| match values {
                Values::One(value) => json!(value),
                Values::Several(values) => json!(values),
            };
            let keys = |keys: &BTreeMap<String, Values>| keys.iter().map(|(key, v)| (key.clone(), value(v))).collect();
            let all = self.conditions.iter().map(|(operator, k)| (operator.clone(), Value::Object(keys(k)))).collect();
            fields.insert("Condition".into(), Value::Object(all));
        }
        statement
    }
}

impl Scope {
    /// Whether there is what a row depends on.
    fn has(&self, when: When) -> bool {
        match when {
            When::Cluster => !self.existing_cluster,
            When::ExistingCluster => self.existing_cluster,
            When::OwnNodes => self.own_nodes,
            When::Kms => self.key.is_some(),
            When::DataKey => self.data_key.is_some(),
            When::DiskKey => self.disk_key.is_some(),
            When::Ecr => self.repositories.is_some(),
            When::Vpc => self.vpc.is_some(),
            When::State => self.state != Backend::Local,
            When::Boundary => self.boundary.is_some(),
            When::Bucket => !self.existing_bucket,
            // One that RDS has is in the cluster's VPC.
            When::Database => self.existing_database && self.vpc.is_some(),
            When::RdsSecret => self.rds_secret.is_some(),
            When::S3Secret => self.s3_secret.is_some(),
        }
    }

    /// The bucket of the state, and what its keys begin with.
    fn state(&self) -> (&str, String) {
        match &self.state {
            Backend::Local => ("", String::new()),
            Backend::S3 { bucket, prefix } if prefix.is_empty() => (bucket, self.name.clone()),
            Backend::S3 { bucket, prefix } => (bucket, format!("{prefix}/{}", self.name)),
        }
    }

    fn fill(&self, text: &str) -> String {
        let (state_bucket, state_prefix) = self.state();
        let names = [
            ("{state_bucket}", state_bucket),
            ("{state_prefix}", &state_prefix),
            ("{region}", self.region.as_str()),
            ("{account}", &self.account),
            ("{name}", &self.name),
            ("{cluster}", &self.cluster),
            ("{bucket}", &self.bucket),
            ("{repositories}", self.repositories.as_deref().unwrap_or_default()),
            ("{disk-key}", self.disk_key.as_deref().unwrap_or_default()),
            ("{data-key}", self.data_key.as_deref().unwrap_or_default()),
            ("{key}", self.key.as_deref().unwrap_or_default()),
            ("{vpc}", self.vpc.as_deref().unwrap_or_default()),
            ("{boundary}", self.boundary.as_deref().unwrap_or_default()),
            ("{rds-secret}", self.rds_secret.as_deref().unwrap_or_default()),
            ("{s3-secret}", self.s3_secret.as_deref().unwrap_or_default()),
        ];
        names.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    }

    fn fill_values(&self, values: &Values) -> Values {
        match values {
            Values::One(value) => Values::One(self.fill(value)),
            Values::Several(values) => Values::Several(values.iter().map(|value| self.fill(value)).collect()),
        }
    }

    fn statement(&self, row: Row) -> Statement {
        let keys =
            |keys: BTreeMap<String, Values>| keys.iter().map(|(k, v)| (self.fill(k), self.fill_values(v))).collect();
        let conditions = row.conditions.into_iter().map(|(operator, all)| (operator, keys(all))).collect();
        let mut actions = row.actions;
        actions.extend(row.implied);
        actions.sort();
        let resources = row.resources.iter().map(|resource| self.fill(resource)).collect();
        Statement { id: row.id, access: row.access, actions, resources, conditions }
    }

    /// All statements, those that read first.
    ///
    /// # Errors
    /// Class `Bug`: the embedded table can't be read.
    pub fn statements(&self) -> Result<Vec<Statement>> {
        let rows = rows()?.into_iter().filter(|row| row.when.is_none_or(|when| self.has(when)));
        let mut all: Vec<Statement> = rows.map(|row| self.statement(row)).collect();
        all.sort_by_key(|statement| statement.access == Access::Write);
        Ok(all)
    }

    /// The policy, in as few documents as IAM's limit allows; of what reads only, or of all.
    ///
    /// # Errors
    /// Class `Bug`: the embedded table can't be read.
    pub fn documents(&self, read_only: bool) -> Result<Vec<Value>> {
        let mut documents: Vec<Value> = Vec::new();
        let mut open: Vec<Value> = Vec::new();
        let all = self.statements()?.into_iter().filter(|s| !read_only || s.access == Access::Read);
        for statement in all.map(|statement| statement.json()) {
            let mut more = open.clone();
            more.push(statement.clone());
            if size(&document(more.clone())) > LIMIT && !open.is_empty() {
                documents.push(document(std::mem::take(&mut open)));
                more = vec![statement];
            }
            open = more;
        }
        documents.push(document(open));
        Ok(documents)
    }
}

/// How many characters IAM counts of a document.
pub fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

fn rows() -> Result<Vec<Row>> {
    serde_saphyr::from_str(TABLE).map_err(|error| {
        Error::new(ErrorClass::Bug, "the table of permissions can't be read").caused_by(error.to_string())
    })
}

#[cfg(test)]
mod tests;
