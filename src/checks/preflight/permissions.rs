//! Whether the caller may do what `up` does, simulated by IAM before it is needed: what is missing is told by name, and nothing is
//! half made when it turns out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
use tokio::sync::OnceCell;

use crate::aws::operator::{Scope, Statement};
use crate::aws::{Call, Clients, EcrHost};
use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::config::Config;
use crate::model::{Region, Result};

const TOPIC: (&str, &str) = ("permissions", "Permissions");
const DENIED: &[&str] = &["AccessDenied", "AccessDeniedException"];

/// What the policy of an operator of a deployment names.
pub fn operator(config: &Config, account: &str) -> Scope {
    let (registry, data) = (config.registry(account), &config.spec.data);
    let (host, prefix) = registry.split_once('/').unwrap_or((&registry, ""));
    let prefix = if prefix.is_empty() { "*".to_owned() } else { format!("{prefix}/*") };
    let repositories = EcrHost::parse(host)
        .map(|ecr| format!("arn:{}:ecr:{}:{}:repository/{prefix}", Region::PARTITION, ecr.region, ecr.account));
    Scope {
        region: config.spec.region,
        account: account.into(),
        name: config.name().into(),
        cluster: config.cluster().into(),
        existing_cluster: config.spec.cluster.existing.is_some(),
        own_nodes: config.spec.cluster.existing.as_ref().is_none_or(|existing| existing.node_group),
        disk_key: config.spec.cluster.disk_kms_key_arn.clone(),
        bucket: config.bucket(account),
        repositories,
        vpc: config.in_existing_network().then(|| {
            // That of a cluster is known to EKS only.
            config.spec.network.existing.as_ref().map_or("*".into(), |existing| existing.vpc_id.clone())
        }),
        state: config.spec.state.backend(),
        data_key: config.spec.data.kms_key_arn.clone(),
        key: config.spec.cluster.kms_key_arn.clone(),
        boundary: config.spec.cluster.permissions_boundary_arn.clone(),
        existing_bucket: data.existing_bucket.is_some(),
        existing_database: data.database.existing.as_ref().is_some_and(|e| e.host.is_none()),
        rds_secret: data.database.existing.as_ref().map(|e| secret(config, account, &e.secret)),
        s3_secret: data.existing_s3_secret.as_ref().map(|name| secret(config, account, name)),
    }
}

/// The ARN pattern of a secret that is known by name or ARN. Secrets Manager puts six characters behind a name.
fn secret(config: &Config, account: &str, name: &str) -> String {
    match name.starts_with("arn:") {
        true => name.to_owned(),
        false => format!("arn:{}:secretsmanager:{}:{account}:secret:{name}-*", Region::PARTITION, config.spec.region),
    }
}

/// Who calls, as IAM simulates it; why it can't, otherwise.
type Caller = std::result::Result<(String, Scope), String>;

/// What the checks of this group share: the caller is asked for once.
struct Simulation {
    config: Arc<Config>,
    aws: Clients,
    caller: OnceCell<Caller>,
}

/// A check a service, in alphabetical order.
pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let shared = Arc::new(Simulation { config: config.clone(), aws: clients.clone(), caller: OnceCell::new() });
    let statements = operator(config, "").statements().unwrap_or_default();
    let all = statements.iter().flat_map(|statement| &statement.actions).filter_map(|action| action.split_once(':'));
    let services: BTreeSet<String> = all.map(|(service, _)| service.to_owned()).filter(|s| s != "sts").collect();
    let check = |service: String| {
        let shared = shared.clone();
        look(TOPIC, format!("the caller may do in {service} what `up` and `down` do"), move || {
            let (shared, service) = (shared.clone(), service.clone());
            async move { shared.check(&service).await }
        })
    };
    services.into_iter().map(check).collect()
}

impl Simulation {
    async fn check(&self, service: &str) -> Result<Verdict> {
        let (arn, scope) = match self.caller.get_or_try_init(|| self.who()).await? {
            Ok(caller) => caller,
            Err(why) => return Ok(Verdict::Skip(why.clone())),
        };
        let mut found = Found::default();
        for statement in scope.statements()? {
            let actions: Vec<String> = of(&statement, service);
            if actions.is_empty() {
                continue;
            }
            match self.simulate(arn, &statement, &actions).await? {
                Some(results) => found.take(&statement, &results),
                None => {
                    let why = format!("IAM doesn't let {arn} simulate: allow `iam:SimulatePrincipalPolicy` to it");
                    return Ok(Verdict::Skip(why));
                }
            }
        }
        found.verdict(arn)
    }

    async fn who(&self) -> Result<Caller> {
        let identity = self.aws.identity().await?;
        let arn = self.aws.principal_arn(&identity.arn).await?;
        let simulated = arn.contains(":user/") || arn.contains(":role/");
        if !simulated {
            return Ok(Err(format!("IAM simulates users and roles, and {arn} is neither")));
        }
        Ok(Ok((arn, operator(&self.config, &identity.account))))
    }

    /// What IAM says of some actions of a statement; `None` if the caller may not ask, or IAM doesn't know the caller.
    async fn simulate(
        &self,
        arn: &str,
        statement: &Statement,
        actions: &[String],
    ) -> Result<Option<Vec<EvaluationResult>>> {
        let mut results = Vec::new();
        let mut marker = None;
        loop {
            let call = self.aws.iam.simulate_principal_policy().policy_source_arn(arn);
            let call = call.set_action_names(Some(actions.to_vec())).set_resource_arns(resources(statement));
            let call = call.set_context_entries(Some(context(statement))).set_marker(marker);
            let codes = [DENIED, &["NoSuchEntity"]].concat();
            let Some(answer) = call.send().await.unless("iam:SimulatePrincipalPolicy", &codes)? else {
                return Ok(None);
            };
            marker = answer.marker.filter(|_| answer.is_truncated);
            results.extend(answer.evaluation_results.unwrap_or_default());
            if marker.is_none() {
                return Ok(Some(results));
            }
        }
    }
}

/// The actions of one service.
fn of(statement: &Statement, service: &str) -> Vec<String> {
    let mine = |action: &&String| action.split_once(':').is_some_and(|(of, _)| of == service);
    statement.actions.iter().filter(mine).cloned().collect()
}

/// The resources as a simulation takes them: things, not patterns; `None` for all.
fn resources(statement: &Statement) -> Option<Vec<String>> {
    let some = statement.resources.iter().filter(|resource| *resource != "*");
    let all: Vec<String> = some.map(|resource| resource.replace('*', "example")).collect();
    (!all.is_empty()).then_some(all)
}

/// The keys of the conditions, as a call of `up` would carry them.
fn context(statement: &Statement) -> Vec<ContextEntry> {
    let entry = |(operator, key, values): (&str, &str, Vec<&str>)| {
        let kind = match operator {
            "Bool" => ContextKeyTypeEnum::Boolean,
            several if several.starts_with("For") => ContextKeyTypeEnum::StringList,
            _ => ContextKeyTypeEnum::String,
        };
        let values = values.iter().map(|value| value.replace('*', "Vpc")).collect();
        ContextEntry::builder()
            .context_key_name(key)
            .context_key_type(kind)
            .set_context_key_values(Some(values))
            .build()
    };
    statement.context().into_iter().map(entry).collect()
}

/// What a simulation found, over all statements of a service.
#[derive(Default)]
struct Found {
    allowed: usize,
    /// What is denied: action to where and why.
    denied: BTreeMap<String, String>,
    /// Keys that somebody's policy asks for and a simulation doesn't know.
    unknown: BTreeSet<String>,
}

impl Found {
    fn take(&mut self, statement: &Statement, results: &[EvaluationResult]) {
        for result in results {
            if allowed(statement, result) {
                self.allowed += 1;
                continue;
            }
            let specific = result.resource_specific_results().iter().flat_map(|r| r.missing_context_values());
            let missing: Vec<&String> = result.missing_context_values().iter().chain(specific).collect();
            if missing.is_empty() {
                let place = format!("{}{}", statement.resources.join(", "), why(result));
                self.denied.entry(result.eval_action_name().into()).or_insert(place);
            } else {
                self.unknown.extend(missing.into_iter().cloned());
            }
        }
    }

    fn verdict(self, arn: &str) -> Result<Verdict> {
        if !self.denied.is_empty() {
            let lines: Vec<String> = self.denied.iter().map(|(action, place)| format!("{action} on {place}")).collect();
            let seen = format!("{} not allowed:\n{}", lines.len(), lines.join("\n"));
            return fail(seen, format!("`kfctl-cn iam-policy` prints the policies to attach to {arn}"));
        }
        if !self.unknown.is_empty() {
            let keys: Vec<String> = self.unknown.into_iter().collect();
            let seen = format!("a policy asks for {}, which a simulation can't know", keys.join(", "));
            return warn(seen, "see that your calls fulfil it");
        }
        pass(format!("{} action{}", self.allowed, if self.allowed == 1 { "" } else { "s" }))
    }
}

/// Whether a result is good. A statement names several kinds of resources, and an action is of one of them, so that one that is
/// allowed is enough; resources of the same kind must all be.
fn allowed(statement: &Statement, result: &EvaluationResult) -> bool {
    let yes = &PolicyEvaluationDecisionType::Allowed;
    let kind = |arn: &String| arn.split(':').nth(5).and_then(|rest| rest.split('/').next()).map(str::to_owned);
    let kinds: BTreeSet<_> = statement.resources.iter().map(kind).collect();
    let specific = result.resource_specific_results();
    let one = kinds.len() > 1 && specific.iter().any(|r| r.eval_resource_decision() == yes);
    one || result.eval_decision() == yes
}

/// What else is known of a refusal.
fn why(result: &EvaluationResult) -> &'static str {
    if result.organizations_decision_detail().is_some_and(|d| !d.allowed_by_organizations()) {
        return " (by a policy of the organization)";
    }
    if result.permissions_boundary_decision_detail().is_some_and(|d| !d.allowed_by_permissions_boundary()) {
        return " (by the permissions boundary)";
    }
    match result.eval_decision() {
        PolicyEvaluationDecisionType::ExplicitDeny => " (denied explicitly)",
        _ => "",
    }
}
