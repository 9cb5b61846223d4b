//! Effect: finding stamped items wherever they are. It is for recovery, pairing and proof of absence, not for every run: the
//! first search scans each folder (notes.md §1.4).

use std::collections::{BTreeMap, BTreeSet};

use crate::ews::operation::find_item::{FindItem, MAX_PAGE, Restriction};
use crate::ews::operation::folder::FolderRef;
use crate::ews::operation::{FindPage, Placed};
use crate::ews::{Field as E, Item, Property, Refusal, Value};
use crate::mailbox::exchange::folders::Place;
use crate::mailbox::exchange::wire::{Wire, ask, wait_for_page};
use crate::mailbox::exchange::{ExchangeMailbox, failure, kind, read, stamp, table};
use crate::mailbox::{By, Found, MailboxError, Stage, Wanted};
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

    /// Searches folders page by page. Each folder goes on from where it stopped itself: what a server has in its memory for one
    /// login is limited over all folders of a request, so that the first may bring all there is room for, and those behind it
    /// nothing (notes.md §1.4). Folders that have come equally far share a request.
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
        let patience = self.manner.patience;
        let mut open: Vec<(&Place, u32)> = places.iter().map(|place| (place, 0)).collect();
        let mut seen = BTreeSet::new();
        let (mut together, mut waiting) = (FOLDERS, patience.begin());
        while let Some(&(_, offset)) = open.first() {
            let mut asked = Vec::new();
            open.retain(|&(place, at)| {
                let joins = at == offset && asked.len() < together;
                if joins {
                    asked.push(place);
                }
                !joins
            });
            let operation = FindItem {
                folders: asked.iter().map(|place| FolderRef::Id(place.id.clone())).collect(),
                restriction: Some(restriction.clone()),
                properties: properties.clone(),
                offset,
                page_size: MAX_PAGE,
            };
            let parts = ask(&mut self.wire, patience, Stage::Item, &operation, refused)?;
            let (mut fresh, mut left) = (0_usize, 0_usize);
            for (place, part) in parts {
                let Some(at) = asked.get(place).copied() else { continue };
                match part.map_err(|refusal| failure::of_refusal(&refusal, Stage::Folder))? {
                    FindPage::Entry(item) => {
                        fresh += usize::from(seen.insert(item.id.as_str().to_owned()));
                        if let Some(hit) = hit(&item, at, kind, wanted) {
                            found.insert(item.id.as_str().to_owned(), hit);
                        }
                    }
                    FindPage::End { last: false, next_offset, entries, .. } => {
                        left += 1;
                        open.push((at, behind(offset, entries, next_offset)));
                    }
                    FindPage::End { .. } => {}
                }
            }
            if fresh > 0 || left < asked.len() {
                (together, waiting) = (FOLDERS, patience.begin());
            } else if asked.len() > 1 {
                together = 1;
            } else {
                wait_for_page(&mut self.wire, &mut waiting, Stage::Item, "found items")?;
            }
        }
        Ok(())
    }
}

/// Returns where the next page of a folder begins: behind what came, and never behind what did not come. What then comes twice
/// counts once.
fn behind(offset: u32, entries: usize, told: Option<u32>) -> u32 {
    let came = offset.saturating_add(u32::try_from(entries).unwrap_or(u32::MAX));
    told.filter(|told| *told > offset).map_or(came, |told| told.min(came))
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
