//! The database answers, through TLS, with the login of its secret.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::model::{Error, ErrorClass, Region, Result, Secret};

use super::Subject;

/// `host:port` at which the database is reached from here, such as the local end of a tunnel. Its certificate must be the database's.
const ADDRESS: &str = "KFCTL_CN_DATABASE_ADDRESS";
/// A PEM file of the authorities that sign RDS certificates, where the one of AWS China can't be downloaded.
const CA: &str = "KFCTL_CN_DATABASE_CA";
/// The authorities of RDS in China, for both regions; the bundle of the rest of AWS lacks them. Source: Amazon RDS user guide (China).
const BUNDLE: &str = "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem";
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn checker(of: Subject) -> Arc<dyn Checker> {
    look("database", "it answers through TLS with the login of its secret", move || {
        let of = of.clone();
        async move { log_in(&of).await }
    })
}

async fn log_in(of: &Subject) -> Result<Verdict> {
    let options = match way(of).await? {
        Way::Open(options) => options,
        Way::Closed(why) => return Ok(why),
    };
    match tokio::time::timeout(PATIENCE * 2, ask(*options)).await {
        Ok(Ok((version, plugin))) if plugin != "caching_sha2_password" => pass(format!("{version}, {plugin}")),
        Ok(Ok((version, plugin))) => fail(
            format!("{version}: the login is by {plugin}, which ML Metadata 1.5.0 doesn't know"),
            "give the user the plugin mysql_native_password",
        ),
        Ok(Err(error)) => fail(text(&error), "check the password in the secret, and the security group"),
        Err(_) => fail("no answer in time", "check the security group"),
    }
}

/// How the database is reached from here.
pub(super) enum Way {
    /// With these options, which hold the password.
    Open(Box<Opts>),
    /// Not at all: what a check says then.
    Closed(Verdict),
}

/// The way to the database, with the login of its secret.
pub(super) async fn way(of: &Subject) -> Result<Way> {
    let fields = of.aws.secret_json(&of.config.rds_secret()).await?.unwrap_or_default();
    let field = |key: &str| fields.get(key).map_or("", Secret::expose).to_owned();
    let host = field("host");
    let closed = |verdict: Result<Verdict>| verdict.map(Way::Closed);
    if host.is_empty() {
        return closed(fail("the secret has no host yet", "run `kfctl-cn up`"));
    }
    let through = std::env::var(ADDRESS).ok().filter(|a| !a.is_empty());
    let address = through.clone().unwrap_or_else(|| format!("{host}:{}", field("port")));
    let Some((at, port)) = address.rsplit_once(':').and_then(|(at, port)| Some((at, port.parse::<u16>().ok()?))) else {
        return closed(fail(format!("`{address}` is no address"), format!("set {ADDRESS} to host:port")));
    };
    if !reachable(at, port).await {
        let hint = format!("through a tunnel: set {ADDRESS} to its local end, host:port");
        return closed(match through {
            Some(_) => fail(format!("nothing answers at {address}"), hint),
            None => Ok(Verdict::Skip(format!("it is reached from inside the VPC only; {hint}"))),
        });
    }
    let authorities = match authorities().await {
        Ok(pem) => pem,
        Err(why) => {
            let skip = format!("its certificate can't be checked: {why}; set {CA} to a PEM file");
            return Ok(Way::Closed(Verdict::Skip(skip)));
        }
    };
    let tls = SslOpts::default().with_root_certs(vec![authorities.into()]).with_disable_built_in_roots(true);
    let tls = tls.with_danger_tls_hostname_override(Some(host));
    let options = OptsBuilder::default().ip_or_hostname(at).tcp_port(port).ssl_opts(Some(tls));
    let options = options.user(Some(field("username"))).pass(Some(field("password"))).prefer_socket(Some(false));
    Ok(Way::Open(Box::new(options.into())))
}

/// The server's version and how the user logs in.
async fn ask(options: Opts) -> std::result::Result<(String, String), mysql_async::Error> {
    let mut connection = Conn::new(options).await?;
    let version: Option<String> = connection.query_first("SELECT VERSION()").await?;
    // The user may not be allowed to look; then its login isn't judged.
    let query = "SELECT plugin FROM mysql.user WHERE CONCAT(user, '@', host) = CURRENT_USER()";
    let plugin: Option<String> = connection.query_first(query).await.unwrap_or_default();
    connection.disconnect().await?;
    Ok((version.unwrap_or_default(), plugin.unwrap_or_else(|| "unknown plugin".into())))
}

/// An error's text. Errors of the driver hold no password, only the server's words.
pub(super) fn text(error: &mysql_async::Error) -> String {
    match error {
        mysql_async::Error::Server(server) => format!("{} ({})", server.message, server.code),
        other => other.to_string(),
    }
}

async fn reachable(host: &str, port: u16) -> bool {
    let connect = tokio::net::TcpStream::connect((host, port));
    matches!(tokio::time::timeout(PATIENCE, connect).await, Ok(Ok(_)))
}

/// The authorities in PEM.
async fn authorities() -> Result<Vec<u8>> {
    if let Some(path) = std::env::var_os(CA).map(PathBuf::from) {
        return Ok(fs_err::read(path)?);
    }
    let wrong = |e: reqwest::Error| {
        Error::new(ErrorClass::Unreachable, format!("{BUNDLE} of {} can't be had", Region::PARTITION))
            .caused_by(e.without_url().to_string())
    };
    let client = reqwest::Client::builder().timeout(PATIENCE * 3).build().map_err(wrong)?;
    let answer = client.get(BUNDLE).send().await.and_then(reqwest::Response::error_for_status).map_err(wrong)?;
    Ok(answer.bytes().await.map_err(wrong)?.to_vec())
}
