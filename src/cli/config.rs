//! `kfctl-cn config`.

use super::{Global, Output, printer};
use crate::config;
use crate::model::{ExitStatus, Result};

/// Show the configuration or its schema
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the JSON schema, for editors and other programs
    Schema,
    /// Print the configuration after it was validated
    View {
        /// With every default written out
        #[arg(long)]
        resolved: bool,
    },
}

/// Prints what was asked for.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    match args.what {
        What::Schema => {
            let schema = config::schema();
            match global.output {
                Output::Yaml => printer::data(&printer::yaml(&schema)?)?,
                _ => printer::data(&printer::json(&schema)?)?,
            }
        }
        What::View { resolved } => {
            let config = config::load(&global.file)?;
            match (resolved, global.output) {
                (false, Output::Table) => printer::data(&fs_err::read_to_string(&global.file)?)?,
                (_, Output::Json) => printer::data(&printer::json(&config)?)?,
                _ => printer::data(&printer::yaml(&config)?)?,
            }
        }
    }
    Ok(ExitStatus::OK)
}
