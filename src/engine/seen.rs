//! Effect: what is read of a pair before it is planned: its record, what that is recognised by, and the item that fits it (rule D3).

use std::collections::HashMap;

use crate::engine::pairing::keys;
use crate::engine::session::{Active, Session, Stop};
use crate::model::ItemKind;
use crate::model::rules::Adopt;
use crate::reason::Code;
use crate::source::{Fetched, Record};
use crate::state::{Keys, PairRow, RecordPresence, StateError, UnpairedRow};

/// What was read of one pair.
pub(super) struct Seen {
    pub(super) pair: PairRow,
    pub(super) record: Option<Box<Record>>,
    /// The source says that the record is gone or no longer the user's.
    pub(super) record_gone: bool,
    /// It is there, and no longer the user's.
    pub(super) hidden: bool,
    /// What the record is recognised by, where it may have to be.
    pub(super) keys: Option<Keys>,
    pub(super) candidate: Option<UnpairedRow>,
    /// The record was joined to an item that carries its stamp.
    pub(super) joined: bool,
    /// The record has no item, and a second look follows when the keys of all records are known.
    pub(super) first_look: bool,
    /// This is that second look.
    pub(super) second_look: bool,
    pub(super) doubt: Option<Code>,
    /// Why the item cannot be read.
    pub(super) unread: Option<String>,
    /// The time of record or item lies before the one it was settled with: something was restored (rule D7).
    pub(super) backwards: bool,
}

impl Session<'_> {
    /// Reads the records of pairs, in focus.
    pub(super) fn read_records(
        &mut self,
        active: &Active,
        pairs: Vec<PairRow>,
    ) -> Result<Vec<Seen>, Stop> {
        let ids: Vec<_> = pairs.iter().map(|pair| pair.record.clone()).collect();
        let mut answers: HashMap<_, _> = HashMap::with_capacity(ids.len());
        for answer in self.source.fetch(self.job.user, &ids)? {
            let id = match &answer {
                Fetched::Record(record) => record.id.clone(),
                Fetched::Gone(id) | Fetched::NotYours(id) | Fetched::Unreadable(id, _) => {
                    id.clone()
                }
            };
            answers.insert(id, answer);
        }
        let lens = self.lens(active.scope);
        Ok(pairs
            .into_iter()
            .map(|pair| {
                let answer = answers.remove(&pair.record);
                let hidden = matches!(answer, Some(Fetched::NotYours(_)));
                let record_gone = hidden || matches!(answer, Some(Fetched::Gone(_)));
                let record = match answer {
                    Some(Fetched::Record(mut record)) if record.kind == pair.kind => {
                        lens.focus_record(&mut record);
                        Some(record)
                    }
                    _ => None,
                };
                Seen {
                    pair,
                    record,
                    record_gone,
                    hidden,
                    keys: None,
                    candidate: None,
                    joined: false,
                    first_look: false,
                    second_look: false,
                    doubt: None,
                    unread: None,
                    backwards: false,
                }
            })
            .collect())
    }

    /// Notes what the records of a page are recognised by (rule D3).
    pub(super) fn key_records(&self, kind: ItemKind, page: &mut [Seen]) -> Result<(), StateError> {
        for seen in &mut *page {
            let Some(record) = &seen.record else { continue };
            if seen.pair.record_state == RecordPresence::Here || !seen.pair.is_linked() {
                seen.keys = Some(keys(kind, &record.content, &self.salt));
            }
        }
        let keyed: Vec<_> =
            page.iter().filter_map(|seen| Some((seen.pair.id, seen.keys.as_ref()?))).collect();
        self.state.set_pair_keys(self.id, &keyed)
    }

    /// Joins a record that has no item to the one that carries its stamp, where some item is `stamped` at all. One that stays
    /// without gets a second look.
    pub(super) fn find_stamped(&self, seen: &mut Seen, stamped: bool) -> Result<(), StateError> {
        if seen.keys.is_none() || seen.pair.item.is_some() {
            return Ok(());
        }
        if stamped {
            self.join_by_stamp(&mut seen.pair)?;
        }
        seen.joined = seen.pair.item.is_some();
        seen.first_look = !seen.joined;
        Ok(())
    }

    /// Looks for the item of a record that has none by what it is recognised by (rule D3).
    pub(super) fn find_candidate(&mut self, kind: ItemKind, seen: &mut Seen) -> Result<(), Stop> {
        seen.second_look = true;
        let Some(keys) = seen.keys.as_ref().filter(|_| seen.pair.item.is_none()) else {
            return Ok(());
        };
        let scope = self.active_in(seen.pair.module).find(|a| a.kinds().contains(&kind));
        let adopt = scope.map(|active| self.job.scopes.of(active.scope).adopt);
        let items = self.state.matching_items(self.id, keys)?;
        let exact: Vec<_> = items.iter().filter(|c| c.strong && c.names_fit).collect();
        match exact.as_slice() {
            _ if adopt == Some(Adopt::Never) => {}
            [] if items.iter().any(|claim| !claim.strong) => {
                seen.doubt = Some(Code::PairNameOnly);
            }
            [] => {}
            [one] if self.state.claimants(self.id, one.owner)? > 1 => {
                seen.doubt = Some(Code::PairTwoRecords);
            }
            [one] => seen.candidate = self.state.unpaired(one.owner)?,
            _ => seen.doubt = Some(Code::PairAmbiguous),
        }
        if kind == ItemKind::Contact && seen.candidate.is_none() && seen.doubt.is_none() {
            let others = self.state.matching_pairs(self.id, keys, seen.pair.id)?;
            if others.iter().any(|claim| claim.strong && claim.names_equal) {
                seen.doubt = Some(Code::PairTwoRecords);
            }
        }
        Ok(())
    }

    /// Says whether a record, as it was read just now, belongs to another one by now than the filter holds, or to another module: a
    /// feed tells of that later, or only in that module (rule G2).
    pub(super) fn is_outside(&self, seen: &Seen) -> Result<bool, StateError> {
        let (Some(record), RecordPresence::Here) = (&seen.record, seen.pair.record_state) else {
            return Ok(false);
        };
        if record.module != seen.pair.module {
            return Ok(true);
        }
        match (&record.parent, record.kind) {
            (_, ItemKind::Contact) => Ok(false),
            _ if !record.module.has_filter() => Ok(false),
            (Some(parent), _) => Ok(!self.state.is_member(self.id, &parent.id)?),
            // Only listing and feed say for certain that it belongs to nothing.
            (None, _) => Ok(false),
        }
    }
}
