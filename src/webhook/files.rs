//! The certificate and the mapping, as files that may change under the running server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::mapping::Mapping;
use crate::model::{Error, ErrorClass, Result};

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Files {
    /// The certificate and those that signed it, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The mappings. The first must be there; later ones go over it and may be absent.
    pub mappings: Vec<PathBuf>,
}

/// What the files say, always whole: a new version takes the place of the old one when it has been understood.
pub(super) struct Current {
    files: Files,
    state: RwLock<State>,
}

struct State {
    tls: Arc<ServerConfig>,
    mapping: Arc<Mapping>,
    /// The bytes that this came from, in the order of the files.
    tls_bytes: Vec<Vec<u8>>,
    mapping_bytes: Vec<Vec<u8>>,
}

impl Current {
    /// Reads all files.
    ///
    /// # Errors
    /// Class `StateIo` or `Config`: a file that can't be read or used.
    pub(super) fn load(files: Files) -> Result<Current> {
        let tls_bytes = files.tls()?;
        let mapping_bytes = files.mapping()?;
        let state = State {
            tls: Arc::new(tls(&tls_bytes, &files)?),
            mapping: Arc::new(mapping(&mapping_bytes, &files)?),
            tls_bytes,
            mapping_bytes,
        };
        Ok(Current { files, state: RwLock::new(state) })
    }

    pub(super) fn tls(&self) -> Arc<ServerConfig> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).tls.clone()
    }

    pub(super) fn mapping(&self) -> Arc<Mapping> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).mapping.clone()
    }

    /// Looks at the files. What changed and can be used takes effect at once; otherwise the old stays. Says what changed,
    /// and what couldn't be used.
    pub(super) fn look(&self) -> (Vec<&'static str>, Vec<Error>) {
        let (mut changed, mut errors) = (Vec::new(), Vec::new());
        match self.look_at(Files::tls, |s| &mut s.tls_bytes, |bytes| tls(bytes, &self.files), |s, new| s.tls = new) {
            Ok(true) => changed.push("certificate"),
            Ok(false) => {}
            Err(error) => errors.push(error),
        }
        let read = |bytes: &[Vec<u8>]| mapping(bytes, &self.files);
        match self.look_at(Files::mapping, |s| &mut s.mapping_bytes, read, |s, new| s.mapping = new) {
            Ok(true) => changed.push("mapping"),
            Ok(false) => {}
            Err(error) => errors.push(error),
        }
        (changed, errors)
    }

    fn look_at<T>(
        &self,
        read: impl Fn(&Files) -> Result<Vec<Vec<u8>>>,
        known: impl Fn(&mut State) -> &mut Vec<Vec<u8>>,
        understand: impl Fn(&[Vec<u8>]) -> Result<T>,
        set: impl Fn(&mut State, Arc<T>),
    ) -> Result<bool> {
        let bytes = read(&self.files)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if *known(&mut state) == bytes {
            return Ok(false);
        }
        let new = understand(&bytes)?;
        *known(&mut state) = bytes;
        set(&mut state, Arc::new(new));
        Ok(true)
    }
}

impl Files {
    fn tls(&self) -> Result<Vec<Vec<u8>>> {
        [&self.certificate, &self.key].into_iter().map(|path| read(path)).collect()
    }

    fn mapping(&self) -> Result<Vec<Vec<u8>>> {
        let optional = |(index, path): (usize, &PathBuf)| match read(path) {
            Err(_) if index > 0 && !path.exists() => Ok(Vec::new()),
            other => other,
        };
        self.mappings.iter().enumerate().map(optional).collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).map_err(|e| Error::from(e).hint("in the cluster it is mounted from a Secret or ConfigMap"))
}

fn tls(bytes: &[Vec<u8>], files: &Files) -> Result<ServerConfig> {
    let bad = |path: &Path, why: String| {
        Error::new(ErrorClass::Config, format!("{} can't be used", path.display()))
            .caused_by(why)
            .hint("both files are PEM: a certificate with the chain that signed it, and its key")
    };
    let [certificate, key] = bytes else { return Err(Error::new(ErrorClass::Bug, "two files make a certificate")) };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|e| bad(&files.certificate, e.to_string()))?;
    // The error of a key never tells a part of it.
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| bad(&files.key, "it holds no private key".into()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error: rustls::Error| bad(&files.certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn mapping(bytes: &[Vec<u8>], files: &Files) -> Result<Mapping> {
    let texts: Vec<(String, String)> = files
        .mappings
        .iter()
        .zip(bytes)
        .map(|(path, bytes)| (path.display().to_string(), String::from_utf8_lossy(bytes).into_owned()))
        .collect();
    Mapping::parse(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}
