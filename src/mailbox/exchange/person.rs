//! Effect: whose mailbox it is, by the directory of the server.

use crate::ews::operation::Placed;
use crate::ews::{Refusal, Resolution, ResolveNames, ResponseCode};
use crate::mailbox::exchange::failure;
use crate::mailbox::exchange::wire::{Patience, Wire, ask};
use crate::mailbox::{MailboxError, Stage};

/// Finds the person who has an address. The server also offers people whose address or name only begins like it; they are
/// not meant, and of several with one address none can be told.
pub(super) fn of<W: Wire>(
    wire: &mut W,
    patience: Patience,
    address: &str,
) -> Result<Option<String>, MailboxError> {
    let operation = ResolveNames { entry: address.to_owned() };
    let mut names = Vec::new();
    for (_, part) in ask(wire, patience, Stage::Mailbox, &operation, refused)? {
        match part {
            Ok(person) if person.has_address(address) => {
                names.push(person.name().map(str::to_owned));
            }
            Ok(_) => {}
            Err(refusal) if refusal.code == ResponseCode::ErrorNameResolutionNoResults => {}
            Err(refusal) => return Err(failure::of_refusal(&refusal, Stage::Mailbox)),
        }
    }
    // One person may stand in several address lists.
    names.dedup();
    Ok(if names.len() == 1 { names.pop().flatten() } else { None })
}

fn refused(part: &Placed<Resolution>) -> Option<&Refusal> {
    part.1.as_ref().err()
}
