//! What the commands share that work on a deployment: configuration, identity, bundle, state, engine and signals.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::steps::Steps;
use super::{Global, Output, printer};
use crate::aws::Clients;
use crate::bundle::{Bundle, FindOptions};
use crate::config::{self, Config};
use crate::engine::{Cancel, Signal, Sink};
use crate::kube::{self, Tell};
use crate::model::{Backend, Error, ErrorClass, Event, Result};
use crate::phases::link::Link;
use crate::phases::{self, Deps};
use crate::state::{Held, Identity, Place, S3Objects, View};
use crate::ui::{self, Choice};

/// A deployment and the credentials for it, both checked.
pub(super) struct Session {
    /// The configuration.
    pub(super) config: Arc<Config>,
    /// The clients of its region.
    pub(super) clients: Clients,
    /// The account, 12 digits.
    pub(super) account: String,
    /// Who the credentials are.
    pub(super) caller_arn: String,
    /// The folder of its state.
    pub(super) folder: PathBuf,
}

impl Session {
    /// Loads the configuration, connects, and sees that the credentials are those of the right account.
    pub(super) async fn open(global: &Global) -> Result<Session> {
        let config = config::load(&global.file)?;
        let clients = Clients::connect(config.spec.region).await?;
        let identity = clients.identity().await?;
        if let Some(wanted) = config.spec.account.as_ref().filter(|wanted| **wanted != identity.account) {
            return Err(Error::new(
                ErrorClass::Credentials,
                format!("the credentials are of account {}, but the configuration is for {wanted}", identity.account),
            )
            .hint(format!("use credentials of account {wanted}, or change `spec.account`")));
        }
        Ok(Session {
            folder: global.deployment_dir(&config),
            config: Arc::new(config),
            clients,
            account: identity.account,
            caller_arn: identity.arn,
        })
    }

    /// Where its state is.
    pub(super) fn place(&self, global: &Global) -> Place {
        place(global, &self.config, global.backend(&self.config), &self.clients)
    }

    /// Whose state it is.
    pub(super) fn identity(&self) -> Identity {
        Identity {
            name: self.config.name().to_owned(),
            account: self.account.clone(),
            region: self.config.spec.region.to_string(),
        }
    }

    /// The upstream files, verified.
    pub(super) fn bundle(&self, global: &Global) -> Result<Bundle> {
        Bundle::find(&FindOptions { dir: global.bundle.clone(), allow: global.allow_different.clone() })
    }

    /// What the resources of all phases are made from. `tell` hears of an API server that lets requests wait.
    pub(super) fn deps(&self, bundle: Arc<Bundle>, tell: Tell) -> Deps {
        Deps {
            config: self.config.clone(),
            aws: self.clients.clone(),
            account: self.account.clone(),
            caller_arn: self.caller_arn.clone(),
            bundle,
            state_dir: self.folder.clone(),
            final_snapshot: true,
            link: Arc::new(Link::new(self.config.cluster(), &self.clients, tell)),
        }
    }

    /// A client of its cluster.
    pub(super) async fn cluster(&self) -> Result<kube::Client> {
        let found = phases::cluster::endpoint(&self.config, &self.clients, &self.account).await?;
        let Some(endpoint) = found else {
            let (name, region) = (self.config.cluster(), self.config.spec.region);
            return Err(Error::new(ErrorClass::Permanent, format!("there is no active cluster {name} in {region}"))
                .hint("`kfctl-cn up` makes it; `kfctl-cn status` tells how far it is"));
        };
        Link::new(self.config.cluster(), &self.clients, aloud()).at(endpoint).await
    }

    /// The deployment in words.
    pub(super) fn title(&self) -> String {
        format!("{} in {}, account {}", self.config.name(), self.config.spec.region, self.account)
    }
}

/// What a run that changes something holds while it goes on.
pub(super) struct Run<'a> {
    /// The deployment and its credentials.
    pub(super) session: &'a Session,
    /// The state, locked.
    pub(super) held: &'a Held,
    /// What stops it.
    pub(super) cancel: &'a Cancel,
    /// What happened to its steps.
    pub(super) steps: &'a Arc<Steps>,
}

/// Where the state of a deployment is, in a backend.
pub(super) fn place(global: &Global, config: &Config, backend: Backend, clients: &Clients) -> Place {
    let folder = global.deployment_dir(config);
    match backend {
        Backend::Local => Place::Local(folder),
        Backend::S3 { bucket, prefix } => {
            let objects = Arc::new(S3Objects::new(clients.clone(), &bucket, &prefix, config.name()));
            Place::Remote { objects, folder }
        }
    }
}

/// Where the state of a deployment is, for those who only look at it: a shared one needs credentials, of whichever account may
/// read the bucket.
pub(super) async fn place_for_looking(global: &Global, config: &Config) -> Result<Place> {
    match global.backend(config) {
        Backend::Local => Ok(Place::Local(global.deployment_dir(config))),
        backend => Ok(place(global, config, backend, &Clients::connect(config.spec.region).await?)),
    }
}

/// The state of a deployment as it is now.
pub(super) async fn look(global: &Global, config: &Config) -> Result<Option<View>> {
    place_for_looking(global, config).await?.look().await
}

/// Saves and lets go what a run held, however it ended. Its own error is the one to tell.
pub(super) async fn let_go<T>(held: &Held, done: Result<T>) -> Result<T> {
    let saved = held.save().await;
    let closed = held.close().await;
    let done = done?;
    saved.and(closed).map(|()| done)
}

/// The view of a run and the sink that feeds it.
pub(super) fn watch(global: &Global) -> (Arc<dyn ui::View>, Sink) {
    let choice = Choice { json: global.output == Output::Json, live: global.live(), color: global.color() };
    let view = ui::view(choice);
    let fed = view.clone();
    (view, Arc::new(move |event| fed.event(&event)))
}

/// Tells on stderr.
pub(super) fn aloud() -> Tell {
    Arc::new(|text| printer::note(&text))
}

/// Tells through the view of a run.
pub(super) fn through(sink: &Sink) -> Tell {
    let sink = sink.clone();
    Arc::new(move |message| sink(Event::Note { message }))
}

/// A handle that Ctrl-C and SIGTERM stop.
pub(super) fn cancel_on_signals() -> Result<Cancel> {
    let cancel = Cancel::default();
    for (kind, why) in [(SignalKind::interrupt(), Signal::Interrupt), (SignalKind::terminate(), Signal::Terminate)] {
        let mut signals = signal(kind)
            .map_err(|error| Error::new(ErrorClass::Bug, "signals can't be handled").caused_by(error.to_string()))?;
        let cancel = cancel.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                printer::note(match cancel.why() {
                    None => "\nstopping: calls in flight are finished and written down; once more drops them",
                    Some(_) => "\ndropping what is in flight: the next run finds it",
                });
                cancel.signal(why);
            }
        });
    }
    Ok(cancel)
}

/// Does something that a signal may cut, because nothing is lost by it.
pub(super) async fn unless_stopped<T>(cancel: &Cancel, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        () = cancel.stopped() => {
            let class = cancel.why().map_or(ErrorClass::Interrupted, Signal::class);
            Err(Error::new(class, "stopped before anything was changed"))
        }
    }
}

/// Refuses to begin what would have to ask when nobody can be asked.
pub(super) fn require_consent(global: &Global) -> Result<()> {
    if global.yes || global.interactive() {
        return Ok(());
    }
    Err(Error::new(ErrorClass::Usage, "nobody can be asked: there is no terminal, and --yes wasn't given")
        .hint("give --yes to do it without asking; `kfctl-cn plan` shows what would be done"))
}

/// Asks; true if the answer begins with y.
pub(super) async fn ask(global: &Global, cancel: &Cancel, question: &str) -> Result<bool> {
    if global.yes {
        return Ok(true);
    }
    printer::error(&format!("{question} [y/N] "));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = unless_stopped(cancel, async {
        match answer.await {
            Ok(line) => Ok(line?),
            Err(error) => Err(Error::new(ErrorClass::Bug, "the answer can't be read").caused_by(error.to_string())),
        }
    });
    Ok(answer.await?.trim().to_lowercase().starts_with('y'))
}
