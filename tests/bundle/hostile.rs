//! Archives that want more than to be read.

use flate2::Compression;
use flate2::write::GzEncoder;
use kfctl_cn::bundle::Source;
use kfctl_cn::model::{Error, ErrorClass};
use tar::EntryType;

use crate::world::*;

/// Fetches from a local archive with one more entry before the good ones.
async fn refused(cache: &Cache, path: &str, kind: EntryType, link: Option<&str>, size: usize) -> Error {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    append(&mut tar, path, kind, &vec![b'x'; size], link);
    for file in MAIN_FILES {
        append(&mut tar, &format!("kubeflow-1/{file}"), EntryType::Regular, &content(file), None);
    }
    let archive = cache.path().join("bad.tar.gz");
    std::fs::write(&archive, tar.into_inner().unwrap().finish().unwrap()).unwrap();
    let error = cache.fetch(Source::Archive(archive)).await.expect_err(path);
    assert!(!cache.root().exists(), "{path}");
    error
}

#[tokio::test]
async fn an_entry_that_leaves_the_archive_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    let absolute = outside.path().join("evil").to_string_lossy().into_owned();
    for path in ["../evil", "a/../../evil", "kubeflow-1/../../evil", absolute.as_str(), "..\\evil"] {
        let cache = Cache::new();
        let error = refused(&cache, path, EntryType::Regular, None, 3).await;
        assert_eq!(error.class, ErrorClass::Config, "{path}");
        assert!(error.to_string().contains("leaves the archive"), "{error}");
        let written: Vec<_> = cache.files().into_iter().filter(|f| !f.ends_with("bad.tar.gz")).collect();
        assert!(written.is_empty(), "{written:?}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_link_in_place_of_a_pinned_file_is_refused() {
    for kind in [EntryType::Symlink, EntryType::Link] {
        let error = refused(&Cache::new(), "kubeflow-1/deploy/a.yaml", kind, Some("/etc/passwd"), 0).await;
        assert_eq!(error.class, ErrorClass::Config);
        assert!(error.to_string().contains("not a file"), "{error}");
    }
}

#[tokio::test]
async fn a_linked_folder_leads_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    append(&mut tar, "kubeflow-1/deploy", EntryType::Symlink, b"", Some(&outside.path().to_string_lossy()));
    for file in MAIN_FILES {
        append(&mut tar, &format!("kubeflow-1/{file}"), EntryType::Regular, &content(file), None);
    }
    append(&mut tar, "kubeflow-1/upstream/deploy/a.yaml", EntryType::Regular, &content("upstream"), None);
    append(&mut tar, "driver-2/driver.yaml", EntryType::Regular, &content("driver"), None);
    let cache = Cache::new();
    let archive = cache.path().join("links.tar.gz");
    std::fs::write(&archive, tar.into_inner().unwrap().finish().unwrap()).unwrap();
    cache.fetch(Source::Archive(archive)).await.unwrap();
    assert!(cache.root().join("kubeflow-1/deploy").symlink_metadata().unwrap().is_dir());
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_beyond_all_measure_is_refused_before_it_is_read() {
    let error = refused(&Cache::new(), "kubeflow-1/deploy/a.yaml", EntryType::Regular, None, 17 << 20).await;
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.to_string().contains("bytes"), "{error}");
}

#[tokio::test]
async fn what_is_no_archive_says_so() {
    let cache = Cache::new();
    let archive = cache.path().join("page.tar.gz");
    std::fs::write(&archive, "<html>sign in</html>").unwrap();
    let error = cache.fetch(Source::Archive(archive)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.to_string().contains("page.tar.gz"), "{error}");
}
