//! Effect: marks of scopes, cursors of folders, positions of feeds.

use rusqlite::{OptionalExtension, params};

use super::{MailboxId, State, StateError};
use crate::model::{Cursor, FolderId, ItemKind, Module, Position, Scope};

/// What the last run left of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeMark {
    /// The mode in the configuration.
    pub mode: String,
    /// The last one-way direction.
    pub direction: Option<String>,
    /// What else decides where values go.
    pub mapping: String,
    /// The version of the fingerprint.
    pub fingerprint: u8,
    /// When the first transfer was done.
    pub transferred: Option<i64>,
}

/// A watched folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRow {
    /// The folder.
    pub id: FolderId,
    /// The kind of item read from it.
    pub kind: ItemKind,
    /// Where reading goes on; `None`: it was never read to its end.
    pub cursor: Option<Cursor>,
}

impl State {
    /// Returns what the last run left of a scope.
    pub fn scope_mark(
        &self,
        mailbox: MailboxId,
        scope: Scope,
    ) -> Result<Option<ScopeMark>, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT mode, direction, mapping, fingerprint, transferred FROM scope
                 WHERE mailbox = ?1 AND scope = ?2",
            )?
            .query_row(params![mailbox.0, scope.to_string()], |row| {
                Ok(ScopeMark {
                    mode: row.get(0)?,
                    direction: row.get(1)?,
                    mapping: row.get(2)?,
                    fingerprint: row.get(3)?,
                    transferred: row.get(4)?,
                })
            })
            .optional()?)
    }

    /// Notes what this run leaves of a scope.
    pub fn set_scope_mark(
        &self,
        mailbox: MailboxId,
        scope: Scope,
        mark: &ScopeMark,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO scope (mailbox, scope, mode, direction, mapping, fingerprint, transferred)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                mailbox.0,
                scope.to_string(),
                mark.mode,
                mark.direction,
                mark.mapping,
                mark.fingerprint,
                mark.transferred
            ],
        )?;
        Ok(())
    }

    /// Lists the watched folders of a kind.
    pub fn folders(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
    ) -> Result<Vec<FolderRow>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, cursor FROM folder WHERE mailbox = ?1 AND kind = ?2 AND discarded = 0",
        )?;
        let rows = statement.query_map(params![mailbox.0, kind.key()], |row| {
            Ok(FolderRow {
                id: FolderId::new(row.get::<_, String>(0)?),
                kind,
                cursor: row.get::<_, Option<String>>(1)?.map(Cursor::new),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lists the folders of a kind that were watched until a person deleted them.
    pub fn discarded_folders(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
    ) -> Result<Vec<FolderId>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM folder WHERE mailbox = ?1 AND kind = ?2 AND discarded = 1",
        )?;
        let rows = statement.query_map(params![mailbox.0, kind.key()], |row| {
            Ok(FolderId::new(row.get::<_, String>(0)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Watches a folder from now on; one that is watched already keeps its cursor.
    pub fn watch_folder(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
        folder: &FolderId,
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "INSERT INTO folder (mailbox, id, kind) VALUES (?1, ?2, ?3)
                 ON CONFLICT (mailbox, kind, id) DO UPDATE SET discarded = 0 WHERE discarded = 1",
            )?
            .execute(params![mailbox.0, folder.as_str(), kind.key()])?;
        Ok(())
    }

    /// Watches a folder no longer, and lets new items go there no longer. One that may come back is remembered.
    pub fn leave_folder(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
        folder: &FolderId,
        may_come_back: bool,
    ) -> Result<(), StateError> {
        let leave = if may_come_back {
            "UPDATE folder SET discarded = 1, cursor = NULL WHERE mailbox = ?1 AND kind = ?2 AND id = ?3"
        } else {
            "DELETE FROM folder WHERE mailbox = ?1 AND kind = ?2 AND id = ?3"
        };
        for sql in [leave, "DELETE FROM home WHERE mailbox = ?1 AND kind = ?2 AND folder = ?3"] {
            self.connection.execute(sql, params![mailbox.0, kind.key(), folder.as_str()])?;
        }
        Ok(())
    }

    /// Moves the cursor of a folder, or forgets it.
    pub fn set_cursor(
        &self,
        mailbox: MailboxId,
        kind: ItemKind,
        folder: &FolderId,
        cursor: Option<&Cursor>,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "UPDATE folder SET cursor = ?4 WHERE mailbox = ?1 AND kind = ?2 AND id = ?3
                 AND cursor IS NOT ?4",
            params![mailbox.0, kind.key(), folder.as_str(), cursor.map(Cursor::as_str)],
        )?;
        Ok(())
    }

    /// Returns the folder that a scope's new items of a kind go to.
    pub fn home(
        &self,
        mailbox: MailboxId,
        scope: Scope,
        kind: ItemKind,
    ) -> Result<Option<FolderId>, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT folder FROM home WHERE mailbox = ?1 AND scope = ?2 AND kind = ?3",
            )?
            .query_row(params![mailbox.0, scope.to_string(), kind.key()], |row| {
                row.get::<_, String>(0)
            })
            .optional()?
            .map(FolderId::new))
    }

    /// Forgets which folders new items go to: they are looked for again.
    pub fn forget_homes(&self, mailbox: MailboxId) -> Result<(), StateError> {
        self.connection.execute("DELETE FROM home WHERE mailbox = ?1", params![mailbox.0])?;
        Ok(())
    }

    /// Notes the folder that a scope's new items of a kind go to.
    pub fn set_home(
        &self,
        mailbox: MailboxId,
        scope: Scope,
        kind: ItemKind,
        folder: &FolderId,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "INSERT INTO home (mailbox, scope, kind, folder) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (mailbox, scope, kind) DO UPDATE SET folder = ?4 WHERE folder <> ?4",
            params![mailbox.0, scope.to_string(), kind.key(), folder.as_str()],
        )?;
        Ok(())
    }

    /// Returns where reading a module goes on: position in its changes, position of its filter.
    pub fn feed(
        &self,
        mailbox: MailboxId,
        module: Module,
    ) -> Result<(Option<Position>, Option<Position>), StateError> {
        let row = self
            .connection
            .prepare_cached(
                "SELECT position, members FROM feed WHERE mailbox = ?1 AND module = ?2",
            )?
            .query_row(params![mailbox.0, module.key()], |row| {
                Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()?;
        let (position, members) = row.unwrap_or_default();
        Ok((position.map(Position::new), members.map(Position::new)))
    }

    /// Moves where reading a module goes on.
    pub fn set_feed(
        &self,
        mailbox: MailboxId,
        module: Module,
        position: Option<&Position>,
        members: Option<&Position>,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "INSERT INTO feed (mailbox, module, position, members) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (mailbox, module) DO UPDATE SET position = ?3, members = ?4
             WHERE position IS NOT ?3 OR members IS NOT ?4",
            params![
                mailbox.0,
                module.key(),
                position.map(Position::as_str),
                members.map(Position::as_str)
            ],
        )?;
        Ok(())
    }
}
