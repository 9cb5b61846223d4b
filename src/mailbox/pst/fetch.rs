//! Effect: reads items.

use super::file::StoreFile;
use super::occurrences::Held;
use super::read::{self, Found};
use super::rows::{Known, Rows};
use super::{failure, guests, place, stamp};
use crate::mailbox::zones::Zone;
use crate::mailbox::{Identity, Item, ItemError, MailboxError};
use crate::mapi::recurrence::AppointmentRecurrence;
use crate::mapi::{FileTime, Properties, PropertyKey, Value as V, named as n, property as p};
use crate::model::{Content, FolderId, ItemId, ItemKind, ItemVersion};
use crate::pst::messaging::{self, CodePage, Store};
use crate::pst::ndb::Nodes;
use crate::pst::{Nid, PstError};

/// What a value is replaced by that cannot be read (`MAPI_E_CORRUPT_DATA`): the field is unknown then.
const UNREADABLE: V = V::ErrorCode(0x8004_011B);

/// Reads identities only.
pub(super) fn identities(
    file: &StoreFile,
    known: &mut Known,
    ids: &[ItemId],
    each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
) -> Result<(), MailboxError> {
    let store = file.store();
    let rows = known.of(&store, ids).map_err(failure::read)?;
    for id in ids {
        let identity = match one(&store, &rows, id)? {
            Err(error) => Err(error),
            Ok((folder, item, version)) => of_item(identifying(&store, item))?.map(|properties| {
                let folder = place::folder_id(folder);
                let found = Found {
                    properties: &properties,
                    recipients: None,
                    id,
                    version: &version,
                    folder: &folder,
                };
                read::identity(&found)
            }),
        };
        each(id.clone(), identity);
    }
    Ok(())
}

/// Reads whole items.
pub(super) fn items(
    file: &StoreFile,
    known: &mut Known,
    ids: &[ItemId],
    zone: &Zone,
    each: &mut dyn FnMut(ItemId, Result<Item, ItemError>),
) -> Result<(), MailboxError> {
    let store = file.store();
    let rows = known.of(&store, ids).map_err(failure::read)?;
    for id in ids {
        let item = match one(&store, &rows, id)? {
            Err(error) => Err(error),
            Ok((folder, item, version)) => of_item(whole(&store, item))?
                .map(|whole| whole.item(zone, id, &version, &place::folder_id(folder))),
        };
        each(id.clone(), item);
    }
    Ok(())
}

/// Takes what was read of an item. What is damaged is its own; where the system fails, nothing is wrong with the item, and the call
/// fails as a whole.
fn of_item<T>(read: Result<T, PstError>) -> Result<Result<T, ItemError>, MailboxError> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(error) if error.is_of_system() => Err(failure::read(error)),
        Err(error) => Ok(Err(failure::item(&error))),
    }
}

/// Takes a value, or what stands in the place of one that is damaged.
fn of_value<T>(read: Result<T, PstError>, damaged: T) -> Result<T, PstError> {
    read.or_else(|error| if error.is_of_system() { Err(error) } else { Ok(damaged) })
}

/// All that is read of an item.
pub(super) struct Whole {
    /// Its properties.
    pub(super) properties: Properties,
    /// The code page of its texts that are not in Unicode; it holds for those within its values, too.
    pub(super) code_page: CodePage,
    /// Its recipients; `None` where they could not be read.
    pub(super) recipients: Option<Vec<Properties>>,
    /// Whether somebody is invited to one of its changed occurrences, or that cannot be read.
    invited_to_one: bool,
}

impl Whole {
    pub(super) fn item(
        &self,
        zone: &Zone,
        id: &ItemId,
        version: &ItemVersion,
        folder: &FolderId,
    ) -> Item {
        let (properties, recipients) = (&self.properties, self.recipients.as_deref());
        let found = Found { properties, recipients, id, version, folder };
        let mut item = read::item(&found, self.code_page, zone);
        item.has_guests |= self.invited_to_one;
        item
    }
}

/// Reads an item with everything that the model may have a word for.
pub(super) fn whole<N: Nodes>(store: &Store<N>, nid: Nid) -> Result<Whole, PstError> {
    let item = store.item(nid)?;
    let object = item.properties();
    let mut properties = Properties::new();
    for property in object.context().properties() {
        if property.kind == crate::mapi::PropertyType::OBJECT {
            continue;
        }
        let value = match of_value(object.value_of(property), UNREADABLE)? {
            V::String(text) if property.id == p::SUBJECT.id => V::from(read::subject(&text)),
            value => value,
        };
        // Programs leave a time of zero, in 1601, where they mean none.
        if value != V::Time(FileTime(0)) {
            properties.set(object.key(property), value);
        }
    }
    if properties.value(p::BODY).is_none() {
        match item.body() {
            Ok(Some(body)) => properties.set(p::BODY, V::String(body.text)),
            Ok(None) => {}
            Err(error) if error.is_of_system() => return Err(error),
            Err(_) => properties.set(p::BODY, UNREADABLE),
        }
    }
    let class = properties.value(p::MESSAGE_CLASS).and_then(V::as_text).and_then(read::kind);
    let is_appointment = class == Some(ItemKind::Appointment);
    let recipients = if is_appointment {
        of_value(item.recipients().map(Some), None)?
    } else {
        Some(Vec::new())
    };
    let changed = is_appointment && has_changed_occurrences(&properties);
    let invited_to_one = changed && of_value(are_invited_to_one(&item), true)?;
    let code_page = object.code_page();
    Ok(Whole { properties, code_page, recipients, invited_to_one })
}

fn has_changed_occurrences(properties: &Properties) -> bool {
    let blob = properties.value(n::APPOINTMENT_RECURRENCE).and_then(V::as_bytes);
    let series = blob.map(AppointmentRecurrence::parse);
    series.is_some_and(|series| series.map_or(true, |series| !series.changes.is_empty()))
}

/// Looks whether a message of a changed occurrence has guests; the series itself may have none (rule D8).
fn are_invited_to_one(series: &messaging::Item<'_>) -> Result<bool, PstError> {
    for attachment in series.attachments()? {
        if !attachment.is_occurrence()? {
            continue;
        }
        let Some(item) = attachment.item()? else { continue };
        let properties = item.properties().properties()?;
        let recipients = item.recipients()?;
        if guests::read(&properties, Some(&recipients), &mut Content::new()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lists the messages of changed occurrences of a series.
pub(super) fn held<N: Nodes>(store: &Store<N>, nid: Nid) -> Result<Vec<Held>, PstError> {
    let mut found = Vec::new();
    for attachment in store.item(nid)?.attachments()? {
        if !attachment.is_occurrence()? {
            continue;
        }
        let time = |tag| -> Result<Option<FileTime>, PstError> {
            Ok(attachment.properties().value(tag)?.and_then(|time| time.as_time()))
        };
        let message = match attachment.item()? {
            Some(message) => message.properties().properties()?,
            None => Properties::new(),
        };
        let is_there = |tag| message.value(tag).is_some();
        let has_text = [p::BODY, p::RTF_COMPRESSED, p::HTML].into_iter().any(is_there);
        let claims_text = message.value(n::EXCEPTIONAL_BODY).and_then(V::as_bool) == Some(true);
        found.push(Held {
            attachment: attachment.nid(),
            replaces: time(p::EXCEPTION_REPLACE_TIME)?,
            message_replaces: message.value(n::EXCEPTION_REPLACES).and_then(V::as_time),
            starts: time(p::EXCEPTION_START)?,
            lacks_its_text: claims_text && !has_text,
        });
    }
    Ok(found)
}

/// Reads the properties that say who an item is.
pub(super) fn identifying<N: Nodes>(store: &Store<N>, nid: Nid) -> Result<Properties, PstError> {
    let item = store.item(nid)?;
    let object = item.properties();
    let mut keys: Vec<PropertyKey> =
        [p::MESSAGE_CLASS, p::SENSITIVITY, p::CREATION_TIME].map(PropertyKey::from).into();
    keys.push(n::PRIVATE.into());
    keys.extend(stamp::places().iter().map(|place| place.key()));
    let mut properties = Properties::new();
    for key in keys {
        if let Some(property) = object.property(key.clone()) {
            properties.set(key, of_value(object.value_of(property), UNREADABLE)?);
        }
    }
    Ok(properties)
}

/// Finds an item that is where its id says, and its version.
pub(super) fn one<N: Nodes>(
    store: &Store<N>,
    rows: &Rows<'_>,
    id: &ItemId,
) -> Result<Result<(Nid, Nid, ItemVersion), ItemError>, MailboxError> {
    let Some((folder, item)) = place::item(id) else { return Ok(Err(ItemError::Gone)) };
    let found = of_item(store.nodes().node(item).and_then(|node| {
        let node = node.filter(|node| node.parent == folder);
        let state = rows.state(store, (folder, item), node.as_ref())?;
        Ok((node, state))
    }))?;
    let (node, state) = match found {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let contradiction = |text: &str| Err(ItemError::Unreadable(text.to_owned()));
    Ok(match (node, state) {
        (Some(_), Some(state)) => Ok((folder, item, state.version())),
        (Some(_), None) => contradiction("its folder does not list the item"),
        (None, Some(_)) => contradiction("its folder lists the item, and it is not there"),
        (None, None) => Err(ItemError::Gone),
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{of_item, of_value};
    use crate::mailbox::ItemError;
    use crate::pst::{Nid, PstError};

    /// Invariant 11, rule D20: nobody is sent to an item in Outlook because of a disk that failed once.
    #[test]
    fn a_read_that_the_system_fails_is_no_items_fault() {
        let system = || PstError::io("read", 0, io::ErrorKind::TimedOut.into());
        let damage = || PstError::NoNode { nid: Nid(0x8025), what: "item" };
        assert!(of_item::<()>(Err(system())).is_err() && of_value(Err(system()), 1).is_err());
        let answer = of_item::<()>(Err(damage())).unwrap();
        assert!(matches!(answer, Err(ItemError::Unreadable(_))), "{answer:?}");
        assert_eq!(of_value(Err(damage()), 1).unwrap(), 1);
    }
}
