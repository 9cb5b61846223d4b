//! From a name to a connection, stage by stage (effect).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::ews::error::{ConnectError, TlsProblem};
use crate::ews::transport::endpoint::Endpoint;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialed {
    /// The address that took it.
    pub address: SocketAddr,
    /// The version of TLS, if it is encrypted.
    pub tls: Option<String>,
}

pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Dials. Each stage has the whole time allowed, so that it is clear which one was slow.
pub(super) async fn dial(
    endpoint: &Endpoint,
    tls: Option<&Arc<ClientConfig>>,
    limit: Duration,
) -> Result<(Sender, Dialed), ConnectError> {
    let late =
        |stage| ConnectError::TimedOut { authority: endpoint.authority(), stage, waited: limit };
    let addresses = timeout(limit, resolve(endpoint)).await.map_err(|_| late("dns"))??;
    let stream = timeout(limit, connect(endpoint, &addresses)).await.map_err(|_| late("tcp"))??;
    let address = stream.peer_addr().map_err(|error| tcp_error(endpoint, &error))?;
    // Requests are written in one go; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(config) = tls else {
        let sender =
            timeout(limit, handshake(endpoint, stream)).await.map_err(|_| late("tcp"))??;
        return Ok((sender, Dialed { address, tls: None }));
    };
    let fail = |problem| ConnectError::Tls { authority: endpoint.authority(), problem };
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|_| {
        fail(TlsProblem::Handshake { detail: "the host is no name that TLS knows".to_owned() })
    })?;
    let connecting = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    let stream = timeout(limit, connecting)
        .await
        .map_err(|_| late("tls"))?
        .map_err(|error| fail(tls_problem(&error)))?;
    let version = stream.get_ref().1.protocol_version();
    let tls = version.map(|version| format!("{version:?}").replace("TLSv1_", "TLS 1."));
    let sender = timeout(limit, handshake(endpoint, stream)).await.map_err(|_| late("tls"))??;
    Ok((sender, Dialed { address, tls }))
}

async fn resolve(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, ConnectError> {
    let fail = |problem: String| ConnectError::Name { host: endpoint.host().to_owned(), problem };
    let found = tokio::net::lookup_host((endpoint.host(), endpoint.port())).await;
    let addresses: Vec<SocketAddr> = found
        .map_err(|error| fail(error.to_string()))?
        // `localhost` in a hosts file may lead anywhere; without TLS it must stay here.
        .filter(|address| endpoint.is_tls() || address.ip().is_loopback())
        .collect();
    if addresses.is_empty() {
        return Err(fail("it has no address".to_owned()));
    }
    Ok(addresses)
}

async fn connect(endpoint: &Endpoint, addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(tcp_error(endpoint, &error)),
        }
    }
    Err(last.unwrap_or_else(|| ConnectError::Name {
        host: endpoint.host().to_owned(),
        problem: "it has no address".to_owned(),
    }))
}

fn tcp_error(endpoint: &Endpoint, error: &std::io::Error) -> ConnectError {
    ConnectError::Tcp { authority: endpoint.authority(), problem: error.to_string() }
}

async fn handshake<S>(endpoint: &Endpoint, stream: S) -> Result<Sender, ConnectError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| {
        ConnectError::Tcp { authority: endpoint.authority(), problem: error.to_string() }
    })?;
    // It ends when the sender is dropped or the server closes; what goes wrong on it is told to
    // whoever waits for an answer.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}

/// Says which certificate was refused and why.
fn tls_problem(error: &std::io::Error) -> TlsProblem {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(tls) = tls else {
        return TlsProblem::Handshake { detail: error.to_string() };
    };
    let rustls::Error::InvalidCertificate(problem) = tls else {
        return TlsProblem::Handshake { detail: tls.to_string() };
    };
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
        other => TlsProblem::BadCertificate { detail: other.to_string() },
    }
}

/// Strips what webpki prints around a name (`DnsName("x.example")`).
fn plain_name(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}
