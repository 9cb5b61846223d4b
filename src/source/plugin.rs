//! Effect: a source behind an adapter plugin. Whatever the plugin says is checked before anybody acts on it: an answer that
//! does not fit its question is [`SourceErrorKind::Broken`] and names the adapter, the method and what is wrong.

mod inspect;
mod pool;
mod settings;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use abgleich_plugin::messages as wire;
use serde::de::DeserializeOwned;

use super::channel::Patience;
use super::library::Library;
use super::slots::Slots;
use super::{
    Changes, Description, Entry, Fetched, Listing, Members, News, QUESTION, RecordUpdate, Source,
    SourceError, SourceErrorKind, Updated, User, messages,
};
use crate::model::{FieldSet, ItemKind, Module, Position, RecordId, UserId};
use crate::reason::Advice;

pub use inspect::{PluginInfo, inspect};
pub use settings::{Limits, PluginSettings};

/// The greatest number of entries that is asked for at once.
const PAGE: u32 = 500;

/// A source behind an adapter plugin.
pub struct PluginSource {
    adapter: String,
    pool: pool::Pool,
    capabilities: BTreeSet<String>,
    /// The fields that the adapter delivers; what a brief reply leaves out of them is blank.
    readable: Vec<(ItemKind, FieldSet)>,
    told: Mutex<BTreeSet<String>>,
}

impl PluginSource {
    /// Loads the library, opens a first instance and asks it what it is.
    pub fn open(settings: &PluginSettings) -> Result<Self, SourceError> {
        let library = Library::load(&settings.adapter).map_err(|error| SourceError {
            kind: SourceErrorKind::Broken,
            text: error.to_string(),
            hint: Some(error.hint()),
            source: Some(Box::new(error)),
        })?;
        let adapter = library.name().to_owned();
        let config = wire::OpenConfig {
            tenant: settings.tenant.as_str().to_owned(),
            zone: settings.zone.clone(),
            folder: settings.folder.to_string_lossy().into_owned(),
            settings: settings.settings.clone(),
        };
        let config = serde_json::to_vec(&config)
            .map_err(|error| broken(&adapter, "open", &error.to_string()))?;
        let limits = settings.limits;
        let patience = Patience { call: limits.call, cancel: limits.cancel };
        let pool = pool::Pool::new(library, config, patience, limits);
        let mut source = Self {
            adapter,
            pool,
            capabilities: BTreeSet::new(),
            readable: Vec::new(),
            told: Mutex::default(),
        };
        let described: wire::Description = source.ask("describe", &wire::Request::Describe)?;
        // What is strange about it is told by `describe`.
        let readable = messages::description(&described, &mut |_| {}).map(|known| known.readable);
        source.readable = readable.unwrap_or_default();
        source.pool.expect(described.identity);
        source.capabilities = described.capabilities.into_iter().collect();
        if !source.capabilities.contains("base/1") {
            return Err(source.broken("describe", "it lacks the capability `base/1`"));
        }
        Ok(source)
    }

    /// Returns the adapter's name for itself.
    pub fn adapter(&self) -> &str {
        &self.adapter
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        request: &wire::Request,
    ) -> Result<T, SourceError> {
        let request =
            serde_json::to_vec(request).map_err(|error| self.broken(method, error.to_string()))?;
        let reply = self.pool.call(method, request)?;
        // serde_json's messages name keys and places, and may quote a value; only the place is told.
        let strange = |byte| {
            self.broken(method, format!("the reply is not what the interface says, at byte {byte}"))
        };
        // UTF-8 is looked for in the whole at once, not in each text.
        let text =
            std::str::from_utf8(&reply.bytes).map_err(|error| strange(error.valid_up_to()))?;
        match serde_json::from_str(text) {
            Ok(wire::Reply::Ok(value)) => {
                reply.keep();
                Ok(value)
            }
            Ok(wire::Reply::Error(error)) => {
                // One whose database is away is opened anew: its connection may be of no use any more.
                if !matches!(
                    error.kind,
                    wire::ErrorKind::Internal
                        | wire::ErrorKind::Unknown
                        | wire::ErrorKind::Unreachable
                ) {
                    reply.keep();
                }
                Err(messages::error(&self.adapter, method, error))
            }
            Err(error) => Err(strange(error.column())),
        }
    }

    fn needs(&self, capability: &'static str, method: &'static str) -> Result<(), SourceError> {
        if self.capabilities.contains(capability) {
            return Ok(());
        }
        Err(SourceError {
            kind: SourceErrorKind::Unsupported,
            text: format!("adapter `{}` does not offer `{method}` ({capability})", self.adapter),
            hint: None,
            source: None,
        })
    }

    fn broken(&self, method: &str, what: impl AsRef<str>) -> SourceError {
        broken(&self.adapter, method, what.as_ref())
    }

    /// Warns of something unknown in a reply, once.
    fn tell(&self, method: &str, what: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.contains(&what) {
            tracing::warn!(
                adapter = self.adapter,
                "`{method}` delivers something that this version does not know, it is passed over: {what}"
            );
            told.insert(what);
        }
    }

    fn entries(
        &self,
        method: &'static str,
        entries: Vec<wire::Entry>,
        fits: impl Fn(&Entry) -> Result<(), String>,
    ) -> Result<Vec<Entry>, SourceError> {
        let mut seen = BTreeSet::new();
        entries
            .into_iter()
            .map(|entry| {
                let entry = messages::entry(entry);
                let fault = if entry.id.as_str().is_empty() {
                    Err("an id is blank".to_owned())
                } else if entry.version.as_str().is_empty() {
                    Err(format!("the version of `{}` is blank", entry.id))
                } else if !seen.insert(entry.id.clone()) {
                    Err(format!("`{}` comes twice in one reply", entry.id))
                } else if entry.kind == ItemKind::Contact && !entry.module.has_contacts() {
                    Err(format!(
                        "`{}` is a contact of `{}`, which has none",
                        entry.id, entry.module
                    ))
                } else {
                    fits(&entry)
                };
                fault.map_err(|what| self.broken(method, what)).map(|()| entry)
            })
            .collect()
    }

    fn count(&self, method: &str, found: usize, wanted: usize) -> Result<(), SourceError> {
        if found == wanted {
            return Ok(());
        }
        Err(self.broken(method, format!("it gave {found} answers to {wanted} questions")))
    }

    fn at_most(&self, method: &str, found: usize) -> Result<(), SourceError> {
        if u32::try_from(found).is_ok_and(|found| found <= PAGE) {
            return Ok(());
        }
        Err(self.broken(method, format!("a page has {found} entries, {PAGE} were asked for")))
    }

    /// A page must lead on to another place, or reading would never end (invariant 11).
    fn progress(
        &self,
        method: &str,
        page: Option<&Position>,
        next: Option<&Position>,
        empty: bool,
    ) -> Result<(), SourceError> {
        if next.is_some() && (next == page || empty) {
            return Err(self.broken(method, "the next page begins where this one did"));
        }
        Ok(())
    }

    fn fetch_chunk(&self, user: &UserId, ids: &[RecordId]) -> Result<Vec<Fetched>, SourceError> {
        let request = wire::Request::Fetch(wire::FetchRequest {
            user: user.as_str().to_owned(),
            ids: ids.iter().map(|id| id.as_str().to_owned()).collect(),
            brief: true,
        });
        let reply: wire::Fetched<Slots> = self.ask("fetch", &request)?;
        self.count("fetch", reply.answers.len(), ids.len())?;
        ids.iter()
            .zip(reply.answers)
            .map(|(id, answer)| {
                if answer.id != id.as_str() {
                    let what = format!("it answers `{}` where `{id}` was asked for", answer.id);
                    return Err(self.broken("fetch", what));
                }
                let mut fetched = messages::fetched(answer, &mut |what| self.tell("fetch", what));
                if reply.brief
                    && let Fetched::Record(record) = &mut fetched
                    && let Some((_, fields)) =
                        self.readable.iter().find(|(kind, _)| *kind == record.kind)
                {
                    record.content.blank_rest(*fields);
                }
                Ok(fetched)
            })
            .collect()
    }

    fn update_chunk(
        &self,
        user: &UserId,
        updates: &[RecordUpdate],
    ) -> Result<Vec<Updated>, SourceError> {
        let request = wire::Request::Update(wire::UpdateRequest {
            user: user.as_str().to_owned(),
            updates: updates.iter().map(messages::update).collect(),
        });
        let reply: wire::Updated = self.ask("update", &request)?;
        self.count("update", reply.answers.len(), updates.len())?;
        updates
            .iter()
            .zip(reply.answers)
            .map(|(update, answer)| {
                if answer.id != update.id.as_str() {
                    let what =
                        format!("it answers `{}` in the place of `{}`", answer.id, update.id);
                    return Err(self.broken("update", what));
                }
                messages::updated(update, answer.outcome, &mut |what| self.tell("update", what))
                    .map_err(|what| self.broken("update", what))
            })
            .collect()
    }
}

fn broken(adapter: &str, method: &str, what: &str) -> SourceError {
    SourceError {
        kind: SourceErrorKind::Broken,
        text: format!("adapter `{adapter}`, `{method}`: {what}"),
        hint: Some(Advice::new(
            "der Fehler liegt im Adapter; seinen Hersteller fragen und diese Meldung nennen",
            "the adapter is at fault; ask its vendor, and name this message",
        )),
        source: None,
    }
}

impl Source for PluginSource {
    fn describe(&self) -> Result<Description, SourceError> {
        let described: wire::Description = self.ask("describe", &wire::Request::Describe)?;
        messages::description(&described, &mut |what| self.tell("describe", what))
            .map_err(|what| self.broken("describe", what))
    }

    fn users(&self) -> Result<Vec<User>, SourceError> {
        self.needs("users/1", "users")?;
        let reply: wire::Users = self.ask("users", &wire::Request::Users)?;
        let mut seen = BTreeSet::new();
        for user in &reply.users {
            if user.id.trim().is_empty() || !seen.insert(user.id.as_str()) {
                let what = format!("the user `{}` comes twice or is blank", user.id);
                return Err(self.broken("users", what));
            }
        }
        Ok(reply.users.into_iter().map(messages::user).collect())
    }

    fn list(
        &self,
        user: &UserId,
        module: Module,
        page: Option<&Position>,
    ) -> Result<Listing, SourceError> {
        let request = wire::Request::List(wire::ListRequest {
            user: user.as_str().to_owned(),
            module: messages::module_to_wire(module),
            page: page.map(|page| page.as_str().to_owned()),
            limit: PAGE,
        });
        let reply: wire::Listing = self.ask("list", &request)?;
        self.at_most("list", reply.entries.len())?;
        let next = reply.next.map(Position::new);
        self.progress("list", page, next.as_ref(), reply.entries.is_empty())?;
        let entries = self.entries("list", reply.entries, |entry| in_module(entry, module))?;
        let last = next.is_none();
        Ok(Listing {
            entries,
            next,
            complete: last && reply.complete,
            position: reply.position.filter(|_| last).map(Position::new),
        })
    }

    fn changes(
        &self,
        user: &UserId,
        module: Module,
        since: &Position,
    ) -> Result<Changes, SourceError> {
        self.needs("changes/1", "changes")?;
        let request = wire::Request::Changes(wire::ChangesRequest {
            user: user.as_str().to_owned(),
            module: messages::module_to_wire(module),
            since: since.as_str().to_owned(),
            limit: PAGE,
        });
        let reply: wire::Changes = self.ask("changes", &request)?;
        self.at_most("changes", reply.changed.len() + reply.gone.len())?;
        if reply.more && reply.position == since.as_str() {
            return Err(self.broken("changes", "there is more, and the position does not move"));
        }
        let changed = self.entries("changes", reply.changed, |entry| in_module(entry, module))?;
        let gone: Vec<_> = reply.gone.into_iter().map(RecordId::new).collect();
        if let Some(entry) = changed.iter().find(|entry| gone.contains(&entry.id)) {
            let what = format!("`{}` is both changed and gone", entry.id);
            return Err(self.broken("changes", what));
        }
        Ok(Changes {
            changed,
            gone,
            position: Position::new(reply.position),
            more: reply.more,
            lost: reply.lost,
        })
    }

    fn fetch(&self, user: &UserId, ids: &[RecordId]) -> Result<Vec<Fetched>, SourceError> {
        let mut records = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(QUESTION) {
            records.extend(self.fetch_chunk(user, chunk)?);
        }
        Ok(records)
    }

    fn activities(&self, user: &UserId, parents: &[RecordId]) -> Result<Vec<Entry>, SourceError> {
        self.needs("activities/1", "activities")?;
        let mut found = Vec::new();
        for chunk in parents.chunks(QUESTION) {
            let request = wire::Request::Activities(wire::ActivitiesRequest {
                user: user.as_str().to_owned(),
                parents: chunk.iter().map(|id| id.as_str().to_owned()).collect(),
            });
            let reply: wire::Entries = self.ask("activities", &request)?;
            let wanted: BTreeSet<_> = chunk.iter().collect();
            let entries = self.entries("activities", reply.entries, |entry| {
                if entry.kind == ItemKind::Contact {
                    return Err(format!("`{}` is a contact", entry.id));
                }
                if !entry.parent.as_ref().is_some_and(|parent| wanted.contains(parent)) {
                    return Err(format!("`{}` belongs to none of the records", entry.id));
                }
                Ok(())
            })?;
            found.extend(entries);
        }
        Ok(found)
    }

    fn members(
        &self,
        user: &UserId,
        module: Module,
        known: Option<&Position>,
        page: Option<&Position>,
    ) -> Result<Members, SourceError> {
        self.needs("members/1", "members")?;
        let request = wire::Request::Members(wire::MembersRequest {
            user: user.as_str().to_owned(),
            module: messages::module_to_wire(module),
            known: known.map(|known| known.as_str().to_owned()),
            page: page.map(|page| page.as_str().to_owned()),
            limit: PAGE,
        });
        let reply: wire::Members = self.ask("members", &request)?;
        if reply.unchanged {
            if known.is_none() || page.is_some() {
                let what = "it says that nothing changed where nothing was known";
                return Err(self.broken("members", what));
            }
            return Ok(Members::Unchanged);
        }
        self.at_most("members", reply.ids.len())?;
        let next = reply.next.map(Position::new);
        self.progress("members", page, next.as_ref(), reply.ids.is_empty())?;
        let last = next.is_none();
        let mut seen = BTreeSet::new();
        if let Some(id) = reply.ids.iter().find(|id| id.is_empty() || !seen.insert(id.as_str())) {
            return Err(self.broken("members", format!("`{id}` comes twice or is blank")));
        }
        Ok(Members::Page {
            ids: reply.ids.into_iter().map(RecordId::new).collect(),
            next,
            complete: last && reply.complete,
            position: reply.position.filter(|_| last).map(Position::new),
        })
    }

    fn set_member(
        &self,
        user: &UserId,
        record: &RecordId,
        member: bool,
    ) -> Result<(), SourceError> {
        self.needs("set_member/1", "set_member")?;
        let request = wire::Request::SetMember(wire::SetMemberRequest {
            user: user.as_str().to_owned(),
            record: record.as_str().to_owned(),
            member,
        });
        self.ask("set_member", &request).map(|wire::Done {}| ())
    }

    fn update(&self, user: &UserId, updates: &[RecordUpdate]) -> Result<Vec<Updated>, SourceError> {
        self.needs("update/1", "update")?;
        let mut answers = Vec::with_capacity(updates.len());
        for chunk in updates.chunks(QUESTION) {
            answers.extend(self.update_chunk(user, chunk)?);
        }
        Ok(answers)
    }

    fn news(&self, users: &[UserId], since: Option<&Position>) -> Result<News, SourceError> {
        self.needs("news/1", "news")?;
        let request = wire::Request::News(wire::NewsRequest {
            users: users.iter().map(|user| user.as_str().to_owned()).collect(),
            since: since.map(|since| since.as_str().to_owned()),
        });
        let reply: wire::News = self.ask("news", &request)?;
        if since.is_none() && (reply.lost || !reply.stirred.is_empty()) {
            let what = "it says what is new where no position was given";
            return Err(self.broken("news", what));
        }
        let asked: BTreeSet<_> = users.iter().map(UserId::as_str).collect();
        if let Some(other) = reply.stirred.iter().find(|one| !asked.contains(one.user.as_str())) {
            let what = format!("it names `{}`, who was not asked for", other.user);
            return Err(self.broken("news", what));
        }
        let stirred = reply.stirred.into_iter();
        let stirred = stirred.map(|one| (UserId::new(one.user), messages::module(one.module)));
        Ok(News {
            stirred: stirred.collect(),
            position: Position::new(reply.position),
            lost: reply.lost,
        })
    }
}

fn in_module(entry: &Entry, module: Module) -> Result<(), String> {
    if entry.module == module {
        return Ok(());
    }
    Err(format!("`{}` is of `{}`, asked for was `{module}`", entry.id, entry.module))
}
