//! Ways to a registry and its logins as the program finds them: TLS, proxies, credential helpers, identity tokens.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;

use super::images::{image, index};
use super::program::{Ran, ran};
use super::proxy::{Proxy, Wants};
use super::tunnel::Tunnel;
use super::world::{Server, digest};

const MIRROR: [&str; 4] = ["images", "mirror", "--list", "-"];

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_with_tls_behind_a_proxy_is_a_target_and_a_source() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    let Some(secure) = Server::secure("registry.test").await else { return };
    let made = index(&from.host, "a/many:v1", 1, 90_000).await;
    let tunnel = Tunnel::start(&secure.host, "me:hunter2").await;
    let folder = tempfile::tempdir().unwrap();
    let (proxy, ca) = (format!("http://me:hunter2@{}", tunnel.host), secure.ca());
    let trusted = ("SSL_CERT_FILE", ca.to_str().unwrap());

    let there = format!("{}/a/many:v1\tregistry.test/k/a/many:v1\n", from.host);
    let Ran(code, _, stderr) = ran(folder.path(), &[trusted, ("HTTPS_PROXY", &proxy)], &MIRROR, &there).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(secure.tags("k/a/many"), ["v1"]);

    let back = format!("registry.test/k/a/many:v1\t{}/a/many:v1\n", to.host);
    let through = [&MIRROR[..], &["--proxy", &proxy]].concat();
    let Ran(code, _, stderr) = ran(folder.path(), &[trusted], &through, &back).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(digest(&format!("{}/a/many:v1", to.host)).await, Some(made));
    assert_eq!(tunnel.asked(), ["CONNECT registry.test:443 200"]);

    // An authority that nobody knows, and a login that the proxy doesn't: told at once, with neither password nor tag.
    let other = back.replace("/a/many:v1\n", "/a/other:v1\n");
    let Ran(code, _, stderr) = ran(folder.path(), &[], &through, &other).await;
    assert_eq!(code, Some(69), "{stderr}");
    assert!(stderr.contains("registry.test can't be reached") && stderr.contains("certificate"), "{stderr}");
    let wrong = proxy.replace("hunter2", "hunter3");
    let wrong = [&MIRROR[..], &["--proxy", &wrong]].concat();
    let Ran(code, _, stderr) = ran(folder.path(), &[trusted], &wrong, &other).await;
    assert_eq!(code, Some(69), "{stderr}");
    assert!(!stderr.contains("hunter"), "{stderr}");
    assert!(tunnel.asked().contains(&"CONNECT registry.test:443 407".to_owned()));
    assert_eq!(to.tags("a/other"), Vec::<String>::new());
}

/// A helper that answers so, and writes down what it is asked.
fn helper(folder: &Path, answer: &str) {
    let path = folder.join("docker-credential-kept");
    let text = format!("#!/bin/sh\nread server\necho \"$1 $server\" >> {}/asked\necho '{answer}'\n", folder.display());
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Copies an image to a registry that wants a login, with this as Docker's configuration; what the registry was told for tokens.
async fn logged_in(wants: Wants, configuration: &str, answer: Option<&str>) -> Option<(String, Proxy)> {
    let (from, to) = (Server::start().await?, Server::start().await?);
    image(&from.host, "a/b:v1", &[(1, 3_000)]).await;
    let target = Proxy::start(&to.host).await;
    target.wants(wants);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join("config.json"), configuration.replace("HOST", &target.host)).unwrap();
    if let Some(answer) = answer {
        helper(folder.path(), answer);
    }
    let path = format!("{at}:{}", std::env::var("PATH").unwrap());
    let list = format!("{}/a/b:v1\t{}/a/b:v1\n", from.host, target.host);
    let Ran(code, stdout, stderr) = ran(folder.path(), &[("DOCKER_CONFIG", at), ("PATH", &path)], &MIRROR, &list).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!format!("{stdout}{stderr}").contains("hunter2"), "{stderr}");
    assert_eq!(to.tags("a/b"), ["v1"]);
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap_or_default();
    Some((asked.replace(&target.host, "HOST"), target))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_helper_gives_the_password() {
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("me:hunter2"));
    let answer = r#"{"ServerURL":"x","Username":"me","Secret":"hunter2"}"#;
    for configuration in [r#"{"credHelpers":{"HOST":"kept"}}"#, r#"{"credsStore":"kept","auths":{"HOST":{}}}"#] {
        let Some((asked, _)) = logged_in(Wants::Basic(basic.clone()), configuration, Some(answer)).await else {
            return;
        };
        assert_eq!(asked, "get HOST\n", "asked once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_token_is_changed_for_tokens() {
    let form =
        "grant_type=refresh_token&client_id=kfctl-cn&service=s&scope=repository:a/b:pull,push&refresh_token=hunter2";
    let kept = r#"{"ServerURL":"x","Username":"<token>","Secret":"hunter2"}"#;
    let written = r#"{"auths":{"HOST":{"identitytoken":"hunter2"}}}"#;
    for (configuration, answer) in [(written, None), (r#"{"credHelpers":{"HOST":"kept"}}"#, Some(kept))] {
        let Some((_, target)) = logged_in(Wants::Token, configuration, answer).await else { return };
        assert_eq!(target.scopes(), [form]);
    }
}
