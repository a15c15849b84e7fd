//! Images of a whole deployment, copied, asked for and loaded by the program itself.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kfctl_cn::adapt::{Set, own_objects};
use kfctl_cn::config;
use kfctl_cn::phases::manifests::offline_values;
use serde_json::{Value, json};

use super::images::index;
use super::program::{Ran, ran};
use super::proxy::{Act, Proxy};
use super::support::sample_bundle;
use super::world::{Server, digest};

/// A folder with a configuration whose registry is this one.
fn deployment(registry: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {{name: kf}}\nspec:\n  region: cn-northwest-1\n  \
         images: {{registry: '{registry}', webhook: enabled}}\n"
    );
    std::fs::write(folder.path().join("kfctl-cn.yaml"), text).unwrap();
    folder
}

/// Puts an image of three platforms in the place of each source; for each target the digest that it must get. A name that pins a
/// digest gets a tag instead: nobody can make an image that has a given digest.
async fn sources(from: &Server, list: &str) -> BTreeMap<String, (String, String)> {
    let pairs: Vec<(String, String)> = list
        .lines()
        .map(|line| {
            let (source, target) = line.split_once('\t').unwrap();
            let tagged =
                |name: &str| name.split_once("@sha256:").map_or(name.to_owned(), |(n, d)| format!("{n}:{}", &d[..12]));
            (tagged(source), tagged(target))
        })
        .collect();
    let made = pairs.into_iter().enumerate().map(|(at, (source, target))| async move {
        let digest = index(&from.host, &source, 1000 + 10 * at as u64, 600).await;
        Ok::<_, ()>((target, (format!("{}/{source}", from.host), digest)))
    });
    stream::iter(made).buffer_unordered(4).try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_images_of_a_deployment_are_copied_once_and_verified() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    let target = Proxy::start(&to.host).await;
    let folder = deployment(&format!("{}/kfctl-cn", target.host));
    let bundle = sample_bundle();
    let bundle = ["--bundle", bundle.to_str().unwrap()];
    let Ran(code, list, stderr) =
        ran(folder.path(), &[], &[&["images", "list", "--plain"][..], &bundle].concat(), "").await;
    assert_eq!(code, Some(0), "{stderr}");
    let made = sources(&from, &list).await;
    assert_eq!(made.len(), list.lines().count());
    assert!(made.len() > 50, "{list}");
    let pairs: String = made.iter().map(|(target, (source, _))| format!("{source}\t{target}\n")).collect();

    let mirror = ["images", "mirror", "--list", "-", "-o", "json"];
    let Ran(code, _, stderr) = ran(folder.path(), &[], &mirror, &pairs).await;
    assert_eq!(code, Some(0), "{stderr}");
    for (target, (_, made)) in &made {
        assert_eq!(digest(target).await.as_ref(), Some(made), "{target}");
    }

    let before = target.log().len();
    let Ran(code, stdout, stderr) = ran(folder.path(), &[], &mirror, &pairs).await;
    assert_eq!(code, Some(0), "{stderr}");
    let all: Vec<Value> = serde_json::from_str(&stdout).unwrap();
    assert!(all.len() == made.len() && all.iter().all(|one| one["outcome"] == "present"), "{stdout}");
    let log = target.log();
    let sent: Vec<&String> = log[before..].iter().filter(|line| !line.starts_with("HEAD ")).collect();
    assert!(sent.is_empty(), "{sent:#?}");

    let verify = [&["images", "verify"][..], &bundle].concat();
    target.on("HEAD", "/manifests/sha256:", 999, Act::Answer(200, None, String::new()));
    let Ran(code, stdout, stderr) = ran(folder.path(), &[], &verify, "").await;
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    to.forget("kfctl-cn/quay.io/brancz/kube-rbac-proxy", "v0.8.0");
    let Ran(code, stdout, _) = ran(folder.path(), &[], &verify, "").await;
    let missing = format!("missing\t{}/kfctl-cn/quay.io/brancz/kube-rbac-proxy:v0.8.0\n", target.host);
    assert_eq!((code, stdout), (Some(1), missing));
}

/// The smallest thing that passes for a static program of this machine type: a header and one entry of its table.
fn program(machine: u8) -> Vec<u8> {
    let mut bytes = vec![0; 64 + 56];
    bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
    (bytes[18], bytes[32], bytes[54], bytes[56], bytes[64]) = (machine, 64, 56, 1, 1);
    bytes
}

async fn get(url: String) -> Vec<u8> {
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).header("accept", kind).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhooks_image_is_what_the_cluster_pulls() {
    let Some(to) = Server::start().await else { return };
    for (machine, architecture) in [(0x3e, "amd64"), (0xb7, "arm64")] {
        let folder = deployment(&format!("{}/kfctl-cn-{architecture}", to.host));
        std::fs::write(folder.path().join("program"), program(machine)).unwrap();
        let make = ["images", "webhook-image", "--binary", "program", "webhook.tar"];
        for arguments in [&make[..], &["images", "load", "webhook.tar"]] {
            let Ran(code, _, stderr) = ran(folder.path(), &[], arguments, "").await;
            assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        }
        let config = config::load(&folder.path().join("kfctl-cn.yaml")).unwrap();
        let objects = own_objects(Set::ImageWebhook, &offline_values(&config)).unwrap();
        let pulled =
            objects.iter().find_map(|o| o.0.pointer("/spec/template/spec/containers/0/image")?.as_str()).unwrap();
        let (name, tag) = pulled.strip_prefix(&format!("{}/", to.host)).unwrap().rsplit_once(':').unwrap();
        let url = |rest: String| format!("http://{}/v2/{name}/{rest}", to.host);
        let manifest: Value = serde_json::from_slice(&get(url(format!("manifests/{tag}"))).await).unwrap();
        let blob = |descriptor: &Value| get(url(format!("blobs/{}", descriptor["digest"].as_str().unwrap())));
        let config: Value = serde_json::from_slice(&blob(&manifest["config"]).await).unwrap();
        assert_eq!((&config["os"], &config["architecture"]), (&json!("linux"), &json!(architecture)));
        assert_eq!(config["config"]["Entrypoint"], json!(["/kfctl-cn"]));
        let layer = blob(&manifest["layers"][0]).await;
        let mut layer = tar::Archive::new(flate2::read::GzDecoder::new(layer.as_slice()));
        let files: Vec<(String, u32)> = layer
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap())
            })
            .collect();
        assert_eq!(files, [("kfctl-cn".to_owned(), 0o755)]);
    }
}
