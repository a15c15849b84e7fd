//! `kfctl-cn images verify`.

use serde::Serialize;

use super::super::render::Source;
use super::super::{Global, printer};
use super::ask::{Answer, Way};
use super::{inventory, target};
use crate::adapt::{ImageStatus, InventoryEntry, image_target};
use crate::model::{ErrorClass, ExitStatus, Result};

/// Ask the registry of the deployment for each image; exit with 1 if it lacks one
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to render.
    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    way: Way,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    source: String,
    target: String,
    answer: Answer,
    /// True if nothing pulls it before somebody uses the program that names it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    only_on_use: bool,
    #[serde(skip)]
    gone: bool,
}

/// Asks, and prints what is missing.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let images = inventory(&args.source, global)?;
    let registry = target::registry(global).await?;
    let images: Vec<InventoryEntry> = images.into_iter().filter(|image| image.target.is_some()).collect();
    let targets: Vec<String> = images.iter().map(|image| image_target(&registry, &image.source)).collect();
    let answers = args.way.ask_registry(&registry, &targets).await?;
    let lines: Vec<Line> = images.iter().zip(targets).zip(answers).map(|((i, t), a)| line(i, t, a)).collect();
    printer::value(global.output, &lines, |lines| table(lines))?;
    conclude(global, &lines)
}

fn line(image: &InventoryEntry, target: String, answer: Answer) -> Line {
    let (source, only_on_use) = (image.source.clone(), image.only_on_use);
    Line { source, target, answer, only_on_use, gone: image.status == ImageStatus::Gone }
}

/// Only what isn't there: nobody reads a hundred lines that say yes.
fn table(lines: &[Line]) -> String {
    let wrong = lines.iter().filter(|line| line.answer != Answer::There);
    let why = |line: &Line| match &line.answer {
        Answer::Unknown(error) => format!("\t{error}"),
        _ if line.only_on_use => "\tpulled only when the program that names it is used so".into(),
        _ if line.gone => "\tits source is gone: take a kept copy".into(),
        _ => String::new(),
    };
    wrong.map(|line| format!("{}\t{}{}\n", line.answer.as_str(), line.target, why(line))).collect()
}

/// The exit code, and what to run. What could not be asked is an error of its own, unless something is missing for sure.
fn conclude(global: &Global, lines: &[Line]) -> Result<ExitStatus> {
    let there = lines.iter().filter(|line| line.answer == Answer::There).count();
    printer::note(&format!("{there} of {} images are in the registry", lines.len()));
    let needed = || lines.iter().filter(|line| !line.only_on_use);
    let missing = needed().filter(|line| matches!(line.answer, Answer::Missing | Answer::Denied)).count();
    if missing > 0 {
        let file = global.file_words();
        printer::note(&format!(
            "hint: `kfctl-cn{file} images mirror` copies what is missing, on a machine that reaches both sides; elsewhere \
             `images save FILE` there and `images load FILE` here"
        ));
        return Ok(ErrorClass::Permanent.into());
    }
    let unknown = needed().find_map(|line| if let Answer::Unknown(error) = &line.answer { Some(error) } else { None });
    unknown.map_or(Ok(ExitStatus::OK), |error| Err(error.clone()))
}
