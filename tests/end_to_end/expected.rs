//! How many items a first transfer must create, counted in the database with SQL and by hand: no line of this is shared with
//! the program.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

/// Counts by scope, such as `leads.activities`.
pub(crate) type Counts = BTreeMap<String, u64>;

/// What a first transfer does for one user.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Items that are created.
    pub(crate) created: Counts,
    /// Records that could be the same person as another one, and are held (rule D3).
    pub(crate) held: Counts,
    /// Activities that are over for more than thirty days (rule D16).
    pub(crate) skipped: Counts,
}

impl Expected {
    /// Counts for a user.
    pub(crate) fn of(database: &Connection, user: &str) -> Self {
        let mut expected = Self::default();
        expected.contacts(database, user);
        expected.activities(database, user);
        expected
    }

    /// Adds up all scopes.
    pub(crate) fn sum(counts: &Counts) -> u64 {
        counts.values().sum()
    }

    fn contacts(&mut self, database: &Connection, user: &str) {
        let members = people(database, user);
        for (index, person) in members.iter().enumerate() {
            let twin = members
                .iter()
                .enumerate()
                .any(|(other, twin)| other != index && person.may_be(twin));
            let counts = if twin { &mut self.held } else { &mut self.created };
            *counts.entry(format!("{}.contacts", person.module)).or_default() += 1;
        }
    }

    fn activities(&mut self, database: &Connection, user: &str) {
        let over = [
            (
                "appointment",
                r#"recurrence IS NULL AND datetime("end") < datetime('now', '-30 days')"#,
            ),
            (
                "task",
                "recurrence IS NULL AND status = 'completed' AND date(completed) < date('now', '-30 days')",
            ),
        ];
        for (table, over) in over {
            let query = format!(
                "SELECT module, coalesce({over}, 0), count(*) FROM {table} t
                 WHERE EXISTS (SELECT 1 FROM assignee a WHERE a.activity = t.id AND a.user = ?1)
                   AND (module NOT IN ('applicants', 'business_contacts')
                        OR parent IN (SELECT record FROM membership WHERE user = ?1))
                 GROUP BY 1, 2"
            );
            let mut statement = database.prepare(&query).unwrap();
            let mut rows = statement.query([user]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let module: String = row.get(0).unwrap();
                let counts =
                    if row.get(1).unwrap() { &mut self.skipped } else { &mut self.created };
                *counts.entry(format!("{module}.activities")).or_default() +=
                    row.get::<_, u64>(2).unwrap();
            }
        }
    }
}

/// What makes two records the same person for rule D3.
struct Person {
    module: String,
    given: String,
    surname: String,
    birthday: String,
    company: String,
    mails: BTreeSet<String>,
    phones: BTreeSet<String>,
}

impl Person {
    fn may_be(&self, other: &Self) -> bool {
        let same_name = self.given == other.given && self.surname == other.surname;
        let named = !self.given.is_empty() && !self.surname.is_empty();
        let same = |one: &str, two: &str| !one.is_empty() && one == two;
        let by_name = named
            && same_name
            && (same(&self.birthday, &other.birthday)
                || same(&self.company, &other.company)
                || !self.phones.is_disjoint(&other.phones));
        // An address that several share is nobody's, where their names differ.
        let contradict = |one: &str, two: &str| !one.is_empty() && !two.is_empty() && one != two;
        let may_be_one =
            !contradict(&self.given, &other.given) && !contradict(&self.surname, &other.surname);
        by_name || (may_be_one && !self.mails.is_disjoint(&other.mails))
    }
}

const PHONES: [&str; 19] = [
    "business_phone",
    "business_phone_2",
    "mobile_phone",
    "home_phone",
    "home_phone_2",
    "business_fax",
    "home_fax",
    "other_fax",
    "company_phone",
    "assistant_phone",
    "other_phone",
    "primary_phone",
    "pager",
    "car_phone",
    "callback",
    "isdn",
    "radio_phone",
    "telex",
    "text_phone",
];

fn people(database: &Connection, user: &str) -> Vec<Person> {
    let query = format!(
        "SELECT c.module, given_name, surname, birthday, company, email_1, email_2, email_3, email_4, {}
         FROM contact c JOIN membership m ON m.record = c.id AND m.module = c.module WHERE m.user = ?1",
        PHONES.join(", ")
    );
    let mut statement = database.prepare(&query).unwrap();
    let people = statement.query_map([user], |row| {
        let text = |column: usize| -> String {
            row.get::<_, Option<String>>(column).unwrap().unwrap_or_default().to_lowercase()
        };
        let texts =
            |columns: std::ops::Range<usize>| columns.map(text).filter(|text| !text.is_empty());
        let birthday = text(3);
        let no_date = ["0001-01-01", "1899-12-30"].contains(&birthday.as_str());
        Ok(Person {
            module: text(0),
            given: text(1),
            surname: text(2),
            birthday: if no_date { String::new() } else { birthday },
            company: text(4),
            mails: texts(5..9).collect(),
            phones: texts(9..9 + PHONES.len()).map(|phone| digits(&phone)).collect(),
        })
    });
    people.unwrap().map(Result::unwrap).collect()
}

/// `+49 (0)30 1` and `0049 30 1` are one number; the sample has no other ways of writing one.
fn digits(phone: &str) -> String {
    let digits: String =
        phone.replace("(0)", "").chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    digits.strip_prefix("00").map_or(digits.clone(), |rest| format!("+{rest}"))
}
