//! Whether there is a bucket under a name, and whose it is.

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::{Call, Clients};
use crate::model::Result;

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
    /// a list, for which the same permission is needed. Source: Amazon S3 API reference, HeadBucket and ListObjectsV2.
    ///
    /// # Errors
    /// What the calls say; needs `s3:ListBucket`, and `s3:GetBucketLocation` to tell whose a bucket is that may not be listed.
    pub async fn find_bucket(&self, name: &str, account: &str) -> Result<Found> {
        let head = self.s3.head_bucket().bucket(name).expected_bucket_owner(account).send().await;
        let status = head.as_ref().err().and_then(|e| e.raw_response()).map(|r| r.status().as_u16());
        match status {
            Some(404) => Ok(Found::Absent),
            Some(301) => Ok(Found::Elsewhere),
            Some(400 | 403) => self.why_refused(name, account).await,
            _ => head.call("s3:ListBucket").map(|_| Found::Here),
        }
    }

    async fn why_refused(&self, name: &str, account: &str) -> Result<Found> {
        let list = self.s3.list_objects_v2().bucket(name).max_keys(1).expected_bucket_owner(account).send().await;
        match list.as_ref().err().and_then(|e| e.as_service_error()).and_then(|e| e.code()) {
            Some("NoSuchBucket") => Ok(Found::Absent),
            Some(code) if ELSEWHERE.contains(&code) => Ok(Found::Elsewhere),
            Some("AccessDenied") => {
                let place = self.s3.get_bucket_location().bucket(name).expected_bucket_owner(account).send().await;
                match place.unless("s3:GetBucketLocation", &["AccessDenied"])? {
                    None => Ok(Found::Denied),
                    Some(_) => list.call("s3:ListBucket").map(|_| Found::Here),
                }
            }
            _ => list.call("s3:ListBucket").map(|_| Found::Here),
        }
    }
}
