//! The list of images for people.

use std::collections::BTreeMap;

use crate::adapt::{ImageStatus, InventoryEntry, Note};

/// An image a line: what becomes of it, its name, where it is named; then the reasons, each with the images it is of.
/// With answers of the sources, these stand behind the status.
pub(super) fn text(images: &[InventoryEntry], answers: &[Option<&'static str>]) -> String {
    let names: Vec<String> = images.iter().map(|image| short(&image.source)).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let answer = |word: &str| if answers.is_empty() { String::new() } else { format!("  {word:<7}") };
    let mut out = format!("{:<11}{}  {:<wide$}  NAMED IN\n", "STATUS", answer("SOURCE"), "IMAGE");
    for (index, (image, name)) in images.iter().zip(&names).enumerate() {
        let said = answer(answers.get(index).copied().flatten().unwrap_or("-"));
        out.push_str(&format!("{:<11}{said}  {name:<wide$}  {}\n", image.status.as_str(), places(&image.places)));
        if let Some(other) = &image.replaced_by {
            out.push_str(&format!("{:<11}{}  -> {}\n", "", answer(""), short(other)));
        }
    }
    out.push_str(&format!("\n{}\n", counts(images)));
    for (note, of) in notes(images) {
        let more = if of.len() > 3 { format!(" and {} more", of.len() - 2) } else { String::new() };
        let shown = if of.len() > 3 { &of[..2] } else { &of[..] };
        let shown: Vec<String> = shown.iter().map(|name| short(name)).collect();
        out.push_str(&format!("\n{}{more}:\n  {}\n  known from: {}\n", shown.join(", "), note.text, note.source));
    }
    out
}

/// How many images there are of each status.
fn counts(images: &[InventoryEntry]) -> String {
    let mut counts: BTreeMap<ImageStatus, usize> = BTreeMap::new();
    for image in images {
        *counts.entry(image.status).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {}", status.as_str())).collect();
    let pulled = images.iter().filter(|image| image.target.is_some()).count();
    format!("{} images: {}; {pulled} belong in the registry", images.len(), counts.join(", "))
}

/// The reasons in the order of the images, each with all images that it is of.
fn notes(images: &[InventoryEntry]) -> Vec<(&Note, Vec<&str>)> {
    let mut all: Vec<(&Note, Vec<&str>)> = Vec::new();
    for (image, note) in images.iter().flat_map(|image| image.notes.iter().map(move |note| (image, note))) {
        match all.iter_mut().find(|(known, _)| *known == note) {
            Some((_, of)) => of.push(&image.source),
            None => all.push((note, vec![&image.source])),
        }
    }
    all
}

/// The first place without its path, and how many more there are.
fn places(places: &[String]) -> String {
    let first = places.first().map_or("", |place| place.split(" /").next().unwrap_or(place));
    if places.len() > 1 { format!("{first} (+{})", places.len() - 1) } else { first.to_owned() }
}

/// A name with a digest of 12 digits.
fn short(name: &str) -> String {
    match name.split_once("@sha256:") {
        Some((name, digest)) => format!("{name}@sha256:{}…", digest.get(..12).unwrap_or(digest)),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(source: &str, status: ImageStatus, note: Option<&str>) -> InventoryEntry {
        let note = note.map(|text| Note { text: text.into(), source: "a thread".into() });
        InventoryEntry {
            source: source.into(),
            target: (status == ImageStatus::Copy).then(|| format!("r/{source}")),
            status,
            places: vec!["Deployment/a in b /spec/x".into(), "ConfigMap/c in d /data/y".into()],
            only_on_use: false,
            replaced_by: (status == ImageStatus::Gone).then(|| "quay.io/new:2".into()),
            instead_of: Vec::new(),
            notes: note.into_iter().collect(),
        }
    }

    #[test]
    fn an_image_is_a_line_and_a_reason_is_told_once() {
        let digest = format!("gcr.io/a@sha256:{}", "0f".repeat(32));
        let images = [
            image(&digest, ImageStatus::Copy, None),
            image("gcr.io/b:1", ImageStatus::Gone, Some("It is gone.")),
            image("gcr.io/c:1", ImageStatus::Gone, Some("It is gone.")),
        ];
        insta::assert_snapshot!(text(&images, &[]), @"
        STATUS       IMAGE                          NAMED IN
        copy         gcr.io/a@sha256:0f0f0f0f0f0f…  Deployment/a in b (+1)
        gone         gcr.io/b:1                     Deployment/a in b (+1)
                     -> quay.io/new:2
        gone         gcr.io/c:1                     Deployment/a in b (+1)
                     -> quay.io/new:2

        3 images: 1 copy, 2 gone; 1 belong in the registry

        gcr.io/b:1, gcr.io/c:1:
          It is gone.
          known from: a thread
        ");
        let asked = text(&images, &[Some("there"), Some("denied"), None]);
        let lines: Vec<&str> = asked.lines().take(4).collect();
        assert_eq!(
            lines,
            [
                "STATUS       SOURCE   IMAGE                          NAMED IN",
                "copy         there    gcr.io/a@sha256:0f0f0f0f0f0f…  Deployment/a in b (+1)",
                "gone         denied   gcr.io/b:1                     Deployment/a in b (+1)",
                "                      -> quay.io/new:2",
            ]
        );
    }
}
