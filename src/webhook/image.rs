//! The webhook's own image, put together without a container runtime: one layer with the program, as an OCI image layout.
//! The same program gives the same bytes, and so the same digest, on every machine.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::{Error, ErrorClass, Result};

/// The image's name at its source, which is this program: no registry has it.
pub const NAME: &str = concat!("kfctl-cn.local/image-webhook:", env!("CARGO_PKG_VERSION"));

/// An archive that holds the image of a program, as `images load` reads it.
///
/// # Errors
/// Class `Usage`: what isn't a static Linux program for x86-64 or Arm64 couldn't run in an image without libraries.
pub fn archive(program: &[u8]) -> Result<Vec<u8>> {
    let architecture = architecture(program)?;
    let layer = tar(&[("kfctl-cn", 0o755, program)])?;
    let packed = gzip(&layer)?;
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": ["/kfctl-cn"], "Cmd": ["--help"], "User": "65532:65532", "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
        "history": [{"created_by": concat!("kfctl-cn ", env!("CARGO_PKG_VERSION"))}],
    })
    .to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes()),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &packed)],
    })
    .to_string();
    let mut named = descriptor("application/vnd.oci.image.manifest.v1+json", manifest.as_bytes());
    named["annotations"] = json!({"org.opencontainers.image.ref.name": NAME, "io.containerd.image.name": NAME});
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [named],
    })
    .to_string();
    let blob = |bytes: &[u8]| digest(bytes).replacen(':', "/", 1);
    let blobs = [config.as_bytes(), manifest.as_bytes(), packed.as_slice()];
    let paths = blobs.map(|bytes| format!("blobs/{}", blob(bytes)));
    let mut files: Vec<(&str, u32, &[u8])> =
        vec![("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#), ("index.json", 0o644, index.as_bytes())];
    files.extend(paths.iter().zip(blobs).map(|(path, bytes)| (path.as_str(), 0o644, bytes)));
    tar(&files)
}

fn descriptor(kind: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()})
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// An archive without times, owners or anything else of the machine.
fn tar(files: &[(&str, u32, &[u8])]) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, mode, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(*mode);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, path, *bytes)?;
    }
    Ok(builder.into_inner()?)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// The architecture of a static ELF program, in the words of OCI. Source: ELF-64 object file format.
fn architecture(program: &[u8]) -> Result<&'static str> {
    const INTERPRETER: u32 = 3;
    let wrong = |why: &str| {
        Error::new(ErrorClass::Usage, "this program can't go into an image").caused_by(why).hint(
            "build a static one: cargo build --release --target x86_64-unknown-linux-musl, or with \
             RUSTFLAGS='-C target-feature=+crt-static' and --target x86_64-unknown-linux-gnu; then give it with --binary",
        )
    };
    let bytes = |at: usize, length: usize| {
        let part = at.checked_add(length).and_then(|end| program.get(at..end));
        part.map(|part| part.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return Err(wrong("it is no 64-bit Linux program"));
    }
    let architecture = match bytes(18, 2) {
        Some(0x3e) => "amd64",
        Some(0xb7) => "arm64",
        _ => return Err(wrong("it is neither for x86-64 nor for Arm64")),
    };
    let (Some(table), Some(size), Some(count)) = (bytes(32, 8), bytes(54, 2), bytes(56, 2)) else {
        return Err(wrong("it is cut off"));
    };
    for index in 0..count {
        let at = usize::try_from(table.saturating_add(index * size)).unwrap_or(usize::MAX);
        match bytes(at, 4) {
            None => return Err(wrong("it is cut off")),
            Some(kind) if kind == u64::from(INTERPRETER) => {
                return Err(wrong("it needs shared libraries, which an image of nothing else hasn't got"));
            }
            Some(_) => {}
        }
    }
    Ok(architecture)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;

    /// The smallest thing that passes for a program: a header and one entry of its table.
    fn elf(machine: u8, segment: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[18], bytes[32], bytes[54], bytes[56], bytes[64]) = (machine, 64, 56, 1, segment);
        bytes
    }

    fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let mut files = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(entry.path().unwrap().display().to_string(), bytes);
        }
        files
    }

    #[test]
    fn the_archive_is_whole_and_the_same_each_time() {
        let program = elf(0x3e, 1);
        let made = archive(&program).unwrap();
        assert_eq!(made, archive(&program).unwrap());
        let files = unpacked(&made);
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap();
            let bytes = &files[&format!("blobs/{}", digest.replacen(':', "/", 1))];
            assert_eq!(super::digest(bytes), digest);
            assert_eq!(descriptor["size"], bytes.len());
            bytes
        };
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let index = json(&files["index.json"]);
        assert_eq!(index["manifests"][0]["annotations"]["io.containerd.image.name"], NAME);
        let manifest = json(blob(&index["manifests"][0]));
        let config = json(blob(&manifest["config"]));
        assert_eq!((&config["architecture"], &config["config"]["User"]), (&json!("amd64"), &json!("65532:65532")));
        let mut layer = Vec::new();
        flate2::read::GzDecoder::new(blob(&manifest["layers"][0]).as_slice()).read_to_end(&mut layer).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], json!([super::digest(&layer)]));
        assert_eq!(unpacked(&layer), BTreeMap::from([("kfctl-cn".to_owned(), program)]));
    }

    #[test]
    fn what_couldnt_run_is_refused() {
        let mut cut = elf(0x3e, 1);
        cut.truncate(70);
        cut[56] = 3;
        for (program, why) in [
            (elf(0x3e, 3), "shared libraries"),
            (elf(0x28, 1), "neither"),
            (b"#!/bin/sh\n".to_vec(), "no 64-bit"),
            (b"\x7fELF\x02\x01".to_vec(), "neither"),
            (cut, "cut off"),
        ] {
            let error = archive(&program).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.hints[0].contains("--binary"));
        }
        assert_eq!(architecture(&elf(0xb7, 1)).unwrap(), "arm64");
    }
}
