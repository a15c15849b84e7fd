//! Whether there is a bucket under a name, and whose it is.

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::{Call, Clients};
use crate::model::{Error, ErrorClass, Result};

/// The codes with which S3 tells that a bucket is in another region.
pub const ELSEWHERE: [&str; 3] =
    ["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"];

/// What is there under a bucket's name. All accounts of the partition share the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Absent,
    /// A bucket of the account, in the region of the clients.
    Here,
    /// A bucket in another region.
    Elsewhere,
    /// A bucket of another account, or one that the caller may not look at.
    Denied,
}

impl Clients {
    /// Looks for a bucket of an account.
    ///
    /// HEAD has no body, hence no code: 400 and 403 are also what expired credentials and a wrong clock look like. What they mean says
    /// the same question as a GET. Source: Amazon S3 API reference, HeadBucket.
    ///
    /// # Errors
    /// What the calls say; needs `s3:ListBucket`, and `s3:GetBucketLocation` to tell refusals apart.
    pub async fn find_bucket(&self, name: &str, account: &str) -> Result<Found> {
        let head = self.s3.head_bucket().bucket(name).expected_bucket_owner(account).send().await;
        let status = head.as_ref().err().and_then(|e| e.raw_response()).map(|r| r.status().as_u16());
        match status {
            Some(404) => Ok(Found::Absent),
            Some(301) => Ok(Found::Elsewhere),
            Some(status @ (400 | 403)) => self.why_refused(name, account, status).await,
            _ => head.call("s3:ListBucket").map(|_| Found::Here),
        }
    }

    async fn why_refused(&self, name: &str, account: &str, status: u16) -> Result<Found> {
        let answer = self.s3.get_bucket_location().bucket(name).expected_bucket_owner(account).send().await;
        let code = answer.as_ref().err().and_then(|e| e.as_service_error()).and_then(|e| e.code());
        match code {
            Some("NoSuchBucket") => return Ok(Found::Absent),
            Some("AccessDenied") => return Ok(Found::Denied),
            Some(code) if ELSEWHERE.contains(&code) => return Ok(Found::Elsewhere),
            _ => answer.call("s3:GetBucketLocation")?,
        };
        let refused = |class| Error::new(class, format!("s3:ListBucket: refused without a reason (HTTP {status})"));
        Err(match status {
            403 => refused(ErrorClass::Permanent)
                .caused_by(format!("the bucket {name} is in this account"))
                .hint("allow `s3:ListBucket` to the identity that runs kfctl-cn"),
            _ => refused(ErrorClass::Transient),
        })
    }
}
