//! Secrets are in Secrets Manager and in the cluster, and nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use super::environment::World;

impl World {
    /// The generated values that nobody may see: passwords, keys, their hash.
    pub fn secret_values(&self) -> BTreeSet<String> {
        let secrets = ["rehearsal-rds-secret", "rehearsal-s3-secret", "rehearsal-admin"].map(|name| self.secret(name));
        let values: BTreeSet<String> = secrets
            .iter()
            .flatten()
            .filter(|(key, _)| ["password", "secretkey", "hash", "clientsecret"].contains(&key.as_str()))
            .map(|(_, value)| value.clone())
            .collect();
        assert_eq!(values.len(), 5, "two passwords, a secret key, a hash and a client secret");
        values
    }

    /// Fails if a secret value is in a text.
    pub fn assert_no_secret(&self, what: &str, text: &str) {
        for value in self.secret_values() {
            assert!(!text.contains(&value), "{what} holds a secret value");
        }
    }

    /// Fails if a secret value is in a file that the program left where it ran, or in its state.
    pub fn assert_no_secret_in_files(&self) {
        let mut looked_at = 0;
        for path in files(&self.work()) {
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
            self.assert_no_secret(&path.display().to_string(), &text);
            looked_at += 1;
        }
        assert!(looked_at >= 3, "configuration, state and journal at least, not {looked_at} files");
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Waits for a process, and collects the arguments of all processes of the machine meanwhile.
pub fn wait_and_collect_arguments(child: &mut Child) -> (std::process::ExitStatus, String) {
    let mut seen = BTreeSet::new();
    loop {
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            if let Ok(words) = fs::read(entry.path().join("cmdline")) {
                seen.insert(String::from_utf8_lossy(&words).replace('\0', " "));
            }
        }
        if let Some(status) = child.try_wait().expect("a child") {
            return (status, seen.into_iter().collect::<Vec<_>>().join("\n"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
