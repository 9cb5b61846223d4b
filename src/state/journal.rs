//! Effect: intents, before-images and edit times.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use super::{MailboxId, State, StateError, instant};
use crate::model::{
    Field, FieldSet, Fingerprint, ItemId, ItemKind, ItemVersion, RecordId, RunId, TenantName, Token,
};

/// What is about to be done to one pair; durable before the effect, removed when it is settled. Creates are [`Creating`]; states
/// of the first version may hold some here.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Its row; zero before it is stored.
    pub id: i64,
    /// The pair.
    pub pair: i64,
    /// `create`, `update-outlook`, `delete` or `update-staffitpro`.
    pub action: String,
    /// The kind of item.
    pub kind: ItemKind,
    /// The token of a create.
    pub token: Option<Token>,
    /// The item that is changed.
    pub item: Option<ItemId>,
    /// The version it had.
    pub version: Option<ItemVersion>,
    /// The fields that are written.
    pub fields: FieldSet,
}

/// The creates of one request that are not settled yet.
#[derive(Clone, Debug)]
pub struct Creating {
    /// Its row.
    pub id: i64,
    /// The kind of item.
    pub kind: ItemKind,
    /// The row of each pair, and the token that its item is found by.
    pub creates: Vec<(i64, Token)>,
}

/// Who brought a value into a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditedBy {
    /// Somebody in staffITpro.
    Person,
    /// The connector carried it there from a mailbox.
    Connector,
    /// Noted by a program before this one, which did not say.
    Unknown,
}

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The item.
    Outlook,
    /// The record.
    Staffitpro,
}

impl Side {
    const fn key(self) -> &'static str {
        match self {
            Self::Outlook => "outlook",
            Self::Staffitpro => "staffitpro",
        }
    }
}

/// What was there before it was overwritten or deleted, and by whose hand (rule D12).
#[derive(Clone, Debug)]
pub struct Before<'a> {
    /// The record.
    pub record: &'a RecordId,
    /// The kind.
    pub kind: ItemKind,
    /// The item, where there is one already.
    pub item: Option<&'a ItemId>,
    /// The side that is written.
    pub side: Side,
    /// `update` or `delete`; creates are in the journal as [`State::intend_creates`] leaves them.
    pub action: &'static str,
    /// The values that are overwritten, JSON by field key.
    pub before: String,
    /// Who edited that side last.
    pub edited_by: Option<&'a str>,
    /// When.
    pub edited_at: Option<Timestamp>,
}

impl State {
    /// Stores an intent, in a durable transaction.
    pub fn intend(
        &self,
        mailbox: MailboxId,
        run: &RunId,
        intent: &Intent,
        at: Timestamp,
    ) -> Result<i64, StateError> {
        self.insist_on_durable();
        self.connection
            .prepare_cached(
                "INSERT INTO intent (run, mailbox, pair, action, kind, token, item, version, fields, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                run.as_str(),
                mailbox.0,
                intent.pair,
                intent.action,
                intent.kind.key(),
                intent.token.as_ref().map(Token::as_str),
                intent.item.as_ref().map(ItemId::as_str),
                intent.version.as_ref().map(ItemVersion::as_str),
                intent.fields.to_bytes(),
                at.as_second()
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Removes an intent that was settled.
    pub fn fulfil(&self, intent: i64) -> Result<(), StateError> {
        self.connection
            .prepare_cached("DELETE FROM intent WHERE id = ?1")?
            .execute(params![intent])?;
        Ok(())
    }

    /// Stores the creates of one request, in a durable transaction and in one row: all that is needed of a create whose answer is lost
    /// is its pair and its token. The row stays as the journal of these creates: their records, in one list (rule D12).
    pub fn intend_creates(
        &self,
        mailbox: MailboxId,
        run: &RunId,
        (kind, creates): (ItemKind, &[(i64, &RecordId, &Token)]),
        at: Timestamp,
    ) -> Result<i64, StateError> {
        self.insist_on_durable();
        let records: Vec<&str> = creates.iter().map(|(_, record, _)| record.as_str()).collect();
        let open: Vec<_> = creates.iter().map(|(pair, _, token)| (*pair, token.as_str())).collect();
        self.connection
            .prepare_cached(
                "INSERT INTO creating (run, mailbox, kind, records, open, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                run.as_str(),
                mailbox.0,
                kind.key(),
                listed(&records)?,
                listed(&open)?,
                at.as_second()
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Says which creates of a request are not settled yet.
    pub fn leave_creates(&self, creating: i64, open: &[(i64, Token)]) -> Result<(), StateError> {
        let open: Vec<_> = open.iter().map(|(pair, token)| (*pair, token.as_str())).collect();
        self.connection
            .prepare_cached("UPDATE creating SET open = ?2 WHERE id = ?1")?
            .execute(params![creating, listed(&open)?])?;
        Ok(())
    }

    /// Lists the creates of a mailbox that were not settled.
    pub fn creating(&self, mailbox: MailboxId) -> Result<Vec<Creating>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, kind, open FROM creating WHERE mailbox = ?1 AND open <> '[]' ORDER BY id",
        )?;
        let mut rows = statement.query(params![mailbox.0])?;
        let mut creating = Vec::new();
        while let Some(row) = rows.next()? {
            let (kind, open): (String, String) = (row.get(1)?, row.get(2)?);
            let open: Vec<(i64, String)> = serde_json::from_str(&open)
                .map_err(|_| StateError::Corrupt("a list of creates is no list".into()))?;
            creating.push(Creating {
                id: row.get(0)?,
                kind: ItemKind::from_key(&kind)
                    .ok_or_else(|| StateError::Corrupt(format!("`{kind}` is no kind")))?,
                creates: open.into_iter().map(|(pair, token)| (pair, Token::new(token))).collect(),
            });
        }
        Ok(creating)
    }

    /// Lists the intents of a mailbox that were not settled.
    pub fn intents(&self, mailbox: MailboxId) -> Result<Vec<Intent>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, pair, action, kind, token, item, version, fields FROM intent
             WHERE mailbox = ?1 ORDER BY id",
        )?;
        let mut rows = statement.query(params![mailbox.0])?;
        let mut intents = Vec::new();
        while let Some(row) = rows.next()? {
            let kind: String = row.get(3)?;
            intents.push(Intent {
                id: row.get(0)?,
                pair: row.get(1)?,
                action: row.get(2)?,
                kind: ItemKind::from_key(&kind)
                    .ok_or_else(|| StateError::Corrupt(format!("`{kind}` is no kind")))?,
                token: row.get::<_, Option<String>>(4)?.map(Token::new),
                item: row.get::<_, Option<String>>(5)?.map(ItemId::new),
                version: row.get::<_, Option<String>>(6)?.map(ItemVersion::new),
                fields: FieldSet::from_bytes(row.get(7)?),
            });
        }
        Ok(intents)
    }

    /// Stores what was there before an effect, in a durable transaction.
    pub fn remember(
        &self,
        mailbox: MailboxId,
        run: &RunId,
        before: &Before<'_>,
        at: Timestamp,
    ) -> Result<(), StateError> {
        self.insist_on_durable();
        self.connection
            .prepare_cached(
                "INSERT INTO journal (run, mailbox, record, kind, item, side, action, before, edited_by, edited_at, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                run.as_str(),
                mailbox.0,
                before.record.as_str(),
                before.kind.key(),
                before.item.map(ItemId::as_str),
                before.side.key(),
                before.action,
                before.before,
                before.edited_by,
                before.edited_at.map(Timestamp::as_second),
                at.as_second()
            ])?;
        Ok(())
    }

    /// Says whether some mailbox has begun to write this record or its item and does not know yet what became of it.
    pub fn is_under_way(&self, tenant: &TenantName, record: &RecordId) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM intent
                     JOIN pair ON pair.id = intent.pair JOIN mailbox ON mailbox.id = intent.mailbox
                     WHERE mailbox.tenant = ?1 AND pair.record = ?2)",
            )?
            .query_row(params![tenant.as_str(), record.as_str()], |row| row.get(0))?)
    }

    /// Returns when a person edited this value of a record's field, where it is known, and who brought it into the record.
    pub fn field_time(
        &self,
        tenant: &TenantName,
        record: &RecordId,
        field: Field,
        fingerprint: Fingerprint,
    ) -> Result<Option<(Timestamp, EditedBy)>, StateError> {
        let known: Option<(i64, Option<i64>)> = self
            .connection
            .prepare_cached(
                "SELECT edited, carried FROM field_time
                 WHERE tenant = ?1 AND record = ?2 AND field = ?3 AND fingerprint = ?4",
            )?
            .query_row(
                params![tenant.as_str(), record.as_str(), field.number(), fingerprint.to_bytes()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let by = |carried| match carried {
            None => EditedBy::Unknown,
            Some(0) => EditedBy::Person,
            Some(_) => EditedBy::Connector,
        };
        known.map(|(seconds, carried)| Ok((instant(seconds)?, by(carried)))).transpose()
    }

    /// Says whether the connector has carried an edit of this time into a record, in whichever field, since another time.
    pub fn was_carried(
        &self,
        tenant: &TenantName,
        record: &RecordId,
        edited: Timestamp,
        since: i64,
    ) -> Result<bool, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT 1 FROM field_time WHERE tenant = ?1 AND record = ?2 AND edited = ?3 AND carried > 0 AND carried >= ?4",
            )?
            .exists(params![tenant.as_str(), record.as_str(), edited.as_second(), since])?)
    }

    /// Notes when a person edited a value of a record's field, and when the connector carried it there from a mailbox, if it did. A
    /// value that is known keeps the time of its original edit.
    pub fn set_field_time(
        &self,
        tenant: &TenantName,
        record: &RecordId,
        field: Field,
        fingerprint: Fingerprint,
        (edited, carried): (Timestamp, Option<Timestamp>),
    ) -> Result<(), StateError> {
        self.connection
            .prepare_cached(
                "INSERT INTO field_time (tenant, record, field, fingerprint, edited, carried) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (tenant, record, field) DO UPDATE SET fingerprint = ?4, carried = ?6,
                     edited = CASE WHEN fingerprint = ?4 THEN edited ELSE ?5 END
                 WHERE fingerprint <> ?4 OR (ifnull(carried, 0) = 0 AND ?6 > 0)",
            )?
            .execute(params![
                tenant.as_str(),
                record.as_str(),
                field.number(),
                fingerprint.to_bytes(),
                edited.as_second(),
                carried.map_or(0, Timestamp::as_second)
            ])?;
        Ok(())
    }
}

/// The stored form of a list: JSON.
fn listed(list: &impl Serialize) -> Result<String, StateError> {
    serde_json::to_string(list).map_err(|error| StateError::Corrupt(error.to_string()))
}
