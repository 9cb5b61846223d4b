//! What a server's certificate says, for people and for channel bindings (pure).

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::Oid;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::time::ASN1Time;

/// The certificate of a server, as far as people ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is, such as `CN=mail.firma.example`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The DNS names and addresses that it is for; a subject alone names no server.
    pub names: Vec<String>,
    /// From when it is valid; `None` for a moment that cannot be told.
    pub not_before: Option<Timestamp>,
    /// Until when it is valid.
    pub not_after: Option<Timestamp>,
    /// The SHA-256 of its DER form in hexadecimal: what a configuration may pin.
    pub sha256: String,
}

impl Certificate {
    /// Reads a certificate in DER form; of one that cannot be read only the fingerprint is known.
    pub fn read(der: &[u8]) -> Self {
        let sha256 = hexadecimal(&Sha256::digest(der));
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else {
            let unknown = || "unreadable".to_owned();
            return Self {
                subject: unknown(),
                issuer: unknown(),
                names: Vec::new(),
                not_before: None,
                not_after: None,
                sha256,
            };
        };
        let validity = certificate.validity();
        Self {
            subject: printable(&certificate.subject().to_string()),
            issuer: printable(&certificate.issuer().to_string()),
            names: names(&certificate),
            not_before: moment(validity.not_before),
            not_after: moment(validity.not_after),
            sha256,
        }
    }

    /// Says whether the certificate ends before that moment.
    pub fn ends_before(&self, moment: Timestamp) -> bool {
        self.not_after.is_some_and(|end| end < moment)
    }

    /// Says whether a moment lies outside of its time.
    pub(super) fn is_out_of_date(&self, now: Timestamp) -> bool {
        self.ends_before(now) || self.not_before.is_some_and(|start| start > now)
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, issued by {}", self.subject, self.issuer)?;
        let day = |moment: Option<Timestamp>| {
            moment.map_or("?".to_owned(), |moment| moment.strftime("%Y-%m-%d").to_string())
        };
        write!(f, ", valid from {} to {}", day(self.not_before), day(self.not_after))?;
        match self.names.as_slice() {
            [] => f.write_str(", for no name")?,
            names => write!(f, ", for {}", names.join(", "))?,
        }
        write!(f, ", SHA-256 {}", self.sha256)
    }
}

/// Returns the hash that a `tls-server-end-point` channel binding carries (RFC 5929, section 4.1):
/// that of the certificate by the hash function of its signature, and by SHA-256 where that one is
/// MD5 or SHA-1. Where a signature names no hash function, SHA-256 is what others take as well.
pub(super) fn end_point_hash(der: &[u8]) -> Vec<u8> {
    match x509_parser::parse_x509_certificate(der) {
        Ok((_, certificate)) => match signature_hash(&certificate) {
            Hash::Sha224 => Sha224::digest(der).to_vec(),
            Hash::Sha256 => Sha256::digest(der).to_vec(),
            Hash::Sha384 => Sha384::digest(der).to_vec(),
            Hash::Sha512 => Sha512::digest(der).to_vec(),
        },
        Err(_) => Sha256::digest(der).to_vec(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

fn signature_hash(certificate: &X509Certificate<'_>) -> Hash {
    let algorithm = &certificate.signature_algorithm;
    if let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(algorithm)
    {
        return by_oid(parameters.hash_algorithm_oid());
    }
    by_oid(&algorithm.algorithm)
}

/// Knows the signature algorithms with a hash function of their own (RFC 8017, RFC 5758), and the
/// hash functions that the parameters of RSASSA-PSS name.
fn by_oid(oid: &Oid<'_>) -> Hash {
    match oid.to_id_string().as_str() {
        "1.2.840.113549.1.1.14"
        | "1.2.840.10045.4.3.1"
        | "2.16.840.1.101.3.4.3.1"
        | "2.16.840.1.101.3.4.2.4" => Hash::Sha224,
        "1.2.840.113549.1.1.12"
        | "1.2.840.10045.4.3.3"
        | "2.16.840.1.101.3.4.3.3"
        | "2.16.840.1.101.3.4.2.2" => Hash::Sha384,
        "1.2.840.113549.1.1.13"
        | "1.2.840.10045.4.3.4"
        | "2.16.840.1.101.3.4.3.4"
        | "2.16.840.1.101.3.4.2.3" => Hash::Sha512,
        _ => Hash::Sha256,
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(printable(name)),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

fn moment(time: ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp()).ok()
}

/// A stranger wrote these texts; they are shown on terminals and in logs.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).take(300).collect()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Made by `fixtures/logins/certificate_hashes.py`, with python-cryptography.
    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/logins/certificates");

    fn file(name: &str) -> Vec<u8> {
        fs::read(format!("{FOLDER}/{name}.der")).unwrap()
    }

    #[test]
    fn the_hash_follows_the_signature() {
        let hashes = fs::read_to_string(format!("{FOLDER}/hashes.txt")).unwrap();
        for (name, hash) in hashes.lines().map(|line| line.split_once(' ').unwrap()) {
            assert_eq!(hexadecimal(&end_point_hash(&file(name))), hash, "{name}");
        }
        assert_eq!(hashes.lines().count(), 16);
    }

    #[test]
    fn a_certificate_is_told_in_words() {
        let der = file("ecdsa-sha256");
        let certificate = Certificate::read(&der);
        assert_eq!(certificate.subject, "C=DE, O=Firma, CN=ecdsa-sha256");
        assert_eq!(certificate.names, ["mail.firma.example", "192.0.2.7"]);
        assert_eq!(certificate.sha256, hexadecimal(&Sha256::digest(&der)));
        let end = certificate.not_after.unwrap();
        assert!(certificate.ends_before(end + jiff::SignedDuration::from_secs(1)));
        assert!(!certificate.ends_before(end));
        let words = certificate.to_string();
        assert!(
            words.contains("issued by C=DE") && words.contains("mail.firma.example"),
            "{words}"
        );
    }

    #[test]
    fn what_is_no_certificate_has_a_fingerprint_alone() {
        let der = file("rsa-sha1");
        for end in (0..der.len()).step_by(37) {
            let certificate = Certificate::read(&der[..end]);
            assert_eq!(certificate.sha256.len(), 64, "{end}");
            assert_eq!(end_point_hash(&der[..end]).len(), 32, "{end}");
        }
    }
}
