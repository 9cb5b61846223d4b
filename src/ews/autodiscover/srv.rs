//! SRV records of DNS (pure): the question, the answer, and their order.

use std::borrow::Cow;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, TYPE};

/// A record `_autodiscover._tcp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// The lowest is asked first.
    pub priority: u16,
    /// Among equals the highest is asked first.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, without the dot at its end.
    pub host: String,
}

/// What a name server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup {
    /// The records in the order in which they are to be tried; none when the name has none.
    Records(Vec<Srv>),
    /// The answer did not fit; ask again over TCP.
    Truncated,
    /// This name server does not know or does not want; another may.
    Failed(Cow<'static, str>),
    /// The datagram answers something else.
    Foreign,
}

/// Writes the question for a name; `None` when it is no name.
pub(super) fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).ok()?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(TYPE::SRV), CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

/// Reads the answer to the question with this id and name.
pub(super) fn answer(id: u16, name: &str, bytes: &[u8]) -> Lookup {
    let Ok(packet) = Packet::parse(bytes) else { return Lookup::Foreign };
    let asked = packet.questions.iter().all(|question| {
        question
            .qname
            .to_string()
            .trim_end_matches('.')
            .eq_ignore_ascii_case(name.trim_end_matches('.'))
    });
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) || !asked {
        return Lookup::Foreign;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Lookup::Truncated;
    }
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        code => return Lookup::Failed(format!("the name server answered {code:?}").into()),
    }
    let records = packet.answers.iter().filter_map(|record| match &record.rdata {
        RData::SRV(srv) => Some(Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            host: srv.target.to_string().trim_end_matches('.').to_ascii_lowercase(),
        }),
        _ => None,
    });
    Lookup::Records(in_order(records.collect()))
}

/// Orders records: lowest priority first, then highest weight. RFC 2782 wants chance among equals, to spread load; here
/// one administrator asks once, and the same answer twice is worth more. A record for `.` says that there is no service.
fn in_order(mut records: Vec<Srv>) -> Vec<Srv> {
    records.retain(|record| !record.host.is_empty() && record.port != 0);
    records.sort_by(|one, other| {
        (one.priority, other.weight, &one.host).cmp(&(other.priority, one.weight, &other.host))
    });
    records
}

#[cfg(test)]
mod tests {
    use super::{Lookup, Srv, answer, in_order, question};

    fn srv(priority: u16, weight: u16, host: &str) -> Srv {
        Srv { priority, weight, port: 443, host: host.to_owned() }
    }

    #[test]
    fn quirk_35_the_lowest_priority_comes_first_and_then_the_highest_weight() {
        // RFC 2782: "a client MUST attempt to contact the target host with the lowest-numbered priority".
        let ordered =
            in_order(vec![srv(20, 100, "c"), srv(10, 1, "b"), srv(10, 60, "a"), srv(0, 0, "")]);
        let hosts: Vec<_> = ordered.iter().map(|record| record.host.as_str()).collect();
        assert_eq!(hosts, ["a", "b", "c"], "'.' (RFC 2782) says that there is no service");
    }

    #[test]
    fn a_question_is_what_dns_wants() {
        // RFC 1035 §4.1, written out by hand: id, RD, one question, QTYPE 33, QCLASS 1.
        let bytes = question(0x1234, "_a._tcp.x.y").unwrap();
        assert_eq!(
            bytes,
            b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02_a\x04_tcp\x01x\x01y\x00\x00\x21\x00\x01"
        );
        assert!(question(1, &"a".repeat(64)).is_none(), "a label has 63 bytes at most");
    }

    /// An answer by hand: two records for `_a._tcp.x.y`, the name compressed to a pointer.
    fn records() -> Vec<u8> {
        let mut bytes = b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x02_a\x04_tcp\x01x\x01y\x00\x00\x21\x00\x01".to_vec();
        bytes.extend(b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x14\x00\x00\x01\xbb\x01B\x01y\x00");
        bytes.extend(b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x0a\x00\x05\x01\xbb\x01a\x01y\x00");
        bytes
    }

    #[test]
    fn an_answer_is_read_and_ordered() {
        let Lookup::Records(found) = answer(0x1234, "_A._tcp.x.y", &records()) else { panic!() };
        assert_eq!(found, [srv(10, 5, "a.y"), srv(20, 0, "b.y")]);
    }

    #[test]
    fn a_datagram_of_somebody_else_is_no_answer() {
        let bytes = records();
        assert_eq!(answer(0x1235, "_a._tcp.x.y", &bytes), Lookup::Foreign);
        assert_eq!(answer(0x1234, "_a._tcp.x.z", &bytes), Lookup::Foreign);
        let ask = question(0x1234, "_a._tcp.x.y").unwrap();
        assert_eq!(answer(0x1234, "_a._tcp.x.y", &ask), Lookup::Foreign, "a question is no answer");
        for end in 0..bytes.len() {
            let _ = answer(0x1234, "_a._tcp.x.y", &bytes[..end]);
        }
    }

    #[test]
    fn no_such_name_is_no_failure_and_a_failure_is() {
        let mut bytes = question(7, "_a._tcp.x.y").unwrap();
        bytes[2..4].copy_from_slice(b"\x81\x83");
        assert_eq!(answer(7, "_a._tcp.x.y", &bytes), Lookup::Records(Vec::new()));
        bytes[2..4].copy_from_slice(b"\x81\x82");
        assert!(matches!(answer(7, "_a._tcp.x.y", &bytes), Lookup::Failed(_)));
        bytes[2..4].copy_from_slice(b"\x83\x80");
        assert_eq!(answer(7, "_a._tcp.x.y", &bytes), Lookup::Truncated);
    }
}
