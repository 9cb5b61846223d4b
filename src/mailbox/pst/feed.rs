//! Effect: what changed in a folder since a cursor, found by comparing the contents table with what it was.
//!
//! A cursor holds the state of every row in twelve bytes, so that the price of a quiet run is that of the tables and of the node
//! tree. While a long listing is under way its cursors are short and good for this open file only; after a crash the listing
//! begins anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::count::count;
use super::{PstMailbox, failure, place};
use crate::mailbox::{ChangePage, MailboxError};
use crate::model::{Cursor, FolderId};
use crate::pst::messaging::Store;
use crate::pst::ndb::Ndb;
use crate::pst::{Nid, PstError};

/// How many changes go on one page: the engine reads what is new of a page at once.
const PAGE: usize = 500;

/// The rows of a folder as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    reached: Reached,
    rows: BTreeMap<u32, u64>,
}

/// How far a file had come: two counters that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    /// The header's, which every program counts on, also one that works on a copy.
    unique: u32,
    /// That of our transactions; `None` where the file had none, or the cursor is from before there was one.
    count: Option<u32>,
}

impl Reached {
    fn of(store: &Store<&Ndb>) -> Result<Self, PstError> {
        Ok(Self { unique: store.nodes().header().unique, count: count(store)? })
    }

    /// Says whether a file has come less far than it had: then it was put back from a copy. A count that is gone was before the
    /// first.
    fn is_behind(self, then: Self) -> bool {
        self.unique < then.unique || self.count < then.count
    }
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
    let store = file.store();
    if crate::pst::ndb::Nodes::node(store.nodes(), nid).map_err(failure::read)?.is_none() {
        return Err(failure::no_folder(folder.as_str()));
    }
    let reached = Reached::of(&store).map_err(failure::read)?;
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
    let behind = reached.is_behind(then.reached);
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
            None => Snapshot { reached, rows }.cursor(),
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

/// Says whether the file is behind what it was: then it was put back from a copy.
pub(super) fn is_behind(mailbox: &mut PstMailbox, since: &Cursor) -> Result<bool, MailboxError> {
    mailbox.file()?;
    let Some(file) = &mailbox.file else { return Err(failure::closed()) };
    let Since::All(then) = read(Some(since)) else { return Ok(false) };
    Ok(Reached::of(&file.store()).map_err(failure::read)?.is_behind(then.reached))
}

fn read(since: Option<&Cursor>) -> Since {
    let Some(cursor) = since else { return Since::Nothing };
    let mut parts = cursor.as_str().split('/');
    let read = match [(); 5].map(|()| parts.next()) {
        [Some("rows"), Some(unique), Some(count), Some(rows), None] => {
            Snapshot::parse(unique, Some(count), rows).map(Since::All)
        }
        // Without a count.
        [Some("rows"), Some(unique), Some(rows), None, None] => {
            Snapshot::parse(unique, None, rows).map(Since::All)
        }
        [Some("midway"), Some(number), Some(at), None, None] => {
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
        let Reached { unique, count } = self.reached;
        let mut text = format!("rows/{unique:x}/");
        if let Some(count) = count {
            let _ = write!(text, "{count:x}/");
        }
        let _ = write!(text, "{}", BASE64_STANDARD_NO_PAD.encode(bytes).replace('/', "_"));
        Cursor::new(text)
    }

    fn parse(unique: &str, count: Option<&str>, rows: &str) -> Option<Self> {
        let number = |text| u32::from_str_radix(text, 16).ok();
        let unique = number(unique)?;
        let count = match count {
            Some(count) => Some(number(count)?),
            None => None,
        };
        let bytes = BASE64_STANDARD_NO_PAD.decode(rows.replace('_', "/")).ok()?;
        let (all, rest) = bytes.as_chunks::<12>();
        let mut rows = BTreeMap::new();
        for [a, b, c, d, digest @ ..] in all {
            rows.insert(u32::from_le_bytes([*a, *b, *c, *d]), u64::from_le_bytes(*digest));
        }
        rest.is_empty().then_some(Self { reached: Reached { unique, count }, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::{Reached, Since, Snapshot, read};
    use crate::mailbox::contract::sample;
    use crate::mailbox::pst::PstMailbox;
    use crate::mailbox::{Mailbox, Write, Wrote};
    use crate::model::{Cursor, FolderId, ItemKind};

    const KIND: ItemKind = ItemKind::Contact;

    #[test]
    fn a_cursor_holds_every_row() {
        let rows = [(0x0020_0024, u64::MAX), (0x0020_0044, 0), (7, 0xFF00_FF00_FF00_FF00)];
        for count in [None, Some(0), Some(u32::MAX)] {
            let reached = Reached { unique: 77, count };
            let snapshot = Snapshot { reached, rows: rows.into_iter().collect() };
            let cursor = snapshot.cursor();
            assert!(matches!(read(Some(&cursor)), Since::All(again) if again == snapshot));
        }
        assert!(matches!(read(None), Since::Nothing));
    }

    /// Those that stand in states of versions without a count; row 0x200024 has the state 1.
    #[test]
    fn a_cursor_without_a_count_is_read() {
        let old = Cursor::new("rows/4d/JAAgAAEAAAAAAAAA");
        let Since::All(then) = read(Some(&old)) else { panic!() };
        assert_eq!(then.reached, Reached { unique: 77, count: None });
        assert_eq!(then.rows.into_iter().collect::<Vec<_>>(), [(0x20_0024, 1)]);
    }

    /// Rule D7: fewer of our transactions than at the last look mean a file that was put back, however far other programs have brought
    /// the header's counter; as many or more do not.
    #[test]
    fn d7_what_has_come_less_far_is_behind() {
        let reached = |unique, count| Reached { unique, count };
        let then = reached(100, Some(7));
        for (now, is_behind) in [
            (reached(100, Some(7)), false),
            (reached(120, Some(7)), false),
            (reached(120, Some(9)), false),
            (reached(99, Some(7)), true),
            (reached(120, Some(6)), true),
            (reached(120, None), true),
        ] {
            assert_eq!(now.is_behind(then), is_behind, "{now:?}");
        }
        for (now, is_behind) in [(reached(99, Some(1)), true), (reached(100, Some(1)), false)] {
            assert_eq!(now.is_behind(reached(100, None)), is_behind, "{now:?}");
        }
    }

    fn folder(mailbox: &mut PstMailbox) -> FolderId {
        mailbox.folder(KIND, &[], false).unwrap().unwrap()
    }

    fn write(mailbox: &mut PstMailbox) {
        let (folder, content) = (folder(mailbox), sample::full(KIND));
        let create = Write::Create { folder, content, stamp: sample::stamp("A-1", "00ff") };
        let wrote = mailbox.apply(KIND, &[create]).unwrap();
        assert!(matches!(wrote[..], [Wrote::Done { .. }]), "{wrote:?}");
    }

    fn look(mailbox: &mut PstMailbox, since: Option<&Cursor>) -> Cursor {
        let folder = folder(mailbox);
        mailbox.changes(&folder, KIND, since).unwrap().cursor
    }

    /// Rule D7: what a kill leaves, a file that is ahead of the state, is no restore. A copy from between the looks is one, and once it
    /// was looked at it is what the file is.
    #[test]
    fn d7_a_kill_between_file_and_state_is_no_restore() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.pst");
        let mut mailbox = PstMailbox::fresh(place.path());
        // Before the first batch there is no count.
        let none = look(&mut mailbox, None);
        let Since::All(then) = read(Some(&none)) else { panic!() };
        assert_eq!(then.reached.count, None);
        write(&mut mailbox);
        let first = look(&mut mailbox, Some(&none));
        let Since::All(then) = read(Some(&first)) else { panic!() };
        assert_eq!(then.reached.count, Some(1));
        mailbox.close().unwrap();
        let copy = std::fs::read(&path).unwrap();
        // What is written now is all that comes of this run.
        write(&mut PstMailbox::fresh(place.path()));
        let mut mailbox = PstMailbox::fresh(place.path());
        for since in [&none, &first] {
            assert!(!mailbox.is_behind(since).unwrap());
        }
        let second = look(&mut mailbox, Some(&first));
        assert_eq!(look(&mut mailbox, Some(&second)), second);
        drop(mailbox);
        std::fs::write(&path, copy).unwrap();
        let mut mailbox = PstMailbox::fresh(place.path());
        assert!(mailbox.is_behind(&second).unwrap());
        let third = look(&mut mailbox, Some(&second));
        assert!(!mailbox.is_behind(&third).unwrap());
        assert_eq!(look(&mut mailbox, Some(&third)), third);
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
