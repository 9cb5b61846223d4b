//! Reads and plays the scripts of `fixtures/plans/histories/`; the words are explained in the README there.
//!
//! Long because it is one table of words: each step and each expectation is read and played in one place.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use abgleich::engine::report::{MailboxReport, Outcome};
use abgleich::engine::{Options, decide};
use abgleich::mailbox::memory::fault::{Call, Fault, Which};
use abgleich::mailbox::memory::store::{DELETED, Store, default_folder};
use abgleich::mailbox::{ItemError, Mailbox as _, MailboxErrorKind, Wrote};
use abgleich::model::rules::{Adopt, Conflict, FirstTransfer, Leftover, PastDays, Reference};
use abgleich::model::{
    Content, Field, FieldSet, FolderId, ItemId, ItemKind, Mode, Module, RecordId, Scope, Shape,
    Slot, TenantName, UserId, Value, json::from_json,
};
use abgleich::source::memory::NewRecord;
use abgleich::state::{MailboxLock, State};

use super::world::{Concealed, Ran, SOURCE_CALLS, Trouble, World, same};

/// One history: the steps under a heading.
pub(crate) struct History {
    pub(crate) rule: String,
    pub(crate) name: String,
    steps: Vec<(String, String)>,
}

/// Reads all histories of a file. A heading begins with `==`.
pub(crate) fn read(path: &Path) -> Vec<History> {
    let file = path.file_name().unwrap().to_str().unwrap();
    let rule = file.split('-').next().unwrap();
    let mut histories: Vec<History> = Vec::new();
    for (number, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("==") {
            histories.push(History {
                rule: rule.to_owned(),
                name: format!("{rule} {}", name.trim()),
                steps: Vec::new(),
            });
        } else if !line.is_empty() && !line.starts_with('#') {
            let place = format!("fixtures/plans/histories/{file}:{}", number + 1);
            histories.last_mut().expect(&place).steps.push((place, line.to_owned()));
        }
    }
    histories
}

/// Plays a history; the error says which step went otherwise than expected.
pub(crate) fn play(history: &History) -> Result<(), String> {
    let mut stage = Stage {
        world: World::new(),
        last: None,
        marks: BTreeMap::new(),
        stores: BTreeMap::new(),
        snapshot: None,
        locks: Vec::new(),
    };
    stage.world.add("DHO");
    for (place, step) in &history.steps {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stage.step(step)));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(told)) => {
                let report = stage.last.as_ref().map(|ran| tell(&ran.report)).unwrap_or_default();
                return Err(format!("{place}: {}: `{step}`: {told}\n    {report}", history.name));
            }
            Err(_) => return Err(format!("{place}: {}: `{step}` panicked", history.name)),
        }
    }
    Ok(())
}

fn tell(report: &MailboxReport) -> String {
    let findings: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("{}:{}", f.record.as_ref().map_or("", |r| r.as_str()), f.code.code()))
        .collect();
    let stopped: Vec<String> = report
        .stopped
        .iter()
        .map(|s| format!("{}={:?} {}", s.code.code(), s.number, s.text))
        .collect();
    format!("last run: {:?} {stopped:?} {:?} {findings:?}", report.outcome, report.totals())
}

struct Stage {
    world: World,
    last: Option<Ran>,
    /// Items that a history gave a name.
    marks: BTreeMap<String, ItemId>,
    stores: BTreeMap<String, Store>,
    snapshot: Option<abgleich::source::memory::Snapshot>,
    locks: Vec<MailboxLock>,
}

type Told = Result<(), String>;

impl Stage {
    fn step(&mut self, step: &str) -> Told {
        let (words, at) = match step.rsplit_once(" @") {
            Some((words, at)) => (words, Some(time(at))),
            None => (step, None),
        };
        if let Some(at) = at {
            self.world.advance(at);
        }
        let at = at.unwrap_or(self.world.now);
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        let rest = rest.trim();
        match verb {
            "user" => match rest.split_once(" in ") {
                Some((user, other)) => self.world.add_twin(user, other),
                None => self.world.add(rest),
            },
            "scope" => self.scope(rest),
            "writes" => self.writes(rest),
            "source" => self.configure(rest),
            "record" => self.record(rest, at),
            "item" => self.item(rest, at),
            "at" => self.world.advance(time(rest)),
            "edit" => self.edit(rest, at)?,
            "filter" => {
                let [user, id, word] = split(rest);
                self.world.database.memory.put_member(user, id, word == "in");
            }
            "assign" => {
                let (id, users) = rest.split_once(' ').unwrap();
                self.world.database.memory.assign(id, &users.split(' ').collect::<Vec<_>>());
            }
            "hide" => {
                let [user, id] = split(rest);
                self.world.database.memory.hide(id, user, true);
            }
            "conceal" => self.conceal(rest, 0),
            "reveal" => {
                let mut concealed = self.world.database.concealed.lock().unwrap();
                concealed.as_mut().expect("a record is concealed").hidden = false;
            }
            "readonly" => {
                let [user, id] = split(rest);
                self.world.database.memory.make_read_only(id, user);
            }
            "parent" => {
                let [id, parent] = split(rest);
                let parent = (parent != "_").then_some(parent);
                self.world.database.memory.set_parent(id, parent);
            }
            "refuse" => {
                let [user, name] = split(rest);
                let id = self.id(user, name)?;
                let answer = Wrote::Refused {
                    code: "ErrorInvalidPropertySet".to_owned(),
                    text: "this value is not taken".to_owned(),
                };
                self.world.person(user).mailbox.with(|store| store.refuse_item(&id, answer));
            }
            "accept" => self.world.person(rest).mailbox.with(Store::refuse_nothing),
            "erase" => self.world.database.memory.delete(rest),
            "discard" | "destroy" | "undiscard" => {
                let [user, name] = split(rest);
                self.world.person(user).mailbox.with(|store| {
                    let folder = store.folder_named(name).expect("there is such a folder");
                    match verb {
                        "discard" => store.person_discards_folder(&folder),
                        "undiscard" => store.person_takes_back_folder(&folder),
                        _ => store.person_purges_folder(&folder),
                    }
                });
            }
            "delete" | "purge" | "restore" | "archive" | "copy" | "private" | "public"
            | "invite" | "format" | "touch" | "complete" | "breakoff" | "unstamp"
            | "unreadable" | "opaque" | "readable" | "foreign" | "endless" | "damage" | "mend" => {
                self.act(verb, rest, at)?;
            }
            "mailbox" => self.mailbox(rest),
            "save" => self.save(rest),
            "back" => self.back(rest),
            "fault" => self.fault(rest),
            "meanwhile" => self.meanwhile(rest, at),
            "afterwards" => self.afterwards(rest, at),
            "commit" => self.world.person(rest).mailbox.with(Store::commit_hanging),
            "lock" => {
                let (tenant, user) = (TenantName::from("staffitpro"), UserId::from(rest));
                let lock = MailboxLock::take(self.world.folder.path(), &tenant, &user).unwrap();
                self.locks.extend(lock);
            }
            "occupy" => {
                let mut mailbox = self.world.person(rest).mailbox.clone();
                let identity = mailbox.open().unwrap().identity;
                let folder = self.world.folder.path();
                self.locks.extend(MailboxLock::take_mailbox(folder, &identity).unwrap());
            }
            "unlock" => self.locks.clear(),
            "losestate" => {
                for entry in std::fs::read_dir(self.world.folder.path()).unwrap() {
                    let _ = std::fs::remove_file(entry.unwrap().path());
                }
            }
            "rebind" => {
                let (tenant, user) = (TenantName::from("staffitpro"), UserId::from(rest));
                let whose = decide::Whose {
                    folder: self.world.folder.path(),
                    tenant: &tenant,
                    user: &user,
                };
                let mut mailbox = self.world.person(rest).mailbox.clone();
                decide::rebind(whose, "elsewhere@firma.example", &mut mailbox).unwrap();
            }
            "take" => {
                let [user, id, side] = split(rest);
                let state = State::open(self.world.folder.path()).unwrap();
                let mailbox = state
                    .mailbox(&TenantName::from("staffitpro"), &UserId::from(user))
                    .unwrap()
                    .unwrap();
                let pair = state.pair_of_record(mailbox.id, &id.into()).unwrap().unwrap();
                let direction = if side == "staffitpro" {
                    abgleich::model::Direction::ToOutlook
                } else {
                    abgleich::model::Direction::ToStaffitpro
                };
                state.take(pair.id, direction).unwrap();
            }
            "run" | "plan" => self.run(verb, rest),
            "expect" => return self.expect(rest),
            _ => panic!("`{verb}` is no step"),
        }
        Ok(())
    }

    fn scope(&mut self, text: &str) {
        let mut words = text.split(' ');
        let (user, scope) = (words.next().unwrap(), words.next().unwrap());
        let mode = match words.next().unwrap() {
            "S>O" => Mode::StaffitproOverwritesOutlook,
            "O>S" => Mode::OutlookOverwritesStaffitpro,
            word => Mode::from_key(word).unwrap(),
        };
        let person = self.world.people.get_mut(user).unwrap();
        let settings =
            person.scopes.entry(scope.to_owned()).or_insert_with(|| World::settings(scope));
        settings.mode = mode;
        // Histories are about other things than the first transfer, unless they say so.
        settings.first_transfer = FirstTransfer::Auto;
        for word in words {
            let (key, value) = word.split_once('=').unwrap();
            let leftover = || if value == "delete" { Leftover::Delete } else { Leftover::Keep };
            match key {
                "first_transfer" => {
                    settings.first_transfer =
                        if value == "ask" { FirstTransfer::Ask } else { FirstTransfer::Auto };
                }
                "on_leave" => settings.on_leave = leftover(),
                "on_gone" => settings.on_gone = leftover(),
                "create_missing" => settings.create_missing = value == "yes",
                "folder" => settings.folder = Some(value.to_owned()),
                "category" => settings.category = Some(value.to_owned()),
                "reference" => {
                    settings.reference = match value {
                        "body" => Reference::Body,
                        "category" => Reference::Category,
                        _ => Reference::None,
                    }
                }
                "conflict" => {
                    settings.conflict = match value {
                        "hold" => Conflict::Hold,
                        "outlook" => Conflict::Outlook,
                        "staffitpro" => Conflict::Staffitpro,
                        _ => Conflict::Newest,
                    }
                }
                "adopt" => {
                    settings.adopt = if value == "never" { Adopt::Never } else { Adopt::Exact };
                }
                "past_days" => {
                    settings.past_days = match value {
                        "all" => PastDays::All,
                        days => PastDays::Days(days.parse().unwrap()),
                    }
                }
                "except" => {
                    settings.except =
                        value.split(',').map(|k| Field::from_key(k).unwrap()).collect();
                }
                "brake" => {
                    assert_eq!(value, "off");
                    let far = u32::MAX / 200;
                    let brake = &mut settings.brake;
                    for limit in [
                        &mut brake.created,
                        &mut brake.updated_outlook,
                        &mut brake.updated_staffitpro,
                        &mut brake.cleared,
                        &mut brake.deleted,
                        &mut brake.deleted_percent,
                        &mut brake.missing,
                        &mut brake.missing_percent,
                        &mut brake.filter_lost_percent,
                    ] {
                        *limit = far;
                    }
                }
                _ => panic!("`{key}` is no setting"),
            }
        }
    }

    fn writes(&mut self, text: &str) {
        let [user, side, word] = split(text);
        let person = self.world.people.get_mut(user).unwrap();
        let writes = if side == "outlook" {
            &mut person.writes_outlook
        } else {
            &mut person.writes_staffitpro
        };
        *writes = word == "on";
    }

    fn configure(&self, text: &str) {
        self.world.database.memory.configure(|settings| match text {
            "phones blank" => settings.phones_blank = true,
            "phones well" => settings.phones_blank = false,
            "ticks in seconds" => settings.versions_in_seconds = true,
            "without feed" => settings.feed = false,
            "without activities" => settings.activities = false,
            "incomplete" => settings.complete = false,
            "shared filter" => settings.filter_per_user = false,
            "short texts" => settings.longest_text = 10,
            "another" => settings.identity = "another",
            "small pages" => settings.page = 2,
            _ => panic!("`{text}` is no way of the source"),
        });
    }

    /// `record BEW-1 applicants contact [of PARENT] [for USERS] [private] : fields`
    fn record(&self, text: &str, at: Timestamp) {
        let (head, fields) = text.split_once(" : ").unwrap();
        let mut words = head.split(' ');
        let (id, module, kind) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let module = Module::ALL.into_iter().find(|m| m.key() == module).unwrap();
        let kind = ItemKind::from_key(kind).unwrap();
        let mut record = NewRecord::contact(id, module, at, &[]);
        record.kind = kind;
        record.content = content(fields);
        "person".clone_into(&mut record.changed_by);
        let mut members = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "of" => record = record.of(words.next().unwrap()),
                "for" => {
                    let users = words.next().unwrap().split('+').map(UserId::from);
                    record.assignees = users.collect();
                }
                "in" => members.extend(words.next().unwrap().split('+')),
                "private" => record.private = true,
                _ => panic!("`{word}` says nothing of a record"),
            }
        }
        self.world.database.memory.insert(record);
        for user in members {
            self.world.database.memory.put_member(user, id, true);
        }
    }

    /// `item DHO contact NAME : fields`
    fn item(&mut self, text: &str, at: Timestamp) {
        let (head, fields) = text.split_once(" : ").unwrap();
        let [user, kind, name] = split(head);
        let kind = ItemKind::from_key(kind).unwrap();
        let id = self
            .world
            .person(user)
            .mailbox
            .with(|store| store.person_creates(kind, content(fields), at));
        self.marks.insert(name.to_owned(), id);
    }

    fn edit(&mut self, text: &str, at: Timestamp) -> Told {
        let (head, fields) = text.split_once(" : ").unwrap();
        let (side, who) = head.split_once(' ').unwrap();
        let content = content(fields);
        if side == "record" {
            self.world.database.memory.edit(who, "person", at, &content);
            return Ok(());
        }
        let (user, name) = who.split_once(' ').unwrap();
        let id = self.id(user, name)?;
        self.world.person(user).mailbox.with(|store| store.person_edits(&id, &content, at));
        Ok(())
    }

    /// Finds an item by the name the history gave it, or by its record.
    fn id(&self, user: &str, name: &str) -> Result<ItemId, String> {
        if let Some(id) = self.marks.get(name) {
            return Ok(id.clone());
        }
        self.world.person(user).mailbox.with(|store| {
            let wanted = |item: &abgleich::mailbox::memory::store::Stored| {
                item.stamp.as_ref().is_some_and(|stamp| stamp.record.as_str() == name)
            };
            store
                .item_of(name)
                .or_else(|| store.items().find(|(_, item)| wanted(item)).map(|(id, _)| id.clone()))
                .ok_or_else(|| format!("{user} has no item of {name}"))
        })
    }

    fn act(&mut self, verb: &str, text: &str, at: Timestamp) -> Told {
        let mut words = text.split(' ');
        let (user, name) = (words.next().unwrap(), words.next().unwrap());
        let id = self.id(user, name)?;
        let mark = self.marks.contains_key(name);
        let target = words.next();
        let now = self.world.person(user).mailbox.with(|store| {
            let kind = store.item(&id).and_then(|item| item.kind).unwrap_or(ItemKind::Contact);
            match verb {
                "delete" => store.person_deletes(&id, at),
                "restore" => store.person_moves(&id, &default_folder(kind), at),
                "purge" => {
                    store.person_purges(&id);
                    None
                }
                "archive" => {
                    let name = target.expect("the folder has a name");
                    let folder = store
                        .folder_named(name)
                        .unwrap_or_else(|| store.person_makes_folder(kind, name));
                    store.person_moves(&id, &folder, at)
                }
                "copy" => {
                    let copy = store.person_copies(&id, &default_folder(kind), at);
                    assert!(copy.is_some());
                    if let (Some(name), Some(copy)) = (target, copy) {
                        self.marks.insert(name.to_owned(), copy);
                    }
                    None
                }
                "private" | "public" => {
                    store.person_marks_private(&id, verb == "private", at);
                    None
                }
                "invite" => {
                    store.person_invites(&id, "gast@kunde.example", at);
                    None
                }
                "format" => {
                    store.person_formats(&id, at);
                    None
                }
                "touch" => {
                    store.assistant_touches(&id, at);
                    None
                }
                "complete" => {
                    let copy = store.person_completes(&id, 7, at);
                    self.marks.extend(target.map(str::to_owned).zip(copy));
                    None
                }
                "breakoff" => {
                    store.write_breaks_off(&id, at);
                    None
                }
                "unstamp" => {
                    store.restamp(&id, None, at);
                    None
                }
                "foreign" => {
                    let stamp = store.item(&id).and_then(|item| item.stamp.clone());
                    let stamp = stamp.map(|mut stamp| {
                        stamp.tenant = TenantName::from("another");
                        stamp
                    });
                    store.restamp(&id, stamp, at);
                    None
                }
                "endless" => {
                    store.make_unsupported(&id, FieldSet::of(Field::Recurrence));
                    None
                }
                "unreadable" | "opaque" => {
                    let error = ItemError::Unreadable("ErrorMimeContentInvalid".to_owned());
                    match verb {
                        "opaque" => store.make_opaque(&id, error),
                        _ => store.make_unreadable(&id, Some(error)),
                    }
                    None
                }
                "damage" => {
                    store.refuse_item(&id, Wrote::Unreadable("a bent block".to_owned()));
                    None
                }
                "mend" => {
                    store.refuse_nothing();
                    None
                }
                "readable" => {
                    store.make_unreadable(&id, None);
                    None
                }
                _ => unreachable!(),
            }
        });
        if let (true, Some(now)) = (mark, now) {
            self.marks.insert(name.to_owned(), now);
        }
        Ok(())
    }

    fn mailbox(&mut self, text: &str) {
        let [user, what] = split(text);
        if let Some(minutes) = match what {
            "ahead" => Some(10),
            "on-time" => Some(0),
            _ => None,
        } {
            let person = self.world.people.get_mut(user).unwrap();
            person.ahead = jiff::SignedDuration::from_mins(minutes);
            self.world.advance(self.world.now);
            return;
        }
        self.world.person(user).mailbox.with(|store| match what {
            "moved" => store.becomes(format!("{user} elsewhere").as_str()),
            "hides-private" => store.sees_private = false,
            "hides-folders" => store.sees_all = false,
            "shows-folders" => store.sees_all = true,
            "normalises" => {
                store.normalises = abgleich::mailbox::memory::normal::Normalises::ALL;
            }
            "forget-calls" => store.forget_calls(),
            _ => panic!("`{what}` does not happen to a mailbox"),
        });
        self.world.database.book.lock().unwrap().clear();
    }

    fn save(&mut self, text: &str) {
        if text == "source" {
            self.snapshot = Some(self.world.database.memory.snapshot());
        } else {
            let store = self.world.person(text).mailbox.snapshot();
            self.stores.insert(text.to_owned(), store);
        }
    }

    fn back(&mut self, text: &str) {
        if text == "source" {
            self.world.database.memory.restore(self.snapshot.clone().unwrap());
        } else {
            let mut store = self.stores[text].clone();
            store.now = self.world.now;
            self.world.person(text).mailbox.restore(store);
        }
    }

    /// `fault DHO apply lost-after` or `fault source update lost-after`
    fn fault(&self, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        if words[0] == "source" {
            match words[2] {
                "lost-before" => self.trouble(Trouble::LostBefore),
                "lost-after" => self.trouble(Trouble::LostAfter),
                "busy" => self.trouble(Trouble::Busy),
                "denied" => self.trouble(Trouble::Denied),
                "refused" => self.trouble(Trouble::Refused),
                "down" => {
                    let call = SOURCE_CALLS.into_iter().find(|call| *call == words[1]);
                    self.world.database.memory.fail_call(call.expect("a call of the source"));
                }
                word => panic!("`{word}` does not go wrong"),
            }
            return;
        }
        let call = match words[1] {
            "open" => Call::Open,
            "apply" => Call::Apply,
            "changes" => Call::Changes,
            "fetch" => Call::Fetch,
            "find" => Call::Find,
            "identify" => Call::Identify,
            word => panic!("`{word}` is no call"),
        };
        let which = words
            .get(3)
            .map_or(Which::All, |n| n.parse().map(Which::Only).expect("the index of a write"));
        let fault = match words[2] {
            "lost-before" => Fault::LostBefore(which),
            "lost-after" => Fault::LostAfter(which),
            "late" => Fault::Late(which),
            "hangs" => Fault::Hangs(which),
            "busy" => Fault::Busy(which, Duration::from_secs(1)),
            "broken" => Fault::Broken,
            "unreadable" => Fault::Unreadable(which),
            "silent" => Fault::Silent(which),
            "down" => Fault::Down(MailboxErrorKind::Unreachable),
            "restart" => Fault::Restart,
            "restart-silently" => Fault::RestartSilently,
            "short" => Fault::Short(0),
            word => panic!("`{word}` does not go wrong"),
        };
        self.world.person(words[0]).mailbox.fail_next(call, fault);
    }

    fn trouble(&self, trouble: Trouble) {
        self.world.database.trouble.lock().unwrap().push_back(trouble);
    }

    /// Somebody edits just before the connector writes: `meanwhile item DHO BEW-1 : fields`, `meanwhile record BEW-1 : …`; or
    /// acts just before it reads items: `meanwhile delete DHO BEW-1`, `meanwhile assign T-1 DHO`, `meanwhile filter DHO BEW-1 in`;
    /// or takes a user's right to see a record once records were read, without a word in the feed: `meanwhile conceal BEW-1`
    fn meanwhile(&self, text: &str, at: Timestamp) {
        if let Some(of) = text.strip_prefix("delete ") {
            let [user, name] = split(of);
            let id = self.id(user, name).unwrap();
            self.world.person(user).mailbox.meanwhile(Call::Fetch, move |store| {
                store.person_deletes(&id, at);
            });
            return;
        }
        if let Some(record) = text.strip_prefix("conceal ") {
            return self.conceal(record, 1);
        }
        let source = self.world.database.memory.clone();
        if let Some(rest) = text.strip_prefix("assign ") {
            let (id, users) = rest.split_once(' ').unwrap();
            let (id, users) = (id.to_owned(), users.to_owned());
            self.world.person("DHO").mailbox.meanwhile(Call::Fetch, move |_| {
                source.assign(&id, &users.split(' ').collect::<Vec<_>>());
            });
            return;
        }
        if let Some(rest) = text.strip_prefix("filter ") {
            let [user, id, word] = split(rest);
            let (of, id, member) = (user.to_owned(), id.to_owned(), word == "in");
            self.world.person(user).mailbox.meanwhile(Call::Fetch, move |_| {
                source.put_member(&of, &id, member);
            });
            return;
        }
        let (head, fields) = text.split_once(" : ").unwrap();
        let content = content(fields);
        let (side, who) = head.split_once(' ').unwrap();
        if side == "record" {
            self.trouble(Trouble::Edit(who.to_owned(), content, at));
            return;
        }
        let (user, name) = who.split_once(' ').unwrap();
        let id = self.id(user, name).unwrap();
        self.world.person(user).mailbox.meanwhile(Call::Apply, move |store| {
            store.person_edits(&id, &content, at);
        });
    }

    /// Takes the right to see a record away once records were read so many times, without a word in feed or listing.
    fn conceal(&self, record: &str, after: u32) {
        let concealed = Concealed { after, record: RecordId::new(record), hidden: true };
        *self.world.database.concealed.lock().unwrap() = Some(concealed);
    }

    /// Somebody edits an item just after the connector wrote, before it reads back what it wrote: `afterwards item DHO BEW-1 : …`
    fn afterwards(&self, text: &str, at: Timestamp) {
        let (head, fields) = text.split_once(" : ").unwrap();
        let content = content(fields);
        let [_, user, name] = split(head);
        let name = name.to_owned();
        self.world.person(user).mailbox.afterwards(move |store| {
            let id = store.item_of(&name).expect("the item was made");
            store.person_edits(&id, &content, at);
        });
    }

    fn run(&mut self, verb: &str, text: &str) {
        let mut words = text.split(' ');
        let user = words.next().unwrap();
        let mut options = Options { dry: verb == "plan", ..Options::default() };
        for word in words {
            match word {
                "first" => options.first_transfer = true,
                "full" => options.full = true,
                "told" => {
                    let told = self.last.as_ref().expect("a run before").report.words.iter();
                    options.allow.extend(told.map(|(kind, number)| ((*kind).to_owned(), *number)));
                }
                _ => match word.split_once('=').expect("a word for the brake") {
                    ("scope", scope) => {
                        options.scopes = Some(vec![Scope::from_key(scope).unwrap()]);
                    }
                    (kind, number) => {
                        options.allow.insert((kind.to_owned(), number.parse().unwrap()));
                    }
                },
            }
        }
        let before = self.world.state();
        let ran = self.world.run(user, &options);
        if options.dry {
            let after = self.world.state();
            // A new state begins with its salt, whoever opens it first.
            let told = |text: &str| -> Vec<String> {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.filter(|line| !line.contains("\"salt\"")).map(str::to_owned).collect()
            };
            assert!(told(&before) == told(&after), "I10: `plan` wrote into the state:\n{after}");
        }
        self.last = Some(ran);
    }

    fn last(&self) -> Result<&Ran, String> {
        self.last.as_ref().ok_or_else(|| "nothing ran yet".to_owned())
    }

    fn expect(&mut self, text: &str) -> Told {
        let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
        match what {
            "record" => {
                let (id, fields) = rest.split_once(" : ").unwrap();
                let record = self.world.database.memory.record(id).ok_or("there is no record")?;
                compare(&content(fields), &record.content)
            }
            "item" => {
                let (who, fields) = rest.split_once(" : ").unwrap();
                let (user, name) = who.split_once(' ').unwrap();
                let id = self.id(user, name)?;
                let store = self.world.person(user).mailbox.snapshot();
                compare(&content(fields), &store.item(&id).ok_or("it is not there")?.content)
            }
            "formatted" | "plain" => {
                let [user, name] = split(rest);
                let id = self.id(user, name)?;
                let store = self.world.person(user).mailbox.snapshot();
                let rich = store.item(&id).ok_or("it is not there")?.rich;
                equal(what, if rich { "formatted" } else { "plain" })
            }
            "folder" => {
                let [user, name, wanted] = split(rest);
                let id = self.id(user, name)?;
                let store = self.world.person(user).mailbox.snapshot();
                let folder = store.item(&id).ok_or("it is not there")?.folder.clone();
                let deleted = folder == FolderId::from(DELETED);
                let json = store.to_json();
                let name = json["folders"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|f| f["id"] == folder.as_str())
                    .map(|f| f["name"].as_str().unwrap_or_default().to_owned());
                equal(wanted, if deleted { "Deleted" } else { name.as_deref().unwrap_or("?") })
            }
            "items" => {
                let [user, number] = split(rest);
                let living = self.world.person(user).mailbox.with(|store| store.living().count());
                equal(&number.parse::<usize>().unwrap(), &living)
            }
            "no" => self.expect_not(rest),
            "run" => {
                let totals = self.last()?.report.totals();
                let json = serde_json::to_value(totals).unwrap();
                for word in rest.split(' ') {
                    let (key, number) = word.split_once('=').unwrap();
                    let found = json[key].as_u64().unwrap_or_else(|| panic!("{key} is no count"));
                    equal(&number.parse::<u64>().unwrap(), &found)
                        .map_err(|told| format!("{key}: {told}"))?;
                }
                Ok(())
            }
            "outcome" => {
                let outcome = self.last()?.report.outcome;
                let word = match outcome {
                    Outcome::Done => "done",
                    Outcome::Waits => "waits",
                    Outcome::Failed => "failed",
                    Outcome::Unreachable => "unreachable",
                    Outcome::SourceDown => "source-down",
                    Outcome::StateFailed => "state-failed",
                    Outcome::Busy => "busy",
                    Outcome::Interrupted => "interrupted",
                };
                equal(rest, word)
            }
            "stopped" => {
                let (code, number) = match rest.split_once('=') {
                    Some((code, number)) => (code, Some(number.parse::<u64>().unwrap())),
                    None => (rest, None),
                };
                let stopped = &self.last()?.report.stopped;
                let found = stopped
                    .iter()
                    .any(|s| s.code.code() == code && number.is_none_or(|n| s.number == Some(n)));
                found.then_some(()).ok_or_else(|| "it did not stop for that".to_owned())
            }
            "said" => {
                let found = self.said(rest)?;
                found.then_some(()).ok_or_else(|| "it was not said".to_owned())
            }
            "quiet" => self.quiet(rest),
            "journal" => {
                let journal = self.world.journal();
                let found = journal.contains(rest);
                found.then_some(()).ok_or_else(|| format!("the journal holds\n{journal}"))
            }
            "calls" => {
                let mut words = rest.split(' ');
                let user = words.next().unwrap();
                for word in words {
                    let (call, number) = word.split_once('=').unwrap();
                    let call = serde_json::from_value::<String>(call.into()).unwrap();
                    let found = self.world.person(user).mailbox.with(|store| {
                        [
                            Call::Open,
                            Call::Folder,
                            Call::Changes,
                            Call::Identify,
                            Call::Fetch,
                            Call::Find,
                            Call::Apply,
                        ]
                        .into_iter()
                        .find(|c| serde_json::to_value(c).unwrap() == *call)
                        .map(|c| store.calls(c))
                    });
                    equal(&Some(number.parse::<usize>().unwrap()), &found)
                        .map_err(|told| format!("{call}: {told}"))?;
                }
                Ok(())
            }
            // How often a call of the source was made so far.
            "asked" => {
                let (call, number) = rest.split_once('=').unwrap();
                let found = self.world.database.memory.calls(call);
                equal(&number.parse::<u64>().unwrap(), &found)
            }
            "phases" => {
                let phases: Vec<String> =
                    self.last()?.phases.iter().map(|p| format!("{p:?}")).collect();
                equal(rest, phases.join(" ").as_str())
            }
            "same" => {
                // What the plan listed is what the next run does.
                let user = rest;
                self.run("plan", user);
                let planned = self.last()?.lines.clone();
                self.run("plan", user);
                equal(&format!("{planned:?}"), &format!("{:?}", self.last()?.lines))?;
                self.run("run", user);
                equal(&planned, &self.last()?.lines)
            }
            "count" => equal(&rest.parse::<usize>().unwrap(), &self.world.database.memory.count()),
            _ => panic!("`{what}` cannot be expected"),
        }
    }

    fn expect_not(&self, text: &str) -> Told {
        let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
        let found = match what {
            "item" => {
                let [user, record] = split(rest);
                self.world.person(user).mailbox.with(|store| store.item_of(record).is_some())
            }
            "said" => self.said(rest)?,
            "trace" => {
                let bytes = self.world.state_bytes();
                bytes.windows(rest.len()).any(|window| window == rest.as_bytes())
            }
            "updates" => !self.world.database.book.lock().unwrap().is_empty(),
            "writes" => self.world.person(rest).mailbox.with(|store| store.writes() > 0),
            "read" => {
                let (user, name) = rest.split_once(' ').unwrap();
                let id = self.id(user, name)?;
                self.world.person(user).mailbox.with(|store| store.was_read(&id))
            }
            _ => panic!("`{what}` cannot be expected"),
        };
        if found { Err("it is there".to_owned()) } else { Ok(()) }
    }

    /// `code` or `RECORD code`, or with the very fields that it names: `BEW-1 refused-outlook notes+company`; and with the reason
    /// that it gives: `BEW-1 item-unreadable because ErrorItemCorrupt`
    fn said(&self, text: &str) -> Result<bool, String> {
        let (text, why) = match text.split_once(" because ") {
            Some((text, why)) => (text, Some(why)),
            None => (text, None),
        };
        let (text, name) = match text.split_once(" named ") {
            Some((text, name)) => (text, Some((name != "nothing").then_some(name))),
            None => (text, None),
        };
        let words: Vec<&str> = text.split(' ').collect();
        let (record, code, fields) = match words.as_slice() {
            [code] => (None, *code, None),
            [record, code] => (Some(*record), *code, None),
            [record, code, fields] => {
                let fields = fields.split('+').map(|key| Field::from_key(key).unwrap());
                (Some(*record), *code, Some(fields.collect::<FieldSet>()))
            }
            _ => panic!("`{text}` is said by nobody"),
        };
        assert!(abgleich::reason::Code::from_code(code).is_some(), "`{code}` is no code");
        Ok(self.last()?.report.findings.iter().any(|finding| {
            finding.code.code() == code
                && fields.is_none_or(|fields| finding.fields == fields)
                && why.is_none_or(|why| finding.detail.as_deref() == Some(why))
                && name.is_none_or(|name| finding.label.as_deref() == name)
                && record.is_none_or(|id| finding.record.as_ref().is_some_and(|r| r.as_str() == id))
        }))
    }

    /// Invariant 4: one more run writes nothing on either side, and the one after it nothing in the state either. (The first
    /// may still read the echo of what the run before it wrote to staffITpro.)
    fn quiet(&mut self, user: &str) -> Told {
        self.world.database.book.lock().unwrap().clear();
        let look = |world: &World| {
            let mailbox = &world.person(user).mailbox;
            (mailbox.snapshot().to_json(), mailbox.with(|store| store.writes()))
        };
        let before = look(&self.world);
        let mut state = String::new();
        for _ in 0..2 {
            state = self.world.state();
            self.run("run", user);
            equal(&0, &self.last()?.report.totals().writes())?;
            if !self.world.database.book.lock().unwrap().is_empty() {
                return Err("staffITpro was asked for an update".to_owned());
            }
            equal(&before, &look(&self.world))?;
        }
        let after = self.world.state();
        let old: Vec<&str> = state.lines().collect();
        let news: Vec<&str> = after.lines().filter(|line| !old.contains(line)).collect();
        if news.is_empty() { Ok(()) } else { Err(format!("the state changed: {news:#?}")) }
    }
}

/// Reads a time of the day, or one with its date.
fn time(text: &str) -> Timestamp {
    let text = match text.len() {
        5 => format!("2026-11-23T{text}:00Z"),
        8 => format!("2026-11-23T{text}Z"),
        16 => format!("{text}:00Z"),
        _ => text.to_owned(),
    };
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no time"))
}

fn equal<T: PartialEq + std::fmt::Debug + ?Sized>(expected: &T, found: &T) -> Told {
    if expected == found { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

fn compare(expected: &Content, found: &Content) -> Told {
    for (field, slot) in expected.iter() {
        if !same(field, expected, found) {
            return Err(format!("{field} is {:?} and not {slot:?}", found.slot(field)));
        }
    }
    Ok(())
}

fn split<const N: usize>(text: &str) -> [&str; N] {
    let words: Vec<&str> = text.split(' ').collect();
    words.try_into().unwrap_or_else(|_| panic!("`{text}` needs {N} words"))
}

/// Fields as in the planner's rows: `company=A, notes=_`.
pub(crate) fn content(text: &str) -> Content {
    text.split(',')
        .map(|word| {
            let (key, value) = word.trim().split_once('=').unwrap_or_else(|| panic!("{word}"));
            let field = Field::from_key(key).unwrap_or_else(|| panic!("`{key}` is no field"));
            (field, slot(field, value))
        })
        .collect()
}

fn slot(field: Field, text: &str) -> Slot {
    if text == "_" {
        return Slot::Blank;
    }
    let json = match field.shape() {
        Shape::Flag => (text == "yes").into(),
        Shape::Number(..) => text.parse::<i64>().unwrap().into(),
        Shape::List => text.split('+').collect(),
        Shape::Recurrence => {
            // `weekly` goes on for ever; `weekly*4*2025-01-06` is there so many times from that day on.
            let mut words = text.split('*');
            let pattern = match words.next().unwrap() {
                "weekly" => {
                    serde_json::json!({"kind": "weekly", "every": 1, "days": ["monday"], "first_day": "monday"})
                }
                _ => serde_json::json!({"kind": "daily", "every": 1}),
            };
            let range = match (words.next(), words.next()) {
                (Some(count), Some(start)) => {
                    let count: u32 = count.parse().unwrap();
                    serde_json::json!({"kind": "count", "start": start, "count": count})
                }
                _ => serde_json::json!({"kind": "forever", "start": "2026-11-23"}),
            };
            let series = serde_json::json!({"pattern": pattern, "range": range});
            return Slot::Value(Value::Recurrence(serde_json::from_value(series).unwrap()));
        }
        _ => text.into(),
    };
    from_json(field, &json).unwrap_or_else(|error| panic!("{error}: {text}"))
}
