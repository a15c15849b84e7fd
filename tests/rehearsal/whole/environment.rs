//! An environment, and the program in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support;

/// A rehearsal environment with a folder to work in. Stopped when dropped; if the test process is killed, it stops itself.
pub struct World {
    folder: tempfile::TempDir,
    vars: BTreeMap<String, String>,
    bundle: PathBuf,
    /// The region of the deployment.
    pub region: String,
}

/// What an environment consists of.
#[derive(Clone, Copy, PartialEq)]
pub enum Parts {
    /// Everything.
    All,
    /// AWS only: nothing listens where DescribeCluster says that the API server is.
    OnlyAws,
}

impl World {
    /// Starts an environment in which things of AWS take `slow` seconds to be made, for the given bundle.
    pub fn start(region: &str, slow: f64, bundle: PathBuf, parts: Parts) -> World {
        let folder = tempfile::Builder::new().prefix("kfctl-cn-test.").tempdir().expect("a temporary folder");
        let mut command = Command::new(support::root().join("rehearsal/env"));
        command.args(["start", "--region", region, "--slow", &slow.to_string()]);
        command.args(["--until-pid", &std::process::id().to_string()]);
        if parts == Parts::OnlyAws {
            command.arg("--only-aws");
        }
        let done = command.arg(folder.path().join("env")).stdin(Stdio::null()).output().expect("rehearsal/env runs");
        assert!(done.status.success(), "rehearsal/env: {}", String::from_utf8_lossy(&done.stderr));
        let program = folder.path().join("env/program");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kfctl-cn"), program).expect("a link to the program");
        let text = fs::read_to_string(folder.path().join("env/env")).expect("the exports of the environment");
        let vars = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let vars = vars.map(|(name, value)| (name.to_string(), value.trim_matches('\'').to_string())).collect();
        let world = World { folder, vars, bundle, region: region.to_string() };
        fs::create_dir(world.work()).expect("a folder to work in");
        let config = format!(
            "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata:\n  name: rehearsal\nspec:\n  region: {region}\n"
        );
        fs::write(world.work().join("kfctl-cn.yaml"), config).expect("the configuration");
        world
    }

    /// The folder that the program is started in.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The state folder of the deployment.
    pub fn state(&self) -> PathBuf {
        self.work().join(".kfctl-cn/rehearsal")
    }

    /// Whether the environment sets a variable.
    pub fn has(&self, name: &str) -> bool {
        self.vars.contains_key(name)
    }

    /// A variable of the environment.
    pub fn var(&self, name: &str) -> &str {
        self.vars.get(name).unwrap_or_else(|| panic!("the environment sets {name}"))
    }

    /// The program with arguments, in an environment of which nothing but the rehearsal's is left.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kfctl-cn"));
        command.env_clear().envs(&self.vars).env("CI", "1").env("HOME", self.folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("KFCTL_CN_BUNDLE", &self.bundle);
        if self.bundle != support::sample_bundle() {
            // The bundle that tests are given may hold a stand-in for the one program text in it.
            command.env("KFCTL_CN_ALLOW_DIFFERENT", "sync.py");
        }
        command.current_dir(self.work()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Runs the program, which must end with 0.
    pub fn succeeds(&self, arguments: &[&str]) -> Output {
        let done = self.run(arguments);
        assert!(done.status.success(), "kfctl-cn {arguments:?}: {}\n{}", done.status, said(&done));
        done
    }

    /// Starts the program; what it says goes to a file.
    pub fn spawn(&self, arguments: &[&str], log: &Path) -> Child {
        let log = fs::File::create(log).expect("a log");
        let also = log.try_clone().expect("a log");
        self.command(arguments).stdout(log).stderr(also).spawn().expect("the program starts")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = Command::new(support::root().join("rehearsal/env"))
            .arg("stop")
            .arg(self.folder.path().join("env"))
            .status();
        if std::thread::panicking() {
            // What the parts said is worth more than a tidy folder; it goes where CI shows it.
            for name in ["standin.log", "aws.log", "supervisor.log"] {
                let text = fs::read_to_string(self.folder.path().join("env").join(name)).unwrap_or_default();
                let tail: Vec<_> = text.lines().rev().take(15).collect();
                eprintln!("--- {name}");
                tail.iter().rev().for_each(|line| eprintln!("{line}"));
            }
        }
    }
}

/// The end of what a run said.
pub fn said(output: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
