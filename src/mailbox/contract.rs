//! Shell: the contract that every mailbox keeps, as a suite that any implementation can be put through (cargo feature
//! `simulation`; it is a test and panics where a rule is broken).
//!
//! Each rule is a function with a fresh mailbox; [`RULES`] names them all. Values are compared in their canonical form,
//! because a server may normalise what it is given.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // It is a test.

mod feed;
mod occurrences;
mod read;
pub mod sample;
mod search;
mod values;
mod write;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::mailbox::{Aside, Item, Mailbox, Stamp, Write, Wrote};
use crate::model::{Content, Field, FieldSet, FolderId, Half, ItemId, ItemKind, ItemVersion};

/// A mailbox on the test bench: the connection under test, and a person who uses the same mailbox otherwise.
pub trait Bench {
    /// The connection under test.
    fn mailbox(&mut self) -> &mut dyn Mailbox;

    /// The person moves an item to another folder; returns its id there.
    fn moves(&mut self, id: &ItemId, to: &FolderId) -> ItemId;

    /// The person copies an item to a folder; returns the copy's id.
    fn copies(&mut self, id: &ItemId, to: &FolderId) -> ItemId;

    /// The person deletes a folder, which lies in Deleted Items then.
    fn discards(&mut self, folder: &FolderId);

    /// The person's program keeps something on an item that no field of the model covers.
    fn keeps_unmapped(&mut self, id: &ItemId, text: &str);

    /// Reads what [`Self::keeps_unmapped`] kept.
    fn unmapped(&mut self, id: &ItemId) -> Option<String>;

    /// The person's program keeps something like that on the one changed occurrence of a series.
    fn keeps_unmapped_on(&mut self, id: &ItemId, occasion: &Occasion, text: &str);

    /// Reads what [`Self::keeps_unmapped_on`] kept.
    fn unmapped_on(&mut self, id: &ItemId, occasion: &Occasion) -> Option<String>;
}

/// A changed occurrence of a series.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The day on which the pattern puts it.
    pub original: Date,
    /// Its place among all occurrences, from one.
    pub position: usize,
    /// When it began when it was first changed.
    pub start: Timestamp,
    /// When it ended then.
    pub end: Timestamp,
}

/// A rule of the contract.
pub type Rule = fn(&mut dyn Bench);

/// The rules, each with the sentence that it guards.
pub const RULES: &[(&str, Rule)] = &[
    ("a mailbox has one identity", read::one_identity),
    ("a folder is made only where that is asked for", read::folders),
    ("what is created is read back, with its stamp", read::round_trip),
    ("an all-day appointment keeps its dates in every zone", read::all_day),
    ("every pattern and range of a series comes back", values::series),
    ("start, end, zone and all-day change together", values::times),
    ("an occurrence of a series is changed, changed again, and taken back", occurrences::changed),
    ("an occurrence of a series is deleted, and there again", occurrences::removed),
    ("what differs from a series survives an update of its other fields", occurrences::kept),
    ("what an occurrence has of its own survives", occurrences::own),
    ("a task is completed, and open again", values::progress),
    ("a task of a series that is completed goes on to its next date", values::next_task),
    ("an item that is not there is gone, and the others are read", read::gone),
    ("private items say so in their identity", read::private),
    ("a stamped item is found by record, token and user, of its kind", search::by_stamp),
    ("a search reaches subfolders and Deleted Items", search::everywhere),
    ("a copy carries the stamp along", search::copies),
    ("an update changes the fields given and no others", write::only_given),
    ("a blank clears a field and no other", write::blank_clears),
    ("the stamp changes only where one is given", write::stamps),
    ("a stale version is a conflict and changes nothing", write::stale),
    ("each write has its own answer, in order", write::answers),
    ("more writes than a batch are all carried out", write::many),
    ("a delete moves to Deleted Items", write::deletes),
    ("an item can be restored from Deleted Items", write::restored),
    ("what the model does not cover survives", write::unmapped),
    ("nobody is invited, and a fourth address has no place", write::never_written),
    ("the feed lists everything, then only what changed", feed::lists),
    ("the feed shows a move as removed here and new there", feed::moves),
    ("a folder that the person deleted is told from one that is there", feed::whereabouts),
    ("a worthless cursor starts again and says so", feed::restarts),
];

/// Puts a mailbox through the whole contract. `fresh` makes an empty one each time.
///
/// # Panics
///
/// Where a rule is broken; the message names it.
pub fn run<B: Bench>(mut fresh: impl FnMut() -> B) {
    for (name, rule) in RULES {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rule(&mut fresh())));
        if let Err(cause) = outcome {
            let cause = cause
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_default();
            panic!("the mailbox breaks the rule: {name}\n{cause}");
        }
    }
}

/// Returns the default folder of a kind.
fn home(bench: &mut dyn Bench, kind: ItemKind) -> FolderId {
    bench.mailbox().folder(kind, &[], false).unwrap().expect("there is a default folder")
}

/// Makes an item and returns its id and version.
fn create(
    bench: &mut dyn Bench,
    kind: ItemKind,
    content: Content,
    stamp: Stamp,
) -> (ItemId, ItemVersion) {
    let folder = home(bench, kind);
    done(one(bench, kind, Write::Create { folder, content, stamp }))
}

/// Applies one write.
fn one(bench: &mut dyn Bench, kind: ItemKind, write: Write) -> Wrote {
    let mut answers = bench.mailbox().apply(kind, &[write]).unwrap();
    assert_eq!(answers.len(), 1, "one write has one answer");
    answers.remove(0)
}

/// Returns id and version of a write that was done.
fn done(wrote: Wrote) -> (ItemId, ItemVersion) {
    match wrote {
        Wrote::Done { id, version } => (id, version),
        other => panic!("the write was not done: {other:?}"),
    }
}

/// Reads one item.
fn fetch(bench: &mut dyn Bench, kind: ItemKind, id: &ItemId) -> Item {
    let mut found = None;
    bench
        .mailbox()
        .fetch(kind, std::slice::from_ref(id), &mut |of, item| {
            assert_eq!(of, *id);
            assert!(found.is_none(), "an item is handed out once");
            found = Some(item);
        })
        .unwrap();
    found.expect("each id has an answer").expect("the item is readable")
}

/// Updates an item that is now in this version.
fn update(
    id: &ItemId,
    version: &ItemVersion,
    content: Content,
    before: &Content,
    stamp: Option<Stamp>,
) -> Write {
    Write::Update {
        id: id.clone(),
        version: version.clone(),
        content,
        before: before.clone(),
        aside: Aside::default(),
        stamp,
    }
}

/// Asserts that an item holds what was written, field by field in canonical form.
fn assert_holds(item: &Content, written: &Content) {
    let (is, should) = (Half::of(item), Half::of(written));
    for (field, wanted) in should.iter() {
        let found = is.get(field).unwrap_or_else(|| panic!("{field} was not delivered"));
        assert!(
            found.agrees(wanted, field),
            "{field} is {:?} and should be {:?}",
            item.slot(field),
            written.slot(field)
        );
    }
}

/// Asserts that two states of an item agree in all fields outside the set.
fn assert_same_but(now: &Content, before: &Content, changed: FieldSet) {
    let (is, was) = (Half::of(now), Half::of(before));
    for (field, old) in was.iter().filter(|(field, _)| !changed.contains(*field)) {
        let new = is.get(field);
        assert!(
            new.is_some_and(|new| new.agrees(old, field)),
            "{field} was {:?} and is {:?}",
            before.slot(field),
            now.slot(field)
        );
    }
}

/// Returns the fields that a mailbox can hold and we may write.
fn writable(kind: ItemKind) -> impl Iterator<Item = Field> {
    Field::of(kind).filter(|field| field.fits_outlook() && !field.read_only())
}
