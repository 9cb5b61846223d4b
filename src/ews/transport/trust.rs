//! Whose certificates we believe (effect: reads files and the system's store).

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};
use sha2::{Digest as _, Sha256};

use crate::ews::error::{ConnectError, TlsProblem};
use crate::ews::transport::certificate::Certificate;

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
    /// One certificate alone, by the SHA-256 of its DER form, whoever issued it and whatever names
    /// and dates stand in it. That the server holds its key is proven all the same.
    Pinned([u8; 32]),
}

impl Trust {
    /// Prepares TLS. Do it once for many lanes: reading the system's store takes a while.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, ConnectError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let fail = |error: &dyn fmt::Display| ConnectError::Roots {
            from: "rustls".to_owned(),
            problem: error.to_string(),
        };
        let belief = match self {
            Self::Pinned(fingerprint) => Belief::Pin(*fingerprint),
            _ => Belief::Roots(
                WebPkiServerVerifier::builder_with_provider(
                    Arc::new(self.roots()?),
                    Arc::clone(&provider),
                )
                .build()
                .map_err(|error| fail(&error))?,
            ),
        };
        let verifier = Verifier { belief, provider: Arc::clone(&provider) };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| fail(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, ConnectError> {
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
        Ok(roots)
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

/// The reason why a certificate was refused, and which one; it travels inside the error of rustls.
#[derive(Debug, Clone)]
pub(super) struct Rejection {
    pub(super) problem: TlsProblem,
    pub(super) certificate: Certificate,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl Error for Rejection {}

#[derive(Debug)]
enum Belief {
    Roots(Arc<WebPkiServerVerifier>),
    Pin([u8; 32]),
}

/// Judges certificates by the rules of webpki, or by a fingerprint, and says which one it refused.
#[derive(Debug)]
struct Verifier {
    belief: Belief,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let roots = match &self.belief {
            Belief::Roots(roots) => roots,
            Belief::Pin(wanted) => {
                if Sha256::digest(end_entity).as_slice() == wanted {
                    return Ok(ServerCertVerified::assertion());
                }
                return Err(reject(TlsProblem::NotPinned, Certificate::read(end_entity)));
            }
        };
        roots
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match error {
                rustls::Error::InvalidCertificate(problem) => {
                    let problem = certificate_problem(&problem);
                    let blamed = match problem {
                        TlsProblem::Expired { .. } => out_of_date(end_entity, intermediates, now),
                        _ => None,
                    };
                    reject(problem, blamed.unwrap_or_else(|| Certificate::read(end_entity)))
                }
                other => other,
            })
    }

    // Whoever shows a certificate must prove that he holds its key, pinned or not.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn reject(problem: TlsProblem, certificate: Certificate) -> rustls::Error {
    let rejection = Rejection { problem, certificate };
    CertificateError::Other(OtherError(Arc::new(rejection))).into()
}

/// Finds the certificate of a chain that is out of date: often an intermediate one.
fn out_of_date(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> Option<Certificate> {
    let now = Timestamp::from_second(i64::try_from(now.as_secs()).ok()?).ok()?;
    std::iter::once(end_entity)
        .chain(intermediates)
        .map(|der| Certificate::read(der))
        .find(|certificate| certificate.is_out_of_date(now))
}

fn certificate_problem(problem: &CertificateError) -> TlsProblem {
    match problem {
        CertificateError::Expired
        | CertificateError::NotValidYet
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYetContext { .. } => {
            TlsProblem::Expired { detail: problem.to_string() }
        }
        CertificateError::UnknownIssuer => TlsProblem::UnknownIssuer,
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsProblem::WrongName { names: presented.iter().map(|name| plain_name(name)).collect() }
        }
        CertificateError::NotValidForName => TlsProblem::WrongName { names: Vec::new() },
        // webpki says these by the name that they have in its code.
        CertificateError::Other(other) => {
            TlsProblem::BadCertificate { detail: spaced(&other.0.to_string()) }
        }
        other => TlsProblem::BadCertificate { detail: other.to_string() },
    }
}

/// Takes a name apart into its words: `CaUsedAsEndEntity` is "ca used as end entity".
fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// Strips what webpki prints around a name (`DnsName("x.example")`).
fn plain_name(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}
