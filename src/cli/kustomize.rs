//! `kfctl-cn kustomize`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Global, Output, printer};
use crate::kustomize::{self, Options, Reorder};
use crate::model::{ExitStatus, Object, Result};

/// Render any kustomization with the built-in renderer
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the objects of a kustomization, as `kustomize build` does
    Build {
        /// The folder with the kustomization
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// The order: as kustomize 5 does, as written, or by kind
        #[arg(long, value_enum, default_value_t = Order::Unspecified)]
        reorder: Order,
        /// Which files a kustomization may read: those in or below its folder, or any
        #[arg(long, value_enum, default_value_t = Files::RootOnly)]
        load_restrictor: Files,
    },
}

/// The words of kustomize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Files {
    /// In or below the folder of the kustomization
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// Any: for trees that you trust
    #[value(name = "LoadRestrictionsNone")]
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    /// What `sortOptions` say, else by kind
    Unspecified,
    /// As they are written
    None,
    /// By kind: namespaces and CRDs first, webhook configurations last
    Legacy,
}

/// Prints the objects.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let What::Build { dir, reorder, load_restrictor } = args.what;
    let reorder = match reorder {
        Order::Unspecified => Reorder::Unspecified,
        Order::None => Reorder::None,
        Order::Legacy => Reorder::Legacy,
    };
    let options = Options { reorder, files_from_anywhere: load_restrictor == Files::Any };
    print(global, &kustomize::build(&dir, &options)?)?;
    Ok(ExitStatus::OK)
}

/// Objects on stdout: documents of YAML, or one `List` of JSON.
pub(super) fn print(global: &Global, objects: &[Object]) -> Result<()> {
    if global.output != Output::Json {
        return printer::data(&kustomize::to_yaml(objects));
    }
    let items: Vec<&Value> = objects.iter().map(|object| &object.0).collect();
    printer::data(&printer::json(&json!({"apiVersion": "v1", "kind": "List", "items": items}))?)
}
