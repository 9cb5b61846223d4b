//! The SOAP envelope of requests (pure).

use crate::ews::operation::Operation;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// What stands in the header of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Which contract the request keeps to.
    pub version: ServerVersion,
    /// As whom to act; `None` is the account that logs in.
    pub impersonate: Option<Impersonation>,
    /// The Windows id of the zone for times without an offset; grommunio 3.10 ignores it.
    pub zone: Option<String>,
    /// The SMTP address of a mailbox whose server is to serve the request, whoever it acts as: a
    /// group of subscriptions must live on one server. It travels beside the envelope, as
    /// `X-AnchorMailbox` with `X-PreferServerAffinity`.
    pub affinity: Option<String>,
    /// The SMTP address of the mailbox that the request is about, where neither [`Self::affinity`] nor
    /// an impersonated address says it; it lets the front end find the right back end at once.
    pub anchor: Option<String>,
}

impl Header {
    /// Makes a header that only names the contract.
    pub const fn new(version: ServerVersion) -> Self {
        Self { version, impersonate: None, zone: None, affinity: None, anchor: None }
    }
}

/// As whom to act. A SID or a UPN spares Exchange a directory look-up for each request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impersonation {
    /// The user principal name.
    PrincipalName(String),
    /// The security identifier; grommunio 3.10 refuses it (`ErrorImpersonationFailed`).
    Sid(String),
    /// The primary SMTP address.
    PrimarySmtpAddress(String),
    /// Any SMTP address.
    SmtpAddress(String),
}

impl Impersonation {
    const fn parts(&self) -> (&'static str, &String) {
        match self {
            Self::PrincipalName(value) => ("PrincipalName", value),
            Self::Sid(value) => ("SID", value),
            Self::PrimarySmtpAddress(value) => ("PrimarySmtpAddress", value),
            Self::SmtpAddress(value) => ("SmtpAddress", value),
        }
    }
}

const OPEN: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" ",
    "xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" ",
    "xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">",
);

/// Writes the whole request document.
pub fn document<O: Operation>(operation: &O, header: &Header) -> String {
    let mut xml = Writer::new();
    xml.raw(OPEN);
    xml.element(Ns::Soap, "Header", &[], |xml| {
        xml.empty(Ns::Types, "RequestServerVersion", &[("Version", header.version.name())]);
        if let Some(who) = &header.impersonate {
            let (element, value) = who.parts();
            xml.element(Ns::Types, "ExchangeImpersonation", &[], |xml| {
                xml.element(Ns::Types, "ConnectingSID", &[], |xml| xml.text(element, value));
            });
        }
        if let Some(zone) = &header.zone {
            xml.element(Ns::Types, "TimeZoneContext", &[], |xml| {
                xml.empty(Ns::Types, "TimeZoneDefinition", &[("Id", zone)]);
            });
        }
    });
    xml.element(Ns::Soap, "Body", &[], |xml| operation.write(xml, header.version));
    xml.raw("</s:Envelope>");
    xml.finish()
}
