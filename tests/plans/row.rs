//! Reads the rows of `fixtures/plans/`; the notation is explained in the README there.

use std::fmt::Write;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use abgleich::engine::plan::{Action, ItemView, RecordView, Verdict};
use abgleich::engine::rules::{ClockDifference, Rules};
use abgleich::model::rules::{Conflict, Leftover};
use abgleich::model::{
    Content, Direction, Field, FieldSet, Half, ItemKind, Mode, Module, Recurrence, Scope, Shape,
    Slot, Switch, Value, json::from_json,
};
use abgleich::reason::Code;

use super::past::{Item, Past, Record, Settled};

/// One case.
pub(crate) struct Row {
    pub(crate) place: String,
    pub(crate) rule: String,
    pub(crate) name: String,
    pub(crate) rules: Rules,
    pub(crate) past: Past,
    /// In normal form: see [`Row::outcome`].
    pub(crate) expected: String,
    sections: Vec<String>,
}

/// The parts of an expectation that are compared only where a row names them.
const OPTIONAL: [&str; 1] = ["settle:"];

/// Reads all rows of a file.
pub(crate) fn read(path: &Path) -> Vec<Row> {
    let file = path.file_name().unwrap().to_str().unwrap();
    let rule = file.split('-').next().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let place = format!("fixtures/plans/{file}:{}", number + 1);
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            let [name, rules, base, record, item, expected] = columns[..] else {
                panic!("{place}: six columns are needed, {} are there", columns.len());
            };
            let mut past = Past {
                base: None,
                record: Record::Left,
                item: Item::None,
                taken: None,
                unread: false,
            };
            let rules = read_rules(&place, rules, &mut past);
            let of = Of { place: &place, kind: rules.kind };
            past.base = of.base(base);
            past.record = of.record(record);
            past.item = of.item(item);
            let (expected, sections) = normal(&place, expected);
            Row {
                rule: rule.clone(),
                name: name.to_owned(),
                rules,
                past,
                expected,
                sections,
                place: place.clone(),
            }
        })
        .collect()
}

impl Row {
    /// Writes a verdict in the notation of the rows, with the optional parts that this row names.
    pub(crate) fn outcome(&self, verdict: &Verdict) -> String {
        let merge = &verdict.merge;
        let mut text = verdict.action.key().to_owned();
        if verdict.link {
            text.push_str(" link");
        }
        let sections = [
            ("outlook:", merge.to_item),
            ("staffitpro:", merge.to_record),
            ("cleared:", merge.cleared),
            ("settle:", merge.settle),
            ("apart:", merge.apart),
        ];
        for (section, fields) in sections {
            let optional = OPTIONAL.contains(&section);
            if if optional {
                self.sections.iter().any(|s| s == section)
            } else {
                !fields.is_empty()
            } {
                write!(text, " {section} {}", keys(fields)).unwrap();
            }
        }
        let mut codes: Vec<_> = merge.reasons.iter().map(|(code, _)| code.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        if !codes.is_empty() {
            write!(text, " ({})", codes.join(" ")).unwrap();
        }
        text
    }
}

fn keys(fields: FieldSet) -> String {
    fields.iter().map(Field::key).collect::<Vec<_>>().join(" ")
}

/// Puts an expectation in the order in which outcomes are written, and checks its words.
fn normal(place: &str, text: &str) -> (String, Vec<String>) {
    let (rest, codes) = match text.split_once('(') {
        Some((rest, codes)) => (rest, codes.strip_suffix(')').expect("the bracket is closed")),
        None => (text, ""),
    };
    let mut words = rest.split_whitespace().peekable();
    let action = words.next().unwrap_or_else(|| panic!("{place}: nothing is expected"));
    assert!(Action::from_key(action).is_some(), "{place}: `{action}` is no action");
    let mut out = action.to_owned();
    if words.next_if_eq(&"link").is_some() {
        out.push_str(" link");
    }
    let mut sections: Vec<(String, FieldSet)> = Vec::new();
    for word in words {
        if word.ends_with(':') {
            sections.push((word.to_owned(), FieldSet::EMPTY));
        } else {
            let field = Field::from_key(word).unwrap_or_else(|| panic!("{place}: field `{word}`"));
            sections.last_mut().expect("a field stands in a section").1.insert(field);
        }
    }
    for wanted in ["outlook:", "staffitpro:", "cleared:", "settle:", "apart:"] {
        if let Some((section, fields)) = sections.iter().find(|(section, _)| section == wanted) {
            write!(out, " {section} {}", keys(*fields)).unwrap();
        }
    }
    let mut codes: Vec<_> = codes.split_whitespace().collect();
    codes.sort_unstable();
    for code in &codes {
        assert!(Code::from_code(code).is_some(), "{place}: `{code}` is no code");
    }
    if !codes.is_empty() {
        write!(out, " ({})", codes.join(" ")).unwrap();
    }
    (out, sections.into_iter().map(|(section, _)| section).collect())
}

fn read_rules(place: &str, text: &str, past: &mut Past) -> Rules {
    let mut words = text.split_whitespace();
    let (module, what) = words.next().and_then(|word| word.split_once('.')).expect(place);
    let module = Module::ALL.into_iter().find(|m| m.key() == module).expect(place);
    let kind = match what {
        "contacts" => ItemKind::Contact,
        "appointments" => ItemKind::Appointment,
        "tasks" => ItemKind::Task,
        _ => panic!("{place}: `{what}` is none of contacts, appointments, tasks"),
    };
    let mode = match words.next() {
        Some("sync") => Mode::Sync,
        Some("S>O") => Mode::StaffitproOverwritesOutlook,
        Some("O>S") => Mode::OutlookOverwritesStaffitpro,
        Some("none") => Mode::None,
        other => panic!("{place}: `{other:?}` is no mode"),
    };
    let contacts = kind == ItemKind::Contact;
    let mut rules = Rules {
        scope: Scope::new(module, kind.switch()).expect(place),
        kind,
        mode,
        conflict: Conflict::Newest,
        // The defaults of rule D6.
        on_leave: Leftover::Keep,
        on_gone: if contacts { Leftover::Keep } else { Leftover::Delete },
        transferred: true,
        create_missing: true,
        writable: Field::of(kind).collect(),
        writes_outlook: true,
        writes_staffitpro: true,
        clock: ClockDifference::Within(SignedDuration::ZERO),
    };
    assert_eq!(rules.scope.switch == Switch::Contacts, contacts, "{place}");
    for word in words {
        let (setting, value) = word.split_once('=').unwrap_or_else(|| panic!("{place}: {word}"));
        let yes = || match value {
            "yes" | "on" => true,
            "no" | "off" => false,
            _ => panic!("{place}: `{word}` is neither yes nor no"),
        };
        let leftover = || match value {
            "keep" => Leftover::Keep,
            "delete" => Leftover::Delete,
            _ => panic!("{place}: {word}"),
        };
        match setting {
            "conflict" => {
                rules.conflict = match value {
                    "newest" => Conflict::Newest,
                    "staffitpro" => Conflict::Staffitpro,
                    "outlook" => Conflict::Outlook,
                    "hold" => Conflict::Hold,
                    _ => panic!("{place}: {word}"),
                }
            }
            "on_leave" => rules.on_leave = leftover(),
            "on_gone" => rules.on_gone = leftover(),
            "transferred" => rules.transferred = yes(),
            "create_missing" => rules.create_missing = yes(),
            "outlook_writes" => rules.writes_outlook = yes(),
            "staffitpro_writes" => rules.writes_staffitpro = yes(),
            "unwritable" => {
                for key in value.split(',') {
                    rules.writable.remove(Field::from_key(key).expect(place));
                }
            }
            "outlook_ahead" => {
                rules.clock = if value == "too-far" {
                    ClockDifference::Beyond
                } else {
                    let seconds = value.strip_suffix('s').and_then(|n| n.parse().ok());
                    ClockDifference::Within(SignedDuration::from_secs(seconds.expect(place)))
                }
            }
            "unread" => past.unread = yes(),
            "take" => {
                past.taken = Some(match value {
                    "staffitpro" => Direction::ToOutlook,
                    "outlook" => Direction::ToStaffitpro,
                    _ => panic!("{place}: {word}"),
                });
            }
            _ => panic!("{place}: `{setting}` is no setting"),
        }
    }
    rules
}

/// Where a row stands and the kind it is about.
struct Of<'a> {
    place: &'a str,
    kind: ItemKind,
}

/// One word of a column: a flag, the side's time, or a field with its value.
enum Word<'a> {
    Flag(&'a str),
    Time(Timestamp),
    Field(Field, &'a str),
    Setting(&'a str, &'a str),
}

impl Of<'_> {
    fn words<'t>(&self, text: &'t str) -> Vec<Word<'t>> {
        text.split(',')
            .map(str::trim)
            .map(|word| {
                if let Some(time) = word.strip_prefix('@') {
                    return Word::Time(self.time(time));
                }
                let Some((key, value)) = word.split_once('=') else { return Word::Flag(word) };
                match Field::from_key(key) {
                    Some(field) => {
                        assert!(field.belongs_to(self.kind), "{}: {key}", self.place);
                        Word::Field(field, value.trim())
                    }
                    None => Word::Setting(key, value.trim()),
                }
            })
            .collect()
    }

    fn time(&self, text: &str) -> Timestamp {
        let text = if text.len() == 5 { format!("{text}:00") } else { text.to_owned() };
        format!("2026-11-23T{text}Z").parse().unwrap_or_else(|_| panic!("{}: @{text}", self.place))
    }

    fn base(&self, text: &str) -> Option<Settled> {
        if text == "-" {
            return None;
        }
        let (mut record, mut item) = (Content::new(), Content::new());
        let mut base = Settled { created: true, ..Settled::default() };
        for word in self.words(text) {
            match word {
                Word::Flag("linked") => {}
                Word::Flag("adopted") => base.created = false,
                Word::Flag("private") => base.private = true,
                Word::Field(field, value) => {
                    let (of_record, of_item) = if let Some(halves) = value.split_once(" <> ") {
                        base.apart.insert(field);
                        halves
                    } else {
                        value.split_once(" / ").unwrap_or((value, value))
                    };
                    self.put(&mut record, field, of_record);
                    self.put(&mut item, field, of_item);
                }
                _ => panic!("{}: `{text}` is no base", self.place),
            }
        }
        base.record = Half::of(&record);
        base.item = Half::of(&item);
        Some(base)
    }

    fn record(&self, text: &str) -> Record {
        match text {
            "left" => return Record::Left,
            "gone" => return Record::Gone,
            "unreadable" => return Record::Unreadable,
            _ => {}
        }
        let mut view = RecordView { editable: true, ..RecordView::default() };
        let mut content = Content::new();
        for word in self.words(text) {
            match word {
                Word::Flag("private") => view.private = true,
                Word::Flag("readonly") => view.editable = false,
                Word::Flag("old") => view.old = true,
                Word::Flag("reminder-past") => view.reminder_past = true,
                Word::Setting("too-long", keys) => view.unheld.too_long = self.set(keys),
                Word::Flag("divided") => view.unheld.divided = FieldSet::of(Field::Categories),
                Word::Time(time) => view.changed_at = Some(time),
                Word::Field(field, value) => {
                    let (value, time) = match value.rsplit_once(" @") {
                        Some((value, time)) => (value, Some(self.time(time))),
                        None => (value, None),
                    };
                    self.put(&mut content, field, value);
                    view.field_times.extend(time.map(|time| (field, time)));
                }
                _ => panic!("{}: `{text}` is no record", self.place),
            }
        }
        view.half = Half::of(&content);
        Record::Here(view)
    }

    fn item(&self, text: &str) -> Item {
        match text {
            "none" => return Item::None,
            "deleted" => return Item::Deleted,
            "removed" => return Item::Removed,
            "missing" => return Item::Missing,
            "unreadable" => return Item::Unreadable,
            _ => {}
        }
        if let Some(code) = text.strip_prefix("doubtful=") {
            return Item::Doubtful(Code::from_code(code).expect(self.place));
        }
        let mut view = ItemView::default();
        let mut content = Content::new();
        let (mut candidate, mut twin) = (false, false);
        for word in self.words(text) {
            match word {
                Word::Flag("candidate") => candidate = true,
                Word::Flag("twin") => twin = true,
                Word::Flag("private") => view.private = true,
                Word::Flag("guests") => view.guests = true,
                Word::Flag("stamped") => view.stamped = true,
                Word::Flag("over") => view.over = true,
                Word::Flag("went-on") => view.went_on = true,
                Word::Setting("fixed", keys) => view.fixed = self.set(keys),
                Word::Setting("read-only", keys) => view.read_only = self.set(keys),
                Word::Setting("unsupported", keys) => view.unsupported = self.set(keys),
                Word::Setting("too-long", keys) => view.too_long = self.set(keys),
                Word::Time(time) => view.modified_at = Some(time),
                Word::Field(field, value) => self.put(&mut content, field, value),
                _ => panic!("{}: `{text}` is no item", self.place),
            }
        }
        view.half = Half::of(&content);
        match (candidate, twin) {
            (true, _) => Item::Candidate(view),
            (_, true) => Item::Twin(view),
            _ => Item::Here(view),
        }
    }

    fn set(&self, keys: &str) -> FieldSet {
        keys.split('+').map(|key| Field::from_key(key).expect(self.place)).collect()
    }

    fn put(&self, content: &mut Content, field: Field, text: &str) {
        match text {
            "?" => {}
            "_" => content.set_blank(field),
            text => content.put(field, value(self.place, field, text)),
        }
    }
}

fn value(place: &str, field: Field, text: &str) -> Slot {
    let json = match field.shape() {
        Shape::Flag => serde_json::Value::from(text == "yes"),
        Shape::Number(..) => serde_json::Value::from(text.parse::<i64>().expect(place)),
        Shape::List => text.split('+').collect(),
        Shape::Recurrence => {
            return Slot::Value(Value::Recurrence(Box::new(series(place, text))));
        }
        _ => serde_json::Value::from(text),
    };
    from_json(field, &json).unwrap_or_else(|error| panic!("{place}: {error}: {text}"))
}

/// A series by its word: `daily`, `weekly`, `yearly` or `regenerating`, from 2026-11-23 on.
fn series(place: &str, word: &str) -> Recurrence {
    let pattern = match word {
        "daily" => serde_json::json!({"kind": "daily", "every": 1}),
        "weekly" => {
            serde_json::json!({"kind": "weekly", "every": 1, "days": ["monday"], "first_day": "monday"})
        }
        "yearly" => serde_json::json!({"kind": "yearly_on_day", "month": 11, "day": 23}),
        "regenerating" => serde_json::json!({"kind": "regenerating", "unit": "week", "every": 1}),
        _ => panic!("{place}: `{word}` is no series"),
    };
    let range = serde_json::json!({"kind": "forever", "start": "2026-11-23"});
    serde_json::from_value(serde_json::json!({"pattern": pattern, "range": range})).expect(place)
}
