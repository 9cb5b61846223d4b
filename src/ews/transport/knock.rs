//! A page asked for in the clear (effect): only to learn where it leads, and with nothing in it that is a secret.
//!
//! It stands apart from the lanes, because a lane has a login and this must never have one.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{HOST, LOCATION, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::ews::transport::facts::Offer;
use crate::ews::transport::http::AGENT;

/// Asks for a page over plain http and returns the head of the answer, which everybody on the way may have written.
///
/// # Errors
///
/// When nobody answers within `limit`, in words.
pub async fn knock(host: &str, port: u16, path: &str, limit: Duration) -> Result<Offer, String> {
    timeout(limit, ask(host, port, path))
        .await
        .map_err(|_| format!("no answer within {} s", limit.as_secs()))?
}

async fn ask(host: &str, port: u16, path: &str) -> Result<Offer, String> {
    let stream = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let authority = if port == 80 { host.to_owned() } else { format!("{host}:{port}") };
    let request = Request::get(path)
        .header(HOST, authority)
        .header(USER_AGENT, AGENT)
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(|error| error.to_string());
    driver.abort();
    let answer = answer?;
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    Ok(Offer {
        status: answer.status().as_u16(),
        schemes: Vec::new(),
        location: location.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::knock;

    #[tokio::test]
    async fn quirk_33_a_redirect_is_learnt_and_nothing_secret_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 2048];
            let length = stream.read(&mut asked).await.unwrap();
            stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: https://mail.firma.example/x\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            String::from_utf8(asked[..length].to_vec()).unwrap()
        };
        let path = "/autodiscover/autodiscover.xml";
        let limit = Duration::from_secs(30);
        let (answer, asked) = tokio::join!(knock("127.0.0.1", port, path, limit), peer);
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status, answer.location.as_deref()),
            (302, Some("https://mail.firma.example/x"))
        );
        assert!(asked.starts_with("GET /autodiscover/autodiscover.xml HTTP/1.1\r\n"), "{asked}");
        let asked = asked.to_lowercase();
        assert!(!asked.contains("authorization") && !asked.contains("cookie"), "{asked}");
    }
}
