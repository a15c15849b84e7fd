//! `kfctl-cn open`.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::process::Stdio;

use serde::Serialize;
use tokio::net::TcpListener;

use super::run::{Session, cancel_on_signals, unless_stopped};
use super::{Global, printer};
use crate::kube::{GATEWAY, Tunnel};
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Open Kubeflow in the browser: a port of this machine leads to its gateway until Ctrl-C
///
/// No load balancer and no open port of the cluster is needed. Connections find another pod when one goes, and the API server
/// may be away for a while.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The local port; 0 for any that is free
    #[arg(long, short, default_value_t = 8080, value_name = "PORT")]
    port: u16,

    /// Open no browser
    #[arg(long)]
    no_browser: bool,
}

#[derive(Serialize)]
struct Opened {
    url: String,
    credentials: &'static str,
}

/// Listens until a signal comes.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let client = unless_stopped(&cancel, session.cluster()).await?;
    let tunnel = Tunnel::new(client, GATEWAY, |text| printer::note(&format!("open: {text}")));
    unless_stopped(&cancel, async { Ok(tunnel.find().await?) }).await?;
    let listener = listen(args.port).await?;
    let port = listener.local_addr()?.port();
    // Cookies that are marked as secure are taken from this name without TLS, and from an address they aren't.
    let opened = Opened { url: format!("http://localhost:{port}"), credentials: "kfctl-cn credentials" };
    printer::value(global.output, &opened, |o| {
        format!("Kubeflow: {}\nlogin:    {} shows it\nCtrl-C ends it\n", o.url, o.credentials)
    })?;
    if !args.no_browser && global.interactive() {
        browse(&opened.url);
    }
    loop {
        tokio::select! {
            biased;
            // It is how it ends.
            () = cancel.stopped() => return Ok(ExitStatus::OK),
            accepted = listener.accept() => {
                // A client that is gone before it is served is no reason to end.
                let Ok((connection, _)) = accepted else { continue };
                let tunnel = tunnel.clone();
                tokio::spawn(async move { tunnel.carry(connection).await });
            }
        }
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        let used = error.kind() == ErrorKind::AddrInUse;
        let failed = Error::new(ErrorClass::Usage, format!("port {port} of this machine can't be listened on"));
        failed.caused_by(error.to_string()).hint(match used {
            true => "another program uses it: take another with --port, or any that is free with --port 0",
            false => "ports below 1024 are for root: take another with --port",
        })
    })
}

/// Opens the browser of the desktop, if there is one; that there is none is no fault.
fn browse(url: &str) {
    let desktop =
        cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|n| std::env::var_os(n).is_some());
    if desktop {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let mut command = tokio::process::Command::new(opener);
        let _ = command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }
}
