//! What deciding costs beside reading, and how large the state grows: 100,000 contacts of forty fields.
//!
//! Three clocks run over the same pairs, page by page, so that a busy machine slows all of them alike: the rows as plain
//! SQLite hands them out, the rows as the state reads them, and the planner's decisions. `cargo bench --bench decide`;
//! with `-- small` 2,000 pairs.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/contact.rs"]
mod contact;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use abgleich::engine::pairing::keys;
use abgleich::engine::plan::{Base, ItemState, ItemView, Pair, RecordState, RecordView, plan};
use abgleich::engine::rules::{ClockDifference, Rules};
use abgleich::model::rules::{Conflict, Leftover};
use abgleich::model::{
    Content, Field, FieldSet, FolderId, Half, ItemId, ItemKind, ItemVersion, MailboxIdentity, Mode,
    Module, RecordId, RecordVersion, RunId, Scope, TenantName, Token, UserId,
};
use abgleich::reason::Code;
use abgleich::state::{
    Before, FILE_NAME, FindingRow, MailboxId, OwnCategories, PairRow, SeenRecord, Settlement, Side,
    State,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use contact::{FIELDS, full_contact};

/// When everything in this benchmark happens.
const NOW: Timestamp = Timestamp::constant(1_795_348_800, 0);
/// As many as the engine plans at once.
const PAGE: usize = 200;
/// The most that a pair may take in the state, in bytes.
const LIMIT: u64 = 8 * 1024;
const PLACE: (Module, ItemKind) = (Module::Applicants, ItemKind::Contact);

fn main() {
    let pairs = if std::env::args().any(|argument| argument == "small") { 2_000 } else { 100_000 };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mailbox = settle(folder.path(), pairs);
    size(folder.path(), pairs, "after a first push (base, keys, filter, journal of creates)");
    decide(folder.path(), mailbox, pairs);
    burden(folder.path(), mailbox);
    size(folder.path(), pairs, "with a finding, three edit times and a journaled update each");
}

/// Fills the state as a first push does, with ids as long as Exchange's.
fn settle(folder: &Path, pairs: usize) -> MailboxId {
    let state = State::open(folder).expect("the state opens");
    let (tenant, user) = (TenantName::from("staffitpro"), UserId::from("DHO"));
    let identity = MailboxIdentity::new("i".repeat(150));
    let mailbox = state
        .add_mailbox(&tenant, &user, &identity, "d.hoffmann@firma.example")
        .expect("the mailbox is new");
    let run = RunId::from("20261122T120000Z-00000000");
    let folder_id = FolderId::new(format!("AAMkAGI2TG93AAA{}=", "F".repeat(104)));
    let categories = OwnCategories { carried: vec!["Java".into()], shown: Vec::new() };
    for first in (0..pairs).step_by(PAGE) {
        let work = |state: &State| {
            let mut creates = Vec::new();
            for number in first..(first + PAGE).min(pairs) {
                let record = RecordId::new(format!("BEW-{number:06}"));
                let seen = SeenRecord {
                    record: &record,
                    kind: PLACE.1,
                    module: PLACE.0,
                    parent: None,
                    version: None,
                };
                state.add_members(mailbox, PLACE.0, (std::slice::from_ref(&record), false))?;
                state.see_records(mailbox, std::iter::once(seen))?;
                let pair = state.pair_of_record(mailbox, &record)?.expect("it was just seen");
                let content = full_contact(number);
                state.set_pair_keys(mailbox, &[(pair.id, &keys(PLACE.1, &content, b"salt"))])?;
                let half = Half::of(&content);
                let token = Token::new(format!("{number:032x}"));
                let settlement = Settlement {
                    record_version: Some(&RecordVersion::new(format!("{number}"))),
                    record_changed: Some(NOW),
                    item: Some((&item(number), &version(number))),
                    stamped: true,
                    folder: Some(&folder_id),
                    record_half: &half,
                    item_half: &half,
                    apart: FieldSet::EMPTY,
                    private: false,
                    categories: &categories,
                    item_modified: Some(NOW),
                    origin: Some((true, Some(&token))),
                    outcome: None,
                    stays_dirty: false,
                };
                state.settle(pair.id, &settlement)?;
                creates.push((pair.id, record, token));
            }
            let creates: Vec<_> =
                creates.iter().map(|(pair, record, token)| (*pair, record, token)).collect();
            let creating = state.intend_creates(mailbox, &run, (PLACE.1, &creates), NOW)?;
            state.leave_creates(creating, &[])?;
            Ok::<_, abgleich::state::StateError>(())
        };
        state.durably(work).expect("the pairs can be settled");
    }
    mailbox
}

/// Reads all pairs and decides each of them.
fn decide(folder: &Path, mailbox: MailboxId, pairs: usize) {
    let state = State::open(folder).expect("the state opens");
    state.mark_scope(mailbox, PLACE.0, true).expect("the scope can be marked");
    let plain = Connection::open(folder.join(FILE_NAME)).expect("the file opens");
    let rules = rules();
    let (mut reading, mut bare_reading, mut deciding) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut after, mut decided, mut acts, mut fields) = (0, 0, 0, 0);
    loop {
        let start = Instant::now();
        let bytes = read_bare(&plain, after);
        bare_reading += start.elapsed();
        black_box(bytes);
        let start = Instant::now();
        let rows = state.dirty_pairs(mailbox, PLACE, after, PAGE).expect("the pairs can be read");
        reading += start.elapsed();
        let Some(last) = rows.last() else { break };
        after = last.id;
        let page: Vec<(&PairRow, RecordView, ItemView)> =
            rows.iter().zip(decided..).map(|(row, number)| present(row, number)).collect();
        decided += rows.len();
        fields += rows
            .iter()
            .filter_map(|row| row.record_half.as_ref())
            .map(|half| half.known().len() as usize)
            .sum::<usize>();
        let start = Instant::now();
        for (row, record, item) in &page {
            let (Some(record_half), Some(item_half)) = (&row.record_half, &row.item_half) else {
                panic!("every pair of this benchmark has a base");
            };
            let settled = Base {
                record: record_half,
                item: item_half,
                apart: row.apart,
                created: row.created,
                private: row.private,
            };
            let pair = Pair {
                record: RecordState::Here(record),
                item: ItemState::Here(item),
                base: Some(settled),
                taken: None,
                unread: false,
            };
            let verdict = black_box(plan(&rules, black_box(&pair)));
            acts += usize::from(
                !verdict.merge.to_item.is_empty() || !verdict.merge.to_record.is_empty(),
            );
        }
        deciding += start.elapsed();
    }
    assert_eq!(decided, pairs);
    assert_eq!(fields, pairs * FIELDS);
    // Of twenty pairs, two changed in staffITpro, one in Outlook, one on both sides.
    assert_eq!(acts, pairs / 5);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / pairs as f64;
    println!("{pairs} pairs of {FIELDS} fields, one in five changed; microseconds a pair:");
    println!("  reading, plain SQLite: {:6.2}", each(bare_reading));
    println!("  reading, the state:   {:6.2}", each(reading));
    println!("  deciding:             {:6.2}", each(deciding));
    let ratio = deciding.as_secs_f64() / reading.as_secs_f64();
    let strict = deciding.as_secs_f64() / bare_reading.as_secs_f64();
    println!(
        "deciding / reading: {ratio:.2} (under 1 is asked for); against plain SQLite: {strict:.2}"
    );
    assert!(ratio < 1.0, "deciding takes longer than reading");
}

/// Reads a page of the same rows and touches every column, without making anything of them.
fn read_bare(connection: &Connection, after: i64) -> usize {
    let mut statement = connection
        .prepare_cached(
            "SELECT * FROM pair WHERE dirty <> 0 AND mailbox = 1 AND id > ?1 ORDER BY id LIMIT ?2",
        )
        .expect("the statement is sound");
    let columns = statement.column_count();
    let mut rows = statement.query(params![after, PAGE]).expect("the rows can be read");
    let mut bytes = 0;
    while let Some(row) = rows.next().expect("the rows can be read") {
        for column in 0..columns {
            bytes += match row.get_ref(column).expect("the column is there") {
                ValueRef::Text(value) | ValueRef::Blob(value) => black_box(value).len(),
                _ => 8,
            };
        }
    }
    bytes
}

/// Returns the present of a pair: of twenty, two changed in staffITpro, one in Outlook, one on both sides.
fn present(row: &PairRow, number: usize) -> (&PairRow, RecordView, ItemView) {
    let half = |half: &Option<Half>| half.clone().unwrap_or_default();
    let mut record = RecordView {
        half: half(&row.record_half),
        version: row.record_version.clone(),
        changed_at: Some(NOW),
        editable: true,
        ..RecordView::default()
    };
    let mut item = ItemView {
        half: half(&row.item_half),
        version: row.item_version.clone(),
        modified_at: NOW.checked_sub(SignedDuration::from_mins(5)).ok(),
        ..ItemView::default()
    };
    let now = |text: &str| {
        let mut content = Content::new();
        content.set_text(Field::Company, text);
        Half::of(&content)
    };
    let company = FieldSet::of(Field::Company);
    if matches!(number % 20, 0 | 1 | 3) {
        record.half.take(company, &now("Öztürk GmbH"));
    }
    if matches!(number % 20, 2 | 3) {
        item.half.take(company, &now("Öztürk AG"));
    }
    (row, record, item)
}

fn rules() -> Rules {
    Rules {
        scope: Scope::ALL[0],
        kind: PLACE.1,
        mode: Mode::Sync,
        conflict: Conflict::Newest,
        on_leave: Leftover::Keep,
        on_gone: Leftover::Keep,
        transferred: true,
        create_missing: true,
        writable: Field::of(PLACE.1).collect(),
        writes_outlook: true,
        writes_staffitpro: true,
        clock: ClockDifference::Within(SignedDuration::ZERO),
    }
}

/// Adds what a long life adds to every pair.
fn burden(folder: &Path, mailbox: MailboxId) {
    let state = State::open(folder).expect("the state opens");
    let tenant = TenantName::from("staffitpro");
    let run = RunId::from("20261122T130000Z-00000000");
    let mut after = 0;
    loop {
        let rows = state.dirty_pairs(mailbox, PLACE, after, PAGE).expect("the pairs can be read");
        let Some(last) = rows.last() else { return };
        after = last.id;
        let work = |state: &State| {
            for row in &rows {
                let finding = FindingRow {
                    code: Code::Email4NoSlot,
                    record: row.record.clone(),
                    scope: Some(Scope::ALL[0]),
                    label: Some(format!("{} Jörg Grünäcker", row.record)),
                    fields: FieldSet::of(Field::Email4),
                    detail: None,
                    first_seen: NOW,
                    run: run.clone(),
                };
                state.find(mailbox, &run, &finding)?;
                for field in [Field::Company, Field::JobTitle, Field::MobilePhone] {
                    let half = row.record_half.as_ref();
                    if let Some(fingerprint) = half.and_then(|half| half.get(field)) {
                        state.set_field_time(
                            &tenant,
                            &row.record,
                            field,
                            fingerprint,
                            (NOW, None),
                        )?;
                    }
                }
                let old =
                    "{\"company\":\"Grünäcker & Söhne GmbH\",\"mobile_phone\":\"+49 911 1234567\"}";
                let before = before(&row.record, row.item.as_ref(), old);
                state.remember(mailbox, &run, &before, NOW)?;
                state.set_outcome(row.id, None, false)?;
            }
            Ok::<_, abgleich::state::StateError>(())
        };
        state.durably(work).expect("findings can be made");
    }
}

fn before<'a>(record: &'a RecordId, item: Option<&'a ItemId>, old: &str) -> Before<'a> {
    Before {
        record,
        kind: PLACE.1,
        item,
        side: Side::Outlook,
        action: "update",
        before: old.to_owned(),
        edited_by: Some("Hoffmann, Dora"),
        edited_at: Some(NOW),
    }
}

fn item(number: usize) -> ItemId {
    ItemId::new(format!("AAMkAGI2TG93AAA{:0>136}=", number * 7919))
}

fn version(number: usize) -> ItemVersion {
    ItemVersion::new(format!("EQAAABYAAAAIjVhkMlxhR5tNCbqs{number:012}"))
}

/// Reports the size of the state; its log is folded in when the last connection closes.
fn size(folder: &Path, pairs: usize, when: &str) {
    let bytes = std::fs::metadata(folder.join(FILE_NAME)).expect("the state is there").len();
    let each = bytes / pairs as u64;
    println!(
        "state {when}: {:.1} MB, {each} bytes a pair (at most {LIMIT} are asked for)",
        bytes as f64 / 1e6
    );
    assert!(each <= LIMIT, "the state takes {each} bytes a pair");
}
