//! Emptying a versioned bucket: every version and every mark of a deletion, a thousand a call.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::aws::Call;
use crate::engine::Context;
use crate::model::{Error, ErrorClass, Result};
use crate::phases::site::Site;

/// Deletes all versions of all objects. Safe to repeat.
pub(super) async fn empty(site: &Site, bucket: &str, cx: &Context) -> Result<()> {
    let bug = |e: aws_sdk_s3::error::BuildError| {
        Error::new(ErrorClass::Bug, "a request to S3 can't be built").caused_by(e.to_string())
    };
    let mut gone = 0;
    loop {
        let page = site.aws.s3.list_object_versions().bucket(bucket).send().await;
        let Some(page) = page.unless("s3:ListBucketVersions", &["NoSuchBucket"])? else { return Ok(()) };
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let marks = page.delete_markers().iter().map(|m| (m.key(), m.version_id()));
        let mut batch = Vec::new();
        for (key, version) in versions.chain(marks) {
            let id =
                ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned));
            batch.push(id.build().map_err(bug)?);
        }
        if batch.is_empty() {
            return Ok(());
        }
        gone += batch.len();
        let delete = Delete::builder().set_objects(Some(batch)).quiet(true).build().map_err(bug)?;
        let answer = site.aws.s3.delete_objects().bucket(bucket).delete(delete).send().await;
        let answer = answer.call("s3:DeleteObjectVersion")?;
        if let Some(error) = answer.errors().first() {
            let why = error.message().or_else(|| error.code()).unwrap_or("no reason given");
            return Err(
                Error::new(ErrorClass::Permanent, format!("an object of {bucket} can't be deleted")).caused_by(why)
            );
        }
        cx.progress(format!("{gone} versions of objects deleted"));
    }
}
