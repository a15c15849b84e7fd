//! Why the API server refuses, and whether that passes.

use std::error::Error as _;
use std::fmt;

use crate::model::{Error, ErrorClass};

/// A refused or failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How it behaves.
    pub class: ErrorClass,
    /// The HTTP status; 0 if no answer came.
    pub code: u16,
    /// What the server says, or what went wrong on the way.
    pub message: String,
    /// What to do, if anything can be said.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal that no repetition heals.
    pub fn permanent(message: String) -> Self {
        Refusal { class: ErrorClass::Permanent, code: 0, message, hint: None }
    }

    /// True if the same request may succeed later without anybody's doing.
    pub fn passes(&self) -> bool {
        matches!(self.class, ErrorClass::Transient | ErrorClass::Unreachable)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let error = Error::new(refusal.class, refusal.message);
        match refusal.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        Refusal { class: error.class, code: 0, message, hint: error.hints.into_iter().next() }
    }
}

/// Texts of the API server that speak of something passing, whatever the status.
const PASSING: &[&str] = &[
    "failed calling webhook",
    "conversion webhook for",
    "no endpoints available",
    "storage is (re)initializing",
    "the object has been modified",
    "is being terminated",
    "etcdserver:",
    "request timed out",
    "not yet ready to handle request",
];

/// Texts that say what to do.
const HINTS: &[(&str, &str)] = &[
    ("field is immutable", "delete the object by hand; the next `kfctl-cn up` makes it again as wanted"),
    ("updates to statefulset spec", "delete the StatefulSet by hand; the next `kfctl-cn up` makes it again as wanted"),
    (
        "updates to parameters are forbidden",
        "delete the StorageClass by hand: volumes that are there stay as they are, and the next `kfctl-cn up` makes it again",
    ),
    ("cannot change roleRef", "delete the binding by hand; the next `kfctl-cn up` makes it again as wanted"),
    ("denied request", "an admission policy of the cluster refuses the object: its message says why"),
    ("definition is terminating", "somebody deleted the CRD: once it is gone, `kfctl-cn up` makes it again"),
    ("denied the request", "an admission webhook refuses the object: its message says why"),
    ("exceeded quota", "raise the namespace's quota, or remove what uses it"),
    ("failed calling webhook", "the webhook's pods must be Ready, and its configuration must carry their CA"),
    ("conversion webhook for", "the conversion webhook's pods must be Ready, and the CRD must carry their CA"),
];

/// What an error of the client library means; `url` is the API server's.
pub(super) fn from_kube(error: ::kube::Error, url: &str) -> Refusal {
    match error {
        ::kube::Error::Api(status) => from_status(status.code, &status.message),
        other => {
            let mut message = other.to_string();
            // The name of the library's layer says nothing to those who look for the fault.
            if let Some(plain) = message.strip_prefix("ServiceError: ") {
                message = plain.to_owned();
            }
            let mut cause = other.source();
            while let Some(error) = cause {
                let text = error.to_string();
                if !message.contains(&text) {
                    message = format!("{message}: {text}");
                }
                cause = error.source();
            }
            Refusal {
                class: ErrorClass::Unreachable,
                code: 0,
                message: format!("the API server {url} can't be reached: {message}"),
                hint: Some("look at the network, and at spec.cluster.publicAccessCidrs in kfctl-cn.yaml".into()),
            }
        }
    }
}

/// What a status means.
pub(super) fn from_status(code: u16, message: &str) -> Refusal {
    let has = |text: &&str| message.contains(*text);
    let class = match code {
        _ if PASSING.iter().any(&has) => ErrorClass::Transient,
        // The access entry of a new cluster takes some seconds to be known, and a token ends after 15 minutes.
        401 => ErrorClass::Transient,
        // So does the policy of that entry: until then the caller is known and may do nothing.
        403 if message.contains("is forbidden: User \"") => ErrorClass::Transient,
        408 | 409 | 425 | 429 | 500..=599 => ErrorClass::Transient,
        _ => ErrorClass::Permanent,
    };
    let hint = match code {
        401 => Some("the access entry of a new cluster takes some seconds; after that, look at the credentials"),
        403 if !message.contains("denied the request") => {
            Some("the caller needs an access entry with AmazonEKSClusterAdminPolicy; a new one takes up to a minute")
        }
        _ => None,
    };
    let hint = hint.or_else(|| HINTS.iter().find(|(text, _)| has(text)).map(|(_, hint)| *hint)).map(str::to_owned);
    let homeless = code == 404 && message.starts_with("namespaces \"");
    let hint = hint
        .or_else(|| homeless.then(|| "somebody deleted the namespace: the next `kfctl-cn up` makes it again".into()));
    let message = if message.is_empty() { format!("HTTP status {code}") } else { message.to_owned() };
    Refusal { class, code, message, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let passing = [
            (429, "storage is (re)initializing"),
            (500, "Internal error occurred: failed calling webhook \"webhook.cert-manager.io\": connection refused"),
            (500, "conversion webhook for cert-manager.io/v1alpha2, Kind=Issuer failed: Post \"https://…\""),
            (503, "no endpoints available for service \"webhook\""),
            // Its deployment is Available, but its CA isn't injected yet, or its port isn't open yet.
            (500, "failed calling webhook \"webhook.cert-manager.io\": x509: certificate signed by unknown authority"),
            (500, "failed calling webhook \"webhook.cert-manager.io\": context deadline exceeded"),
            (401, "Unauthorized"),
            (409, "Operation cannot be fulfilled: the object has been modified; please apply your changes"),
            (
                403,
                "configmaps \"x\" is forbidden: User \"arn:aws-cn:iam::1:user/x\" cannot get resource \"configmaps\"",
            ),
            (403, "unable to create new content in namespace x because it is being terminated"),
            (404, "failed calling webhook \"x\": the server could not find the requested resource"),
        ];
        for (code, message) in passing {
            assert!(from_status(code, message).passes(), "{message}");
        }
        let lasting = [
            (422, "Deployment.apps \"a\" is invalid: spec.selector: Invalid value: field is immutable"),
            (403, "admission webhook \"x\" denied the request: name is taken"),
            (403, "users \"x\" is forbidden"),
            (400, "strict decoding error"),
            (404, "namespaces \"a\" not found"),
            (404, "no matches for kind \"Certificate\" in version \"cert-manager.io/v1alpha2\""),
            (404, "the server could not find the requested resource"),
        ];
        for (code, message) in lasting {
            assert!(!from_status(code, message).passes(), "{message}");
        }
    }

    #[test]
    fn immutable_fields_have_a_hint() {
        let hint = from_status(422, "x: spec.selector: Invalid value: field is immutable").hint;
        assert!(hint.unwrap().contains("kfctl-cn up"));
        assert!(from_status(403, "admission webhook \"x\" denied the request: no").hint.unwrap().contains("webhook"));
    }
}
