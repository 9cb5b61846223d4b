//! Pure: the layout of a new state. [`migrations`](super::migrations) lead the states of earlier versions to the very same one, with
//! their columns in the same order; a test compares the two. A new state would go the whole way as well, but that takes three times
//! as long.
//!
//! Ids are compared byte by byte (SQLite's BINARY collation, the default): EWS ids differ in letter case alone. Instants are seconds
//! since 1970 in UTC. Halves are what `model::Half::to_bytes` gives.

/// The layout that all migrations together lead to.
pub(super) const NEWEST: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- One row for each mailbox: state belongs to (tenant, user, identity), not to an address (rule D15).
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    identity TEXT NOT NULL,
    address TEXT NOT NULL,
    newest INTEGER,                -- the latest modification seen in it
    source TEXT,                   -- the identity of the database it was last settled with, NULL: never settled
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
    discarded INTEGER NOT NULL DEFAULT 0,       -- 1: it lies in Deleted Items
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
    unread INTEGER NOT NULL DEFAULT 0,          -- 1: new in the filter, its activities were not asked for; 2: the source says it is gone
    PRIMARY KEY (mailbox, record)
) WITHOUT ROWID;
CREATE INDEX member_unread ON member (mailbox, module) WHERE unread = 1;

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
    stamped INTEGER NOT NULL DEFAULT 0,         -- 1: the item carried our stamp when the pair was settled (rule D4)
    UNIQUE (mailbox, record)
);
CREATE UNIQUE INDEX pair_item ON pair (mailbox, item) WHERE item IS NOT NULL;
CREATE INDEX pair_dirty ON pair (mailbox) WHERE dirty <> 0;
-- Pairs are counted by this; one that is new and not settled yet is not in it.
CREATE INDEX pair_scope ON pair (mailbox, module, kind, outcome, record_state, linked) WHERE linked OR outcome IS NOT NULL;
CREATE INDEX pair_parent ON pair (mailbox, parent) WHERE parent IS NOT NULL;
CREATE INDEX pair_outcome ON pair (mailbox, outcome) WHERE outcome IS NOT NULL;
CREATE INDEX pair_repeated ON pair (mailbox) WHERE repeated <> 0;

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
    unread INTEGER NOT NULL DEFAULT 0,          -- 1: nobody knows whose it is, 2: a person goes on without it
    UNIQUE (mailbox, item)
);
CREATE INDEX unpaired_unread ON unpaired (mailbox, kind) WHERE unread = 1;
CREATE INDEX unpaired_record ON unpaired (mailbox, record) WHERE record IS NOT NULL;

-- Keys by which records and unpaired items are recognised; salted hashes.
CREATE TABLE match_key (
    mailbox INTEGER NOT NULL,
    key BLOB NOT NULL,
    side INTEGER NOT NULL,                      -- 0: pair, 1: unpaired item
    owner INTEGER NOT NULL,
    PRIMARY KEY (mailbox, key, side, owner)
) WITHOUT ROWID;

-- What an owner is recognised by; nobody searches its keys by their owner.
CREATE TABLE keyed (
    mailbox INTEGER NOT NULL,
    side INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    keys BLOB NOT NULL,                         -- 8 bytes each, in order
    given BLOB,
    surname BLOB,
    PRIMARY KEY (mailbox, side, owner)
) WITHOUT ROWID;

-- When a person edited a field of a record; shared by all mailboxes, since the time travels with the value (rule D1).
CREATE TABLE field_time (
    tenant TEXT NOT NULL,
    record TEXT NOT NULL,
    field INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    edited INTEGER NOT NULL,
    carried INTEGER,               -- when the connector carried it there from a mailbox; 0: it did not, NULL: nobody knows
    PRIMARY KEY (tenant, record, field)
) WITHOUT ROWID;

-- What is about to be done, creates aside; removed when it is settled.
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

-- The creates of one request. The row stays as their journal (rule D12).
CREATE TABLE creating (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    mailbox INTEGER NOT NULL,
    kind TEXT NOT NULL,
    open TEXT NOT NULL,                         -- JSON: [[pair, token], …], those that are not settled; [] when all are
    at INTEGER NOT NULL,
    records TEXT                                -- JSON: [record, …]; NULL: versions before 9 have them in journal
);
CREATE INDEX creating_open ON creating (mailbox) WHERE open <> '[]';
CREATE INDEX creating_run ON creating (run);

-- What was there before it was overwritten or deleted, and by whose hand (rule D12).
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    mailbox INTEGER NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL,
    item TEXT,
    side TEXT NOT NULL,                         -- outlook | staffitpro
    action TEXT NOT NULL,                       -- update | delete; create in versions before 9
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
    detail TEXT,                                -- why, as the side said that did not take or give something; no values
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
    counts TEXT,
    quiet INTEGER NOT NULL DEFAULT 0            -- 1: it left nothing in the journal, or nothing is left of that
) WITHOUT ROWID;
CREATE INDEX run_mailbox ON run (mailbox, started);
CREATE INDEX run_quiet ON run (mailbox, started) WHERE quiet = 1;
";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::NEWEST;
    use crate::state::migrations::MIGRATIONS;

    /// Returns the tables with their columns in order, and the indexes with their statements, whatever their spaces and comments.
    fn layout(statements: &[&str]) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        for sql in statements {
            connection.execute_batch(sql).unwrap();
        }
        let lines = |sql: &str| -> Vec<String> {
            let mut select = connection.prepare(sql).unwrap();
            let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.map(|line| line.unwrap().split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        let columns = "SELECT format('%s %d %s', t.name, t.wr, c.name || ' ' || c.type || ' ' || c.\"notnull\"
                || ' ' || ifnull(c.dflt_value, '-') || ' ' || c.pk)
            FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
            WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid";
        let unique = "SELECT format('%s %d %s', i.tbl_name, l.\"unique\", (SELECT group_concat(name) FROM pragma_index_info(i.name)))
            FROM sqlite_schema i JOIN pragma_index_list(i.tbl_name) l ON l.name = i.name
            WHERE i.type = 'index' AND i.sql IS NULL ORDER BY 1";
        let indexes =
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
        [lines(columns), lines(unique), lines(indexes)].concat()
    }

    #[test]
    fn a_new_state_is_laid_out_as_an_old_one_that_was_brought_up_to_date() {
        let new = layout(&[NEWEST]);
        assert!(new.contains(&"pair 0 stamped INTEGER 1 0 0".to_owned()), "{new:#?}");
        assert_eq!(new, layout(MIGRATIONS));
    }
}
