//! Effect: items of the watched folders that belong to no pair.

use rusqlite::{OptionalExtension, params};

use super::{Keys, MailboxId, State, StateError};
use crate::model::{FolderId, ItemId, ItemKind, ItemVersion, RecordId, Token};

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
    /// Its content could not be read, so that nobody knows whose it is.
    pub unread: bool,
}

impl State {
    /// Adds an item that belongs to no pair, or updates what is known of it. One that a person goes on without does so until it
    /// can be read. Returns its row.
    pub fn put_unpaired(&self, mailbox: MailboxId, row: &UnpairedRow) -> Result<i64, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "INSERT INTO unpaired (mailbox, item, version, kind, folder, record, token, deleted, born, unread)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (mailbox, item) DO UPDATE SET version = ?3, folder = ?5, record = ?6, token = ?7, deleted = ?8,
                     unread = ?10 * max(unread, 1)
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
                    row.born,
                    row.unread
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
        let row = self
            .connection
            .prepare_cached("SELECT id FROM unpaired WHERE mailbox = ?1 AND item = ?2")?
            .query_row(params![mailbox.0, item.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(row) = row {
            self.forget_unpaired_row(mailbox, row)?;
        }
        Ok(row.is_some())
    }

    /// Forgets the unpaired item in this row and its keys.
    pub fn forget_unpaired_row(&self, mailbox: MailboxId, row: i64) -> Result<(), StateError> {
        self.set_unpaired_keys(mailbox, row, &Keys::default())?;
        self.connection
            .prepare_cached("DELETE FROM unpaired WHERE id = ?1")?
            .execute(params![row])?;
        Ok(())
    }

    /// Says whether any unpaired item of a mailbox is stamped for a record of ours.
    pub fn any_stamped(&self, mailbox: MailboxId) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM unpaired WHERE mailbox = ?1 AND record IS NOT NULL")?
            .exists(params![mailbox.0])?)
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

    /// Lists the items of a kind that are late twins: they carry the token of a create that was repeated, and the pair has another
    /// item by now.
    pub fn twins(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
    ) -> Result<Vec<UnpairedRow>, StateError> {
        self.unpaired_where(
            "id IN (SELECT twin.id FROM pair INDEXED BY pair_repeated
                 CROSS JOIN unpaired twin ON twin.mailbox = pair.mailbox AND twin.record = pair.record
                 WHERE pair.mailbox = ?1 AND pair.repeated <> 0 AND pair.linked = 1 AND pair.kind = ?2
                     AND twin.kind = ?2 AND twin.token = pair.token AND twin.deleted = 0
                     AND twin.item <> pair.item)
             ORDER BY id",
            params![mailbox.0, kind.key()],
        )
    }

    /// Notes that an item is no late twin but the person's own: somebody has touched it.
    pub fn leave_twin(&self, unpaired: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached("UPDATE unpaired SET token = NULL WHERE id = ?1")?
            .execute(params![unpaired])?;
        Ok(())
    }

    /// Lists the items of a kind that could not be read, a page at a time, after a row.
    pub fn unread(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
        after: i64,
        limit: usize,
    ) -> Result<Vec<UnpairedRow>, StateError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.unpaired_where(
            "mailbox = ?1 AND kind = ?2 AND unread = 1 AND id > ?3 ORDER BY id LIMIT ?4",
            params![mailbox.0, kind.key(), after, limit],
        )
    }

    /// Counts the items of a kind that could not be read and of which nothing says whose they are.
    pub fn count_unread(&self, mailbox: MailboxId, kind: ItemKind) -> Result<u64, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM unpaired
                 WHERE mailbox = ?1 AND kind = ?2 AND unread = 1 AND record IS NULL",
            )?
            .query_row(params![mailbox.0, kind.key()], |row| row.get(0))?)
    }

    /// Notes a person's word that the items of a kind which could not be read belong to nobody here.
    pub fn pass_unread(&self, mailbox: MailboxId, kind: ItemKind) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE unpaired SET unread = 2
             WHERE mailbox = ?1 AND kind = ?2 AND unread = 1 AND record IS NULL",
            params![mailbox.0, kind.key()],
        )?;
        Ok(())
    }

    fn unpaired_where(
        &self,
        tail: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<UnpairedRow>, StateError> {
        let sql = format!(
            "SELECT id, item, version, kind, folder, record, token, deleted, born, unread FROM unpaired WHERE {tail}"
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
                    unread: row.get::<_, i64>(9)? != 0,
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
