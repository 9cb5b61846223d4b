//! Random items out of a seed: every field now and then, long texts, texts that break what is careless, series with exceptions.

use abgleich::model::recurrence::{
    Day, Exception, ExceptionChange, Moment, Ordinal, Pattern, Range, Unit,
};
use abgleich::model::{Content, Field, ItemKind, Recurrence, Shape, Value};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Zones that the simulated server knows; each is the one that its Windows name stands for in the first place.
const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Warsaw",
];

/// A small generator (SplitMix64, Steele and others 2014): the same numbers everywhere and for ever.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn number<T: TryFrom<u64>>(&mut self, low: u64, high: u64) -> T {
        let number = low + self.below(high - low + 1);
        T::try_from(number).unwrap_or_else(|_| panic!("{number} does not fit"))
    }

    /// One time in so many.
    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let at: usize = self.number(0, choices.len() as u64 - 1);
        choices[at]
    }

    fn word(&mut self) -> &'static str {
        self.of(&[
            "Müller",
            "Straße",
            "Ærøskøbing",
            "Łódź",
            "Ελένη",
            "日本語",
            "עברית",
            "👩\u{200d}💻",
            "🇩🇪",
            "e\u{301}t",
            "<b>",
            "&amp;",
            "]]>",
            "\"quoted\"",
            "O'Neill",
            "100%",
            "a;b,c",
            "C:\\Temp",
            "=1+1",
            "--",
            "GmbH & Co. KG",
            "zwölf",
            "Recruiting",
            "Größe",
            "x",
            "{}",
            "\u{1d11e}",
            "–",
            "…",
        ])
    }

    /// One line of words with single blanks between them.
    fn line(&mut self, most: u64) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn body(&mut self) -> String {
        let lines = if self.one_in(25) { 400 } else { 1 + self.below(6) };
        (0..lines).map(|_| self.line(12)).collect::<Vec<_>>().join("\n")
    }

    fn day(&mut self, from: Date, days: u64) -> Date {
        let days: i64 = self.number(0, days);
        from.checked_add(days.days()).expect("within the calendar")
    }
}

/// Makes an item for a mailbox in a zone.
pub(crate) fn item(kind: ItemKind, mailbox: &str, random: &mut Random) -> Content {
    let mut content = Content::new();
    for field in Field::of(kind).filter(|field| field.fits_outlook() && !field.read_only()) {
        if random.one_in(4) {
            continue;
        }
        let text = match field.shape() {
            Shape::Text => random.line(4),
            Shape::Body => random.body(),
            Shape::Phone => {
                format!("+49 ({}) {}-{}", random.below(999), random.below(99_999), random.below(99))
            }
            Shape::Email => format!("p{}.ü@firma{}.example", random.below(9999), random.below(9)),
            Shape::Choice(words) if field != Field::Status => random.of(words).to_owned(),
            Shape::Date if kind == ItemKind::Contact => {
                let day = random.day(date(1925, 1, 1), 36_000);
                content.set(field, Value::Date(day));
                continue;
            }
            Shape::List => {
                let entries = (0..=random.below(3)).map(|number| format!("Kategorie {number} 🟢"));
                content.set(field, Value::List(entries.collect()));
                continue;
            }
            _ => continue,
        };
        content.set_text(field, text);
    }
    match kind {
        ItemKind::Contact => {}
        ItemKind::Appointment => appointment(&mut content, mailbox, random),
        ItemKind::Task => task(&mut content, random),
    }
    content
}

fn appointment(content: &mut Content, mailbox: &str, random: &mut Random) {
    let first = random.day(date(2024, 1, 1), 3_000);
    let all_day = random.one_in(3);
    let zone = if all_day { mailbox } else { random.of(&ZONES) };
    content.set_text(Field::Zone, zone);
    content.set(Field::AllDay, Value::Flag(all_day));
    let rules = TimeZone::get(zone).expect("a zone");
    let at = |day: Date, hour: i8, minute: i8| -> Timestamp {
        let wall = day.at(hour, minute, 0, 0);
        rules.to_ambiguous_timestamp(wall).compatible().expect("an instant")
    };
    let (hour, length): (i8, i8) = (random.number(5, 15), random.number(1, 5));
    if all_day {
        content.set(Field::Start, Value::Date(first));
        let mut after = random.day(first.tomorrow().expect("a day"), 4);
        // exchangelib 5.6.0 takes 24 hours off the end to find the last day, and is wrong where that day has 23.
        let midnight = |day: Date| at(day, 0, 0).as_second();
        if midnight(after) - midnight(after.yesterday().expect("a day")) < 86_400 {
            after = after.tomorrow().expect("a day");
        }
        content.set(Field::End, Value::Date(after));
    } else {
        content.set(Field::Start, Value::Instant(at(first, hour, 15)));
        content.set(Field::End, Value::Instant(at(first, hour + length, 0)));
    }
    if random.one_in(2) {
        content.set(Field::ReminderOn, Value::Flag(true));
        content.set(Field::ReminderMinutes, Value::Number(random.number(0, 20_000)));
    }
    if !random.one_in(3) {
        return;
    }
    let mut series = series(first, false, random);
    if !all_day && random.one_in(2) {
        let days: Vec<Date> = series.dates().take(8).collect();
        for original in days {
            let change = match random.below(5) {
                0 => ExceptionChange::Deleted,
                1 => {
                    let hour: i8 = random.number(0, 17);
                    ExceptionChange::Changed {
                        start: Moment::Instant(at(original, hour, 45)),
                        end: Moment::Instant(at(original, hour + length, 50)),
                        subject: random.one_in(2).then(|| random.line(3) + " (neu)"),
                        place: random.one_in(2).then(|| random.line(3) + " (neu)"),
                    }
                }
                _ => continue,
            };
            series.exceptions.push(Exception { original, change });
        }
    }
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
}

fn task(content: &mut Content, random: &mut Random) {
    let first = random.day(date(2025, 1, 1), 300);
    let status = random.of(&["not_started", "in_progress", "completed", "waiting", "deferred"]);
    content.set_text(Field::Status, status);
    let percent: i64 = match status {
        "not_started" => 0,
        "completed" => 100,
        "in_progress" => random.number(1, 99),
        _ => random.number(0, 99),
    };
    content.set(Field::Percent, Value::Number(percent));
    if random.one_in(2) {
        content.set(Field::TaskStart, Value::Date(first));
    }
    if random.one_in(2) {
        let due = random.day(first, 40);
        content.set(Field::Due, Value::Date(due));
    }
    if status == "completed" {
        // The simulator's clock is that of the day on which the test runs; this is well before it.
        content.set(Field::Completed, Value::Date(random.day(first, 30)));
    } else if random.one_in(3) {
        content.set(Field::TaskStart, Value::Date(first));
        content.set(Field::Due, Value::Date(random.day(first, 3)));
        let series = series(first, true, random);
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    }
    if random.one_in(2) {
        let instant = first.at(7, 30, 0, 0).to_zoned(TimeZone::UTC).expect("an instant");
        content.set(Field::ReminderOn, Value::Flag(true));
        content.set(Field::ReminderAt, Value::Instant(instant.timestamp()));
    }
}

/// A series that begins on a day.
fn series(first: Date, regenerates: bool, random: &mut Random) -> Recurrence {
    const WEEK: [Day; 7] = [
        Day::Monday,
        Day::Tuesday,
        Day::Wednesday,
        Day::Thursday,
        Day::Friday,
        Day::Saturday,
        Day::Sunday,
    ];
    let today = WEEK[usize::try_from(first.weekday().to_monday_zero_offset()).expect("0 to 6")];
    let (month, day) =
        (u8::try_from(first.month()).expect("a month"), u8::try_from(first.day()).expect("a day"));
    // Which one of its kind the first day is within its month; the fifth is the last.
    let ordinal = [Ordinal::First, Ordinal::Second, Ordinal::Third, Ordinal::Fourth, Ordinal::Last]
        [usize::from((day - 1) / 7)];
    let every = random.number(1, 4);
    let pattern = match random.below(if regenerates { 7 } else { 6 }) {
        0 => Pattern::Daily { every },
        1 => {
            let mut days = vec![today, random.of(&WEEK)];
            days.sort_unstable();
            days.dedup();
            Pattern::Weekly { every, days, first_day: random.of(&[Day::Monday, Day::Sunday]) }
        }
        2 => Pattern::MonthlyOnDay { every, day },
        3 => Pattern::MonthlyOnWeekday { every, ordinal, day: today },
        4 => Pattern::YearlyOnDay { month, day },
        5 => Pattern::YearlyOnWeekday { month, ordinal, day: today },
        _ => {
            let unit = random.of(&[Unit::Day, Unit::Week, Unit::Month, Unit::Year]);
            Pattern::Regenerating { unit, every }
        }
    };
    let range = match random.below(3) {
        _ if matches!(pattern, Pattern::Regenerating { .. }) => Range::Forever { start: first },
        0 => Range::Forever { start: first },
        1 => Range::Until { start: first, end: random.day(first, 4_000) },
        _ => Range::Count { start: first, count: random.number(2, 40) },
    };
    Recurrence { pattern, range, exceptions: Vec::new() }
}
