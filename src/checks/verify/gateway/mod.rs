//! The way in: through Istio's gateway, past the AuthService, by Dex's login, to the dashboard. As a browser goes it, with the first
//! user's password, through a forwarded port.

mod browser;

use std::sync::Arc;

use crate::aws::Clients;
use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::config::Config;
use crate::kube::{Client, GATEWAY, Tunnel};
use crate::model::{Result, Secret};

use browser::{Browser, Page};

const CATEGORY: &str = "login";
/// Where Dex begins.
const DEX: &str = "/dex/auth";
/// The cookie of the AuthService's session.
const SESSION: &str = "authservice_session";
const PODS: &str = "look at `kfctl-cn logs istio`, `kfctl-cn logs authservice` and `kfctl-cn logs dex`";

/// The checks of the way in.
pub fn checkers(aws: &Clients, config: &Arc<Config>, client: &Client) -> Vec<Arc<dyn Checker>> {
    let tunnel = Tunnel::new(client.clone(), GATEWAY, |_| ());
    let secret = format!("{}-admin", config.name());
    let (closed, aws) = (tunnel.clone(), aws.clone());
    vec![
        look(CATEGORY, "who has no session is sent to the login", move || stranger(closed.clone())),
        look(CATEGORY, format!("the user of the secret {secret} logs in through the gateway"), move || {
            user(tunnel.clone(), aws.clone(), secret.clone())
        }),
    ]
}

async fn stranger(tunnel: Tunnel) -> Result<Verdict> {
    let mut browser = Browser::new(tunnel);
    let page = browser.get("/").await?;
    match page.location() {
        Some(to) if to.starts_with(DEX) => pass(""),
        Some(to) => fail(format!("/ leads to {}", path(to)), PODS),
        None if page.status == 200 => fail(
            "the dashboard is open to everybody",
            "the EnvoyFilter `authn-filter` in istio-system must be there: `kfctl-cn up`",
        ),
        None => fail(format!("/ answers {}", page.told()), PODS),
    }
}

async fn user(tunnel: Tunnel, aws: Clients, secret: String) -> Result<Verdict> {
    let fields = aws.secret_json(&secret).await?.unwrap_or_default();
    let (Some(email), Some(password)) = (fields.get("email"), fields.get("password")) else {
        return fail(
            "the secret has no email and password",
            "delete it in Secrets Manager; `kfctl-cn up` makes a new login",
        );
    };
    let mut browser = Browser::new(tunnel);
    let form = browser.follow("/").await?;
    if !form.asks_for_password() {
        return fail(format!("no login is shown: {} answers {}", path(&form.path), form.told()), PODS);
    }
    let page = log_in(&mut browser, &form, email, password).await?;
    if page.asks_for_password() {
        return fail(
            "Dex doesn't take the password",
            "the hash in Dex's ConfigMap is of another password: `kfctl-cn up` puts it right, and Dex reads it when it is restarted",
        );
    }
    if page.status != 200 || !browser.has(SESSION) {
        return fail(format!("after the login {} answers {}", path(&page.path), page.told()), PODS);
    }
    pass(email.expose().to_owned())
}

async fn log_in(browser: &mut Browser, form: &Page, email: &Secret, password: &Secret) -> Result<Page> {
    browser.post(&form.action(), &[("login", email), ("password", password)]).await
}

/// A path without its query, which may hold codes.
fn path(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
