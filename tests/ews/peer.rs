//! A peer that knows nothing of HTTP libraries: it reads bytes and writes bytes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use abgleich::ews::{
    DistinguishedFolder, Endpoint, EwsError, GetFolder, Header, Impersonation, Lane, Login,
    Password, PlainHttp, ServerVersion, Settings, Timeouts, Trust,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What the peer does with one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// It writes these bytes and keeps the connection.
    Write(Vec<u8>),
    /// It writes these bytes and closes.
    WriteAndClose(Vec<u8>),
    /// It closes without a word.
    Close,
    /// It says nothing.
    Hang,
    /// It answers properly and closes as soon as the connection is idle.
    AnswerThenClose,
}

pub(crate) fn answer(folders: usize) -> String {
    let message = "<m:GetFolderResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>\
        <m:Folders><t:TasksFolder><t:FolderId Id=\"f\"/></t:TasksFolder></m:Folders></m:GetFolderResponseMessage>";
    format!(
        "<s:Envelope xmlns:s=\"s\" xmlns:m=\"m\" xmlns:t=\"t\"><s:Body><m:GetFolderResponse><m:ResponseMessages>{}\
         </m:ResponseMessages></m:GetFolderResponse></s:Body></s:Envelope>",
        message.repeat(folders)
    )
}

pub(crate) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

pub(crate) fn ok() -> Act {
    Act::Write(http("200 OK", "", &answer(1)))
}

/// What the peer saw: for each connection the requests on it, head and body.
type Seen = Arc<Mutex<Vec<Vec<String>>>>;

pub(crate) struct Peer {
    pub(crate) port: u16,
    seen: Seen,
}

impl Peer {
    /// Listens on this machine and does one act for each request, on whatever connection it comes.
    pub(crate) async fn start(acts: Vec<Act>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let acts = Arc::new(Mutex::new(acts.into_iter()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (acts, seen, tls) = (Arc::clone(&acts), Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &acts, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &acts, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn requests(&self) -> Vec<Vec<String>> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    acts: &Mutex<std::vec::IntoIter<Act>>,
    seen: &Seen,
) {
    let connection = {
        let mut seen = seen.lock().unwrap();
        seen.push(Vec::new());
        seen.len() - 1
    };
    while let Some(request) = request(&mut stream).await {
        seen.lock().unwrap()[connection].push(request);
        let act = acts.lock().unwrap().next().expect("a request that nobody expected");
        match act {
            Act::Write(bytes) => stream.write_all(&bytes).await.unwrap(),
            Act::WriteAndClose(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Act::AnswerThenClose => {
                stream.write_all(&http("200 OK", "", &answer(1))).await.unwrap();
                return;
            }
            Act::Close => return,
            Act::Hang => std::future::pending().await,
        }
        stream.flush().await.unwrap();
    }
}

/// Reads a head, and a body of the length that it names.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    bytes.extend_from_slice(&body);
    String::from_utf8(bytes).ok()
}

pub(crate) fn login() -> Login {
    Login::Basic { user: "FIRMA\\svc".to_owned(), password: Password::new("geheim") }
}

pub(crate) fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(20),
        read: Duration::from_secs(20),
        total: Duration::from_mins(1),
    }
}

pub(crate) fn plain(peer: &Peer, timeouts: Timeouts) -> Lane {
    let url = format!("http://127.0.0.1:{}/EWS/Exchange.asmx", peer.port);
    let endpoint = Endpoint::parse(&url, PlainHttp::OnLoopback).unwrap();
    Settings::new(endpoint, &login(), &Trust::System, timeouts).unwrap().lane()
}

pub(crate) fn header() -> Header {
    Header {
        impersonate: Some(Impersonation::PrimarySmtpAddress("eva@firma.example".to_owned())),
        ..Header::new(ServerVersion::V2013Sp1)
    }
}

pub(crate) async fn ask(lane: &mut Lane) -> Result<usize, EwsError> {
    let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
    lane.each(operation, &header()).await.map(|folders| folders.len())
}
