//! Effect: finding stamped items wherever they are. It is for recovery, pairing and proof of absence, not for every run: the
//! first search scans each folder (notes.md §1.4).

use std::collections::{BTreeMap, BTreeSet};

use crate::ews::operation::find_item::{FindItem, MAX_PAGE, Restriction};
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::{FindPage, Placed};
use crate::ews::{Field as E, Item, Property, Refusal, Value};
use crate::mailbox::exchange::folders::Place;
use crate::mailbox::exchange::wire::{Wire, ask};
use crate::mailbox::exchange::{ExchangeMailbox, failure, kind, read, stamp, table};
use crate::mailbox::{By, Found, MailboxError, MailboxErrorKind, Stage, Trouble, Wanted};
use crate::model::{ItemKind, RecordId, Token};

/// How many folders one request searches; sixteen have met the limit of open objects (notes.md §3.2).
const FOLDERS: usize = 8;

/// How many values one restriction names.
const VALUES: usize = 50;

impl<W: Wire> ExchangeMailbox<W> {
    /// Finds the items that carry a stamp of this tenant and user.
    pub(super) fn search(
        &mut self,
        kind: ItemKind,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<Found>, MailboxError> {
        let restrictions = restrictions(wanted);
        if restrictions.is_empty() {
            return Ok(Vec::new());
        }
        if !matches!(wanted.by, By::Any) {
            // What is nowhere counts as deleted (rule D4), and a person may have made a folder since the run began and filed the
            // item there.
            self.folders.renew();
        }
        let places = self.folders.places(&mut self.wire, self.manner.patience, kind)?;
        let mut found = BTreeMap::new();
        for restriction in &restrictions {
            for group in places.chunks(FOLDERS) {
                self.search_in(kind, wanted, group, restriction, &mut found)?;
            }
        }
        Ok(found.into_values().collect())
    }

    /// Finds items of creates in the folder where they were to be made.
    pub(super) fn search_home(
        &mut self,
        kind: ItemKind,
        wanted: &Wanted<'_>,
        home: &Place,
    ) -> Result<Vec<Found>, MailboxError> {
        let mut found = BTreeMap::new();
        for restriction in &restrictions(wanted) {
            self.search_in(kind, wanted, std::slice::from_ref(home), restriction, &mut found)?;
        }
        Ok(found.into_values().collect())
    }

    /// Searches folders page by page. Each folder has its own pages, so those that have more go into the next request.
    fn search_in(
        &mut self,
        kind: ItemKind,
        wanted: &Wanted<'_>,
        places: &[Place],
        restriction: &Restriction,
        found: &mut BTreeMap<String, Found>,
    ) -> Result<(), MailboxError> {
        let mut properties = table::identifying();
        properties.push(E::DateTimeCreated.into());
        let mut offset = 0;
        let mut open: Vec<&Place> = places.iter().collect();
        let mut seen = BTreeSet::new();
        while !open.is_empty() {
            let operation = FindItem {
                folders: open.iter().map(|place| FolderRef::Id(place.id.clone())).collect(),
                restriction: Some(restriction.clone()),
                properties: properties.clone(),
                offset,
                page_size: MAX_PAGE,
            };
            let patience = self.manner.patience;
            let parts = ask(&mut self.wire, patience, Stage::Item, &operation, refused)?;
            // Servers may bring less than was asked for. All folders go on from where the first of them stopped, and what then
            // comes twice counts once.
            let mut next_offset = offset.saturating_add(MAX_PAGE);
            let mut next = Vec::new();
            let mut fresh = 0_usize;
            for (place, part) in parts {
                let Some(at) = open.get(place).copied() else { continue };
                match part.map_err(|refusal| failure::of_refusal(&refusal, Stage::Folder))? {
                    FindPage::Entry(item) => {
                        fresh += usize::from(seen.insert(item.id.as_str().to_owned()));
                        if let Some(hit) = hit(&item, at, kind, wanted) {
                            found.insert(item.id.as_str().to_owned(), hit);
                        }
                    }
                    FindPage::End { last: false, next_offset: told, .. } => {
                        next.push(at);
                        let further = told.filter(|told| *told > offset);
                        next_offset = next_offset.min(further.unwrap_or(next_offset));
                    }
                    FindPage::End { .. } => {}
                }
            }
            if !next.is_empty() && fresh == 0 {
                // Going on would never end, and stopping would make items look absent (rule D4).
                return Err(MailboxError {
                    kind: MailboxErrorKind::Malformed,
                    stage: Stage::Item,
                    trouble: Trouble::Unnamed,
                    text: "the server's list of found items has no end".to_owned(),
                    hint: None,
                    ambiguous: false,
                    source: None,
                });
            }
            open = next;
            offset = next_offset;
        }
        Ok(())
    }
}

fn restrictions(wanted: &Wanted<'_>) -> Vec<Restriction> {
    match wanted.by {
        By::Any => vec![Restriction::Exists(stamp::RECORD.into())],
        By::Records(records) => one_of(&stamp::RECORD.into(), records.iter().map(RecordId::as_str)),
        By::Tokens(tokens) => one_of(&stamp::TOKEN.into(), tokens.iter().map(Token::as_str)),
    }
}

fn refused<T>(part: &Placed<T>) -> Option<&Refusal> {
    part.1.as_ref().err()
}

fn one_of<'a>(property: &Property, values: impl Iterator<Item = &'a str>) -> Vec<Restriction> {
    let equal: Vec<_> =
        values.map(|value| Restriction::IsEqualTo(property.clone(), value.to_owned())).collect();
    equal.chunks(VALUES).filter_map(|chunk| Restriction::any(chunk.to_vec())).collect()
}

/// Servers compare without regard to case and Deleted Items holds all kinds, so that what was found is looked at again.
fn hit(item: &Item, place: &Place, of: ItemKind, wanted: &Wanted<'_>) -> Option<Found> {
    if kind::of(&item.kind) != Some(of) {
        return None;
    }
    let identity = read::identity(item);
    let stamp = identity.stamp.as_ref()?;
    let ours = stamp.tenant == *wanted.tenant && stamp.user == *wanted.user;
    let named = match wanted.by {
        By::Any => true,
        By::Records(records) => records.contains(&stamp.record),
        By::Tokens(tokens) => tokens.contains(&stamp.token),
    };
    let created = item.value(E::DateTimeCreated).and_then(Value::as_datetime);
    (ours && named).then(|| Found {
        identity,
        folder: place.id.as_str().into(),
        deleted: place.deleted,
        created_at: created.and_then(|time| time.instant()),
    })
}
