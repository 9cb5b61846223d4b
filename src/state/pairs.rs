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
    /// The item carried our stamp when the pair was settled.
    pub stamped: bool,
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
    /// The item's base is one of a program that took the days of tasks in UTC.
    pub days_in_utc: bool,
    /// Fields settled although the sides differed.
    pub apart: FieldSet,
    /// The record was private when settled.
    pub private: bool,
    /// Categories on the item that are ours.
    pub categories: OwnCategories,
    /// When the record was last changed, as of the settlement.
    pub record_changed: Option<i64>,
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
pub(super) const UNLINKED: &str = "unlinked";

const COLUMNS: &str = "id, record, kind, module, parent, record_state, record_version, item, item_state, item_version, \
     folder, created, token, record_half, item_half, apart, private, categories, dirty, outcome, taken, item_modified, repeated, record_changed, stamped";

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
    let (item_modified, repeated, record_changed) = (row.get(21)?, row.get(22)?, row.get(23)?);
    let stamped = row.get(24)?;
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
            stamped,
            created,
            token,
            record_half: half(record_half)?,
            days_in_utc: item_half.as_deref().is_some_and(Half::has_days_in_utc),
            item_half: half(item_half)?,
            apart: apart.map_or(FieldSet::EMPTY, FieldSet::from_bytes),
            private,
            categories: match categories {
                None => OwnCategories::default(),
                Some(json) => serde_json::from_str(&json)
                    .map_err(|_| StateError::Corrupt("a list of categories is no list".into()))?,
            },
            record_changed,
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
    /// The item carries our stamp.
    pub stamped: bool,
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
    /// When the record was last changed.
    pub record_changed: Option<Timestamp>,
    /// When the item was last modified.
    pub item_modified: Option<Timestamp>,
    /// How the pair came to its item, where that is decided now: whether the connector made it, and the token in its stamp.
    pub origin: Option<(bool, Option<&'a Token>)>,
    /// What stands of the pair.
    pub outcome: Option<Code>,
    /// The pair is looked at again in the next run.
    pub stays_dirty: bool,
}

/// The categories on an item that the connector put there; all others are the person's own (rule D11).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OwnCategories {
    /// Carried over from the record.
    pub carried: Vec<String>,
    /// Added to show where the item belongs (rule D18); never flow back.
    pub shown: Vec<String>,
}

impl State {
    fn pairs_where(
        &self,
        tail: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<PairRow>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM pair WHERE mailbox = ?1 AND {tail}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(parameters)?;
        let mut pairs = Vec::new();
        while let Some(row) = rows.next()? {
            pairs.push(read(row)??);
        }
        Ok(pairs)
    }

    fn pair_where(
        &self,
        tail: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Option<PairRow>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM pair WHERE mailbox = ?1 AND {tail}");
        self.connection.prepare_cached(&sql)?.query_row(parameters, read).optional()?.transpose()
    }

    /// Returns the pair of a record.
    pub fn pair_of_record(
        &self,
        mailbox: MailboxId,
        record: &RecordId,
    ) -> Result<Option<PairRow>, StateError> {
        self.pair_where("record = ?2", params![mailbox.0, record.as_str()])
    }

    /// Says whether an item belongs to a pair; the index has the answer, and the pair with its base is not read.
    pub fn is_paired(&self, mailbox: MailboxId, item: &ItemId) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM pair WHERE mailbox = ?1 AND item = ?2")?
            .exists(params![mailbox.0, item.as_str()])?)
    }

    /// Returns the pair of an item.
    pub fn pair_of_item(
        &self,
        mailbox: MailboxId,
        item: &ItemId,
    ) -> Result<Option<PairRow>, StateError> {
        self.pair_where("item = ?2", params![mailbox.0, item.as_str()])
    }

    /// Returns the pair in this row.
    pub fn pair(&self, mailbox: MailboxId, id: i64) -> Result<Option<PairRow>, StateError> {
        self.pair_where("id = ?2", params![mailbox.0, id])
    }

    /// Lists pairs that have to be looked at, a page at a time, after a row. The plus signs keep SQLite from gathering the
    /// whole scope for each page: the dirty pairs come in order.
    pub fn dirty_pairs(
        &self,
        mailbox: MailboxId,
        (module, kind): (Module, ItemKind),
        after: i64,
        limit: usize,
    ) -> Result<Vec<PairRow>, StateError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.pairs_where(
            "dirty <> 0 AND +module = ?2 AND +kind = ?3 AND id > ?4 ORDER BY id LIMIT ?5",
            params![mailbox.0, module.key(), kind.key(), after, limit],
        )
    }

    /// Lists pairs whose item is not where it was, and that were not decided since.
    pub fn pairs_missing(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
    ) -> Result<Vec<PairRow>, StateError> {
        self.pairs_where(
            "item_state = 'missing' AND dirty <> 0 AND kind = ?2",
            params![mailbox.0, kind.key()],
        )
    }

    /// Moves the halves of a base to what was acknowledged (invariant 3), and notes what stands of the pair: one row, written
    /// once.
    pub fn settle(&self, pair: i64, settlement: &Settlement<'_>) -> Result<(), StateError> {
        let (item, version) = settlement.item.unzip();
        let (created, token) = settlement.origin.unzip();
        let categories = (*settlement.categories != OwnCategories::default())
            .then(|| serde_json::to_string(settlement.categories).ok())
            .flatten();
        let mut update = self.connection.prepare_cached(
            "UPDATE pair SET record_version = ifnull(?2, record_version), item = ifnull(?3, item),
                 item_version = ifnull(?4, item_version), folder = ifnull(?5, folder), linked = 1, record_half = ?6, item_half = ?7,
                 apart = ?8, private = ?9, categories = ?10, taken = NULL,
                 item_modified = ifnull(?11, item_modified), record_changed = ifnull(?12, record_changed),
                 stamped = ?13, item_state = CASE WHEN ?3 IS NULL THEN item_state ELSE 'here' END,
                 created = ifnull(?14, created), token = CASE WHEN ?14 IS NULL THEN token ELSE ?15 END,
                 outcome = ?16, dirty = CASE WHEN ?17 THEN dirty | 4 ELSE 0 END
             WHERE id = ?1",
        )?;
        self.give_item(pair, item, || {
            update.execute(params![
                pair,
                settlement.record_version.map(RecordVersion::as_str),
                item.map(ItemId::as_str),
                version.map(ItemVersion::as_str),
                settlement.folder.map(FolderId::as_str),
                settlement.record_half.to_bytes(),
                settlement.item_half.to_bytes(),
                (!settlement.apart.is_empty()).then(|| settlement.apart.to_bytes()),
                settlement.private,
                categories,
                settlement.item_modified.map(Timestamp::as_second),
                settlement.record_changed.map(Timestamp::as_second),
                settlement.stamped,
                created,
                token.flatten().map(Token::as_str),
                settlement.outcome.map(Code::code),
                settlement.stays_dirty
            ])
        })
    }

    /// Puts the item's half of a base into the words of this program; what it says stays the same.
    pub fn reword_item_half(&self, pair: i64, half: &Half) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE pair SET item_half = ?2 WHERE id = ?1")?
            .execute(params![pair, half.to_bytes()])?;
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
            "UPDATE pair SET item = NULL, folder = NULL, item_state = 'none', item_version = NULL, linked = 0, record_half = NULL,
                 item_half = NULL, apart = NULL, created = 0, stamped = 0, token = NULL, record_version = NULL,
                 categories = NULL, dirty = 4, outcome = NULL, taken = ?2
             WHERE id = ?1",
            params![pair, UNLINKED],
        )?;
        Ok(())
    }

    /// Gives a pair an item that a person chose (`link`); both sides meet for the first time in the next run.
    pub fn link(&self, pair: i64, item: &ItemId, folder: &FolderId) -> Result<(), StateError> {
        let mut update = self.connection.prepare_cached(
            "UPDATE pair SET item = ?2, folder = ?3, item_state = 'here', item_version = NULL, linked = 0, record_half = NULL,
                 item_half = NULL, apart = NULL, created = 0, stamped = 0, token = NULL, categories = NULL, dirty = dirty | 4,
                 outcome = NULL, taken = NULL
             WHERE id = ?1",
        )?;
        self.give_item(pair, Some(item), || {
            update.execute(params![pair, item.as_str(), folder.as_str()])
        })
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
}
