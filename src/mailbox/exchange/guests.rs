//! Pure: who is invited to an appointment. Guests are read and never written (rule D8).

use crate::ews::item::Properties;
use crate::ews::{self, Field as E, Value as Theirs};
use crate::model::{Attendee, Content, Field, Value};

/// Reads the guests into the content and says whether somebody besides the owner is invited.
///
/// Outlook 2019 enters the owner as the only attendee of plain appointments: whoever is also the organizer is no guest. An
/// invitation from somebody else has the owner as a guest, so there it counts. What cannot be read counts as a guest.
pub(super) fn read(item: &Properties, content: &mut Content) -> bool {
    let organizer = match item.value(E::Organizer) {
        Some(Theirs::Mailbox(mailbox)) => mailbox.address.as_deref().map(bare),
        _ => None,
    };
    let mut guests: Vec<Attendee> = Vec::new();
    let mut readable = true;
    for of in [E::RequiredAttendees, E::OptionalAttendees, E::Resources] {
        match item.value(of) {
            None => {}
            Some(Theirs::Attendees(people)) => {
                let others = people.iter().filter(|guest| !is_same(guest, organizer.as_deref()));
                for guest in others.map(attendee) {
                    // grommunio 3.10 gives resources among the required attendees as well.
                    if !guests.contains(&guest) {
                        guests.push(guest);
                    }
                }
            }
            Some(_) => readable = false,
        }
    }
    let has_guests = !guests.is_empty() || !readable || is_invitation(item);
    if readable {
        content.set(Field::Attendees, Value::Attendees(guests));
    }
    has_guests
}

/// Says whether somebody besides the owner is invited.
pub(super) fn are_invited(item: &Properties) -> bool {
    read(item, &mut Content::new())
}

/// Says whether the item is the copy of a meeting that somebody else organizes, whatever is listed in it.
fn is_invitation(item: &Properties) -> bool {
    let response = item.value(E::MyResponseType).and_then(Theirs::as_text);
    matches!(response, Some("Accept" | "Tentative" | "Decline" | "NoResponseReceived"))
}

fn is_same(guest: &ews::Attendee, organizer: Option<&str>) -> bool {
    let address = guest.mailbox.address.as_deref().map(bare);
    address.is_some() && address.as_deref() == organizer
}

fn attendee(guest: &ews::Attendee) -> Attendee {
    Attendee {
        address: guest.mailbox.address.clone().unwrap_or_default(),
        name: guest.mailbox.name.clone().unwrap_or_default(),
    }
}

fn bare(address: &str) -> String {
    crate::model::canonical::email(address)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::ews::item::Properties;
    use crate::ews::{Attendee, Field as E, Mailbox, Value as Theirs};
    use crate::model::{Content, Field};

    fn person(address: &str) -> Mailbox {
        Mailbox { address: Some(address.to_owned()), ..Mailbox::default() }
    }

    fn with(organizer: &str, guests: &[&str]) -> Properties {
        let mut item = Properties::new();
        item.set(E::Organizer, Theirs::Mailbox(person(organizer)));
        let guests = guests.iter().map(|g| Attendee { mailbox: person(g), response: None });
        item.set(E::RequiredAttendees, Theirs::Attendees(guests.collect()));
        item
    }

    #[test]
    fn d8_the_owner_alone_is_no_guest() {
        let mut content = Content::new();
        assert!(!read(&Properties::new(), &mut content));
        assert!(content.slot(Field::Attendees).unwrap().is_blank());
        assert!(!read(&with("d@firma.example", &["SMTP:D@Firma.example"]), &mut content));
        assert!(read(
            &with("d@firma.example", &["d@firma.example", "k@kunde.example"]),
            &mut content
        ));
    }

    #[test]
    fn d8_an_invitation_from_somebody_else_has_guests() {
        let mut content = Content::new();
        assert!(read(&with("k@kunde.example", &["d@firma.example"]), &mut content));
        let mut bare = Properties::new();
        bare.set(E::MyResponseType, "Accept");
        assert!(read(&bare, &mut content));
        bare.set(E::MyResponseType, "Organizer");
        assert!(!read(&bare, &mut content));
        bare.set(E::OptionalAttendees, Theirs::Unreadable("?".to_owned()));
        assert!(read(&bare, &mut content), "what cannot be read is taken for a guest");
    }
}
