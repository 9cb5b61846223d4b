//! What the README promises, on the committed sample.

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
