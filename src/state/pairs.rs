//! Effect: pairs, members of the filter, and items that belong to no pair.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{MailboxId, State, StateError};
use crate::model::{
    Direction, FieldSet, FolderId, Half, ItemId, ItemKind, ItemVersion, Module, RecordId,
    RecordVersion, Token,
};
use crate::reason::Code;

/// What has to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirty(i64);

impl Dirty {
    /// The record.
    pub const RECORD: Self = Self(1);
    /// The item.
    pub const ITEM: Self = Self(2);
    /// Neither changed, but something around the pair did.
    pub const AGAIN: Self = Self(4);

    /// Says whether one of the other marks is among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

macro_rules! presence {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Returns the stored word.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            fn from_key(key: &str) -> Result<Self, StateError> {
                match key {
                    $($key => Ok(Self::$variant),)+
                    _ => Err(StateError::Corrupt(format!("`{key}` is no {}", stringify!($name)))),
                }
            }
        }
    };
}

presence! {
    /// Where the record stands.
    RecordPresence {
        /// It is there and moves.
        Here = "here",
        /// It left the filter.
        Left = "left",
        /// It is gone, or no longer the user's.
        Gone = "gone",
    }
}

presence! {
    /// Where the item stands.
    ItemPresence {
        /// There is none yet.
        None = "none",
        /// It is there.
        Here = "here",
        /// It was deleted in Outlook.
        Deleted = "deleted",
        /// The connector moved it to Deleted Items.
        Removed = "removed",
        /// It is not where it was, and nothing proves more.
        Missing = "missing",
    }
}

/// A pair as the state has it.
#[derive(Clone, Debug)]
pub struct PairRow {
    /// Its row.
    pub id: i64,
    /// The record.
    pub record: RecordId,
    /// The kind of both.
    pub kind: ItemKind,
    /// The module of the record.
    pub module: Module,
    /// What the record belongs to.
    pub parent: Option<RecordId>,
    /// Where the record stands.
    pub record_state: RecordPresence,
    /// The record's version when the pair was settled.
    pub record_version: Option<RecordVersion>,
    /// The item.
    pub item: Option<ItemId>,
    /// Where the item stands.
    pub item_state: ItemPresence,
    /// The item's version when the pair was settled.
    pub item_version: Option<ItemVersion>,
    /// The item's folder.
    pub folder: Option<FolderId>,
    /// The connector made the item.
    pub created: bool,
    /// The token in its stamp.
    pub token: Option<Token>,
    /// The create went unanswered and was repeated with the same token: a late twin may come (invariant 1).
    pub repeated: bool,
    /// The base.
    pub record_half: Option<Half>,
    /// The base.
    pub item_half: Option<Half>,
    /// Fields settled although the sides differed.
    pub apart: FieldSet,
    /// The record was private when settled.
    pub private: bool,
    /// Categories on the item that are ours.
    pub categories: OwnCategories,
    /// When the item was last modified, as of the settlement.
    pub item_modified: Option<i64>,
    /// What has to be looked at again.
    pub dirty: Dirty,
    /// What stands.
    pub outcome: Option<Code>,
    /// A person's word.
    pub taken: Option<Direction>,
    /// A person took record and item apart.
    pub unlinked: bool,
}

impl PairRow {
    /// Says whether the pair was settled before.
    pub const fn is_linked(&self) -> bool {
        self.record_half.is_some() && self.item_half.is_some()
    }
}

/// The word for a pair that a person took apart.
const UNLINKED: &str = "unlinked";

const COLUMNS: &str = "id, record, kind, module, parent, record_state, record_version, item, item_state, item_version, \
     folder, created, token, record_half, item_half, apart, private, categories, dirty, outcome, taken, item_modified, repeated";

fn read(row: &Row<'_>) -> rusqlite::Result<Result<PairRow, StateError>> {
    let text = |at: usize| row.get::<_, String>(at);
    let maybe = |at: usize| row.get::<_, Option<String>>(at);
    let (kind, module, record_state, item_state) = (text(2)?, text(3)?, text(5)?, text(8)?);
    let (record_half, item_half): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(13)?, row.get(14)?);
    let apart: Option<[u8; 16]> = row.get(15)?;
    let (categories, outcome, word) = (maybe(17)?, maybe(19)?, maybe(20)?);
    let (id, record) = (row.get(0)?, RecordId::new(text(1)?));
    let parent = maybe(4)?.map(RecordId::new);
    let record_version = maybe(6)?.map(RecordVersion::new);
    let item = maybe(7)?.map(ItemId::new);
    let item_version = maybe(9)?.map(ItemVersion::new);
    let folder = maybe(10)?.map(FolderId::new);
    let (created, private) = (row.get(11)?, row.get(16)?);
    let token = maybe(12)?.map(Token::new);
    let dirty = Dirty(row.get(18)?);
    let (item_modified, repeated) = (row.get(21)?, row.get(22)?);
    let parse = || -> Result<PairRow, StateError> {
        let half = |bytes: Option<Vec<u8>>| {
            bytes
                .map(|bytes| Half::from_bytes(&bytes))
                .transpose()
                .map_err(|error| StateError::Corrupt(error.to_string()))
        };
        Ok(PairRow {
            id,
            record,
            kind: ItemKind::from_key(&kind)
                .ok_or_else(|| StateError::Corrupt(format!("`{kind}` is no kind")))?,
            module: Module::from_key(&module)
                .ok_or_else(|| StateError::Corrupt(format!("`{module}` is no module")))?,
            parent,
            record_state: RecordPresence::from_key(&record_state)?,
            record_version,
            item,
            item_state: ItemPresence::from_key(&item_state)?,
            item_version,
            folder,
            created,
            token,
            record_half: half(record_half)?,
            item_half: half(item_half)?,
            apart: apart.map_or(FieldSet::EMPTY, FieldSet::from_bytes),
            private,
            categories: match categories {
                None => OwnCategories::default(),
                Some(json) => serde_json::from_str(&json)
                    .map_err(|_| StateError::Corrupt("a list of categories is no list".into()))?,
            },
            item_modified,
            repeated,
            dirty,
            outcome: outcome.as_deref().and_then(Code::from_code),
            unlinked: word.as_deref() == Some(UNLINKED),
            taken: match word.as_deref() {
                Some("staffitpro") => Some(Direction::ToOutlook),
                Some("outlook") => Some(Direction::ToStaffitpro),
                _ => None,
            },
        })
    };
    Ok(parse())
}

/// How a pair stands after it was settled.
#[derive(Clone, Debug)]
pub struct Settlement<'a> {
    /// The record's version.
    pub record_version: Option<&'a RecordVersion>,
    /// The item and where it is.
    pub item: Option<(&'a ItemId, &'a ItemVersion)>,
    /// The folder, where it is known.
    pub folder: Option<&'a FolderId>,
    /// The record's half.
    pub record_half: &'a Half,
    /// The item's half.
    pub item_half: &'a Half,
    /// Fields settled although the sides differ.
    pub apart: FieldSet,
    /// The record is private.
    pub private: bool,
    /// Categories on the item that are ours.
    pub categories: &'a OwnCategories,
    /// When the item was last modified.
    pub item_modified: Option<Timestamp>,
}

/// The categories on an item that the connector put there; all others are the person's own (rule D11).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OwnCategories {
    /// Carried over from the record.
    pub carried: Vec<String>,
    /// Added to show where the item belongs (rule D18); never flow back.
    pub shown: Vec<String>,
}

/// A record that a listing or a feed tells of.
#[derive(Clone, Copy, Debug)]
pub struct SeenRecord<'a> {
    /// The record.
    pub record: &'a RecordId,
    /// Its kind.
    pub kind: ItemKind,
    /// Its module.
    pub module: Module,
    /// What it belongs to.
    pub parent: Option<&'a RecordId>,
    /// Its version, where it was told.
    pub version: Option<&'a RecordVersion>,
}

/// An item that belongs to no pair.
#[derive(Clone, Debug)]
pub struct UnpairedRow {
    /// Its row.
    pub id: i64,
    /// The item.
    pub item: ItemId,
    /// Its version.
    pub version: ItemVersion,
    /// Its kind.
    pub kind: ItemKind,
    /// Its folder.
    pub folder: FolderId,
    /// The record in its stamp, where it is ours.
    pub record: Option<RecordId>,
    /// The token in its stamp.
    pub token: Option<Token>,
    /// It lies in Deleted Items.
    pub deleted: bool,
    /// When it was made.
    pub born: Option<i64>,
}

impl State {
    fn pairs_where(
        &self,
        mailbox: MailboxId,
        tail: &str,
        more: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<PairRow>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM pair WHERE mailbox = ?1 AND {tail}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut parameters: Vec<&dyn rusqlite::ToSql> = vec![&mailbox.0];
        parameters.extend_from_slice(more);
        let mut rows = statement.query(parameters.as_slice())?;
        let mut pairs = Vec::new();
        while let Some(row) = rows.next()? {
            pairs.push(read(row)??);
        }
        Ok(pairs)
    }

    /// Returns the pair of a record.
    pub fn pair_of_record(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
    ) -> Result<Option<PairRow>, StateError> {
        Ok(self.pairs_where(mailbox, "record = ?2", &[&record.as_str()])?.pop())
    }

    /// Returns the pair of an item.
    pub fn pair_of_item(
        &self,
        mailbox: MailboxId,
        item: &ItemId,
    ) -> Result<Option<PairRow>, StateError> {
        Ok(self.pairs_where(mailbox, "item = ?2", &[&item.as_str()])?.pop())
    }

    /// Returns the pair in this row.
    pub fn pair(&self, mailbox: MailboxId, id: i64) -> Result<Option<PairRow>, StateError> {
        Ok(self.pairs_where(mailbox, "id = ?2", &[&id])?.pop())
    }

    /// Lists pairs that have to be looked at, a page at a time, after a row.
    pub fn dirty_pairs(
        &self,
        mailbox: MailboxId,
        (module, kind): (Module, ItemKind),
        after: i64,
        limit: usize,
    ) -> Result<Vec<PairRow>, StateError> {
        self.pairs_where(
            mailbox,
            "dirty <> 0 AND module = ?2 AND kind = ?3 AND id > ?4 ORDER BY id LIMIT ?5",
            &[&module.key(), &kind.key(), &after, &i64::try_from(limit).unwrap_or(i64::MAX)],
        )
    }

    /// Lists pairs whose item is not where it was, and that were not decided since.
    pub fn pairs_missing(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
    ) -> Result<Vec<PairRow>, StateError> {
        self.pairs_where(
            mailbox,
            "item_state = 'missing' AND dirty <> 0 AND kind = ?2",
            &[&kind.key()],
        )
    }

    /// Counts pairs that satisfy a condition over the columns of `pair`; `?2` is the module, `?3` the kinds.
    fn count(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
        tail: &str,
    ) -> Result<u64, StateError> {
        let sql = format!(
            "SELECT count(*) FROM pair WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3 AND {tail}"
        );
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_row(params![mailbox.0, module.key(), contacts], |row| row.get(0))?)
    }

    /// Counts a scope's linked pairs.
    pub fn count_linked(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        self.count(mailbox, module, contacts, "record_half IS NOT NULL AND record_state = 'here'")
    }

    /// Counts a scope's pairs whose item was found missing and not decided since.
    pub fn count_missing(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        self.count(
            mailbox,
            module,
            contacts,
            "item_state IN ('deleted', 'missing') AND dirty & 2 <> 0 AND record_state = 'here'",
        )
    }

    /// Counts a module's records that left the filter and were not decided since.
    pub fn count_leaving(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<u64, StateError> {
        self.count(mailbox, module, contacts, "record_state = 'left' AND dirty & 1 <> 0")
    }

    /// Counts what stands in a scope, by code; settled pairs count under `None`.
    pub fn standing(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<Vec<(Option<Code>, u64)>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT outcome, count(*) FROM pair
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3
                 AND (record_half IS NOT NULL OR outcome IS NOT NULL)
             GROUP BY outcome ORDER BY outcome",
        )?;
        let rows = statement.query_map(params![mailbox.0, module.key(), contacts], |row| {
            Ok((row.get::<_, Option<String>>(0)?, row.get(1)?))
        })?;
        let mut standing = Vec::new();
        for row in rows {
            let (code, count) = row?;
            standing.push((code.as_deref().and_then(Code::from_code), count));
        }
        Ok(standing)
    }

    /// Adds a record that moves, or marks the pair it has: dirty where the version is not the one last settled.
    pub fn see_record(&self, mailbox: MailboxId, seen: &SeenRecord<'_>) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "INSERT INTO pair (mailbox, record, kind, module, parent) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (mailbox, record) DO UPDATE SET
                     parent = ifnull(?5, parent), record_state = 'here',
                     dirty = dirty | CASE WHEN ?6 IS NULL OR record_version IS NOT ?6 OR record_state <> 'here'
                         THEN 1 ELSE 0 END
                 WHERE record_state <> 'here' OR ?6 IS NULL OR record_version IS NOT ?6 OR parent IS NOT ifnull(?5, parent)",
            )?
            .execute(params![
                mailbox.0,
                seen.record.as_str(),
                seen.kind.key(),
                seen.module.key(),
                seen.parent.map(RecordId::as_str),
                seen.version.map(RecordVersion::as_str)
            ])?;
        Ok(())
    }

    /// Marks a pair's record as left or gone. A pair that never had an item is forgotten.
    pub fn see_record_off(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
        state: RecordPresence,
    ) -> Result<(), StateError> {
        let sql = "UPDATE pair SET record_state = ?3, dirty = dirty | 1
                   WHERE mailbox = ?1 AND record = ?2 AND record_state <> ?3";
        self.connection.prepare_cached(sql)?.execute(params![
            mailbox.0,
            record.as_str(),
            state.key()
        ])?;
        self.forget_unlinked(mailbox, record)
    }

    /// Forgets the pair of a record that never had an item.
    pub fn forget_unlinked(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "DELETE FROM match_key WHERE mailbox = ?1 AND side = 0 AND owner IN
                     (SELECT id FROM pair WHERE mailbox = ?1 AND record = ?2
                      AND record_half IS NULL AND record_state <> 'here')",
            )?
            .execute(params![mailbox.0, record.as_str()])?;
        self.connection
            .prepare_cached(
                "DELETE FROM finding WHERE mailbox = ?1 AND record = ?2 AND EXISTS
                     (SELECT 1 FROM pair WHERE mailbox = ?1 AND record = ?2
                      AND record_half IS NULL AND record_state <> 'here')",
            )?
            .execute(params![mailbox.0, record.as_str()])?;
        self.connection
            .prepare_cached(
                "DELETE FROM pair WHERE mailbox = ?1 AND record = ?2
                     AND record_half IS NULL AND record_state <> 'here'",
            )?
            .execute(params![mailbox.0, record.as_str()])?;
        Ok(())
    }

    /// Lists the records of pairs that belong to a parent.
    pub fn children(
        &self,
        mailbox: MailboxId,
        parent: &RecordId,
    ) -> Result<Vec<RecordId>, StateError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT record FROM pair WHERE mailbox = ?1 AND parent = ?2")?;
        let rows = statement.query_map(params![mailbox.0, parent.as_str()], |row| {
            Ok(RecordId::new(row.get::<_, String>(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Marks a pair's item as changed where the version is not the one last settled. Returns whether there is such a pair.
    pub fn see_item(
        &self,
        mailbox: MailboxId,
        item: &ItemId,
        version: &ItemVersion,
    ) -> Result<bool, StateError> {
        let row: Option<(i64, bool)> = self
            .connection
            .prepare_cached(
                "SELECT id, item_version IS NOT ?3 OR item_state <> 'here' FROM pair
                 WHERE mailbox = ?1 AND item = ?2",
            )?
            .query_row(params![mailbox.0, item.as_str(), version.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if let Some((id, true)) = row {
            self.connection
                .prepare_cached(
                    "UPDATE pair SET dirty = dirty | 2, item_state = 'here' WHERE id = ?1",
                )?
                .execute(params![id])?;
        }
        Ok(row.is_some())
    }

    /// Marks a pair's item as not where it was. Returns whether there is such a pair.
    pub fn miss_item(&self, mailbox: MailboxId, item: &ItemId) -> Result<bool, StateError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE pair SET dirty = dirty | 2, item_state = 'missing'
                 WHERE mailbox = ?1 AND item = ?2 AND item_state = 'here'",
            )?
            .execute(params![mailbox.0, item.as_str()])?;
        Ok(changed > 0)
    }

    /// Says where a pair's item was found, or that it is deleted.
    pub fn set_item(
        &self,
        pair: i64,
        state: ItemPresence,
        item: Option<(&ItemId, &FolderId)>,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET item_state = ?2, item = ifnull(?3, item), folder = ifnull(?4, folder),
                     dirty = dirty | 2 WHERE id = ?1",
            )?
            .execute(params![
                pair,
                state.key(),
                item.map(|(id, _)| id.as_str()),
                item.map(|(_, folder)| folder.as_str())
            ])?;
        Ok(())
    }

    /// Marks all pairs of a scope, so that the scope is compared as a whole.
    pub fn mark_scope(
        &self,
        mailbox: MailboxId,
        module: Module,
        contacts: bool,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET dirty = dirty | 4
             WHERE mailbox = ?1 AND module = ?2 AND (kind = 'contact') = ?3 AND dirty & 4 = 0",
            params![mailbox.0, module.key(), contacts],
        )?;
        Ok(())
    }

    /// Marks the pairs of a kind in which pairing was in doubt, because an item came or went.
    pub fn mark_doubtful(&self, mailbox: MailboxId, kind: ItemKind) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET dirty = dirty | 4
             WHERE mailbox = ?1 AND kind = ?2 AND outcome LIKE 'pair-%' AND dirty & 4 = 0",
            params![mailbox.0, kind.key()],
        )?;
        Ok(())
    }

    /// Marks one pair.
    pub fn mark_pair(&self, pair: i64) -> Result<(), StateError> {
        self.connection
            .execute("UPDATE pair SET dirty = dirty | 4 WHERE id = ?1", params![pair])?;
        Ok(())
    }

    /// Notes what stands of a pair; `stays_dirty` has it looked at again in the next run.
    pub fn set_outcome(
        &self,
        pair: i64,
        outcome: Option<Code>,
        stays_dirty: bool,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET outcome = ?2, dirty = CASE WHEN ?3 THEN dirty | 4 ELSE 0 END
                 WHERE id = ?1 AND (outcome IS NOT ?2 OR (dirty <> 0) <> ?3)",
            )?
            .execute(params![pair, outcome.map(Code::code), stays_dirty])?;
        Ok(())
    }

    /// Moves the halves of a base to what was acknowledged (invariant 3).
    pub fn settle(&self, pair: i64, settlement: &Settlement<'_>) -> Result<(), StateError> {
        let (item, version) = settlement.item.unzip();
        let categories = (*settlement.categories != OwnCategories::default())
            .then(|| serde_json::to_string(settlement.categories).ok())
            .flatten();
        self.connection
            .prepare_cached(
                "UPDATE pair SET record_version = ifnull(?2, record_version), item = ifnull(?3, item),
                     item_version = ifnull(?4, item_version), folder = ifnull(?5, folder), record_half = ?6, item_half = ?7,
                     apart = ?8, private = ?9, categories = ?10, taken = NULL,
                     item_modified = ifnull(?11, item_modified),
                     item_state = CASE WHEN ?3 IS NULL THEN item_state ELSE 'here' END
                 WHERE id = ?1",
            )?
            .execute(params![
                pair,
                settlement.record_version.map(RecordVersion::as_str),
                item.map(ItemId::as_str),
                version.map(ItemVersion::as_str),
                settlement.folder.map(FolderId::as_str),
                settlement.record_half.to_bytes(),
                settlement.item_half.to_bytes(),
                settlement.apart.to_bytes(),
                settlement.private,
                categories,
                settlement.item_modified.map(Timestamp::as_second)
            ])?;
        Ok(())
    }

    /// Says how a pair came to its item.
    pub fn set_origin(
        &self,
        pair: i64,
        created: bool,
        token: Option<&Token>,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE pair SET created = ?2, token = ?3 WHERE id = ?1")?
            .execute(params![pair, created, token.map(Token::as_str)])?;
        Ok(())
    }

    /// Notes that a create of this token may have happened without an answer, or that its late twin was dealt with.
    pub fn set_repeated(&self, pair: i64, token: &Token, repeated: bool) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "UPDATE pair SET token = ?2, repeated = ?3, dirty = dirty | 4 WHERE id = ?1",
            )?
            .execute(params![pair, token.as_str(), repeated])?;
        Ok(())
    }

    /// Takes the item off a pair (`unlink`); the base goes with it, and the pair is left alone until it is linked again.
    pub fn unlink(&self, pair: i64) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET item = NULL, folder = NULL, item_state = 'none', item_version = NULL, record_half = NULL,
                 item_half = NULL, apart = NULL, created = 0, token = NULL, record_version = NULL, categories = NULL,
                 dirty = 4, outcome = NULL, taken = ?2
             WHERE id = ?1",
            params![pair, UNLINKED],
        )?;
        Ok(())
    }

    /// Gives a pair an item that a person chose (`link`); both sides meet for the first time in the next run.
    pub fn link(&self, pair: i64, item: &ItemId, folder: &FolderId) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE pair SET item = ?2, folder = ?3, item_state = 'here', item_version = NULL, record_half = NULL,
                 item_half = NULL, apart = NULL, created = 0, token = NULL, categories = NULL, dirty = dirty | 4,
                 outcome = NULL, taken = NULL
             WHERE id = ?1",
            params![pair, item.as_str(), folder.as_str()],
        )?;
        Ok(())
    }

    /// Notes a person's word on who prevails in a pair.
    pub fn take(&self, pair: i64, direction: Direction) -> Result<(), StateError> {
        let word = match direction {
            Direction::ToOutlook => "staffitpro",
            Direction::ToStaffitpro => "outlook",
        };
        self.connection.execute(
            "UPDATE pair SET taken = ?2, dirty = dirty | 4 WHERE id = ?1",
            params![pair, word],
        )?;
        Ok(())
    }

    /// Says whether a record is in the filter, as last read.
    pub fn is_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM member WHERE mailbox = ?1 AND record = ?2")?
            .exists(params![mailbox.0, record.as_str()])?)
    }

    /// Counts the members of a module's filter.
    pub fn count_members(&self, mailbox: MailboxId, module: Module) -> Result<u64, StateError> {
        Ok(self.connection.query_row(
            "SELECT count(*) FROM member WHERE mailbox = ?1 AND module = ?2",
            params![mailbox.0, module.key()],
            |row| row.get(0),
        )?)
    }

    /// Adds a record to the filter as we know it. Returns whether it is new there.
    pub fn add_member(
        &self,
        mailbox: MailboxId,
        module: Module,
        record: &RecordId,
    ) -> Result<bool, StateError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO member (mailbox, record, module) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![mailbox.0, record.as_str(), module.key()])?;
        Ok(added > 0)
    }

    /// Takes a record out of the filter as we know it.
    pub fn remove_member(&self, mailbox: MailboxId, record: &RecordId) -> Result<(), StateError> {
        self.connection
            .prepare_cached("DELETE FROM member WHERE mailbox = ?1 AND record = ?2")?
            .execute(params![mailbox.0, record.as_str()])?;
        Ok(())
    }

    /// Adds an item that belongs to no pair, or updates what is known of it. Returns its row.
    pub fn put_unpaired(&self, mailbox: MailboxId, row: &UnpairedRow) -> Result<i64, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "INSERT INTO unpaired (mailbox, item, version, kind, folder, record, token, deleted, born)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (mailbox, item) DO UPDATE SET version = ?3, folder = ?5, record = ?6, token = ?7, deleted = ?8
                 RETURNING id",
            )?
            .query_row(
                params![
                    mailbox.0,
                    row.item.as_str(),
                    row.version.as_str(),
                    row.kind.key(),
                    row.folder.as_str(),
                    row.record.as_ref().map(RecordId::as_str),
                    row.token.as_ref().map(Token::as_str),
                    row.deleted,
                    row.born
                ],
                |row| row.get(0),
            )?)
    }

    /// Says whether an unpaired item is known in this version.
    pub fn knows_unpaired(
        &self,
        mailbox: MailboxId,
        item: &ItemId,
        version: &ItemVersion,
    ) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT 1 FROM unpaired WHERE mailbox = ?1 AND item = ?2 AND version = ?3",
            )?
            .exists(params![mailbox.0, item.as_str(), version.as_str()])?)
    }

    /// Forgets an unpaired item and its keys. Returns whether it was known.
    pub fn forget_unpaired(&self, mailbox: MailboxId, item: &ItemId) -> Result<bool, StateError> {
        self.connection
            .prepare_cached(
                "DELETE FROM match_key WHERE mailbox = ?1 AND side = 1 AND owner IN
                     (SELECT id FROM unpaired WHERE mailbox = ?1 AND item = ?2)",
            )?
            .execute(params![mailbox.0, item.as_str()])?;
        let gone = self
            .connection
            .prepare_cached("DELETE FROM unpaired WHERE mailbox = ?1 AND item = ?2")?
            .execute(params![mailbox.0, item.as_str()])?;
        Ok(gone > 0)
    }

    /// Lists the unpaired items stamped for a record: those outside Deleted Items first, the oldest first (rule D3).
    pub fn stamped(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
    ) -> Result<Vec<UnpairedRow>, StateError> {
        self.unpaired_where(
            "mailbox = ?1 AND record = ?2 ORDER BY deleted, ifnull(born, 0), id",
            params![mailbox.0, record.as_str()],
        )
    }

    /// Returns the unpaired item in this row.
    pub fn unpaired(&self, id: i64) -> Result<Option<UnpairedRow>, StateError> {
        Ok(self.unpaired_where("id = ?1", params![id])?.pop())
    }

    /// Returns the unpaired item with this id.
    pub fn unpaired_item(
        &self,
        mailbox: MailboxId,
        item: &ItemId,
    ) -> Result<Option<UnpairedRow>, StateError> {
        Ok(self
            .unpaired_where("mailbox = ?1 AND item = ?2", params![mailbox.0, item.as_str()])?
            .pop())
    }

    fn unpaired_where(
        &self,
        tail: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<UnpairedRow>, StateError> {
        let sql = format!(
            "SELECT id, item, version, kind, folder, record, token, deleted, born FROM unpaired WHERE {tail}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(parameters, |row| {
            let kind: String = row.get(3)?;
            Ok((
                kind,
                UnpairedRow {
                    id: row.get(0)?,
                    item: ItemId::new(row.get::<_, String>(1)?),
                    version: ItemVersion::new(row.get::<_, String>(2)?),
                    kind: ItemKind::Contact,
                    folder: FolderId::new(row.get::<_, String>(4)?),
                    record: row.get::<_, Option<String>>(5)?.map(RecordId::new),
                    token: row.get::<_, Option<String>>(6)?.map(Token::new),
                    deleted: row.get(7)?,
                    born: row.get(8)?,
                },
            ))
        })?;
        let mut unpaired = Vec::new();
        for row in rows {
            let (kind, mut row) = row?;
            row.kind = ItemKind::from_key(&kind)
                .ok_or_else(|| StateError::Corrupt(format!("`{kind}` is no kind")))?;
            unpaired.push(row);
        }
        Ok(unpaired)
    }
}
