//! Effect: how the reference source answers.

use std::collections::BTreeSet;
use std::fmt::Display;

use jiff::Timestamp;

use super::{Inner, MemorySource, Stored, error};
use crate::model::{
    Field, FieldSet, ItemKind, Module, Position, RecordId, RecordVersion, Shape, Slot, UserId,
    canonical,
};
use crate::source::{
    Changes, Description, Entry, Fetched, Listing, Members, News, Record, RecordUpdate, Source,
    SourceError, SourceErrorKind, Updated, User,
};

impl Inner {
    pub(super) fn list_of(&self, module: Module, user: &UserId) -> (Module, Option<UserId>) {
        (module, self.settings.filter_per_user.then(|| user.clone()))
    }

    fn known(&self, user: &UserId) -> Result<(), SourceError> {
        if self.data.users.contains_key(user) {
            return Ok(());
        }
        Err(error(SourceErrorKind::Denied, format!("there is no user `{user}`")))
    }

    /// Finds the modules in which there is something new for a user.
    fn stirs(&self, user: &UserId, since: u64, stirred: &mut BTreeSet<(UserId, Module)>) {
        let lists = &self.data.member_versions;
        for ((module, owner), version) in lists {
            if *version > since && owner.as_ref().is_none_or(|owner| owner == user) {
                stirred.insert((user.clone(), *module));
            }
        }
        let news = self.data.feed.iter().filter(|(_, (sequence, _))| *sequence > since);
        for (id, (_, module)) in news {
            let filter = self.data.members.get(&self.list_of(*module, user));
            let member = filter.is_some_and(|filter| filter.contains(id));
            let stored = self.data.records.get(id);
            let assigned = stored.is_some_and(|stored| {
                stored.record.kind != ItemKind::Contact
                    && (!self.settings.assigns || stored.assignees.contains(user))
            });
            if member || assigned || self.data.left.contains(&(id.clone(), user.clone())) {
                stirred.insert((user.clone(), *module));
            }
        }
    }

    fn sees(&self, user: &UserId, stored: &Stored) -> bool {
        let contact = stored.record.kind == ItemKind::Contact;
        (contact || !self.settings.assigns || stored.assignees.contains(user))
            && !stored.hidden_from.contains(user)
    }

    fn version(&self, stored: &Stored) -> RecordVersion {
        let second = stored.record.changed_at.map(Timestamp::as_second);
        match second {
            Some(second) if self.settings.versions_in_seconds => {
                RecordVersion::new(second.to_string())
            }
            _ => RecordVersion::new(stored.sequence.to_string()),
        }
    }

    fn entry(&self, id: &RecordId, stored: &Stored) -> Entry {
        Entry {
            id: id.clone(),
            version: self.version(stored),
            kind: stored.record.kind,
            module: stored.record.module,
            parent: stored.record.parent.as_ref().map(|parent| parent.id.clone()),
        }
    }

    fn deliver(&self, user: &UserId, stored: &Stored) -> Record {
        let mut record = stored.record.clone();
        record.version = self.version(stored);
        record.editable = !stored.read_only_for.contains(user);
        if self.settings.phones_blank {
            for field in Field::of(record.kind).filter(|field| field.shape() == Shape::Phone) {
                record.content.set_blank(field);
            }
        }
        record
    }

    fn update_one(&mut self, user: &UserId, update: &RecordUpdate) -> Updated {
        let Some(stored) = self.data.records.get(&update.id) else { return Updated::Gone };
        if !self.sees(user, stored) || stored.read_only_for.contains(user) {
            return Updated::Denied;
        }
        let now = &stored.record.content;
        let kept = update
            .expected
            .iter()
            .all(|(field, slot)| now.slot(field).is_some_and(|now| same(field, now, slot)));
        if self.version(stored) != update.version || !kept {
            return Updated::Stale;
        }
        for (field, slot) in update.values.iter() {
            let long = slot.value().and_then(|value| value.as_text()).is_some_and(|text| {
                field.shape() != Shape::Body && text.chars().count() > self.settings.longest_text
            });
            let refused =
                |code: &str| Updated::Refused { code: code.to_owned(), field: Some(field) };
            if long {
                return refused("too_long");
            }
            if !field.belongs_to(stored.record.kind) || field.read_only() {
                return refused("not_writable");
            }
        }
        if let Some(stored) = self.data.records.get_mut(&update.id) {
            for (field, slot) in update.values.iter() {
                stored.record.content.put(field, slot.clone());
            }
            stored.record.changed_at = Some(update.edited_at);
            stored.record.changed_by = Some(user.as_str().to_owned());
        }
        self.data.touch(&update.id);
        self.data.records.get(&update.id).map_or(Updated::Gone, |stored| Updated::Applied {
            version: self.version(stored),
            stored: stored.record.content.only(update.values.known()),
        })
    }
}

fn same(field: Field, one: &Slot, other: &Slot) -> bool {
    let canonical = |value| canonical::canonical(field, value);
    one.value().and_then(canonical) == other.value().and_then(canonical)
}

fn number(position: &Position) -> Result<u64, SourceError> {
    let read = position.as_str().parse();
    read.map_err(|_| error(SourceErrorKind::Unsupported, "this is no position of this source"))
}

fn position(number: impl Display) -> Position {
    Position::new(number.to_string())
}

impl Source for MemorySource {
    fn describe(&self) -> Result<Description, SourceError> {
        self.call("describe", |inner| {
            let sets: Vec<(ItemKind, FieldSet)> = ItemKind::ALL
                .into_iter()
                .map(|kind| (kind, Field::of(kind).filter(|field| !field.read_only()).collect()))
                .collect();
            let longest = inner.settings.longest_text;
            let lengths = ItemKind::ALL.into_iter().flat_map(|kind| {
                Field::of(kind)
                    .filter(|field| {
                        matches!(field.shape(), Shape::Text | Shape::Phone | Shape::Email)
                    })
                    .map(move |field| (kind, field, longest))
            });
            Ok(Description {
                identity: inner.settings.identity.to_owned(),
                product: "staffITpro in memory".to_owned(),
                readable: sets.clone(),
                writable: sets,
                lengths: lengths.collect(),
                feed: inner.settings.feed,
                filter_per_user: inner.settings.filter_per_user,
                filter_writable: true,
                news: inner.settings.news,
                assigns: inner.settings.assigns,
                clock: None,
            })
        })
    }

    fn users(&self) -> Result<Vec<User>, SourceError> {
        self.call("users", |inner| Ok(inner.data.users.values().cloned().collect()))
    }

    fn list(
        &self,
        user: &UserId,
        module: Module,
        page: Option<&Position>,
    ) -> Result<Listing, SourceError> {
        self.call("list", |inner| {
            inner.known(user)?;
            // A page begins behind an id; the feed goes on from where the first page was read, so nothing is missed.
            let (since, after) = match page {
                None => (inner.data.sequence, None),
                Some(page) => match page.as_str().split_once(' ') {
                    Some((since, id)) => (number(&Position::from(since))?, Some(RecordId::new(id))),
                    None => return Err(error(SourceErrorKind::Unsupported, "this is no page")),
                },
            };
            let mut found = inner.data.records.iter().filter(|(id, stored)| {
                after.as_ref().is_none_or(|after| *id > after)
                    && stored.record.module == module
                    && inner.sees(user, stored)
            });
            let entries: Vec<_> = found
                .by_ref()
                .take(inner.settings.page)
                .map(|(id, stored)| inner.entry(id, stored))
                .collect();
            let next = found.next().and(entries.last());
            let next = next.map(|last| position(format!("{since} {}", last.id)));
            let last = next.is_none();
            Ok(Listing {
                entries,
                next,
                complete: last && inner.settings.complete,
                position: (last && inner.settings.feed).then(|| position(since)),
            })
        })
    }

    fn changes(
        &self,
        user: &UserId,
        module: Module,
        since: &Position,
    ) -> Result<Changes, SourceError> {
        self.call("changes", |inner| {
            inner.known(user)?;
            if !inner.settings.feed {
                return Err(error(SourceErrorKind::Unsupported, "there is no change feed"));
            }
            let since = number(since)?;
            if since > inner.data.sequence {
                let position = position(inner.data.sequence);
                let (changed, gone) = (Vec::new(), Vec::new());
                return Ok(Changes { changed, gone, position, more: false, lost: true });
            }
            let mut news: Vec<_> = inner
                .data
                .feed
                .iter()
                .filter(|(_, (sequence, of))| *sequence > since && *of == module)
                .map(|(id, (sequence, _))| (*sequence, id))
                .collect();
            news.sort_unstable();
            let more = news.len() > inner.settings.page;
            news.truncate(inner.settings.page);
            let (mut changed, mut gone) = (Vec::new(), Vec::new());
            for (_, id) in &news {
                match inner.data.records.get(*id) {
                    Some(stored) if inner.sees(user, stored) => {
                        changed.push(inner.entry(id, stored));
                    }
                    Some(stored) => {
                        let left = inner.data.left.contains(&((*id).clone(), user.clone()));
                        if left || stored.hidden_from.contains(user) {
                            gone.push((*id).clone());
                        }
                    }
                    None => gone.push((*id).clone()),
                }
            }
            let end = if more { news.last().map(|(sequence, _)| *sequence) } else { None };
            let position = position(end.unwrap_or(inner.data.sequence));
            Ok(Changes { changed, gone, position, more, lost: false })
        })
    }

    fn fetch(&self, user: &UserId, ids: &[RecordId]) -> Result<Vec<Fetched>, SourceError> {
        self.call("fetch", |inner| {
            inner.known(user)?;
            let one = |id: &RecordId| match inner.data.records.get(id) {
                None => Fetched::Gone(id.clone()),
                Some(stored) if !inner.sees(user, stored) => Fetched::NotYours(id.clone()),
                Some(stored) => Fetched::Record(Box::new(inner.deliver(user, stored))),
            };
            Ok(ids.iter().map(one).collect())
        })
    }

    fn activities(&self, user: &UserId, parents: &[RecordId]) -> Result<Vec<Entry>, SourceError> {
        self.call("activities", |inner| {
            inner.known(user)?;
            if !inner.settings.activities {
                return Err(error(SourceErrorKind::Unsupported, "only everything is listed"));
            }
            let wanted: BTreeSet<_> = parents.iter().collect();
            let of = |stored: &Stored| {
                stored.record.parent.as_ref().is_some_and(|parent| wanted.contains(&parent.id))
            };
            let found = inner.data.records.iter().filter(|(_, stored)| {
                stored.record.kind != ItemKind::Contact && of(stored) && inner.sees(user, stored)
            });
            Ok(found.map(|(id, stored)| inner.entry(id, stored)).collect())
        })
    }

    fn members(
        &self,
        user: &UserId,
        module: Module,
        known: Option<&Position>,
        page: Option<&Position>,
    ) -> Result<Members, SourceError> {
        self.call("members", |inner| {
            inner.known(user)?;
            let filter = inner.list_of(module, user);
            let version = position(inner.data.member_versions.get(&filter).copied().unwrap_or(0));
            if page.is_none() && known == Some(&version) {
                return Ok(Members::Unchanged);
            }
            // A page carries the version that the first one saw: whoever changes the filter in between is seen next time.
            let (seen, after) = match page.and_then(|page| page.as_str().split_once(' ')) {
                Some((seen, after)) => (position(seen), Some(RecordId::new(after))),
                None => (version, None),
            };
            let nobody = BTreeSet::new();
            let mut found = inner
                .data
                .members
                .get(&filter)
                .unwrap_or(&nobody)
                .iter()
                .filter(|id| after.as_ref().is_none_or(|after| *id > after));
            let ids: Vec<_> = found.by_ref().take(inner.settings.page).cloned().collect();
            let next = found.next().and(ids.last()).map(|last| position(format!("{seen} {last}")));
            let last = next.is_none();
            let complete = last && inner.settings.complete;
            Ok(Members::Page { ids, next, complete, position: last.then_some(seen) })
        })
    }

    fn set_member(
        &self,
        user: &UserId,
        record: &RecordId,
        member: bool,
    ) -> Result<(), SourceError> {
        self.call("set_member", |inner| {
            inner.known(user)?;
            let seen = inner.data.records.get(record).filter(|stored| inner.sees(user, stored));
            let Some(stored) = seen else {
                let text = format!("there is no record `{record}` that `{user}` may see");
                return Err(error(SourceErrorKind::Denied, text));
            };
            if stored.record.kind != ItemKind::Contact {
                let text = format!("`{record}` is an activity; the filter holds contacts");
                return Err(error(SourceErrorKind::Unsupported, text));
            }
            let list = inner.list_of(stored.record.module, user);
            inner.data.set_member(list, record, member);
            Ok(())
        })
    }

    fn update(&self, user: &UserId, updates: &[RecordUpdate]) -> Result<Vec<Updated>, SourceError> {
        self.call("update", |inner| {
            inner.known(user)?;
            Ok(updates.iter().map(|update| inner.update_one(user, update)).collect())
        })
    }

    fn news(&self, users: &[UserId], since: Option<&Position>) -> Result<News, SourceError> {
        self.call("news", |inner| {
            if !inner.settings.news {
                return Err(error(SourceErrorKind::Unsupported, "nobody is told of"));
            }
            let now = inner.data.sequence;
            let since = since.map(number).transpose()?;
            let lost = since.is_some_and(|since| since > now);
            let mut stirred = BTreeSet::new();
            for user in users.iter().filter(|_| since.is_some() && !lost) {
                inner.stirs(user, since.unwrap_or(now), &mut stirred);
            }
            Ok(News { stirred: stirred.into_iter().collect(), position: position(now), lost })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Content, Field, ItemKind, Module};
    use crate::source::contract::{Backstage, check_all};
    use crate::source::memory::{MemorySettings, MemorySource, NewRecord};
    use jiff::Timestamp;

    impl Backstage for MemorySource {
        type Source = Self;

        fn source(&self) -> &Self {
            self
        }

        fn add_contact(&self, id: &str, module: Module, surname: &str) {
            let texts = [(Field::Surname, surname)];
            self.insert(NewRecord::contact(id, module, Timestamp::UNIX_EPOCH, &texts));
        }

        fn add_task(&self, id: &str, module: Module, parent: &str, users: &[&str], subject: &str) {
            let (at, texts) = (Timestamp::UNIX_EPOCH, [(Field::Subject, subject)]);
            let task = NewRecord::activity(id, ItemKind::Task, module, users[0], at, &texts);
            self.insert(task.of(parent));
            self.assign(id, users);
        }

        fn rename(&self, id: &str, surname: &str) {
            let mut content = Content::new();
            content.set_text(Field::Surname, surname);
            self.edit(id, "Clara Schmidt", Timestamp::UNIX_EPOCH, &content);
        }

        fn delete(&self, id: &str) {
            Self::delete(self, id);
        }

        fn assign(&self, id: &str, users: &[&str]) {
            Self::assign(self, id, users);
        }

        fn hide(&self, id: &str, user: &str) {
            Self::hide(self, id, user, true);
        }

        fn make_read_only(&self, id: &str, user: &str) {
            Self::make_read_only(self, id, user);
        }

        fn put_member(&self, user: &str, id: &str, member: bool) {
            Self::put_member(self, user, id, member);
        }
    }

    #[test]
    fn the_reference_keeps_the_contract() {
        check_all(|| {
            let source = MemorySource::new(MemorySettings::default());
            source.add_user("DHO", "Dora Hoffmann", "d.hoffmann@firma.example");
            source.add_user("CSC", "Clara Schmidt", "c.schmidt@firma.example");
            source
        });
    }
}
