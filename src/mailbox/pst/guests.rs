//! Pure: who is invited to an appointment, as the table of recipients and the item itself say. Guests are read and never
//! written (rule D8).

use crate::mapi::{Properties, Value as V, named as n, property as p};
use crate::model::canonical::email;
use crate::model::{Attendee, Content, Field, Value};

/// The item is a meeting.
const MEETING: i32 = 1;
/// It was received from somebody else.
const RECEIVED: i32 = 2;
/// The recipient is the organizer (`PidTagRecipientFlags`).
const ORGANIZER: i32 = 2;

/// Reads the guests into the content and says whether somebody besides the owner is invited. `recipients` is `None` where the
/// table could not be read: then somebody counts as invited.
///
/// An organizer among the recipients is no guest. The copy of a meeting that somebody else organizes has guests, whatever is
/// listed in it.
pub(super) fn read(
    item: &Properties,
    recipients: Option<&[Properties]>,
    content: &mut Content,
) -> bool {
    let flags = item.value(n::STATE_FLAGS).and_then(V::as_i32).unwrap_or(0);
    let Some(recipients) = recipients else { return true };
    let organizer = item.value(p::SENT_REPRESENTING_ADDRESS).and_then(V::as_text).map(email);
    let mut guests: Vec<Attendee> = Vec::new();
    for recipient in recipients {
        let guest = attendee(recipient);
        let number = |tag| recipient.value(tag).and_then(V::as_i32).unwrap_or(0);
        let runs_it = number(p::RECIPIENT_TYPE) == 0 || number(p::RECIPIENT_FLAGS) & ORGANIZER != 0;
        let own = !guest.address.is_empty() && Some(email(&guest.address)) == organizer;
        if !runs_it && !own && !guests.contains(&guest) {
            guests.push(guest);
        }
    }
    // Texts of guests who are in no table are what an export may leave of them.
    let named = [n::TO_ATTENDEES, n::CC_ATTENDEES].iter().any(|of| {
        let text = item.value(*of).and_then(V::as_text).unwrap_or_default();
        !text.trim().is_empty()
    });
    let has_guests = !guests.is_empty() || flags & RECEIVED != 0 || (flags & MEETING != 0 && named);
    content.set(Field::Attendees, Value::Attendees(guests));
    has_guests
}

fn attendee(recipient: &Properties) -> Attendee {
    let text =
        |tag| recipient.value(tag).and_then(V::as_text).unwrap_or_default().trim().to_owned();
    let smtp = text(p::SMTP_ADDRESS);
    let address = if smtp.is_empty() { text(p::EMAIL_ADDRESS) } else { smtp };
    Attendee { address, name: text(p::DISPLAY_NAME) }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::mapi::{Properties, Value as V, named as n, property as p};
    use crate::model::{Content, Field};

    fn person(kind: i32, address: &str) -> Properties {
        let mut person = Properties::new();
        person.set(p::RECIPIENT_TYPE, V::Integer32(kind));
        person.set(p::EMAIL_ADDRESS, V::from(address));
        person
    }

    fn meeting(flags: i32) -> Properties {
        let mut item = Properties::new();
        item.set(n::STATE_FLAGS, V::Integer32(flags));
        item.set(p::SENT_REPRESENTING_ADDRESS, V::from("d@firma.example"));
        item
    }

    #[test]
    fn d8_the_owner_alone_is_no_guest() {
        let mut content = Content::new();
        assert!(!read(&Properties::new(), Some(&[]), &mut content));
        assert!(content.slot(Field::Attendees).unwrap().is_blank());
        let own = [person(0, "d@firma.example"), person(1, "SMTP:D@Firma.example")];
        assert!(!read(&meeting(1), Some(&own), &mut content));
        let with = [person(0, "d@firma.example"), person(1, "k@kunde.example")];
        assert!(read(&meeting(1), Some(&with), &mut content));
    }

    #[test]
    fn d8_what_is_doubtful_has_guests() {
        let mut content = Content::new();
        assert!(read(&meeting(3), Some(&[]), &mut content), "an invitation of somebody else");
        assert!(read(&meeting(0), None, &mut content), "recipients that cannot be read");
        let mut export = meeting(1);
        export.set(n::TO_ATTENDEES, V::from("k@kunde.example"));
        assert!(read(&export, Some(&[]), &mut content), "guests by name only");
        assert!(!read(&meeting(1), Some(&[]), &mut content));
    }
}
