//! Effect: keys by which records and unpaired items recognise each other (rule D3). What is stored are salted hashes: each owner
//! with its keys and names in `keyed`, and in `match_key` who has a key.

use std::collections::{BTreeSet, HashMap};

use rusqlite::params;

use super::{MailboxId, State, StateError};
use crate::model::ItemKind;

/// A key: 8 bytes of a salted hash.
pub type MatchKey = [u8; 8];

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

/// What an owner is recognised by, as it is stored.
#[derive(Debug, Default, PartialEq, Eq)]
struct Keyed {
    /// In order.
    keys: Vec<MatchKey>,
    given: Option<MatchKey>,
    surname: Option<MatchKey>,
}

impl Keyed {
    fn of(keys: &Keys) -> Self {
        let mut all: Vec<_> = keys.strong.iter().chain(&keys.weak).copied().collect();
        all.sort_unstable();
        Self { keys: all, given: keys.given, surname: keys.surname }
    }
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
        let pairs = pairs.iter().map(|(pair, keys)| (*pair, Keyed::of(keys))).collect();
        self.set_keys(mailbox, PAIR, pairs)
    }

    /// Replaces the keys of an unpaired item.
    pub fn set_unpaired_keys(
        &self,
        mailbox: MailboxId,
        unpaired: i64,
        keys: &Keys,
    ) -> Result<(), StateError> {
        self.set_keys(mailbox, UNPAIRED, vec![(unpaired, Keyed::of(keys))])
    }

    /// Gives an unpaired item the keys of the record that it belonged to.
    pub fn copy_keys(
        &self,
        mailbox: MailboxId,
        pair: i64,
        unpaired: i64,
    ) -> Result<(), StateError> {
        let keyed = self.keyed(mailbox, PAIR, pair)?;
        self.set_keys(mailbox, UNPAIRED, vec![(unpaired, keyed)])
    }

    fn set_keys(
        &self,
        mailbox: MailboxId,
        side: i64,
        owners: Vec<(i64, Keyed)>,
    ) -> Result<(), StateError> {
        // Most owners have no keys yet, or the same ones: nothing is written that is there already.
        let mut known = self.known_keys(mailbox, side, &owners)?;
        let mut fresh = Vec::new();
        for (owner, wanted) in owners {
            let known = known.remove(&owner).unwrap_or_default();
            if known == wanted || (known.keys.is_empty() && wanted.keys.is_empty()) {
                continue;
            }
            for key in known.keys.iter().filter(|key| !wanted.keys.contains(key)) {
                self.connection
                    .prepare_cached(
                        "DELETE FROM match_key WHERE mailbox = ?1 AND key = ?2 AND side = ?3 AND owner = ?4",
                    )?
                    .execute(params![mailbox.0, key, side, owner])?;
            }
            let missing = wanted.keys.iter().filter(|key| !known.keys.contains(key));
            fresh.extend(missing.map(|key| (*key, owner)));
            self.set_keyed(mailbox, side, owner, &wanted)?;
        }
        // In the order of the table, each of its pages is come by once.
        fresh.sort_unstable();
        let mut insert = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO match_key (mailbox, key, side, owner) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (key, owner) in fresh {
            insert.execute(params![mailbox.0, key, side, owner])?;
        }
        Ok(())
    }

    /// Stores what an owner is recognised by; one without keys has no row.
    fn set_keyed(
        &self,
        mailbox: MailboxId,
        side: i64,
        owner: i64,
        keyed: &Keyed,
    ) -> Result<(), StateError> {
        if keyed.keys.is_empty() {
            let sql = "DELETE FROM keyed WHERE mailbox = ?1 AND side = ?2 AND owner = ?3";
            self.connection.prepare_cached(sql)?.execute(params![mailbox.0, side, owner])?;
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO keyed (mailbox, side, owner, keys, given, surname)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                mailbox.0,
                side,
                owner,
                keyed.keys.as_flattened(),
                keyed.given,
                keyed.surname
            ])?;
        Ok(())
    }

    /// Returns what one owner is recognised by.
    fn keyed(&self, mailbox: MailboxId, side: i64, owner: i64) -> Result<Keyed, StateError> {
        let mut known = self.known_keys(mailbox, side, &[(owner, Keyed::default())])?;
        Ok(known.remove(&owner).unwrap_or_default())
    }

    /// Returns what owners are recognised by: in one walk where their rows lie side by side.
    fn known_keys(
        &self,
        mailbox: MailboxId,
        side: i64,
        owners: &[(i64, Keyed)],
    ) -> Result<HashMap<i64, Keyed>, StateError> {
        let mut select = self.connection.prepare_cached(
            "SELECT owner, keys, given, surname FROM keyed
             WHERE mailbox = ?1 AND side = ?2 AND owner BETWEEN ?3 AND ?4",
        )?;
        let mut known = HashMap::new();
        for (from, to) in walks(owners) {
            let mut rows = select.query(params![mailbox.0, side, from, to])?;
            while let Some(row) = rows.next()? {
                let keys: Vec<u8> = row.get(1)?;
                let (keys, _) = keys.as_chunks();
                let keyed = Keyed { keys: keys.to_vec(), given: row.get(2)?, surname: row.get(3)? };
                known.insert(row.get(0)?, keyed);
            }
        }
        Ok(known)
    }

    /// Says whether a pair shares a key with an unpaired item, or (contacts) with another record.
    pub(super) fn shares_key(
        &self,
        mailbox: MailboxId,
        pair: i64,
        kind: ItemKind,
    ) -> Result<bool, StateError> {
        let mut select = self.connection.prepare_cached(
            "SELECT 1 FROM match_key
             WHERE mailbox = ?1 AND key = ?2 AND (side = 1 OR (?3 AND owner <> ?4))",
        )?;
        for key in self.keyed(mailbox, PAIR, pair)?.keys {
            if select.exists(params![mailbox.0, key, kind == ItemKind::Contact, pair])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lists the keys of a mailbox that more than one has.
    pub(super) fn keys_held_twice(&self, mailbox: MailboxId) -> Result<Vec<MatchKey>, StateError> {
        // In the order of the table those that are alike stand side by side.
        let sql = "SELECT key FROM match_key WHERE mailbox = ?1 ORDER BY key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![mailbox.0])?;
        let mut twice: Vec<MatchKey> = Vec::new();
        let mut before = None;
        while let Some(row) = rows.next()? {
            let key = row.get_ref(0)?.as_blob().ok().and_then(|key| key.try_into().ok());
            let key: MatchKey =
                key.ok_or_else(|| StateError::Corrupt("a key is none".to_owned()))?;
            if before == Some(key) && twice.last() != Some(&key) {
                twice.push(key);
            }
            before = Some(key);
        }
        Ok(twice)
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
             FROM match_key k CROSS JOIN keyed USING (mailbox, side, owner) WHERE mailbox = ?1 AND key = ?2 AND side = ?3
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
    pub fn claimants(&self, mailbox: MailboxId, unpaired: i64) -> Result<usize, StateError> {
        let mine = self.keyed(mailbox, UNPAIRED, unpaired)?;
        let mut select = self.connection.prepare_cached(
            "SELECT owner FROM match_key CROSS JOIN keyed USING (mailbox, side, owner)
             WHERE mailbox = ?1 AND key = ?2 AND side = 0
                 AND (given IS NULL OR ?3 IS NULL OR given = ?3) AND (surname IS NULL OR ?4 IS NULL OR surname = ?4)
                 AND EXISTS (SELECT 1 FROM pair WHERE id = owner AND record_half IS NULL AND record_state = 'here')",
        )?;
        let mut claimants = BTreeSet::new();
        for key in mine.keys {
            let mut rows = select.query(params![mailbox.0, key, mine.given, mine.surname])?;
            while let Some(row) = rows.next()? {
                claimants.insert(row.get::<_, i64>(0)?);
            }
        }
        Ok(claimants.len())
    }
}

/// Returns the rows from which to which to go: all of them at once where few others lie between, else one by one.
fn walks(owners: &[(i64, Keyed)]) -> Vec<(i64, i64)> {
    let rows = || owners.iter().map(|(owner, _)| *owner);
    match rows().min().zip(rows().max()) {
        Some((from, to)) if usize::try_from(to - from).is_ok_and(|gap| gap < 2 * owners.len()) => {
            vec![(from, to)]
        }
        _ => rows().map(|owner| (owner, owner)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::Keys;
    use crate::model::{ItemKind, Module, RecordId};
    use crate::state::{SeenRecord, State};

    /// Rule D3: nobody is passed over because there are many, for whom the keys are walked once.
    #[test]
    fn of_many_those_who_share_a_key_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let mailbox = state.add_mailbox(&"t".into(), &"DHO".into(), &"m".into(), "a").unwrap();
        state.open_spool().unwrap();
        let records: Vec<RecordId> =
            (1..=600).map(|number: u32| number.to_string().as_str().into()).collect();
        let seen = records.iter().map(|record| SeenRecord {
            record,
            kind: ItemKind::Contact,
            module: Module::Applicants,
            parent: None,
            version: None,
        });
        state.see_records(mailbox, seen).unwrap();
        let key = |number: i64| number.to_be_bytes();
        // Everybody has a key of their own; the 7th and the 500th have one in common, and the 300th has that of an item.
        let keys = |pair: i64| Keys {
            strong: iter::once(key(pair))
                .chain((pair == 7 || pair == 500).then(|| key(1000)))
                .chain((pair == 300).then(|| key(2000)))
                .collect(),
            ..Keys::default()
        };
        let all: Vec<_> = (1..=600).map(|pair| (pair, keys(pair))).collect();
        let all: Vec<_> = all.iter().map(|(pair, keys)| (*pair, keys)).collect();
        state.set_pair_keys(mailbox, &all).unwrap();
        let item = Keys { strong: vec![key(2000)], ..Keys::default() };
        state.set_unpaired_keys(mailbox, 1, &item).unwrap();
        state.note_unlinked(1..=600).unwrap();
        state.suspect(mailbox).unwrap();
        let contested = state.contested(mailbox, ItemKind::Contact, 0, 1000).unwrap();
        assert_eq!(contested, [7, 300, 500]);
    }
}
