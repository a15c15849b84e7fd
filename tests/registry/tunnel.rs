//! An HTTP proxy that wants a login and leads one name to a registry on this machine, by CONNECT.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A running proxy; ends with the runtime that it was started in.
pub struct Tunnel {
    pub host: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// Starts one that leads to `behind`, for `login` (user, colon, password).
    pub async fn start(behind: &str, login: &str) -> Tunnel {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let wanted = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login));
        let (behind, written) = (behind.to_owned(), log.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (behind, wanted, log) = (behind.clone(), wanted.clone(), written.clone());
                tokio::spawn(async move { serve(stream, &behind, &wanted, &log).await });
            }
        });
        Tunnel { host, log }
    }

    /// The names that were asked for, each once, with the answers.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.log.lock().unwrap().clone();
        asked.sort();
        asked.dedup();
        asked
    }
}

async fn serve(stream: TcpStream, behind: &str, wanted: &str, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let logged_in = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .any(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value == wanted);
    let status = if logged_in { "200 Connection established" } else { "407 Proxy Authentication Required" };
    log.lock().unwrap().push(format!("{line} {}", &status[..3]));
    stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await?;
    if logged_in {
        let mut registry = TcpStream::connect(behind).await?;
        tokio::io::copy_bidirectional(&mut stream, &mut registry).await?;
    }
    Ok(())
}
