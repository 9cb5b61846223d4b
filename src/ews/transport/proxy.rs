//! The way through an HTTP proxy: `CONNECT` (effect; RFC 9110, section 9.3.6).

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::ews::auth::Password;
use crate::ews::error::{ConnectError, ProxyProblem};
use crate::ews::transport::endpoint::{Endpoint, split_authority};
use crate::ews::transport::http::AGENT;
use crate::ews::transport::login::basic;

/// A proxy that connections to a server go through. What it carries is encrypted from end to end.
#[derive(Debug, Clone)]
pub struct Proxy {
    host: String,
    port: u16,
    login: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://host:port`; the port is 8080 unless it is written. The login, if there is one,
    /// is sent to the proxy in the clear: that is how proxies take it.
    ///
    /// # Errors
    ///
    /// What cannot be used.
    pub fn new(url: &str, login: Option<(&str, &Password)>) -> Result<Self, ConnectError> {
        let refuse = |problem| ConnectError::Url { url: url.to_owned(), problem };
        let rest = match url.split_once("://") {
            None => url,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err(refuse("a proxy is reached by http://host:port")),
        };
        let authority = rest.trim_end_matches('/');
        if authority.contains('@') {
            // The text holds a password, so that it is not repeated.
            return Err(ConnectError::Url {
                url: "of the proxy".to_owned(),
                problem: "a user or password does not belong into it",
            });
        }
        let (host, port) = split_authority(authority)
            .ok_or_else(|| refuse("the host or the port of the proxy cannot be read"))?;
        let login = login.map(|(user, password)| basic(user, password)).transpose()?;
        Ok(Self { host, port: port.unwrap_or(8080), login })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Returns host and port for messages.
    pub(super) fn authority(&self) -> String {
        let brackets = self.host.contains(':');
        let host = if brackets { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }

    /// Turns a problem into an error that names the proxy.
    pub(super) fn error(&self, problem: ProxyProblem) -> ConnectError {
        ConnectError::Proxy { proxy: self.authority(), problem }
    }

    /// Asks the proxy, over a connection to it, to lead to a server.
    pub(super) async fn tunnel(
        &self,
        stream: TcpStream,
        endpoint: &Endpoint,
    ) -> Result<TcpStream, ConnectError> {
        let broken = |problem: String| self.error(ProxyProblem::Broken(problem));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(error.to_string()))?;
        tokio::spawn(async move {
            let _ = connection.with_upgrades().await;
        });
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(endpoint.authority())
            .header(HOST, endpoint.authority())
            .header(USER_AGENT, AGENT);
        if let Some(login) = &self.login {
            request = request.header(PROXY_AUTHORIZATION, login.clone());
        }
        let request =
            request.body(Empty::<Bytes>::new()).map_err(|error| broken(error.to_string()))?;
        let response =
            sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
        match response.status().as_u16() {
            200..=299 => {}
            407 => return Err(self.error(ProxyProblem::Login)),
            status => return Err(self.error(ProxyProblem::Status(status))),
        }
        let upgraded =
            hyper::upgrade::on(response).await.map_err(|error| broken(error.to_string()))?;
        let parts = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .map_err(|_| broken("the connection was not handed over".to_owned()))?;
        // The server speaks after us, so that nothing of it can have arrived.
        if !parts.read_buf.is_empty() {
            return Err(broken("it sent more than was asked for".to_owned()));
        }
        Ok(parts.io.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_and_never_print_their_login() {
        let password = Password::new("geheim");
        let proxy = Proxy::new("http://proxy.firma.example:3128/", Some(("eva", &password)));
        let proxy = proxy.unwrap();
        assert_eq!(proxy.authority(), "proxy.firma.example:3128");
        // The base64 of "eva:geheim".
        assert!(!format!("{proxy:?}").contains("ZXZhOmdlaGVpbQ"));
        assert_eq!(Proxy::new("proxy.firma.example", None).unwrap().port(), 8080);
        for wrong in ["https://proxy/", "socks5://proxy:1080", "http://", "http://p:x"] {
            assert!(Proxy::new(wrong, None).is_err(), "{wrong}");
        }
        let error = Proxy::new("http://eva:geheim@proxy:1", None).unwrap_err();
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}
