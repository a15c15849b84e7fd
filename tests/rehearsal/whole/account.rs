//! What the stand-in for AWS tells a test: writes, what the account holds, secrets.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::environment::World;

/// Kind: names of what there is.
pub type Inventory = BTreeMap<String, Vec<String>>;

impl World {
    /// Calls to AWS that may have changed something since [`World::forget_calls`], by operation.
    pub fn aws_writes(&self) -> BTreeMap<String, u64> {
        serde_json::from_value(self.http("GET", "/moto-api/kfctl/calls", &[], "")).expect("counts")
    }

    /// Sets the counts of calls to nothing.
    pub fn forget_calls(&self) {
        self.http("DELETE", "/moto-api/kfctl/calls", &[], "");
    }

    /// Everything that the account holds in the region, without the kinds of which it holds nothing.
    pub fn inventory(&self) -> Inventory {
        let all = self.http("GET", &format!("/moto-api/kfctl/inventory/{}", self.region), &[], "");
        let all: Inventory = serde_json::from_value(all).expect("an inventory");
        all.into_iter().filter(|(_, names)| !names.is_empty()).collect()
    }

    /// The values of a JSON secret.
    pub fn secret(&self, name: &str) -> BTreeMap<String, String> {
        let scope = format!("{}/20260101/{}/secretsmanager/aws4_request", self.var("AWS_ACCESS_KEY_ID"), self.region);
        let headers = [
            ("X-Amz-Target", "secretsmanager.GetSecretValue".to_string()),
            ("Content-Type", "application/x-amz-json-1.1".to_string()),
            ("Authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")),
        ];
        let answer = self.http("POST", "/", &headers, &format!("{{\"SecretId\":\"{name}\"}}"));
        let text = answer["SecretString"].as_str().unwrap_or_else(|| panic!("secret {name}: {answer}"));
        serde_json::from_str(text).expect("a JSON secret")
    }

    fn http(&self, method: &str, path: &str, headers: &[(&str, String)], body: &str) -> Value {
        let host = self.var("AWS_ENDPOINT_URL").trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("the stand-in for AWS listens");
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{method} {path}: {error}: {body}"))
    }
}
