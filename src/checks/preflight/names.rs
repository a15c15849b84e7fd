//! Names that must be free, or ours. The plan looks at every name again; these are worth saying early and together.

use std::sync::Arc;

use crate::aws::bucket::Found;
use crate::aws::tags::{self, DEPLOYMENT_TAG, Tags};
use crate::aws::{Call, Clients};
use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::config::Config;
use crate::model::Result;

const TOPIC: (&str, &str) = ("names", "Names");
const HINT: &str = "choose another `metadata.name`, or remove what is there";
/// The roles of a deployment, `<name>-<part>`.
const ROLES: &[&str] = &["cluster", "nodes", "ebs-csi", "secrets-manager-sa"];
/// Those that come with GPU nodes.
const GPU_ROLES: &[&str] = &["karpenter", "karpenter-node"];
/// The secrets.
const SECRETS: &[&str] = &["rds-secret", "s3-secret", "admin"];

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let data = &config.spec.data;
    let mut all = Vec::new();
    if config.spec.cluster.existing.is_none() {
        all.push(cluster(config, clients.clone()));
    }
    if data.database.existing.is_none() {
        all.push(database(config, clients.clone()));
    }
    if data.existing_bucket.is_none() {
        all.push(bucket(config, clients.clone()));
    }
    all.extend([identities(config, clients.clone()), secrets(config, clients.clone())]);
    all
}

fn ours(deployment: &str, tags: &Tags) -> bool {
    tags.get(DEPLOYMENT_TAG).is_some_and(|name| name == deployment)
}

/// Free, or ours by its tag.
fn judge(deployment: &str, tags: Option<&Tags>) -> Result<Verdict> {
    match tags {
        None => pass("free"),
        Some(tags) if ours(deployment, tags) => pass("ours"),
        Some(_) => fail("it exists and isn't ours", HINT),
    }
}

/// Several names: all free or ours, or those that aren't.
#[derive(Default)]
struct Names {
    free: usize,
    ours: usize,
    taken: Vec<String>,
    leaving: Vec<String>,
}

impl Names {
    fn add(&mut self, deployment: &str, name: String, tags: Option<&Tags>) {
        match tags {
            None => self.free += 1,
            Some(tags) if ours(deployment, tags) => self.ours += 1,
            Some(_) => self.taken.push(name),
        }
    }

    fn verdict(self, hint: &str) -> Result<Verdict> {
        if !self.taken.is_empty() {
            return fail(format!("{}: there, and not ours", self.taken.join(", ")), hint);
        }
        let leaving = match self.leaving.as_slice() {
            [] => String::new(),
            names => format!("; scheduled for deletion, and restored by `up`: {}", names.join(", ")),
        };
        pass(format!("{} free, {} ours{leaving}", self.free, self.ours))
    }
}

fn cluster(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let name = config.name().to_owned();
    look(TOPIC, format!("the cluster name {name} is free or ours"), move || {
        let (aws, name) = (aws.clone(), name.clone());
        async move {
            let call = aws.eks.describe_cluster().name(&name).send().await;
            let found = call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
            judge(&name, found.map(|c| tags::from_map(c.tags())).as_ref())
        }
    })
}

fn database(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let name = config.name().to_owned();
    look(TOPIC, format!("the database name {name}-db is free or ours"), move || {
        let (aws, name) = (aws.clone(), name.clone());
        async move {
            let call = aws.rds.describe_db_instances().db_instance_identifier(format!("{name}-db")).send().await;
            let found = call.unless("rds:DescribeDBInstances", &["DBInstanceNotFound", "DBInstanceNotFoundFault"])?;
            let found = found.and_then(|f| f.db_instances.unwrap_or_default().into_iter().next());
            judge(&name, found.map(|d| tags::from_rds(d.tag_list())).as_ref())
        }
    })
}

/// Bucket names are shared by all accounts of the partition.
fn bucket(config: &Arc<Config>, aws: Clients) -> Arc<dyn Checker> {
    let config = config.clone();
    look(TOPIC, "the bucket name is free or in this account", move || {
        let (aws, config) = (aws.clone(), config.clone());
        async move {
            let account = aws.identity().await?.account;
            let name = config.bucket(&account);
            match aws.find_bucket(&name, &account).await? {
                Found::Absent => pass(format!("{name} is free")),
                Found::Here => pass(format!("{name} is in this account")),
                Found::Elsewhere | Found::Denied => fail(
                    format!("{name} is taken by another account or is in another region"),
                    "set `spec.data.bucket` to a name that is free",
                ),
            }
        }
    })
}

/// IAM has one namespace for the account, so that a deployment of the same name in the other region is in the way.
fn identities(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let (name, gpu) = (config.name().to_owned(), config.spec.gpu.enabled);
    look(TOPIC, format!("the IAM names {name}-… are free or ours"), move || {
        let (aws, name) = (aws.clone(), name.clone());
        async move {
            let mut found = Names::default();
            for part in ROLES.iter().chain(GPU_ROLES.iter().filter(|_| gpu)) {
                let role = format!("{name}-{part}");
                let call = aws.iam.get_role().role_name(&role).send().await;
                let seen = call.unless("iam:GetRole", &["NoSuchEntity"])?.and_then(|answer| answer.role);
                found.add(&name, format!("role {role}"), seen.map(|role| tags::from_iam(role.tags())).as_ref());
            }
            let user = format!("{name}-s3");
            let call = aws.iam.get_user().user_name(&user).send().await;
            let seen = call.unless("iam:GetUser", &["NoSuchEntity"])?.and_then(|answer| answer.user);
            found.add(&name, format!("user {user}"), seen.map(|user| tags::from_iam(user.tags())).as_ref());
            found.verdict(HINT)
        }
    })
}

/// A secret that is scheduled for deletion keeps its name for days.
fn secrets(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let name = config.name().to_owned();
    look(TOPIC, format!("the secrets {name}-… are free or ours"), move || {
        let (aws, name) = (aws.clone(), name.clone());
        async move {
            let mut found = Names::default();
            for part in SECRETS {
                let secret = format!("{name}-{part}");
                let call = aws.secrets.describe_secret().secret_id(&secret).send().await;
                let seen = call.unless("secretsmanager:DescribeSecret", &["ResourceNotFoundException"])?;
                let tags = seen.as_ref().map(|seen| tags::from_secrets(seen.tags()));
                let leaving = seen.as_ref().is_some_and(|seen| seen.deleted_date().is_some());
                if leaving && tags.as_ref().is_some_and(|tags| ours(&name, tags)) {
                    found.leaving.push(secret.clone());
                }
                let told = if leaving { format!("{secret} (scheduled for deletion)") } else { secret };
                found.add(&name, told, tags.as_ref());
            }
            found.verdict("choose another `metadata.name`, or remove what is there; one that is scheduled for deletion keeps its name until then")
        }
    })
}
