//! Without a network: folders, archives that were packed, folders that don't fit their lock.

use std::path::Path;

use kfctl_cn::bundle::{Bundle, Component, Digest, FetchOptions, Lock, Source, fetch, pack, verify};
use kfctl_cn::model::ErrorClass;

use crate::server::{Answer, Server};
use crate::support;
use crate::world::*;

fn folder(dir: &Path) {
    let mut files: Vec<(String, &str)> = MAIN_FILES.iter().map(|file| (format!("kubeflow-1/{file}"), *file)).collect();
    files.push(("kubeflow-1/upstream/deploy/a.yaml".into(), "upstream"));
    files.push(("driver-2/driver.yaml".into(), "driver"));
    files.push(("driver-2/rendered.yaml".into(), "rendered"));
    for (path, name) in files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content(name)).unwrap();
    }
}

#[tokio::test]
async fn a_folder_gives_all_and_completes_what_a_mirror_could_not() {
    let source = tempfile::tempdir().unwrap();
    folder(source.path());
    let server = Server::start([
        (MAIN, vec![Answer::Body(archive(&main_entries()))]),
        (UPSTREAM, vec![Answer::Body(archive(&upstream_entries()))]),
        (DRIVER, vec![Answer::Body(archive(&driver_entries()))]),
    ])
    .await;
    let cache = Cache::new();
    cache.fetch(Source::Mirror(server.url())).await.unwrap();
    let fetched = cache.fetch(Source::Folder(source.path().into())).await.unwrap();
    assert_eq!((fetched.kept, fetched.fetched), (8, 1));
    assert!(fetched.without.is_empty());
}

#[tokio::test]
async fn a_folder_without_a_file_is_not_a_bundle() {
    let source = tempfile::tempdir().unwrap();
    folder(source.path());
    std::fs::remove_file(source.path().join("kubeflow-1/e.yaml")).unwrap();
    // A link is no pinned file either, wherever it leads.
    let link = source.path().join("kubeflow-1/f.yaml");
    std::fs::rename(&link, source.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(source.path().join("elsewhere"), &link).unwrap();
    let cache = Cache::new();
    let error = cache.fetch(Source::Folder(source.path().into())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.to_string().contains("e.yaml") && error.to_string().contains("f.yaml"), "{error}");
    assert!(!cache.root().exists());
}

#[test]
fn verify_tells_missing_different_extra_and_absent_apart() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path());
    std::fs::remove_file(dir.path().join("kubeflow-1/e.yaml")).unwrap();
    std::fs::remove_dir_all(dir.path().join("driver-2")).unwrap();
    std::fs::write(dir.path().join("kubeflow-1/f.yaml"), "changed").unwrap();
    std::fs::write(dir.path().join("kubeflow-1/deploy/new.yaml"), "new").unwrap();
    let report = verify(lock(), dir.path(), &[]).unwrap();
    assert_eq!(report.matching, 5);
    assert_eq!(report.missing, ["kubeflow-1/e.yaml"]);
    assert_eq!(report.different[0].path, "kubeflow-1/f.yaml");
    assert_eq!(report.extra, ["kubeflow-1/deploy/new.yaml"]);
    assert_eq!(report.absent, ["driver-2"]);
    let error = report.check(dir.path()).unwrap_err();
    assert!(error.to_string().contains(&report.different[0].seen.to_string()), "{error}");

    let error = verify(lock(), dir.path(), &["f.yml".into()]).unwrap_err();
    assert_eq!(error.class, ErrorClass::Usage);
    let error = verify(lock(), dir.path(), &["yaml".into()]).unwrap_err();
    assert_eq!(error.class, ErrorClass::Usage, "the end of a path is whole names");
}

#[tokio::test]
async fn what_is_packed_unpacks_to_the_same_and_packs_to_the_same_bytes() {
    let work = tempfile::tempdir().unwrap();
    let sample = Bundle::open(&support::sample_bundle(), &[]).unwrap();
    let (one, two) = (work.path().join("one.tar.gz"), work.path().join("two.tar.gz"));
    let packed = pack(&sample, &one).unwrap();
    assert_eq!(packed.files, sample.lock().pins().count());
    assert_eq!(pack(&sample, &two).unwrap(), packed);
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());

    let body = std::fs::read(&one).unwrap();
    let server = Server::start([("/bundle.tar.gz", vec![Answer::Body(body)])]).await;
    for from in [
        Source::parse(&one.to_string_lossy()).unwrap(),
        Source::parse(&format!("{}/bundle.tar.gz", server.url())).unwrap(),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let options = FetchOptions::new(from, cache.path().into());
        let fetched = fetch(sample.lock(), &options, &|_| ()).await.unwrap();
        assert_eq!((fetched.fetched, fetched.without.len()), (packed.files, 0));
        assert!(verify(sample.lock(), &fetched.root, &[]).unwrap().check(&fetched.root).is_ok());
    }
    let nowhere = work.path().join("no/such/folder/b.tar.gz");
    assert_eq!(pack(&sample, &nowhere).unwrap_err().class, ErrorClass::StateIo);
}

#[test]
fn components_are_found_by_name_and_version() {
    let sample = Bundle::open(&support::sample_bundle(), &[]).unwrap();
    let path = |component, version| sample.path(component, version);
    assert!(path(Component::Kubeflow, None).unwrap().join("deployments/rds-s3/kustomization.yaml").is_file());
    assert!(path(Component::Karpenter, None).unwrap().ends_with("karpenter-1.14.1"));
    assert!(path(Component::Karpenter, Some("v0.12.1")).unwrap().ends_with("karpenter-0.12.1"));
    assert!(path(Component::DevicePlugin, Some("0.9.0")).unwrap().ends_with("nvidia-device-plugin-0.9.0"));
    let error = path(Component::Karpenter, Some("1.0.0")).unwrap_err();
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.hints[0].contains("1.14.1") && error.hints[0].contains("0.12.1"), "{error:?}");
}

#[test]
fn sources_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("b.tar.gz");
    std::fs::write(&file, "").unwrap();
    let parse = |text: &str| Source::parse(text);
    assert_eq!(parse("upstream").unwrap(), Source::Upstream);
    assert_eq!(parse("https://mirror.example/gh/").unwrap(), Source::Mirror("https://mirror.example/gh".into()));
    assert_eq!(parse("https://mirror.example/b.tgz").unwrap(), Source::Url("https://mirror.example/b.tgz".into()));
    assert_eq!(parse(&dir.path().to_string_lossy()).unwrap(), Source::Folder(dir.path().into()));
    assert_eq!(parse(&file.to_string_lossy()).unwrap(), Source::Archive(file));
    assert_eq!(parse("/no/such/thing").unwrap_err().class, ErrorClass::Usage);
}

#[tokio::test]
async fn a_slip_in_allow_is_said_before_anything_is_fetched() {
    let cache = Cache::new();
    let mut options = cache.options(Source::Mirror("http://127.0.0.1:9".into()));
    options.allow = vec!["sync.pi".into()];
    let error = fetch(Lock::upstream().unwrap(), &options, &|_| ()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Usage);
    assert!(error.to_string().contains("sync.pi"));
}

#[tokio::test]
async fn a_file_of_our_own_stands_in_until_the_real_one_comes() {
    let ours = std::fs::read(support::sample_bundle().join("karpenter-1.14.1/rendered.yaml")).unwrap();
    let text = format!(
        "apiVersion: kfctl-cn/v1alpha1\nkind: BundleLock\nname: own\ncomponents:\n- name: karpenter\n  version: 1.14.1\n  \
         folder: karpenter-1.14.1\n  rendered: [rendered.yaml]\n  own: {{rendered.yaml: {}}}\n  files: {{rendered.yaml: {}}}\n",
        Digest::of(&ours),
        Digest::of(b"the real one\n")
    );
    let lock: &'static Lock = Box::leak(Box::new(Lock::parse(&text, "own").unwrap()));
    let cache = tempfile::tempdir().unwrap();
    let mut options = FetchOptions::new(Source::Upstream, cache.path().into());
    let fetched = fetch(lock, &options, &|_| ()).await.unwrap();
    assert_eq!(fetched.own, ["karpenter-1.14.1/rendered.yaml"]);
    let file = fetched.root.join("karpenter-1.14.1/rendered.yaml");
    assert_eq!(std::fs::read(&file).unwrap(), ours);
    let report = verify(lock, &fetched.root, &[]).unwrap();
    assert_eq!((report.matching, report.own.len(), report.different.len()), (1, 1, 0));

    let source = tempfile::tempdir().unwrap();
    std::fs::create_dir(source.path().join("karpenter-1.14.1")).unwrap();
    std::fs::write(source.path().join("karpenter-1.14.1/rendered.yaml"), "the real one\n").unwrap();
    options.from = Source::Folder(source.path().into());
    let fetched = fetch(lock, &options, &|_| ()).await.unwrap();
    assert_eq!((fetched.fetched, fetched.own.len()), (1, 0));
    assert_eq!(std::fs::read(&file).unwrap(), b"the real one\n");
}
