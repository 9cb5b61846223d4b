//! Effect: keys by which records and unpaired items recognise each other (rule D3). What is stored are salted hashes.

use std::collections::HashMap;

use rusqlite::params;

use super::{MailboxId, State, StateError};

/// A key: 8 bytes of a salted hash.
pub type MatchKey = [u8; 8];

/// A key as it is stored: with the given name and the surname of its owner.
type StoredKey = (MatchKey, Option<MatchKey>, Option<MatchKey>);

/// The keys of one record or item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Keys that tell one person or entry from all others.
    pub strong: Vec<MatchKey>,
    /// The full name and nothing else: enough to hold, not to pair.
    pub weak: Option<MatchKey>,
    /// The given name, for names that contradict.
    pub given: Option<MatchKey>,
    /// The surname, likewise.
    pub surname: Option<MatchKey>,
}

/// Somebody else who has one of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// The row of the pair or of the unpaired item.
    pub owner: i64,
    /// Whether given names and surnames may be one person's.
    pub names_fit: bool,
    /// Whether given name and surname are known on both sides and the same.
    pub names_equal: bool,
    /// Whether a strong key is shared; else the name alone.
    pub strong: bool,
}

/// The side of keys whose owner is a pair, for its record.
const PAIR: i64 = 0;
/// The side of keys whose owner is an unpaired item.
const UNPAIRED: i64 = 1;

impl State {
    /// Replaces the keys of pairs' records, a page of them at once.
    pub fn set_pair_keys(
        &self,
        mailbox: MailboxId,
        pairs: &[(i64, &Keys)],
    ) -> Result<(), StateError> {
        self.set_keys(mailbox, PAIR, pairs)
    }

    /// Replaces the keys of an unpaired item.
    pub fn set_unpaired_keys(
        &self,
        mailbox: MailboxId,
        unpaired: i64,
        keys: &Keys,
    ) -> Result<(), StateError> {
        self.set_keys(mailbox, UNPAIRED, &[(unpaired, keys)])
    }

    /// Gives an unpaired item the keys of the record that it belonged to.
    pub fn copy_keys(
        &self,
        mailbox: MailboxId,
        pair: i64,
        unpaired: i64,
    ) -> Result<(), StateError> {
        self.connection.execute(
            "INSERT OR IGNORE INTO match_key (mailbox, key, side, owner, given, surname)
             SELECT mailbox, key, 1, ?3, given, surname FROM match_key
             WHERE mailbox = ?1 AND side = 0 AND owner = ?2",
            params![mailbox.0, pair, unpaired],
        )?;
        Ok(())
    }

    fn set_keys(
        &self,
        mailbox: MailboxId,
        side: i64,
        owners: &[(i64, &Keys)],
    ) -> Result<(), StateError> {
        // Most owners have no keys yet, or the same ones: nothing is written that is there already.
        let mut known = self.known_keys(mailbox, side, owners)?;
        let mut fresh = Vec::new();
        for (owner, keys) in owners {
            let mut known = known.remove(owner).unwrap_or_default();
            for key in keys.strong.iter().chain(&keys.weak) {
                let wanted = (*key, keys.given, keys.surname);
                match known.iter().position(|known| *known == wanted) {
                    Some(at) => {
                        known.swap_remove(at);
                    }
                    None => fresh.push((*key, *owner, *keys)),
                }
            }
            for (key, ..) in known {
                self.connection
                    .prepare_cached(
                        "DELETE FROM match_key WHERE mailbox = ?1 AND key = ?2 AND side = ?3 AND owner = ?4",
                    )?
                    .execute(params![mailbox.0, key, side, owner])?;
            }
        }
        // In the order of the table, each of its pages is come by once.
        fresh.sort_unstable_by_key(|(key, owner, _)| (*key, *owner));
        let mut insert = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO match_key (mailbox, key, side, owner, given, surname)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (key, owner, keys) in fresh {
            insert.execute(params![mailbox.0, key, side, owner, keys.given, keys.surname])?;
        }
        Ok(())
    }

    /// Returns the keys that owners have: in one walk where their rows lie side by side.
    fn known_keys(
        &self,
        mailbox: MailboxId,
        side: i64,
        owners: &[(i64, &Keys)],
    ) -> Result<HashMap<i64, Vec<StoredKey>>, StateError> {
        let mut select = self.connection.prepare_cached(
            "SELECT owner, key, given, surname FROM match_key INDEXED BY match_owner
             WHERE mailbox = ?1 AND side = ?2 AND owner BETWEEN ?3 AND ?4",
        )?;
        let mut known: HashMap<i64, Vec<StoredKey>> = HashMap::new();
        for (from, to) in walks(owners) {
            let mut rows = select.query(params![mailbox.0, side, from, to])?;
            while let Some(row) = rows.next()? {
                let key = (row.get(1)?, row.get(2)?, row.get(3)?);
                known.entry(row.get(0)?).or_default().push(key);
            }
        }
        Ok(known)
    }

    /// Lists the unpaired items that share a key.
    pub fn matching_items(
        &self,
        mailbox: MailboxId,
        keys: &Keys,
    ) -> Result<Vec<Claim>, StateError> {
        self.matching(mailbox, 1, keys, None)
    }

    /// Lists the other pairs that share a key.
    pub fn matching_pairs(
        &self,
        mailbox: MailboxId,
        keys: &Keys,
        own: i64,
    ) -> Result<Vec<Claim>, StateError> {
        self.matching(mailbox, 0, keys, Some(own))
    }

    fn matching(
        &self,
        mailbox: MailboxId,
        side: i64,
        keys: &Keys,
        own: Option<i64>,
    ) -> Result<Vec<Claim>, StateError> {
        let mut select = self.connection.prepare_cached(
            "SELECT owner,
                 (given IS NULL OR ?4 IS NULL OR given = ?4) AND (surname IS NULL OR ?5 IS NULL OR surname = ?5),
                 given IS NOT NULL AND surname IS NOT NULL AND given IS ?4 AND surname IS ?5
             FROM match_key k WHERE mailbox = ?1 AND key = ?2 AND side = ?3
                 AND (?3 = 1 OR EXISTS (SELECT 1 FROM pair WHERE id = k.owner AND record_state = 'here'))",
        )?;
        let mut claims: Vec<Claim> = Vec::new();
        let keyed = keys.strong.iter().map(|key| (key, true));
        for (key, strong) in keyed.chain(keys.weak.iter().map(|key| (key, false))) {
            let rows = select
                .query_map(params![mailbox.0, key, side, keys.given, keys.surname], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?))
                })?;
            for row in rows {
                let (owner, names_fit, names_equal) = row?;
                if Some(owner) == own {
                    continue;
                }
                match claims.iter_mut().find(|claim| claim.owner == owner) {
                    Some(claim) => claim.strong |= strong,
                    None => claims.push(Claim { owner, names_fit, names_equal, strong }),
                }
            }
        }
        claims.sort_unstable();
        Ok(claims)
    }

    /// Counts the pairs without an item that share a key with an unpaired item, names permitting.
    /// `CROSS JOIN` has SQLite begin with the item's own few keys.
    pub fn claimants(&self, mailbox: MailboxId, unpaired: i64) -> Result<u64, StateError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(DISTINCT p.id) FROM match_key mine INDEXED BY match_owner
                 CROSS JOIN match_key theirs ON theirs.mailbox = mine.mailbox AND theirs.key = mine.key AND theirs.side = 0
                 JOIN pair p ON p.id = theirs.owner
                 WHERE mine.mailbox = ?1 AND mine.side = 1 AND mine.owner = ?2
                     AND p.record_half IS NULL AND p.record_state = 'here'
                     AND (mine.given IS NULL OR theirs.given IS NULL OR mine.given = theirs.given)
                     AND (mine.surname IS NULL OR theirs.surname IS NULL OR mine.surname = theirs.surname)",
            )?
            .query_row(params![mailbox.0, unpaired], |row| row.get(0))?)
    }
}

/// Returns the rows from which to which to go: all of them at once where few others lie between, else one by one.
fn walks(owners: &[(i64, &Keys)]) -> Vec<(i64, i64)> {
    let rows = || owners.iter().map(|(owner, _)| *owner);
    match rows().min().zip(rows().max()) {
        Some((from, to)) if usize::try_from(to - from).is_ok_and(|gap| gap < 2 * owners.len()) => {
            vec![(from, to)]
        }
        _ => rows().map(|owner| (owner, owner)).collect(),
    }
}
