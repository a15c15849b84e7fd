//! Who runs this, and where.

use std::sync::Arc;

use crate::aws::{Clients, zones};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass};
use crate::config::Config;

const CATEGORY: &str = "credentials";

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let mut all = vec![partition(clients.clone())];
    if let Some(account) = &config.spec.account {
        all.push(of_account(clients.clone(), account.clone()));
    }
    let aws = clients.clone();
    all.push(look("region", format!("{} has three zones for this account", config.spec.region), move || {
        let aws = aws.clone();
        async move { pass(zones(&aws).await?.join(", ")) }
    }));
    all
}

fn partition(aws: Clients) -> Arc<dyn Checker> {
    look(CATEGORY, "the credentials are of AWS China (partition aws-cn)", move || {
        let aws = aws.clone();
        async move { pass(aws.identity().await?.arn) }
    })
}

fn of_account(aws: Clients, wanted: String) -> Arc<dyn Checker> {
    look(CATEGORY, format!("the credentials are of account {wanted}"), move || {
        let (aws, wanted) = (aws.clone(), wanted.clone());
        async move {
            let seen = aws.identity().await?.account;
            if seen == wanted {
                return pass("");
            }
            fail(
                format!("they are of account {seen}"),
                "set AWS_PROFILE to a profile of that account, or change `spec.account`",
            )
        }
    })
}
