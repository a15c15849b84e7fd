//! Reading a tree for its faults.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::build::{check_role, own_config, plugin_objects};
use super::super::source::Source;
use super::super::spec::{Generator, GeneratorKind, Kustomization, OpenApi};
use super::super::yaml::{self, Lines};
use super::super::{Options, generate, patch, plugins, replace};
use super::Fault;
use crate::model::Result;

/// The faults below a folder, in the order of reading.
pub fn search(dir: &Path, options: &Options) -> Vec<Fault> {
    let mut search = Search::default();
    match Source::root(dir, options.files_from_anywhere) {
        Ok(source) => search.kustomization(&source, None),
        Err(error) => search.found.push(Fault { trail: Vec::new(), error }),
    }
    search.found
}

#[derive(Default)]
struct Search {
    found: Vec<Fault>,
    trail: Vec<String>,
    seen: HashSet<PathBuf>,
}

/// A kustomization that is being read.
struct Here<'a> {
    source: &'a Source,
    path: PathBuf,
    lines: Lines,
    spec: Kustomization,
}

impl Here<'_> {
    /// A step of the way: the file, the line if known, the field.
    fn step(&self, field: &str) -> String {
        let line = self.lines.of(field).map(|line| format!(":{line}")).unwrap_or_default();
        format!("in {}{line}: {field}", self.path.display())
    }
}

impl Search {
    fn kustomization(&mut self, source: &Source, component: Option<bool>) {
        if !self.seen.insert(source.folder().to_owned()) {
            return;
        }
        let Some((text, path)) = self.keep(source.kustomization()) else { return };
        let (spec, faults) = Kustomization::parse_tolerant(&text, &path);
        let readable = faults.is_empty();
        for error in faults {
            self.keep(Err::<(), _>(error));
        }
        if let Some(component) = component.filter(|_| readable) {
            self.keep(check_role(&spec, component, &path));
        }
        let here = Here { source, path, lines: Lines::read(&text), spec };
        self.resources(&here);
        self.generators(&here);
        self.plugins(&here);
        for (i, entry) in here.spec.components.iter().enumerate() {
            self.at(&here, &format!("components[{i}]"), |search| search.base(source, entry, true));
        }
        self.patches(&here);
    }

    fn resources(&mut self, here: &Here<'_>) {
        let source = here.source;
        for (i, entry) in here.spec.resources.iter().enumerate().filter(|(_, entry)| !entry.is_empty()) {
            self.at(here, &format!("resources[{i}]"), |search| {
                if source.is_dir(entry) {
                    return search.base(source, entry, false);
                }
                let text = source.text(entry);
                search.keep(text.and_then(|text| yaml::parse_objects(&text, &source.display(entry))));
            });
        }
        for (i, file) in here.spec.configurations.iter().enumerate() {
            self.check(here, &format!("configurations[{i}]"), || own_config(source, std::slice::from_ref(file)));
        }
        if let Some(OpenApi::File(path)) = &here.spec.openapi {
            self.check(here, "openapi.path", || source.text(path));
        }
    }

    fn base(&mut self, source: &Source, entry: &str, component: bool) {
        if let Some(base) = self.keep(source.base(entry)) {
            self.kustomization(&base, Some(component));
        }
    }

    fn generators(&mut self, here: &Here<'_>) {
        for (kind, field) in
            [(GeneratorKind::ConfigMap, "configMapGenerator"), (GeneratorKind::Secret, "secretGenerator")]
        {
            let own = here.spec.generators.iter().filter(|generator| generator.kind == kind);
            for (i, generator) in own.enumerate() {
                self.generator(here, &format!("{field}[{i}]"), generator);
            }
        }
    }

    fn generator(&mut self, here: &Here<'_>, field: &str, generator: &Generator) {
        let before = self.found.len();
        for (part, i, path) in generate::files(generator) {
            self.check(here, &format!("{field}.{part}[{i}]"), || {
                let named = |error: crate::model::Error| error.context(format!("generator `{}`", generator.name));
                here.source.bytes(path).map_err(named)
            });
        }
        if self.found.len() == before {
            self.check(here, field, || generate::generate(here.source, generator));
        }
    }

    fn plugins(&mut self, here: &Here<'_>) {
        let spec = &here.spec;
        for (field, entries) in [
            ("generators", &spec.generator_objects),
            ("transformers", &spec.transformers),
            ("validators", &spec.validators),
        ] {
            for (i, entry) in entries.iter().enumerate() {
                self.check(here, &format!("{field}[{i}]"), || {
                    plugin_objects(here.source, std::slice::from_ref(entry), field)?.iter().try_for_each(plugins::check)
                });
            }
        }
    }

    fn patches(&mut self, here: &Here<'_>) {
        let (source, spec) = (here.source, &here.spec);
        for (i, entry) in spec.patches_strategic_merge.iter().enumerate().filter(|(_, entry)| !entry.is_empty()) {
            self.check(here, &format!("patchesStrategicMerge[{i}]"), || patch::read_strategic(source, entry));
        }
        for (i, entry) in spec.patches.iter().enumerate() {
            self.check(here, &format!("patches[{i}]"), || patch::load_any(source, entry));
        }
        for (i, entry) in spec.patches_json.iter().enumerate() {
            self.check(here, &format!("patchesJson6902[{i}]"), || patch::load_json(source, entry));
        }
        for (i, entry) in spec.replacements.iter().enumerate() {
            self.check(here, &format!("replacements[{i}]"), || replace::load(source, std::slice::from_ref(entry)));
        }
    }

    /// Looks at something that a field names.
    fn check<T>(&mut self, here: &Here<'_>, field: &str, look: impl FnOnce() -> Result<T>) {
        self.at(here, field, |search| drop(search.keep(look())));
    }

    fn at(&mut self, here: &Here<'_>, field: &str, look: impl FnOnce(&mut Search)) {
        self.trail.push(here.step(field));
        look(self);
        self.trail.pop();
    }

    /// Keeps an error with the way to it.
    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.found.push(Fault { trail: self.trail.clone(), error })).ok()
    }
}
