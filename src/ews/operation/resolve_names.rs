//! `ResolveNames`: whose an address is, as the directory says (pure).

use crate::ews::error::ReplyError;
use crate::ews::operation::{Operation, Placed, answered};
use crate::ews::reply::Arrival;
use crate::ews::value::Mailbox;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Asks the directory who is meant by an address or by the beginning of a name.
///
/// The server answers with up to 100 people. Several come as a warning
/// (`ErrorNameResolutionMultipleResults`), with their data; nobody is a refusal
/// (`ErrorNameResolutionNoResults`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveNames {
    /// The address or name.
    pub entry: String,
}

/// Somebody who may be meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The mailbox; its address may be a directory path (`RoutingType` `EX`).
    pub mailbox: Mailbox,
    /// The name on the contact, which servers send beside that of the mailbox.
    pub display_name: Option<String>,
    /// The addresses on the contact as sent, such as `SMTP:eva@firma.example`; lower case for
    /// further ones.
    pub addresses: Vec<String>,
}

impl Resolution {
    /// Says whether an SMTP address is this person's, the first one or a further one, in any case.
    pub fn has_address(&self, smtp: &str) -> bool {
        let routing = self.mailbox.routing_type.as_deref();
        let internet = routing.is_none_or(|routing| routing.eq_ignore_ascii_case("smtp"));
        let own = self.mailbox.address.as_deref().filter(|_| internet);
        let listed = self.addresses.iter().map(|address| match address.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("smtp") => rest,
            _ => address,
        });
        own.into_iter().chain(listed).any(|address| address.to_lowercase() == smtp.to_lowercase())
    }

    /// Returns the name that people know the person by.
    pub fn name(&self) -> Option<&str> {
        let names = [self.display_name.as_deref(), self.mailbox.name.as_deref()];
        names.into_iter().flatten().find(|name| !name.is_empty())
    }
}

impl Operation for ResolveNames {
    const NAME: &'static str = "ResolveNames";
    const CHANGES: bool = false;
    /// Somebody; all of them belong to the one entry.
    type Part = Placed<Resolution>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        // Without the contacts an address with the routing type EX could not be told by its SMTP
        // address. People's own contacts are left out: a name that somebody typed there proves
        // nothing.
        let attributes = [("ReturnFullContactData", "true"), ("SearchScope", "ActiveDirectory")];
        xml.element(Ns::Messages, "ResolveNames", &attributes, |xml| {
            xml.element(Ns::Messages, "UnresolvedEntry", &[], |xml| xml.characters(&self.entry));
        });
    }

    fn messages(&self) -> usize {
        1
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        match arrival {
            Arrival::Resolution { message, resolution } => Ok(Some((message, Ok(*resolution)))),
            other => answered(other, "resolution"),
        }
    }
}
