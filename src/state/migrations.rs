//! Pure: what leads the states of earlier versions to the layout of this one, as append-only migrations. A migration that was released
//! is never edited.

/// All migrations; the database's `user_version` is how many of them it has had.
pub(super) const MIGRATIONS: &[&str] = &[V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, V12, V13];

/// Version 1. What stands here cannot be reconstructed later, so it is complete from the beginning (design: state).
///
/// Ids are compared byte by byte (SQLite's BINARY collation, the default): EWS ids differ in letter case alone.
/// Instants are seconds since 1970 in UTC. Halves are what `model::Half::to_bytes` gives.
const V1: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- One row for each source: another database behind the same name is a reason to stop (rule D7).
CREATE TABLE source (
    tenant TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    newest INTEGER                 -- the latest change seen; a source whose clock runs backwards was restored
) WITHOUT ROWID;

-- One row for each mailbox: state belongs to (tenant, user, identity), not to an address (rule D15).
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    identity TEXT NOT NULL,
    address TEXT NOT NULL,
    newest INTEGER,                -- the latest modification seen in it
    UNIQUE (tenant, user)
);

CREATE TABLE scope (
    mailbox INTEGER NOT NULL,
    scope TEXT NOT NULL,
    mode TEXT NOT NULL,            -- of the last run
    direction TEXT,                -- of the last one-way mode (rule D7: a turned direction)
    mapping TEXT NOT NULL,         -- what else decides where values go; a change compares the whole scope once
    fingerprint INTEGER NOT NULL,  -- version of the fingerprint
    transferred INTEGER,           -- when the first transfer was done (rule D2)
    PRIMARY KEY (mailbox, scope)
) WITHOUT ROWID;

-- Cursors are kept by folder: one folder serves several scopes.
CREATE TABLE folder (
    mailbox INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    cursor TEXT,
    PRIMARY KEY (mailbox, kind, id)
) WITHOUT ROWID;

-- The folder that a scope's new items of a kind go to.
CREATE TABLE home (
    mailbox INTEGER NOT NULL,
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    folder TEXT NOT NULL,
    PRIMARY KEY (mailbox, scope, kind)
) WITHOUT ROWID;

CREATE TABLE feed (
    mailbox INTEGER NOT NULL,
    module TEXT NOT NULL,
    position TEXT,
    members TEXT,
    PRIMARY KEY (mailbox, module)
) WITHOUT ROWID;

CREATE TABLE member (
    mailbox INTEGER NOT NULL,
    record TEXT NOT NULL,
    module TEXT NOT NULL,
    PRIMARY KEY (mailbox, record)
) WITHOUT ROWID;

-- A record that moves, or waits to move, in this mailbox; with its item and the base once it has one.
CREATE TABLE pair (
    id INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL,
    module TEXT NOT NULL,
    parent TEXT,
    record_state TEXT NOT NULL DEFAULT 'here',  -- here | left | gone
    record_version TEXT,                        -- at the last settlement
    record_changed INTEGER,                     -- then; a source whose times run backwards was restored
    item TEXT,
    item_state TEXT NOT NULL DEFAULT 'none',    -- none | here | deleted | removed | missing
    item_version TEXT,                          -- at the last settlement
    item_modified INTEGER,                      -- then; a mailbox whose times run backwards was restored
    folder TEXT,
    created INTEGER NOT NULL DEFAULT 0,         -- 1: made by the connector, 0: adopted
    token TEXT,
    repeated INTEGER NOT NULL DEFAULT 0,        -- the create went unanswered and was repeated: a late twin may come
    linked INTEGER NOT NULL DEFAULT 0,          -- 1: there is a base; counted without reading it
    record_half BLOB,
    item_half BLOB,
    apart BLOB,
    private INTEGER NOT NULL DEFAULT 0,         -- the record was private when settled
    categories TEXT,                            -- categories on the item that are ours, JSON
    dirty INTEGER NOT NULL DEFAULT 1,           -- 1: record, 2: item, 4: look again
    outcome TEXT,                               -- code of what stands, NULL: settled
    taken TEXT,                                 -- a person's word: staffitpro | outlook
    UNIQUE (mailbox, record)
);
CREATE UNIQUE INDEX pair_item ON pair (mailbox, item) WHERE item IS NOT NULL;
CREATE INDEX pair_dirty ON pair (mailbox) WHERE dirty <> 0;
CREATE INDEX pair_scope ON pair (mailbox, module, kind, outcome, record_state, linked);
CREATE INDEX pair_parent ON pair (mailbox, parent) WHERE parent IS NOT NULL;
CREATE INDEX pair_outcome ON pair (mailbox, outcome) WHERE outcome IS NOT NULL;

-- Items of the watched folders that belong to no pair: id, version and salted keys, no more (rule D3).
CREATE TABLE unpaired (
    id INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    item TEXT NOT NULL,
    version TEXT NOT NULL,
    kind TEXT NOT NULL,
    folder TEXT NOT NULL,
    record TEXT,                                -- from a stamp of ours
    deleted INTEGER NOT NULL DEFAULT 0,         -- found in Deleted Items
    token TEXT,
    born INTEGER,
    UNIQUE (mailbox, item)
);
CREATE INDEX unpaired_record ON unpaired (mailbox, record) WHERE record IS NOT NULL;

-- Keys by which records and unpaired items are recognised; salted hashes.
CREATE TABLE match_key (
    mailbox INTEGER NOT NULL,
    key BLOB NOT NULL,
    side INTEGER NOT NULL,                      -- 0: pair, 1: unpaired item
    owner INTEGER NOT NULL,
    given BLOB,
    surname BLOB,
    PRIMARY KEY (mailbox, key, side, owner)
) WITHOUT ROWID;
-- Statements that search by owner name this index: left to itself, SQLite walks all keys of the mailbox.
CREATE INDEX match_owner ON match_key (mailbox, side, owner);

-- When a person edited a field of a record; shared by all mailboxes, since the time travels with the value (rule D1).
CREATE TABLE field_time (
    tenant TEXT NOT NULL,
    record TEXT NOT NULL,
    field INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    edited INTEGER NOT NULL,
    PRIMARY KEY (tenant, record, field)
) WITHOUT ROWID;

-- What is about to be done; removed when it is settled.
CREATE TABLE intent (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    mailbox INTEGER NOT NULL,
    pair INTEGER NOT NULL,
    action TEXT NOT NULL,                       -- create | update-outlook | delete | update-staffitpro
    kind TEXT NOT NULL,
    token TEXT,
    item TEXT,
    version TEXT,
    fields BLOB NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX intent_mailbox ON intent (mailbox);

-- What was there before it was overwritten or deleted, and by whose hand (rule D12).
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    mailbox INTEGER NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL,
    item TEXT,
    side TEXT NOT NULL,                         -- outlook | staffitpro
    action TEXT NOT NULL,                       -- create | update | delete
    before TEXT,                                -- JSON by field key; NULL for creates
    edited_by TEXT,
    edited_at INTEGER,
    at INTEGER NOT NULL
);
CREATE INDEX journal_run ON journal (run);
CREATE INDEX journal_record ON journal (mailbox, record);

CREATE TABLE finding (
    mailbox INTEGER NOT NULL,
    code TEXT NOT NULL,
    record TEXT NOT NULL,
    scope TEXT,
    label TEXT,                                 -- NULL for private ones
    fields BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    run TEXT NOT NULL,                          -- that made it first
    decision TEXT,
    PRIMARY KEY (mailbox, record, code)
) WITHOUT ROWID;

-- Effects of the last 24 hours, for the brake (rule D7).
CREATE TABLE effect (
    mailbox INTEGER NOT NULL,
    scope TEXT NOT NULL,
    what TEXT NOT NULL,
    count INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX effect_mailbox ON effect (mailbox, at);

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    started INTEGER NOT NULL,
    finished INTEGER,
    mailbox INTEGER NOT NULL,
    outcome TEXT,
    counts TEXT
) WITHOUT ROWID;
";

/// Version 2: items that were listed and could not be read are known as such, and read again (rule D3).
const V2: &str = "
ALTER TABLE unpaired ADD COLUMN unread INTEGER NOT NULL DEFAULT 0; -- 1: nobody knows whose it is, 2: a person goes on without it
CREATE INDEX unpaired_unread ON unpaired (mailbox, kind) WHERE unread = 1;
";

/// Version 3: whether an item carried our stamp when its pair was settled; without one it cannot be found where it was moved to
/// (rule D4). An appointment that was adopted before this was known may have guests, and then it never got one.
const V3: &str = "
ALTER TABLE pair ADD COLUMN stamped INTEGER NOT NULL DEFAULT 0;
UPDATE pair SET stamped = 1 WHERE linked = 1 AND (created = 1 OR kind <> 'appointment');
";

/// Version 4: which database each mailbox was last settled with, since a word that is given for one mailbox is given for no other
/// (rule D7). The table that held one for all of them is gone.
const V4: &str = "
ALTER TABLE mailbox ADD COLUMN source TEXT; -- NULL: never settled
UPDATE mailbox SET source = (SELECT identity FROM source WHERE source.tenant = mailbox.tenant);
DROP TABLE source;
";

/// Version 5: pairs whose create was repeated are found without a look at the others.
const V5: &str = "CREATE INDEX pair_repeated ON pair (mailbox) WHERE repeated <> 0;";

/// Version 6: the creates of one request are one row, and halves are stored in a shorter form (`model::Half`), which earlier
/// versions cannot read. Halves of the longer form stay until their pair is settled again.
const V6: &str = "
-- Creates on their way; removed when they are settled. Other effects, and creates of earlier versions, are in intent.
CREATE TABLE creating (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    mailbox INTEGER NOT NULL,
    kind TEXT NOT NULL,
    creates TEXT NOT NULL,         -- JSON: [[pair, token], …], those that are not settled
    at INTEGER NOT NULL
);
CREATE INDEX creating_mailbox ON creating (mailbox);
";

/// Version 7: folders that a person deleted are watched again once they are taken out of Deleted Items (rules D4, D5).
const V7: &str = "
ALTER TABLE folder ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0; -- 1: it lies in Deleted Items
";

/// Version 8: which values of records the connector wrote, since only they explain a record whose time runs backwards (rule D7), and
/// of which members of the filter the activities were not read yet.
const V8: &str = "
ALTER TABLE field_time ADD COLUMN ours INTEGER NOT NULL DEFAULT 0; -- 1: the connector carried this value from a mailbox
ALTER TABLE member ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;   -- 1: new in the filter, its activities were not asked for
CREATE INDEX member_unread ON member (mailbox, module) WHERE unread = 1;
";

/// Version 9: what happens to every record of a first transfer takes fewer rows. The row of a request's creates stays as their journal
/// (rule D12), which had a row for each before. What an owner is recognised by is one row beside the keys, which took a second index
/// over them before, and each of them held the names.
const V9: &str = "
ALTER TABLE creating RENAME COLUMN creates TO open;  -- those that are not settled; [] when all of them are
ALTER TABLE creating ADD COLUMN records TEXT;        -- JSON: [record, …]; NULL: earlier versions have them in journal
DROP INDEX creating_mailbox;
CREATE INDEX creating_open ON creating (mailbox) WHERE open <> '[]';

CREATE TABLE keyed (
    mailbox INTEGER NOT NULL,
    side INTEGER NOT NULL,         -- 0: pair, 1: unpaired item
    owner INTEGER NOT NULL,
    keys BLOB NOT NULL,            -- 8 bytes each, in order
    given BLOB,
    surname BLOB,
    PRIMARY KEY (mailbox, side, owner)
) WITHOUT ROWID;
INSERT INTO keyed SELECT mailbox, side, owner, unhex(group_concat(hex(key), '' ORDER BY key)), max(given), max(surname)
    FROM match_key GROUP BY mailbox, side, owner;
DROP INDEX match_owner;
ALTER TABLE match_key DROP COLUMN given;
ALTER TABLE match_key DROP COLUMN surname;
";

/// Version 10: runs that wrote nothing are known as such and forgotten after a while, and the last run of a mailbox is found without
/// looking at those of all others.
const V10: &str = "
ALTER TABLE run ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0; -- 1: it left nothing in the journal, or nothing is left of that
CREATE INDEX creating_run ON creating (run);
UPDATE run SET quiet = 1 WHERE NOT EXISTS (SELECT 1 FROM journal WHERE journal.run = run.id)
    AND NOT EXISTS (SELECT 1 FROM creating WHERE creating.run = run.id);
CREATE INDEX run_mailbox ON run (mailbox, started);
CREATE INDEX run_quiet ON run (mailbox, started) WHERE quiet = 1;
";

/// Version 11: the index that pairs are counted by holds those only that count, so that a pair that is new and not settled yet is not
/// written into it and taken out again.
const V11: &str = "
DROP INDEX pair_scope;
CREATE INDEX pair_scope ON pair (mailbox, module, kind, outcome, record_state, linked) WHERE linked OR outcome IS NOT NULL;
";

/// Version 12: when the connector carried a value into a record, since only what was carried after a pair was settled explains a record
/// whose time runs backwards (rule D7). Before version 8 nobody noted whether it did.
const V12: &str = "
ALTER TABLE field_time ADD COLUMN carried INTEGER; -- 0: it did not, NULL: nobody knows
UPDATE field_time SET carried = 1 WHERE ours = 1;
ALTER TABLE field_time DROP COLUMN ours;
";

/// Version 13: findings say why the other side did not take or give something. Those of earlier versions do not know.
const V13: &str = "
ALTER TABLE finding ADD COLUMN detail TEXT; -- as that side said; no values
";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;

    use super::{MIGRATIONS, V1};
    use crate::model::{Field, Fingerprint, ItemKind, RecordId, Slot, TenantName, UserId, Value};
    use crate::state::{Claim, EditedBy, FILE_NAME, FindingRow, Keys, State};

    /// A state of version 1 with one mailbox, and a pair of each way in which an item comes to its stamp or to none.
    const OLD: &str = "
        INSERT INTO meta VALUES ('salt', x'00');
        INSERT INTO source VALUES ('staffitpro', 'database', NULL);
        INSERT INTO mailbox (id, tenant, user, identity, address) VALUES (1, 'staffitpro', 'DHO', 'm', 'a');
        INSERT INTO pair (mailbox, record, kind, module, item, item_state, created, linked) VALUES
            (1, 'made', 'appointment', 'general', 'i1', 'here', 1, 1),
            (1, 'adopted', 'appointment', 'general', 'i2', 'here', 0, 1),
            (1, 'contact', 'contact', 'applicants', 'i3', 'here', 0, 1),
            (1, 'waiting', 'contact', 'applicants', NULL, 'none', 0, 0);
        INSERT INTO unpaired (mailbox, item, version, kind, folder) VALUES (1, 'i4', 'v', 'contact', 'f');
        PRAGMA user_version = 1;";

    #[test]
    fn a_state_of_version_1_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let old = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        old.execute_batch(V1).unwrap();
        old.execute_batch(OLD).unwrap();
        drop(old);
        let state = State::open(folder.path()).unwrap();
        let known =
            state.mailbox(&TenantName::from("staffitpro"), &UserId::from("DHO")).unwrap().unwrap();
        assert_eq!(known.source.as_deref(), Some("database"), "D7: what it was settled with");
        let stamped = |record: &str| {
            state.pair_of_record(known.id, &RecordId::from(record)).unwrap().unwrap().stamped
        };
        // An adopted appointment may have guests, and then it never got a stamp (rule D8).
        assert_eq!(
            ["made", "adopted", "contact", "waiting"].map(stamped),
            [true, false, true, false]
        );
        for kind in crate::model::ItemKind::ALL {
            assert_eq!(state.count_unread(known.id, kind).unwrap(), 0);
            assert!(state.twins(known.id, kind).unwrap().is_empty());
        }
        assert!(folder.path().join("abgleich.state.v1.bak").exists(), "the old one is kept");
    }

    #[test]
    fn halves_and_creates_of_version_1_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/state/v1.sql");
        let old = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        old.execute_batch(&std::fs::read_to_string(path).unwrap()).unwrap();
        drop(old);
        let state = State::open(folder.path()).unwrap();
        let known = state.mailbox(&TenantName::from("staffitpro"), &UserId::from("DHO"));
        let mailbox = known.unwrap().unwrap().id;
        let pair = state.pair_of_record(mailbox, &RecordId::from("BEW-1")).unwrap().unwrap();
        let company = |text: &str| {
            Some(Fingerprint::of(Field::Company, &Slot::of(Value::Text(text.to_owned()))))
        };
        let (record, item) = (pair.record_half.unwrap(), pair.item_half.unwrap());
        assert_eq!(record.get(Field::Company), company("Firma"));
        assert_eq!(item.get(Field::Company), company("Firma GmbH"));
        assert_eq!(record.get(Field::JobTitle), Some(Fingerprint::BLANK));
        // A create of version 1 that was on its way is found by its token, as those of now are.
        let intents = state.intents(mailbox).unwrap();
        assert_eq!(intents.len(), 1);
        let token = intents[0].token.as_ref().map(crate::model::Token::as_str);
        assert_eq!(token, Some("fedcba9876543210fedcba9876543210"));
        assert_eq!((intents[0].pair, intents[0].kind), (2, ItemKind::Contact));
        assert!(state.creating(mailbox).unwrap().is_empty());
    }

    /// A finding of an earlier version has no reason until it is made again. What comes from outside is kept as far as it is short.
    #[test]
    fn findings_of_version_12_get_a_reason_when_they_are_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let old = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        for migration in MIGRATIONS.iter().take(12) {
            old.execute_batch(migration).unwrap();
        }
        old.execute_batch(
            "INSERT INTO meta VALUES ('salt', x'00');
             INSERT INTO mailbox (id, tenant, user, identity, address) VALUES (1, 'staffitpro', 'DHO', 'm', 'a');
             INSERT INTO finding VALUES (1, 'refused-outlook', 'BEW-1', NULL, NULL, zeroblob(16), 5, 5, 'r1', NULL);
             PRAGMA user_version = 12;",
        )
        .unwrap();
        drop(old);
        let state = State::open(folder.path()).unwrap();
        let known = state.mailbox(&TenantName::from("staffitpro"), &UserId::from("DHO"));
        let mailbox = known.unwrap().unwrap().id;
        let finding = || state.findings(mailbox).unwrap().remove(0);
        assert_eq!(finding().detail, None);
        for (told, kept) in [
            (Some("ErrorItemSave".to_owned()), Some("ErrorItemSave".to_owned())),
            (Some("ä".repeat(201)), Some("ä".repeat(200))),
            (None, None),
        ] {
            let again = FindingRow { detail: told, ..finding() };
            state.find(mailbox, &again.run.clone(), &again).unwrap();
            assert_eq!(finding().detail, kept);
        }
    }

    /// What is on its way stays so, people are recognised as before, and of an edit it is known who carried it only where that was
    /// noted.
    #[test]
    fn creates_keys_and_edits_of_version_8_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let old = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        for migration in MIGRATIONS.iter().take(8) {
            old.execute_batch(migration).unwrap();
        }
        old.execute_batch(
            "INSERT INTO meta VALUES ('salt', x'00');
             INSERT INTO mailbox (id, tenant, user, identity, address) VALUES (1, 'staffitpro', 'DHO', 'm', 'a');
             INSERT INTO pair (id, mailbox, record, kind, module) VALUES (1, 1, 'waiting', 'contact', 'applicants');
             INSERT INTO unpaired (id, mailbox, item, version, kind, folder) VALUES (4, 1, 'i', 'v', 'contact', 'f');
             INSERT INTO match_key (mailbox, key, side, owner, given, surname) VALUES
                 (1, 'mail....', 1, 4, 'given...', 'surname.'), (1, 'company.', 1, 4, 'given...', 'surname.');
             UPDATE match_key SET key = CAST(key AS BLOB), given = CAST(given AS BLOB), surname = CAST(surname AS BLOB);
             INSERT INTO creating (run, mailbox, kind, creates, at) VALUES ('r', 1, 'contact', '[[1,\"token\"]]', 0);
             PRAGMA user_version = 8;",
        )
        .unwrap();
        let value = Fingerprint::of(Field::Company, &Slot::of(Value::Text("Firma".to_owned())));
        for (record, ours) in [("told", 0), ("carried", 1)] {
            let row = (record, Field::Company.number(), value.to_bytes(), ours);
            old.execute("INSERT INTO field_time VALUES ('staffitpro', ?1, ?2, ?3, 5, ?4)", row)
                .unwrap();
        }
        drop(old);
        let state = State::open(folder.path()).unwrap();
        let by = |record: &str| {
            let (tenant, record) = (TenantName::from("staffitpro"), RecordId::from(record));
            state.field_time(&tenant, &record, Field::Company, value).unwrap().unwrap().1
        };
        assert_eq!([by("told"), by("carried")], [EditedBy::Unknown, EditedBy::Connector]);
        let known = state.mailbox(&TenantName::from("staffitpro"), &UserId::from("DHO"));
        let mailbox = known.unwrap().unwrap().id;
        let creating = state.creating(mailbox).unwrap();
        assert_eq!(creating[0].creates, [(1, "token".into())]);
        state.leave_creates(creating[0].id, &[]).unwrap();
        assert!(state.creating(mailbox).unwrap().is_empty());
        let keys = Keys {
            strong: vec![*b"mail....", *b"phone..."],
            given: Some(*b"given..."),
            ..Keys::default()
        };
        let claim = Claim { owner: 4, names_fit: true, names_equal: false, strong: true };
        assert_eq!(state.matching_items(mailbox, &keys).unwrap(), [claim]);
        // The pair is not recognised by anything yet.
        assert_eq!(state.claimants(mailbox, 4).unwrap(), 0);
        state.set_pair_keys(mailbox, &[(1, &keys)]).unwrap();
        assert_eq!(state.claimants(mailbox, 4).unwrap(), 1);
        assert!(state.forget_unpaired(mailbox, &"i".into()).unwrap());
        assert!(state.matching_items(mailbox, &keys).unwrap().is_empty());
    }
}
