//! `images verify` and `images list --probe` against a registry on loopback that only answers HEAD.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::support::{bin, sample_bundle};

/// A registry that has everything but what has `lacks` in its path. It lives as long as the test's process.
fn registry(lacks: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let mut first = String::new();
                    if reader.read_line(&mut first).unwrap_or(0) == 0 {
                        return;
                    }
                    let mut line = String::new();
                    while reader.read_line(&mut line).unwrap_or(0) > 0 && line != "\r\n" {
                        line.clear();
                    }
                    let status = if first.contains(lacks) { "404 Not Found" } else { "200 OK" };
                    if write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("{address}/mirror")
}

/// Exit code, stdout, stderr of `images verify` with this registry.
fn verify(registry: &str) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kfctl-cn.yaml");
    bin().current_dir(dir.path()).args(["init", "--name", "kf", "--region", "cn-north-1"]).output().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replacen("    # registry:", &format!("    registry: {registry}\n    # registry:"), 1);
    std::fs::write(&file, text).unwrap();
    let mut command = bin();
    command.current_dir(dir.path()).args(["images", "verify", "--bundle"]).arg(sample_bundle());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_registry_that_has_every_image_is_verified() {
    let (code, stdout, stderr) = verify(&registry("nothing lacks"));
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("images are in the registry"), "{stderr}");
}

#[test]
fn a_missing_image_is_named_with_what_to_run() {
    let registry = registry("/kube-rbac-proxy/");
    let (code, stdout, stderr) = verify(&registry);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert_eq!(stdout, format!("missing\t{registry}/quay.io/brancz/kube-rbac-proxy:v0.8.0\n"));
    assert!(stderr.contains("kfctl-cn images mirror"), "{stderr}");
}

/// What only programs name stops nobody from installing.
#[test]
fn an_image_that_is_pulled_on_use_only_may_be_missing() {
    let (code, stdout, stderr) = verify(&registry("/kfp-launcher/"));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.starts_with("missing\t") && stdout.contains("pulled only when"), "{stdout}");
}

#[test]
fn a_registry_that_does_not_answer_is_no_registry_without_images() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (code, stdout, stderr) = verify(&format!("{address}/mirror"));
    assert_eq!((code, stdout.as_str()), (Some(69), ""), "{stderr}");
    assert_eq!(stderr.matches("Connection refused").count(), 1, "told once, not for every image: {stderr}");
}
