//! Whole conversations, recorded with the recorder of `--record` and played strictly to our client: it must ask exactly what it asked
//! when they were recorded, and what comes of it is what the scenario says.
//!
//! The recordings lie in `fixtures/soap/recorded`. After a change of the requests that is meant, make them anew and read the difference:
//! `ABGLEICH_RECORD=1 cargo test --test mailbox conversations`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use abgleich::ews::recorder::{INDEX, Recorder};
use abgleich::ews::transport::replay::Replay;
use abgleich::ews::transport::{Endpoint, PlainHttp, Settings};
use abgleich::ews::{
    Delivery, DistinguishedFolder, EventKind, GetFolder, GetStreamingEvents, Header, Impersonation,
    Lane, ServerVersion, StreamPart, Subscribe,
};
use abgleich::mailbox::contract::sample;
use abgleich::mailbox::exchange::lane::ActAs;
use abgleich::mailbox::{Aside, By, Item, Mailbox, Wanted, Write, Wrote};
use abgleich::model::{Content, Field, FolderId, Half, ItemId, ItemKind, ItemVersion, Value};
use exchange_sim::{Fault, FaultKind, Kind, Options, Outlook, Running};
use jiff::civil::date;

use crate::bench::Exchange;
use crate::player;
use crate::series;

/// Whose mailbox it is; each recording calls it otherwise.
const ADDRESS: &str = "d.hoffmann@firma.example";

/// A conversation under way, with the simulated server or with a recording of one.
struct Talk<'a> {
    mailbox: &'a mut dyn Mailbox,
    /// The server and the person before it; nobody is there when a recording is played.
    live: Option<(&'a Running, Outlook)>,
    /// How long was waited between requests; only told when a recording is played.
    waits: &'a dyn Fn() -> Option<Vec<Duration>>,
}

impl Talk<'_> {
    /// The person does something in Outlook.
    fn person(&self, act: impl FnOnce(&Outlook)) {
        if let Some((_, outlook)) = &self.live {
            act(outlook);
        }
    }

    /// Something goes wrong at the server.
    fn fault(&self, fault: Fault) {
        if let Some((server, _)) = &self.live {
            server.fault(fault);
        }
    }

    fn home(&mut self, kind: ItemKind) -> FolderId {
        self.mailbox.folder(kind, &[], false).expect("it is told").expect("it is there")
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Vec<(ItemId, ItemVersion)> {
        let answers = self.mailbox.apply(kind, writes).expect("answers");
        let done = |answer| match answer {
            Wrote::Done { id, version } => (id, version),
            other => panic!("{other:?}"),
        };
        answers.into_iter().map(done).collect()
    }

    fn create(&mut self, kind: ItemKind, contents: Vec<Content>) -> Vec<(ItemId, ItemVersion)> {
        let folder = self.home(kind);
        let write = |(number, content)| Write::Create {
            folder: folder.clone(),
            content,
            stamp: sample::stamp(&format!("R-{number}"), &format!("token{number}")),
        };
        let writes: Vec<_> = contents.into_iter().enumerate().map(write).collect();
        self.apply(kind, &writes)
    }

    fn fetch(&mut self, kind: ItemKind, id: &ItemId) -> Item {
        let mut found = None;
        let each = &mut |_, item: Result<Item, _>| found = item.ok();
        self.mailbox.fetch(kind, std::slice::from_ref(id), each).expect("it is read");
        found.expect("it is there")
    }
}

/// Asserts that an item holds what was written, in every field that was.
fn assert_holds(item: &Content, written: &Content) {
    let (is, should) = (Half::of(item), Half::of(written));
    for (field, wanted) in should.iter() {
        let found = is.get(field).unwrap_or_else(|| panic!("{field} was not delivered"));
        let (now, was) = (item.slot(field), written.slot(field));
        assert!(found.agrees(wanted, field), "{field} is {now:?} and should be {was:?}");
    }
}

fn texts(fields: &[(Field, &str)]) -> Content {
    let mut content = Content::new();
    for (field, text) in fields {
        content.set_text(*field, *text);
    }
    content
}

fn contact(given: &str, surname: &str, company: &str) -> Content {
    texts(&[(Field::GivenName, given), (Field::Surname, surname), (Field::Company, company)])
}

/// Three contacts are created, one of them with a value in every field, read back, and found in the feed.
fn first_transfer(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let full = sample::full(ItemKind::Contact);
    let others = [contact("Zoë", "Größer", "Ölmühle GmbH"), contact("", "Naß", "")];
    let written = [vec![full], others.to_vec()].concat();
    let made = talk.create(ItemKind::Contact, written.clone());
    for (number, ((id, version), content)) in made.iter().zip(&written).enumerate() {
        let item = talk.fetch(ItemKind::Contact, id);
        assert_holds(&item.content, content);
        assert_eq!(&item.identity.version, version);
        let stamp = sample::stamp(&format!("R-{number}"), &format!("token{number}"));
        assert_eq!(item.identity.stamp, Some(stamp), "the stamp came with the create");
    }
    let folder = talk.home(ItemKind::Contact);
    let mut page = talk.mailbox.changes(&folder, ItemKind::Contact, None).expect("a page");
    let (mut listed, mut wanted) = (std::mem::take(&mut page.changed), made);
    listed.sort();
    wanted.sort();
    assert_eq!(listed, wanted);
    let quiet = talk.mailbox.changes(&folder, ItemKind::Contact, Some(&page.cursor));
    assert!(quiet.expect("a page").changed.is_empty(), "the second look brings nothing");
}

/// A person edits one contact in Outlook, deletes another, and drags a third one to Deleted Items by mistake and back.
fn pull_with_edits(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let written = ["Anna", "Berta", "Clara"].map(|name| contact(name, "Adler", "Brücke & Söhne"));
    let made = talk.create(ItemKind::Contact, written.to_vec());
    let folder = talk.home(ItemKind::Contact);
    let page = talk.mailbox.changes(&folder, ItemKind::Contact, None).expect("a page");
    assert_eq!(page.changed.len(), 3);
    let [(edited, old), (deleted, _), (back, _)] = &made[..] else { panic!("three") };
    talk.person(|outlook| {
        // Values that the recording knows by name: what only the server knew, a recording calls otherwise.
        let fields = [("contacts:GivenName", Some("Berta")), ("contacts:CompanyName", None)];
        outlook.edit(edited.as_str(), &fields).expect("it is edited");
        outlook.delete(deleted.as_str()).expect("it is deleted");
        let away = outlook.delete(back.as_str()).expect("it is deleted");
        outlook.move_to(&away.id, folder.as_str()).expect("it is moved");
    });
    let page =
        talk.mailbox.changes(&folder, ItemKind::Contact, Some(&page.cursor)).expect("a page");
    assert_eq!(page.removed.len(), 2, "moved away, and back under another id");
    assert!(page.removed.contains(deleted) && page.removed.contains(back));
    assert_eq!(page.changed.len(), 2);
    let newer = page.changed.iter().find(|(id, _)| id == edited).expect("the edited one");
    assert_ne!(&newer.1, old);
    let item = talk.fetch(ItemKind::Contact, edited);
    assert_holds(&item.content, &texts(&[(Field::GivenName, "Berta"), (Field::Surname, "Adler")]));
    assert_eq!(item.content.text(Field::Company), None);
    // D4: whoever is gone from the folder is looked for by the stamp, and one was only moved.
    let (tenant, user) = ("haus".into(), "DHO".into());
    let records = ["R-1".into(), "R-2".into()];
    let wanted = Wanted { tenant: &tenant, user: &user, by: By::Records(&records) };
    let found = talk.mailbox.find(ItemKind::Contact, &wanted).expect("it is found");
    let mut places: Vec<_> = found
        .iter()
        .map(|found| {
            let stamp = found.identity.stamp.as_ref().expect("a stamp");
            (stamp.record.as_str(), found.deleted)
        })
        .collect();
    places.sort_unstable();
    assert_eq!(places, [("R-1", true), ("R-2", false)]);
}

/// A weekly series over a change of the clocks, with occurrences that are moved, renamed, deleted and made all-day.
fn series_with_exceptions(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let mut exceptions = series::every_kind();
    // The same but for its pictogram, which no recording keeps.
    let friday = date(2027, 4, 2);
    let changed = series::changed(friday, "2027-04-02T08:00:00Z", "2027-04-02T09:00:00Z");
    exceptions[1] = series::named(changed, "Karfreitag", "Raum 2");
    let written = series::content(exceptions.clone());
    let made = talk.create(ItemKind::Appointment, vec![written.clone()]);
    let item = talk.fetch(ItemKind::Appointment, &made[0].0);
    assert_holds(&item.content, &written);
    assert_eq!(series::series(&item), &series::weekly(exceptions));
    assert!(item.unsupported.is_empty());
}

/// A task is completed by us and opened again by a person.
fn tasks_with_completion(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let mut written =
        texts(&[(Field::Subject, "Angebot nachfassen"), (Field::Status, "in_progress")]);
    written.set(Field::Due, Value::Date(date(2027, 3, 28)));
    written.set(Field::Percent, Value::Number(40));
    let made = talk.create(ItemKind::Task, vec![written.clone()]);
    let (id, version) = made[0].clone();
    let before = talk.fetch(ItemKind::Task, &id).content;
    assert_holds(&before, &written);
    let mut change = texts(&[(Field::Status, "completed")]);
    change.set(Field::Percent, Value::Number(100));
    // A server takes no day that is still to come.
    change.set(Field::Completed, Value::Date(date(2026, 3, 20)));
    let write = Write::Update {
        id: id.clone(),
        version,
        content: change.clone(),
        before: before.clone(),
        aside: Aside::default(),
        stamp: None,
    };
    talk.apply(ItemKind::Task, &[write]);
    let item = talk.fetch(ItemKind::Task, &id);
    assert_holds(&item.content, &change);
    assert_eq!(item.content.value(Field::Due), written.value(Field::Due), "it stays");
    talk.person(|outlook| {
        outlook.edit(id.as_str(), &[("task:Status", Some("WaitingOnOthers"))]).expect("edited");
    });
    let item = talk.fetch(ItemKind::Task, &id);
    assert_eq!(item.content.text(Field::Status), Some("waiting"));
    assert_eq!(item.content.value(Field::Completed), None, "an open task has no such day");
}

/// The server asks twice to be left alone, once with a fault and once for single items.
fn throttled(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let busy = |ms, item| FaultKind::Busy { back_off_ms: Some(ms), item };
    talk.fault(Fault::new(busy(40, None)).on("CreateItem").once());
    let written = ["Eins", "Zwei", "Drei"].map(|name| texts(&[(Field::Subject, name)]));
    let made = talk.create(ItemKind::Task, written.to_vec());
    talk.fault(Fault::new(busy(25, None)).on("GetItem").once());
    for ((id, _), content) in made.iter().zip(&written) {
        assert_holds(&talk.fetch(ItemKind::Task, id).content, content);
    }
    // Between a refusal and the next request nothing else was recorded, and exactly the time asked for was waited: our own pause is shorter
    // here.
    if let Some(waits) = (talk.waits)() {
        assert_eq!(waits, [40, 25].map(Duration::from_millis));
    }
}

/// A batch of eight is answered with a fault after three of it were made.
fn fault_for_a_batch(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let code = "ErrorInternalServerError".to_owned();
    talk.fault(Fault::new(FaultKind::FaultAfter { items: 3, code }).on("CreateItem").once());
    let names = ["Eins", "Zwei", "Drei", "Vier", "Fünf", "Sechs", "Sieben", "Acht"];
    let written = names.map(|name| texts(&[(Field::Subject, name)]));
    let made = talk.create(ItemKind::Task, written.to_vec());
    for ((id, _), content) in made.iter().zip(&written) {
        assert_holds(&talk.fetch(ItemKind::Task, id).content, content);
    }
    let folder = talk.home(ItemKind::Task);
    let page = talk.mailbox.changes(&folder, ItemKind::Task, None).expect("a page");
    assert_eq!(page.changed.len(), 8, "invariant 1: none is doubled");
}

/// The server does not know its state any more, and once forgets it in silence.
fn lost_sync_state(talk: &mut Talk<'_>) {
    talk.mailbox.open().expect("it opens");
    let written = ["Eins", "Zwei"].map(|name| texts(&[(Field::Subject, name)]));
    let mut made = talk.create(ItemKind::Task, written.to_vec());
    made.sort();
    let folder = talk.home(ItemKind::Task);
    let first = talk.mailbox.changes(&folder, ItemKind::Task, None).expect("a page");
    for (fault, told) in [(FaultKind::InvalidSyncState, true), (FaultKind::ResetSyncState, false)] {
        talk.fault(Fault::new(fault).on("SyncFolderItems").once());
        let mut page =
            talk.mailbox.changes(&folder, ItemKind::Task, Some(&first.cursor)).expect("a page");
        page.changed.sort();
        assert_eq!(page.changed, made, "all is listed again");
        assert!(page.removed.is_empty(), "absence is never deletion");
        assert_eq!(page.restarted, told);
    }
}

type Scenario = (&'static str, fn(&mut Talk<'_>));

const SCENARIOS: [Scenario; 7] = [
    ("first-transfer", first_transfer),
    ("pull-with-edits", pull_with_edits),
    ("series-with-exceptions", series_with_exceptions),
    ("tasks-with-completion", tasks_with_completion),
    ("throttled", throttled),
    ("fault-for-a-batch", fault_for_a_batch),
    ("lost-sync-state", lost_sync_state),
];

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/soap/recorded")
}

/// Holds a conversation with the simulated server and records it.
fn record(folder: &Path, (name, scenario): Scenario) {
    let exchange = Exchange::start();
    exchange.server.add_mailbox(ADDRESS, "Dorothea Hoffmann").expect("a mailbox is made");
    let mut access = exchange.access();
    access.passage.recorder = Some(Recorder::begin_in(&folder.join(name)).expect("a new folder"));
    let mut mailbox = exchange.open_with(&access, &ActAs::Owner(ADDRESS.to_owned()));
    let live = Some((&exchange.server, exchange.server.outlook(ADDRESS)));
    scenario(&mut Talk { mailbox: &mut mailbox, live, waits: &|| None });
    assert_eq!(exchange.server.mail_sent(), Vec::<String>::new(), "rule D8");
}

/// Plays it to a mailbox of ours.
fn play(folder: &Path, (name, scenario): Scenario) {
    let (mut mailbox, replay, ledger) = player::mailbox(&folder.join(name), ADDRESS);
    let waits = || Some(ledger.waits());
    scenario(&mut Talk { mailbox: &mut mailbox, live: None, waits: &waits });
    let left = replay.lock().unwrap_or_else(PoisonError::into_inner).left();
    assert_eq!(left, 0, "{name}: so many requests were recorded and not made");
}

/// Makes the recordings in the repository anew where that is wished.
fn remake(name: &str, record: impl FnOnce(&Path)) {
    if std::env::var_os("ABGLEICH_RECORD").is_some() {
        let folder = recorded();
        let _ = fs::remove_dir_all(folder.join(name));
        record(&folder);
    }
}

#[test]
fn recorded_conversations_are_held_again_word_for_word() {
    for scenario in SCENARIOS {
        remake(scenario.0, |folder| record(folder, scenario));
        play(&recorded(), scenario);
    }
}

#[test]
fn what_is_recorded_today_can_be_played_today() {
    let folder = tempfile::tempdir().expect("a folder");
    for scenario in SCENARIOS {
        record(folder.path(), scenario);
        play(folder.path(), scenario);
    }
}

#[test]
fn a_client_that_asks_for_something_else_is_told_the_difference() {
    // The rule of the player: it is strict. Another record in one stamp is another conversation.
    let folder = recorded().join("lost-sync-state");
    let (mut mailbox, _, _) = player::mailbox(&folder, ADDRESS);
    mailbox.open().expect("it opens");
    let home = mailbox.folder(ItemKind::Task, &[], false).expect("told").expect("there");
    let create = |number: u8, record: &str| Write::Create {
        folder: home.clone(),
        content: texts(&[(Field::Subject, ["Eins", "Zwei"][usize::from(number)])]),
        stamp: sample::stamp(record, &format!("token{number}")),
    };
    let writes = [create(0, "R-0"), create(1, "R-0")];
    let asked = std::panic::AssertUnwindSafe(|| mailbox.apply(ItemKind::Task, &writes));
    let told = std::panic::catch_unwind(asked).expect_err("it is no part of the recording");
    let told = told.downcast_ref::<String>().expect("a text");
    assert!(
        told.contains("an unexpected request: ") && told.contains("-CreateItem: after "),
        "{told}"
    );
    assert!(
        told.contains("- recorded: <t:Value>") && told.contains("+ asked:    <t:Value>R-0"),
        "{told}"
    );
}

/// Whoever listens hears of a contact that was made and of a task that was changed.
async fn listening(
    lane: &mut Lane,
    person: impl AsyncFn(u8),
) -> Vec<(EventKind, DistinguishedFolder)> {
    let mut header = Header::new(ServerVersion::V2016);
    header.impersonate = Some(Impersonation::PrimarySmtpAddress(ADDRESS.to_owned()));
    let kinds = [DistinguishedFolder::Contacts, DistinguishedFolder::Tasks];
    let folders: Vec<_> = kinds.into_iter().map(Into::into).collect();
    let known =
        lane.each(GetFolder { folders: folders.clone() }, &header).await.expect("an answer");
    let ids: Vec<_> = known.into_iter().map(|folder| folder.expect("a folder").id).collect();
    let subscribe = Subscribe { folders, delivery: Delivery::Streaming };
    let subscribed = lane.all(subscribe, &header).await.expect("an answer").remove(0);
    let subscriptions = vec![subscribed.expect("a subscription").id];
    let listen = GetStreamingEvents { subscriptions, minutes: 30 };
    let mut stream = lane.listen(listen, &header).await.expect("it opens");
    let mut heard = Vec::new();
    for act in 0..2 {
        person(act).await;
        let mut news = false;
        while !news {
            let part = stream.next().await.expect("it goes on").expect("it has no end");
            let StreamPart::Notification(notification) = part else { continue };
            news = notification.is_news();
            heard.extend(notification.events.into_iter().filter_map(|event| {
                let place = ids.iter().position(|id| event.parent.as_ref() == Some(id))?;
                event.item.is_some().then_some((event.kind, kinds[place]))
            }));
        }
    }
    heard
}

#[test]
fn a_recorded_stream_comes_in_its_pieces_and_at_its_times() {
    const NAME: &str = "streaming";
    let expected = [
        (EventKind::Created, DistinguishedFolder::Contacts),
        (EventKind::Created, DistinguishedFolder::Tasks),
    ];
    let make = |folder: &Path| {
        let exchange = Exchange::start_with(Options { heartbeat_ms: 100, ..Options::default() });
        exchange.server.add_mailbox(ADDRESS, "Dorothea Hoffmann").expect("a mailbox is made");
        let mut access = exchange.access();
        access.passage.recorder =
            Some(Recorder::begin_in(&folder.join(NAME)).expect("a new folder"));
        let endpoint = Endpoint::parse(&access.url, PlainHttp::Never).expect("a URL");
        let settings = Settings::new(endpoint, &access.login, &access.trust(), access.timeouts())
            .expect("well");
        let outlook = exchange.server.outlook(ADDRESS);
        let person = async |act: u8| {
            let (folder, kind, field) = match act {
                0 => ("contacts", Kind::Contact, ("contacts:Surname", "Neu")),
                _ => ("tasks", Kind::Task, ("item:Subject", "Neu")),
            };
            outlook.create(folder, kind, &[field]).expect("it is made");
        };
        let heard = exchange.handle().block_on(async {
            listening(&mut settings.through(&access.passage).lane(), person).await
        });
        assert_eq!(heard, expected);
    };
    remake(NAME, make);
    let fresh = tempfile::tempdir().expect("a folder");
    make(fresh.path());
    for folder in [recorded().join(NAME), fresh.path().join(NAME)] {
        let index = fs::read_to_string(folder.join(INDEX)).expect("the list");
        let line = index.lines().find(|line| line.contains("GetStreamingEvents")).expect("it");
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let chunks = line["chunks"].as_array().expect("a list");
        // Two pieces of news at least, each of which came by itself.
        assert!(chunks.len() >= 2, "{line}");
        let times: Vec<_> = chunks.iter().map(|chunk| chunk[0].as_u64().expect("a time")).collect();
        assert!(
            times.is_sorted() && times[0] >= line["head_ms"].as_u64().expect("a time"),
            "{line}"
        );
        let replay =
            std::sync::Arc::new(std::sync::Mutex::new(Replay::open(&folder).expect("a recording")));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let heard = runtime.block_on(listening(&mut Replay::lane(&replay), async |_| ()));
        assert_eq!(heard, expected);
    }
}
