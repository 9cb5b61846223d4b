//! Asks the system's name servers for SRV records (effect).
//!
//! Only for these: addresses come from the system's own resolver. A record leads nowhere by itself, since a host that nobody named
//! never sees the login, so that a forged answer costs no more than a detour.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::ews::autodiscover::srv::{Lookup, Srv, answer, question};

/// How many name servers are asked.
const SERVERS: usize = 3;

/// The most bytes of an answer over UDP; longer ones come over TCP.
const DATAGRAM: usize = 4096;

/// Looks up the SRV records of a name; none when there are none. Each name server has `limit`.
///
/// # Errors
///
/// When no name server answers, in words.
pub async fn look_up(name: &str, limit: Duration) -> Result<Vec<Srv>, String> {
    look_up_at(&servers()?, name, limit).await
}

async fn look_up_at(
    servers: &[SocketAddr],
    name: &str,
    limit: Duration,
) -> Result<Vec<Srv>, String> {
    let mut said = "this machine knows no name server".to_owned();
    for server in servers.iter().take(SERVERS) {
        match timeout(limit, ask(*server, name)).await {
            Ok(Ok(records)) => return Ok(records),
            Ok(Err(problem)) => said = format!("{server}: {problem}"),
            Err(_) => said = format!("{server}: no answer within {} s", limit.as_secs()),
        }
    }
    Err(said)
}

async fn ask(server: SocketAddr, name: &str) -> Result<Vec<Srv>, String> {
    let mut bytes = [0; 2];
    // A predictable id would let somebody else answer first.
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    let id = u16::from_be_bytes(bytes);
    let question = question(id, name).ok_or("this is no name for DNS")?;
    let found = over_udp(server, id, name, &question).await.map_err(|error| error.to_string())?;
    let found = match found {
        Lookup::Truncated => {
            over_tcp(server, id, name, &question).await.map_err(|error| error.to_string())?
        }
        other => other,
    };
    match found {
        Lookup::Records(records) => Ok(records),
        Lookup::Failed(problem) => Err(problem.into_owned()),
        Lookup::Truncated | Lookup::Foreign => Err("the answer makes no sense".to_owned()),
    }
}

async fn over_udp(
    server: SocketAddr,
    id: u16,
    name: &str,
    question: &[u8],
) -> std::io::Result<Lookup> {
    let any: SocketAddr =
        if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    // Datagrams of others do not come through a connected socket.
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match answer(id, name, buffer.get(..length).unwrap_or_default()) {
            Lookup::Foreign => {}
            found => return Ok(found),
        }
    }
}

async fn over_tcp(
    server: SocketAddr,
    id: u16,
    name: &str,
    question: &[u8],
) -> std::io::Result<Lookup> {
    let mut stream = TcpStream::connect(server).await?;
    // RFC 1035 §4.2.2: the length stands before the message.
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut buffer = vec![0; length.into()];
    stream.read_exact(&mut buffer).await?;
    Ok(answer(id, name, &buffer))
}

fn servers() -> Result<Vec<SocketAddr>, String> {
    Ok(addresses()?.into_iter().map(|address| SocketAddr::new(address, 53)).collect())
}

#[cfg(unix)]
fn addresses() -> Result<Vec<IpAddr>, String> {
    let file = "/etc/resolv.conf";
    let text = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let parsed = resolv_conf::Config::parse(text).map_err(|error| format!("{file}: {error}"))?;
    Ok(parsed.nameservers.into_iter().map(IpAddr::from).collect())
}

#[cfg(windows)]
fn addresses() -> Result<Vec<IpAddr>, String> {
    let adapters = ipconfig::get_adapters().map_err(|error| error.to_string())?;
    let up = adapters
        .iter()
        .filter(|adapter| adapter.oper_status() == ipconfig::OperStatus::IfOperStatusUp);
    Ok(up.flat_map(|adapter| adapter.dns_servers().to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, UdpSocket};

    use super::look_up_at;

    /// An answer to a question, with one record; the flags say what kind.
    fn reply(question: &[u8], flags: [u8; 2], record: bool) -> Vec<u8> {
        let mut bytes = question.to_vec();
        bytes[2..4].copy_from_slice(&flags);
        bytes[7] = u8::from(record);
        if record {
            bytes.extend(b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0d\x00\x0a\x00\x05\x01\xbb\x03ex1\x01y\x00");
        }
        bytes
    }

    #[tokio::test]
    async fn an_answer_too_long_for_a_datagram_is_asked_for_again_over_tcp() {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = tcp.local_addr().unwrap();
        let udp = UdpSocket::bind(server).await.unwrap();
        let name_server = async {
            let mut buffer = [0; 512];
            let (length, peer) = udp.recv_from(&mut buffer).await.unwrap();
            // Somebody else's datagram comes first and is not believed.
            let mut forged = reply(&buffer[..length], [0x81, 0x80], true);
            forged[0] ^= 0xff;
            udp.send_to(&forged, peer).await.unwrap();
            udp.send_to(&reply(&buffer[..length], [0x83, 0x80], false), peer).await.unwrap();
            let (mut stream, _) = tcp.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut question = vec![0; length.into()];
            stream.read_exact(&mut question).await.unwrap();
            let reply = reply(&question, [0x81, 0x80], true);
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await.unwrap();
            stream.write_all(&reply).await.unwrap();
        };
        let servers = [server];
        let asked =
            look_up_at(&servers, "_autodiscover._tcp.firma.example", Duration::from_secs(30));
        let (found, ()) = tokio::join!(asked, name_server);
        let found = found.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].host.as_str(), found[0].port, found[0].priority), ("ex1.y", 443, 10));
    }

    #[tokio::test]
    async fn a_name_server_that_fails_is_named() {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = udp.local_addr().unwrap();
        let name_server = async {
            let mut buffer = [0; 512];
            let (length, peer) = udp.recv_from(&mut buffer).await.unwrap();
            udp.send_to(&reply(&buffer[..length], [0x81, 0x82], false), peer).await.unwrap();
        };
        let servers = [server];
        let asked =
            look_up_at(&servers, "_autodiscover._tcp.firma.example", Duration::from_secs(30));
        let (found, ()) = tokio::join!(asked, name_server);
        let said = found.unwrap_err();
        assert!(said.starts_with(&server.to_string()) && said.contains("ServerFailure"), "{said}");
    }
}
