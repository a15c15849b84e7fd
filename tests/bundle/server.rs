//! A small HTTP server on loopback that says what it is told to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is answered to one request.
#[derive(Clone)]
pub enum Answer {
    /// 200 with this body.
    Body(Vec<u8>),
    /// 200 that promises the whole body, sends this much of it and hangs up.
    Cut(Vec<u8>, usize),
    /// 200 that sends this much of the body and then nothing, for a minute.
    Stall(Vec<u8>, usize),
    /// A status without a body.
    Status(u16),
    /// 302 to another path.
    Redirect(String),
}

/// A running server; ends with the runtime that it was started in.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one. For each path a list of answers; the last one is given again and again. Anything else is 404.
    pub async fn start(answers: impl IntoIterator<Item = (&'static str, Vec<Answer>)>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers: HashMap<String, Vec<Answer>> =
            answers.into_iter().map(|(path, list)| (path.into(), list)).collect();
        let answers = Arc::new(Mutex::new(answers));
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&log)));
            }
        });
        Server { address, requests }
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths that were asked for.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<HashMap<String, Vec<Answer>>>>,
    log: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_string();
    log.lock().unwrap().push(path.clone());
    let answer = {
        let mut answers = answers.lock().unwrap();
        match answers.get_mut(&path) {
            None => Answer::Status(404),
            Some(list) if list.len() > 1 => list.remove(0),
            Some(list) => list[0].clone(),
        }
    };
    let (status, extra, body, sent, stall) = match answer {
        Answer::Body(body) => (200, String::new(), body.clone(), body.len(), false),
        Answer::Cut(body, sent) => (200, String::new(), body, sent, false),
        Answer::Stall(body, sent) => (200, String::new(), body, sent, true),
        Answer::Status(status) => (status, String::new(), Vec::new(), 0, false),
        Answer::Redirect(to) => (302, format!("location: {to}\r\n"), Vec::new(), 0, false),
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n", body.len());
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&body[..sent]).await.ok()?;
    stream.flush().await.ok()?;
    if stall {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    Some(())
}
