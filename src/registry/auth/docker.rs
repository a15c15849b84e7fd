//! The configuration of Docker, where `docker login` leaves what it was given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Login, Logins, helper};
use crate::model::{Error, ErrorClass, Result, Secret};

/// Logins from files of Docker's format: `auths`, `credHelpers`, `credsStore`. The first file that knows a registry decides.
#[derive(Default)]
pub struct DockerConfig {
    files: Vec<(PathBuf, File)>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: BTreeMap<String, Auth>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "identitytoken")]
    identity_token: Option<String>,
}

impl DockerConfig {
    /// The usual files, those that are there: `REGISTRY_AUTH_FILE`, then `config.json` in `DOCKER_CONFIG` or in `~/.docker`.
    ///
    /// # Errors
    /// Class `Config` if one can't be read.
    pub fn usual() -> Result<DockerConfig> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let docker = set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")));
        let paths = set("REGISTRY_AUTH_FILE").into_iter().chain(docker.map(|folder| folder.join("config.json")));
        let there = paths.filter(|path| path.is_file());
        Ok(DockerConfig { files: there.map(|path| Ok((path.clone(), read(&path)?))).collect::<Result<_>>()? })
    }

    /// One file.
    ///
    /// # Errors
    /// Class `Config` if it can't be read.
    pub fn at(path: &Path) -> Result<DockerConfig> {
        Ok(DockerConfig { files: vec![(path.to_owned(), read(path)?)] })
    }
}

/// Never quotes the file: it holds passwords.
fn read(path: &Path) -> Result<File> {
    let text = fs_err::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Error::new(ErrorClass::Config, format!("{} can't be read", path.display())).caused_by(place)
    })
}

/// A key as hosts are written here: without scheme and path, Docker Hub by one name.
fn host_of(key: &str) -> &str {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    let host = bare.split('/').next().unwrap_or(bare);
    if ["index.docker.io", "registry-1.docker.io"].contains(&host) { "docker.io" } else { host }
}

fn of<'a, T>(map: &'a BTreeMap<String, T>, host: &str) -> Option<(&'a String, &'a T)> {
    map.iter().find(|(key, _)| host_of(key) == host)
}

impl Auth {
    fn login(&self, path: &Path, host: &str) -> Result<Option<Login>> {
        let (user, password) = match (&self.auth, &self.username) {
            (Some(auth), _) if !auth.is_empty() => {
                let bytes = STANDARD.decode(auth.trim()).ok();
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                text.as_deref()
                    .and_then(|text| text.trim_end_matches('\0').split_once(':'))
                    .map(|(user, password)| (user.to_owned(), password.to_owned()))
                    .ok_or_else(|| {
                        let path = path.display();
                        Error::new(ErrorClass::Config, format!("{path}: the `auth` of {host} can't be read"))
                            .hint(format!("log in again: `docker login {host}`"))
                    })?
            }
            (_, Some(user)) => (user.clone(), self.password.clone().unwrap_or_default()),
            _ => (String::new(), String::new()),
        };
        let identity_token = self.identity_token.clone().filter(|t| !t.is_empty()).map(Secret::new);
        let empty = user.is_empty() && identity_token.is_none();
        Ok((!empty).then(|| Login { user, password: Secret::new(password), identity_token }))
    }
}

#[async_trait]
impl Logins for DockerConfig {
    async fn login(&self, host: &str, _renew: bool) -> Result<Option<Login>> {
        for (path, file) in &self.files {
            let helper = of(&file.cred_helpers, host).map(|(_, helper)| helper).or(file.creds_store.as_ref());
            let entry = of(&file.auths, host);
            if let Some(helper) = helper {
                // The store knows Docker Hub by its old address.
                let server = entry.map_or(host, |(key, _)| key);
                let server = if host == "docker.io" { "https://index.docker.io/v1/" } else { server };
                if let Some(login) = helper::ask(helper, server).await? {
                    return Ok(Some(login));
                }
            }
            if let Some(login) = entry.map(|(_, auth)| auth.login(path, host)).transpose()?.flatten() {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn login(json: &str, host: &str) -> Result<Option<Login>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), json).unwrap();
        DockerConfig::at(file.path())?.login(host, false).await
    }

    #[tokio::test]
    async fn registries_are_found_however_docker_writes_them() {
        let auth = STANDARD.encode("me:pass:word");
        let json = format!(
            r#"{{"auths":{{"https://index.docker.io/v1/":{{"auth":"{auth}"}},"q.io":{{"auth":"","identitytoken":"t"}},"empty.io":{{}}}}}}"#
        );
        let hub = login(&json, "docker.io").await.unwrap().unwrap();
        assert_eq!((hub.user.as_str(), hub.password.expose()), ("me", "pass:word"));
        assert_eq!(login(&json, "q.io").await.unwrap().unwrap().identity_token.unwrap().expose(), "t");
        assert_eq!(login(&json, "empty.io").await.unwrap(), None);
        assert_eq!(login(&json, "other.io").await.unwrap(), None);
    }

    #[tokio::test]
    async fn errors_show_no_password() {
        let error = login(r#"{"auths": {"q.io": {"auth": "hunter2!"}}}"#, "q.io").await.unwrap_err();
        assert!(error.to_string().contains("the `auth` of q.io can't be read"));
        assert!(!error.to_string().contains("hunter2"));
        let error = login("{\"auths\":\n hunter2}", "q.io").await.unwrap_err();
        assert!(error.to_string().ends_with("line 2, column 2"), "{error}");
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_is_named() {
        let error = login(r#"{"credHelpers":{"q.io":"no-such-helper"}}"#, "q.io").await.unwrap_err();
        assert!(error.to_string().contains("docker-credential-no-such-helper"), "{error}");
    }
}
