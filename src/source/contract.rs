//! Effect: what every source must do, as checks that panic where one does not. The reference in memory and the adapter
//! `sqlite` pass them; a vendor's adapter has to.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a contract suite fails by panicking"
)]

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Changes, Entry, Fetched, Members, Record, RecordUpdate, Source, SourceErrorKind, Updated,
};
use crate::model::{Content, Field, ItemKind, Module, Position, RecordId, RecordVersion, UserId};

/// What people and other programs do to the database behind a source. The database begins empty, with the users `DHO` and
/// `CSC`, who see and change everything, and a filter for each user.
pub trait Backstage {
    /// The source that looks at the database.
    type Source: Source;

    /// Returns the source.
    fn source(&self) -> &Self::Source;

    /// Adds a contact with a surname; all other fields are blank.
    fn add_contact(&self, id: &str, module: Module, surname: &str);

    /// Adds a task of a record with a subject, assigned to these users.
    fn add_task(&self, id: &str, module: Module, parent: &str, users: &[&str], subject: &str);

    /// Gives a contact another surname, as a person does in staffITpro.
    fn rename(&self, id: &str, surname: &str);

    /// Deletes a record.
    fn delete(&self, id: &str);

    /// Gives a task to other users.
    fn assign(&self, id: &str, users: &[&str]);

    /// Hides a record from a user.
    fn hide(&self, id: &str, user: &str);

    /// Lets a user no longer change a record.
    fn make_read_only(&self, id: &str, user: &str);

    /// Moves a contact into a user's filter or out of it.
    fn put_member(&self, user: &str, id: &str, member: bool);
}

/// Runs all checks, each on a database of its own.
pub fn check_all<B: Backstage>(mut fresh: impl FnMut() -> B) {
    let checks: [fn(&B); 13] = [
        listings_have_every_record_once_and_say_that_they_are_complete,
        the_feed_tells_what_changed_and_nothing_else,
        what_changes_during_a_listing_is_told_by_the_feed,
        a_position_that_never_was_is_lost,
        records_come_in_the_order_of_the_ids_with_gone_and_not_yours,
        activities_are_those_of_the_records_and_the_user,
        the_filter_is_the_users_own_and_says_when_nothing_changed,
        the_filter_can_be_changed,
        an_update_writes_what_it_names_and_nothing_else,
        an_update_is_told_by_the_feed_with_the_version_it_was_answered_with,
        an_update_that_does_not_fit_changes_nothing,
        nobody_unknown_is_served,
        one_question_tells_for_whom_there_is_something_new,
    ];
    for check in checks {
        check(&fresh());
    }
}

const M: Module = Module::Applicants;

fn dho() -> UserId {
    UserId::from("DHO")
}

fn csc() -> UserId {
    UserId::from("CSC")
}

fn ids(ids: &[&str]) -> Vec<RecordId> {
    ids.iter().map(|id| RecordId::from(*id)).collect()
}

/// Reads a listing to its end.
fn listing(source: &impl Source, user: &UserId) -> (Vec<Entry>, Position) {
    let (mut entries, mut page) = (Vec::new(), None);
    loop {
        let listing = source.list(user, M, page.as_ref()).unwrap();
        entries.extend(listing.entries);
        let Some(next) = listing.next else {
            assert!(listing.complete, "the last page vouches for the listing");
            return (entries, listing.position.unwrap());
        };
        assert!(!listing.complete && listing.position.is_none(), "only the last page says");
        page = Some(next);
    }
}

/// Reads the feed to its end.
fn news(source: &impl Source, user: &UserId, since: &Position) -> Changes {
    let mut all = source.changes(user, M, since).unwrap();
    while all.more {
        let next = source.changes(user, M, &all.position).unwrap();
        all.changed.extend(next.changed);
        all.gone.extend(next.gone);
        (all.position, all.more) = (next.position, next.more);
    }
    all
}

fn changed(changes: &Changes) -> BTreeSet<&str> {
    changes.changed.iter().map(|entry| entry.id.as_str()).collect()
}

fn gone(changes: &Changes) -> BTreeSet<&str> {
    changes.gone.iter().map(RecordId::as_str).collect()
}

fn set<'a>(ids: &[&'a str]) -> BTreeSet<&'a str> {
    ids.iter().copied().collect()
}

fn record(source: &impl Source, user: &UserId, id: &str) -> Record {
    match source.fetch(user, &ids(&[id])).unwrap().pop() {
        Some(Fetched::Record(record)) => *record,
        other => panic!("`{id}` is not delivered: {other:?}"),
    }
}

fn members(source: &impl Source, user: &UserId) -> (BTreeSet<String>, Position) {
    let (mut all, mut page) = (BTreeSet::new(), None);
    loop {
        let answer = source.members(user, M, None, page.as_ref()).unwrap();
        let Members::Page { ids, next, complete, position } = answer else {
            panic!("nothing was known")
        };
        all.extend(ids.iter().map(|id| id.as_str().to_owned()));
        let Some(next) = next else {
            assert!(complete, "the last page vouches for the filter");
            return (all, position.unwrap());
        };
        page = Some(next);
    }
}

fn at() -> Timestamp {
    Timestamp::from_second(1_795_334_400).unwrap()
}

fn update(of: &Record, values: &[(Field, &str)]) -> RecordUpdate {
    let mut content = Content::new();
    for (field, text) in values {
        content.set_text(*field, *text);
    }
    RecordUpdate {
        id: of.id.clone(),
        kind: of.kind,
        version: of.version.clone(),
        expected: of.content.only(content.known()),
        values: content,
        edited_at: at(),
    }
}

fn update_one(source: &impl Source, user: &UserId, update: &RecordUpdate) -> Updated {
    let mut answers = source.update(user, std::slice::from_ref(update)).unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn listings_have_every_record_once_and_say_that_they_are_complete<B: Backstage>(stage: &B) {
    const MANY: usize = 1_003;
    for number in 0..MANY {
        stage.add_contact(&format!("B-{number}"), M, "Müller");
    }
    stage.add_contact("K-1", Module::BusinessContacts, "Weiß");
    stage.add_task("A-1", M, "B-1", &["DHO"], "Rückruf");
    stage.add_task("A-2", M, "B-1", &["CSC"], "Absage");
    let (entries, _) = listing(stage.source(), &dho());
    let found: BTreeSet<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!((entries.len(), found.len()), (MANY + 1, MANY + 1));
    assert!(found.contains("A-1") && !found.contains("A-2"), "D14: the user's activities");
    let task = entries.iter().find(|entry| entry.id.as_str() == "A-1").unwrap();
    assert_eq!(
        (task.kind, task.parent.as_ref().map(RecordId::as_str)),
        (ItemKind::Task, Some("B-1"))
    );
}

fn the_feed_tells_what_changed_and_nothing_else<B: Backstage>(stage: &B) {
    for id in ["B-1", "B-2", "B-3", "B-4"] {
        stage.add_contact(id, M, "Müller");
    }
    stage.add_task("A-1", M, "B-1", &["DHO"], "Rückruf");
    let source = stage.source();
    let (before, position) = listing(source, &dho());
    let quiet = news(source, &dho(), &position);
    assert!(quiet.changed.is_empty() && quiet.gone.is_empty() && !quiet.lost);
    stage.rename("B-1", "Meier");
    stage.delete("B-2");
    stage.hide("B-3", "DHO");
    stage.assign("A-1", &["CSC"]);
    stage.add_task("A-9", M, "B-4", &["CSC"], "Fremd");
    stage.add_contact("B-5", M, "Neu");
    let told = news(source, &dho(), &quiet.position);
    assert!(changed(&told).is_superset(&set(&["B-1", "B-5"])), "{told:?}");
    assert_eq!(gone(&told), set(&["B-2", "B-3", "A-1"]), "a foreign activity was never the user's");
    assert!(!changed(&told).contains("B-4"), "it did not change");
    let old = before.iter().find(|entry| entry.id.as_str() == "B-1").unwrap();
    let new = told.changed.iter().find(|entry| entry.id.as_str() == "B-1").unwrap();
    assert_ne!(old.version, new.version);
    assert!(
        changed(&news(source, &csc(), &position)).contains("A-1"),
        "it is the other user's now"
    );
    let quiet = news(source, &dho(), &told.position);
    assert!(quiet.changed.is_empty() && quiet.gone.is_empty(), "told once");
}

fn what_changes_during_a_listing_is_told_by_the_feed<B: Backstage>(stage: &B) {
    for number in 0..600 {
        stage.add_contact(&format!("B-{number:04}"), M, "Müller");
    }
    let source = stage.source();
    let mut page = source.list(&dho(), M, None).unwrap();
    // Behind the first page and before it.
    stage.add_contact("A-0000", M, "Früh");
    stage.rename("B-0000", "Meier");
    stage.delete("B-0001");
    while let Some(next) = page.next {
        page = source.list(&dho(), M, Some(&next)).unwrap();
    }
    let told = news(source, &dho(), &page.position.unwrap());
    assert!(changed(&told).is_superset(&set(&["A-0000", "B-0000"])), "{told:?}");
    assert!(gone(&told).contains("B-0001"));
}

fn a_position_that_never_was_is_lost<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller");
    let source = stage.source();
    let (_, early) = listing(source, &dho());
    stage.rename("B-1", "Meier");
    let (_, late) = listing(source, &dho());
    assert_ne!(early, late);
    let unknown = Position::new(format!("{}000000", late.as_str()));
    match source.changes(&dho(), M, &unknown) {
        Ok(changes) => assert!(changes.lost, "a restored database must be listed again"),
        Err(error) => assert_eq!(error.kind, SourceErrorKind::Unsupported),
    }
}

fn records_come_in_the_order_of_the_ids_with_gone_and_not_yours<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller 🎉");
    stage.add_contact("B-2", M, "Weiß");
    stage.add_task("A-1", M, "B-1", &["CSC"], "Rückruf");
    stage.hide("B-2", "DHO");
    let source = stage.source();
    let answers = source.fetch(&dho(), &ids(&["A-1", "B-9", "B-2", "B-1"])).unwrap();
    let [Fetched::NotYours(_), Fetched::Gone(_), Fetched::NotYours(_), Fetched::Record(found)] =
        answers.as_slice()
    else {
        panic!("{answers:?}")
    };
    assert_eq!(found.content.text(Field::Surname), Some("Müller 🎉"));
    assert!(found.content.slot(Field::Company).is_some_and(crate::model::Slot::is_blank));
    assert_eq!((found.kind, found.module, found.editable), (ItemKind::Contact, M, true));
    let task = record(source, &csc(), "A-1");
    let parent = task.parent.unwrap();
    assert_eq!((parent.id.as_str(), parent.module), ("B-1", M));
    assert!(parent.name.unwrap().contains("Müller"), "D18: what it belongs to has a name");
    assert!(source.fetch(&dho(), &[]).unwrap().is_empty());
}

fn activities_are_those_of_the_records_and_the_user<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller");
    stage.add_contact("B-2", M, "Weiß");
    stage.add_task("A-1", M, "B-1", &["DHO"], "eins");
    stage.add_task("A-2", M, "B-1", &["CSC"], "zwei");
    stage.add_task("A-3", M, "B-2", &["DHO", "CSC"], "drei");
    stage.add_task("A-4", M, "B-1", &["CSC", "DHO"], "vier");
    let found = stage.source().activities(&dho(), &ids(&["B-1"])).unwrap();
    let found: BTreeSet<_> = found.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(found, set(&["A-1", "A-4"]));
}

fn the_filter_is_the_users_own_and_says_when_nothing_changed<B: Backstage>(stage: &B) {
    for number in 0..700 {
        let id = format!("B-{number}");
        stage.add_contact(&id, M, "Müller");
        stage.put_member("DHO", &id, number >= 100);
    }
    stage.put_member("CSC", "B-1", true);
    let source = stage.source();
    let (own, position) = members(source, &dho());
    assert_eq!(own.len(), 600);
    assert!(!own.contains("B-1"), "D14: the filter of somebody else");
    let asked = |known| source.members(&dho(), M, Some(known), None).unwrap();
    assert!(matches!(asked(&position), Members::Unchanged));
    stage.put_member("CSC", "B-2", true);
    assert!(matches!(asked(&position), Members::Unchanged), "somebody else's filter");
    stage.put_member("DHO", "B-500", false);
    assert!(matches!(asked(&position), Members::Page { .. }));
    assert_eq!(members(source, &dho()).0.len(), 599);
    stage.delete("B-501");
    assert!(!members(source, &dho()).0.contains("B-501"), "what is gone is in no filter");
}

fn the_filter_can_be_changed<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller");
    stage.add_task("A-1", M, "B-1", &["DHO"], "Rückruf");
    let source = stage.source();
    for member in [true, true, false] {
        source.set_member(&dho(), &"B-1".into(), member).unwrap();
        assert_eq!(members(source, &dho()).0.contains("B-1"), member);
    }
    assert!(
        source.set_member(&dho(), &"A-1".into(), true).is_err(),
        "G2: the filter holds contacts"
    );
    assert!(source.set_member(&dho(), &"B-9".into(), true).is_err());
}

fn an_update_writes_what_it_names_and_nothing_else<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller");
    let source = stage.source();
    let before = record(source, &dho(), "B-1");
    let values = [(Field::Company, "Käse & Söhne"), (Field::MobilePhone, "+49 30 23125000")];
    let Updated::Applied { version, stored } =
        update_one(source, &dho(), &update(&before, &values))
    else {
        panic!("not applied")
    };
    let after = record(source, &dho(), "B-1");
    assert_eq!(
        (&after.version, after.content.text(Field::Company)),
        (&version, Some("Käse & Söhne"))
    );
    assert_ne!(version, before.version);
    assert_eq!(stored.text(Field::MobilePhone), Some("+49 30 23125000"));
    assert_eq!(stored.known(), [Field::Company, Field::MobilePhone].into_iter().collect());
    assert_eq!(after.changed_at, Some(at()), "the time of the person's edit, not of the write");
    let mut rest = after.content.clone();
    rest.put(Field::Company, before.content.slot(Field::Company).unwrap().clone());
    rest.put(Field::MobilePhone, before.content.slot(Field::MobilePhone).unwrap().clone());
    assert_eq!(rest, before.content, "D11: nothing else changed");
    let mut clear = update(&after, &[]);
    clear.values.set_blank(Field::Company);
    clear.expected = after.content.only(clear.values.known());
    let cleared = update_one(source, &dho(), &clear);
    assert!(matches!(cleared, Updated::Applied { .. }), "{cleared:?}");
    assert!(record(source, &dho(), "B-1").content.slot(Field::Company).unwrap().is_blank());
}

fn an_update_is_told_by_the_feed_with_the_version_it_was_answered_with<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller");
    let source = stage.source();
    let (_, position) = listing(source, &dho());
    let before = record(source, &dho(), "B-1");
    let answer = update_one(source, &dho(), &update(&before, &[(Field::Company, "Weiß GbR")]));
    let Updated::Applied { version, .. } = answer else { panic!("{answer:?}") };
    let told = news(source, &dho(), &position);
    assert_eq!(told.changed.len(), 1);
    assert_eq!(told.changed[0].version, version, "invariant 5: an echo is known by its version");
}

fn an_update_that_does_not_fit_changes_nothing<B: Backstage>(stage: &B) {
    for id in ["B-1", "B-2", "B-3", "B-4"] {
        stage.add_contact(id, M, "Müller");
    }
    stage.add_task("A-1", M, "B-1", &["CSC"], "fremd");
    stage.make_read_only("B-4", "DHO");
    let source = stage.source();
    let one = record(source, &dho(), "B-1");
    let name = [(Field::Surname, "Meier")];
    let old_version = RecordUpdate { version: RecordVersion::from("0"), ..update(&one, &name) };
    let mut old_value = update(&one, &name);
    old_value.expected.set_text(Field::Surname, "Schulze");
    let long = "x".repeat(100_000);
    let too_long = update(&one, &[(Field::Company, "kurz"), (Field::Surname, &long)]);
    let two = update(&record(source, &dho(), "B-2"), &name);
    let three = update(&record(source, &dho(), "B-3"), &name);
    stage.delete("B-3");
    let read_only = record(source, &dho(), "B-4");
    assert!(!read_only.editable, "D14");
    let four = update(&read_only, &name);
    let mut foreign = update(&record(source, &csc(), "A-1"), &[(Field::Subject, "mein")]);
    foreign.kind = ItemKind::Task;
    let all = [old_version, old_value, too_long, two, three, four, foreign];
    let answers = source.update(&dho(), &all).unwrap();
    let [
        Updated::Stale,
        Updated::Stale,
        Updated::Refused { field, .. },
        Updated::Applied { .. },
        Updated::Gone,
        Updated::Denied,
        Updated::Denied,
    ] = answers.as_slice()
    else {
        panic!("{answers:?}")
    };
    assert_eq!(*field, Some(Field::Surname));
    let after = record(source, &dho(), "B-1");
    assert_eq!(
        (after.version, after.content),
        (one.version, one.content),
        "D13: whole or not at all"
    );
    assert_eq!(record(source, &dho(), "B-2").content.text(Field::Surname), Some("Meier"));
    assert_eq!(record(source, &csc(), "A-1").content.text(Field::Subject), Some("fremd"));
}

fn nobody_unknown_is_served<B: Backstage>(stage: &B) {
    stage.add_contact("B-1", M, "Müller");
    let nobody = UserId::from("XYZ");
    let error = stage.source().list(&nobody, M, None).unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Denied);
    assert!(stage.source().fetch(&nobody, &ids(&["B-1"])).is_err());
    let users = stage.source().users().unwrap();
    let found: BTreeSet<_> = users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(found, set(&["CSC", "DHO"]));
    let described = stage.source().describe().unwrap();
    assert_eq!(described.identity, stage.source().describe().unwrap().identity);
    assert!(described.readable(ItemKind::Contact).contains(Field::Surname));
    assert!(described.assigns && described.filter_per_user && described.feed);
}

/// For sources that have it. Whoever is not named is not looked at before the schedule has him, so nobody may be missing; a source
/// may name too many, and the ones checked here are those that would make a thousand runs of one edit.
fn one_question_tells_for_whom_there_is_something_new<B: Backstage>(stage: &B) {
    let source = stage.source();
    if !source.describe().unwrap().news {
        return;
    }
    for id in ["B-1", "B-2", "B-3"] {
        stage.add_contact(id, M, "Müller");
    }
    stage.add_task("A-1", M, "B-1", &["DHO"], "Rückruf");
    stage.put_member("DHO", "B-1", true);
    stage.put_member("CSC", "B-2", true);
    let both = [dho(), csc()];
    let first = source.news(&both, None).unwrap();
    assert!(first.stirred.is_empty() && !first.lost, "nothing is new to somebody who just came");
    let mut position = first.position;
    let mut told = |what: &str, users: &[UserId]| {
        let news = source.news(&both, Some(&position)).unwrap();
        assert!(!news.lost, "{what}");
        let found: BTreeSet<_> = news.stirred.iter().cloned().collect();
        let wanted: BTreeSet<_> = users.iter().map(|user| (user.clone(), M)).collect();
        assert_eq!(found, wanted, "{what}");
        position = news.position;
    };
    told("nothing happened", &[]);
    stage.rename("B-1", "Meier");
    told("a contact in one's filter", &[dho()]);
    told("told once", &[]);
    stage.rename("B-3", "Meier");
    told("a contact in nobody's filter", &[]);
    stage.put_member("CSC", "B-3", true);
    told("a filter", &[csc()]);
    stage.assign("A-1", &["CSC"]);
    told("an activity of another now: it goes from one and comes to the other", &both);
    stage.delete("B-2");
    told("what is gone has left the filter", &[csc()]);
    stage.rename("B-1", "Schulze");
    stage.rename("B-3", "Schulze");
    let one = source.news(&[csc()], Some(&position)).unwrap();
    assert_eq!(one.stirred, [(csc(), M)], "nobody is named who was not asked for");
    let unknown = Position::new(format!("{}000000", one.position.as_str()));
    match source.news(&both, Some(&unknown)) {
        Ok(news) => assert!(news.lost, "a restored database: everybody has to be looked at"),
        Err(error) => assert_eq!(error.kind, SourceErrorKind::Unsupported),
    }
}
