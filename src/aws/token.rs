//! The bearer token of the EKS API: a presigned call of STS that the cluster makes in the caller's name.
//!
//! Source: aws-iam-authenticator, `pkg/token`: prefix `k8s-aws-v1.`, unpadded URL-safe base64 of the URL, header `x-k8s-aws-id`
//! signed, `X-Amz-Expires` 60; the cluster takes it for 15 minutes after signing.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::{Error, ErrorClass, Region, Result, Secret};

use super::Clients;

impl Clients {
    /// A token for the API server of an EKS cluster, good for 15 minutes. Signed here; nothing is called. The host is always the
    /// regional one of AWS China, because the cluster takes no other, whatever `AWS_ENDPOINT_URL` says.
    ///
    /// # Errors
    /// Class `Credentials` if there are none.
    pub async fn eks_token(&self, cluster: &str) -> Result<Secret> {
        token(self.credentials().await?, self.region, cluster, SystemTime::now())
    }
}

fn token(credentials: Credentials, region: Region, cluster: &str, at: SystemTime) -> Result<Secret> {
    let bug = |error: String| Error::new(ErrorClass::Bug, "the EKS token can't be signed").caused_by(error);
    let url = format!("https://{}/?Action=GetCallerIdentity&Version=2011-06-15", region.host("sts"));
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(60));
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region.as_str())
        .name("sts")
        .time(at)
        .settings(settings)
        .build()
        .map_err(|error| bug(error.to_string()))?
        .into();
    let headers = [("x-k8s-aws-id", cluster)].into_iter();
    let request =
        SignableRequest::new("GET", &url, headers, SignableBody::Bytes(&[])).map_err(|error| bug(error.to_string()))?;
    let (instructions, _) = sign(request, &params).map_err(|error| bug(error.to_string()))?.into_parts();
    let mut request = http::Request::get(&url).body(()).map_err(|error| bug(error.to_string()))?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(Secret::new(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(request.uri().to_string()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presigned(region: Region, session: Option<&str>) -> String {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", session.map(str::to_owned), None, "test");
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000);
        let token = token(credentials, region, "kf", at).unwrap();
        let coded = token.expose().strip_prefix("k8s-aws-v1.").unwrap().to_owned();
        assert!(!coded.contains('='));
        String::from_utf8(URL_SAFE_NO_PAD.decode(coded).unwrap()).unwrap()
    }

    #[test]
    fn the_token_is_a_presigned_call_to_the_regional_host() {
        for region in Region::ALL {
            let url = presigned(region, None);
            let start = format!("https://sts.{region}.amazonaws.com.cn/?Action=GetCallerIdentity&Version=2011-06-15&");
            assert!(url.starts_with(&start), "{url}");
            assert!(url.contains("X-Amz-Expires=60"), "{url}");
            assert!(url.contains("X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"), "{url}");
            assert!(url.contains(&format!("%2F{region}%2Fsts%2Faws4_request")), "{url}");
            assert!(!url.contains("secret"), "{url}");
        }
    }

    #[test]
    fn a_session_token_goes_along() {
        assert!(presigned(Region::CnNorth1, Some("SESSION")).contains("X-Amz-Security-Token=SESSION"));
    }
}
