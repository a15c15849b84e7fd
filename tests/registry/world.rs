//! Real registries on loopback, and what a copy between them needs.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kfctl_cn::registry::copy::{ByItself, Copier, Ended, Job, Meter, Options, RegistryTarget, Source, Target};
use kfctl_cn::registry::{Anonymous, Logins, Reference, Registry, Retry, Route};

/// A registry of Debian's package `docker-registry`, with its own folder; ends with this.
pub struct Server {
    child: Child,
    pub host: String,
    folder: tempfile::TempDir,
}

/// The registry's program; `None`, and a word about it, where it isn't installed.
pub fn program() -> Option<PathBuf> {
    let found =
        ["/usr/bin/docker-registry", "/usr/local/bin/docker-registry"].iter().map(PathBuf::from).find(|p| p.exists());
    if found.is_none() {
        eprintln!("skipped: docker-registry isn't installed (Debian has a package of this name)");
    }
    found
}

/// A port that nobody has now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts one; `None` where there is no program.
    pub async fn start() -> Option<Server> {
        Server::with(None).await
    }

    /// Starts one that speaks TLS, with a certificate for this name by an authority of its own.
    pub async fn secure(name: &str) -> Option<Server> {
        Server::with(Some(name)).await
    }

    async fn with(tls: Option<&str>) -> Option<Server> {
        let program = program()?;
        // Between looking for a free port and taking it somebody else may take it.
        for _ in 0..3 {
            if let Some(server) = Server::on(&program, free_port(), tls).await {
                return Some(server);
            }
        }
        panic!("the registry doesn't start");
    }

    async fn on(program: &Path, port: u16, tls: Option<&str>) -> Option<Server> {
        let folder = tempfile::tempdir().unwrap();
        let tls = tls.map_or_else(String::new, |name| certify(folder.path(), name));
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{host}'{tls}}}\n",
            folder.path().join("data").display()
        );
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config).unwrap();
        let child = Command::new(program)
            .args(["serve", path.to_str().unwrap()])
            .env_clear()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Server { child, host, folder };
        for _ in 0..400 {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            if tokio::net::TcpStream::connect(&server.host).await.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        None
    }

    /// The authority of a registry that speaks TLS.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// The tags of a repository that can be seen in its folder.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let folder = self.folder.path().join("data/docker/registry/v2/repositories").join(repository);
        names(&folder.join("_manifests/tags"))
    }

    /// Takes a tag away.
    pub fn forget(&self, repository: &str, tag: &str) {
        let tags =
            self.folder.path().join("data/docker/registry/v2/repositories").join(repository).join("_manifests/tags");
        std::fs::remove_dir_all(tags.join(tag)).unwrap();
    }
}

/// Makes an authority and a certificate for a name in a folder; the piece of the registry's configuration that takes it.
fn certify(folder: &Path, name: &str) -> String {
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    for words in [
        format!("{new} -keyout ca.key -out ca.crt -subj /CN=test"),
        format!(
            "{new} -keyout tls.key -out tls.crt -subj /CN=registry -CA ca.crt -CAkey ca.key -addext subjectAltName=DNS:{name} \
             -addext basicConstraints=critical,CA:FALSE"
        ),
    ] {
        let words = words.split_whitespace();
        let done = Command::new("openssl").current_dir(folder).args(words).stderr(Stdio::null()).status().unwrap();
        assert!(done.success());
    }
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    format!(", tls: {{certificate: {}, key: {}}}", certificate.display(), key.display())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that repeats quickly.
pub fn client(logins: Arc<dyn Logins>) -> Registry {
    Registry::new(&Route::default(), logins, retry(), Arc::new(|_| {})).unwrap()
}

/// Repeats as often as in production, without its pauses.
pub fn retry() -> Retry {
    Retry { attempts: 6, pause: Duration::from_millis(5) }
}

/// What a run came to.
pub struct Done {
    pub ended: Vec<Ended>,
    pub meter: Arc<Meter>,
    pub notes: Vec<String>,
}

/// Copies between ends.
pub async fn run(source: Arc<dyn Source>, target: Arc<dyn Target>, options: Options, jobs: &[Job]) -> Done {
    let meter = Arc::new(Meter::new(jobs.len()));
    let notes: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = notes.clone();
    let listener = Arc::new(move |told: kfctl_cn::registry::copy::Told<'_>| {
        if let kfctl_cn::registry::copy::Told::Note(text) = told {
            heard.lock().unwrap().push(text.to_owned());
        }
    });
    let copier = Copier::new(source, target, Options { retry: retry(), ..options }, meter.clone(), listener);
    let ended = copier.run(jobs).await;
    let notes = notes.lock().unwrap().clone();
    Done { ended, meter, notes }
}

/// Copies from registry to registry, without logins.
pub async fn copy(options: Options, jobs: &[Job]) -> Done {
    run(Arc::new(client(Arc::new(Anonymous))), registry_target(), options, jobs).await
}

/// A registry as a target, without logins.
pub fn registry_target() -> Arc<RegistryTarget> {
    Arc::new(RegistryTarget::new(client(Arc::new(Anonymous)), Arc::new(ByItself)))
}

/// A job from names.
pub fn job(source: &str, target: &str) -> Job {
    Job { source: source.parse().unwrap(), target: target.parse().unwrap() }
}

/// The digest that a registry has for a name; `None` if it has none.
pub async fn digest(name: &str) -> Option<String> {
    let image: Reference = name.parse().unwrap();
    match client(Arc::new(Anonymous)).find(&image, false).await.unwrap() {
        kfctl_cn::registry::Found::Manifest(digest) => digest.map(|digest| digest.to_string()),
        kfctl_cn::registry::Found::Nothing => None,
    }
}
