//! Effect: what changed in a folder since a cursor, found by comparing the contents table with what it was.
//!
//! A cursor holds the state of every row in twelve bytes, so that the price of a quiet run is that of the tables and of the node
//! tree. While a long listing is under way its cursors are short and good for this open file only; after a crash the listing
//! begins anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::{PstMailbox, failure, place};
use crate::mailbox::{ChangePage, MailboxError};
use crate::model::{Cursor, FolderId};
use crate::pst::Nid;

/// How many changes go on one page: the engine reads what is new of a page at once.
const PAGE: usize = 500;

/// The rows of a folder as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The header's counter then, which only grows.
    unique: u32,
    rows: BTreeMap<u32, u64>,
}

/// A cursor, read.
enum Since {
    /// Nothing was listed yet.
    Nothing,
    /// Everything was, and this was it.
    All(Snapshot),
    /// A listing of this open file came so far.
    Midway(u64, u32),
    /// It means nothing to us.
    Worthless,
}

/// Returns a page of changes.
pub(super) fn changes(
    mailbox: &mut PstMailbox,
    folder: &FolderId,
    since: Option<&Cursor>,
) -> Result<ChangePage, MailboxError> {
    let nid = place::folder(folder).ok_or_else(|| failure::no_folder(folder.as_str()))?;
    mailbox.file()?;
    let PstMailbox { file: Some(file), known, listing, listings, .. } = mailbox else {
        return Err(failure::closed());
    };
    let unique = file.nodes().header().unique;
    let store = file.store();
    if crate::pst::ndb::Nodes::node(store.nodes(), nid).map_err(failure::read)?.is_none() {
        return Err(failure::no_folder(folder.as_str()));
    }
    let now = known.all(&store, nid).map_err(failure::read)?;
    let (then, after, restarted) = match read(since) {
        Since::Nothing => (Snapshot::default(), None, false),
        Since::All(then) => (then, None, false),
        Since::Midway(number, at) => match listing.take() {
            Some((known, then)) if known == number => (then, Some(at), false),
            _ => (Snapshot::default(), None, true),
        },
        Since::Worthless => (Snapshot::default(), None, true),
    };
    let behind = then.unique > unique;
    let fresh = |row: &u32| after.is_none_or(|after| *row > after);
    let mut changed: Vec<u32> = now
        .iter()
        .filter(|(row, state)| fresh(row) && then.rows.get(row) != Some(&state.digest()))
        .map(|(row, _)| *row)
        .collect();
    let more = changed.len() > PAGE;
    changed.truncate(PAGE);
    // What is gone is told with the first page, when the listing begins.
    let removed = match after {
        None => then.rows.keys().filter(|row| !now.contains_key(row)).copied().collect(),
        Some(_) => Vec::new(),
    };
    let cursor = if let Some(last) = changed.last().filter(|_| more) {
        *listings += 1;
        let number = *listings;
        let cursor = Cursor::new(format!("midway/{number}/{last:x}"));
        *listing = Some((number, then));
        cursor
    } else {
        let rows = now.iter().map(|(row, state)| (*row, state.digest())).collect();
        let unchanged = then.rows == rows && !behind && !restarted && after.is_none();
        match since.filter(|_| unchanged) {
            Some(since) => since.clone(),
            None => Snapshot { unique, rows }.cursor(),
        }
    };
    let id = |row: u32| place::item_id(nid, Nid(row));
    Ok(ChangePage {
        changed: changed
            .into_iter()
            .filter_map(|row| Some((id(row), now.get(&row)?.version())))
            .collect(),
        removed: removed.into_iter().map(id).collect(),
        cursor,
        more,
        restarted,
    })
}

/// Says whether the header's counter, which only grows, is behind what it was: then the file was put back from a copy.
pub(super) fn is_behind(mailbox: &mut PstMailbox, since: &Cursor) -> Result<bool, MailboxError> {
    mailbox.file()?;
    let Some(file) = &mailbox.file else { return Err(failure::closed()) };
    let unique = file.nodes().header().unique;
    Ok(matches!(read(Some(since)), Since::All(then) if then.unique > unique))
}

fn read(since: Option<&Cursor>) -> Since {
    let Some(cursor) = since else { return Since::Nothing };
    let mut parts = cursor.as_str().split('/');
    let read = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("rows"), Some(unique), Some(rows), None) => {
            Snapshot::parse(unique, rows).map(Since::All)
        }
        (Some("midway"), Some(number), Some(at), None) => {
            let number = number.parse().ok();
            number
                .zip(u32::from_str_radix(at, 16).ok())
                .map(|(number, at)| Since::Midway(number, at))
        }
        _ => None,
    };
    read.unwrap_or(Since::Worthless)
}

impl Snapshot {
    fn cursor(&self) -> Cursor {
        let bytes: Vec<u8> = self
            .rows
            .iter()
            .flat_map(|(row, digest)| row.to_le_bytes().into_iter().chain(digest.to_le_bytes()))
            .collect();
        let mut text = format!("rows/{:x}/", self.unique);
        let _ = write!(text, "{}", BASE64_STANDARD_NO_PAD.encode(bytes).replace('/', "_"));
        Cursor::new(text)
    }

    fn parse(unique: &str, rows: &str) -> Option<Self> {
        let unique = u32::from_str_radix(unique, 16).ok()?;
        let bytes = BASE64_STANDARD_NO_PAD.decode(rows.replace('_', "/")).ok()?;
        let (all, rest) = bytes.as_chunks::<12>();
        let mut rows = BTreeMap::new();
        for [a, b, c, d, digest @ ..] in all {
            rows.insert(u32::from_le_bytes([*a, *b, *c, *d]), u64::from_le_bytes(*digest));
        }
        rest.is_empty().then_some(Self { unique, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::{Since, Snapshot, read};
    use crate::model::Cursor;

    #[test]
    fn a_cursor_holds_every_row() {
        let rows = [(0x0020_0024, u64::MAX), (0x0020_0044, 0), (7, 0xFF00_FF00_FF00_FF00)];
        let snapshot = Snapshot { unique: 77, rows: rows.into_iter().collect() };
        let cursor = snapshot.cursor();
        assert!(matches!(read(Some(&cursor)), Since::All(again) if again == snapshot));
        assert!(matches!(read(None), Since::Nothing));
    }

    #[test]
    fn a_cursor_of_somebody_else_is_worthless() {
        for text in [
            "",
            "rows/1",
            "rows/x/",
            "rows/1/AAA",
            "H4sIAAA=",
            "midway/1",
            "midway/x/1",
            "rows/1/AAAA/2",
        ] {
            assert!(matches!(read(Some(&Cursor::new(text))), Since::Worthless), "{text}");
        }
    }
}
