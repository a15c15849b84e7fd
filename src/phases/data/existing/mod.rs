//! Bucket, database and secrets that were there before: looked at, judged, used, and never changed.

mod access;
mod bucket;
mod database;
mod host;
mod secret;

pub(super) use access::ExistingAccess;
pub(super) use bucket::ExistingBucket;
pub(super) use database::ExistingDatabase;
pub(super) use host::ExistingHost;
pub(super) use secret::ExistingSecret;
