//! What the README promises, on the committed sample.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::document::{self, counts, mailbox, wrote_nothing};
use crate::expected::Expected;
use crate::place::{PEOPLE, Place};

/// Rules D2, D3, D14 and D16, invariants 4, 6 and 10.
#[test]
fn the_first_transfer_creates_what_sql_counts_and_the_second_run_writes_nothing() {
    let place = Place::sample();
    place.run(&["check"]).expect(0).says(&["Dora Hoffmann"]);
    let expected: Vec<Expected> =
        PEOPLE.iter().map(|(user, _)| Expected::of(&place.database(), user)).collect();
    let all: u64 = expected.iter().map(|expected| Expected::sum(&expected.created)).sum();
    assert!(all > 300, "the sample has lost its records: {expected:?}");

    // Without the word nothing is created, and what to say is said (rule D2).
    let ended = place.run(&["sync", "--json"]).expect(3);
    let waits = document::read(&ended);
    wrote_nothing(&waits);
    assert!(ended.stdout.contains("--first-transfer"), "{}", ended.stdout);
    assert_eq!(place.server.writes(), 0, "{:?}", place.server.log());

    let planned = document::read(&place.run(&["plan", "--first-transfer", "--json"]).expect(0));
    assert_eq!(place.server.writes(), 0, "a plan writes nothing (invariant 10)");

    let first = document::read(&place.run(&["sync", "--first-transfer", "--json"]).expect(0));
    for (expected, (user, address)) in expected.iter().zip(PEOPLE) {
        let mailbox = mailbox(&first, user);
        assert_eq!(mailbox["outcome"], "done", "{mailbox:#}");
        assert_eq!(counts(mailbox, "created"), expected.created, "created for {user}");
        assert_eq!(counts(mailbox, "held"), expected.held, "held for {user}");
        assert_eq!(counts(mailbox, "skipped"), expected.skipped, "skipped for {user}");
        let created = Expected::sum(&expected.created);
        assert_eq!(place.items_and_records(address), (created, created), "items of {user}");
    }
    for count in document::TALLY {
        assert_eq!(planned["totals"][count], first["totals"][count], "the plan told of {count}");
    }

    place.server.clear_log();
    let second = document::read(&place.run(&["sync", "--json"]).expect(0));
    wrote_nothing(&second);
    assert_eq!(second["totals"]["unchanged"], all);
    assert_eq!(second["totals"]["failed"], 0);
    let log = place.server.log();
    assert_eq!(place.server.writes(), 0, "{log:?}");
    assert!(!log.is_empty() && place.server.mail_sent().is_empty());

    // What was found before is not new any more, and counts for `--strict` all the same.
    let finding = &mailbox(&second, "DHO")["findings"][0];
    assert_eq!(finding["new"], false, "{finding:#}");
    place.run(&["sync", "--strict"]).expect(10);
}

/// Rules G5 and G7, invariants 4 and 7: edits go across in one run, and the run after it is quiet.
#[test]
fn edits_travel_both_ways_and_business_contacts_one_way() {
    let place = Place::sample();
    place.run(&["sync", "--first-transfer"]).expect(0);
    let (_, address) = PEOPLE[0];
    let outlook = place.server.outlook(address);
    let applicant = || place.items_of(address, "B-010000").remove(0);
    let customer = || place.items_of(address, "K-010020").remove(0);
    let phone = "contacts:PhoneNumber/MobilePhone";

    // In staffITpro: another town. In Outlook: other phones of an applicant and of a customer.
    let town = "UPDATE contact SET business_city = 'Görlitz' WHERE id IN ('B-010000', 'K-010020')";
    place.database().execute(town, []).unwrap();
    outlook.edit(&applicant().id, &[(phone, Some("+49 30 23125 001"))]).unwrap();
    outlook.edit(&customer().id, &[(phone, Some("+49 30 23125 002"))]).unwrap();
    let document = document::read(&place.run(&["sync", "--mailbox", "DHO", "--json"]).expect(0));
    assert_eq!(document["totals"]["updated_outlook"], 2, "{document:#}");
    assert_eq!(document["totals"]["updated_staffitpro"], 1, "{document:#}");

    let city = "contacts:PhysicalAddress:City/Business";
    assert_eq!(applicant().text(city), Some("Görlitz"));
    assert_eq!(customer().text(city), Some("Görlitz"));
    assert_eq!(customer().text(phone), Some("+49 30 23125 002"), "it stays in Outlook (rule G7)");
    let mobile = |id: &str| -> String {
        let query = "SELECT mobile_phone FROM contact WHERE id = ?1";
        place.database().query_row(query, [id], |row| row.get(0)).unwrap()
    };
    assert_eq!(mobile("B-010000"), "+49 30 23125 001");
    assert_ne!(mobile("K-010020"), "+49 30 23125 002", "never reaches staffITpro (rule G7)");

    let echo = document::read(&place.run(&["sync", "--mailbox", "DHO", "--json"]).expect(0));
    wrote_nothing(&echo);
    place.server.clear_log();
    let quiet = document::read(&place.run(&["sync", "--mailbox", "DHO", "--json"]).expect(0));
    wrote_nothing(&quiet);
    assert_eq!(place.server.writes(), 0);
}

/// Rule D3 and invariants 4 and 5: completing a recurring task in Outlook makes the server write a finished copy with the same
/// stamp, and the task itself goes on to its next date; one that regenerates counts it from the day on which it was finished. The
/// copy is the person's, and the record follows the task.
#[test]
fn the_copy_that_completing_a_recurring_task_leaves_is_not_doubled() {
    let place = Place::sample();
    // The task that regenerates belongs to this customer.
    place.run(&["filter", "add", "DHO", "K-010221"]).expect(0);
    place.run(&["sync", "--first-transfer"]).expect(0);
    let stamp = exchange_sim::named_string(crate::place::STAMP, "Record");
    let recurring: Vec<(&str, &str, exchange_sim::Item)> = PEOPLE
        .iter()
        .flat_map(|(user, address)| {
            let items = place.server.outlook(address).items("tasks").unwrap();
            let recurring = items.into_iter().filter(|it| it.props.contains_key("task:Recurrence"));
            recurring.map(|item| (*user, *address, item))
        })
        .collect();
    assert!(!recurring.is_empty(), "the sample has recurring tasks");
    let count = |address| place.items_and_records(address);
    let before: Vec<(u64, u64)> = PEOPLE.iter().map(|(_, address)| count(address)).collect();
    for (_, address, item) in &recurring {
        let outlook = place.server.outlook(address);
        outlook.edit(&item.id, &[("task:Status", Some("Completed"))]).unwrap();
    }
    let document = document::read(&place.run(&["sync", "--json"]).expect(0));
    assert_eq!(document["totals"]["created"], 0, "{document:#}");
    let mut regenerated = 0;
    for (user, address, item) in &recurring {
        let record = item.text(&stamp).unwrap();
        let twins = place.items_of(address, record);
        assert_eq!(twins.len(), 2, "the task and the finished copy of {record}");
        let task = twins.iter().find(|twin| twin.id == item.id).expect("the task is where it was");
        let due = task.text("task:DueDate").unwrap();
        assert!(due > item.text("task:DueDate").unwrap(), "{due}: it went on");
        let query = "SELECT status, due, recurrence FROM task WHERE id = ?1";
        let (status, stored, series): (String, String, String) = place
            .database()
            .query_row(query, [record], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        let series: serde_json::Value = serde_json::from_str(&series).unwrap();
        let pattern = &series["pattern"];
        if pattern["kind"] == "regenerating" {
            assert_eq!(pattern["unit"], "day", "{pattern}");
            let copy = twins.iter().find(|twin| twin.id != item.id).unwrap();
            let finished: Date = copy.text("task:CompleteDate").unwrap()[..10].parse().unwrap();
            let days = pattern["every"].as_i64().unwrap();
            assert_eq!(due, (finished + days.days()).to_string(), "{record} of {user}");
            regenerated += 1;
        }
        assert_ne!(status, "completed", "{record} of {user}");
        assert_eq!(&stored[..10], due, "the record has the date of the next one");
    }
    assert!(regenerated > 0, "the sample has a task that counts from its completion");
    let copies = u64::try_from(recurring.len()).unwrap();
    let after: Vec<(u64, u64)> = PEOPLE.iter().map(|(_, address)| count(address)).collect();
    let sum = |counts: &[(u64, u64)]| {
        counts.iter().fold((0, 0), |(items, records), one| (items + one.0, records + one.1))
    };
    assert_eq!(sum(&after), (sum(&before).0 + copies, sum(&before).1), "no record, no more items");
    place.run(&["sync"]).expect(0);
    place.server.clear_log();
    wrote_nothing(&document::read(&place.run(&["sync", "--json"]).expect(0)));
    assert_eq!(place.server.writes(), 0);
}

/// Rules D1, D3 and D10: finishing a recurring task in staffITpro leaves a finished copy in Outlook, and the server answers with the
/// copy's id. The pair stays with the task itself, and the record keeps its series.
#[test]
fn a_recurring_task_that_is_finished_in_staffitpro_is_a_series_on_both_sides_afterwards() {
    let place = Place::sample();
    place.run(&["sync", "--first-transfer"]).expect(0);
    let stamp = exchange_sim::named_string(crate::place::STAMP, "Record");
    let (user, address, item) = PEOPLE
        .iter()
        .flat_map(|(user, address)| {
            let items = place.server.outlook(address).items("tasks").unwrap();
            items.into_iter().map(move |item| (*user, *address, item))
        })
        .find(|(_, _, item)| item.props.contains_key("task:Recurrence"))
        .expect("the sample has recurring tasks");
    let record = item.text(&stamp).unwrap();
    let change = |sql: &str| place.database().execute(sql, [record]).unwrap();
    let series = || -> String {
        let query = "SELECT recurrence FROM task WHERE id = ?1";
        place.database().query_row(query, [record], |row| row.get(0)).unwrap()
    };
    let status = || -> String {
        let query = "SELECT status FROM task WHERE id = ?1";
        place.database().query_row(query, [record], |row| row.get(0)).unwrap()
    };
    let before = series();
    let sync = || document::read(&place.run(&["sync", "--mailbox", user, "--json"]).expect(0));
    change("UPDATE task SET status = 'completed', percent = 100 WHERE id = ?1");
    sync();
    let twins = place.items_of(address, record);
    assert_eq!(twins.len(), 2, "the task and the finished copy");
    // What is said of the task from now on reaches the task and not the copy.
    change("UPDATE task SET subject = 'Weiter geht es' WHERE id = ?1");
    sync();
    let twins = place.items_of(address, record);
    let (task, copy): (Vec<_>, Vec<_>) = twins.into_iter().partition(|twin| twin.id == item.id);
    assert_eq!(task[0].text("item:Subject"), Some("Weiter geht es"));
    assert!(task[0].props.contains_key("task:Recurrence"), "it goes on");
    assert_eq!(copy[0].text("item:Subject"), item.text("item:Subject"));
    assert_eq!(copy[0].text("task:Status"), Some("Completed"));
    assert_eq!(series(), before, "the record keeps its series");
    sync();
    place.server.clear_log();
    wrote_nothing(&sync());
    assert_eq!(place.server.writes(), 0);
    // Wherever the task goes, the copy with its stamp does not take its place (rules D3, D10).
    let goes_on = status();
    let outlook = place.server.outlook(address);
    let folder = outlook.make_folder("tasks", "Ablage", "IPF.Task").unwrap();
    let filed = outlook.move_to(&task[0].id, &folder).unwrap();
    assert_eq!(sync()["totals"]["moved"], 1);
    change("UPDATE task SET subject = 'Und weiter' WHERE id = ?1");
    sync();
    assert_eq!(outlook.item(&filed.id).unwrap().text("item:Subject"), Some("Und weiter"));
    assert_eq!((series(), status()), (before.clone(), goes_on.clone()));
    outlook.delete(&filed.id).unwrap();
    let told = sync()["mailboxes"][0]["findings"].to_string();
    assert!(told.contains("deleted-in-outlook"), "{told}");
    assert_eq!((series(), status()), (before, goes_on));
}
