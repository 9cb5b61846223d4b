//! From a name to a connection, stage by stage (effect).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, PeerIncompatible};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::ews::error::{ConnectError, ProxyProblem, TlsProblem};
use crate::ews::transport::certificate::{Certificate, end_point_hash};
use crate::ews::transport::endpoint::Endpoint;
use crate::ews::transport::facts::{Dialed, TlsFacts};
use crate::ews::transport::places::Place;
use crate::ews::transport::proxy::Proxy;
use crate::ews::transport::trust::Rejection;

pub(super) type Sender = SendRequest<Full<Bytes>>;

/// How much is read from the system at once. By itself TLS asks for 4 KiB at a time, and answers have hundreds of them.
const READ_AHEAD: usize = 64 << 10;

/// A connection that stands, and what was said on it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: Sender,
    pub(super) dialed: Dialed,
    /// What a login on it is bound to; `None` without TLS.
    pub(super) end_point: Option<Vec<u8>>,
    /// Whether an answer came over it: then the server may close it at any moment.
    pub(super) used: bool,
    /// Whether the server takes what comes over it for ours.
    pub(super) logged_in: bool,
    /// Its place among those that the server allows.
    pub(super) place: Place,
}

/// The way to a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) proxy: Option<&'a Proxy>,
    pub(super) tls: Option<&'a Arc<ClientConfig>>,
    /// What each stage may take, so that it is clear which one was slow.
    pub(super) limit: Duration,
}

/// Dials.
pub(super) async fn dial(way: Way<'_>) -> Result<Connection, ConnectError> {
    let Way { endpoint, limit, .. } = way;
    let late = |stage| {
        // Up to there it is the proxy that does not answer.
        let proxy = way.proxy.filter(|_| stage != "tls");
        let authority = proxy.map_or_else(|| endpoint.authority(), Proxy::authority);
        ConnectError::TimedOut { authority, stage, waited: limit }
    };
    let addresses = timeout(limit, resolve(way)).await.map_err(|_| late("dns"))??;
    let stream = timeout(limit, connect(way, &addresses)).await.map_err(|_| late("tcp"))??;
    let address = stream.peer_addr().map_err(|error| tcp_error(way, &error))?;
    let local = stream.local_addr().map_err(|error| tcp_error(way, &error))?;
    // Requests are written in one go; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = match way.proxy {
        None => stream,
        Some(proxy) => {
            timeout(limit, proxy.tunnel(stream, endpoint)).await.map_err(|_| late("proxy"))??
        }
    };
    let Some(config) = way.tls else {
        let sender =
            timeout(limit, handshake(endpoint, stream)).await.map_err(|_| late("tcp"))??;
        let dialed = Dialed { address, local, tls: None };
        return Ok(Connection {
            sender,
            dialed,
            end_point: None,
            used: false,
            logged_in: false,
            place: None,
        });
    };
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|_| {
        let problem =
            TlsProblem::Handshake { detail: "the host is no name that TLS knows".to_owned() };
        ConnectError::Tls { authority: endpoint.authority(), problem, certificate: None }
    })?;
    let stream = BufReader::with_capacity(READ_AHEAD, stream);
    let connecting = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    let stream = timeout(limit, connecting)
        .await
        .map_err(|_| late("tls"))?
        .map_err(|error| tls_error(endpoint, &error))?;
    let session = stream.get_ref().1;
    // Both are known as soon as the handshake is through, even when an old session was resumed.
    let leaf = session.peer_certificates().and_then(|chain| chain.first());
    let leaf: &[u8] = leaf.map_or(&[], |leaf| leaf.as_ref());
    let certificate = Certificate::read(leaf);
    let end_point = Some(end_point_hash(leaf));
    let version = session
        .protocol_version()
        .map_or("TLS".to_owned(), |version| format!("{version:?}").replace("TLSv1_", "TLS 1."));
    let tls = Some(TlsFacts { protocol: version, certificate });
    let sender = timeout(limit, handshake(endpoint, stream)).await.map_err(|_| late("tls"))??;
    let dialed = Dialed { address, local, tls };
    Ok(Connection { sender, dialed, end_point, used: false, logged_in: false, place: None })
}

async fn resolve(way: Way<'_>) -> Result<Vec<SocketAddr>, ConnectError> {
    let (host, port) = match way.proxy {
        Some(proxy) => (proxy.host(), proxy.port()),
        None => (way.endpoint.host(), way.endpoint.port()),
    };
    let fail = |problem: String| ConnectError::Name { host: host.to_owned(), problem };
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = found
        .map_err(|error| fail(error.to_string()))?
        // `localhost` in a hosts file may lead anywhere; without TLS it must stay here.
        .filter(|address| way.endpoint.is_tls() || address.ip().is_loopback())
        .collect();
    if addresses.is_empty() {
        return Err(fail("it has no address".to_owned()));
    }
    Ok(addresses)
}

async fn connect(way: Way<'_>, addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(tcp_error(way, &error)),
        }
    }
    Err(last.unwrap_or_else(|| ConnectError::Name {
        host: way.endpoint.host().to_owned(),
        problem: "it has no address".to_owned(),
    }))
}

fn tcp_error(way: Way<'_>, error: &std::io::Error) -> ConnectError {
    match way.proxy {
        Some(proxy) => proxy.error(ProxyProblem::Broken(error.to_string())),
        None => {
            ConnectError::Tcp { authority: way.endpoint.authority(), problem: error.to_string() }
        }
    }
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
fn tls_error(endpoint: &Endpoint, error: &std::io::Error) -> ConnectError {
    let authority = endpoint.authority();
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = tls
        && let Some(rejection) = other.0.downcast_ref::<Rejection>()
    {
        let Rejection { problem, certificate } = rejection.clone();
        return ConnectError::Tls {
            authority,
            problem,
            certificate: Some(certificate.to_string()),
        };
    }
    let problem = match tls {
        Some(
            rustls::Error::AlertReceived(AlertDescription::HandshakeFailure)
            | rustls::Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
        ) => TlsProblem::NoCommonCipher,
        Some(
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
            | rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ),
        ) => TlsProblem::OldProtocol,
        Some(tls) => TlsProblem::Handshake { detail: tls.to_string() },
        None => TlsProblem::Handshake { detail: error.to_string() },
    };
    ConnectError::Tls { authority, problem, certificate: None }
}
