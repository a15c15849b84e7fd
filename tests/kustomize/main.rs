//! The renderer against the real kustomize, against small trees of our own, and against random input.
use std::path::Path;

use kfctl_cn::kustomize::{Options, Reorder, build, to_yaml};

#[test]
fn dump() {
    let Ok(dir) = std::env::var("DUMP") else { return };
    let reorder = match std::env::var("REORDER").as_deref() {
        Ok("none") => Reorder::None,
        _ => Reorder::Unspecified,
    };
    match build(Path::new(&dir), &Options { reorder }) {
        Ok(objects) => std::fs::write(std::env::var("OUT").unwrap(), to_yaml(&objects)).unwrap(),
        Err(e) => panic!("{}\n{:?}", e.chain.join("\n"), e.hints),
    }
}
