//! Reads the rules of a time zone that a server sends along (pure).
//!
//! Items made by programs with zones of their own carry no id that anybody knows; their rules are all there is (notes.md §2.2).
//! They become one line in the form of POSIX `TZ`, which any library of time zones reads.

use crate::ews::recurrence::{DayOfWeek, Month};
use crate::ews::xml::tree::Element;

/// When clocks change, and to what.
struct Change {
    /// Seconds from local time to UTC after it; west is positive, as in EWS and in POSIX.
    bias: i32,
    /// The day in the form of POSIX.
    day: String,
    /// Seconds after midnight, by the clock before the change.
    time: i32,
}

/// Reads `StartTimeZone` and `EndTimeZone` (2010 and later) or `MeetingTimeZone` (2007). `None` where no rules came, or none that
/// can be understood. Of rules that changed over the years, the last ones count.
pub(super) fn rules(root: Element<'_>) -> Option<String> {
    if root.child("BaseOffset").is_some() {
        return of_meeting(root);
    }
    let periods = root.child("Periods")?;
    let bias = |id: &str| -> Option<i32> {
        let period = periods.children().find(|period| period.node.attribute("Id") == Some(id))?;
        seconds(period.node.attribute("Bias")?)
    };
    let transitions = root.child("Transitions");
    let target = transitions.and_then(|all| all.children().last()?.child("To"));
    let group = match target {
        Some(to) if to.node.attribute("Kind") == Some("Group") => {
            let groups = root.child("TransitionsGroups")?;
            let id = to.node.text.trim();
            groups.children().find(|group| group.node.attribute("Id") == Some(id))?
        }
        // A zone that never changes its clocks, or one whose only group is not pointed to.
        Some(to) => return Some(fixed(bias(to.node.text.trim())?)),
        None => match root.child("TransitionsGroups").and_then(|groups| groups.children().last()) {
            Some(group) => group,
            None => {
                return Some(fixed(seconds(periods.children().next()?.node.attribute("Bias")?)?));
            }
        },
    };
    let changes: Option<Vec<Change>> = group
        .children()
        .filter(|change| change.child("Month").is_some())
        .map(|change| {
            Some(Change {
                bias: bias(change.text_of("To")?)?,
                day: day_of_transition(change)?,
                time: seconds(change.text_of("TimeOffset")?)?,
            })
        })
        .collect();
    match changes?.as_slice() {
        [] => Some(fixed(bias(group.children().next()?.text_of("To")?)?)),
        [one, other] => Some(both(one, other)),
        _ => None,
    }
}

/// `t:TimeZoneType` of 2007: a base, and two differences from it.
fn of_meeting(root: Element<'_>) -> Option<String> {
    let base = seconds(root.text_of("BaseOffset")?)?;
    let change = |name| -> Option<Change> {
        let change = root.child(name)?;
        let rule = change.child("RelativeYearlyRecurrence")?;
        let week = match rule.text_of("DayOfWeekIndex")? {
            "First" => 1,
            "Second" => 2,
            "Third" => 3,
            "Fourth" => 4,
            _ => 5,
        };
        let month = Month::by_name(rule.text_of("Month")?)?.number();
        Some(Change {
            bias: base + seconds(change.text_of("Offset")?)?,
            day: format!("M{month}.{week}.{}", weekday(rule.text_of("DaysOfWeek")?)?),
            time: clock(change.text_of("Time")?)?,
        })
    };
    match (root.child("Standard"), root.child("Daylight")) {
        (Some(_), Some(_)) => Some(both(&change("Standard")?, &change("Daylight")?)),
        _ => Some(fixed(base)),
    }
}

/// `RecurringDayTransition` (the last Sunday of March) or `RecurringDateTransition` (the 21st of March).
fn day_of_transition(change: Element<'_>) -> Option<String> {
    let month: u8 =
        change.text_of("Month")?.parse().ok().filter(|month| (1..=12).contains(month))?;
    if let Some(day) = change.text_of("DayOfWeek") {
        let week = match change.text_of("Occurrence")?.parse::<i8>().ok()? {
            week @ 1..=4 => week,
            _ => 5,
        };
        return Some(format!("M{month}.{week}.{}", weekday(day)?));
    }
    let day = change.text_of("Day")?.parse().ok()?;
    // The day of a year without a leap day, which is how POSIX names dates.
    let date = jiff::civil::Date::new(2026, i8::try_from(month).ok()?, day).ok()?;
    Some(format!("J{}", date.day_of_year()))
}

fn weekday(name: &str) -> Option<usize> {
    let all = DayOfWeek::ALL.get(..7)?;
    all.iter().position(|day| day.name() == name)
}

fn fixed(bias: i32) -> String {
    format!("<ZONE>{}", span(bias))
}

/// Standard time is the one that lies further west.
fn both(one: &Change, other: &Change) -> String {
    let (standard, daylight) = if one.bias >= other.bias { (one, other) } else { (other, one) };
    format!(
        "<STD>{}<DST>{},{}/{},{}/{}",
        span(standard.bias),
        span(daylight.bias),
        daylight.day,
        span(daylight.time),
        standard.day,
        span(standard.time),
    )
}

fn span(seconds: i32) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.abs();
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Reads `xs:duration` as far as offsets use it: `-PT1H`, `PT480M`, `P0DT2H0M0.0S`. None is longer than a day or so.
fn seconds(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (mut total, mut number, mut is_time) = (0_i32, String::new(), false);
    for c in rest.strip_prefix('P')?.chars() {
        let unit = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'T' => {
                is_time = true;
                continue;
            }
            'D' => 86_400,
            'H' => 3_600,
            'M' if is_time => 60,
            'S' => 1,
            _ => return None,
        };
        let whole: i32 = number.split('.').next()?.parse().ok()?;
        total = total.checked_add(whole.checked_mul(unit)?)?;
        number.clear();
    }
    (number.is_empty() && total < 2 * 86_400).then_some(sign * total)
}

/// Reads `xs:time`: `02:00:00`.
fn clock(text: &str) -> Option<i32> {
    let mut parts = text.split(':').map(|part| part.get(..2).unwrap_or(part).parse::<i32>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    Some(hours * 3600 + minutes * 60 + parts.next().flatten().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{clock, rules, seconds};
    use crate::ews::xml::tree::{Node, Tree};

    /// A tree out of XML, read by another reader.
    fn read(xml: &str) -> Option<String> {
        let document = roxmltree::Document::parse(xml).unwrap();
        let mut tree = Tree::default();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            tree.push(Node {
                depth: node.ancestors().count() - 2,
                name: node.tag_name().name().to_owned(),
                attributes: node
                    .attributes()
                    .map(|a| (a.name().to_owned(), a.value().to_owned()))
                    .collect(),
                text: node.text().unwrap_or_default().to_owned(),
            });
        }
        rules(tree.root()?)
    }

    #[test]
    fn quirk_38_rules_that_come_along_are_read_in_both_forms() {
        // Pacific time as Exchange 2010 and later send it, with the years before 2007 in a group of their own; the rules are
        // those of the United States since then.
        let definition = r#"<StartTimeZone Id="Hausinterne Zeit"><Periods>
            <Period Bias="PT8H" Name="Standard" Id="std"/><Period Bias="PT7H" Name="Daylight" Id="dlt"/>
            </Periods><TransitionsGroups><TransitionsGroup Id="0"><RecurringDayTransition>
            <To Kind="Period">dlt</To><TimeOffset>PT2H</TimeOffset><Month>4</Month><DayOfWeek>Sunday</DayOfWeek>
            <Occurrence>1</Occurrence></RecurringDayTransition><RecurringDayTransition><To Kind="Period">std</To>
            <TimeOffset>PT2H</TimeOffset><Month>10</Month><DayOfWeek>Sunday</DayOfWeek><Occurrence>-1</Occurrence>
            </RecurringDayTransition></TransitionsGroup><TransitionsGroup Id="1"><RecurringDayTransition>
            <To Kind="Period">dlt</To><TimeOffset>PT2H</TimeOffset><Month>3</Month><DayOfWeek>Sunday</DayOfWeek>
            <Occurrence>2</Occurrence></RecurringDayTransition><RecurringDayTransition><To Kind="Period">std</To>
            <TimeOffset>PT2H</TimeOffset><Month>11</Month><DayOfWeek>Sunday</DayOfWeek><Occurrence>1</Occurrence>
            </RecurringDayTransition></TransitionsGroup></TransitionsGroups><Transitions><Transition>
            <To Kind="Group">0</To></Transition><AbsoluteDateTransition><To Kind="Group">1</To>
            <DateTime>2007-01-01T08:00:00</DateTime></AbsoluteDateTransition></Transitions></StartTimeZone>"#;
        let pacific = "<STD>8:00:00<DST>7:00:00,M3.2.0/2:00:00,M11.1.0/2:00:00";
        assert_eq!(read(definition).as_deref(), Some(pacific));
        // The same as Exchange 2007 sends it.
        let meeting = r#"<MeetingTimeZone TimeZoneName="Pazifik"><BaseOffset>PT480M</BaseOffset><Standard>
            <Offset>PT0M</Offset><RelativeYearlyRecurrence><DaysOfWeek>Sunday</DaysOfWeek>
            <DayOfWeekIndex>First</DayOfWeekIndex><Month>November</Month></RelativeYearlyRecurrence>
            <Time>02:00:00</Time></Standard><Daylight><Offset>-PT60M</Offset><RelativeYearlyRecurrence>
            <DaysOfWeek>Sunday</DaysOfWeek><DayOfWeekIndex>Second</DayOfWeekIndex><Month>March</Month>
            </RelativeYearlyRecurrence><Time>02:00:00</Time></Daylight></MeetingTimeZone>"#;
        assert_eq!(read(meeting).as_deref(), Some(pacific));
        let fixed = "<StartTimeZone><Periods><Period Bias=\"-PT5H45M\" Id=\"p\"/></Periods></StartTimeZone>";
        assert_eq!(read(fixed).as_deref(), Some("<ZONE>-5:45:00"));
        for nothing in ["<StartTimeZone Id=\"UTC\"/>", "<StartTimeZone><Periods/></StartTimeZone>"]
        {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn durations_are_read_in_every_form_that_servers_send() {
        for (text, wanted) in [
            ("-PT1H", Some(-3600)),
            ("PT480M", Some(28_800)),
            ("P0DT2H0M0.0S", Some(7200)),
            ("-P0DT0H30M0.0S", Some(-1800)),
            ("PT0S", Some(0)),
            ("P1M", None),
            ("1H", None),
            ("PT", Some(0)),
            ("PT99999999999H", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
        assert_eq!(clock("02:00:00.0000000"), Some(7200));
        assert_eq!(clock("abends"), None);
    }
}
