//! Whose certificates we believe (effect: reads files and the system's store).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::ews::error::ConnectError;

/// Whose certificates we believe. There is no way to believe everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those whom the system trusts.
    #[default]
    System,
    /// Those whom the system trusts, and those of a PEM file.
    SystemAnd(PathBuf),
    /// Only those of a PEM file.
    Only(PathBuf),
}

impl Trust {
    /// Prepares TLS. Do it once for many lanes: reading the system's store takes a while.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, ConnectError> {
        let mut roots = RootCertStore::empty();
        if let Self::System | Self::SystemAnd(_) = self {
            let found = rustls_native_certs::load_native_certs();
            // Some of the system's certificates are always unusable; none at all is a fault, unless
            // a file brings the ones that matter.
            let (usable, _) = roots.add_parsable_certificates(found.certs);
            if usable == 0 && *self == Self::System {
                let problem =
                    found.errors.first().map_or("there are none".to_owned(), ToString::to_string);
                return Err(ConnectError::Roots { from: "the system".to_owned(), problem });
            }
        }
        if let Self::SystemAnd(file) | Self::Only(file) = self {
            add_file(&mut roots, file)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ConnectError::Roots {
                from: "rustls".to_owned(),
                problem: error.to_string(),
            })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

fn add_file(roots: &mut RootCertStore, file: &Path) -> Result<(), ConnectError> {
    let fail = |problem: String| ConnectError::Roots { from: file.display().to_string(), problem };
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| fail(error.to_string()))?;
    let mut found = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| fail(error.to_string()))?;
        roots.add(certificate).map_err(|error| fail(error.to_string()))?;
        found += 1;
    }
    if found == 0 {
        return Err(fail(
            "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".to_owned(),
        ));
    }
    Ok(())
}
