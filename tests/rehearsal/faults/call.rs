//! What a request to AWS asks for: the service, the operation, and what it is about.

/// How a service speaks: the shape of its requests and of its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// EC2: a form, and XML with a list of errors.
    Ec2,
    /// IAM, STS, RDS: a form, and XML with one error.
    Query,
    /// Secrets Manager, SQS, EventBridge, ECR, Service Quotas: a header names the operation.
    Json,
    /// EKS: verb and path, and JSON.
    RestJson,
    /// S3: verb, path and query, and XML.
    RestXml,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As in the signature: `ec2`, `iam`, `s3`.
    pub service: String,
    /// `CreateVpc`; where a verb and a path say it, these, without names: `GET /clusters/*/addons/*`.
    pub operation: String,
    /// The names in the request, between bars: two calls about one thing share one.
    about: Vec<String>,
}

/// The parameters that say what a call is about, as they are spelt in forms and JSON.
const NAMES: &[&str] = &[
    "RoleName",
    "UserName",
    "DBInstanceIdentifier",
    "DBSubnetGroupName",
    "DBParameterGroupName",
    "SecretId",
    "QueueName",
    "QueueUrl",
    "Rule",
    "Name",
    "nodegroupName",
    "addonName",
    "principalArn",
    "name",
];

impl Call {
    /// Reads a whole request.
    pub fn of(request: &[u8]) -> Call {
        let text = String::from_utf8_lossy(request);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut first = head.lines().next().unwrap_or_default().split(' ');
        let (verb, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let service = header(head, "authorization").and_then(|a| a.split('/').nth(3)).unwrap_or("none").to_owned();
        let (operation, about) = match protocol(&service) {
            Protocol::Ec2 | Protocol::Query => (field(body, "Action").unwrap_or_default(), form_names(body)),
            Protocol::Json => {
                let target = header(head, "x-amz-target").and_then(|t| t.rsplit_once('.'));
                (target.map(|(_, name)| name.to_owned()).unwrap_or_default(), json_names(body))
            }
            Protocol::RestJson => (format!("{verb} {}", pattern(path)), rest_names(path, body)),
            Protocol::RestXml => {
                let (bucket, query) = path.trim_start_matches('/').split_once('?').unwrap_or((path, ""));
                let part = query.split(['=', '&']).find(|part| !part.starts_with("x-id")).unwrap_or_default();
                let bucket = bucket.trim_matches('/').split('/').next().unwrap_or_default();
                (format!("{verb} {part}").trim().to_owned(), vec![bucket.to_owned()])
            }
        };
        Call { service, operation, about }
    }

    /// How its service speaks.
    pub fn protocol(&self) -> Protocol {
        protocol(&self.service)
    }

    /// `iam:CreateRole`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// True if it makes something that others may not see at once.
    pub fn makes(&self) -> bool {
        match self.protocol() {
            Protocol::RestJson => self.operation.starts_with("POST"),
            Protocol::RestXml => self.operation == "PUT",
            _ => ["Create", "Allocate", "PutRule"].iter().any(|verb| self.operation.starts_with(verb)),
        }
    }

    /// True if both are about the same thing.
    pub fn shares(&self, other: &Call) -> bool {
        self.service == other.service && self.about.iter().any(|name| !name.is_empty() && other.about.contains(name))
    }

    /// True if it looks for things by their tags: what isn't visible is then missing in the list, and no error.
    pub fn filters(&self) -> bool {
        self.service == "ec2" && self.operation.starts_with("Describe") && !self.about.is_empty()
    }
}

fn protocol(service: &str) -> Protocol {
    match service {
        "ec2" => Protocol::Ec2,
        "iam" | "sts" | "rds" => Protocol::Query,
        "eks" => Protocol::RestJson,
        "s3" => Protocol::RestXml,
        _ => Protocol::Json,
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn field(body: &str, name: &str) -> Option<String> {
    body.split('&').find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// The names of a form; in EC2's the address in our tag, which is in the call that makes and in the filter that finds.
fn form_names(body: &str) -> Vec<String> {
    let tag = "kfctl-cn%2Fresource&";
    let tagged =
        body.split_once(tag).and_then(|(_, rest)| rest.split('&').next()).and_then(|pair| pair.split_once('='));
    NAMES.iter().filter_map(|name| field(body, name)).chain(tagged.map(|(_, addr)| addr.to_owned())).collect()
}

fn json_names(body: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &&str| Some(value.get(*name)?.as_str()?.rsplit('/').next()?.to_owned());
    NAMES.iter().filter_map(text).collect()
}

fn rest_names(path: &str, body: &str) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let mut names = json_names(body);
    if let (true, Some(last)) = (names.is_empty(), path.rsplit('/').next()) {
        names.push(last.to_owned());
    }
    names
}

/// A path of EKS without names: every second part is one.
fn pattern(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.trim_matches('/').split('/').enumerate();
    // `/addons/supported-versions` and `/cluster-versions` have no names.
    parts
        .map(|(i, part)| if i % 2 == 1 && part != "supported-versions" { "/*".into() } else { format!("/{part}") })
        .collect()
}
