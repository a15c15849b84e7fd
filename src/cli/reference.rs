//! The reference of the command line as Markdown, made from the definition of the arguments; docs/reference/cli.md is held
//! against it.

use clap::{Arg, Command};

/// The reference, a section a command.
pub fn reference() -> String {
    let mut root = super::command();
    root.build();
    let mut text = String::from(
        "# Command line\n\n\
         This page is made from the program's own definition of its arguments; a test holds it to that. Flags go over environment\n\
         variables, those over defaults. Data goes to stdout, everything else to stderr. [Exit codes](exit-codes.md).\n\n\
         ## Global options\n\n",
    );
    arguments(&root, true, &mut text);
    for command in root.get_subcommands() {
        section(command, "kfctl-cn", 2, &mut text);
    }
    text
}

fn section(command: &Command, path: &str, depth: usize, text: &mut String) {
    let path = format!("{path} {}", command.get_name());
    *text += &format!("\n{} {path}\n\n", "#".repeat(depth));
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        *text += &format!("{}\n", about.to_string().trim());
    }
    let mut table = String::new();
    arguments(command, false, &mut table);
    if !table.is_empty() {
        *text += &format!("\n{table}");
    }
    command.get_subcommands().for_each(|sub| section(sub, &path, depth + 1, text));
}

fn arguments(command: &Command, global: bool, text: &mut String) {
    let own = |arg: &&Arg| arg.is_global_set() == global && !["help", "version"].contains(&arg.get_id().as_str());
    let arguments: Vec<&Arg> = command.get_arguments().filter(own).collect();
    if arguments.is_empty() {
        return;
    }
    *text += "| argument | meaning | default | environment |\n|---|---|---|---|\n";
    for arg in arguments {
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
        let default: Vec<_> = arg.get_default_values().iter().map(|v| format!("`{}`", v.to_string_lossy())).collect();
        let env = arg.get_env().map_or_else(String::new, |name| format!("`{}`", name.to_string_lossy()));
        let default = if arg.get_action().takes_values() { default.join(", ") } else { String::new() };
        *text += &format!("| `{}` | {}{} | {default} | {env} |\n", name(arg), help.replace('\n', " "), choices(arg));
    }
}

fn name(arg: &Arg) -> String {
    let values =
        arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let value = if arg.get_action().takes_values() { format!(" <{values}>") } else { String::new() };
    match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}{value}"),
        (None, Some(long)) => format!("--{long}{value}"),
        (Some(short), None) => format!("-{short}{value}"),
        (None, None) => value.trim().to_string(),
    }
}

/// The words that an argument takes; none for flags, whose `true` and `false` nobody writes.
fn choices(arg: &Arg) -> String {
    let words: Vec<String> = arg.get_possible_values().iter().map(|v| format!("`{}`", v.get_name())).collect();
    if words.is_empty() || !arg.get_action().takes_values() {
        String::new()
    } else {
        format!(" ({})", words.join(", "))
    }
}
