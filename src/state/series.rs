//! Effect: how far the series of a mailbox were compared, where its feed does not show what becomes of their occurrences.

use rusqlite::{OptionalExtension as _, params};

use super::{MailboxId, State, StateError};
use crate::model::{Half, ItemKind};

/// A round over the series of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesRound {
    /// When it began, in seconds since 1970.
    pub begun: i64,
    /// The last pair that it came to.
    pub after: i64,
    /// Whether it came to the end.
    pub ended: bool,
}

impl State {
    /// Returns the round that is under way, or the last one.
    pub fn series_round(&self, mailbox: MailboxId) -> Result<Option<SeriesRound>, StateError> {
        let sql = "SELECT CAST(value AS TEXT) FROM meta WHERE key = ?1";
        let text: Option<String> = self
            .connection
            .prepare_cached(sql)?
            .query_row([key(mailbox)], |row| row.get(0))
            .optional()?;
        // One that does not read begins again, which costs reading the series once.
        Ok(text.as_deref().and_then(read))
    }

    /// Notes how far a round came.
    pub fn set_series_round(
        &self,
        mailbox: MailboxId,
        round: SeriesRound,
    ) -> Result<(), StateError> {
        let SeriesRound { begun, after, ended } = round;
        let text = format!("{begun} {after} {}", i32::from(ended));
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
            .execute(params![key(mailbox), text.into_bytes()])?;
        Ok(())
    }

    /// Lists settled appointments whose items are there, in order, with what the items held.
    pub fn settled_appointments(
        &self,
        mailbox: MailboxId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Half)>, StateError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, item_half FROM pair WHERE mailbox = ?1 AND id > ?2 AND kind = ?3
                 AND item_state = 'here' AND item_half IS NOT NULL ORDER BY id LIMIT ?4",
        )?;
        let kind = ItemKind::Appointment.key();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![mailbox.0, after, kind, limit], |row| {
            Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        rows.map(|row| {
            let (pair, half) = row?;
            let half = Half::from_bytes(&half).map_err(|e| StateError::Corrupt(e.to_string()))?;
            Ok((pair, half))
        })
        .collect()
    }
}

fn key(mailbox: MailboxId) -> String {
    format!("series:{}", mailbox.0)
}

fn read(text: &str) -> Option<SeriesRound> {
    let mut numbers = text.split(' ').map(str::parse);
    let mut number = || numbers.next()?.ok();
    Some(SeriesRound { begun: number()?, after: number()?, ended: number()? != 0_i64 })
}
